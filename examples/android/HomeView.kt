package com.example.shop

import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.items
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.ui.Modifier
import androidx.compose.ui.unit.dp
import com.tastekeeper.Personalizer
import com.tastekeeper.WhyThis
import com.tastekeeper.screens.ShopHome
import com.tastekeeper.screens.Tile
import kotlinx.coroutines.launch

@Composable
fun HomeView(shop: Personalizer, why: WhyThis, onOpen: (String) -> Unit) {
    val home = remember(shop) { ShopHome(shop, why) }
    val state by home.state.collectAsState()
    val scope = rememberCoroutineScope()
    LaunchedEffect(home) { home.show() }
    LazyColumn {
        for (row in state.shown) {
            item { Text(words(row.code), style = MaterialTheme.typography.titleMedium) }
            items(state.rows[row].orEmpty()) { tile ->
                Row {
                    TileView(tile, Modifier.clickable {
                        scope.launch { home.open(tile, row) }
                        onOpen(tile.id)
                    })
                    TextButton(onClick = { scope.launch { home.dismiss(tile) } }) { Text(words("not_interested")) }
                }
            }
        }
        item { state.problem?.let { Text(it) } }
    }
}

@Composable
fun TileView(tile: Tile, modifier: Modifier = Modifier) {
    Column(modifier.padding(8.dp)) {
        Text(tile.title)
        tile.reasons.firstOrNull()?.let { Text(it, style = MaterialTheme.typography.bodySmall) }
    }
}
