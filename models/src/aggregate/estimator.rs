//! From how often a topic was named to its share, with the interval.
//!
//! Subset selection names the true topic with chance `p` and any other with chance `q`, so the share of shoppers' slots is
//! `(c / n - q) / (p - q)` without bias (Ye and Barg, 2018). Estimates may lie below 0 or above 1, and are kept so: cutting them
//! off would bias every mean over epochs.

use tastekeeper::report::Parameters;

/// The quantile of the normal distribution that leaves 2.5 % on either side.
const Z95: f64 = 1.96;

/// A share with half of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Of all slots of all shoppers who reported; from one draw to the next it may lie outside 0 to 1.
    pub share: f64,
    /// The interval is `share - half_width` to `share + half_width`.
    pub half_width: f64,
}

/// The estimator of one mechanism.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimator {
    true_topic: f64,
    other_topic: f64,
}

impl Estimator {
    /// The estimator for reports made with `parameters`.
    #[must_use]
    pub fn new(parameters: Parameters) -> Self {
        let chance = |(numerator, denominator): (u32, u32)| f64::from(numerator) / f64::from(denominator);
        Self {
            true_topic: chance(parameters.true_topic_odds()),
            other_topic: chance(parameters.other_topic_odds()),
        }
    }

    /// The share of a topic that `named` of `reports` name.
    ///
    /// # Examples
    /// ```
    /// use tastekeeper::report::Parameters;
    /// use tastekeeper_models::aggregate::Estimator;
    ///
    /// let estimator = Estimator::new(Parameters::new(32, 2, 8).unwrap());
    /// // p = 16/46, q = 76/1426: a topic of which everybody has all
    /// let all = estimator.estimate(16, 46);
    /// assert!((all.share - 1.0).abs() < 1e-12);
    /// ```
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
    pub fn estimate(&self, named: u64, reports: u64) -> Estimate {
        let frequency = named as f64 / reports.max(1) as f64;
        let spread = self.true_topic - self.other_topic;
        let variance = frequency * (1.0 - frequency) / reports.max(1) as f64;
        Estimate {
            share: (frequency - self.other_topic) / spread,
            half_width: Z95 * variance.sqrt() / spread,
        }
    }

    /// Half of the interval of a topic that nobody has, for this many reports: what a topic must rise above to be seen.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
    pub fn floor(&self, reports: u64) -> f64 {
        let q = self.other_topic;
        Z95 * (q * (1.0 - q) / reports.max(1) as f64).sqrt() / (self.true_topic - q)
    }

    /// How far fake reports, this fraction of all, can move one topic's share.
    ///
    /// A fake report that names the topic counts `(1 - q) / (p - q)` for it, and the others count less by the same fraction.
    #[must_use]
    pub fn poisoning(&self, fraction: f64) -> f64 {
        fraction * (1.0 - self.other_topic) / (self.true_topic - self.other_topic)
    }
}

/// The nearest shares that are not negative and add up to 1, for display only (Duchi et al., 2008).
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "at most 64 topics")]
pub fn project(shares: &[f64]) -> Vec<f64> {
    let mut sorted = shares.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut cut) = (0.0, 0.0);
    for (place, share) in sorted.iter().enumerate() {
        sum += share;
        let candidate = (sum - 1.0) / (place + 1) as f64;
        if share - candidate > 0.0 {
            cut = candidate;
        }
    }
    shares.iter().map(|share| (share - cut).max(0.0)).collect()
}
