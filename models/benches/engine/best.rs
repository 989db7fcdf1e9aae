//! The best of many scores, and the bare scan for them.

use std::cmp::Ordering;

use tastekeeper::model::{Gathered, Model, SCAN_BLOCK, Shortlist};
use tastekeeper_kernels::dense;

/// Items of an answer of the bare scan.
pub(crate) const TOP: usize = 20;
/// Items that the engine looks at when it is asked for ten: so many, and one more for so many of the model.
const PROMISING: usize = 1_300;
const PROMISING_ONE_OF: usize = 256;
/// So many of the best are scored again, with the query as it is, and not in 8 bits. The engine does so with more.
const AGAIN: usize = 32;
/// What may be among the best is weeded out when it is so much.
const MOST: usize = 128;
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
pub(crate) struct Best(#[allow(dead_code, reason = "one of the benchmarks asks for it")] pub(crate) Found);

/// What may be among the best, weeded out whenever it has become too much.
struct Sieve {
    found: Found,
    /// What a score must exceed to be among the best.
    bar: f32,
}

impl Best {
    /// The best items of `model` for `direction`.
    pub(crate) fn of(model: &Model, direction: &[f32]) -> Self {
        let mut sieve = Sieve::new();
        model.scan(direction, 0.0).for_each_block(|first, block, highest| {
            if highest > sieve.bar {
                sieve.offer(first, block);
            }
            sieve.bar
        });
        sieve.exactly(model, direction)
    }

    /// The best of those items that look promising by their signs: as many of these as the engine looks at for ten.
    #[allow(dead_code, reason = "one of the benchmarks asks for it")]
    pub(crate) fn of_promising(model: &Model, direction: &[f32], room: &mut Room) -> Self {
        let mut sieve = Sieve::new();
        let scan = model.scan(direction, 0.0);
        let wanted = PROMISING + model.len() as usize / PROMISING_ONE_OF;
        scan.shortlist(wanted, |_| 0.0, |_| Some(0.0), &mut room.shortlist);
        room.items.clear();
        room.items.extend(room.shortlist.items());
        let mut scores = [0.0; SCAN_BLOCK];
        for items in room.items.chunks(SCAN_BLOCK) {
            scan.scores_of(items, &mut room.gathered, &mut scores);
            sieve.offer_each(items, &scores);
        }
        sieve.exactly(model, direction)
    }

    /// The items of the highest of `scores`.
    #[allow(dead_code, reason = "one of the benchmarks asks for it")]
    pub(crate) fn of_scores(scores: &[f32]) -> Self {
        let mut sieve = Sieve::new();
        sieve.offer(0, scores);
        sieve.weed();
        sieve.best()
    }
}

impl Sieve {
    fn new() -> Self {
        Self { found: Vec::with_capacity(MOST + GROUP), bar: f32::NEG_INFINITY }
    }

    /// Takes what is among the best of the scores from item `first` on.
    fn offer(&mut self, first: u32, scores: &[f32]) {
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
        // Without an early end, so that it is one comparison for many.
        if scores.iter().fold(false, |is_any, &score| is_any | (score > self.bar)) {
            self.found.extend(
                scores
                    .iter()
                    .zip(items)
                    .filter(|(score, _)| **score > self.bar)
                    .map(|(score, item)| (*score, item)),
            );
            if self.found.len() >= MOST {
                self.weed();
            }
        }
    }

    /// Leaves the best, in no order.
    fn weed(&mut self) {
        if self.found.len() > AGAIN {
            self.found.select_nth_unstable_by(AGAIN - 1, order);
            self.found.truncate(AGAIN);
            self.bar = self.found[AGAIN - 1].0;
        }
    }

    /// The best by the scores of the query as it is.
    fn exactly(mut self, model: &Model, direction: &[f32]) -> Best {
        self.weed();
        let mut vector = [0.0; 64];
        let vector = &mut vector[..model.dim()];
        for (score, item) in &mut self.found {
            model.write_vector(*item, vector);
            *score = dense::dot(vector, direction);
        }
        self.best()
    }

    fn best(mut self) -> Best {
        self.found.sort_unstable_by(order);
        self.found.truncate(TOP);
        Best(self.found)
    }
}

/// Best first, ties by index.
fn order(left: &(f32, u32), right: &(f32, u32)) -> Ordering {
    right.0.total_cmp(&left.0).then(left.1.cmp(&right.1))
}
