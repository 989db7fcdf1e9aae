//! `tastekeeper report`: reports as pages for people.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use super::output::Output;
use super::progress::Bars;
use super::{files, gate};
use crate::evaluate::compare_reports;
use crate::gates::Judged;
use crate::report::{Report, from_json, html, markdown};
use crate::statistics::{Bootstrap, RESAMPLES};

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// Reports, as `evaluate --report` wrote them; the pages are about the first, the others are held against it by size
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<PathBuf>,
    /// Show what became of these gates; `default` for the ones that ship
    #[arg(long, value_name = "FILE")]
    gates: Option<PathBuf>,
    /// An earlier report of the same cases, to be compared with case by case; gates' regressions are measured from it
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    pages: PageArguments,
}

/// Pages to write.
#[derive(Debug, Args)]
pub(super) struct PageArguments {
    /// Write a page with plots as one HTML file that needs no network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a page as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

impl PageArguments {
    /// The files that will be written.
    pub(super) fn files(&self) -> Vec<Option<&Path>> {
        vec![self.html.as_deref(), self.markdown.as_deref()]
    }

    /// Writes them.
    pub(super) fn write(&self, reports: &[(String, Report)], judged: Option<&Judged>) -> Result<(), Failure> {
        if let Some(path) = &self.html {
            files::write(path, html(reports, judged).as_bytes())?;
        }
        if let Some(path) = &self.markdown {
            files::write(path, markdown(reports, judged).as_bytes())?;
        }
        Ok(())
    }
}

/// Writes the pages; without one, prints the first report's table.
pub(super) fn run(arguments: &ReportArguments, output: &mut Output) -> Result<(), Failure> {
    let mut inputs: Vec<&Path> = arguments.reports.iter().map(PathBuf::as_path).collect();
    inputs.extend(arguments.gates.as_deref());
    inputs.extend(arguments.baseline.as_deref());
    files::check_outputs(&arguments.pages.files(), &inputs)?;
    let gates = arguments.gates.as_deref().map(gate::read_gates).transpose()?;
    let baseline = read_baseline(arguments.baseline.as_ref())?;
    let mut reports = Vec::new();
    for path in &arguments.reports {
        // the page is about the first
        let compared = baseline.as_ref().filter(|_| reports.is_empty());
        reports.push((name_of(path), read_compared(path, compared)?));
    }
    let baseline = baseline.map(|(_, report)| report);
    let judged = gates.map(|gates| gates.judge(&reports[0].1, baseline.as_ref()));
    arguments.pages.write(&reports, judged.as_ref())?;
    if arguments.pages.files().iter().all(Option::is_none) {
        output.line(&reports[0].1);
    }
    Ok(())
}

/// Reads a report, compared case by case with the one given as the baseline instead of any other.
pub(super) fn read_compared(path: &Path, baseline: Option<&(PathBuf, Report)>) -> Result<Report, Failure> {
    let mut report = read_report(path)?;
    if let Some((path, earlier)) = baseline {
        let seed = report.statistics.map_or(1, |statistics| statistics.seed);
        let bootstrap = Bootstrap { resamples: RESAMPLES, seed };
        let found = compare_reports(&report, earlier, &bootstrap, &mut Bars::new())
            .map_err(|error| Failure::in_file(path, &error))?;
        report.comparisons.retain(|comparison| comparison.with != "report");
        report.comparisons.extend(found);
    }
    Ok(report)
}

/// The baseline report, with its path.
pub(super) fn read_baseline(path: Option<&PathBuf>) -> Result<Option<(PathBuf, Report)>, Failure> {
    path.map(|path| Ok((path.clone(), read_report(path)?))).transpose()
}

/// Reads a report.
pub(super) fn read_report(path: &Path) -> Result<Report, Failure> {
    from_json(&files::read(path)?).map_err(|error| Failure::in_file(path, &error))
}

/// A report's name among others: its file's, without `.json`.
pub(super) fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
