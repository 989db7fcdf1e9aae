//! Measures a packed model by replaying a log through the engine, as a phone would live it.
//!
//! In: an open [`Model`], a [`Dataset`] and an [`EvaluateConfig`]. Out: an [`Evaluation`]: the rank of every wanted
//! item, what recommending by popularity would have given, and how long the engine took. [`Report`](crate::report::Report) says it in figures.
//! Must never score by itself: every rank is a place in an answer of [`Recommender::recommend`].
//!
//! All items of the pack compete. Shoppers start with an empty history. See `replay` for how events are tracked.
//!
//! [`Recommender::recommend`]: tastekeeper::Recommender::recommend

mod figures;
mod popularity;
mod replay;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tastekeeper::model::Model;

use crate::dataset::Dataset;
use crate::reference::{self, Case};
use crate::train::Progress;
use crate::train::split::{Split, SplitError};
use replay::Phone;

/// The lengths of lists that metrics are given for.
pub const CUTOFFS: [usize; 5] = [1, 5, 10, 20, 50];
/// How many items every request asks for.
pub const LIST_LENGTH: usize = 50;
/// The list length of coverage.
pub const COVERAGE_LENGTH: usize = 10;

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
}

impl EvaluateConfig {
    /// All sequences; known items compete except in leave-one-out.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        Self { protocol, repeats: protocol != Protocol::LeaveOneOut, users: None, seed: 1 }
    }
}

/// What became of one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The question.
    pub case: Case,
    /// The 1-based place of the wanted item; `None` if it is not among the first [`LIST_LENGTH`].
    pub rank: Option<usize>,
    /// Its place when items are ranked by popularity, with the same items excluded; `None` if it does not compete.
    pub popularity_rank: Option<usize>,
}

/// What an evaluation found.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// How it was asked.
    pub config: EvaluateConfig,
    /// One per case, in log order.
    pub outcomes: Vec<Outcome>,
    /// Sequences with at least one case.
    pub users: usize,
    /// Cases whose item the pack does not know; they are misses.
    pub unknown_targets: usize,
    /// Cases whose item was excluded because the shopper knew it; they are misses.
    pub known_targets: usize,
    /// Distinct items among the first [`COVERAGE_LENGTH`] of all answers.
    pub covered_items: usize,
    /// Distinct items that popularity put there.
    pub covered_by_popularity: usize,
    /// How long each call of `recommend` took, ascending.
    pub latencies: Vec<Duration>,
}

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
    /// The cases cannot be made.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The engine refused a call.
    #[error("the engine refused: {0}")]
    Engine(#[from] tastekeeper::Error),
}

/// Replays `dataset` through an engine with `model`; `progress` hears the phase "evaluate" in cases.
///
/// One thread. Time is linear in cases times items.
///
/// # Errors
/// If there is nothing to ask, or the engine refuses a call.
pub fn evaluate(
    model: &Arc<Model>,
    dataset: &Dataset,
    config: &EvaluateConfig,
    progress: &mut dyn Progress,
) -> Result<Evaluation, EvaluateError> {
    let mut cases = config.protocol.cases(dataset)?;
    if let Some(users) = config.users {
        sample(&mut cases, users, config.seed);
    }
    if cases.is_empty() {
        return Err(EvaluateError::NoCases);
    }
    let index: Vec<Option<u32>> = dataset.items.iter().map(|id| model.index_of(id)).collect();
    if index.iter().all(Option::is_none) {
        return Err(EvaluateError::ForeignLog);
    }
    let mut out = Evaluation {
        config: *config,
        outcomes: Vec::with_capacity(cases.len()),
        users: 0,
        unknown_targets: 0,
        known_targets: 0,
        covered_items: 0,
        covered_by_popularity: 0,
        latencies: Vec::with_capacity(cases.len()),
    };
    let mut phone = Phone::new(model)?;
    let (mut covered, mut covered_by_popularity) = (BTreeSet::new(), BTreeSet::new());
    let mut last_sequence = usize::MAX;
    progress.begin("evaluate", cases.len() as u64);
    for (done, case) in (1u64..).zip(&cases) {
        let events = &dataset.sequences[case.sequence].events;
        if case.sequence != last_sequence {
            phone.hand_over()?;
            out.users += 1;
            last_sequence = case.sequence;
        }
        phone.live(dataset, &events[..case.position])?;
        let excluded =
            if config.repeats { Vec::new() } else { known_items(&events[..case.position], &index) };
        let answer = phone.ask(excluded.iter().filter_map(|&item| model.id(item)))?;
        out.latencies.push(answer.took);
        covered_by_popularity.extend(popularity::first(COVERAGE_LENGTH, model.len(), &excluded));
        for id in answer.items.iter().take(COVERAGE_LENGTH) {
            covered.extend(model.index_of(id));
        }
        let wanted = events[case.position].item as usize;
        let target = index[wanted];
        let is_known = target.is_some_and(|target| excluded.contains(&target));
        out.unknown_targets += usize::from(target.is_none());
        out.known_targets += usize::from(is_known);
        out.outcomes.push(Outcome {
            case: *case,
            rank: answer.items.iter().position(|id| *id == dataset.items[wanted]).map(|place| place + 1),
            popularity_rank: target.filter(|_| !is_known).map(|target| popularity::rank(target, &excluded)),
        });
        progress.step(done);
    }
    progress.end();
    out.latencies.sort_unstable();
    out.covered_items = covered.len();
    out.covered_by_popularity = covered_by_popularity.len();
    Ok(out)
}

/// The distinct items of a history that the pack knows, newest first, as many as a request may exclude.
fn known_items(history: &[crate::dataset::Interaction], index: &[Option<u32>]) -> Vec<u32> {
    let mut seen = BTreeSet::new();
    let known = history.iter().rev().filter_map(|event| index[event.item as usize]);
    known.filter(|item| seen.insert(*item)).take(tastekeeper::MAX_IDS).collect()
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
