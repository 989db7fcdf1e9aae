package com.tastekeeper.screens

import com.tastekeeper.Forget
import com.tastekeeper.HistoryEntry
import com.tastekeeper.Personalizer
import com.tastekeeper.WhyThis
import com.tastekeeper.attempt
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update

/** What is kept, newest first and [page] events at a time, with "delete" on every line. */
class HistoryScreen(private val shop: Personalizer, private val why: WhyThis, private val page: Int = 50) {
    /** One kept event. */
    data class Line(
        /** Names the event. */
        val id: ULong,
        /** The key of what was done in an app's table of strings, such as `tastekeeper_action_view_item`. */
        val code: String,
        /** What it was done with: names of items, a category or a search. */
        val about: List<String>,
        /** When, in milliseconds since 1970-01-01 UTC. */
        val timeMs: Long,
        /** Whether recommendations learn from it. */
        val isLearned: Boolean,
    )

    /** What the screen shows. */
    data class State(
        val lines: List<Line> = emptyList(),
        /** There are older events. */
        val hasMore: Boolean = false,
        val problem: String? = null,
    )

    private val screen = MutableStateFlow(State())

    /** What the screen shows now, and every change of it. */
    val state: StateFlow<State> = screen.asStateFlow()

    /** Shows the newest events. */
    suspend fun show() = telling { load() }

    /** Shows older ones too. Events of one moment stay together, so that none is left out between two pages. */
    suspend fun showMore() {
        val before = state.value
        val last = before.lines.lastOrNull() ?: return
        if (!before.hasMore) return
        telling {
            val entries = shop.history(page, last.timeMs + 1)
            val known = before.lines.map { it.id }.toSet()
            val more = entries.filter { it.event !in known }.map(::line)
            screen.update { it.copy(lines = before.lines + more, hasMore = entries.size == page && more.isNotEmpty()) }
        }
    }

    /** Forgets one event, exactly. */
    suspend fun delete(line: Line) = changing { shop.forget(Forget.Event(line.id)) }

    /** Forgets everything. */
    suspend fun deleteAll() = changing { shop.forget(Forget.Everything) }

    /** "This was a gift": keeps an event and does not learn from it, or learns again. */
    suspend fun setLearned(line: Line, on: Boolean) = changing { shop.setLearning(Forget.Event(line.id), on) }

    private suspend fun load() {
        val entries = shop.history(page)
        screen.update { it.copy(lines = entries.map(::line), hasMore = entries.size == page) }
    }

    /** Shows what is kept now, and what went wrong if something did: it may have taken effect all the same. */
    private suspend inline fun changing(body: () -> Unit) {
        telling(body)
        attempt({}) { load() }
    }

    private fun line(entry: HistoryEntry) = Line(
        id = entry.event,
        code = "tastekeeper_action_${entry.action.name.lowercase()}",
        about = entry.items.map(why::name) + listOfNotNull(entry.text),
        timeMs = entry.timeMs,
        isLearned = entry.learned,
    )

    private inline fun telling(body: () -> Unit) {
        var problem: String? = null
        attempt({ problem = it }, body)
        screen.update { it.copy(problem = problem) }
    }
}
