//! From an [`Evaluation`] and the pack it was made with to the figures of a [`Report`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use tastekeeper::model::ModelInfo;

use super::compare;
use super::intervals::{Figures, Source, Table, measure, users};
use super::series::{BEYOND, Series};
use super::{COVERAGE_LENGTH, Evaluation, LIST_LENGTH, ON_DEVICE};
use crate::report::{
    Comparison, Latency, Metric, Metrics, Pack, Point, REPORT_VERSION, Report, Segment, Statistics, Verdict,
    WorstSegment,
};
use crate::statistics::{Bootstrap, CONFIDENCE, FEWEST_CHANGED};
use crate::train::Progress;

/// List lengths of the curves.
const CURVE_LENGTHS: [usize; 10] = [1, 2, 3, 5, 8, 10, 15, 20, 30, LIST_LENGTH];
/// Shares of items on the concentration curve.
const CONCENTRATION: [f64; 13] = [0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0];
/// The figure by which the worst segment is found.
const WORST_BY: &str = "ndcg@10";
/// Users a segment must have to be called the worst.
const WORST_USERS: usize = 100;

impl Report {
    /// The figures of `evaluation`, which was made with the pack that `info` describes, with intervals by `bootstrap`;
    /// without resamples there are none, and nothing is compared. `progress` hears the phase "intervals" in resamples.
    ///
    /// Time is linear in resamples times cases times (levels, baselines and dimensions).
    #[must_use]
    pub fn new(
        evaluation: &Evaluation,
        info: &ModelInfo,
        bootstrap: &Bootstrap,
        progress: &mut dyn Progress,
    ) -> Self {
        let bootstrap = Some(bootstrap).filter(|bootstrap| bootstrap.resamples > 0);
        let measured = Measured::new(evaluation, bootstrap, progress);
        let segments = measured.segments();
        let mut levels = measured.systems(|with| with.strip_prefix("level:"));
        let metrics = levels.get(ON_DEVICE).cloned().unwrap_or_default();
        if levels.len() == 1 {
            levels.clear();
        }
        Self {
            version: REPORT_VERSION,
            protocol: evaluation.config.protocol.name().to_owned(),
            repeats: evaluation.config.repeats,
            sampled_users: evaluation.config.users,
            users: evaluation.users,
            cases: evaluation.outcomes.len(),
            unknown_targets: evaluation.unknown_targets,
            known_targets: evaluation.known_targets,
            statistics: bootstrap.map(|bootstrap| Statistics {
                confidence: CONFIDENCE,
                resamples: bootstrap.resamples,
                seed: bootstrap.seed,
            }),
            worst_segment: worst(&segments, &metrics),
            metrics,
            levels,
            segments,
            parts: measured.systems(|with| with.strip_prefix("part:")),
            baselines: measured.systems(|with| with.strip_prefix("baseline:")),
            baselines_left_out: evaluation.baselines_left_out.clone(),
            left_out: evaluation.left_out.clone(),
            comparisons: if bootstrap.is_some() { measured.comparisons() } else { Vec::new() },
            curves: measured.curves(),
            outcomes: compare::outcomes(evaluation),
            model_bytes: info.model_bytes,
            id_bytes: info.id_bytes,
            attribute_bytes: info.attribute_bytes,
            file_bytes: info.file_bytes,
            latency_us: Latency {
                median: quantile_us(&evaluation.latencies, 50),
                p95: quantile_us(&evaluation.latencies, 95),
            },
            training: None,
            sharing: None,
            pack: Pack {
                model_id: info.model_id.clone(),
                pack_version: info.pack_version,
                items: info.items,
                dim: info.dim,
                neighbours: info.neighbours,
                digest: info.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            },
        }
    }
}

/// One way to recommend.
struct System<'a> {
    /// As in [`Comparison::with`].
    with: String,
    ranks: &'a [u8],
    /// None of another report: its lists are gone.
    series: Option<&'a Series>,
    accuracy: Figures,
    lists: Figures,
}

/// All figures of an evaluation.
struct Measured<'a> {
    evaluation: &'a Evaluation,
    users: Vec<Range<usize>>,
    table: Table,
    curve_table: Table,
    /// Level on-device first, another report last.
    systems: Vec<System<'a>>,
    curve: Figures,
    /// By dimension and segment.
    parts: Vec<Vec<Figures>>,
    /// The same of the other report.
    other_parts: Vec<Vec<Figures>>,
}

impl<'a> Measured<'a> {
    fn new(evaluation: &'a Evaluation, bootstrap: Option<&Bootstrap>, progress: &mut dyn Progress) -> Self {
        let other = evaluation.baseline.as_deref();
        let cases: Vec<_> = evaluation.outcomes.iter().map(|outcome| outcome.case).collect();
        let users = users(&cases);
        let (table, curve_table) = (Table::accuracy(), Table::new(&["hr", "ndcg"], &CURVE_LENGTHS));
        let of = |prefix: &'static str| {
            move |(name, series): (&&'static str, &'a Series)| {
                (format!("{prefix}:{name}"), &series.ranks[..], Some(series))
            }
        };
        let mut named: Vec<(String, &[u8], Option<&Series>)> =
            evaluation.levels.iter().map(of("level")).collect();
        named.sort_by_key(|(with, ..)| with != &format!("level:{ON_DEVICE}"));
        named.extend(evaluation.parts.iter().map(of("part")));
        named.extend(evaluation.baselines.iter().map(of("baseline")));
        named.extend(other.map(|ranks| ("report".to_owned(), ranks, None)));

        let own = &evaluation.on_device().ranks;
        let mut sources = vec![Source::Ranks(own, &curve_table)];
        let parts = |ranks| {
            let table = &table;
            evaluation.dimensions.iter().map(move |dimension| {
                Source::Parts(ranks, table, &dimension.of_case, dimension.segments.len())
            })
        };
        sources.extend(parts(&own[..]));
        sources.extend(other.into_iter().flat_map(parts));
        for (_, ranks, series) in &named {
            sources.push(Source::Ranks(ranks, &table));
            sources.extend(series.map(Source::Lists));
        }
        let mut found = measure(&users, &sources, bootstrap, progress).into_iter();
        let dimensions = evaluation.dimensions.len();
        let curve = one(found.next());
        let parts = found.by_ref().take(dimensions).collect();
        let other_parts = found.by_ref().take(if other.is_some() { dimensions } else { 0 }).collect();
        let systems = named
            .into_iter()
            .map(|(with, ranks, series)| System {
                with,
                ranks,
                series,
                accuracy: one(found.next()),
                lists: series.map_or_else(Figures::default, |_| one(found.next())),
            })
            .collect();
        Self { evaluation, users, table, curve_table, systems, curve, parts, other_parts }
    }

    /// The figures of the systems that `name` names.
    fn systems(&self, name: impl Fn(&str) -> Option<&str>) -> BTreeMap<String, Metrics> {
        let named = self.systems.iter().filter_map(|system| Some((name(&system.with)?.to_owned(), system)));
        named.map(|(name, system)| (name, self.metrics(system))).collect()
    }

    fn metrics(&self, system: &System<'_>) -> Metrics {
        let users = self.users.len();
        let mut out = self.accuracy(&system.accuracy, users);
        for (place, name) in BEYOND.iter().enumerate() {
            out.extend(Some(format!("{name}@{COVERAGE_LENGTH}")).zip(system.lists.metric(place, users)));
        }
        let covered = system.series.map(|series| exact(series.coverage(COVERAGE_LENGTH)));
        out.extend(Some(format!("coverage@{COVERAGE_LENGTH}")).zip(covered));
        out
    }

    fn accuracy(&self, figures: &Figures, users: usize) -> Metrics {
        let names = self.table.names.iter().enumerate();
        names.filter_map(|(place, name)| Some((name.clone(), figures.metric(place, users)?))).collect()
    }

    fn segments(&self) -> BTreeMap<String, Vec<Segment>> {
        let segment = |dimension: usize, place: usize| {
            let users = self.users_in(dimension, place);
            Segment {
                name: self.evaluation.dimensions[dimension].segments[place].clone(),
                users,
                cases: self.part(dimension).iter().filter(|part| **part == u8::try_from(place).ok()).count(),
                metrics: self.accuracy(&self.parts[dimension][place], users),
            }
        };
        let of = |(index, dimension): (usize, &super::Dimension)| {
            (
                dimension.name.to_owned(),
                (0..dimension.segments.len()).map(|place| segment(index, place)).collect(),
            )
        };
        self.evaluation.dimensions.iter().enumerate().map(of).collect()
    }

    fn part(&self, dimension: usize) -> &[Option<u8>] {
        &self.evaluation.dimensions[dimension].of_case
    }

    /// How many users have a case in a segment.
    fn users_in(&self, dimension: usize, place: usize) -> usize {
        let part = self.part(dimension);
        let wanted = u8::try_from(place).ok();
        self.users.iter().filter(|cases| part[(*cases).clone()].contains(&wanted)).count()
    }

    fn comparisons(&self) -> Vec<Comparison> {
        let Some((own, others)) = self.systems.split_first() else { return Vec::new() };
        let mut out = Vec::new();
        for other in others {
            let pair = Pair { own: &own.accuracy, other: &other.accuracy, part: None };
            self.compare(pair, (own.ranks, other.ranks), &other.with, &mut out);
        }
        for (dimension, (own_parts, other_parts)) in self.parts.iter().zip(&self.other_parts).enumerate() {
            for (place, (own_part, other_part)) in own_parts.iter().zip(other_parts).enumerate() {
                let pair = Pair { own: own_part, other: other_part, part: Some((dimension, place)) };
                let ranks = (own.ranks, others.last().map_or(own.ranks, |other| other.ranks));
                self.compare(pair, ranks, "report", &mut out);
            }
        }
        out
    }

    fn compare(&self, pair: Pair<'_>, ranks: (&[u8], &[u8]), with: &str, out: &mut Vec<Comparison>) {
        let users = pair.part.map_or(self.users.len(), |(dimension, place)| self.users_in(dimension, place));
        let segment = pair.part.map(|(dimension, place)| {
            let dimension = &self.evaluation.dimensions[dimension];
            format!("{}={}", dimension.name, dimension.segments[place])
        });
        for (place, name) in self.table.names.iter().enumerate() {
            let (difference, detectable) = pair.own.difference(pair.other, place, users);
            let changed = self.changed(&self.table.gains[place], ranks, pair.part);
            out.push(Comparison {
                with: with.to_owned(),
                metric: name.clone(),
                segment: segment.clone(),
                other: pair.other.values[place],
                difference,
                detectable,
                verdict: verdict(&difference, changed),
            });
        }
    }

    /// How many users have another figure, so far as it is told apart below [`FEWEST_CHANGED`].
    fn changed(&self, gains: &[f64], ranks: (&[u8], &[u8]), part: Option<(usize, usize)>) -> usize {
        let is_in = |case: usize| {
            part.is_none_or(|(dimension, place)| self.part(dimension)[case] == u8::try_from(place).ok())
        };
        let gain = |ranks: &[u8], case: usize| gains[usize::from(ranks[case])];
        let differs = |cases: &&Range<usize>| {
            let part = (*cases).clone().filter(|case| is_in(*case));
            part.map(|case| gain(ranks.0, case) - gain(ranks.1, case)).sum::<f64>().abs() > 1e-12
        };
        self.users.iter().filter(differs).take(FEWEST_CHANGED).count()
    }

    fn curves(&self) -> BTreeMap<String, Vec<Point>> {
        let mut out: BTreeMap<String, Vec<Point>> = BTreeMap::new();
        for (place, name) in self.curve_table.names.iter().enumerate() {
            let (metric, k) = name.split_once('@').unwrap_or((name, "0"));
            if let (Some(figure), Ok(x)) = (self.curve.metric(place, self.users.len()), k.parse()) {
                out.entry(metric.to_owned()).or_default().push(Point { x, figure });
            }
        }
        let series = self.evaluation.on_device();
        let covered = |k: usize| Point { x: float(k), figure: exact(series.coverage(k)) };
        out.insert("coverage".to_owned(), CURVE_LENGTHS.map(covered).to_vec());
        out.insert("popularity-concentration".to_owned(), concentration(&series.listed));
        out
    }
}

/// Two figures of the same cases.
#[derive(Clone, Copy)]
struct Pair<'a> {
    own: &'a Figures,
    other: &'a Figures,
    /// Dimension and segment, if not all cases.
    part: Option<(usize, usize)>,
}

fn one(found: Option<Vec<Figures>>) -> Figures {
    found.and_then(|figures| figures.into_iter().next()).unwrap_or_default()
}

/// For figures where larger is better, as all of the table are.
pub(super) fn verdict(difference: &Metric, changed: usize) -> Verdict {
    match (difference.low, difference.high) {
        (Some(low), _) if low > 0.0 && changed >= FEWEST_CHANGED => Verdict::Better,
        (_, Some(high)) if high < 0.0 && changed >= FEWEST_CHANGED => Verdict::Worse,
        _ => Verdict::NotShown,
    }
}

/// The lowest figure among segments that are large enough; the first of equals.
fn worst(segments: &BTreeMap<String, Vec<Segment>>, overall: &Metrics) -> Option<WorstSegment> {
    let all =
        segments.iter().flat_map(|(dimension, list)| list.iter().map(move |segment| (dimension, segment)));
    let large = all.filter(|(_, segment)| segment.users >= WORST_USERS);
    let figured =
        large.filter_map(|(dimension, segment)| Some((dimension, segment, *segment.metrics.get(WORST_BY)?)));
    let (dimension, segment, figure) = figured.min_by(|a, b| a.2.value.total_cmp(&b.2.value))?;
    Some(WorstSegment {
        dimension: dimension.clone(),
        name: segment.name.clone(),
        metric: WORST_BY.to_owned(),
        figure,
        overall: overall.get(WORST_BY)?.value,
    })
}

/// The share of recommendations that the most recommended items take (Lorenz 1905, from the top).
fn concentration(listed: &[u64]) -> Vec<Point> {
    let mut counts = listed.to_vec();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let total = counts.iter().sum::<u64>().max(1);
    let point = |x: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of items")]
        let items = (x * float(counts.len())).round() as usize;
        let taken: u64 = counts.iter().take(items).sum();
        #[expect(clippy::cast_precision_loss, reason = "counts of recommendations")]
        let share = taken as f64 / total as f64;
        Point { x, figure: exact(share) }
    };
    CONCENTRATION.map(point).to_vec()
}

/// A figure without an interval. Of coverage and concentration there is none: a resample holds fewer different users than
/// the log, and therefore fewer different items.
fn exact(value: f64) -> Metric {
    Metric { value, low: None, high: None }
}

#[expect(clippy::cast_precision_loss, reason = "counts of items")]
fn float(count: usize) -> f64 {
    count as f64
}

/// The nearest-rank quantile of ascending durations.
fn quantile_us(ascending: &[Duration], percent: usize) -> f64 {
    let place = (ascending.len() * percent).div_ceil(100).max(1) - 1;
    ascending.get(place).map_or(0.0, |took| took.as_secs_f64() * 1e6)
}

#[cfg(test)]
#[path = "figures_tests.rs"]
mod tests;
