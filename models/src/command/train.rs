//! `tastekeeper train`: from a log to a signed pack, a model card and a saved model.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::card::Card;
use super::failure::Failure;
use super::items::ItemsArguments;
use super::log::LogArguments;
use super::output::{Output, plain};
use super::pack::{Identity, PresetName};
use super::progress::{Bars, say};
use super::{files, keys, log};
use crate::dataset::Dataset;
use crate::pack::{PackOptions, write_pack};
use crate::saved;
use crate::train::split::Split;
use crate::train::{Repeats, TrainConfig, TrainReport, train};

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
    /// Size of the model
    #[arg(long, value_enum, default_value = "standard")]
    preset: PresetName,
    /// Whether an item that a user knows may be recommended again
    #[arg(long, value_enum, default_value = "auto", value_name = "WHETHER")]
    repeats: RepeatsName,
    /// How much a view, a cart, a wish list and a purchase count; by default learned if the log has more than one kind
    #[arg(long, value_name = "V,C,W,P", value_delimiter = ',')]
    event_weights: Option<Vec<f32>>,
    /// How many parameter settings are tried on validation
    #[arg(long, default_value_t = TrainConfig::default().tuning_budget, value_name = "COUNT")]
    tuning_budget: usize,
    /// Write a model card in Markdown
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
    /// Write the model in full precision, for `tastekeeper pack`
    #[arg(long, value_name = "FILE")]
    save_model: Option<PathBuf>,
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
    inputs.extend(arguments.identity.key.as_deref());
    let outputs = [Some(arguments.out.as_path()), arguments.card.as_deref(), arguments.save_model.as_deref()];
    files::check_outputs(&outputs, &inputs)?;
    let config = arguments.config()?;
    let options = arguments.identity.options(&arguments.out, arguments.preset)?;
    keys::existing_key(arguments.identity.key.as_deref())?;

    let mut bars = Bars::new();
    let mut dataset = arguments.format.read(&arguments.log, &mut bars)?;
    let data = log::describe(&arguments.log, &dataset);
    say(&data);
    arguments.items.read(&mut dataset, &mut bars)?;
    let (model, report) = train(&dataset, &config, &mut bars)
        .map_err(|error| Failure::input(format!("{}: {error}", arguments.log.display())))?;
    drop(bars);
    let key = keys::signing_key(arguments.identity.key.as_deref())?;
    let summary = summary(arguments, &dataset, &report);
    let options = PackOptions { summary: Some(summary.to_string()), ..options };
    let bytes = write_pack(&model, &options, &key).map_err(Failure::packing)?;
    let card = Card { options: &options, data: &data, bytes: &bytes, key: &key, summary: &summary };
    let card = card.text().map_err(Failure::packing)?;
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
    output.line(chosen(&report));
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
            ..TrainConfig::default()
        })
    }

    /// The split's name, as `evaluate` knows it.
    fn split_name(&self) -> String {
        self.split.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// What was chosen, for people.
fn chosen(report: &TrainReport) -> String {
    let (graph, blend, quality) = (&report.graph, &report.blend, &report.validation);
    let protocol = match report.repeats_allowed {
        true => "next click, repeats allowed",
        false => "leave one out, known items excluded",
    };
    format!(
        "trained on {} events of {} sequences, {} of {} items seen, {} transitions kept\n\
         graph      window {}, gamma {:.3}, delta {:.3}, rho {:.3}, alpha {:.3}, e0 {:.3}\n\
         blend      decay {:.3}, carry {:.3}, gain {:.3}, graph weight {:.3}, graph decay {:.3}, popularity weight {:.4}\n\
         validation {} settings tried, {} cases, {protocol}: HR@10 {:.4}, NDCG@10 {:.4}, HR@20 {:.4}, MRR@20 {:.4}",
        report.interactions,
        report.sequences,
        report.items_with_events,
        report.items,
        report.edges,
        graph.count.window,
        graph.count.gamma,
        graph.count.delta,
        graph.count.rho,
        graph.alpha,
        graph.e0,
        blend.decay,
        blend.carry,
        blend.gain,
        blend.graph_weight,
        blend.graph_decay,
        blend.popularity_weight,
        report.tuning.settings_tried,
        quality.cases,
        quality.hit_rate_at_10,
        quality.ndcg_at_10,
        quality.hit_rate_at_20,
        quality.mrr_at_20,
    )
}

/// What the pack says about its own training.
fn summary(arguments: &TrainArguments, dataset: &Dataset, report: &TrainReport) -> Value {
    let (graph, embedding, quality) = (&report.graph, &report.embedding, &report.validation);
    json!({
        "version": 1,
        "made_by": concat!("tastekeeper ", env!("CARGO_PKG_VERSION")),
        "split": arguments.split_name(),
        "share": (arguments.split_name().starts_with("temporal")).then_some(arguments.share),
        "seed": arguments.seed,
        "event_weights": report.blend.kind_weights.map(plain),
        "data": {
            "sequences_in_log": dataset.sequences.len(),
            "sequences": report.sequences,
            "events": report.interactions,
            "items": report.items,
            "items_with_events": report.items_with_events,
            "attributes": dataset.attributes.entries.len(),
            "repeat_share": report.repeat_share,
        },
        "repeats_allowed": report.repeats_allowed,
        "graph": {
            "window": graph.count.window,
            "gamma": plain(graph.count.gamma),
            "delta": plain(graph.count.delta),
            "rho": plain(graph.count.rho),
            "alpha": plain(graph.alpha),
            "e0": plain(graph.e0),
            "edges": report.edges,
        },
        "embedding": {
            "dim": embedding.dim,
            "epochs": embedding.epochs,
            "batch": embedding.batch,
            "negatives": embedding.negatives,
            "learning_rate": plain(embedding.learning_rate),
            "history": embedding.history,
            "state_dropout": plain(embedding.state_dropout),
            "event_dropout": plain(embedding.event_dropout),
            "id_dropout": plain(embedding.id_dropout),
        },
        "validation": {
            "settings_tried": report.tuning.settings_tried,
            "cases": quality.cases,
            "hr@10": quality.hit_rate_at_10,
            "ndcg@10": quality.ndcg_at_10,
            "hr@20": quality.hit_rate_at_20,
            "mrr@20": quality.mrr_at_20,
        },
    })
}
