package com.tastekeeper.android

import android.content.Context
import android.content.ContextWrapper
import com.tastekeeper.Event
import com.tastekeeper.HostException
import com.tastekeeper.PersonalizationLevel
import com.tastekeeper.Personalizer
import com.tastekeeper.TemporaryFolder
import com.tastekeeper.consent
import com.tastekeeper.fromGa4
import com.tastekeeper.view
import com.tastekeeper.waiting
import java.io.File
import java.security.ProviderException
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** The custodian's own code, with a stand-in for the phone's key store. */
class CustodianTests {
    private val folder = TemporaryFolder()
    private val synced = ArrayList<File>()
    private val custodian = custodian()
    private val one = ByteArray(32) { 1 }
    private val two = ByteArray(32) { 2 }

    /** As on a phone, but for the call that only Android's system has. */
    private fun custodian(directory: File = folder.file, strongBox: Boolean = false) =
        AndroidKeystoreCustodian(directory, strongBox) { synced += it }

    @BeforeEach
    fun install() = FakeKeystore.install()

    @AfterEach
    fun clean() = folder.close()

    private fun files(): List<String> = folder.file.list().orEmpty().sorted()

    @Test
    fun `keys are stored, replaced and destroyed`() {
        assertNull(custodian.load("k"))
        custodian.store("k", one)
        assertArrayEquals(one, custodian.load("k"))
        custodian.store("k", two)
        custodian.store("other", one)
        assertArrayEquals(two, custodian().load("k"))
        custodian.destroy("k")
        custodian.destroy("k")
        assertNull(custodian.load("k"))
        assertArrayEquals(one, custodian.load("other"))
        custodian.destroy("other")
        assertEquals(emptyList<String>(), files())
        assertEquals(emptySet<String>(), FakeKeystore.keys.keys)
    }

    @Test
    fun `what is on the disk is not the key, and a replaced key cannot be unwrapped any more`() {
        custodian.store("k", one)
        val old = File(folder.file, "k.key").readBytes()
        assertFalse(old.toList().windowed(32).contains(one.toList()))
        custodian.store("k", two)
        File(folder.file, "k.key").writeBytes(old)
        assertThrows<HostException.Refused> { custodian.load("k") }
    }

    @Test
    fun `a key of the Keystore is for AES-256-GCM only, and one of its own for each name`() {
        custodian.store("k", one)
        custodian.store("l", one)
        assertEquals(listOf("tastekeeper.k.a", "tastekeeper.l.a"), FakeKeystore.asked.map { it.keystoreAlias })
        for (spec in FakeKeystore.asked) {
            assertEquals(256, spec.keySize)
            assertEquals(listOf("GCM"), spec.blockModes.toList())
            assertEquals(listOf("NoPadding"), spec.encryptionPaddings.toList())
            assertTrue(spec.isRandomizedEncryptionRequired)
            assertFalse(spec.isUserAuthenticationRequired)
        }
    }

    @Test
    fun `a file that was put under another name is refused`() {
        custodian.store("k", one)
        custodian.store("l", two)
        FakeKeystore.keys["tastekeeper.l.a"] = FakeKeystore.keys.getValue("tastekeeper.k.a")
        File(folder.file, "k.key").copyTo(File(folder.file, "l.key"), overwrite = true)
        assertThrows<HostException.Refused> { custodian.load("l") }
    }

    @Test
    fun `damage of every kind is refused`() {
        custodian.store("k", one)
        val file = File(folder.file, "k.key")
        val whole = file.readBytes()
        for (place in whole.indices) {
            file.writeBytes(whole.copyOf().also { it[place] = (it[place].toInt() xor 0x40).toByte() })
            assertThrows<HostException.Refused>("byte $place") { custodian.load("k") }
        }
        for (length in listOf(0, 1, 12, 28, whole.size - 1, whole.size + 1, 5000)) {
            file.writeBytes(whole.copyOf(length))
            assertThrows<HostException.Refused>("length $length") { custodian.load("k") }
        }
        // and a new key can be stored over it after the old one is destroyed
        custodian.destroy("k")
        custodian.store("k", two)
        assertArrayEquals(two, custodian.load("k"))
    }

    @Test
    fun `a key that the Keystore lost is lost for good`() {
        custodian.store("k", one)
        FakeKeystore.keys.clear()
        assertThrows<HostException.Refused> { custodian.load("k") }
        assertNull(custodian.load("never-stored"))
    }

    @Test
    fun `whatever a key store throws, it is for now and without its text`() {
        custodian.store("k", one)
        val thrown = listOf(
            ProviderException("secret"), IllegalStateException("secret"), NoSuchMethodError("secret"), OutOfMemoryError("secret"),
        )
        for (error in thrown) {
            for (call in listOf("load", "get", "generate", "delete")) {
                FakeKeystore.failures[call] = error
                val told = listOf(
                    runCatching { custodian.load("k") },
                    runCatching { custodian.store("k", two) },
                    runCatching { custodian.destroy("new") },
                ).mapNotNull { it.exceptionOrNull() }
                assertTrue(told.isNotEmpty() && told.all { it is HostException.Unavailable }, "$call $error: $told")
                assertTrue(told.none { "secret" in it.toString() })
                FakeKeystore.failures.clear()
            }
        }
    }

    @Test
    fun `a crash while a key is replaced leaves the old one or the new one`() {
        custodian.store("k", one)
        FakeKeystore.failures["generate"] = ProviderException()
        assertThrows<HostException.Unavailable> { custodian.store("k", two) }
        assertArrayEquals(one, custodian.load("k"))
        FakeKeystore.failures.clear()
        FakeKeystore.failures["delete"] = ProviderException()
        assertThrows<HostException.Unavailable> { custodian.store("k", two) }
        FakeKeystore.failures.clear()
        assertArrayEquals(two, custodian.load("k"))
        custodian.store("k", one)
        assertArrayEquals(one, custodian.load("k"))
        assertEquals(1, FakeKeystore.keys.size)
    }

    @Test
    fun `a crash while a key is destroyed leaves nothing that can be loaded, and calling again ends it`() {
        custodian.store("k", one)
        FakeKeystore.failures["delete"] = ProviderException()
        assertThrows<HostException.Unavailable> { custodian.destroy("k") }
        FakeKeystore.failures.clear()
        assertNull(custodian.load("k"))
        custodian.destroy("k")
        assertEquals(emptyList<String>(), files())
        assertEquals(emptySet<String>(), FakeKeystore.keys.keys)
    }

    @Test
    fun `a phone without a secure chip gets a key of its main processor`() {
        val strong = custodian(strongBox = true)
        strong.store("k", one)
        assertArrayEquals(one, custodian.load("k"))
    }

    @Test
    fun `a name that is none of a file is refused`() {
        for (name in listOf("", "../k", "a/b", "ключ", "a".repeat(65))) {
            assertThrows<HostException.Refused> { custodian.load(name) }
            assertThrows<HostException.Refused> { custodian.store(name, one) }
            assertThrows<HostException.Refused> { custodian.destroy(name) }
        }
        assertEquals(emptyList<String>(), files())
    }

    @Test
    fun `a directory that cannot be made is for now`() {
        assertThrows<HostException.Unavailable> { custodian(File("/proc/none")).store("k", one) }
    }

    @Test
    fun `what is stored or destroyed is on the disk before the call returns`() {
        custodian.store("k", one)
        assertEquals(listOf(folder.file), synced)
        custodian.destroy("k")
        assertEquals(listOf(folder.file, folder.file), synced)
        val failing = AndroidKeystoreCustodian(folder.file, false) { throw java.io.IOException("secret") }
        assertThrows<HostException.Unavailable> { failing.store("k", one) }
        assertThrows<HostException.Unavailable> { failing.destroy("k") }
    }

    private suspend fun opened() = Personalizer.open(phone(), keys = custodian(keyDirectory(phone())))

    private fun phone(): Context = object : ContextWrapper(null) {
        override fun getNoBackupFilesDir(): File = folder.file
    }

    @Test
    fun `a shop on a phone survives a restart, goes on without the Keystore, and starts anew after a reset`() = waiting {
        opened().use { shop ->
            assertTrue(shop.isDurable())
            shop.setLevel(PersonalizationLevel.ON_DEVICE, consent)
            shop.track(view("boots"))
        }
        assertTrue(storageDirectory(phone()).startsWith(folder.file))
        opened().use { assertEquals(listOf("boots"), it.history().flatMap { line -> line.items }) }

        FakeKeystore.failures["load"] = ProviderException()
        opened().use { assertFalse(it.isDurable()) }
        FakeKeystore.failures.clear()
        opened().use { assertEquals(1u, it.profile().events) }

        FakeKeystore.keys.clear()
        opened().use { assertFalse(it.isDurable()) }
        Personalizer.reset(phone(), custodian(keyDirectory(phone())))
        opened().use { shop ->
            assertTrue(shop.isDurable())
            assertEquals(0u, shop.profile().events)
        }
    }

    @Test
    fun `an analytics event without a bundle has no parameters`() {
        // one with a bundle needs a phone: its map calls what only Android's System has
        assertEquals(emptyList<Event>(), Event.fromGa4("session_start", null))
    }
}
