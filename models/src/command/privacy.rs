//! `tastekeeper privacy`: what preference reports would tell on a shop's own log.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tastekeeper::report::{TOPICS, TOPICS_PER_REPORT};

use super::failure::Failure;
use super::files;
use super::items::ItemsArguments;
use super::log::LogArguments;
use super::output::Output;
use super::progress::Bars;
use crate::privacy::{MeasureConfig, measure};

/// Arguments of `privacy`.
///
/// Topics are built from the items' categories with the smallest floors, or, where items have attributes only, from those. The
/// figures illustrate the guarantee on data; they do not prove it.
#[derive(Debug, Args)]
pub(super) struct PrivacyArguments {
    /// The log
    log: PathBuf,
    /// Topics, that of an empty slot included
    #[arg(long, default_value_t = TOPICS, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(4..=64))]
    topics: u8,
    /// Topics that a report names
    #[arg(long, default_value_t = TOPICS_PER_REPORT, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=32))]
    per_report: u8,
    /// Shoppers among whom one is searched
    #[arg(long, default_value_t = 2_000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(2..=20_000))]
    shoppers: u32,
    /// Everything random follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    items: ItemsArguments,
    #[command(flatten)]
    columns: LogArguments,
}

/// Measures and prints.
pub(super) fn run(arguments: &PrivacyArguments, output: &mut Output) -> Result<(), Failure> {
    let mut inputs = vec![arguments.log.as_path()];
    inputs.extend(arguments.items.file());
    files::check_outputs(&[arguments.out.as_deref()], &inputs)?;
    let mut bars = Bars::new();
    let mut dataset = arguments.columns.read(&arguments.log, &mut bars)?;
    arguments.items.read_topics(&mut dataset, &mut bars)?;
    let config = MeasureConfig {
        topics: arguments.topics,
        per_report: arguments.per_report,
        shoppers: usize::try_from(arguments.shoppers).unwrap_or(usize::MAX),
        seed: arguments.seed,
    };
    let measured = measure(&dataset, &config, &mut bars).map_err(Failure::input)?;
    output.line(&measured);
    if let Some(path) = &arguments.out {
        let mut document = serde_json::to_value(&measured).map_err(Failure::operation)?;
        document["version"] = json!(1);
        let text = serde_json::to_string_pretty(&document).map_err(Failure::operation)?;
        files::write(path, (text + "\n").as_bytes())?;
    }
    Ok(())
}
