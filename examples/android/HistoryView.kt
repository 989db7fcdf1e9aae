package com.example.shop

import android.text.format.DateUtils
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.items
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Switch
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import com.tastekeeper.Personalizer
import com.tastekeeper.WhyThis
import com.tastekeeper.screens.HistoryScreen
import kotlinx.coroutines.launch

@Composable
fun HistoryView(shop: Personalizer, why: WhyThis) {
    val screen = remember(shop) { HistoryScreen(shop, why) }
    val state by screen.state.collectAsState()
    val scope = rememberCoroutineScope()
    LaunchedEffect(screen) { screen.show() }
    LazyColumn {
        items(state.lines) { line ->
            Row {
                Column {
                    Text("${words(line.code)}: ${line.about.joinToString()}")
                    Text(DateUtils.getRelativeTimeSpanString(line.timeMs).toString(), style = MaterialTheme.typography.bodySmall)
                }
                Switch(checked = line.isLearned, onCheckedChange = { on -> scope.launch { screen.setLearned(line, on) } })
                TextButton(onClick = { scope.launch { screen.delete(line) } }) { Text(words("delete")) }
            }
        }
        item {
            if (state.hasMore) TextButton(onClick = { scope.launch { screen.showMore() } }) { Text(words("more")) }
            TextButton(onClick = { scope.launch { screen.deleteAll() } }) { Text(words("delete_all")) }
            state.problem?.let { Text(it) }
        }
    }
}
