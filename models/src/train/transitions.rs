//! Popularity and the transition graph of a log by themselves, for vectors that were trained elsewhere.

use super::graph::Counted;
use super::histories::{Histories, Ranking, repeat_share};
use super::{REPEAT_SHARE, Repeats, tune};
use crate::dataset::Dataset;
use crate::trained::BlendParameters;

/// What a log says without training.
#[derive(Clone, Debug, PartialEq)]
pub struct Transitions {
    /// Indices into the dataset's items, by rank: count descending, then id ascending.
    pub order: Vec<u32>,
    /// Events per item, in that order.
    pub counts: Vec<u64>,
    /// For each item in that order its strongest transitions, by rank.
    pub graph: Vec<Vec<(u32, f32)>>,
    /// Whether repeats were allowed.
    pub repeats: bool,
}

/// Counts events and transitions with the parameters that a search would start from.
///
/// `O(events * window)`; memory is linear in events and kept transitions.
#[must_use]
pub fn transitions(
    dataset: &Dataset,
    neighbours: usize,
    repeats: Repeats,
    kind_weights: [f32; 4],
) -> Transitions {
    let cuts: Vec<usize> = dataset.sequences.iter().map(|sequence| sequence.events.len()).collect();
    let ranking = Ranking::new(dataset, &cuts);
    let repeats = match repeats {
        Repeats::Auto => repeat_share(&dataset.sequences, &cuts, dataset.items.len()) >= REPEAT_SHARE,
        Repeats::Allow => true,
        Repeats::Forbid => false,
    };
    let histories = Histories::new(&dataset.sequences, &cuts, &ranking.rank, kind_weights, repeats);
    let setting = tune::START;
    let counted = Counted::new(&histories, dataset.items.len(), neighbours, &setting.graph.count, repeats);
    let graph = counted.finish(setting.graph.alpha, setting.graph.e0).into_lists();
    Transitions { order: ranking.order, counts: ranking.counts, graph, repeats }
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
        let found = transitions(&dataset, 4, Repeats::Auto, [1.0; 4]);
        assert_eq!((found.order, found.counts), (vec![1, 0, 2], vec![2, 2, 0]));
        assert_eq!(found.graph[0][0].0, 1, "from b to c");
        assert!(found.graph[2].is_empty());
    }
}
