//! What attribute files give, and the error for each thing that can be wrong with one.

use super::super::{LogFormat, read_log_from};
use super::*;
use crate::dataset::AttributeKind;

fn log() -> Dataset {
    read_log_from("u a b c\n".as_bytes(), &LogFormat::Sequences, &mut |_| ()).unwrap()
}

fn read(text: &str, options: AttributeOptions) -> Result<(Dataset, AttributeSummary), InputError> {
    let mut dataset = log();
    let summary = read_attributes_from(text.as_bytes(), &options, &mut dataset, &mut |_| ())?;
    Ok((dataset, summary))
}

fn message(text: &str) -> String {
    read(text, AttributeOptions::default()).unwrap_err().to_string()
}

fn names(dataset: &Dataset, item: usize) -> Vec<&str> {
    let of_item = &dataset.attributes.of_item[item];
    assert!(of_item.is_sorted_by(|a, b| a < b));
    of_item.iter().map(|&index| dataset.attributes.entries[index as usize].name.as_str()).collect()
}

#[test]
fn ids_and_objects_become_attributes() {
    let text = r#"{
        "a": [3, "x", 3],
        "b": {"category": ["aa", "aa-1"], "brand": "Norvik", "price": 24.9, "colour": ["red", "blue"], "eco": true,
              "empty": null},
        "c": [7, {"category": "aa > aa-1 > aa-1-2"}]
    }"#;
    let (dataset, summary) = read(text, AttributeOptions::default()).unwrap();
    assert_eq!(names(&dataset, 0), ["attribute=3", "attribute=x"]);
    assert_eq!(
        names(&dataset, 1),
        ["aa", "aa-1", "Norvik", "price_band=20-50", "colour=red", "colour=blue", "eco=true"]
    );
    assert_eq!(names(&dataset, 2), ["aa", "aa-1", "aa-1-2", "attribute=7"]);
    assert_eq!(summary, AttributeSummary { described: 3, ..AttributeSummary::default() });
    for (index, entry) in dataset.attributes.entries.iter().enumerate() {
        assert!(entry.parent.is_none_or(|parent| (parent as usize) < index));
        assert_eq!(entry.parent.is_some(), entry.kind == AttributeKind::Category && entry.name != "aa");
    }
}

#[test]
fn unlisted_items_are_dropped_or_kept() {
    let text = r#"{"b": [1], "new": [2], "newer": [2]}"#;
    let (dropped, summary) = read(text, AttributeOptions::default()).unwrap();
    assert_eq!(dropped.items, ["a", "b", "c"]);
    assert_eq!(summary, AttributeSummary { described: 1, undescribed: 2, added: 0, dropped: 2 });
    assert_eq!(dropped.attributes.entries.len(), 1, "a dropped item leaves no attribute behind");
    let keep = AttributeOptions { unlisted: UnlistedItems::Keep, ..AttributeOptions::default() };
    let (kept, summary) = read(text, keep).unwrap();
    assert_eq!(kept.items, ["a", "b", "c", "new", "newer"]);
    assert_eq!(kept.attributes.of_item.len(), 5);
    assert_eq!(summary, AttributeSummary { described: 1, undescribed: 2, added: 2, dropped: 0 });
}

#[test]
fn one_name_under_two_parents_needs_paths() {
    let text =
        "{\"a\": {\"category\": [\"women\", \"shoes\"]},\n\"b\": {\"category\": [\"men\", \"shoes\"]}}";
    let error = message(text);
    assert!(error.starts_with("attributes file, line 2") && error.contains("read them as paths"), "{error}");
    let paths = AttributeOptions { category_nodes: CategoryNodes::Paths, ..AttributeOptions::default() };
    let (dataset, _) = read(text, paths).unwrap();
    assert_eq!(names(&dataset, 1), ["men", "men > shoes"]);
}

#[test]
fn malformed_json_is_refused_with_its_place() {
    assert_eq!(
        message("{\"a\": [1],\n \"b\" [2]}"),
        "attributes file, line 2, column 6: expected well-formed json in utf-8"
    );
    assert!(message("{\"a\": [1]").contains("well-formed json"));
    assert!(message("{\"a\": [1]} x").contains("well-formed json"));
    assert!(message("[1]").contains("an object with an item for each key"));
    assert!(message("").contains("well-formed json"));
    let deep = format!("{{\"a\": {}", "[".repeat(100_000));
    assert!(message(&deep).contains("well-formed json"), "no stack is exhausted");
}

#[test]
fn invalid_utf8_is_refused_with_its_line() {
    let mut dataset = log();
    let error = read_attributes_from(
        &b"{\n\"a\xff\": []}"[..],
        &AttributeOptions::default(),
        &mut dataset,
        &mut |_| (),
    );
    assert!(error.unwrap_err().to_string().starts_with("attributes file, line 2"));
}

#[test]
fn values_of_another_kind_are_refused_with_their_field() {
    for (value, expected) in [
        ("3", "column `attributes`: expected a list of attribute ids, or an object"),
        ("[null]", "column `attribute`: expected a list of attribute ids"),
        ("[\"\"]", "found nothing"),
        ("[true]", "found a boolean"),
        ("{\"brand\": 3}", "column `brand`: expected a text, found a whole number"),
        ("{\"brand\": \" \"}", "column `brand`: expected an id"),
        ("{\"price\": -1}", "column `price`: expected a number of at least 0, found a whole number"),
        ("{\"price\": \"9\"}", "column `price`: expected a number of at least 0, found text of 1 bytes"),
        ("{\"category\": 4.5}", "column `category`: expected a list of category ids, or a path"),
        ("{\"category\": [[]]}", "column `category`: expected a list of category ids, found a list of 0"),
        ("{\"size\": {\"a\": 1}}", "column `size`: expected a text, a number, a boolean or a list of those"),
    ] {
        let error = message(&format!("{{\"a\": [1],\n\"b\": {value}}}"));
        assert!(
            error.starts_with("attributes file, line 2,") && error.contains(expected),
            "{value}: {error}"
        );
    }
    assert!(message("{\"\": []}").contains("expected an id"));
}

#[test]
fn an_item_described_twice_is_refused() {
    assert_eq!(
        message("{\"a\": [1],\n\"a\": [2]}"),
        "attributes file, line 2: this item was described before"
    );
}

#[test]
fn a_description_without_end_is_refused() {
    let text = format!("{{\"a\": [\"{}\"]}}", "x".repeat(4 * MAX_LINE_BYTES));
    assert!(matches!(read(&text, AttributeOptions::default()), Err(InputError::TooLong { line: 1, .. })));
    let many = format!("{{{}\"a\": [1]}}", "\"some item\": [1, 2, 3],".repeat(200_000));
    assert!(read(&many, AttributeOptions::default()).is_ok(), "a long file of short descriptions is fine");
}

#[test]
fn a_failure_leaves_the_data_set_alone() {
    let mut dataset = log();
    let keep = AttributeOptions { unlisted: UnlistedItems::Keep, ..AttributeOptions::default() };
    let text = "{\"new\": [1], \"a\": 3}";
    assert!(read_attributes_from(text.as_bytes(), &keep, &mut dataset, &mut |_| ()).is_err());
    assert_eq!(dataset, log());
}
