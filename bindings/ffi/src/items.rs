//! What the shop offers: items, changes to them, and the model pack in use.

use std::collections::HashMap;

use tastekeeper as core;

use crate::error::{Result, invalid};
use crate::mirror::mirror;

mirror! {
    /// Whether an item can be had.
    Availability = core::Availability {
        /// On stock.
        InStock,
        /// Can be ordered, comes later.
        PreOrder,
        /// Cannot be had now. Never recommended.
        OutOfStock,
        /// Will not come back. Never recommended.
        Discontinued,
    }
}

/// One item of the shop.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Item {
    /// The shop's id.
    pub id: String,
    /// Category ids from the root to the leaf. Empty: as in the model pack.
    #[uniffi(default)]
    pub category: Vec<String>,
    /// The brand. Nothing: as in the model pack.
    #[uniffi(default = None)]
    pub brand: Option<String>,
    /// Price in units of `currency`, not negative.
    #[uniffi(default = None)]
    pub price: Option<f64>,
    /// ISO 4217 code.
    #[uniffi(default = None)]
    pub currency: Option<String>,
    /// Whether it can be had; `InStock` where nothing is said.
    #[uniffi(default = None)]
    pub availability: Option<Availability>,
    /// When the shop began to offer it, in milliseconds since 1970-01-01 UTC.
    #[uniffi(default = None)]
    pub created_at_ms: Option<i64>,
    /// From when on it must not be shown.
    #[uniffi(default = None)]
    pub expires_at_ms: Option<i64>,
    /// Variants of one product share it; an answer holds one of them.
    #[uniffi(default = None)]
    pub group_id: Option<String>,
    /// Further attributes, such as `colour` with the value `blue`.
    #[uniffi(default)]
    pub attributes: HashMap<String, String>,
    /// A vector in the model's space, used when the model pack does not know the item: 32-bit floats, little-endian, one after
    /// the other.
    #[uniffi(default = None)]
    pub embedding: Option<Vec<u8>>,
}

impl Item {
    /// The engine's item.
    pub(crate) fn read(self, place: usize) -> Result<core::Item> {
        let embedding = self.embedding.map(|bytes| read_floats(&bytes, place)).transpose()?;
        Ok(core::Item {
            id: self.id,
            category: self.category,
            brand: self.brand,
            price: self.price,
            currency: self.currency,
            availability: self.availability.map(Into::into).unwrap_or_default(),
            created_at_ms: self.created_at_ms,
            expires_at_ms: self.expires_at_ms,
            group_id: self.group_id,
            attributes: self.attributes.into_iter().collect(),
            embedding,
        })
    }
}

fn read_floats(bytes: &[u8], place: usize) -> Result<Vec<f32>> {
    let (floats, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(invalid(&format!("items[{place}].embedding"), "must be whole 32-bit floats"));
    }
    Ok(floats.iter().map(|float| f32::from_le_bytes(*float)).collect())
}

/// Changes to a known item; what is left out stays as it is.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct ItemPatch {
    /// The item.
    pub id: String,
    /// The new price.
    #[uniffi(default = None)]
    pub price: Option<f64>,
    /// The new currency.
    #[uniffi(default = None)]
    pub currency: Option<String>,
    /// The new availability.
    #[uniffi(default = None)]
    pub availability: Option<Availability>,
    /// The new end of the offer.
    #[uniffi(default = None)]
    pub expires_at_ms: Option<i64>,
    /// Attributes to add or replace.
    #[uniffi(default)]
    pub attributes: HashMap<String, String>,
}

impl From<ItemPatch> for core::ItemPatch {
    fn from(patch: ItemPatch) -> Self {
        Self {
            id: patch.id,
            price: patch.price,
            currency: patch.currency,
            availability: patch.availability.map(Into::into),
            expires_at_ms: patch.expires_at_ms,
            attributes: patch.attributes.into_iter().collect(),
        }
    }
}

/// What a model pack is and how large.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
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
    /// What the score is made of.
    pub model_bytes: u64,
    /// Item ids and their order.
    pub id_bytes: u64,
    /// Attributes, their order and vectors, and which item has which.
    pub attribute_bytes: u64,
    /// Id of the key that signed, 8 bytes.
    pub key_id: Vec<u8>,
    /// BLAKE2b-512 of everything that is signed, 64 bytes.
    pub digest: Vec<u8>,
}

impl From<core::model::ModelInfo> for ModelInfo {
    fn from(info: core::model::ModelInfo) -> Self {
        Self {
            model_id: info.model_id,
            label: info.label,
            pack_version: info.pack_version,
            created_day: info.created_day,
            items: info.items,
            dim: info.dim,
            neighbours: info.neighbours,
            attributes: info.attributes,
            file_bytes: info.file_bytes,
            model_bytes: info.model_bytes,
            id_bytes: info.id_bytes,
            attribute_bytes: info.attribute_bytes,
            key_id: info.key_id.to_vec(),
            digest: info.digest.to_vec(),
        }
    }
}
