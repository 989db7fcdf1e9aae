package com.example.shop

import androidx.activity.compose.rememberLauncherForActivityResult
import androidx.activity.result.contract.ActivityResultContracts
import androidx.compose.foundation.layout.Column
import androidx.compose.material3.Button
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.ui.platform.LocalContext
import com.tastekeeper.Personalizer
import com.tastekeeper.screens.ExportScreen
import com.tastekeeper.screens.LeavingScreen
import kotlinx.coroutines.launch

@Composable
fun LeavingView(shop: Personalizer) {
    val screen = remember(shop) { LeavingScreen(shop) }
    val state by screen.state.collectAsState()
    LaunchedEffect(screen) { screen.show() }
    Column {
        when (val now = state.now) {
            LeavingScreen.Now.Unknown -> Text("…")
            is LeavingScreen.Now.Nothing -> Text("${words("nothing_leaves")} ${now.reason}")
            is LeavingScreen.Now.Report -> {
                Text(now.text)
                Text(now.bytes, style = MaterialTheme.typography.bodySmall)
            }
        }
        Text("${words("sent_so_far")}: ${state.sent}")
        ExportView(shop)
    }
}

/** Data to take along, into a file that the shopper chooses. */
@Composable
fun ExportView(shop: Personalizer) {
    val screen = remember(shop) { ExportScreen(shop) }
    val state by screen.state.collectAsState()
    val scope = rememberCoroutineScope()
    val files = LocalContext.current.contentResolver
    for (document in ExportScreen.Document.values()) {
        val choose = rememberLauncherForActivityResult(ActivityResultContracts.CreateDocument("application/json")) { file ->
            if (file != null) scope.launch { screen.write(document) { files.openOutputStream(file) } }
        }
        Button(onClick = { choose.launch(document.fileName) }) { Text(words("export_${document.name.lowercase()}")) }
    }
    state.written?.let { Text("${words("written")}: ${it.fileName}") }
    state.problem?.let { Text(it) }
}
