//! The best of many scores, and the bare scan for them.

use tastekeeper::model::Model;

/// Items of an answer of the bare scan.
pub(crate) const TOP: usize = 20;
/// Scores that are passed over together when none is among the best.
const GROUP: usize = 16;

/// Scores and items, best first.
pub(crate) type Found = Vec<(f32, u32)>;

/// The best items, best first, ties by index.
#[derive(Default)]
pub(crate) struct Best(pub(crate) Found);

impl Best {
    /// The best items of `model` for `direction`.
    pub(crate) fn of(model: &Model, direction: &[f32]) -> Self {
        let mut best = Self::default();
        model.scan(direction, 0.0).for_each_block(|first, block, highest| {
            if highest > best.bar() {
                best.offer(first, block);
            }
            best.bar()
        });
        best
    }

    /// What a score must exceed to be among the best.
    fn bar(&self) -> f32 {
        self.0.get(TOP - 1).map_or(f32::NEG_INFINITY, |last| last.0)
    }

    /// Takes what is among the best of the scores from item `first` on.
    pub(crate) fn offer(&mut self, first: u32, scores: &[f32]) {
        for (first, scores) in (first..).step_by(GROUP).zip(scores.chunks(GROUP)) {
            let bar = self.bar();
            // Without an early end, so that it is one comparison for many.
            if !scores.iter().fold(false, |is_any, &score| is_any | (score > bar)) {
                continue;
            }
            for (item, &score) in (first..).zip(scores) {
                if score > self.bar() {
                    let place = self.0.partition_point(|kept| kept.0 >= score);
                    self.0.truncate(TOP - 1);
                    self.0.insert(place, (score, item));
                }
            }
        }
    }
}
