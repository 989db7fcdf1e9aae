//! EASE: a linear model from the known items to all items, in closed form (Steck, 2019).
//!
//! `B = I - P diag(1 / P_jj)` with `P = (X'X + lambda I)^-1` and `X` the shopper-item matrix of zeros and ones; a score
//! is the sum of `B_ij` over the distinct items `i` of the history. No item speaks for itself: where repeats compete, EASE
//! does not expect them.

use ndarray::Array2;

use super::Baseline;
use super::inverse::invert;
use super::popularity::Fallback;
use super::sets::{Distinct, Sets};
use crate::train::Progress;

/// Items with an event up to which the matrix is inverted: 0.9 GB, and a minute or so of one core.
const MAX_ITEMS: usize = 15_000;

/// `lambda` in shoppers per item, the mean of the diagonal of `X'X`, so that twice the shoppers give the same model. Of 1,
/// 3 and 10, the best on validation for reviews, and level with 1 for clicks.
const PENALTY: f32 = 3.0;

/// Why there is no such model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LeftOut {
    /// Beyond memory and time.
    #[error("the log trains {items} items, EASE inverts a matrix of at most {MAX_ITEMS}")]
    TooManyItems { items: usize },
    /// Nothing to learn from.
    #[error("the log has no training events")]
    NoEvents,
}

/// The item-item matrix of the items with an event.
pub(super) struct Ease {
    /// Row of each item.
    row: Vec<Option<u32>>,
    /// Item of each row.
    item: Vec<u32>,
    /// `B`, dense.
    weights: Array2<f32>,
    /// Sums of rows, for the history at hand.
    sums: Vec<f32>,
    distinct: Distinct,
    fallback: Fallback,
}

impl Ease {
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    pub(super) fn new(sets: &Sets, fallback: Fallback, progress: &mut dyn Progress) -> Result<Self, LeftOut> {
        let items = (0u32..).take(sets.len());
        let item: Vec<u32> = items.filter(|&item| !sets.users_of(item as usize).is_empty()).collect();
        let n = item.len();
        if n == 0 {
            return Err(LeftOut::NoEvents);
        }
        if n > MAX_ITEMS {
            return Err(LeftOut::TooManyItems { items: n });
        }
        let mut row = vec![None; sets.len()];
        for (r, &item) in (0u32..).zip(&item) {
            row[item as usize] = Some(r);
        }
        let mut weights = Array2::<f32>::zeros((n, n));
        for (mut counts, &item) in weights.rows_mut().into_iter().zip(&item) {
            for &other in sets.users_of(item as usize).iter().flat_map(|&user| sets.items_of(user)) {
                if let Some(other) = row[other as usize] {
                    counts[other as usize] += 1.0;
                }
            }
        }
        let lambda = PENALTY * weights.diag().sum() / n as f32;
        weights.diag_mut().mapv_inplace(|count| count + lambda);
        progress.begin("ease", n as u64);
        invert(&mut weights, &mut |rows| progress.step(rows as u64));
        progress.end();
        // B_ij = -P_ij / P_jj: a column's own penalty
        let scales = weights.diag().mapv(|value| -1.0 / value);
        for mut row in weights.rows_mut() {
            row *= &scales;
        }
        weights.diag_mut().fill(0.0);
        Ok(Self { row, item, weights, sums: vec![0.0; n], distinct: Distinct::new(sets.len()), fallback })
    }
}

impl Baseline for Ease {
    fn name(&self) -> &'static str {
        "ease"
    }

    fn score(&mut self, history: &[u32], scores: &mut [f32]) {
        // items without an event keep it: their places are beyond all others
        scores.copy_from_slice(&self.fallback);
        let mut is_known = false;
        self.sums.fill(0.0);
        for item in self.distinct.of(history) {
            let Some(row) = self.row[item as usize] else { continue };
            is_known = true;
            for (sum, weight) in self.sums.iter_mut().zip(self.weights.row(row as usize)) {
                *sum += weight;
            }
        }
        if is_known {
            for (&item, &sum) in self.item.iter().zip(&self.sums) {
                scores[item as usize] = sum;
            }
        }
    }
}
