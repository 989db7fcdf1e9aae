//! A trained model in full precision: what `train` makes and `pack` writes.
//!
//! Items are in rank order: popularity descending, then id ascending. A smaller index therefore wins every tie.

use ndarray::Array2;

use crate::dataset::AttributeTable;

/// The scalar parameters of the score. For shopper history `x_0` (latest), `x_1`, ..:
///
/// `h = e[x_0] + carry * sum_{k>=1} decay^(k-1) e[x_k]`, `q = gain * M^T h`,
/// `g_j = sum_k graph_decay^k T[x_k, j] / sum_k graph_decay^k`,
/// `score_j = q . e_j + graph_weight * g_j + popularity_weight * popularity_j`, popularity in 0..1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlendParameters {
    /// `lambda`: how fast older events fade in the embedding state.
    pub decay: f32,
    /// The scalar of the older events' state.
    pub carry: f32,
    /// `64 s`: the inverse temperature of the logits.
    pub gain: f32,
    /// `w`: weight of the transition graph.
    pub graph_weight: f32,
    /// `dec`: how fast older events fade in the graph score.
    pub graph_decay: f32,
    /// Weight of log-popularity; small and positive, so that a shopper without history gets popular items.
    pub popularity_weight: f32,
    /// Weight of an event by kind: view, cart, wishlist, purchase.
    pub kind_weights: [f32; 4],
    /// Whether an item may count several times in one history. If not, only its newest event counts.
    pub repeats: bool,
}

/// A trained model.
#[derive(Clone, Debug)]
pub struct TrainedModel {
    /// Item ids in rank order.
    pub items: Vec<String>,
    /// Interactions per item, not increasing.
    pub counts: Vec<u64>,
    /// Attributes, by the same item order.
    pub attributes: AttributeTable,
    /// `items x dim`, rows of unit L2 norm (or all zero).
    pub vectors: Array2<f32>,
    /// `attributes x dim`. A new item's vector is the mean of its attributes' rows, scaled to unit norm.
    pub attribute_vectors: Array2<f32>,
    /// `M`, `dim x dim`.
    pub matrix: Array2<f32>,
    /// For each item its strongest transitions `(item, T)`, `T > 0`, strongest first, at most `neighbours` of them.
    pub graph: Vec<Vec<(u32, f32)>>,
    /// The scalars.
    pub blend: BlendParameters,
}
