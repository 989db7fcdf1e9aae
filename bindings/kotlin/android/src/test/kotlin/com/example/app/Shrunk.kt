package com.example.app

import com.tastekeeper.Clock
import com.tastekeeper.Consent
import com.tastekeeper.Event
import com.tastekeeper.EventKind
import com.tastekeeper.Item
import com.tastekeeper.KeyCustodian
import com.tastekeeper.PersonalizationLevel
import com.tastekeeper.Personalizer
import com.tastekeeper.RecommendationKind
import com.tastekeeper.Request
import com.tastekeeper.TastekeeperException
import com.tastekeeper.WhyThis
import java.io.File
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking

/** An app that uses the library, to be shrunk: callbacks into it, records both ways, errors, flows. */
fun main(arguments: Array<String>) = runBlocking {
    val keys = object : KeyCustodian {
        val kept = HashMap<String, ByteArray>()
        override fun load(name: String): ByteArray? = kept[name]
        override fun destroy(name: String) {
            kept.remove(name)
        }

        override fun store(name: String, key: ByteArray) {
            kept[name] = key
        }
    }
    val clock = object : Clock {
        override fun nowMs(): Long = 1_767_225_600_000
    }
    Personalizer.onDevice(File(arguments.single()), keys, clock = clock).use { shop ->
        shop.upsert(listOf(Item("boots", category = listOf("shoes")), Item("clogs", category = listOf("shoes"))))
        shop.setLevel(PersonalizationLevel.ON_DEVICE, Consent("2026-01"))
        shop.track(Event(EventKind.ViewItem, itemId = "boots"))
        val answer = shop.recommendations(Request(RecommendationKind.RecentlyViewed)).first()
        val refused = try {
            shop.recommend(Request(RecommendationKind.ForYou, count = 0u))
            "nothing"
        } catch (error: TastekeeperException.InvalidArgument) {
            error.message
        }
        println("shown ${answer.items.map { WhyThis().texts(it) }}, refused $refused, ${keys.kept.size} keys")
    }
}
