//! `tastekeeper evaluate`: a pack's quality, size and speed, through the engine.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::Value;
use tastekeeper::model::Model;

use super::failure::Failure;
use super::log::LogArguments;
use super::output::Output;
use super::progress::{Bars, say};
use super::{files, keys, log};
use crate::evaluate::{EvaluateConfig, Protocol, evaluate};
use crate::report::Report;

/// Which events are to be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProtocolName {
    /// The last event of every user, from everything before it; known items are excluded
    LeaveOneOut,
    /// Every event with one before it; for a log that training never saw
    NextClick,
    /// As next-click, only events of the last share of the log
    Temporal,
    /// As next-click, only sessions of the last share of the log
    TemporalSessions,
}

/// Whether known items compete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Repeats {
    /// Except in leave-one-out
    Auto,
    /// They do
    Allow,
    /// They are excluded
    Forbid,
}

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
pub(super) struct EvaluateArguments {
    /// The pack
    pack: PathBuf,
    /// The log
    log: PathBuf,
    /// Which events are to be predicted
    #[arg(long, value_enum)]
    protocol: ProtocolName,
    /// Share of the log that the temporal protocols ask for
    #[arg(long, default_value_t = 0.1)]
    share: f64,
    /// Whether items of the user's history compete
    #[arg(long, value_enum, default_value = "auto", value_name = "WHETHER")]
    repeats: Repeats,
    /// Only so many users or sessions, drawn at random
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    users: Option<u64>,
    /// What the draw follows from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Public key the pack must be signed with; by default the development key's
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    format: LogArguments,
}

/// Evaluates, prints the table, writes the report.
pub(super) fn run(arguments: &EvaluateArguments, output: &mut Output) -> Result<(), Failure> {
    files::check_outputs(&[arguments.report.as_deref()], &[&arguments.pack, &arguments.log])?;
    let share = arguments.share;
    let protocol = match arguments.protocol {
        ProtocolName::LeaveOneOut => Protocol::LeaveOneOut,
        ProtocolName::NextClick => Protocol::NextClick,
        ProtocolName::Temporal => Protocol::Temporal { share },
        ProtocolName::TemporalSessions => Protocol::TemporalSessions { share },
    };
    let auto = EvaluateConfig::new(protocol);
    let config = EvaluateConfig {
        repeats: match arguments.repeats {
            Repeats::Auto => auto.repeats,
            Repeats::Allow => true,
            Repeats::Forbid => false,
        },
        users: arguments.users.map(|users| usize::try_from(users).unwrap_or(usize::MAX)),
        seed: arguments.seed,
        ..auto
    };
    let model = Arc::new(keys::open_pack(&arguments.pack, &arguments.key)?);
    let mut bars = Bars::new();
    let dataset = arguments.format.read(&arguments.log, &mut bars)?;
    say(&log::describe(&arguments.log, &dataset));
    warn_of_seen_events(&model, protocol);
    let evaluation =
        evaluate(&model, &dataset, &config, &mut bars).map_err(|error| Failure::evaluating(&error))?;
    let report = Report::new(&evaluation, model.info());
    if let Some(path) = &arguments.report {
        let mut text = serde_json::to_string_pretty(&report).map_err(Failure::operation)?;
        text.push('\n');
        files::write(path, text.as_bytes())?;
    }
    output.line(&report);
    Ok(())
}

/// Says so if the pack's own summary shows that training may have seen the events asked for.
fn warn_of_seen_events(model: &Model, protocol: Protocol) {
    let Some(summary) = model.summary().and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return;
    };
    let Some(split) = summary["split"].as_str() else { return };
    if protocol != Protocol::NextClick && split != protocol.name() {
        say(&format!(
            "warning: the pack was trained with --split {split}; if it was trained on this log, it has seen what is \
             asked here, and the figures mean nothing"
        ));
    }
}
