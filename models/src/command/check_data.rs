//! `tastekeeper check-data`: what a log is like, before anything is trained on it.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use tastekeeper::platform::Clock;

use super::failure::Failure;
use super::files;
use super::items::ItemsArguments;
use super::log::{LogArguments, file_name};
use super::output::Output;
use super::progress::Bars;
use crate::check::{CheckContext, DataReport, Severity, Support, check};
use crate::host::SystemClock;

/// Arguments of `check-data`.
#[derive(Debug, Args)]
pub(super) struct CheckDataArguments {
    /// The log
    log: PathBuf,
    /// Write the report as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    items: ItemsArguments,
    #[command(flatten)]
    format: LogArguments,
}

/// Checks and reports.
pub(super) fn run(arguments: &CheckDataArguments, output: &mut Output) -> Result<(), Failure> {
    let mut inputs = vec![arguments.log.as_path()];
    inputs.extend(arguments.items.file());
    files::check_outputs(&[arguments.json.as_deref()], &inputs)?;
    let mut bars = Bars::new();
    let (mut dataset, notes) = arguments.format.read_with_notes(&arguments.log, &mut bars)?;
    arguments.items.read(&mut dataset, &mut bars)?;
    drop(bars);
    let report = check(&dataset, &CheckContext { notes, now_ms: Some(SystemClock.now_ms()) });
    if let Some(path) = &arguments.json {
        let mut text = serde_json::to_string_pretty(&report).map_err(Failure::operation)?;
        text.push('\n');
        files::write(path, text.as_bytes())?;
    }
    output.line(text(&report, &file_name(&arguments.log)));
    let Some(protocol) = report.recommended.filter(|_| report.usable()) else {
        return Err(Failure::input(format!(
            "{}: nothing can be trained on it; see the findings",
            arguments.log.display()
        )));
    };
    output.line(commands(arguments, protocol));
    Ok(())
}

fn text(report: &DataReport, name: &str) -> String {
    let mut out = String::new();
    write_text(report, name, &mut out).expect("a string takes text");
    out
}

fn write_text(report: &DataReport, name: &str, out: &mut String) -> std::fmt::Result {
    let (kinds, lengths, order) = (&report.kinds, &report.lengths, &report.order);
    writeln!(
        out,
        "{name}: {} events, {} users or sessions, {} items",
        report.events, report.users, report.items
    )?;
    writeln!(
        out,
        "kinds        view {}, cart {}, wishlist {}, purchase {}; {} left out",
        kinds.view, kinds.cart, kinds.wishlist, kinds.purchase, report.skipped_events
    )?;
    match &report.time {
        None => writeln!(out, "time         none")?,
        Some(time) => {
            let day = |ms: i64| {
                u32::try_from(ms.div_euclid(86_400_000)).map_or("before 1970".to_owned(), files::date)
            };
            writeln!(
                out,
                "time         {} to {}; {:.1} % of neighbours at the same time",
                day(time.first_ms),
                day(time.last_ms),
                100.0 * time.ties
            )?;
        }
    }
    writeln!(
        out,
        "per user     mean {:.1}; min {}, quartiles {} {} {}, 90 % {}, 99 % {}, max {}",
        lengths.mean,
        lengths.min,
        lengths.p25,
        lengths.median,
        lengths.p75,
        lengths.p90,
        lengths.p99,
        lengths.max
    )?;
    writeln!(
        out,
        "per item     Gini {:.2}, top 1 % have {:.1} % of the events, {} items under 5; density {:.2e}",
        report.popularity.gini,
        100.0 * report.popularity.top_percent_share,
        report.popularity.under_five,
        report.density
    )?;
    writeln!(
        out,
        "repeats      {} exact duplicates, {:.1} % of the events repeat an item of their user",
        report.repeats.duplicates,
        100.0 * report.repeats.same_item_share
    )?;
    writeln!(
        out,
        "order        {:.1} % of {} pairs one-way ({:.1} % by chance), {:.1} % of neighbours ascend by id",
        100.0 * order.one_way,
        order.pairs,
        100.0 * order.one_way_by_chance,
        100.0 * order.ascending
    )?;
    writeln!(out)?;
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Info => "info ",
            Severity::Warn => "warn ",
            Severity::Error => "error",
        };
        writeln!(out, "{severity} {}: {}\n      -> {}", finding.code, finding.message, finding.meaning)?;
    }
    writeln!(out)?;
    for advice in &report.protocols {
        let support = match advice.support {
            Support::Yes => "yes",
            Support::Care => "with care",
            Support::No => "no",
        };
        writeln!(out, "{:18} {support:10} {}", advice.protocol, advice.why)?;
    }
    Ok(())
}

/// The command lines to go on with.
fn commands(arguments: &CheckDataArguments, protocol: &str) -> String {
    let log = quoted(&arguments.log.to_string_lossy());
    let options: String = arguments.format.given().iter().map(|word| format!(" {}", quoted(word))).collect();
    let items: String = arguments.items.given().iter().map(|word| format!(" {}", quoted(word))).collect();
    format!(
        "tastekeeper train {log}{options}{items} --split {protocol} --out model.tkpack\n\
         tastekeeper evaluate model.tkpack {log}{options} --protocol {protocol}"
    )
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("logs/may-1.csv"), "logs/may-1.csv");
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
        assert_eq!(quoted(""), "''");
    }
}
