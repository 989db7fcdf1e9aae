package com.example.shop

import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.DisposableEffect
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import com.tastekeeper.Config
import com.tastekeeper.Personalizer
import com.tastekeeper.TastekeeperException
import com.tastekeeper.WhyThis
import com.tastekeeper.android.open
import java.io.File
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.CoroutineScope
import java.util.Locale

/** The public key that the shop's packs are signed with. */
private val config = Config(modelKeys = listOf("RW..."))

class ShopActivity : ComponentActivity() {
    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        val language = Locale.getDefault().language
        val why = WhyThis(language, sentences = { words(this, it) })
        setContent { MaterialTheme { App(this, why, language) } }
    }
}

@Composable
private fun App(activity: ShopActivity, why: WhyThis, language: String) {
    var shop by remember { mutableStateOf<Personalizer?>(null) }
    var problem by remember { mutableStateOf<String?>(null) }
    LaunchedEffect(Unit) {
        try {
            val opened = Personalizer.open(activity, config)
            shop = opened
            val pack = File(activity.filesDir, "shop.tkpack")
            if (pack.exists()) opened.loadModel(pack)
        } catch (error: TastekeeperException) {
            problem = error.message
        }
    }
    DisposableEffect(Unit) {
        // closing waits for a call that is under way: not for the main thread
        onDispose { shop?.let { CoroutineScope(Dispatchers.IO).launch { it.close() } } }
    }
    Column {
        problem?.let { Text(it) }
        shop?.let { Tabs(it, why, language) }
    }
}

private enum class Tab { SHOP, PRIVACY, HISTORY, LEAVING }

@Composable
private fun Tabs(shop: Personalizer, why: WhyThis, language: String) {
    var tab by remember { mutableStateOf(Tab.SHOP) }
    var item by remember { mutableStateOf<String?>(null) }
    Column {
        Row {
            for (one in Tab.values()) {
                TextButton(onClick = {
                    tab = one
                    item = null
                }) { Text(words("tab_${one.name.lowercase()}")) }
            }
        }
        val shown = item
        when {
            shown != null -> ProductView(shown, shop, why)
            tab == Tab.SHOP -> HomeView(shop, why, onOpen = { item = it })
            tab == Tab.PRIVACY -> PrivacyView(shop, config, language)
            tab == Tab.HISTORY -> HistoryView(shop, why)
            else -> LeavingView(shop)
        }
    }
}
