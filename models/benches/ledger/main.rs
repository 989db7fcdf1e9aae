//! One kind of call, a given number of times, for tools that count instructions: `cargo xtask ledger`.
//!
//! `ledger ITEMS CALL TIMES`. What happens before the calls is the same for every `TIMES`, so that the difference of two
//! runs is the calls alone. Prints nothing.

#[path = "../engine/sample.rs"]
mod sample;

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use tastekeeper::model::Model;
use tastekeeper::platform::{FixedClock, SeededRandom};
use tastekeeper::{
    Availability, Config, Consent, Filter, MAX_ITEMS_PER_CALL, PersonalizationLevel, Platform,
    RecommendationKind, Recommender, Request, Retrieval,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    // Under `cargo test --all-targets` nobody counts.
    let [items, call, times] = arguments.as_slice() else { return Ok(()) };
    let (items, times): (u32, usize) = (items.parse()?, times.parse()?);
    let pack = sample::pack(items);
    let model = Arc::new(Model::open(pack.into(), &[sample::signing_key().public_key()])?);
    let shop = open(&model)?;
    let related = RecommendationKind::RelatedTo(sample::item(items / 3));
    let request = match call.as_str() {
        "for-you" => Request { diversity: Some(0.0), ..Request::new(RecommendationKind::ForYou) },
        "for-you-filtered" => filtered(RecommendationKind::ForYou),
        "for-you-linked" => Request { retrieval: Retrieval::Linked, ..filtered(RecommendationKind::ForYou) },
        "for-you-rare" => rare(),
        "related" => Request::new(related),
        "related-linked" => Request { retrieval: Retrieval::Linked, ..Request::new(related) },
        other => return Err(format!("no call is named {other}").into()),
    };
    for _ in 0..times {
        black_box(shop.recommend(black_box(request.clone().seed(1)))?);
    }
    Ok(())
}

fn filtered(kind: RecommendationKind) -> Request {
    let price = Filter::Price { min: Some(10.0), max: Some(80.0) };
    let stock = Filter::Availability(vec![Availability::InStock]);
    Request { filter: Filter::All(vec![price, stock]), diversity: Some(0.2), ..Request::new(kind) }
}

/// For one item of a hundred.
fn rare() -> Request {
    let filter = Filter::Price { min: Some(42.0), max: Some(43.0) };
    Request { filter, diversity: Some(0.2), ..Request::new(RecommendationKind::ForYou) }
}

/// A shop in memory with prices and stock for every item, and a shopper.
fn open(model: &Arc<Model>) -> Result<Recommender, Box<dyn Error>> {
    let clock = Arc::new(FixedClock::new(sample::NOW_MS));
    let shop =
        Recommender::open(Config::default(), Platform::in_memory(clock, Arc::new(SeededRandom::new(1))))?;
    shop.install_model(model.clone())?;
    for items in sample::catalogue(model.len()).chunks(MAX_ITEMS_PER_CALL) {
        shop.upsert_items(items.to_vec())?;
    }
    shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("bench")))?;
    shop.track_all(sample::events(50, model.len()))?;
    Ok(shop)
}
