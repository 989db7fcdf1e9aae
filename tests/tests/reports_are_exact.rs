//! Promise 5, the mechanism: no mask is more than `R` times as likely for one shopper as for another, exactly. Every outcome of
//! the sampler is walked for every input, and what it draws does not depend on the input.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails says where, and reports what it visited"
)]

use std::collections::BTreeMap;

use tastekeeper::mutants::Mutant;
use tastekeeper::platform::SeededRandom;
use tastekeeper::report::{Draws, MAX_RATIO, Parameters, SlotTopics, TOPICS, TOPICS_PER_REPORT, sample};
use tastekeeper::store::CallRandom;
use tastekeeper_tests::promise::{Checked, ensure, must_catch};

/// Gives every sequence of draws once.
#[derive(Default)]
struct Enumerator {
    digits: Vec<u32>,
    ranges: Vec<u32>,
    place: usize,
}

impl Draws for Enumerator {
    fn below(&mut self, range: u32) -> tastekeeper::Result<u32> {
        if self.place == self.digits.len() {
            self.digits.push(0);
            self.ranges.push(range);
        }
        self.ranges[self.place] = range;
        self.place += 1;
        Ok(self.digits[self.place - 1])
    }
}

impl Enumerator {
    /// Goes on to the next sequence; `false` after the last.
    fn advance(&mut self) -> bool {
        self.place = 0;
        for (digit, range) in self.digits.iter_mut().zip(&self.ranges).rev() {
            *digit += 1;
            if digit < &mut range.clone() {
                return true;
            }
            *digit = 0;
        }
        false
    }
}

/// How many sequences of draws lead to each mask. Fails when the ranges are not `expected` for every sequence.
fn outcomes(
    parameters: Parameters,
    slots: &SlotTopics,
    expected: &[u32],
) -> Result<BTreeMap<u64, u64>, String> {
    let mut walk = Enumerator::default();
    let mut counts = BTreeMap::new();
    loop {
        let mask = sample(parameters, slots, &mut walk).map_err(|error| error.to_string())?;
        ensure(walk.ranges == expected && walk.place == expected.len(), || {
            format!("{slots:?}: drew from {:?}, not {expected:?}", walk.ranges)
        })?;
        let named = mask.count_ones() == u32::from(parameters.per_report());
        ensure(named && mask.checked_shr(parameters.topics().into()).unwrap_or(0) == 0, || {
            format!("{mask:b} is no mask")
        })?;
        *counts.entry(mask).or_insert(0) += 1;
        if !walk.advance() {
            return Ok(counts);
        }
    }
}

fn ranges(parameters: Parameters) -> Vec<u32> {
    let (d, m, r) = numbers(parameters);
    [8, m * r + d - m].into_iter().chain((0..m).map(|place| d - 1 - place)).collect()
}

fn numbers(parameters: Parameters) -> (u32, u32, u32) {
    (parameters.topics().into(), parameters.per_report().into(), parameters.ratio().into())
}

fn choose(n: u32, k: u32) -> u64 {
    (0..u64::from(k)).fold(1, |product, place| product * (u64::from(n) - place) / (place + 1))
}

/// Walks everything for one mechanism. Returns how many outcomes there were.
fn is_exact(parameters: Parameters) -> Result<u64, String> {
    let (d, m, r) = numbers(parameters);
    let expected = ranges(parameters);
    let paths: u64 = expected.iter().map(|range| u64::from(*range)).product();
    let mut extremes: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for topic in 0..parameters.topics() {
        let counts = outcomes(parameters, &[topic; 8], &expected)?;
        ensure(counts.values().sum::<u64>() == paths, || "outcomes are missing".into())?;
        ensure(counts.len() as u64 == choose(d, m), || format!("{} masks", counts.len()))?;
        for (mask, count) in counts {
            // p / C(d-1, m-1) and (1-p) / C(d-1, m), with p = mR / (mR + d - m), in whole numbers
            let all = u64::from(m * r + d - m);
            let (numerator, masks) = if mask >> topic & 1 == 1 {
                (u64::from(m * r), choose(d - 1, m - 1))
            } else {
                (u64::from(d - m), choose(d - 1, m))
            };
            ensure(count * masks * all == paths * numerator, || {
                format!("{parameters:?}: mask {mask:b} of topic {topic} has {count} of {paths} outcomes")
            })?;
            let (least, most) = extremes.entry(mask).or_insert((count, count));
            (*least, *most) = (count.min(*least), count.max(*most));
        }
    }
    for (mask, (least, most)) in extremes {
        ensure(most == u64::from(r) * least, || {
            format!("{parameters:?}: ratio {most}/{least} for {mask:b}")
        })?;
    }
    Ok(paths * u64::from(d))
}

fn production() -> Parameters {
    Parameters::new(TOPICS, TOPICS_PER_REPORT, MAX_RATIO).expect("the constants are sound")
}

fn small() -> impl Iterator<Item = Parameters> {
    (2..=8).flat_map(|d| (1..=d / 2).flat_map(move |m| (2..=8).filter_map(move |r| Parameters::new(d, m, r))))
}

#[test]
fn the_largest_ratio_of_the_production_parameters_is_exactly_eight() {
    let visited = is_exact(production()).unwrap();
    assert_eq!(visited, 342_240 * 32);
    println!("{visited} outcomes of the default mechanism");
    let visited = is_exact(Parameters::new(16, 1, 8).unwrap()).unwrap();
    println!("{visited} outcomes of the mechanism for fewer shoppers");
}

#[test]
fn the_largest_ratio_of_every_small_mechanism_is_its_ratio() {
    let visited: u64 = small().map(|parameters| is_exact(parameters).unwrap()).sum();
    println!("{visited} outcomes of {} mechanisms", small().count());
    for d in [9, 31, 33, 63, 64] {
        is_exact(Parameters::new(d, 1, 8).unwrap()).unwrap();
    }
}

/// The noise below report shares: 8 slots, 64 + 32 - 1 outcomes, 31 other topics; and every smaller vocabulary.
#[cfg(feature = "prio")]
#[test]
fn the_largest_ratio_of_report_shares_is_exactly_sixty_four() {
    use tastekeeper::report::{SHARES_BUCKETS, SHARES_RATIO, UNITS_PER_SHARES};

    let shares = |topics| Parameters::of_shares(topics).unwrap();
    assert_eq!(numbers(shares(SHARES_BUCKETS)), (32, 1, 64));
    assert_eq!(SHARES_RATIO, 64);
    assert_eq!(shares(SHARES_BUCKETS).cost_units(), UNITS_PER_SHARES);
    assert_eq!(is_exact(shares(SHARES_BUCKETS)).unwrap(), 23_560 * 32);
    for topics in 2..SHARES_BUCKETS {
        is_exact(shares(topics)).unwrap();
    }
    assert!(Parameters::of_shares(1).is_none() && Parameters::of_shares(33).is_none());
    // No report can claim them.
    assert_eq!(Parameters::new(32, 1, 64), None);
    // The shuffle has one step, so where it draws from cannot be wrong in the same way.
    for mutant in [Mutant::SquareRatio, Mutant::NoShuffle] {
        must_catch(mutant, || is_exact(shares(8)).map(drop));
    }
}

/// One item moves one slot, so two histories that differ in one item have ratio `1 + (R - 1) / 8` at most; it is reached.
#[test]
fn one_item_is_worth_at_most_one_slot() {
    for parameters in [Parameters::new(8, 1, 8), Parameters::new(8, 2, 8), Parameters::new(6, 3, 5)] {
        let parameters = parameters.unwrap();
        let expected = ranges(parameters);
        let r = u64::from(parameters.ratio());
        let mut largest = (0, 1);
        for slots in [[0; 8], [1, 2, 3, 4, 5, 0, 0, 0], [1, 1, 1, 1, 2, 2, 2, 2]] {
            let before = outcomes(parameters, &slots, &expected).unwrap();
            for topic in 0..parameters.topics() {
                let mut moved = slots;
                moved[7] = topic;
                let after = outcomes(parameters, &moved, &expected).unwrap();
                for (mask, count) in &before {
                    for (more, less) in [(*count, after[mask]), (after[mask], *count)] {
                        assert!(8 * more <= (8 + r - 1) * less, "{slots:?} against {moved:?}: {more}/{less}");
                        if more * largest.1 > largest.0 * less {
                            largest = (more, less);
                        }
                    }
                }
            }
        }
        assert_eq!(8 * largest.0, (8 + r - 1) * largest.1, "{parameters:?}: {largest:?}");
    }
}

/// The order of the slots says nothing: only how often a topic stands among them.
#[test]
fn the_order_of_slots_does_not_matter() {
    let parameters = Parameters::new(7, 2, 4).unwrap();
    let expected = ranges(parameters);
    let one = outcomes(parameters, &[1, 2, 3, 0, 0, 6, 6, 1], &expected).unwrap();
    assert_eq!(outcomes(parameters, &[6, 0, 1, 6, 3, 1, 0, 2], &expected).unwrap(), one);
}

#[test]
fn wrong_samplers_are_seen() {
    let check = |d, m, r| move || is_exact(Parameters::new(d, m, r).expect("sound")).map(drop);
    for mutant in [Mutant::SquareRatio, Mutant::NoShuffle, Mutant::BiasedShuffle] {
        must_catch(mutant, check(8, 2, 8));
        must_catch(mutant, check(8, 3, 3));
        must_catch(mutant, check(6, 3, 8));
    }
    must_catch(Mutant::SquareRatio, check(16, 1, 8));
}

/// Pearson's chi-square of many draws from each range the default mechanism draws from. The seed is fixed; for another seed
/// the bound is passed by chance less than once in a million.
fn draws_are_uniform() -> Checked {
    let mut random = CallRandom::draw(&SeededRandom::new(20));
    for range in [8_u32, 46, 31, 30, 23, 15, 3, 100] {
        let expected = 4_000.0;
        let mut counts = vec![0_u32; range as usize];
        for _ in 0..range * 4_000 {
            counts[random.below(range).map_err(|error| error.to_string())? as usize] += 1;
        }
        let chi_square: f64 =
            counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        // Wilson and Hilferty (1931): the cube root of chi-square over its degrees of freedom is nearly normal.
        let free = f64::from(range - 1);
        let z = ((chi_square / free).cbrt() - (1.0 - 2.0 / (9.0 * free))) / (2.0 / (9.0 * free)).sqrt();
        ensure(z.abs() < 4.9, || format!("below({range}): chi-square {chi_square:.1}, z = {z:.1}"))?;
    }
    Ok(())
}

#[test]
fn draws_below_a_range_are_uniform() {
    must_catch(Mutant::ModuloOfAByte, draws_are_uniform);
}

/// Every mechanism with one topic per report, and every other one of up to three million outcomes. Minutes.
#[test]
#[ignore = "minutes; `cargo xtask test audits`"]
fn every_mechanism_that_can_be_walked_is_exact() {
    let (mut mechanisms, mut visited) = (0_u64, 0);
    for d in 2..=64 {
        for m in 1..=d / 2 {
            for r in 2..=8 {
                let parameters = Parameters::new(d, m, r).unwrap();
                let inputs = ranges(parameters)
                    .iter()
                    .fold(u64::from(d), |n, range| n.saturating_mul(u64::from(*range)));
                if m == 1 || inputs <= 3_000_000 {
                    visited += is_exact(parameters).unwrap();
                    mechanisms += 1;
                }
            }
        }
    }
    println!("{visited} outcomes of {mechanisms} mechanisms");
}
