package com.tastekeeper

import com.tastekeeper.readme.quickStart
import java.io.File
import java.lang.ref.WeakReference
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.Test

/** The personalizer over the engine. */
class PersonalizerTests {
    private suspend inline fun <reified E : Throwable> fails(body: () -> Unit): E {
        try {
            body()
        } catch (error: Throwable) {
            assertTrue(error is E, "$error")
            return error as E
        }
        fail<Unit>("threw nothing")
        throw AssertionError()
    }

    @Test
    fun `the README's quick start runs`() = waiting {
        TemporaryFolder().use { folder ->
            quickStart(folder.file)
            assertTrue(folder.file.isDirectory)
        }
    }

    @Test
    fun `what is kept survives a restart and not a reset`() = waiting {
        TemporaryFolder().use { folder ->
            val keys = MemoryKeys()
            Personalizer.onDevice(folder.file, keys).use { shop ->
                shop.setLevel(PersonalizationLevel.ON_DEVICE, consent)
                shop.track(view("boots"))
            }
            Personalizer.onDevice(folder.file, keys).use { shop ->
                assertEquals(listOf(listOf("boots")), shop.history().map { it.items })
                assertTrue(shop.isDurable())
            }
            Personalizer.reset(folder.file, keys)
            Personalizer.onDevice(folder.file, keys).use { assertEquals(ConsentState.NotAsked, it.consentState()) }
        }
    }

    @Test
    fun `without a key it goes on in memory and writes nothing`() = waiting {
        val locked = object : KeyCustodian {
            override fun load(name: String): ByteArray? = throw HostException.Unavailable()
            override fun store(name: String, key: ByteArray) = throw HostException.Unavailable()
            override fun destroy(name: String) = throw HostException.Unavailable()
        }
        TemporaryFolder().use { folder ->
            Personalizer.onDeviceOrInMemory(folder.file, locked).use { shop ->
                assertFalse(shop.isDurable())
                shop.setLevel(PersonalizationLevel.ON_DEVICE, consent)
                assertEquals(Tracked.Stored, shop.track(view("a very readable id")))
            }
            val written = folder.file.walk().filter(File::isFile).toList()
            assertTrue(written.none { "readable" in it.readText(Charsets.ISO_8859_1) }, "$written")
        }
    }

    @Test
    fun `a directory that cannot be made is named without its path`() = waiting {
        val told = fails<TastekeeperException.StorageUnavailable> {
            Personalizer.onDevice(File("/proc/no such place"), MemoryKeys())
        }
        assertFalse("no such place" in told.message.orEmpty(), told.message)
    }

    @Test
    fun `the answer is refreshed after what is learned and not otherwise`() = waiting {
        val shop = openShop(PersonalizationLevel.SESSION)
        val answers = Channel<List<String>>(Channel.UNLIMITED)
        val watching = launch {
            shop.recommendations(Request(RecommendationKind.RecentlyViewed)).collect { answers.send(it.items.ids) }
            answers.close()
        }
        assertEquals(emptyList<String>(), answers.receive())
        shop.pause(true)
        assertEquals(emptyList<String>(), answers.receive())
        assertEquals(Tracked.Ignored(IgnoredReason.PAUSED), shop.track(view("boots")))
        shop.pause(false)
        assertEquals(emptyList<String>(), answers.receive())
        shop.track(view("boots"))
        assertEquals(listOf("boots"), answers.receive())
        shop.track(listOf(view("clogs"), view("kettle")))
        assertEquals(listOf("kettle", "clogs", "boots"), answers.receive())
        shop.forget(Forget.Item("clogs"))
        assertEquals(listOf("kettle", "boots"), answers.receive())
        shop.close()
        assertTrue(answers.receiveCatching().isClosed)
        watching.join()
    }

    @Test
    fun `a flow of a request that is wrong throws why`() = waiting {
        openShop().use { shop ->
            val told = fails<TastekeeperException.InvalidArgument> {
                shop.recommendations(Request(RecommendationKind.ForYou, count = 0u)).first()
            }
            assertTrue("count" in told.message.orEmpty(), told.message)
        }
    }

    @Test
    fun `the levels are those that were in force`() = waiting {
        val shop = openShop()
        val levels = Channel<PersonalizationLevel>(Channel.UNLIMITED)
        launch {
            shop.levels().collect { levels.send(it) }
            levels.close()
        }
        assertEquals(PersonalizationLevel.OFF, levels.receive())
        shop.setLevel(PersonalizationLevel.ON_DEVICE, consent)
        assertEquals(PersonalizationLevel.ON_DEVICE, levels.receive())
        shop.track(view("boots"))
        shop.setProtected(true)
        assertEquals(PersonalizationLevel.SESSION, levels.receive())
        shop.close()
        assertTrue(levels.receiveCatching().isClosed)
    }

    @Test
    fun `a flow of a closed shop is empty and its calls are Closed`() = waiting {
        val shop = openShop()
        shop.close()
        shop.close()
        assertEquals(emptyList<PersonalizationLevel>(), shop.levels().toList())
        assertEquals(emptyList<Recommendations>(), shop.recommendations(Request(RecommendationKind.ForYou)).toList())
        fails<TastekeeperException.Closed> { shop.level() }
        fails<TastekeeperException.Closed> { shop.track(view("boots")) }
    }

    @Test
    fun `use closes also when the body throws`() = waiting {
        val shop = openShop()
        fails<IllegalArgumentException> { shop.use { throw IllegalArgumentException("the app's own") } }
        fails<TastekeeperException.Closed> { shop.level() }
    }

    @Test
    fun `calls run on the dispatcher that was given, one at a time and in order`() = waiting {
        Executors.newFixedThreadPool(4) { Thread(it, "given") }.asCoroutineDispatcher().use { dispatcher ->
            Personalizer.inMemory(dispatcher = dispatcher).use { shop ->
                assertTrue(shop.call { Thread.currentThread().name }.startsWith("given"))
                shop.setLevel(PersonalizationLevel.SESSION, consent)
                val order = ArrayList<Int>()
                List(100) { number -> async { shop.call { order += number } } }.awaitAll()
                assertEquals((0 until 100).toList(), order)
            }
        }
    }

    @Test
    fun `a call that has begun runs to its end when its coroutine is cancelled`() = waiting {
        openShop(PersonalizationLevel.SESSION).use { shop ->
            val (begun, go) = Channel<Unit>(1) to CountDownLatch(1)
            val answers = shop.recommendations(Request(RecommendationKind.RecentlyViewed))
            val tracking = launch {
                shop.change {
                    begun.trySend(Unit)
                    go.await()
                    it.track(view("boots"))
                }
            }
            begun.receive()
            tracking.cancel()
            go.countDown()
            tracking.join()
            assertTrue(tracking.isCancelled)
            assertEquals(listOf("boots"), answers.first().items.ids)
        }
    }

    @Test
    fun `an opening that nobody waits for any more lets go of its keys`() = waiting {
        val begun = Channel<Unit>(1)
        val go = CountDownLatch(1)
        var clock: Clock? = object : Clock {
            override fun nowMs(): Long {
                begun.trySend(Unit)
                go.await()
                return NEW_YEAR
            }
        }
        val freed = WeakReference(clock)
        var opening: Job? = launch(Dispatchers.IO) { Personalizer.inMemory(clock = freed.get()) }
        begun.receive()
        clock = null
        opening!!.cancel()
        go.countDown()
        opening.join()
        opening = null
        until {
            System.gc()
            freed.get() == null
        }
        assertNull(clock)
    }

    @Test
    fun `a flow that nobody collects any more asks nothing`() = waiting {
        openShop().use { shop ->
            var asked = 0
            val watching = launch { shop.levels().collect { asked++ } }
            until { asked == 1 }
            watching.cancelAndJoin()
            shop.setLevel(PersonalizationLevel.SESSION, consent)
            shop.level()
            assertEquals(1, asked)
        }
    }

    @Test
    fun `many coroutines at once`() = waiting {
        openShop(PersonalizationLevel.SESSION).use { shop ->
            withContext(Dispatchers.Default) {
                List(16) { number ->
                    async {
                        shop.track(view(items[number % 3].id))
                        shop.recommend(Request(RecommendationKind.ForYou))
                    }
                }.awaitAll()
            }
            assertEquals(16u, shop.profile().events)
        }
    }

    @Test
    fun `a panic is an error of the engine, and the shop goes on`() = waiting {
        openShop(PersonalizationLevel.SESSION).use { shop ->
            val told = fails<TastekeeperException.Internal> { shop.call { it.provokePanic() } }
            assertFalse("provoked" in told.message.orEmpty(), told.message)
            // coroutines may have copied it on its way, with the first one as the cause
            val causes = generateSequence<Throwable>(told) { it.cause }.toList()
            assertTrue(causes.any { it is InternalException && "provoked" in it.message.orEmpty() }, "$causes")
            assertEquals(Tracked.SessionOnly, shop.track(view("boots")))
        }
    }

    @Test
    fun `an exception of the app's own body is the app's`() = waiting {
        openShop().use { shop ->
            fails<IllegalStateException> { shop.call { throw IllegalStateException("the app's own") } }
            fails<CancellationException> { shop.call { throw CancellationException("the app's own") } }
            assertEquals(PersonalizationLevel.OFF, shop.level())
        }
    }
}
