//! What one step sees: positions, their histories, the negatives, and every random choice made for them.
//!
//! A batch renumbers the items it touches, so a step costs the size of the batch and not of the catalogue.

use rand_chacha::ChaCha8Rng;

use super::{EmbeddingConfig, ItemAttributes};
use crate::train::histories::Histories;
use crate::train::random::{below, fill_dropout, uniform};

/// The distribution of negatives: `p_i ~ max(count_i, 1/2)^(1/2)`.
pub(super) struct Negatives {
    cumulative: Vec<f64>,
}

impl Negatives {
    /// Items that have neither events nor attributes have no vector and are never drawn.
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    pub(super) fn new(counts: &[u64], attributes: &ItemAttributes) -> Self {
        let mut total = 0.0;
        let weigh = |(item, &count): (usize, &u64)| {
            if count > 0 || !attributes.of(item).is_empty() {
                total += (count as f64).max(0.5).sqrt();
            }
            total
        };
        Self { cumulative: counts.iter().enumerate().map(weigh).collect() }
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> usize {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let at = uniform(rng) * total;
        self.cumulative.partition_point(|&c| c <= at).min(self.cumulative.len() - 1)
    }

    fn probability(&self, item: usize) -> f64 {
        let before = if item == 0 { 0.0 } else { self.cumulative[item - 1] };
        (self.cumulative[item] - before) / self.cumulative.last().copied().unwrap_or(1.0)
    }
}

/// One event of an example's history other than its latest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Older {
    /// Local item.
    pub(super) item: u32,
    /// `k - 1`: how many events lie between it and the latest, plus 0.
    pub(super) age: u32,
    /// Event weight.
    pub(super) weight: f32,
}

/// One step's input. Items are local: indices into `items`.
#[derive(Default)]
pub(super) struct Batch {
    /// The catalogue index of each local item.
    pub(super) items: Vec<u32>,
    /// Whether a local item's own vector takes part, or its attributes alone.
    pub(super) id_kept: Vec<bool>,
    /// The item that came next, per position.
    pub(super) targets: Vec<u32>,
    /// Weight of the position in the loss.
    pub(super) target_weights: Vec<f32>,
    /// The latest event, per position.
    pub(super) latest: Vec<u32>,
    /// Its weight.
    pub(super) latest_weights: Vec<f32>,
    /// The older events of position `b`: `older[older_offsets[b]..older_offsets[b + 1]]`.
    pub(super) older_offsets: Vec<usize>,
    pub(super) older: Vec<Older>,
    /// `positions x dim`, dropout factors of `l` and of `r`.
    pub(super) mask_latest: Vec<f32>,
    pub(super) mask_older: Vec<f32>,
    /// Ascending, so that repeats of an item are neighbours.
    pub(super) negatives: Vec<u32>,
    /// `ln(negatives * p)` of each negative.
    pub(super) corrections: Vec<f32>,
    /// Per local item, which negatives it is.
    pub(super) negative_ranges: Vec<(u32, u32)>,
}

/// Makes batches of a log.
pub(super) struct Batcher<'a> {
    histories: &'a Histories,
    config: &'a EmbeddingConfig,
    /// `(sequence, position)` of every event that has one before it.
    positions: Vec<(u32, u32)>,
    local: Vec<u32>,
    drawn: Vec<u32>,
    batch: Batch,
}

const ABSENT: u32 = u32::MAX;

impl<'a> Batcher<'a> {
    pub(super) fn new(histories: &'a Histories, config: &'a EmbeddingConfig, items: usize) -> Self {
        let mut positions = Vec::with_capacity(histories.events());
        for (s, sequence) in (0u32..).zip(0..histories.len()) {
            positions.extend((0u32..).take(histories.length(sequence)).skip(1).map(|p| (s, p)));
        }
        let batch = Batch::default();
        Self { histories, config, positions, local: vec![ABSENT; items], drawn: Vec::new(), batch }
    }

    /// The number of batches that cover all positions, each nearly `config.batch` large.
    pub(super) fn steps_per_epoch(&self) -> usize {
        self.positions.len().div_ceil(self.config.batch)
    }

    /// Puts the positions into a new order (Fisher and Yates).
    pub(super) fn shuffle(&mut self, rng: &mut ChaCha8Rng) {
        for i in (1..self.positions.len()).rev() {
            self.positions.swap(i, below(rng, i + 1));
        }
    }

    /// Batch `step` of the epoch.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "logarithms as f32; local indices are below the batch's size"
    )]
    pub(super) fn batch(
        &mut self,
        step: usize,
        negatives: &Negatives,
        has_id: &[bool],
        attributes: &ItemAttributes,
        rng: &mut ChaCha8Rng,
    ) -> &Batch {
        let (steps, count) = (self.steps_per_epoch(), self.positions.len());
        let range = step * count / steps..(step + 1) * count / steps;
        let config = self.config;
        let batch = &mut self.batch;
        batch.clear();
        let local = &mut self.local;
        let mut enter = |item: u32, items: &mut Vec<u32>| {
            let slot = &mut local[item as usize];
            if *slot == ABSENT {
                *slot = items.len() as u32;
                items.push(item);
            }
            *slot
        };

        for &(s, p) in &self.positions[range] {
            let (items, weights) = (self.histories.items(s as usize), self.histories.weights(s as usize));
            let p = p as usize;
            batch.targets.push(enter(items[p], &mut batch.items));
            batch.target_weights.push(weights[p]);
            batch.latest.push(enter(items[p - 1], &mut batch.items));
            batch.latest_weights.push(weights[p - 1]);
            for age in 0..config.history.min(p).saturating_sub(1) {
                if uniform(rng) >= f64::from(config.event_dropout) {
                    let at = p - 2 - age;
                    let item = enter(items[at], &mut batch.items);
                    batch.older.push(Older { item, age: age as u32, weight: weights[at] });
                }
            }
            batch.older_offsets.push(batch.older.len());
        }

        self.drawn.clear();
        self.drawn.extend((0..config.negatives).map(|_| negatives.draw(rng) as u32));
        self.drawn.sort_unstable();
        for &item in &self.drawn {
            batch.negatives.push(enter(item, &mut batch.items));
            let expected = config.negatives as f64 * negatives.probability(item as usize);
            batch.corrections.push(expected.ln() as f32);
        }
        batch.index_negatives();

        for &item in &batch.items {
            self.local[item as usize] = ABSENT;
            let without = attributes.of(item as usize).is_empty();
            let kept = without || uniform(rng) >= f64::from(config.id_dropout);
            batch.id_kept.push(has_id[item as usize] && kept);
        }
        let size = batch.targets.len() * config.dim;
        batch.mask_latest.resize(size, 0.0);
        batch.mask_older.resize(size, 0.0);
        fill_dropout(rng, config.state_dropout, &mut batch.mask_latest);
        fill_dropout(rng, config.state_dropout, &mut batch.mask_older);
        batch
    }
}

impl Batch {
    fn clear(&mut self) {
        self.items.clear();
        self.id_kept.clear();
        self.targets.clear();
        self.target_weights.clear();
        self.latest.clear();
        self.latest_weights.clear();
        self.older_offsets.clear();
        self.older_offsets.push(0);
        self.older.clear();
        self.negatives.clear();
        self.corrections.clear();
    }

    /// Fills `negative_ranges` from `negatives`.
    pub(super) fn index_negatives(&mut self) {
        self.negative_ranges.clear();
        self.negative_ranges.resize(self.items.len(), (0, 0));
        for (at, &item) in (0u32..).zip(&self.negatives) {
            let range = &mut self.negative_ranges[item as usize];
            if range.0 == range.1 {
                *range = (at, at);
            }
            range.1 = at + 1;
        }
    }
}
