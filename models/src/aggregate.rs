//! Preference reports become demand per topic.
//!
//! In: reports of 24 bytes, one after the other, and the vocabulary they speak of. Out: for each epoch the share of each topic
//! with its interval. Memory does not grow with reports.
//! Must never keep a report, count what the strict decoder refuses, or show the shares of fewer reports than the minimum.

mod demand;
mod estimator;
mod read;
mod table;

use std::collections::BTreeMap;

use tastekeeper::report::{MAX_TOPICS, Parameters, ReceivedReport, Vocabulary, WireProblem};

pub use demand::{
    DEMAND_VERSION, Demand, EpochDemand, RefusedReports, TopicDemand, TopicNames, minimum_cohort,
};
pub use estimator::{Estimate, Estimator, project};
pub use read::{MAX_LINE_BYTES, ReportFormat, read_reports};
pub use table::to_parquet;

/// Why something was not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// A line that is not `{"report": "<24 bytes in base64>"}`, or carries anything beside it.
    Line,
    /// Bytes that are no report.
    Bytes(WireProblem),
    /// A report about another vocabulary.
    Vocabulary,
    /// A report with other parameters than the vocabulary has.
    Parameters,
}

impl Refused {
    /// A word for tables and for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Bytes(problem) => match problem {
                WireProblem::Length => "length",
                WireProblem::Magic => "magic",
                WireProblem::Version => "version",
                WireProblem::Mechanism => "mechanism",
                WireProblem::Parameters => "parameters",
                WireProblem::Reserved => "reserved",
                WireProblem::Mask => "mask",
                _ => "other",
            },
            Self::Vocabulary => "vocabulary",
            Self::Parameters => "vocabulary_parameters",
        }
    }
}

/// What was counted in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochCounts {
    /// Reports.
    pub reports: u64,
    /// Reports that name topic 0, 1, and so on.
    pub named: [u64; MAX_TOPICS as usize],
}

/// Counts of the reports about one vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    taxonomy_id: [u8; 4],
    parameters: Parameters,
    epochs: BTreeMap<u16, EpochCounts>,
    refused: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(taxonomy_id: [u8; 4], parameters: Parameters) -> Self {
        Self { taxonomy_id, parameters, epochs: BTreeMap::new(), refused: BTreeMap::new() }
    }

    /// Nothing counted yet about `vocabulary`.
    #[must_use]
    pub fn of(vocabulary: &Vocabulary) -> Self {
        Self::new(vocabulary.taxonomy_id(), vocabulary.parameters())
    }

    /// Reads one report without counting it.
    ///
    /// # Errors
    /// Why it would not be counted.
    pub fn read(&self, bytes: &[u8]) -> Result<ReceivedReport, Refused> {
        let report = ReceivedReport::decode(bytes).map_err(Refused::Bytes)?;
        if report.taxonomy_id() != self.taxonomy_id {
            return Err(Refused::Vocabulary);
        }
        if report.parameters() != self.parameters {
            return Err(Refused::Parameters);
        }
        Ok(report)
    }

    /// Counts one report, or the refusal.
    pub fn take(&mut self, bytes: &[u8]) {
        match self.read(bytes) {
            Ok(report) => self.add(report.epoch(), report.mask(), 1),
            Err(refused) => self.refuse(refused),
        }
    }

    /// Counts `times` reports with this mask, which must be one of the vocabulary's mechanism.
    pub fn add(&mut self, epoch: u16, mask: u64, times: u64) {
        let none = EpochCounts { reports: 0, named: [0; MAX_TOPICS as usize] };
        let counts = self.epochs.entry(epoch).or_insert(none);
        counts.reports += times;
        for (topic, named) in counts.named.iter_mut().enumerate() {
            *named += (mask >> topic & 1) * times;
        }
    }

    /// Counts a refusal.
    pub fn refuse(&mut self, refused: Refused) {
        *self.refused.entry(refused.word()).or_default() += 1;
    }

    /// The mechanism.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// The epochs, the oldest first.
    pub fn epochs(&self) -> impl Iterator<Item = (u16, &EpochCounts)> {
        self.epochs.iter().map(|(epoch, counts)| (*epoch, counts))
    }

    /// How many were refused, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.refused.iter().map(|(word, count)| (*word, *count))
    }

    /// Reports counted, in all epochs.
    #[must_use]
    pub fn reports(&self) -> u64 {
        self.epochs.values().map(|counts| counts.reports).sum()
    }
}

#[cfg(test)]
mod tests;
