//! The report of an evaluation: what `report.json` holds, whoever reads it.
//!
//! In: figures from [`evaluate`](crate::evaluate). Out: JSON, by serde. `text` says them on a terminal.
//! Must never hold an item or user id.
//!
//! Names of figures are `metric@k`, lower case, such as `ndcg@10`. Every figure is a mean over the cases, but for
//! `coverage@k`, a share of the pack's items; larger is better but for what [`lower_is_better`] names. Intervals are at
//! the level of confidence in [`Statistics`]. What each metric is: [`reference::metrics`](crate::reference::metrics) and
//! [`reference::lists`](crate::reference::lists).

mod html;
mod junit;
mod markdown;
mod outline;
mod read;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod schema_tests;
mod text;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::privacy::Measured;

pub use html::html;
pub use junit::junit;
pub use markdown::markdown;
pub use read::{ReadError, from_json};

/// The version of the report's layout. Fields may be added under one version, not removed or changed.
pub const REPORT_VERSION: u32 = 2;

/// One figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its value.
    pub value: f64,
    /// The lower end of its interval, where one was computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The upper end of its interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// Figures by name, such as `ndcg@10`.
pub type Metrics = BTreeMap<String, Metric>;

/// Whether smaller figures of this name, such as `calibration@10`, are the better ones.
///
/// Calibration is a divergence. Average popularity is no quality by itself: recommending less of what everybody has
/// counts as better.
#[must_use]
pub fn lower_is_better(metric: &str) -> bool {
    matches!(metric.split('@').next(), Some("calibration" | "average_popularity"))
}

/// How intervals were made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Share of intervals that hold the truth, such as 0.95.
    pub confidence: f64,
    /// Bootstrap samples of users (sequences).
    pub resamples: u32,
    /// What the samples were drawn from.
    pub seed: u64,
}

/// The figures of one part of the cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Which part, such as `3-5` of `history-length`. A category's or brand's name as the pack has it.
    pub name: String,
    /// Users with a case in it.
    pub users: usize,
    /// Cases in it.
    pub cases: usize,
    /// Its figures at level on-device.
    pub metrics: Metrics,
}

/// The segment with the lowest figure among those large enough to say so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorstSegment {
    /// Key of [`Report::segments`].
    pub dimension: String,
    /// [`Segment::name`].
    pub name: String,
    /// Name of the figure that was compared.
    pub metric: String,
    /// The segment's figure.
    pub figure: Metric,
    /// The figure over all cases.
    pub overall: f64,
}

/// What a paired difference shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole interval says better, and enough users show a difference.
    Better,
    /// The whole interval says worse, and enough users show a difference.
    Worse,
    /// Anything else.
    NotShown,
}

/// A paired comparison over the same cases: this report's figure minus the other's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// `baseline:NAME` for a key of [`Report::baselines`], `level:NAME` for a key of [`Report::levels`],
    /// `part:NAME` for a key of [`Report::parts`], `report` for the report given as the baseline.
    pub with: String,
    /// Name of the figure.
    pub metric: String,
    /// `dimension=name` of a segment; `None` for all cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// The other's figure.
    pub other: f64,
    /// Mean difference and its interval.
    pub difference: Metric,
    /// The smallest true loss (in the figure's unit) that a one-sided 5 % test on these cases finds with probability
    /// 0.8: 2.49 standard errors of the mean difference.
    pub detectable: f64,
    /// What that shows.
    pub verdict: Verdict,
}

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// List length, or a share.
    pub x: f64,
    /// The figure there.
    #[serde(flatten)]
    pub figure: Metric,
}

/// What every case came to, so that a later report can be compared case by case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// BLAKE2b-256 of the cases asked for (log, protocol, sample), hexadecimal: equal digests can be paired.
    pub cases_digest: String,
    /// Cases per user in log order, as LEB128, base64.
    pub cases_per_user: String,
    /// A byte per case in log order, base64: the 1-based place of the wanted item, 0 when it is not in the list.
    pub ranks: String,
}

/// How long `recommend` took for a list of [`LIST_LENGTH`](crate::evaluate::LIST_LENGTH) with reasons, in
/// microseconds, on the machine at hand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of the calls were faster.
    pub median: f64,
    /// 95 of 100 calls were faster.
    pub p95: f64,
}

/// What the pack says of its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainedOn {
    /// What was held out, by `--split`.
    pub split: String,
    /// The events asked for were not all held out, if the pack was trained on this log: the figures then mean nothing.
    pub may_have_seen: bool,
    /// Figures on validation, in full precision, while parameters were chosen.
    pub validation: Metrics,
}

/// Which pack was evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// The shop's name for the model.
    pub model_id: String,
    /// The pack's version.
    pub pack_version: u64,
    /// Items.
    pub items: u32,
    /// Values per vector.
    pub dim: u32,
    /// Transition slots per item.
    pub neighbours: u32,
    /// BLAKE2b-512 of the signed bytes, hexadecimal.
    pub digest: String,
}

/// An evaluation in figures: what `report.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`REPORT_VERSION`].
    pub version: u32,
    /// Which events were to be predicted.
    pub protocol: String,
    /// Whether items of the shopper's history competed.
    pub repeats: bool,
    /// How many sequences were asked for, if not all.
    pub sampled_users: Option<usize>,
    /// Sequences with a case.
    pub users: usize,
    /// Predicted events.
    pub cases: usize,
    /// Cases whose item the pack does not know.
    pub unknown_targets: usize,
    /// Cases whose item was excluded because the shopper knew it.
    pub known_targets: usize,
    /// How intervals were made, where there are any.
    #[serde(default)]
    pub statistics: Option<Statistics>,
    /// The model's figures over all cases, at level on-device.
    pub metrics: Metrics,
    /// The figures by level of personalisation: `off`, `session`, `on-device`.
    #[serde(default)]
    pub levels: BTreeMap<String, Metrics>,
    /// The figures at level on-device by part: dimension (`history-length`, `item-popularity`, `category`, ..), then
    /// its segments in their natural order.
    #[serde(default)]
    pub segments: BTreeMap<String, Vec<Segment>>,
    /// The worst segment large enough to say so.
    #[serde(default)]
    pub worst_segment: Option<WorstSegment>,
    /// The same figures of parts of the model, each alone: `vectors`, `transitions`, and `transitions-reversed`, which
    /// follows every transition against its direction; and `linked`, the whole model choosing from what it links to the history.
    #[serde(default)]
    pub parts: BTreeMap<String, Metrics>,
    /// The same figures of other ways to recommend: `popularity`, `item-knn`, `markov`, `ease`.
    pub baselines: BTreeMap<String, Metrics>,
    /// Baselines that were not run, and why.
    #[serde(default)]
    pub baselines_left_out: BTreeMap<String, String>,
    /// Figures and dimensions of segments that the data does not give, and why.
    #[serde(default)]
    pub left_out: BTreeMap<String, String>,
    /// Paired comparisons.
    #[serde(default)]
    pub comparisons: Vec<Comparison>,
    /// Curves by name: figures by list length under the metric's name (`hr`, `ndcg`, `coverage`), and
    /// `popularity-concentration`: share of recommendations (y) that the most recommended share of items (x) takes.
    #[serde(default)]
    pub curves: BTreeMap<String, Vec<Point>>,
    /// What every case came to.
    #[serde(default)]
    pub outcomes: Outcomes,
    /// Bytes the score is made of.
    pub model_bytes: u64,
    /// Bytes of item ids.
    pub id_bytes: u64,
    /// Bytes of attributes.
    pub attribute_bytes: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// How long answers took.
    pub latency_us: Latency,
    /// Which pack.
    pub pack: Pack,
    /// What it says of its training, if it was trained here.
    #[serde(default)]
    pub training: Option<TrainedOn>,
    /// What preference reports would tell of the log's shoppers, if that was measured.
    #[serde(default)]
    pub sharing: Option<Measured>,
}
