//! From an [`Evaluation`] and the pack it was made with to the figures of a [`Report`].

use std::collections::BTreeMap;
use std::time::Duration;

use tastekeeper::model::ModelInfo;

use super::{COVERAGE_LENGTH, CUTOFFS, Evaluation, Outcome};
use crate::reference::metrics::{hit_rate_at_k, mrr_at_k, ndcg_at_k};
use crate::report::{Latency, Metric, Metrics, Outcomes, Pack, REPORT_VERSION, Report};

impl Report {
    /// The figures of `evaluation`, which was made with the pack that `info` describes.
    #[must_use]
    pub fn new(evaluation: &Evaluation, info: &ModelInfo) -> Self {
        let ranks = |rank: fn(&Outcome) -> Option<usize>| -> Vec<usize> {
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
            statistics: None,
            metrics,
            levels: BTreeMap::new(),
            segments: BTreeMap::new(),
            worst_segment: None,
            baselines: BTreeMap::from([("popularity".to_owned(), popularity)]),
            baselines_left_out: BTreeMap::new(),
            comparisons: Vec::new(),
            curves: BTreeMap::new(),
            outcomes: Outcomes::default(),
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
    let mut put =
        |name: String, value: f64| out.insert(name, Metric { value: value + 0.0, low: None, high: None });
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
