//! The same training with several seeds.
//!
//! Validation asks every seed the same questions, so their figures can be compared. They are of the models that tuning
//! made without the validation events: a seed that was lucky there says little about its final model, and the spread says
//! how much of a difference between two configurations is luck.

use super::{TrainConfig, TrainReport};
use crate::trained::TrainedModel;

/// Which of several models is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The best on validation; of equals the first.
    Best,
    /// That of the first seed, so that its quality is expected to be the mean.
    First,
}

/// What one seed came to on validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// The gain that was maximised, over all validation cases; see [`Tuning`](super::Tuning).
    pub gain: f64,
    /// Quality on the validation cases that the search never saw, or on all where there are none.
    pub quality: super::Quality,
}

/// What the seeds came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Seeds {
    /// Each seed, in order.
    pub results: Vec<SeedResult>,
    /// Index of the one that was kept.
    pub kept: usize,
    /// How it was chosen.
    pub keep: Keep,
}

impl Seeds {
    /// Mean and sample standard deviation of a figure over the seeds; 0 for the deviation of one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a handful of seeds")]
    pub fn spread(&self, figure: impl Fn(&SeedResult) -> f64) -> (f64, f64) {
        let values: Vec<f64> = self.results.iter().map(figure).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count.max(1.0);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (mean, (squares / (count - 1.0).max(1.0)).sqrt())
    }
}

/// A model with what its training chose and saw.
pub type Trained = (TrainedModel, TrainReport);

/// Trains with the seeds `config.seed`, `config.seed + 1`, .. and keeps one model.
///
/// `train_one` is [`train`](super::train) or a way around it. Takes `seeds` times its time, and the memory of one model
/// more.
///
/// # Errors
/// The first of `train_one`.
///
/// # Panics
/// If `seeds` is 0.
pub fn train_seeds<E>(
    config: &TrainConfig,
    seeds: usize,
    keep: Keep,
    train_one: &mut dyn FnMut(&TrainConfig) -> Result<Trained, E>,
) -> Result<(TrainedModel, TrainReport, Seeds), E> {
    assert!(seeds > 0, "there is a seed at least");
    let mut all = Seeds { results: Vec::with_capacity(seeds), kept: 0, keep };
    let mut kept = None;
    for (index, seed) in (config.seed..=u64::MAX).take(seeds).enumerate() {
        let (model, report) = train_one(&TrainConfig { seed, ..config.clone() })?;
        let quality = if report.fresh.cases > 0 { report.fresh } else { report.validation };
        all.results.push(SeedResult { seed, gain: report.validation_gain(), quality });
        let is_better = keep == Keep::Best && all.results[index].gain > all.results[all.kept].gain;
        if is_better || kept.is_none() {
            all.kept = index;
            kept = Some((model, report));
        }
    }
    let (model, report) = kept.expect("there is a seed at least");
    Ok((model, report, all))
}

#[cfg(test)]
mod tests {
    use super::super::Quality;
    use super::*;

    #[test]
    fn the_spread_is_the_sample_standard_deviation() {
        let of = |gain| SeedResult { seed: 1, gain, quality: Quality::default() };
        let seeds = |gains: &[f64]| Seeds {
            results: gains.iter().copied().map(of).collect(),
            kept: 0,
            keep: Keep::First,
        };
        // deviations -1, 0, 1 of the mean 2: variance 2 / 2
        let (mean, spread) = seeds(&[1.0, 2.0, 3.0]).spread(|seed| seed.gain);
        assert!((mean - 2.0).abs() < 1e-12 && (spread - 1.0).abs() < 1e-12);
        let (mean, spread) = seeds(&[5.0]).spread(|seed| seed.gain);
        assert!((mean - 5.0).abs() < 1e-12 && spread.abs() < 1e-12);
    }
}
