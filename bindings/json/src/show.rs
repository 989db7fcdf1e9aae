//! From the engine's answers to JSON. Numbers with a fraction are their bits in hexadecimal digits: equal or not.

use std::fmt::Debug;

use serde_json::{Value, json};
use tastekeeper::consent::cmp::CmpOutcome;
use tastekeeper::model::ModelInfo;
use tastekeeper::{
    CategoryRecommendation, ConsentState, Explanation, Finding, HistoryEntry, Imported, ProfileSummary,
    Reason, Receipt, Recommendations, Report, ReportLogEntry, ReportPreview, Stats, StoreContents, Subject,
    Tracked,
};

use crate::host::hex;

pub(crate) fn bits(number: f64) -> Value {
    json!(format!("{:016x}", number.to_bits()))
}

fn short_bits(number: f32) -> Value {
    json!(format!("{:08x}", number.to_bits()))
}

/// `OnDevice` becomes `on_device`.
pub(crate) fn snake(name: impl Debug) -> String {
    let mut text = String::new();
    for letter in format!("{name:?}").chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn all<T>(list: &[T], show: impl Fn(&T) -> Value) -> Value {
    list.iter().map(show).collect()
}

pub(crate) fn tracked(tracked: &Tracked) -> Value {
    json!(match tracked {
        Tracked::Ignored(reason) => snake(reason),
        kept => snake(kept),
    })
}

fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Viewed(item) => format!("viewed {item}"),
        Reason::Bought(item) => format!("bought {item}"),
        Reason::InCart(item) => format!("in_cart {item}"),
        Reason::LikesCategory(category) => format!("likes_category {category}"),
        Reason::LikesBrand(brand) => format!("likes_brand {brand}"),
        Reason::SimilarTo(item) => format!("similar_to {item}"),
        Reason::BoughtTogetherWith(item) => format!("bought_together_with {item}"),
        plain => snake(plain),
    }
}

pub(crate) fn recommendations(answer: &Recommendations) -> Value {
    let items = all(&answer.items, |item| {
        json!({
            "item_id": item.item_id,
            "score": bits(item.score),
            "position": item.position,
            "source": snake(item.source),
            "reasons": item.reasons.iter().map(reason).collect::<Vec<_>>(),
        })
    });
    json!({ "recommendation_id": answer.recommendation_id, "items": items })
}

pub(crate) fn categories(found: &[CategoryRecommendation]) -> Value {
    all(found, |one| json!([one.category, bits(one.score), snake(one.source)]))
}

pub(crate) fn explanation(explanation: &Explanation) -> Value {
    let part = |part: &tastekeeper::ExplanationPart| {
        json!([part.reason.as_ref().map(reason), snake(part.via), bits(part.amount)])
    };
    json!({ "score": bits(explanation.score), "parts": all(&explanation.parts, part) })
}

pub(crate) fn consent_state(state: &ConsentState) -> Value {
    match state {
        ConsentState::Granted { level, expires_ms } => {
            json!({ "granted": snake(level), "expires_ms": expires_ms })
        }
        plain => json!(snake(plain)),
    }
}

pub(crate) fn receipts(receipts: &[Receipt]) -> Value {
    all(receipts, |receipt| {
        json!({
            "level": snake(receipt.level),
            "origin": snake(receipt.origin),
            "time_ms": receipt.time_ms,
            "expires_ms": receipt.expires_ms,
            "notice_version": receipt.consent.as_ref().map(|consent| consent.notice_version.clone()),
            "notice_hash": receipt.consent.as_ref().and_then(|consent| consent.notice_hash).map(|hash| hex(&hash)),
            "chain": hex(&receipt.chain),
            "seal": receipt.seal.map(|seal| hex(&seal)),
        })
    })
}

pub(crate) fn cmp(outcome: &CmpOutcome) -> Value {
    json!({
        "cap": outcome.cap.map(snake),
        "sentences": outcome.decisions.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Item(id) => format!("item {id}"),
        Subject::Brand(id) => format!("brand {id}"),
        Subject::Category(id) => format!("category {id}"),
    }
}

pub(crate) fn history(entries: &[HistoryEntry]) -> Value {
    all(entries, |entry| {
        json!({
            "event": entry.event.0.to_string(),
            "time_ms": entry.time_ms,
            "action": snake(entry.action),
            "items": entry.items,
            "text": entry.text,
            "quantity": entry.quantity,
            "rating": entry.rating.map(short_bits),
            "event_id": entry.event_id,
            "learned": entry.learned,
        })
    })
}

pub(crate) fn profile(summary: &ProfileSummary) -> Value {
    let shares = |list: &[(String, f64)]| all(list, |(name, share)| json!([name, bits(*share)]));
    let interests = summary.interests.iter().map(|(name, interest)| (name.clone(), json!(snake(interest))));
    json!({
        "events": summary.events,
        "categories": shares(&summary.categories),
        "brands": shares(&summary.brands),
        "cart": all(&summary.cart, |(item, quantity)| json!([item, quantity])),
        "wishlist": summary.wishlist,
        "purchases": summary.purchases,
        "bad_ratings": all(&summary.bad_ratings, |(item, strength)| json!([item, short_bits(*strength)])),
        "not_interested": summary.not_interested.iter().map(subject).collect::<Vec<_>>(),
        "interests": interests.collect::<serde_json::Map<_, _>>(),
    })
}

pub(crate) fn imported(imported: &Imported) -> Value {
    json!({ "events": imported.events, "left_out": imported.left_out, "interests": imported.interests })
}

pub(crate) fn model(info: &ModelInfo) -> Value {
    json!({
        "model_id": info.model_id,
        "pack_version": info.pack_version.to_string(),
        "items": info.items,
        "dim": info.dim,
        "attributes": info.attributes,
        "key_id": hex(&info.key_id),
        "digest": hex(&info.digest),
    })
}

pub(crate) fn stats(stats: &Stats) -> Value {
    let hits = all(&stats.hits, |hits| json!([hits.kind, snake(hits.level), hits.given, hits.chosen]));
    json!({
        "events": stats.events,
        "unknown_items": stats.unknown_items,
        "catalogue_items": stats.catalogue_items,
        "items": stats.items,
        "history_bytes": stats.history_bytes,
        "catalogue_bytes": stats.catalogue_bytes,
        "model_id": stats.model.as_ref().map(|model| model.model_id.clone()),
        "hits": hits,
    })
}

pub(crate) fn findings(findings: &[Finding]) -> Value {
    all(findings, |finding| match finding {
        Finding::Store { log, finding } => json!(format!("store {log} {}", snake(finding))),
        plain => json!(snake(plain)),
    })
}

fn topics(topics: &[tastekeeper::NamedTopic]) -> Value {
    all(topics, |topic| json!([topic.topic, topic.label]))
}

pub(crate) fn report(report: &Report) -> Value {
    json!({ "id": report.id().0, "bytes": hex(&report.to_bytes()) })
}

pub(crate) fn preview(preview: &ReportPreview) -> Value {
    let odds = |(part, all): (u32, u32)| json!([part, all]);
    json!({
        "report": report(&preview.report),
        "topics": topics(&preview.topics),
        "true_topic_odds": odds(preview.true_topic_odds),
        "other_topic_odds": odds(preview.other_topic_odds),
        "ratio": preview.ratio,
        "cost_units": preview.cost_units,
        "units_left": preview.units_left,
        "state": snake(preview.state),
        "plain_text": preview.plain_text(),
    })
}

pub(crate) fn report_log(entries: &[ReportLogEntry]) -> Value {
    all(entries, |entry| {
        json!({
            "id": entry.id.0,
            "epoch_start_ms": entry.epoch_start_ms,
            "cost_units": entry.cost_units,
            "state": snake(entry.state),
            "bytes": entry.bytes.map(|bytes| hex(&bytes)),
            "topics": topics(&entry.topics),
        })
    })
}

pub(crate) fn contents(contents: &StoreContents) -> Value {
    let profiles = all(&contents.profiles, |profile| {
        json!({
            "number": profile.number,
            "chosen": snake(profile.chosen),
            "in_force": snake(profile.in_force),
            "consent": consent_state(&profile.consent),
            "receipts": profile.receipts.len(),
            "receipts_hold": profile.receipts_hold,
            "events": profile.history.as_ref().map(|history| history.events),
            "interests": profile.history.as_ref().map(|history| history.interests),
            "oldest_ms": profile.history.as_ref().and_then(|history| history.oldest_ms),
        })
    });
    json!({ "profiles": profiles, "is_stopped": contents.is_stopped, "reports": contents.reports.len() })
}
