//! How sure a figure is: the bootstrap over users, percentile intervals, and means over seeds.
//!
//! In: what each user's cases came to. Out: intervals. Users are drawn, not cases, because the cases of one user are
//! alike; a figure is a ratio of sums over users (Cochran 1977, ch. 6), so that users with many cases count for more, as
//! they do in the figure itself.
//!
//! Every user gets a weight from the Poisson distribution of mean 1 in every resample (Hanley and MacGibbon 2006), which
//! for a ratio is as good as drawing with replacement and needs no table of users. Figures of one resample are computed
//! with the same weights, so that their differences are paired.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Share of intervals that hold the truth.
pub const CONFIDENCE: f64 = 0.95;
/// Resamples where none are asked for by number.
pub const RESAMPLES: u32 = 1000;
/// Fewer users than this give no interval: the percentiles of so few promise too much.
pub const FEWEST_USERS: usize = 20;
/// Standard errors that a true loss must have, for a one-sided 5 % test to find it with probability 0.8: 1.645 + 0.842.
pub const DETECTABLE_ERRORS: f64 = 2.49;
/// A difference that fewer users show than this is not called one, whatever the interval: even if all of them agree, a
/// two-sided sign test at 5 % needs six.
pub const FEWEST_CHANGED: usize = 6;

/// Seeded resamples of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// How many.
    pub resamples: u32,
    /// What they follow from.
    pub seed: u64,
}

impl Bootstrap {
    /// Writes how often each user is in resample number `resample`.
    pub fn weights(&self, resample: u32, weights: &mut [u8]) {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(u64::from(resample));
        let mut bits = 0;
        for (place, weight) in weights.iter_mut().enumerate() {
            bits = if place % 2 == 0 { random.next_u64() } else { bits >> 32 };
            let drawn = bits & 0xffff_ffff;
            let mut count = 0;
            while POISSON.get(usize::from(count)).is_some_and(|end| drawn >= *end) {
                count += 1;
            }
            *weight = count;
        }
    }
}

/// `2^32 P(X <= k)` for X of the Poisson distribution of mean 1, until all of 32 bits are below.
const POISSON: [u64; 13] = {
    let (mut out, mut term, mut sum, mut k) = ([0; 13], 0.367_879_441_171_442_33, 0.0, 0);
    while k < out.len() {
        sum += term;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 2^32, and the last one rounds up to it"
        )]
        {
            out[k] = (sum * 4_294_967_296.0 + 0.5) as u64;
        }
        k += 1;
        #[expect(clippy::cast_precision_loss, reason = "at most 13")]
        {
            term /= k as f64;
        }
    }
    out
};

/// The percentile interval of a figure's resampled values (Efron 1979), interpolated between order statistics. Values
/// that are not numbers (resamples without a case) are passed over. `None` without a value.
///
/// The order of `values` changes.
pub fn percentile_interval(values: &mut Vec<f64>, confidence: f64) -> Option<(f64, f64)> {
    values.retain(|value| !value.is_nan());
    values.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    Some((quantile(values, tail)?, quantile(values, 1.0 - tail)?))
}

/// The quantile of ascending values by linear interpolation.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among the values"
)]
fn quantile(ascending: &[f64], share: f64) -> Option<f64> {
    let place = share * (ascending.len().checked_sub(1)? as f64);
    let (below, rest) = (place.floor() as usize, place.fract());
    let lower = *ascending.get(below)?;
    let upper = ascending.get(below + 1).copied().unwrap_or(lower);
    Some(lower + rest * (upper - lower))
}

/// Mean and standard deviation (with `n - 1`); the deviation of fewer than two values is 0.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts")]
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0)).sqrt())
}

/// A figure over several seeds.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct OverSeeds {
    /// Mean.
    pub mean: f64,
    /// Standard deviation between seeds.
    pub deviation: f64,
    /// Lower end of the interval of the mean: Student's, at 95 %. `None` for one seed.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
}

/// Summarises one figure of several seeds.
///
/// The interval is of the mean over seeds on these cases: it holds how training varies, not how users do.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a count of seeds")]
pub fn over_seeds(values: &[f64]) -> OverSeeds {
    let (mean, deviation) = mean_and_deviation(values);
    let half =
        student_975(values.len().saturating_sub(1)).map(|t| t * deviation / (values.len() as f64).sqrt());
    OverSeeds { mean, deviation, low: half.map(|half| mean - half), high: half.map(|half| mean + half) }
}

/// The 97.5 % quantile of Student's distribution; `None` without a degree of freedom. Above 30 by the expansion of
/// Cornish and Fisher (Abramowitz and Stegun 26.7.5).
#[expect(clippy::cast_precision_loss, reason = "a count of seeds")]
fn student_975(degrees: usize) -> Option<f64> {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
        2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048,
        2.045, 2.042,
    ];
    let z = 1.959_964;
    let expanded = || z + (z * z * z + z) / (4.0 * degrees as f64);
    (degrees > 0).then(|| TABLE.get(degrees - 1).copied().unwrap_or_else(expanded))
}

#[cfg(test)]
#[path = "statistics/tests.rs"]
mod tests;
