//! The constants of the pack format, shared by the reader here and the writer in `tastekeeper-models`.
//!
//! `core/docs/format.md` draws the same format byte by byte. All numbers are little-endian.

use std::fmt;

/// The first bytes of every pack.
pub const MAGIC: [u8; 6] = *b"TKPACK";
/// The format this code reads and writes.
pub const FORMAT_VERSION: u16 = 1;
/// Bytes of the header; the section table follows.
pub const HEADER_BYTES: usize = 64;
/// Bytes of one entry of the section table.
pub const ENTRY_BYTES: usize = 24;
/// Bytes of the trailer: algorithm, key id, Ed25519 signature.
pub const TRAILER_BYTES: usize = 74;
/// Sections start at multiples of this, and the body ends at one.
pub const ALIGNMENT: usize = 64;
/// The trailer's algorithm: minisign's prehashed Ed25519.
pub const SIGNATURE_ALGORITHM: [u8; 2] = *b"ED";
/// The algorithm named in a minisign public key.
pub const KEY_ALGORITHM: [u8; 2] = *b"Ed";

/// Offsets of the header's fields.
pub mod header {
    /// `u16`: format version.
    pub const FORMAT: usize = 6;
    /// Three `u16`: the oldest engine that may read the pack.
    pub const MINIMUM_SDK: usize = 8;
    /// `u32`: flags; the low half must be understood, the high half may be ignored.
    pub const FLAGS: usize = 16;
    /// `u32`: entries of the section table.
    pub const SECTION_COUNT: usize = 20;
    /// `u64`: the pack version.
    pub const PACK_VERSION: usize = 24;
    /// `u32`: the day the pack was made, counted from 1970-01-01.
    pub const CREATED_DAY: usize = 32;
    /// `u64`: length of the whole file, trailer included.
    pub const FILE_BYTES: usize = 40;
    /// The reserved ranges, zero in this format.
    pub const RESERVED: [std::ops::Range<usize>; 3] = [14..16, 36..40, 48..64];
}

/// The flag bits an older engine may ignore.
pub const OPTIONAL_FLAGS: u32 = 0xffff_0000;
/// Set in the kind of a section that an older engine may ignore.
pub const OPTIONAL_SECTION: u32 = 0x8000_0000;

/// Longest file.
pub const MAX_FILE_BYTES: u64 = 1 << 30;
/// Most sections.
pub const MAX_SECTIONS: u32 = 64;
/// Most items.
pub const MAX_ITEMS: u32 = 1 << 24;
/// Most attributes.
pub const MAX_ATTRIBUTES: u32 = 1 << 24;
/// Most neighbours per item.
pub const MAX_NEIGHBOURS: u32 = 255;
/// Most attributes of one item.
pub const MAX_ATTRIBUTES_PER_ITEM: u32 = 1024;
/// Smallest embedding dimension.
pub const MIN_DIM: u32 = 8;
/// Largest embedding dimension.
pub const MAX_DIM: u32 = 256;
/// Longest item id in bytes; the shortest is 1.
pub const MAX_ID_BYTES: u32 = 256;
/// Longest attribute name in bytes; the shortest is 1.
pub const MAX_NAME_BYTES: u32 = 1024;
/// Longest model id in bytes; the shortest is 1.
pub const MAX_MODEL_ID_BYTES: usize = 64;
/// Longest label in bytes.
pub const MAX_LABEL_BYTES: usize = 256;
/// Longest training summary in bytes.
pub const MAX_SUMMARY_BYTES: usize = 64 * 1024;
/// Latest creation day (the year 4707).
pub const MAX_DAY: u32 = 1_000_000;

/// Encoding of sections that have only one.
pub const PLAIN: u32 = 1;
/// Vectors as int4, -7..=7, two per byte, low nibble first.
pub const VECTORS_INT4: u32 = 1;
/// Vectors as int8, -127..=127.
pub const VECTORS_INT8: u32 = 2;
/// Neighbour weights as 4 bits, two per byte, low nibble first.
pub const WEIGHTS_U4: u32 = 4;
/// Neighbour weights as 8 bits.
pub const WEIGHTS_U8: u32 = 8;
/// Widest neighbour id in bits; the section's encoding is the width.
pub const MAX_NEIGHBOUR_BITS: u32 = 32;
/// Attribute ids of items in 2 bytes.
pub const ATTRIBUTE_IDS_U16: u32 = 2;
/// Attribute ids of items in 4 bytes.
pub const ATTRIBUTE_IDS_U32: u32 = 4;
/// Items of a block of the signs.
pub const SIGN_ROWS: usize = 32;
/// "No parent" in the attribute table.
pub const NO_PARENT: u32 = u32::MAX;

/// Bytes of the parameter block.
pub const PARAMETER_BYTES: usize = 192;
/// Offsets in the parameter block.
pub mod parameter {
    /// `u32`: items.
    pub const ITEMS: usize = 0;
    /// `u32`: embedding dimension.
    pub const DIM: usize = 4;
    /// `u32`: neighbour slots per item.
    pub const NEIGHBOURS: usize = 8;
    /// `u32`: attributes.
    pub const ATTRIBUTES: usize = 12;
    /// `f32`: the vector scale of code 255.
    pub const MAX_SCALE: usize = 16;
    /// `f32`: the transition weight of code 1; zero when there are no neighbours.
    pub const EDGE_STEP: usize = 20;
    /// `f32`: `lambda`.
    pub const DECAY: usize = 24;
    /// `f32`: weight of the older events' state.
    pub const CARRY: usize = 28;
    /// `f32`: inverse temperature.
    pub const GAIN: usize = 32;
    /// `f32`: weight of the transition graph.
    pub const GRAPH_WEIGHT: usize = 36;
    /// `f32`: how fast events fade in the graph score.
    pub const GRAPH_DECAY: usize = 40;
    /// `f32`: weight of popularity.
    pub const POPULARITY_WEIGHT: usize = 44;
    /// Four `f32`: view, cart, wishlist, purchase.
    pub const KIND_WEIGHTS: usize = 48;
    /// `u32`: 1 when an item may count several times in one history, 0 when only its newest event counts.
    pub const REPEATS: usize = 64;
    /// The first reserved byte; zero from here on.
    pub const RESERVED: usize = 68;
}

/// Allowed [`parameter::MAX_SCALE`].
pub const MAX_SCALE_RANGE: (f32, f32) = (1e-9, 1e3);
/// Allowed [`parameter::EDGE_STEP`] of a pack with neighbours.
pub const EDGE_STEP_RANGE: (f32, f32) = (1e-9, 1e6);
/// Allowed row scales of the matrix and the attribute vectors.
pub const ROW_SCALE_RANGE: (f32, f32) = (0.0, 1e3);
/// Allowed `decay` and `graph_decay`.
pub const DECAY_RANGE: (f32, f32) = (0.0, 1.0);
/// Allowed `carry`.
pub const CARRY_RANGE: (f32, f32) = (-1e3, 1e3);
/// Allowed `gain`.
pub const GAIN_RANGE: (f32, f32) = (0.0, 1e4);
/// Allowed `graph_weight` and `popularity_weight`.
pub const WEIGHT_RANGE: (f32, f32) = (0.0, 1e6);
/// Allowed kind weights.
pub const KIND_WEIGHT_RANGE: (f32, f32) = (0.0, 1e3);

/// The sections this code knows. A section's kind is its discriminant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Section {
    /// Model id and label.
    Info = 1,
    /// Shape and scalars.
    Parameters = 2,
    /// Item ids in rank order.
    ItemIds = 3,
    /// Item indices sorted by id bytes.
    ItemOrder = 4,
    /// One byte of log-popularity per item.
    Popularity = 5,
    /// Item vectors.
    Vectors = 6,
    /// One scale code per item.
    VectorScales = 7,
    /// Neighbour ids, bit-packed.
    Neighbours = 8,
    /// Neighbour weights.
    NeighbourWeights = 9,
    /// `M`.
    Matrix = 10,
    /// Attribute kinds, parents and names.
    Attributes = 11,
    /// Attribute indices sorted by kind, then name bytes.
    AttributeOrder = 12,
    /// Which item has which attributes.
    ItemAttributes = 13,
    /// Attribute vectors.
    AttributeVectors = 14,
    /// The training summary for the model card.
    Summary = 0x8000_0001,
    /// A bit for each value of the item vectors.
    Signs = 0x8000_0002,
    /// A bit for each value of the item vectors: a quarter of the scale up or down.
    Residuals = 0x8000_0003,
}

impl Section {
    /// All known sections, by ascending kind.
    pub const ALL: [Self; 17] = [
        Self::Info,
        Self::Parameters,
        Self::ItemIds,
        Self::ItemOrder,
        Self::Popularity,
        Self::Vectors,
        Self::VectorScales,
        Self::Neighbours,
        Self::NeighbourWeights,
        Self::Matrix,
        Self::Attributes,
        Self::AttributeOrder,
        Self::ItemAttributes,
        Self::AttributeVectors,
        Self::Summary,
        Self::Signs,
        Self::Residuals,
    ];

    /// The kind in the section table.
    pub const fn kind(self) -> u32 {
        self as u32
    }

    /// The section of that kind, if it is known.
    pub fn from_kind(kind: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.kind() == kind)
    }

    /// The place in [`Section::ALL`].
    pub(crate) const fn position(self) -> usize {
        match self {
            Self::Summary => 14,
            Self::Signs => 15,
            Self::Residuals => 16,
            known => known as usize - 1,
        }
    }

    /// The name used in messages and in `format.md`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Parameters => "parameters",
            Self::ItemIds => "item ids",
            Self::ItemOrder => "item order",
            Self::Popularity => "popularity",
            Self::Vectors => "vectors",
            Self::VectorScales => "vector scales",
            Self::Neighbours => "neighbours",
            Self::NeighbourWeights => "neighbour weights",
            Self::Matrix => "matrix",
            Self::Attributes => "attributes",
            Self::AttributeOrder => "attribute order",
            Self::ItemAttributes => "item attributes",
            Self::AttributeVectors => "attribute vectors",
            Self::Summary => "summary",
            Self::Signs => "signs",
            Self::Residuals => "residuals",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A version of the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SdkVersion {
    /// Incompatible changes.
    pub major: u16,
    /// Additions.
    pub minor: u16,
    /// Corrections.
    pub patch: u16,
}

impl SdkVersion {
    /// The version of this engine.
    pub const CURRENT: Self = Self {
        major: number(env!("CARGO_PKG_VERSION_MAJOR")),
        minor: number(env!("CARGO_PKG_VERSION_MINOR")),
        patch: number(env!("CARGO_PKG_VERSION_PATCH")),
    };
}

impl fmt::Display for SdkVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

const fn number(text: &str) -> u16 {
    match u16::from_str_radix(text, 10) {
        Ok(value) => value,
        Err(_) => panic!("a part of the crate's version does not fit 16 bits"),
    }
}

/// `offset` rounded up to [`ALIGNMENT`].
pub const fn align(offset: u64) -> u64 {
    offset.next_multiple_of(ALIGNMENT as u64)
}

/// The vector scale of `code`: `max_scale * 2^(-(255 - code) / 32)`, and zero for code 0. The same bits everywhere.
pub fn vector_scale(max_scale: f32, code: u8) -> f32 {
    if code == 0 { 0.0 } else { max_scale * libm::exp2f(-(255.0 - f32::from(code)) / 32.0) }
}

/// The popularity code of `count` when the most popular item has `max_count`:
/// `round(255 ln(1 + count) / ln(1 + max_count))`, and zero when nothing was ever counted.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the ratio is clamped to 0..=1 before it becomes a byte"
)]
pub fn popularity_code(count: u64, max_count: u64) -> u8 {
    if max_count == 0 {
        return 0;
    }
    let ratio = libm::log1p(count as f64) / libm::log1p(max_count as f64);
    libm::round(255.0 * ratio.clamp(0.0, 1.0)) as u8
}

/// The narrowest width, in bits, that holds every index of `items` items.
pub const fn neighbour_bits(items: u32) -> u32 {
    let largest = items.saturating_sub(1);
    if largest == 0 { 1 } else { largest.ilog2() + 1 }
}

/// Bytes of one bit-packed row of `count` values of `bits` each.
pub const fn packed_row_bytes(count: u32, bits: u32) -> u64 {
    (count as u64 * bits as u64).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_ascend_and_three_are_optional() {
        assert!(Section::ALL.windows(2).all(|pair| pair[0].kind() < pair[1].kind()));
        for (position, section) in Section::ALL.into_iter().enumerate() {
            assert_eq!(section.position(), position);
            assert_eq!(Section::from_kind(section.kind()), Some(section));
            let is_optional = matches!(section, Section::Summary | Section::Signs | Section::Residuals);
            assert_eq!(section.kind() & OPTIONAL_SECTION != 0, is_optional);
        }
    }

    #[test]
    fn scales_and_popularity_have_known_bits() {
        assert_eq!(vector_scale(0.125, 255).to_bits(), 0.125_f32.to_bits());
        assert_eq!(vector_scale(0.125, 223).to_bits(), 0.0625_f32.to_bits());
        assert_eq!(vector_scale(1.0, 254).to_bits(), 0x3f7a_83b3);
        assert_eq!(vector_scale(1.0, 0).to_bits(), 0);
        assert_eq!([0, 1, 10, 99].map(|count| popularity_code(count, 99)), [0, 38, 133, 255]);
        assert_eq!(popularity_code(0, 0), 0);
    }

    #[test]
    fn widths() {
        assert_eq!([1, 2, 3, 256, 257, 12_101, 65_537].map(neighbour_bits), [1, 1, 2, 8, 9, 14, 17]);
        assert_eq!(packed_row_bytes(16, 14), 28);
    }
}
