//! `tastekeeper train`: from a log to a signed pack, a model card, a report of the training and a saved model.

mod summary;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tastekeeper::model::Model;

use super::card::Card;
use super::checkpoint::CheckpointArguments;
use super::demand::DemandArguments;
use super::failure::Failure;
use super::items::ItemsArguments;
use super::log::LogArguments;
use super::output::Output;
use super::pack::{Identity, PresetName};
use super::progress::{Bars, say};
use super::{files, keys, log};
use crate::pack::{PackOptions, write_pack};
use crate::saved;
use crate::train::seeds::{Keep, train_seeds};
use crate::train::split::Split;
use crate::train::{Repeats, TrainConfig};

/// What training does not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SplitName {
    /// The last event of every user is left out, for `evaluate --protocol leave-one-out`; so is the one before it, as in
    /// published comparisons, unless `--train-on-validation` is given
    LeaveOneOut,
    /// The last share of all events is left out, for `evaluate --protocol temporal`
    Temporal,
    /// The sessions that ended last are left out, for `evaluate --protocol temporal-sessions`
    TemporalSessions,
    /// Nothing is left out
    All,
}

/// Whether an item that a user knows may be recommended again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RepeatsName {
    /// Allowed if the log has at least one repeat in twenty events
    Auto,
    /// Transitions from an item to itself count
    Allow,
    /// Only the first event of an item counts
    Forbid,
}

impl From<RepeatsName> for Repeats {
    fn from(name: RepeatsName) -> Self {
        match name {
            RepeatsName::Auto => Self::Auto,
            RepeatsName::Allow => Self::Allow,
            RepeatsName::Forbid => Self::Forbid,
        }
    }
}

/// Which of several models is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KeepName {
    /// The best on validation
    Best,
    /// That of the first seed, whose quality is expected to be the mean
    First,
}

/// Arguments of `train`.
#[derive(Debug, Args)]
pub(super) struct TrainArguments {
    /// The log
    log: PathBuf,
    /// The pack to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What training does not see, to be evaluated with later
    #[arg(long, value_enum, default_value = "all")]
    split: SplitName,
    /// With `--split leave-one-out`, also trains on the event before the last: better, but not comparable with
    /// published figures
    #[arg(long)]
    train_on_validation: bool,
    /// Share that the temporal splits leave out
    #[arg(long, default_value_t = 0.1)]
    share: f64,
    /// Everything random follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds to train with, `--seed` and those after it; one model is written, and all are reported
    #[arg(long, default_value_t = 1, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=100))]
    seeds: u8,
    /// Which of several seeds' models is written
    #[arg(long, value_enum, default_value = "best", value_name = "WHICH")]
    keep: KeepName,
    /// Size of the model
    #[arg(long, value_enum, default_value = "standard")]
    preset: PresetName,
    /// Whether an item that a user knows may be recommended again
    #[arg(long, value_enum, default_value = "auto", value_name = "WHETHER")]
    repeats: RepeatsName,
    /// How much a view, a cart, a wish list and a purchase count; by default learned if the log has more than one kind
    #[arg(long, value_name = "V,C,W,P", value_delimiter = ',')]
    event_weights: Option<Vec<f32>>,
    /// How many settings of graph and blend are tried on validation; 0 for no tuning
    #[arg(long, default_value_t = TrainConfig::default().tuning_budget, value_name = "COUNT")]
    tuning_budget: usize,
    /// What trials of other schedules of the embedding may cost: examples times passes; 0 for the usual schedule
    #[arg(long, default_value_t = TrainConfig::default().schedule_budget, value_name = "COUNT")]
    schedule_budget: usize,
    /// Write what was chosen, what the tuner tried and what each seed came to, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write a model card in Markdown
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
    /// Write the model in full precision, for `tastekeeper pack`
    #[arg(long, value_name = "FILE")]
    save_model: Option<PathBuf>,
    #[command(flatten)]
    demand: DemandArguments,
    #[command(flatten)]
    checkpoints: CheckpointArguments,
    #[command(flatten)]
    identity: Identity,
    #[command(flatten)]
    items: ItemsArguments,
    #[command(flatten)]
    format: LogArguments,
}

/// Trains and writes.
pub(super) fn run(arguments: &TrainArguments, output: &mut Output) -> Result<(), Failure> {
    let mut inputs: Vec<&Path> = vec![&arguments.log];
    inputs.extend(arguments.items.file());
    inputs.extend(arguments.demand.file());
    inputs.extend(arguments.identity.key.as_deref());
    let others = [&arguments.card, &arguments.report, &arguments.save_model].map(Option::as_deref);
    let outputs = [&[Some(arguments.out.as_path()), arguments.checkpoints.file()], &others[..]].concat();
    files::check_outputs(&outputs, &inputs)?;
    let config = arguments.config()?;
    let demand = arguments.demand.read()?;
    let options = arguments.identity.options(&arguments.out, arguments.preset)?;
    keys::existing_key(arguments.identity.key.as_deref())?;
    let mut earlier = arguments.checkpoints.earlier(arguments.seeds)?;

    let mut bars = Bars::new();
    let mut dataset = arguments.format.read(&arguments.log, &mut bars)?;
    say(&log::describe(&arguments.log, &dataset));
    arguments.items.read(&mut dataset, &mut bars)?;
    let keep = match arguments.keep {
        KeepName::Best => Keep::Best,
        KeepName::First => Keep::First,
    };
    let (model, report, seeds) = train_seeds(&config, usize::from(arguments.seeds), keep, &mut |config| {
        arguments.checkpoints.train(&arguments.log, &dataset, config, earlier.take(), &mut bars)
    })?;
    drop(bars);
    let model = arguments.demand.apply(model, demand.as_ref(), output)?;
    let key = keys::signing_key(arguments.identity.key.as_deref())?;
    let summary = summary::summary(&arguments.told(), &dataset, &report, &seeds);
    let options = PackOptions { summary: Some(summary.to_string()), ..options };
    let bytes = write_pack(&model, &options, &key).map_err(Failure::packing)?;
    let model_of_pack = Model::open(&bytes, &[key.public_key()]).map_err(Failure::operation)?;
    let card = Card { model: &model_of_pack, summary: &summary, report: None }.text();
    if let Some(path) = &arguments.report {
        let all = summary::with_tuning(summary, &report.tuning);
        let text = serde_json::to_string_pretty(&all).map_err(Failure::operation)?;
        files::write(path, (text + "\n").as_bytes())?;
    }
    if let Some(path) = &arguments.save_model {
        files::write(
            path,
            &saved::to_bytes(&model, options.summary.as_deref()).map_err(Failure::operation)?,
        )?;
    }
    if let Some(path) = &arguments.card {
        files::write(path, card.as_bytes())?;
    }
    files::write(&arguments.out, &bytes)?;
    arguments.checkpoints.remove()?;
    output.line(summary::chosen(&report, &seeds));
    super::pack::announce(&arguments.out, &bytes, &key, output)
}

impl TrainArguments {
    fn config(&self) -> Result<TrainConfig, Failure> {
        let kind_weights = self.event_weights.as_deref().map(<[f32; 4]>::try_from).transpose();
        let kind_weights = kind_weights.map_err(|_| {
            Failure::input("--event-weights takes four numbers: view, cart, wish list, purchase")
        })?;
        let share = self.share;
        Ok(TrainConfig {
            seed: self.seed,
            preset: self.preset.into(),
            split: match self.split {
                SplitName::LeaveOneOut => {
                    Split::LeaveOneOut { train_on_validation: self.train_on_validation }
                }
                SplitName::Temporal => Split::TemporalByEvent { share },
                SplitName::TemporalSessions => Split::TemporalBySequence { share },
                SplitName::All => Split::All,
            },
            repeats: self.repeats.into(),
            kind_weights,
            tuning_budget: self.tuning_budget,
            schedule_budget: self.schedule_budget,
            ..TrainConfig::default()
        })
    }

    /// What the summary repeats of the arguments.
    fn told(&self) -> summary::Told {
        let split = self.split.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned());
        let share = split.starts_with("temporal").then_some(self.share);
        let preset = self.preset.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned());
        summary::Told { split, share, preset }
    }
}
