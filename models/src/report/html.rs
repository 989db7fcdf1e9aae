//! The page as one HTML file: inline style, inline SVG, no script, nothing fetched.
//!
//! Every chart has its figures in a table below it. All text goes through [`escape`]: names of categories and brands
//! come from a shop's files.

mod draw;
mod plot;

use std::fmt::Write as _;

use super::outline::{Chart, Section, Subject, Table};
use super::{Report, words};
use crate::gates::{Judged, Status};

const STYLE: &str = include_str!("html/page.css");

/// The page about the first of `reports`, each with a name to tell them apart.
///
/// # Panics
/// Without a report.
#[must_use]
pub fn html(reports: &[(String, Report)], judged: Option<&Judged>) -> String {
    let subject = Subject { reports, judged };
    let report = subject.main();
    let name = escape(&words::name(&report.pack.model_id, 60));
    let mut body = format!(
        "<header><h1>Evaluation of <em>{name}</em></h1>\n<p class=\"sub\">{} cases of {} users · {} items · pack version {}</p></header>\n",
        words::count(report.cases),
        words::count(report.users),
        words::grouped(f64::from(report.pack.items)),
        report.pack.pack_version
    );
    if let Some((status, summary, table)) = subject.gates() {
        body += &gates(status, &summary, &table);
    }
    for (number, section) in subject.sections().iter().enumerate() {
        body += &self::section(section, number);
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Evaluation of {name}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

fn gates(status: Status, summary: &str, table: &Table) -> String {
    let (class, mark) = match status {
        Status::Passed => ("pass", "✓"),
        _ => ("fail", "✗"),
    };
    let mut rows = String::new();
    for row in &table.rows {
        let (class, mark) = match row[0].as_str() {
            "pass" => ("pass", "✓ passed"),
            "skip" => ("skip", "– skipped"),
            "FAIL" => ("fail", "✗ failed"),
            _ => ("fail", "! not evaluated"),
        };
        writeln!(
            rows,
            "<li class=\"{class}\"><span class=\"mark\">{mark}</span><div><b>{}</b><p>{}</p></div></li>",
            escape(&row[1]),
            escape(&row[2])
        )
        .expect("a string takes text");
    }
    format!(
        "<section class=\"gates {class}\" aria-label=\"Gates\"><h2><span aria-hidden=\"true\">{mark}</span> {}</h2>\n\
         <details{}><summary>All gates</summary>\n<ul>\n{rows}</ul>\n</details></section>\n",
        escape(summary),
        if status == Status::Passed { "" } else { " open" }
    )
}

fn section(section: &Section, number: usize) -> String {
    // what is one chart with its figures stands beside the next one where there is room
    let class = if section.folded && section.charts.len() == 1 { "half" } else { "whole" };
    let mut out = format!("<section class=\"{class}\"><h2>{}</h2>\n", escape(&section.title));
    for text in &section.text {
        writeln!(out, "<p>{}</p>", escape(text)).expect("a string takes text");
    }
    if !section.charts.is_empty() {
        out += "<div class=\"charts\">\n";
        for (place, chart) in section.charts.iter().enumerate() {
            let id = format!("c{number}-{place}");
            let (title, svg) = match chart {
                Chart::Lines(lines) => (&lines.title, draw::lines(lines, &id)),
                Chart::Rows(rows) => (&rows.title, draw::rows(rows, &id)),
                Chart::Sizes(sizes) => (&sizes.title, draw::sizes(sizes, &id)),
            };
            writeln!(out, "<figure><figcaption>{}</figcaption>\n{svg}</figure>", escape(title))
                .expect("a string takes text");
        }
        out += "</div>\n";
    }
    let tables: String = section.tables.iter().map(table).collect();
    if section.folded {
        writeln!(out, "<details><summary>Figures</summary>\n{tables}</details>")
            .expect("a string takes text");
    } else {
        out += &tables;
    }
    out + "</section>\n"
}

fn table(table: &Table) -> String {
    let class = if table.numeric { "numeric" } else { "words" };
    let mut out = format!("<div class=\"scroll\"><table class=\"{class}\">\n");
    if table.head.iter().any(|head| !head.is_empty()) {
        let cells: String =
            table.head.iter().map(|head| format!("<th scope=\"col\">{}</th>", escape(head))).collect();
        writeln!(out, "<thead><tr>{cells}</tr></thead>").expect("a string takes text");
    }
    out += "<tbody>\n";
    for row in &table.rows {
        let first = row.first().map_or("", String::as_str);
        let rest: String = row.iter().skip(1).map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        writeln!(out, "<tr><th scope=\"row\">{}</th>{rest}</tr>", escape(first))
            .expect("a string takes text");
    }
    out + "</tbody>\n</table></div>\n"
}

/// Text for an element or a quoted attribute.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if words::is_hidden(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
