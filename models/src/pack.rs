//! A trained model as a signed pack: the writer of the format that `core/docs/format.md` draws.
//!
//! In: a [`TrainedModel`], [`PackOptions`] and a [`SigningKey`]. Out: the bytes of a pack that the engine's own reader
//! has opened, or a [`PackError`] that names the field at fault. Nothing reaches the disk but whole files.

use tastekeeper::layout::{self, Section};
use tastekeeper::model::{Model, ModelProblem};

use crate::trained::TrainedModel;

pub use keys::{SigningKey, attach_signature, resign, unsigned_body};
pub use save::{save, save_new};

mod container;
mod keys;
mod quantize;
mod save;
mod sections;
mod validate;

/// How item vectors are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VectorCodes {
    /// Half a byte per value.
    #[default]
    Int4,
    /// A byte per value.
    Int8,
}

/// How transition weights are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightBits {
    /// Half a byte per weight.
    Four,
    /// A byte per weight.
    #[default]
    Eight,
}

/// What goes into a pack besides the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackOptions {
    /// The shop's name for the model, 1 to 64 bytes.
    pub model_id: String,
    /// Licence or any other short remark, at most 256 bytes.
    pub label: String,
    /// Grows with every pack of the shop.
    pub pack_version: u64,
    /// Days from 1970-01-01.
    pub created_day: u32,
    /// How item vectors are stored.
    pub vectors: VectorCodes,
    /// Whether vectors get one more bit per value, which is not scanned, but counts in the scores of what the scan found.
    pub residuals: bool,
    /// Transitions kept per item, at most 255; fewer are stored if no item has as many.
    pub neighbours: u8,
    /// How transition weights are stored.
    pub weight_bits: WeightBits,
    /// Shops of as many items or more get the signs of all values apart, in one more bit per value, so that a search looks only
    /// at promising items.
    pub signs_from_items: u32,
    /// The training summary as JSON, at most 64 KiB.
    pub summary: Option<String>,
}

/// Where looking at all vectors takes longer than looking at all signs and some vectors (`cargo xtask bench peers`).
const SIGNS_FROM_ITEMS: u32 = 32_768;

impl Default for PackOptions {
    /// 16 neighbours in bytes and int4 vectors; version 1, day 0, no id: both id and version are for the caller to set.
    fn default() -> Self {
        Self {
            model_id: String::new(),
            label: String::new(),
            pack_version: 1,
            created_day: 0,
            vectors: VectorCodes::Int4,
            residuals: false,
            neighbours: 16,
            weight_bits: WeightBits::Eight,
            signs_from_items: SIGNS_FROM_ITEMS,
            summary: None,
        }
    }
}

impl PackOptions {
    /// Whether a pack can be written with these options. [`write_pack`] checks them as well; this is for asking before
    /// long work.
    ///
    /// # Errors
    ///
    /// [`PackError::InvalidOption`] with the field at fault.
    pub fn check(&self) -> Result<(), PackError> {
        validate::options(self)
    }
}

/// Why no pack was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// The model breaks a rule of the format.
    #[error("the model's `{field}` {reason}")]
    InvalidModel {
        /// The field of [`TrainedModel`].
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// An option is outside its range.
    #[error("the option `{field}` {reason}")]
    InvalidOption {
        /// The field of [`PackOptions`].
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A key or signature file is malformed.
    #[error("malformed key or signature: {reason}")]
    InvalidKey {
        /// What was expected.
        reason: &'static str,
    },
    /// The engine's reader refuses the pack.
    #[error("the reader refuses the pack: {0}")]
    Refused(#[from] ModelProblem),
    /// A file could not be read or written.
    #[error("file access failed: {0}")]
    File(#[from] std::io::Error),
}

/// The bytes of a pack, signed with `key` and opened once with the engine's reader.
///
/// The same arguments give the same bytes.
///
/// # Errors
///
/// [`PackError::InvalidModel`] or [`PackError::InvalidOption`] with the field at fault.
pub fn write_pack(
    model: &TrainedModel,
    options: &PackOptions,
    key: &SigningKey,
) -> Result<Vec<u8>, PackError> {
    validate::options(options)?;
    validate::model(model)?;
    let sections = sections::build(model, options);
    let mut bytes = container::body(options.pack_version, options.created_day, &sections)?;
    bytes.extend(key.trailer(&bytes));
    Model::open(&bytes, &[key.public_key()])?;
    Ok(bytes)
}

/// A section ready to be placed.
struct Built {
    section: Section,
    encoding: u32,
    bytes: Vec<u8>,
}

impl Built {
    fn plain(section: Section, bytes: Vec<u8>) -> Self {
        Self { section, encoding: layout::PLAIN, bytes }
    }
}
