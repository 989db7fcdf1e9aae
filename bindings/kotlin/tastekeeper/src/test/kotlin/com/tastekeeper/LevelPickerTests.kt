package com.tastekeeper

import com.tastekeeper.PersonalizationLevel.OFF
import com.tastekeeper.PersonalizationLevel.ON_DEVICE
import com.tastekeeper.PersonalizationLevel.SESSION
import com.tastekeeper.PersonalizationLevel.SHARED
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test

class LevelPickerTests {
    @Test
    fun `the switch asks before a step up and not before a step down`() = waiting {
        val shop = openShop(OFF)
        val picker = LevelPicker(shop)
        val following = launch { picker.follow() }
        assertEquals(listOf(OFF, SESSION, ON_DEVICE, SHARED), picker.state.value.steps)

        picker.choose(ON_DEVICE)
        assertEquals(ON_DEVICE, picker.state.value.asked)
        assertEquals(OFF, shop.level())
        picker.refuse()
        assertNull(picker.state.value.asked)
        picker.agree(consent)
        assertEquals(OFF, shop.level())

        picker.choose(ON_DEVICE)
        picker.agree(consent)
        assertEquals(ON_DEVICE, picker.state.value.level)
        shop.track(view("boots"))
        picker.choose(SESSION)
        assertNull(picker.state.value.asked)
        assertEquals(SESSION, shop.level())
        assertNull(picker.state.value.problem)

        // the engine's own changes are seen too
        shop.setLevel(OFF)
        until { picker.state.value.level == OFF }
        shop.close()
        following.join()
        picker.choose(SESSION)
        picker.agree(consent)
        assertNotNull(picker.state.value.problem)
        assertFalse(picker.state.value.isBusy)
    }

    @Test
    fun `a level that comes back while nobody looks is shown`() = waiting {
        openShop(SESSION).use { shop ->
            val picker = LevelPicker(shop)
            val held = HeldDispatcher()
            val following = launch(held) { picker.follow() }
            until { held.run(); picker.state.value.level == SESSION }
            // The switch shows the first change itself; the second one takes it back before the follower has run.
            picker.choose(OFF)
            assertEquals(OFF, picker.state.value.level)
            shop.setLevel(SESSION, consent)
            until { held.run(); picker.state.value.level == SESSION }
            following.cancel()
            until { held.run(); following.isCompleted }
        }
    }

    @Test
    fun `the switch offers what the app does`() = waiting {
        openShop(OFF).use { shop ->
            val picker = LevelPicker(shop, top = ON_DEVICE)
            assertEquals(listOf(OFF, SESSION, ON_DEVICE), picker.state.value.steps)
            picker.choose(SHARED)
            assertNull(picker.state.value.asked)
        }
    }

    @Test
    fun `what the engine refuses is told in its words`() = waiting {
        val shop = Personalizer.inMemory(Config(maxLevel = SESSION))
        shop.use {
            val picker = LevelPicker(shop)
            picker.choose(ON_DEVICE)
            picker.agree(consent)
            assertNotNull(picker.state.value.problem)
            assertEquals(shop.level(), picker.state.value.level)
        }
    }
}
