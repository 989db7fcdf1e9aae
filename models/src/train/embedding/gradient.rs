//! Loss and closed-form gradients of one batch.
//!
//! With `d_j = p_j - [j = target]` the softmax residual: `dq = sum_j d_j e^_j`, `de^_j += d_j q`, `dM = gain h dq^T`,
//! `dh = gain M dq`, `dl = dh`, `dr = carry dh`, and through the norm `de~ = (de^ - (de^ . e^) e^) / |e~|`. The matrix
//! products run in blocks of positions, so that a block's logits stay in the cache.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use rand_chacha::ChaCha8Rng;

use super::batch::Batch;
use super::kernels::{SHORTEST, axpy, dot, normalise, softmax_row};
use super::optimiser::{Clock, Table};
use super::{Embedding, ItemAttributes};
use crate::train::random::fill_normal;

/// All learned values.
pub(super) struct Parameters {
    pub(super) items: Table,
    pub(super) attributes: Table,
    /// One row of `dim * dim`: `M` row by row.
    pub(super) matrix: Table,
    /// One row: `carry`, `s`, `lambda`.
    pub(super) scalars: Table,
    /// Items that occur in training; the others are known by their attributes alone.
    pub(super) has_id: Vec<bool>,
    dim: usize,
}

/// How many tables there are.
pub(super) const TABLES: usize = 4;
/// `gain = GAIN * s`.
const GAIN: f32 = 64.0;
const CARRY: usize = 0;
const SCALE: usize = 1;
const DECAY: usize = 2;
const BLOCK: usize = 256;

impl Parameters {
    pub(super) fn new(counts: &[u64], attributes: &ItemAttributes, dim: usize, rng: &mut ChaCha8Rng) -> Self {
        let mut items = vec![0.0; counts.len() * dim];
        fill_normal(rng, 0.02, &mut items);
        let mut rows = vec![0.0; attributes.attributes * dim];
        fill_normal(rng, 0.02, &mut rows);
        let mut matrix = vec![0.0; dim * dim];
        matrix.iter_mut().step_by(dim + 1).for_each(|m| *m = 1.0);
        Self {
            items: Table::new(items, dim),
            attributes: Table::new(rows, dim),
            matrix: Table::new(matrix, dim * dim),
            scalars: Table::new(vec![0.3, 10.0 / GAIN, 0.68], 3),
            has_id: counts.iter().map(|&c| c > 0).collect(),
            dim,
        }
    }

    pub(super) fn apply(&mut self, clock: &mut Clock) {
        clock.tick();
        for table in self.tables_mut() {
            table.apply(clock);
        }
    }

    /// Everything that is learned, always in the same order.
    pub(super) fn tables_mut(&mut self) -> [&mut Table; TABLES] {
        [&mut self.items, &mut self.attributes, &mut self.matrix, &mut self.scalars]
    }

    /// As [`Self::tables_mut`].
    pub(super) fn tables(&self) -> [&Table; TABLES] {
        [&self.items, &self.attributes, &self.matrix, &self.scalars]
    }

    /// The moving averages, as vectors to rank with.
    pub(super) fn finish(self, attributes: &ItemAttributes, clock: &Clock) -> Embedding {
        let dim = self.dim;
        let scalars = self.scalars.into_average(clock);
        let matrix = self.matrix.into_average(clock);
        let rows = self.attributes.into_average(clock);
        let mut vectors = self.items.into_average(clock);
        for (item, vector) in vectors.chunks_mut(dim).enumerate() {
            if !self.has_id[item] {
                vector.fill(0.0);
            }
            add_attributes(vector, attributes.of(item), &rows);
            let norm = normalise(vector);
            if norm <= SHORTEST {
                vector.fill(0.0);
            }
        }
        let table = |values: Vec<f32>| {
            Array2::from_shape_vec((values.len() / dim, dim), values).expect("rows of dim values")
        };
        Embedding {
            vectors: table(vectors),
            attribute_vectors: table(rows),
            matrix: table(matrix),
            carry: scalars[CARRY],
            decay: scalars[DECAY].clamp(0.0, 0.999),
            gain: scalars[SCALE] * GAIN,
        }
    }
}

/// Adds the mean of the attributes' rows.
fn add_attributes(vector: &mut [f32], attributes: &[u32], rows: &[f32]) {
    let dim = vector.len();
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let share = 1.0 / attributes.len().max(1) as f32;
    for &a in attributes {
        axpy(vector, share, &rows[a as usize * dim..(a as usize + 1) * dim]);
    }
}

fn rows(values: &[f32], dim: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((values.len() / dim, dim), values).expect("rows of dim values")
}

fn rows_mut(values: &mut [f32], dim: usize) -> ArrayViewMut2<'_, f32> {
    ArrayViewMut2::from_shape((values.len() / dim, dim), values).expect("rows of dim values")
}

fn zeros(values: &mut Vec<f32>, len: usize) {
    values.clear();
    values.resize(len, 0.0);
}

/// Buffers of a step, kept between steps.
#[derive(Default)]
pub(super) struct Workspace {
    dim: usize,
    /// Local items: `e^`, its gradient, `|e~|`.
    units: Vec<f32>,
    unit_gradients: Vec<f32>,
    norms: Vec<f32>,
    /// Negatives: `e^`, its gradient.
    negatives: Vec<f32>,
    negative_gradients: Vec<f32>,
    /// Positions: `r`, `h`, `q / gain`, `q`, `dq`, `dh`.
    older: Vec<f32>,
    state: Vec<f32>,
    turned: Vec<f32>,
    query: Vec<f32>,
    query_gradient: Vec<f32>,
    state_gradient: Vec<f32>,
    logits: Vec<f32>,
}

impl Workspace {
    pub(super) fn new(dim: usize) -> Self {
        Self { dim, ..Self::default() }
    }

    /// Adds the gradient of the batch's mean loss to `parameters`; returns the loss.
    pub(super) fn accumulate(
        &mut self,
        parameters: &mut Parameters,
        attributes: &ItemAttributes,
        batch: &Batch,
    ) -> f64 {
        let [carry, scale, decay] = [CARRY, SCALE, DECAY].map(|i| parameters.scalars.values[i]);
        self.gather_units(parameters, attributes, batch);
        self.gather_states(batch, carry, decay);

        let (dim, gain) = (self.dim, GAIN * scale);
        let matrix = rows(&parameters.matrix.values, dim);
        zeros(&mut self.turned, self.state.len());
        general_mat_mul(1.0, &rows(&self.state, dim), &matrix, 0.0, &mut rows_mut(&mut self.turned, dim));
        self.query.clear();
        self.query.extend(self.turned.iter().map(|t| gain * t));

        let loss = self.softmax(batch);

        zeros(&mut self.state_gradient, self.state.len());
        let query_gradient = rows(&self.query_gradient, dim);
        general_mat_mul(
            gain,
            &query_gradient,
            &matrix.t(),
            0.0,
            &mut rows_mut(&mut self.state_gradient, dim),
        );
        let mut matrix_gradient = rows_mut(parameters.matrix.gradient_mut(0), dim);
        general_mat_mul(gain, &rows(&self.state, dim).t(), &query_gradient, 1.0, &mut matrix_gradient);

        let (carry_gradient, decay_gradient) = self.scatter_states(batch, carry, decay);
        let scalars = parameters.scalars.gradient_mut(0);
        scalars[SCALE] += GAIN * dot(&self.query_gradient, &self.turned);
        scalars[CARRY] += carry_gradient;
        scalars[DECAY] += decay_gradient;
        self.scatter_units(parameters, attributes, batch);
        loss
    }

    fn gather_units(&mut self, parameters: &Parameters, attributes: &ItemAttributes, batch: &Batch) {
        let dim = self.dim;
        zeros(&mut self.units, batch.items.len() * dim);
        zeros(&mut self.unit_gradients, batch.items.len() * dim);
        self.norms.clear();
        for ((unit, &item), &kept) in self.units.chunks_mut(dim).zip(&batch.items).zip(&batch.id_kept) {
            if kept {
                unit.copy_from_slice(parameters.items.row(item as usize));
            }
            add_attributes(unit, attributes.of(item as usize), &parameters.attributes.values);
            self.norms.push(normalise(unit));
        }
        self.negatives.clear();
        for &n in &batch.negatives {
            self.negatives.extend_from_slice(&self.units[n as usize * dim..(n as usize + 1) * dim]);
        }
        zeros(&mut self.negative_gradients, self.negatives.len());
    }

    fn gather_states(&mut self, batch: &Batch, carry: f32, decay: f32) {
        let dim = self.dim;
        zeros(&mut self.older, batch.targets.len() * dim);
        zeros(&mut self.state, batch.targets.len() * dim);
        for b in 0..batch.targets.len() {
            let range = b * dim..(b + 1) * dim;
            let older = &mut self.older[range.clone()];
            for event in &batch.older[batch.older_offsets[b]..batch.older_offsets[b + 1]] {
                let at = event.item as usize * dim;
                axpy(older, event.weight * power(decay, event.age), &self.units[at..at + dim]);
            }
            let latest = &self.units[batch.latest[b] as usize * dim..][..dim];
            let (mask_l, mask_r) = (&batch.mask_latest[range.clone()], &batch.mask_older[range.clone()]);
            let state = &mut self.state[range];
            for i in 0..dim {
                older[i] *= mask_r[i];
                state[i] = batch.latest_weights[b] * latest[i] * mask_l[i] + carry * older[i];
            }
        }
    }

    /// Loss, `query_gradient`, and the gradients of targets and negatives.
    #[expect(clippy::cast_possible_truncation, reason = "gradients are f32")]
    fn softmax(&mut self, batch: &Batch) -> f64 {
        let (dim, width, positions) = (self.dim, batch.negatives.len(), batch.targets.len());
        let total_weight: f64 = batch.target_weights.iter().map(|&w| f64::from(w)).sum();
        zeros(&mut self.query_gradient, positions * dim);
        let mut loss = 0.0;
        for first in (0..positions).step_by(BLOCK) {
            let block = first..positions.min(first + BLOCK);
            let at = block.start * dim..block.end * dim;
            self.logits.resize(block.len() * width, 0.0);
            let query = rows(&self.query[at.clone()], dim);
            let negatives = rows(&self.negatives, dim);
            let mut logits = rows_mut(&mut self.logits, width);
            general_mat_mul(1.0, &query, &negatives.t(), 0.0, &mut logits);

            for (b, row) in block.clone().zip(self.logits.chunks_mut(width)) {
                let target = batch.targets[b] as usize;
                let query = &self.query[b * dim..(b + 1) * dim];
                let unit = &self.units[target * dim..(target + 1) * dim];
                let wanted = dot(query, unit);
                let (from, to) = batch.negative_ranges[target];
                let weight = f64::from(batch.target_weights[b]) / total_weight;
                let (row_loss, residual) =
                    softmax_row(row, wanted, &batch.corrections, from as usize..to as usize, weight as f32);
                loss += weight * row_loss;
                axpy(&mut self.query_gradient[b * dim..(b + 1) * dim], residual, unit);
                axpy(&mut self.unit_gradients[target * dim..(target + 1) * dim], residual, query);
            }
            let residuals = rows(&self.logits, width);
            let mut query_gradient = rows_mut(&mut self.query_gradient[at], dim);
            general_mat_mul(1.0, &residuals, &negatives, 1.0, &mut query_gradient);
            let mut negative_gradients = rows_mut(&mut self.negative_gradients, dim);
            general_mat_mul(1.0, &residuals.t(), &query, 1.0, &mut negative_gradients);
        }
        for (&n, gradient) in batch.negatives.iter().zip(self.negative_gradients.chunks(dim)) {
            axpy(&mut self.unit_gradients[n as usize * dim..(n as usize + 1) * dim], 1.0, gradient);
        }
        loss
    }

    /// From `state_gradient` to the history's items; returns the gradients of `carry` and `lambda`.
    #[expect(clippy::cast_precision_loss, reason = "ages")]
    fn scatter_states(&mut self, batch: &Batch, carry: f32, decay: f32) -> (f32, f32) {
        let dim = self.dim;
        let carry_gradient = dot(&self.state_gradient, &self.older);
        let mut decay_gradient = 0.0f64;
        let mut gradient = vec![0.0f32; dim];
        for b in 0..batch.targets.len() {
            let range = b * dim..(b + 1) * dim;
            let (mask_l, mask_r) = (&batch.mask_latest[range.clone()], &batch.mask_older[range.clone()]);
            let state = &self.state_gradient[range];
            let latest = batch.latest[b] as usize * dim;
            for i in 0..dim {
                self.unit_gradients[latest + i] += batch.latest_weights[b] * state[i] * mask_l[i];
                gradient[i] = carry * state[i] * mask_r[i];
            }
            for event in &batch.older[batch.older_offsets[b]..batch.older_offsets[b + 1]] {
                let at = event.item as usize * dim;
                axpy(
                    &mut self.unit_gradients[at..at + dim],
                    event.weight * power(decay, event.age),
                    &gradient,
                );
                if event.age > 0 {
                    let slope = event.age as f32 * power(decay, event.age - 1);
                    decay_gradient +=
                        f64::from(event.weight * slope * dot(&gradient, &self.units[at..at + dim]));
                }
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "gradients are f32")]
        (carry_gradient, decay_gradient as f32)
    }

    /// Through the norm to items and attributes.
    fn scatter_units(&mut self, parameters: &mut Parameters, attributes: &ItemAttributes, batch: &Batch) {
        let dim = self.dim;
        for (local, &item) in batch.items.iter().enumerate() {
            let norm = self.norms[local];
            if norm <= SHORTEST {
                continue;
            }
            let unit = &self.units[local * dim..(local + 1) * dim];
            let gradient = &mut self.unit_gradients[local * dim..(local + 1) * dim];
            let along = dot(gradient, unit);
            for (g, u) in gradient.iter_mut().zip(unit) {
                *g = (*g - along * u) / norm;
            }
            if batch.id_kept[local] {
                axpy(parameters.items.gradient_mut(item as usize), 1.0, gradient);
            }
            let ids = attributes.of(item as usize);
            #[expect(clippy::cast_precision_loss, reason = "a handful")]
            let share = 1.0 / ids.len().max(1) as f32;
            for &a in ids {
                axpy(parameters.attributes.gradient_mut(a as usize), share, gradient);
            }
        }
    }
}

#[expect(clippy::cast_possible_wrap, reason = "ages are below the history's length")]
fn power(decay: f32, age: u32) -> f32 {
    decay.powi(age as i32)
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::super::batch::{Batch, Older};
    use super::*;

    const DIM: usize = 4;

    fn attributes() -> ItemAttributes {
        let lists: [&[u32]; 5] = [&[0], &[0, 1], &[], &[1], &[2]];
        ItemAttributes::new(3, lists.into_iter())
    }

    /// Values large enough for a clear gradient.
    fn parameters() -> Parameters {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut parameters = Parameters::new(&[3, 2, 2, 1, 0], &attributes(), DIM, &mut rng);
        fill_normal(&mut rng, 0.7, &mut parameters.items.values);
        fill_normal(&mut rng, 0.7, &mut parameters.attributes.values);
        fill_normal(&mut rng, 0.7, &mut parameters.matrix.values);
        parameters.scalars.values.copy_from_slice(&[0.4, 1.5 / GAIN, 0.6]);
        parameters
    }

    fn batch() -> Batch {
        let older = |item, age, weight| Older { item, age, weight };
        let mut batch = Batch {
            items: vec![3, 0, 1, 4, 2],
            // item 1 is known by its attributes alone, item 4 never had events
            id_kept: vec![true, true, false, false, true],
            targets: vec![0, 1, 4],
            target_weights: vec![1.0, 2.0, 0.5],
            latest: vec![1, 2, 3],
            latest_weights: vec![1.0, 0.5, 2.0],
            older_offsets: vec![0, 3, 3, 5],
            older: vec![
                older(2, 0, 1.0),
                older(4, 1, 2.0),
                older(1, 3, 1.0),
                older(0, 1, 1.0),
                older(0, 2, 0.5),
            ],
            mask_latest: vec![1.0, 0.0, 2.0, 1.0, 1.0, 1.0, 1.0, 0.0, 2.0, 1.0, 0.5, 1.0],
            mask_older: vec![2.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 2.0, 1.0, 1.0],
            // item 0 twice, and a target among its own negatives
            negatives: vec![0, 1, 1, 2, 3],
            corrections: vec![0.1, -0.4, -0.4, 0.3, 0.2],
            negative_ranges: vec![],
        };
        batch.index_negatives();
        batch
    }

    fn tables(parameters: &mut Parameters) -> [&mut Table; 4] {
        [&mut parameters.items, &mut parameters.attributes, &mut parameters.matrix, &mut parameters.scalars]
    }

    fn loss(parameters: &mut Parameters) -> f64 {
        Workspace::new(DIM).accumulate(parameters, &attributes(), &batch())
    }

    #[test]
    fn every_gradient_agrees_with_finite_differences() {
        let mut at = parameters();
        loss(&mut at);
        let analytic: Vec<Vec<f32>> = tables(&mut at).map(|t| t.gradient().to_vec()).into();
        for (table, gradient) in analytic.iter().enumerate() {
            // s is seen through GAIN, so its step is smaller and its gradient larger
            let mut largest = 0.0f64;
            for (i, &expected) in gradient.iter().enumerate() {
                let step = if table == 3 && i == SCALE { 4e-3 / GAIN } else { 4e-3 };
                let at_offset = |offset: f32| {
                    let mut moved = parameters();
                    tables(&mut moved)[table].values[i] += offset;
                    loss(&mut moved)
                };
                let found = (at_offset(step) - at_offset(-step)) / (2.0 * f64::from(step));
                let tolerance = 2e-3 * f64::from(expected).abs().max(1.0);
                assert!(
                    (found - f64::from(expected)).abs() < tolerance,
                    "table {table} value {i}: finite difference {found}, gradient {expected}"
                );
                largest = largest.max(f64::from(expected).abs());
            }
            assert!(largest > 0.02, "table {table} has no gradient to speak of");
        }
    }
}
