//! Chooses the graph's parameters, the blend, the embedding's schedule and the weights of event kinds on validation.
//!
//! In: the training part. Out: what to fit the final model with, and a report of what was tried. Validation is made from
//! the training part (`holdout`); an embedding is fitted to the rest, and successive halving (`halving`) looks for the
//! setting of the **sum** that ranks the held-out events best. In the middle of the search other schedules of the
//! embedding are tried (`schedule`), and where the log has several kinds of events, other weights (`kinds`). What the
//! search found is judged once more together with cases that it never saw. Must never see what the split holds out.
//!
//! One held-out event per shopper: NDCG@10 is maximised, as it is what reviews are compared by. Every click of a session:
//! `(HR@20 + 2 MRR@20) / 3`, in which a hit on the last place counts about a third of one on the first, since sessions are
//! compared by both and either alone gives the other away.

mod cases;
mod halving;
mod holdout;
mod kinds;
mod report;
mod schedule;
mod space;

use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::embedding::{self, Embedding, EmbeddingConfig, ItemAttributes};
use super::graph::{CountParameters, Counted};
use super::histories::Histories;
use super::{Progress, Quality};
use crate::reference::Protocol;
use crate::reference::metrics::{hit_rate_at_k, mrr_at_k, ndcg_at_k};
use cases::CaseScores;
use halving::{Found, Trial};
use holdout::HeldOut;
pub(super) use space::{START, Setting};

pub use halving::Rung;
pub use report::{Finalist, KindTrial, ScheduleTrial, Tuning};

/// What tuning works on: the training part.
pub(super) struct Context<'a> {
    pub(super) histories: &'a Histories,
    pub(super) attributes: &'a ItemAttributes,
    pub(super) items: usize,
    pub(super) neighbours: usize,
    pub(super) repeats: bool,
    pub(super) budget: usize,
    pub(super) seed: u64,
    /// The embedding's schedule for so many examples.
    pub(super) embedding: &'a dyn Fn(usize) -> EmbeddingConfig,
    /// Examples times epochs that trials of other schedules may cost.
    pub(super) schedule_budget: usize,
    /// Whether the weights of event kinds are to be learned; they are 1 in `histories` then.
    pub(super) learn_kinds: bool,
}

/// What tuning found.
pub(super) struct Chosen {
    pub(super) setting: Setting,
    pub(super) embedding: EmbeddingConfig,
    /// `None` if they were not learned.
    pub(super) kind_weights: Option<[f32; 4]>,
    pub(super) protocol: Protocol,
    pub(super) tuning: Tuning,
    /// On all validation cases.
    pub(super) quality: Quality,
    /// On those that the search never saw.
    pub(super) fresh: Quality,
}

/// Counting is given up when it has gone over so many events.
const COUNTED_EVENTS: usize = 60_000_000;
/// Part of the rounds that come before other schedules and weights are tried.
const EARLY: usize = 3;
/// How much heavier or lighter the graph is tried with another embedding.
const FACTORS: [f32; 7] = [0.25, 0.4, 0.63, 1.0, 1.6, 2.5, 4.0];
/// With fewer cases than this in the search, a better schedule or other event weights would be luck.
const FEWEST_CASES: usize = 200;
/// Settings that are judged on fresh cases.
const FINALISTS: usize = 5;

/// The best setting found, or [`START`] if the log is too small to hold anything out.
pub(super) fn tune(context: &Context<'_>, progress: &mut dyn Progress) -> Chosen {
    let protocol = if context.repeats { Protocol::NextClick } else { Protocol::LeaveOneOut };
    let examples = |histories: &Histories| histories.events() - histories.len().min(histories.events());
    let usual = (context.embedding)(examples(context.histories));
    let mut chosen = Chosen {
        setting: START,
        embedding: usual,
        kind_weights: None,
        protocol,
        tuning: Tuning::default(),
        quality: Quality::default(),
        fresh: Quality::default(),
    };
    let mut held = HeldOut::new(context.histories, protocol);
    let has_pairs = (0..held.training.len()).any(|s| held.training.length(s) >= 2);
    if held.cases.is_empty() || !has_pairs || context.budget == 0 {
        return chosen;
    }
    let affordable = COUNTED_EVENTS / held.training.events().max(1) / halving::COUNTS_PER_ROUND;
    let rounds = context.budget.div_ceil(halving::PER_ROUND).min(affordable.max(2));
    let early = rounds.div_ceil(EARLY);
    let counts = held.training.counts(context.items);
    let mut rng = ChaCha8Rng::seed_from_u64(context.seed ^ 0x7475_6e65);
    // on a part of a large log the schedule is that of the part
    let mut best = (context.embedding)(examples(&held.training));
    let fit = |held: &HeldOut, config: &EmbeddingConfig, name, progress: &mut dyn Progress| {
        let progress = &mut Named { name, progress };
        embedding::fit(&held.training, &counts, context.attributes, config, context.seed, progress)
    };
    let mut tuning = Tuning {
        searched_cases: held.searched,
        fresh_cases: held.cases.len() - held.searched,
        ..Tuning::default()
    };

    let mut embedding = fit(&held, &best, "validation embedding", progress);
    let mut trial = Validation::new(context, &held, &embedding, &counts, protocol);
    let mut found = search(&mut trial, &START, early, "search", &mut tuning, &mut rng, progress);

    // other schedules, at the best setting so far with the graph as heavy as suits each
    let (mut at, mut gains) = trial.best_factor(&found.best[0].0);
    drop(trial);
    tuning.schedules.push(ScheduleTrial { schedule: best, gain: mean(&gains), taken: true });
    let examples = examples(&held.training);
    let doubts = held.searched >= FEWEST_CASES;
    let budget = if doubts { context.schedule_budget } else { 0 };
    best = schedule::climb(&best.clone(), examples, budget, &mut |schedule| {
        let other = fit(&held, schedule, "other schedule", progress);
        let mut trial = Validation::new(context, &held, &other, &counts, protocol);
        let (setting, of_other) = trial.best_factor(&at);
        let taken = is_better(&of_other, &gains);
        tuning.schedules.push(ScheduleTrial { schedule: *schedule, gain: mean(&of_other), taken });
        if taken {
            (at, gains) = (setting, of_other);
            embedding = other;
        }
        taken
    });

    // other weights of event kinds: first asked with, then trained with
    let events = held.whole.kinds();
    if context.learn_kinds && doubts && !kinds::learned(events).is_empty() {
        let mut reached = gains.clone();
        let weights = kinds::climb(events, &mut |weights| {
            held.weigh(weights);
            let mut trial = Validation::new(context, &held, &embedding, &counts, protocol);
            let (_, of_weights) = trial.best_factor(&at);
            let taken = mean(&of_weights) > mean(&reached);
            tuning.kinds.push(KindTrial { weights, gain: mean(&of_weights), trained: false, taken });
            if taken {
                reached = of_weights;
            }
            taken
        });
        held.weigh(weights.unwrap_or([1.0; 4]));
        if let Some(weights) = weights {
            let other = fit(&held, &best, "event weights", progress);
            let mut trial = Validation::new(context, &held, &other, &counts, protocol);
            let (setting, of_other) = trial.best_factor(&at);
            let taken = is_better(&of_other, &gains);
            tuning.kinds.push(KindTrial { weights, gain: mean(&of_other), trained: true, taken });
            if taken {
                at = setting;
                embedding = other;
                chosen.kind_weights = Some(weights);
            } else {
                held.weigh([1.0; 4]);
            }
        }
    }

    let mut trial = Validation::new(context, &held, &embedding, &counts, protocol);
    let later = search(&mut trial, &at, rounds - early, "search", &mut tuning, &mut rng, progress);
    found.best = later.best;
    let finalist = trial.judge(&found, &mut tuning);
    let counted = trial.count(&finalist.graph.count);
    let ranks = trial.scores.ranks(&counted, &finalist, 0..held.cases.len());
    chosen.setting = finalist;
    chosen.quality = quality(&ranks);
    chosen.fresh = quality(&ranks[held.searched..]);
    // what was found for a part of a large log is a change of that part's usual schedule
    chosen.embedding = carried_over(&usual, &tuning.schedules[0].schedule, &best);
    chosen.tuning = tuning;
    chosen
}

/// Rounds of halving, shown as a phase.
fn search(
    trial: &mut Validation<'_>,
    start: &Setting,
    rounds: usize,
    name: &'static str,
    tuning: &mut Tuning,
    rng: &mut ChaCha8Rng,
    progress: &mut dyn Progress,
) -> Found {
    progress.begin(name, rounds as u64);
    let found = halving::search(trial, start, rounds, rng, &mut |done| progress.step(done as u64));
    progress.end();
    tuning.rounds.extend_from_slice(&found.rounds);
    tuning.settings_tried += found.settings;
    found
}

/// `usual` changed as `from` was changed to `to`.
fn carried_over(usual: &EmbeddingConfig, from: &EmbeddingConfig, to: &EmbeddingConfig) -> EmbeddingConfig {
    EmbeddingConfig {
        epochs: (usual.epochs * to.epochs).div_ceil(from.epochs).max(1),
        state_dropout: to.state_dropout,
        id_dropout: to.id_dropout,
        ..*usual
    }
}

/// Validation cases, asked of one embedding and any graph.
struct Validation<'a> {
    context: &'a Context<'a>,
    training: &'a Histories,
    scores: CaseScores<'a>,
    searched: usize,
    protocol: Protocol,
}

impl<'a> Validation<'a> {
    fn new(
        context: &'a Context<'a>,
        held: &'a HeldOut,
        embedding: &'a Embedding,
        counts: &[u64],
        protocol: Protocol,
    ) -> Self {
        let scores = CaseScores::new(&held.whole, &held.cases, embedding, counts, protocol);
        Self { context, training: &held.training, scores, searched: held.searched, protocol }
    }

    fn gains(&mut self, counted: &Counted, setting: &Setting, cases: Range<usize>) -> Vec<f64> {
        let ranks = self.scores.ranks(counted, setting, cases);
        ranks.into_iter().map(|rank| gain(rank, self.protocol)).collect()
    }

    /// The setting with the graph as heavy as suits best, and the gains of the searched cases.
    fn best_factor(&mut self, setting: &Setting) -> (Setting, Vec<f64>) {
        let counted = self.count(&setting.graph.count);
        let mut best: Option<(Setting, Vec<f64>)> = None;
        for factor in FACTORS {
            let setting = setting.with_graph(factor);
            let gains = self.gains(&counted, &setting, 0..self.searched);
            if best.as_ref().is_none_or(|(_, known)| mean(&gains) > mean(known)) {
                best = Some((setting, gains));
            }
        }
        best.unwrap_or((*setting, Vec::new()))
    }

    /// The setting of the best with the highest gain over all cases.
    fn judge(&mut self, found: &Found, tuning: &mut Tuning) -> Setting {
        let (searched, all) = (self.searched, self.scores.len());
        let mut candidates: Vec<Setting> = found.best.iter().map(|best| best.0).take(FINALISTS).collect();
        candidates.push(Setting::middle(&candidates));
        candidates.push(START);
        let mut best = (START, f64::NEG_INFINITY);
        for setting in candidates {
            let counted = self.count(&setting.graph.count);
            let gains = self.gains(&counted, &setting, 0..all);
            tuning.finalists.push(Finalist {
                graph: setting.graph,
                graph_weight: setting.graph_weight,
                graph_decay: setting.graph_decay,
                popularity_weight: setting.popularity_weight,
                searched_gain: mean(&gains[..searched]),
                fresh_gain: mean(&gains[searched..]),
            });
            if mean(&gains) > best.1 {
                best = (setting, mean(&gains));
            }
        }
        tuning.settings_tried += tuning.finalists.len();
        best.0
    }
}

impl Trial for Validation<'_> {
    type Counted = Counted;

    fn cases(&self) -> usize {
        self.searched
    }

    fn count(&self, parameters: &CountParameters) -> Counted {
        let context = self.context;
        Counted::new(self.training, context.items, context.neighbours, parameters, context.repeats)
    }

    fn score(&mut self, counted: &Counted, setting: &Setting, cases: usize) -> f64 {
        mean(&self.gains(counted, setting, 0..cases))
    }
}

/// What a rank is worth.
#[expect(clippy::cast_precision_loss, reason = "a small rank")]
fn gain(rank: usize, protocol: Protocol) -> f64 {
    match protocol {
        Protocol::LeaveOneOut if rank <= 10 => 1.0 / (1.0 + rank as f64).log2(),
        Protocol::NextClick if rank <= 20 => (1.0 + 2.0 / rank as f64) / 3.0,
        Protocol::LeaveOneOut | Protocol::NextClick => 0.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Whether `new` is larger than `old` on average by more than one standard error of their paired difference.
#[expect(clippy::cast_precision_loss, reason = "a mean")]
fn is_better(new: &[f64], old: &[f64]) -> bool {
    let differences: Vec<f64> = new.iter().zip(old).map(|(new, old)| new - old).collect();
    let middle = mean(&differences);
    let squares: f64 = differences.iter().map(|d| (d - middle).powi(2)).sum();
    let count = differences.len() as f64;
    middle > 0.0 && middle.powi(2) * count * (count - 1.0) > squares
}

fn quality(ranks: &[usize]) -> Quality {
    Quality {
        cases: ranks.len(),
        hit_rate_at_10: hit_rate_at_k(ranks, 10),
        ndcg_at_10: ndcg_at_k(ranks, 10),
        hit_rate_at_20: hit_rate_at_k(ranks, 20),
        mrr_at_20: mrr_at_k(ranks, 20),
    }
}

/// Gives every phase one name.
struct Named<'a> {
    name: &'static str,
    progress: &'a mut dyn Progress,
}

impl Progress for Named<'_> {
    fn begin(&mut self, _phase: &'static str, total: u64) {
        self.progress.begin(self.name, total);
    }

    fn step(&mut self, done: u64) {
        self.progress.step(done);
    }

    fn end(&mut self) {
        self.progress.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_ndcg_and_the_mean_of_hits_and_reciprocal_ranks() {
        let ranks = [1, 3, 10, 11, 20, 21, usize::MAX];
        let of = |protocol| mean(&ranks.map(|rank| gain(rank, protocol)));
        assert!((of(Protocol::LeaveOneOut) - ndcg_at_k(&ranks, 10)).abs() < 1e-12);
        let expected = (hit_rate_at_k(&ranks, 20) + 2.0 * mrr_at_k(&ranks, 20)) / 3.0;
        assert!((of(Protocol::NextClick) - expected).abs() < 1e-12);
    }

    #[test]
    fn better_means_by_more_than_a_standard_error() {
        // differences 1, 1, -1, 1: mean 1/2, standard deviation 1, standard error 1/2
        assert!(!is_better(&[1.0, 1.0, 0.0, 1.0], &[0.0, 0.0, 1.0, 0.0]));
        assert!(is_better(&[1.0, 1.0, 0.0, 1.1], &[0.0, 0.0, 0.9, 0.0]));
        assert!(!is_better(&[0.0; 4], &[0.1, 0.2, 0.3, 0.4]));
        assert!(!is_better(&[0.5; 4], &[0.5; 4]));
    }

    #[test]
    fn a_schedule_of_a_part_is_carried_over() {
        let usual = EmbeddingConfig { epochs: 5, ..EmbeddingConfig::default() };
        let part = EmbeddingConfig { epochs: 14, ..usual };
        let found = EmbeddingConfig { epochs: 28, id_dropout: 0.0, ..part };
        let carried = carried_over(&usual, &part, &found);
        assert_eq!((carried.epochs, carried.batch), (10, usual.batch));
        assert!(carried.id_dropout.abs() < 1e-9);
        assert_eq!(carried_over(&usual, &part, &part), usual);
    }
}
