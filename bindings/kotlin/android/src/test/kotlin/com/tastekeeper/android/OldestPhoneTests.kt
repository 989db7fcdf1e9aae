package com.tastekeeper.android

import com.tastekeeper.Recommender
import java.io.File
import java.util.jar.JarFile
import javax.xml.parsers.DocumentBuilderFactory
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The library runs on Android 7.0. What it uses of Android was compiled against that; this is about the rest. */
class OldestPhoneTests {
    /** What Java 8 has and Android got later, or never: nothing that a compiler for Java 8 refuses. */
    private val later = listOf(
        "java/time/", "java/nio/file/", "java/util/Base64", "java/awt/", "java/beans/", "javax/swing/", "java/rmi/",
        "java/lang/management/", "sun/misc/",
    )

    /** The library's own classes: name and content. */
    private fun classes(): List<Pair<String, String>> {
        val places = listOf(Recommender::class.java, AndroidKeystoreCustodian::class.java)
            .map { File(it.protectionDomain.codeSource.location.toURI()) }
        return places.flatMap { place ->
            if (place.isDirectory) {
                place.walk().filter { it.extension == "class" }.map { it.name to it.readText(Charsets.ISO_8859_1) }.toList()
            } else {
                JarFile(place).use { jar ->
                    jar.entries().asSequence().filter { it.name.endsWith(".class") }
                        .map { it.name to jar.getInputStream(it).readBytes().toString(Charsets.ISO_8859_1) }.toList()
                }
            }
        }
    }

    @Test
    fun `nothing is used that it does not have`() {
        val classes = classes()
        assertTrue(classes.size > 200, "${classes.size} classes")
        val used = classes.flatMap { (name, content) -> later.filter { it in content }.map { "$name uses $it" } }
        assertEquals(emptyList<String>(), used)
    }

    @Test
    fun `its bytecode is that of Java 8`() {
        assertEquals(emptyList<String>(), classes().filterNot { it.second[7].code == 52 }.map { it.first })
    }

    @Test
    fun `the manifest asks for nothing and says from when on it runs`() {
        val manifest = File(System.getProperty("tastekeeper.root"), "bindings/kotlin/android/src/main/AndroidManifest.xml")
        val page = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(manifest)
        val names = page.getElementsByTagName("*").let { all -> (0 until all.length).map { all.item(it).nodeName } }
        assertEquals(listOf("manifest", "uses-sdk"), names)
        val sdk = page.getElementsByTagName("uses-sdk").item(0).attributes
        assertEquals("24", sdk.getNamedItem("android:minSdkVersion").nodeValue)
    }
}
