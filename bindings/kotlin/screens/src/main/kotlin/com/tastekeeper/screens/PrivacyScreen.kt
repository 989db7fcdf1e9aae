package com.tastekeeper.screens

import com.tastekeeper.Config
import com.tastekeeper.LevelPicker
import com.tastekeeper.PersonalizationLevel
import com.tastekeeper.Personalizer
import com.tastekeeper.attempt
import com.tastekeeper.mainParameters
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/**
 * The privacy screen: the four-step switch, pause, and the private session.
 *
 * @param config what the shop was opened with.
 * @param locale of the engine's texts.
 */
class PrivacyScreen(
    private val shop: Personalizer,
    private val config: Config = Config(),
    private val locale: String = "en",
) {
    /** What the screen shows beside the switch. */
    data class State(
        val isPaused: Boolean = false,
        val isPrivate: Boolean = false,
        /** What ranking goes by at this level, the weightiest first. */
        val parameters: List<String> = emptyList(),
        /** How many events are kept. */
        val events: Int = 0,
        val problem: String? = null,
    )

    private val screen = MutableStateFlow(State())

    /** The four-step switch. */
    val picker = LevelPicker(shop, config.maxLevel ?: PersonalizationLevel.SHARED)

    /** What the screen shows now, and every change of it. */
    val state: StateFlow<State> = screen.asStateFlow()

    /** Follows the engine until the coroutine is cancelled or the shop is closed. */
    suspend fun show() = coroutineScope {
        launch { picker.follow() }
        launch { shop.changes().collect { refresh() } }
        Unit
    }

    /** Stops or resumes learning. */
    suspend fun pause(on: Boolean) = telling {
        shop.pause(on)
        screen.update { it.copy(isPaused = on) }
    }

    /** Begins or ends a private session. */
    suspend fun setPrivate(on: Boolean) {
        telling { shop.setPrivateSession(on) }
        refresh()
    }

    private suspend fun refresh() = attempt({}) {
        shop.call { engine ->
            val isPrivate = engine.isPrivateSession()
            val parameters = mainParameters(engine.level(), locale, config).map { it.text }
            val events = engine.profile().events.toInt()
            // between two calls, as the picker's level
            screen.update { it.copy(isPrivate = isPrivate, parameters = parameters, events = events) }
        }
    }

    private inline fun telling(body: () -> Unit) {
        var problem: String? = null
        attempt({ problem = it }, body)
        screen.update { it.copy(problem = problem) }
    }
}
