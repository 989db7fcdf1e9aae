//! Draws from the seeded generator.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Uniform in 0..1, 53 bits.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
pub(crate) fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Uniform in `0..bound` by multiplication (Lemire 2019, without the rejection step: the bias is below `bound / 2^64`).
#[expect(clippy::cast_possible_truncation, reason = "below `bound`")]
pub(crate) fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u128::from(rng.next_u64()) * bound as u128) >> 64) as usize
}

/// Standard normal values (Box and Muller 1958) times `scale`.
#[expect(clippy::cast_possible_truncation, reason = "stored as f32")]
pub(crate) fn fill_normal(rng: &mut ChaCha8Rng, scale: f64, values: &mut [f32]) {
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
pub(crate) fn fill_dropout(rng: &mut ChaCha8Rng, share: f32, mask: &mut [f32]) {
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

/// One standard normal value.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let mut value = [0.0];
    fill_normal(rng, 1.0, &mut value);
    value[0]
}

/// A sample of `count` of `0..of` without repeats, ascending (Knuth's selection sampling).
pub(crate) fn sample(rng: &mut ChaCha8Rng, of: usize, count: usize) -> Vec<usize> {
    let mut left = count.min(of);
    let choose = |i: &usize| {
        let chosen = below(rng, of - i) < left;
        left -= usize::from(chosen);
        chosen
    };
    (0..of).filter(choose).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn a_sample_has_the_size_asked_for_and_no_repeats() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut hits = [0; 10];
        for _ in 0..1000 {
            let drawn = sample(&mut rng, 10, 4);
            assert_eq!(drawn.len(), 4);
            assert!(drawn.windows(2).all(|w| w[0] < w[1]));
            drawn.iter().for_each(|&i| hits[i] += 1);
        }
        // 400 expected, standard deviation 15.5: beyond six of them once in 10^8 seeds
        assert!(hits.iter().all(|h| (307..493).contains(h)), "{hits:?}");
        assert_eq!(sample(&mut rng, 3, 9), [0, 1, 2]);
    }

    #[test]
    fn dropout_keeps_the_mean_and_normals_have_unit_variance() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut values = vec![0.0; 40_000];
        fill_dropout(&mut rng, 0.4, &mut values);
        let mean = values.iter().sum::<f32>() / 40_000.0;
        // standard deviation .0041
        assert!((mean - 1.0).abs() < 0.025, "{mean}");
        fill_normal(&mut rng, 2.0, &mut values);
        let variance = values.iter().map(|v| v * v).sum::<f32>() / 40_000.0;
        // standard deviation .028
        assert!((variance - 4.0).abs() < 0.17, "{variance}");
    }
}
