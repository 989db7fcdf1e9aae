//! The gates file: TOML, checked gate by gate, every error with the line.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::{Allowed, Check, Gate, Gates, Judge, Limit, Other, Scope};

/// The version of the file's layout.
const VERSION: u32 = 1;
/// Longest file, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// Most gates.
const MAX_GATES: usize = 1_000;
/// Longest name or reason, in characters.
const MAX_TEXT: usize = 300;

/// Why a gates file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct GatesError {
    /// 1-based line of the file.
    pub line: usize,
    /// What is wrong, and what to write.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    version: Spanned<u32>,
    #[serde(default)]
    gate: Vec<Spanned<RawGate>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGate {
    name: Option<String>,
    metric: String,
    level: Option<String>,
    segment: Option<String>,
    part: Option<String>,
    min: Option<RawLimit>,
    max: Option<RawLimit>,
    max_regression: Option<RawAllowed>,
    detects: Option<RawAllowed>,
    beats: Option<String>,
    judge: Option<RawJudge>,
    #[serde(default)]
    optional: bool,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a number, or a table such as { times = 2, of = \"baseline:popularity\" }"
)]
enum RawLimit {
    Number(f64),
    Times(RawTimes),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTimes {
    times: f64,
    of: String,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a number in the figure's unit, or a share such as \"1 %\"")]
enum RawAllowed {
    Number(f64),
    Text(String),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawJudge {
    Value,
    Interval,
    Evidence,
}

impl Gates {
    /// Reads a gates file.
    ///
    /// # Errors
    /// [`GatesError`] with the line if it is not TOML, or a gate does not say exactly one thing.
    pub fn parse(text: &str) -> Result<Self, GatesError> {
        if text.len() > MAX_BYTES {
            return Err(GatesError { line: 1, reason: format!("the file is longer than {MAX_BYTES} bytes") });
        }
        let line = |span: Option<Range<usize>>| {
            let start = span.map_or(0, |span| span.start).min(text.len());
            text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1
        };
        let raw: RawFile = toml::from_str(text).map_err(|error| GatesError {
            line: line(error.span()),
            reason: error.message().replace(['\n', '\r'], " "),
        })?;
        let refuse = |span: Range<usize>, reason: String| Err(GatesError { line: line(Some(span)), reason });
        if *raw.version.get_ref() != VERSION {
            return refuse(raw.version.span(), format!("`version` must be {VERSION}"));
        }
        if raw.gate.is_empty() || raw.gate.len() > MAX_GATES {
            let reason =
                format!("write 1 to {MAX_GATES} gates, each under [[gate]]; `gate --init` writes some");
            return Err(GatesError { line: 1, reason });
        }
        let mut gates: Vec<Gate> = Vec::with_capacity(raw.gate.len());
        for spanned in raw.gate {
            let span = spanned.span();
            let gate = match gate(spanned.into_inner()) {
                Ok(gate) => gate,
                Err(reason) => return refuse(span, reason),
            };
            if gates.iter().any(|other| other.name == gate.name) {
                return refuse(span, format!("two gates are named `{}`; names must differ", gate.name));
            }
            gates.push(gate);
        }
        Ok(Self { gates })
    }
}

fn gate(raw: RawGate) -> Result<Gate, String> {
    for (field, text) in [
        ("name", raw.name.as_deref()),
        ("metric", Some(raw.metric.as_str())),
        ("segment", raw.segment.as_deref()),
        ("reason", raw.reason.as_deref()),
    ] {
        let length = text.map_or(1, |text| text.chars().count());
        if length == 0 || length > MAX_TEXT {
            return Err(format!("`{field}` must have 1 to {MAX_TEXT} characters"));
        }
    }
    let scope = scope(raw.level, raw.segment, raw.part)?;
    let detects = raw.detects.map(|text| allowed("detects", text)).transpose()?;
    if detects.is_some() && raw.max_regression.is_none() {
        return Err("`detects` goes with `max_regression`".to_owned());
    }
    let given = [raw.min.is_some(), raw.max.is_some(), raw.max_regression.is_some(), raw.beats.is_some()];
    if given.iter().filter(|given| **given).count() != 1 {
        return Err("a gate has exactly one of `min`, `max`, `max_regression` and `beats`".to_owned());
    }
    let judges_itself = raw.beats.is_some() && raw.judge.is_some();
    if judges_itself {
        return Err("`beats` always asks for the interval; leave `judge` out".to_owned());
    }
    let check = if let Some(min) = raw.min {
        Check::Min(limit("min", min, &scope)?)
    } else if let Some(max) = raw.max {
        Check::Max(limit("max", max, &scope)?)
    } else if let Some(regression) = raw.max_regression {
        Check::Regression { allowed: allowed("max_regression", regression)?, detects }
    } else {
        Check::Beats(other("beats", &raw.beats.unwrap_or_default(), &scope)?)
    };
    let gate = Gate {
        name: String::new(),
        metric: raw.metric,
        scope,
        check,
        judge: match raw.judge {
            None | Some(RawJudge::Value) => Judge::Value,
            Some(RawJudge::Interval) => Judge::Interval,
            Some(RawJudge::Evidence) => Judge::Evidence,
        },
        optional: raw.optional,
        reason: raw.reason,
    };
    Ok(Gate { name: raw.name.unwrap_or_else(|| gate.to_string()), ..gate })
}

fn scope(level: Option<String>, segment: Option<String>, part: Option<String>) -> Result<Scope, String> {
    match (level, segment.as_deref(), part) {
        (None, None, None) => Ok(Scope::Level(super::figure::MAIN_LEVEL.to_owned())),
        (Some(level), None, None) => Ok(Scope::Level(level)),
        (None, None, Some(part)) => Ok(Scope::Part(part)),
        (None, Some("worst"), None) => Ok(Scope::WorstSegment),
        (None, Some(segment), None) => match segment.split_once('=') {
            Some((dimension, name)) => {
                Ok(Scope::Segment { dimension: dimension.to_owned(), name: name.to_owned() })
            }
            None => Err("`segment` is `dimension=name`, such as `history-length=1`, or `worst`".to_owned()),
        },
        _ => Err("give one of `level`, `segment` and `part`, not both: the others are of level on-device"
            .to_owned()),
    }
}

fn limit(field: &str, raw: RawLimit, scope: &Scope) -> Result<Limit, String> {
    match raw {
        RawLimit::Number(number) if number.is_finite() => Ok(Limit::Number(number)),
        RawLimit::Times(RawTimes { times, of }) if times.is_finite() && times > 0.0 => {
            Ok(Limit::Times { times, of: other(field, &of, scope)? })
        }
        RawLimit::Number(_) => Err(format!("`{field}` must be a finite number")),
        RawLimit::Times(_) => Err(format!("`times` of `{field}` must be a finite number above 0")),
    }
}

/// `popularity`, `baseline:popularity`, `best-baseline`, `level:off`, `part:vectors`, `validation`, `overall`.
fn other(field: &str, text: &str, scope: &Scope) -> Result<Other, String> {
    Ok(match (text.split_once(':'), text) {
        (_, "best-baseline") => Other::BestBaseline,
        (_, "validation") => Other::Validation,
        (_, "overall") if matches!(scope, Scope::Level(_) | Scope::Part(_)) => {
            return Err("`overall` is for gates of a segment".to_owned());
        }
        (_, "overall") => Other::Overall,
        (Some(("level", name)), _) if !name.is_empty() => Other::Level(name.to_owned()),
        (Some(("part", name)), _) if !name.is_empty() => Other::Part(name.to_owned()),
        (Some(("baseline", name)), _) if !name.is_empty() => Other::Baseline(name.to_owned()),
        (None, name) if !name.is_empty() => Other::Baseline(name.to_owned()),
        _ => {
            return Err(format!(
                "`{field}` names another figure: `baseline:NAME`, `best-baseline`, `level:NAME`, `part:NAME`, `validation` or `overall`"
            ));
        }
    })
}

fn allowed(field: &str, raw: RawAllowed) -> Result<Allowed, String> {
    let parsed = match &raw {
        RawAllowed::Number(number) => Some(Allowed::Absolute(*number)),
        RawAllowed::Text(text) => text
            .strip_suffix('%')
            .and_then(|number| number.trim().parse::<f64>().ok())
            .map(|percent| Allowed::Relative(percent / 100.0)),
    };
    match parsed {
        Some(amount @ (Allowed::Absolute(value) | Allowed::Relative(value)))
            if value.is_finite() && value >= 0.0 =>
        {
            Ok(amount)
        }
        _ => Err(format!(
            "`{field}` is a number of 0 or more in the figure's unit, or a share such as \"1 %\""
        )),
    }
}

impl fmt::Display for Gate {
    /// The gate in a few words: its name where the file gives none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.metric)?;
        match &self.scope {
            Scope::Level(level) if level == super::figure::MAIN_LEVEL => {}
            Scope::Level(level) => write!(f, " at level {level}")?,
            Scope::Segment { dimension, name } => write!(f, " of {dimension}={name}")?,
            Scope::Part(part) => write!(f, " of the {part} alone")?,
            Scope::WorstSegment => write!(f, " of the worst segment")?,
        }
        match &self.check {
            Check::Min(limit) => write!(f, " at least {limit}"),
            Check::Max(limit) => write!(f, " at most {limit}"),
            Check::Regression { allowed, .. } => write!(f, " not worse than before by more than {allowed}"),
            Check::Beats(other) => write!(f, " better than {other}"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Times { times, of } => write!(f, "{times} times {of}"),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(value) => write!(f, "{value}"),
            Self::Relative(share) => write!(f, "{} %", (share * 1e8).round() / 1e6),
        }
    }
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Baseline(name) => write!(f, "{name}"),
            Self::BestBaseline => write!(f, "the best baseline"),
            Self::Level(name) => write!(f, "level {name}"),
            Self::Part(name) => write!(f, "the {name} alone"),
            Self::Validation => write!(f, "validation"),
            Self::Overall => write!(f, "all cases"),
        }
    }
}
