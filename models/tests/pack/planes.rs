//! Int8 vectors in two planes give what they give in one: every value, every score, every answer, bit by bit.

use std::sync::Arc;

use proptest::prelude::*;
use tastekeeper::model::{Gathered, Model, SCAN_BLOCK};
use tastekeeper::platform::{FixedClock, SeededRandom};
use tastekeeper::{
    Config, Consent, Event, EventKind, PersonalizationLevel, Platform, RecommendationKind, Recommendations,
    Recommender, Request,
};
use tastekeeper_models::pack::{PackOptions, VectorCodes, write_pack};
use tastekeeper_models::trained::TrainedModel;

use crate::support::{any_model, in_planes, key, open, options, random_model, scores};

const NOW_MS: i64 = 1_767_225_600_000;

/// The model with its vectors as bytes, and in planes.
fn both(model: &TrainedModel) -> [Model; 2] {
    let int8 = PackOptions { vectors: VectorCodes::Int8, summary: None, ..options() };
    let whole = write_pack(model, &int8, &key()).unwrap();
    [open(&whole).unwrap(), open(&in_planes(&whole)).unwrap()]
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn vectors(model: &Model) -> Vec<Vec<u32>> {
    let mut vector = vec![0.0; model.dim()];
    let mut of_item = |index| {
        model.write_vector(index, &mut vector);
        bits(&vector)
    };
    (0..=model.len()).map(&mut of_item).collect()
}

/// The scores of all blocks, where each asks for the best `count` of those before it and its own.
fn wanted_scores(model: &Model, query: &[f32], count: usize) -> Vec<u32> {
    let (mut all, mut best) = (Vec::new(), Vec::new());
    model.scan(query, 0.3).for_each_block(|_, block, highest| {
        all.extend(bits(block));
        all.push(highest.to_bits());
        best.extend_from_slice(block);
        best.sort_by(|left: &f32, right| right.total_cmp(left));
        best.truncate(count);
        best.last().copied().unwrap_or(f32::NEG_INFINITY)
    });
    all
}

fn same(model: &TrainedModel, query: &[f32]) {
    let [whole, planes] = both(model);
    assert_eq!(vectors(&whole), vectors(&planes));
    assert_eq!(bits(&scores(&whole, query, 0.3)), bits(&scores(&planes, query, 0.3)));
    for count in [1, 5, 50] {
        assert_eq!(wanted_scores(&whole, query, count), wanted_scores(&planes, query, count));
    }
    let items: Vec<u32> = (0..whole.len()).rev().step_by(3).take(SCAN_BLOCK).collect();
    let some = |model: &Model| {
        let mut out = vec![0.0; items.len()];
        model.scan(query, 0.3).scores_of(&items, &mut Gathered::default(), &mut out);
        bits(&out)
    };
    assert_eq!(some(&whole), some(&planes));
}

fn query(dim: usize, seed: usize) -> Vec<f32> {
    (0..dim).map(|k| ((seed * 31 + k * 7) as f32 * 0.37).sin()).collect()
}

#[test]
fn scores_and_vectors_have_the_same_bits() {
    for (items, dim) in [(1, 8), (9, 9), (520, 33), (1_500, 64), (1_100, 100), (600, 255)] {
        let model = random_model(items, dim, 0, 2, items as u64);
        for seed in 0..3 {
            same(&model, &query(dim, seed));
        }
        same(&model, &vec![0.0; dim]);
        same(&model, &vec![1.0; dim]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_model_is_the_same(model in any_model(), seed in 0..1_000_usize) {
        same(&model, &query(model.vectors.ncols(), seed));
    }
}

/// Answers of every scored kind, to shoppers with different histories.
fn answers(model: &Arc<Model>) -> Vec<Recommendations> {
    let platform = Platform::in_memory(Arc::new(FixedClock::new(NOW_MS)), Arc::new(SeededRandom::new(5)));
    let shop = Recommender::open(Config::default(), platform).unwrap();
    shop.install_model(model.clone()).unwrap();
    shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("test"))).unwrap();
    let mut answers = Vec::new();
    for step in 0..12 {
        let item = model.id(step * 97 % model.len()).unwrap().to_owned();
        let kind = if step % 3 == 0 { EventKind::AddToCart } else { EventKind::ViewItem };
        shop.track_all(vec![Event::of_item(kind, item.clone()).at(NOW_MS - 60_000 + i64::from(step))])
            .unwrap();
        let kinds = [RecommendationKind::ForYou, RecommendationKind::RelatedTo(item)];
        for (kind, count) in kinds.into_iter().zip([20, 7]) {
            answers.push(shop.recommend(Request { count, ..Request::new(kind) }).unwrap());
        }
    }
    answers
}

#[test]
fn answers_are_the_same() {
    let [whole, planes] = both(&random_model(3_000, 64, 9, 4, 11)).map(Arc::new);
    let (expected, found) = (answers(&whole), answers(&planes));
    assert!(expected.iter().all(|answer| answer.items.len() >= 7));
    assert_eq!(found, expected);
}
