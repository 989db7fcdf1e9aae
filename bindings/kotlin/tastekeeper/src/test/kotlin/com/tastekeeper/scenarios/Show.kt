package com.tastekeeper.scenarios

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonNull
import com.google.gson.JsonObject
import com.google.gson.JsonPrimitive
import com.tastekeeper.*

// From the binding's answers to a scenario's JSON. Numbers with a fraction are their bits in hexadecimal digits: equal or not.

internal fun json(value: Any?): JsonElement = when (value) {
    null, Unit -> JsonNull.INSTANCE
    is JsonElement -> value
    is String -> JsonPrimitive(value)
    is Boolean -> JsonPrimitive(value)
    is Number -> JsonPrimitive(value)
    is UByte -> JsonPrimitive(value.toLong())
    is UShort -> JsonPrimitive(value.toLong())
    is UInt -> JsonPrimitive(value.toLong())
    is ULong -> JsonPrimitive(value.toString().toBigInteger())
    is Enum<*> -> JsonPrimitive(value.name.lowercase())
    is Iterable<*> -> JsonArray().also { list -> value.forEach { list.add(json(it)) } }
    is Map<*, *> -> JsonObject().also { fields -> value.forEach { (name, of) -> fields.add(name as String, json(of)) } }
    else -> error("no JSON for ${value.javaClass}")
}

internal fun bits(number: Double): String = number.toRawBits().toULong().toString(16).padStart(16, '0')

private fun bits(number: Float): String = number.toRawBits().toUInt().toString(16).padStart(8, '0')

internal fun hex(bytes: ByteArray): String = bytes.joinToString("") { "%02x".format(it) }

/** The name of a variant without data: `SessionOnly` becomes `session_only`. */
private fun variant(value: Any): String = value.javaClass.simpleName.replace(Regex("(?<=.)[A-Z]"), "_$0").lowercase()

internal fun tracked(tracked: Tracked): Any = if (tracked is Tracked.Ignored) tracked.reason else variant(tracked)

private fun reason(reason: Reason): String = listOfNotNull(variant(reason), reason.subject).joinToString(" ")

internal fun recommendations(answer: Recommendations) = mapOf(
    "recommendation_id" to answer.recommendationId,
    "items" to answer.items.map {
        mapOf(
            "item_id" to it.itemId, "score" to bits(it.score), "position" to it.position, "source" to it.source,
            "reasons" to it.reasons.map(::reason),
        )
    },
)

internal fun categories(found: List<CategoryRecommendation>) = found.map { listOf(it.category, bits(it.score), it.source) }

internal fun explanation(explanation: Explanation) = mapOf(
    "score" to bits(explanation.score),
    "parts" to explanation.parts.map { listOf(it.reason?.let(::reason), it.via, bits(it.amount)) },
)

internal fun consentState(state: ConsentState): Any = when (state) {
    is ConsentState.Granted -> mapOf("granted" to state.level, "expires_ms" to state.expiresMs)
    else -> variant(state)
}

internal fun receipts(receipts: List<Receipt>) = receipts.map {
    mapOf(
        "level" to it.level, "origin" to it.origin, "time_ms" to it.timeMs, "expires_ms" to it.expiresMs,
        "notice_version" to it.consent?.noticeVersion, "notice_hash" to it.consent?.noticeHash?.let(::hex),
        "chain" to hex(it.chain), "seal" to it.seal?.let(::hex),
    )
}

internal fun cmp(outcome: CmpOutcome) =
    mapOf("cap" to outcome.cap, "sentences" to outcome.decisions.map { it.sentence })

internal fun history(entries: List<HistoryEntry>) = entries.map {
    mapOf(
        "event" to it.event.toString(), "time_ms" to it.timeMs, "action" to it.action, "items" to it.items,
        "text" to it.text, "quantity" to it.quantity, "rating" to it.rating?.let(::bits), "event_id" to it.eventId,
        "learned" to it.learned,
    )
}

private fun subject(subject: Subject): String = when (subject) {
    is Subject.Item -> "item ${subject.id}"
    is Subject.Brand -> "brand ${subject.id}"
    is Subject.Category -> "category ${subject.id}"
}

internal fun profile(summary: ProfileSummary) = mapOf(
    "events" to summary.events,
    "categories" to summary.categories.map { listOf(it.name, bits(it.share)) },
    "brands" to summary.brands.map { listOf(it.name, bits(it.share)) },
    "cart" to summary.cart.map { listOf(it.itemId, it.quantity) },
    "wishlist" to summary.wishlist,
    "purchases" to summary.purchases,
    "bad_ratings" to summary.badRatings.map { listOf(it.itemId, bits(it.strength)) },
    "not_interested" to summary.notInterested.map(::subject),
    "interests" to summary.interests,
)

internal fun imported(imported: Imported) =
    mapOf("events" to imported.events, "left_out" to imported.leftOut, "interests" to imported.interests)

internal fun model(info: ModelInfo) = mapOf(
    "model_id" to info.modelId, "pack_version" to info.packVersion.toString(), "items" to info.items, "dim" to info.dim,
    "attributes" to info.attributes, "key_id" to hex(info.keyId), "digest" to hex(info.digest),
)

internal fun stats(stats: Stats) = mapOf(
    "events" to stats.events, "unknown_items" to stats.unknownItems, "catalogue_items" to stats.catalogueItems,
    "items" to stats.items, "history_bytes" to stats.historyBytes, "catalogue_bytes" to stats.catalogueBytes,
    "model_id" to stats.model?.modelId, "hits" to stats.hits.map { listOf(it.kind, it.level, it.given, it.chosen) },
)

internal fun findings(findings: List<Finding>) = findings.map {
    if (it is Finding.Store) "store ${it.log} ${variant(it.finding)}" else variant(it)
}

private fun topics(topics: List<NamedTopic>) = topics.map { listOf(it.topic, it.label) }

internal fun report(report: Report) = mapOf("id" to report.id, "bytes" to hex(report.bytes))

internal fun preview(preview: ReportPreview) = mapOf(
    "report" to report(preview.report), "topics" to topics(preview.topics),
    "true_topic_odds" to preview.trueTopicOdds.let { listOf(it.numerator, it.denominator) },
    "other_topic_odds" to preview.otherTopicOdds.let { listOf(it.numerator, it.denominator) },
    "ratio" to preview.ratio, "cost_units" to preview.costUnits, "units_left" to preview.unitsLeft,
    "state" to preview.state, "plain_text" to preview.plainText,
)

internal fun reportLog(entries: List<ReportLogEntry>) = entries.map {
    mapOf(
        "id" to it.id, "epoch_start_ms" to it.epochStartMs, "cost_units" to it.costUnits, "state" to it.state,
        "bytes" to it.bytes?.let(::hex), "topics" to topics(it.topics),
    )
}

internal fun contents(contents: StoreContents) = mapOf(
    "profiles" to contents.profiles.map {
        mapOf(
            "number" to it.number, "chosen" to it.chosen, "in_force" to it.inForce, "consent" to consentState(it.consent),
            "receipts" to it.receipts.size, "receipts_hold" to it.receiptsHold, "events" to it.history?.events,
            "interests" to it.history?.interests, "oldest_ms" to it.history?.oldestMs,
        )
    },
    "is_stopped" to contents.isStopped,
    "reports" to contents.reports.size,
)
