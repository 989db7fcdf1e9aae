//! `tastekeeper summarise`: several reports of one evaluation, with packs of different seeds, as means.
//!
//! In: `report.json` files of the same cases. Out: mean, standard deviation and interval of every figure, as text or
//! JSON. Must never mix cases: reports of other cases are refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::output::Output;
use super::report::read_report;
use crate::report::{Metrics, Report};
use crate::statistics::{OverSeeds, over_seeds};

/// Arguments of `summarise`.
#[derive(Debug, Args)]
pub(super) struct SummariseArguments {
    /// Reports of the same cases, one per seed
    #[arg(num_args = 2.., required = true)]
    reports: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is printed as JSON.
#[derive(Debug, Serialize)]
struct Summary {
    /// How many reports.
    reports: usize,
    /// As in the reports.
    protocol: String,
    /// As in the reports.
    cases: usize,
    /// Figures at level on-device.
    metrics: BTreeMap<String, OverSeeds>,
    /// Figures by level.
    levels: BTreeMap<String, BTreeMap<String, OverSeeds>>,
}

/// Reads, compares, prints.
pub(super) fn run(arguments: &SummariseArguments, output: &mut Output) -> Result<(), Failure> {
    let reports: Vec<Report> =
        arguments.reports.iter().map(|path| read_report(path)).collect::<Result<_, _>>()?;
    let Some((first, path)) = reports.first().zip(arguments.reports.first()) else {
        return Err(Failure::input("give two reports or more"));
    };
    for (report, other) in reports.iter().zip(&arguments.reports) {
        let same = |a: &Report, b: &Report| {
            (&a.protocol, a.repeats, a.cases) == (&b.protocol, b.repeats, b.cases)
                && a.outcomes.cases_digest == b.outcomes.cases_digest
        };
        if !same(first, report) {
            return Err(Failure::input(format!(
                "{}: is of other cases than {}; evaluate both packs on one log, with one protocol and sample",
                other.display(),
                path.display()
            )));
        }
    }
    let metrics = |of: &dyn Fn(&Report) -> Option<&Metrics>| over(&reports, of);
    let summary = Summary {
        reports: reports.len(),
        protocol: first.protocol.clone(),
        cases: first.cases,
        metrics: metrics(&|report| Some(&report.metrics)),
        levels: first
            .levels
            .keys()
            .map(|level| (level.clone(), metrics(&|report| report.levels.get(level))))
            .collect(),
    };
    if arguments.json {
        output.line(serde_json::to_string_pretty(&summary).map_err(Failure::operation)?);
    } else {
        print(&summary, output);
    }
    Ok(())
}

/// Every figure that all reports have.
fn over(reports: &[Report], of: &dyn Fn(&Report) -> Option<&Metrics>) -> BTreeMap<String, OverSeeds> {
    let Some(first) = reports.first().and_then(of) else { return BTreeMap::new() };
    let figure = |name: &String| {
        let values = reports.iter().map(|report| Some(of(report)?.get(name)?.value));
        Some((name.clone(), over_seeds(&values.collect::<Option<Vec<f64>>>()?)))
    };
    first.keys().filter_map(figure).collect()
}

fn print(summary: &Summary, output: &mut Output) {
    output.line(format_args!(
        "{} reports of {}, {} cases each; intervals are of the mean over seeds",
        summary.reports, summary.protocol, summary.cases
    ));
    let levels = summary.levels.iter().filter(|(level, _)| *level != "on-device");
    let all = levels.map(|(level, figures)| (level.as_str(), figures));
    for (level, figures) in std::iter::once(("on-device", &summary.metrics)).chain(all) {
        output
            .line(format_args!("\n{level:>24} {:>9} {:>9}   {:>9} {:>9}", "mean", "deviation", "from", "to"));
        let number = |name: &str| name.split_once('@').and_then(|(_, k)| k.parse::<u32>().ok());
        let mut rows: Vec<(&String, &OverSeeds)> = figures.iter().collect();
        rows.sort_by_key(|(name, _)| (number(name), *name));
        for (name, figure) in rows {
            let end = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.4}"));
            output.line(format_args!(
                "{name:>24} {:>9.4} {:>9.4}   {:>9} {:>9}",
                figure.mean,
                figure.deviation,
                end(figure.low),
                end(figure.high)
            ));
        }
    }
}
