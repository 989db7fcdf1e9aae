//! The file with everything that the page shows.
//!
//! In: products and the category tree. Out: `catalog.json` in the form that `engine.d.ts` describes. Must never be written with a category
//! or a value that has no words in one of the languages.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::json;
use tastekeeper_models::shop::{Availability, CategoryNode, Product, ShopConfig};

use crate::data::Failure;
use crate::picture::{Picture, picture};
use crate::words::{self, CategoryWords, Texts};

const CATALOG: &str = "catalog.json";

#[derive(Serialize)]
struct Category {
    id: String,
    parent: Option<String>,
    name: Texts,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sensitive: bool,
    shape: &'static str,
    items: usize,
}

#[derive(Serialize)]
struct ShownProduct<'a> {
    id: &'a str,
    category: &'a [String],
    brand: &'a str,
    price: f64,
    currency: &'a str,
    in_stock: bool,
    created_at_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    title: Texts,
    attributes: &'a BTreeMap<String, String>,
    picture: Picture,
}

/// Writes it into `folder`.
///
/// # Errors
/// When it cannot be written, or words are missing.
pub(crate) fn write(
    config: &ShopConfig,
    products: &[&Product],
    nodes: &[&CategoryNode],
    folder: &Path,
) -> Result<(), Failure> {
    let words = words::categories();
    let named: BTreeMap<&str, &CategoryWords> = nodes
        .iter()
        .map(|node| match words.get(node.name.as_str()) {
            Some(words) => Ok((node.id.as_str(), words)),
            None => Err(format!("the category {} has no German and French words", node.name)),
        })
        .collect::<Result<_, _>>()?;
    let mut items: BTreeMap<&str, usize> = BTreeMap::new();
    for category in products.iter().flat_map(|product| &product.category) {
        *items.entry(category).or_default() += 1;
    }
    let category = |node: &&CategoryNode| {
        let words = named[node.id.as_str()];
        Category {
            id: node.id.clone(),
            parent: node.parent.clone(),
            name: words.name.clone(),
            sensitive: tastekeeper::sensitive::is_sensitive(&node.id),
            shape: words.shape,
            items: items.get(node.id.as_str()).copied().unwrap_or_default(),
        }
    };
    let mut attributes = words::attributes();
    let mut shown = Vec::new();
    for product in products {
        let leaf = product.category.last().ok_or("a product has a category")?;
        let leaf = named[leaf.as_str()];
        for (key, value) in &product.attributes {
            let known =
                attributes.get(key.as_str()).is_some_and(|values| values.contains_key(value.as_str()));
            if !known && key != "size" {
                return Err(format!("the {key} {value} has no German and French words").into());
            }
        }
        shown.push(ShownProduct {
            id: &product.id,
            category: &product.category,
            brand: &product.brand,
            price: product.price,
            currency: &product.currency,
            in_stock: product.availability == Availability::InStock,
            created_at_ms: product.created_at_ms,
            group_id: product.group_id.as_deref(),
            title: title(product, leaf, &attributes),
            attributes: &product.attributes,
            picture: picture(product, leaf.shape),
        });
    }
    let mut styles: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for product in products {
        let style = product.attributes.get("style").map_or("minimal", String::as_str);
        *styles.entry(&product.brand).or_default().entry(style).or_default() += 1;
    }
    let brands: Vec<_> = styles
        .iter()
        .map(|(name, styles)| {
            let style = styles.iter().max_by_key(|(_, count)| **count).map_or("minimal", |(style, _)| *style);
            json!({"name": name, "style": style})
        })
        .collect();
    if let Some(sizes) = attributes.get_mut("size") {
        for size in ["S", "M", "L", "XL"] {
            sizes.insert(size, Texts::new(size, size, size));
        }
    }
    let catalog = json!({
        "version": 1,
        "seed": config.seed,
        "generated_ms": config.now_ms,
        "categories": nodes.iter().map(category).collect::<Vec<_>>(),
        "brands": brands,
        "words": attributes,
        "products": shown,
    });
    Ok(std::fs::write(folder.join(CATALOG), catalog.to_string())?)
}

/// The English title, and one put together for German and French: the product's own name, what it is, colour and size.
fn title(
    product: &Product,
    leaf: &CategoryWords,
    attributes: &BTreeMap<&'static str, BTreeMap<&'static str, Texts>>,
) -> Texts {
    let (name, rest) =
        product.title.split_once(", ").map_or((&*product.title, ""), |(name, rest)| (name, rest));
    // What a product is stands at the end and is not capitalised, but for a nationality.
    let is_own = |word: &&str| word.chars().next().is_some_and(char::is_uppercase) && *word != "French";
    let own: Vec<&str> = name.split(' ').take_while(is_own).collect();
    let own = own.join(" ");
    let (one_de, one_fr) = leaf.one.unwrap_or((&leaf.name.de, &leaf.name.fr));
    let (mut de, mut fr) = (format!("{own} {one_de}"), format!("{own} {one_fr}"));
    for part in rest.split(", ").filter(|part| !part.is_empty()) {
        let words = attributes.get("colour").and_then(|colours| colours.get(part));
        de = format!("{de}, {}", words.map_or(part, |words| &words.de));
        fr = format!("{fr}, {}", words.map_or(part, |words| &words.fr));
    }
    Texts { en: product.title.clone(), de, fr }
}
