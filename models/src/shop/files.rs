//! The generated shop's files, and the reader of catalogues.
//!
//! In: a [`Shop`], or a catalogue file of any shop. Out: `catalog.jsonl`, `log.csv`, `categories.json` and
//! `personas.json` that only appear when they are whole; or products.
//! Must never guess a field: an unknown or missing one is an error with its line and name.

use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Availability, Product, Shop};
use crate::dataset::{Interaction, InteractionKind};
use crate::input::{
    Column, Counted, DelimitedFormat, EXPECTED_ID, FileRole, InputError, Lines, LogFormat, Place, TimeUnit,
    ValueKind, id_problem, open,
};

/// One product a line, as JSON.
pub const CATALOG_FILE: &str = "catalog.jsonl";
/// The log: `user,item,event,time`, oldest event first.
pub const LOG_FILE: &str = "log.csv";
/// The category tree.
pub const CATEGORIES_FILE: &str = "categories.json";
/// The personas with their histories.
pub const PERSONAS_FILE: &str = "personas.json";

/// How `log.csv` is to be read with [`read_log`](crate::input::read_log).
#[must_use]
pub fn log_format() -> LogFormat {
    let format = DelimitedFormat::csv("user", "item").kind("event").time("time");
    LogFormat::Delimited(format.time_unit(TimeUnit::Milliseconds))
}

impl Shop {
    /// Writes the shop's four files into `folder`, which must exist; files of these names are replaced.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        write_whole(folder, CATALOG_FILE, |out| {
            for product in &self.products {
                serde_json::to_writer(&mut *out, product)?;
                out.write_all(b"\n")?;
            }
            Ok(())
        })?;
        write_whole(folder, LOG_FILE, |out| self.write_log(out))?;
        write_whole(folder, CATEGORIES_FILE, |out| write_json(out, &json!(self.categories)))?;
        write_whole(folder, PERSONAS_FILE, |out| write_json(out, &self.personas_as_json()))
    }

    fn write_log(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut events: Vec<(&Interaction, usize)> = Vec::new();
        for (user, sequence) in self.dataset.sequences.iter().enumerate() {
            events.extend(sequence.events.iter().map(|event| (event, user)));
        }
        events.sort_by_key(|(event, user)| (event.time_ms, *user));
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(["user", "item", "event", "time"])?;
        for (event, user) in events {
            let time = event.time_ms.map(|ms| ms.to_string()).unwrap_or_default();
            let user = &self.dataset.sequences[user].user;
            csv.write_record([user, &self.dataset.items[event.item as usize], word(event.kind), &time])?;
        }
        csv.flush()
    }

    fn personas_as_json(&self) -> Value {
        let event = |event: &Interaction| {
            json!({
                "item": self.dataset.items[event.item as usize],
                "event": word(event.kind),
                "time_ms": event.time_ms,
            })
        };
        let personas = self.personas.iter().map(|persona| {
            json!({
                "id": persona.sequence.user,
                "name": persona.name,
                "about": persona.about,
                "categories": persona.categories,
                "events": persona.sequence.events.iter().map(event).collect::<Vec<_>>(),
            })
        });
        Value::Array(personas.collect())
    }
}

fn write_json(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Writes beside the file and renames, so that a reader sees the old file or the whole new one.
pub(crate) fn write_whole(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = readable_by_others().tempfile_in(folder)?;
    let mut out = BufWriter::new(&mut file);
    write(&mut out)?;
    out.flush()?;
    drop(out);
    file.persist(folder.join(name))?;
    Ok(())
}

/// A temporary file that, once renamed, has a usual file's permissions and not a secret's.
fn readable_by_others() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder
}

/// The word for a kind in `log.csv`.
pub(crate) fn word(kind: InteractionKind) -> &'static str {
    match kind {
        InteractionKind::View => "view",
        InteractionKind::Cart => "add_to_cart",
        InteractionKind::Wishlist => "add_to_wishlist",
        InteractionKind::Purchase => "purchase",
    }
}

/// The products of a catalogue file, one JSON object a line with the fields of [`Product`], in file order.
///
/// `group_id` can be missing or `null`; `attributes` can be missing and holds texts, numbers and booleans. Every other
/// field must be there, and no others may. `progress` hears the bytes read so far. Blocks on disk.
///
/// # Errors
/// Whatever [`InputError`] lists; a field that is wrong is named as a column.
pub fn read_catalog(path: &Path, progress: &mut dyn FnMut(u64)) -> Result<Vec<Product>, InputError> {
    read_catalog_from(open(path, FileRole::Catalog)?, progress)
}

/// As [`read_catalog`], from any reader.
///
/// # Errors
/// As [`read_catalog`].
pub fn read_catalog_from(
    input: impl Read,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Product>, InputError> {
    let role = FileRole::Catalog;
    let mut lines = Lines::new(Counted::new(input, progress), role);
    let mut products: Vec<Product> = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    while let Some((line, text)) = lines.next()? {
        if text.trim().is_empty() {
            continue;
        }
        let value: Value = serde_json::from_str(text).map_err(|error| InputError::Json {
            role,
            line,
            column: Column::Number(error.column()),
            expected: "a well-formed json object on one line",
        })?;
        let product = product(value).map_err(|problem| InputError::Unexpected {
            role,
            at: Place::Line(line),
            column: Column::Name(problem.field),
            expected: problem.expected,
            found: problem.found,
        })?;
        if !ids.insert(product.id.clone()) {
            return Err(InputError::DuplicateItem { role, at: Place::Line(line) });
        }
        products.push(product);
    }
    Ok(products)
}

struct Problem {
    field: String,
    expected: &'static str,
    found: ValueKind,
}

impl Problem {
    fn new(field: &str, expected: &'static str, found: ValueKind) -> Self {
        Self { field: field.chars().take(64).collect(), expected, found }
    }
}

const FIELDS: &str = "only id, title, category, brand, price, currency, availability, created_at_ms, group_id and \
     attributes";

fn product(value: Value) -> Result<Product, Problem> {
    let Value::Object(mut fields) = value else {
        return Err(Problem::new("product", "an object", ValueKind::of_json(&value)));
    };
    let product = Product {
        id: take(&mut fields, "id", EXPECTED_ID, id)?,
        title: take(&mut fields, "title", "a text of at most 1000 bytes", |value| {
            value.as_str().filter(|text| text.len() <= 1000).map(str::to_owned)
        })?,
        category: take(&mut fields, "category", "a list of category ids, root first", |value| {
            value.as_array()?.iter().map(id).collect()
        })?,
        brand: take(&mut fields, "brand", EXPECTED_ID, id)?,
        price: take(&mut fields, "price", "a number of at least 0", |value| {
            value.as_f64().filter(|price| *price >= 0.0)
        })?,
        currency: take(&mut fields, "currency", "a code of three capital letters such as EUR", |value| {
            let code = value.as_str()?;
            (code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())).then(|| code.to_owned())
        })?,
        availability: take(&mut fields, "availability", "in_stock or out_of_stock", |value| {
            serde_json::from_value::<Availability>(value.clone()).ok()
        })?,
        created_at_ms: take(&mut fields, "created_at_ms", "milliseconds since 1970", Value::as_i64)?,
        group_id: optional(&mut fields, "group_id", EXPECTED_ID, id)?,
        attributes: optional(
            &mut fields,
            "attributes",
            "an object of texts, numbers or booleans",
            |value| {
                value.as_object()?.iter().map(|(key, value)| Some((key.clone(), plain(value)?))).collect()
            },
        )?
        .unwrap_or_default(),
    };
    for (key, value) in &product.attributes {
        if let Some(found) = id_problem(key).or_else(|| id_problem(&format!("{key}={value}"))) {
            return Err(Problem::new("attributes", "names and values of at most 255 bytes together", found));
        }
    }
    match fields.into_iter().next() {
        Some((field, value)) => Err(Problem::new(&field, FIELDS, ValueKind::of_json(&value))),
        None => Ok(product),
    }
}

fn take<T>(
    fields: &mut Map<String, Value>,
    field: &str,
    expected: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<T, Problem> {
    let value = fields.remove(field).ok_or_else(|| Problem::new(field, expected, ValueKind::Missing))?;
    read(&value).ok_or_else(|| Problem::new(field, expected, ValueKind::of_json(&value)))
}

fn optional<T>(
    fields: &mut Map<String, Value>,
    field: &str,
    expected: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, Problem> {
    match fields.get(field) {
        None | Some(Value::Null) => {
            fields.remove(field);
            Ok(None)
        }
        Some(_) => take(fields, field, expected, read).map(Some),
    }
}

fn id(value: &Value) -> Option<String> {
    value.as_str().filter(|text| id_problem(text).is_none()).map(str::to_owned)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
