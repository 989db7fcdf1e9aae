//! Random draws that are the same on every platform.
//!
//! In: a seed and a stream number. Out: ChaCha20 words turned into numbers, by methods written out here so that no
//! release of a library changes a shop. Logarithms and cosines come from libm, not from the platform.
//! Must never be used where unpredictability matters.

use std::f64::consts::TAU;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// One stream of draws.
#[derive(Debug)]
pub(crate) struct Draws(ChaCha20Rng);

impl Draws {
    /// Streams of one seed are independent of each other.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut words = ChaCha20Rng::from_seed(key);
        words.set_stream(stream);
        Self(words)
    }

    /// Uniform in 0..1, by the upper 53 bits.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `from..to`.
    pub(crate) fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    /// Uniform in `0..count`; `count` is at least 1 and far below 2^53.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "less than `count`")]
        let index = (self.unit() * count as f64) as usize;
        index.min(count - 1)
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of `values`, which are not empty.
    pub(crate) fn pick<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[self.below(values.len())]
    }

    /// Standard normal, by Box and Muller's transform.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(TAU * self.unit())
    }

    /// Log-normal with this median.
    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    /// Exponential with this mean, by inversion.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// An index with probability proportional to its weight, by inversion; weights are not negative and not all zero.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.unit() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (index, weight) in weights.enumerate() {
            if weight > 0.0 {
                last = index;
                if left < weight {
                    break;
                }
                left -= weight;
            }
        }
        last
    }

    /// As [`weighted`](Self::weighted), from the running sums of the weights, in logarithmic time.
    pub(crate) fn weighted_by_sums(&mut self, sums: &[f64]) -> usize {
        let total = sums.last().copied().unwrap_or_default();
        let drawn = self.unit() * total;
        sums.partition_point(|sum| *sum <= drawn).min(sums.len() - 1)
    }

    /// Fisher and Yates's shuffle.
    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        for end in (1..values.len()).rev() {
            values.swap(end, self.below(end + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_fixed_by_their_seed() {
        let first = |seed, stream| Draws::new(seed, stream).unit();
        assert_eq!(first(7, 1).to_bits(), first(7, 1).to_bits());
        assert_ne!(first(7, 1).to_bits(), first(7, 2).to_bits());
        assert_ne!(first(7, 1).to_bits(), first(8, 1).to_bits());
    }

    #[test]
    fn draws_have_the_moments_they_should() {
        // The seed is fixed; a standard error is .01 or less, the limits are five of them or more.
        let mut draws = Draws::new(1, 1);
        let n = 20_000;
        let mean =
            |mut draw: Box<dyn FnMut() -> f64 + '_>| (0..n).map(|_| draw()).sum::<f64>() / f64::from(n);
        assert!((mean(Box::new(|| draws.unit())) - 0.5).abs() < 0.02);
        assert!(mean(Box::new(|| draws.normal())).abs() < 0.04);
        assert!((mean(Box::new(|| draws.exponential(2.0))) - 2.0).abs() < 0.1);
        let share = mean(Box::new(|| f64::from(u8::from(draws.weighted([1.0, 0.0, 3.0].into_iter()) == 2))));
        assert!((share - 0.75).abs() < 0.02);
        assert_eq!(draws.weighted([0.0, 2.0, 0.0].into_iter()), 1);
        assert_eq!(draws.weighted_by_sums(&[0.0, 2.0, 2.0]), 1);
    }
}
