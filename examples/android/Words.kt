package com.example.shop

import android.annotation.SuppressLint
import android.content.Context
import androidx.compose.runtime.Composable
import androidx.compose.ui.platform.LocalContext

/** The app's sentence for a code of the packages; nothing where it has none. */
@SuppressLint("DiscouragedApi") // the codes are the packages', a table of numbers would be one more to keep
fun words(context: Context, code: String): String? {
    val id = context.resources.getIdentifier(code, "string", context.packageName)
    return if (id == 0) null else context.getString(id)
}

@Composable
fun words(code: String): String = words(LocalContext.current, code) ?: code
