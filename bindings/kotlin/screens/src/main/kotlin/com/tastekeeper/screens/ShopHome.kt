package com.tastekeeper.screens

import com.tastekeeper.Event
import com.tastekeeper.EventKind
import com.tastekeeper.Personalizer
import com.tastekeeper.Recommendation
import com.tastekeeper.RecommendationKind
import com.tastekeeper.Recommendations
import com.tastekeeper.Request
import com.tastekeeper.Subject
import com.tastekeeper.WhyThis
import com.tastekeeper.attempt
import java.util.concurrent.ConcurrentHashMap
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/** One item as a tile shows it. */
data class Tile(
    /** The item. */
    val id: String,
    /** The name to show. */
    val title: String,
    /** Why it is there, the strongest reason first. */
    val reasons: List<String>,
) {
    internal constructor(item: Recommendation, why: WhyThis) : this(item.itemId, why.name(item.itemId), why.texts(item))
}

/** The shop's first page: what fits the shopper, what was looked at, what is popular. Kept up to date while it is shown. */
class ShopHome(private val shop: Personalizer, private val why: WhyThis) {
    /** A row of tiles. */
    enum class Row(internal val request: Request) {
        FOR_YOU(Request(RecommendationKind.ForYou, scenario = "home")),
        RECENTLY_VIEWED(Request(RecommendationKind.RecentlyViewed, scenario = "home")),
        TRENDING(Request(RecommendationKind.Trending(null), scenario = "home")),
        ;

        /** The key of its title in an app's table of strings. */
        val code: String get() = "tastekeeper_row_${name.lowercase()}"
    }

    /** What the page shows. */
    data class State(val rows: Map<Row, List<Tile>> = emptyMap(), val problem: String? = null) {
        /** The rows to show, from the top; those without items are left out. */
        val shown: List<Row> get() = Row.values().filter { !rows[it].isNullOrEmpty() }
    }

    private val page = MutableStateFlow(State())
    private val answers = ConcurrentHashMap<Row, Recommendations>()

    /** What the page shows now, and every change of it. */
    val state: StateFlow<State> = page.asStateFlow()

    /** Shows all rows until the coroutine is cancelled or the shop is closed. */
    suspend fun show() = coroutineScope { for (row in Row.values()) launch { show(row) } }

    private suspend fun show(row: Row) = telling {
        shop.recommendations(row.request).collect { answer ->
            answers[row] = answer
            val tiles = answer.items.map { Tile(it, why) }
            page.update { it.copy(rows = it.rows + (row to tiles), problem = null) }
        }
    }

    /** The shopper opened a tile: the answer it came from learns that it was chosen. */
    suspend fun open(tile: Tile, row: Row) {
        val answer = answers[row]
        val chosen = answer?.items?.find { it.itemId == tile.id }
        val event = Event(
            EventKind.SelectItem,
            itemId = tile.id,
            recommendationId = answer?.recommendationId,
            position = chosen?.position,
        )
        telling { shop.track(event) }
    }

    /** The shopper does not want to see an item, nor what is like it. */
    suspend fun dismiss(tile: Tile) = telling { shop.track(Event(EventKind.NotInterested(Subject.Item(tile.id)))) }

    private inline fun telling(body: () -> Unit) = attempt({ problem -> page.update { it.copy(problem = problem) } }, body)
}
