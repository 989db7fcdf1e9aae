//! The model card: what a pack is, what it was made from and how good it was on validation, in Markdown.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;
use tastekeeper::model::Model;

use super::files::date;
use super::keys::key_id;
use crate::pack::{PackError, PackOptions, SigningKey};

/// What a card tells.
pub(super) struct Card<'a> {
    pub(super) options: &'a PackOptions,
    /// The log in a line.
    pub(super) data: &'a str,
    /// The pack.
    pub(super) bytes: &'a [u8],
    pub(super) key: &'a SigningKey,
    /// The training summary.
    pub(super) summary: &'a Value,
}

impl Card<'_> {
    /// The card.
    pub(super) fn text(&self) -> Result<String, PackError> {
        let model = Model::open(Arc::from(self.bytes), &[self.key.public_key()])?;
        let (info, parameters) = (model.info(), model.parameters());
        let licence = if info.label.is_empty() { "not stated" } else { &info.label };
        let mut out = String::new();
        let mut line = |text: String| {
            writeln!(out, "{text}").expect("a string takes text");
        };
        line(format!("# Model card: {}\n", info.model_id));
        line(table(&[
            ("Pack version", self.options.pack_version.to_string()),
            ("Made on", date(info.created_day)),
            ("Licence", licence.to_owned()),
            ("Signed by key", key_id(info.key_id)),
        ]));
        line(
            "Recommends items of one shop from a shopper's recent events, on the shopper's device. The score is a sum \
             of a transition graph, a linear sequence embedding and popularity. It knows only items and their \
             attributes: no shopper's id, history or other personal data is in the pack.\n"
                .to_owned(),
        );
        line("## Data\n".to_owned());
        line(format!("{}\n", self.data));
        line(section(&self.summary["data"]));
        line(table(&[
            ("Held out from training", text(&self.summary["split"])),
            ("Repeats allowed", text(&self.summary["repeats_allowed"])),
            ("Event weights (view, cart, wish list, purchase)", text(&self.summary["event_weights"])),
        ]));
        line("## Parameters\n".to_owned());
        line(table(&[
            ("Seed", text(&self.summary["seed"])),
            ("decay", parameters.decay.to_string()),
            ("carry", parameters.carry.to_string()),
            ("gain", parameters.gain.to_string()),
            ("graph weight", parameters.graph_weight.to_string()),
            ("graph decay", parameters.graph_decay.to_string()),
            ("popularity weight", parameters.popularity_weight.to_string()),
        ]));
        line("### Graph\n".to_owned());
        line(section(&self.summary["graph"]));
        line("### Embedding\n".to_owned());
        line(section(&self.summary["embedding"]));
        line("## Quality on validation\n".to_owned());
        line(
            "Measured while the parameters were chosen, on events of the training part that the measured model had \
             not seen, in full precision. It is no test: use `tastekeeper evaluate` on events that were held out.\n"
                .to_owned(),
        );
        line(section(&self.summary["validation"]));
        line("## Size\n".to_owned());
        line(table(&[
            ("Items", info.items.to_string()),
            ("Values per vector", info.dim.to_string()),
            ("Transitions per item, at most", info.neighbours.to_string()),
            ("Model, bytes", info.model_bytes.to_string()),
            ("Item ids, bytes", info.id_bytes.to_string()),
            ("Attributes, bytes", info.attribute_bytes.to_string()),
            ("File, bytes", info.file_bytes.to_string()),
        ]));
        Ok(out.trim_end().to_owned() + "\n")
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
    table(&rows)
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
