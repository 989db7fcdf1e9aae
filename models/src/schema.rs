//! Whether a JSON document follows one of the schema files of this project.
//!
//! Knows the keywords of JSON Schema (draft 2020-12) that those files use and refuses any other, so that none is ignored. Stricter
//! in one point: a field that the schema does not name is a problem.

use std::collections::BTreeSet;

use serde_json::Value;

/// Checks `document`, called `name` in problems, against `schema`. Returns every property of the schema that was met, as
/// `definition.property`.
///
/// # Errors
/// The first problem, with its place.
pub fn check(schema: &Value, document: &Value, name: &str) -> Result<BTreeSet<String>, String> {
    let mut met = BTreeSet::new();
    value(schema, schema, document, name, &mut met)?;
    Ok(met)
}

/// Every property that the schema and its definitions name at their top, as [`check`] returns them.
#[must_use]
pub fn properties(schema: &Value, name: &str) -> BTreeSet<String> {
    let definitions = schema["$defs"].as_object().into_iter().flatten();
    std::iter::once((name, schema))
        .chain(definitions.map(|(name, schema)| (name.as_str(), schema)))
        .flat_map(|(at, schema)| {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(move |(property, _)| format!("{at}.{property}"))
        })
        .collect()
}

fn list<'a>(rule: &'a Value, at: &str) -> Result<&'a [Value], String> {
    rule.as_array().map(Vec::as_slice).ok_or_else(|| format!("{at}: the schema needs a list here"))
}

fn has_type(found: &Value, kind: &Value, at: &str) -> Result<bool, String> {
    Ok(match kind.as_str() {
        Some("object") => found.is_object(),
        Some("array") => found.is_array(),
        Some("string") => found.is_string(),
        Some("number") => found.is_number(),
        Some("integer") => found.is_u64() || found.is_i64(),
        Some("boolean") => found.is_boolean(),
        Some("null") => found.is_null(),
        _ => return Err(format!("{at}: the schema names an unknown type")),
    })
}

fn value(
    root: &Value,
    schema: &Value,
    found: &Value,
    at: &str,
    met: &mut BTreeSet<String>,
) -> Result<(), String> {
    let refuse = |what: &str| Err(format!("{at}: {what}"));
    for (keyword, rule) in schema.as_object().into_iter().flatten() {
        match keyword.as_str() {
            "$ref" => {
                let name = rule.as_str().and_then(|name| name.strip_prefix("#/$defs/"));
                let Some(name) = name.filter(|name| root["$defs"].get(name).is_some()) else {
                    return refuse("the schema refers to nothing");
                };
                value(root, &root["$defs"][name], found, name, met)?;
            }
            "anyOf" | "oneOf" => {
                let fitting =
                    list(rule, at)?.iter().filter(|option| value(root, option, found, at, met).is_ok());
                match fitting.count() {
                    0 => return refuse("none of the options fits"),
                    count if count > 1 && keyword == "oneOf" => return refuse("several options fit"),
                    _ => {}
                }
            }
            "type" => {
                let kinds = rule.as_array().map_or(std::slice::from_ref(rule), Vec::as_slice);
                let mut fits = false;
                for kind in kinds {
                    fits |= has_type(found, kind, at)?;
                }
                if !fits {
                    return refuse("another type");
                }
            }
            "properties" => {
                for (name, inner) in found.as_object().into_iter().flatten() {
                    met.insert(format!("{at}.{name}"));
                    match rule.get(name) {
                        Some(schema) => value(root, schema, inner, &format!("{at}.{name}"), met)?,
                        None => return refuse(&format!("the schema has no {name}")),
                    }
                }
            }
            "required" => {
                for name in list(rule, at)?.iter().filter_map(Value::as_str) {
                    if found.get(name).is_none() {
                        return refuse(&format!("{name} is missing"));
                    }
                }
            }
            // An unnamed property is refused where the named ones are looked at.
            "additionalProperties" if rule.is_boolean() => {}
            "additionalProperties" => {
                for inner in found.as_object().into_iter().flatten().map(|(_, inner)| inner) {
                    value(root, rule, inner, &format!("{at}[]"), met)?;
                }
            }
            "items" => {
                for inner in found.as_array().into_iter().flatten() {
                    value(root, rule, inner, &format!("{at}[]"), met)?;
                }
            }
            "const" if rule != found => return refuse("another value"),
            "enum" if !list(rule, at)?.contains(found) => return refuse("none of the values"),
            "minimum" | "exclusiveMinimum" if found.is_number() && found.as_f64() < rule.as_f64() => {
                return refuse("too small");
            }
            "maximum" if found.is_number() && found.as_f64() > rule.as_f64() => return refuse("too large"),
            "exclusiveMaximum" if found.is_number() && found.as_f64() >= rule.as_f64() => {
                return refuse("too large");
            }
            "const" | "enum" | "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum" => {}
            // for a validator proper
            "pattern" | "propertyNames" => {}
            "$schema" | "$id" | "title" | "description" | "$defs" => {}
            other => return refuse(&format!("the schema says `{other}`, which is not known here")),
        }
    }
    Ok(())
}
