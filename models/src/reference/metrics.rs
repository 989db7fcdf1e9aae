//! Metrics of ranked lists against what was wanted.
//!
//! The first three take ranks of one wanted item per case (1-based, `usize::MAX`: not found) and give the mean over the
//! cases. The others take one list, best first and without repeats, and any number of wanted items; their mean over the
//! cases is the metric. Lists by themselves: [`lists`](super::lists).

/// Share of cases whose item is among the first `k`; 0 without cases. With one wanted item this is also recall.
///
/// ```
/// # use tastekeeper_models::reference::metrics::hit_rate_at_k;
/// assert_eq!(hit_rate_at_k(&[1, 3, 11, usize::MAX], 10), 0.5);
/// ```
#[must_use]
pub fn hit_rate_at_k(ranks: &[usize], k: usize) -> f64 {
    mean(ranks, k, |_| 1.0)
}

/// Mean of `1 / log2(1 + rank)` over the cases, 0 beyond `k` (Järvelin and Kekäläinen 2002, one relevant item).
///
/// ```
/// # use tastekeeper_models::reference::metrics::ndcg_at_k;
/// assert_eq!(ndcg_at_k(&[1, 3, 11], 10), 0.5);
/// ```
#[must_use]
pub fn ndcg_at_k(ranks: &[usize], k: usize) -> f64 {
    mean(ranks, k, |rank| 1.0 / (1.0 + rank).log2())
}

/// Mean of `1 / rank` over the cases, 0 beyond `k`.
///
/// ```
/// # use tastekeeper_models::reference::metrics::mrr_at_k;
/// assert_eq!(mrr_at_k(&[2, 4, 21, 1], 20), 0.4375);
/// ```
#[must_use]
pub fn mrr_at_k(ranks: &[usize], k: usize) -> f64 {
    mean(ranks, k, |rank| 1.0 / rank)
}

#[expect(clippy::cast_precision_loss, reason = "ranks up to k and counts of cases")]
fn mean(ranks: &[usize], k: usize, gain: impl Fn(f64) -> f64) -> f64 {
    let total: f64 = ranks.iter().filter(|&&rank| rank <= k).map(|&rank| gain(rank as f64)).sum();
    total / ranks.len().max(1) as f64
}

/// The metrics of [`of_list`], by the field's names.
pub const ACCURACY: [&str; 6] = ["hr", "recall", "precision", "ndcg", "mrr", "map"];

/// The metrics of one list at `k`, in the order of [`ACCURACY`], all 0 where nothing is wanted.
///
/// With `r` wanted items, `h` of them among the first `k`, at the places `p_1 < .. < p_h`:
/// `hr = [h > 0]`, `recall = h / r`, `precision = h / k`, `mrr = 1 / p_1`,
/// `map = 1/r sum_i i / p_i`, and
/// `ndcg = sum_i 1 / log2(1 + p_i) / sum_{i <= min(k, r)} 1 / log2(1 + i)` (Järvelin and Kekäläinen 2002).
///
/// ```
/// # use tastekeeper_models::reference::metrics::of_list;
/// let [hr, recall, precision, _, mrr, map] = of_list(&[7, 3, 9, 1], &[1, 2, 3], 4);
/// assert_eq!((hr, recall, precision, mrr), (1.0, 2.0 / 3.0, 0.5, 0.5));
/// assert_eq!(map, (1.0 / 2.0 + 2.0 / 4.0) / 3.0);
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "places and counts")]
pub fn of_list(list: &[u32], wanted: &[u32], k: usize) -> [f64; ACCURACY.len()] {
    if wanted.is_empty() || k == 0 {
        return [0.0; ACCURACY.len()];
    }
    let discount = |place: usize| 1.0 / (1.0 + place as f64).log2();
    let (mut hits, mut gain, mut first, mut precisions) = (0.0, 0.0, 0.0, 0.0);
    for (place, item) in (1..).zip(list.iter().take(k)) {
        if wanted.contains(item) {
            hits += 1.0;
            gain += discount(place);
            precisions += hits / place as f64;
            if first == 0.0 {
                first = 1.0 / place as f64;
            }
        }
    }
    let relevant = wanted.len() as f64;
    let ideal: f64 = (1..=k.min(wanted.len())).map(discount).sum();
    [f64::from(hits > 0.0), hits / relevant, hits / k as f64, gain / ideal, first, precisions / relevant]
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact")]
mod tests {
    use super::*;

    #[test]
    fn hand_computed_rankings() {
        let ranks = [1, 2, 7, 10, 11, usize::MAX];
        assert_eq!(hit_rate_at_k(&ranks, 10), 4.0 / 6.0);
        assert_eq!(hit_rate_at_k(&ranks, 1), 1.0 / 6.0);
        assert_eq!(mrr_at_k(&ranks, 2), 1.5 / 6.0);
        let expected = (1.0 + 1.0 / 3f64.log2() + 1.0 / 3.0 + 1.0 / 11f64.log2()) / 6.0;
        assert!((ndcg_at_k(&ranks, 10) - expected).abs() < 1e-12);
    }

    #[test]
    fn no_case_is_zero() {
        assert_eq!(ndcg_at_k(&[], 10), 0.0);
    }

    #[test]
    fn one_wanted_item_gives_what_ranks_give() {
        let list: Vec<u32> = (10..40).collect();
        for wanted in [10, 11, 19, 20, 39, 5] {
            let rank = list.iter().position(|item| *item == wanted).map_or(usize::MAX, |place| place + 1);
            for k in [1, 10, 50] {
                let [hr, recall, precision, ndcg, mrr, map] = of_list(&list, &[wanted], k);
                assert_eq!((hr, recall), (hit_rate_at_k(&[rank], k), hr));
                assert_eq!(precision, hr / f64::from(u32::try_from(k).unwrap()));
                assert_eq!((ndcg, mrr, map), (ndcg_at_k(&[rank], k), mrr_at_k(&[rank], k), mrr));
            }
        }
    }

    #[test]
    fn several_wanted_items_by_hand() {
        // wanted at the places 2 and 3; a third one is not listed
        let [hr, recall, precision, ndcg, mrr, map] = of_list(&[9, 1, 2, 8], &[1, 2, 3], 3);
        assert_eq!((hr, recall, precision, mrr), (1.0, 2.0 / 3.0, 2.0 / 3.0, 0.5));
        let (second, third) = (1.0 / 3f64.log2(), 0.5);
        assert!((ndcg - (second + third) / (1.0 + second + third)).abs() < 1e-15);
        assert!((map - (0.5 + 2.0 / 3.0) / 3.0).abs() < 1e-15);
        // the ideal list is cut at k as well
        assert_eq!(of_list(&[1, 2, 3], &[1, 2, 3], 2)[3], 1.0);
        assert_eq!(of_list(&[1], &[], 2), [0.0; 6]);
    }
}
