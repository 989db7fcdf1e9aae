//! Four shoppers to show the shop with.
//!
//! In: the stock and four tastes written down here. Out: personas with a history each, in the log's item numbers.
//! Must never be part of the log a model is trained on.

use std::collections::BTreeMap;

use super::catalog::Stock;
use super::draws::Draws;
use super::names::STYLES;
use super::taste::Taste;
use super::{FIRST_PERSONA_STREAM, Persona, ShopConfig, shoppers};
use crate::dataset::{Dataset, Interaction, Sequence};

struct Sketch {
    name: &'static str,
    about: &'static str,
    leaves: &'static [&'static str],
    style: &'static str,
    tier: f64,
}

const SKETCHES: [Sketch; 4] = [
    Sketch {
        name: "Mira",
        about: "Photographs on long walks; buys good gear once and looks after it.",
        leaves: &["Mirrorless Cameras", "Lenses", "Camera Bags", "Tripods", "Binoculars", "Backpacks"],
        style: "technical",
        tier: 2.0,
    },
    Sketch {
        name: "Jonas",
        about: "Runs, camps and counts every euro.",
        leaves: &["Running Shoes", "Running Socks", "Energy Gels", "Tents", "Sleeping Bags", "Protein Bars"],
        style: "rugged",
        tier: 0.0,
    },
    Sketch {
        name: "Aylin",
        about: "Has a new baby and an old cat, and likes natural materials.",
        leaves: &["Nappies", "Baby Wipes", "Baby Blankets", "Pushchairs", "Cat Food", "Plush Toys"],
        style: "natural",
        tier: 1.0,
    },
    Sketch {
        name: "Tomasz",
        about: "Cooks for friends, is particular about coffee, and furnishes slowly.",
        leaves: &["Coffee Beans", "Coffee Makers", "Pans", "Kitchen Knives", "Armchairs", "Table Lamps"],
        style: "elegant",
        tier: 2.0,
    },
];

/// Most events a persona has.
const EVENTS: usize = 40;

/// The personas; items that nobody in the log touched are left out of their histories.
pub(super) fn generate(stock: &Stock, config: &ShopConfig, dataset: &Dataset) -> Vec<Persona> {
    let numbers: BTreeMap<&str, u32> = (0..).zip(&dataset.items).map(|(n, id)| (id.as_str(), n)).collect();
    let mut personas = Vec::new();
    for (stream, sketch) in (FIRST_PERSONA_STREAM..).zip(&SKETCHES) {
        let mut draws = Draws::new(config.seed, stream);
        let leaves: Vec<usize> = sketch.leaves.iter().map(|name| stock.taxonomy.leaf(name)).collect();
        let style = STYLES.iter().position(|style| style.name == sketch.style).expect("a style of the list");
        let brands = (0..stock.brands.len()).filter(|&brand| {
            let brand = &stock.brands[brand];
            brand.style == style
                && leaves.iter().any(|&leaf| brand.roots.contains(&stock.taxonomy.leaves[leaf].root))
        });
        let taste = Taste {
            leaves: leaves.iter().map(|&leaf| (leaf, 1.0)).collect(),
            brands: brands.collect(),
            styles: vec![style],
            tier: sketch.tier,
            hesitates: 0.4,
            wanders: 0.1,
        };
        // More events than are kept: the latest ones make the history.
        let happened = shoppers::simulate(stock, taste, 2.0 * EVENTS as f64, config, &mut draws);
        let mut events: Vec<Interaction> = happened
            .into_iter()
            .filter_map(|event| {
                let item = *numbers.get(stock.products[event.product].id.as_str())?;
                Some(Interaction { item, kind: event.kind, time_ms: Some(event.time_ms) })
            })
            .collect();
        events.drain(..events.len().saturating_sub(EVENTS));
        personas.push(Persona {
            name: sketch.name.to_owned(),
            about: sketch.about.to_owned(),
            categories: leaves.iter().map(|&leaf| stock.taxonomy.leaves[leaf].path[2].clone()).collect(),
            sequence: Sequence { user: sketch.name.to_lowercase(), events },
        });
    }
    personas
}
