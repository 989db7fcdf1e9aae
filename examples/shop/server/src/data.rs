//! The shop: its catalogue in three languages, its signed packs and topics, its personas.
//!
//! In: a configuration of the generated shop. Out: the files that the page and the server read, the same for the same configuration but
//! for the signatures, whose key is made anew and thrown away. Must never be evidence for quality: the tastes were put there.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use tastekeeper::platform::SecureRandom;
use tastekeeper_models::dataset::{Dataset, InteractionKind};
use tastekeeper_models::host::SystemRandom;
use tastekeeper_models::pack::{PackOptions, SigningKey, write_pack};
use tastekeeper_models::shop::{Availability, CategoryNode, Product, Shop, ShopConfig, generate_shop};
use tastekeeper_models::train::embedding::EmbeddingConfig;
use tastekeeper_models::train::split::Split;
use tastekeeper_models::train::{Repeats, Silent, TrainConfig, train};
use tastekeeper_models::vocabulary::{BuildConfig, Floors, build};

use crate::catalog;
use crate::picture::spread;
use crate::words::Texts;

/// What can go wrong is for whoever builds the shop.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The file with the personas.
pub(crate) const PERSONAS: &str = "personas.json";
/// The packs, by their seasons.
pub(crate) const PACKS: [&str; 2] = ["spring", "autumn"];
/// The key that packs and topics are signed with.
pub(crate) const KEY: &str = "shop.pub";
/// The topics of reports.
pub(crate) const VOCABULARY: &str = "vocabulary.txt";

/// Nothing is learned from this category: its id says what it is, whatever it is called.
const HEALTH_CARE: &str = "hb-1";
const REMEDIES: &str = "hb-1-1";
const REMEDY_LEAVES: [&str; 4] = ["Allergy Relief", "Pain Relief", "Sleep Aids", "Wound Care"];
const REMEDY_BRANDS: [&str; 3] = ["Calmorvald", "Herbavell", "Linderix"];
const DAY_MS: i64 = 86_400_000;
/// A persona's events older than this would be past their retention a few days after the shop was opened.
const PERSONA_DAYS: i64 = 80;

/// The generated shop that everything is made from; the server's crowd lives in it as well.
pub(crate) fn config(products: usize) -> ShopConfig {
    ShopConfig { products, ..ShopConfig::default() }
}

/// Makes the shop in `folder`.
///
/// # Errors
/// When a file cannot be written, or the shop has a category without words.
pub(crate) fn make(config: &ShopConfig, folder: &Path, say: &mut dyn FnMut(&str)) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    let shop = generate_shop(config)?;
    let (remedies, nodes) = remedies(config);
    let products: Vec<&Product> = shop.products.iter().chain(&remedies).collect();
    let nodes: Vec<&CategoryNode> = shop.categories.iter().chain(&nodes).collect();
    catalog::write(config, &products, &nodes, folder)?;
    write_personas(config, &shop, folder)?;

    let mut bytes = [0; 40];
    SystemRandom.fill(&mut bytes)?;
    let key = SigningKey::from_random(&bytes);
    std::fs::write(folder.join(KEY), key.public_key_text())?;
    write_vocabulary(&shop, &key, folder)?;
    for season in PACKS {
        let log = thinned(&shop, season);
        let events: usize = log.sequences.iter().map(|sequence| sequence.events.len()).sum();
        say(&format!("training the pack `{season}` on {events} events"));
        // Vectors of many items take many passes; the large shop is for measuring, not for looking at.
        let embedding = match config.products {
            0..=20_000 => EmbeddingConfig::SHORT,
            _ => EmbeddingConfig { epochs: 1, negatives: 64, ..EmbeddingConfig::SHORT },
        };
        let training = TrainConfig {
            seed: config.seed,
            split: Split::LeaveOneOut { train_on_validation: true },
            repeats: Repeats::Forbid,
            kind_weights: Some([1.0; 4]),
            tuning_budget: 8,
            schedule_budget: 0,
            embedding: Some(embedding),
            ..TrainConfig::default()
        };
        let (model, _) = train(&log, &training, &mut Silent)?;
        let created_day = u32::try_from(config.now_ms / DAY_MS)?;
        // Two models, not two versions of one: going back to an older version is refused, as it should be.
        let options =
            PackOptions { model_id: format!("shop-{season}"), created_day, ..PackOptions::default() };
        let pack = write_pack(&model, &options, &key)?;
        std::fs::write(folder.join(format!("{season}.tkpack")), pack)?;
    }
    Ok(())
}

/// A few products of a sensitive category, which nobody in the log touched.
fn remedies(config: &ShopConfig) -> (Vec<Product>, Vec<CategoryNode>) {
    let node = |id: &str, parent: &str, name: &str| CategoryNode {
        id: id.to_owned(),
        parent: Some(parent.to_owned()),
        name: name.to_owned(),
    };
    let mut nodes = vec![node(HEALTH_CARE, "hb", "Health Care"), node(REMEDIES, HEALTH_CARE, "Remedies")];
    let mut products = Vec::new();
    for (place, leaf) in REMEDY_LEAVES.iter().enumerate() {
        let id = format!("{REMEDIES}-{}", place + 1);
        nodes.push(node(&id, REMEDIES, leaf));
        for number in 0..12 {
            let brand = REMEDY_BRANDS[number % REMEDY_BRANDS.len()];
            let size = ["10", "20", "50", "100"][number / REMEDY_BRANDS.len()];
            let noun = ["allergy tablets", "pain tablets", "sleep tablets", "wound ointment"][place];
            products.push(Product {
                id: format!("hc-{:05}", 100 * (place + 1) + number),
                title: format!("{brand} {noun}, {size}"),
                category: vec!["hb".to_owned(), HEALTH_CARE.to_owned(), id.clone()],
                brand: brand.to_owned(),
                price: f64::from(u32::try_from(299 + 170 * (number + place)).unwrap_or(299)) / 100.0,
                currency: "EUR".to_owned(),
                availability: Availability::InStock,
                created_at_ms: config.now_ms - 400 * DAY_MS,
                group_id: None,
                attributes: BTreeMap::from([("size".to_owned(), size.to_owned())]),
            });
        }
    }
    // The page shows three levels: the leaves lie right below health care.
    nodes.remove(1);
    for leaf in &mut nodes[1..] {
        leaf.parent = Some(HEALTH_CARE.to_owned());
    }
    (products, nodes)
}

fn about(name: &str, english: &str) -> Result<Texts, String> {
    let (de, fr) = match name {
        "Mira" => (
            "Fotografiert auf langen Wegen; kauft gute Ausrüstung einmal und pflegt sie.",
            "Photographie pendant de longues marches ; achète du bon matériel une fois et en prend soin.",
        ),
        "Jonas" => ("Läuft, zeltet und rechnet mit jedem Euro.", "Court, campe et compte chaque euro."),
        "Aylin" => (
            "Hat ein neugeborenes Kind und eine alte Katze und mag natürliche Materialien.",
            "A un nouveau-né et un vieux chat, et aime les matières naturelles.",
        ),
        "Tomasz" => (
            "Kocht für Freunde, ist wählerisch beim Kaffee und richtet sich langsam ein.",
            "Cuisine pour ses amis, est exigeant sur le café et se meuble lentement.",
        ),
        _ => return Err(format!("the persona {name} has no German and French words")),
    };
    Ok(Texts::new(english, de, fr))
}

/// The engine's name of an event of the log.
pub(crate) fn word(kind: InteractionKind) -> &'static str {
    match kind {
        InteractionKind::View => "view_item",
        InteractionKind::Cart => "add_to_cart",
        InteractionKind::Wishlist => "add_to_wishlist",
        InteractionKind::Purchase => "purchase",
    }
}

fn write_personas(config: &ShopConfig, shop: &Shop, folder: &Path) -> Result<(), Failure> {
    let branches: BTreeMap<&str, &str> =
        shop.products.iter().map(|product| (product.id.as_str(), product.category[1].as_str())).collect();
    let mut personas = Vec::new();
    for persona in &shop.personas {
        // Shoppers of the log go astray now and then; a persona has forty events to be known by, and keeps to the taste.
        let is_own = |item: &str| {
            let branch = branches.get(item).copied().unwrap_or_default();
            persona
                .categories
                .iter()
                .any(|leaf| leaf.strip_prefix(branch).is_some_and(|rest| rest.starts_with('-')))
        };
        let own =
            persona.sequence.events.iter().filter(|event| is_own(&shop.dataset.items[event.item as usize]));
        let times = own.filter_map(|event| event.time_ms);
        // The last visit was an hour ago.
        let last_ms = times.max().unwrap_or(config.now_ms) + DAY_MS / 24;
        let events: Vec<_> = persona
            .sequence
            .events
            .iter()
            .map(|event| (event, last_ms - event.time_ms.unwrap_or(last_ms)))
            .filter(|(_, ago_ms)| *ago_ms < PERSONA_DAYS * DAY_MS)
            .filter(|(event, _)| is_own(&shop.dataset.items[event.item as usize]))
            .map(|(event, ago_ms)| {
                let item = &shop.dataset.items[event.item as usize];
                json!({"kind": word(event.kind), "item_id": item, "ago_ms": ago_ms})
            })
            .collect();
        personas.push(json!({
            "id": persona.sequence.user,
            "name": persona.name,
            "about": about(&persona.name, &persona.about)?,
            "categories": persona.categories,
            "events": events,
        }));
    }
    Ok(std::fs::write(folder.join(PERSONAS), json!(personas).to_string())?)
}

/// Topics with smaller floors than a real shop's: there are fewer shoppers.
fn write_vocabulary(shop: &Shop, key: &SigningKey, folder: &Path) -> Result<(), Failure> {
    let shoppers = shop.dataset.sequences.len() as u64;
    let config = BuildConfig {
        name: "shop".to_owned(),
        topics: 16,
        per_report: 1,
        ratio: 8,
        cohort: shoppers.max(800),
        floors: Floors { shoppers: 50, ..Floors::standard(shoppers) },
        names: shop.categories.iter().map(|node| (node.id.clone(), node.name.clone())).collect(),
    };
    let bytes = build(&shop.dataset, &config)?.draft.to_bytes()?;
    let signature = key.detached_signature(&bytes, "the shop's topics")?;
    std::fs::write(folder.join(VOCABULARY), &bytes)?;
    Ok(std::fs::write(folder.join(format!("{VOCABULARY}.minisig")), signature)?)
}

/// What is bought more in each season, by the name of the branch.
const SEASONS: [(&str, &[&str]); 2] = [
    ("spring", &["Garden", "Cycling", "Camping", "Running", "Travel", "Optics", "Out and About"]),
    (
        "autumn",
        &["Lighting", "Home Textiles", "Coffee and Tea", "Games", "Needlework", "Living Room", "Skin Care"],
    ),
];

/// The log as it would be at the end of a season: of what belongs to the other one, most is missing.
fn thinned(shop: &Shop, season: &str) -> Dataset {
    let away: Vec<&str> = SEASONS
        .iter()
        .filter(|(name, _)| *name != season)
        .flat_map(|(_, branches)| branches.iter())
        .filter_map(|branch| shop.categories.iter().find(|node| node.name == **branch))
        .map(|node| node.id.as_str())
        .collect();
    let is_away: BTreeMap<&str, bool> = shop
        .products
        .iter()
        .map(|product| (product.id.as_str(), product.category.iter().any(|id| away.contains(&id.as_str()))))
        .collect();
    let mut log = shop.dataset.clone();
    for sequence in &mut log.sequences {
        let user = spread(&sequence.user);
        let mut place = user;
        sequence.events.retain(|event| {
            place = place.wrapping_mul(0x9E37_79B1).wrapping_add(1);
            let item = log.items[event.item as usize].as_str();
            !is_away.get(item).copied().unwrap_or_default() || (place >> 7).is_multiple_of(4)
        });
    }
    log
}
