//! Figures and limits as people read them.

use super::figure::is_fact;
use crate::report::Metric;

/// Whether less of it is better.
pub(super) fn lower_is_better(metric: &str) -> bool {
    crate::report::lower_is_better(metric)
        || metric.ends_with("_bytes")
        || metric.starts_with("latency_us.")
        || ["unknown_target_share", "may_have_seen"].contains(&metric)
}

/// `0.0643`, `981 604 bytes`, `312 us`.
pub(super) fn value(metric: &str, value: f64) -> String {
    if metric.ends_with("_bytes") {
        format!("{} bytes", grouped(value))
    } else if metric.starts_with("latency_us.") {
        format!("{value:.0} us")
    } else if is_fact(metric) && metric != "unknown_target_share" {
        grouped(value)
    } else if value.abs() >= 100.0 {
        format!("{value:.1}")
    } else {
        format!("{:.4}", value + 0.0)
    }
}

/// The value with its interval, where there is one.
pub(super) fn figure(metric: &str, figure: Metric) -> String {
    let text = value(metric, figure.value);
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!("{text} [{}, {}]", value(metric, low), value(metric, high)),
        _ => text,
    }
}

/// A difference with its sign: `+0.00120`.
pub(super) fn difference(metric: &str, figure: Metric) -> String {
    let one = |number: f64| match is_fact(metric) {
        true => format!("{}{}", if number < 0.0 { "-" } else { "+" }, value(metric, number.abs())),
        false => format!("{:+.5}", number + 0.0),
    };
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!("{} [{}, {}]", one(figure.value), one(low), one(high)),
        _ => one(figure.value),
    }
}

/// `3.4 %` of `of`; nothing where there is nothing to be a share of.
pub(super) fn share(part: f64, of: f64) -> String {
    let percent = 100.0 * part / of.abs();
    if percent.is_finite() { format!(" ({percent:.2} %)") } else { String::new() }
}

/// A whole number with its thousands apart.
pub(super) fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    if number < -0.5 { format!("-{out}") } else { out }
}
