//! The demand per topic and epoch, as a document that can be written, read and shown.
//!
//! In: counts and the vocabulary's names. Out: [`Demand`]. Must never hold a share of fewer reports than the minimum.

use serde::{Deserialize, Serialize};
use tastekeeper::report::{EPOCH_DAYS, EPOCH_START_DAY, MIN_SHOPPERS_PER_MASK, Parameters, VocabularyDraft};

use super::{EpochCounts, Estimator, Tally, project};
use crate::date::iso_date;

/// The version of the document.
pub const DEMAND_VERSION: u32 = 1;

/// Reports that an epoch needs before its shares are shown: 50 for each possible mask, as a vocabulary needs shoppers.
#[must_use]
pub fn minimum_cohort(parameters: Parameters) -> u64 {
    parameters.masks().saturating_mul(MIN_SHOPPERS_PER_MASK)
}

/// What topics are called, and which categories they stand for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicNames {
    /// From 0; topic 0 is an empty slot.
    pub topic: u8,
    /// What the shopper reads; `none` for topic 0.
    pub label: String,
    /// Nodes of the category tree: items at or below one of them, and not below a deeper one of another topic.
    pub nodes: Vec<String>,
}

/// One topic in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopicDemand {
    /// From 0.
    pub topic: u8,
    /// Reports that name it.
    pub named: u64,
    /// Its estimated share of all slots; without bias, so it may be negative.
    pub share: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The share for display: all of an epoch are not negative and add up to 1.
    pub shown: f64,
}

/// One epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochDemand {
    /// Its number, as in the reports.
    pub epoch: u16,
    /// Its first day.
    pub from: String,
    /// Its last day.
    pub to: String,
    /// Reports counted.
    pub reports: u64,
    /// Whether there were too few to show shares; `topics` is empty then.
    pub withheld: bool,
    /// Topic 0 and up.
    pub topics: Vec<TopicDemand>,
}

/// What was not counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedReports {
    /// A word for why.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// Demand per topic over epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    /// [`DEMAND_VERSION`].
    pub version: u32,
    /// The vocabulary's name.
    pub vocabulary: String,
    /// Its id in reports, in hexadecimal digits.
    pub taxonomy_id: String,
    /// `m`: topics that a report names.
    pub per_report: u8,
    /// `R`: no mask is more than so many times as likely for one shopper as for another.
    pub ratio: u8,
    /// Reports that an epoch needed.
    pub minimum_cohort: u64,
    /// How far one per cent of fake reports can move the share of one topic.
    pub moved_by_one_percent_of_fakes: f64,
    /// What the topics are.
    pub topics: Vec<TopicNames>,
    /// The oldest first.
    pub epochs: Vec<EpochDemand>,
    /// What was not counted.
    pub refused: Vec<RefusedReports>,
}

impl Demand {
    /// The demand that `tally` shows, for epochs of at least `minimum` reports. `vocabulary` is the tally's.
    #[must_use]
    pub fn new(tally: &Tally, vocabulary: &VocabularyDraft, minimum: u64) -> Self {
        let parameters = tally.parameters();
        let estimator = Estimator::new(parameters);
        let none = TopicNames { topic: 0, label: "none".to_owned(), nodes: Vec::new() };
        let named = (1..).zip(&vocabulary.topics).map(|(topic, names)| TopicNames {
            topic,
            label: names.label.clone(),
            nodes: names.nodes.clone(),
        });
        Self {
            version: DEMAND_VERSION,
            vocabulary: vocabulary.name.clone(),
            taxonomy_id: tally.taxonomy_id.iter().map(|byte| format!("{byte:02x}")).collect(),
            per_report: parameters.per_report(),
            ratio: parameters.ratio(),
            minimum_cohort: minimum,
            moved_by_one_percent_of_fakes: estimator.poisoning(0.01),
            topics: std::iter::once(none).chain(named).collect(),
            epochs: tally
                .epochs()
                .map(|(epoch, counts)| of_epoch(epoch, counts, parameters, &estimator, minimum))
                .collect(),
            refused: tally
                .refused()
                .map(|(reason, count)| RefusedReports { reason: reason.to_owned(), count })
                .collect(),
        }
    }

    /// The last epoch whose shares are shown.
    #[must_use]
    pub fn latest(&self) -> Option<&EpochDemand> {
        self.epochs.iter().rev().find(|epoch| !epoch.withheld)
    }
}

fn of_epoch(
    epoch: u16,
    counts: &EpochCounts,
    parameters: Parameters,
    estimator: &Estimator,
    minimum: u64,
) -> EpochDemand {
    let withheld = counts.reports < minimum.max(1);
    let first = EPOCH_START_DAY + i64::from(epoch) * i64::from(EPOCH_DAYS);
    let date = |day: i64| iso_date(u32::try_from(day).unwrap_or_default());
    let mut topics = Vec::new();
    if !withheld {
        topics.extend((0..parameters.topics()).zip(counts.named).map(|(topic, named)| {
            let estimate = estimator.estimate(named, counts.reports);
            let (low, high) = (estimate.share - estimate.half_width, estimate.share + estimate.half_width);
            TopicDemand { topic, named, share: estimate.share, low, high, shown: 0.0 }
        }));
        let shares: Vec<f64> = topics.iter().map(|topic| topic.share).collect();
        for (topic, shown) in topics.iter_mut().zip(project(&shares)) {
            topic.shown = shown;
        }
    }
    EpochDemand {
        epoch,
        from: date(first),
        to: date(first + i64::from(EPOCH_DAYS) - 1),
        reports: counts.reports,
        withheld,
        topics,
    }
}
