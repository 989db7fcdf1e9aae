package com.tastekeeper

import java.util.concurrent.ConcurrentHashMap

/** Keys that last as long as this object: for tests, previews and stores that are thrown away with it. */
class MemoryKeys : KeyCustodian {
    private val keys = ConcurrentHashMap<String, ByteArray>()

    override fun load(name: String): ByteArray? = keys[name]?.copyOf()

    override fun store(name: String, key: ByteArray) {
        keys[name] = key.copyOf()
    }

    override fun destroy(name: String) {
        keys.remove(name)?.fill(0)
    }
}
