//! Analytics events of an app, as events of ours.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use tastekeeper_ffi::{Event, EventKind, events_from_ga4};

fn read(json: &str) -> Vec<Event> {
    events_from_ga4(json.into()).unwrap()
}

fn refused(json: &str) -> String {
    events_from_ga4(json.into()).unwrap_err().to_string()
}

#[test]
fn items_of_an_event_become_events() {
    let events = read(
        r#"{"name":"add_to_cart","params":{"currency":"EUR","value":30.5,"items":[
            {"item_id":"lamp","quantity":2,"price":10.25,"item_name":"Lamp"},
            {"item_id":7},{"item_id":"(not set)"},{"item_name":"no id"}]}}"#,
    );
    assert_eq!(events.len(), 2);
    let first = &events[0];
    assert_eq!(first.kind, EventKind::AddToCart);
    assert_eq!((first.item_id.as_deref(), first.quantity), (Some("lamp"), 2));
    assert_eq!((first.price, first.currency.as_deref()), (Some(10.25), Some("EUR")));
    assert_eq!((events[1].item_id.as_deref(), events[1].quantity, events[1].price), (Some("7"), 1, None));
    assert!(first.learn && first.timestamp_ms.is_none() && first.event_id.is_none());
}

#[test]
fn a_purchase_stays_one_event() {
    let events = read(r#"[{"name":"purchase","params":{"items":[{"item_id":"a"},{"item_id":"b"}]}}]"#);
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].kind.clone(), events[0].items.clone()),
        (EventKind::Purchase, vec!["a".into(), "b".into()])
    );
}

#[test]
fn searches_and_carts_need_no_items() {
    let events = read(
        r#"[{"name":"search","params":{"search_term":" blue mug "}},{"name":"search","params":{}},
            {"name":"view_cart"},{"name":"view_cart","params":null}]"#,
    );
    assert_eq!(events.len(), 3);
    assert_eq!(events[0].query.as_deref(), Some("blue mug"));
    assert_eq!(events[1].kind, EventKind::ViewCart);
}

#[test]
fn what_says_nothing_of_taste_is_left_out() {
    assert!(
        read(r#"[{"name":"screen_view"},{"name":"purchase"},{"name":"view_item","params":{"items":[]}}]"#)
            .is_empty()
    );
    assert!(read("[]").is_empty());
}

#[test]
fn what_is_not_of_this_form_is_refused_by_place() {
    assert_eq!(refused("{"), "invalid argument `json`: is not well-formed JSON");
    assert_eq!(refused("3"), "invalid argument `json[0].name`: must be the name of an event");
    assert_eq!(
        refused(r#"[{"name":"x"},{"params":{}}]"#),
        "invalid argument `json[1].name`: must be the name of an event"
    );
    assert_eq!(
        refused(r#"{"name":"x","params":[]}"#),
        "invalid argument `json[0].params`: must be an object"
    );
    assert_eq!(
        refused(r#"{"name":"x","params":{"items":{}}}"#),
        "invalid argument `json[0].params.items`: must be a list"
    );
    assert_eq!(refused(&" ".repeat((1 << 20) + 1)), "invalid argument `json`: must be at most 1 MiB");
    assert_eq!(refused(&"[".repeat(100_000)), "invalid argument `json`: is not well-formed JSON");
}

#[test]
fn a_quantity_that_cannot_be_is_left_to_the_engine() {
    let events = read(r#"{"name":"view_item","params":{"items":[{"item_id":"a","quantity":99999999999}]}}"#);
    assert_eq!(events[0].quantity, u32::MAX);
    let events = read(r#"{"name":"view_item","params":{"items":[{"item_id":"a","quantity":-1}]}}"#);
    assert_eq!(events[0].quantity, 1);
}
