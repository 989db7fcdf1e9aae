//! The smallest app on the engine: `cargo run --release -p quickstart`.
//!
//! The first half is the shop's side: a made-up shop, a model trained from its log, a signed pack. A real app ships the
//! pack and does none of it. The second half is the app: open, ask, track, recommend, explain, forget, switch off.
#![expect(clippy::print_stdout, reason = "a program that shows what the engine answers")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use tastekeeper::platform::{Clock, DirectoryFileSystem, FileKeyCustodian, SecureRandom};
use tastekeeper::{
    Config, Consent, Event, EventKind, Filter, Forget, Item, PersonalizationLevel, Platform,
    RecommendationKind, Recommender, Request,
};
use tastekeeper_models::dataset::InteractionKind;
use tastekeeper_models::host::{SystemClock, SystemRandom};
use tastekeeper_models::pack::{PackOptions, SigningKey, WeightBits, save, write_pack};
use tastekeeper_models::shop::{Shop, ShopConfig, generate_shop};
use tastekeeper_models::train::embedding::EmbeddingConfig;
use tastekeeper_models::train::{Preset, Silent, TrainConfig, train};

fn main() -> Result<(), Box<dyn Error>> {
    // -- the shop's side: done once, on the shop's computers ---------------------------------------------------------
    let now_ms = SystemClock.now_ms();
    let config = ShopConfig {
        products: 500,
        shoppers: 300,
        events_per_shopper: 20.0,
        now_ms,
        ..ShopConfig::default()
    };
    let shop = generate_shop(&config)?;
    let folder = tempfile::tempdir()?;
    let pack = folder.path().join("shop.tkpack");
    let key = train_and_pack(&shop, &pack)?;
    let titles: BTreeMap<&str, &str> =
        shop.products.iter().map(|product| (product.id.as_str(), product.title.as_str())).collect();
    let title = |id: &str| titles.get(id).copied().unwrap_or("?").to_owned();

    // -- the app: the host gives clock, randomness, keys and files ---------------------------------------------------
    let platform = Platform {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        // A phone keeps keys in its key store. Files will do for a program on a desk.
        keys: Arc::new(FileKeyCustodian::create(folder.path().join("keys"))?),
        files: Arc::new(DirectoryFileSystem::create(folder.path().join("store"))?),
    };
    let recommender = Recommender::open(Config { model_keys: vec![key], ..Config::default() }, platform)?;
    let model = recommender.load_model(&pack)?;
    println!("model `{}`: {} items in {} bytes", model.model_id, model.items, model.file_bytes);

    // What the shop offers now: prices and stock change more often than models.
    recommender.upsert_items(shop.products.iter().map(item).collect())?;

    // Before anybody was asked, nothing is kept and what is popular is shown.
    let view = Event::view(&shop.products[0].id);
    println!("at {:?} an event is {:?}", recommender.level()?, recommender.track(view)?);

    // The shopper moves the switch. Raising the level needs a record of what was asked.
    recommender.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("2026-01")))?;
    let persona = &shop.personas[0];
    println!("\n{}: {}", persona.name, persona.about);
    let events = persona.sequence.events.iter().rev().take(15).rev();
    let events = events.map(|event| {
        let kind = match event.kind {
            InteractionKind::View => EventKind::ViewItem,
            InteractionKind::Cart => EventKind::AddToCart,
            InteractionKind::Wishlist => EventKind::AddToWishlist,
            InteractionKind::Purchase => EventKind::Purchase,
        };
        Event::of_item(kind, &shop.dataset.items[event.item as usize])
    });
    let tracked = recommender.track_all(events.collect())?;
    println!("{} events kept, sealed, on this computer only", tracked.len());

    // Recommendations, with a hard filter. The seed makes the answer repeatable; leave it out in a real app.
    let request = Request::new(RecommendationKind::ForYou)
        .count(5)
        .filter(Filter::Price { min: None, max: Some(150.0) })
        .seed(1);
    let answer = recommender.recommend(request.clone())?;
    println!("\nfor {} (at most 150):", persona.name);
    for item in &answer.items {
        println!("  {}. {:<40} {:.2} {:?}", item.position, title(&item.item_id), item.score, item.source);
    }

    // Why the first one? The parts add up to the score.
    let first = &answer.items[0];
    let explanation = recommender.explain(&answer.recommendation_id, &first.item_id)?;
    println!("\nwhy {}? {:?}", title(&first.item_id), first.reasons);
    for part in explanation.parts.iter().take(4) {
        println!("  {:+.3} {:?} {:?}", part.amount, part.via, part.reason);
    }
    let sum: f64 = explanation.parts.iter().map(|part| part.amount).sum();
    println!("  {sum:+.3} all parts; the score is {:.3}", explanation.score);

    // "Forget that I looked at this": exact, in files, memory and answers.
    let newest = recommender.history(1, None)?.remove(0);
    let gone = recommender.forget(Forget::Event(newest.event))?;
    println!("\nforgot {gone} event, {} left", recommender.profile()?.events);

    // Off: the key is destroyed, then the file, before the call returns.
    recommender.set_level(PersonalizationLevel::Off, None)?;
    let answer = recommender.recommend(request)?;
    println!("\nat {:?}: {} events kept", recommender.level()?, recommender.stats()?.events);
    for item in &answer.items {
        println!("  {}. {:<40} {:?}", item.position, title(&item.item_id), item.source);
    }
    Ok(())
}

/// Trains a small model, writes its signed pack to `path` and returns the public key for the app's configuration.
fn train_and_pack(shop: &Shop, path: &Path) -> Result<String, Box<dyn Error>> {
    // A quick schedule for a demo. The defaults tune longer and give better models.
    let embedding = EmbeddingConfig { epochs: 4, batch: 256, negatives: 256, ..EmbeddingConfig::default() };
    let config = TrainConfig {
        preset: Preset::Tiny,
        tuning_budget: 8,
        embedding: Some(embedding),
        ..TrainConfig::default()
    };
    let (model, _) = train(&shop.dataset, &config, &mut Silent)?;
    let mut secret = [0; 40];
    SystemRandom.fill(&mut secret)?;
    let key = SigningKey::from_random(&secret);
    let options = PackOptions {
        model_id: "quickstart".into(),
        neighbours: 8,
        weight_bits: WeightBits::Four,
        ..PackOptions::default()
    };
    save(path, &write_pack(&model, &options, &key)?)?;
    Ok(key.public_key_text())
}

/// A product of the made-up shop as the engine takes it.
fn item(product: &tastekeeper_models::shop::Product) -> Item {
    use tastekeeper::Availability;
    use tastekeeper_models::shop::Availability::InStock;
    Item {
        category: product.category.clone(),
        brand: Some(product.brand.clone()),
        price: Some(product.price),
        currency: Some(product.currency.clone()),
        availability: if product.availability == InStock {
            Availability::InStock
        } else {
            Availability::OutOfStock
        },
        created_at_ms: Some(product.created_at_ms),
        group_id: product.group_id.clone(),
        attributes: product.attributes.clone(),
        ..Item::new(&product.id)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() {
        super::main().expect("the example needs nothing but a temporary folder");
    }
}
