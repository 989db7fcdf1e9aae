//! The sections of one pack: which exist, how long they must be, and how a row of each is found.
//!
//! Lengths follow from the shape, so that no later read can leave its section. What contents say of other contents (offsets,
//! indices) was checked once, but a mapped file can change: reads that follow them give something for anything they find.

use super::bytes::{array_at, element, nibble, packed, u32_at};
use super::container::{Container, Entry};
use super::file::PackBytes;
use super::parameters::{self, Parameters, Shape};
use crate::error::{ModelProblem, Requirement};
use crate::layout::{self, Section};

/// The bytes of a pack with the place of every section and its encoding.
pub(super) struct Tables {
    pub(super) bytes: PackBytes,
    places: [(usize, usize); Section::ALL.len()],
    pub(super) shape: Shape,
    pub(super) int8_vectors: bool,
    pub(super) neighbour_bits: usize,
    pub(super) u8_weights: bool,
    pub(super) wide_attribute_ids: bool,
}

impl Tables {
    /// Finds the sections and checks encodings and lengths.
    pub(super) fn new(bytes: PackBytes, container: &Container) -> Result<(Self, Parameters), ModelProblem> {
        let block = container.require(Section::Parameters)?;
        plain(Section::Parameters, block)?;
        if block.end - block.start != layout::PARAMETER_BYTES {
            return Err(ModelProblem::BadSectionLength { section: Section::Parameters });
        }
        let (shape, parameters) = parameters::parse(&bytes[block.start..block.end])?;
        let mut places = [(0, 0); Section::ALL.len()];
        let mut encodings = [layout::PLAIN; Section::ALL.len()];
        for section in Section::ALL {
            let needed = match section {
                Section::Neighbours | Section::NeighbourWeights => shape.neighbours > 0,
                Section::Attributes
                | Section::AttributeOrder
                | Section::ItemAttributes
                | Section::AttributeVectors => shape.attributes > 0,
                Section::Summary | Section::Signs | Section::Residuals => container.find(section).is_some(),
                _ => true,
            };
            if needed {
                let entry = container.require(section)?;
                places[section.position()] = (entry.start, entry.end);
                encodings[section.position()] = entry.encoding;
                check_encoding(section, entry)?;
            } else if container.find(section).is_some() {
                return Err(ModelProblem::UnexpectedSection { section });
            }
        }
        let encoding = |section: Section| encodings[section.position()];
        let tables = Self {
            bytes,
            places,
            shape,
            int8_vectors: encoding(Section::Vectors) == layout::VECTORS_INT8,
            neighbour_bits: encoding(Section::Neighbours) as usize,
            u8_weights: encoding(Section::NeighbourWeights) == layout::WEIGHTS_U8,
            wide_attribute_ids: encoding(Section::ItemAttributes) == layout::ATTRIBUTE_IDS_U32,
        };
        for section in Section::ALL {
            if let Some(expected) = tables.expected_bytes(section)
                && tables.section(section).len() as u64 != expected
            {
                return Err(ModelProblem::BadSectionLength { section });
            }
        }
        Ok((tables, parameters))
    }

    /// The length that the shape (and, for lists, the last offset) gives a section; `None` where it is free.
    fn expected_bytes(&self, section: Section) -> Option<u64> {
        let items = u64::from(self.shape.items);
        let dim = u64::from(self.shape.dim);
        let attributes = u64::from(self.shape.attributes);
        let expected = match section {
            Section::Info | Section::Summary => return None,
            Section::Parameters => layout::PARAMETER_BYTES as u64,
            Section::ItemIds => self.list_bytes(section, 0, items, 1, 0),
            Section::ItemOrder => items * 4,
            Section::Popularity | Section::VectorScales => items,
            Section::Vectors if self.int8_vectors => items * dim,
            Section::Vectors => items * dim.div_ceil(2),
            Section::Matrix => dim * (dim + 4),
            _ if self.is_absent(section) => 0,
            Section::Neighbours => items * self.neighbour_row_bytes() as u64,
            Section::NeighbourWeights => items * self.weight_row_bytes() as u64,
            Section::Attributes => self.list_bytes(section, attributes * 4, attributes, 1, attributes),
            Section::AttributeOrder => attributes * 4,
            Section::ItemAttributes => {
                self.list_bytes(section, 0, items, self.attribute_id_bytes() as u64, 0)
            }
            Section::AttributeVectors => attributes * (dim + 4),
            Section::Signs => items.next_multiple_of(layout::SIGN_ROWS as u64) * self.bit_row_bytes() as u64,
            Section::Residuals => items * self.bit_row_bytes() as u64,
        };
        Some(expected)
    }

    /// Length of a section that holds `before` bytes, `count + 1` offsets, `between` bytes, and as many elements of
    /// `width` bytes as the last offset says. `u64::MAX`, which no section has, if it ends before that offset.
    fn list_bytes(&self, section: Section, before: u64, count: u64, width: u64, between: u64) -> u64 {
        let bytes = self.section(section);
        let last = before + count * 4;
        match usize::try_from(last) {
            Ok(at) if last + 4 <= bytes.len() as u64 => {
                last + 4 + between + u64::from(u32_at(bytes, at)) * width
            }
            _ => u64::MAX,
        }
    }

    fn is_absent(&self, section: Section) -> bool {
        self.places[section.position()] == (0, 0)
    }

    /// The bytes of a section; none if the pack does not have it.
    #[inline]
    pub(super) fn section(&self, section: Section) -> &[u8] {
        let (start, end) = self.places[section.position()];
        &self.bytes[start..end]
    }

    /// The whole file's length.
    pub(super) fn file_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of the id of item `index`.
    pub(super) fn item_id(&self, index: usize) -> &[u8] {
        let section = self.section(Section::ItemIds);
        listed(section, (self.shape.items as usize + 1) * 4, 1, [index, index + 1])
    }

    /// Bytes of one item's vector.
    #[inline]
    pub(super) fn vector_row_bytes(&self) -> usize {
        let dim = self.shape.dim as usize;
        if self.int8_vectors { dim } else { dim.div_ceil(2) }
    }

    /// Bytes of a bit for each value of one item: its signs, its residuals.
    pub(super) fn bit_row_bytes(&self) -> usize {
        (self.shape.dim as usize).div_ceil(8)
    }

    /// Bytes of one item's neighbour ids.
    pub(super) fn neighbour_row_bytes(&self) -> usize {
        (self.shape.neighbours as usize * self.neighbour_bits).div_ceil(8)
    }

    /// Bytes of one item's neighbour weights.
    pub(super) fn weight_row_bytes(&self) -> usize {
        let slots = self.shape.neighbours as usize;
        if self.u8_weights { slots } else { slots.div_ceil(2) }
    }

    /// The neighbour ids of item `index`, packed.
    pub(super) fn neighbour_row(&self, index: usize) -> &[u8] {
        row(self.section(Section::Neighbours), index, self.neighbour_row_bytes())
    }

    /// The neighbour weights of item `index`, packed.
    pub(super) fn weight_row(&self, index: usize) -> &[u8] {
        row(self.section(Section::NeighbourWeights), index, self.weight_row_bytes())
    }

    /// The item in `slot` of a row of [`Tables::neighbour_row`], as the file has it.
    #[inline]
    pub(super) fn neighbour(&self, row: &[u8], slot: usize) -> u32 {
        packed(row, slot, self.neighbour_bits)
    }

    /// The weight code in `slot` of a row of [`Tables::weight_row`].
    #[inline]
    pub(super) fn weight(&self, row: &[u8], slot: usize) -> u8 {
        if self.u8_weights { row[slot] } else { nibble(row, slot) }
    }

    /// Parent of attribute `index`, or [`layout::NO_PARENT`], as the file has it.
    pub(super) fn attribute_parent(&self, index: usize) -> u32 {
        element(self.section(Section::Attributes), index)
    }

    /// Kind of attribute `index`.
    pub(super) fn attribute_kind(&self, index: usize) -> u8 {
        let count = self.shape.attributes as usize;
        self.section(Section::Attributes)[count * 8 + 4 + index]
    }

    /// Bytes of the name of attribute `index`.
    pub(super) fn attribute_name(&self, index: usize) -> &[u8] {
        let section = self.section(Section::Attributes);
        let count = self.shape.attributes as usize;
        listed(section, count * 9 + 4, 1, [count + index, count + index + 1])
    }

    /// Bytes of one attribute id in the item lists.
    pub(super) fn attribute_id_bytes(&self) -> usize {
        if self.wide_attribute_ids { 4 } else { 2 }
    }

    /// The attribute ids of item `index`, packed.
    pub(super) fn item_attribute_row(&self, index: usize) -> &[u8] {
        let section = self.section(Section::ItemAttributes);
        listed(section, (self.shape.items as usize + 1) * 4, self.attribute_id_bytes(), [index, index + 1])
    }

    /// The attribute in `slot` of a row of [`Tables::item_attribute_row`], as the file has it.
    pub(super) fn item_attribute(&self, row: &[u8], slot: usize) -> u32 {
        if self.wide_attribute_ids {
            element(row, slot)
        } else {
            u32::from(u16::from_le_bytes(array_at(row, slot * 2)))
        }
    }
}

/// What lies between two offsets in a section: the offsets are its elements at `ends`, count units of `width` bytes, and begin at
/// `base`. Nothing, if they do not fit.
#[inline]
fn listed(section: &[u8], base: usize, width: usize, ends: [usize; 2]) -> &[u8] {
    let place = |at: usize| (element(section, at) as usize).checked_mul(width)?.checked_add(base);
    match (place(ends[0]), place(ends[1])) {
        (Some(start), Some(end)) => section.get(start..end).unwrap_or_default(),
        _ => &[],
    }
}

/// Row `index` of a section of rows of equal length.
#[inline]
pub(super) fn row(section: &[u8], index: usize, row_bytes: usize) -> &[u8] {
    &section[index * row_bytes..(index + 1) * row_bytes]
}

fn plain(section: Section, entry: Entry) -> Result<(), ModelProblem> {
    if entry.encoding == layout::PLAIN { Ok(()) } else { Err(unknown_encoding(section, entry)) }
}

fn check_encoding(section: Section, entry: Entry) -> Result<(), ModelProblem> {
    let known = match section {
        Section::Vectors => matches!(entry.encoding, layout::VECTORS_INT4 | layout::VECTORS_INT8),
        Section::Neighbours => (1..=layout::MAX_NEIGHBOUR_BITS).contains(&entry.encoding),
        Section::NeighbourWeights => matches!(entry.encoding, layout::WEIGHTS_U4 | layout::WEIGHTS_U8),
        Section::ItemAttributes => {
            matches!(entry.encoding, layout::ATTRIBUTE_IDS_U16 | layout::ATTRIBUTE_IDS_U32)
        }
        _ => return plain(section, entry),
    };
    if known { Ok(()) } else { Err(unknown_encoding(section, entry)) }
}

fn unknown_encoding(section: Section, entry: Entry) -> ModelProblem {
    let requirement = Requirement::Encoding { section, encoding: entry.encoding };
    ModelProblem::NeedsNewerSdk { requirement }
}
