//! Attributes by item, from JSON.
//!
//! In: `{"item": [1, "x"], "other": {"category": ["aa", "aa-1"], "brand": "b", "price": 9.5, "colour": "red"}}`.
//! Out: the attribute table of a [`Dataset`]. Must never change a data set when it fails, nor hold more of the file
//! than the description of one item.

use std::io::{BufReader, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::Value;

use super::builder::{AttributeBuilder, ITEMS, ItemDescription, Names, Refused};
use super::counted::{BUFFER_BYTES, Budget, Counted};
use super::error::{Column, EXPECTED_ID, FileRole, InputError, Place, ValueKind, id_problem};
use super::{MAX_LINE_BYTES, open};
use crate::dataset::{AttributeTable, Dataset};

/// What happens to described items that never occur in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnlistedItems {
    /// They are left out. The default: a model knows items by their interactions, and a phone builds the vector of a
    /// new item from the catalogue, so nothing is lost.
    #[default]
    Drop,
    /// They become items without events, after those of the log, in file order.
    Keep,
}

/// What the parts of a category path are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CategoryNodes {
    /// Ids: each part names a node by itself and has one parent in the whole file.
    #[default]
    Ids,
    /// Names: `Shoes` under `Women` and under `Men` are two nodes, `Women > Shoes` and `Men > Shoes`.
    Paths,
}

/// How descriptions are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttributeOptions {
    /// Items that never occur in the log.
    pub unlisted: UnlistedItems,
    /// What the parts of a category path are.
    pub category_nodes: CategoryNodes,
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttributeSummary {
    /// Items of the log that have a description.
    pub described: usize,
    /// Items of the log that have none.
    pub undescribed: usize,
    /// Items that only the descriptions know, added to the data set.
    pub added: usize,
    /// Items that only the descriptions know, left out.
    pub dropped: usize,
}

/// Replaces the attributes of `dataset` by those of the JSON file at `path`.
///
/// The file is one object; a key is an item, a value a list of attribute ids (numbers or texts; `7` becomes the
/// attribute `attribute=7`) and objects, or one object. In an object `category` is a path (a list, or a text separated
/// by `>` or `/`), `brand` a text, `price` a number (it becomes a [`price_band`](super::price_band)), and any other field a
/// text, number, boolean or a list of those, which becomes `key=value`. Blocks on disk.
///
/// # Errors
/// Whatever [`InputError`] lists; `dataset` is then as it was.
pub fn read_attributes(
    path: &Path,
    options: &AttributeOptions,
    dataset: &mut Dataset,
    progress: &mut dyn FnMut(u64),
) -> Result<AttributeSummary, InputError> {
    read_attributes_from(open(path, FileRole::Attributes)?, options, dataset, progress)
}

/// As [`read_attributes`], from any reader.
///
/// # Errors
/// As [`read_attributes`].
pub fn read_attributes_from(
    input: impl Read,
    options: &AttributeOptions,
    dataset: &mut Dataset,
    progress: &mut dyn FnMut(u64),
) -> Result<AttributeSummary, InputError> {
    let role = FileRole::Attributes;
    let input = Counted::new(input, progress);
    let budget = input.budget();
    let mut descriptions = Descriptions::new(*options, dataset);
    let mut failure = None;
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(BUFFER_BYTES, input));
    let visitor = Items { budget: &budget, descriptions: &mut descriptions, failure: &mut failure };
    let result = json.deserialize_map(visitor).and_then(|()| json.end());
    if let Err(error) = result {
        let line = error.line() as u64;
        let column = Column::Number(error.column());
        return Err(match (failure, error.classify()) {
            (Some(failure), _) => failure.at(role, Place::Line(line), column),
            (None, serde_json::error::Category::Io) if budget.is_spent() => {
                InputError::TooLong { role, line, limit: MAX_LINE_BYTES }
            }
            (None, serde_json::error::Category::Io) => InputError::Io { role, line, source: error.into() },
            (None, serde_json::error::Category::Data) => {
                InputError::Json { role, line, column, expected: "an object with an item for each key" }
            }
            (None, _) => InputError::Json { role, line, column, expected: "well-formed json in utf-8" },
        });
    }
    Ok(descriptions.finish(dataset))
}

/// Replaces the attributes of `dataset` by the given descriptions, as [`read_attributes`] does with a file's.
///
/// # Errors
/// [`InputError::DuplicateItem`], [`InputError::CategoryConflict`] or [`InputError::TooMany`], where the line is the
/// 1-based position among the descriptions; `dataset` is then as it was.
pub fn describe_items<'a>(
    dataset: &mut Dataset,
    unlisted: UnlistedItems,
    items: impl IntoIterator<Item = (&'a str, ItemDescription)>,
) -> Result<AttributeSummary, InputError> {
    let options = AttributeOptions { unlisted, category_nodes: CategoryNodes::Ids };
    let mut descriptions = Descriptions::new(options, dataset);
    for (position, (id, item)) in items.into_iter().enumerate() {
        let column = || Column::Name("category".to_owned());
        descriptions
            .add(id, item)
            .map_err(|failure| failure.at(FileRole::Catalog, Place::Line(position as u64 + 1), column()))?;
    }
    Ok(descriptions.finish(dataset))
}

/// What is wrong, before it is known where.
#[derive(Debug)]
pub(super) enum Failure {
    Unexpected { field: Option<String>, expected: &'static str, found: ValueKind },
    Duplicate,
    Refused(Refused),
}

impl Failure {
    fn new(field: &str, expected: &'static str, found: ValueKind) -> Self {
        // Field names of an object can be as long as a record; an error need not.
        let field = (field.len() <= 64).then(|| field.to_owned());
        Self::Unexpected { field, expected, found }
    }

    pub(super) fn at(self, role: FileRole, at: Place, column: Column) -> InputError {
        match self {
            Self::Unexpected { field, expected, found } => {
                let column = field.map_or(column, Column::Name);
                InputError::Unexpected { role, at, column, expected, found }
            }
            Self::Duplicate => InputError::DuplicateItem { role, at },
            Self::Refused(Refused::Full(full)) => full.at(role, at),
            Self::Refused(Refused::Conflict) => InputError::CategoryConflict { role, at, column },
        }
    }
}

/// Collects descriptions next to a data set without touching it.
pub(super) struct Descriptions {
    options: AttributeOptions,
    items: Names,
    of_log: usize,
    of_item: Vec<Option<Vec<u32>>>,
    attributes: AttributeBuilder,
    dropped: usize,
}

impl Descriptions {
    pub(super) fn new(options: AttributeOptions, dataset: &Dataset) -> Self {
        let of_log = dataset.items.len();
        Self {
            options,
            items: Names::of(&dataset.items),
            of_log,
            of_item: vec![None; of_log],
            attributes: AttributeBuilder::default(),
            dropped: 0,
        }
    }

    pub(super) fn add(&mut self, item: &str, mut description: ItemDescription) -> Result<(), Failure> {
        let index = match (self.items.get(item), self.options.unlisted) {
            (Some(index), _) => index as usize,
            (None, UnlistedItems::Drop) => {
                self.dropped += 1;
                return Ok(());
            }
            (None, UnlistedItems::Keep) => {
                self.of_item.push(None);
                self.items.number(item, ITEMS).map_err(|full| Failure::Refused(full.into()))? as usize
            }
        };
        if self.of_item[index].is_some() {
            return Err(Failure::Duplicate);
        }
        if self.options.category_nodes == CategoryNodes::Paths {
            for depth in 1..description.category.len() {
                description.category[depth] =
                    format!("{} > {}", description.category[depth - 1], description.category[depth]);
            }
            if let Some(found) = description.category.last().and_then(|path| id_problem(path)) {
                return Err(Failure::new("category", "a path of at most 256 bytes", found));
            }
        }
        self.of_item[index] = Some(self.attributes.describe(&description).map_err(Failure::Refused)?);
        Ok(())
    }

    pub(super) fn finish(self, dataset: &mut Dataset) -> AttributeSummary {
        let described = self.of_item[..self.of_log].iter().flatten().count();
        let added = self.of_item.len() - self.of_log;
        dataset.items = self.items.into_names();
        let of_item = self.of_item.into_iter().map(Option::unwrap_or_default).collect();
        dataset.attributes = AttributeTable { entries: self.attributes.finish(), of_item };
        AttributeSummary { described, undescribed: self.of_log - described, added, dropped: self.dropped }
    }
}

/// The outermost object, item by item.
struct Items<'a> {
    budget: &'a Budget,
    descriptions: &'a mut Descriptions,
    failure: &'a mut Option<Failure>,
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with an item for each key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.budget.renew();
        while let Some(item) = map.next_key::<String>()? {
            let mut fail = |failure| {
                *self.failure = Some(failure);
                A::Error::custom("refused")
            };
            if let Some(found) = id_problem(&item) {
                return Err(fail(Failure::Unexpected { field: None, expected: EXPECTED_ID, found }));
            }
            let value = map.next_value_seed(AnyValue)?;
            let description =
                describe(&value).and_then(|description| self.descriptions.add(&item, description));
            description.map_err(fail)?;
            self.budget.renew();
        }
        Ok(())
    }
}

struct AnyValue;

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

const EXPECTED_VALUE: &str = "a list of attribute ids, or an object with category, brand, price and others";

/// The description a JSON value stands for.
fn describe(value: &Value) -> Result<ItemDescription, Failure> {
    let mut description = ItemDescription::default();
    match value {
        Value::Array(parts) => {
            for part in parts {
                match part {
                    Value::Object(_) => describe_object(part, &mut description)?,
                    _ => description
                        .others
                        .push(format!("attribute={}", word("attribute", part, EXPECTED_VALUE)?)),
                }
            }
        }
        Value::Object(_) => describe_object(value, &mut description)?,
        _ => return Err(Failure::new("attributes", EXPECTED_VALUE, ValueKind::of_json(value))),
    }
    Ok(description)
}

fn describe_object(value: &Value, description: &mut ItemDescription) -> Result<(), Failure> {
    for (key, value) in value.as_object().into_iter().flatten() {
        let unexpected = |expected| Failure::new(key, expected, ValueKind::of_json(value));
        match (key.as_str(), value) {
            (_, Value::Null) => {}
            ("category", Value::Array(nodes)) => {
                for node in nodes {
                    description.category.push(word(key, node, "a list of category ids")?);
                }
            }
            ("category", Value::String(path)) => description.category.extend(split_path(path)),
            ("category", _) => return Err(unexpected("a list of category ids, or a path")),
            ("brand", Value::String(_)) => description.brand = Some(word(key, value, EXPECTED_ID)?),
            ("brand", _) => return Err(unexpected("a text")),
            ("price", _) => {
                let price = value.as_f64().filter(|price| *price >= 0.0);
                description.price = Some(price.ok_or_else(|| unexpected("a number of at least 0"))?);
            }
            (_, Value::Array(values)) => {
                for value in values {
                    description.others.push(other(key, &word(key, value, EXPECTED_OTHER)?)?);
                }
            }
            (_, Value::Bool(flag)) => description.others.push(other(key, &flag.to_string())?),
            _ => description.others.push(other(key, &word(key, value, EXPECTED_OTHER)?)?),
        }
    }
    Ok(())
}

const EXPECTED_OTHER: &str = "a text, a number, a boolean or a list of those";

/// An id out of a text or a number.
fn word(field: &str, value: &Value, expected: &'static str) -> Result<String, Failure> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return Err(Failure::new(field, expected, ValueKind::of_json(value))),
    };
    match id_problem(&text) {
        None => Ok(text),
        Some(found) => Err(Failure::new(field, EXPECTED_ID, found)),
    }
}

/// `key=value`, if it can be an attribute's name.
pub(super) fn other(key: &str, value: &str) -> Result<String, Failure> {
    let name = format!("{key}={value}");
    match id_problem(&name) {
        None => Ok(name),
        Some(found) => Err(Failure::new(key, "a field name and value of at most 255 bytes together", found)),
    }
}

/// The parts of `a > b > c` or `a/b/c`; a path with a `>` is not split at `/`.
pub(super) fn split_path(path: &str) -> impl Iterator<Item = String> {
    let separator = if path.contains('>') { '>' } else { '/' };
    path.split(separator).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned)
}

#[cfg(test)]
#[path = "attributes_tests.rs"]
mod tests;
