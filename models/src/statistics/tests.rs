//! The intervals hold the truth as often as they say.

use super::*;

#[test]
fn weights_are_poisson_and_follow_from_seed_and_number() {
    let bootstrap = Bootstrap { resamples: 1, seed: 7 };
    let draw = |bootstrap: Bootstrap, resample| {
        let mut weights = vec![0; 40_001];
        bootstrap.weights(resample, &mut weights);
        weights
    };
    let weights = draw(bootstrap, 3);
    assert_eq!(weights, draw(bootstrap, 3));
    assert_ne!(weights, draw(bootstrap, 4));
    assert_ne!(weights, draw(Bootstrap { seed: 8, ..bootstrap }, 3));
    // 40 001 draws: a share p has standard deviation sqrt(p(1-p)/n) < .0025; the limits are five of them or more
    let mut expected = (-1f64).exp();
    for k in 0u8..5 {
        let share = weights.iter().filter(|weight| **weight == k).count() as f64 / 40_001.0;
        assert!((share - expected).abs() < 0.0125, "{k}: {share}");
        expected /= f64::from(k + 1);
    }
    assert_eq!(POISSON.last(), Some(&(1 << 32)), "every draw has an end");
}

#[test]
fn percentiles_by_hand() {
    let mut values: Vec<f64> = (0..=40).rev().map(f64::from).collect();
    values.push(f64::NAN);
    assert_eq!(percentile_interval(&mut values, 0.5), Some((10.0, 30.0)));
    assert_eq!(percentile_interval(&mut vec![2.0, 1.0], 0.5), Some((1.25, 1.75)));
    assert_eq!(percentile_interval(&mut vec![f64::NAN], 0.95), None);
}

/// Users with 1 to 4 cases, a hit rate of their own each, and a second way to recommend that hits where the first does
/// but for a few cases. Per user: cases, hits, hits of the other.
fn population(random: &mut ChaCha8Rng, users: usize) -> Vec<[f64; 3]> {
    let mut unit = || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let mut user = || {
        let cases = 1 + [0.25, 0.5, 0.75].into_iter().filter(|end| unit() > *end).count();
        let rate = if unit() < 0.3 { 0.6 } else { 0.1 };
        let mut out = [cases as f64, 0.0, 0.0];
        for _ in 0..cases {
            let hit = unit() < rate;
            out[1] += f64::from(hit);
            out[2] += f64::from(if unit() < 0.05 { unit() < 0.35 } else { hit });
        }
        out
    };
    (0..users).map(|_| user()).collect()
}

/// The resampled hit rates of both, and their differences.
fn resampled(users: &[[f64; 3]], bootstrap: Bootstrap) -> [Vec<f64>; 3] {
    let mut weights = vec![0; users.len()];
    let mut out = [vec![], vec![], vec![]];
    for resample in 0..bootstrap.resamples {
        bootstrap.weights(resample, &mut weights);
        let mut sums = [0.0; 3];
        for (user, weight) in users.iter().zip(&weights) {
            (0..3).for_each(|column| sums[column] += f64::from(*weight) * user[column]);
        }
        let (first, second) = (sums[1] / sums[0], sums[2] / sums[0]);
        out.iter_mut().zip([first, second, first - second]).for_each(|(values, value)| values.push(value));
    }
    out
}

#[test]
fn intervals_hold_the_truth_19_times_of_20() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    // by the way the population is drawn: .3 * .6 + .7 * .1, and a twentieth of the cases redrawn at .35
    let truths = [0.25, 0.25 * 0.95 + 0.05 * 0.35];
    let truths = [truths[0], truths[1], truths[0] - truths[1]];
    let (mut held, trials) = ([0; 3], 400);
    for trial in 0..trials {
        let users = population(&mut random, 300);
        let found = resampled(&users, Bootstrap { resamples: 300, seed: trial });
        for ((mut values, truth), held) in found.into_iter().zip(truths).zip(&mut held) {
            let (low, high) = percentile_interval(&mut values, 0.95).unwrap();
            *held += u32::from(low <= truth && truth <= high);
        }
    }
    // 400 trials at .95: standard deviation 4.4 of 380
    assert!(held.iter().all(|held| (362..=396).contains(held)), "{held:?} of {trials}");
}

#[test]
fn paired_differences_are_tighter_than_unpaired_ones() {
    let users = population(&mut ChaCha8Rng::seed_from_u64(6), 1000);
    let paired = resampled(&users, Bootstrap { resamples: 400, seed: 1 });
    let other = resampled(&users, Bootstrap { resamples: 400, seed: 2 });
    let unpaired: Vec<f64> = paired[0].iter().zip(&other[1]).map(|(a, b)| a - b).collect();
    let (one, two) = (mean_and_deviation(&paired[2]).1, mean_and_deviation(&unpaired).1);
    assert!(one * 2.0 < two, "{one} is not much below {two}");
}

#[test]
fn standard_errors_are_those_of_the_formula() {
    // one case per user: the standard error of a share is sqrt(p (1 - p) / n)
    let users: Vec<[f64; 3]> = (0..2000).map(|user| [1.0, f64::from(u8::from(user % 5 == 0)), 0.0]).collect();
    let values = &resampled(&users, Bootstrap { resamples: 2000, seed: 9 })[0];
    let (mean, error) = mean_and_deviation(values);
    let expected = (0.2f64 * 0.8 / 2000.0).sqrt();
    assert!((mean - 0.2).abs() < 0.001, "{mean}");
    assert!((error / expected - 1.0).abs() < 0.08, "{error} is not {expected}");
}

#[test]
fn seeds_are_summarised_with_students_interval() {
    let found = over_seeds(&[1.0, 2.0, 3.0]);
    assert_eq!((found.mean, found.deviation), (2.0, 1.0));
    let half = 4.303 / 3f64.sqrt();
    assert!(
        (found.high.unwrap() - 2.0 - half).abs() < 1e-12 && (2.0 - half - found.low.unwrap()).abs() < 1e-12
    );
    assert_eq!(over_seeds(&[5.0]), OverSeeds { mean: 5.0, deviation: 0.0, low: None, high: None });
    // the table and the expansion meet
    assert!((student_975(31).unwrap() - 2.0395).abs() < 0.01);
}

/// A loss of [`DETECTABLE_ERRORS`] standard errors is found by a one-sided 5 % test 4 times of 5, and no loss 1 time of
/// 20.
#[test]
fn the_detectable_loss_is_found_as_often_as_stated() {
    const USERS: usize = 400;
    let mut random = ChaCha8Rng::seed_from_u64(12);
    // of the users a tenth changes, a gain or a loss each: the standard error of the mean difference is known
    let error = (0.1 / USERS as f64).sqrt();
    let mut share_found = |loss: f64| {
        let trials = 400u32;
        let found = (0..trials).filter(|&trial| {
            let mut user = || {
                let unit = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
                let difference = f64::from(u8::from(unit < 0.05 - loss / 2.0))
                    - f64::from(u8::from(unit > 0.95 - loss / 2.0));
                [1.0, difference, 0.0]
            };
            let users: Vec<[f64; 3]> = (0..USERS).map(|_| user()).collect();
            let bootstrap = Bootstrap { resamples: 100, seed: u64::from(trial) };
            let mean = users.iter().map(|user| user[1]).sum::<f64>() / USERS as f64;
            let spread = mean_and_deviation(&resampled(&users, bootstrap)[0]).1;
            mean + 1.645 * spread < 0.0
        });
        found.count() as f64 / f64::from(trials)
    };
    // 400 trials: standard deviations .02 and .011
    let (power, false_alarms) = (share_found(DETECTABLE_ERRORS * error), share_found(0.0));
    assert!((power - 0.8).abs() < 0.08, "{power}");
    assert!((false_alarms - 0.05).abs() < 0.045, "{false_alarms}");
}
