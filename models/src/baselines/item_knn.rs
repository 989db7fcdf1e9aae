//! Item neighbours: what those who know the history's items also know.
//!
//! The similarity of two items is the cosine of their columns in the shopper-item matrix (Deshpande and Karypis, 2004),
//! where long histories weigh less, shrunk where few shoppers know both. With `w = len^-1/2` of a shopper who knows `len`
//! items: the sum of `w` over those who know both, divided by [`SHRINKAGE`] plus the geometric mean of the sums of `w`
//! over those who know the one and the other. A score is the sum of similarities to the distinct items of the history.
//! An item is its own neighbour, so that it stands first where repeats compete.

use super::Baseline;
use super::popularity::Fallback;
use super::sets::{Distinct, Sets};
use crate::train::Progress;

/// Similar items kept per item.
const NEIGHBOURS: usize = 100;
/// Pairs that much fewer shoppers know are hardly similar. Of 0, 1 and 10, the best on validation for reviews, and level
/// with 1 for clicks.
const SHRINKAGE: f64 = 10.0;

/// The most similar items of each item.
pub(super) struct ItemKnn {
    /// Where each item's neighbours start.
    offsets: Vec<usize>,
    /// Item and similarity, the most similar first.
    neighbours: Vec<(u32, f32)>,
    distinct: Distinct,
    fallback: Fallback,
}

impl ItemKnn {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "similarities")]
    pub(super) fn new(sets: &Sets, fallback: Fallback, progress: &mut dyn Progress) -> Self {
        let items = sets.len();
        let weight = |user: u32| 1.0 / (sets.items_of(user).len() as f64).sqrt();
        let norms: Vec<f64> = (0..items)
            .map(|item| sets.users_of(item).iter().map(|&user| weight(user)).sum::<f64>().sqrt())
            .collect();
        let mut together = vec![0.0f64; items];
        let mut touched: Vec<u32> = Vec::new();
        let mut row: Vec<(u32, f32)> = Vec::new();
        let (mut offsets, mut neighbours) = (vec![0], Vec::new());
        progress.begin("item-knn", items as u64);
        for item in 0..items {
            for &user in sets.users_of(item) {
                let weight = weight(user);
                for &other in sets.items_of(user) {
                    let sum = &mut together[other as usize];
                    if *sum == 0.0 {
                        touched.push(other);
                    }
                    *sum += weight;
                }
            }
            row.clear();
            for other in touched.drain(..) {
                let sum = std::mem::take(&mut together[other as usize]);
                row.push((other, (sum / (norms[item] * norms[other as usize] + SHRINKAGE)) as f32));
            }
            row.sort_unstable_by(|a, b| {
                b.1.total_cmp(&a.1).then_with(|| fallback[b.0 as usize].total_cmp(&fallback[a.0 as usize]))
            });
            neighbours.extend(row.iter().take(NEIGHBOURS));
            offsets.push(neighbours.len());
            progress.step(item as u64 + 1);
        }
        progress.end();
        Self { offsets, neighbours, distinct: Distinct::new(items), fallback }
    }
}

impl Baseline for ItemKnn {
    fn name(&self) -> &'static str {
        "item-knn"
    }

    fn score(&mut self, history: &[u32], scores: &mut [f32]) {
        scores.fill(0.0);
        for item in self.distinct.of(history) {
            let item = item as usize;
            for &(other, similarity) in &self.neighbours[self.offsets[item]..self.offsets[item + 1]] {
                scores[other as usize] += similarity;
            }
        }
        for (score, &fallback) in scores.iter_mut().zip(self.fallback.iter()) {
            if *score <= 0.0 {
                *score = fallback;
            }
        }
    }
}
