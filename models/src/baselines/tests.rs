#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "small numbers, exact where they are compared"
)]

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use ndarray::Array2;
use proptest::prelude::*;

use super::*;
use crate::train::Silent;

/// Fits one of them and scores a history.
fn scores(name: &str, training: &[Vec<u32>], items: usize, history: &[u32]) -> Vec<f32> {
    let mut fitted = fit(training, items, &mut Silent);
    let baseline = fitted.baselines.iter_mut().find(|baseline| baseline.name() == name);
    // not zeros: whatever was there is overwritten
    let mut scores = vec![f32::NAN; items];
    baseline.expect("it was fitted").score(history, &mut scores);
    scores
}

/// Items by descending score, then index.
fn order(scores: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order
}

fn assert_close(found: f32, expected: f64) {
    assert!(
        (f64::from(found) - expected).abs() <= 1e-5 * expected.abs().max(1.0),
        "{found} is not {expected}"
    );
}

#[test]
fn all_four_are_fitted_in_the_order_of_the_report() {
    let fitted = fit(&[vec![0, 1]], 2, &mut Silent);
    let names: Vec<&str> = fitted.baselines.iter().map(|baseline| baseline.name()).collect();
    assert_eq!(names, ["popularity", "item-knn", "markov", "ease"]);
    assert!(fitted.left_out.is_empty());
}

#[test]
fn popularity_counts_every_event_whoever_asks() {
    let training = [vec![2, 2, 0], vec![2, 1, 9]];
    assert_eq!(scores("popularity", &training, 4, &[]), [1.0, 1.0, 3.0, 0.0]);
    assert_eq!(scores("popularity", &training, 4, &[0, 1]), [1.0, 1.0, 3.0, 0.0]);
}

#[test]
fn markov_ranks_successors_by_how_often_then_how_popular_then_index() {
    // after 0: 1 twice; 4, 3 and 2 once, of which 4 is the most popular; then what never followed, by popularity
    let training = [vec![0, 1, 0, 1], vec![0, 3], vec![0, 2], vec![0, 4, 4, 4]];
    assert_eq!(order(&scores("markov", &training, 6, &[5, 0])), [1, 4, 2, 3, 0, 5]);
    // 4 followed itself
    assert_eq!(order(&scores("markov", &training, 6, &[0, 4])), [4, 0, 1, 2, 3, 5]);
}

#[test]
fn markov_answers_from_the_newest_item_that_was_followed() {
    let training = [vec![0, 1], vec![2, 3], vec![4, 4]];
    // 3 and 1 end their sequences, 7 is unknown, 5 was never seen
    assert_eq!(order(&scores("markov", &training, 6, &[0, 2, 3, 1, 7, 5]))[0], 3);
    assert_eq!(order(&scores("markov", &training, 6, &[2, 0, 3]))[0], 1);
}

#[test]
fn item_knn_by_hand() {
    let training = [vec![0, 1], vec![1, 0, 2, 0], vec![0]];
    let (two, three) = (0.5f64.sqrt(), (1.0f64 / 3.0).sqrt());
    let (n0, n1, n2) = (two + three + 1.0, two + three, three);
    let similarity = |both: f64, a: f64, b: f64| both / ((a * b).sqrt() + 10.0);
    let found = scores("item-knn", &training, 4, &[2, 1, 2, 8]);
    assert_close(found[0], similarity(three, n2, n0) + similarity(two + three, n1, n0));
    assert_close(found[1], similarity(three, n2, n1) + similarity(n1, n1, n1));
    assert_close(found[2], similarity(n2, n2, n2) + similarity(three, n1, n2));
    assert!(found[3] < 0.0);
}

#[test]
fn item_knn_keeps_the_hundred_nearest_and_falls_back_below_them() {
    // everybody knows 0; of the others the first 120 are known with it to one shopper each, 120 to two
    let mut training: Vec<Vec<u32>> = (1..=120).map(|item| vec![0, item]).collect();
    training.extend([vec![0, 120], vec![121, 121, 121], vec![122]]);
    let found = scores("item-knn", &training, 123, &[0]);
    // 0 itself, 120, and 98 of those alike, the smallest indices
    let positive: Vec<usize> = (0..123).filter(|&item| found[item] > 0.0).collect();
    let expected: Vec<usize> = (0..=98).chain([120]).collect();
    assert_eq!(positive, expected);
    assert_eq!(order(&found)[..2], [0, 120]);
    assert_eq!(order(&found)[100], 121, "then the most popular of the rest");
}

#[test]
fn ease_by_hand() {
    // X'X = [2 1; 1 1], lambda 3 * 1.5, P = [5.5 -1; -1 6.5] / 34.75
    let training = [vec![0, 1, 1], vec![0]];
    let found = scores("ease", &training, 3, &[0, 0]);
    assert_close(found[1], 1.0 / 6.5);
    assert_eq!(found[0], 0.0, "no item speaks for itself");
    assert_eq!(found[2], -3.0, "never seen in training");
    assert_close(scores("ease", &training, 3, &[1])[0], 1.0 / 5.5);
}

#[test]
fn ease_is_left_out_of_large_and_empty_shops_with_the_reason() {
    let training: Vec<Vec<u32>> = (0..15_001).map(|item| vec![item]).collect();
    let fitted = fit(&training, 15_001, &mut Silent);
    assert_eq!(fitted.baselines.len(), 3);
    let reason = &fitted.left_out["ease"];
    assert!(reason.contains("15001 items") && reason.contains("15000"), "{reason}");

    for items in [0, 3] {
        let mut fitted = fit(&[vec![], vec![7]], items, &mut Silent);
        assert_eq!(fitted.left_out["ease"], "the log has no training events");
        for baseline in &mut fitted.baselines {
            let mut scores = vec![f32::NAN; items];
            baseline.score(&[0, 7], &mut scores);
            assert_eq!(order(&scores), (0..items).collect::<Vec<_>>(), "{}", baseline.name());
        }
    }
}

#[test]
fn a_set_is_the_newest_distinct_items() {
    let long: Vec<u32> = (0..600).chain(0..10).collect();
    let sets = Sets::new(&[vec![3, 1, 3, 700], long.clone()], 600);
    assert_eq!(sets.items_of(0), [3, 1]);
    let newest: Vec<u32> = (0..10).rev().chain((110..600).rev()).collect();
    assert_eq!(sets.items_of(1), newest);
    assert_eq!((sets.users_of(3), sets.users_of(11), sets.users_of(110)), (&[0, 1][..], &[][..], &[1][..]));
}

#[test]
fn progress_ends_where_it_said() {
    #[derive(Default)]
    struct Heard(Vec<(&'static str, u64, u64)>);
    impl Progress for Heard {
        fn begin(&mut self, phase: &'static str, total: u64) {
            self.0.push((phase, total, 0));
        }
        fn step(&mut self, done: u64) {
            self.0.last_mut().expect("a phase began").2 = done;
        }
        fn end(&mut self) {}
    }
    let mut heard = Heard::default();
    let training: Vec<Vec<u32>> = (0..300).map(|item| vec![item, 0]).collect();
    let _ = fit(&training, 301, &mut heard);
    assert_eq!(heard.0, [("item-knn", 301, 301), ("ease", 300, 300)]);
}

/// Another way to the inverse: Gauss-Jordan with row exchanges on `[matrix | I]`.
fn gauss_jordan(matrix: &Array2<f64>) -> Array2<f64> {
    let n = matrix.nrows();
    let mut rows: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let unit = (0..n).map(|j| f64::from(u8::from(i == j)));
            matrix.row(i).iter().copied().chain(unit).collect()
        })
        .collect();
    for k in 0..n {
        let best =
            (k..n).max_by(|&a, &b| rows[a][k].abs().total_cmp(&rows[b][k].abs())).expect("a row is left");
        rows.swap(k, best);
        let pivot = rows[k][k];
        rows[k].iter_mut().for_each(|value| *value /= pivot);
        let pivot_row = rows[k].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|&(i, _)| i != k) {
            let factor = row[k];
            row.iter_mut().zip(&pivot_row).for_each(|(value, above)| *value -= factor * above);
        }
    }
    Array2::from_shape_fn((n, n), |(i, j)| rows[i][n + j])
}

fn log(items: u32) -> impl Strategy<Value = Vec<Vec<u32>>> {
    prop::collection::vec(prop::collection::vec(0..items, 0..7), 1..15)
}

fn distinct(history: &[u32]) -> BTreeSet<u32> {
    history.iter().copied().collect()
}

proptest! {
    #[test]
    fn a_history_of_unknown_items_gets_the_order_of_popularity(training in log(9)) {
        let popular = order(&scores("popularity", &training, 9, &[]));
        for name in fit(&training, 9, &mut Silent).baselines.iter().map(|baseline| baseline.name()) {
            prop_assert_eq!(&order(&scores(name, &training, 9, &[9, 100])), &popular, "{}", name);
            prop_assert_eq!(&order(&scores(name, &training, 9, &[])), &popular, "{}", name);
        }
    }

    #[test]
    fn item_knn_is_its_formula(training in log(9), history in prop::collection::vec(0u32..9, 1..6)) {
        let both = |a: u32, b: u32| -> f64 {
            let know = training.iter().map(|user| distinct(user)).filter(|user| user.contains(&a) && user.contains(&b));
            know.map(|user| 1.0 / (user.len() as f64).sqrt()).sum()
        };
        let found = scores("item-knn", &training, 9, &history);
        for item in 0..9 {
            let sum = |&h: &u32| both(h, item) / ((both(h, h) * both(item, item)).sqrt() + 10.0);
            let expected: f64 = distinct(&history).iter().map(sum).sum();
            if expected > 0.0 {
                assert_close(found[item as usize], expected);
            } else {
                prop_assert!(found[item as usize] < 0.0);
            }
        }
    }

    #[test]
    fn markov_is_a_sorted_count(training in log(6), history in prop::collection::vec(0u32..6, 1..4)) {
        let mut counts = BTreeMap::new();
        for pair in training.iter().flat_map(|sequence| sequence.windows(2)) {
            *counts.entry((pair[0], pair[1])).or_insert(0) += 1;
        }
        let popular = scores("popularity", &training, 6, &[]);
        let from = history.iter().rev().find(|&&item| counts.keys().any(|pair| pair.0 == item));
        let count = |to: usize| from.map_or(0, |&from| counts.get(&(from, to as u32)).copied().unwrap_or(0));
        let mut expected: Vec<usize> = (0..6).collect();
        expected.sort_by(|&a, &b| match count(b).cmp(&count(a)) {
            Ordering::Equal => popular[b].total_cmp(&popular[a]),
            decided => decided,
        });
        prop_assert_eq!(order(&scores("markov", &training, 6, &history)), expected);
    }

    #[test]
    fn ease_is_its_closed_form(training in log(9), history in prop::collection::vec(0u32..9, 1..6)) {
        let sets: Vec<BTreeSet<u32>> = training.iter().map(|user| distinct(user)).collect();
        let seen: Vec<u32> = sets.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
        prop_assume!(distinct(&history).iter().any(|item| seen.contains(item)));
        let x = Array2::from_shape_fn((sets.len(), seen.len()), |(user, column)| {
            f64::from(u8::from(sets[user].contains(&seen[column])))
        });
        let lambda = 3.0 * x.sum() / seen.len() as f64;
        let p = gauss_jordan(&(x.t().dot(&x) + Array2::<f64>::eye(seen.len()) * lambda));
        let found = scores("ease", &training, 9, &history);
        for (j, &item) in seen.iter().enumerate() {
            let known = seen.iter().enumerate().filter(|(_, item)| history.contains(item));
            let expected: f64 = known.map(|(i, _)| if i == j { 0.0 } else { -p[[i, j]] / p[[j, j]] }).sum();
            assert_close(found[item as usize], expected);
        }
    }

    #[test]
    fn blocks_of_any_size_give_the_inverse(
        block in 1usize..9,
        values in prop::collection::vec(-1.0f64..1.0, 1..200),
    ) {
        let n = values.len().isqrt();
        let root = Array2::from_shape_fn((n, n), |(i, j)| values[i * n + j]);
        let matrix = root.dot(&root.t()) + Array2::<f64>::eye(n);
        let mut found = matrix.mapv(|value| value as f32);
        // only the lower half is read
        for i in 0..n {
            for j in i + 1..n {
                found[[i, j]] = f32::NAN;
            }
        }
        let mut heard = Vec::new();
        inverse::invert_by(block, &mut found, &mut |rows| heard.push(rows));
        for (&found, &expected) in found.iter().zip(&gauss_jordan(&matrix)) {
            prop_assert!((f64::from(found) - expected).abs() < 1e-4, "{found} is not {expected}");
        }
        prop_assert_eq!(heard.len(), n.div_ceil(block));
        prop_assert_eq!(heard.last(), Some(&n));
    }
}
