package com.tastekeeper

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class WhyThisTests {
    /** Every reason the engine knows: the compiler's own list. */
    private val reasons = Reason::class.java.declaredClasses
        .filter { Reason::class.java.isAssignableFrom(it) }
        .map { of ->
            val made = of.declaredConstructors.singleOrNull { it.parameterTypes.contentEquals(arrayOf(String::class.java)) }
            (made?.newInstance("x") ?: of.getField("INSTANCE").get(null)) as Reason
        }

    @Test
    fun `every reason has a code and a sentence in every language`() {
        assertEquals(11, reasons.size)
        for ((language, sentences) in WhyThis.SENTENCES) {
            assertEquals(reasons.map { it.code }.toSet(), sentences.keys, language)
            for (reason in reasons) {
                assertEquals(reason.subject != null, "%s" in sentences.getValue(reason.code), "$language ${reason.code}")
            }
        }
    }

    @Test
    fun `codes are names of Android's string resources`() {
        val codes = reasons.map { it.code } + PersonalizationLevel.values().map { it.code }
        assertTrue(codes.all(Regex("[a-z][a-z_]*")::matches), "$codes")
        assertEquals("tastekeeper_level_on_device", PersonalizationLevel.ON_DEVICE.code)
    }

    @Test
    fun `sentences name things as the shop does`() {
        val why = WhyThis(names = mapOf("b" to "Boots, 100 % wool")::get)
        assertEquals("You looked at Boots, 100 % wool", why.text(Reason.Viewed("b")))
        assertNull(why.text(Reason.Viewed("unknown")))
        assertEquals("Popular in this shop", why.text(Reason.Popular))
    }

    @Test
    fun `an app's sentences come before ours, and unknown languages are English`() {
        val own = mapOf("tastekeeper_reason_popular" to "Gern genommen", "tastekeeper_reason_viewed" to "%1\$s, angesehen")
        val why = WhyThis("de", own::get, names = { "Stiefel %s" })
        assertEquals("Gern genommen", why.text(Reason.Popular))
        assertEquals("Stiefel %s, angesehen", why.text(Reason.Viewed("b")))
        assertEquals("Neu in diesem Shop", why.text(Reason.New))
        assertEquals("New in this shop", WhyThis("xx").text(Reason.New))
    }

    @Test
    fun `a recommendation's reasons are told in their order`() {
        val item = Recommendation(
            itemId = "a", score = 1.0, position = 1u, source = Source.PERSONAL,
            reasons = listOf(Reason.Viewed("b"), Reason.LikesBrand("?"), Reason.Popular),
        )
        val why = WhyThis(names = mapOf("b" to "Boots")::get)
        assertEquals(listOf("You looked at Boots", "Popular in this shop"), why.texts(item))
    }
}

class Ga4Tests {
    @Test
    fun `analytics events become ours`() {
        val item = mapOf("item_id" to "boots \\ \"№1\"", "price" to 120.5, "quantity" to 2L)
        val events = Event.fromGa4("add_to_cart", mapOf("currency" to "EUR", "items" to arrayOf(item)))
        val expected = Event(
            EventKind.AddToCart, itemId = "boots \\ \"№1\"", quantity = 2u, price = 120.5, currency = "EUR",
        )
        assertEquals(listOf(expected), events)
        assertEquals(emptyList<Event>(), Event.fromGa4("screen_view", mapOf("screen" to "home", "first" to true)))
    }

    @Test
    fun `what JSON cannot hold is refused`() {
        val loop = ArrayList<Any>().also { it.add(it) }
        for (value in listOf(Double.NaN, Float.POSITIVE_INFINITY, Any(), loop, mapOf(1 to 2), "boots")) {
            assertThrows<TastekeeperException.InvalidArgument> { Event.fromGa4("view_item", mapOf("items" to value)) }
        }
    }

    @Test
    fun `every script and half a pair of surrogates pass as JSON`() {
        val items = listOf(mapOf("item_id" to "👢🏽 ботинки\u0000"))
        assertEquals("👢🏽 ботинки\u0000", Event.fromGa4("view_item", mapOf("items" to items)).single().itemId)
        assertThrows<TastekeeperException.InvalidArgument> {
            Event.fromGa4("view_item", mapOf("items" to listOf(mapOf("item_id" to "\ud83d"))))
        }
    }
}
