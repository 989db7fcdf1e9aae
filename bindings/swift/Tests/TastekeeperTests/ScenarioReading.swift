import Foundation

@testable import Tastekeeper

// From a scenario's JSON to records. What is not known is a mistake in the scenario and ends the test run.

/// Stops for a field that is not among `known`: a misspelt one must not pass for a default.
private func only(_ value: Json, _ known: Set<String>) {
    for name in value.fields.keys where !known.contains(name) { fatalError("unknown field \(name)") }
}

extension PersonalizationLevel {
    init(_ value: Json) {
        switch value.text {
        case "off": self = .off
        case "session": self = .session
        case "on_device": self = .onDevice
        case "shared": self = .shared
        default: fatalError("level \(value)")
        }
    }
}

extension Config {
    init(_ value: Json, key: String) {
        only(
            value,
            [
                "profile", "model_keys", "retention_days", "max_events", "event_durability", "max_level",
                "accepted_notices", "sensitive_categories", "session_idle_minutes",
            ])
        func maybe<T>(_ name: String, _ read: (Json) -> T) -> T? { value[name].isNull ? nil : read(value[name]) }
        let plain = Config()
        self.init(
            profile: maybe("profile", \.text) ?? plain.profile,
            modelKeys: value["model_keys"].isNull ? [] : [key],
            retentionDays: maybe("retention_days", \.short) ?? plain.retentionDays,
            maxEvents: maybe("max_events", \.short) ?? plain.maxEvents,
            eventDurability: value["event_durability"].isNull ? nil : .power,
            maxLevel: maybe("max_level") { PersonalizationLevel($0) },
            acceptedNotices: value["accepted_notices"].texts,
            sensitiveCategories: value["sensitive_categories"].texts,
            sessionIdleMinutes: maybe("session_idle_minutes", \.short) ?? plain.sessionIdleMinutes)
    }
}

extension Consent {
    init?(_ value: Json) {
        if value.isNull { return nil }
        only(value, ["notice_version", "notice_text", "locale", "surface"])
        let plain = Consent(noticeVersion: value["notice_version"].text)
        self.init(
            noticeVersion: plain.noticeVersion, noticeText: value["notice_text"].maybeText,
            locale: value["locale"].maybeText ?? plain.locale,
            surface: value["surface"].maybeText ?? plain.surface)
    }
}

private func read(availability value: Json) -> Availability {
    switch value.text {
    case "in_stock": .inStock
    case "pre_order": .preOrder
    case "out_of_stock": .outOfStock
    case "discontinued": .discontinued
    default: fatalError("availability \(value)")
    }
}

extension Item {
    init(_ value: Json) {
        only(
            value,
            [
                "id", "category", "brand", "price", "currency", "availability", "created_at_ms", "expires_at_ms",
                "group_id", "attributes",
            ])
        self.init(
            id: value["id"].maybeText ?? "", category: value["category"].texts, brand: value["brand"].maybeText,
            price: value["price"].maybeNumber, currency: value["currency"].maybeText,
            availability: value["availability"].isNull ? nil : read(availability: value["availability"]),
            createdAtMs: value["created_at_ms"].maybeTime, expiresAtMs: value["expires_at_ms"].maybeTime,
            groupId: value["group_id"].maybeText, attributes: value["attributes"].fields.mapValues(\.text))
    }
}

extension ItemPatch {
    init(_ value: Json) {
        only(value, ["id", "price", "currency", "availability", "expires_at_ms"])
        self.init(
            id: value["id"].text, price: value["price"].maybeNumber, currency: value["currency"].maybeText,
            availability: value["availability"].isNull ? nil : read(availability: value["availability"]),
            expiresAtMs: value["expires_at_ms"].maybeTime)
    }
}

private func subject(_ value: Json) -> Subject {
    guard let (kind, id) = value.fields.first else { fatalError("subject \(value)") }
    switch kind {
    case "item": return .item(id: id.text)
    case "brand": return .brand(id: id.text)
    case "category": return .category(id: id.text)
    default: fatalError("subject \(value)")
    }
}

private func kindOfEvent(_ value: Json) -> EventKind {
    switch value["kind"].text {
    case "view_item": .viewItem
    case "view_item_list": .viewItemList
    case "select_item": .selectItem
    case "view_category": .viewCategory
    case "search": .search
    case "add_to_cart": .addToCart
    case "remove_from_cart": .removeFromCart
    case "add_to_wishlist": .addToWishlist
    case "remove_from_wishlist": .removeFromWishlist
    case "view_cart": .viewCart
    case "purchase": .purchase
    case "refund": .refund
    case "rate": .rate(value: Float(value["rating"].maybeNumber ?? .nan))
    case "not_interested": .notInterested(subject: subject(value["subject"]))
    default: fatalError("event \(value)")
    }
}

extension Event {
    init(_ value: Json) {
        only(
            value,
            [
                "kind", "rating", "subject", "item_id", "items", "category", "query", "quantity", "price",
                "currency", "recommendation_id", "position", "timestamp_ms", "event_id", "learn",
            ])
        self.init(
            kind: kindOfEvent(value), itemId: value["item_id"].maybeText, items: value["items"].texts,
            category: value["category"].maybeText, query: value["query"].maybeText,
            quantity: value["quantity"].isNull ? 1 : value["quantity"].short, price: value["price"].maybeNumber,
            currency: value["currency"].maybeText, recommendationId: value["recommendation_id"].maybeText,
            position: value["position"].isNull ? nil : value["position"].short,
            timestampMs: value["timestamp_ms"].maybeTime, eventId: value["event_id"].maybeText,
            learn: value["learn"].isNull ? true : value["learn"].flag)
    }
}

private func read(filter value: Json) -> Filter {
    guard let (kind, value) = value.fields.first else { fatalError("filter \(value)") }
    switch kind {
    case "all": return .all(filters: value.list.map(read(filter:)))
    case "any": return .any(filters: value.list.map(read(filter:)))
    case "not": return .not(filter: read(filter: value))
    case "in_category": return .inCategory(ids: value.texts)
    case "brand": return .brand(ids: value.texts)
    case "price": return .price(min: value["min"].maybeNumber, max: value["max"].maybeNumber)
    case "availability": return .availability(states: value.list.map(read(availability:)))
    case "attribute_in": return .attributeIn(key: value["key"].text, values: value["values"].texts)
    case "created_after": return .createdAfter(timeMs: value.maybeTime ?? 0)
    case "same_as_context_item":
        return .sameAsContextItem(property: value.text == "category" ? .category : .brand)
    default: fatalError("filter \(kind)")
    }
}

extension Context {
    init?(_ value: Json) {
        if value.isNull { return nil }
        only(value, ["item", "cart", "category", "query"])
        self.init(
            item: value["item"].maybeText, cart: value["cart"].texts, category: value["category"].maybeText,
            query: value["query"].maybeText)
    }
}

private func kindOfRequest(_ value: Json) -> RecommendationKind {
    switch value["kind"].text {
    case "for_you": .forYou
    case "related_to": .relatedTo(item: value["item"].text)
    case "bought_with": .boughtWith(items: value["items"].texts)
    case "recently_viewed": .recentlyViewed
    case "buy_again": .buyAgain
    case "trending": .trending(category: value["category"].maybeText)
    case "new_arrivals": .newArrivals(category: value["category"].maybeText)
    default: fatalError("kind \(value)")
    }
}

private func relevance(_ value: Json) -> MinRelevance? {
    switch value.maybeText {
    case nil: nil
    case "low": .low
    case "medium": .medium
    case "high": .high
    default: fatalError("relevance \(value)")
    }
}

private func retrievalMode(_ value: Json) -> Retrieval? {
    switch value.maybeText {
    case nil: nil
    case "auto": .auto
    case "exhaustive": .exhaustive
    case "linked": .linked
    default: fatalError("retrieval \(value)")
    }
}

extension Request {
    init(_ value: Json) {
        only(
            value,
            [
                "kind", "item", "items", "category", "scenario", "count", "context", "filter", "boosts", "pins",
                "exclude_ids", "diversity", "rotation_rate", "rotation_seconds", "min_relevance", "fallback",
                "one_per_group", "strength", "exploration_rate", "retrieval", "non_profiling", "seed",
            ])
        func maybe<T>(_ name: String, _ read: (Json) -> T) -> T? { value[name].isNull ? nil : read(value[name]) }
        let plain = Request(kind: .forYou)
        self.init(
            kind: kindOfRequest(value), scenario: maybe("scenario", \.text) ?? plain.scenario,
            count: maybe("count", \.short) ?? plain.count, context: Context(value["context"]),
            filter: maybe("filter") { read(filter: $0) },
            boosts: value["boosts"].list.map {
                Boost(filter: read(filter: $0["filter"]), weight: $0["weight"].maybeNumber ?? .nan)
            },
            pins: value["pins"].list.map { Pin(itemId: $0["item_id"].text, position: $0["position"].short) },
            excludeIds: value["exclude_ids"].texts, diversity: value["diversity"].maybeNumber,
            rotationRate: value["rotation_rate"].maybeNumber ?? plain.rotationRate,
            rotationSeconds: maybe("rotation_seconds", \.short) ?? plain.rotationSeconds,
            minRelevance: relevance(value["min_relevance"]), fallback: maybe("fallback", \.flag) ?? plain.fallback,
            onePerGroup: maybe("one_per_group", \.flag) ?? plain.onePerGroup,
            strength: value["strength"].maybeNumber ?? plain.strength,
            explorationRate: value["exploration_rate"].maybeNumber,
            retrieval: retrievalMode(value["retrieval"]),
            nonProfiling: maybe("non_profiling", \.flag) ?? plain.nonProfiling, seed: maybe("seed", \.long))
    }
}

extension Forget {
    init(_ value: Json) {
        if value.maybeText == "everything" {
            self = .everything
            return
        }
        guard let (kind, value) = value.fields.first else { fatalError("scope \(value)") }
        switch kind {
        case "event": self = .event(event: value.long)
        case "item": self = .item(id: value.text)
        case "category": self = .category(id: value.text)
        case "since": self = .since(timeMs: value.maybeTime ?? 0)
        default: fatalError("scope \(kind)")
        }
    }
}

extension Interest {
    init(_ value: Json) {
        switch value.text {
        case "boost": self = .boost
        case "mute": self = .mute
        case "neutral": self = .neutral
        default: fatalError("interest \(value)")
        }
    }
}

extension SignalValue {
    init(_ value: Json) {
        switch value {
        case .text(let text): self = .text(value: text)
        case .flag(let flag): self = .flag(value: flag)
        case .number(let number): self = .integer(value: Int64(number))
        default: fatalError("signal \(value)")
        }
    }
}

extension CmpPolicy {
    init(_ value: Json) {
        only(value, ["share_custom_purpose"])
        self.init(shareCustomPurpose: value["share_custom_purpose"].maybeNumber.map { UInt8($0) })
    }
}
