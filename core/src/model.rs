//! The model pack: parsing an untrusted, signed file into a model that can be ranked with.
//!
//! In: the bytes of a pack and the trusted keys. Out: a [`Model`] that reads straight from those bytes, or the
//! [`ModelProblem`] that names the first broken rule. Layers: `container` (signature, sections), `tables` (lengths),
//! `check` (contents), then the reads here. It must never believe a number it has not checked, and never copy per
//! item. The format is drawn in `core/docs/format.md`.

use std::fmt;

pub use key::PublicKey;
pub use parameters::Parameters;
pub use scan::{Gathered, SCAN_BLOCK, Scan};
pub use shortlist::Shortlist;

pub use crate::error::{ModelProblem, Requirement};

use tastekeeper_kernels::dense;

use crate::layout::{self, Section};
use container::Container;
pub(crate) use file::PackBytes;
pub(crate) use known::KnownPack;
pub(crate) use signature::{SignatureProblem, verify_detached};
use tables::Tables;

mod bytes;
mod check;
mod container;
mod file;
mod key;
mod known;
mod parameters;
mod scan;
mod shortlist;
mod signature;
mod tables;

/// What kind of thing an attribute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum AttributeKind {
    /// A node of the category tree, by its id.
    Category = 0,
    /// A brand or seller.
    Brand = 1,
    /// Anything else, `key=value`.
    Other = 2,
}

/// One attribute that items can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Category, brand or other.
    pub kind: AttributeKind,
    /// Unique within its kind.
    pub name: &'a str,
    /// The parent category, whose index is smaller.
    pub parent: Option<u32>,
}

/// What a pack is and how large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    /// The shop's name for the model.
    pub model_id: String,
    /// Licence or any other short remark.
    pub label: String,
    /// Grows with every pack of the shop; an older pack is never installed over a newer one.
    pub pack_version: u64,
    /// Days from 1970-01-01 to the day the pack was made.
    pub created_day: u32,
    /// Items.
    pub items: u32,
    /// Values per vector.
    pub dim: u32,
    /// Transition slots per item.
    pub neighbours: u32,
    /// Attributes.
    pub attributes: u32,
    /// Length of the file.
    pub file_bytes: u64,
    /// Parameters, popularity, vectors, scales, signs, residuals, neighbours, weights and matrix: what the score is made of.
    pub model_bytes: u64,
    /// Item ids and their order.
    pub id_bytes: u64,
    /// Attributes, their order and vectors, and which item has which.
    pub attribute_bytes: u64,
    /// Id of the key that signed.
    pub key_id: [u8; 8],
    /// BLAKE2b-512 of everything that is signed. The same for the same content under another key.
    pub digest: [u8; 64],
}

/// How far a residual moves a value, in scales.
const RESIDUAL: f32 = 0.25;

/// A verified model pack. Reading an item's data takes no allocation; the bytes are shared, not copied.
///
/// Items and attributes are known by index. Items are in rank order: a smaller index is at least as popular. An index
/// at or above [`Model::len`] reads as an item about which nothing is known: no id, zeros, empty lists.
pub struct Model {
    tables: Tables,
    parameters: Parameters,
    scales: [f32; 256],
    popularities: [f32; 256],
    matrix: Vec<f32>,
    info: ModelInfo,
    signer: PublicKey,
}

impl Model {
    /// Parses `bytes` and verifies that one of the `trusted` keys signed them.
    ///
    /// Every invariant that later reads rely on is checked in one pass; it takes time linear in the file and memory
    /// that does not grow with the number of items.
    ///
    /// # Errors
    ///
    /// The first broken rule, in the order of `format.md`.
    pub fn open(bytes: &[u8], trusted: &[PublicKey]) -> Result<Self, ModelProblem> {
        Self::verify(bytes.into(), trusted)
    }

    /// As [`open`](Self::open).
    pub(crate) fn verify(bytes: PackBytes, trusted: &[PublicKey]) -> Result<Self, ModelProblem> {
        let container = Container::read(&bytes, trusted)?;
        let (tables, parameters) = Tables::new(bytes, &container)?;
        check::all(&tables)?;
        Ok(Self::assemble(tables, parameters, container))
    }

    /// The model in `bytes`, without verifying it anew where one of `known` remembers that it was. Otherwise as
    /// [`open`](Self::open). Also says whether it was known.
    pub(crate) fn recognise(
        bytes: PackBytes,
        trusted: &[PublicKey],
        known: &[KnownPack],
    ) -> Result<(Self, bool), ModelProblem> {
        let Some((pack, signer)) = known::recognise(&bytes, known, trusted) else {
            return Ok((Self::verify(bytes, trusted)?, false));
        };
        let container = Container::read_signed(&bytes, signer, pack.digest())?;
        let (tables, parameters) = Tables::new(bytes, &container)?;
        Ok((Self::assemble(tables, parameters, container), true))
    }

    fn assemble(tables: Tables, parameters: Parameters, container: Container) -> Self {
        let table = |value: &dyn Fn(u8) -> f32| -> [f32; 256] {
            std::array::from_fn(|code| value(u8::try_from(code).expect("the table has 256 entries")))
        };
        let scales = table(&|code| layout::vector_scale(tables.shape.max_scale, code));
        let popularities = table(&|code| f32::from(code) / 255.0);
        let dim = tables.shape.dim;
        let mut matrix = vec![0.0; dim as usize * dim as usize];
        for (index, out) in matrix.chunks_exact_mut(dim as usize).enumerate() {
            let (scale, row) = check::scaled_row(tables.section(Section::Matrix), dim, dim, index);
            dense::write_int8(row, scale, out);
        }
        let info = describe(&tables, &container);
        Self { tables, parameters, scales, popularities, matrix, info, signer: container.signer }
    }

    /// The number of items.
    #[expect(clippy::len_without_is_empty, reason = "a pack without items is refused")]
    pub fn len(&self) -> u32 {
        self.tables.shape.items
    }

    /// The number of values per vector.
    pub fn dim(&self) -> usize {
        self.tables.shape.dim as usize
    }

    /// The id of an item.
    pub fn id(&self, index: u32) -> Option<&str> {
        if index >= self.len() {
            return None;
        }
        str::from_utf8(self.tables.item_id(index as usize)).ok()
    }

    /// The index of the item with this id; a binary search.
    pub fn index_of(&self, id: &str) -> Option<u32> {
        let order = self.tables.section(Section::ItemOrder);
        search(order, self.len(), |index| self.tables.item_id(index).cmp(id.as_bytes()))
    }

    /// Log-popularity, 1 for the most popular item: `ln(1 + count) / ln(1 + largest count)` in steps of 1/255.
    pub fn popularity(&self, index: u32) -> f32 {
        let code = self.tables.section(Section::Popularity).get(index as usize);
        self.popularities[usize::from(code.copied().unwrap_or(0))]
    }

    /// Writes the vector of an item: unit L2 norm up to quantisation, or all zero.
    ///
    /// # Panics
    ///
    /// Panics if `out` is not [`Model::dim`] long.
    pub fn write_vector(&self, index: u32, out: &mut [f32]) {
        assert_eq!(out.len(), self.dim(), "one value per dimension");
        let Some((row, scale)) = self.vector(index) else {
            out.fill(0.0);
            return;
        };
        if self.tables.int8_vectors {
            dense::write_int8(row, scale, out);
        } else {
            dense::write_int4(row, scale, out);
        }
        let residuals = self.tables.section(Section::Residuals);
        if !residuals.is_empty() {
            let bits = tables::row(residuals, index as usize, self.tables.bit_row_bytes());
            dense::add_residuals(bits, RESIDUAL * scale, out);
        }
    }

    /// How many transitions an item has at most.
    pub(crate) fn neighbour_slots(&self) -> usize {
        self.tables.shape.neighbours as usize
    }

    /// The strongest transitions from an item as `(item, T)`, strongest first. An item can follow itself.
    pub fn neighbours(&self, index: u32) -> impl Iterator<Item = (u32, f32)> + '_ {
        let known = index < self.len() && self.tables.shape.neighbours > 0;
        let (ids, weights): (&[u8], &[u8]) = if known {
            (self.tables.neighbour_row(index as usize), self.tables.weight_row(index as usize))
        } else {
            (&[], &[])
        };
        let slots = if known { self.tables.shape.neighbours as usize } else { 0 };
        (0..slots)
            .map(|slot| (slot, self.tables.weight(weights, slot)))
            .take_while(|(_, weight)| *weight > 0)
            .map(|(slot, weight)| {
                let item = self.tables.neighbour(ids, slot).min(self.len() - 1);
                (item, f32::from(weight) * self.tables.shape.edge_step)
            })
    }

    /// The number of attributes.
    pub fn attributes(&self) -> u32 {
        self.tables.shape.attributes
    }

    /// What kind of thing an attribute is.
    pub fn attribute_kind(&self, index: u32) -> Option<AttributeKind> {
        if index >= self.attributes() {
            return None;
        }
        Some(match self.tables.attribute_kind(index as usize) {
            0 => AttributeKind::Category,
            1 => AttributeKind::Brand,
            _ => AttributeKind::Other,
        })
    }

    /// An attribute.
    pub fn attribute(&self, index: u32) -> Option<Attribute<'_>> {
        let kind = self.attribute_kind(index)?;
        let index = index as usize;
        let name = str::from_utf8(self.tables.attribute_name(index)).ok()?;
        // Whoever walks up the tree comes to an end.
        let parent = Some(self.tables.attribute_parent(index)).filter(|parent| (*parent as usize) < index);
        Some(Attribute { kind, name, parent })
    }

    /// The index of the attribute of this kind and name; a binary search.
    pub fn attribute_index(&self, kind: AttributeKind, name: &str) -> Option<u32> {
        let order = self.tables.section(Section::AttributeOrder);
        let wanted = (kind as u8, name.as_bytes());
        search(order, self.attributes(), |index| {
            (self.tables.attribute_kind(index), self.tables.attribute_name(index)).cmp(&wanted)
        })
    }

    /// The attributes of an item, ascending. A category path is all its nodes.
    pub fn item_attributes(&self, index: u32) -> impl ExactSizeIterator<Item = u32> + '_ {
        let known = index < self.len() && self.attributes() > 0;
        let row: &[u8] = if known { self.tables.item_attribute_row(index as usize) } else { &[] };
        (0..row.len() / self.tables.attribute_id_bytes())
            .map(move |slot| self.tables.item_attribute(row, slot).min(self.attributes() - 1))
    }

    /// Writes the vector of an attribute. A new item's vector is the mean of its attributes' vectors, scaled to unit
    /// norm.
    ///
    /// # Panics
    ///
    /// Panics if `out` is not [`Model::dim`] long.
    pub fn attribute_vector(&self, index: u32, out: &mut [f32]) {
        assert_eq!(out.len(), self.dim(), "one value per dimension");
        if index >= self.attributes() {
            out.fill(0.0);
            return;
        }
        let section = self.tables.section(Section::AttributeVectors);
        let (scale, row) =
            check::scaled_row(section, self.attributes(), self.tables.shape.dim, index as usize);
        dense::write_int8(row, scale, out);
    }

    /// `M`, `dim x dim`, row-major.
    pub fn matrix(&self) -> &[f32] {
        &self.matrix
    }

    /// The scalars of the score.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What the pack is and how large.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// The training summary, JSON for the model card. It is UTF-8, but whether it is JSON is not checked.
    pub fn summary(&self) -> Option<&str> {
        str::from_utf8(self.tables.section(Section::Summary)).ok().filter(|text| !text.is_empty())
    }

    fn vector(&self, index: u32) -> Option<(&[u8], f32)> {
        let code = self.tables.section(Section::VectorScales).get(index as usize)?;
        let rows = self.tables.section(Section::Vectors);
        let row = tables::row(rows, index as usize, self.tables.vector_row_bytes());
        Some((row, self.scales[usize::from(*code)]))
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Model").field("info", &self.info).finish_non_exhaustive()
    }
}

/// Binary search through an order section.
fn search(order: &[u8], count: u32, compare: impl Fn(usize) -> std::cmp::Ordering) -> Option<u32> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        let index = bytes::element(order, middle as usize).min(count - 1);
        match compare(index as usize) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(index),
        }
    }
    None
}

fn describe(tables: &Tables, container: &Container) -> ModelInfo {
    let (model_id, label) = check::split_info(tables.section(Section::Info)).unwrap_or_default();
    let size = |sections: &[Section]| -> u64 {
        sections.iter().map(|section| tables.section(*section).len() as u64).sum()
    };
    ModelInfo {
        model_id: model_id.to_owned(),
        label: label.to_owned(),
        pack_version: container.pack_version,
        created_day: container.created_day,
        items: tables.shape.items,
        dim: tables.shape.dim,
        neighbours: tables.shape.neighbours,
        attributes: tables.shape.attributes,
        file_bytes: tables.file_bytes() as u64,
        model_bytes: size(&[
            Section::Parameters,
            Section::Popularity,
            Section::Vectors,
            Section::VectorScales,
            Section::Signs,
            Section::Residuals,
            Section::Neighbours,
            Section::NeighbourWeights,
            Section::Matrix,
        ]),
        id_bytes: size(&[Section::ItemIds, Section::ItemOrder]),
        attribute_bytes: size(&[
            Section::Attributes,
            Section::AttributeOrder,
            Section::ItemAttributes,
            Section::AttributeVectors,
        ]),
        key_id: container.signer.id(),
        digest: container.digest,
    }
}
