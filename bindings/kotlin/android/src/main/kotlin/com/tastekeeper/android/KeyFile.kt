package com.tastekeeper.android

import android.system.Os
import android.system.OsConstants
import com.tastekeeper.HostException
import java.io.File
import java.io.FileOutputStream
import java.io.IOException

/** Which of two keys of the Keystore wraps a key: they take turns, so that a new one never overwrites the old one in use. */
internal enum class Side { A, B }

/** The file that holds a wrapped key: the side, then the bytes. It changes as a whole or not at all. */
internal class KeyFile(private val directory: File, private val name: String, private val sync: (File) -> Unit) {
    private val file: File
    private val next: File

    init {
        // It becomes the name of a file.
        if (!NAME.matches(name)) throw HostException.Refused()
        if (!directory.isDirectory && !directory.mkdirs() && !directory.isDirectory) throw IOException("no directory")
        file = File(directory, "$name.key")
        next = File(directory, "$name.new")
    }

    /** The Keystore's name of a side's key. */
    fun alias(side: Side): String = "tastekeeper.$name.${side.name.lowercase()}"

    /** What was written last; nothing when nothing was. */
    fun read(): Pair<Side, ByteArray>? {
        if (!file.exists()) return null
        if (file.length() !in SHORTEST..LONGEST) throw HostException.Refused()
        val bytes = file.readBytes()
        val side = Side.values().getOrNull(bytes[0].toInt()) ?: throw HostException.Refused()
        return side to bytes.copyOfRange(1, bytes.size)
    }

    /** Returns when it is on the disk. */
    fun write(side: Side, wrapped: ByteArray) {
        FileOutputStream(next).use {
            it.write(byteArrayOf(side.ordinal.toByte()) + wrapped)
            it.fd.sync()
        }
        if (!next.renameTo(file)) throw IOException("not renamed")
        sync(directory)
    }

    /**
     * Takes the file away, then runs [destroyKeys], then removes what is left. After a crash between, [read] finds nothing, and
     * calling again ends it.
     */
    fun delete(destroyKeys: () -> Unit) {
        if (file.exists() && !file.renameTo(next)) throw IOException("not renamed")
        destroyKeys()
        if (!next.delete() && next.exists()) throw IOException("not deleted")
        sync(directory)
    }

    private companion object {
        val NAME = Regex("[A-Za-z0-9._-]{1,64}")
        const val SHORTEST = 1L + 12 + 16
        const val LONGEST = 4096L
    }
}

/** Returns when the names of a directory's files are on the disk: without it a crash could bring an old file back. */
internal fun syncDirectory(directory: File) {
    val open = Os.open(directory.path, OsConstants.O_RDONLY, 0)
    try {
        Os.fsync(open)
    } finally {
        Os.close(open)
    }
}
