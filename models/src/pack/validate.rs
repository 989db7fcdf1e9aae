//! Every rule the format sets for a model and its options, checked with the field's name before anything is written.

use std::collections::HashSet;

use ndarray::Array2;
use tastekeeper::layout;

use super::{PackError, PackOptions};
use crate::dataset::{Attribute, AttributeKind};
use crate::trained::TrainedModel;

/// How far a row's squared L2 norm may be from 1.
const NORM_TOLERANCE: f64 = 1e-3;

fn invalid<T>(field: &'static str, reason: impl Into<String>) -> Result<T, PackError> {
    Err(PackError::InvalidModel { field, reason: reason.into() })
}

pub(super) fn options(options: &PackOptions) -> Result<(), PackError> {
    let fail = |field, reason: &str| Err(PackError::InvalidOption { field, reason: reason.to_owned() });
    if !(1..=layout::MAX_MODEL_ID_BYTES).contains(&options.model_id.len()) {
        return fail("model_id", "is not 1 to 64 bytes long");
    }
    if options.label.len() > layout::MAX_LABEL_BYTES {
        return fail("label", "is longer than 256 bytes");
    }
    if options.model_id.chars().any(char::is_control) {
        return fail("model_id", "holds a control character");
    }
    if options.label.chars().any(char::is_control) {
        return fail("label", "holds a control character");
    }
    if options.created_day > layout::MAX_DAY {
        return fail("created_day", "is not a number of days since 1970-01-01");
    }
    if options.summary.as_ref().is_some_and(|summary| summary.len() > layout::MAX_SUMMARY_BYTES) {
        return fail("summary", "is longer than 64 KiB");
    }
    if let Some(summary) = &options.summary
        && serde_json::from_str::<serde_json::Value>(summary).is_err()
    {
        return fail("summary", "is not JSON");
    }
    Ok(())
}

pub(super) fn model(model: &TrainedModel) -> Result<(), PackError> {
    items(model)?;
    let (items, dim) = (model.items.len(), model.vectors.ncols());
    if !(layout::MIN_DIM as usize..=layout::MAX_DIM as usize).contains(&dim) {
        return invalid("vectors", format!("have {dim} columns; 8 to 256 are possible"));
    }
    shape("vectors", &model.vectors, items, dim)?;
    shape("matrix", &model.matrix, dim, dim)?;
    shape("attribute_vectors", &model.attribute_vectors, model.attributes.entries.len(), dim)?;
    for (index, row) in model.vectors.rows().into_iter().enumerate() {
        let norm: f64 = row.iter().map(|value| f64::from(*value).powi(2)).sum();
        if norm > 0.0 && (norm - 1.0).abs() > NORM_TOLERANCE {
            return invalid(
                "vectors",
                format!("have an L2 norm of {:.4} in row {index}; 0 or 1 is possible", norm.sqrt()),
            );
        }
    }
    attributes(model)?;
    graph(model)?;
    blend(model)
}

fn items(model: &TrainedModel) -> Result<(), PackError> {
    let count = model.items.len();
    if count == 0 || count > layout::MAX_ITEMS as usize {
        return invalid("items", format!("are {count}; 1 to 16777216 are possible"));
    }
    for (index, id) in model.items.iter().enumerate() {
        if !(1..=layout::MAX_ID_BYTES as usize).contains(&id.len()) {
            return invalid(
                "items",
                format!("have an id of {} bytes at {index}; 1 to 256 are possible", id.len()),
            );
        }
    }
    if model.items.iter().map(String::len).sum::<usize>() > u32::MAX as usize {
        return invalid("items", "have more than 4 GiB of ids");
    }
    if model.items.iter().collect::<HashSet<_>>().len() != count {
        return invalid("items", "hold an id twice");
    }
    if model.counts.len() != count {
        return invalid("counts", format!("are {}, but there are {count} items", model.counts.len()));
    }
    for index in 1..count {
        let (before, after) = (model.counts[index - 1], model.counts[index]);
        if before < after || (before == after && model.items[index - 1] > model.items[index]) {
            return invalid(
                "items",
                format!("are not in rank order at {index}: count descending, then id ascending"),
            );
        }
    }
    Ok(())
}

fn shape(field: &'static str, matrix: &Array2<f32>, rows: usize, columns: usize) -> Result<(), PackError> {
    if matrix.dim() != (rows, columns) {
        let (found_rows, found_columns) = matrix.dim();
        return invalid(field, format!("are {found_rows} x {found_columns}, not {rows} x {columns}"));
    }
    let largest = layout::ROW_SCALE_RANGE.1 * 127.0;
    match matrix.indexed_iter().find(|(_, value)| !value.is_finite() || value.abs() > largest) {
        Some(((row, column), _)) => invalid(
            field,
            format!("hold a value that is not finite or too large at row {row}, column {column}"),
        ),
        None => Ok(()),
    }
}

fn attributes(model: &TrainedModel) -> Result<(), PackError> {
    let entries = &model.attributes.entries;
    if entries.len() > layout::MAX_ATTRIBUTES as usize {
        return invalid("attributes.entries", "are more than 16777216");
    }
    if entries.iter().map(|entry| entry.name.len()).sum::<usize>() > u32::MAX as usize {
        return invalid("attributes.entries", "have more than 4 GiB of names");
    }
    let mut names = HashSet::new();
    for (index, entry) in entries.iter().enumerate() {
        if !(1..=layout::MAX_NAME_BYTES as usize).contains(&entry.name.len()) {
            return invalid(
                "attributes.entries",
                format!("have a name at {index} that is not 1 to 1024 bytes long"),
            );
        }
        if !names.insert((entry.kind, &entry.name)) {
            return invalid("attributes.entries", format!("hold the kind and name of {index} twice"));
        }
        if !has_sound_parent(entries, index) {
            return invalid(
                "attributes.entries",
                format!("have a parent at {index} that is not an earlier category, or a child that is none"),
            );
        }
    }
    let of_item = &model.attributes.of_item;
    if of_item.len() != model.items.len() && !(entries.is_empty() && of_item.is_empty()) {
        return invalid(
            "attributes.of_item",
            format!("is {} lists for {} items", of_item.len(), model.items.len()),
        );
    }
    for (index, list) in of_item.iter().enumerate() {
        let ascending = list.is_sorted_by(|before, after| before < after);
        if !ascending || list.last().is_some_and(|last| *last as usize >= entries.len()) {
            return invalid(
                "attributes.of_item",
                format!("does not ascend or names no attribute in list {index}"),
            );
        }
        if list.len() > layout::MAX_ATTRIBUTES_PER_ITEM as usize {
            return invalid("attributes.of_item", format!("has more than 1024 attributes in list {index}"));
        }
    }
    Ok(())
}

fn has_sound_parent(entries: &[Attribute], index: usize) -> bool {
    let is_category = |entry: &Attribute| entry.kind == AttributeKind::Category;
    entries[index].parent.is_none_or(|parent| {
        (parent as usize) < index && is_category(&entries[index]) && is_category(&entries[parent as usize])
    })
}

fn graph(model: &TrainedModel) -> Result<(), PackError> {
    let items = model.items.len();
    if model.graph.len() != items {
        return invalid("graph", format!("has {} rows for {items} items", model.graph.len()));
    }
    let largest = layout::EDGE_STEP_RANGE.1;
    let mut targets = Vec::new();
    for (index, row) in model.graph.iter().enumerate() {
        if row.iter().any(|(item, _)| *item as usize >= items) {
            return invalid("graph", format!("names no item in row {index}"));
        }
        if row.iter().any(|(_, weight)| !(*weight > 0.0 && *weight <= largest)) {
            return invalid("graph", format!("has a weight outside 0..=1e6 in row {index}"));
        }
        if !row.is_sorted_by(|before, after| before.1 >= after.1) {
            return invalid("graph", format!("is not strongest first in row {index}"));
        }
        targets.clear();
        targets.extend(row.iter().map(|(item, _)| *item));
        targets.sort_unstable();
        if targets.windows(2).any(|pair| pair[0] == pair[1]) {
            return invalid("graph", format!("names an item twice in row {index}"));
        }
    }
    Ok(())
}

fn blend(model: &TrainedModel) -> Result<(), PackError> {
    let blend = &model.blend;
    let scalars = [
        ("blend.decay", blend.decay, layout::DECAY_RANGE),
        ("blend.carry", blend.carry, layout::CARRY_RANGE),
        ("blend.gain", blend.gain, layout::GAIN_RANGE),
        ("blend.graph_weight", blend.graph_weight, layout::WEIGHT_RANGE),
        ("blend.graph_decay", blend.graph_decay, layout::DECAY_RANGE),
        ("blend.popularity_weight", blend.popularity_weight, layout::WEIGHT_RANGE),
    ];
    let kinds = blend.kind_weights.map(|weight| ("blend.kind_weights", weight, layout::KIND_WEIGHT_RANGE));
    for (field, value, (lowest, highest)) in scalars.into_iter().chain(kinds) {
        if !(value >= lowest && value <= highest) {
            return invalid(field, format!("is {value}; {lowest} to {highest} is possible"));
        }
    }
    Ok(())
}
