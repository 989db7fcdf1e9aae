//! The best of many scores, and the bare scan for them.

use tastekeeper::model::{Gathered, Model, SCAN_BLOCK, Shortlist};
use tastekeeper_kernels::dense;

/// Items of an answer of the bare scan.
pub(crate) const TOP: usize = 20;
/// Items that the engine looks at when it is asked for ten: so many, and one more for so many of the model.
const PROMISING: usize = 1_300;
const PROMISING_ONE_OF: usize = 256;
/// So many of the best are scored again, with the query as it is, and not in 8 bits. The engine does so with more.
const AGAIN: usize = 28;
/// Scores that are passed over together when none is among the best.
const GROUP: usize = 16;

/// Scores and items, best first.
pub(crate) type Found = Vec<(f32, u32)>;

/// What a search for promising items leaves to the next.
#[derive(Default)]
pub(crate) struct Room {
    shortlist: Shortlist,
    items: Vec<u32>,
    gathered: Gathered,
}

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
        best.exactly(model, direction)
    }

    /// The best of those items that look promising by their signs: as many of these as the engine looks at for ten.
    #[allow(dead_code, reason = "one of the benchmarks asks for it")]
    pub(crate) fn of_promising(model: &Model, direction: &[f32], room: &mut Room) -> Self {
        let mut best = Self::default();
        let scan = model.scan(direction, 0.0);
        let wanted = PROMISING + model.len() as usize / PROMISING_ONE_OF;
        scan.shortlist(wanted, |_| 0.0, |_| Some(0.0), &mut room.shortlist);
        room.items.clear();
        room.items.extend(room.shortlist.items());
        let mut scores = [0.0; SCAN_BLOCK];
        for items in room.items.chunks(SCAN_BLOCK) {
            scan.scores_of(items, &mut room.gathered, &mut scores);
            best.offer_each(items, &scores);
        }
        best.exactly(model, direction)
    }

    /// Orders the items by the scores of the query as it is, and leaves the best.
    fn exactly(mut self, model: &Model, direction: &[f32]) -> Self {
        let mut vector = [0.0; 64];
        let vector = &mut vector[..model.dim()];
        for (score, item) in &mut self.0 {
            model.write_vector(*item, vector);
            *score = dense::dot(vector, direction);
        }
        self.0.sort_unstable_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        self.0.truncate(TOP);
        self
    }

    /// What a score must exceed to be among the best.
    fn bar(&self) -> f32 {
        self.0.get(AGAIN - 1).map_or(f32::NEG_INFINITY, |last| last.0)
    }

    /// Takes what is among the best of the scores from item `first` on.
    pub(crate) fn offer(&mut self, first: u32, scores: &[f32]) {
        for (first, scores) in (first..).step_by(GROUP).zip(scores.chunks(GROUP)) {
            self.offer_group(first.., scores);
        }
    }

    /// The same of the scores of `items`.
    fn offer_each(&mut self, items: &[u32], scores: &[f32]) {
        for (items, scores) in items.chunks(GROUP).zip(scores.chunks(GROUP)) {
            self.offer_group(items.iter().copied(), scores);
        }
    }

    fn offer_group(&mut self, items: impl Iterator<Item = u32>, scores: &[f32]) {
        let bar = self.bar();
        // Without an early end, so that it is one comparison for many.
        if scores.iter().fold(false, |is_any, &score| is_any | (score > bar)) {
            for (item, &score) in items.zip(scores) {
                if score > self.bar() {
                    let place = self.0.partition_point(|kept| kept.0 >= score);
                    self.0.truncate(AGAIN - 1);
                    self.0.insert(place, (score, item));
                }
            }
        }
    }
}
