package com.tastekeeper.screens

import com.tastekeeper.Context
import com.tastekeeper.Event
import com.tastekeeper.EventKind
import com.tastekeeper.Personalizer
import com.tastekeeper.RecommendationKind
import com.tastekeeper.Recommendations
import com.tastekeeper.Request
import com.tastekeeper.WhyThis
import com.tastekeeper.attempt
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update

/** The page of the item [id]: what goes with it, and why. */
class ProductPage(private val id: String, private val shop: Personalizer, private val why: WhyThis) {
    /** One line of "why this?", and how much it speaks for the item or against it. */
    data class Line(val text: String, val amount: Double)

    /** What the page shows. */
    data class State(
        /** The name of the item. */
        val title: String,
        /** What goes with it. */
        val related: List<Tile> = emptyList(),
        /** The tile whose reasons are shown. */
        val explained: Tile? = null,
        /** Its reasons. */
        val lines: List<Line> = emptyList(),
        val problem: String? = null,
    )

    private val page = MutableStateFlow(State(why.name(id)))

    @Volatile
    private var answer: Recommendations? = null

    /** What the page shows now, and every change of it. */
    val state: StateFlow<State> = page.asStateFlow()

    /** The page is looked at: says so, and fills the row beside the item. */
    suspend fun show() = telling {
        shop.track(Event(EventKind.ViewItem, itemId = id))
        val related = RecommendationKind.RelatedTo(id)
        val found = shop.recommend(Request(related, scenario = "product", count = 6u, context = Context(item = id)))
        answer = found
        page.update { shown -> shown.copy(related = found.items.map { Tile(it, why) }) }
    }

    /** The shopper put the item in the cart. */
    suspend fun addToCart() = telling { shop.track(Event(EventKind.AddToCart, itemId = id)) }

    /** Why this item is in the row: the parts that have a reason, by size. */
    suspend fun explain(tile: Tile) = telling {
        val from = answer ?: return
        val lines = shop.explain(tile.id, from).parts.mapNotNull { part ->
            part.reason?.let(why::text)?.let { Line(it, part.amount) }
        }
        page.update { it.copy(explained = tile, lines = lines) }
    }

    /** The sheet with the reasons is closed. */
    fun closeExplanation() = page.update { it.copy(explained = null, lines = emptyList()) }

    private inline fun telling(body: () -> Unit) {
        var problem: String? = null
        attempt({ problem = it }, body)
        page.update { it.copy(problem = problem) }
    }
}
