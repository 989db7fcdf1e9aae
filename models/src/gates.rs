//! Gates: what a report must keep for a release, and whether it does.
//!
//! In: a gates file ([`Gates::parse`]), a [`Report`](crate::report::Report) and, for regressions, the report it is
//! compared with. Out: a [`Judgement`] per gate, in the file's order ([`Gates::judge`]), with one line that names the
//! figure, its value, its interval and the limit. Must never compute a figure: it reads what evaluation found.
//!
//! `models/docs/evaluation.md` describes the file. [`DEFAULT`] is the one that ships.

mod figure;
mod file;
mod judge;
mod words;

pub use file::GatesError;
pub use judge::{Judged, Judgement, Status};

/// The gates file that ships: what any shop's model must keep.
pub const DEFAULT: &str = include_str!("../gates/default.toml");

/// The gates of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Gates {
    gates: Vec<Gate>,
}

/// One gate: a figure and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
struct Gate {
    name: String,
    metric: String,
    scope: Scope,
    check: Check,
    judge: Judge,
    /// Skipped where the report cannot have what it asks for.
    optional: bool,
    /// What a failure usually means.
    reason: Option<String>,
}

/// Whose figure.
#[derive(Clone, Debug, PartialEq)]
enum Scope {
    Level(String),
    Part(String),
    Segment { dimension: String, name: String },
    WorstSegment,
}

/// What is asked of it.
#[derive(Clone, Debug, PartialEq)]
enum Check {
    Min(Limit),
    Max(Limit),
    /// At most so much worse than in the baseline report; with `detects`, the cases must be able to show such a loss.
    Regression {
        allowed: Allowed,
        detects: Option<Allowed>,
    },
    /// The interval of the paired difference says better.
    Beats(Other),
}

#[derive(Clone, Debug, PartialEq)]
enum Limit {
    Number(f64),
    Times { times: f64, of: Other },
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Allowed {
    /// In the figure's unit.
    Absolute(f64),
    /// As a share of the other's figure.
    Relative(f64),
}

/// Another figure of the same name in the same report.
#[derive(Clone, Debug, PartialEq)]
enum Other {
    Baseline(String),
    BestBaseline,
    Level(String),
    /// A part of the model alone.
    Part(String),
    /// The pack's own figure on validation.
    Validation,
    /// Over all cases; for segments.
    Overall,
}

/// What is held against the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judge {
    /// The figure.
    Value,
    /// The end of the interval that is nearer to the limit: it must be shown that the limit is kept.
    Interval,
    /// The other end: it must be shown that the limit is broken.
    Evidence,
}

#[cfg(test)]
mod tests;
