//! The parts of a model, each as a model of its own, to be evaluated alone (an ablation).
//!
//! In: a packed model. Out: packs that score by one part of it: `vectors`, `transitions`, and `transitions-reversed`,
//! which follows every transition against its direction. A model whose parts are of other items, or the wrong way round,
//! may still look fair as a whole; its parts do not.

use std::sync::Arc;

use ndarray::Array2;
use tastekeeper::model::Model;

use crate::dataset::AttributeTable;
use crate::pack::{PackError, PackOptions, SigningKey, VectorCodes, write_pack};
use crate::trained::{BlendParameters, TrainedModel};

/// The parts by name. A part that the model gives no weight is left out.
///
/// # Errors
/// If a part cannot be packed.
pub(super) fn parts(model: &Model) -> Result<Vec<(&'static str, Arc<Model>)>, PackError> {
    let whole = unpacked(model);
    let blend = BlendParameters { popularity_weight: 0.0, ..whole.blend };
    let vectors = TrainedModel { blend: BlendParameters { graph_weight: 0.0, ..blend }, ..whole.clone() };
    let transitions = TrainedModel { blend: BlendParameters { gain: 0.0, ..blend }, ..whole };
    let width = transitions.graph.iter().map(Vec::len).max().unwrap_or(0);
    let reversed = TrainedModel { graph: reversed(&transitions.graph, width), ..transitions.clone() };
    let mut out = Vec::new();
    if blend.gain > 0.0 && vectors.vectors.iter().any(|value| value.abs() > 0.0) {
        out.push(("vectors", packed(&vectors, width)?));
    }
    if blend.graph_weight > 0.0 && width > 0 {
        out.push(("transitions", packed(&transitions, width)?));
        out.push(("transitions-reversed", packed(&reversed, width)?));
    }
    Ok(out)
}

/// What scores are made of, as the pack gives it back; ids in rank order, no attributes.
fn unpacked(model: &Model) -> TrainedModel {
    let items = model.len();
    let (rows, dim) = (items as usize, model.dim());
    let mut vectors = Array2::zeros((rows, dim));
    for (index, mut row) in (0..items).zip(vectors.rows_mut()) {
        if let Some(row) = row.as_slice_mut() {
            model.write_vector(index, row);
        }
        // codes round: the writer wants unit norm
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        if norm > 0.0 {
            row.mapv_inplace(|value| value / norm);
        }
    }
    let matrix = Array2::from_shape_vec((dim, dim), model.matrix().to_vec());
    TrainedModel {
        items: (0..items).filter_map(|index| model.id(index)).map(str::to_owned).collect(),
        // the order is what counts: the parts have no popularity
        counts: (1..=u64::from(items)).rev().collect(),
        attributes: AttributeTable::default(),
        vectors,
        attribute_vectors: Array2::zeros((0, dim)),
        matrix: matrix.unwrap_or_else(|_| Array2::eye(dim)),
        graph: (0..items).map(|index| sorted(model.neighbours(index).collect())).collect(),
        blend: *model.parameters(),
    }
}

/// Every edge the other way round, the strongest `width` of each item.
fn reversed(graph: &[Vec<(u32, f32)>], width: usize) -> Vec<Vec<(u32, f32)>> {
    let mut out = vec![Vec::new(); graph.len()];
    for (source, row) in (0u32..).zip(graph) {
        for (target, weight) in row {
            out[*target as usize].push((source, *weight));
        }
    }
    for row in &mut out {
        *row = sorted(std::mem::take(row));
        row.truncate(width);
    }
    out
}

/// Strongest first, as the writer wants them.
fn sorted(mut row: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    row.retain(|(_, weight)| *weight > 0.0);
    row.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    row
}

/// Packed with a byte per value, so that little is lost a second time, and signed with a key of no account.
fn packed(model: &TrainedModel, width: usize) -> Result<Arc<Model>, PackError> {
    let key = SigningKey::from_random(&[1; 40]);
    let options = PackOptions {
        model_id: "part".to_owned(),
        vectors: VectorCodes::Int8,
        neighbours: u8::try_from(width).unwrap_or(u8::MAX),
        ..PackOptions::default()
    };
    let bytes = write_pack(model, &options, &key)?;
    Ok(Arc::new(Model::open(&bytes, &[key.public_key()])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_turned_and_cut() {
        let graph = vec![vec![(2, 3.0), (1, 1.0)], vec![(2, 4.0)], vec![(0, 2.0)]];
        assert_eq!(reversed(&graph, 8), [vec![(2, 2.0)], vec![(0, 1.0)], vec![(1, 4.0), (0, 3.0)]]);
        assert_eq!(reversed(&graph, 1)[2], [(1, 4.0)]);
    }
}
