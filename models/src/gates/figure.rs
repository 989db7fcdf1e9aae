//! Finds figures in a report, or says why they are not there.

use std::collections::BTreeMap;

use super::{Other, Scope};
use crate::evaluate::CUTOFFS;
use crate::report::{Comparison, Metric, Metrics, Report};

/// The level of a report's main figures.
pub(super) const MAIN_LEVEL: &str = "on-device";

/// Figures by k that an evaluation may have.
const RANKING: [&str; 6] = ["hr", "recall", "precision", "ndcg", "mrr", "map"];
/// Figures of lists of ten that an evaluation may have.
const BEYOND: [&str; 8] = [
    "coverage@10",
    "novelty@10",
    "intra_list_diversity@10",
    "average_popularity@10",
    "sufficient_reco@10",
    "unrepeated_reco@10",
    "covered_users@10",
    "calibration@10",
];

/// Parts that a model may have.
const PARTS: [&str; 4] = ["vectors", "transitions", "transitions-reversed", "linked"];

/// Baselines that an evaluation may have.
const BASELINES: [&str; 4] = ["popularity", "item-knn", "markov", "ease"];
/// 1 if training may have seen what is asked, else 0.
const SEEN: &str = "may_have_seen";

/// Why a gate cannot be judged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum Problem {
    /// No evaluation has such a figure, or the report has no such name.
    #[error("there is no {what} `{name}`{hint}")]
    Unknown { what: &'static str, name: String, hint: String },
    /// The report could have it.
    #[error("{0}")]
    Absent(String),
    /// The figure is there and useless.
    #[error("{0}")]
    Useless(String),
}

impl Problem {
    fn unknown<'a>(what: &'static str, name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.collect();
        let meant = known
            .iter()
            .map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate))
            .filter(|(likeness, _)| *likeness > 0.75)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let hint = match (meant, known.len()) {
            (Some((_, meant)), _) => format!("; did you mean `{meant}`?"),
            (None, 1..=24) => format!("; there are {}", known.join(", ")),
            _ => String::new(),
        };
        Self::Unknown { what, name: name.to_owned(), hint }
    }
}

/// Whether `metric` is a fact about the pack or the run, such as its size, and not a mean over cases.
pub(super) fn is_fact(metric: &str) -> bool {
    facts_of(None).iter().any(|(name, _)| *name == metric)
}

#[expect(clippy::cast_precision_loss, reason = "counts and bytes")]
fn facts_of(report: Option<&Report>) -> [(&'static str, f64); 10] {
    let get = |get: fn(&Report) -> f64| report.map_or(f64::NAN, get);
    [
        ("model_bytes", get(|r| r.model_bytes as f64)),
        ("id_bytes", get(|r| r.id_bytes as f64)),
        ("attribute_bytes", get(|r| r.attribute_bytes as f64)),
        ("file_bytes", get(|r| r.file_bytes as f64)),
        ("latency_us.median", get(|r| r.latency_us.median)),
        ("latency_us.p95", get(|r| r.latency_us.p95)),
        ("users", get(|r| r.users as f64)),
        ("cases", get(|r| r.cases as f64)),
        (SEEN, get(|r| r.training.as_ref().map_or(f64::NAN, |t| f64::from(u8::from(t.may_have_seen))))),
        ("unknown_target_share", get(|r| r.unknown_targets as f64 / r.cases as f64)),
    ]
}

/// A figure's value, and the segment that was meant by `worst`.
pub(super) fn find(report: &Report, metric: &str, scope: &Scope) -> Result<Metric, Problem> {
    if let Some((_, value)) = facts_of(Some(report)).iter().find(|(name, _)| *name == metric) {
        if metric == SEEN && report.training.is_none() {
            return Err(Problem::Absent("the pack does not say what it was trained on".to_owned()));
        }
        let main = matches!(scope, Scope::Level(level) if level == MAIN_LEVEL);
        return match main {
            true => finite(metric, Metric { value: *value, low: None, high: None }),
            false => {
                Err(Problem::Useless(format!("`{metric}` is of the whole run; leave level and segment out")))
            }
        };
    }
    known(report, metric)?;
    match scope {
        Scope::Level(name) => in_map(&levels(report), metric, name, "level"),
        Scope::Part(name) => part(report, metric, name),
        Scope::Segment { dimension, name } => segment(report, metric, dimension, name),
        Scope::WorstSegment => match &report.worst_segment {
            None => Err(Problem::Absent(
                "the report has no worst segment: no segment has enough cases, or segments were not asked for"
                    .to_owned(),
            )),
            Some(worst) if worst.metric == metric => finite(metric, worst.figure),
            Some(worst) => Err(Problem::Useless(format!(
                "the report's worst segment is the worst by {}; ask for that figure, or name the segment",
                worst.metric
            ))),
        },
    }
}

/// The figure that another is held against, and what to call it.
pub(super) fn other(
    report: &Report,
    metric: &str,
    scope: &Scope,
    other: &Other,
) -> Result<(Metric, String), Problem> {
    if is_fact(metric) {
        return Err(Problem::Useless(format!("`{metric}` is of the whole run; give its limit as a number")));
    }
    known(report, metric)?;
    match other {
        Other::Overall => Ok((in_map(&levels(report), metric, MAIN_LEVEL, "level")?, "all cases".to_owned())),
        _ if !matches!(scope, Scope::Level(_) | Scope::Part(_)) => Err(Problem::Useless(
            "baselines and levels are known over all cases; hold a segment against `overall`, or use `beats`"
                .to_owned(),
        )),
        Other::Level(name) => Ok((in_map(&levels(report), metric, name, "level")?, format!("level {name}"))),
        Other::Validation => {
            let found = report.training.as_ref().and_then(|training| training.validation.get(metric));
            let absent = || Problem::Absent(format!("the pack does not say its {metric} on validation"));
            Ok((finite(metric, *found.ok_or_else(absent)?)?, "its own validation".to_owned()))
        }
        Other::Part(name) => Ok((part(report, metric, name)?, format!("the {name} alone"))),
        Other::Baseline(name) => Ok((baseline(report, metric, name)?, name.clone())),
        Other::BestBaseline => {
            let (name, metric) = best_baseline(report, metric)?;
            Ok((metric, format!("{name}, the best baseline")))
        }
    }
}

/// The paired comparison that answers whether the figure is better.
pub(super) fn comparison<'a>(
    report: &'a Report,
    metric: &str,
    scope: &Scope,
    with: &Other,
) -> Result<(&'a Comparison, String), Problem> {
    known(report, metric)?;
    let (key, name) = match with {
        Other::BestBaseline => {
            let name = best_baseline(report, metric)?.0;
            (format!("baseline:{name}"), format!("{name}, the best baseline"))
        }
        Other::Baseline(name) => {
            baseline(report, metric, name)?;
            (format!("baseline:{name}"), name.clone())
        }
        Other::Level(name) => {
            in_map(&levels(report), metric, name, "level")?;
            (format!("level:{name}"), format!("level {name}"))
        }
        Other::Part(name) => {
            part(report, metric, name)?;
            (format!("part:{name}"), format!("the {name} alone"))
        }
        Other::Validation => {
            return Err(Problem::Useless("validation has other cases; use `min` or `max`".to_owned()));
        }
        Other::Overall => {
            return Err(Problem::Useless("a segment is part of all cases; use `min`".to_owned()));
        }
    };
    let segment = segment_key(report, scope)?;
    match paired(report, &key, metric, segment.as_deref()) {
        Some(found) => Ok((found, name)),
        None => Err(Problem::Absent(format!(
            "the report compares no {metric} with {name}{}; evaluate again with intervals, or choose another figure",
            if segment.is_some() { " by segment" } else { "" }
        ))),
    }
}

/// The paired comparison with `key`, if the report has it.
pub(super) fn paired<'a>(
    report: &'a Report,
    key: &str,
    metric: &str,
    segment: Option<&str>,
) -> Option<&'a Comparison> {
    report.comparisons.iter().find(|c| c.with == key && c.metric == metric && c.segment.as_deref() == segment)
}

/// How comparisons name the gate's segment.
pub(super) fn segment_key(report: &Report, scope: &Scope) -> Result<Option<String>, Problem> {
    match (scope, &report.worst_segment) {
        (Scope::Level(level), _) if level == MAIN_LEVEL => Ok(None),
        (Scope::Level(_) | Scope::Part(_), _) => {
            Err(Problem::Useless("only level on-device is compared; leave `level` and `part` out".to_owned()))
        }
        (Scope::Segment { dimension, name }, _) => Ok(Some(format!("{dimension}={name}"))),
        (Scope::WorstSegment, Some(worst)) => Ok(Some(format!("{}={}", worst.dimension, worst.name))),
        (Scope::WorstSegment, None) => Err(Problem::Absent("the report has no worst segment".to_owned())),
    }
}

/// Refuses names that no evaluation has.
fn known(report: &Report, metric: &str) -> Result<(), Problem> {
    let standard: Vec<String> =
        RANKING.iter().flat_map(|name| CUTOFFS.map(|k| format!("{name}@{k}"))).collect();
    let mut names = report
        .metrics
        .keys()
        .map(String::as_str)
        .chain(standard.iter().map(String::as_str))
        .chain(BEYOND)
        .chain(facts_of(None).map(|(name, _)| name));
    if names.clone().any(|name| name == metric) {
        return Ok(());
    }
    if metric.starts_with("latency") {
        return Err(Problem::unknown("figure", metric, ["latency_us.median", "latency_us.p95"].into_iter()));
    }
    Err(Problem::unknown("figure", metric, &mut names))
}

/// The levels with the main one, which every report has.
fn levels(report: &Report) -> BTreeMap<&str, &Metrics> {
    let mut levels: BTreeMap<&str, &Metrics> =
        report.levels.iter().map(|(name, metrics)| (name.as_str(), metrics)).collect();
    levels.insert(MAIN_LEVEL, &report.metrics);
    levels
}

fn in_map(
    map: &BTreeMap<&str, &Metrics>,
    metric: &str,
    name: &str,
    what: &'static str,
) -> Result<Metric, Problem> {
    let Some(metrics) = map.get(name) else {
        return Err(match name {
            "off" | "session" => {
                Problem::Absent(format!("the report has no level {name}; evaluate with --levels {name}"))
            }
            _ => Problem::unknown(what, name, map.keys().copied()),
        });
    };
    match metrics.get(metric) {
        Some(found) => finite(metric, *found),
        None => Err(Problem::Absent(format!("the report has no {metric} for {what} {name}"))),
    }
}

fn part(report: &Report, metric: &str, name: &str) -> Result<Metric, Problem> {
    if report.parts.is_empty() {
        return Err(Problem::Absent(
            "the report does not have the model's parts alone; evaluate with --parts".to_owned(),
        ));
    }
    if PARTS.contains(&name) && !report.parts.contains_key(name) {
        return Err(Problem::Absent(format!("the model has no {name}")));
    }
    let map = report.parts.iter().map(|(name, metrics)| (name.as_str(), metrics)).collect();
    in_map(&map, metric, name, "part")
}

fn baseline(report: &Report, metric: &str, name: &str) -> Result<Metric, Problem> {
    if let Some(why) = report.baselines_left_out.get(name) {
        return Err(Problem::Absent(format!("the baseline {name} was left out of the evaluation: {why}")));
    }
    if BASELINES.contains(&name) && !report.baselines.contains_key(name) {
        return Err(Problem::Absent(format!("the report has no baseline {name}")));
    }
    let map = report.baselines.iter().map(|(name, metrics)| (name.as_str(), metrics)).collect();
    in_map(&map, metric, name, "baseline")
}

/// The baseline with the best figure; the first by name among equals.
fn best_baseline(report: &Report, metric: &str) -> Result<(String, Metric), Problem> {
    let sign = if super::words::lower_is_better(metric) { -1.0 } else { 1.0 };
    let mut best: Option<(&String, Metric)> = None;
    for (name, metrics) in &report.baselines {
        let Some(found) = metrics.get(metric).filter(|found| found.value.is_finite()) else { continue };
        if best.is_none_or(|(_, best)| sign * found.value > sign * best.value) {
            best = Some((name, *found));
        }
    }
    best.map(|(name, metric)| (name.clone(), metric))
        .ok_or_else(|| Problem::Absent(format!("the report has no baseline with {metric}")))
}

fn segment(report: &Report, metric: &str, dimension: &str, name: &str) -> Result<Metric, Problem> {
    if report.segments.is_empty() {
        return Err(Problem::Absent("the report has no segments; evaluate with them".to_owned()));
    }
    let Some(segments) = report.segments.get(dimension) else {
        return Err(Problem::unknown("dimension", dimension, report.segments.keys().map(String::as_str)));
    };
    let Some(segment) = segments.iter().find(|segment| segment.name == name) else {
        return Err(Problem::unknown("segment", name, segments.iter().map(|s| s.name.as_str())));
    };
    if segment.cases == 0 {
        return Err(Problem::Absent(format!("the segment {dimension}={name} has no cases")));
    }
    match segment.metrics.get(metric) {
        Some(found) => finite(metric, *found),
        None => Err(Problem::Absent(format!("the report has no {metric} by segment"))),
    }
}

/// A figure that is a number, with an interval around it or none.
fn finite(metric: &str, figure: Metric) -> Result<Metric, Problem> {
    let ordered = match (figure.low, figure.high) {
        (Some(low), Some(high)) => low <= high,
        (None, None) => true,
        _ => false,
    };
    if figure.value.is_finite() && ordered {
        Ok(figure)
    } else {
        Err(Problem::Useless(format!("`{metric}` is not a number in this report; evaluate again")))
    }
}
