//! From a scenario's JSON to the engine's types. What is not known is a mistake in the scenario, and panics.

use serde_json::Value;
use tastekeeper::consent::cmp::{CmpPolicy, CmpSignals, SignalValue};
use tastekeeper::store::Durability;
use tastekeeper::{
    Availability, Boost, Config, Consent, Context, Event, EventKind, EventRef, Filter, Forget, Interest,
    Item, ItemPatch, MinRelevance, PersonalizationLevel, Pin, RecommendationKind, Request, Retrieval, SameAs,
    Subject,
};

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

fn maybe_text(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| text(value))
}

pub(crate) fn texts(value: &Value) -> Vec<String> {
    value.as_array().map(|list| list.iter().map(text).collect()).unwrap_or_default()
}

pub(crate) fn size(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn short(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

/// A number of 64 bits is a text: not every language's JSON keeps all of them.
pub(crate) fn long(value: &Value) -> u64 {
    text(value).parse().unwrap()
}

/// Panics for a field that is not among `known`: a misspelt one must not pass for a default.
fn only(value: &Value, known: &[&str]) {
    for name in value.as_object().unwrap().keys() {
        assert!(known.contains(&name.as_str()), "unknown field {name}");
    }
}

pub(crate) fn level(value: &Value) -> PersonalizationLevel {
    match value.as_str().unwrap() {
        "off" => PersonalizationLevel::Off,
        "session" => PersonalizationLevel::Session,
        "on_device" => PersonalizationLevel::OnDevice,
        "shared" => PersonalizationLevel::Shared,
        other => panic!("level {other}"),
    }
}

pub(crate) fn config(value: &Value, key: &str) -> Config {
    let mut config = Config::default();
    for (name, value) in value.as_object().into_iter().flatten() {
        match name.as_str() {
            "profile" => config.profile = text(value),
            "model_keys" => config.model_keys = vec![key.to_owned()],
            "retention_days" => config.retention_days = short(value),
            "max_events" => config.max_events = size(value),
            "event_durability" => config.event_durability = Durability::Power,
            "max_level" => config.max_level = level(value),
            "accepted_notices" => config.accepted_notices = texts(value),
            "sensitive_categories" => config.sensitive_categories = texts(value),
            "session_idle_minutes" => config.session_idle_minutes = short(value),
            other => panic!("unknown field {other}"),
        }
    }
    config
}

pub(crate) fn consent(value: &Value) -> Option<Consent> {
    if value.is_null() {
        return None;
    }
    only(value, &["notice_version", "notice_text", "locale", "surface"]);
    let mut consent = Consent::new(text(&value["notice_version"]));
    if let Some(locale) = maybe_text(&value["locale"]) {
        consent.locale = locale;
    }
    if let Some(surface) = maybe_text(&value["surface"]) {
        consent.surface = surface;
    }
    Some(match maybe_text(&value["notice_text"]) {
        Some(notice) => consent.with_notice_text(&notice),
        None => consent,
    })
}

fn availability(value: &Value) -> Availability {
    match value.as_str().unwrap() {
        "in_stock" => Availability::InStock,
        "pre_order" => Availability::PreOrder,
        "out_of_stock" => Availability::OutOfStock,
        "discontinued" => Availability::Discontinued,
        other => panic!("availability {other}"),
    }
}

pub(crate) fn item(value: &Value) -> Item {
    let mut item = Item::default();
    for (name, value) in value.as_object().unwrap() {
        match name.as_str() {
            "id" => item.id = text(value),
            "category" => item.category = texts(value),
            "brand" => item.brand = maybe_text(value),
            "price" => item.price = value.as_f64(),
            "currency" => item.currency = maybe_text(value),
            "availability" => item.availability = availability(value),
            "created_at_ms" => item.created_at_ms = value.as_i64(),
            "expires_at_ms" => item.expires_at_ms = value.as_i64(),
            "group_id" => item.group_id = maybe_text(value),
            "attributes" => {
                let pairs = value.as_object().unwrap().iter();
                item.attributes = pairs.map(|(name, value)| (name.clone(), text(value))).collect();
            }
            other => panic!("unknown field {other}"),
        }
    }
    item
}

pub(crate) fn patch(value: &Value) -> ItemPatch {
    only(value, &["id", "price", "currency", "availability", "expires_at_ms"]);
    let state = &value["availability"];
    ItemPatch {
        price: value["price"].as_f64(),
        currency: maybe_text(&value["currency"]),
        availability: (!state.is_null()).then(|| availability(state)),
        expires_at_ms: value["expires_at_ms"].as_i64(),
        ..ItemPatch::new(text(&value["id"]))
    }
}

fn subject(value: &Value) -> Subject {
    let (kind, id) = value.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "item" => Subject::Item(text(id)),
        "brand" => Subject::Brand(text(id)),
        "category" => Subject::Category(text(id)),
        other => panic!("subject {other}"),
    }
}

fn kind_of_event(value: &Value) -> EventKind {
    match value["kind"].as_str().unwrap() {
        "view_item" => EventKind::ViewItem,
        "view_item_list" => EventKind::ViewItemList,
        "select_item" => EventKind::SelectItem,
        "view_category" => EventKind::ViewCategory,
        "search" => EventKind::Search,
        "add_to_cart" => EventKind::AddToCart,
        "remove_from_cart" => EventKind::RemoveFromCart,
        "add_to_wishlist" => EventKind::AddToWishlist,
        "remove_from_wishlist" => EventKind::RemoveFromWishlist,
        "view_cart" => EventKind::ViewCart,
        "purchase" => EventKind::Purchase,
        "refund" => EventKind::Refund,
        #[expect(clippy::cast_possible_truncation, reason = "ratings of scenarios are short numbers")]
        "rate" => EventKind::Rate(value["rating"].as_f64().unwrap() as f32),
        "not_interested" => EventKind::NotInterested(subject(&value["subject"])),
        other => panic!("event {other}"),
    }
}

pub(crate) fn event(value: &Value) -> Event {
    let mut event = Event::new(kind_of_event(value));
    for (name, value) in value.as_object().unwrap() {
        match name.as_str() {
            "kind" | "rating" | "subject" => {}
            "item_id" => event.item_id = maybe_text(value),
            "items" => event.items = texts(value),
            "category" => event.category = maybe_text(value),
            "query" => event.query = maybe_text(value),
            "quantity" => event.quantity = short(value),
            "price" => event.price = value.as_f64(),
            "currency" => event.currency = maybe_text(value),
            "recommendation_id" => event.recommendation_id = maybe_text(value),
            "position" => event.position = Some(short(value)),
            "timestamp_ms" => event.timestamp_ms = value.as_i64(),
            "event_id" => event.event_id = maybe_text(value),
            "learn" => event.learn = value.as_bool().unwrap(),
            other => panic!("unknown field {other}"),
        }
    }
    event
}

fn filter(value: &Value) -> Filter {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    let all = || value.as_array().unwrap().iter().map(filter).collect();
    match kind.as_str() {
        "all" => Filter::All(all()),
        "any" => Filter::Any(all()),
        "not" => Filter::Not(Box::new(filter(value))),
        "in_category" => Filter::InCategory(texts(value)),
        "brand" => Filter::Brand(texts(value)),
        "price" => Filter::Price { min: value["min"].as_f64(), max: value["max"].as_f64() },
        "availability" => Filter::Availability(value.as_array().unwrap().iter().map(availability).collect()),
        "attribute_in" => Filter::AttributeIn { key: text(&value["key"]), values: texts(&value["values"]) },
        "created_after" => Filter::CreatedAfter(value.as_i64().unwrap()),
        "same_as_context_item" => Filter::SameAsContextItem(match value.as_str().unwrap() {
            "category" => SameAs::Category,
            "brand" => SameAs::Brand,
            other => panic!("property {other}"),
        }),
        other => panic!("filter {other}"),
    }
}

pub(crate) fn context(value: &Value) -> Context {
    if value.is_null() {
        return Context::default();
    }
    only(value, &["item", "cart", "category", "query"]);
    Context {
        item: maybe_text(&value["item"]),
        cart: texts(&value["cart"]),
        category: maybe_text(&value["category"]),
        query: maybe_text(&value["query"]),
    }
}

fn kind_of_request(value: &Value) -> RecommendationKind {
    match value["kind"].as_str().unwrap() {
        "for_you" => RecommendationKind::ForYou,
        "related_to" => RecommendationKind::RelatedTo(text(&value["item"])),
        "bought_with" => RecommendationKind::BoughtWith(texts(&value["items"])),
        "recently_viewed" => RecommendationKind::RecentlyViewed,
        "buy_again" => RecommendationKind::BuyAgain,
        "trending" => RecommendationKind::Trending(maybe_text(&value["category"])),
        "new_arrivals" => RecommendationKind::NewArrivals(maybe_text(&value["category"])),
        other => panic!("kind {other}"),
    }
}

pub(crate) fn request(value: &Value) -> Request {
    let mut request = Request::new(kind_of_request(value));
    for (name, value) in value.as_object().unwrap() {
        match name.as_str() {
            "kind" | "item" | "items" | "category" => {}
            "scenario" => request.scenario = text(value),
            "count" => request.count = size(value),
            "context" => request.context = context(value),
            "filter" => request.filter = filter(value),
            "boosts" => {
                let boost = |value: &Value| Boost {
                    filter: filter(&value["filter"]),
                    weight: value["weight"].as_f64().unwrap(),
                };
                request.boosts = value.as_array().unwrap().iter().map(boost).collect();
            }
            "pins" => {
                let pin = |value: &Value| Pin {
                    item_id: text(&value["item_id"]),
                    position: size(&value["position"]),
                };
                request.pins = value.as_array().unwrap().iter().map(pin).collect();
            }
            "exclude_ids" => request.exclude_ids = texts(value),
            "diversity" => request.diversity = value.as_f64(),
            "rotation_rate" => request.rotation_rate = value.as_f64().unwrap(),
            "rotation_seconds" => request.rotation_seconds = short(value),
            "min_relevance" => {
                request.min_relevance = match value.as_str().unwrap() {
                    "low" => MinRelevance::Low,
                    "medium" => MinRelevance::Medium,
                    "high" => MinRelevance::High,
                    other => panic!("relevance {other}"),
                }
            }
            "retrieval" => {
                request.retrieval = match value.as_str().unwrap() {
                    "auto" => Retrieval::Auto,
                    "exhaustive" => Retrieval::Exhaustive,
                    "linked" => Retrieval::Linked,
                    other => panic!("retrieval {other}"),
                }
            }
            "fallback" => request.fallback = value.as_bool().unwrap(),
            "one_per_group" => request.one_per_group = value.as_bool().unwrap(),
            "strength" => request.strength = value.as_f64().unwrap(),
            "exploration_rate" => request.exploration_rate = value.as_f64(),
            "non_profiling" => request.non_profiling = value.as_bool().unwrap(),
            "seed" => request.seed = Some(long(value)),
            other => panic!("unknown field {other}"),
        }
    }
    request
}

pub(crate) fn scope(value: &Value) -> Forget {
    if value.as_str() == Some("everything") {
        return Forget::Everything;
    }
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "event" => Forget::Event(EventRef(long(value))),
        "item" => Forget::Item(text(value)),
        "category" => Forget::Category(text(value)),
        "since" => Forget::Since(value.as_i64().unwrap()),
        other => panic!("scope {other}"),
    }
}

pub(crate) fn interest(value: &Value) -> Interest {
    match value.as_str().unwrap() {
        "boost" => Interest::Boost,
        "mute" => Interest::Mute,
        "neutral" => Interest::Neutral,
        other => panic!("interest {other}"),
    }
}

pub(crate) fn signals(value: &Value) -> tastekeeper::Result<CmpSignals> {
    let pair = |(key, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => SignalValue::Text(text.clone()),
            Value::Bool(flag) => SignalValue::Flag(*flag),
            other => SignalValue::Integer(other.as_i64().unwrap()),
        };
        (key.clone(), value)
    };
    CmpSignals::new(value.as_object().unwrap().iter().map(pair))
}

pub(crate) fn policy(value: &Value) -> CmpPolicy {
    if value.is_null() {
        return CmpPolicy::default();
    }
    only(value, &["share_custom_purpose"]);
    let share_custom_purpose =
        value["share_custom_purpose"].as_u64().map(|purpose| u8::try_from(purpose).unwrap());
    CmpPolicy { share_custom_purpose, ..CmpPolicy::default() }
}
