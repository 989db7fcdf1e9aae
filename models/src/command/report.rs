//! `tastekeeper report`: reports as pages for people.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use super::output::Output;
use super::{files, gate};
use crate::gates::Judged;
use crate::report::{Report, from_json, html, markdown};

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// Reports, as `evaluate --report` wrote them; the pages are about the first, the others are held against it by size
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<PathBuf>,
    /// Show what became of these gates; `default` for the ones that ship
    #[arg(long, value_name = "FILE")]
    gates: Option<PathBuf>,
    /// The report that the gates' regressions are measured from
    #[arg(long, value_name = "FILE", requires = "gates")]
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
    let mut reports = Vec::new();
    for path in &arguments.reports {
        reports.push((name_of(path), read_report(path)?));
    }
    let baseline = arguments.baseline.as_deref().map(read_report).transpose()?;
    let judged = gates.map(|gates| gates.judge(&reports[0].1, baseline.as_ref()));
    arguments.pages.write(&reports, judged.as_ref())?;
    if arguments.pages.files().iter().all(Option::is_none) {
        output.line(&reports[0].1);
    }
    Ok(())
}

/// Reads a report.
pub(super) fn read_report(path: &Path) -> Result<Report, Failure> {
    from_json(&files::read(path)?).map_err(|error| Failure::in_file(path, &error))
}

/// A report's name among others: its file's, without `.json`.
pub(super) fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
