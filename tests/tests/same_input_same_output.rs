//! Promise 7: ranking is deterministic given history, model, request and seed.

use std::sync::Arc;

use tastekeeper::mutants::Mutant;
use tastekeeper::{PersonalizationLevel as Level, Recommender};
use tastekeeper_tests::fault::FaultyDevice;
use tastekeeper_tests::phone::{Phone, START_MS, catalogue, view};
use tastekeeper_tests::promise::{Checked, answers, ensure, must_catch, same_answers};

fn fill(shop: &Recommender) -> Result<(), String> {
    shop.upsert_items(catalogue(6)).map_err(|error| error.to_string())?;
    for number in [1, 7, 13, 2, 40, 1] {
        shop.track(view(number)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn two_phones_agree() -> Checked {
    let text = |error: tastekeeper::Error| error.to_string();
    // Other randomness from the host, and another order of the catalogue: the same answers.
    let [one, other] = [11, 99].map(|seed| Phone::on(FaultyDevice::new(), START_MS, seed));
    let [first, second] = [one.open_at(Level::OnDevice), other.open_at(Level::OnDevice)];
    fill(&first)?;
    for item in catalogue(6).into_iter().rev() {
        second.upsert_items(vec![item]).map_err(text)?;
    }
    fill(&second)?;
    let expected = answers(&first).map_err(text)?;
    same_answers("another phone", &expected, &answers(&second).map_err(text)?)?;
    drop(first);
    let reopened = one.open().map_err(text)?;
    same_answers("after a restart", &expected, &answers(&reopened).map_err(text)?)
}

#[test]
fn the_same_history_gives_the_same_bits() {
    must_catch(Mutant::IgnoreSeed, two_phones_agree);
}

#[test]
fn a_visit_and_a_sealed_history_rank_alike() {
    let [visit, sealed] = [Level::Session, Level::Shared].map(|level| Phone::new().open_at(level));
    fill(&visit).unwrap();
    fill(&sealed).unwrap();
    same_answers("levels", &answers(&visit).unwrap(), &answers(&sealed).unwrap()).unwrap();
}

#[test]
fn without_a_seed_exploration_differs() {
    use tastekeeper::{RecommendationKind, Request};
    let shop = Phone::new().open_at(Level::OnDevice);
    fill(&shop).unwrap();
    let request =
        || Request { exploration_rate: Some(0.8), ..Request::new(RecommendationKind::ForYou).count(20) };
    let answers: Vec<_> = (0..8).map(|_| shop.recommend(request()).unwrap().items).collect();
    assert!(answers.windows(2).any(|pair| pair[0] != pair[1]));
}

#[test]
fn eight_threads_get_the_same_answers() {
    let shop = Arc::new(Phone::new().open_at(Level::OnDevice));
    fill(&shop).unwrap();
    let expected: Vec<_> = tastekeeper_tests::promise::requests()
        .into_iter()
        .filter(|request| request.rotation_rate == 0.0)
        .map(|request| (request.clone(), shop.recommend(request).unwrap().items))
        .collect();
    let expected = Arc::new(expected);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let (shop, expected) = (shop.clone(), expected.clone());
            scope.spawn(move || {
                for _ in 0..5 {
                    for (request, items) in expected.iter() {
                        assert_eq!(shop.recommend(request.clone()).unwrap().items, *items);
                    }
                }
            });
        }
    });
    ensure(shop.doctor().is_ok_and(|findings| findings.is_empty()), || "findings".into()).unwrap();
}
