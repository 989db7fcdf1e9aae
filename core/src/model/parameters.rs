//! The parameter block: the shape of everything else, and the scalars of the score.

use super::bytes::{f32_at, u32_at};
use crate::error::ModelProblem;
use crate::layout::{self, parameter as at};

/// The scalars of the score, each finite and inside its documented range.
///
/// For a history `x_0` (latest), `x_1`, .. whose events weigh `w_0`, `w_1`, .. by their kind:
/// `h = w_0 e[x_0] + carry * sum_{k>=1} decay^(k-1) w_k e[x_k]`, `q = gain * M^T h`,
/// `g_j = sum_k graph_decay^k w_k T[x_k, j] / sum_k graph_decay^k w_k`, and
/// `score_j = q . e_j + graph_weight * g_j + popularity_weight * popularity_j`. Vectors `e` have `dim` values and unit
/// norm, `M` is `dim x dim`, popularity is from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// How fast older events fade in the embedding state; 0..=1.
    pub decay: f32,
    /// Weight of the older events' state; -1000..=1000.
    pub carry: f32,
    /// Inverse temperature; 0..=10000.
    pub gain: f32,
    /// Weight of the transition graph; 0..=1e6.
    pub graph_weight: f32,
    /// How fast older events fade in the graph score; 0..=1.
    pub graph_decay: f32,
    /// Weight of popularity; 0..=1e6.
    pub popularity_weight: f32,
    /// Weight of an event by kind: view, cart, wishlist, purchase; 0..=1000 each.
    pub kind_weights: [f32; 4],
    /// Whether an item may count several times in one history, as in the histories the model was trained on. If not,
    /// only its newest event counts.
    pub repeats: bool,
}

/// Counts and quantiser constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) items: u32,
    pub(super) dim: u32,
    pub(super) neighbours: u32,
    pub(super) attributes: u32,
    pub(super) max_scale: f32,
    pub(super) edge_step: f32,
}

/// Parses the block; `block` is [`layout::PARAMETER_BYTES`] long.
pub(super) fn parse(block: &[u8]) -> Result<(Shape, Parameters), ModelProblem> {
    let shape = parse_shape(block)?;
    let read = |offset: usize, field: &'static str, range: (f32, f32)| {
        let value = f32_at(block, offset);
        if value >= range.0 && value <= range.1 {
            Ok(value)
        } else {
            Err(ModelProblem::BadParameter { field })
        }
    };
    let kind_weight =
        |kind: usize| read(at::KIND_WEIGHTS + 4 * kind, "kind_weights", layout::KIND_WEIGHT_RANGE);
    let parameters = Parameters {
        decay: read(at::DECAY, "decay", layout::DECAY_RANGE)?,
        carry: read(at::CARRY, "carry", layout::CARRY_RANGE)?,
        gain: read(at::GAIN, "gain", layout::GAIN_RANGE)?,
        graph_weight: read(at::GRAPH_WEIGHT, "graph_weight", layout::WEIGHT_RANGE)?,
        graph_decay: read(at::GRAPH_DECAY, "graph_decay", layout::DECAY_RANGE)?,
        popularity_weight: read(at::POPULARITY_WEIGHT, "popularity_weight", layout::WEIGHT_RANGE)?,
        repeats: match u32_at(block, at::REPEATS) {
            0 => false,
            1 => true,
            _ => return Err(ModelProblem::BadParameter { field: "repeats" }),
        },
        kind_weights: [kind_weight(0)?, kind_weight(1)?, kind_weight(2)?, kind_weight(3)?],
    };
    let edge_range = if shape.neighbours == 0 { (0.0, 0.0) } else { layout::EDGE_STEP_RANGE };
    let shape = Shape {
        max_scale: read(at::MAX_SCALE, "max_scale", layout::MAX_SCALE_RANGE)?,
        edge_step: read(at::EDGE_STEP, "edge_step", edge_range)?,
        ..shape
    };
    if block[at::RESERVED..].iter().any(|byte| *byte != 0) {
        return Err(ModelProblem::ReservedNotZero);
    }
    Ok((shape, parameters))
}

fn parse_shape(block: &[u8]) -> Result<Shape, ModelProblem> {
    let count = |offset: usize, what: &'static str, limit: u32| match u32_at(block, offset) {
        value if value > limit => Err(ModelProblem::TooLarge { what }),
        value => Ok(value),
    };
    let shape = Shape {
        items: count(at::ITEMS, "items", layout::MAX_ITEMS)?,
        dim: count(at::DIM, "dim", layout::MAX_DIM)?,
        neighbours: count(at::NEIGHBOURS, "neighbours", layout::MAX_NEIGHBOURS)?,
        attributes: count(at::ATTRIBUTES, "attributes", layout::MAX_ATTRIBUTES)?,
        max_scale: 0.0,
        edge_step: 0.0,
    };
    if shape.items == 0 {
        return Err(ModelProblem::BadParameter { field: "items" });
    }
    if shape.dim < layout::MIN_DIM {
        return Err(ModelProblem::BadParameter { field: "dim" });
    }
    Ok(shape)
}
