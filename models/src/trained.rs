//! A trained model in full precision: what `train` makes and `pack` writes.
//!
//! Items are in rank order: popularity descending, then id ascending. A smaller index therefore wins every tie.

use ndarray::Array2;

use crate::dataset::AttributeTable;

/// The scalars of the score, as the pack carries them.
pub use tastekeeper::model::Parameters as BlendParameters;

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
