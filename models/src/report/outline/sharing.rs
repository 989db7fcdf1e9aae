//! The section beside quality: what would leave phones, if shoppers opted in, and what it would tell.

use super::{Axis, Chart, Lines, Row, Rows, Section, Series, Subject, Table, Tone, heads, length};
use crate::privacy::Measured;
use crate::report::{Metric, words};

fn figure(value: f64) -> Metric {
    Metric { value, low: None, high: None }
}

fn share(value: f64) -> String {
    format!("{:.2} %", 100.0 * value)
}

impl Subject<'_> {
    pub(super) fn sharing(&self) -> Option<Section> {
        let measured = self.main().sharing.as_ref()?;
        let mut text = vec![format!(
            "Every figure above is reached with nothing leaving the phone. Of shoppers who opt in, a report that names {} of \
             {} topics may leave once an epoch. Measured on the histories of {} shoppers; the guarantee itself is a proof, \
             not these figures.",
            measured.per_report,
            measured.topics,
            words::count(measured.shoppers)
        )];
        text.extend(shipped(measured));
        let mut charts = errors_chart(measured).into_iter().collect::<Vec<_>>();
        charts.extend(attacks_chart(measured));
        Some(Section {
            title: "What preference reports would tell".to_owned(),
            text,
            charts,
            tables: vec![errors_table(measured), attacks_table(measured)],
            folded: true,
        })
    }
}

/// The two sides of the mechanism that ships, in a sentence.
fn shipped(measured: &Measured) -> Option<String> {
    let best = measured.errors.iter().max_by_key(|row| (row.ratio, row.reports))?;
    let first = measured.attacks.first()?.attack;
    let attack = measured.attacks.iter().find(|row| row.per_report == measured.per_report)?.attack;
    Some(format!(
        "{} reports at ratio {} give a topic's share to {:.2} points. Who knows all slots of a shopper finds the report among \
         {} in {} of cases, where guessing gives {}; slots sent without noise would be found in {}.",
        words::count(best.reports),
        best.ratio,
        best.error_points,
        words::count(attack.shoppers),
        share(attack.known_masks),
        share(attack.chance),
        share(first.known_slots)
    ))
}

fn errors_chart(measured: &Measured) -> Option<Chart> {
    let mut ratios: Vec<u8> = measured.errors.iter().map(|row| row.ratio).collect();
    ratios.dedup();
    let largest = ratios.iter().copied().max()?;
    let series = ratios.into_iter().map(|ratio| {
        let of = measured.errors.iter().filter(|row| row.ratio == ratio);
        Series {
            name: format!("R {ratio}, ε {:.2}", f64::from(ratio).ln()),
            main: ratio == largest,
            points: of.map(|row| (length(row.reports), figure(row.error_points / 100.0))).collect(),
        }
    });
    Some(Chart::Lines(Lines {
        title: "Error of a topic's share, by reports".to_owned(),
        x: Axis::Reports,
        percent: true,
        series: series.collect(),
    }))
}

fn attacks_chart(measured: &Measured) -> Option<Chart> {
    let first = measured.attacks.first()?.attack;
    let row = |name: String, value, tone| Row { name, figure: figure(value), tone };
    let mut rows = vec![row("without noise".to_owned(), first.known_slots, Tone::Other)];
    rows.extend(measured.attacks.iter().map(|of| {
        let tone = if of.per_report == measured.per_report { Tone::Main } else { Tone::Other };
        row(format!("{} in a report", of.per_report), of.attack.known_masks, tone)
    }));
    rows.push(row("guessing".to_owned(), first.chance, Tone::Other));
    let title = "Share of shoppers found by who knows their slots".to_owned();
    Some(Chart::Rows(Rows { title, rows, reference: None }))
}

fn errors_table(measured: &Measured) -> Table {
    let rows = measured.errors.iter().map(|row| {
        vec![
            format!("R {}, {} reports", row.ratio, words::count(row.reports)),
            format!("{:.2}", f64::from(row.ratio).ln()),
            format!("{:.2}", row.error_points),
            format!("{:.2}", row.half_width_points),
            format!("{:.1} %", 100.0 * row.coverage),
        ]
    });
    let head = heads(&[
        "Demand",
        "epsilon",
        "error of a share, points",
        "half-width without demand, points",
        "interval holds",
    ]);
    Table { head, rows: rows.collect(), numeric: true }
}

fn attacks_table(measured: &Measured) -> Table {
    let head = heads(&["What is sent", "nobody else sends it", "found again later", "found by known slots"]);
    let row = |name: String, shares: [f64; 3]| [vec![name], shares.map(share).to_vec()].concat();
    let mut rows = Vec::new();
    if let Some(first) = measured.attacks.first().map(|row| row.attack) {
        let shares = [first.unique_slots, first.linked_slots, first.known_slots];
        rows.push(row("slots without noise".to_owned(), shares));
        rows.extend(measured.attacks.iter().map(|of| {
            let shares = [of.attack.unique_masks, of.attack.linked_masks, of.attack.known_masks];
            row(format!("{} in a report", of.per_report), shares)
        }));
        rows.push(vec!["guessing".to_owned(), String::new(), share(first.chance), share(first.chance)]);
    }
    Table { head, rows, numeric: true }
}
