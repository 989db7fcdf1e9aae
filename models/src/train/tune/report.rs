//! What the tuner did, so that a person can see it.

use serde::{Deserialize, Serialize};

use super::halving::{RUNGS, Rung};
use crate::train::embedding::EmbeddingConfig;
use crate::train::graph::GraphParameters;

/// What the tuner did. A gain is what was maximised: the mean over cases of NDCG@10 where one event per shopper is held
/// out, of `(HR@20 + 2 MRR@20) / 3` where every click is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// Cases that the search saw.
    pub searched_cases: usize,
    /// Cases that only judged the finalists.
    pub fresh_cases: usize,
    /// Rounds before the schedule was decided on, and after; each is its rungs.
    pub rounds: Vec<[Rung; RUNGS]>,
    /// Schedules of the embedding, the usual one first.
    pub schedules: Vec<ScheduleTrial>,
    /// Event weights that were tried; empty where they were given or the log has one kind of event.
    pub kinds: Vec<KindTrial>,
    /// What was judged on fresh cases; the one with the highest gain over all cases was taken.
    pub finalists: Vec<Finalist>,
    /// Settings tried.
    pub settings_tried: usize,
}

/// A schedule that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduleTrial {
    /// The schedule.
    pub schedule: EmbeddingConfig,
    /// The gain of the sum with it.
    pub gain: f64,
    /// Whether it was better than the one before by more than a standard error, or is the usual one.
    pub taken: bool,
}

/// Event weights that were tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindTrial {
    /// View, cart, wish list, purchase.
    pub weights: [f32; 4],
    /// The gain of the sum with them.
    pub gain: f64,
    /// Whether the embedding was trained with these weights, or only asked with them.
    pub trained: bool,
    /// Whether they were better than the ones before.
    pub taken: bool,
}

/// A setting that came to the end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finalist {
    /// Parameters of the graph.
    pub graph: GraphParameters,
    /// Weight of the graph.
    pub graph_weight: f32,
    /// Decay of the graph's history.
    pub graph_decay: f32,
    /// Weight of popularity.
    pub popularity_weight: f32,
    /// The gain on the cases that the search saw.
    pub searched_gain: f64,
    /// The gain on fresh cases.
    pub fresh_gain: f64,
}
