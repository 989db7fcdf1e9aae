//! One pass over every section at open: each invariant that later reads rely on, each with its own error.
//!
//! The lengths are already known to fit the shape.

use super::bytes::{element, f32_at, high, low};
use super::tables::{Tables, row};
use crate::error::ModelProblem;
use crate::layout::{self, Section};

/// Checks all sections.
pub(super) fn all(tables: &Tables) -> Result<(), ModelProblem> {
    info(tables)?;
    item_ids(tables)?;
    item_order(tables)?;
    popularity(tables)?;
    vectors(tables)?;
    if tables.shape.neighbours > 0 {
        neighbours(tables)?;
    }
    rows_with_scales(tables, Section::Matrix, tables.shape.dim, ModelProblem::BadMatrix)?;
    if tables.shape.attributes > 0 {
        attributes(tables)?;
        attribute_order(tables)?;
        item_attributes(tables)?;
        let problem = ModelProblem::BadAttributeVectors;
        rows_with_scales(tables, Section::AttributeVectors, tables.shape.attributes, problem)?;
    }
    summary(tables)?;
    signs(tables)?;
    residuals(tables)
}

/// Splits the info section into model id and label.
pub(super) fn split_info(section: &[u8]) -> Option<(&str, &str)> {
    let (&id_length, rest) = section.split_first()?;
    let (label_length, rest) = rest.split_first_chunk::<2>()?;
    let (id, label) = rest.split_at_checked(usize::from(id_length))?;
    if label.len() != usize::from(u16::from_le_bytes(*label_length)) {
        return None;
    }
    Some((str::from_utf8(id).ok()?, str::from_utf8(label).ok()?))
}

fn info(tables: &Tables) -> Result<(), ModelProblem> {
    let (id, label) = split_info(tables.section(Section::Info)).ok_or(ModelProblem::BadInfo)?;
    let control = id.chars().chain(label.chars()).any(char::is_control);
    let fits = (1..=layout::MAX_MODEL_ID_BYTES).contains(&id.len()) && label.len() <= layout::MAX_LABEL_BYTES;
    if control || !fits { Err(ModelProblem::BadInfo) } else { Ok(()) }
}

/// `count + 1` offsets from `offset(0) == 0`, each step in `1..=longest`, the last the length of `text`, and no
/// character split.
fn texts(
    section: Section,
    text: &[u8],
    count: u32,
    longest: u32,
    offset: impl Fn(usize) -> u32,
    problem: &ModelProblem,
) -> Result<(), ModelProblem> {
    if offset(0) != 0 || offset(count as usize) as usize != text.len() {
        return Err(problem.clone());
    }
    let text = str::from_utf8(text).map_err(|_| ModelProblem::NotUtf8 { section })?;
    let mut start = 0;
    for index in 1..=count as usize {
        let end = offset(index);
        match end.checked_sub(start) {
            Some(length) if (1..=longest).contains(&length) => {}
            _ => return Err(problem.clone()),
        }
        if end as usize > text.len() {
            return Err(problem.clone());
        }
        if !text.is_char_boundary(end as usize) {
            return Err(ModelProblem::NotUtf8 { section });
        }
        start = end;
    }
    Ok(())
}

fn item_ids(tables: &Tables) -> Result<(), ModelProblem> {
    let section = tables.section(Section::ItemIds);
    let items = tables.shape.items;
    let text = &section[(items as usize + 1) * 4..];
    let offset = |index: usize| element(section, index);
    texts(Section::ItemIds, text, items, layout::MAX_ID_BYTES, offset, &ModelProblem::BadItemIds)
}

/// The order is a permutation because what it names ascends strictly. Equal neighbours are `duplicate`.
fn order<K: Ord>(
    section: &[u8],
    count: u32,
    key: impl Fn(usize) -> K,
    problem: ModelProblem,
    duplicate: ModelProblem,
) -> Result<(), ModelProblem> {
    let mut previous: Option<(u32, K)> = None;
    for position in 0..count as usize {
        let index = element(section, position);
        if index >= count {
            return Err(problem);
        }
        let current = key(index as usize);
        if let Some((before, smaller)) = &previous {
            if *before == index {
                return Err(problem);
            }
            match smaller.cmp(&current) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Err(duplicate),
                std::cmp::Ordering::Greater => return Err(problem),
            }
        }
        previous = Some((index, current));
    }
    Ok(())
}

fn item_order(tables: &Tables) -> Result<(), ModelProblem> {
    order(
        tables.section(Section::ItemOrder),
        tables.shape.items,
        |index| tables.item_id(index),
        ModelProblem::BadItemOrder,
        ModelProblem::DuplicateItemId,
    )
}

fn popularity(tables: &Tables) -> Result<(), ModelProblem> {
    if tables.section(Section::Popularity).is_sorted_by(|more, less| more >= less) {
        Ok(())
    } else {
        Err(ModelProblem::BadPopularity)
    }
}

fn vectors(tables: &Tables) -> Result<(), ModelProblem> {
    let section = tables.section(Section::Vectors);
    let symmetric = if tables.int8_vectors {
        section.iter().all(|byte| *byte != 0x80)
    } else {
        section.iter().all(|byte| low(*byte) != -8 && high(*byte) != -8)
    };
    let odd = !tables.int8_vectors && !tables.shape.dim.is_multiple_of(2);
    let unused = odd && section.chunks_exact(tables.vector_row_bytes()).any(|row| row[row.len() - 1] > 0x0f);
    if symmetric && !unused { Ok(()) } else { Err(ModelProblem::BadVectors) }
}

fn neighbours(tables: &Tables) -> Result<(), ModelProblem> {
    let slots = tables.shape.neighbours as usize;
    let unused_bits = tables.neighbour_row_bytes() * 8 - slots * tables.neighbour_bits;
    let odd = !tables.u8_weights && slots % 2 == 1;
    for index in 0..tables.shape.items as usize {
        let ids = tables.neighbour_row(index);
        let weights = tables.weight_row(index);
        let mut stronger = u8::MAX;
        for slot in 0..slots {
            let weight = tables.weight(weights, slot);
            if weight > stronger {
                return Err(ModelProblem::BadNeighbourWeights);
            }
            stronger = weight;
            let neighbour = tables.neighbour(ids, slot);
            if neighbour >= tables.shape.items || (weight == 0 && neighbour != 0) {
                return Err(ModelProblem::BadNeighbours);
            }
        }
        if u32::from(ids[ids.len() - 1]) >> (8 - unused_bits) != 0 {
            return Err(ModelProblem::BadNeighbours);
        }
        if odd && weights[weights.len() - 1] > 0x0f {
            return Err(ModelProblem::BadNeighbourWeights);
        }
    }
    Ok(())
}

/// `rows` scales, then `rows` rows of int8.
fn rows_with_scales(
    tables: &Tables,
    section: Section,
    rows: u32,
    problem: ModelProblem,
) -> Result<(), ModelProblem> {
    let bytes = tables.section(section);
    let (lowest, highest) = layout::ROW_SCALE_RANGE;
    let scales = (0..rows as usize).map(|row| f32_at(bytes, row * 4));
    let codes = &bytes[rows as usize * 4..];
    if scales.into_iter().all(|scale| scale >= lowest && scale <= highest)
        && codes.iter().all(|byte| *byte != 0x80)
    {
        Ok(())
    } else {
        Err(problem)
    }
}

fn attributes(tables: &Tables) -> Result<(), ModelProblem> {
    let section = tables.section(Section::Attributes);
    let count = tables.shape.attributes;
    let text = &section[count as usize * 9 + 4..];
    let offset = |index: usize| element(section, count as usize + index);
    texts(Section::Attributes, text, count, layout::MAX_NAME_BYTES, offset, &ModelProblem::BadAttributes)?;
    for index in 0..count as usize {
        let kind = tables.attribute_kind(index);
        if kind > 2 {
            return Err(ModelProblem::BadAttributes);
        }
        let parent = tables.attribute_parent(index);
        if parent == layout::NO_PARENT {
            continue;
        }
        let before = (parent as usize) < index;
        if kind != 0 || !before || tables.attribute_kind(parent as usize) != 0 {
            return Err(ModelProblem::BadParent);
        }
    }
    Ok(())
}

fn attribute_order(tables: &Tables) -> Result<(), ModelProblem> {
    order(
        tables.section(Section::AttributeOrder),
        tables.shape.attributes,
        |index| (tables.attribute_kind(index), tables.attribute_name(index)),
        ModelProblem::BadAttributeOrder,
        ModelProblem::DuplicateAttribute,
    )
}

fn item_attributes(tables: &Tables) -> Result<(), ModelProblem> {
    let section = tables.section(Section::ItemAttributes);
    let items = tables.shape.items as usize;
    let width = tables.attribute_id_bytes();
    let total = (section.len() - (items + 1) * 4) / width;
    let mut start = element(section, 0);
    if start != 0 {
        return Err(ModelProblem::BadItemAttributes);
    }
    for index in 0..items {
        let end = element(section, index + 1);
        match end.checked_sub(start) {
            Some(count) if count <= layout::MAX_ATTRIBUTES_PER_ITEM && end as usize <= total => {}
            _ => return Err(ModelProblem::BadItemAttributes),
        }
        start = end;
        let ids = tables.item_attribute_row(index);
        let mut next = 0;
        for slot in 0..ids.len() / width {
            let attribute = tables.item_attribute(ids, slot);
            if attribute < next || attribute >= tables.shape.attributes {
                return Err(ModelProblem::BadItemAttributes);
            }
            next = attribute + 1;
        }
    }
    Ok(())
}

fn summary(tables: &Tables) -> Result<(), ModelProblem> {
    let section = tables.section(Section::Summary);
    if section.len() > layout::MAX_SUMMARY_BYTES {
        return Err(ModelProblem::TooLarge { what: "summary" });
    }
    match str::from_utf8(section) {
        Ok(_) => Ok(()),
        Err(_) => Err(ModelProblem::NotUtf8 { section: Section::Summary }),
    }
}

/// A bit is set where the code is above zero, and clear where it is below; of a value that became zero it may be either.
fn signs(tables: &Tables) -> Result<(), ModelProblem> {
    let (dim, items) = (tables.shape.dim as usize, tables.shape.items as usize);
    let (rows, row_bytes) = (tables.section(Section::Vectors), tables.vector_row_bytes());
    let blocks = tables.section(Section::Signs).chunks_exact(layout::SIGN_ROWS * tables.bit_row_bytes());
    for (block, bytes) in blocks.enumerate() {
        for (place, bytes) in bytes.chunks_exact(layout::SIGN_ROWS).enumerate() {
            let dims = 8 * place..dim.min(8 * place + 8);
            for (item, &bits) in (block * layout::SIGN_ROWS..).zip(bytes) {
                let (mut above, mut below) = (0, u8::MAX << (dims.len() - 1) << 1);
                if item < items {
                    let row = row(rows, item, row_bytes);
                    for (bit, dim) in dims.clone().enumerate() {
                        let code = match (tables.int8_vectors, dim % 2) {
                            (true, _) => row[dim].cast_signed(),
                            (false, 0) => low(row[dim / 2]),
                            (false, _) => high(row[dim / 2]),
                        };
                        above |= u8::from(code > 0) << bit;
                        below |= u8::from(code < 0) << bit;
                    }
                } else {
                    below = u8::MAX;
                }
                if bits & above != above || bits & below != 0 {
                    return Err(ModelProblem::BadSigns);
                }
            }
        }
    }
    Ok(())
}

/// Bits that stand for no value are zero.
fn residuals(tables: &Tables) -> Result<(), ModelProblem> {
    let row_bytes = tables.bit_row_bytes();
    let used = tables.shape.dim as usize - 8 * (row_bytes - 1);
    let unused = u8::MAX << (used - 1) << 1;
    let mut last_bytes = tables.section(Section::Residuals).iter().skip(row_bytes - 1).step_by(row_bytes);
    if last_bytes.all(|byte| byte & unused == 0) { Ok(()) } else { Err(ModelProblem::BadResiduals) }
}

/// One row of a section of int8 rows behind their scales: the scale and the codes.
pub(super) fn scaled_row(section: &[u8], rows: u32, dim: u32, index: usize) -> (f32, &[u8]) {
    let codes = &section[rows as usize * 4..];
    (f32_at(section, index * 4), row(codes, index, dim as usize))
}
