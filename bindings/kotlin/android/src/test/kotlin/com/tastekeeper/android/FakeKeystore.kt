package com.tastekeeper.android

import android.security.keystore.KeyGenParameterSpec
import java.io.InputStream
import java.io.OutputStream
import java.security.Key
import java.security.KeyStoreSpi
import java.security.Provider
import java.security.SecureRandom
import java.security.Security
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.util.Collections
import java.util.Date
import java.util.Enumeration
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey
import javax.crypto.spec.SecretKeySpec

/** A provider of the name `AndroidKeyStore` that keeps keys in this process and fails as it is told to. */
object FakeKeystore {
    val keys = HashMap<String, SecretKey>()

    /** How every key was asked for. */
    val asked = ArrayList<KeyGenParameterSpec>()

    /** What is thrown instead of an answer, by call. */
    val failures = HashMap<String, Throwable>()

    fun install() {
        keys.clear()
        asked.clear()
        failures.clear()
        if (Security.getProvider("AndroidKeyStore") == null) Security.addProvider(FakeProvider())
    }

    internal fun maybeFail(call: String) = failures[call]?.let { throw it }
}

private class FakeProvider : Provider("AndroidKeyStore", 1.0, "for tests") {
    init {
        put("KeyStore.AndroidKeyStore", FakeKeyStoreSpi::class.java.name)
        put("KeyGenerator.AES", FakeKeyGeneratorSpi::class.java.name)
    }
}

class FakeKeyGeneratorSpi : KeyGeneratorSpi() {
    private lateinit var spec: KeyGenParameterSpec

    override fun engineInit(params: AlgorithmParameterSpec, random: SecureRandom?) {
        spec = params as KeyGenParameterSpec
    }

    override fun engineInit(random: SecureRandom?) = throw UnsupportedOperationException()
    override fun engineInit(keysize: Int, random: SecureRandom?) = throw UnsupportedOperationException()

    override fun engineGenerateKey(): SecretKey {
        FakeKeystore.maybeFail("generate")
        FakeKeystore.asked += spec
        val bytes = ByteArray(spec.keySize / 8).also(SecureRandom()::nextBytes)
        return SecretKeySpec(bytes, "AES").also { FakeKeystore.keys[spec.keystoreAlias] = it }
    }
}

class FakeKeyStoreSpi : KeyStoreSpi() {
    override fun engineLoad(stream: InputStream?, password: CharArray?) {
        FakeKeystore.maybeFail("load")
    }

    override fun engineGetKey(alias: String, password: CharArray?): Key? {
        FakeKeystore.maybeFail("get")
        return FakeKeystore.keys[alias]
    }

    override fun engineDeleteEntry(alias: String) {
        FakeKeystore.maybeFail("delete")
        FakeKeystore.keys.remove(alias)
    }

    override fun engineContainsAlias(alias: String) = alias in FakeKeystore.keys
    override fun engineAliases(): Enumeration<String> = Collections.enumeration(FakeKeystore.keys.keys)
    override fun engineSize() = FakeKeystore.keys.size
    override fun engineIsKeyEntry(alias: String) = engineContainsAlias(alias)
    override fun engineIsCertificateEntry(alias: String) = false
    override fun engineGetCertificateChain(alias: String): Array<Certificate>? = null
    override fun engineGetCertificate(alias: String): Certificate? = null
    override fun engineGetCertificateAlias(cert: Certificate): String? = null
    override fun engineGetCreationDate(alias: String): Date? = null
    override fun engineSetKeyEntry(a: String, k: Key, p: CharArray?, c: Array<Certificate>?) = unsupported()
    override fun engineSetKeyEntry(a: String, k: ByteArray, c: Array<Certificate>?) = unsupported()
    override fun engineSetCertificateEntry(a: String, c: Certificate) = unsupported()
    override fun engineStore(stream: OutputStream?, password: CharArray?) = unsupported()

    private fun unsupported(): Nothing = throw UnsupportedOperationException()
}
