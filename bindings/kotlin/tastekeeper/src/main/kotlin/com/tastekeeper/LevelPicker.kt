package com.tastekeeper

import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update

/**
 * The four-step switch: what a privacy screen shows and does, without a user interface.
 *
 * A step up asks first ([State.asked]), a step down happens at once. The shown level is always the engine's.
 */
class LevelPicker(private val shop: Personalizer, top: PersonalizationLevel = PersonalizationLevel.SHARED) {
    /** What the switch shows. */
    data class State(
        /** The steps that the app offers, the least first. */
        val steps: List<PersonalizationLevel>,
        /** The level in force. */
        val level: PersonalizationLevel = PersonalizationLevel.OFF,
        /** The level that the shopper wants and has not agreed to yet: show the notice. */
        val asked: PersonalizationLevel? = null,
        /** A change is under way. */
        val isBusy: Boolean = false,
        /** What went wrong last, in the engine's words. */
        val problem: String? = null,
    )

    private val shown = MutableStateFlow(State(PersonalizationLevel.values().filter { it <= top }))

    /** What the switch shows now, and every change of it. */
    val state: StateFlow<State> = shown.asStateFlow()

    /** Follows the engine's level until the coroutine is cancelled or the shop is closed. */
    suspend fun follow() = shop.changes().collect { attempt({}) { showLevel() } }

    /** The shopper moved the switch. */
    suspend fun choose(level: PersonalizationLevel) {
        val now = state.value
        if (level !in now.steps || now.isBusy) return
        if (level > now.level) {
            shown.update { it.copy(asked = level, problem = null) }
        } else {
            set(level, null)
        }
    }

    /** The shopper read the notice and agreed. */
    suspend fun agree(consent: Consent) {
        state.value.asked?.let { set(it, consent) }
    }

    /** The shopper read the notice and did not agree: nothing changes. */
    fun refuse() = shown.update { it.copy(asked = null) }

    /** Shows the level in force, between two calls of the engine: what was read earlier never covers what was read later. */
    private suspend fun showLevel() = shop.call { engine ->
        val level = engine.level()
        shown.update { it.copy(level = level) }
    }

    private suspend fun set(level: PersonalizationLevel, consent: Consent?) {
        shown.update { it.copy(isBusy = true, asked = null, problem = null) }
        var problem: String? = null
        try {
            attempt({ problem = it }) { shop.setLevel(level, consent) }
            // A call that failed may have taken effect all the same.
            attempt({}) { showLevel() }
        } finally {
            // also when the screen went away meanwhile
            shown.update { it.copy(isBusy = false, problem = problem) }
        }
    }
}

/** The key of its name in an app's table of strings. */
val PersonalizationLevel.code: String get() = "tastekeeper_level_${name.lowercase()}"

/** Runs [body]; an error of the engine is told in its words, which hold no data of the shopper. */
inline fun attempt(failed: (String) -> Unit, body: () -> Unit) {
    try {
        body()
    } catch (error: TastekeeperException) {
        failed(error.message.orEmpty())
    }
}
