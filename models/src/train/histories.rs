//! The training part of a log as flat arrays of ranked item indices.
//!
//! Items are renumbered once, by popularity, so that every later stage (graph, embedding, scorer) speaks the indices
//! of the trained model and breaks ties by the smaller index.

use std::ops::Range;

use crate::dataset::{Dataset, Sequence};

/// Items by popularity: descending count, then ascending id.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ranking {
    /// Dataset index of each rank.
    pub(crate) order: Vec<u32>,
    /// Rank of each dataset index.
    pub(crate) rank: Vec<u32>,
    /// Training interactions of each rank.
    pub(crate) counts: Vec<u64>,
}

impl Ranking {
    pub(crate) fn new(dataset: &Dataset, cuts: &[usize]) -> Self {
        let mut counts = vec![0u64; dataset.items.len()];
        for (sequence, &cut) in dataset.sequences.iter().zip(cuts) {
            for event in &sequence.events[..cut] {
                counts[event.item as usize] += 1;
            }
        }
        let mut order: Vec<u32> = (0u32..).take(counts.len()).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (a as usize, b as usize);
            counts[b].cmp(&counts[a]).then_with(|| dataset.items[a].cmp(&dataset.items[b]))
        });
        let mut rank = vec![0u32; counts.len()];
        for (r, &item) in (0u32..).zip(&order) {
            rank[item as usize] = r;
        }
        let counts = order.iter().map(|&item| counts[item as usize]).collect();
        Self { order, rank, counts }
    }
}

/// Sequences in one allocation: items, kinds with their weights, and times, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Histories {
    offsets: Vec<usize>,
    items: Vec<u32>,
    kinds: Vec<u8>,
    weights: Vec<f32>,
    /// [`NO_TIME`] where the log has none.
    times: Vec<i64>,
}

/// Stands for no time; no log reaches back so far.
const NO_TIME: i64 = i64::MIN;

impl Histories {
    /// The first `cuts[s]` events of every sequence; without repeats only the first event of each item is kept.
    pub(crate) fn new(
        sequences: &[Sequence],
        cuts: &[usize],
        rank: &[u32],
        kind_weights: [f32; 4],
        repeats: bool,
    ) -> Self {
        let mut out = Self { offsets: vec![0], ..Self::default() };
        let mut last_seen = vec![usize::MAX; rank.len()];
        for (s, (sequence, &cut)) in sequences.iter().zip(cuts).enumerate() {
            for event in &sequence.events[..cut] {
                let item = rank[event.item as usize];
                if !repeats && std::mem::replace(&mut last_seen[item as usize], s) == s {
                    continue;
                }
                out.items.push(item);
                out.kinds.push(event.kind as u8);
                out.weights.push(kind_weights[event.kind as usize]);
                out.times.push(event.time_ms.unwrap_or(NO_TIME));
            }
            out.offsets.push(out.items.len());
        }
        out
    }

    #[cfg(test)]
    pub(crate) fn of(sequences: &[&[u32]]) -> Self {
        let mut out = Self { offsets: vec![0], ..Self::default() };
        for sequence in sequences {
            out.items.extend_from_slice(sequence);
            out.offsets.push(out.items.len());
        }
        out.kinds = vec![0; out.items.len()];
        out.weights = vec![1.0; out.items.len()];
        out.times = vec![NO_TIME; out.items.len()];
        out
    }

    /// The sequences `chosen`, in that order.
    pub(crate) fn select(&self, chosen: &[usize]) -> Self {
        let mut out = Self { offsets: vec![0], ..Self::default() };
        for &s in chosen {
            out.append(self, self.offsets[s]..self.offsets[s + 1]);
        }
        out
    }

    /// The same sequences, each cut to `cuts[s]` events.
    pub(crate) fn cut(&self, cuts: &[usize]) -> Self {
        let mut out = Self { offsets: vec![0], ..Self::default() };
        for (s, &cut) in cuts.iter().enumerate() {
            out.append(self, self.offsets[s]..self.offsets[s] + cut);
        }
        out
    }

    /// Adds a sequence: `range` of the events of `from`.
    fn append(&mut self, from: &Self, range: Range<usize>) {
        self.items.extend_from_slice(&from.items[range.clone()]);
        self.kinds.extend_from_slice(&from.kinds[range.clone()]);
        self.weights.extend_from_slice(&from.weights[range.clone()]);
        self.times.extend_from_slice(&from.times[range]);
        self.offsets.push(self.items.len());
    }

    /// The number of sequences.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The number of events.
    pub(crate) fn events(&self) -> usize {
        self.items.len()
    }

    /// Length of sequence `s`.
    pub(crate) fn length(&self, s: usize) -> usize {
        self.offsets[s + 1] - self.offsets[s]
    }

    /// Items of sequence `s`, oldest first.
    pub(crate) fn items(&self, s: usize) -> &[u32] {
        &self.items[self.offsets[s]..self.offsets[s + 1]]
    }

    /// Event weights of sequence `s`, oldest first.
    pub(crate) fn weights(&self, s: usize) -> &[f32] {
        &self.weights[self.offsets[s]..self.offsets[s + 1]]
    }

    /// Time of event `p` of sequence `s`.
    pub(crate) fn time(&self, s: usize, p: usize) -> Option<i64> {
        Some(self.times[self.offsets[s] + p]).filter(|&time| time != NO_TIME)
    }

    /// Events per kind.
    pub(crate) fn kinds(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        self.kinds.iter().for_each(|&kind| counts[usize::from(kind)] += 1);
        counts
    }

    /// Gives every event the weight of its kind.
    pub(crate) fn weigh(&mut self, kind_weights: [f32; 4]) {
        for (weight, &kind) in self.weights.iter_mut().zip(&self.kinds) {
            *weight = kind_weights[usize::from(kind)];
        }
    }

    /// All items, sequence after sequence, and where each sequence starts.
    pub(crate) fn flat(&self) -> (&[u32], &[usize]) {
        (&self.items, &self.offsets)
    }

    /// All event weights, sequence after sequence.
    pub(crate) fn flat_weights(&self) -> &[f32] {
        &self.weights
    }

    /// Events per item.
    pub(crate) fn counts(&self, items: usize) -> Vec<u64> {
        let mut counts = vec![0; items];
        for &item in &self.items {
            counts[item as usize] += 1;
        }
        counts
    }
}

/// Share of the first `cuts[s]` events of each sequence whose item stands earlier in the same sequence.
#[expect(clippy::cast_precision_loss, reason = "a share")]
pub(crate) fn repeat_share(sequences: &[Sequence], cuts: &[usize], items: usize) -> f64 {
    let mut last_seen = vec![usize::MAX; items];
    let (mut events, mut repeats) = (0usize, 0usize);
    for (s, (sequence, &cut)) in sequences.iter().zip(cuts).enumerate() {
        for event in &sequence.events[..cut] {
            events += 1;
            repeats += usize::from(std::mem::replace(&mut last_seen[event.item as usize], s) == s);
        }
    }
    repeats as f64 / events.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Interaction, InteractionKind};

    fn log() -> Dataset {
        let event = |&item: &u32| Interaction { item, kind: InteractionKind::View, time_ms: None };
        let sequence =
            |items: &[u32]| Sequence { user: String::new(), events: items.iter().map(event).collect() };
        Dataset {
            items: ["c", "b", "a", "never"].map(String::from).to_vec(),
            sequences: vec![sequence(&[0, 1, 0, 2]), sequence(&[1, 0])],
            attributes: crate::dataset::AttributeTable::default(),
        }
    }

    #[test]
    fn ranking_is_by_count_then_id_and_keeps_items_never_seen() {
        let ranking = Ranking::new(&log(), &[3, 2]);
        assert_eq!(ranking.order, [0, 1, 2, 3]);
        assert_eq!(ranking.counts, [3, 2, 0, 0]);
        // with one event each, "b" precedes "c"
        let ranking = Ranking::new(&log(), &[1, 1]);
        assert_eq!(ranking.order, [1, 0, 2, 3]);
        assert_eq!(ranking.rank, [1, 0, 2, 3]);
    }

    #[test]
    fn repeats_are_dropped_or_kept_and_counted() {
        let log = log();
        let rank = [0, 1, 2, 3];
        let without = Histories::new(&log.sequences, &[4, 2], &rank, [1.0; 4], false);
        assert_eq!((without.items(0), without.items(1)), (&[0, 1, 2][..], &[1, 0][..]));
        let with = Histories::new(&log.sequences, &[4, 2], &rank, [1.0; 4], true);
        assert_eq!(with.items(0), [0, 1, 0, 2]);
        assert_eq!(with.cut(&[1, 2]).items(1), [1, 0]);
        assert!((repeat_share(&log.sequences, &[4, 2], 4) - 1.0 / 6.0).abs() < 1e-12);
    }
}
