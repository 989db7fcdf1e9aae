//! From JSON to the engine's types. What is not known is a mistake of the caller and never passes for a default.

use serde_json::{Map, Value};
use tastekeeper::consent::cmp::{CmpPolicy, CmpSignals, SignalValue};
use tastekeeper::store::Durability;
use tastekeeper::{
    Availability, Boost, Config, Consent, Context, Event, EventKind, EventRef, Filter, Forget, Interest,
    Item, ItemPatch, MinRelevance, PersonalizationLevel, Pin, RecommendationKind, Request, Retrieval, SameAs,
    Subject,
};

use crate::Problem;

/// What reading gives.
type Read<T> = Result<T, Problem>;

fn wrong<T>(expected: &str) -> Read<T> {
    Err(Problem::Misread(format!("{expected} was expected")))
}

/// A word that is not among those that were expected. It may be somebody's data, so it is not repeated.
fn unknown<T>(what: &str) -> Read<T> {
    Err(Problem::Misread(format!("unknown {what}")))
}

pub(crate) fn text(value: &Value) -> Read<String> {
    word(value).map(str::to_owned)
}

pub(crate) fn word(value: &Value) -> Read<&str> {
    value.as_str().map_or_else(|| wrong("a text"), Ok)
}

fn maybe_text(value: &Value) -> Read<Option<String>> {
    if value.is_null() { Ok(None) } else { text(value).map(Some) }
}

pub(crate) fn list(value: &Value) -> Read<&Vec<Value>> {
    value.as_array().map_or_else(|| wrong("a list"), Ok)
}

/// Every value of a list.
pub(crate) fn all<T>(value: &Value, read: impl Fn(&Value) -> Read<T>) -> Read<Vec<T>> {
    list(value)?.iter().map(read).collect()
}

pub(crate) fn texts(value: &Value) -> Read<Vec<String>> {
    if value.is_null() { Ok(Vec::new()) } else { all(value, text) }
}

fn object(value: &Value) -> Read<&Map<String, Value>> {
    value.as_object().map_or_else(|| wrong("an object"), Ok)
}

/// The one field of an object.
fn case(value: &Value) -> Read<(&str, &Value)> {
    match object(value)?.iter().next() {
        Some((name, value)) => Ok((name, value)),
        None => wrong("an object with one field"),
    }
}

pub(crate) fn flag(value: &Value) -> Read<bool> {
    value.as_bool().map_or_else(|| wrong("true or false"), Ok)
}

fn real(value: &Value) -> Read<f64> {
    value.as_f64().map_or_else(|| wrong("a number"), Ok)
}

pub(crate) fn whole(value: &Value) -> Read<i64> {
    value.as_i64().map_or_else(|| wrong("a whole number"), Ok)
}

pub(crate) fn size(value: &Value) -> Read<usize> {
    match value.as_u64().map(usize::try_from) {
        Some(Ok(size)) => Ok(size),
        _ => wrong("a count"),
    }
}

fn short(value: &Value) -> Read<u32> {
    match value.as_u64().map(u32::try_from) {
        Some(Ok(short)) => Ok(short),
        _ => wrong("a count below 2^32"),
    }
}

/// A number of 64 bits is a text: not every language's JSON keeps all of them.
pub(crate) fn long(value: &Value) -> Read<u64> {
    word(value)?.parse().or_else(|_| wrong("a text of digits"))
}

/// Refuses a field that is not among `known`: a misspelt one must not pass for a default.
fn only(value: &Value, known: &[&str]) -> Read<()> {
    match object(value)?.keys().all(|name| known.contains(&name.as_str())) {
        true => Ok(()),
        false => unknown("field"),
    }
}

pub(crate) fn level(value: &Value) -> Read<PersonalizationLevel> {
    Ok(match word(value)? {
        "off" => PersonalizationLevel::Off,
        "session" => PersonalizationLevel::Session,
        "on_device" => PersonalizationLevel::OnDevice,
        "shared" => PersonalizationLevel::Shared,
        _ => return unknown("level"),
    })
}

/// `key` stands for `model_keys`, whatever is said about them.
pub(crate) fn config(value: &Value, key: &str) -> Read<Config> {
    let mut config = Config::default();
    for (name, value) in value.as_object().into_iter().flatten() {
        match name.as_str() {
            "profile" => config.profile = text(value)?,
            "model_keys" => config.model_keys = vec![key.to_owned()],
            "retention_days" => config.retention_days = short(value)?,
            "max_events" => config.max_events = size(value)?,
            "event_durability" => {
                config.event_durability = match word(value)? {
                    "power" => Durability::Power,
                    "process" => Durability::Process,
                    _ => return unknown("durability"),
                }
            }
            "max_level" => config.max_level = level(value)?,
            "accepted_notices" => config.accepted_notices = texts(value)?,
            "sensitive_categories" => config.sensitive_categories = texts(value)?,
            "session_idle_minutes" => config.session_idle_minutes = short(value)?,
            _ => return unknown("field"),
        }
    }
    Ok(config)
}

pub(crate) fn consent(value: &Value) -> Read<Option<Consent>> {
    if value.is_null() {
        return Ok(None);
    }
    only(value, &["notice_version", "notice_text", "locale", "surface"])?;
    let mut consent = Consent::new(text(&value["notice_version"])?);
    if let Some(locale) = maybe_text(&value["locale"])? {
        consent.locale = locale;
    }
    if let Some(surface) = maybe_text(&value["surface"])? {
        consent.surface = surface;
    }
    Ok(Some(match maybe_text(&value["notice_text"])? {
        Some(notice) => consent.with_notice_text(&notice),
        None => consent,
    }))
}

fn availability(value: &Value) -> Read<Availability> {
    Ok(match word(value)? {
        "in_stock" => Availability::InStock,
        "pre_order" => Availability::PreOrder,
        "out_of_stock" => Availability::OutOfStock,
        "discontinued" => Availability::Discontinued,
        _ => return unknown("availability"),
    })
}

pub(crate) fn item(value: &Value) -> Read<Item> {
    let mut item = Item::default();
    for (name, value) in object(value)? {
        match name.as_str() {
            "id" => item.id = text(value)?,
            "category" => item.category = texts(value)?,
            "brand" => item.brand = maybe_text(value)?,
            "price" => item.price = value.as_f64(),
            "currency" => item.currency = maybe_text(value)?,
            "availability" => item.availability = availability(value)?,
            "created_at_ms" => item.created_at_ms = value.as_i64(),
            "expires_at_ms" => item.expires_at_ms = value.as_i64(),
            "group_id" => item.group_id = maybe_text(value)?,
            "attributes" => {
                let pairs = object(value)?.iter();
                let pairs = pairs.map(|(name, value)| Ok((name.clone(), text(value)?)));
                item.attributes = pairs.collect::<Read<_>>()?;
            }
            _ => return unknown("field"),
        }
    }
    Ok(item)
}

pub(crate) fn patch(value: &Value) -> Read<ItemPatch> {
    only(value, &["id", "price", "currency", "availability", "expires_at_ms"])?;
    let state = &value["availability"];
    Ok(ItemPatch {
        price: value["price"].as_f64(),
        currency: maybe_text(&value["currency"])?,
        availability: if state.is_null() { None } else { Some(availability(state)?) },
        expires_at_ms: value["expires_at_ms"].as_i64(),
        ..ItemPatch::new(text(&value["id"])?)
    })
}

fn subject(value: &Value) -> Read<Subject> {
    let (kind, id) = case(value)?;
    let id = text(id)?;
    Ok(match kind {
        "item" => Subject::Item(id),
        "brand" => Subject::Brand(id),
        "category" => Subject::Category(id),
        _ => return unknown("subject"),
    })
}

fn kind_of_event(value: &Value) -> Read<EventKind> {
    Ok(match word(&value["kind"])? {
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
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a rating is a short number, and checked by the engine"
        )]
        "rate" => EventKind::Rate(real(&value["rating"])? as f32),
        "not_interested" => EventKind::NotInterested(subject(&value["subject"])?),
        _ => return unknown("kind of event"),
    })
}

pub(crate) fn event(value: &Value) -> Read<Event> {
    let mut event = Event::new(kind_of_event(value)?);
    for (name, value) in object(value)? {
        match name.as_str() {
            "kind" | "rating" | "subject" => {}
            "item_id" => event.item_id = maybe_text(value)?,
            "items" => event.items = texts(value)?,
            "category" => event.category = maybe_text(value)?,
            "query" => event.query = maybe_text(value)?,
            "quantity" => event.quantity = short(value)?,
            "price" => event.price = value.as_f64(),
            "currency" => event.currency = maybe_text(value)?,
            "recommendation_id" => event.recommendation_id = maybe_text(value)?,
            "position" => event.position = Some(short(value)?),
            "timestamp_ms" => event.timestamp_ms = value.as_i64(),
            "event_id" => event.event_id = maybe_text(value)?,
            "learn" => event.learn = flag(value)?,
            _ => return unknown("field"),
        }
    }
    Ok(event)
}

fn filter(value: &Value) -> Read<Filter> {
    let (kind, value) = case(value)?;
    Ok(match kind {
        "all" => Filter::All(all(value, filter)?),
        "any" => Filter::Any(all(value, filter)?),
        "not" => Filter::Not(Box::new(filter(value)?)),
        "in_category" => Filter::InCategory(texts(value)?),
        "brand" => Filter::Brand(texts(value)?),
        "price" => Filter::Price { min: value["min"].as_f64(), max: value["max"].as_f64() },
        "availability" => Filter::Availability(all(value, availability)?),
        "attribute_in" => Filter::AttributeIn { key: text(&value["key"])?, values: texts(&value["values"])? },
        "created_after" => Filter::CreatedAfter(whole(value)?),
        "same_as_context_item" => Filter::SameAsContextItem(match word(value)? {
            "category" => SameAs::Category,
            "brand" => SameAs::Brand,
            _ => return unknown("property"),
        }),
        _ => return unknown("filter"),
    })
}

pub(crate) fn context(value: &Value) -> Read<Context> {
    if value.is_null() {
        return Ok(Context::default());
    }
    only(value, &["item", "cart", "category", "query"])?;
    Ok(Context {
        item: maybe_text(&value["item"])?,
        cart: texts(&value["cart"])?,
        category: maybe_text(&value["category"])?,
        query: maybe_text(&value["query"])?,
    })
}

fn kind_of_request(value: &Value) -> Read<RecommendationKind> {
    Ok(match word(&value["kind"])? {
        "for_you" => RecommendationKind::ForYou,
        "related_to" => RecommendationKind::RelatedTo(text(&value["item"])?),
        "bought_with" => RecommendationKind::BoughtWith(texts(&value["items"])?),
        "recently_viewed" => RecommendationKind::RecentlyViewed,
        "buy_again" => RecommendationKind::BuyAgain,
        "trending" => RecommendationKind::Trending(maybe_text(&value["category"])?),
        "new_arrivals" => RecommendationKind::NewArrivals(maybe_text(&value["category"])?),
        _ => return unknown("kind of request"),
    })
}

pub(crate) fn request(value: &Value) -> Read<Request> {
    let mut request = Request::new(kind_of_request(value)?);
    let boost =
        |value: &Value| Ok(Boost { filter: filter(&value["filter"])?, weight: real(&value["weight"])? });
    let pin =
        |value: &Value| Ok(Pin { item_id: text(&value["item_id"])?, position: size(&value["position"])? });
    for (name, value) in object(value)? {
        match name.as_str() {
            "kind" | "item" | "items" | "category" => {}
            "scenario" => request.scenario = text(value)?,
            "count" => request.count = size(value)?,
            "context" => request.context = context(value)?,
            "filter" => request.filter = filter(value)?,
            "boosts" => request.boosts = all(value, boost)?,
            "pins" => request.pins = all(value, pin)?,
            "exclude_ids" => request.exclude_ids = texts(value)?,
            "diversity" => request.diversity = value.as_f64(),
            "rotation_rate" => request.rotation_rate = real(value)?,
            "rotation_seconds" => request.rotation_seconds = short(value)?,
            "min_relevance" => {
                request.min_relevance = match word(value)? {
                    "low" => MinRelevance::Low,
                    "medium" => MinRelevance::Medium,
                    "high" => MinRelevance::High,
                    _ => return unknown("relevance"),
                }
            }
            "retrieval" => {
                request.retrieval = match word(value)? {
                    "auto" => Retrieval::Auto,
                    "exhaustive" => Retrieval::Exhaustive,
                    "linked" => Retrieval::Linked,
                    _ => return unknown("retrieval"),
                }
            }
            "fallback" => request.fallback = flag(value)?,
            "one_per_group" => request.one_per_group = flag(value)?,
            "strength" => request.strength = real(value)?,
            "exploration_rate" => request.exploration_rate = value.as_f64(),
            "non_profiling" => request.non_profiling = flag(value)?,
            "seed" => request.seed = Some(long(value)?),
            _ => return unknown("field"),
        }
    }
    Ok(request)
}

pub(crate) fn scope(value: &Value) -> Read<Forget> {
    if value.as_str() == Some("everything") {
        return Ok(Forget::Everything);
    }
    let (kind, value) = case(value)?;
    Ok(match kind {
        "event" => Forget::Event(EventRef(long(value)?)),
        "item" => Forget::Item(text(value)?),
        "category" => Forget::Category(text(value)?),
        "since" => Forget::Since(whole(value)?),
        _ => return unknown("scope"),
    })
}

pub(crate) fn interest(value: &Value) -> Read<Interest> {
    Ok(match word(value)? {
        "boost" => Interest::Boost,
        "mute" => Interest::Mute,
        "neutral" => Interest::Neutral,
        _ => return unknown("interest"),
    })
}

pub(crate) fn signals(value: &Value) -> Read<CmpSignals> {
    let pair = |(key, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => SignalValue::Text(text.clone()),
            Value::Bool(flag) => SignalValue::Flag(*flag),
            other => SignalValue::Integer(whole(other)?),
        };
        Ok((key.clone(), value))
    };
    let pairs = object(value)?.iter().map(pair).collect::<Read<Vec<_>>>()?;
    Ok(CmpSignals::new(pairs)?)
}

pub(crate) fn policy(value: &Value) -> Read<CmpPolicy> {
    if value.is_null() {
        return Ok(CmpPolicy::default());
    }
    only(value, &["share_custom_purpose"])?;
    let share_custom_purpose = match value["share_custom_purpose"].as_u64().map(u8::try_from) {
        None => None,
        Some(Ok(purpose)) => Some(purpose),
        Some(Err(_)) => return wrong("a purpose below 256"),
    };
    Ok(CmpPolicy { share_custom_purpose, ..CmpPolicy::default() })
}

/// Bytes as hexadecimal digits.
pub(crate) fn bytes(value: &Value) -> Read<Vec<u8>> {
    let digits = word(value)?;
    let byte = |place: usize| digits.get(place..place + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes = (0..digits.len()).step_by(2).map(byte).collect::<Option<_>>();
    bytes.map_or_else(|| wrong("hexadecimal digits"), Ok)
}
