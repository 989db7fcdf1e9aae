//! One item as the shop describes it, and its checks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::event::{check_currency, check_id, check_price};

/// Deepest category path.
const MAX_CATEGORY_DEPTH: usize = 16;
/// Most attributes of one item.
const MAX_ATTRIBUTES: usize = 64;

/// Whether an item can be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Availability {
    /// On stock.
    #[default]
    InStock,
    /// Can be ordered, comes later.
    PreOrder,
    /// Cannot be had now. Never recommended.
    OutOfStock,
    /// Will not come back. Never recommended.
    Discontinued,
}

impl Availability {
    /// Its bit in a set of states.
    pub(crate) fn bit(self) -> u8 {
        1 << self as u8
    }

    /// Whether it can be bought or ordered.
    #[must_use]
    pub fn is_available(self) -> bool {
        matches!(self, Self::InStock | Self::PreOrder)
    }
}

/// One item of the shop.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The shop's id.
    pub id: String,
    /// Category ids from the root to the leaf. Empty: as in the model pack.
    pub category: Vec<String>,
    /// The brand. `None`: as in the model pack.
    pub brand: Option<String>,
    /// Price in units of `currency`, not negative.
    pub price: Option<f64>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// Whether it can be had.
    pub availability: Availability,
    /// When the shop began to offer it, in milliseconds since 1970-01-01 UTC.
    pub created_at_ms: Option<i64>,
    /// From when on it must not be shown.
    pub expires_at_ms: Option<i64>,
    /// Variants of one product share it; an answer holds one of them.
    pub group_id: Option<String>,
    /// Further attributes, such as `colour` → `blue`.
    pub attributes: BTreeMap<String, String>,
    /// A vector in the model's space, used when the model pack does not know the item. Any length but zero.
    pub embedding: Option<Vec<f32>>,
}

impl Item {
    /// An available item of which nothing else is known.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    pub(super) fn check(&self, place: &str, dim: Option<usize>) -> Result<()> {
        let field = |name: &str| format!("{place}.{name}");
        check_id(&field("id"), &self.id)?;
        if self.category.len() > MAX_CATEGORY_DEPTH {
            return Err(Error::invalid(
                field("category"),
                format!("must be at most {MAX_CATEGORY_DEPTH} levels"),
            ));
        }
        for node in &self.category {
            check_id(&field("category"), node)?;
        }
        for (name, text) in [("brand", &self.brand), ("group_id", &self.group_id)] {
            if let Some(text) = text {
                check_id(&field(name), text)?;
            }
        }
        if let Some(price) = self.price {
            check_price(&field("price"), price)?;
        }
        if let Some(currency) = &self.currency {
            check_currency(&field("currency"), currency)?;
        }
        if self.attributes.len() > MAX_ATTRIBUTES {
            return Err(Error::invalid(field("attributes"), format!("must be at most {MAX_ATTRIBUTES}")));
        }
        for (key, value) in &self.attributes {
            check_id(&field("attributes"), key)?;
            check_id(&field("attributes"), value)?;
        }
        if let Some(embedding) = &self.embedding {
            if dim.is_some_and(|dim| dim != embedding.len()) || embedding.len() > 256 {
                return Err(Error::invalid(field("embedding"), "must have the model's number of dimensions"));
            }
            let norm: f32 = embedding.iter().map(|value| value * value).sum();
            if !norm.is_normal() {
                return Err(Error::invalid(field("embedding"), "must be finite and not zero"));
            }
        }
        Ok(())
    }
}

/// Changes to a known item; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemPatch {
    /// The item.
    pub id: String,
    /// The new price.
    pub price: Option<f64>,
    /// The new currency.
    pub currency: Option<String>,
    /// The new availability.
    pub availability: Option<Availability>,
    /// The new end of the offer.
    pub expires_at_ms: Option<i64>,
    /// Attributes to add or replace.
    pub attributes: BTreeMap<String, String>,
}

impl ItemPatch {
    /// A patch of `id` that changes nothing yet.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    pub(super) fn apply(self, item: &mut Item) {
        item.price = self.price.or(item.price);
        item.currency = self.currency.or(item.currency.take());
        item.availability = self.availability.unwrap_or(item.availability);
        item.expires_at_ms = self.expires_at_ms.or(item.expires_at_ms);
        item.attributes.extend(self.attributes);
    }
}
