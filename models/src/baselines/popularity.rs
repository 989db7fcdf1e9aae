//! Recommending what most events were about, whoever asks; and what the other baselines fall back to.

use std::rc::Rc;

use super::Baseline;

/// A negative score per item, in the order of popularity: -1 for the most popular. Below everything that a baseline
/// scores by itself.
pub(super) type Fallback = Rc<[f32]>;

/// Scores an item with its training events.
pub(super) struct Popularity {
    counts: Vec<f32>,
    fallback: Fallback,
}

impl Popularity {
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^24 events of one item and 2^24 items")]
    pub(super) fn new(training: &[Vec<u32>], items: usize) -> Self {
        let mut counts = vec![0u64; items];
        for &item in training.iter().flatten() {
            if let Some(count) = counts.get_mut(item as usize) {
                *count += 1;
            }
        }
        let mut order: Vec<usize> = (0..items).collect();
        order.sort_by_key(|&item| std::cmp::Reverse(counts[item]));
        let mut fallback = vec![0.0; items];
        for (place, item) in (1..).zip(order) {
            fallback[item] = -(place as f32);
        }
        Self { counts: counts.into_iter().map(|count| count as f32).collect(), fallback: fallback.into() }
    }

    pub(super) fn fallback(&self) -> Fallback {
        Rc::clone(&self.fallback)
    }
}

impl Baseline for Popularity {
    fn name(&self) -> &'static str {
        "popularity"
    }

    fn score(&mut self, _history: &[u32], scores: &mut [f32]) {
        scores.copy_from_slice(&self.counts);
    }
}
