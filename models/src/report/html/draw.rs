//! Charts out of the marks of [`plot`](super::plot). Series and rows are named where they are, not in a legend.

use super::plot::{Anchor, Plot, WIDTH, apart, fitted, tick, ticks};
use crate::report::outline::{Axis, Lines, Rows, Sizes, Tone};
use crate::report::{Metric, words};

/// Height of a line of text.
const LINE: f64 = 13.0;

/// The highest value that is drawn.
fn top<'a>(figures: impl Iterator<Item = &'a Metric>) -> f64 {
    figures.flat_map(|m| [m.value, m.high.unwrap_or(m.value)]).filter(|v| v.is_finite()).fold(0.0, f64::max)
}

/// Curves over k or a share, with their intervals as bands.
pub(super) fn lines(chart: &Lines, id: &str) -> String {
    let (left, right, above, below) = (40.0, 262.0, 12.0, 214.0);
    let mut plot = Plot::new(246.0);
    let marks = ticks(top(chart.series.iter().flat_map(|s| s.points.iter().map(|(_, m)| m))), 4.0);
    let (step, highest) = (marks[1], marks[marks.len() - 1]);
    let y = |value: f64| below - (below - above) * value / highest;
    let last = chart.series.iter().flat_map(|s| s.points.iter().map(|(x, _)| *x)).fold(1.0, f64::max);
    let x = |value: f64| match chart.x {
        Axis::Share => left + (right - left) * value,
        Axis::Length => left + (right - left) * value.max(1.0).ln() / last.max(2.0).ln(),
        Axis::Reports => left + (right - left) * (value.max(1e3) / 1e3).ln() / (last.max(2e3) / 1e3).ln(),
    };
    for mark in &marks {
        plot.line(if *mark == 0.0 { "axis" } else { "grid" }, (left, y(*mark)), (right, y(*mark)));
        plot.text("tick", (left - 6.0, y(*mark) + 4.0), Anchor::End, &tick(*mark, step, chart.percent));
    }
    let steps: &[f64] = match chart.x {
        Axis::Length => &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0],
        Axis::Share => &[0.0, 0.25, 0.5, 0.75, 1.0],
        Axis::Reports => &[1e3, 5e3, 20e3, 100e3],
    };
    for value in steps.iter().filter(|value| **value <= last) {
        let label = match chart.x {
            Axis::Length => format!("{value}"),
            Axis::Share => tick(*value, 0.25, true),
            Axis::Reports => words::grouped(*value),
        };
        plot.text("tick", (x(*value), below + 16.0), Anchor::Middle, &label);
    }
    let mut others = 0;
    let mut ends = Vec::new();
    let mut classes = Vec::new();
    for series in &chart.series {
        let class = if series.main {
            "main".to_owned()
        } else {
            others += 1;
            format!("other o{}", others % 5)
        };
        let points: Vec<(f64, Metric)> =
            series.points.iter().filter(|(x, m)| x.is_finite() && m.value.is_finite()).copied().collect();
        let banded: Vec<_> = points.iter().filter_map(|(k, m)| Some((*k, m.low?, m.high?))).collect();
        if series.main && banded.len() > 1 {
            let upper = banded.iter().map(|(k, _, high)| (x(*k), y(*high)));
            let lower = banded.iter().rev().map(|(k, low, _)| (x(*k), y(*low)));
            plot.area("band", &upper.chain(lower).collect::<Vec<_>>());
        }
        let path: Vec<(f64, f64)> = points.iter().map(|(k, m)| (x(*k), y(m.value))).collect();
        plot.path(&class, &path);
        ends.push(path.last().map_or(below, |(_, y)| *y));
        classes.push(class);
    }
    // the subject last, so that it lies above
    let labels = apart(&ends, LINE, above, below);
    for ((series, class), (height, end)) in chart.series.iter().zip(&classes).zip(labels.iter().zip(&ends)) {
        plot.line(&format!("leader {class}"), (right + 2.0, *end), (right + 12.0, *height));
        let text = if series.main { "label strong" } else { "label" };
        plot.text(
            text,
            (right + 16.0, height + 4.0),
            Anchor::Start,
            &fitted(&series.name, WIDTH - right - 16.0),
        );
    }
    let description: Vec<String> = chart
        .series
        .iter()
        .filter_map(|s| {
            s.points.last().map(|(x, m)| format!("{} ends at {} for {x}", s.name, words::number(m.value)))
        })
        .collect();
    plot.finish(id, &chart.title, &format!("{}.", description.join("; ")))
}

/// A dot with its interval per row.
pub(super) fn rows(chart: &Rows, id: &str) -> String {
    let longest = chart.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    // long names stand above their dots
    let stacked = longest > 16;
    let (pitch, left) = if stacked { (36.0, 8.0) } else { (24.0, 104.0) };
    let (right, above) = (300.0, if chart.reference.is_some() { 20.0 } else { 6.0 });
    let below = above + pitch * f64::from(u32::try_from(chart.rows.len()).unwrap_or(0));
    let mut plot = Plot::new(below + 22.0);
    let reference =
        chart.reference.as_ref().map(|(_, value)| Metric { value: *value, low: None, high: None });
    let marks = ticks(top(chart.rows.iter().map(|row| &row.figure).chain(&reference)), 4.0);
    let (step, highest) = (marks[1], marks[marks.len() - 1]);
    let x = |value: f64| left + (right - left) * value / highest;
    for mark in &marks {
        plot.line(if *mark == 0.0 { "axis" } else { "grid" }, (x(*mark), above), (x(*mark), below));
        plot.text("tick", (x(*mark), below + 15.0), Anchor::Middle, &tick(*mark, step, false));
    }
    if let Some((name, value)) = &chart.reference
        && value.is_finite()
    {
        plot.line("reference", (x(*value), above - 4.0), (x(*value), below));
        let anchor = if x(*value) > WIDTH - 60.0 { Anchor::End } else { Anchor::Middle };
        plot.text("tick", (x(*value), above - 8.0), anchor, name);
    }
    let mut height = above;
    for row in &chart.rows {
        let middle = height + if stacked { 26.0 } else { pitch / 2.0 };
        let class = match row.tone {
            Tone::Main => "main",
            Tone::Other => "other",
            Tone::Worst => "worst",
        };
        let name = if row.tone == Tone::Worst { format!("{} – worst", row.name) } else { row.name.clone() };
        let strong = if row.tone == Tone::Other { "label" } else { "label strong" };
        if stacked {
            plot.text(strong, (left, height + 14.0), Anchor::Start, &fitted(&name, WIDTH - left));
        } else {
            plot.text(strong, (left - 8.0, middle + 4.0), Anchor::End, &fitted(&name, left - 8.0));
        }
        height += pitch;
        if !row.figure.value.is_finite() {
            continue;
        }
        if let (Some(low), Some(high)) = (row.figure.low, row.figure.high) {
            plot.line(&format!("span {class}"), (x(low.max(0.0)), middle), (x(high), middle));
        }
        plot.dot(class, (x(row.figure.value), middle), 4.0);
        plot.text(
            &format!("value {strong}"),
            (WIDTH, middle + 4.0),
            Anchor::End,
            &words::number(row.figure.value),
        );
    }
    let description: Vec<String> =
        chart.rows.iter().map(|row| format!("{}: {}", row.name, words::figure(&row.figure))).collect();
    plot.finish(id, &chart.title, &format!("{}.", description.join("; ")))
}

/// A dot per report.
#[expect(clippy::cast_precision_loss, reason = "a size in a drawing")]
pub(super) fn sizes(chart: &Sizes, id: &str) -> String {
    let (left, right, above, below) = (40.0, 345.0, 12.0, 214.0);
    let mut plot = Plot::new(246.0);
    let highest = top(chart.points.iter().map(|(.., metric)| metric));
    let ends = chart.points.iter().map(|(.., metric)| metric.low.unwrap_or(metric.value));
    let lowest = ends.filter(|value| value.is_finite() && *value > 0.0).fold(highest, f64::min);
    // the differences are the matter here: the scale need not begin at 0
    let step = ticks(highest - lowest, 3.0)[1];
    let start = (lowest / step).floor();
    let marks: Vec<f64> = (0..8)
        .map(|place| step * (start + f64::from(place)))
        .take_while(|mark| *mark < highest + step)
        .collect();
    // figures that no evaluation gives, but a file may
    let marks = if marks.len() > 1 { marks } else { ticks(highest, 4.0) };
    let (first, last) = (marks[0], marks[marks.len() - 1]);
    let y = |value: f64| below - (below - above) * (value - first) / (last - first).max(1e-12);
    let widest = chart.points.iter().map(|(_, size, _)| *size as f64).fold(0.0, f64::max);
    let columns = ticks(widest, 3.0);
    let x = |size: f64| left + (right - left) * size / columns[columns.len() - 1];
    for mark in &marks {
        plot.line("grid", (left, y(*mark)), (right, y(*mark)));
        plot.text("tick", (left - 6.0, y(*mark) + 4.0), Anchor::End, &tick(*mark, step, false));
    }
    for column in &columns {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes of a file")]
        let label = if *column == 0.0 { "0".to_owned() } else { words::bytes(*column as u64) };
        let anchor = if x(*column) > right - 10.0 { Anchor::End } else { Anchor::Middle };
        plot.text("tick", (x(*column), below + 16.0), anchor, &label);
    }
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for (place, (name, size, metric)) in chart.points.iter().enumerate() {
        if !metric.value.is_finite() {
            continue;
        }
        let class = if place == 0 { "main" } else { "other" };
        let at = (x(*size as f64), y(metric.value));
        if let (Some(low), Some(high)) = (metric.low, metric.high) {
            plot.line(&format!("span {class}"), (at.0, y(low)), (at.0, y(high)));
        }
        plot.dot(class, at, 4.5);
        // on the side where there is room, below earlier names that are near
        let mut height = at.1 + 4.0;
        while taken.iter().any(|(tx, ty)| (tx - at.0).abs() < 90.0 && (ty - height).abs() < LINE) {
            height += LINE;
        }
        taken.push((at.0, height));
        let (dx, anchor) =
            if at.0 > f64::midpoint(left, right) { (-9.0, Anchor::End) } else { (9.0, Anchor::Start) };
        plot.text(
            if place == 0 { "label strong" } else { "label" },
            (at.0 + dx, height),
            anchor,
            &fitted(name, 150.0),
        );
    }
    let description: Vec<String> = chart
        .points
        .iter()
        .map(|(name, size, metric)| format!("{name}: {} at {}", words::figure(metric), words::bytes(*size)))
        .collect();
    plot.finish(id, &chart.title, &format!("{}.", description.join("; ")))
}
