package com.tastekeeper

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.file.Files
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicLong
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Runnable
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

/** 2026-01-01 in milliseconds. */
const val NEW_YEAR = 1_767_225_600_000L

/** A clock that a test sets. */
class TestClock(start: Long = NEW_YEAR) : Clock {
    private val time = AtomicLong(start)

    override fun nowMs(): Long = time.get()

    fun advance(days: Int = 0, milliseconds: Long = 0) {
        time.addAndGet(days * 86_400_000L + milliseconds)
    }

    fun set(timeMs: Long) = time.set(timeMs)
}

/** Bytes of splitmix64, so that a run can be repeated. */
class TestRandom(seed: ULong) : SecureRandom {
    private var state = seed

    @Synchronized
    override fun bytes(count: UInt): ByteArray {
        val bytes = ByteBuffer.allocate((count.toInt() + 7) / 8 * 8).order(ByteOrder.LITTLE_ENDIAN)
        while (bytes.hasRemaining()) {
            state += 0x9E3779B97F4A7C15uL
            var word = state
            word = (word xor (word shr 30)) * 0xBF58476D1CE4E5B9uL
            word = (word xor (word shr 27)) * 0x94D049BB133111EBuL
            bytes.putLong((word xor (word shr 31)).toLong())
        }
        return bytes.array().copyOf(count.toInt())
    }
}

/** A folder that is gone when the test is. It does not exist yet. */
class TemporaryFolder : AutoCloseable {
    private val parent: File = Files.createTempDirectory("tastekeeper").toFile()
    val file = File(parent, "store")

    override fun close() {
        parent.deleteRecursively()
    }
}

val consent = Consent(noticeVersion = "2026-01")

/** Three items in two categories. */
val items = listOf(
    Item("boots", category = listOf("shoes", "boots"), brand = "Acme", price = 120.0, currency = "EUR"),
    Item("clogs", category = listOf("shoes", "clogs"), brand = "Acme", price = 60.0, currency = "EUR"),
    Item("kettle", category = listOf("kitchen"), price = 40.0, currency = "EUR"),
)

fun view(id: String) = Event(EventKind.ViewItem, itemId = id)

val List<Recommendation>.ids: List<String> get() = map { it.itemId }

/** An engine in memory, at level Session, with [items]. */
fun openEngine(clock: Clock? = null, random: SecureRandom? = null): Recommender {
    val engine = Recommender.open(Config(), null, null, clock, random)
    engine.upsertItems(items)
    engine.setLevel(PersonalizationLevel.SESSION, consent)
    return engine
}

/** A personalizer in memory, with [items]. */
suspend fun openShop(level: PersonalizationLevel = PersonalizationLevel.OFF, clock: Clock = TestClock()): Personalizer {
    val shop = Personalizer.inMemory(clock = clock)
    shop.upsert(items)
    if (level != PersonalizationLevel.OFF) shop.setLevel(level, consent)
    return shop
}

/** Runs a test that waits; two minutes are the end of it. */
fun waiting(body: suspend CoroutineScope.() -> Unit) = runBlocking { withTimeout(120_000) { body() } }

/** Waits until something is as it should be; the test's time limit ends it otherwise. */
suspend fun until(condition: suspend () -> Boolean) {
    while (!condition()) delay(1)
}

/** Runs what was dispatched when a test says so. */
class HeldDispatcher : CoroutineDispatcher() {
    private val waiting = ConcurrentLinkedQueue<Runnable>()

    override fun dispatch(context: CoroutineContext, block: Runnable) {
        waiting.add(block)
    }

    fun run() {
        while (true) (waiting.poll() ?: return).run()
    }
}
