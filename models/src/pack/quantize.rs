//! Floats as small integers: vectors, matrix rows and transition weights as a pack holds them.
//!
//! Every scale is one the pack can store, so what is measured here is what the phone reads.

use tastekeeper::layout::vector_scale;

/// Codes of a row as int4 (-7..=7) and the code of its scale: among the scales a pack can store, the one whose
/// rounding and clipping lose the least squared error. Code 0 for a zero row.
pub(super) fn int4_row(row: &[f32], max_scale: f32) -> (Vec<i8>, u8) {
    clip_search(row, max_scale, 7, 0.4)
}

/// Codes of a row as int8 (-127..=127) and the code of its scale, chosen as in [`int4_row`].
pub(super) fn int8_row(row: &[f32], max_scale: f32) -> (Vec<i8>, u8) {
    clip_search(row, max_scale, 127, 0.9)
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
    row.iter().map(|value| signed(inverse(*value).round().clamp(-limit, limit))).collect()
}

/// A float that was rounded and clamped to the range of `i8`.
#[expect(clippy::cast_possible_truncation, reason = "clamped by the callers")]
fn signed(value: f32) -> i8 {
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

    #[test]
    fn clipping_beats_the_largest_value_when_one_is_far_out() {
        let mut row = vec![0.09_f32; 64];
        row[0] = 0.7;
        let (codes, code) = int4_row(&row, 1.0 / 7.0);
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
        let (codes, code) = int8_row(&[1e-6; 8], 1.0);
        assert_eq!((codes, code), (vec![0; 8], 1));
        assert_eq!(int4_row(&[0.0; 8], 1.0), (vec![0; 8], 0));
    }
}
