package com.tastekeeper

import com.sun.jna.Function
import com.sun.jna.Structure
import java.lang.ref.WeakReference
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.concurrent.thread
import kotlin.math.abs
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** What only a binding can get wrong. */
class HazardTests {
    /** A clock, random source and custodian in one that fails as it is told to. */
    private class Failing(private val error: Throwable) : Clock, SecureRandom, KeyCustodian {
        override fun nowMs(): Long = throw error
        override fun bytes(count: UInt): ByteArray = throw error
        override fun load(name: String): ByteArray? = throw error
        override fun store(name: String, key: ByteArray) = throw error
        override fun destroy(name: String) = throw error
    }

    private fun openWith(keys: KeyCustodian, random: SecureRandom? = null, body: (Recommender) -> Unit = {}) =
        TemporaryFolder().use { folder -> Recommender.open(Config(), folder.file.path, keys, null, random).use(body) }

    @Test
    fun `a declared error of the app becomes the engine's`() {
        for (error in listOf(HostException.Unavailable(), HostException.Refused())) {
            assertThrows<TastekeeperException.KeyUnavailable> { openWith(Failing(error)) }
            assertThrows<TastekeeperException.InvalidArgument> { openEngine(clock = Failing(error)) }
        }
    }

    @Test
    fun `an undeclared error of the app becomes the engine's without its text`() {
        val told = assertThrows<TastekeeperException.KeyUnavailable> { openWith(Failing(RuntimeException("secret"))) }
        assertFalse("secret" in told.message.orEmpty(), told.message)
        assertThrows<TastekeeperException.InvalidArgument> { openEngine(clock = Failing(RuntimeException("secret"))) }
    }

    @Test
    fun `an error of the virtual machine in a callback never counts as a success`() = waiting {
        for (error in listOf(StackOverflowError("secret"), NoSuchMethodError("secret"), OutOfMemoryError("secret"))) {
            val failing = Failing(error)
            TemporaryFolder().use { folder ->
                val told = listOf(
                    runCatching { Personalizer.onDevice(folder.file, failing) }.exceptionOrNull(),
                    runCatching { Personalizer.inMemory(clock = failing) }.exceptionOrNull(),
                    runCatching {
                        Personalizer.onDevice(folder.file, MemoryKeys(), random = failing)
                            .use { it.setLevel(PersonalizationLevel.ON_DEVICE, consent) }
                    }.exceptionOrNull(),
                )
                val expected = listOf("KeyUnavailable", "InvalidArgument", "RandomUnavailable")
                assertEquals(expected, told.map { it?.javaClass?.simpleName })
                assertTrue(told.none { "secret" in it.toString() }, "$told")
            }
        }
    }

    @Test
    fun `a random source that gives too little is refused`() {
        val short = object : SecureRandom {
            override fun bytes(count: UInt) = ByteArray(count.toInt() - 1)
        }
        assertThrows<TastekeeperException.RandomUnavailable> {
            openWith(MemoryKeys(), short) { it.setLevel(PersonalizationLevel.ON_DEVICE, consent) }
        }
    }

    @Test
    fun `a custodian that gives a key of the wrong length is refused`() {
        val odd = object : KeyCustodian {
            override fun load(name: String) = ByteArray(31)
            override fun store(name: String, key: ByteArray) = Unit
            override fun destroy(name: String) = Unit
        }
        assertThrows<TastekeeperException.KeyUnavailable> {
            openWith(odd) { it.setLevel(PersonalizationLevel.ON_DEVICE, consent) }
        }
    }

    @Test
    fun `a panic is an exception and the engine goes on`() {
        openEngine().use { engine ->
            repeat(3) {
                val told = assertThrows<InternalException> { engine.provokePanic() }
                assertTrue("provoked" in told.message.orEmpty(), told.message)
            }
            assertEquals(Tracked.SessionOnly, engine.track(view("boots")))
        }
    }

    @Test
    fun `every call after it is shut down is Closed`() {
        val engine = openEngine()
        engine.shutDown()
        engine.shutDown()
        val calls: List<(Recommender) -> Unit> = listOf(
            { it.level() },
            { it.isDurable() },
            { it.track(view("boots")) },
            { it.trackAll(emptyList()) },
            { it.recommend(Request(RecommendationKind.ForYou)) },
            { it.history(1u, null) },
            { it.exportData() },
            { it.setLevel(PersonalizationLevel.OFF, null) },
            { it.forget(Forget.Everything) },
            { it.upsertItems(emptyList()) },
            { it.stats() },
        )
        for (call in calls) assertThrows<TastekeeperException.Closed> { call(engine) }
        engine.close()
        engine.close()
        for (call in calls) assertThrows<IllegalStateException> { call(engine) }
    }

    @Test
    fun `eight threads at once`() {
        val engine = openEngine()
        val failures = ConcurrentLinkedQueue<String>()
        val threads = List(8) { number ->
            thread {
                for (turn in 0 until 50) {
                    try {
                        engine.track(view(items[(number + turn) % items.size].id))
                        val answer = engine.recommend(Request(RecommendationKind.ForYou, count = 3u))
                        answer.items.firstOrNull()?.let { engine.explain(answer.recommendationId, it.itemId) }
                    } catch (error: Throwable) {
                        failures += error.toString()
                    }
                }
            }
        }
        threads.forEach { it.join() }
        // Other threads' answers may have pushed this one's out of the 32 that are remembered; nothing else may fail.
        assertEquals(emptyList<String>(), failures.filterNot { "recommendation_id" in it })
        assertEquals(400u, engine.profile().events)
        engine.close()
    }

    @Test
    fun `threads that call while it is closed see an answer or Closed`() {
        repeat(20) {
            val engine = openEngine()
            val failures = ConcurrentLinkedQueue<Throwable>()
            val threads = List(4) {
                thread {
                    try {
                        while (true) engine.track(view("boots"))
                    } catch (_: TastekeeperException.Closed) {
                    } catch (_: IllegalStateException) {
                    } catch (error: Throwable) {
                        failures += error
                    }
                }
            }
            engine.use { it.shutDown() }
            threads.forEach { it.join() }
            assertEquals(emptyList<Throwable>(), failures.toList())
        }
    }

    @Test
    fun `a call out of a callback is refused and does not hang`() {
        class Reentrant : Clock {
            var engine: Recommender? = null
            var said: Throwable? = null

            override fun nowMs(): Long {
                engine?.let { said = runCatching { it.level() }.exceptionOrNull() }
                return NEW_YEAR
            }
        }
        val clock = Reentrant()
        openEngine(clock).use { engine ->
            clock.engine = engine
            engine.level()
            clock.engine = null
        }
        assertTrue(clock.said is TastekeeperException.InvalidArgument, "${clock.said}")
    }

    @Test
    fun `ids of every script come back as they were`() {
        val ids = listOf("Stiefel-ä-ß", "ботинки", "靴", "👢🏽👨‍👩‍👧", "حذاء", "e\u0301", "\u00e9")
        openEngine().use { engine ->
            engine.upsertItems(ids.map { Item(it, category = listOf("сапоги")) })
            engine.trackAll(ids.map(::view))
            assertEquals(ids.toSet(), engine.history(100u, null).flatMap { it.items }.toSet())
            // a zero ends no text on the way, and is named where it is not allowed
            val told = assertThrows<TastekeeperException.InvalidArgument> { engine.upsertItems(listOf(Item("a\u0000b"))) }
            assertTrue("items[0].id" in told.message.orEmpty(), told.message)
        }
    }

    @Test
    fun `half a surrogate pair is refused before the engine`() {
        openEngine().use { engine ->
            assertThrows<java.nio.charset.CharacterCodingException> { engine.track(view("\ud83d")) }
            assertEquals(0u, engine.profile().events)
        }
        waiting {
            openShop(PersonalizationLevel.SESSION).use { shop ->
                val told = runCatching { shop.track(view("\ud83d")) }.exceptionOrNull()
                assertTrue(told is TastekeeperException.InvalidArgument, "$told")
            }
        }
    }

    @Test
    fun `empty lists are fine`() {
        openEngine().use { engine ->
            assertEquals(emptyList<Tracked>(), engine.trackAll(emptyList()))
            engine.upsertItems(emptyList())
            engine.patchItems(emptyList())
            engine.removeItems(emptyList())
            assertEquals(emptyList<Recommendation>(), engine.rerank(emptyList(), null).items)
        }
        assertEquals(emptyList<Event>(), eventsFromGa4("[]"))
    }

    @Test
    fun `numbers that are none are named`() {
        openEngine().use { engine ->
            for (value in listOf(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -1.0)) {
                val price = assertThrows<TastekeeperException.InvalidArgument> {
                    engine.upsertItems(listOf(Item("x", price = value, currency = "EUR")))
                }
                assertTrue("price" in price.message.orEmpty(), price.message)
                assertThrows<TastekeeperException.InvalidArgument> {
                    engine.recommend(Request(RecommendationKind.ForYou, rotationRate = value))
                }
            }
            assertThrows<TastekeeperException.InvalidArgument> {
                engine.track(Event(EventKind.Rate(Float.NaN), itemId = "boots"))
            }
        }
    }

    @Test
    fun `whole numbers keep every bit`() {
        openEngine().use { engine ->
            for (seed in listOf(0uL, 1uL, Long.MAX_VALUE.toULong(), Long.MAX_VALUE.toULong() + 1uL, ULong.MAX_VALUE)) {
                val request = Request(RecommendationKind.Trending(null), seed = seed)
                assertEquals(engine.recommend(request).items, engine.recommend(request).items)
            }
            assertEquals(0u, engine.forget(Forget.Event(ULong.MAX_VALUE)))
            assertThrows<TastekeeperException.InvalidArgument> {
                engine.recommend(Request(RecommendationKind.ForYou, count = UInt.MAX_VALUE))
            }
            for (time in listOf(Long.MIN_VALUE, -1L, Long.MAX_VALUE)) {
                runCatching { engine.history(10u, time) }.onFailure { assertTrue(it is TastekeeperException, "$it") }
                runCatching { engine.track(Event(EventKind.ViewItem, itemId = "boots", timestampMs = time)) }
                    .onFailure { assertTrue(it is TastekeeperException, "$it") }
            }
            assertEquals(PersonalizationLevel.SESSION, engine.level())
        }
    }

    @Test
    fun `the app's classes are let go when it is closed`() {
        TemporaryFolder().use { folder ->
            var keys: MemoryKeys? = MemoryKeys()
            var clock: TestClock? = TestClock()
            val (freedKeys, freedClock) = WeakReference(keys) to WeakReference(clock)
            val engine = Recommender.open(Config(), folder.file.path, keys, clock, null)
            keys = null
            clock = null
            System.gc()
            assertNotNull(freedKeys.get())
            engine.shutDown()
            assertTrue(collect { freedKeys.get() == null && freedClock.get() == null })
            engine.close()
        }
    }

    @Test
    fun `an engine that nobody closed is freed when it is collected`() {
        // in a function of its own: a variable of this one would hold it
        fun leave(): WeakReference<Clock> {
            val clock = TestClock()
            assertEquals(PersonalizationLevel.SESSION, openEngine(clock).level())
            return WeakReference(clock)
        }
        val freed = leave()
        assertTrue(collect { freed.get() == null })
    }

    @Test
    fun `ten thousand objects leave nothing behind`() {
        val living = ArrayList<WeakReference<Clock>>()
        assertNoGrowth {
            repeat(10_000) {
                val clock = TestClock()
                living += WeakReference(clock)
                Recommender.open(Config(), null, null, clock, null).use { it.stats() }
            }
        }
        assertTrue(collect { living.all { it.get() == null } }, "${living.count { it.get() != null }} clocks live")
    }

    @Test
    fun `ten thousand answers leave nothing behind`() {
        openEngine().use { engine ->
            assertNoGrowth { repeat(10_000) { engine.recommend(Request(RecommendationKind.Trending(null))) } }
        }
    }

    /**
     * That [calls], ten thousand of them, come to take no native memory: twice in a row less than 30 bytes each. A leak of 100 bytes takes
     * 1 MB every time. What the virtual machine takes for itself, for compiling above all, is in the same heap, is up to ten times as
     * much, and goes to and fro; but when all is compiled it stays as it is. What JNA allocated goes with the garbage, on a thread of its
     * own, so it is waited for.
     */
    private fun assertNoGrowth(calls: () -> Unit) {
        val grown = ArrayList<Long>()
        var steady = 0
        repeat(40) {
            val before = nativeBytes()
            calls()
            steady = if (collect(10) { abs(nativeBytes() - before) < 300_000 }) steady + 1 else 0
            if (steady == 2) return
            grown += nativeBytes() - before
        }
        fail<Unit>("grown by $grown bytes")
    }

    @Test
    fun `records are equal when what they hold is`() {
        assertEquals(view("boots"), view("boots"))
        assertEquals(view("boots").hashCode(), view("boots").hashCode())
        assertEquals(Event(EventKind.Rate(4f), itemId = "x"), Event(EventKind.Rate(4f), itemId = "x"))
        assertThrows(AssertionError::class.java) { assertEquals(view("boots"), view("clogs")) }
    }

    /** Collects garbage until [condition], at most so many times, a few seconds. */
    private fun collect(times: Int = 40, condition: () -> Boolean): Boolean {
        repeat(times) {
            System.gc()
            if (condition()) return true
            Thread.sleep(50)
        }
        return false
    }

    /** Bytes of the C library's heap that are in use: what Rust allocated, and what JNA did. */
    private fun nativeBytes(): Long {
        val told = Function.getFunction("c", "mallinfo2").invoke(HeapUse.ByValue::class.java, emptyArray()) as HeapUse
        return told.uordblks + told.hblkhd
    }
}

/** `struct mallinfo2` of the C library. */
@Structure.FieldOrder(
    "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
)
open class HeapUse : Structure() {
    @JvmField var arena = 0L
    @JvmField var ordblks = 0L
    @JvmField var smblks = 0L
    @JvmField var hblks = 0L
    @JvmField var hblkhd = 0L
    @JvmField var usmblks = 0L
    @JvmField var fsmblks = 0L
    @JvmField var uordblks = 0L
    @JvmField var fordblks = 0L
    @JvmField var keepcost = 0L

    class ByValue : HeapUse(), Structure.ByValue
}
