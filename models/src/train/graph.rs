//! The truncated transition graph: which item follows which.
//!
//! For each sequence `x_1..x_m` and all `p < q`, `q - p <= window`:
//! `A[x_p, x_q] += m^-gamma * delta^(q-p-1) * w_p * w_q` (`w` the event weights); `S = A + rho * A^T`;
//! `S_ij *= r_i^-alpha` with `r_i` the row sum; one global scale makes the mean non-zero row sum 1; the strongest
//! `neighbours` of a row are kept as `T = ln(1 + S / e0)`.
//!
//! Rows are built one at a time from the list of an item's occurrences, so memory is linear in events and kept edges:
//! the pairs themselves are never stored.

use serde::{Deserialize, Serialize};

use super::histories::Histories;

/// What decides the counts: a change needs the pairs to be counted again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountParameters {
    /// Furthest distance of a counted pair.
    pub window: usize,
    /// Long sequences count less: `m^-gamma`.
    pub gamma: f32,
    /// Distant pairs count less: `delta^(distance - 1)`.
    pub delta: f32,
    /// Share of the reverse direction.
    pub rho: f32,
}

/// The parameters of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GraphParameters {
    /// How pairs are counted.
    pub count: CountParameters,
    /// Rows are divided by their sum to this power.
    pub alpha: f32,
    /// Where the logarithm starts to bend.
    pub e0: f32,
}

/// Strongest counts per row before scaling, and all row sums: `S` cut to the strongest of each row.
///
/// Rows are items by rank. What is stored as `f32` is compared as `f32`: sums that differ by their order alone are ties.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    offsets: Vec<usize>,
    targets: Vec<u32>,
    counts: Vec<f32>,
    row_sums: Vec<f64>,
}

/// The graph in compressed rows: `T > 0`, strongest first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Graph {
    offsets: Vec<usize>,
    targets: Vec<u32>,
    weights: Vec<f32>,
}

impl Counted {
    /// Counts the pairs and keeps the strongest `neighbours` per item. Equal counts: the smaller index first.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "lengths and distances")]
    pub(crate) fn new(
        histories: &Histories,
        items: usize,
        neighbours: usize,
        parameters: &CountParameters,
        repeats: bool,
    ) -> Self {
        let (flat, starts) = histories.flat();
        let event_weights = histories.flat_weights();
        let decay: Vec<f64> =
            (0..=parameters.window).map(|k| f64::from(parameters.delta).powi(k.max(1) as i32 - 1)).collect();
        let rho = f64::from(parameters.rho);
        let occurrences = Occurrences::new(flat, starts, items);

        let mut out = Self {
            offsets: Vec::with_capacity(items + 1),
            targets: Vec::new(),
            counts: Vec::new(),
            row_sums: Vec::with_capacity(items),
        };
        out.offsets.push(0);
        let mut row = vec![0.0f64; items];
        let mut touched: Vec<u32> = Vec::new();
        for item in 0..items {
            for &(position, sequence) in occurrences.of(item) {
                let (position, sequence) = (position as usize, sequence as usize);
                let (start, end) = (starts[sequence], starts[sequence + 1]);
                let length_weight = ((end - start) as f64).powf(-f64::from(parameters.gamma));
                let scale = length_weight * f64::from(event_weights[position]);
                let mut add = |other: usize, weight: f64| {
                    let target = flat[other] as usize;
                    if target != item || repeats {
                        if row[target] <= 0.0 {
                            touched.push(flat[other]);
                        }
                        row[target] += weight * f64::from(event_weights[other]);
                    }
                };
                for other in position + 1..end.min(position + parameters.window + 1) {
                    add(other, scale * decay[other - position]);
                }
                if rho > 0.0 {
                    for other in start.max(position.saturating_sub(parameters.window))..position {
                        add(other, scale * decay[position - other] * rho);
                    }
                }
            }
            // summed in index order, so that the bits do not depend on the order of the log's sequences
            touched.retain(|&t| row[t as usize] > 0.0);
            touched.sort_unstable();
            touched.dedup();
            out.row_sums.push(touched.iter().map(|&t| row[t as usize]).sum());
            let stored = |target: u32| row[target as usize] as f32;
            let strongest = |a: &u32, b: &u32| stored(*b).total_cmp(&stored(*a)).then(a.cmp(b));
            if touched.len() > neighbours && neighbours > 0 {
                touched.select_nth_unstable_by(neighbours - 1, strongest);
            }
            let kept = touched.len().min(neighbours);
            touched[..kept].sort_unstable_by(strongest);
            for (k, &target) in touched.iter().enumerate() {
                if k < kept {
                    out.targets.push(target);
                    out.counts.push(row[target as usize] as f32);
                }
            }
            for target in touched.drain(..) {
                row[target as usize] = 0.0;
            }
            out.offsets.push(out.targets.len());
        }
        out
    }

    /// The counts of an engine that counted elsewhere.
    ///
    /// For each item by rank its `(target, S)` and the sum of its whole row, since an engine may leave out the weak end
    /// of a row. Equal counts: the smaller index first.
    #[must_use]
    pub fn of_rows(rows: impl IntoIterator<Item = (Vec<(u32, f32)>, f64)>, neighbours: usize) -> Self {
        let mut out =
            Self { offsets: vec![0], targets: Vec::new(), counts: Vec::new(), row_sums: Vec::new() };
        for (mut row, sum) in rows {
            row.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            for (target, count) in row.into_iter().take(neighbours) {
                out.targets.push(target);
                out.counts.push(count);
            }
            out.offsets.push(out.targets.len());
            out.row_sums.push(sum);
        }
        out
    }

    /// The kept `(target, S)` of an item, strongest first.
    pub fn row(&self, item: usize) -> impl Iterator<Item = (u32, f32)> {
        let range = self.offsets[item]..self.offsets[item + 1];
        self.targets[range.clone()].iter().copied().zip(self.counts[range].iter().copied())
    }

    /// The sum of the whole row of an item, also of what was not kept.
    #[must_use]
    pub fn row_sum(&self, item: usize) -> f64 {
        self.row_sums[item]
    }

    /// For each item its transitions `(target, T)`, strongest first.
    #[must_use]
    pub fn into_transitions(self, alpha: f32, e0: f32) -> Vec<Vec<(u32, f32)>> {
        self.finish(alpha, e0).into_lists()
    }

    /// Scales rows and takes logarithms.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "computed wide, stored as f32"
    )]
    pub(crate) fn finish(&self, alpha: f32, e0: f32) -> Graph {
        let (alpha, e0) = (f64::from(alpha), f64::from(e0));
        let full = self.row_sums.iter().filter(|&&r| r > 0.0);
        let mean = full.clone().map(|r| r.powf(1.0 - alpha)).sum::<f64>() / full.count().max(1) as f64;
        let mut weights = Vec::with_capacity(self.counts.len());
        for (row, sum) in self.offsets.windows(2).zip(&self.row_sums) {
            let scale = sum.powf(-alpha) / (mean * e0);
            weights
                .extend(self.counts[row[0]..row[1]].iter().map(|&c| (f64::from(c) * scale).ln_1p() as f32));
        }
        Graph { offsets: self.offsets.clone(), targets: self.targets.clone(), weights }
    }
}

impl Graph {
    /// The transitions of `item`: targets and weights, strongest first.
    pub(crate) fn row(&self, item: usize) -> (&[u32], &[f32]) {
        let range = self.offsets[item]..self.offsets[item + 1];
        (&self.targets[range.clone()], &self.weights[range])
    }

    /// One list of `(item, T)` per item.
    pub(crate) fn into_lists(self) -> Vec<Vec<(u32, f32)>> {
        let row = |i: usize| {
            let (targets, weights) = self.row(i);
            targets.iter().copied().zip(weights.iter().copied()).filter(|&(_, w)| w > 0.0).collect()
        };
        (0..self.offsets.len() - 1).map(row).collect()
    }

    /// Kept edges.
    pub(crate) fn edges(&self) -> usize {
        self.targets.len()
    }
}

/// Where each item occurs: positions in the flat array with their sequence.
struct Occurrences {
    offsets: Vec<usize>,
    places: Vec<(u32, u32)>,
}

impl Occurrences {
    fn new(flat: &[u32], starts: &[usize], items: usize) -> Self {
        let mut offsets = vec![0usize; items + 1];
        for &item in flat {
            offsets[item as usize + 1] += 1;
        }
        for i in 0..items {
            offsets[i + 1] += offsets[i];
        }
        let mut next = offsets.clone();
        let mut places = vec![(0u32, 0u32); flat.len()];
        let mut position = 0u32;
        for (sequence, bounds) in (0u32..).zip(starts.windows(2)) {
            for &item in &flat[bounds[0]..bounds[1]] {
                let slot = &mut next[item as usize];
                places[*slot] = (position, sequence);
                *slot += 1;
                position += 1;
            }
        }
        Self { offsets, places }
    }

    fn of(&self, item: usize) -> &[(u32, u32)] {
        &self.places[self.offsets[item]..self.offsets[item + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: CountParameters = CountParameters { window: 2, gamma: 1.0, delta: 0.5, rho: 0.1 };

    fn near(found: (&[u32], &[f32]), expected: &[(u32, f32)]) {
        assert_eq!(found.0, expected.iter().map(|e| e.0).collect::<Vec<_>>());
        for (w, e) in found.1.iter().zip(expected) {
            assert!((w - e.1).abs() < 1e-6, "{w} is not {}", e.1);
        }
    }

    #[test]
    fn a_hand_computed_example() {
        // one sequence a b c d, m = 4: distance 1 counts 1/4, distance 2 counts 1/8, distance 3 is outside the window
        let counted = Counted::new(&Histories::of(&[&[0, 1, 2, 3]]), 5, 8, &COUNT, false);
        // row a: b .25, c .125. row b: c .25, d .125, a .025. row c: d .25, b .025, a .0125. row d: c .025, b .0125
        let sums = [0.375, 0.4, 0.2875, 0.0375];
        for (found, expected) in counted.row_sums.iter().zip(sums) {
            assert!((found - expected).abs() < 1e-7);
        }
        // alpha .5: row sums become sqrt(r); their mean over the four non-empty rows is the global scale
        let mean = sums.iter().map(|r| r.sqrt()).sum::<f64>() / 4.0;
        let graph = counted.finish(0.5, 0.2);
        #[expect(clippy::cast_possible_truncation, reason = "compared as f32")]
        let t = |count: f64, sum: f64| ((1.0 + count / sum.sqrt() / mean / 0.2).ln()) as f32;
        near(graph.row(0), &[(1, t(0.25, 0.375)), (2, t(0.125, 0.375))]);
        near(graph.row(1), &[(2, t(0.25, 0.4)), (3, t(0.125, 0.4)), (0, t(0.025, 0.4))]);
        near(graph.row(3), &[(2, t(0.025, 0.0375)), (1, t(0.0125, 0.0375))]);
        near(graph.row(4), &[]);
        assert_eq!(graph.edges(), 10);
    }

    #[test]
    fn the_strongest_are_kept_and_ties_go_to_the_smaller_index() {
        let histories = Histories::of(&[&[0, 3], &[0, 2], &[0, 1], &[0, 1]]);
        let graph =
            Counted::new(&histories, 4, 2, &CountParameters { rho: 0.0, ..COUNT }, false).finish(0.0, 1.0);
        assert_eq!(graph.row(0).0, [1, 2]);
    }

    #[test]
    fn rows_counted_elsewhere_give_the_same_graph() {
        let histories = Histories::of(&[&[0, 3, 1], &[0, 2], &[0, 1, 2], &[3, 1]]);
        let all = Counted::new(&histories, 4, 8, &COUNT, false);
        let rows = (0..4).map(|item| {
            let mut row: Vec<(u32, f32)> = all.row(item).collect();
            row.reverse();
            (row, all.row_sum(item))
        });
        let cut = Counted::of_rows(rows, 2);
        assert_eq!(cut, Counted::new(&histories, 4, 2, &COUNT, false));
        assert_eq!(cut.clone().into_transitions(0.4, 0.2)[0].len(), 2);
    }

    #[test]
    fn the_diagonal_counts_only_where_repeats_are_allowed() {
        let histories = Histories::of(&[&[0, 0, 1]]);
        let with = Counted::new(&histories, 2, 4, &COUNT, true).finish(0.0, 1.0);
        assert_eq!(with.row(0).0, [1, 0]);
        let without = Counted::new(&histories, 2, 4, &COUNT, false).finish(0.0, 1.0);
        assert_eq!(without.row(0).0, [1]);
    }
}
