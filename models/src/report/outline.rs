//! What a page tells, before anybody says how: sections with texts, charts and tables.
//!
//! In: reports, the first of which is the page's subject, and judged gates. Out: the same [`Section`]s for Markdown and
//! HTML, so that both say the same. Strings are as the report has them: whoever writes them escapes them.

mod breakdown;
mod sharing;

use super::{Metric, Metrics, Point, Report, words};
use crate::evaluate::CUTOFFS;
use crate::gates::{Judged, Status};

/// Longest name in a table.
const NAME: usize = 60;
/// Figures of the overview, as far as the report has them.
const OVERVIEW: [&str; 9] = [
    "ndcg@10",
    "hr@10",
    "mrr@10",
    "hr@20",
    "mrr@20",
    "coverage@10",
    "average_popularity@10",
    "novelty@10",
    "intra_list_diversity@10",
];

/// What pages are made of.
pub(super) struct Subject<'a> {
    /// A name for each report, such as its file's.
    pub(super) reports: &'a [(String, Report)],
    pub(super) judged: Option<&'a Judged>,
}

/// A part of the page.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) text: Vec<String>,
    pub(super) charts: Vec<Chart>,
    pub(super) tables: Vec<Table>,
    /// Whether the tables only repeat the charts.
    pub(super) folded: bool,
}

/// Rows of text; all columns but the first are figures if `numeric`.
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) numeric: bool,
}

/// A drawing.
pub(super) enum Chart {
    Lines(Lines),
    Rows(Rows),
    Sizes(Sizes),
}

/// Curves.
pub(super) struct Lines {
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) percent: bool,
    pub(super) series: Vec<Series>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// List lengths, logarithmic.
    Length,
    /// A share of 0 to 1.
    Share,
    /// Preference reports, logarithmic from 1 000.
    Reports,
}

pub(super) struct Series {
    pub(super) name: String,
    /// Whether it is the page's subject.
    pub(super) main: bool,
    pub(super) points: Vec<(f64, Metric)>,
}

/// A figure per line, on a common scale from 0.
pub(super) struct Rows {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
    /// A figure to compare with, such as that over all cases.
    pub(super) reference: Option<(String, f64)>,
}

pub(super) struct Row {
    pub(super) name: String,
    pub(super) figure: Metric,
    pub(super) tone: Tone,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Main,
    Other,
    Worst,
}

/// Quality against bytes.
pub(super) struct Sizes {
    pub(super) title: String,
    pub(super) points: Vec<(String, u64, Metric)>,
}

impl<'a> Subject<'a> {
    pub(super) fn main(&self) -> &'a Report {
        &self.reports[0].1
    }

    /// The figure that charts of parts show.
    pub(super) fn key(&self) -> String {
        self.main().worst_segment.as_ref().map_or_else(|| "ndcg@10".to_owned(), |worst| worst.metric.clone())
    }

    /// All sections, in the page's order.
    pub(super) fn sections(&self) -> Vec<Section> {
        let mut out = vec![self.overview()];
        out.extend(self.before());
        out.extend(self.sizes());
        out.push(self.lengths());
        out.extend(self.levels());
        out.extend(self.parts());
        out.extend(self.main().segments.iter().map(|(name, segments)| self.segments(name, segments)));
        out.extend(self.spread());
        out.extend(self.sharing());
        out.push(self.cost());
        out.push(self.reading());
        out.push(self.origin());
        out
    }

    /// The gates as a table.
    pub(super) fn gates(&self) -> Option<(Status, String, Table)> {
        let judged = self.judged?;
        let row =
            |j: &crate::gates::Judgement| vec![j.status.word().to_owned(), j.gate.clone(), j.message.clone()];
        let mut rows: Vec<Vec<String>> = judged.judgements.iter().map(row).collect();
        rows.sort_by_key(|row| matches!(row[0].as_str(), "pass" | "skip"));
        let table = Table { head: heads(&["", "Gate", "What was found"]), rows, numeric: false };
        Some((judged.status(), judged.summary(), table))
    }

    fn overview(&self) -> Section {
        let (report, key) = (self.main(), self.key());
        let mut text = vec![self.in_short(&key)];
        if let Some(worst) = &report.worst_segment {
            text.push(format!(
                "The weakest part is {} = {}: {} {}, against {} over all cases.",
                worst.dimension,
                words::name(&worst.name, NAME),
                words::label(&worst.metric),
                words::figure(&worst.figure),
                words::number(worst.overall)
            ));
        }
        for (name, why) in &report.baselines_left_out {
            text.push(format!("Not compared with {name}: {why}."));
        }
        let mut head = heads(&["", "this model", "95 % interval"]);
        if let Some(statistics) = report.statistics {
            head[2] = format!("{} % interval", (statistics.confidence * 1e4).round() / 100.0);
        }
        head.extend(report.baselines.keys().cloned());
        let rows = OVERVIEW.iter().filter_map(|name| {
            let found = report.metrics.get(*name)?;
            let others = report.baselines.values().map(|other| value(other, name));
            Some(
                [
                    vec![words::label(name), words::number(found.value), words::interval(found)],
                    others.collect(),
                ]
                .concat(),
            )
        });
        let rows = rows.collect();
        let mut tables = vec![Table { head, rows, numeric: true }];
        tables.extend(self.comparisons("baseline:", &key));
        let mut chart = vec![Row {
            name: "this model".to_owned(),
            figure: figure(&report.metrics, &key),
            tone: Tone::Main,
        }];
        let others = report.baselines.iter().filter(|(_, metrics)| metrics.contains_key(&key));
        chart.extend(others.map(|(name, metrics)| Row {
            name: name.clone(),
            figure: figure(metrics, &key),
            tone: Tone::Other,
        }));
        chart.sort_by(|a, b| b.figure.value.total_cmp(&a.figure.value));
        let chart = Rows { title: words::label(&key), rows: chart, reference: None };
        Section {
            title: "In short".to_owned(),
            text,
            charts: vec![Chart::Rows(chart)],
            tables,
            folded: false,
        }
    }

    /// The main figure against the best baseline, in a sentence.
    fn in_short(&self, key: &str) -> String {
        let report = self.main();
        let mine = figure(&report.metrics, key);
        let label = words::label(key);
        let best = report
            .baselines
            .iter()
            .filter_map(|(name, metrics)| Some((name, metrics.get(key)?.value)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(a.0)));
        let Some((name, other)) = best else { return format!("{label} is {}.", words::figure(&mine)) };
        let against = match (mine.value / other - 1.0) * 100.0 {
            more if !more.is_finite() => String::new(),
            more if more >= 100.0 => format!("{:.1} times as much as {name}", mine.value / other),
            more if more >= 0.0 => format!("{more:.1} % more than {name}"),
            less => format!("{:.1} % less than {name}", -less),
        };
        let rank = if report.baselines.len() > 1 { ", the best baseline" } else { "" };
        let shown = report
            .comparisons
            .iter()
            .find(|c| c.with == format!("baseline:{name}") && c.metric == key && c.segment.is_none());
        let shown = shown.map_or("", |comparison| match comparison.verdict {
            super::Verdict::NotShown => "; the interval of the difference does not exclude chance",
            _ => "; the interval of the difference excludes chance",
        });
        format!("{label} is {}, {against}{rank}{shown}.", words::figure(&mine))
    }

    fn comparisons(&self, prefix: &str, key: &str) -> Option<Table> {
        // precision, recall and MAP of one wanted item say nothing that these do not
        let is_told = |metric: &str| ["ndcg@", "hr@", "mrr@"].iter().any(|name| metric.starts_with(name));
        let of = self.main().comparisons.iter().filter(|c| {
            let wanted = c.metric == key || (prefix == "report" && is_told(&c.metric));
            c.with.starts_with(prefix) && c.segment.is_none() && wanted
        });
        let rows: Vec<Vec<String>> = of
            .map(|c| {
                let with = c.with.split_once(':').map_or("before", |(_, name)| name);
                vec![
                    format!("{} against {with}", words::label(&c.metric)),
                    words::number(c.other),
                    words::difference(&c.difference),
                    words::verdict(c.verdict).to_owned(),
                ]
            })
            .collect();
        let head = heads(&["Paired, case by case", "theirs", "difference", "this model is"]);
        (!rows.is_empty()).then_some(Table { head, rows, numeric: true })
    }

    fn before(&self) -> Option<Section> {
        let table = self.comparisons("report", "")?;
        let detectable =
            self.main().comparisons.iter().find(|c| c.with == "report" && c.metric == self.key())?;
        let text = vec![format!(
            "These cases find a loss of {:.5} {} ({:.2} %) with probability 0.8, by a one-sided test at 5 %.",
            detectable.detectable,
            words::label(&detectable.metric),
            100.0 * detectable.detectable / detectable.other
        )];
        let title = "Against the report before".to_owned();
        Some(Section { title, text, charts: Vec::new(), tables: vec![table], folded: false })
    }

    fn sizes(&self) -> Option<Section> {
        if self.reports.len() < 2 {
            return None;
        }
        let key = self.key();
        let of = |(name, report): &(String, Report)| {
            (words::name(name, 24), report.model_bytes, figure(&report.metrics, &key))
        };
        let points: Vec<_> = self.reports.iter().map(of).collect();
        let rows = points.iter().map(|(name, size, metric)| {
            vec![name.clone(), words::bytes(*size), words::number(metric.value), words::interval(metric)]
        });
        let table = Table {
            head: heads(&["", "model", &words::label(&key), "interval"]),
            rows: rows.collect(),
            numeric: true,
        };
        let chart =
            Chart::Sizes(Sizes { title: format!("{} by bytes of the model", words::label(&key)), points });
        Some(Section {
            title: "Size against quality".to_owned(),
            text: Vec::new(),
            charts: vec![chart],
            tables: vec![table],
            folded: false,
        })
    }

    fn lengths(&self) -> Section {
        let report = self.main();
        let mut charts = Vec::new();
        for name in ["ndcg", "hr"] {
            let at_cutoffs = |metrics: &Metrics| -> Vec<(f64, Metric)> {
                let at = |k: usize| Some((length(k), *metrics.get(&format!("{name}@{k}"))?));
                CUTOFFS.into_iter().filter_map(at).collect()
            };
            let curve = report.curves.get(name).map(|points| points_of(points));
            let mine = curve.filter(|points| points.len() > 1).unwrap_or_else(|| at_cutoffs(&report.metrics));
            let mut series = vec![Series { name: "this model".to_owned(), main: true, points: mine }];
            series.extend(report.baselines.iter().map(|(name, metrics)| {
                let points =
                    at_cutoffs(metrics).into_iter().map(|(k, m)| (k, Metric { low: None, high: None, ..m }));
                Series { name: name.clone(), main: false, points: points.collect() }
            }));
            series.retain(|series| series.points.len() > 1);
            let title = format!("{} among the first k", words::label(name));
            charts.push(Chart::Lines(Lines { title, x: Axis::Length, percent: false, series }));
        }
        let mut head = heads(&["k"]);
        let names = ["hr", "precision", "ndcg", "mrr", "map"];
        let names: Vec<&str> =
            names.into_iter().filter(|name| report.metrics.contains_key(&format!("{name}@10"))).collect();
        head.extend(names.iter().map(|name| words::label(name)));
        let row = |k: usize| {
            let cell = |name: &&str| {
                report.metrics.get(&format!("{name}@{k}")).map_or_else(String::new, words::figure)
            };
            [vec![k.to_string()], names.iter().map(cell).collect()].concat()
        };
        let table = Table { head, rows: CUTOFFS.map(row).to_vec(), numeric: true };
        Section {
            title: "Quality by length of the list".to_owned(),
            text: Vec::new(),
            charts,
            tables: vec![table],
            folded: true,
        }
    }

    fn cost(&self) -> Section {
        let report = self.main();
        let rows = [
            ("model (what scores are made of)", words::bytes(report.model_bytes)),
            ("item ids", words::bytes(report.id_bytes)),
            ("attributes", words::bytes(report.attribute_bytes)),
            ("file", words::bytes(report.file_bytes)),
            ("half of all answers within", format!("{:.0} µs", report.latency_us.median)),
            ("95 % of all answers within", format!("{:.0} µs", report.latency_us.p95)),
        ];
        let rows = rows.map(|(name, value)| vec![name.to_owned(), value]).to_vec();
        let text = "An answer is a list of 50 items with reasons, on the machine that ran the evaluation, one thread.";
        Section {
            title: "Size and speed".to_owned(),
            text: vec![text.to_owned()],
            charts: Vec::new(),
            tables: vec![Table { head: heads(&["", ""]), rows, numeric: true }],
            folded: false,
        }
    }

    fn reading(&self) -> Section {
        let report = self.main();
        let mut text = vec![words::protocol(report)];
        if let Some(statistics) = report.statistics {
            text.push(format!(
                "Intervals hold the true figure in {} % of all evaluations: bootstrap over users, {} samples. Differences \
                 are paired, case by case; “better” and “worse” are only said when the whole interval says so.",
                (statistics.confidence * 1e4).round() / 100.0,
                statistics.resamples
            ));
        }
        let rows =
            words::definitions(report).into_iter().map(|(name, what)| vec![name.to_owned(), what.to_owned()]);
        let table = Table { head: heads(&["Figure", "Definition"]), rows: rows.collect(), numeric: false };
        Section {
            title: "How to read this".to_owned(),
            text,
            charts: Vec::new(),
            tables: vec![table],
            folded: false,
        }
    }

    fn origin(&self) -> Section {
        let report = self.main();
        let pack = &report.pack;
        let sampled = report.sampled_users.map_or_else(
            || "all users".to_owned(),
            |users| format!("{} users, drawn at random", words::count(users)),
        );
        let mut rows = vec![
            ("Model", words::name(&pack.model_id, NAME)),
            ("Pack version", pack.pack_version.to_string()),
            ("Pack digest (BLAKE2b-512)", pack.digest.clone()),
            ("Items", words::grouped(f64::from(pack.items))),
            ("Values per vector, transitions per item", format!("{}, {}", pack.dim, pack.neighbours)),
            ("Protocol", report.protocol.clone()),
            ("Asked", sampled),
            ("Cases", format!("{} of {} users", words::count(report.cases), words::count(report.users))),
            ("Cases the pack does not know the item of", words::count(report.unknown_targets)),
            ("Cases whose item was left out as known", words::count(report.known_targets)),
        ];
        if !report.outcomes.cases_digest.is_empty() {
            rows.push(("Digest of the cases (BLAKE2b-256)", report.outcomes.cases_digest.clone()));
        }
        if let Some(s) = report.statistics {
            let text = format!(
                "{} % by {} bootstrap samples of users, seed {}",
                (s.confidence * 1e4).round() / 100.0,
                s.resamples,
                s.seed
            );
            rows.push(("Intervals", text));
        }
        let mut rows: Vec<Vec<String>> =
            rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
        rows.extend(report.left_out.iter().map(|(name, why)| {
            vec![format!("Without {}", words::name(&words::label(name), NAME)), words::name(why, 200)]
        }));
        Section {
            title: "Where this comes from".to_owned(),
            text: Vec::new(),
            charts: Vec::new(),
            tables: vec![Table { head: heads(&["", ""]), rows, numeric: false }],
            folded: false,
        }
    }
}

fn heads(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn figure(metrics: &Metrics, key: &str) -> Metric {
    metrics.get(key).copied().unwrap_or(Metric { value: f64::NAN, low: None, high: None })
}

fn value(metrics: &Metrics, key: &str) -> String {
    metrics.get(key).map_or_else(String::new, |metric| words::number(metric.value))
}

fn points_of(points: &[Point]) -> Vec<(f64, Metric)> {
    points.iter().map(|point| (point.x, point.figure)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a list's length")]
fn length(k: usize) -> f64 {
    k as f64
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 100.0)
}
