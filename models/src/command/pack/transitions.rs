//! `pack --transitions`: the graph and the popularity of a log that an engine counted.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::command::failure::Failure;
use crate::command::log::{file_length, file_name};
use crate::command::output::plain;
use crate::command::progress::{Bars, say};
use crate::counted::{CountedError, Counts, UnknownItems};
use crate::train::Progress;
use crate::train::transitions::untuned_graph;
use crate::trained::TrainedModel;

/// What happens to counted items that the model does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Unknown {
    /// They are an error
    Refuse,
    /// Their counts are left out
    Skip,
    /// They join the model without a vector, found by transitions and popularity
    Add,
}

/// What an engine counted.
#[derive(Debug, Args)]
#[command(next_help_heading = "Transitions counted elsewhere (see counting-sql)")]
pub(super) struct TransitionArguments {
    /// Parquet file with source, target, weight and row_sum, instead of the model's own transitions
    #[arg(long, value_name = "FILE")]
    transitions: Option<PathBuf>,
    /// Parquet file with item and events, instead of the model's own popularity
    #[arg(long, value_name = "FILE", requires = "transitions")]
    counts: Option<PathBuf>,
    /// What happens to counted items that the model does not have
    #[arg(long, value_enum, default_value = "refuse", requires = "transitions", value_name = "WHAT")]
    unknown_items: Unknown,
    /// Power of its sum that a row is divided by, instead of the one training chose
    #[arg(long, value_name = "NUMBER", requires = "transitions")]
    alpha: Option<f32>,
    /// Where the logarithm of a transition begins to bend, instead of the place training chose
    #[arg(long, value_name = "NUMBER", requires = "transitions")]
    e0: Option<f32>,
}

impl TransitionArguments {
    pub(super) fn are_given(&self) -> bool {
        self.transitions.is_some()
    }

    /// The files that are read.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.transitions.iter().chain(&self.counts).map(PathBuf::as_path)
    }

    /// The model with what was counted, and its summary that says so.
    pub(super) fn put_into(
        &self,
        model: TrainedModel,
        summary: Option<String>,
        neighbours: usize,
    ) -> Result<(TrainedModel, Option<String>), Failure> {
        let Some(transitions) = &self.transitions else { return Ok((model, summary)) };
        let mut summary: Value =
            summary.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| json!({}));
        let (alpha, e0) = self.bend(&summary)?;
        let unknown = match self.unknown_items {
            Unknown::Refuse => UnknownItems::Refuse,
            Unknown::Skip => UnknownItems::Skip,
            Unknown::Add => UnknownItems::Add,
        };
        let mut counts = Counts::new(&model, unknown);
        let mut bars = Bars::new();
        if let Some(path) = &self.counts {
            bars.begin_bytes("counts", file_length(path));
            counts.read_counts(path, &mut |bytes| bars.step(bytes)).map_err(|error| failure(path, &error))?;
            bars.end();
        }
        bars.begin_bytes("transitions", file_length(transitions));
        counts
            .read_transitions(transitions, &mut |bytes| bars.step(bytes))
            .map_err(|error| Failure::in_file(transitions, &error))?;
        bars.end();
        let (model, taken) =
            counts.put_into(model, neighbours, alpha, e0).map_err(|error| failure(transitions, &error))?;
        say(&format!(
            "{}: {} transitions of {} items kept, {} items added, {} left out",
            file_name(transitions),
            taken.edges,
            taken.with_transitions,
            taken.added,
            taken.left_out
        ));
        if !summary.is_object() {
            summary = json!({});
        }
        if !summary["graph"].is_object() {
            summary["graph"] = json!({});
        }
        summary["graph"]["alpha"] = plain(alpha).into();
        summary["graph"]["e0"] = plain(e0).into();
        summary["graph"]["edges"] = taken.edges.into();
        summary["graph"]["counted_elsewhere"] = true.into();
        if self.counts.is_some() {
            summary["counted_events"] = model.counts.iter().sum::<u64>().into();
        }
        Ok((model, Some(summary.to_string())))
    }

    /// Alpha and e0: as given, as training chose them, or where a search would begin.
    fn bend(&self, summary: &Value) -> Result<(f32, f32), Failure> {
        let untuned = untuned_graph();
        let chosen = |given: Option<f32>, name: &str, start: f32| {
            #[expect(clippy::cast_possible_truncation, reason = "written from 32 bits")]
            let trained = || summary["graph"][name].as_f64().map(|value| value as f32);
            given.or_else(trained).unwrap_or_else(|| {
                say(&format!("warning: the model was not tuned; {name} is {start}"));
                start
            })
        };
        let (alpha, e0) = (chosen(self.alpha, "alpha", untuned.alpha), chosen(self.e0, "e0", untuned.e0));
        if !(0.0..=1.0).contains(&alpha) {
            return Err(Failure::input("--alpha must be between 0 and 1"));
        }
        if !(1e-6..=1e6).contains(&e0) {
            return Err(Failure::input("--e0 must be above 0 and below a million"));
        }
        Ok((alpha, e0))
    }
}

/// A failure with the file, and with the option that helps.
fn failure(path: &Path, error: &CountedError) -> Failure {
    match error {
        CountedError::UnknownItems { .. } => {
            Failure::input(format!("{}: {error} (--unknown-items skip or add)", path.display()))
        }
        error => Failure::in_file(path, error),
    }
}
