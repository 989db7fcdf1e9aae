//! The scan against its limits, and whole answers against the scan.

use std::hint::black_box;
use std::sync::Arc;

use ndarray::{Array2, ArrayView1};
use tastekeeper::model::Model;
use tastekeeper::platform::FixedClock;
use tastekeeper::{
    Availability, Config, Consent, Filter, MAX_ITEMS_PER_CALL, PersonalizationLevel, Platform,
    RecommendationKind, Recommender, Request,
};
use tastekeeper_models::host::SystemRandom;

use crate::measure::{Contest, Row, time, time_warm};
use crate::sample;

/// Items of an answer of the bare scan.
const TOP: usize = 20;
/// Events behind a personal answer.
const EVENTS: u32 = 50;

/// Measures with a model of `items` items.
pub(crate) fn measure(items: u32, rounds: usize) -> Vec<Row> {
    let pack = sample::pack(items);
    let key = sample::signing_key().public_key();
    let model = Arc::new(Model::open(pack.into(), &[key]).expect("just written"));
    let shop = open(&model);
    let query = sample::query();
    let words = vec![1_u64; items as usize * model.dim() / 2 / 8];
    let dense = dequantised(&model);

    let mut contest = Contest::new(format!("{items} items"));
    contest.enter("read the vectors' bytes", None, || {
        time_warm(|| black_box(&words).iter().fold(0_u64, |sum, word| sum.wrapping_add(*word)))
    });
    contest.enter("scores", Some("read the vectors' bytes"), || {
        time_warm(|| {
            let mut best = f32::NEG_INFINITY;
            let scan = model.scan(black_box(&query), 1.0);
            scan.for_each_block(|_, _, highest| best = best.max(highest));
            best
        })
    });
    contest.enter("scores + top 20", Some("ndarray f32 + top 20"), || {
        time_warm(|| {
            let mut scores = Vec::with_capacity(items as usize);
            let scan = model.scan(black_box(&query), 1.0);
            scan.for_each_block(|_, block, _| scores.extend_from_slice(block));
            top(&scores)
        })
    });
    contest.enter("ndarray f32 + top 20", None, || {
        time_warm(|| {
            let scores = dense.dot(&ArrayView1::from(black_box(&query)));
            top(scores.as_slice().expect("a vector is contiguous"))
        })
    });

    let related = RecommendationKind::RelatedTo(sample::item(items / 3));
    let plain = Request { diversity: Some(0.0), ..Request::new(RecommendationKind::ForYou) };
    for (name, request) in [
        ("recommend ForYou: filter, diversity", filtered(RecommendationKind::ForYou)),
        ("recommend ForYou: neither", plain),
        ("recommend RelatedTo", Request::new(related)),
    ] {
        let shop = &shop;
        contest.enter(name, Some("scores"), move || {
            let mut request = || shop.recommend(black_box(request.clone())).expect("a valid request");
            time_warm(&mut request)
        });
    }
    contest.enter("explain one item", Some("scores"), || {
        let answer = shop.recommend(filtered(RecommendationKind::ForYou)).expect("a valid request");
        let item = &answer.items.last().expect("most items pass the filter").item_id;
        time(|| shop.explain(&answer.recommendation_id, item))
    });
    contest.run(rounds)
}

fn filtered(kind: RecommendationKind) -> Request {
    let price = Filter::Price { min: Some(10.0), max: Some(80.0) };
    let stock = Filter::Availability(vec![Availability::InStock]);
    Request { filter: Filter::All(vec![price, stock]), diversity: Some(0.2), ..Request::new(kind) }
}

/// A shop in memory with prices and stock for every item, and a shopper.
fn open(model: &Arc<Model>) -> Recommender {
    let clock = Arc::new(FixedClock::new(sample::NOW_MS));
    let platform = Platform::in_memory(clock, Arc::new(SystemRandom));
    let shop = Recommender::open(Config::default(), platform).expect("memory does not fail");
    shop.install_model(model.clone()).expect("the first one");
    let mut catalogue = sample::catalogue(model.len());
    while !catalogue.is_empty() {
        let rest = catalogue.split_off(catalogue.len().min(MAX_ITEMS_PER_CALL));
        shop.upsert_items(catalogue).expect("valid items");
        catalogue = rest;
    }
    shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("bench"))).expect("memory");
    shop.track_all(sample::events(EVENTS, model.len())).expect("valid events");
    shop
}

fn dequantised(model: &Model) -> Array2<f32> {
    let mut dense = Array2::zeros((model.len() as usize, model.dim()));
    for (index, mut row) in (0..).zip(dense.rows_mut()) {
        model.write_vector(index, row.as_slice_mut().expect("rows are contiguous"));
    }
    dense
}

/// The best items, best first, ties by index.
fn top(scores: &[f32]) -> Vec<(f32, u32)> {
    let mut best: Vec<(f32, u32)> = Vec::with_capacity(TOP + 1);
    for (index, &score) in (0..).zip(scores) {
        if best.len() == TOP && score <= best[TOP - 1].0 {
            continue;
        }
        let place = best.partition_point(|kept| kept.0 >= score);
        best.insert(place, (score, index));
        best.truncate(TOP);
    }
    best
}
