package com.example.shop

import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Column
import androidx.compose.material3.AlertDialog
import androidx.compose.material3.Button
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
import com.tastekeeper.Personalizer
import com.tastekeeper.WhyThis
import com.tastekeeper.screens.ProductPage
import kotlinx.coroutines.launch

@Composable
fun ProductView(id: String, shop: Personalizer, why: WhyThis) {
    val page = remember(id, shop) { ProductPage(id, shop, why) }
    val state by page.state.collectAsState()
    val scope = rememberCoroutineScope()
    LaunchedEffect(page) { page.show() }
    Column {
        Text(state.title, style = MaterialTheme.typography.titleLarge)
        Button(onClick = { scope.launch { page.addToCart() } }) { Text(words("add_to_cart")) }
        for (tile in state.related) {
            TileView(tile, Modifier.clickable { scope.launch { page.explain(tile) } })
        }
        state.problem?.let { Text(it) }
    }
    state.explained?.let { tile ->
        AlertDialog(
            onDismissRequest = page::closeExplanation,
            confirmButton = { TextButton(onClick = page::closeExplanation) { Text(words("close")) } },
            title = { Text(tile.title) },
            text = { Column { for (line in state.lines) Text(line.text) } },
        )
    }
}
