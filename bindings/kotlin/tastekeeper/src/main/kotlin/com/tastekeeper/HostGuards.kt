package com.tastekeeper

/*
 * The app's clock, random source and custodian, as the engine is given them. The generated code tells the engine of an
 * exception; an `Error` (a missing method, no memory, no stack) it lets pass, and the call then counts as one that succeeded: a
 * key that was never stored would count as stored.
 */

internal class GuardedClock(private val clock: Clock) : Clock {
    override fun nowMs(): Long = guarded { clock.nowMs() }
}

internal class GuardedRandom(private val random: SecureRandom) : SecureRandom {
    override fun bytes(count: UInt): ByteArray = guarded { random.bytes(count) }
}

internal class GuardedKeys(private val keys: KeyCustodian) : KeyCustodian {
    override fun load(name: String): ByteArray? = guarded { keys.load(name) }
    override fun store(name: String, key: ByteArray) = guarded { keys.store(name, key) }
    override fun destroy(name: String) = guarded { keys.destroy(name) }
}

private inline fun <T> guarded(body: () -> T): T = try {
    body()
} catch (error: HostException) {
    throw error
} catch (_: Throwable) {
    throw HostException.Unavailable()
}
