//! The inner loops of training outside the matrix products, written so that they vectorise.

/// Below this length a vector has no direction.
pub(super) const SHORTEST: f32 = 1e-12;

/// Scales to unit length; returns the length before.
pub(super) fn normalise(vector: &mut [f32]) -> f32 {
    let norm = dot(vector, vector).sqrt();
    let inverse = 1.0 / norm.max(SHORTEST);
    vector.iter_mut().for_each(|v| *v *= inverse);
    norm
}

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a8.zip(b8) {
        for i in 0..8 {
            lanes[i] += x[i] * y[i];
        }
    }
    lanes.iter().sum::<f32>() + rest
}

pub(super) fn axpy(to: &mut [f32], factor: f32, from: &[f32]) {
    for (t, f) in to.iter_mut().zip(from) {
        *t += factor * f;
    }
}

/// `e^x` for `x <= 0`, relative error below 3e-7: `2^n` by the exponent bits times a polynomial on half a binade
/// (Taylor). Written so that it vectorises; the standard library's does not.
#[inline]
#[expect(clippy::cast_possible_wrap, clippy::cast_sign_loss, reason = "bit patterns")]
fn exp_of_negative(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let x = x.max(-87.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let p = 1.0
        + r * (1.0
            + r * (0.5 + r * (0.166_666_67 + r * (0.041_666_67 + r * (0.008_333_33 + r * 0.001_388_89)))));
    let exponent = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32).wrapping_add(127) << 23;
    p * f32::from_bits(exponent as u32)
}

/// Softmax over the target and the negatives other than `same`. Turns the logits into residuals times `weight`; returns
/// the row's loss and the target's residual times `weight`.
pub(super) fn softmax_row(
    row: &mut [f32],
    wanted: f32,
    corrections: &[f32],
    same: std::ops::Range<usize>,
    weight: f32,
) -> (f64, f32) {
    for (z, c) in row.iter_mut().zip(corrections) {
        *z -= c;
    }
    row[same].fill(f32::NEG_INFINITY);
    let mut lanes = [wanted; 8];
    let chunks = row.chunks_exact(8);
    let rest = chunks.remainder().iter().fold(wanted, |m, &z| if z > m { z } else { m });
    for chunk in chunks {
        for i in 0..8 {
            lanes[i] = if chunk[i] > lanes[i] { chunk[i] } else { lanes[i] };
        }
    }
    let top = lanes.iter().fold(rest, |m, &z| if z > m { z } else { m });
    let mut sums = [0.0f32; 8];
    let mut chunks = row.chunks_exact_mut(8);
    for chunk in &mut chunks {
        for i in 0..8 {
            let e = exp_of_negative(chunk[i] - top);
            chunk[i] = e;
            sums[i] += e;
        }
    }
    let mut sum: f32 = sums.iter().sum();
    for z in chunks.into_remainder() {
        *z = exp_of_negative(*z - top);
        sum += *z;
    }
    let of_target = exp_of_negative(wanted - top);
    let total = sum + of_target;
    let factor = weight / total;
    row.iter_mut().for_each(|z| *z *= factor);
    let loss = f64::from(top - wanted) + f64::from(total).ln();
    (loss, (of_target / total - 1.0) * weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_is_the_softmax_over_the_target_and_the_other_negatives() {
        let (wanted, corrections) = (0.5f32, [0.1f32, 0.2, 0.3]);
        let mut row = [1.0f32, 2.0, -1.0];
        let (loss, residual) = softmax_row(&mut row, wanted, &corrections, 1..2, 2.0);
        let (a, c, t) = (0.9f64.exp(), (-1.3f64).exp(), 0.5f64.exp());
        let total = a + c + t;
        assert!((loss + (t / total).ln()).abs() < 1e-6);
        assert!((f64::from(residual) - 2.0 * (t / total - 1.0)).abs() < 1e-6);
        assert!((f64::from(row[0]) - 2.0 * a / total).abs() < 1e-6 && row[1] < 1e-30);
    }

    #[test]
    fn the_exponential_is_accurate_to_single_precision() {
        for i in 0..20_000u16 {
            let x = -f32::from(i) * 0.004;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp_of_negative(x)) - expected).abs() / expected;
            assert!(error < 4e-7, "{x}: {error}");
        }
    }
}
