package com.tastekeeper.android

import android.content.Context
import android.os.Bundle
import com.tastekeeper.Config
import com.tastekeeper.Event
import com.tastekeeper.KeyCustodian
import com.tastekeeper.Personalizer
import com.tastekeeper.fromGa4
import java.io.File
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers

/** Where the engine keeps its files: in the app's folder that is in no backup. */
fun storageDirectory(context: Context): File = File(context.noBackupFilesDir, "tastekeeper/store")

internal fun keyDirectory(context: Context): File = File(context.noBackupFilesDir, "tastekeeper/keys")

/**
 * Opens the engine on [storageDirectory] with keys of the Android Keystore; in memory where the Keystore gives none, and never in
 * the clear. [Personalizer.isDurable] says which it became.
 */
suspend fun Personalizer.Companion.open(
    context: Context,
    config: Config = Config(),
    keys: KeyCustodian = AndroidKeystoreCustodian(context),
    dispatcher: CoroutineDispatcher = Dispatchers.IO,
): Personalizer = onDeviceOrInMemory(storageDirectory(context), keys, config, dispatcher = dispatcher)

/** Erases everything the engine kept on this phone, and its keys: for keys that are lost for good. */
suspend fun Personalizer.Companion.reset(
    context: Context,
    keys: KeyCustodian = AndroidKeystoreCustodian(context),
) = reset(storageDirectory(context), keys)

/** As [Event.Companion.fromGa4], with the two arguments of `FirebaseAnalytics.logEvent`. */
fun Event.Companion.fromGa4(name: String, parameters: Bundle?): List<Event> =
    fromGa4(name, parameters?.let(::mapOf) ?: emptyMap())

private fun mapOf(bundle: Bundle): Map<String, Any?> = bundle.keySet().associateWith {
    @Suppress("DEPRECATION") // what replaces it came after the least Android that is supported
    plain(bundle.get(it))
}

private fun plain(value: Any?): Any? = when (value) {
    is Bundle -> mapOf(value)
    is Array<*> -> value.map(::plain)
    is Iterable<*> -> value.map(::plain)
    else -> value
}
