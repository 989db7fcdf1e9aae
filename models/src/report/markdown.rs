//! The page as Markdown: for a pull request, a job's summary, an archive.
//!
//! Charts become their tables. Names from files are escaped, so that a category's name cannot write the page.

use std::fmt::Write as _;

use super::outline::{Subject, Table};
use super::{Report, words};
use crate::gates::{Judged, Status};

/// The page about the first of `reports`, each with a name to tell them apart.
///
/// # Panics
/// Without a report.
#[must_use]
pub fn markdown(reports: &[(String, Report)], judged: Option<&Judged>) -> String {
    let subject = Subject { reports, judged };
    let report = subject.main();
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line(&format!("# Evaluation of {}\n", escape(&words::name(&report.pack.model_id, 60))));
    line(&format!(
        "{} cases of {} users, {} items.\n",
        words::count(report.cases),
        words::count(report.users),
        words::grouped(f64::from(report.pack.items))
    ));
    if let Some((status, summary, table)) = subject.gates() {
        let mark = if status == Status::Passed { "✅" } else { "❌" };
        line(&format!("## {mark} {}\n", escape(&summary)));
        line(&rows(&table));
    }
    for section in subject.sections() {
        line(&format!("## {}\n", escape(&section.title)));
        for text in &section.text {
            line(&format!("{}\n", escape(text)));
        }
        for table in &section.tables {
            line(&rows(table));
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn rows(table: &Table) -> String {
    let mut out = String::new();
    let mut line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        writeln!(out, "| {} |", cells.join(" | ")).expect("a string takes text");
    };
    line(&table.head);
    let rule = |column: usize| if table.numeric && column > 0 { "---:" } else { "---" };
    line(&(0..table.head.len()).map(|column| rule(column).to_owned()).collect::<Vec<_>>());
    table.rows.iter().for_each(|row| line(row));
    out
}

/// Text that says itself, whatever it holds.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // brackets are intervals here, unless they could be links
            ']' if matches!(chars.peek(), Some('(' | '[' | ':')) => out.push_str("\\]"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\r' => out.push(' '),
            '\\' | '`' | '*' | '_' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c if words::is_hidden(c) => out.push('\u{fffd}'),
            // a link or a mention of somebody
            '@' if out.ends_with(char::is_whitespace) || out.is_empty() => out.push_str("&#64;"),
            _ => out.push(c),
        }
    }
    out.replace("://", ":&#47;/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::{DEFAULT, Gates};
    use crate::report::sample::sample;

    #[test]
    fn names_from_files_write_no_markdown() {
        assert_eq!(escape("a|b<c>*d*\n# [x](http://y)"), "a\\|b&lt;c&gt;\\*d\\* \\# [x\\](http:&#47;/y)");
        assert_eq!(escape("@team `x`"), "&#64;team \\`x\\`");
        assert_eq!(escape("NDCG@10"), "NDCG@10");
    }

    #[test]
    fn the_page_tells_verdict_figures_and_origin() {
        let report = sample();
        let judged = Gates::parse(DEFAULT).unwrap().judge(&report, None);
        let page = markdown(&[("beauty".to_owned(), report)], Some(&judged));
        for part in [
            "# Evaluation of beauty\n",
            "gates passed",
            "| NDCG@10 | 0.0640 | [0.0610, 0.0670] | 0.0448 | 0.0384 | 0.0064 |",
            "NDCG@10 is 0.0640 [0.0610, 0.0670], 42.9 % more than ease, the best baseline",
            "Make-up &lt;b&gt; &amp; \"more\"\\|\\*x\\* | 9\u{202f}000",
            "Worst of all parts: Fragrance.",
            "## How to read this",
            "Not compared with markov: no training log.",
        ] {
            assert!(page.contains(part), "no `{part}` in {page}");
        }
        for table in page.split("\n\n").filter(|block| block.starts_with('|')) {
            let cells = |line: &str| line.replace("\\|", "").matches('|').count();
            let first = cells(table.lines().next().unwrap());
            assert!(table.lines().all(|line| cells(line) == first), "{table}");
        }
    }
}
