//! Draws from the seeded generator.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Uniform in 0..1, 53 bits.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
pub(super) fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Uniform in `0..bound` by multiplication (Lemire 2019, without the rejection step: the bias is below `bound / 2^64`).
pub(super) fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u128::from(rng.next_u64()) * bound as u128) >> 64) as usize
}

/// Standard normal values (Box and Muller 1958) times `scale`.
#[expect(clippy::cast_possible_truncation, reason = "stored as f32")]
pub(super) fn fill_normal(rng: &mut ChaCha8Rng, scale: f64, values: &mut [f32]) {
    for pair in values.chunks_mut(2) {
        let radius = (-2.0 * (1.0 - uniform(rng)).ln()).sqrt() * scale;
        let angle = std::f64::consts::TAU * uniform(rng);
        for (value, part) in pair.iter_mut().zip([angle.cos(), angle.sin()]) {
            *value = (radius * part) as f32;
        }
    }
}

/// Inverted dropout: 0 with probability `share`, `1 / (1 - share)` otherwise. 16 bits decide.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 65536")]
pub(super) fn fill_dropout(rng: &mut ChaCha8Rng, share: f32, mask: &mut [f32]) {
    let limit = (share * 65536.0) as u64;
    let kept = 1.0 / (1.0 - share);
    for four in mask.chunks_mut(4) {
        let mut bits = rng.next_u64();
        for value in four {
            *value = if bits & 0xffff < limit { 0.0 } else { kept };
            bits >>= 16;
        }
    }
}
