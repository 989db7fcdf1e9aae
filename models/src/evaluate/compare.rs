//! Setting an evaluation beside an earlier report, case by case.
//!
//! In: what every case came to, or a report that holds it. Out: [`Outcomes`], or the ranks of another report's cases.
//! Must never pair cases that are not the same: other cases are an error that says what differs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use super::{EvaluateConfig, Evaluation, LIST_LENGTH};
use crate::dataset::Dataset;
use crate::reference::Case;
use crate::report::{Outcomes, Report};

/// Why two reports cannot be compared case by case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// Another protocol.
    #[error(
        "the baseline report asks with --protocol {theirs}, this evaluation with {ours}; use one protocol for both"
    )]
    Protocol {
        /// This evaluation's.
        ours: String,
        /// The report's.
        theirs: String,
    },
    /// Known items compete in one of them only.
    #[error(
        "known items compete in one of this evaluation and the baseline report only; use one --repeats for both"
    )]
    Repeats,
    /// Another sample of users.
    #[error(
        "the baseline report is of {theirs} users, this evaluation of {ours}; use one --users and --seed for both"
    )]
    Sample {
        /// This evaluation's users asked for.
        ours: String,
        /// The report's.
        theirs: String,
    },
    /// Other cases.
    #[error(
        "the baseline report is of other cases: {theirs} of them where this evaluation has {ours}, or another log, --share \
         or --seed; evaluate the baseline's pack anew on this log"
    )]
    Cases {
        /// This evaluation's cases.
        ours: usize,
        /// The report's.
        theirs: usize,
    },
    /// It does not hold its cases.
    #[error(
        "the baseline report does not hold what its cases came to; make it anew with `tastekeeper evaluate --report`"
    )]
    NoOutcomes,
}

/// What the cases are: which events are asked for, after which histories, with what excluded.
pub(super) fn digest(config: &EvaluateConfig, dataset: &Dataset, cases: &[Case]) -> String {
    let mut hash = Blake2b::<U32>::new();
    let number = |value: usize| (value as u64).to_le_bytes();
    hash.update(config.protocol.name().as_bytes());
    hash.update([u8::from(config.repeats)]);
    for of_user in cases.chunk_by(|a, b| a.sequence == b.sequence) {
        let last = of_user.last().map_or(0, |case| case.position);
        let events = &dataset.sequences[of_user[0].sequence].events[..=last];
        hash.update(number(of_user.len()));
        of_user.iter().for_each(|case| hash.update(number(case.position)));
        hash.update(number(events.len()));
        for event in events {
            let id = dataset.items[event.item as usize].as_bytes();
            hash.update(number(id.len()));
            hash.update(id);
            hash.update([event.kind as u8]);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the cases came to at level on-device.
pub(super) fn outcomes(evaluation: &Evaluation) -> Outcomes {
    let mut counts = Vec::new();
    for of_user in evaluation.outcomes.chunk_by(|a, b| a.case.sequence == b.case.sequence) {
        let mut left = of_user.len();
        while left >= 0x80 {
            counts.push(low_byte(left & 0x7f | 0x80));
            left >>= 7;
        }
        counts.push(low_byte(left));
    }
    Outcomes {
        cases_digest: evaluation.cases_digest.clone(),
        cases_per_user: STANDARD.encode(counts),
        ranks: STANDARD.encode(&evaluation.on_device().ranks),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "below 256")]
fn low_byte(value: usize) -> u8 {
    value as u8
}

/// The ranks of `report`'s cases, which are those of an evaluation so configured, as many, with that digest.
///
/// # Errors
/// If they are not.
pub(super) fn ranks(
    report: &Report,
    config: &EvaluateConfig,
    cases: usize,
    digest: &str,
) -> Result<Vec<u8>, CompareError> {
    let (ours, theirs) = (config.protocol.name(), &report.protocol);
    if ours != theirs {
        return Err(CompareError::Protocol { ours: ours.to_owned(), theirs: shown(theirs) });
    }
    if config.repeats != report.repeats {
        return Err(CompareError::Repeats);
    }
    let sample = |users: Option<usize>| users.map_or("all".to_owned(), |users| format!("{users} drawn"));
    if config.users != report.sampled_users {
        return Err(CompareError::Sample {
            ours: sample(config.users),
            theirs: sample(report.sampled_users),
        });
    }
    if report.outcomes.ranks.is_empty() {
        return Err(CompareError::NoOutcomes);
    }
    if report.outcomes.cases_digest != digest {
        return Err(CompareError::Cases { ours: cases, theirs: report.cases });
    }
    let ranks = STANDARD.decode(&report.outcomes.ranks).map_err(|_| CompareError::NoOutcomes)?;
    let fits = ranks.len() == cases && ranks.iter().all(|rank| usize::from(*rank) <= LIST_LENGTH);
    if fits { Ok(ranks) } else { Err(CompareError::NoOutcomes) }
}

/// A name from a file, for one line.
fn shown(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect()
}
