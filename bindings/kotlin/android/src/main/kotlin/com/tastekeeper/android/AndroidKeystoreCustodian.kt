package com.tastekeeper.android

import android.content.Context
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import com.tastekeeper.HostException
import com.tastekeeper.KeyCustodian
import java.io.File
import java.security.KeyStore
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/**
 * Keeps the engine's keys in [directory], each wrapped with AES-256-GCM by a key of its own that never leaves the Android
 * Keystore. A key is gone for good as soon as the Keystore's is, whatever a copy of the files holds.
 *
 * Key stores throw what they like, errors of the virtual machine among them; all of it becomes [HostException], and the
 * personalizer then goes on in memory. [HostException.Refused] says that a key is lost for good, [HostException.Unavailable] that
 * trying later may help.
 *
 * @param directory in no backup: a wrapped key is of no use on another phone.
 * @param strongBox whether to ask for the separate secure chip first; slower, and many phones have none.
 */
class AndroidKeystoreCustodian internal constructor(
    private val directory: File,
    private val strongBox: Boolean,
    private val sync: (File) -> Unit,
) : KeyCustodian {
    /** Keys in a folder of the app's choice. */
    constructor(directory: File, strongBox: Boolean = false) : this(directory, strongBox, ::syncDirectory)

    /** Keys beside the store in the app's folder that is in no backup. */
    constructor(context: Context, strongBox: Boolean = false) : this(keyDirectory(context), strongBox)

    @Synchronized
    override fun load(name: String): ByteArray? = guarded {
        val file = KeyFile(directory, name, sync)
        val (side, wrapped) = file.read() ?: return@guarded null
        // the files are there, and the Keystore's key is not: restored on another phone, or the Keystore was cleared
        val key = keyStore().getKey(file.alias(side), null) as? SecretKey ?: throw HostException.Refused()
        val cipher = Cipher.getInstance(TRANSFORMATION)
        cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, wrapped, 0, IV_BYTES))
        cipher.updateAAD(name.toByteArray())
        cipher.doFinal(wrapped, IV_BYTES, wrapped.size - IV_BYTES)
    }

    /**
     * The new key is wrapped by a new key of the Keystore; the old one goes when the file has the new one. A crash between leaves
     * the one or the other.
     */
    @Synchronized
    override fun store(name: String, key: ByteArray) = guarded {
        val file = KeyFile(directory, name, sync)
        val old = file.read()?.first
        val side = if (old == Side.A) Side.B else Side.A
        val cipher = Cipher.getInstance(TRANSFORMATION)
        cipher.init(Cipher.ENCRYPT_MODE, generate(file.alias(side)))
        cipher.updateAAD(name.toByteArray())
        val wrapped = cipher.iv + cipher.doFinal(key)
        if (cipher.iv.size != IV_BYTES) throw HostException.Refused()
        file.write(side, wrapped)
        keyStore().deleteEntry(file.alias(if (side == Side.A) Side.B else Side.A))
    }

    @Synchronized
    override fun destroy(name: String) = guarded {
        val file = KeyFile(directory, name, sync)
        val store = keyStore()
        file.delete { for (side in Side.values()) store.deleteEntry(file.alias(side)) }
    }

    private fun keyStore(): KeyStore = KeyStore.getInstance(PROVIDER).apply { load(null) }

    private fun generate(alias: String): SecretKey {
        if (strongBox) {
            try {
                return generate(spec(alias).apply(::askForStrongBox))
            } catch (_: Throwable) {
                // no such chip, no such method before Android 9, or it is busy: the main processor's will do
            }
        }
        return generate(spec(alias))
    }

    private fun generate(spec: KeyGenParameterSpec.Builder): SecretKey {
        val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER)
        generator.init(spec.build())
        return generator.generateKey()
    }

    private fun spec(alias: String) =
        KeyGenParameterSpec.Builder(alias, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(KEY_BITS)

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val TRANSFORMATION = "AES/GCM/NoPadding"
        const val KEY_BITS = 256
        const val TAG_BITS = 128
        const val IV_BYTES = 12

        /** By its name: it came with Android 9, after the least that is supported. */
        fun askForStrongBox(spec: KeyGenParameterSpec.Builder) {
            spec.javaClass.getMethod("setIsStrongBoxBacked", Boolean::class.java).invoke(spec, true)
        }

        /** Runs what may throw anything; what it was stays here. */
        inline fun <T> guarded(body: () -> T): T = try {
            body()
        } catch (error: HostException) {
            throw error
        } catch (_: AEADBadTagException) {
            throw HostException.Refused()
        } catch (_: Throwable) {
            throw HostException.Unavailable()
        }
    }
}
