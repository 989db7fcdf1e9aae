//! `schema/report.schema.json` and the types say the same.
//!
//! The checker refuses a field that is not in the schema, because the type has it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::sample::sample;
use crate::schema::{check, properties};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../schema/report.schema.json")).unwrap()
}

#[test]
fn every_field_of_the_type_is_in_the_schema_and_the_other_way_round() {
    let (schema, report) = (schema(), serde_json::to_value(sample()).unwrap());
    let met = check(&schema, &report, "report").unwrap();
    let unmet: Vec<_> = properties(&schema, "report").difference(&met).cloned().collect();
    assert_eq!(unmet, Vec::<String>::new(), "the schema names what no report has");
}

#[test]
fn what_the_schema_requires_is_what_reading_requires() {
    let (schema, report) = (schema(), serde_json::to_value(sample()).unwrap());
    let required: BTreeSet<&str> =
        schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for name in report.as_object().unwrap().keys() {
        let mut without = report.clone();
        without.as_object_mut().unwrap().remove(name);
        let reads = serde_json::from_value::<super::Report>(without).is_ok();
        // an optional field that is absent is none
        assert_eq!(!reads, required.contains(name.as_str()), "{name}");
    }
}

#[test]
fn the_checker_refuses() {
    let (schema, report) = (schema(), serde_json::to_value(sample()).unwrap());
    for (pointer, value) in [
        ("/version", json!(1)),
        ("/cases", json!(-1)),
        ("/metrics/hr@10/value", json!("x")),
        ("/comparisons/0/verdict", json!("maybe")),
        ("/statistics/confidence", json!(1.0)),
        ("/pack", json!([])),
        ("/worst_segment", json!(3)),
    ] {
        let mut changed = report.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert!(check(&schema, &changed, "report").is_err(), "{pointer}");
    }
}
