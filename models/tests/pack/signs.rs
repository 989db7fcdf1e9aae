//! The signs of a large shop's vectors: what is written, which items they put forward, and that answers stay what they were.

use std::collections::BTreeSet;
use std::sync::Arc;

use ndarray::{Array1, Array2};
use proptest::prelude::*;
use tastekeeper::layout::{self, Section};
use tastekeeper::model::{Model, Shortlist};
use tastekeeper::platform::{FixedClock, SeededRandom};
use tastekeeper::{
    Boost, Config, Consent, Event, EventKind, Filter, PersonalizationLevel, Platform, RecommendationKind,
    Recommender, Request,
};
use tastekeeper_models::pack::{PackOptions, VectorCodes, write_pack};
use tastekeeper_models::trained::TrainedModel;

use crate::support::{Raw, any_model, key, open, options, random_model, scores, shortlist};

const NOW_MS: i64 = 1_767_225_600_000;

fn pack(model: &TrainedModel, vectors: VectorCodes, signs_from_items: u32) -> Vec<u8> {
    let options = PackOptions { vectors, signs_from_items, summary: None, ..options() };
    write_pack(model, &options, &key()).unwrap()
}

fn has_signs(pack: &[u8]) -> bool {
    Raw::new(pack).sections.iter().any(|section| section.0 == Section::Signs.kind())
}

fn query(dim: usize, seed: usize) -> Vec<f32> {
    (0..dim).map(|k| ((seed * 31 + k * 7) as f32 * 0.37).sin()).collect()
}

/// What signs make of a direction: each value of a vector is taken for its sign divided by the root of their number.
fn guess(direction: &[f32], vector: &[f32], popularity: f32) -> f32 {
    if vector.iter().all(|value| *value == 0.0) {
        return popularity;
    }
    let fits = direction.iter().zip(vector).map(|(d, v)| if *v > 0.0 { *d } else { -*d });
    fits.sum::<f32>() / (direction.len() as f32).sqrt() + popularity
}

#[test]
fn only_large_shops_have_signs() {
    for (items, expected) in [(32_767, false), (32_768, true)] {
        let model = random_model(items, 8, 0, 0, 3);
        for vectors in [VectorCodes::Int4, VectorCodes::Int8] {
            let options = PackOptions { vectors, ..options() };
            let pack = write_pack(&model, &options, &key()).unwrap();
            assert_eq!(has_signs(&pack), expected, "{items}");
            let model = open(&pack).unwrap();
            assert_eq!(model.scan(&[1.0; 8], 0.0).has_signs(), expected);
        }
    }
}

fn signs_are_as_documented(model: &TrainedModel) {
    let (items, dim) = model.vectors.dim();
    let row_bytes = dim.div_ceil(8);
    for vectors in [VectorCodes::Int4, VectorCodes::Int8] {
        let mut raw = Raw::new(&pack(model, vectors, 0));
        let bytes = raw.bytes(Section::Signs);
        assert_eq!(bytes.len(), items.next_multiple_of(layout::SIGN_ROWS) * row_bytes);
        for item in 0..items.next_multiple_of(layout::SIGN_ROWS) {
            for bit in 0..8 * row_bytes {
                let at = item / 32 * 32 * row_bytes + bit / 8 * 32 + item % 32;
                let expected = item < items && bit < dim && model.vectors[(item, bit)] > 0.0;
                assert_eq!(bytes[at] >> (bit % 8) & 1 == 1, expected, "item {item}, value {bit}");
            }
        }
    }
}

#[test]
fn signs_are_those_of_the_vectors() {
    for (items, dim) in [(1, 8), (31, 9), (32, 15), (33, 16), (70, 64), (64, 256)] {
        signs_are_as_documented(&random_model(items, dim, 0, 0, items as u64));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_model_has_its_signs(model in any_model()) {
        signs_are_as_documented(&model);
    }
}

/// Whole numbers of which four add up to 15 at most, which is as far as the tables count: nothing is rounded.
fn whole_query(dim: usize, seed: usize) -> Vec<f32> {
    let mut direction: Vec<f32> = (0..dim).map(|k| ((seed * 31 + k * 7) % 7) as f32 - 3.0).collect();
    direction[..4].copy_from_slice(&[4.0, -4.0, 4.0, -3.0]);
    direction
}

/// Nobody who is left out has a higher guess than one who is on the list.
#[test]
fn a_shortlist_holds_the_best_guesses() {
    for (items, dim, seed) in [(1, 8, 1), (600, 33, 2), (9_000, 64, 3), (5_000, 256, 4)] {
        let mut trained = random_model(items, dim, 0, 0, seed);
        // Now and then a vector that is not known.
        for row in (0..items).step_by(7) {
            trained.vectors.row_mut(row).fill(0.0);
        }
        let model = open(&pack(&trained, VectorCodes::Int8, 0)).unwrap();
        for (weight, wanted) in [(0.0, 10), (3.0, 100), (50.0, 40), (0.0, 2_000), (2.0, 20_000)] {
            let direction = whole_query(dim, seed as usize);
            let found = shortlist(&model, &direction, weight, wanted);
            let most = items.min(2 * wanted);
            assert!((items.min(wanted) / 2..=most).contains(&found.len()), "{} of {wanted}", found.len());
            assert!(found.is_sorted_by(|left, right| left < right));
            let guess = |item: u32| {
                let vector = trained.vectors.row(item as usize).to_vec();
                guess(&direction, &vector, weight * model.popularity(item))
            };
            let lowest = found.iter().map(|&item| guess(item)).fold(f32::INFINITY, f32::min);
            let listed: BTreeSet<u32> = found.into_iter().collect();
            for item in (0..model.len()).filter(|item| !listed.contains(item)) {
                assert!(guess(item) <= lowest + 1e-4, "{} above {lowest}", guess(item));
            }
        }
    }
}

#[test]
fn a_shortlist_keeps_to_what_is_wanted() {
    let model = open(&pack(&random_model(9_000, 16, 0, 0, 5), VectorCodes::Int4, 0)).unwrap();
    let direction = query(16, 1);
    let scan = model.scan(&direction, 0.1);
    let mut list = Shortlist::default();
    // The list is made anew at every call.
    for wanted in [|item: u32| item.is_multiple_of(3), |item: u32| item > 8_000 && item.is_multiple_of(100)] {
        scan.shortlist(500, |_| 0.0, |item| wanted(item).then_some(0.0), &mut list);
        assert!(list.items().all(wanted));
        let all = (0..model.len()).filter(|item| wanted(*item)).count();
        assert!((all.min(500) / 2..=1_000).contains(&list.items().count()));
    }
    // What is lifted far enough is on the list, wherever it stands.
    let lifted = [5, 777, 8_999];
    let lift = |item: u32| Some(if lifted.contains(&item) { 100.0 } else { 0.0 });
    let most = |items: std::ops::Range<u32>| {
        if lifted.iter().any(|item| items.contains(item)) { 100.0 } else { 0.0 }
    };
    scan.shortlist(500, most, lift, &mut list);
    assert!(lifted.iter().all(|item| list.items().any(|listed| listed == *item)));
    // Nothing is wanted, or nothing is known of the direction.
    scan.shortlist(0, |_| 0.0, |_| Some(0.0), &mut list);
    assert_eq!(list.items().count(), 0);
    let popular = shortlist(&model, &[0.0; 16], 1.0, 100);
    let least = popular.iter().map(|&item| model.popularity(item)).fold(1.0, f32::min);
    assert!(popular.len() >= 50 && least >= model.popularity(199));
    // Without signs there is no list.
    let model = open(&pack(&random_model(100, 16, 0, 0, 5), VectorCodes::Int4, u32::MAX)).unwrap();
    assert!(shortlist(&model, &direction, 0.0, 10).is_empty());
}

/// Items in groups whose vectors are alike, as training makes them.
fn grouped_model(items: usize, dim: usize) -> TrainedModel {
    let mut model = random_model(items, dim, 40, 8, 21);
    model.matrix = Array2::eye(dim);
    let centers = random_model(items / 50, dim, 0, 0, 22).vectors;
    let noise = std::mem::replace(&mut model.vectors, Array2::zeros((items, dim)));
    for (item, mut row) in model.vectors.rows_mut().into_iter().enumerate() {
        row.assign(&(&centers.row(item * 31 % centers.nrows()) + &(&noise.row(item) * 0.9)));
        let norm = row.dot(&row).sqrt();
        row.mapv_inplace(|value| value / norm);
    }
    model
}

#[test]
fn the_best_are_on_the_shortlist() {
    let trained = grouped_model(40_000, 64);
    let model = open(&pack(&trained, VectorCodes::Int8, 0)).unwrap();
    let (mut found, mut all) = (0, 0);
    for item in (0..40_000).step_by(997) {
        let direction = trained.vectors.row(item).to_vec();
        let exact = scores(&model, &direction, 0.0);
        let mut ranked: Vec<u32> = (0..model.len()).collect();
        ranked.sort_by(|left, right| exact[*right as usize].total_cmp(&exact[*left as usize]));
        let listed: BTreeSet<u32> = shortlist(&model, &direction, 0.0, 1_500).into_iter().collect();
        found += ranked[..20].iter().filter(|item| listed.contains(item)).count();
        all += 20;
    }
    assert!(found * 1_000 >= all * 998, "{found} of {all}");
}

/// Of the attributes of [`grouped_model`], each of which every third item has.
fn brand(number: u32) -> Filter {
    Filter::Brand(vec![format!("n{number}")])
}

/// Filters that ever fewer items pass, from all to fewer than there are places.
fn ever_stricter() -> [Filter; 8] {
    let all = |numbers: &[u32]| Filter::All(numbers.iter().copied().map(brand).collect());
    let category = || Filter::InCategory(vec!["n0".to_owned()]);
    [
        Filter::All(vec![]),
        Filter::Any(vec![brand(0), brand(2)]),
        Filter::Any(vec![brand(0), all(&[2, 3])]),
        Filter::Any(vec![all(&[0, 2]), all(&[3, 5])]),
        Filter::All(vec![brand(0), Filter::Any(vec![brand(2), all(&[3, 5])])]),
        Filter::All(vec![brand(0), category()]),
        Filter::All(vec![all(&[0, 2]), category()]),
        Filter::All(vec![all(&[0, 2, 3, 5, 6]), category()]),
    ]
}

/// What a shopper with an ever longer history is answered, with each of the filters.
fn answers(model: Model, filters: &[Filter]) -> Vec<Vec<Vec<String>>> {
    let platform = Platform::in_memory(Arc::new(FixedClock::new(NOW_MS)), Arc::new(SeededRandom::new(5)));
    let shop = Recommender::open(Config::default(), platform).unwrap();
    let model = Arc::new(model);
    shop.install_model(model.clone()).unwrap();
    shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("test"))).unwrap();
    // The last one lifts a few items over all others, wherever they stand.
    let boosts = [vec![], vec![(brand(2), 0.5)], vec![(ever_stricter()[7].clone(), 10.0)]];
    let boosts = boosts.map(|boosts| -> Vec<_> {
        boosts.into_iter().map(|(filter, weight)| Boost { filter, weight }).collect()
    });
    let mut answers = vec![Vec::new(); filters.len()];
    for step in 0..8 {
        let item = model.id(step * 977 % model.len()).unwrap().to_owned();
        let kind = if step.is_multiple_of(3) { EventKind::AddToCart } else { EventKind::ViewItem };
        let event = Event::of_item(kind, item.clone()).at(NOW_MS - 60_000 + i64::from(step));
        shop.track_all(vec![event]).unwrap();
        for (filter, answers) in filters.iter().zip(&mut answers) {
            for kind in [RecommendationKind::ForYou, RecommendationKind::RelatedTo(item.clone())] {
                for boosts in boosts.clone() {
                    let request = Request { boosts, seed: Some(1), ..Request::new(kind.clone()) };
                    let found = shop.recommend(request.filter(filter.clone())).unwrap();
                    answers.push(found.items.into_iter().map(|item| item.item_id).collect());
                }
            }
        }
    }
    answers
}

/// Of the items of the answers that a scan of all vectors gives, nearly all are in those that signs give: 99 % with each filter, 99.5 %
/// with all.
fn are_answered_as_by_a_scan(trained: &TrainedModel, filters: &[Filter]) {
    let [with, without] =
        [0, u32::MAX].map(|from| answers(open(&pack(trained, VectorCodes::Int8, from)).unwrap(), filters));
    let (mut all_of_all, mut same_of_all) = (0, 0);
    for ((filter, with), without) in filters.iter().zip(with).zip(without) {
        let pairs = with.iter().zip(&without);
        assert!(pairs.clone().all(|(with, without)| with.len() == without.len()), "{filter:?}");
        let all: usize = without.iter().map(Vec::len).sum();
        let same: usize =
            pairs.map(|(with, without)| with.iter().filter(|item| without.contains(item)).count()).sum();
        assert!(all > 0 && same * 1_000 >= all * 990, "{same} of {all} where {filter:?}");
        all_of_all += all;
        same_of_all += same;
    }
    assert!(same_of_all * 1_000 >= all_of_all * 995, "{same_of_all} of {all_of_all}");
}

#[test]
fn answers_are_nearly_always_those_of_a_whole_scan() {
    are_answered_as_by_a_scan(&grouped_model(30_000, 64), &ever_stricter());
}

/// Where nearly all items pass a filter, but few of those that look promising.
#[test]
fn a_filter_against_the_shoppers_taste_keeps_to_those_of_a_whole_scan() {
    let mut trained = grouped_model(30_000, 64);
    let viewed = (0..8).map(|step| trained.vectors.row(step * 977));
    let taste = viewed.fold(Array1::zeros(64), |sum, vector| sum + vector);
    let fits = trained.vectors.dot(&taste);
    let mut best: Vec<usize> = (0..30_000).collect();
    best.sort_by(|left, right| fits[*right].total_cmp(&fits[*left]));
    for (place, &item) in best.iter().enumerate() {
        trained.attributes.of_item[item].retain(|attribute| *attribute > 1);
        if place < 4_000 && !place.is_multiple_of(14) {
            trained.attributes.of_item[item].insert(0, 0);
        }
    }
    are_answered_as_by_a_scan(&trained, &[Filter::Not(Box::new(brand(0)))]);
}

/// Where everything promising is of one category, items of others are found among all.
#[test]
fn variety_is_found_beyond_the_shortlist() {
    let mut trained = grouped_model(30_000, 32);
    let center = trained.vectors.row(0).to_owned();
    trained.graph.iter_mut().for_each(Vec::clear);
    let (crowd, other) = (0, 3);
    for (item, mut row) in trained.vectors.rows_mut().into_iter().enumerate() {
        let is_crowd = item % 5 == 0;
        if is_crowd {
            let near = &row * 0.3 + &center;
            row.assign(&near);
            let norm = row.dot(&row).sqrt();
            row.mapv_inplace(|value| value / norm);
        }
        trained.attributes.of_item[item] = vec![if is_crowd { crowd } else { other }];
    }
    trained.attributes.entries[other as usize].parent = None;
    let answer = |signs_from_items| {
        let model = Arc::new(open(&pack(&trained, VectorCodes::Int8, signs_from_items)).unwrap());
        let platform = Platform::in_memory(Arc::new(FixedClock::new(NOW_MS)), Arc::new(SeededRandom::new(5)));
        let shop = Recommender::open(Config::default(), platform).unwrap();
        shop.install_model(model.clone()).unwrap();
        shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("test"))).unwrap();
        let seen = model.id(0).unwrap().to_owned();
        shop.track_all(vec![Event::of_item(EventKind::ViewItem, seen).at(NOW_MS - 60_000)]).unwrap();
        let request = Request { seed: Some(1), ..Request::new(RecommendationKind::ForYou) };
        let items = shop.recommend(request).unwrap().items;
        items.iter().map(|item| model.index_of(&item.item_id).unwrap()).collect::<Vec<_>>()
    };
    let found = answer(0);
    assert_eq!(found, answer(u32::MAX));
    let listed = found.iter().filter(|item| item.is_multiple_of(5)).count();
    assert!(listed > 0 && listed < found.len(), "{listed} of {}", found.len());
}
