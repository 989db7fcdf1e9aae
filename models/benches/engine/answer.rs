//! The scan against its limits, and whole answers against the scan.

use std::hint::black_box;
use std::sync::Arc;

use ndarray::{Array2, ArrayView1};
use tastekeeper::model::Model;
use tastekeeper::{Availability, Filter, RecommendationKind, Request};
use tastekeeper_models::host::SystemRandom;

use crate::best::Best;
use crate::measure::{Contest, Row, time, time_warm};
use crate::sample;

/// Events behind a personal answer.
const EVENTS: u32 = 50;

/// Measures with a model of `items` items.
pub(crate) fn measure(items: u32, rounds: usize) -> Vec<Row> {
    let pack = sample::pack(items);
    let key = sample::signing_key().public_key();
    let model = Arc::new(Model::open(&pack, &[key]).expect("just written"));
    let events = sample::events(EVENTS, items);
    let shop = sample::shop(&model, sample::catalogue(items), events, SystemRandom);
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
            scan.for_each_block(|_, _, highest| {
                best = best.max(highest);
                f32::NEG_INFINITY
            });
            best
        })
    });
    contest.enter("scores + top 20", Some("ndarray f32 + top 20"), || {
        time_warm(|| Best::of(&model, black_box(&query)))
    });
    contest.enter("ndarray f32 + top 20", None, || {
        time_warm(|| {
            let scores = dense.dot(&ArrayView1::from(black_box(&query)));
            Best::of_scores(scores.as_slice().expect("a vector is contiguous"))
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

fn dequantised(model: &Model) -> Array2<f32> {
    let mut dense = Array2::zeros((model.len() as usize, model.dim()));
    for (index, mut row) in (0..).zip(dense.rows_mut()) {
        model.write_vector(index, row.as_slice_mut().expect("rows are contiguous"));
    }
    dense
}
