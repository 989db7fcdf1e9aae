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
/// Codes from `-most` to `most`. `lowest` is how small a scale may be, of the one that clips nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeRange {
    pub(super) most: i8,
    lowest: f32,
}

impl CodeRange {
    pub(super) const INT4: Self = Self { most: 7, lowest: 0.4 };
    pub(super) const INT8: Self = Self { most: 127, lowest: 0.9 };
}

/// A vector as a pack holds it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CodedRow {
    pub(super) codes: Vec<i8>,
    /// The code of the scale.
    pub(super) scale: u8,
    /// Of each value, whether it is a quarter of the scale above its code or below; empty where that is not wanted.
    pub(super) residuals: Vec<bool>,
}

/// Where the values of one row may be: at `(place + offset) * step`.
struct Grid {
    step: f64,
    offset: f64,
    /// The places of values above zero. Those of the others mirror them.
    places: [f64; 2],
}

impl Grid {
    /// The codes up to `most` of a row with that scale, or, with residuals, the two places at a quarter of it around each of them:
    /// place `2 c` is above code `c`, place `2 c - 1` below.
    fn new(scale: f32, most: i8, with_residuals: bool) -> Self {
        let (scale, most) = (f64::from(scale), f64::from(most));
        if with_residuals {
            Self { step: scale / 2.0, offset: 0.5, places: [-1.0, 2.0 * most] }
        } else {
            Self { step: scale, offset: 0.0, places: [0.0, most] }
        }
    }

    /// The place next to `place` for a value. Its code keeps the value's sign, which a pack may hold apart.
    fn nearest(&self, place: f64, value: f32) -> f64 {
        let [low, high] = self.places;
        let mirrored = -2.0 * self.offset;
        let [low, high] = if value > 0.0 { [low, high] } else { [mirrored - high, mirrored - low] };
        place.round().clamp(low, high)
    }
}

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

    /// A row in the codes of `range`: of the scales a pack can store the one whose rounding and clipping lose the least squared
    /// error, and codes that were changed from there. Scale 0 for a zero row.
    pub(super) fn row(
        &self,
        row: &[f32],
        max_scale: f32,
        range: CodeRange,
        with_residuals: bool,
    ) -> CodedRow {
        let scale = clip_search(row, max_scale, range);
        if scale == 0 {
            let residuals = vec![false; if with_residuals { row.len() } else { 0 }];
            return CodedRow { codes: vec![0; row.len()], scale, residuals };
        }
        let grid = Grid::new(vector_scale(max_scale, scale), range.most, with_residuals);
        let places = self.settle(row, &grid);
        let (codes, residuals) = if with_residuals {
            let codes: Vec<f64> = places.iter().map(|place| (0.5 * place).ceil()).collect();
            let residuals =
                codes.iter().zip(&places).map(|(code, place)| *place > 2.0 * code - 0.5).collect();
            (codes, residuals)
        } else {
            (places, Vec::new())
        };
        CodedRow { codes: codes.into_iter().map(signed).collect(), scale, residuals }
    }

    /// The places of a row's values: the nearest ones, changed as long as one change costs less. Errors are in steps.
    fn settle(&self, row: &[f32], grid: &Grid) -> Vec<f64> {
        let length = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        let own: Vec<f64> = row.iter().map(|value| f64::from(*value) / length).collect();
        // What one more unit of error in each value would add, half of it.
        let mut slopes = vec![0.0; self.dim];
        let push = |slopes: &mut [f64], value: usize, by: f64| {
            let moments = &self.moments[value * self.dim..][..self.dim];
            let along = OWN_DIRECTION * own[value];
            let adds = moments.iter().zip(&own).map(|(moment, own)| moment + along * own);
            slopes.iter_mut().zip(adds).for_each(|(slope, add)| *slope += by * add);
        };
        let exact = row.iter().map(|value| f64::from(*value) / grid.step - grid.offset);
        let mut places: Vec<f64> =
            exact.clone().zip(row).map(|(exact, value)| grid.nearest(exact, *value)).collect();
        for (value, exact) in exact.enumerate() {
            push(&mut slopes, value, places[value] - exact);
        }
        for _ in 0..MOST_PASSES {
            let mut is_settled = true;
            for (value, place) in places.iter_mut().enumerate() {
                let curve = self.moments[value * (self.dim + 1)] + OWN_DIRECTION * own[value].powi(2);
                let change = grid.nearest(*place - slopes[value] / curve, row[value]) - *place;
                if change != 0.0 {
                    is_settled = false;
                    *place += change;
                    push(&mut slopes, value, change);
                }
            }
            if is_settled {
                break;
            }
        }
        places
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

/// The code of the best scale: tries every storable one from `lowest` times the one that clips nothing up to the first at or above it.
fn clip_search(row: &[f32], max_scale: f32, CodeRange { most, lowest }: CodeRange) -> u8 {
    let unclipped = largest(row) / f32::from(most);
    if unclipped == 0.0 {
        return 0;
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
    best.expect("code 1 is tried if no larger one was").1
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
    fn off(rows: &Array2<f32>, coded: &[CodedRow], max_scale: f32) -> f64 {
        let mut total = 0.0;
        for (row, CodedRow { codes, scale, residuals }) in rows.rows().into_iter().zip(coded) {
            let scale = vector_scale(max_scale, *scale);
            let residual =
                |value| residuals.get(value).map_or(0.0, |above| if *above { 0.25 } else { -0.25 });
            let errors: Vec<f32> = (0..row.len())
                .map(|value| (f32::from(codes[value]) + residual(value)) * scale - row[value])
                .collect();
            for query in rows.rows() {
                let off: f32 = errors.iter().zip(query).map(|(error, value)| error * value).sum();
                total += f64::from(off).powi(2);
            }
        }
        total
    }

    /// The row rounded, and not changed.
    fn rounded(row: &[f32], max_scale: f32, range: CodeRange) -> CodedRow {
        let scale = clip_search(row, max_scale, range);
        let codes = codes(row, vector_scale(max_scale, scale), range.most);
        CodedRow { codes, scale, residuals: Vec::new() }
    }

    #[test]
    fn errors_make_up_for_each_other_where_queries_are() {
        let rows = rows();
        let moments = QueryMoments::new(&rows, &[1; 200]);
        let all: Vec<Vec<f32>> = rows.rows().into_iter().map(|row| row.to_vec()).collect();
        for range in [CodeRange::INT4, CodeRange::INT8] {
            let most = range.most;
            let max_scale = all.iter().map(|row| largest(row)).fold(0.0, f32::max) / f32::from(most);
            let code = |with_residuals| -> Vec<CodedRow> {
                all.iter().map(|row| moments.row(row, max_scale, range, with_residuals)).collect()
            };
            let plain: Vec<_> = all.iter().map(|row| rounded(row, max_scale, range)).collect();
            let (settled, finer) = (code(false), code(true));
            let [most_off, less, least] =
                [&plain, &settled, &finer].map(|coded| off(&rows, coded, max_scale));
            assert!(less < 0.5 * most_off, "{less} of {most_off}, codes up to {most}");
            assert!(least < 0.35 * less, "{least} of {less} with residuals, codes up to {most}");
            for (coded, residuals) in [(&settled, 0), (&finer, 32)] {
                for ((row, coded), plain) in all.iter().zip(coded).zip(&plain) {
                    assert_eq!(coded.scale, plain.scale, "the scale stays");
                    assert_eq!(coded.residuals.len(), residuals);
                    for (value, code) in row.iter().zip(&coded.codes) {
                        assert!(code.unsigned_abs() <= most.unsigned_abs());
                        assert!(*code == 0 || (*code > 0) == (*value > 0.0), "{code} for {value}");
                    }
                }
            }
        }
    }

    #[test]
    fn rows_that_no_query_has_are_rounded() {
        let rows = rows();
        let row = rows.row(0).to_vec();
        for (vectors, weights) in [(&rows, vec![0; 200]), (&Array2::zeros((0, 32)), Vec::new())] {
            let moments = QueryMoments::new(vectors, &weights);
            let plain = rounded(&row, 1.0 / 127.0, CodeRange::INT8);
            for with_residuals in [false, true] {
                let coded = moments.row(&row, 1.0 / 127.0, CodeRange::INT8, with_residuals);
                assert_ne!(coded.scale, 0);
                for (code, plain) in coded.codes.iter().zip(&plain.codes) {
                    assert!((code - plain).abs() <= 1, "{code} for {plain}");
                }
            }
        }
    }

    #[test]
    fn clipping_beats_the_largest_value_when_one_is_far_out() {
        let mut row = vec![0.09_f32; 64];
        row[0] = 0.7;
        let CodedRow { codes, scale, .. } = rounded(&row, 1.0 / 7.0, CodeRange::INT4);
        let scale = vector_scale(1.0 / 7.0, scale);
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
        for (value, range, scale) in [(1e-6, CodeRange::INT8, 1), (0.0, CodeRange::INT4, 0)] {
            for (with_residuals, count) in [(false, 0), (true, 8)] {
                let coded = moments.row(&[value; 8], 1.0, range, with_residuals);
                assert_eq!((coded.codes, coded.scale, coded.residuals.len()), (vec![0; 8], scale, count));
            }
        }
    }
}
