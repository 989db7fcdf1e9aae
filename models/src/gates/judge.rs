//! Holds gates against reports.

use super::figure::{self, Problem};
use super::words::{self, lower_is_better};
use super::{Allowed, Check, Gate, Gates, Judge, Limit, Other, Scope};
use crate::report::{Comparison, Metric, Report, Verdict};

/// The normal quantile of a one-sided 5 % test, over the standard errors that [`Comparison::detectable`] holds.
const ONE_SIDED_OVER_DETECTABLE: f64 = 1.645 / 2.49;

/// What became of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The limit is kept.
    Passed,
    /// It is not.
    Failed,
    /// The gate is optional, and the report has not what it asks for.
    Skipped,
    /// The report cannot say.
    NotJudged,
}

impl Status {
    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "pass",
            Self::Failed => "FAIL",
            Self::Skipped => "skip",
            Self::NotJudged => "ERROR",
        }
    }
}

/// A gate and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The gate's name.
    pub gate: String,
    /// What became of it.
    pub status: Status,
    /// One line: figure, value, interval, limit, and what kind of failure.
    pub message: String,
}

/// What became of all gates, in the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// One per gate.
    pub judgements: Vec<Judgement>,
}

impl Judged {
    /// How many gates have a status.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.judgements.iter().filter(|judgement| judgement.status == status).count()
    }

    /// [`Status::NotJudged`] if any gate could not be judged, for the verdict is then not complete; else
    /// [`Status::Failed`] if any failed.
    #[must_use]
    pub fn status(&self) -> Status {
        [Status::NotJudged, Status::Failed]
            .into_iter()
            .find(|status| self.count(*status) > 0)
            .unwrap_or(Status::Passed)
    }

    /// The verdict in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        let all = self.judgements.len();
        let (failed, not_judged) = (self.count(Status::Failed), self.count(Status::NotJudged));
        let mut out = match (failed, not_judged) {
            (0, 0) => format!("{} of {all} gates passed", self.count(Status::Passed)),
            (0, _) => format!("{not_judged} of {all} gates could not be evaluated"),
            (_, 0) => format!("{failed} of {all} gates failed"),
            _ => format!("{failed} of {all} gates failed, {not_judged} could not be evaluated"),
        };
        let skipped = self.count(Status::Skipped);
        if skipped > 0 {
            out += &format!(", {skipped} skipped");
        }
        out
    }
}

impl Gates {
    /// Judges every gate. Regressions are measured from the report's own comparisons with `report`, or else, without an
    /// interval, from `baseline`.
    #[must_use]
    pub fn judge(&self, report: &Report, baseline: Option<&Report>) -> Judged {
        let judgements = self.gates.iter().map(|gate| gate.judge(report, baseline)).collect();
        Judged { judgements }
    }
}

/// Passed or failed, and the line.
type Decision = Result<(bool, String), Problem>;

impl Gate {
    fn judge(&self, report: &Report, baseline: Option<&Report>) -> Judgement {
        let decision = match &self.check {
            Check::Min(limit) => self.limit(report, limit, true),
            Check::Max(limit) => self.limit(report, limit, false),
            Check::Regression { allowed, detects } => self.regression(report, baseline, *allowed, *detects),
            Check::Beats(other) => self.beats(report, other),
        };
        let (status, mut message) = match decision {
            Ok((true, message)) => (Status::Passed, message),
            Ok((false, message)) => (Status::Failed, message),
            Err(problem @ Problem::Absent(_)) if self.optional => (Status::Skipped, problem.to_string()),
            Err(problem) => (Status::NotJudged, format!("could not be evaluated: {problem}")),
        };
        if let (Status::Failed, Some(reason)) = (status, &self.reason) {
            message += &format!(". {reason}");
        }
        Judgement { gate: self.name.clone(), status, message }
    }

    /// `ndcg@10 at level on-device`.
    fn subject(&self, report: &Report) -> String {
        let metric = &self.metric;
        match (&self.scope, &report.worst_segment) {
            (Scope::Level(_), _) if figure::is_fact(metric) => metric.clone(),
            (Scope::Level(level), _) => format!("{metric} at level {level}"),
            (Scope::Part(part), _) => format!("{metric} of the {part} alone"),
            (Scope::Segment { dimension, name }, _) => format!("{metric} of {dimension}={name}"),
            (Scope::WorstSegment, Some(worst)) => {
                format!("{metric} of the worst segment, {}={},", worst.dimension, worst.name)
            }
            (Scope::WorstSegment, None) => format!("{metric} of the worst segment"),
        }
    }

    fn limit(&self, report: &Report, limit: &Limit, is_min: bool) -> Decision {
        let found = figure::find(report, &self.metric, &self.scope)?;
        let (bound, origin) = match limit {
            Limit::Number(number) => (*number, String::new()),
            Limit::Times { times, of } => {
                let (other, name) = figure::other(report, &self.metric, &self.scope, of)?;
                let value = words::value(&self.metric, other.value);
                (times * other.value, format!(" ({times} times {value} of {name})"))
            }
        };
        // the end of the interval that is held against the limit
        let held = match (self.judge, is_min) {
            (Judge::Value, _) => Some(found.value),
            (Judge::Interval, true) | (Judge::Evidence, false) => found.low,
            (Judge::Interval, false) | (Judge::Evidence, true) => found.high,
        };
        let held = held.ok_or_else(|| no_interval(&self.metric))?;
        let passed = if is_min { held >= bound } else { held <= bound };
        let what = match (passed, self.judge, is_min) {
            (true, ..) => "",
            (false, Judge::Value, true) => ": too low",
            (false, Judge::Value, false) => ": too high",
            (false, Judge::Interval, _) => ": the interval does not show that the limit is kept",
            (false, Judge::Evidence, true) => ": shown to be too low",
            (false, Judge::Evidence, false) => ": shown to be too high",
        };
        let side = if is_min { "at least" } else { "at most" };
        let mut message = format!(
            "{} is {}, wanted {side} {}{origin}{what}",
            self.subject(report),
            words::figure(&self.metric, found),
            words::value(&self.metric, bound)
        );
        if self.metric.starts_with("coverage@") && !passed {
            let items = f64::from(report.pack.items);
            message += &format!(
                "; the model recommends {} of {} items",
                words::grouped((found.value * items).round()),
                words::grouped(items)
            );
        }
        Ok((passed, message))
    }

    fn beats(&self, report: &Report, other: &Other) -> Decision {
        let found = figure::find(report, &self.metric, &self.scope)?;
        let (comparison, name) = figure::comparison(report, &self.metric, &self.scope, other)?;
        let difference = usable(&self.metric, comparison)?;
        let none = difference.low == Some(0.0) && difference.high == Some(0.0);
        let what = match comparison.verdict {
            Verdict::Better => "better than",
            Verdict::Worse => "worse than",
            Verdict::NotShown if none => "the same in every case as",
            Verdict::NotShown => "not shown to be better than",
        };
        let message = format!(
            "{} is {}, {name} has {}, the paired difference is {}: {what} {name}",
            self.subject(report),
            words::figure(&self.metric, found),
            words::value(&self.metric, comparison.other),
            words::difference(&self.metric, difference)
        );
        Ok((comparison.verdict == Verdict::Better, message))
    }

    fn regression(
        &self,
        report: &Report,
        baseline: Option<&Report>,
        allowed: Allowed,
        detects: Option<Allowed>,
    ) -> Decision {
        let metric = &self.metric;
        let found = figure::find(report, metric, &self.scope)?;
        let segment = match figure::is_fact(metric) {
            true => None,
            false => figure::segment_key(report, &self.scope)?,
        };
        let comparison = figure::paired(report, "report", metric, segment.as_deref());
        let before = match (comparison, baseline) {
            (Some(comparison), _) => comparison.other,
            (None, Some(baseline)) => self.before(report, baseline)?.value,
            (None, None) => {
                return Err(Problem::Absent(
                    "there is no report to compare with; give --baseline".to_owned(),
                ));
            }
        };
        let difference = match comparison {
            Some(comparison) => usable(metric, comparison)?,
            None => Metric { value: found.value - before, low: None, high: None },
        };
        let amount = |allowed| match allowed {
            Allowed::Absolute(value) => value,
            Allowed::Relative(share) => share * before.abs(),
        };
        if let Some(detects) = detects {
            let detectable = comparison.map(|c| c.detectable).ok_or_else(|| no_interval(metric))?;
            if detectable > amount(detects) {
                return Err(Problem::Useless(format!(
                    "the cases show a loss of {metric} of {detectable:.5}{} with probability 0.8, not one of {detects}; \
                     evaluate more users",
                    words::share(detectable, before)
                )));
            }
        }
        let (loss, most) = loss(difference, lower_is_better(metric));
        let one_sided = comparison.map(|c| loss - ONE_SIDED_OVER_DETECTABLE * c.detectable);
        let held = match self.judge {
            Judge::Value => Some(loss),
            Judge::Interval => most,
            Judge::Evidence => one_sided,
        };
        let held = held.ok_or_else(|| no_interval(metric))?;
        let passed = held <= amount(allowed);
        let what = match (passed, self.judge) {
            (false, Judge::Value) => "worse than the baseline report",
            (false, Judge::Interval) => "the interval does not show that the loss is small enough",
            (false, Judge::Evidence) => "shown to be worse than the baseline report",
            (true, _) if loss > 0.0 => "worse, within the limit",
            (true, _) => "not worse",
        };
        let mut message = format!(
            "{} is {}, the baseline report has {}, the difference is {}{}, a loss of at most {allowed} is allowed: {what}",
            self.subject(report),
            words::figure(metric, found),
            words::value(metric, before),
            words::difference(metric, difference),
            words::share(difference.value, before)
        );
        let paired = comparison.filter(|comparison| passed && comparison.detectable > 0.0);
        if let (Judge::Evidence, Some(comparison)) = (self.judge, paired) {
            message += &format!(
                "; a loss of {:.5}{} or more would have been found with probability 0.8",
                comparison.detectable + amount(allowed),
                words::share(comparison.detectable + amount(allowed), before)
            );
        }
        Ok((passed, message))
    }

    /// The figure in the baseline report.
    fn before(&self, report: &Report, baseline: &Report) -> Result<Metric, Problem> {
        if !figure::is_fact(&self.metric) {
            same_cases(report, baseline)?;
        }
        // `worst` names this report's segment
        let scope = match (&self.scope, &report.worst_segment) {
            (Scope::WorstSegment, Some(worst)) => {
                Scope::Segment { dimension: worst.dimension.clone(), name: worst.name.clone() }
            }
            (scope, _) => scope.clone(),
        };
        figure::find(baseline, &self.metric, &scope).map_err(|problem| match problem {
            Problem::Absent(text) => Problem::Absent(format!("in the baseline report: {text}")),
            other => Problem::Useless(format!("in the baseline report: {other}")),
        })
    }
}

/// The loss of a difference, and the most that the interval holds.
fn loss(difference: Metric, lower_is_better: bool) -> (f64, Option<f64>) {
    if lower_is_better {
        (difference.value, difference.high)
    } else {
        (-difference.value, difference.low.map(|low| -low))
    }
}

/// Figures of other cases cannot be compared.
fn same_cases(report: &Report, baseline: &Report) -> Result<(), Problem> {
    let what = if report.protocol != baseline.protocol {
        "the protocol"
    } else if report.sampled_users != baseline.sampled_users {
        "the sample of users"
    } else if (report.users, report.cases) != (baseline.users, baseline.cases) {
        "the number of cases"
    } else if report.repeats != baseline.repeats {
        "whether known items compete"
    } else if report.outcomes.cases_digest != baseline.outcomes.cases_digest {
        "the cases, by their digest: another log or another sample"
    } else {
        return Ok(());
    };
    Err(Problem::Useless(format!(
        "the baseline report asked for other cases, so nothing can be compared; what differs is {what}"
    )))
}

fn no_interval(metric: &str) -> Problem {
    Problem::Absent(format!(
        "{metric} has no interval; evaluate with intervals, or judge by the value (`judge = \"value\"`)"
    ))
}

fn usable(metric: &str, comparison: &Comparison) -> Result<Metric, Problem> {
    let Comparison { difference, detectable, other, .. } = comparison;
    let numbers = [Some(difference.value), difference.low, difference.high, Some(*detectable), Some(*other)];
    if numbers.into_iter().flatten().all(f64::is_finite) {
        Ok(*difference)
    } else {
        Err(Problem::Useless(format!(
            "the difference of `{metric}` is not a number in this report; evaluate again"
        )))
    }
}
