//! Names, figures and definitions as people read them, for every format.

use super::{Metric, Report, Verdict};

/// What the figures are, in the order in which they are listed.
const DEFINITIONS: [(&str, &str, &str); 14] = [
    ("hr", "HR", "Hit rate: share of cases whose wanted item is among the first k"),
    (
        "recall",
        "Recall",
        "Share of the wanted items that are among the first k; with one wanted item the hit rate",
    ),
    ("precision", "Precision", "Share of the first k that was wanted"),
    (
        "ndcg",
        "NDCG",
        "Hits among the first k, each worth 1 / log2(1 + place), over the best possible (Järvelin and Kekäläinen 2002)",
    ),
    ("mrr", "MRR", "Mean of 1 / place of the first wanted item, 0 beyond k"),
    ("map", "MAP", "Mean over cases of the average precision at the places of the wanted items up to k"),
    ("coverage", "Coverage", "Share of the pack's items that are among the first k of any answer"),
    (
        "novelty",
        "Novelty",
        "Mean inverse user frequency: how many bits of surprise an item has, -log2 of the share of users who had it",
    ),
    ("intra_list_diversity", "Diversity", "Mean distance between the items of one list"),
    (
        "average_popularity",
        "Average popularity",
        "How often the items of a list were interacted with in training, on average; less is less mainstream",
    ),
    ("sufficient_reco", "SufficientReco", "Share of users who get k items"),
    ("unrepeated_reco", "UnrepeatedReco", "1 minus the share of items that are twice in a list"),
    ("covered_users", "CoveredUsers", "Share of users who get anything"),
    (
        "calibration",
        "Calibration",
        "How far the categories of the list are from those of the shopper's history (a divergence, Steck 2018); less is closer",
    ),
];

/// `NDCG@10` for `ndcg@10`.
pub(super) fn label(metric: &str) -> String {
    let (name, k) = metric.split_once('@').unwrap_or((metric, ""));
    let label = DEFINITIONS.iter().find(|(key, ..)| *key == name).map_or(name, |(_, label, _)| label);
    if k.is_empty() { label.to_owned() } else { format!("{label}@{k}") }
}

/// Name and definition of every kind of figure the report has.
pub(super) fn definitions(report: &Report) -> Vec<(&'static str, &'static str)> {
    let has = |key: &str| report.metrics.keys().any(|name| name.split('@').next() == Some(key));
    DEFINITIONS.iter().filter(|(key, ..)| has(key)).map(|(_, label, text)| (*label, *text)).collect()
}

/// Four decimals, fewer where the figure is large.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "–".to_owned(),
        size if size >= 1_000.0 => grouped(value),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{:.4}", value + 0.0),
    }
}

/// `[0.0610, 0.0670]`, or nothing.
pub(super) fn interval(metric: &Metric) -> String {
    match (metric.low, metric.high) {
        (Some(low), Some(high)) => format!("[{}, {}]", number(low), number(high)),
        _ => String::new(),
    }
}

/// Value and interval.
pub(super) fn figure(metric: &Metric) -> String {
    format!("{} {}", number(metric.value), interval(metric)).trim_end().to_owned()
}

/// A difference with its sign.
pub(super) fn difference(metric: &Metric) -> String {
    let signed = |value: f64| format!("{value:+.4}").replace('-', "−");
    match (metric.low, metric.high) {
        (Some(low), Some(high)) => {
            format!("{} [{}, {}]", signed(metric.value), signed(low), signed(high))
        }
        _ => signed(metric.value),
    }
}

/// What a comparison shows.
pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::NotShown => "not shown",
    }
}

/// A whole number with its thousands apart by narrow spaces.
pub(super) fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut out = if number < -0.5 { "−".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A count with its thousands apart.
#[expect(clippy::cast_precision_loss, reason = "a count for people")]
pub(super) fn count(number: usize) -> String {
    grouped(number as f64)
}

/// `982 kB`, `1.18 MB`.
#[expect(clippy::cast_precision_loss, reason = "a size for people")]
pub(super) fn bytes(bytes: u64) -> String {
    match bytes as f64 {
        size if size < 1e3 => format!("{size:.0} B"),
        size if size < 1e6 => format!("{:.0} kB", size / 1e3),
        size => format!("{:.2} MB", size / 1e6),
    }
}

/// What was asked, in a sentence.
pub(super) fn protocol(report: &Report) -> String {
    let what = match report.protocol.as_str() {
        "leave-one-out" => "the last event of every user is predicted from everything before it",
        "next-click" => "every event is predicted from those before it in its session",
        "temporal" => "every event of the last part of the log is predicted from those before it",
        "temporal-sessions" => {
            "every event of the last sessions of the log is predicted from those before it"
        }
        _ => "events are predicted from those before them",
    };
    let repeats = if report.repeats {
        "items the shopper knows compete"
    } else {
        "items the shopper knows are left out"
    };
    format!("Protocol {}: {what}; all items of the pack are ranked, {repeats}.", report.protocol)
}

/// A segment's dimension, as a heading.
pub(super) fn dimension(name: &str) -> String {
    match name {
        "history-length" => "By length of the history".to_owned(),
        "item-popularity" => "By how often the wanted item was trained".to_owned(),
        "category" => "By category of the wanted item".to_owned(),
        "brand" => "By brand of the wanted item".to_owned(),
        "price-band" => "By price of the wanted item".to_owned(),
        other => format!("By {other}"),
    }
}

/// Whether a character is not seen or changes how others are: control and direction marks.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A name that came from a file: without hidden characters, at most `most` characters.
pub(super) fn name(text: &str, most: usize) -> String {
    let seen = |c| if is_hidden(c) { '\u{fffd}' } else { c };
    let clean: Vec<char> = text.chars().take(most + 1).map(seen).collect();
    if clean.len() <= most {
        return clean.into_iter().collect();
    }
    clean[..most.saturating_sub(1)].iter().chain(&['…']).collect()
}
