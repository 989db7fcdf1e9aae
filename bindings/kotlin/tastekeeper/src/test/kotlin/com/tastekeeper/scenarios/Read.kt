package com.tastekeeper.scenarios

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.tastekeeper.*

// From a scenario's JSON to the binding's records. What is not known is a mistake in the scenario, and fails.

internal val JsonElement?.isSet: Boolean get() = this != null && !isJsonNull

internal fun JsonObject.text(name: String): String = get(name).asString

private fun JsonObject.maybeText(name: String): String? = get(name).takeIf { it.isSet }?.asString

internal fun JsonObject.texts(name: String): List<String> =
    (get(name) as? JsonArray)?.map { it.asString } ?: emptyList()

private fun JsonObject.long(name: String): Long? = get(name).takeIf { it.isSet }?.asLong

private fun JsonObject.double(name: String): Double? = get(name).takeIf { it.isSet }?.asDouble

internal fun JsonObject.count(name: String): UInt = get(name).asLong.toUInt()

private fun JsonObject.only(vararg known: String) {
    val unknown = keySet() - known.toSet()
    check(unknown.isEmpty()) { "unknown fields $unknown" }
}

/** The enum value with this name in snake case. */
internal inline fun <reified T : Enum<T>> named(value: JsonElement): T = enumValueOf(value.asString.uppercase())

internal fun config(fields: JsonObject, key: String): Config {
    fields.only(
        "profile", "model_keys", "retention_days", "max_events", "event_durability", "max_level", "accepted_notices",
        "sensitive_categories", "session_idle_minutes",
    )
    val default = Config()
    return Config(
        profile = if (fields.has("profile")) fields.text("profile") else default.profile,
        modelKeys = if (fields.has("model_keys")) listOf(key) else default.modelKeys,
        retentionDays = if (fields.has("retention_days")) fields.count("retention_days") else default.retentionDays,
        maxEvents = if (fields.has("max_events")) fields.count("max_events") else default.maxEvents,
        eventDurability = fields.get("event_durability")?.let { named<Durability>(it) },
        maxLevel = fields.get("max_level")?.let { named<PersonalizationLevel>(it) },
        acceptedNotices = fields.texts("accepted_notices"),
        sensitiveCategories = fields.texts("sensitive_categories"),
        sessionIdleMinutes =
        if (fields.has("session_idle_minutes")) fields.count("session_idle_minutes") else default.sessionIdleMinutes,
    )
}

internal fun consent(value: JsonElement?): Consent? {
    val fields = value as? JsonObject ?: return null
    fields.only("notice_version", "notice_text", "locale", "surface")
    val default = Consent(fields.text("notice_version"), noticeText = fields.maybeText("notice_text"))
    return default.copy(
        locale = fields.maybeText("locale") ?: default.locale,
        surface = fields.maybeText("surface") ?: default.surface,
    )
}

internal fun item(fields: JsonObject): Item {
    fields.only(
        "id", "category", "brand", "price", "currency", "availability", "created_at_ms", "expires_at_ms", "group_id",
        "attributes",
    )
    return Item(
        id = fields.text("id"),
        category = fields.texts("category"),
        brand = fields.maybeText("brand"),
        price = fields.double("price"),
        currency = fields.maybeText("currency"),
        availability = fields.get("availability")?.let { named<Availability>(it) },
        createdAtMs = fields.long("created_at_ms"),
        expiresAtMs = fields.long("expires_at_ms"),
        groupId = fields.maybeText("group_id"),
        attributes = (fields.get("attributes") as? JsonObject)?.asMap()?.mapValues { it.value.asString } ?: emptyMap(),
    )
}

internal fun patch(fields: JsonObject): ItemPatch {
    fields.only("id", "price", "currency", "availability", "expires_at_ms")
    return ItemPatch(
        id = fields.text("id"),
        price = fields.double("price"),
        currency = fields.maybeText("currency"),
        availability = fields.get("availability").takeIf { it.isSet }?.let { named<Availability>(it) },
        expiresAtMs = fields.long("expires_at_ms"),
    )
}

private fun subject(fields: JsonObject): Subject {
    val (kind, id) = fields.entrySet().single()
    return when (kind) {
        "item" -> Subject.Item(id.asString)
        "brand" -> Subject.Brand(id.asString)
        "category" -> Subject.Category(id.asString)
        else -> error("subject $kind")
    }
}

internal fun event(fields: JsonObject): Event {
    fields.only(
        "kind", "rating", "subject", "item_id", "items", "category", "query", "quantity", "price", "currency",
        "recommendation_id", "position", "timestamp_ms", "event_id", "learn",
    )
    val kind = when (val name = fields.text("kind")) {
        "view_item" -> EventKind.ViewItem
        "view_item_list" -> EventKind.ViewItemList
        "select_item" -> EventKind.SelectItem
        "view_category" -> EventKind.ViewCategory
        "search" -> EventKind.Search
        "add_to_cart" -> EventKind.AddToCart
        "remove_from_cart" -> EventKind.RemoveFromCart
        "add_to_wishlist" -> EventKind.AddToWishlist
        "remove_from_wishlist" -> EventKind.RemoveFromWishlist
        "view_cart" -> EventKind.ViewCart
        "purchase" -> EventKind.Purchase
        "refund" -> EventKind.Refund
        "rate" -> EventKind.Rate(fields.get("rating").asFloat)
        "not_interested" -> EventKind.NotInterested(subject(fields.getAsJsonObject("subject")))
        else -> error("event $name")
    }
    return Event(
        kind = kind,
        itemId = fields.maybeText("item_id"),
        items = fields.texts("items"),
        category = fields.maybeText("category"),
        query = fields.maybeText("query"),
        quantity = if (fields.has("quantity")) fields.count("quantity") else 1u,
        price = fields.double("price"),
        currency = fields.maybeText("currency"),
        recommendationId = fields.maybeText("recommendation_id"),
        position = if (fields.has("position")) fields.count("position") else null,
        timestampMs = fields.long("timestamp_ms"),
        eventId = fields.maybeText("event_id"),
        learn = fields.get("learn")?.asBoolean ?: true,
    )
}

private fun filter(value: JsonElement): Filter {
    val (kind, of) = value.asJsonObject.entrySet().single()
    fun texts() = of.asJsonArray.map { it.asString }
    return when (kind) {
        "all" -> Filter.All(of.asJsonArray.map(::filter))
        "any" -> Filter.Any(of.asJsonArray.map(::filter))
        "not" -> Filter.Not(filter(of))
        "in_category" -> Filter.InCategory(texts())
        "brand" -> Filter.Brand(texts())
        "price" -> Filter.Price(of.asJsonObject.double("min"), of.asJsonObject.double("max"))
        "availability" -> Filter.Availability(of.asJsonArray.map { named<Availability>(it) })
        "attribute_in" -> Filter.AttributeIn(of.asJsonObject.text("key"), of.asJsonObject.texts("values"))
        "created_after" -> Filter.CreatedAfter(of.asLong)
        "same_as_context_item" -> Filter.SameAsContextItem(named<SameAs>(of))
        else -> error("filter $kind")
    }
}

internal fun context(value: JsonElement?): Context? {
    val fields = value as? JsonObject ?: return null
    fields.only("item", "cart", "category", "query")
    return Context(
        item = fields.maybeText("item"),
        cart = fields.texts("cart"),
        category = fields.maybeText("category"),
        query = fields.maybeText("query"),
    )
}

internal fun request(fields: JsonObject): Request {
    fields.only(
        "kind", "item", "items", "category", "scenario", "count", "context", "filter", "boosts", "pins", "exclude_ids",
        "diversity", "rotation_rate", "rotation_seconds", "min_relevance", "fallback", "one_per_group", "strength",
        "exploration_rate", "retrieval", "non_profiling", "seed",
    )
    val kind = when (val name = fields.text("kind")) {
        "for_you" -> RecommendationKind.ForYou
        "related_to" -> RecommendationKind.RelatedTo(fields.text("item"))
        "bought_with" -> RecommendationKind.BoughtWith(fields.texts("items"))
        "recently_viewed" -> RecommendationKind.RecentlyViewed
        "buy_again" -> RecommendationKind.BuyAgain
        "trending" -> RecommendationKind.Trending(fields.maybeText("category"))
        "new_arrivals" -> RecommendationKind.NewArrivals(fields.maybeText("category"))
        else -> error("kind $name")
    }
    val default = Request(kind)
    return Request(
        kind = kind,
        scenario = fields.maybeText("scenario") ?: default.scenario,
        count = if (fields.has("count")) fields.count("count") else default.count,
        context = context(fields.get("context")),
        filter = fields.get("filter")?.let(::filter),
        boosts = fields.getAsJsonArray("boosts").orEmpty().map {
            Boost(filter(it.asJsonObject.get("filter")), it.asJsonObject.get("weight").asDouble)
        },
        pins = fields.getAsJsonArray("pins").orEmpty().map {
            Pin(it.asJsonObject.text("item_id"), it.asJsonObject.count("position"))
        },
        excludeIds = fields.texts("exclude_ids"),
        diversity = fields.double("diversity"),
        rotationRate = fields.double("rotation_rate") ?: default.rotationRate,
        rotationSeconds = if (fields.has("rotation_seconds")) fields.count("rotation_seconds") else default.rotationSeconds,
        minRelevance = fields.get("min_relevance")?.let { named<MinRelevance>(it) },
        fallback = fields.get("fallback")?.asBoolean ?: default.fallback,
        onePerGroup = fields.get("one_per_group")?.asBoolean ?: default.onePerGroup,
        strength = fields.double("strength") ?: default.strength,
        explorationRate = fields.double("exploration_rate"),
        retrieval = fields.get("retrieval")?.let { named<Retrieval>(it) },
        nonProfiling = fields.get("non_profiling")?.asBoolean ?: default.nonProfiling,
        seed = fields.maybeText("seed")?.toULong(),
    )
}

internal fun scope(value: JsonElement): Forget {
    if (value.isJsonPrimitive && value.asString == "everything") return Forget.Everything
    val (kind, of) = value.asJsonObject.entrySet().single()
    return when (kind) {
        "event" -> Forget.Event(of.asString.toULong())
        "item" -> Forget.Item(of.asString)
        "category" -> Forget.Category(of.asString)
        "since" -> Forget.Since(of.asLong)
        else -> error("scope $kind")
    }
}

internal fun signals(fields: JsonObject): Map<String, SignalValue> = fields.asMap().mapValues { (_, value) ->
    val plain = value.asJsonPrimitive
    when {
        plain.isString -> SignalValue.Text(plain.asString)
        plain.isBoolean -> SignalValue.Flag(plain.asBoolean)
        else -> SignalValue.Integer(plain.asLong)
    }
}

internal fun policy(value: JsonElement?): CmpPolicy {
    val fields = value as? JsonObject ?: return CmpPolicy()
    fields.only("share_custom_purpose")
    return CmpPolicy(shareCustomPurpose = fields.long("share_custom_purpose")?.toUByte())
}

private fun JsonArray?.orEmpty(): List<JsonElement> = this?.asList() ?: emptyList()
