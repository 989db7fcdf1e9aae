package com.tastekeeper.screens

import com.tastekeeper.CartItem
import com.tastekeeper.Config
import com.tastekeeper.Event
import com.tastekeeper.EventKind
import com.tastekeeper.IgnoredReason
import com.tastekeeper.PersonalizationLevel
import com.tastekeeper.Subject
import com.tastekeeper.TestClock
import com.tastekeeper.Tracked
import com.tastekeeper.WhyThis
import com.tastekeeper.items
import com.tastekeeper.openShop
import com.tastekeeper.until
import com.tastekeeper.view
import com.tastekeeper.waiting
import java.io.ByteArrayOutputStream
import java.io.FileNotFoundException
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

private val why = WhyThis(names = mapOf("boots" to "Boots", "clogs" to "Clogs", "kettle" to "Kettle")::get)
private val level = PersonalizationLevel.ON_DEVICE

class ScreenTests {
    @Test
    fun `the home page keeps up`() = waiting {
        val shop = openShop(level)
        val home = ShopHome(shop, why)
        val shown = launch { home.show() }
        val row = ShopHome.Row.RECENTLY_VIEWED
        until { home.state.value.rows[row] != null }
        assertFalse(row in home.state.value.shown)
        shop.track(listOf(view("boots"), view("clogs")))
        until { home.state.value.rows[row]?.map { it.title } == listOf("Clogs", "Boots") }
        assertTrue(row in home.state.value.shown)

        val tile = home.state.value.rows.getValue(row).first()
        home.open(tile, row)
        home.dismiss(tile)
        assertEquals(listOf<Subject>(Subject.Item("clogs")), shop.profile().notInterested)
        assertEquals(1uL, shop.stats().hits.sumOf { it.chosen })
        assertNull(home.state.value.problem)
        shop.close()
        shown.join()
    }

    @Test
    fun `the product page explains its row`() = waiting {
        val shop = openShop(level)
        val page = ProductPage("boots", shop, why)
        assertEquals("Boots", page.state.value.title)
        page.show()
        val tile = page.state.value.related.first()
        assertTrue(page.state.value.related.none { it.id == "boots" })
        page.explain(tile)
        assertEquals(tile, page.state.value.explained)
        assertNull(page.state.value.problem)
        page.closeExplanation()
        assertNull(page.state.value.explained)
        page.addToCart()
        assertEquals(listOf(CartItem("boots", 1u)), shop.profile().cart)
        shop.close()
        page.addToCart()
        assertNotNull(page.state.value.problem)
    }

    @Test
    fun `the history is shown in pages and deleted`() = waiting {
        openShop(level).use { shop ->
            shop.track(List(5) { view(items[it % 3].id) } + Event(EventKind.Search, query = "warm"))
            val screen = HistoryScreen(shop, why, page = 4)
            screen.show()
            assertEquals(4, screen.state.value.lines.size)
            val first = screen.state.value.lines.first()
            assertEquals("tastekeeper_action_search", first.code)
            assertEquals(listOf("warm"), first.about)

            screen.setLearned(first, false)
            assertFalse(screen.state.value.lines.first().isLearned)
            screen.delete(first)
            assertTrue(screen.state.value.lines.none { it.id == first.id })
            screen.deleteAll()
            assertEquals(HistoryScreen.State(), screen.state.value)
            assertEquals(0u, shop.profile().events)
        }
    }

    @Test
    fun `every event is on one page of the history`() = waiting {
        val clock = TestClock()
        openShop(level, clock).use { shop ->
            repeat(9) {
                clock.advance(days = 1)
                shop.track(view("item $it"))
            }
            val screen = HistoryScreen(shop, why, page = 4)
            screen.show()
            while (screen.state.value.hasMore) screen.showMore()
            assertEquals(List(9) { "item ${8 - it}" }, screen.state.value.lines.flatMap { it.about })
        }
    }

    @Test
    fun `nothing leaves and the screen says why`() = waiting {
        openShop(level).use { shop ->
            val screen = LeavingScreen(shop)
            assertEquals(LeavingScreen.Now.Unknown, screen.state.value.now)
            screen.show()
            val now = screen.state.value.now as LeavingScreen.Now.Nothing
            assertTrue(now.reason.isNotEmpty())
            assertEquals(0, screen.state.value.sent)
        }
    }

    @Test
    fun `data are written where the shopper says`() = waiting {
        openShop(level).use { shop ->
            shop.track(view("boots"))
            val screen = ExportScreen(shop)
            screen.write(ExportScreen.Document.DATA) { throw FileNotFoundException("/secret/path") }
            assertEquals(ExportScreen.State(problem = "the file could not be written"), screen.state.value)
            screen.write(ExportScreen.Document.DATA) { null }
            assertNotNull(screen.state.value.problem)
            for (document in ExportScreen.Document.values()) {
                val bytes = ByteArrayOutputStream()
                screen.write(document) { bytes }
                assertEquals(ExportScreen.State(written = document), screen.state.value)
                assertTrue(bytes.toString().trim().startsWith("{"), "$bytes")
                if (document == ExportScreen.Document.DATA) assertTrue("boots" in bytes.toString())
            }
        }
    }

    @Test
    fun `the privacy screen shows what is`() = waiting {
        val shop = openShop(level)
        shop.track(view("boots"))
        val screen = PrivacyScreen(shop)
        val shown = launch { screen.show() }
        until { screen.state.value.events == 1 && screen.picker.state.value.level == level }
        assertTrue(screen.state.value.parameters.isNotEmpty())
        screen.pause(true)
        assertTrue(screen.state.value.isPaused)
        assertEquals(Tracked.Ignored(IgnoredReason.PAUSED), shop.track(view("clogs")))
        screen.pause(false)
        screen.setPrivate(true)
        assertTrue(screen.state.value.isPrivate)
        screen.setPrivate(false)
        assertFalse(screen.state.value.isPrivate)
        assertNull(screen.state.value.problem)
        shop.close()
        shown.join()
    }

    @Test
    fun `the switch of the privacy screen ends where the app does`() = waiting {
        openShop().use { shop ->
            val screen = PrivacyScreen(shop, Config(maxLevel = PersonalizationLevel.SESSION))
            assertEquals(listOf(PersonalizationLevel.OFF, PersonalizationLevel.SESSION), screen.picker.state.value.steps)
        }
    }
}
