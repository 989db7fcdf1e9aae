package com.tastekeeper

/**
 * The events that an analytics call of Google Analytics 4 tells of: its name and parameters, as `Analytics.logEvent` takes them.
 * Names that say nothing of a shopper's taste give none.
 * @throws TastekeeperException.InvalidArgument for parameters that are not texts, numbers, lists and maps of such.
 */
@Throws(TastekeeperException::class)
fun Event.Companion.fromGa4(name: String, parameters: Map<String, Any?> = emptyMap()): List<Event> {
    val json = StringBuilder()
    json.value(mapOf("name" to name, "params" to parameters), 0)
    return eventsFromGa4(json.toString())
}

/** Deeper than any event of a shop. */
private const val DEEPEST = 16

private fun StringBuilder.value(value: Any?, depth: Int) {
    if (depth > DEEPEST) throw unfit("are nested too deeply")
    when (value) {
        null -> append("null")
        is CharSequence -> text(value)
        is Boolean, is Byte, is Short, is Int, is Long, is UInt, is ULong -> append(value.toString())
        is Double -> number(value)
        is Float -> number(value.toDouble())
        is Map<*, *> -> list('{', '}', value.entries) { (key, of) ->
            text(key as? String ?: throw unfit("must have texts as keys"))
            append(':')
            value(of, depth + 1)
        }
        is Iterable<*> -> list('[', ']', value) { value(it, depth + 1) }
        is Array<*> -> list('[', ']', value.asIterable()) { value(it, depth + 1) }
        else -> throw unfit("must be texts, numbers, lists and maps of such")
    }
}

private fun <T> StringBuilder.list(open: Char, close: Char, values: Iterable<T>, each: (T) -> Unit) {
    append(open)
    values.forEachIndexed { place, value ->
        if (place > 0) append(',')
        each(value)
    }
    append(close)
}

private fun StringBuilder.number(value: Double) {
    if (value.isNaN() || value.isInfinite()) throw unfit("must be numbers, not NaN or infinite")
    append(value.toString())
}

private fun StringBuilder.text(text: CharSequence) {
    append('"')
    for (char in text) {
        when {
            char == '"' || char == '\\' -> append('\\').append(char)
            // also halves of a pair, which alone are no text
            char < ' ' || char.isSurrogate() -> append("\\u").append(char.code.toString(16).padStart(4, '0'))
            else -> append(char)
        }
    }
    append('"')
}

private fun unfit(reason: String) = TastekeeperException.InvalidArgument("invalid argument `parameters`: $reason")
