package com.example.shop

import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.material3.AlertDialog
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.RadioButton
import androidx.compose.material3.Switch
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import com.tastekeeper.Config
import com.tastekeeper.Consent
import com.tastekeeper.LevelPicker
import com.tastekeeper.Personalizer
import com.tastekeeper.code
import com.tastekeeper.screens.PrivacyScreen
import kotlinx.coroutines.launch

@Composable
fun PrivacyView(shop: Personalizer, config: Config, language: String) {
    val screen = remember(shop) { PrivacyScreen(shop, config, language) }
    val state by screen.state.collectAsState()
    val scope = rememberCoroutineScope()
    LaunchedEffect(screen) { screen.show() }
    Column {
        LevelSwitch(screen.picker, language)
        Row {
            Switch(checked = state.isPaused, onCheckedChange = { on -> scope.launch { screen.pause(on) } })
            Text(words("pause_learning"))
        }
        Row {
            Switch(checked = state.isPrivate, onCheckedChange = { on -> scope.launch { screen.setPrivate(on) } })
            Text(words("private_session"))
        }
        Text("${words("what_is_kept")}: ${state.events}")
        Text(words("goes_by"), style = MaterialTheme.typography.titleMedium)
        for (parameter in state.parameters) Text(parameter, style = MaterialTheme.typography.bodySmall)
        state.problem?.let { Text(it) }
    }
}

/** The four-step switch, and the notice before a step up. */
@Composable
fun LevelSwitch(picker: LevelPicker, language: String) {
    val state by picker.state.collectAsState()
    val scope = rememberCoroutineScope()
    Column {
        for (level in state.steps) {
            Row {
                RadioButton(
                    selected = level == state.level,
                    onClick = { scope.launch { picker.choose(level) } },
                    enabled = !state.isBusy,
                )
                Text(words(level.code))
            }
        }
        state.problem?.let { Text(it) }
    }
    if (state.asked != null) {
        val notice = words("notice")
        // the notice's text is hashed into the receipt
        val consent = Consent("2026-01", noticeText = notice, locale = language, surface = "privacy")
        AlertDialog(
            onDismissRequest = picker::refuse,
            confirmButton = { TextButton(onClick = { scope.launch { picker.agree(consent) } }) { Text(words("agree")) } },
            dismissButton = { TextButton(onClick = picker::refuse) { Text(words("no")) } },
            title = { Text(words("agree_title")) },
            text = { Text(notice) },
        )
    }
}
