//! Floats as small integers: vectors, matrix rows and transition weights as a pack holds them.
//!
//! Every scale is one the pack can store, so what is measured here is what the phone reads.

use ndarray::Array2;
use tastekeeper::layout::vector_scale;

/// How much a row's own direction counts beside all others: it is in answers to queries near it. Of 0.03 to 0.2 none was clearly
/// better.
const OWN_DIRECTION: f64 = 0.06;
/// The share of queries that may point anywhere.
const ANYWHERE: f64 = 0.1;
/// Of thousands of rows the last ones settle after about ten.
const MOST_PASSES: usize = 16;

/// What rounding costs: how far the scores of queries are off, which are made of some of the shop's vectors.
///
/// The expected square of that is `error . moments . error`, with the second moments of queries, for which those of the vectors
/// stand. The codes of a row are rounded, and then changed one by one as long as one change lessens it: an error in one value
/// makes up for that in another wherever queries have both.
pub(super) struct QueryMoments {
    dim: usize,
    /// Row by row; the diagonal adds up to 1.
    moments: Vec<f64>,
}

impl QueryMoments {
    /// `weights` are how often each row is in queries.
    pub(super) fn new(vectors: &Array2<f32>, weights: &[u64]) -> Self {
        let dim = vectors.ncols();
        let mut moments = vec![0.0; dim * dim];
        for (row, weight) in vectors.rows().into_iter().zip(weights) {
            #[expect(clippy::cast_precision_loss, reason = "a weight")]
            let weight = *weight as f64;
            for (left, moments) in row.iter().zip(moments.chunks_exact_mut(dim)) {
                let left = weight * f64::from(*left);
                moments.iter_mut().zip(row).for_each(|(sum, right)| *sum += left * f64::from(*right));
            }
        }
        let total: f64 = moments.iter().step_by(dim + 1).sum();
        if total > 0.0 {
            moments.iter_mut().for_each(|sum| *sum *= (1.0 - ANYWHERE) / total);
        }
        #[expect(clippy::cast_precision_loss, reason = "at most 256")]
        let anywhere = ANYWHERE / dim as f64;
        moments.iter_mut().step_by(dim + 1).for_each(|sum| *sum += anywhere);
        Self { dim, moments }
    }

    /// Codes of a row as int4 (-7..=7) and the code of its scale: among the scales a pack can store, the one whose
    /// rounding and clipping lose the least squared error. Code 0 for a zero row.
    pub(super) fn int4_row(&self, row: &[f32], max_scale: f32) -> (Vec<i8>, u8) {
        self.row(row, max_scale, 7, 0.4)
    }

    /// Codes of a row as int8 (-127..=127) and the code of its scale, chosen as in [`int4_row`](Self::int4_row).
    pub(super) fn int8_row(&self, row: &[f32], max_scale: f32) -> (Vec<i8>, u8) {
        self.row(row, max_scale, 127, 0.9)
    }

    fn row(&self, row: &[f32], max_scale: f32, most: i8, lowest: f32) -> (Vec<i8>, u8) {
        let (mut codes, code) = clip_search(row, max_scale, most, lowest);
        if code > 0 {
            self.settle(row, f64::from(vector_scale(max_scale, code)), most, &mut codes);
        }
        (codes, code)
    }

    /// Changes codes as long as one change costs less. Errors are in units of the scale.
    fn settle(&self, row: &[f32], scale: f64, most: i8, codes: &mut [i8]) {
        let length = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        let own: Vec<f64> = row.iter().map(|value| f64::from(*value) / length).collect();
        let limit = f64::from(most);
        // What one more unit of error in each value would add, half of it.
        let mut slopes = vec![0.0; self.dim];
        let push = |slopes: &mut [f64], value: usize, by: f64| {
            let moments = &self.moments[value * self.dim..][..self.dim];
            let along = OWN_DIRECTION * own[value];
            let adds = moments.iter().zip(&own).map(|(moment, own)| moment + along * own);
            slopes.iter_mut().zip(adds).for_each(|(slope, add)| *slope += by * add);
        };
        for (value, code) in codes.iter().enumerate() {
            push(&mut slopes, value, f64::from(*code) - f64::from(row[value]) / scale);
        }
        for _ in 0..MOST_PASSES {
            let mut is_settled = true;
            for (value, code) in codes.iter_mut().enumerate() {
                let curve = self.moments[value * (self.dim + 1)] + OWN_DIRECTION * own[value].powi(2);
                let was = f64::from(*code);
                // It keeps its sign, which a pack may hold apart.
                let [low, high] = if row[value] > 0.0 { [0.0, limit] } else { [-limit, 0.0] };
                let change = (was - slopes[value] / curve).round().clamp(low, high) - was;
                if change != 0.0 {
                    is_settled = false;
                    *code = signed(was + change);
                    push(&mut slopes, value, change);
                }
            }
            if is_settled {
                break;
            }
        }
    }
}

/// Codes of a row as int8 and its exact scale, `max |row| / 127`.
pub(super) fn int8_row_exact(row: &[f32]) -> (Vec<i8>, f32) {
    let scale = largest(row) / 127.0;
    (codes(row, scale, 127), scale)
}

/// Codes of non-negative weights, `round(weight / step)`, at most `2^bits - 1`. `bits` is 4 or 8.
pub(super) fn linear_codes(weights: &[f32], bits: u8, step: f32) -> Vec<u8> {
    let most = if bits == 4 { 15.0 } else { 255.0 };
    weights.iter().map(|weight| byte((weight / step).round().clamp(0.0, most))).collect()
}

/// The largest magnitude of a row; the scale that clips nothing is this over the largest code.
pub(super) fn largest(row: &[f32]) -> f32 {
    row.iter().fold(0.0, |most, value| most.max(value.abs()))
}

/// Tries every storable scale from `lowest` times the one that clips nothing up to the first at or above it.
fn clip_search(row: &[f32], max_scale: f32, most: i8, lowest: f32) -> (Vec<i8>, u8) {
    let unclipped = largest(row) / f32::from(most);
    if unclipped == 0.0 {
        return (vec![0; row.len()], 0);
    }
    let mut best = None;
    for code in (1..=u8::MAX).rev() {
        let scale = vector_scale(max_scale, code);
        if best.is_some() && scale < lowest * unclipped {
            break;
        }
        // scales above the first that clips nothing only round coarser
        if code > 1 && vector_scale(max_scale, code - 1) >= unclipped {
            continue;
        }
        let error = squared_error(row, scale, most);
        if best.is_none_or(|(least, _)| error < least) {
            best = Some((error, code));
        }
    }
    let (_, code) = best.expect("code 1 is tried if no larger one was");
    (codes(row, vector_scale(max_scale, code), most), code)
}

fn squared_error(row: &[f32], scale: f32, most: i8) -> f64 {
    let most = f32::from(most);
    row.iter()
        .map(|value| {
            let rounded = (value / scale).round().clamp(-most, most) * scale;
            f64::from(value - rounded).powi(2)
        })
        .sum()
}

fn codes(row: &[f32], scale: f32, most: i8) -> Vec<i8> {
    let limit = f32::from(most);
    let inverse = |value: f32| if scale > 0.0 { value / scale } else { 0.0 };
    row.iter().map(|value| signed(inverse(*value).round().clamp(-limit, limit).into())).collect()
}

/// A float that was rounded and clamped to the range of `i8`.
#[expect(clippy::cast_possible_truncation, reason = "clamped by the callers")]
fn signed(value: f64) -> i8 {
    value as i8
}

/// A float that was rounded and clamped to the range of `u8`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped by the callers")]
fn byte(value: f32) -> u8 {
    value as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that mostly lie in a few directions, as trained ones do, the same ones each time.
    fn rows() -> Array2<f32> {
        let mut state = 1_u32;
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from_bits(0x3f80_0000 | state >> 9) - 1.5
        };
        let directions = Array2::from_shape_simple_fn((4, 32), &mut draw);
        let mut rows = Array2::from_shape_simple_fn((200, 4), &mut draw).dot(&directions);
        rows.mapv_inplace(|value| value + 0.2 * draw());
        for mut row in rows.rows_mut() {
            let length = row.dot(&row).sqrt();
            row.mapv_inplace(|value| value / length);
        }
        rows
    }

    /// How far the scores of all rows as queries are off, squared and added up.
    fn off(rows: &Array2<f32>, coded: &[(Vec<i8>, u8)], max_scale: f32) -> f64 {
        let mut total = 0.0;
        for (row, (codes, code)) in rows.rows().into_iter().zip(coded) {
            let scale = vector_scale(max_scale, *code);
            let errors: Vec<f32> =
                row.iter().zip(codes).map(|(value, code)| f32::from(*code) * scale - value).collect();
            for query in rows.rows() {
                let off: f32 = errors.iter().zip(query).map(|(error, value)| error * value).sum();
                total += f64::from(off).powi(2);
            }
        }
        total
    }

    #[test]
    fn errors_make_up_for_each_other_where_queries_are() {
        let rows = rows();
        let moments = QueryMoments::new(&rows, &[1; 200]);
        let all = || rows.rows().into_iter().map(|row| row.to_vec());
        for (most, lowest) in [(7, 0.4), (127, 0.9)] {
            let max_scale = all().map(|row| largest(&row)).fold(0.0, f32::max) / f32::from(most);
            let rounded: Vec<_> = all().map(|row| clip_search(&row, max_scale, most, lowest)).collect();
            let settled: Vec<_> = all().map(|row| moments.row(&row, max_scale, most, lowest)).collect();
            let [plain, less] = [&rounded, &settled].map(|coded| off(&rows, coded, max_scale));
            assert!(less < 0.5 * plain, "{less} of {plain}, codes up to {most}");
            for ((row, (codes, code)), (_, plain_code)) in all().zip(&settled).zip(&rounded) {
                assert_eq!(code, plain_code, "the scale stays");
                for (value, code) in row.iter().zip(codes) {
                    assert!(code.unsigned_abs() <= most.unsigned_abs());
                    assert!(*code == 0 || (*code > 0) == (*value > 0.0), "{code} for {value}");
                }
            }
        }
    }

    #[test]
    fn rows_that_no_query_has_are_rounded() {
        let rows = rows();
        let row = rows.row(0).to_vec();
        for (vectors, weights) in [(&rows, vec![0; 200]), (&Array2::zeros((0, 32)), Vec::new())] {
            let (codes, code) = QueryMoments::new(vectors, &weights).int8_row(&row, 1.0 / 127.0);
            let (rounded, _) = clip_search(&row, 1.0 / 127.0, 127, 0.9);
            assert_ne!(code, 0);
            for (code, rounded) in codes.iter().zip(&rounded) {
                assert!((code - rounded).abs() <= 1, "{code} for {rounded}");
            }
        }
    }

    #[test]
    fn clipping_beats_the_largest_value_when_one_is_far_out() {
        let mut row = vec![0.09_f32; 64];
        row[0] = 0.7;
        let (codes, code) = clip_search(&row, 1.0 / 7.0, 7, 0.4);
        let scale = vector_scale(1.0 / 7.0, code);
        assert!(scale < 0.7 / 7.0);
        assert_eq!(codes[0], 7);
        assert!((f32::from(codes[1]) * scale - 0.09).abs() < 0.01);
    }

    #[test]
    fn exact_rows_and_weights() {
        let (codes, scale) = int8_row_exact(&[1.0, -0.5, 0.0]);
        assert_eq!(codes, [127, -64, 0]);
        assert!((scale - 1.0 / 127.0).abs() < 1e-9);
        assert_eq!(int8_row_exact(&[0.0; 4]), (vec![0; 4], 0.0));
        assert_eq!(linear_codes(&[2.0, 1.01, 0.01], 8, 2.0 / 255.0), [255, 129, 1]);
        assert_eq!(linear_codes(&[2.0, 1.01, 0.01], 4, 2.0 / 15.0), [15, 8, 0]);
    }

    #[test]
    fn a_row_too_small_for_the_grid_still_gets_a_scale() {
        let moments = QueryMoments::new(&Array2::zeros((0, 8)), &[]);
        let (codes, code) = moments.int8_row(&[1e-6; 8], 1.0);
        assert_eq!((codes, code), (vec![0; 8], 1));
        assert_eq!(moments.int4_row(&[0.0; 8], 1.0), (vec![0; 8], 0));
    }
}
