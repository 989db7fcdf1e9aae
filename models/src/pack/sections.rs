//! The contents of every section, from a model that was validated.

use ndarray::{Array2, Axis};
use tastekeeper::layout::{self, Section, parameter as at};

use super::container::index32;
use super::quantize::{self, CodeRange, CodedRow, QueryMoments};
use super::{Built, PackOptions, VectorCodes, WeightBits};
use crate::trained::TrainedModel;

/// All sections, by ascending kind.
pub(super) fn build(model: &TrainedModel, options: &PackOptions) -> Vec<Built> {
    let longest = model.graph.iter().map(Vec::len).max().unwrap_or(0);
    let neighbours = longest.min(usize::from(options.neighbours));
    let max_scale = max_scale(&model.vectors, range(options.vectors));
    let edge_step = edge_step(model, neighbours, options.weight_bits);
    let (vectors, scales, residuals) = vectors(model, options, max_scale);
    let mut sections = vec![
        Built::plain(Section::Info, info(options)),
        Built::plain(Section::Parameters, parameters(model, neighbours, max_scale, edge_step)),
        Built::plain(Section::ItemIds, texts(model.items.iter().map(String::as_str), &[])),
        Built::plain(Section::ItemOrder, order(model.items.len(), |index| &model.items[index])),
        Built::plain(Section::Popularity, popularity(&model.counts)),
        vectors,
        Built::plain(Section::VectorScales, scales),
    ];
    if neighbours > 0 {
        sections.extend(neighbour_sections(model, neighbours, edge_step, options.weight_bits));
    }
    sections.push(Built::plain(Section::Matrix, scaled_rows(&model.matrix)));
    if !model.attributes.entries.is_empty() {
        sections.extend(attribute_sections(model));
    }
    if let Some(summary) = &options.summary {
        sections.push(Built::plain(Section::Summary, summary.clone().into_bytes()));
    }
    if model.items.len() >= options.signs_from_items as usize {
        sections.push(Built::plain(Section::Signs, signs(&model.vectors)));
    }
    if options.residuals {
        sections.push(Built::plain(Section::Residuals, residuals));
    }
    sections
}

fn info(options: &PackOptions) -> Vec<u8> {
    let length = |text: &str| u16::try_from(text.len()).expect("validation bounds both texts");
    let id_length = u8::try_from(options.model_id.len()).expect("validation bounds the model id");
    let mut bytes = vec![id_length];
    bytes.extend(length(&options.label).to_le_bytes());
    bytes.extend(options.model_id.as_bytes());
    bytes.extend(options.label.as_bytes());
    bytes
}

fn parameters(model: &TrainedModel, neighbours: usize, max_scale: f32, edge_step: f32) -> Vec<u8> {
    let mut block = vec![0; layout::PARAMETER_BYTES];
    let mut put = |at: usize, value: [u8; 4]| block[at..at + 4].copy_from_slice(&value);
    put(at::ITEMS, index32(model.items.len()).to_le_bytes());
    put(at::DIM, index32(model.vectors.ncols()).to_le_bytes());
    put(at::NEIGHBOURS, index32(neighbours).to_le_bytes());
    put(at::ATTRIBUTES, index32(model.attributes.entries.len()).to_le_bytes());
    put(at::MAX_SCALE, max_scale.to_le_bytes());
    put(at::EDGE_STEP, edge_step.to_le_bytes());
    let blend = &model.blend;
    put(at::DECAY, blend.decay.to_le_bytes());
    put(at::CARRY, blend.carry.to_le_bytes());
    put(at::GAIN, blend.gain.to_le_bytes());
    put(at::GRAPH_WEIGHT, blend.graph_weight.to_le_bytes());
    put(at::GRAPH_DECAY, blend.graph_decay.to_le_bytes());
    put(at::POPULARITY_WEIGHT, blend.popularity_weight.to_le_bytes());
    put(at::REPEATS, u32::from(blend.repeats).to_le_bytes());
    for (kind, weight) in blend.kind_weights.iter().enumerate() {
        put(at::KIND_WEIGHTS + 4 * kind, weight.to_le_bytes());
    }
    block
}

/// Offsets, `between`, text.
fn texts<'a>(names: impl Iterator<Item = &'a str>, between: &[u8]) -> Vec<u8> {
    let mut offsets = 0_u32.to_le_bytes().to_vec();
    let mut text: Vec<u8> = Vec::new();
    for name in names {
        text.extend(name.as_bytes());
        offsets.extend(index32(text.len()).to_le_bytes());
    }
    offsets.extend(between);
    offsets.extend(text);
    offsets
}

/// The indices `0..count`, sorted by their keys.
fn order<K: Ord>(count: usize, key: impl Fn(usize) -> K) -> Vec<u8> {
    let mut indices: Vec<usize> = (0..count).collect();
    indices.sort_by_key(|index| key(*index));
    indices.into_iter().flat_map(|index| index32(index).to_le_bytes()).collect()
}

fn popularity(counts: &[u64]) -> Vec<u8> {
    let most = counts.first().copied().unwrap_or(0);
    counts.iter().map(|count| layout::popularity_code(*count, most)).collect()
}

fn rows(matrix: &Array2<f32>) -> impl Iterator<Item = Vec<f32>> {
    matrix.rows().into_iter().map(|row| row.to_vec())
}

fn range(codes: VectorCodes) -> CodeRange {
    match codes {
        VectorCodes::Int4 => CodeRange::INT4,
        VectorCodes::Int8 => CodeRange::INT8,
    }
}

fn max_scale(vectors: &Array2<f32>, range: CodeRange) -> f32 {
    let largest = rows(vectors).map(|row| quantize::largest(&row)).fold(0.0, f32::max);
    if largest == 0.0 { 1.0 } else { largest / f32::from(range.most) }
}

/// The vectors, their scales, and their residuals.
fn vectors(model: &TrainedModel, options: &PackOptions, max_scale: f32) -> (Built, Vec<u8>, Vec<u8>) {
    let moments = QueryMoments::new(&model.vectors, &model.counts);
    let (mut bytes, mut scales, mut residual_bytes) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows(&model.vectors) {
        let CodedRow { codes, scale, residuals } =
            moments.row(&row, max_scale, range(options.vectors), options.residuals);
        let codes = codes.iter().map(|code| code.cast_unsigned());
        match options.vectors {
            VectorCodes::Int4 => bytes.extend(nibbles(codes.map(|code| code & 0x0f))),
            VectorCodes::Int8 => bytes.extend(codes),
        }
        scales.push(scale);
        residual_bytes.extend(residuals.chunks(8).map(|bits| byte(bits.iter().copied())));
    }
    let encoding = match options.vectors {
        VectorCodes::Int4 => layout::VECTORS_INT4,
        VectorCodes::Int8 => layout::VECTORS_INT8,
    };
    (Built { section: Section::Vectors, encoding, bytes }, scales, residual_bytes)
}

/// At most eight bits, the lowest one first.
fn byte(bits: impl DoubleEndedIterator<Item = bool>) -> u8 {
    bits.rev().fold(0, |byte, bit| byte << 1 | u8::from(bit))
}

/// A bit for each value above zero: blocks of rows, and in each the first bytes of all rows, then the second ones, and so on.
fn signs(vectors: &Array2<f32>) -> Vec<u8> {
    let row_bytes = vectors.ncols().div_ceil(8);
    let mut bytes = Vec::new();
    for block in vectors.axis_chunks_iter(Axis(0), layout::SIGN_ROWS) {
        let first = bytes.len();
        bytes.resize(first + layout::SIGN_ROWS * row_bytes, 0);
        for (place, row) in block.rows().into_iter().enumerate() {
            for (column, values) in row.to_vec().chunks(8).enumerate() {
                bytes[first + layout::SIGN_ROWS * column + place] =
                    byte(values.iter().map(|value| *value > 0.0));
            }
        }
    }
    bytes
}

/// Two values per byte, low nibble first; a missing last one is zero.
fn nibbles(values: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, value) in values.enumerate() {
        match bytes.last_mut() {
            Some(last) if index % 2 == 1 => *last |= value << 4,
            _ => bytes.push(value),
        }
    }
    bytes
}

fn edge_step(model: &TrainedModel, neighbours: usize, bits: WeightBits) -> f32 {
    if neighbours == 0 {
        return 0.0;
    }
    let levels = match bits {
        WeightBits::Four => 15.0,
        WeightBits::Eight => 255.0,
    };
    let strongest = model.graph.iter().flatten().map(|(_, weight)| *weight).fold(0.0, f32::max);
    (strongest / levels).max(layout::EDGE_STEP_RANGE.0)
}

fn neighbour_sections(model: &TrainedModel, slots: usize, step: f32, bits: WeightBits) -> [Built; 2] {
    let width = layout::neighbour_bits(index32(model.items.len()));
    let (mut ids, mut weights) = (Vec::new(), Vec::new());
    for edges in &model.graph {
        let values: Vec<f32> = edges.iter().take(slots).map(|(_, weight)| *weight).collect();
        let code_bits = match bits {
            WeightBits::Four => 4,
            WeightBits::Eight => 8,
        };
        let mut codes = quantize::linear_codes(&values, code_bits, step);
        codes.resize(slots, 0);
        // an edge too weak for the first step is dropped: its slot reads as unused
        let kept = edges.iter().zip(&codes).map(|((item, _), code)| if *code == 0 { 0 } else { *item });
        ids.extend(pack_row(kept.chain(std::iter::repeat(0)).take(slots), slots, width));
        match bits {
            WeightBits::Four => weights.extend(nibbles(codes.into_iter())),
            WeightBits::Eight => weights.extend(codes),
        }
    }
    let encoding = match bits {
        WeightBits::Four => layout::WEIGHTS_U4,
        WeightBits::Eight => layout::WEIGHTS_U8,
    };
    [
        Built { section: Section::Neighbours, encoding: width, bytes: ids },
        Built { section: Section::NeighbourWeights, encoding, bytes: weights },
    ]
}

/// `width` bits per value, least significant first, the row rounded up to bytes.
fn pack_row(values: impl Iterator<Item = u32>, count: usize, width: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity((count * width as usize).div_ceil(8));
    let (mut pending, mut filled) = (0_u64, 0);
    for value in values {
        pending |= u64::from(value) << filled;
        filled += width;
        while filled >= 8 {
            bytes.push(pending.to_le_bytes()[0]);
            pending >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        bytes.push(pending.to_le_bytes()[0]);
    }
    bytes
}

/// Exact scales of all rows, then their int8 codes.
fn scaled_rows(matrix: &Array2<f32>) -> Vec<u8> {
    let (mut scales, mut bytes) = (Vec::new(), Vec::new());
    for row in rows(matrix) {
        let (codes, scale) = quantize::int8_row_exact(&row);
        scales.extend(scale.to_le_bytes());
        bytes.extend(codes.iter().map(|code| code.cast_unsigned()));
    }
    scales.extend(bytes);
    scales
}

fn attribute_sections(model: &TrainedModel) -> [Built; 4] {
    let entries = &model.attributes.entries;
    let kinds: Vec<u8> = entries.iter().map(|entry| entry.kind as u8).collect();
    let mut table: Vec<u8> =
        entries.iter().flat_map(|entry| entry.parent.unwrap_or(layout::NO_PARENT).to_le_bytes()).collect();
    table.extend(texts(entries.iter().map(|entry| entry.name.as_str()), &kinds));
    let key = |index: usize| (kinds[index], entries[index].name.as_bytes());
    let wide = entries.len() > usize::from(u16::MAX) + 1;
    let mut lists = 0_u32.to_le_bytes().to_vec();
    let mut ids: Vec<u8> = Vec::new();
    let mut total = 0;
    for of_item in &model.attributes.of_item {
        for attribute in of_item {
            let bytes = attribute.to_le_bytes();
            ids.extend(&bytes[..if wide { 4 } else { 2 }]);
        }
        total += of_item.len();
        lists.extend(index32(total).to_le_bytes());
    }
    lists.extend(ids);
    let encoding = if wide { layout::ATTRIBUTE_IDS_U32 } else { layout::ATTRIBUTE_IDS_U16 };
    [
        Built::plain(Section::Attributes, table),
        Built::plain(Section::AttributeOrder, order(entries.len(), key)),
        Built { section: Section::ItemAttributes, encoding, bytes: lists },
        Built::plain(Section::AttributeVectors, scaled_rows(&model.attribute_vectors)),
    ]
}
