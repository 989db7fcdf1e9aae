//! The event export of Google Analytics 4, as BigQuery writes it: a JSON object a line.
//!
//! In: `event_name`, `event_timestamp` (microseconds), `user_pseudo_id` and `items` of each line. Out: an event per entry
//! of `items`, and what the entries say of the items. Must never keep anything else of a line.
//! Field names: Google's "GA4 BigQuery Export schema".

use std::io::Read;

use serde_json::Value;

use super::builder::ItemDescription;
use super::counted::Counted;
use super::error::{Column, EXPECTED_ID, FileRole, InputError, Place, ValueKind, id_problem};
use super::kind::KindWords;
use super::lines::Lines;
use super::log::LogBuilder;
use super::time::{TimeReader, TimeUnit};
use super::{MAX_ATTRIBUTES_PER_ITEM, MAX_ID_BYTES};
use crate::dataset::InteractionKind;

const ROLE: FileRole = FileRole::Log;
/// What stands where there is nothing.
const NOT_SET: &str = "(not set)";
const CATEGORIES: [&str; 5] =
    ["item_category", "item_category2", "item_category3", "item_category4", "item_category5"];

/// All events of the file.
pub(super) fn read(input: Counted<'_, impl Read>, kinds: &KindWords) -> Result<LogBuilder, InputError> {
    let mut lines = Lines::new(input, ROLE);
    let mut log = LogBuilder::default();
    let mut times = TimeReader::new(TimeUnit::Microseconds);
    while let Some((line, text)) = lines.next()? {
        if text.trim().is_empty() {
            continue;
        }
        let row = serde_json::from_str(text).map_err(|error| InputError::Json {
            role: ROLE,
            line,
            column: Column::Number(error.column()),
            expected: "a well-formed json object on one line",
        })?;
        event(&row, kinds, Place::Line(line), &mut times, &mut log)?;
    }
    Ok(log)
}

fn event(
    row: &Value,
    kinds: &KindWords,
    at: Place,
    times: &mut TimeReader,
    log: &mut LogBuilder,
) -> Result<(), InputError> {
    let unexpected = |field: &str, expected, value: &Value| InputError::Unexpected {
        role: ROLE,
        at,
        column: Column::Name(field.to_owned()),
        expected,
        found: if row.get(field).is_none() { ValueKind::Missing } else { ValueKind::of_json(value) },
    };
    let name = &row["event_name"];
    let name = name.as_str().ok_or_else(|| unexpected("event_name", "the name of an event", name))?;
    let kind = match kinds.own(name).unwrap_or_else(|| kind_of(name)) {
        Some(kind) => kind,
        None => {
            log.skip(name);
            return Ok(());
        }
    };
    let stamp = &row["event_timestamp"];
    let time_ms = match stamp {
        Value::String(text) => times.read(text),
        _ => {
            stamp.as_f64().ok_or("a time in microseconds since 1970").and_then(|number| times.number(number))
        }
    };
    let time_ms = time_ms.map_err(|expected| unexpected("event_timestamp", expected, stamp))?;
    let user = &row["user_pseudo_id"];
    let user = match user {
        // without consent there is no id
        Value::Null => {
            log.skip_for("(no user_pseudo_id)");
            return Ok(());
        }
        _ => user.as_str().filter(|id| id_problem(id).is_none()),
    };
    let user = user.ok_or_else(|| unexpected("user_pseudo_id", EXPECTED_ID, &row["user_pseudo_id"]))?;
    let items = match &row["items"] {
        Value::Null => &[][..],
        Value::Array(items) => items,
        other => return Err(unexpected("items", "a list of items", other)),
    };
    if items.is_empty() {
        log.skip_for("(no items)");
    }
    for item in items {
        let Some(id) = word(item, "item_id") else {
            log.skip_for("(no item_id)");
            continue;
        };
        if id_problem(&id).is_some() {
            return Err(unexpected("items", "items whose item_id has 1 to 256 bytes", &row["items"]));
        }
        log.add(at, user, &id, kind, Some(time_ms))?;
        log.describe(at, &id, || description(item));
    }
    Ok(())
}

/// What the names that Google recommends for shops stand for.
fn kind_of(name: &str) -> Option<InteractionKind> {
    Some(match name {
        "view_item" | "select_item" => InteractionKind::View,
        "add_to_cart" => InteractionKind::Cart,
        "add_to_wishlist" => InteractionKind::Wishlist,
        "purchase" => InteractionKind::Purchase,
        _ => return None,
    })
}

/// A field that says something.
fn word(item: &Value, field: &str) -> Option<String> {
    let text = match &item[field] {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text != NOT_SET).then_some(text)
}

/// Brand, categories from the root on, and price. A path ends where it would be longer than an id.
fn description(item: &Value) -> ItemDescription {
    debug_assert!(CATEGORIES.len() < MAX_ATTRIBUTES_PER_ITEM, "an item cannot have too many");
    let (mut category, mut length) = (Vec::new(), 0);
    for name in CATEGORIES.iter().map_while(|field| word(item, field)) {
        length += name.len() + " > ".len();
        if length > MAX_ID_BYTES || id_problem(&name).is_some() {
            break;
        }
        // inside a name the sign of a path would make two nodes of one name
        category.push(name.replace('>', "\u{203a}"));
    }
    let price = match &item["price"] {
        Value::String(text) => text.parse().ok(),
        number => number.as_f64(),
    };
    ItemDescription {
        category,
        brand: word(item, "item_brand").filter(|brand| id_problem(brand).is_none()),
        price: price.filter(|price| price.is_finite() && *price >= 0.0),
        others: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LogFormat, read_log_from, read_log_with_notes};
    use super::*;
    use crate::dataset::Dataset;

    const LINES: &str = concat!(
        r#"{"event_name":"session_start","event_timestamp":"1700000000000000","user_pseudo_id":"u.1","items":[]}"#,
        "\n",
        r#"{"event_name":"view_item","event_timestamp":"1700000002000000","user_pseudo_id":"u.1","device":{"x":1},"items":[{"item_id":"lamp","item_name":"Lamp","item_brand":"Norvik","item_category":"Home","item_category2":"Light","price":24.9}]}"#,
        "\n\n",
        r#"{"event_name":"purchase","event_timestamp":1700000003000999,"user_pseudo_id":"u.1","items":[{"item_id":"lamp"},{"item_id":7,"item_brand":"(not set)","item_category":"Home"},{"item_id":"(not set)"}]}"#,
        "\n",
        r#"{"event_name":"select_item","event_timestamp":"1700000001000000","user_pseudo_id":"u.1","items":[{"item_id":"rug"}]}"#,
        "\n",
        r#"{"event_name":"add_to_cart","event_timestamp":"1700000004000000","user_pseudo_id":null,"items":[{"item_id":"rug"}]}"#,
        "\n",
        r#"{"event_name":"begin_checkout","event_timestamp":"1700000005000000","user_pseudo_id":"u.2","items":[{"item_id":"rug","price":"3"}]}"#,
        "\n",
    );

    fn read(text: &str, kinds: KindWords) -> Result<Dataset, InputError> {
        read_log_from(text.as_bytes(), &LogFormat::Ga4(kinds), &mut |_| ())
    }

    fn message(text: &str) -> String {
        read(text, KindWords::default()).unwrap_err().to_string()
    }

    #[test]
    fn every_item_of_an_event_is_an_event() {
        let log = read(LINES, KindWords::default()).unwrap();
        assert_eq!(log.items, ["lamp", "7", "rug"]);
        let events: Vec<(u32, InteractionKind, Option<i64>)> =
            log.sequences[0].events.iter().map(|event| (event.item, event.kind, event.time_ms)).collect();
        assert_eq!(
            events,
            [
                (2, InteractionKind::View, Some(1_700_000_001_000)),
                (0, InteractionKind::View, Some(1_700_000_002_000)),
                (0, InteractionKind::Purchase, Some(1_700_000_003_001)),
                (1, InteractionKind::Purchase, Some(1_700_000_003_001)),
            ]
        );
        let names: Vec<&str> = log.attributes.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["Home", "Home > Light", "Norvik", "price_band=20-50"]);
        assert_eq!(log.attributes.of_item, [vec![0, 1, 2, 3], vec![0], vec![]]);
    }

    #[test]
    fn what_is_left_out_is_counted_and_names_can_be_given() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        std::fs::write(&path, LINES).unwrap();
        let notes = |kinds| read_log_with_notes(&path, &LogFormat::Ga4(kinds), &mut |_| ()).unwrap().1;
        let of = |reason: &str, count| (reason.to_owned(), count);
        let skipped = notes(KindWords::default()).skipped;
        let expected = [
            of("(no item_id)", 1),
            of("(no user_pseudo_id)", 1),
            of("begincheckout", 1),
            of("sessionstart", 1),
        ];
        assert_eq!(skipped.into_iter().collect::<Vec<_>>(), expected);
        let kinds =
            KindWords::default().named("begin_checkout", InteractionKind::Cart).skipped("select_item");
        let skipped = notes(kinds.clone()).skipped;
        assert_eq!((skipped.get("begincheckout"), skipped.get("selectitem")), (None, Some(&1)));
        let log = read(LINES, kinds).unwrap();
        assert_eq!(log.sequences[1].events[0].kind, InteractionKind::Cart);
    }

    #[test]
    fn what_is_wrong_is_named_by_field_and_line() {
        let good = r#"{"event_name":"view_item","event_timestamp":"1700000000000000","user_pseudo_id":"u","items":[{"item_id":"a"}]}"#;
        for (from, to, expected) in [
            (
                r#""event_name":"view_item","#,
                "",
                "column `event_name`: expected the name of an event, found no such field",
            ),
            ("\"1700000000000000\"", "\"soon\"", "column `event_timestamp`: expected a time in microseconds"),
            ("\"1700000000000000\"", "null", "column `event_timestamp`: expected a time in microseconds"),
            ("\"u\"", "\" \"", "column `user_pseudo_id`: expected an id"),
            ("\"u\"", "7", "column `user_pseudo_id`: expected an id"),
            (r#"[{"item_id":"a"}]"#, "3", "column `items`: expected a list of items, found a whole number"),
            (r#""a"}]}"#, "", "expected a well-formed json object on one line"),
        ] {
            let text = format!("{good}\n{}\n", good.replace(from, to));
            let error = message(&text);
            assert!(error.starts_with("log, line 2, ") && error.contains(expected), "{error}");
        }
        let long = good.replace("\"a\"", &format!("\"{}\"", "x".repeat(257)));
        assert!(message(&long).contains("item_id has 1 to 256 bytes"));
        assert_eq!(message("\n"), "log: holds no events");
        assert_eq!(message(r#"{"event_name":"scroll"}"#), "log: holds no events");
    }

    #[test]
    fn odd_categories_make_no_error() {
        let item = |categories: &str| {
            format!(
                "{{\"event_name\":\"view_item\",\"event_timestamp\":\"1700000000000000\",\"user_pseudo_id\":\"u\",\
                 \"items\":[{categories}]}}\n"
            )
        };
        let long = "x".repeat(200);
        let text = item(r#"{"item_id":"a","item_category":"A","item_category2":"B"}"#)
            + &item(r#"{"item_id":"b","item_category":"A > B"}"#)
            + &item(&format!(r#"{{"item_id":"c","item_category":"{long}","item_category2":"{long}"}}"#))
            + &item(r#"{"item_id":"d","item_category":"A","item_category3":"C","price":-1}"#);
        let log = read(&text, KindWords::default()).unwrap();
        let names: Vec<&str> = log.attributes.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["A", "A > B", "A \u{203a} B", &long]);
        assert_eq!(log.attributes.of_item[3], [0]);
    }
}
