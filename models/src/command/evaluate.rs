//! `tastekeeper evaluate`: a pack's quality, size and speed, through the engine.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tastekeeper::model::Model;

use super::failure::Failure;
use super::gate::{self, JudgedArguments};
use super::items::ItemsArguments;
use super::log::LogArguments;
use super::output::Output;
use super::progress::{Bars, say};
use super::report::{name_of, read_report};
use super::{files, keys, log};
use crate::dataset::Dataset;
use crate::evaluate::{EvaluateConfig, EvaluateError, Inputs, Protocol, evaluate};
use crate::privacy::{MeasureConfig, measure};
use crate::reference::Case;
use crate::report::{Report, TrainedOn};
use crate::statistics::{Bootstrap, RESAMPLES};

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

/// Levels of personalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LevelName {
    /// Nothing is known of the user
    Off,
    /// What was done in this visit: until a pause of 30 minutes; without times the event before alone
    Session,
    /// The whole history; always measured
    OnDevice,
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
    /// Levels of personalisation to measure
    #[arg(long, value_enum, value_name = "LEVEL,..", value_delimiter = ',', default_values_t = LevelName::value_variants().to_vec())]
    levels: Vec<LevelName>,
    /// Also measures each part of the model alone, which takes as long again for every part: the vectors, the transitions,
    /// and the transitions against their direction. The gates that ship find mixed-up models by it. Also measures what
    /// retrieval of linked items only costs in quality
    #[arg(long)]
    parts: bool,
    /// Leaves out item-kNN, Markov and EASE; EASE takes long for many items
    #[arg(long)]
    no_baselines: bool,
    /// With next-click, the log the pack was trained on, written as the log is: for baselines, novelty and popularity
    #[arg(long, value_name = "FILE")]
    training_log: Option<PathBuf>,
    /// Bootstrap samples of users behind every interval; 0 for no intervals
    #[arg(long, value_name = "COUNT", default_value_t = RESAMPLES, value_parser = clap::value_parser!(u32).range(..=100_000))]
    resamples: u32,
    /// An earlier report of the same cases, to be compared with case by case
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Only so many users or sessions, drawn at random
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    users: Option<u64>,
    /// What the draw of users and the intervals follow from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Public key the pack must be signed with; by default the development key's
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the lists at level on-device: a JSON object per line with `sequence` (which user of the log, from 0),
    /// `position` (which event was to be predicted, from 0), `wanted` and `items`
    #[arg(long, value_name = "FILE")]
    recommendations: Option<PathBuf>,
    /// Judge the report by these gates as `gate` does, `default` for the ones that ship; ends with 1 if one failed
    #[arg(long, value_name = "FILE")]
    gates: Option<PathBuf>,
    /// Also measures what preference reports would tell on the log: the error of the demand, and what gives a shopper away.
    /// Needs the items' categories or attributes
    #[arg(long)]
    privacy: bool,
    #[command(flatten)]
    judged: JudgedArguments,
    #[command(flatten)]
    items: ItemsArguments,
    #[command(flatten)]
    format: LogArguments,
}

/// Evaluates, prints the table, writes the report.
pub(super) fn run(arguments: &EvaluateArguments, output: &mut Output) -> Result<(), Failure> {
    let mut inputs: Vec<&Path> = vec![&arguments.pack, &arguments.log];
    inputs.extend(arguments.training_log.as_deref());
    inputs.extend(arguments.baseline.as_deref());
    inputs.extend(arguments.gates.as_deref());
    inputs.extend(arguments.items.file());
    let mut outputs = arguments.judged.files();
    outputs.extend([arguments.report.as_deref(), arguments.recommendations.as_deref()]);
    files::check_outputs(&outputs, &inputs)?;
    arguments.judged.check(arguments.gates.is_some())?;
    let config = arguments.config()?;
    let gates = arguments.gates.as_deref().map(gate::read_gates).transpose()?;
    let baseline = arguments.baseline.as_deref().map(read_report).transpose()?;
    let model = Arc::new(keys::open_pack(&arguments.pack, &arguments.key)?);
    let mut bars = Bars::new();
    let mut asked = arguments.format.read(&arguments.log, &mut bars)?;
    say(&log::describe(&arguments.log, &asked));
    let training = match &arguments.training_log {
        Some(path) => {
            let training = arguments.format.read(path, &mut bars)?;
            say(&log::describe(path, &training));
            Some(training)
        }
        None => None,
    };
    let training_facts = TrainedOn::of(&model, config.protocol);
    warn_of_seen_events(training_facts.as_ref());

    let mut lists = String::new();
    let mut listener = |case: Case, items: &[u32]| {
        if arguments.recommendations.is_some() {
            writeln!(lists, "{}", line(&asked, &model, case, items)).expect("a string takes text");
        }
    };
    let inputs = Inputs { log: &asked, training: training.as_ref(), baseline: baseline.as_ref() };
    let evaluation = evaluate(&model, inputs, &config, &mut listener, &mut bars)
        .map_err(|error| arguments.failure(&error))?;
    let bootstrap = Bootstrap { resamples: arguments.resamples, seed: arguments.seed };
    let mut report = Report::new(&evaluation, model.info(), &bootstrap, &mut bars);
    report.training = training_facts;
    if arguments.privacy {
        let config = MeasureConfig { seed: arguments.seed, ..MeasureConfig::default() };
        arguments.items.read_topics(&mut asked, &mut bars)?;
        report.sharing = Some(measure(&asked, &config, &mut bars).map_err(Failure::input)?);
    }
    if let Some(path) = &arguments.recommendations {
        files::write(path, lists.as_bytes())?;
    }
    if let Some(path) = &arguments.report {
        let mut text = serde_json::to_string_pretty(&report).map_err(Failure::operation)?;
        text.push('\n');
        files::write(path, text.as_bytes())?;
    }
    output.line(&report);
    let name = arguments.report.as_deref().map_or_else(|| report.pack.model_id.clone(), name_of);
    let report = (name, report);
    match gates {
        Some(gates) => {
            let judged = gate::judge(&gates, report, baseline.as_ref(), &arguments.judged, output)?;
            gate::verdict(&judged)
        }
        None => arguments.judged.pages.write(&[report], None),
    }
}

impl EvaluateArguments {
    fn config(&self) -> Result<EvaluateConfig, Failure> {
        let share = self.share;
        let protocol = match self.protocol {
            ProtocolName::LeaveOneOut => Protocol::LeaveOneOut,
            ProtocolName::NextClick => Protocol::NextClick,
            ProtocolName::Temporal => Protocol::Temporal { share },
            ProtocolName::TemporalSessions => Protocol::TemporalSessions { share },
        };
        if self.training_log.is_some() && protocol != Protocol::NextClick {
            return Err(Failure::input(format!(
                "--training-log is for --protocol next-click; {} takes the training part of the log itself",
                protocol.name()
            )));
        }
        if self.privacy != self.items.file().is_some() {
            return Err(Failure::input("--privacy and --items or --attributes go together"));
        }
        if self.baseline.is_some() && self.resamples == 0 {
            return Err(Failure::input("--baseline needs intervals; give --resamples above 0"));
        }
        let auto = EvaluateConfig::new(protocol);
        Ok(EvaluateConfig {
            repeats: match self.repeats {
                Repeats::Auto => auto.repeats,
                Repeats::Allow => true,
                Repeats::Forbid => false,
            },
            users: self.users.map(|users| usize::try_from(users).unwrap_or(usize::MAX)),
            seed: self.seed,
            off: self.levels.contains(&LevelName::Off),
            session: self.levels.contains(&LevelName::Session),
            baselines: !self.no_baselines,
            parts: self.parts,
            ..auto
        })
    }

    fn failure(&self, error: &EvaluateError) -> Failure {
        match (error, &self.baseline, &self.training_log) {
            (EvaluateError::Compare(_), Some(path), _)
            | (EvaluateError::ForeignTrainingLog, _, Some(path)) => Failure::in_file(path, error),
            _ => Failure::evaluating(error),
        }
    }
}

/// A case and its list, with the ids of the shop's items.
fn line(dataset: &Dataset, model: &Model, case: Case, items: &[u32]) -> Value {
    let wanted = dataset.sequences[case.sequence].events[case.position].item as usize;
    let items: Vec<&str> = items.iter().filter_map(|&item| model.id(item)).collect();
    json!({
        "sequence": case.sequence,
        "position": case.position,
        "wanted": dataset.items[wanted],
        "items": items,
    })
}

/// Says so if the pack's own summary shows that training may have seen the events asked for.
fn warn_of_seen_events(training: Option<&TrainedOn>) {
    if let Some(TrainedOn { split, may_have_seen: true, .. }) = training {
        say(&format!(
            "warning: the pack was trained with --split {split}; if it was trained on this log, it has seen what is \
             asked here, and the figures mean nothing"
        ));
    }
}
