//! Rounding of trained values to the few bits the pack stores.
//!
//! Rows are symmetric (`value = code * scale`). The scale of an int4 row is itself one byte on a logarithmic grid:
//! `scale = max_scale * 2^(-(255 - code) / 32)`, so 255 is `max_scale` and a row reaches down to 1/250 of it.

/// Largest code of an int4 row.
const INT4: f32 = 7.0;
const INT8: f32 = 127.0;
/// Grid steps per octave.
const STEPS: f32 = 32.0;

/// The largest scale any of the rows can need: the largest magnitude over 7.
pub fn max_int4_scale<'a>(rows: impl IntoIterator<Item = &'a [f32]>) -> f32 {
    rows.into_iter().map(largest).fold(0.0, f32::max) / INT4
}

/// The scale that a scale code stands for.
#[must_use]
pub fn dequantised_scale(scale_code: u8, max_scale: f32) -> f32 {
    max_scale * (-f32::from(255 - scale_code) / STEPS).exp2()
}

/// Codes in -7..=7 and the scale code that gives the smallest squared error, searched over the octave below the scale
/// that does not clip. A row of zeros gets zero codes.
#[must_use]
pub fn int4_row(row: &[f32], max_scale: f32) -> (Vec<i8>, u8) {
    let top = largest(row);
    if top <= 0.0 || max_scale <= 0.0 {
        return (vec![0; row.len()], 0);
    }
    let unclipped = 255.0 + STEPS * (top / INT4 / max_scale).log2();
    let highest = to_u8(unclipped.ceil());
    let lowest = highest.saturating_sub(to_u8(STEPS) + 1);
    let error = |code: u8| {
        let scale = dequantised_scale(code, max_scale);
        row.iter().map(|&v| f64::from((round(v, scale, INT4) * scale - v).powi(2))).sum::<f64>()
    };
    let best = (lowest..=highest).rev().min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap_or(highest);
    (codes(row, dequantised_scale(best, max_scale), INT4), best)
}

/// Codes in -127..=127 and the scale, which is the largest magnitude over 127.
#[must_use]
pub fn int8_row(row: &[f32]) -> (Vec<i8>, f32) {
    let scale = largest(row) / INT8;
    if scale <= 0.0 {
        return (vec![0; row.len()], 0.0);
    }
    (codes(row, scale, INT8), scale)
}

/// Codes in 1..=levels (0 for weights not above 0) and the step: `weight = code * step`. A positive weight never becomes
/// 0, because a stored edge is one that exists.
#[must_use]
pub fn linear_codes(weights: &[f32], levels: u8) -> (Vec<u8>, f32) {
    let step = weights.iter().copied().fold(0.0, f32::max) / f32::from(levels.max(1));
    let code = |&w: &f32| if w > 0.0 { to_u8((w / step).round().clamp(1.0, f32::from(levels))) } else { 0 };
    (weights.iter().map(code).collect(), step)
}

fn largest(row: &[f32]) -> f32 {
    row.iter().fold(0.0, |m, v| v.abs().max(m))
}

fn round(value: f32, scale: f32, limit: f32) -> f32 {
    (value / scale).round_ties_even().clamp(-limit, limit)
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to at most 127")]
fn codes(row: &[f32], scale: f32, limit: f32) -> Vec<i8> {
    row.iter().map(|&v| round(v, scale, limit) as i8).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn to_u8(value: f32) -> u8 {
    value.clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_int4_row_that_fits_is_exact() {
        let row = [0.7, -0.3, 0.0, 0.1];
        let max_scale = max_int4_scale([&row[..], &[0.2]]);
        let (codes, scale) = int4_row(&row, max_scale);
        assert_eq!((codes, scale), (vec![7, -3, 0, 1], 255));
    }

    #[test]
    fn clipping_wins_where_one_value_stands_out() {
        let mut row = vec![0.1f32; 63];
        row.push(1.0);
        let max_scale = max_int4_scale([&row[..]]);
        let (codes, scale) = int4_row(&row, max_scale);
        assert!(scale < 255, "the outlier was not clipped");
        let error = |codes: &[i8], scale: f32| -> f32 {
            row.iter().zip(codes).map(|(v, &c)| (f32::from(c) * scale - v).powi(2)).sum()
        };
        let unclipped: Vec<i8> = super::codes(&row, max_scale, INT4);
        assert!(error(&codes, dequantised_scale(scale, max_scale)) < 0.7 * error(&unclipped, max_scale));
    }

    #[test]
    fn small_rows_keep_their_shape_and_zero_rows_stay_zero() {
        let row = [0.014, -0.006, 0.002];
        let (codes, scale) = int4_row(&row, 0.1);
        let scale = dequantised_scale(scale, 0.1);
        for (value, code) in row.iter().zip(codes) {
            assert!((f32::from(code) * scale - value).abs() <= 0.5 * 0.002 * 1.03);
        }
        assert_eq!(int4_row(&[0.0; 3], 0.1), (vec![0; 3], 0));
        assert_eq!(int8_row(&[0.0; 2]), (vec![0; 2], 0.0));
    }

    #[test]
    fn int8_rows_and_linear_codes_are_within_half_a_step() {
        let row = [1.27, -0.333, 0.004];
        let (codes, scale) = int8_row(&row);
        assert_eq!(codes[0], 127);
        for (value, code) in row.iter().zip(codes) {
            assert!((f32::from(code) * scale - value).abs() <= scale / 2.0 + 1e-6);
        }
        let (codes, step) = linear_codes(&[3.0, 1.4, 0.001, 0.0], 15);
        assert_eq!((codes, step), (vec![15, 7, 1, 0], 0.2));
    }
}
