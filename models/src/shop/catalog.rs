//! The generated shop's products.
//!
//! In: the category tree, invented names, draws. Out: products, and beside each what shoppers feel but a catalogue does
//! not say: popularity, and which products are alike or go together.
//! Must never give an id that tells how popular a product is.

use std::collections::BTreeMap;

use super::draws::Draws;
use super::names::{Brand, COLOURS, LINES, SHOE_SIZES, SIZES, STYLES, TIER_PRICE, generate_brands};
use super::taxonomy::{Taxonomy, Variants};
use super::{Availability, CATALOG_STREAM, DAY_MS, Product, ShopConfig};

/// What shoppers feel about a product.
#[derive(Clone, Debug)]
pub(super) struct Latent {
    pub(super) leaf: usize,
    pub(super) brand: usize,
    pub(super) tier: usize,
    pub(super) style: usize,
    colour: usize,
    family: usize,
    /// Natural logarithm of price over its leaf's median.
    price: f64,
    pub(super) popularity: f64,
}

/// The shop before anybody enters.
#[derive(Debug)]
pub(super) struct Stock {
    pub(super) taxonomy: Taxonomy,
    pub(super) brands: Vec<Brand>,
    pub(super) products: Vec<Product>,
    pub(super) latents: Vec<Latent>,
    /// Running sums of the products' popularity.
    pub(super) popularity_sums: Vec<f64>,
    /// Products of each leaf.
    pub(super) by_leaf: Vec<Vec<usize>>,
    /// For each product those most like it, nearest first.
    pub(super) similar: Vec<Vec<usize>>,
    /// For each product those that go best with it, best first.
    pub(super) complements: Vec<Vec<usize>>,
}

/// Products and their hidden sides.
pub(super) fn generate(config: &ShopConfig) -> Stock {
    let taxonomy = Taxonomy::read();
    let mut draws = Draws::new(config.seed, CATALOG_STREAM);
    let brands = generate_brands(taxonomy.roots.len(), &mut draws);
    let mut families = Vec::new();
    let mut count = 0;
    while count < config.products {
        // The first round gives every leaf a family; after that leaves differ in how much they offer.
        let leaf = match families.len() {
            number if number < taxonomy.leaves.len() => number,
            _ => draws.below(taxonomy.leaves.len()),
        };
        let family = generate_family(&taxonomy, &brands, leaf, families.len(), config, &mut draws);
        count += family.len();
        families.push(family);
    }
    let mut ranks: Vec<usize> = (0..families.len()).collect();
    draws.shuffle(&mut ranks);
    for (family, rank) in families.iter_mut().zip(&ranks) {
        // Zipf and Mandelbrot's law over families; variants share unevenly.
        let popularity = 1.0 / (*rank as f64 + 8.0);
        for (variant, (product, latent)) in family.iter_mut().enumerate() {
            let age_days = (config.now_ms - product.created_at_ms) as f64 / DAY_MS;
            let known = if age_days < NEW_DAYS { 0.02 } else { 1.0 };
            latent.popularity = known * popularity / (1.0 + variant as f64);
        }
    }
    draws.shuffle(&mut families);
    let (mut products, latents): (Vec<Product>, Vec<Latent>) =
        families.into_iter().flatten().take(config.products).unzip();
    for (number, product) in products.iter_mut().enumerate() {
        product.id = format!("sku-{:05}", number + 1);
    }
    leave_groups_of_one(&mut products);
    let mut by_leaf = vec![Vec::new(); taxonomy.leaves.len()];
    for (number, latent) in latents.iter().enumerate() {
        by_leaf[latent.leaf].push(number);
    }
    let popularity_sums = latents
        .iter()
        .scan(0.0, |sum, latent| {
            *sum += latent.popularity;
            Some(*sum)
        })
        .collect();
    let mut stock = Stock {
        taxonomy,
        brands,
        products,
        latents,
        popularity_sums,
        by_leaf,
        similar: Vec::new(),
        complements: Vec::new(),
    };
    stock.similar = (0..stock.products.len()).map(|number| stock.similar_to(number, &mut draws)).collect();
    stock.complements =
        (0..stock.products.len()).map(|number| stock.going_with(number, &mut draws)).collect();
    stock
}

/// A product without variants needs no group. Variants stand next to each other.
fn leave_groups_of_one(products: &mut [Product]) {
    for group in products.chunk_by_mut(|a, b| a.group_id == b.group_id) {
        if let [alone] = group {
            alone.group_id = None;
        }
    }
}

/// Younger products are new arrivals.
pub(super) const NEW_DAYS: f64 = 14.0;

/// A product and its variants.
fn generate_family(
    taxonomy: &Taxonomy,
    brands: &[Brand],
    leaf_number: usize,
    family: usize,
    config: &ShopConfig,
    draws: &mut Draws,
) -> Vec<(Product, Latent)> {
    let leaf = &taxonomy.leaves[leaf_number];
    let root = &taxonomy.roots[leaf.root];
    let at_home: Vec<usize> =
        (0..brands.len()).filter(|&brand| brands[brand].roots.contains(&leaf.root)).collect();
    let brand_number = *draws.pick(&at_home);
    let brand = &brands[brand_number];
    let style = if draws.chance(0.65) { brand.style } else { draws.below(STYLES.len()) };
    let price = charm_price(draws.log_normal(leaf.median_price * TIER_PRICE[brand.tier], 0.28));
    let age_days = match draws.unit() {
        u if u < 0.04 => draws.between(0.1, NEW_DAYS),
        u if u < 0.16 => draws.between(NEW_DAYS, 120.0),
        _ => draws.between(120.0, 1100.0),
    };
    #[expect(clippy::cast_possible_truncation, reason = "1100 days are about 10^11 milliseconds")]
    let created_at_ms = config.now_ms - (age_days * DAY_MS) as i64;
    let material = *draws.pick(&root.materials);
    let noun = *draws.pick(&leaf.nouns);
    let line = *draws.pick(&LINES);
    let is_used_up = leaf.replenish_days.is_some();
    let adjective = if is_used_up {
        *draws.pick(&STYLES[style].character_words)
    } else {
        *draws.pick(&STYLES[style].words)
    };
    let name = match draws.below(3) {
        0 => format!("{} {line} {noun}", brand.name),
        1 => format!("{} {adjective} {noun}", brand.name),
        _ => format!("{} {line} {adjective} {noun}", brand.name),
    };
    let first_colour = draws.below(COLOURS.len());
    let variants = match leaf.variants {
        Variants::None => 1,
        Variants::Sizes | Variants::ShoeSizes => 2 + draws.below(3),
        Variants::Colours => 1 + draws.below(3),
    };
    let mut products = Vec::new();
    for variant in 0..variants {
        let mut attributes = BTreeMap::new();
        let mut title = name.clone();
        let colour = match leaf.variants {
            Variants::Colours => (first_colour + 5 * variant) % COLOURS.len(),
            _ => first_colour,
        };
        if is_used_up {
            attributes.insert("character".to_owned(), STYLES[style].character.to_owned());
        } else {
            attributes.insert("material".to_owned(), material.to_owned());
            attributes.insert("style".to_owned(), STYLES[style].name.to_owned());
        }
        if leaf.variants != Variants::None {
            attributes.insert("colour".to_owned(), COLOURS[colour].to_owned());
            title.push_str(&format!(", {}", COLOURS[colour]));
        }
        let sizes = match leaf.variants {
            Variants::Sizes => Some(SIZES),
            Variants::ShoeSizes => Some(SHOE_SIZES),
            Variants::None | Variants::Colours => None,
        };
        if let Some(sizes) = sizes {
            // The middle ones first: they are what most shoppers look at.
            let size = sizes[[1, 2, 0, 3][variant]];
            attributes.insert("size".to_owned(), size.to_owned());
            title.push_str(&format!(", {size}"));
        }
        let product = Product {
            id: String::new(),
            title,
            category: leaf.path.to_vec(),
            brand: brand.name.clone(),
            price,
            currency: "EUR".to_owned(),
            availability: if draws.chance(0.07) { Availability::OutOfStock } else { Availability::InStock },
            created_at_ms,
            group_id: Some(format!("group-{:05}", family + 1)),
            attributes,
        };
        let latent = Latent {
            leaf: leaf_number,
            brand: brand_number,
            tier: brand.tier,
            style,
            colour,
            family,
            price: libm::log(price / leaf.median_price),
            popularity: 0.0,
        };
        products.push((product, latent));
    }
    products
}

/// A price as shops write it: `4.29`, `24.95`, `189.00`.
fn charm_price(price: f64) -> f64 {
    let cents = if price < 10.0 {
        libm::round(price * 10.0) * 10.0 - 1.0
    } else if price < 100.0 {
        libm::round(price) * 100.0 - 5.0
    } else {
        libm::round(price / 10.0) * 1000.0 - 100.0
    };
    cents.max(99.0) / 100.0
}

impl Stock {
    /// How well a shopper who looks at `a` takes `b` for the same taste.
    fn likeness(&self, a: usize, b: usize, draws: &mut Draws) -> f64 {
        let (a, b) = (&self.latents[a], &self.latents[b]);
        1.3 * f64::from(u8::from(a.brand == b.brand))
            + 1.2 * f64::from(u8::from(a.style == b.style))
            + 0.4 * f64::from(u8::from(a.colour == b.colour))
            + 0.3 * f64::from(u8::from(a.family == b.family))
            - 0.9 * libm::fabs(a.price - b.price)
            + 0.6 * libm::log(b.popularity)
            + 0.8 * draws.normal()
    }

    fn similar_to(&self, product: usize, draws: &mut Draws) -> Vec<usize> {
        let leaf = self.latents[product].leaf;
        let branch = self.taxonomy.leaves[leaf].branch;
        let mut scored = Vec::new();
        for (other_leaf, products) in self.by_leaf.iter().enumerate() {
            if self.taxonomy.leaves[other_leaf].branch != branch {
                continue;
            }
            let distance = if other_leaf == leaf { 0.0 } else { 2.5 };
            for &other in products.iter().filter(|&&other| other != product) {
                scored.push((self.likeness(product, other, draws) - distance, other));
            }
        }
        best(scored, 12)
    }

    fn going_with(&self, product: usize, draws: &mut Draws) -> Vec<usize> {
        let mut scored = Vec::new();
        for (rank, &leaf) in self.taxonomy.leaves[self.latents[product].leaf].complements.iter().enumerate() {
            for &other in &self.by_leaf[leaf] {
                scored.push((self.likeness(product, other, draws) - 0.4 * rank as f64, other));
            }
        }
        best(scored, 8)
    }
}

/// The `count` with the highest score, best first; ties by number.
fn best(mut scored: Vec<(f64, usize)>, count: usize) -> Vec<usize> {
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().take(count).map(|(_, product)| product).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_look_like_prices() {
        for (price, charm) in [(0.2, 0.99), (4.31, 4.29), (24.6, 24.95), (186.0, 189.0)] {
            assert!((charm_price(price) - charm).abs() < 1e-9, "{price}: {}", charm_price(price));
        }
    }

    #[test]
    fn every_leaf_offers_something_and_knows_what_goes_with_it() {
        let stock = generate(&ShopConfig::default());
        assert_eq!(stock.products.len(), 3_000);
        assert!(
            stock.by_leaf.iter().filter(|products| products.len() >= 3).count() * 10
                > stock.by_leaf.len() * 9
        );
        assert!(stock.similar.iter().all(|similar| similar.len() >= 3));
        assert!(stock.complements.iter().filter(|others| !others.is_empty()).count() > 2_900);
    }
}
