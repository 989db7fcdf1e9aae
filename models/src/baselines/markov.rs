//! What followed the last item most often.

use super::Baseline;
use super::popularity::Fallback;

/// First-order transitions, counted between neighbouring events; an item can follow itself.
///
/// A history whose last item was never followed by anything is answered from the newest item that was.
pub(super) struct Markov {
    /// Where each item's successors start.
    offsets: Vec<usize>,
    /// Best first: the more often it followed, then the more popular, then the smaller index.
    successors: Vec<u32>,
    fallback: Fallback,
}

impl Markov {
    pub(super) fn new(training: &[Vec<u32>], fallback: Fallback) -> Self {
        let items = fallback.len();
        let mut follows: Vec<(u32, u32)> = training
            .iter()
            .flat_map(|sequence| sequence.windows(2).map(|pair| (pair[0], pair[1])))
            .filter(|&(from, to)| (from as usize) < items && (to as usize) < items)
            .collect();
        follows.sort_unstable();
        let mut offsets = vec![0];
        let mut successors = Vec::new();
        let mut rest = follows.as_slice();
        let mut row: Vec<(usize, u32)> = Vec::new();
        for from in 0..items {
            let (of_item, others) = rest.split_at(rest.partition_point(|pair| pair.0 as usize <= from));
            rest = others;
            row.clear();
            row.extend(of_item.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0].1)));
            row.sort_by(|a, b| {
                b.0.cmp(&a.0).then_with(|| fallback[b.1 as usize].total_cmp(&fallback[a.1 as usize]))
            });
            successors.extend(row.iter().map(|&(_, to)| to));
            offsets.push(successors.len());
        }
        Self { offsets, successors, fallback }
    }

    fn successors(&self, item: u32) -> &[u32] {
        let item = item as usize;
        if item >= self.fallback.len() {
            return &[];
        }
        &self.successors[self.offsets[item]..self.offsets[item + 1]]
    }
}

impl Baseline for Markov {
    fn name(&self) -> &'static str {
        "markov"
    }

    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^24 items")]
    fn score(&mut self, history: &[u32], scores: &mut [f32]) {
        scores.copy_from_slice(&self.fallback);
        let rows = history.iter().rev().map(|&item| self.successors(item));
        // places, not counts: they hold the order of equally frequent ones without rounding
        if let Some(row) = rows.into_iter().find(|row| !row.is_empty()) {
            for (above, &item) in (1..).zip(row.iter().rev()) {
                scores[item as usize] = above as f32;
            }
        }
    }
}
