//! The score in full precision, by its formula and nothing else: what the engine is compared with.
//!
//! Slow and plain on purpose. A history is the last [`HISTORY_EVENTS`] events, as on the phone.

pub mod lists;
pub mod metrics;

use std::cmp::Ordering;
use std::collections::HashMap;

use ndarray::{Array1, ArrayView1};

use crate::dataset::{Dataset, Interaction};
use crate::trained::TrainedModel;

/// Events of a history that count; older ones are forgotten.
pub const HISTORY_EVENTS: usize = 64;

/// What is asked of the ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Protocol {
    /// The first held-out event of each sequence from everything before it; known items are not ranked.
    LeaveOneOut,
    /// Every held-out event that has an event before it in its sequence; repeats are ranked.
    NextClick,
}

/// One question: which item is event `position` of sequence `sequence`, given the events before it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Index into [`Dataset::sequences`].
    pub sequence: usize,
    /// Index into the sequence's events, at least 1.
    pub position: usize,
}

/// The questions that `protocol` asks about what the split `cuts` (training events per sequence) holds out.
#[must_use]
pub fn cases(lengths: impl Iterator<Item = usize>, cuts: &[usize], protocol: Protocol) -> Vec<Case> {
    let mut out = Vec::new();
    for (sequence, (length, &cut)) in lengths.zip(cuts).enumerate() {
        let end = match protocol {
            Protocol::LeaveOneOut => length.min(cut + 1),
            Protocol::NextClick => length,
        };
        out.extend((cut.max(1)..end).map(|position| Case { sequence, position }));
    }
    out
}

/// The 1-based rank of `scores[target]`: one more than the items that beat it. A smaller index wins a tie; items for
/// which `excluded` holds do not take part. `None` if the target itself is excluded or has no score.
#[must_use]
pub fn rank_of(scores: ArrayView1<'_, f32>, target: u32, excluded: impl Fn(u32) -> bool) -> Option<usize> {
    let wanted = *scores.get(target as usize)?;
    if excluded(target) {
        return None;
    }
    let ahead = (0u32..).zip(scores).filter(|&(item, score)| match score.total_cmp(&wanted) {
        Ordering::Greater => !excluded(item),
        Ordering::Equal => item < target && !excluded(item),
        Ordering::Less => false,
    });
    Some(ahead.count() + 1)
}

/// Scores items with a model in full precision.
#[derive(Clone, Debug)]
pub struct Reference<'a> {
    model: &'a TrainedModel,
    /// `items`, popularity in 0..1: `ln(1 + count) / ln(1 + largest count)`.
    popularity: Array1<f32>,
}

impl<'a> Reference<'a> {
    /// A scorer of `model`.
    #[must_use]
    pub fn new(model: &'a TrainedModel) -> Self {
        Self { model, popularity: Array1::from(popularity(&model.counts)) }
    }

    /// The score of every item; `history` is oldest first, `(item, event weight)`.
    ///
    /// With `x_0` the latest event and `w_k` the event weights:
    /// `h = w_0 e[x_0] + carry * sum_{k>=1} decay^(k-1) w_k e[x_k]`, `q = gain * M^T h`,
    /// `g_j = sum_k graph_decay^k w_k T[x_k, j] / sum_k graph_decay^k w_k`,
    /// `score_j = q . e_j + graph_weight * g_j + popularity_weight * popularity_j`.
    ///
    /// `O(items * dim + history * neighbours)`.
    #[must_use]
    pub fn score(&self, history: &[(u32, f32)]) -> Array1<f32> {
        let model = self.model;
        let blend = &model.blend;
        let mut scores = &self.popularity * blend.popularity_weight;
        let mut state = Array1::<f32>::zeros(model.vectors.ncols());
        let (mut factor, mut graph_factor, mut graph_total) = (1.0f32, 1.0f32, 0.0f32);
        let recent = || history.iter().rev().take(HISTORY_EVENTS);
        for (k, &(item, weight)) in recent().enumerate() {
            state.scaled_add(factor * weight, &model.vectors.row(item as usize));
            factor = if k == 0 { blend.carry } else { factor * blend.decay };
            graph_total += graph_factor * weight;
            graph_factor *= blend.graph_decay;
        }
        if graph_total > 0.0 {
            let query = state.dot(&model.matrix) * blend.gain;
            scores += &model.vectors.dot(&query);
            graph_factor = blend.graph_weight / graph_total;
            for &(item, weight) in recent() {
                for &(target, transition) in &model.graph[item as usize] {
                    scores[target as usize] += graph_factor * weight * transition;
                }
                graph_factor *= blend.graph_decay;
            }
        }
        scores
    }

    /// The rank of each case's item, 1 the best; `usize::MAX` for an item the model does not know or that is already in
    /// the history where known items are not ranked. Histories leave out events of unknown items.
    #[must_use]
    pub fn ranks(&self, dataset: &Dataset, cases: &[Case], protocol: Protocol) -> Vec<usize> {
        let index: HashMap<&str, u32> =
            (0u32..).zip(&self.model.items).map(|(i, id)| (id.as_str(), i)).collect();
        let index: Vec<Option<u32>> =
            dataset.items.iter().map(|id| index.get(id.as_str()).copied()).collect();
        let rank = |case: &Case| {
            let events = &dataset.sequences[case.sequence].events;
            let known = |event: &Interaction| {
                index[event.item as usize]
                    .map(|item| (item, self.model.blend.kind_weights[event.kind as usize]))
            };
            let history: Vec<(u32, f32)> = events[..case.position].iter().filter_map(known).collect();
            let target = index[events[case.position].item as usize]?;
            let scores = self.score(&history);
            let in_history = |item: u32| history.iter().any(|&(h, _)| h == item);
            rank_of(scores.view(), target, |item| protocol == Protocol::LeaveOneOut && in_history(item))
        };
        cases.iter().map(|case| rank(case).unwrap_or(usize::MAX)).collect()
    }
}

/// `ln(1 + count) / ln(1 + largest count)`.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a value in 0..1")]
pub(crate) fn popularity(counts: &[u64]) -> Vec<f32> {
    let top = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    counts.iter().map(|&c| ((c as f64).ln_1p() / top.ln_1p()) as f32).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::dataset::{AttributeTable, InteractionKind, Sequence};
    use crate::trained::BlendParameters;

    fn model() -> TrainedModel {
        TrainedModel {
            items: ["a", "b", "c"].map(String::from).to_vec(),
            counts: vec![3, 1, 0],
            attributes: AttributeTable { entries: vec![], of_item: vec![vec![]; 3] },
            vectors: array![[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]],
            attribute_vectors: Array2::zeros((0, 2)),
            matrix: array![[1.0, 2.0], [0.0, 1.0]],
            graph: vec![vec![(1, 2.0)], vec![(0, 1.0), (2, 0.5)], vec![]],
            blend: BlendParameters {
                decay: 0.5,
                carry: 0.25,
                gain: 2.0,
                graph_weight: 3.0,
                graph_decay: 0.5,
                popularity_weight: 0.1,
                kind_weights: [1.0, 1.0, 1.0, 2.0],
                repeats: false,
            },
        }
    }

    #[test]
    fn the_score_follows_the_formula() {
        let model = model();
        let scores = Reference::new(&model).score(&[(2, 2.0), (0, 1.0), (1, 1.0)]);
        // h = b + .25 a + .125 * 2 * c = (.4, 1.2); M^T h = (.4, 2.); q = (.8, 4)
        // g: weights 1 (b), .5 (a), .25 * 2 (c), total 2: a 1/2, b .5*2/2, c .5/2
        let expected = [0.8 + 1.5 + 0.1, 4.0 + 1.5 + 0.05, 0.48 + 3.2 + 0.75];
        for (found, expected) in scores.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
        }
    }

    #[test]
    fn without_history_the_popular_come_first() {
        let model = model();
        let scores = Reference::new(&model).score(&[]);
        assert_eq!(rank_of(scores.view(), 2, |_| false), Some(3));
        assert_eq!(rank_of(scores.view(), 0, |_| false), Some(1));
    }

    #[test]
    fn ranks_count_what_is_ahead_and_ties_go_to_the_smaller_index() {
        let scores = array![0.5, 0.9, 0.5, 0.1];
        assert_eq!(rank_of(scores.view(), 0, |_| false), Some(2));
        assert_eq!(rank_of(scores.view(), 2, |_| false), Some(3));
        assert_eq!(rank_of(scores.view(), 2, |item| item < 2), Some(1));
        assert_eq!(rank_of(scores.view(), 2, |item| item == 2), None);
    }

    #[test]
    fn protocols_ask_for_one_event_or_for_all() {
        let case = |sequence, position| Case { sequence, position };
        let lengths = || [4usize, 1, 3].into_iter();
        assert_eq!(cases(lengths(), &[2, 0, 0], Protocol::LeaveOneOut), [case(0, 2)]);
        let all = cases(lengths(), &[2, 0, 0], Protocol::NextClick);
        assert_eq!(all, [case(0, 2), case(0, 3), case(2, 1), case(2, 2)]);
    }

    #[test]
    fn known_items_are_ranked_for_clicks_only_and_unknown_targets_miss() {
        let model = model();
        let event = |item| Interaction { item, kind: InteractionKind::View, time_ms: None };
        let dataset = Dataset {
            items: ["b", "new", "a"].map(String::from).to_vec(),
            sequences: vec![
                Sequence { user: String::new(), events: vec![event(2), event(1), event(2)] },
                Sequence { user: String::new(), events: vec![event(2), event(1)] },
            ],
            attributes: AttributeTable::default(),
        };
        let asked = [Case { sequence: 0, position: 2 }, Case { sequence: 1, position: 1 }];
        let reference = Reference::new(&model);
        // from a: b 4 + 6, a 2, c 1.2 + 3.2
        assert_eq!(reference.ranks(&dataset, &asked, Protocol::NextClick), [3, usize::MAX]);
        assert_eq!(reference.ranks(&dataset, &asked, Protocol::LeaveOneOut), [usize::MAX, usize::MAX]);
    }
}
