//! The figures of an evaluation, by their usual names, as JSON and as a table.
//!
//! In: an [`Evaluation`] and the pack it was made with. Out: a [`Report`]. Must never hold an item or user id.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tastekeeper::model::ModelInfo;

use super::{COVERAGE_LENGTH, CUTOFFS, Evaluation, LIST_LENGTH};
use crate::reference::metrics::{hit_rate_at_k, mrr_at_k, ndcg_at_k};

/// The version of the report's layout. Fields may be added under one version, not removed or changed.
pub const REPORT_VERSION: u32 = 1;

/// One figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its value.
    pub value: f64,
}

/// Figures by name, such as `ndcg@10`.
pub type Metrics = BTreeMap<String, Metric>;

/// How long `recommend` took for a list of [`LIST_LENGTH`] with reasons, in microseconds, on the machine at hand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of the calls were faster.
    pub median: f64,
    /// 95 of 100 calls were faster.
    pub p95: f64,
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
    /// The model's figures: `hr@k`, `recall@k`, `ndcg@k`, `mrr@k` for k of 1, 5, 10, 20, 50, and `coverage@10`.
    pub metrics: Metrics,
    /// The same figures of other ways to recommend: `popularity`.
    pub baselines: BTreeMap<String, Metrics>,
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
}

impl Report {
    /// The figures of `evaluation`, which was made with the pack that `info` describes.
    #[must_use]
    pub fn new(evaluation: &Evaluation, info: &ModelInfo) -> Self {
        let ranks = |rank: fn(&super::Outcome) -> Option<usize>| -> Vec<usize> {
            evaluation.outcomes.iter().map(|o| rank(o).unwrap_or(usize::MAX)).collect()
        };
        let items = info.items.max(1);
        let metrics = metrics(&ranks(|outcome| outcome.rank), evaluation.covered_items, items);
        let popularity =
            self::metrics(&ranks(|outcome| outcome.popularity_rank), evaluation.covered_by_popularity, items);
        Self {
            version: REPORT_VERSION,
            protocol: evaluation.config.protocol.name().to_owned(),
            repeats: evaluation.config.repeats,
            sampled_users: evaluation.config.users,
            users: evaluation.users,
            cases: evaluation.outcomes.len(),
            unknown_targets: evaluation.unknown_targets,
            known_targets: evaluation.known_targets,
            metrics,
            baselines: BTreeMap::from([("popularity".to_owned(), popularity)]),
            model_bytes: info.model_bytes,
            id_bytes: info.id_bytes,
            attribute_bytes: info.attribute_bytes,
            file_bytes: info.file_bytes,
            latency_us: Latency {
                median: quantile_us(&evaluation.latencies, 50),
                p95: quantile_us(&evaluation.latencies, 95),
            },
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

#[expect(clippy::cast_precision_loss, reason = "counts of items")]
fn metrics(ranks: &[usize], covered: usize, items: u32) -> Metrics {
    let mut out = Metrics::new();
    // an empty sum is -0
    let mut put = |name: String, value: f64| out.insert(name, Metric { value: value + 0.0 });
    for k in CUTOFFS {
        put(format!("hr@{k}"), hit_rate_at_k(ranks, k));
        // with one wanted item per case
        put(format!("recall@{k}"), hit_rate_at_k(ranks, k));
        put(format!("ndcg@{k}"), ndcg_at_k(ranks, k));
        put(format!("mrr@{k}"), mrr_at_k(ranks, k));
    }
    put(format!("coverage@{COVERAGE_LENGTH}"), covered as f64 / f64::from(items));
    out
}

/// The nearest-rank quantile of ascending durations.
fn quantile_us(ascending: &[Duration], percent: usize) -> f64 {
    let place = (ascending.len() * percent).div_ceil(100).max(1) - 1;
    ascending.get(place).map_or(0.0, |took| took.as_secs_f64() * 1e6)
}

impl fmt::Display for Report {
    /// A table for people; without a line's end at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = if self.repeats { "known items compete" } else { "known items are excluded" };
        writeln!(
            f,
            "{}: {} cases of {} users, {} items ranked, {known}",
            self.protocol, self.cases, self.users, self.pack.items
        )?;
        let names = ["hr", "ndcg", "mrr"];
        writeln!(
            f,
            "\n{:>12} {:>8} {:>8} {:>8}   {:>8} {:>8} {:>8}",
            "", "HR", "NDCG", "MRR", "HR", "NDCG", "MRR"
        )?;
        writeln!(f, "{:>12} {:>26}   {:>26}", "", "the model, packed", "by popularity")?;
        let none = Metrics::new();
        let popularity = self.baselines.get("popularity").unwrap_or(&none);
        let value = |metrics: &Metrics, name: &str| metrics.get(name).map_or(f64::NAN, |m| m.value);
        for k in CUTOFFS {
            write!(f, "{:>12}", format!("@{k}"))?;
            for (gap, metrics) in [("", &self.metrics), ("  ", popularity)] {
                write!(f, "{gap}")?;
                for name in names {
                    write!(f, " {:>8.4}", value(metrics, &format!("{name}@{k}")))?;
                }
            }
            writeln!(f)?;
        }
        let coverage = format!("coverage@{COVERAGE_LENGTH}");
        writeln!(
            f,
            "{coverage:>12} {:>8.4} {:>28.4}",
            value(&self.metrics, &coverage),
            value(popularity, &coverage)
        )?;
        writeln!(
            f,
            "\n{:>12} model {} B, ids {} B, attributes {} B, file {} B",
            "sizes", self.model_bytes, self.id_bytes, self.attribute_bytes, self.file_bytes
        )?;
        write!(
            f,
            "{:>12} median {:.0} us, 95 % below {:.0} us, for {LIST_LENGTH} items with reasons",
            "latency", self.latency_us.median, self.latency_us.p95
        )?;
        for (count, what) in [
            (self.unknown_targets, "the wanted item is not in the pack"),
            (self.known_targets, "the wanted item was known and therefore excluded"),
        ] {
            if count > 0 {
                write!(f, "\n{:>12} {count} cases missed because {what}", "note")?;
            }
        }
        Ok(())
    }
}
