//! Measures a packed model by replaying a log through the engine, as a phone would live it.
//!
//! In: an open [`Model`], a [`Dataset`] and an [`EvaluateConfig`]. Out: an [`Evaluation`]: the place of every wanted
//! item at every level of personalisation, the same for other ways to recommend, and how long the engine took.
//! [`Report`](crate::report::Report) says it in figures. Must never score by itself: every rank of the model is a place
//! in an answer of [`Recommender::recommend`].
//!
//! All items of the pack compete. Shoppers start with an empty history. See `replay` for how events are tracked.
//!
//! `asked` runs every level and baseline over the cases, `series` holds what each came to, `segments` divides the cases,
//! `training` is what was known before, `figures` and `intervals` make the report, `compare` sets it beside another.
//!
//! [`Recommender::recommend`]: tastekeeper::Recommender::recommend

mod asked;
mod claims;
mod compare;
mod figures;
mod intervals;
mod parts;
mod replay;
mod reports;
mod segments;
mod series;
mod training;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tastekeeper::Retrieval;
use tastekeeper::model::Model;

use crate::dataset::Dataset;
use crate::reference::{self, Case};
use crate::report::Report;
use crate::train::Progress;
use crate::train::split::{Split, SplitError};
use asked::{Asked, Baselines};
pub use compare::CompareError;
pub use reports::compare_reports;
use segments::Dimension;
pub use segments::NAMED_SEGMENTS;
use series::Facts;
pub use series::Series;
use training::Training;

/// The lengths of lists that metrics are given for.
pub const CUTOFFS: [usize; 5] = [1, 5, 10, 20, 50];
/// How many items every request asks for.
pub const LIST_LENGTH: usize = 50;
/// The list length of coverage and of the other figures of lists by themselves.
pub const COVERAGE_LENGTH: usize = 10;

/// Names of levels in reports.
const ON_DEVICE: &str = "on-device";
const SESSION: &str = "session";
const OFF: &str = "off";
/// Why a figure is missing.
const NO_TRAINING: &str = "the log the pack was trained on was not given";

/// Which events are to be predicted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Protocol {
    /// The last event of every sequence of at least two, from everything before it.
    LeaveOneOut,
    /// Every event that has one before it in its sequence, from those. For a log that training never saw.
    NextClick,
    /// As [`NextClick`](Self::NextClick), but only the `share` of all events that happened last.
    Temporal {
        /// Share of the log's events, above 0 and below 1.
        share: f64,
    },
    /// As [`NextClick`](Self::NextClick), in the `share` of sequences that ended last.
    TemporalSessions {
        /// Share of the log's sequences, above 0 and below 1.
        share: f64,
    },
}

impl Protocol {
    /// The name in reports and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LeaveOneOut => "leave-one-out",
            Self::NextClick => "next-click",
            Self::Temporal { .. } => "temporal",
            Self::TemporalSessions { .. } => "temporal-sessions",
        }
    }

    /// The events asked for, in log order.
    ///
    /// # Errors
    /// A temporal split needs times and a share between 0 and 1.
    pub fn cases(self, dataset: &Dataset) -> Result<Vec<Case>, SplitError> {
        let lengths = dataset.sequences.iter().map(|sequence| sequence.events.len());
        let (cuts, protocol) = match self {
            Self::LeaveOneOut => (
                Split::LeaveOneOut { train_on_validation: true }.cuts(&dataset.sequences)?,
                reference::Protocol::LeaveOneOut,
            ),
            Self::NextClick => (vec![0; dataset.sequences.len()], reference::Protocol::NextClick),
            Self::Temporal { share } => {
                (Split::TemporalByEvent { share }.cuts(&dataset.sequences)?, reference::Protocol::NextClick)
            }
            Self::TemporalSessions { share } => (
                Split::TemporalBySequence { share }.cuts(&dataset.sequences)?,
                reference::Protocol::NextClick,
            ),
        };
        Ok(reference::cases(lengths, &cuts, protocol))
    }
}

/// How to evaluate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EvaluateConfig {
    /// Which events are to be predicted.
    pub protocol: Protocol,
    /// Whether items of the shopper's history compete. If not, up to 1 000 of them, the newest, are excluded.
    pub repeats: bool,
    /// Only so many sequences, drawn at random; `None` for all.
    pub users: Option<usize>,
    /// What the draw follows from.
    pub seed: u64,
    /// Also replays at level Off.
    pub off: bool,
    /// Also replays at level Session: only what was done in the visit is known. Visits are parted by pauses of 30
    /// minutes, the engine's default; without times a visit is the event before the wanted one.
    pub session: bool,
    /// Also fits and asks item-kNN, Markov and EASE. Popularity is always asked.
    pub baselines: bool,
    /// Also replays with each part of the model alone, and with what the model links as the only candidates.
    pub parts: bool,
}

impl EvaluateConfig {
    /// All sequences, level on-device and popularity only; known items compete except in leave-one-out.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            repeats: protocol != Protocol::LeaveOneOut,
            users: None,
            seed: 1,
            off: false,
            session: false,
            baselines: false,
            parts: false,
        }
    }
}

/// What became of one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The question.
    pub case: Case,
    /// The 1-based place of the wanted item; `None` if it is not among the first [`LIST_LENGTH`].
    pub rank: Option<usize>,
    /// The wanted item was not excluded and is in the pack: it could have been found.
    pub competes: bool,
}

/// What an evaluation found.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// How it was asked.
    pub config: EvaluateConfig,
    /// One per case at level on-device, in log order.
    pub outcomes: Vec<Outcome>,
    /// Sequences with at least one case.
    pub users: usize,
    /// Cases whose item the pack does not know; they are misses.
    pub unknown_targets: usize,
    /// Cases whose item was excluded because the shopper knew it; they are misses.
    pub known_targets: usize,
    /// What each level came to: `on-device`, and `session` and `off` where asked for.
    pub levels: BTreeMap<&'static str, Series>,
    /// What each part of the model came to alone.
    pub parts: BTreeMap<&'static str, Series>,
    /// What each baseline came to.
    pub baselines: BTreeMap<&'static str, Series>,
    /// Baselines that were not run, and why.
    pub baselines_left_out: BTreeMap<String, String>,
    /// Figures and dimensions that the data does not give, and why.
    pub left_out: BTreeMap<String, String>,
    /// How long each call of `recommend` took at level on-device, ascending.
    pub latencies: Vec<Duration>,
    dimensions: Vec<Dimension>,
    cases_digest: String,
    /// The ranks of the report to compare with.
    baseline: Option<Vec<u8>>,
}

impl Evaluation {
    /// What level on-device came to.
    #[must_use]
    pub fn on_device(&self) -> &Series {
        &self.levels[ON_DEVICE]
    }
}

/// A log to ask about, and what else is known.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The log whose events are asked for.
    pub log: &'a Dataset,
    /// The log the pack was trained on, for [`Protocol::NextClick`]; the other protocols find it in `log`.
    pub training: Option<&'a Dataset>,
    /// A report of the same cases, to compare with.
    pub baseline: Option<&'a Report>,
}

impl<'a> Inputs<'a> {
    /// A log, and nothing else known.
    #[must_use]
    pub fn new(log: &'a Dataset) -> Self {
        Self { log, training: None, baseline: None }
    }
}

/// Hears the list of every case at level on-device, best first, as the engine gave it.
pub type Listener<'a> = &'a mut dyn FnMut(Case, &[u32]);

/// Why nothing was evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// No event can be asked for.
    #[error(
        "nothing to evaluate: no sequence has an event to predict with an event before it; \
         check the user or session column, or the protocol"
    )]
    NoCases,
    /// Every wanted item and every history is foreign to the pack.
    #[error("the pack knows no item of the log; check the item column, or that log and pack are of one shop")]
    ForeignLog,
    /// The training log is not the pack's.
    #[error(
        "the pack knows no item of the training log; check its item column, or that log and pack are of one shop"
    )]
    ForeignTrainingLog,
    /// The cases cannot be made.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The report to compare with is of other cases.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// A part of the model cannot be asked alone.
    #[error("a part of the model cannot be packed alone: {reason}")]
    Parts {
        /// What the writer of packs said.
        reason: String,
    },
    /// The engine refused a call.
    #[error("the engine refused: {0}")]
    Engine(#[from] tastekeeper::Error),
}

/// Replays a log through an engine with `model`; `progress` hears the phases "evaluate", "off", and one or two per
/// baseline, in cases.
///
/// One thread. Time is linear in cases times items, for every level and baseline.
///
/// # Errors
/// If there is nothing to ask, the report to compare with is of other cases, or the engine refuses a call.
pub fn evaluate(
    model: &Arc<Model>,
    inputs: Inputs<'_>,
    config: &EvaluateConfig,
    listener: Listener<'_>,
    progress: &mut dyn Progress,
) -> Result<Evaluation, EvaluateError> {
    let dataset = inputs.log;
    let mut cases = config.protocol.cases(dataset)?;
    if let Some(users) = config.users {
        sample(&mut cases, users, config.seed);
    }
    if cases.is_empty() {
        return Err(EvaluateError::NoCases);
    }
    let cases_digest = compare::digest(config, dataset, &cases);
    let baseline = inputs
        .baseline
        .map(|report| compare::ranks(report, config, cases.len(), &cases_digest))
        .transpose()?;
    let index = index(model, dataset);
    if index.iter().all(Option::is_none) {
        return Err(EvaluateError::ForeignLog);
    }
    let training = match (training::cuts(config.protocol, dataset, model)?, inputs.training) {
        (Some(cuts), _) => Some(Training::new(dataset, &cuts, &index, model.len())),
        (None, Some(log)) => {
            let index = self::index(model, log);
            if index.iter().all(Option::is_none) {
                return Err(EvaluateError::ForeignTrainingLog);
            }
            let cuts: Vec<usize> = log.sequences.iter().map(|sequence| sequence.events.len()).collect();
            Some(Training::new(log, &cuts, &index, model.len()))
        }
        (None, None) => None,
    };
    let facts = Facts::new(model, training.as_ref());
    let retrieval = Retrieval::Auto;
    let asked = Asked { model, dataset, config, cases: &cases, index: &index, facts: &facts, retrieval };
    let replayed = asked.replay(listener, progress)?;
    let mut levels = BTreeMap::from([(ON_DEVICE, replayed.on_device)]);
    levels.extend(replayed.session.map(|series| (SESSION, series)));
    if config.off {
        levels.insert(OFF, asked.replay_off(progress)?);
    }
    let mut parts = BTreeMap::new();
    if config.parts {
        let config = EvaluateConfig { session: false, ..*config };
        let found =
            parts::parts(model).map_err(|error| EvaluateError::Parts { reason: error.to_string() })?;
        for (name, part) in found {
            let asked = Asked { model: &part, config: &config, ..asked };
            parts.insert(name, asked.replay(&mut |_, _| {}, progress)?.on_device);
        }
        let linked = Asked { config: &config, retrieval: Retrieval::Linked, ..asked };
        parts.insert("linked", linked.replay(&mut |_, _| {}, progress)?.on_device);
    }
    let Baselines { found, left_out } = asked.baselines(training.as_ref(), progress);
    let wanted: Vec<Option<u32>> = cases.iter().map(|case| asked.wanted(case)).collect();
    let dimensions = segments::dimensions(model, training.as_ref(), &cases, &wanted);
    let mut missing: BTreeMap<String, String> = BTreeMap::new();
    let mut miss = |name: &str, why: &str| missing.insert(name.to_owned(), why.to_owned());
    for (name, why) in facts.missing() {
        miss(&format!("{name}@{COVERAGE_LENGTH}"), why);
    }
    if training.is_none() {
        miss("item-popularity", NO_TRAINING);
    }
    for name in ["category", "brand", "price-band"] {
        if dimensions.iter().all(|dimension| dimension.name != name) {
            miss(name, "no wanted item has one in the pack");
        }
    }
    let ranks = &levels[ON_DEVICE].ranks;
    let outcome = |((case, rank), competes): ((&Case, &u8), bool)| Outcome {
        case: *case,
        rank: Some(usize::from(*rank)).filter(|rank| *rank > 0),
        competes,
    };
    Ok(Evaluation {
        config: *config,
        outcomes: cases.iter().zip(ranks).zip(replayed.competes).map(outcome).collect(),
        users: count_users(&cases),
        unknown_targets: wanted.iter().filter(|item| item.is_none()).count(),
        known_targets: replayed.known_targets,
        levels,
        parts,
        baselines: found,
        baselines_left_out: left_out,
        left_out: missing,
        latencies: replayed.latencies,
        dimensions,
        cases_digest,
        baseline,
    })
}

/// The place in the pack of every item of a log.
fn index(model: &Model, dataset: &Dataset) -> Vec<Option<u32>> {
    dataset.items.iter().map(|id| model.index_of(id)).collect()
}

/// Cases come sequence by sequence.
fn count_users(cases: &[Case]) -> usize {
    cases.chunk_by(|a, b| a.sequence == b.sequence).count()
}

/// Keeps the cases of `users` sequences, drawn without replacement (selection sampling: Knuth, TAOCP 3.4.2, S).
fn sample(cases: &mut Vec<Case>, users: usize, seed: u64) {
    let mut sequences: Vec<usize> = cases.iter().map(|case| case.sequence).collect();
    sequences.dedup();
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x6576_616c);
    let (mut wanted, mut left) = (users.min(sequences.len()), sequences.len());
    let mut keep = HashMap::new();
    for sequence in sequences {
        // the bias of the remainder is below `left / 2^64`
        let takes = random.next_u64() % (left as u64) < wanted as u64;
        wanted -= usize::from(takes);
        left -= 1;
        keep.insert(sequence, takes);
    }
    cases.retain(|case| keep[&case.sequence]);
}

#[cfg(test)]
#[path = "evaluate/tests.rs"]
mod tests;
