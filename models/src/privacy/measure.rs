//! Everything that is measured on one log: what `tastekeeper privacy` prints and an evaluation's page shows.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use tastekeeper::report::{MAX_RATIO, Parameters, TOPICS, TOPICS_PER_REPORT};

use super::{Attack, ErrorRow, attack, error, slots, topics_by_attribute};
use crate::dataset::{AttributeKind, Dataset};
use crate::train::Progress;
use crate::vocabulary::{BuildConfig, BuildError, Floors, build};

/// Numbers of reports.
const REPORTS: [usize; 4] = [1_000, 5_000, 20_000, 100_000];
/// Ratios: half the budget and less, beside the whole.
const RATIOS: [u8; 3] = [2, 4, MAX_RATIO];
/// Topics in a report whose masks are attacked, beside each other.
const NAMED: [u8; 3] = [1, 2, 4];
/// Reports drawn for one figure, at least four rounds.
const DRAWS: usize = 400_000;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasureConfig {
    /// Topics, that of an empty slot included, as far as the items give so many.
    pub topics: u8,
    /// Topics that a report names.
    pub per_report: u8,
    /// Shoppers among whom one is searched.
    pub shoppers: usize,
    /// Everything random follows from it.
    pub seed: u64,
}

impl Default for MeasureConfig {
    /// The mechanism that ships; one among 2 000.
    fn default() -> Self {
        Self { topics: TOPICS, per_report: TOPICS_PER_REPORT, shoppers: 2_000, seed: 1 }
    }
}

/// What reports of `per_report` topics would tell of one shopper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackRow {
    /// Topics in a report.
    pub per_report: u8,
    /// The answers.
    pub attack: Attack,
}

/// What preference reports would tell on a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Shoppers of the log.
    pub shoppers: usize,
    /// Topics, that of an empty slot included.
    pub topics: u8,
    /// Topics in a report, for [`errors`](Self::errors).
    pub per_report: u8,
    /// The error of the demand, by ratio, then by number of reports.
    pub errors: Vec<ErrorRow>,
    /// What tells of one shopper, by topics in a report.
    pub attacks: Vec<AttackRow>,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// Items without categories and attributes, or none that makes a topic.
    #[error(transparent)]
    Topics(#[from] BuildError),
    /// No mechanism has these numbers.
    #[error("per_report: {per_report} of {topics} topics cannot be named; at most half of them can")]
    PerReport {
        /// What was asked for.
        per_report: u8,
        /// Topics there are.
        topics: u8,
    },
    /// A log without events.
    #[error("the log has no shopper to draw reports from")]
    NoShopper,
}

/// Draws reports from the histories of a log, whose topics are built from the items' categories with the smallest floors, or,
/// where items have attributes only, from those.
///
/// # Errors
/// [`MeasureError`].
pub fn measure(
    dataset: &Dataset,
    config: &MeasureConfig,
    progress: &mut impl Progress,
) -> Result<Measured, MeasureError> {
    if dataset.sequences.is_empty() {
        return Err(MeasureError::NoShopper);
    }
    let (topic_of_item, topics) = topics(dataset, config.topics)?;
    let slots = slots(dataset, &topic_of_item);
    let mechanism = |per_report, ratio| {
        Parameters::new(topics, per_report, ratio).ok_or(MeasureError::PerReport { per_report, topics })
    };
    progress.begin("reports", (RATIOS.len() * REPORTS.len()) as u64);
    let mut errors = Vec::new();
    for ratio in RATIOS {
        let parameters = mechanism(config.per_report, ratio)?;
        for reports in REPORTS {
            let rounds = (DRAWS / reports).clamp(4, 100);
            errors.push(error(&slots.now, parameters, reports, rounds, config.seed));
            progress.step(1);
        }
    }
    progress.end();
    let attacks = NAMED.into_iter().filter(|named| *named <= topics / 2).map(|per_report| {
        let parameters = mechanism(per_report, MAX_RATIO)?;
        Ok(AttackRow { per_report, attack: attack(&slots, parameters, config.shoppers, config.seed) })
    });
    let attacks = attacks.collect::<Result<_, MeasureError>>()?;
    Ok(Measured { shoppers: dataset.sequences.len(), topics, per_report: config.per_report, errors, attacks })
}

/// The topic of each item, and how many there are.
fn topics(dataset: &Dataset, most: u8) -> Result<(Vec<u8>, u8), BuildError> {
    if !dataset.attributes.entries.iter().any(|entry| entry.kind == AttributeKind::Category) {
        if dataset.attributes.entries.is_empty() {
            return Err(BuildError::NoCategories);
        }
        return Ok((topics_by_attribute(dataset, most), most));
    }
    let config = BuildConfig {
        name: "measured".to_owned(),
        topics: most,
        per_report: 1,
        ratio: MAX_RATIO,
        // how many shoppers the masks need is not what is asked here
        cohort: u64::MAX,
        floors: Floors { shoppers: 1, items: 1, brands: 0 },
        names: BTreeMap::new(),
    };
    let built = build(dataset, &config)?;
    Ok((built.topic_of_item, built.draft.parameters.topics()))
}

impl fmt::Display for Measured {
    /// Two tables; without a line's end at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} shoppers, {} topics, that of an empty slot included", self.shoppers, self.topics)?;
        writeln!(f, "\nError of a topic's share, in points; {} topics in a report\n", self.per_report)?;
        writeln!(
            f,
            "| R | epsilon | reports | root mean squared error | half-width, no demand | interval holds |"
        )?;
        write!(f, "|---:|---:|---:|---:|---:|---:|")?;
        for row in &self.errors {
            write!(
                f,
                "\n| {} | {:.2} | {} | {:.2} | {:.2} | {:.1} % |",
                row.ratio,
                f64::from(row.ratio).ln(),
                row.reports,
                row.error_points,
                row.half_width_points,
                100.0 * row.coverage
            )?;
        }
        let Some(first) = self.attacks.first().map(|row| row.attack) else { return Ok(()) };
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        writeln!(
            f,
            "\n\nWhat tells a shopper; searched among {}, where guessing finds {}\n",
            first.shoppers,
            percent(first.chance)
        )?;
        writeln!(f, "| what is sent | nobody else sends it | found again later | found by known slots |")?;
        write!(f, "|---|---:|---:|---:|")?;
        let mut row = |what: &str, shares: [f64; 3]| {
            let [unique, linked, known] = shares.map(percent);
            write!(f, "\n| {what} | {unique} | {linked} | {known} |")
        };
        row("slots without noise", [first.unique_slots, first.linked_slots, first.known_slots])?;
        for AttackRow { per_report, attack } in &self.attacks {
            row(
                &format!("R {MAX_RATIO}, {per_report} in a report"),
                [attack.unique_masks, attack.linked_masks, attack.known_masks],
            )?;
        }
        Ok(())
    }
}
