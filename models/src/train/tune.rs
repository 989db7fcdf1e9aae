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
mod validation;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::embedding::{self, Embedding, EmbeddingConfig, ItemAttributes};
use super::histories::Histories;
use super::{Progress, Quality};
use crate::reference::Protocol;
use crate::reference::metrics::{hit_rate_at_k, mrr_at_k, ndcg_at_k};
use halving::Trial;
use holdout::HeldOut;
pub(super) use space::{START, Setting};
use validation::{Validation, gain, is_better, mean};

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
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
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
/// With fewer cases than this in the search, a better schedule or other event weights would be luck.
const FEWEST_CASES: usize = 200;

/// The best setting found, or [`START`] if the log is too small to hold anything out.
pub(super) fn tune(context: &Context<'_>, progress: &mut dyn Progress) -> Chosen {
    let protocol = if context.repeats { Protocol::NextClick } else { Protocol::LeaveOneOut };
    let examples = |histories: &Histories| histories.events() - histories.len().min(histories.events());
    let usual = (context.embedding)(examples(context.histories));
    let chosen = Chosen {
        setting: START,
        embedding: usual,
        kind_weights: None,
        protocol,
        tuning: Tuning::default(),
        quality: Quality::default(),
        fresh: Quality::default(),
    };
    let held = HeldOut::new(context.histories, protocol);
    let has_pairs = (0..held.training.len()).any(|s| held.training.length(s) >= 2);
    if held.cases.is_empty() || !has_pairs || context.budget == 0 {
        return chosen;
    }
    let affordable = COUNTED_EVENTS / held.training.events().max(1) / halving::COUNTS_PER_ROUND;
    let rounds = context.budget.div_ceil(halving::PER_ROUND).min(affordable.max(2));
    let early = rounds.div_ceil(EARLY);
    // on a part of a large log the schedule is that of the part
    let schedule = (context.embedding)(examples(&held.training));
    let mut tuner = Tuner::new(context, held, protocol, schedule, progress);
    tuner.search(early, progress);
    tuner.settle();
    if tuner.held.searched >= FEWEST_CASES {
        tuner.doubt_schedule(examples(&tuner.held.training), progress);
        if context.learn_kinds && !kinds::learned(tuner.held.whole.kinds()).is_empty() {
            tuner.learn_kinds(progress);
        }
    }
    tuner.search(rounds - early, progress);
    let ranks = tuner.judge();
    Chosen {
        setting: tuner.setting,
        // what was found for a part of a large log is a change of that part's usual schedule
        embedding: carried_over(&usual, &schedule, &tuner.schedule),
        kind_weights: tuner.kind_weights,
        quality: quality(&ranks),
        fresh: quality(&ranks[tuner.held.searched..]),
        tuning: tuner.tuning,
        ..chosen
    }
}

/// The best so far of everything, and what it was found on.
struct Tuner<'a> {
    context: &'a Context<'a>,
    protocol: Protocol,
    rng: ChaCha8Rng,
    held: HeldOut,
    counts: Vec<u64>,
    schedule: EmbeddingConfig,
    embedding: Embedding,
    kind_weights: Option<[f32; 4]>,
    /// The best settings, best first.
    best: Vec<Setting>,
    /// The best of them, with the graph as heavy as suits the embedding, and its gains on the searched cases.
    setting: Setting,
    gains: Vec<f64>,
    tuning: Tuning,
}

impl<'a> Tuner<'a> {
    fn new(
        context: &'a Context<'a>,
        held: HeldOut,
        protocol: Protocol,
        schedule: EmbeddingConfig,
        progress: &mut dyn Progress,
    ) -> Self {
        let counts = held.training.counts(context.items);
        let embedding = fit(context, &held, &counts, &schedule, "validation embedding", progress);
        let tuning = Tuning {
            searched_cases: held.searched,
            fresh_cases: held.cases.len() - held.searched,
            ..Tuning::default()
        };
        Self {
            context,
            protocol,
            rng: ChaCha8Rng::seed_from_u64(context.seed ^ 0x7475_6e65),
            held,
            counts,
            schedule,
            embedding,
            kind_weights: None,
            best: Vec::new(),
            setting: START,
            gains: Vec::new(),
            tuning,
        }
    }

    /// Rounds of halving from the setting so far.
    fn search(&mut self, rounds: usize, progress: &mut dyn Progress) {
        let mut trial =
            Validation::new(self.context, &self.held, &self.embedding, &self.counts, self.protocol);
        progress.begin("search", rounds as u64);
        let step = &mut |done| progress.step(done as u64);
        let found = halving::search(&mut trial, &self.setting, rounds, &mut self.rng, step);
        progress.end();
        self.tuning.rounds.extend_from_slice(&found.rounds);
        self.tuning.settings_tried += found.settings;
        self.best = found.best.into_iter().map(|best| best.0).collect();
        self.setting = self.best[0];
    }

    /// The setting and gains of another embedding with the weights in force, with the graph as heavy as suits it.
    fn ask(&self, embedding: &Embedding) -> (Setting, Vec<f64>) {
        Validation::new(self.context, &self.held, embedding, &self.counts, self.protocol)
            .best_factor(&self.setting)
    }

    /// Makes the embedding at hand what others have to beat.
    fn settle(&mut self) {
        (self.setting, self.gains) = self.ask(&self.embedding);
        let gain = mean(&self.gains);
        self.tuning.schedules.push(ScheduleTrial { schedule: self.schedule, gain, taken: true });
    }

    /// Takes other schedules of the embedding as long as they are better.
    fn doubt_schedule(&mut self, examples: usize, progress: &mut dyn Progress) {
        let usual = self.schedule;
        self.schedule = schedule::climb(&usual, examples, self.context.schedule_budget, &mut |schedule| {
            let other = fit(self.context, &self.held, &self.counts, schedule, "other schedule", progress);
            let (setting, gains) = self.ask(&other);
            let taken = is_better(&gains, &self.gains);
            self.tuning.schedules.push(ScheduleTrial { schedule: *schedule, gain: mean(&gains), taken });
            if taken {
                (self.setting, self.gains, self.embedding) = (setting, gains, other);
            }
            taken
        });
    }

    /// Takes other weights of event kinds if they are better: first only asked with, then trained with.
    fn learn_kinds(&mut self, progress: &mut dyn Progress) {
        let mut reached = mean(&self.gains);
        let learned = kinds::climb(self.held.whole.kinds(), &mut |weights| {
            self.held.weigh(weights);
            let gain = mean(&self.ask(&self.embedding).1);
            let taken = gain > reached;
            reached = reached.max(gain);
            self.tuning.kinds.push(KindTrial { weights, gain, trained: false, taken });
            taken
        });
        self.held.weigh(learned.unwrap_or([1.0; 4]));
        let Some(weights) = learned else { return };
        let other = fit(self.context, &self.held, &self.counts, &self.schedule, "event weights", progress);
        let (setting, gains) = self.ask(&other);
        let taken = is_better(&gains, &self.gains);
        self.tuning.kinds.push(KindTrial { weights, gain: mean(&gains), trained: true, taken });
        if taken {
            (self.setting, self.gains, self.embedding) = (setting, gains, other);
            self.kind_weights = Some(weights);
        } else {
            self.held.weigh([1.0; 4]);
        }
    }

    /// Takes the setting with the highest gain over all cases, fresh ones included, among the best, the middle of
    /// them, and the one that knows nothing of this log. Returns its ranks.
    fn judge(&mut self) -> Vec<usize> {
        let searched = self.held.searched;
        let mut trial =
            Validation::new(self.context, &self.held, &self.embedding, &self.counts, self.protocol);
        let mut candidates = self.best.clone();
        candidates.extend([Setting::middle(&self.best), START]);
        let mut best = (f64::NEG_INFINITY, Vec::new());
        for setting in candidates {
            let counted = trial.count(&setting.graph.count);
            let ranks = trial.ranks(&counted, &setting);
            let gains: Vec<f64> = ranks.iter().map(|&rank| gain(rank, self.protocol)).collect();
            self.tuning.finalists.push(Finalist {
                graph: setting.graph,
                graph_weight: setting.graph_weight,
                graph_decay: setting.graph_decay,
                popularity_weight: setting.popularity_weight,
                searched_gain: mean(&gains[..searched]),
                fresh_gain: mean(&gains[searched..]),
            });
            self.tuning.settings_tried += 1;
            if mean(&gains) > best.0 {
                best = (mean(&gains), ranks);
                self.setting = setting;
            }
        }
        best.1
    }
}

/// An embedding of the training part of validation, shown under a name of its own.
fn fit(
    context: &Context<'_>,
    held: &HeldOut,
    counts: &[u64],
    schedule: &EmbeddingConfig,
    name: &'static str,
    progress: &mut dyn Progress,
) -> Embedding {
    let progress = &mut Named { name, progress };
    // one member is enough to tell settings apart
    let alone = schedule.one_member();
    embedding::fit(&held.training, counts, context.attributes, &alone, context.seed, progress)
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
