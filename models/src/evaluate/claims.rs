//! What a pack says of its own training, beside what is asked of it.

use serde_json::Value;
use tastekeeper::model::Model;

use super::Protocol;
use crate::report::{Metric, TrainedOn};

impl TrainedOn {
    /// Out of the pack's training summary; `None` if it has none, as packs of imported vectors.
    #[must_use]
    pub fn of(model: &Model, protocol: Protocol) -> Option<Self> {
        let summary: Value = serde_json::from_str(model.summary()?).ok()?;
        let split = summary["split"].as_str()?;
        let figure = |(name, value): (&String, &Value)| {
            let value = value.as_f64().filter(|value| name.contains('@') && value.is_finite())?;
            Some((name.clone(), Metric { value, low: None, high: None }))
        };
        Some(Self {
            split: split.chars().take(40).collect(),
            may_have_seen: protocol != Protocol::NextClick && split != protocol.name(),
            validation: summary["validation"].as_object().into_iter().flatten().filter_map(figure).collect(),
        })
    }
}
