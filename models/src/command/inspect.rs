//! `tastekeeper inspect`: everything about a pack, or one of its items.
//!
//! A pack whose key is not known is shown as well, and says so: its contents are checked, its signature cannot be.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};
use tastekeeper::layout::{self, Section, header};
use tastekeeper::model::{AttributeKind, Model, ModelProblem};

use super::failure::Failure;
use super::output::{Output, plain};
use super::{files, keys};
use crate::pack::{SigningKey, resign};

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub(super) struct InspectArguments {
    /// The pack
    pack: PathBuf,
    /// Public key the pack must be signed with; by default the development key's, and any other is shown as unknown
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// Show an item: its rank, neighbours and attributes
    #[arg(long, value_name = "ID")]
    item: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Shows the pack.
pub(super) fn run(arguments: &InspectArguments, output: &mut Output) -> Result<(), Failure> {
    let bytes = files::read(&arguments.pack)?;
    let (model, signature) = open(arguments, &bytes)?;
    let mut shown = describe(&model, &bytes, signature);
    if let Some(id) = &arguments.item {
        let index = model.index_of(id).ok_or_else(|| {
            Failure::input(format!("{}: the pack has no such item", arguments.pack.display()))
        })?;
        shown.insert("item".to_owned(), item(&model, index));
    }
    if arguments.json {
        let text = serde_json::to_string_pretty(&Value::Object(shown)).map_err(Failure::operation)?;
        output.line(text);
    } else {
        print(&arguments.pack, &shown, output);
    }
    Ok(())
}

/// The model, and whether its signature was checked.
fn open(arguments: &InspectArguments, bytes: &[u8]) -> Result<(Model, &'static str), Failure> {
    let trusted = keys::trusted_keys(&arguments.key)?;
    match Model::open(bytes, &trusted) {
        Ok(model) => Ok((model, "valid")),
        Err(ModelProblem::UnknownKey) if arguments.key.is_empty() => {
            // opened under a key of the moment: the contents are checked in full, the signature is not
            let moment = SigningKey::from_random(&[1; 40]);
            let copy = resign(bytes, &moment).map_err(|error| Failure::in_file(&arguments.pack, &error))?;
            let model = Model::open(&copy, &[moment.public_key()])
                .map_err(|problem| keys::refused(&arguments.pack, &problem))?;
            Ok((model, "not checked: the key is not known; give it with --key"))
        }
        Err(problem) => Err(keys::refused(&arguments.pack, &problem)),
    }
}

/// Everything but items.
fn describe(model: &Model, bytes: &[u8], signature: &str) -> Map<String, Value> {
    let (info, parameters) = (model.info(), model.parameters());
    let number = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let minimum = layout::SdkVersion {
        major: number(header::MINIMUM_SDK),
        minor: number(header::MINIMUM_SDK + 2),
        patch: number(header::MINIMUM_SDK + 4),
    };
    let key = &bytes[bytes.len() - layout::TRAILER_BYTES + 2..][..8];
    let sections: Vec<Value> = sections(bytes)
        .into_iter()
        .map(|(kind, encoding, length)| {
            let name = Section::from_kind(kind).map_or_else(|| kind.to_string(), |s| s.name().to_owned());
            json!({"section": name, "kind": kind, "encoding": encoding, "bytes": length})
        })
        .collect();
    let summary = model.summary().map_or(Value::Null, |text| {
        serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
    });
    let shown = json!({
        "model_id": info.model_id,
        "label": info.label,
        "pack_version": info.pack_version,
        "created": files::date(info.created_day),
        "format": number(header::FORMAT),
        "minimum_sdk": minimum.to_string(),
        "signature": signature,
        "key_id": keys::key_id(std::array::from_fn(|place| key[place])),
        "digest": info.digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        "items": info.items,
        "dim": info.dim,
        "neighbours": info.neighbours,
        "attributes": info.attributes,
        "parameters": {
            "decay": plain(parameters.decay),
            "carry": plain(parameters.carry),
            "gain": plain(parameters.gain),
            "graph_weight": plain(parameters.graph_weight),
            "graph_decay": plain(parameters.graph_decay),
            "popularity_weight": plain(parameters.popularity_weight),
            "kind_weights": parameters.kind_weights.map(plain),
            "repeats": parameters.repeats,
        },
        "bytes": {
            "file": info.file_bytes,
            "model": info.model_bytes,
            "ids": info.id_bytes,
            "attributes": info.attribute_bytes,
        },
        "sections": sections,
        "summary": summary,
    });
    match shown {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Kind, encoding and length of each section; the reader has checked the table.
fn sections(bytes: &[u8]) -> Vec<(u32, u32, u64)> {
    let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|place| bytes[at + place]));
    let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|place| bytes[at + place]));
    (0..u32_at(header::SECTION_COUNT) as usize)
        .map(|entry| layout::HEADER_BYTES + entry * layout::ENTRY_BYTES)
        .map(|at| (u32_at(at), u32_at(at + 4), u64_at(at + 16)))
        .collect()
}

/// One item.
fn item(model: &Model, index: u32) -> Value {
    let id = |index: u32| model.id(index).unwrap_or_default();
    let mut vector = vec![0.0; model.dim()];
    model.write_vector(index, &mut vector);
    let norm: f32 = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    let neighbours: Vec<Value> = model
        .neighbours(index)
        .map(|(item, weight)| json!({"item": id(item), "weight": plain(weight)}))
        .collect();
    let attributes: Vec<Value> = model
        .item_attributes(index)
        .filter_map(|attribute| model.attribute(attribute))
        .map(|attribute| {
            let kind = match attribute.kind {
                AttributeKind::Category => "category",
                AttributeKind::Brand => "brand",
                AttributeKind::Other => "other",
            };
            json!({"kind": kind, "name": attribute.name})
        })
        .collect();
    json!({
        "id": id(index),
        "rank": index + 1,
        "popularity": plain(model.popularity(index)),
        "vector_norm": plain(norm),
        "neighbours": neighbours,
        "attributes": attributes,
    })
}

/// The same for people.
fn print(path: &Path, shown: &Map<String, Value>, output: &mut Output) {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut row = |name: &str, value: String| output.line(format_args!("{name:<18} {value}"));
    row("pack", path.display().to_string());
    for name in [
        "model_id",
        "label",
        "pack_version",
        "created",
        "format",
        "minimum_sdk",
        "signature",
        "key_id",
        "items",
        "dim",
        "neighbours",
        "attributes",
    ] {
        row(name, text(&shown[name]));
    }
    for group in ["parameters", "bytes"] {
        for (name, value) in shown[group].as_object().into_iter().flatten() {
            row(&format!("{group}.{name}"), text(value));
        }
    }
    for section in shown["sections"].as_array().into_iter().flatten() {
        row(
            &format!("  {}", text(&section["section"])),
            format!("{:>10} B, encoding {}", text(&section["bytes"]), section["encoding"]),
        );
    }
    if !shown["summary"].is_null() {
        row("summary", shown["summary"].to_string());
    }
    let Some(item) = shown.get("item") else { return };
    for name in ["id", "rank", "popularity", "vector_norm"] {
        row(&format!("item.{name}"), text(&item[name]));
    }
    for attribute in item["attributes"].as_array().into_iter().flatten() {
        row(&format!("  {}", text(&attribute["kind"])), text(&attribute["name"]));
    }
    for neighbour in item["neighbours"].as_array().into_iter().flatten() {
        let weight = neighbour["weight"].as_f64().unwrap_or_default();
        row("  neighbour", format!("{} {weight:.4}", text(&neighbour["item"])));
    }
}
