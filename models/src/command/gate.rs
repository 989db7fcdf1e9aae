//! `tastekeeper gate`: whether a report keeps its gates, as an exit code.
//!
//! 0: all gates passed or were skipped. 1: a gate failed. 2: it could not be told, for whatever reason.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use super::files;
use super::output::Output;
use super::report::{PageArguments, read_baseline, read_compared};
use crate::gates::{DEFAULT, Gates, Judged, Status};
use crate::report::{Report, junit};

/// What stands for the gates that ship, instead of a file's name.
const SHIPPED: &str = "default";

/// Arguments of `gate`.
#[derive(Debug, Args)]
pub(super) struct GateArguments {
    /// The report, as `evaluate --report` wrote it
    #[arg(long, value_name = "FILE", required_unless_present = "init")]
    report: Option<PathBuf>,
    /// The gates; by default, or for `default`, the ones that ship
    #[arg(long, value_name = "FILE", default_value = SHIPPED)]
    gates: PathBuf,
    /// The report that regressions are measured from, of the same cases
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    outputs: JudgedArguments,
    /// Write the gates that ship to a file, to be changed, and do nothing else
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "gates.toml",
        conflicts_with_all = ["report", "baseline"])]
    init: Option<PathBuf>,
}

/// Where to write what became of the gates.
#[derive(Debug, Args)]
pub(super) struct JudgedArguments {
    /// Write a test case per gate as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    pub(super) pages: PageArguments,
}

impl JudgedArguments {
    /// Refuses a file of judgements where nothing will be judged.
    pub(super) fn check(&self, judges: bool) -> Result<(), Failure> {
        match &self.junit {
            Some(_) if !judges => Err(Failure::input("--junit has a test case per gate; give --gates")),
            _ => Ok(()),
        }
    }

    /// The files that will be written.
    pub(super) fn files(&self) -> Vec<Option<&Path>> {
        [vec![self.junit.as_deref()], self.pages.files()].concat()
    }
}

/// Judges, or writes the gates that ship.
pub(super) fn run(arguments: &GateArguments, output: &mut Output) -> Result<(), Failure> {
    let done = match (&arguments.init, &arguments.report) {
        (Some(path), _) => init(path, output).map(|()| None),
        (None, Some(path)) => gate(arguments, path, output).map(Some),
        (None, None) => Ok(None),
    };
    match done.map_err(Failure::not_judged)? {
        Some(judged) => verdict(&judged),
        None => Ok(()),
    }
}

fn gate(arguments: &GateArguments, path: &Path, output: &mut Output) -> Result<Judged, Failure> {
    let mut inputs = vec![path, &arguments.gates];
    inputs.extend(arguments.baseline.as_deref());
    files::check_outputs(&arguments.outputs.files(), &inputs)?;
    let gates = read_gates(&arguments.gates)?;
    let baseline = read_baseline(arguments.baseline.as_ref())?;
    let report = read_compared(path, baseline.as_ref())?;
    let baseline = baseline.map(|(_, report)| report);
    let name = super::report::name_of(path);
    judge(&gates, (name, report), baseline.as_ref(), &arguments.outputs, output)
}

/// Judges `report`, says what became of every gate, writes the files asked for. The caller ends with [`verdict`].
pub(super) fn judge(
    gates: &Gates,
    report: (String, Report),
    baseline: Option<&Report>,
    outputs: &JudgedArguments,
    output: &mut Output,
) -> Result<Judged, Failure> {
    let judged = gates.judge(&report.1, baseline);
    for judgement in &judged.judgements {
        output.line(format_args!(
            "{:<5}  {}: {}",
            judgement.status.word(),
            judgement.gate,
            judgement.message
        ));
    }
    output.line(judged.summary());
    if let Some(path) = &outputs.junit {
        let xml = junit(&judged, &report.1.pack.model_id).map_err(Failure::operation)?;
        files::write(path, xml.as_bytes())?;
    }
    outputs.pages.write(&[report], Some(&judged))?;
    Ok(judged)
}

/// The verdict as the command's end.
pub(super) fn verdict(judged: &Judged) -> Result<(), Failure> {
    match judged.status() {
        Status::Failed => Err(Failure::gate_failed(judged.summary())),
        Status::NotJudged => Err(Failure::input(judged.summary())),
        Status::Passed | Status::Skipped => Ok(()),
    }
}

/// The gates of a file, or for `default` those that ship.
pub(super) fn read_gates(path: &Path) -> Result<Gates, Failure> {
    if path.as_os_str() == SHIPPED {
        return Gates::parse(DEFAULT).map_err(Failure::operation);
    }
    let bytes = files::read(path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::input(format!("{}: not UTF-8; write the gates as TOML", path.display())))?;
    Gates::parse(text).map_err(|error| Failure::in_file(path, &error))
}

fn init(path: &Path, output: &mut Output) -> Result<(), Failure> {
    if path.exists() {
        return Err(Failure::input(format!("{} is there already; name another file", path.display())));
    }
    files::check_outputs(&[Some(path)], &[])?;
    files::write(path, DEFAULT.as_bytes())?;
    output.line(format_args!("{}: change it, then: tastekeeper gate --gates {0} ..", path.display()));
    Ok(())
}
