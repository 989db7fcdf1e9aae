//! A shop that does not exist: products, shoppers with tastes, and what they did.
//!
//! In: a [`ShopConfig`]. Out: a [`Shop`], the same to the byte for the same configuration on every platform.
//! For demos, tests and sizing. Shoppers have stable likings and follow one item with others that go with it, so that a
//! model that personalises is visibly better than a list of bestsellers.
//! Must never be evidence for quality on real shoppers: the structure that a model finds here was put here.

mod catalog;
pub(crate) mod draws;
pub(crate) mod files;
mod names;
mod personas;
mod shoppers;
mod taste;
mod taxonomy;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dataset::{Dataset, InteractionKind, Sequence};
use crate::input::{DatasetBuilder, ItemDescription, UnlistedItems, describe_items};
use draws::Draws;

pub use files::{
    CATALOG_FILE, CATEGORIES_FILE, LOG_FILE, PERSONAS_FILE, log_format, read_catalog, read_catalog_from,
};

/// What to generate. The defaults train in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct ShopConfig {
    /// Everything random follows from it.
    pub seed: u64,
    /// Products, variants counted one by one: 500 to 100 000. Time grows with the square of it beyond about 20 000.
    pub products: usize,
    /// Shoppers in the log: 1 to 10 000 000.
    pub shoppers: usize,
    /// Mean number of events per shopper: 5 to 200. Half of the shoppers have less than three quarters of it.
    pub events_per_shopper: f64,
    /// Days that the log covers: 30 to 1000.
    pub days: u32,
    /// When the log ends, in milliseconds since 1970-01-01 UTC; the end of 2001 or later.
    pub now_ms: i64,
}

impl Default for ShopConfig {
    /// 3 000 products, 4 000 shoppers and about 150 000 events, ending on 1 June 2026.
    fn default() -> Self {
        Self {
            seed: 1,
            products: 3_000,
            shoppers: 4_000,
            events_per_shopper: 38.0,
            days: 120,
            now_ms: 1_780_272_000_000,
        }
    }
}

/// A field of a [`ShopConfig`] is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("shop configuration: {field} must be {expected}")]
pub struct ShopConfigError {
    /// The field.
    pub field: &'static str,
    /// Its range.
    pub expected: &'static str,
}

/// Whether a product can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// It can.
    InStock,
    /// It cannot at present.
    OutOfStock,
}

/// One item of the catalogue, with the fields of the engine's item record and a title.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Product {
    /// `sku-00042`.
    pub id: String,
    /// For people.
    pub title: String,
    /// Ids of category nodes, root first.
    pub category: Vec<String>,
    /// The brand.
    pub brand: String,
    /// In `currency`, two decimals.
    pub price: f64,
    /// ISO 4217.
    pub currency: String,
    /// Whether it can be bought.
    pub availability: Availability,
    /// When the shop took it in, in milliseconds since 1970-01-01 UTC.
    pub created_at_ms: i64,
    /// What its variants share.
    pub group_id: Option<String>,
    /// Colour, material, style and so on.
    pub attributes: BTreeMap<String, String>,
}

impl Product {
    /// What a model learns about the product: categories, brand, price band and attributes.
    #[must_use]
    pub fn description(&self) -> ItemDescription {
        ItemDescription {
            category: self.category.clone(),
            brand: Some(self.brand.clone()),
            price: Some(self.price),
            others: self.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect(),
        }
    }
}

/// A node of the category tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CategoryNode {
    /// `aa`, `aa-1`, `aa-1-2`.
    pub id: String,
    /// The id of the node above; `None` for a root.
    pub parent: Option<String>,
    /// For people.
    pub name: String,
}

/// A shopper to show the shop with, who is not in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Persona {
    /// A first name.
    pub name: String,
    /// One sentence about the taste.
    pub about: String,
    /// Ids of the categories the taste was made of.
    pub categories: Vec<String>,
    /// What they did; items are indices into the log's [`Dataset::items`].
    pub sequence: Sequence,
}

/// A generated shop.
#[derive(Clone, Debug, PartialEq)]
pub struct Shop {
    /// The catalogue, variants of a group next to each other.
    pub products: Vec<Product>,
    /// The category tree, a parent before its children.
    pub categories: Vec<CategoryNode>,
    /// The log with attributes. New and rarely seen products are in `products` only.
    pub dataset: Dataset,
    /// Four shoppers with different tastes.
    pub personas: Vec<Persona>,
}

/// One event, before ids are given.
#[derive(Clone, Copy, Debug)]
struct Happening {
    product: usize,
    kind: InteractionKind,
    time_ms: i64,
}

/// The shop that follows from `config`. Linear in events and quadratic in the products of a
/// category; the default takes well under a second.
///
/// # Errors
/// [`ShopConfigError`] naming the first field out of its range.
///
/// # Examples
/// ```
/// use tastekeeper_models::shop::{ShopConfig, generate_shop};
///
/// let shop = generate_shop(&ShopConfig { products: 600, shoppers: 50, ..ShopConfig::default() })?;
/// assert_eq!(shop.products.len(), 600);
/// assert_eq!(shop.personas.len(), 4);
/// # Ok::<(), tastekeeper_models::shop::ShopConfigError>(())
/// ```
pub fn generate_shop(config: &ShopConfig) -> Result<Shop, ShopConfigError> {
    config.check()?;
    let stock = catalog::generate(config);
    let mut log: Vec<(Happening, usize)> = Vec::new();
    for shopper in 0..config.shoppers {
        let mut draws = Draws::new(config.seed, FIRST_SHOPPER_STREAM + shopper as u64);
        let taste = taste::generate(&stock, &mut draws);
        let budget = shoppers::generate_budget(config, &mut draws);
        let events = shoppers::simulate(&stock, taste, budget, config, &mut draws);
        log.extend(events.into_iter().map(|event| (event, shopper)));
    }
    // One shopper's events are in order already; a stable sort keeps that.
    log.sort_by_key(|(event, shopper)| (event.time_ms, *shopper));
    let mut builder = DatasetBuilder::default();
    let mut last_ms = i64::MIN;
    for (event, shopper) in log {
        // No two events of the log at one time: its order is then the order of times.
        last_ms = event.time_ms.max(last_ms + 1);
        let user = format!("shopper-{:05}", shopper + 1);
        let item = &stock.products[event.product].id;
        builder.add(&user, item, event.kind, Some(last_ms)).expect("the configuration is below the limits");
    }
    let mut dataset = builder.finish();
    let described = stock.products.iter().map(|product| (product.id.as_str(), product.description()));
    describe_items(&mut dataset, UnlistedItems::Drop, described)
        .expect("every id is described once and a category has one parent");
    let personas = personas::generate(&stock, config, &dataset);
    Ok(Shop { products: stock.products, categories: stock.taxonomy.nodes, dataset, personas })
}

const CATALOG_STREAM: u64 = 1;
const FIRST_PERSONA_STREAM: u64 = 100;
const FIRST_SHOPPER_STREAM: u64 = 1_000;
const DAY_MS: f64 = 86_400_000.0;

impl ShopConfig {
    fn check(&self) -> Result<(), ShopConfigError> {
        let fields = [
            ((500..=100_000).contains(&self.products), "products", "500 to 100000"),
            ((1..=10_000_000).contains(&self.shoppers), "shoppers", "1 to 10000000"),
            ((5.0..=200.0).contains(&self.events_per_shopper), "events_per_shopper", "5 to 200"),
            ((30..=1000).contains(&self.days), "days", "30 to 1000"),
            (
                (1_009_843_200_000..=253_402_300_799_999).contains(&self.now_ms),
                "now_ms",
                "milliseconds since 1970 of a time from 2002 to 9999",
            ),
        ];
        match fields.into_iter().find(|(fits, ..)| !fits) {
            Some((_, field, expected)) => Err(ShopConfigError { field, expected }),
            None => Ok(()),
        }
    }
}
