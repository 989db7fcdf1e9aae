//! Validation cases, asked of one embedding and any graph; what a rank is worth; when a difference counts.

use std::ops::Range;

use super::Context;
use super::cases::CaseScores;
use super::halving::Trial;
use super::holdout::HeldOut;
use super::space::Setting;
use crate::reference::Protocol;
use crate::train::embedding::Embedding;
use crate::train::graph::{CountParameters, Counted};
use crate::train::histories::Histories;

/// How much heavier or lighter the graph is tried with another embedding.
const FACTORS: [f32; 7] = [0.25, 0.4, 0.63, 1.0, 1.6, 2.5, 4.0];

/// Validation cases, asked of one embedding and any graph.
pub(super) struct Validation<'a> {
    context: &'a Context<'a>,
    training: &'a Histories,
    scores: CaseScores<'a>,
    searched: usize,
    protocol: Protocol,
}

impl<'a> Validation<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        held: &'a HeldOut,
        embedding: &'a Embedding,
        counts: &[u64],
        protocol: Protocol,
    ) -> Self {
        let scores = CaseScores::new(&held.whole, &held.cases, embedding, counts, protocol);
        Self { context, training: &held.training, scores, searched: held.searched, protocol }
    }

    /// The rank of every case's item, searched and fresh.
    pub(super) fn ranks(&mut self, counted: &Counted, setting: &Setting) -> Vec<usize> {
        self.scores.ranks(counted, setting, 0..self.scores.len())
    }

    fn gains(&mut self, counted: &Counted, setting: &Setting, cases: Range<usize>) -> Vec<f64> {
        let ranks = self.scores.ranks(counted, setting, cases);
        ranks.into_iter().map(|rank| gain(rank, self.protocol)).collect()
    }

    /// The setting with the graph as heavy as suits best, and the gains of the searched cases.
    pub(super) fn best_factor(&mut self, setting: &Setting) -> (Setting, Vec<f64>) {
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
pub(super) fn gain(rank: usize, protocol: Protocol) -> f64 {
    match protocol {
        Protocol::LeaveOneOut if rank <= 10 => 1.0 / (1.0 + rank as f64).log2(),
        Protocol::NextClick if rank <= 20 => (1.0 + 2.0 / rank as f64) / 3.0,
        Protocol::LeaveOneOut | Protocol::NextClick => 0.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean")]
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Whether `new` is larger than `old` on average by more than one standard error of their paired difference.
#[expect(clippy::cast_precision_loss, reason = "a mean")]
pub(super) fn is_better(new: &[f64], old: &[f64]) -> bool {
    let differences: Vec<f64> = new.iter().zip(old).map(|(new, old)| new - old).collect();
    let middle = mean(&differences);
    let squares: f64 = differences.iter().map(|d| (d - middle).powi(2)).sum();
    let count = differences.len() as f64;
    middle > 0.0 && middle.powi(2) * count * (count - 1.0) > squares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::metrics::{hit_rate_at_k, mrr_at_k, ndcg_at_k};

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
}
