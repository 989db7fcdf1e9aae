//! Promise 5, from outside: two shoppers who differ in everything are told apart by their reports as well as `ln R` allows, and
//! not better. The sampler is a black box behind the engine's public calls.
//!
//! A pilot chooses the event: the masks that speak most for one shopper. Fresh samples then bound how much more often it comes
//! from that one, with Clopper and Pearson's (1934) intervals at a confidence of one in a million each. A lower bound above
//! `ln R` is a leak; one below `0.9 ln R` says that the audit is blind.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails says where, and reports what it visited"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use tastekeeper::mutants::{Mutant, with};
use tastekeeper::platform::{FixedClock, SeededRandom};
use tastekeeper::report::{Parameters, ReceivedReport, Vocabulary};
use tastekeeper::{PersonalizationLevel as Level, Platform, Recommender};
use tastekeeper_tests::phone::{CATEGORIES, DAY_MS, ITEMS, Phone, START_MS, consent, sample, view};
use tastekeeper_tests::sharing::{default_parameters, draft, open};

/// Reports of one installation: as many as its budget allows.
const REPORTS_PER_PHONE: usize = 8;
/// Reports of each shopper that choose the event.
const PILOT: u32 = 60_000;
/// One in a million, in both directions.
const MISS: f64 = 1e-6;

/// Reports of shoppers whose last eight items are all of `category`, one installation after the other.
fn masks(vocabulary: &Arc<Vocabulary>, category: u32, count: usize, seed: u64) -> Vec<u64> {
    let mut masks = Vec::with_capacity(count + REPORTS_PER_PHONE);
    let mut number = seed << 32;
    while masks.len() < count {
        number += 1;
        let clock = Arc::new(FixedClock::new(START_MS));
        let platform = Platform::in_memory(clock.clone(), Arc::new(SeededRandom::new(number)));
        let shop = Recommender::open(Phone::config(), platform).unwrap();
        shop.install_model(sample()).unwrap();
        shop.install_vocabulary(vocabulary.clone()).unwrap();
        shop.set_level(Level::Shared, Some(&consent())).unwrap();
        for epoch in 0..REPORTS_PER_PHONE {
            clock.set(START_MS + i64::try_from(epoch).unwrap() * 91 * DAY_MS);
            if epoch == 4 {
                // A consent ends after 13 months.
                shop.set_level(Level::Shared, Some(&consent())).unwrap();
            }
            let items = (0..ITEMS).filter(|item| item % CATEGORIES == category).take(8);
            shop.track_all(items.map(view).collect()).unwrap();
            let bytes = shop.preview_report().unwrap().report.to_bytes();
            masks.push(ReceivedReport::decode(&bytes).unwrap().mask());
        }
    }
    masks.truncate(count);
    masks
}

fn counts(masks: &[u64]) -> BTreeMap<u64, f64> {
    let mut counts = BTreeMap::new();
    masks.iter().for_each(|mask| *counts.entry(*mask).or_insert(0.0) += 1.0);
    counts
}

/// `ln` of the gamma function (Lanczos, 1964, with the coefficients of Numerical Recipes).
fn ln_gamma(x: f64) -> f64 {
    const C: [f64; 6] = [
        76.180_091_729_471_46,
        -86.505_320_329_416_77,
        24.014_098_240_830_91,
        -1.231_739_572_450_155,
        0.001_208_650_973_866_179,
        -0.000_005_395_239_384_953,
    ];
    let shifted = x + 5.5 - (x + 0.5) * (x + 5.5).ln();
    let series = C.iter().zip(1..).fold(1.000_000_000_190_015, |sum, (c, k)| sum + c / (x + f64::from(k)));
    -shifted + (2.506_628_274_631_000_5 * series / x).ln()
}

/// Chance of at least `hits` of `n` at rate `p`, by summing the tail's terms.
fn at_least(hits: u32, n: u32, p: f64) -> f64 {
    let term = |k: u32| {
        let (k, n) = (f64::from(k), f64::from(n));
        let ln_choose = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
        (ln_choose + k * p.ln() + (n - k) * (-p).ln_1p()).exp()
    };
    let (mut sum, mut k) = (0.0, hits);
    while k <= n {
        let next = term(k);
        sum += next;
        if f64::from(k) > p * f64::from(n) && next < sum * 1e-15 {
            break;
        }
        k += 1;
    }
    sum
}

/// The rate below which `hits` of `n` would come about less than once in a million.
fn lower_bound(hits: u32, n: u32) -> f64 {
    let (mut low, mut high) = (0.0, f64::from(hits) / f64::from(n));
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if at_least(hits, n, middle) < MISS { low = middle } else { high = middle }
    }
    low
}

/// The rate above which so few as `hits` of `n` would.
fn upper_bound(hits: u32, n: u32) -> f64 {
    1.0 - lower_bound(n - hits, n)
}

/// A bound from below on the privacy loss between two shoppers, from `samples` reports of each and those of the pilot.
fn audit(parameters: Parameters, samples: u32) -> f64 {
    let vocabulary = open(&draft(parameters));
    let draw = |category, seed, count: u32| masks(&vocabulary, category, count as usize, seed);
    let (one, other) = (counts(&draw(0, 1, PILOT)), counts(&draw(1, 2, PILOT)));
    // One is added to both, so that a mask that was seldom seen does not decide.
    let speaks = |mask: &u64| {
        let ratio = (one.get(mask).unwrap_or(&0.0) + 1.0) / (other.get(mask).unwrap_or(&0.0) + 1.0);
        ratio.ln() > 0.75 * f64::from(parameters.ratio()).ln()
    };
    let hits = |masks: &[u64]| u32::try_from(masks.iter().filter(|mask| speaks(mask)).count()).unwrap();
    let (one_hits, other_hits) = (hits(&draw(0, 3, samples)), hits(&draw(1, 4, samples)));
    let bound = (lower_bound(one_hits, samples) / upper_bound(other_hits, samples)).ln();
    println!(
        "d {} m {} R {}: {one_hits} and {other_hits} of {samples}: privacy loss at least {bound:.3}, ln R {:.3}",
        parameters.topics(),
        parameters.per_report(),
        parameters.ratio(),
        f64::from(parameters.ratio()).ln(),
    );
    bound
}

fn must_pass(parameters: Parameters, samples: u32) {
    let (bound, limit) = (audit(parameters, samples), f64::from(parameters.ratio()).ln());
    assert!(bound <= limit, "a leak: {bound} above {limit}");
    assert!(bound >= 0.9 * limit, "the audit is blind: {bound} below {}", 0.9 * limit);
}

#[test]
fn bounds_are_those_of_clopper_and_pearson() {
    // No hit of n: the upper bound is 1 - miss^(1/n). All hits: the lower one is miss^(1/n).
    assert!((upper_bound(0, 100) - (1.0 - MISS.powf(0.01))).abs() < 1e-9);
    assert!((lower_bound(100, 100) - MISS.powf(0.01)).abs() < 1e-9);
    // Far from the ends, nearly the normal approximation: 4.75 standard errors.
    let (low, high) = (lower_bound(20_000, 40_000), upper_bound(20_000, 40_000));
    assert!((low - (0.5 - 4.753 * 0.0025)).abs() < 1e-4 && (high - (0.5 + 4.753 * 0.0025)).abs() < 1e-4);
}

#[test]
#[ignore = "a minute; `cargo xtask test audits`"]
fn reports_tell_two_shoppers_apart_as_well_as_allowed_and_no_better() {
    must_pass(default_parameters(), 120_000);
    must_pass(Parameters::new(16, 1, 8).unwrap(), 60_000);
    must_pass(Parameters::new(16, 3, 4).unwrap(), 100_000);
}

#[test]
#[ignore = "a minute; `cargo xtask test audits`"]
fn leaks_and_dead_audits_are_seen() {
    let limit = 8_f64.ln();
    for mutant in [Mutant::SquareRatio, Mutant::NoShuffle, Mutant::ConstantSeed] {
        let bound = with(mutant, || audit(default_parameters(), PILOT));
        assert!(!(0.9 * limit..=limit).contains(&bound), "{mutant:?}: {bound}");
    }
}
