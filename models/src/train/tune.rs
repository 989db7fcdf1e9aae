//! Chooses the graph's parameters and the blend on validation.
//!
//! Validation is made from the training part alone: the last event of a sample of sequences, or, where repeats are
//! allowed, every click of the sessions that ended last. An embedding is fitted to the rest; then a random search with
//! shrinking steps looks for the setting of the **sum** that ranks the held-out events best. Counting pairs is the
//! expensive half of a setting, so each count is tried with several ways to weigh it.

mod cases;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::embedding::{self, EmbeddingConfig, ItemAttributes};
use super::graph::{CountParameters, Counted, GraphParameters};
use super::histories::Histories;
use super::random::{normal, sample, uniform};
use super::split::Split;
use super::{Progress, Quality};
use crate::reference::metrics::{hit_rate_at_k, mrr_at_k, ndcg_at_k};
use crate::reference::{self, Case, Protocol};
use cases::{CaseScores, Setting};

/// What tuning works on: the training part.
pub(super) struct Context<'a> {
    pub(super) histories: &'a Histories,
    pub(super) attributes: &'a ItemAttributes,
    pub(super) items: usize,
    pub(super) neighbours: usize,
    pub(super) repeats: bool,
    pub(super) budget: usize,
    pub(super) seed: u64,
    pub(super) embedding: &'a EmbeddingConfig,
}

/// What tuning found.
pub(super) struct Chosen {
    pub(super) setting: Setting,
    pub(super) protocol: Protocol,
    pub(super) settings_tried: usize,
    pub(super) quality: Quality,
}

/// Validation cases at most; the search's time is linear in them.
const CASES: usize = 6000;
/// Share of sequences that validation may take.
const SEQUENCE_SHARE: f64 = 1.0 / 3.0;
/// Share of sessions that validation takes where every click is a case.
const SESSION_SHARE: f64 = 0.1;
/// Weighings tried per count.
const WEIGHINGS: usize = 8;
/// Counting is given up when it has gone over so many events.
const COUNTED_EVENTS: usize = 50_000_000;

/// Where the search starts.
pub(super) const START: Setting = Setting {
    graph: GraphParameters {
        count: CountParameters { window: 50, gamma: 0.25, delta: 0.8, rho: 0.1 },
        alpha: 0.4,
        e0: 0.2,
    },
    graph_weight: 8.0,
    graph_decay: 0.5,
    popularity_weight: 0.01,
};

/// The best setting found, or [`START`] if the log is too small to hold anything out.
pub(super) fn tune(context: &Context<'_>, progress: &mut dyn Progress) -> Chosen {
    let protocol = if context.repeats { Protocol::NextClick } else { Protocol::LeaveOneOut };
    let mut rng = ChaCha8Rng::seed_from_u64(context.seed ^ 0x7475_6e65);
    let (cuts, cases) = hold_out(context.histories, protocol, &mut rng);
    let training = context.histories.cut(&cuts);
    let has_pairs = (0..training.len()).any(|s| training.length(s) >= 2);
    let mut chosen = Chosen { setting: START, protocol, settings_tried: 0, quality: Quality::default() };
    if cases.is_empty() || !has_pairs || context.budget == 0 {
        return chosen;
    }
    let counts = training.counts(context.items);
    let embedding =
        embedding::fit(&training, &counts, context.attributes, context.embedding, context.seed, progress);
    let mut scores = CaseScores::new(context.histories, &cases, &embedding, &counts, protocol);
    let count = |parameters: &CountParameters| {
        Counted::new(&training, context.items, context.neighbours, parameters, context.repeats)
    };
    let affordable = COUNTED_EVENTS / training.events().max(1);
    let rounds = context.budget.div_ceil(WEIGHINGS).min(affordable.max(2));

    progress.begin("tune", rounds as u64);
    let mut best = f64::NEG_INFINITY;
    for round in 0..rounds {
        let breadth = step_length(round, rounds);
        let counting =
            if round == 0 { START.graph.count } else { near(&chosen.setting, breadth, &mut rng).graph.count };
        let counted = count(&counting);
        for trial in 0..WEIGHINGS {
            let mut setting =
                if trial == 0 { chosen.setting } else { near(&chosen.setting, breadth, &mut rng) };
            setting.graph.count = counting;
            let ranks = scores.ranks(&counted, &setting);
            chosen.settings_tried += 1;
            let found = objective(&ranks, protocol);
            if found > best {
                best = found;
                chosen.setting = setting;
                chosen.quality = quality(&ranks);
            }
        }
        progress.step(round as u64 + 1);
    }
    let counted = count(&chosen.setting.graph.count);
    let found = chosen.setting;
    for factor in [0.4, 0.55, 0.7, 0.85, 1.2, 1.4, 1.7, 2.1] {
        let setting = Setting { graph_weight: found.graph_weight * factor, ..found };
        let ranks = scores.ranks(&counted, &setting);
        chosen.settings_tried += 1;
        if objective(&ranks, protocol) > best {
            best = objective(&ranks, protocol);
            chosen.setting = setting;
            chosen.quality = quality(&ranks);
        }
    }
    progress.end();
    chosen
}

/// Training events per sequence without validation, and the validation cases.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share"
)]
fn hold_out(histories: &Histories, protocol: Protocol, rng: &mut ChaCha8Rng) -> (Vec<usize>, Vec<Case>) {
    let lengths = || (0..histories.len()).map(|s| histories.length(s));
    let mut cuts: Vec<usize> = lengths().collect();
    match protocol {
        Protocol::LeaveOneOut => {
            let long: Vec<usize> = (0..histories.len()).filter(|&s| histories.length(s) >= 2).collect();
            let count = CASES.min((long.len() as f64 * SEQUENCE_SHARE) as usize);
            for i in sample(rng, long.len(), count) {
                cuts[long[i]] -= 1;
            }
        }
        Protocol::NextClick => {
            let length = |s| histories.length(s);
            let split = Split::TemporalBySequence { share: SESSION_SHARE };
            match split.cuts_by(histories.len(), length, |s, p| histories.time(s, p)) {
                Ok(by_time) => cuts = by_time,
                // without times the log's order is all there is
                Err(_) => {
                    let first = (histories.len() as f64 * (1.0 - SESSION_SHARE)).ceil() as usize;
                    cuts[first..].fill(0);
                }
            }
        }
    }
    let all = reference::cases(lengths(), &cuts, protocol);
    let cases = sample(rng, all.len(), CASES).into_iter().map(|i| all[i]).collect();
    (cuts, cases)
}

/// From 1 to a quarter over the search.
#[expect(clippy::cast_precision_loss, reason = "a share")]
fn step_length(round: usize, rounds: usize) -> f32 {
    1.0 - 0.75 * round as f32 / rounds.max(1) as f32
}

/// A setting near `from`: each parameter is changed with probability one half.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a window of a few dozen"
)]
fn near(from: &Setting, breadth: f32, rng: &mut ChaCha8Rng) -> Setting {
    let mut step = |size: f32| if uniform(rng) < 0.5 { size * breadth * normal(rng) } else { 0.0 };
    let count = from.graph.count;
    let moved = (count.window as f32 * step(0.8).exp2()).round() as usize;
    Setting {
        graph: GraphParameters {
            count: CountParameters {
                window: moved.clamp(2, 50),
                gamma: (count.gamma + step(0.25)).clamp(0.0, 1.0),
                delta: (count.delta + step(0.15)).clamp(0.2, 1.0),
                rho: (count.rho + step(0.2)).clamp(0.0, 1.0),
            },
            alpha: (from.graph.alpha + step(0.2)).clamp(0.0, 1.0),
            e0: (from.graph.e0 * step(1.2).exp2()).clamp(1e-3, 10.0),
        },
        graph_weight: (from.graph_weight * step(0.8).exp2()).clamp(0.01, 1000.0),
        graph_decay: (from.graph_decay + step(0.2)).clamp(0.05, 0.98),
        popularity_weight: (from.popularity_weight * step(2.0).exp2()).clamp(1e-3, 5.0),
    }
}

/// NDCG of the first 10 for one held-out event per shopper, of the first 20 for clicks.
fn objective(ranks: &[usize], protocol: Protocol) -> f64 {
    match protocol {
        Protocol::LeaveOneOut => ndcg_at_k(ranks, 10),
        Protocol::NextClick => ndcg_at_k(ranks, 20),
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
