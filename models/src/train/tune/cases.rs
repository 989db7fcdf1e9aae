//! Ranks of the validation cases under many settings, with the embedding's scores computed once.
//!
//! Only the first [`DEPTH`] items by the embedding are kept per case: an item beyond them that no transition touches
//! cannot be among the first hundreds of the sum, and a deeper rank is a miss for every metric used here.

use std::cmp::Ordering;
use std::ops::Range;

use ndarray::{Array2, ArrayView1, Axis};

use super::space::Setting;
use crate::reference::{Case, HISTORY_EVENTS, Protocol, popularity};
use crate::train::embedding::Embedding;
use crate::train::graph::Counted;
use crate::train::histories::Histories;

/// Items kept per case.
const DEPTH: usize = 1000;
/// Cases scored by one matrix product.
const BLOCK: usize = 32;

/// Validation cases with their embedding scores.
pub(super) struct CaseScores<'a> {
    histories: &'a Histories,
    cases: &'a [Case],
    embedding: &'a Embedding,
    popularity: Vec<f32>,
    exclude_known: bool,
    /// `cases x dim`.
    queries: Array2<f32>,
    /// Per case, the best items by the embedding, best first.
    best: Vec<Vec<(u32, f32)>>,
    /// Graph score per item of the case at hand; 0 elsewhere.
    graph: Vec<f32>,
    /// Whether an item needs no look in `best`: touched by the graph, or known.
    seen: Vec<bool>,
}

impl<'a> CaseScores<'a> {
    pub(super) fn new(
        histories: &'a Histories,
        cases: &'a [Case],
        embedding: &'a Embedding,
        counts: &[u64],
        protocol: Protocol,
    ) -> Self {
        let items = counts.len();
        let mut queries = Array2::<f32>::zeros((cases.len(), embedding.matrix.nrows()));
        for (mut row, case) in queries.rows_mut().into_iter().zip(cases) {
            let mut factor = 1.0;
            for (k, (item, weight)) in recent(histories, case).enumerate() {
                row.scaled_add(factor * weight, &embedding.vectors.row(item as usize));
                factor = if k == 0 { embedding.carry } else { factor * embedding.decay };
            }
        }
        let queries = queries.dot(&embedding.matrix) * embedding.gain;
        let mut best = Vec::with_capacity(cases.len());
        for block in queries.axis_chunks_iter(Axis(0), BLOCK) {
            let scores = block.dot(&embedding.vectors.t());
            best.extend(scores.rows().into_iter().map(strongest));
        }
        Self {
            histories,
            cases,
            embedding,
            popularity: popularity(counts),
            exclude_known: protocol == Protocol::LeaveOneOut,
            queries,
            best,
            graph: vec![0.0; items],
            seen: vec![false; items],
        }
    }

    /// How many cases there are.
    pub(super) fn len(&self) -> usize {
        self.cases.len()
    }

    /// The rank of the item of each case of `range`; `usize::MAX` beyond what is kept.
    pub(super) fn ranks(&mut self, counted: &Counted, setting: &Setting, range: Range<usize>) -> Vec<usize> {
        let graph = counted.finish(setting.graph.alpha, setting.graph.e0);
        // No item gains more by its popularity than this.
        let gains = self.popularity.iter().map(|share| setting.popularity_weight * share);
        let most = gains.fold(f32::NEG_INFINITY, f32::max);
        let mut touched: Vec<u32> = Vec::new();
        let mut out = Vec::with_capacity(range.len());
        for (c, case) in range.clone().zip(&self.cases[range]) {
            let (mut factor, mut total) = (1.0f32, 0.0f32);
            for (item, weight) in recent(self.histories, case) {
                total += factor * weight;
                let (targets, transitions) = graph.row(item as usize);
                for (&target, transition) in targets.iter().zip(transitions) {
                    if !std::mem::replace(&mut self.seen[target as usize], true) {
                        touched.push(target);
                    }
                    self.graph[target as usize] += factor * weight * transition;
                }
                factor *= setting.graph_decay;
            }
            let target = self.histories.items(case.sequence)[case.position];
            let graph_factor = setting.graph_weight / total;
            let query = self.queries.row(c);
            let by_popularity = |item: u32| setting.popularity_weight * self.popularity[item as usize];
            let full = |item: u32, graph: &[f32]| {
                let by_embedding = query.dot(&self.embedding.vectors.row(item as usize));
                by_embedding + graph_factor * graph[item as usize] + by_popularity(item)
            };
            let wanted = full(target, &self.graph);
            let ahead = |item: u32, score: f32| match score.total_cmp(&wanted) {
                Ordering::Greater => item != target,
                Ordering::Equal => item < target,
                Ordering::Less => false,
            };
            let best = &self.best[c];
            let is_covered =
                best.last().is_none_or(|&(_, last)| wanted >= last) || best.len() == self.graph.len();
            if is_covered {
                if self.exclude_known {
                    for (item, _) in recent(self.histories, case) {
                        self.seen[item as usize] = true;
                        self.graph[item as usize] = f32::NEG_INFINITY;
                    }
                }
                let by_graph = touched.iter().filter(|&&item| ahead(item, full(item, &self.graph))).count();
                // Rounding keeps the order: what stands behind the first that cannot be ahead cannot either.
                let close = best.partition_point(|&(_, score)| wanted <= score + most || wanted.is_nan());
                let others = best[..close].iter().filter(|&&(item, score)| {
                    !self.seen[item as usize] && ahead(item, score + by_popularity(item))
                });
                out.push(1 + by_graph + others.count());
            } else {
                out.push(usize::MAX);
            }

            for (item, _) in recent(self.histories, case) {
                touched.push(item);
            }
            for item in touched.drain(..) {
                self.seen[item as usize] = false;
                self.graph[item as usize] = 0.0;
            }
        }
        out
    }
}

/// The history of a case, latest first, with event weights.
fn recent<'h>(histories: &'h Histories, case: &Case) -> impl Iterator<Item = (u32, f32)> + use<'h> {
    let items = &histories.items(case.sequence)[..case.position];
    let weights = &histories.weights(case.sequence)[..case.position];
    items.iter().copied().zip(weights.iter().copied()).rev().take(HISTORY_EVENTS)
}

/// The first [`DEPTH`] items, best first.
fn strongest(scores: ArrayView1<'_, f32>) -> Vec<(u32, f32)> {
    let mut all: Vec<(u32, f32)> = (0u32..).zip(scores.iter().copied()).collect();
    let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if all.len() > DEPTH {
        all.select_nth_unstable_by(DEPTH - 1, order);
        all.truncate(DEPTH);
        all.shrink_to_fit();
    }
    all.sort_unstable_by(order);
    all
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::dataset::AttributeTable;
    use crate::reference::{Reference, rank_of};
    use crate::train::graph::{CountParameters, GraphParameters};
    use crate::train::random::{below, fill_normal, sample};
    use crate::trained::{BlendParameters, TrainedModel};

    const ITEMS: usize = 1500;

    #[test]
    fn ranks_are_those_of_the_reference() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let mut random = |rows: usize| {
            let mut values = vec![0.0; rows * 4];
            fill_normal(&mut rng, 1.0, &mut values);
            Array2::from_shape_vec((rows, 4), values).unwrap()
        };
        let embedding = Embedding {
            vectors: random(ITEMS),
            attribute_vectors: random(0),
            // a shopper's own items score highest, so leaving them out matters
            matrix: Array2::eye(4) + random(4) * 0.1,
            carry: 0.4,
            decay: 0.7,
            gain: 0.8,
        };
        let mut walk = || -> Vec<u32> {
            let first = u32::try_from(below(&mut rng, ITEMS - 200)).unwrap();
            sample(&mut rng, 200, 7).into_iter().map(|i| first + u32::try_from(i).unwrap()).collect()
        };
        let sequences: Vec<Vec<u32>> = (0..300).map(|_| walk()).collect();
        let histories = Histories::of(&sequences.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let cases: Vec<Case> =
            (0..200).map(|sequence| Case { sequence, position: 1 + sequence % 6 }).collect();
        let counts = histories.counts(ITEMS);
        let count = CountParameters { window: 5, gamma: 0.3, delta: 0.7, rho: 0.2 };
        let counted = Counted::new(&histories, ITEMS, 8, &count, false);
        let setting = Setting {
            graph: GraphParameters { count, alpha: 0.3, e0: 0.1 },
            graph_weight: 2.0,
            graph_decay: 0.6,
            popularity_weight: 0.05,
        };
        let model = TrainedModel {
            items: vec![String::new(); ITEMS],
            counts: counts.clone(),
            attributes: AttributeTable::default(),
            vectors: embedding.vectors.clone(),
            attribute_vectors: embedding.attribute_vectors.clone(),
            matrix: embedding.matrix.clone(),
            graph: counted.finish(0.3, 0.1).into_lists(),
            blend: BlendParameters {
                decay: 0.7,
                carry: 0.4,
                gain: 0.8,
                graph_weight: 2.0,
                graph_decay: 0.6,
                popularity_weight: 0.05,
                kind_weights: [1.0; 4],
                repeats: false,
            },
        };
        for protocol in [Protocol::LeaveOneOut, Protocol::NextClick] {
            let mut scores = CaseScores::new(&histories, &cases, &embedding, &counts, protocol);
            let found = scores.ranks(&counted, &setting, 0..200);
            // a second round sees no leftovers of the first
            assert_eq!(found, scores.ranks(&counted, &setting, 0..200));
            assert_eq!(found[20..30], scores.ranks(&counted, &setting, 20..30));
            let (mut compared, mut equal) = (0, 0);
            for (case, found) in cases.iter().zip(found) {
                let items = histories.items(case.sequence);
                let history: Vec<(u32, f32)> = items[..case.position].iter().map(|&i| (i, 1.0)).collect();
                let known =
                    |item| protocol == Protocol::LeaveOneOut && items[..case.position].contains(&item);
                let all = Reference::new(&model).score(&history);
                let expected = rank_of(all.view(), items[case.position], known).unwrap();
                if found == usize::MAX {
                    assert!(expected > 500, "{expected} was taken for a miss");
                } else {
                    // sums in another order may swap neighbours deep in the list
                    assert!(found.abs_diff(expected) <= 1 + expected / 200, "{found} is not {expected}");
                    compared += 1;
                    equal += u32::from(found == expected);
                }
            }
            assert!(compared > 100 && equal * 100 >= compared * 97, "{equal} of {compared}");
        }
    }
}
