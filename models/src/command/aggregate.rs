//! `tastekeeper aggregate`: preference reports become demand per topic.

use std::fs::File;
use std::io::{BufReader, stdin};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tastekeeper::report::Vocabulary;

use super::failure::Failure;
use super::output::Output;
use super::progress::{Bars, say};
use super::{files, keys};
use crate::aggregate::{
    Demand, EpochDemand, Estimator, ReportFormat, Tally, minimum_cohort, read_reports, to_parquet,
};
use crate::train::Progress;

/// Standard input, instead of a file's name.
const STANDARD_INPUT: &str = "-";
/// Bytes read at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// How reports are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// Found from the first byte
    Auto,
    /// A line each: {"report": "<24 bytes in base64>"}
    Ndjson,
    /// 24 bytes each, nothing between them
    Binary,
}

/// Arguments of `aggregate`.
///
/// Every line or 24 bytes count as one report; equal ones are different shoppers, so never remove duplicates before.
#[derive(Debug, Args)]
pub(super) struct AggregateArguments {
    /// Files of reports; `-` is standard input
    #[arg(required = true)]
    reports: Vec<PathBuf>,
    /// The vocabulary the reports are about; its signature is beside it
    #[arg(long, value_name = "FILE")]
    vocabulary: PathBuf,
    /// Public key of the vocabulary; by default the development key's
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// How reports are written
    #[arg(long, value_enum, default_value = "auto", value_name = "FORMAT")]
    format: FormatName,
    /// Reports that an epoch needs to be shown; by default 50 for each mask there can be
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    minimum_cohort: Option<u64>,
    /// Write the demand: a table for .parquet, a document for .json
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How the demand is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Parquet,
    Json,
}

/// Counts, estimates, writes.
pub(super) fn run(arguments: &AggregateArguments, output: &mut Output) -> Result<(), Failure> {
    let mut inputs: Vec<&Path> = arguments.reports.iter().map(PathBuf::as_path).collect();
    inputs.push(&arguments.vocabulary);
    files::check_outputs(&[arguments.out.as_deref()], &inputs)?;
    let written = arguments.out.as_deref().map(written_as).transpose()?;
    let vocabulary = open_vocabulary(&arguments.vocabulary, &arguments.key)?;
    let standard = minimum_cohort(vocabulary.parameters());
    let minimum = arguments.minimum_cohort.unwrap_or(standard);
    if minimum < standard {
        say(&format!(
            "warning: epochs are shown from {minimum} reports on; with fewer than {standard} some masks are rare \
             enough to tell a shopper by"
        ));
    }
    let mut tally = Tally::of(&vocabulary);
    let mut bars = Bars::new();
    for path in &arguments.reports {
        read(path, arguments.format, &mut tally, &mut bars)?;
    }
    let demand = Demand::new(&tally, vocabulary.contents(), minimum);
    show(&demand, &tally, output);
    if let (Some(path), Some(written)) = (&arguments.out, written) {
        let bytes = match written {
            Written::Parquet => to_parquet(&demand).map_err(Failure::operation)?,
            Written::Json => to_json(&demand)?,
        };
        files::write(path, &bytes)?;
        output.line(path.display());
    }
    Ok(())
}

fn to_json(demand: &Demand) -> Result<Vec<u8>, Failure> {
    let mut bytes = serde_json::to_vec_pretty(demand).map_err(Failure::operation)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn written_as(path: &Path) -> Result<Written, Failure> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("parquet" | "pq") => Ok(Written::Parquet),
        Some("json") => Ok(Written::Json),
        _ => Err(Failure::input(format!("{}: name the demand .parquet or .json", path.display()))),
    }
}

/// Opens a vocabulary whose signature, of one of the keys `given` or the development key, is beside it.
pub(super) fn open_vocabulary(path: &Path, given: &[PathBuf]) -> Result<Vocabulary, Failure> {
    let bytes = files::read(path)?;
    let beside = files::signature_beside(path);
    let signature = std::fs::read_to_string(&beside).map_err(|error| {
        Failure::input(format!(
            "{}: {error}; a vocabulary is signed with `tastekeeper sign {} --detached`",
            beside.display(),
            path.display()
        ))
    })?;
    Vocabulary::open(&bytes, &signature, &keys::trusted_keys(given)?)
        .map_err(|problem| Failure::in_file(path, &problem))
}

fn read(path: &Path, format: FormatName, tally: &mut Tally, bars: &mut Bars) -> Result<(), Failure> {
    let format = match format {
        FormatName::Auto => None,
        FormatName::Ndjson => Some(ReportFormat::Ndjson),
        FormatName::Binary => Some(ReportFormat::Binary),
    };
    let failed = |error: std::io::Error| Failure::in_file(path, &error);
    bars.begin("reports", 0);
    let mut step = |count| bars.step(count);
    let done = if path.as_os_str() == STANDARD_INPUT {
        read_reports(&mut stdin().lock(), format, tally, &mut step)
    } else {
        let file = File::open(path).map_err(failed)?;
        read_reports(&mut BufReader::with_capacity(BUFFER_BYTES, file), format, tally, &mut step)
    };
    bars.end();
    done.map_err(failed)
}

fn show(demand: &Demand, tally: &Tally, output: &mut Output) {
    let estimator = Estimator::new(tally.parameters());
    for epoch in &demand.epochs {
        output.line(format_args!(
            "epoch {} ({} to {}): {} reports{}",
            epoch.epoch,
            epoch.from,
            epoch.to,
            epoch.reports,
            if epoch.withheld {
                format!(", too few to show: {} are needed", demand.minimum_cohort)
            } else {
                format!("; a topic shows from {:.2} % on", 100.0 * estimator.floor(epoch.reports))
            }
        ));
        show_topics(demand, epoch, output);
    }
    output.line(format_args!(
        "{} reports counted, {} refused; one per cent of fake reports can move a topic by {:.1} points",
        tally.reports(),
        tally.refused().map(|(_, count)| count).sum::<u64>(),
        100.0 * demand.moved_by_one_percent_of_fakes
    ));
    for refused in &demand.refused {
        output.line(format_args!("  refused, {}: {}", refused.reason, refused.count));
    }
}

/// The topics of an epoch, the largest first.
fn show_topics(demand: &Demand, epoch: &EpochDemand, output: &mut Output) {
    let mut topics: Vec<_> = epoch.topics.iter().collect();
    topics.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.topic.cmp(&b.topic)));
    for topic in topics {
        let names = demand.topics.get(usize::from(topic.topic));
        output.line(format_args!(
            "  {:6.2} %  {:6.2} to {:5.2}  {}",
            100.0 * topic.share,
            100.0 * topic.low,
            100.0 * topic.high,
            names.map_or("", |names| &names.label)
        ));
    }
}
