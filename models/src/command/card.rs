//! `tastekeeper card`: the model card, in Markdown: what a pack is, what it was made from, how good it is and where not.
//!
//! All of it comes from the pack, which carries a summary of its training, and from the report of an evaluation.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;
use tastekeeper::model::Model;

use super::failure::Failure;
use super::files::{self, date};
use super::keys::{self, key_id};
use super::output::Output;
use crate::report::{Metric, Metrics, Report};

/// Arguments of `card`.
#[derive(Debug, Args)]
pub(super) struct CardArguments {
    /// The pack
    pack: PathBuf,
    /// Report that `evaluate --report` wrote about this pack, for quality by segment
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the card to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Public key the pack must be signed with; by default the development key's
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
}

/// Writes the card of a pack.
pub(super) fn run(arguments: &CardArguments, output: &mut Output) -> Result<(), Failure> {
    let inputs: Vec<&Path> = [Some(&arguments.pack), arguments.report.as_ref()]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
        .collect();
    files::check_outputs(&[arguments.out.as_deref()], &inputs)?;
    let bytes = files::read(&arguments.pack)?;
    let model = Model::open(&bytes, &keys::trusted_keys(&arguments.key)?)
        .map_err(|problem| keys::refused(&arguments.pack, &problem))?;
    // a summary that another tool wrote may be anything
    let summary = model.summary().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
    let report = arguments.report.as_deref().map(|path| read_report(path, &model)).transpose()?;
    let text = Card { model: &model, summary: &summary, report: report.as_ref() }.text();
    match &arguments.out {
        Some(path) => files::write(path, text.as_bytes()),
        None => {
            output.line(text.trim_end());
            Ok(())
        }
    }
}

/// The report, if it is about this pack.
fn read_report(path: &Path, model: &Model) -> Result<Report, Failure> {
    let report = super::report::read_report(path)?;
    let digest: String = model.info().digest.iter().map(|byte| format!("{byte:02x}")).collect();
    if report.pack.digest != digest {
        return Err(Failure::input(format!(
            "{}: the report is about another pack (version {} of `{}`); evaluate this one",
            path.display(),
            report.pack.pack_version,
            report.pack.model_id
        )));
    }
    Ok(report)
}

/// What a card tells.
pub(super) struct Card<'a> {
    pub(super) model: &'a Model,
    /// The training summary; null if there is none.
    pub(super) summary: &'a Value,
    /// An evaluation of the pack.
    pub(super) report: Option<&'a Report>,
}

impl Card<'_> {
    /// The card.
    pub(super) fn text(&self) -> String {
        let (info, parameters, summary) = (self.model.info(), self.model.parameters(), self.summary);
        let licence = if info.label.is_empty() { "not stated" } else { &info.label };
        let mut parts = vec![
            format!("# Model card: {}\n", info.model_id),
            table(&[
                ("Pack version", info.pack_version.to_string()),
                ("Made on", date(info.created_day)),
                ("Made by", text(&summary["made_by"])),
                ("Licence", licence.to_owned()),
                ("Signed by key", key_id(info.key_id)),
            ]),
            "## What it is for\n\n\
             Recommends items of one shop from a shopper's recent events, on the shopper's device. The score is a sum \
             of a transition graph, a linear sequence embedding and popularity. It knows only items and their \
             attributes: no shopper's id, history or other personal data is in the pack.\n"
                .to_owned(),
            "## Data\n".to_owned(),
            format!(
                "The log: {} events of {} users or sessions.\n",
                text(&summary["data"]["events_in_log"]),
                text(&summary["data"]["sequences_in_log"])
            ),
            section(&summary["data"]),
            table(&[
                ("Held out from training", text(&summary["split"])),
                ("Repeats allowed", text(&summary["repeats_allowed"])),
                ("Event weights (view, cart, wish list, purchase)", text(&summary["event_weights"])),
                ("Event weights learned", text(&summary["event_weights_learned"])),
            ]),
            "## Parameters\n".to_owned(),
            table(&[
                ("Preset", text(&summary["preset"])),
                ("Seed", text(&summary["seed"])),
                ("decay", parameters.decay.to_string()),
                ("carry", parameters.carry.to_string()),
                ("gain", parameters.gain.to_string()),
                ("graph weight", parameters.graph_weight.to_string()),
                ("graph decay", parameters.graph_decay.to_string()),
                ("popularity weight", parameters.popularity_weight.to_string()),
            ]),
            "### Graph\n".to_owned(),
            section(&summary["graph"]),
            "### Embedding\n".to_owned(),
            section(&summary["embedding"]),
        ];
        parts.extend(self.quality());
        parts.extend([
            "## Size\n".to_owned(),
            table(&[
                ("Items", info.items.to_string()),
                ("Values per vector", info.dim.to_string()),
                ("Transitions per item, at most", info.neighbours.to_string()),
                ("Model, bytes", info.model_bytes.to_string()),
                ("Item ids, bytes", info.id_bytes.to_string()),
                ("Attributes, bytes", info.attribute_bytes.to_string()),
                ("File, bytes", info.file_bytes.to_string()),
            ]),
            "## Limits\n".to_owned(),
            self.limits(),
        ]);
        parts.join("\n").trim_end().to_owned() + "\n"
    }

    fn quality(&self) -> Vec<String> {
        let mut parts = vec![
            "## Quality on validation\n".to_owned(),
            "Measured while the parameters were chosen, on events of the training part that the measured model had \
             not seen, in full precision. It is no test: use `tastekeeper evaluate` on events that were held out.\n"
                .to_owned(),
            section(&self.summary["validation"]),
        ];
        if self.summary["fresh_validation"].is_object() {
            parts.push("Of these, the cases that the search never saw:\n".to_owned());
            parts.push(section(&self.summary["fresh_validation"]));
        }
        let seeds = &self.summary["seeds"];
        if seeds.is_object() {
            let spread = |name: &str| {
                let of = &seeds[name];
                format!("{}, spread {}", text(&of["mean"]), text(&of["standard_deviation"]))
            };
            let which = match seeds["kept"].as_str() {
                Some("best") => "the best of them on validation",
                _ => "that of the first, whose quality is expected to be the mean",
            };
            parts.push(format!(
                "### Seeds\n\nTrained with {} seeds; this model is {which}. Mean and standard deviation over the \
                 seeds, on cases that no search saw:\n",
                seeds["each"].as_array().map_or(0, Vec::len)
            ));
            let names = ["hr@10", "ndcg@10", "hr@20", "mrr@20"];
            parts.push(table(&names.map(|name| (name, spread(name)))));
        }
        if let Some(report) = self.report {
            parts.extend(of_report(report));
        }
        parts
    }

    fn limits(&self) -> String {
        let data = &self.summary["data"];
        let mut lines = vec![
            "It knows the shop of its log and the weeks of its log; train it again as the shop changes.".to_owned(),
            "It learns what followed what, with the habits and the display of the shop that the log holds; what was \
             never shown was never chosen."
                .to_owned(),
        ];
        if let (Some(items), Some(seen)) = (data["items"].as_u64(), data["items_with_events"].as_u64())
            && seen < items
        {
            let unseen = items - seen;
            lines.push(format!(
                "{unseen} of {items} items had no event in training; only attributes speak for them."
            ));
        }
        if data["attributes"].as_u64() == Some(0) {
            lines
                .push("No attributes were given: an item that is new on the phone has no vector.".to_owned());
        }
        if self.summary["validation"]["cases"].as_u64().is_some_and(|cases| cases < 1000) {
            lines.push(
                "Fewer than 1000 cases chose the parameters; figures on validation are rough.".to_owned(),
            );
        }
        lines.push(match self.report {
            Some(_) => "Figures of an evaluation are of its log and protocol, and of no other.".to_owned(),
            None => "No evaluation on held-out events stands in this card.".to_owned(),
        });
        lines.iter().map(|line| format!("* {line}\n")).collect()
    }
}

/// An evaluation: all cases, segments and the worst of them, against baselines.
fn of_report(report: &Report) -> Vec<String> {
    const SHOWN: [&str; 4] = ["hr@10", "ndcg@10", "hr@20", "mrr@20"];
    let row = |name: &str, cases: String, metrics: &Metrics| {
        let figures = SHOWN.map(|name| metrics.get(name).map_or_else(|| "-".to_owned(), figure));
        format!("| {} | {cases} | {} |\n", name.replace('|', "\\|"), figures.join(" | "))
    };
    let head = |first: &str| {
        format!("| {first} | cases | {} |\n|---|---|{}\n", SHOWN.join(" | "), "---|".repeat(SHOWN.len()))
    };
    let mut all = head("");
    all += &row("this model", report.cases.to_string(), &report.metrics);
    for (name, metrics) in &report.baselines {
        all += &row(name, report.cases.to_string(), metrics);
    }
    let mut parts = vec![
        "## Quality on held-out events\n".to_owned(),
        format!(
            "Through the engine, from the packed file: {}, {} cases of {} users, repeats {}.{}\n",
            report.protocol,
            report.cases,
            report.users,
            if report.repeats { "ranked" } else { "excluded" },
            match &report.statistics {
                Some(of) => format!(" Brackets hold {:.0} % intervals.", 100.0 * of.confidence),
                None => String::new(),
            }
        ),
        all,
    ];
    for (dimension, segments) in &report.segments {
        let mut part = head(dimension);
        for segment in segments {
            part += &row(&segment.name, segment.cases.to_string(), &segment.metrics);
        }
        parts.push(part);
    }
    if let Some(worst) = &report.worst_segment {
        parts.push(format!(
            "The worst segment large enough to say so: {} = {}, {} {} against {:.4} over all.\n",
            worst.dimension,
            worst.name,
            worst.metric,
            figure(&worst.figure),
            worst.overall
        ));
    }
    parts
}

fn figure(metric: &Metric) -> String {
    match (metric.low, metric.high) {
        (Some(low), Some(high)) => format!("{:.4} ({low:.4} to {high:.4})", metric.value),
        _ => format!("{:.4}", metric.value),
    }
}

fn table(rows: &[(&str, String)]) -> String {
    let mut out = "| | |\n|---|---|\n".to_owned();
    for (name, value) in rows {
        writeln!(out, "| {name} | {} |", value.replace('|', "\\|")).expect("a string takes text");
    }
    out
}

/// An object of the summary as a table.
fn section(value: &Value) -> String {
    let rows: Vec<(&str, String)> =
        value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), text(value))).collect();
    if rows.is_empty() { "Not known.\n".to_owned() } else { table(&rows) }
}

/// A value of the summary, as people write it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) if number.is_f64() => {
            format!("{:.4}", number.as_f64().unwrap_or_default())
        }
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Null => "not known".to_owned(),
        other => other.to_string(),
    }
}
