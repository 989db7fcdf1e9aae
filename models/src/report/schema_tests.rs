//! `schema/report.schema.json` and the types say the same.
//!
//! The checker knows the keywords that the schema uses and refuses any other. It is stricter than the schema in one point:
//! a field that is not in the schema is an error here, because the type has it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::sample::sample;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../schema/report.schema.json")).unwrap()
}

/// Checks `value`; notes every property of the schema that was met.
fn check(
    root: &Value,
    schema: &Value,
    value: &Value,
    at: &str,
    met: &mut BTreeSet<String>,
) -> Result<(), String> {
    let refuse = |what: &str| Err(format!("{at}: {what}"));
    for (keyword, rule) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                check(root, &root["$defs"][name], value, name, met)?;
            }
            "anyOf" => {
                let options = rule.as_array().unwrap();
                if !options.iter().any(|option| check(root, option, value, at, met).is_ok()) {
                    return refuse("none of the options fits");
                }
            }
            "type" => {
                let fits = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "number" => value.is_number(),
                    "integer" => value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("type {other}"),
                };
                if !fits {
                    return refuse("another type");
                }
            }
            "properties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    met.insert(format!("{at}.{name}"));
                    match rule.get(name) {
                        Some(schema) => check(root, schema, value, &format!("{at}.{name}"), met)?,
                        None => return refuse(&format!("the schema has no {name}")),
                    }
                }
            }
            "required" => {
                for name in rule.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        return refuse(&format!("{name} is missing"));
                    }
                }
            }
            "additionalProperties" => {
                for value in value.as_object().into_iter().flatten().map(|(_, value)| value) {
                    check(root, rule, value, &format!("{at}[]"), met)?;
                }
            }
            "items" => {
                for value in value.as_array().into_iter().flatten() {
                    check(root, rule, value, &format!("{at}[]"), met)?;
                }
            }
            "const" if rule != value => return refuse("another value"),
            "enum" if !rule.as_array().unwrap().contains(value) => return refuse("none of the values"),
            "minimum" | "exclusiveMinimum" if value.as_f64() < rule.as_f64() => return refuse("too small"),
            "exclusiveMaximum" if value.as_f64() >= rule.as_f64() => return refuse("too large"),
            "const" | "enum" | "minimum" | "exclusiveMinimum" | "exclusiveMaximum" => {}
            // checked by a validator proper, not here
            "pattern" | "propertyNames" => {}
            "$schema" | "title" | "description" | "$defs" => {}
            other => panic!("the checker does not know {other}"),
        }
    }
    Ok(())
}

/// Every property that the schema names.
fn named(root: &Value) -> BTreeSet<String> {
    let of = |schema: &Value, at: &str| -> Vec<String> {
        schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| format!("{at}.{name}"))
            .collect()
    };
    let mut out: BTreeSet<String> = of(root, "report").into_iter().collect();
    out.extend(root["$defs"].as_object().unwrap().iter().flat_map(|(name, schema)| of(schema, name)));
    out
}

#[test]
fn every_field_of_the_type_is_in_the_schema_and_the_other_way_round() {
    let (schema, report) = (schema(), serde_json::to_value(sample()).unwrap());
    let mut met = BTreeSet::new();
    check(&schema, &schema, &report, "report", &mut met).unwrap();
    let unmet: Vec<_> = named(&schema).difference(&met).cloned().collect();
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
        assert!(check(&schema, &schema, &changed, "report", &mut BTreeSet::new()).is_err(), "{pointer}");
    }
}
