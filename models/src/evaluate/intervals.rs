//! Figures over all cases and over parts of them, with what they come to in every resample of users.
//!
//! In: ranks, parts and list figures by case. Out: [`Figures`]. Accuracy depends on a case's rank only, so that a figure
//! of many cases is a product of their histogram of ranks and the [`Table`] of what each rank is worth; a resample costs
//! one pass over the cases, however many figures there are.

use std::ops::Range;

use super::series::{BEYOND, Series};
use super::{CUTOFFS, LIST_LENGTH};
use crate::reference::Case;
use crate::reference::metrics::{ACCURACY, of_list};
use crate::report::Metric;
use crate::statistics::{
    Bootstrap, CONFIDENCE, DETECTABLE_ERRORS, FEWEST_USERS, mean_and_deviation, percentile_interval,
};
use crate::train::Progress;

/// Places 1 to [`LIST_LENGTH`], and 0 for a miss.
const RANKS: usize = LIST_LENGTH + 1;

/// What every rank is worth, by figure.
pub(super) struct Table {
    /// `metric@k`.
    pub(super) names: Vec<String>,
    /// By figure: the worth of ranks 0 (a miss) to [`LIST_LENGTH`].
    pub(super) gains: Vec<[f64; RANKS]>,
}

impl Table {
    /// The metrics of `of_list` named, at every length, for one wanted item per case.
    pub(super) fn new(metrics: &[&str], lengths: &[usize]) -> Self {
        let list: Vec<u32> = (1..=LIST_LENGTH).filter_map(|place| u32::try_from(place).ok()).collect();
        let mut out = Self { names: Vec::new(), gains: Vec::new() };
        for &k in lengths {
            for (column, name) in ACCURACY.iter().enumerate().filter(|(_, name)| metrics.contains(name)) {
                let worth = |rank: usize| {
                    list.get(rank.wrapping_sub(1)).map_or(0.0, |item| of_list(&list, &[*item], k)[column])
                };
                out.names.push(format!("{name}@{k}"));
                out.gains.push(std::array::from_fn(worth));
            }
        }
        out
    }

    /// All metrics at all [`CUTOFFS`].
    pub(super) fn accuracy() -> Self {
        Self::new(&ACCURACY, &CUTOFFS)
    }

    /// The figures of a histogram of ranks; not a number without a case.
    fn of(&self, histogram: &[u32]) -> impl Iterator<Item = f64> {
        let cases: f64 = histogram.iter().copied().map(f64::from).sum();
        self.gains.iter().map(move |gains| {
            let total: f64 = gains.iter().zip(histogram).map(|(gain, count)| gain * f64::from(*count)).sum();
            total / cases
        })
    }
}

/// Figures of the same cases, and their values in every resample.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub(super) values: Vec<f64>,
    /// By figure, then by resample.
    samples: Vec<Vec<f64>>,
}

impl Figures {
    /// The first values are those of the cases themselves.
    fn push(&mut self, values: impl Iterator<Item = f64>) {
        if self.values.is_empty() {
            self.values = values.collect();
            self.samples = vec![Vec::new(); self.values.len()];
        } else {
            self.samples.iter_mut().zip(values).for_each(|(sample, value)| sample.push(value));
        }
    }

    /// The figure at `place` of so many users, with its interval; `None` if it has no value.
    pub(super) fn metric(&self, place: usize, users: usize) -> Option<Metric> {
        let value = *self.values.get(place).filter(|value| !value.is_nan())?;
        let interval = interval(self.samples[place].clone(), users);
        Some(Metric { value, low: interval.map(|ends| ends.0), high: interval.map(|ends| ends.1) })
    }

    /// This figure minus the other's, and the smallest loss that could be found.
    pub(super) fn difference(&self, other: &Self, place: usize, users: usize) -> (Metric, f64) {
        let pairs = self.samples[place].iter().zip(&other.samples[place]);
        let sample: Vec<f64> =
            pairs.map(|(own, other)| own - other).filter(|value| !value.is_nan()).collect();
        let detectable = DETECTABLE_ERRORS * mean_and_deviation(&sample).1;
        let interval = interval(sample, users);
        let value = self.values[place] - other.values[place];
        (Metric { value, low: interval.map(|ends| ends.0), high: interval.map(|ends| ends.1) }, detectable)
    }
}

fn interval(mut sample: Vec<f64>, users: usize) -> Option<(f64, f64)> {
    percentile_interval(&mut sample, CONFIDENCE).filter(|_| users >= FEWEST_USERS)
}

/// What figures are made of.
pub(super) enum Source<'a> {
    /// Ranks of all cases: one [`Figures`].
    Ranks(&'a [u8], &'a Table),
    /// Ranks of parts of the cases: a [`Figures`] for each of so many parts.
    Parts(&'a [u8], &'a Table, &'a [Option<u8>], usize),
    /// The list figures of a series: one [`Figures`], in the order of [`BEYOND`].
    Lists(&'a Series),
}

/// A source, made ready.
struct Prepared<'a> {
    source: &'a Source<'a>,
    /// Of list figures, by user: the sum and the number of values of each.
    sums: Vec<[(f64, f64); BEYOND.len()]>,
    histograms: Vec<u32>,
    figures: Vec<Figures>,
}

/// The cases of each user.
pub(super) fn users(cases: &[Case]) -> Vec<Range<usize>> {
    let mut from = 0;
    let range = |chunk: &[Case]| {
        from += chunk.len();
        from - chunk.len()..from
    };
    cases.chunk_by(|a, b| a.sequence == b.sequence).map(range).collect()
}

/// The figures of every source. `progress` hears the phase "intervals" in resamples.
pub(super) fn measure(
    users: &[Range<usize>],
    sources: &[Source<'_>],
    bootstrap: Option<&Bootstrap>,
    progress: &mut dyn Progress,
) -> Vec<Vec<Figures>> {
    let mut prepared: Vec<Prepared<'_>> = sources.iter().map(|source| Prepared::new(source, users)).collect();
    let mut of_user = vec![1u8; users.len()];
    let mut of_case = vec![1u8; users.last().map_or(0, |range| range.end)];
    let resamples = bootstrap.map_or(0, |bootstrap| bootstrap.resamples);
    progress.begin("intervals", u64::from(resamples));
    for resample in 0..=resamples {
        if let Some(bootstrap) = bootstrap.filter(|_| resample > 0) {
            bootstrap.weights(resample, &mut of_user);
            for (weight, cases) in of_user.iter().zip(users) {
                of_case[cases.clone()].fill(*weight);
            }
        }
        prepared.iter_mut().for_each(|source| source.resample(&of_user, &of_case));
        progress.step(u64::from(resample));
    }
    progress.end();
    prepared.into_iter().map(|source| source.figures).collect()
}

impl<'a> Prepared<'a> {
    fn new(source: &'a Source<'a>, users: &[Range<usize>]) -> Self {
        let parts = match source {
            Source::Ranks(..) | Source::Lists(_) => 1,
            Source::Parts(.., parts) => *parts,
        };
        let sums = match source {
            Source::Lists(series) => users.iter().map(|cases| sums(&series.beyond[cases.clone()])).collect(),
            _ => Vec::new(),
        };
        Self { source, sums, histograms: vec![0; parts * RANKS], figures: vec![Figures::default(); parts] }
    }

    fn resample(&mut self, of_user: &[u8], of_case: &[u8]) {
        self.histograms.fill(0);
        let histograms = &mut self.histograms;
        let table = match self.source {
            Source::Ranks(ranks, table) => {
                for (rank, weight) in ranks.iter().zip(of_case) {
                    histograms[usize::from(*rank)] += u32::from(*weight);
                }
                table
            }
            Source::Parts(ranks, table, parts, _) => {
                for ((rank, part), weight) in ranks.iter().zip(*parts).zip(of_case) {
                    if let Some(part) = part {
                        histograms[usize::from(*part) * RANKS + usize::from(*rank)] += u32::from(*weight);
                    }
                }
                table
            }
            Source::Lists(_) => {
                let mut total = [(0.0, 0.0); BEYOND.len()];
                for (user, weight) in self.sums.iter().zip(of_user).filter(|(_, weight)| **weight > 0) {
                    add(&mut total, user, f64::from(*weight));
                }
                self.figures[0].push(total.into_iter().map(|(sum, count)| sum / count));
                return;
            }
        };
        for (figures, histogram) in self.figures.iter_mut().zip(self.histograms.chunks(RANKS)) {
            figures.push(table.of(histogram));
        }
    }
}

fn add(total: &mut [(f64, f64); BEYOND.len()], one: &[(f64, f64); BEYOND.len()], weight: f64) {
    for (total, one) in total.iter_mut().zip(one) {
        total.0 += weight * one.0;
        total.1 += weight * one.1;
    }
}

/// The sum and the number of values of each list figure.
fn sums(cases: &[[f64; BEYOND.len()]]) -> [(f64, f64); BEYOND.len()] {
    let mut out = [(0.0, 0.0); BEYOND.len()];
    for case in cases {
        add(&mut out, &case.map(|value| if value.is_nan() { (0.0, 0.0) } else { (value, 1.0) }), 1.0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::metrics::{hit_rate_at_k, mrr_at_k, ndcg_at_k};
    use crate::train::Silent;

    fn cases(of_users: &[usize]) -> Vec<Range<usize>> {
        let case = |sequence| move |position| Case { sequence, position };
        let cases: Vec<Case> =
            of_users.iter().enumerate().flat_map(|(user, count)| (0..*count).map(case(user))).collect();
        users(&cases)
    }

    #[test]
    fn histograms_give_the_metrics_of_ranks() {
        let ranks: Vec<u8> = (0..500u32).map(|case| u8::try_from(case * case % 61 % 51).unwrap()).collect();
        let table = Table::accuracy();
        let users = cases(&[100, 400]);
        let found = measure(&users, &[Source::Ranks(&ranks, &table)], None, &mut Silent);
        let plain: Vec<usize> =
            ranks.iter().map(|&rank| if rank == 0 { usize::MAX } else { usize::from(rank) }).collect();
        for (name, value) in table.names.iter().zip(&found[0][0].values) {
            let (metric, k) = name.split_once('@').unwrap();
            let k = k.parse().unwrap();
            let expected = match metric {
                "hr" | "recall" => hit_rate_at_k(&plain, k),
                "precision" => hit_rate_at_k(&plain, k) / k as f64,
                "ndcg" => ndcg_at_k(&plain, k),
                _ => mrr_at_k(&plain, k),
            };
            assert!((value - expected).abs() < 1e-12, "{name}: {value} is not {expected}");
        }
    }

    #[test]
    fn parts_add_up_to_the_whole_in_every_resample() {
        let ranks: Vec<u8> = (0..300u32).map(|case| u8::try_from(case * 7 % 13).unwrap()).collect();
        let parts: Vec<Option<u8>> = (0..300).map(|case| Some(u8::from(case % 3 == 0))).collect();
        let table = Table::new(&["hr"], &[5]);
        let users = cases(&[3; 100]);
        let bootstrap = Bootstrap { resamples: 30, seed: 3 };
        let sources = [Source::Ranks(&ranks, &table), Source::Parts(&ranks, &table, &parts, 2)];
        let found = measure(&users, &sources, Some(&bootstrap), &mut Silent);
        // every user has one case in part 1 and two in part 0
        for resample in 0..30 {
            let value = |figures: &Figures| figures.samples[0][resample];
            let whole = (2.0 * value(&found[1][0]) + value(&found[1][1])) / 3.0;
            assert!((whole - value(&found[0][0])).abs() < 1e-12);
        }
        let metric = found[0][0].metric(0, users.len()).unwrap();
        assert!(metric.low.unwrap() < metric.value && metric.value < metric.high.unwrap());
        assert_eq!(found[0][0].metric(0, FEWEST_USERS - 1).unwrap().low, None);
    }

    #[test]
    fn the_same_ranks_do_not_differ() {
        let ranks: Vec<u8> = (0..100u32).map(|case| u8::try_from(case % 51).unwrap()).collect();
        let table = Table::accuracy();
        let sources = [Source::Ranks(&ranks, &table), Source::Ranks(&ranks, &table)];
        let bootstrap = Bootstrap { resamples: 20, seed: 3 };
        let found = measure(&cases(&[1; 100]), &sources, Some(&bootstrap), &mut Silent);
        for place in 0..table.names.len() {
            let zero = Metric { value: 0.0, low: Some(0.0), high: Some(0.0) };
            assert_eq!(found[0][0].difference(&found[1][0], place, 100), (zero, 0.0));
        }
    }
}
