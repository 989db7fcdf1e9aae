//! What promise tests share: a check is a function that returns what went wrong; a mutant must make it return something.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tastekeeper::mutants::{Mutant, with};
use tastekeeper::{
    Context, Filter, MinRelevance, Recommendation, RecommendationKind, Recommender, Request, Result,
    Retrieval,
};

use crate::phone::{brand, category, item};

/// What a check returns: nothing, or what went wrong.
pub type Checked = std::result::Result<(), String>;

/// Fails unless `check` passes as it is and fails, by an answer or a panic, when `mutant` is switched on.
///
/// # Panics
/// When either is not so.
pub fn must_catch(mutant: Mutant, check: impl Fn() -> Checked) {
    if let Err(problem) = check() {
        panic!("the check fails without a mutant: {problem}");
    }
    let mutated = catch_unwind(AssertUnwindSafe(|| with(mutant, &check)));
    assert!(!matches!(mutated, Ok(Ok(()))), "{mutant:?} goes unseen");
}

/// Fails with `problem` unless `holds`.
///
/// # Errors
/// The problem.
pub fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(problem()) }
}

/// One request of every kind, repeatable, with and without exploration and filters.
#[must_use]
pub fn requests() -> Vec<Request> {
    use RecommendationKind::{
        BoughtWith, BuyAgain, ForYou, NewArrivals, RecentlyViewed, RelatedTo, Trending,
    };
    let kinds = [
        ForYou,
        RelatedTo(item(3)),
        BoughtWith(vec![item(3), item(4)]),
        RecentlyViewed,
        BuyAgain,
        Trending(None),
        Trending(Some(category(2))),
        NewArrivals(None),
        NewArrivals(Some(category(1))),
    ];
    let mut requests: Vec<Request> = kinds.into_iter().map(|kind| Request::new(kind).seed(5)).collect();
    requests.push(Request { exploration_rate: Some(0.5), ..Request::new(ForYou).seed(6).count(20) });
    requests.push(
        Request::new(ForYou)
            .seed(7)
            .filter(Filter::Any(vec![Filter::InCategory(vec![category(1)]), Filter::Brand(vec![brand(2)])])),
    );
    requests.push(Request {
        context: Context {
            item: Some(item(9)),
            cart: vec![item(10)],
            category: Some(category(4)),
            query: Some(brand(1)),
        },
        min_relevance: MinRelevance::Medium,
        strength: 0.5,
        ..Request::new(ForYou).seed(8)
    });
    requests.push(Request { rotation_rate: 0.5, ..Request::new(ForYou).seed(9) });
    requests.push(Request { retrieval: Retrieval::Linked, ..Request::new(ForYou).seed(10) });
    requests
}

/// The items of every answer to [`requests`], with scores, sources and reasons.
///
/// # Errors
/// Those of the engine.
pub fn answers(shop: &Recommender) -> Result<Vec<Vec<Recommendation>>> {
    let mut answers = Vec::new();
    for request in requests() {
        answers.push(shop.recommend(request)?.items);
    }
    let list: Vec<String> = (0..20).map(item).chain(["nobody-knows".to_owned()]).collect();
    answers.push(shop.rerank(&list, Context::default())?.items);
    Ok(answers)
}

/// Fails when two sets of answers differ in anything, to the bit.
///
/// # Errors
/// Where they differ.
pub fn same_answers(what: &str, left: &[Vec<Recommendation>], right: &[Vec<Recommendation>]) -> Checked {
    for (place, (left, right)) in left.iter().zip(right).enumerate() {
        let same_bits = left.len() == right.len()
            && left
                .iter()
                .zip(right)
                .all(|(left, right)| left == right && left.score.to_bits() == right.score.to_bits());
        ensure(same_bits, || format!("{what}: answer {place} differs: {left:?} against {right:?}"))?;
    }
    Ok(())
}
