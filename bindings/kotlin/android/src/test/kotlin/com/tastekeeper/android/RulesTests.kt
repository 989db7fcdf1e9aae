package com.tastekeeper.android

import com.sun.jna.Native
import com.tastekeeper.Recommender
import com.tastekeeper.TemporaryFolder
import java.io.File
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.CoroutineScope
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import proguard.Configuration
import proguard.ConfigurationParser
import proguard.ProGuard

/** The rules that apps are given: an app that is shrunk and renamed by them still runs. */
class RulesTests {
    private val rules = File(System.getProperty("tastekeeper.root"), "bindings/kotlin/android/consumer-rules.pro")

    @Test
    fun `an app that was shrunk by the rules runs`() = TemporaryFolder().use { folder ->
        val (code, said) = run(shrunk(folder.file, rules.readText()), folder.file)
        assertEquals(0, code, said)
        assertTrue("You looked at boots]]" in said, said)
        assertTrue("refused invalid argument `request.count`" in said, said)
        assertTrue(Regex("[1-9] keys").containsMatchIn(said), said)
    }

    @Test
    fun `without the rules it does not`() = TemporaryFolder().use { folder ->
        val (code, said) = run(shrunk(folder.file, "-dontwarn java.awt.**"), folder.file)
        assertNotEquals(0, code, said)
    }

    private fun jarOf(of: Class<*>) = File(of.protectionDomain.codeSource.location.toURI())

    /** The app and all it needs in one jar, unused code left out, the rest renamed. */
    private fun shrunk(folder: File, rules: String): File {
        folder.mkdirs()
        val app = File(jarOf(javaClass), "com/example").also { check(it.isDirectory) }
        val jar = File(folder, "app.jar")
        val own = File(folder, "classes")
        app.copyRecursively(File(own, "com/example"))
        val from = listOf(Recommender::class.java, Unit::class.java, CoroutineScope::class.java, Native::class.java)
        val lines = listOf("-injars '$own'") + from.map { "-injars '${jarOf(it)}'(!META-INF/**,!module-info.class)" } + listOf(
            "-outjars '$jar'",
            "-libraryjars '${System.getProperty("java.home")}/jmods/java.base.jmod'(!**.jar;!module-info.class)",
            "-keep class com.example.app.ShrunkKt { public static void main(java.lang.String[]); }",
            // whatever else the JVM has that is not in its base: nothing of the library's
            "-dontwarn kotlin.**,kotlinx.**,org.jetbrains.**,org.codehaus.**,sun.**,java.lang.instrument.**,java.util.logging.**",
            "-dontoptimize",
            "-dontnote",
        )
        val file = File(folder, "rules.pro").also { it.writeText(lines.joinToString("\n") + "\n" + rules) }
        val configuration = Configuration()
        ConfigurationParser(arrayOf("@$file"), System.getProperties()).use { it.parse(configuration) }
        ProGuard(configuration).execute()
        return jar
    }

    private fun run(jar: File, folder: File): Pair<Int, String> {
        val java = File(System.getProperty("java.home"), "bin/java").path
        val library = "-Djna.library.path=${System.getProperty("jna.library.path")}"
        val command = listOf(java, library, "-cp", jar.path, "com.example.app.ShrunkKt", File(folder, "store").path)
        val process = ProcessBuilder(command).redirectErrorStream(true).start()
        val said = process.inputStream.readBytes().toString(Charsets.UTF_8)
        check(process.waitFor(60, TimeUnit.SECONDS))
        return process.exitValue() to said
    }
}
