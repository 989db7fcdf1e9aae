//! Popularity and the transition graph of a log by themselves, for vectors that were trained elsewhere.

use super::graph::{CountParameters, Counted, GraphParameters};
use super::histories::{Histories, Ranking, repeat_share};
use super::{REPEAT_SHARE, Repeats, tune};
use crate::dataset::Dataset;
use crate::trained::BlendParameters;

/// What a log counts, with items by rank.
#[derive(Clone, Debug, PartialEq)]
pub struct LogCounts {
    /// Indices into the dataset's items, by rank: count descending, then id ascending.
    pub order: Vec<u32>,
    /// Events per item, in that order.
    pub counts: Vec<u64>,
    /// Which item follows which.
    pub transitions: Counted,
    /// Whether repeats were allowed.
    pub repeats: bool,
}

/// Counts the events and transitions of a whole log, and keeps the strongest `neighbours` per item.
///
/// `O(events * window)`; memory is linear in events and kept transitions.
#[must_use]
pub fn count(
    dataset: &Dataset,
    neighbours: usize,
    parameters: &CountParameters,
    repeats: Repeats,
    kind_weights: [f32; 4],
) -> LogCounts {
    let cuts: Vec<usize> = dataset.sequences.iter().map(|sequence| sequence.events.len()).collect();
    let ranking = Ranking::new(dataset, &cuts);
    let repeats = match repeats {
        Repeats::Auto => repeat_share(&dataset.sequences, &cuts, dataset.items.len()) >= REPEAT_SHARE,
        Repeats::Allow => true,
        Repeats::Forbid => false,
    };
    let histories = Histories::new(&dataset.sequences, &cuts, &ranking.rank, kind_weights, repeats);
    let transitions = Counted::new(&histories, dataset.items.len(), neighbours, parameters, repeats);
    LogCounts { order: ranking.order, counts: ranking.counts, transitions, repeats }
}

/// The graph parameters that a search would start from.
#[must_use]
pub fn untuned_graph() -> GraphParameters {
    tune::START.graph
}

/// The score of a model that was not tuned: the weights a search would start from, and an embedding state and
/// temperature near what training finds on shops' logs.
#[must_use]
pub fn untuned_blend(kind_weights: [f32; 4], repeats: bool) -> BlendParameters {
    let setting = tune::START;
    BlendParameters {
        decay: 0.7,
        carry: 0.4,
        gain: 8.0,
        graph_weight: setting.graph_weight,
        graph_decay: setting.graph_decay,
        popularity_weight: setting.popularity_weight,
        kind_weights,
        repeats,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{AttributeTable, Interaction, InteractionKind, Sequence};

    #[test]
    fn what_follows_is_a_transition_between_ranks() {
        let event = |item| Interaction { item, kind: InteractionKind::View, time_ms: None };
        let sequence = |items: &[u32]| Sequence {
            user: String::new(),
            events: items.iter().map(|&item| event(item)).collect(),
        };
        let dataset = Dataset {
            items: ["c", "b", "a"].map(String::from).to_vec(),
            sequences: vec![sequence(&[1, 0]), sequence(&[1, 0])],
            attributes: AttributeTable::default(),
        };
        let found = count(&dataset, 4, &untuned_graph().count, Repeats::Auto, [1.0; 4]);
        assert_eq!((found.order, found.counts), (vec![1, 0, 2], vec![2, 2, 0]));
        assert_eq!(found.transitions.row(0).next().unwrap().0, 1, "from b to c");
        assert_eq!(found.transitions.row(2).count(), 0);
    }
}
