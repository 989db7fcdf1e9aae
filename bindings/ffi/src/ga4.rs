//! Events of Google Analytics 4 as an app logs them: a name and parameters.
//!
//! In: `{"name": "view_item", "params": {...}}`, or a list of such. Out: events of ours, with what both know: kind, items,
//! quantity, list price, search term. Must never: keep another field, or refuse an event that is simply not about a shop.
//! Field names: Google's "Recommended events".

use serde_json::{Map, Value};

use crate::error::{Result, invalid};
use crate::events::{Event, EventKind};

/// Longest text in bytes.
const MAX_BYTES: usize = 1 << 20;
/// What stands where there is nothing.
const NOT_SET: &str = "(not set)";

/// Our events for analytics events as JSON: one object with `name` and `params`, or a list of them. Names that say nothing of a
/// shopper's taste give no event, an event about several items gives one for each, and a purchase or refund one for all.
///
/// # Errors
/// `InvalidArgument` for what is not JSON of this form, or longer than 1 MiB. Ids and numbers are checked by `track`.
#[uniffi::export]
pub fn events_from_ga4(json: String) -> Result<Vec<Event>> {
    if json.len() > MAX_BYTES {
        return Err(invalid("json", "must be at most 1 MiB"));
    }
    let value: Value = serde_json::from_str(&json).map_err(|_| invalid("json", "is not well-formed JSON"))?;
    let list = match &value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut events = Vec::new();
    for (place, value) in list.iter().enumerate() {
        read(value, place, &mut events)?;
    }
    Ok(events)
}

fn read(value: &Value, place: usize, events: &mut Vec<Event>) -> Result<()> {
    let name = value.get("name").and_then(Value::as_str);
    let name = name.ok_or_else(|| invalid(&format!("json[{place}].name"), "must be the name of an event"))?;
    let nothing = Map::new();
    let params = match value.get("params") {
        None | Some(Value::Null) => &nothing,
        Some(Value::Object(params)) => params,
        Some(_) => return Err(invalid(&format!("json[{place}].params"), "must be an object")),
    };
    let items = match params.get("items") {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(items)) => items,
        Some(_) => return Err(invalid(&format!("json[{place}].params.items"), "must be a list")),
    };
    let currency = word(params.get("currency"));
    let ids = || items.iter().filter_map(|item| word(item.get("item_id"))).collect::<Vec<_>>();
    let one = |kind: &EventKind, item: &Value| {
        word(item.get("item_id")).map(|id| Event {
            item_id: Some(id),
            quantity: number(item.get("quantity")).unwrap_or(1),
            price: item.get("price").and_then(Value::as_f64),
            currency: currency.clone(),
            ..empty(kind.clone())
        })
    };
    let kind = match name {
        "view_item" => EventKind::ViewItem,
        "select_item" => EventKind::SelectItem,
        "add_to_cart" => EventKind::AddToCart,
        "remove_from_cart" => EventKind::RemoveFromCart,
        "add_to_wishlist" => EventKind::AddToWishlist,
        "view_item_list" | "purchase" | "refund" => {
            let kind = match name {
                "purchase" => EventKind::Purchase,
                "refund" => EventKind::Refund,
                _ => EventKind::ViewItemList,
            };
            let ids = ids();
            if !ids.is_empty() {
                events.push(Event { items: ids, currency, ..empty(kind) });
            }
            return Ok(());
        }
        "view_cart" => {
            events.push(empty(EventKind::ViewCart));
            return Ok(());
        }
        "search" | "view_search_results" => {
            let term = word(params.get("search_term"));
            events.extend(term.map(|query| Event { query: Some(query), ..empty(EventKind::Search) }));
            return Ok(());
        }
        _ => return Ok(()),
    };
    events.extend(items.iter().filter_map(|item| one(&kind, item)));
    Ok(())
}

fn empty(kind: EventKind) -> Event {
    Event {
        kind,
        item_id: None,
        items: Vec::new(),
        category: None,
        query: None,
        quantity: 1,
        price: None,
        currency: None,
        recommendation_id: None,
        position: None,
        timestamp_ms: None,
        event_id: None,
        learn: true,
    }
}

/// A text that says something; ids may be numbers.
fn word(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text != NOT_SET).then_some(text)
}

fn number(value: Option<&Value>) -> Option<u32> {
    value?.as_u64().map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}
