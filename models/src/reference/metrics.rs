//! Ranking metrics for one wanted item per case, from its 1-based rank (`usize::MAX`: not found).

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
}
