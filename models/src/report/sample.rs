//! A report with something in every field, for tests.

use std::collections::BTreeMap;

use super::*;
use crate::privacy::{Attack, AttackRow, ErrorRow};

/// A figure with an interval.
pub(crate) fn metric(value: f64, half: f64) -> Metric {
    Metric { value, low: Some(value - half), high: Some(value + half) }
}

/// Figures around `scale` times those of a good model.
pub(crate) fn metrics(scale: f64) -> Metrics {
    let mut out = Metrics::new();
    for (k, hr, ndcg, mrr) in [
        (1, 0.035, 0.035, 0.035),
        (5, 0.079, 0.058, 0.051),
        (10, 0.106, 0.064, 0.055),
        (20, 0.140, 0.073, 0.057),
        (50, 0.200, 0.085, 0.059),
    ] {
        for (name, value) in [("hr", hr), ("ndcg", ndcg), ("mrr", mrr)] {
            out.insert(format!("{name}@{k}"), metric(value * scale, 0.003));
        }
    }
    out.insert("coverage@10".to_owned(), metric(0.61 * scale, 0.01));
    out.insert("average_popularity@10".to_owned(), metric(40.0 / scale, 1.0));
    out
}

fn comparison(with: &str, segment: Option<&str>, other: f64, value: f64, half: f64) -> Comparison {
    Comparison {
        with: with.to_owned(),
        metric: "ndcg@10".to_owned(),
        segment: segment.map(str::to_owned),
        other,
        difference: metric(value, half),
        detectable: 2.49 * half / 1.96,
        verdict: match value {
            value if value - half > 0.0 => Verdict::Better,
            value if value + half < 0.0 => Verdict::Worse,
            _ => Verdict::NotShown,
        },
    }
}

/// The report.
pub(crate) fn sample() -> Report {
    let segment = |name: &str, cases, scale| Segment {
        name: name.to_owned(),
        users: cases,
        cases,
        metrics: metrics(scale),
    };
    let curve = |height: f64| -> Vec<Point> {
        [1.0, 5.0, 10.0, 20.0, 50.0]
            .map(|x: f64| Point { x, figure: metric(height * x.sqrt(), 0.003) })
            .to_vec()
    };
    Report {
        version: REPORT_VERSION,
        protocol: "leave-one-out".to_owned(),
        repeats: false,
        sampled_users: Some(22_363),
        users: 22_363,
        cases: 22_363,
        unknown_targets: 3,
        known_targets: 2,
        statistics: Some(Statistics { confidence: 0.95, resamples: 1_000, seed: 1 }),
        metrics: metrics(1.0),
        levels: [("off", 0.1), ("session", 0.8), ("on-device", 1.0)]
            .map(|(name, scale)| (name.to_owned(), metrics(scale)))
            .into(),
        segments: BTreeMap::from([
            (
                "history-length".to_owned(),
                vec![segment("1", 4_000, 0.9), segment("3-5", 9_000, 1.0), segment("21+", 900, 1.1)],
            ),
            (
                "category".to_owned(),
                vec![segment("Make-up <b> & \"more\"|*x*", 9_000, 1.0), segment("Fragrance", 700, 0.4)],
            ),
        ]),
        worst_segment: Some(WorstSegment {
            dimension: "category".to_owned(),
            name: "Fragrance".to_owned(),
            metric: "ndcg@10".to_owned(),
            figure: metric(0.0256, 0.003),
            overall: 0.064,
        }),
        parts: [("vectors", 0.95), ("transitions", 0.8), ("transitions-reversed", 0.5)]
            .map(|(name, scale)| (name.to_owned(), metrics(scale)))
            .into(),
        baselines: [("popularity", 0.1), ("item-knn", 0.6), ("ease", 0.7)]
            .map(|(name, scale)| (name.to_owned(), metrics(scale)))
            .into(),
        left_out: BTreeMap::from([("brand".to_owned(), "no wanted item has one in the pack".to_owned())]),
        baselines_left_out: BTreeMap::from([("markov".to_owned(), "no training log".to_owned())]),
        comparisons: vec![
            comparison("baseline:popularity", None, 0.0064, 0.0576, 0.002),
            comparison("baseline:item-knn", None, 0.0384, 0.0256, 0.002),
            comparison("baseline:ease", None, 0.0448, 0.0192, 0.002),
            comparison("level:off", None, 0.0064, 0.0576, 0.002),
            comparison("baseline:popularity", Some("category=Fragrance"), 0.025, 0.0006, 0.002),
        ],
        curves: BTreeMap::from([
            ("hr".to_owned(), curve(0.03)),
            ("ndcg".to_owned(), curve(0.012)),
            ("coverage".to_owned(), curve(0.13)),
            (
                "popularity-concentration".to_owned(),
                [(0.0, 0.0), (0.01, 0.2), (0.1, 0.6), (1.0, 1.0)]
                    .map(|(x, value)| Point { x, figure: Metric { value, low: None, high: None } })
                    .to_vec(),
            ),
        ]),
        outcomes: Outcomes {
            cases_digest: "ab".repeat(32),
            cases_per_user: String::new(),
            ranks: String::new(),
        },
        model_bytes: 981_604,
        id_bytes: 133_111,
        attribute_bytes: 60_505,
        file_bytes: 1_177_000,
        latency_us: Latency { median: 190.0, p95: 312.0 },
        training: Some(TrainedOn {
            split: "leave-one-out".to_owned(),
            may_have_seen: false,
            validation: [("ndcg@10", 0.07), ("hr@10", 0.11)]
                .map(|(name, value)| (name.to_owned(), Metric { value, low: None, high: None }))
                .into(),
        }),
        sharing: Some(Measured {
            shoppers: 22_363,
            topics: 32,
            per_report: 2,
            errors: [(4, 1_000, 4.86), (4, 20_000, 1.09), (8, 1_000, 2.54), (8, 20_000, 0.57)]
                .map(|(ratio, reports, error_points)| ErrorRow {
                    reports,
                    ratio,
                    error_points,
                    half_width_points: 1.96 * error_points,
                    coverage: 0.95,
                })
                .to_vec(),
            attacks: vec![AttackRow {
                per_report: 2,
                attack: Attack {
                    shoppers: 2_000,
                    unique_slots: 0.8441,
                    unique_masks: 0.0,
                    linked_slots: 0.1516,
                    linked_masks: 0.0002,
                    known_slots: 0.9805,
                    known_masks: 0.0011,
                    chance: 0.0005,
                },
            }],
        }),
        pack: Pack {
            model_id: "beauty".to_owned(),
            pack_version: 7,
            items: 12_101,
            dim: 64,
            neighbours: 16,
            digest: "cd".repeat(64),
        },
    }
}
