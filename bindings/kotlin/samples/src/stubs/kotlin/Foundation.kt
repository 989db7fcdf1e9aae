@file:Suppress("UNUSED_PARAMETER", "unused")

package androidx.compose.foundation

import androidx.compose.ui.Modifier

fun Modifier.clickable(onClick: () -> Unit): Modifier = this
