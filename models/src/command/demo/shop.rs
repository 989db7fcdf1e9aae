//! The shop of the demo: its products, log and shoppers, and ids in words.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tastekeeper::{Availability, Item, Reason, Recommendation, Source};

use super::screen::Cell;
use crate::command::failure::Failure;
use crate::command::files;
use crate::command::progress::Bars;
use crate::dataset::{Dataset, InteractionKind};
use crate::input::{UnlistedItems, describe_items, parse_kind, read_log};
use crate::shop::{
    self, CATALOG_FILE, CATEGORIES_FILE, LOG_FILE, PERSONAS_FILE, Product, ShopConfig, generate_shop,
    log_format, read_catalog,
};
use crate::train::Progress;

/// A pause that ends a visit.
const VISIT_GAP_MS: i64 = 30 * 60 * 1000;
/// How many events of a shopper of the log make a history, where there are no personas.
const HISTORY_EVENTS: usize = 40;

/// One event of a shopper.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Happening {
    pub(super) item: String,
    pub(super) kind: InteractionKind,
    pub(super) time_ms: i64,
}

/// Whose phone it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shopper {
    pub(super) name: String,
    pub(super) about: String,
    /// Oldest first, at least one; the last happened at [`DemoShop::now_ms`].
    pub(super) events: Vec<Happening>,
}

impl Shopper {
    /// The place of the first event of the last visit.
    pub(super) fn last_visit(&self) -> usize {
        let gaps = self.events.windows(2).rposition(|pair| pair[1].time_ms - pair[0].time_ms >= VISIT_GAP_MS);
        gaps.map_or(0, |gap| gap + 1)
    }
}

/// See the module.
pub(super) struct DemoShop {
    pub(super) products: Vec<Product>,
    pub(super) dataset: Dataset,
    pub(super) shoppers: Vec<Shopper>,
    pub(super) categories: BTreeMap<String, String>,
    /// When the log ends.
    pub(super) now_ms: i64,
    by_id: BTreeMap<String, usize>,
}

impl DemoShop {
    /// The default shop.
    pub(super) fn generate(seed: u64) -> Result<Self, Failure> {
        let config = ShopConfig { seed, ..ShopConfig::default() };
        let shop = generate_shop(&config).map_err(Failure::operation)?;
        let happening = |event: &crate::dataset::Interaction| Happening {
            item: shop.dataset.items[event.item as usize].clone(),
            kind: event.kind,
            time_ms: event.time_ms.unwrap_or(config.now_ms),
        };
        let shoppers = shop.personas.iter().map(|persona| Shopper {
            name: persona.name.clone(),
            about: persona.about.clone(),
            events: persona.sequence.events.iter().map(happening).collect(),
        });
        let shoppers = shoppers.collect();
        let categories = shop.categories.into_iter().map(|node| (node.id, node.name)).collect();
        Self::new(shop.products, shop.dataset, shoppers, categories)
    }

    /// The shop in a folder as `generate-shop` writes it; categories and personas may be missing.
    pub(super) fn read(folder: &Path, bars: &mut Bars) -> Result<Self, Failure> {
        let (catalog, log) = (folder.join(CATALOG_FILE), folder.join(LOG_FILE));
        bars.begin_bytes("read", std::fs::metadata(&log).map_or(0, |file| file.len()));
        let dataset = read_log(&log, &log_format(), &mut |bytes| bars.step(bytes));
        bars.end();
        let mut dataset = dataset.map_err(|error| Failure::in_file(&log, &error))?;
        let products =
            read_catalog(&catalog, &mut |_| ()).map_err(|error| Failure::in_file(&catalog, &error))?;
        let described = products.iter().map(|product| (product.id.as_str(), product.description()));
        describe_items(&mut dataset, UnlistedItems::Drop, described)
            .map_err(|error| Failure::in_file(&catalog, &error))?;
        let categories = read_json(&folder.join(CATEGORIES_FILE))?;
        let categories = list(&categories)
            .filter_map(|node| Some((node["id"].as_str()?.to_owned(), node["name"].as_str()?.to_owned())));
        let categories = categories.collect();
        let personas = read_json(&folder.join(PERSONAS_FILE))?;
        let mut shoppers: Vec<Shopper> = list(&personas).filter_map(persona).collect();
        if shoppers.is_empty() {
            shoppers.extend(from_log(&dataset));
        }
        Self::new(products, dataset, shoppers, categories)
    }

    fn new(
        products: Vec<Product>,
        dataset: Dataset,
        mut shoppers: Vec<Shopper>,
        categories: BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        let by_id: BTreeMap<String, usize> =
            products.iter().enumerate().map(|(place, product)| (product.id.clone(), place)).collect();
        let times = dataset.sequences.iter().flat_map(|sequence| &sequence.events);
        let last = times.filter_map(|event| event.time_ms).max();
        let now_ms = last.ok_or_else(|| Failure::input("the log has no times"))?;
        for shopper in &mut shoppers {
            shopper.events.retain(|event| by_id.contains_key(&event.item));
            // The last visit is now, so that it is the visit that level Session knows.
            let shift = shopper.events.last().map_or(0, |event| now_ms - event.time_ms);
            shopper.events.iter_mut().for_each(|event| event.time_ms += shift);
        }
        shoppers.retain(|shopper| !shopper.events.is_empty());
        Ok(Self { products, dataset, shoppers, categories, now_ms, by_id })
    }

    /// The shopper of that name; without one, the first.
    pub(super) fn shopper(&self, name: Option<&str>) -> Result<&Shopper, Failure> {
        let found = match name {
            Some(name) => self.shoppers.iter().find(|shopper| shopper.name.eq_ignore_ascii_case(name)),
            None => self.shoppers.first(),
        };
        found.ok_or_else(|| {
            let names: Vec<&str> = self.shoppers.iter().map(|shopper| shopper.name.as_str()).collect();
            Failure::input(format!("there is no such shopper; there are: {}", names.join(", ")))
        })
    }

    pub(super) fn product(&self, id: &str) -> Option<&Product> {
        self.by_id.get(id).map(|&place| &self.products[place])
    }

    /// An item in words.
    pub(super) fn title<'shop>(&'shop self, id: &'shop str) -> &'shop str {
        self.product(id).map_or(id, |product| product.title.as_str())
    }

    /// A category in words.
    pub(super) fn category<'shop>(&'shop self, id: &'shop str) -> &'shop str {
        self.categories.get(id).map_or(id, String::as_str)
    }

    /// The catalogue as the engine takes it.
    pub(super) fn items(&self) -> Vec<Item> {
        self.products.iter().map(item).collect()
    }

    /// A recommendation as an entry of a column.
    pub(super) fn cell(&self, item: &Recommendation) -> Cell {
        let price = self
            .product(&item.item_id)
            .map_or_else(String::new, |product| format!("{} {:.2}, ", product.currency, product.price));
        Cell {
            title: self.title(&item.item_id).to_owned(),
            note: format!("{price}{}, {:.2}", source(item.source), item.score),
        }
    }

    /// A reason as a sentence would give it.
    pub(super) fn reason(&self, reason: &Reason) -> String {
        let because = match reason {
            Reason::Viewed(id) => format!("you looked at {}", self.title(id)),
            Reason::Bought(id) => format!("you bought {}", self.title(id)),
            Reason::InCart(id) => format!("you put {} in the cart", self.title(id)),
            Reason::LikesCategory(id) => format!("you like {}", self.category(id)),
            Reason::LikesBrand(name) => format!("you like {name}"),
            Reason::SimilarTo(id) => format!("it is like {}", self.title(id)),
            Reason::BoughtTogetherWith(id) => format!("it goes with {}", self.title(id)),
            Reason::Popular => "it is popular".to_owned(),
            Reason::New => "it is new here".to_owned(),
            Reason::Promoted => "the shop promotes it".to_owned(),
            Reason::Exploration => return "to learn whether you like it".to_owned(),
            _ => return "for another reason".to_owned(),
        };
        format!("because {because}")
    }
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Personal => "personal",
        Source::Contextual => "contextual",
        Source::Popular => "popular",
        Source::Exploration => "exploration",
        Source::Pinned => "pinned",
        _ => "other",
    }
}

fn item(product: &Product) -> Item {
    Item {
        category: product.category.clone(),
        brand: Some(product.brand.clone()),
        price: Some(product.price),
        currency: Some(product.currency.clone()),
        availability: match product.availability {
            shop::Availability::InStock => Availability::InStock,
            shop::Availability::OutOfStock => Availability::OutOfStock,
        },
        created_at_ms: Some(product.created_at_ms),
        group_id: product.group_id.clone(),
        attributes: product.attributes.clone(),
        ..Item::new(&product.id)
    }
}

/// A JSON file, or `null` if it is not there.
fn read_json(path: &Path) -> Result<Value, Failure> {
    if !path.exists() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&files::read(path)?).map_err(|error| Failure::in_file(path, &error))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn persona(value: &Value) -> Option<Shopper> {
    let event = |event: &Value| {
        Some(Happening {
            item: event["item"].as_str()?.to_owned(),
            kind: parse_kind(event["event"].as_str()?)?,
            time_ms: event["time_ms"].as_i64()?,
        })
    };
    let mut events: Vec<Happening> = list(&value["events"]).filter_map(event).collect();
    events.sort_by_key(|event| event.time_ms);
    let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
    Some(Shopper { name: value["name"].as_str()?.to_owned(), about: text("about"), events })
}

/// The shopper of the log with the most events, of which the last ones count.
fn from_log(dataset: &Dataset) -> Option<Shopper> {
    let longest = dataset.sequences.iter().rev().max_by_key(|sequence| sequence.events.len())?;
    let from = longest.events.len().saturating_sub(HISTORY_EVENTS);
    let events = longest.events[from..].iter().filter_map(|event| {
        let item = dataset.items[event.item as usize].clone();
        Some(Happening { item, kind: event.kind, time_ms: event.time_ms? })
    });
    Some(Shopper {
        name: longest.user.clone(),
        about: "The shopper of the log with the most events.".to_owned(),
        events: events.collect(),
    })
}
