import Foundation

@testable import Tastekeeper

// From answers to a scenario's JSON. Numbers with a fraction are their bits in hexadecimal digits: equal or not.

func hex(_ bytes: Data) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

private func hex(_ number: some FixedWidthInteger, digits: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
}

private func bits(_ number: Double) -> Json { .text(hex(number.bitPattern, digits: 16)) }
private func bits(_ number: Float) -> Json { .text(hex(number.bitPattern, digits: 8)) }

/// FNV-1a over bytes, 64 bits, as 16 hexadecimal digits.
func fnv(_ bytes: some Sequence<UInt8>) -> String {
    let digest = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    return hex(digest, digits: 16)
}

/// The name of a case in snake case: `onDevice` becomes `on_device`.
func snake(_ value: Any) -> String {
    var text = ""
    for letter in "\(value)".prefix(while: { $0 != "(" }) {
        if letter.isUppercase, !text.isEmpty { text.append("_") }
        text += letter.lowercased()
    }
    return text
}

private func name(_ value: Any) -> Json { .text(snake(value)) }

func show(_ tracked: Tracked) -> Json {
    if case .ignored(let reason) = tracked { name(reason) } else { name(tracked) }
}

private func words(_ reason: Reason) -> String {
    reason.subject.map { "\(snake(reason)) \($0)" } ?? snake(reason)
}

func show(_ answer: Recommendations) -> Json {
    let items = answer.items.map { item in
        Json.object([
            "item_id": json(item.itemId), "score": bits(item.score), "position": json(item.position),
            "source": name(item.source), "reasons": json(item.reasons.map(words)),
        ])
    }
    return .object(["recommendation_id": json(answer.recommendationId), "items": json(items)])
}

func show(_ one: CategoryRecommendation) -> Json { json([json(one.category), bits(one.score), name(one.source)]) }

func show(_ explanation: Explanation) -> Json {
    let parts = explanation.parts.map { json([json($0.reason.map(words)), name($0.via), bits($0.amount)]) }
    return .object(["score": bits(explanation.score), "parts": json(parts)])
}

func show(_ state: ConsentState) -> Json {
    guard case .granted(let level, let expires) = state else { return name(state) }
    return .object(["granted": name(level), "expires_ms": json(expires)])
}

func show(_ receipt: Receipt) -> Json {
    .object([
        "level": name(receipt.level), "origin": name(receipt.origin), "time_ms": json(receipt.timeMs),
        "expires_ms": json(receipt.expiresMs), "notice_version": json(receipt.consent?.noticeVersion),
        "notice_hash": json(receipt.consent?.noticeHash.map(hex)), "chain": json(hex(receipt.chain)),
        "seal": json(receipt.seal.map(hex)),
    ])
}

func show(_ outcome: CmpOutcome) -> Json {
    .object([
        "cap": json(outcome.cap.map(snake)), "sentences": json(outcome.decisions.map(\.sentence)),
    ])
}

private func words(_ subject: Subject) -> String {
    switch subject {
    case .item(let id): "item \(id)"
    case .brand(let id): "brand \(id)"
    case .category(let id): "category \(id)"
    }
}

func show(_ entry: HistoryEntry) -> Json {
    .object([
        "event": json(String(entry.event)), "time_ms": json(entry.timeMs), "action": name(entry.action),
        "items": json(entry.items), "text": json(entry.text), "quantity": json(entry.quantity),
        "rating": entry.rating.map(bits) ?? nil, "event_id": json(entry.eventId), "learned": json(entry.learned),
    ])
}

func show(_ summary: ProfileSummary) -> Json {
    func shares(_ list: [Share]) -> Json { json(list.map { json([json($0.name), bits($0.share)]) }) }
    return .object([
        "events": json(summary.events), "categories": shares(summary.categories),
        "brands": shares(summary.brands),
        "cart": json(summary.cart.map { json([json($0.itemId), json($0.quantity)]) }),
        "wishlist": json(summary.wishlist), "purchases": json(summary.purchases),
        "bad_ratings": json(summary.badRatings.map { json([json($0.itemId), bits($0.strength)]) }),
        "not_interested": json(summary.notInterested.map(words)),
        "interests": .object(summary.interests.mapValues(name)),
    ])
}

func show(_ imported: Imported) -> Json {
    .object([
        "events": json(imported.events), "left_out": json(imported.leftOut), "interests": json(imported.interests),
    ])
}

func show(_ info: ModelInfo) -> Json {
    .object([
        "model_id": json(info.modelId), "pack_version": json(String(info.packVersion)), "items": json(info.items),
        "dim": json(info.dim), "attributes": json(info.attributes), "key_id": json(hex(info.keyId)),
        "digest": json(hex(info.digest)),
    ])
}

func show(_ stats: Stats) -> Json {
    .object([
        "events": json(stats.events), "unknown_items": json(stats.unknownItems),
        "catalogue_items": json(stats.catalogueItems), "items": json(stats.items),
        "history_bytes": json(stats.historyBytes), "catalogue_bytes": json(stats.catalogueBytes),
        "model_id": json(stats.model?.modelId),
        "hits": json(stats.hits.map { json([json($0.kind), name($0.level), json($0.given), json($0.chosen)]) }),
    ])
}

func show(_ finding: Finding) -> Json {
    guard case .store(let log, let finding) = finding else { return name(finding) }
    return json("store \(log) \(snake(finding))")
}

private func show(_ topics: [NamedTopic]) -> Json { json(topics.map { json([json($0.topic), json($0.label)]) }) }

func show(_ report: Report) -> Json { .object(["id": json(report.id), "bytes": json(hex(report.bytes))]) }

func show(_ preview: ReportPreview) -> Json {
    func odds(_ odds: Odds) -> Json { json([json(odds.numerator), json(odds.denominator)]) }
    return .object([
        "report": show(preview.report), "topics": show(preview.topics),
        "true_topic_odds": odds(preview.trueTopicOdds), "other_topic_odds": odds(preview.otherTopicOdds),
        "ratio": json(preview.ratio), "cost_units": json(preview.costUnits), "units_left": json(preview.unitsLeft),
        "state": name(preview.state), "plain_text": json(preview.plainText),
    ])
}

func show(_ entry: ReportLogEntry) -> Json {
    .object([
        "id": json(entry.id), "epoch_start_ms": json(entry.epochStartMs), "cost_units": json(entry.costUnits),
        "state": name(entry.state), "bytes": json(entry.bytes.map(hex)), "topics": show(entry.topics),
    ])
}

func show(_ contents: StoreContents) -> Json {
    let profiles = contents.profiles.map { profile in
        Json.object([
            "number": json(profile.number), "chosen": name(profile.chosen), "in_force": name(profile.inForce),
            "consent": show(profile.consent), "receipts": json(profile.receipts.count),
            "receipts_hold": json(profile.receiptsHold), "events": json(profile.history?.events),
            "interests": json(profile.history?.interests), "oldest_ms": json(profile.history?.oldestMs),
        ])
    }
    return .object([
        "profiles": json(profiles), "is_stopped": json(contents.isStopped), "reports": json(contents.reports.count),
    ])
}
