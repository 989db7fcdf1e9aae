//! What a log is like, and what can be learned and measured with it.
//!
//! In: a [`Dataset`] as it was read, before anything is trained. Out: a [`DataReport`]: counts, findings with what they
//! mean, and which evaluation protocols the data supports. Must never change the data, nor hold an id of it.

mod findings;
mod ids;
mod order;
mod shape;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::dataset::Dataset;
use crate::input::LogNotes;
pub use ids::IdFacts;
pub use order::OrderFacts;
pub use shape::{ColdFacts, Lengths, PopularityFacts, RepeatFacts, TimeFacts};

/// The version of the report's layout. Fields may be added under one version, not removed or changed.
pub const DATA_REPORT_VERSION: u32 = 1;

/// What the data set itself does not tell.
#[derive(Clone, Debug, Default)]
pub struct CheckContext {
    /// What was noticed while the log was read.
    pub notes: LogNotes,
    /// Now, in milliseconds since 1970-01-01 UTC; without it, no time is in the future.
    pub now_ms: Option<i64>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Figures will mislead unless something is done.
    Warn,
    /// Nothing can be trained.
    Error,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// A name for scripts, such as `one-way-pairs`.
    pub code: &'static str,
    /// The number it is about.
    pub value: f64,
    /// What was found, in a sentence.
    pub message: String,
    /// What it means for training and for the protocol.
    pub meaning: &'static str,
}

/// Whether a protocol can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// Its figures mean what they say.
    Yes,
    /// It runs, and its figures need the explanation next to it.
    Care,
    /// It does not run, or measures nothing.
    No,
}

/// What is to be said of one protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProtocolAdvice {
    /// As `evaluate --protocol` knows it.
    pub protocol: &'static str,
    /// Whether it can be used.
    pub support: Support,
    /// Why.
    pub why: &'static str,
}

/// Events by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kinds {
    /// Views, or events of a log without kinds.
    pub view: u64,
    /// Carts.
    pub cart: u64,
    /// Wish lists.
    pub wishlist: u64,
    /// Purchases.
    pub purchase: u64,
}

/// A log's description. Shares lie between 0 and 1, times are milliseconds since 1970-01-01 UTC.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataReport {
    /// [`DATA_REPORT_VERSION`].
    pub version: u32,
    /// Events.
    pub events: u64,
    /// Users or sessions with an event.
    pub users: u64,
    /// Items.
    pub items: u64,
    /// Events by kind.
    pub kinds: Kinds,
    /// Events left out on request.
    pub skipped_events: u64,
    /// Distinct pairs of user and item, as a share of all that are possible.
    pub density: f64,
    /// Events per user.
    pub lengths: Lengths,
    /// Duplicates and repeats.
    pub repeats: RepeatFacts,
    /// Times and ties; none if an event has no time.
    pub time: Option<TimeFacts>,
    /// How unequally events fall on items.
    pub popularity: PopularityFacts,
    /// Items without an attribute; none if no item has any.
    pub items_without_attributes: Option<u64>,
    /// Items that are new in the last tenth of the log; none without times.
    pub cold: Option<ColdFacts>,
    /// Whether the order of events can be trusted.
    pub order: OrderFacts,
    /// Ids that look wrong.
    pub ids: IdFacts,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// Which protocols the data supports.
    pub protocols: Vec<ProtocolAdvice>,
    /// The protocol to use: a name for `evaluate --protocol` and `train --split`.
    pub recommended: Option<&'static str>,
}

impl DataReport {
    /// Whether a model can be trained on it.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }
}

/// Describes a log. `O(n log n)` in its events, memory linear in them; the same data give the same report.
#[must_use]
pub fn check(dataset: &Dataset, context: &CheckContext) -> DataReport {
    let mut kinds = [0_u64; 4];
    for event in dataset.sequences.iter().flat_map(|sequence| &sequence.events) {
        kinds[event.kind as usize] += 1;
    }
    let [view, cart, wishlist, purchase] = kinds;
    let lengths = Lengths::of(dataset);
    let repeats = RepeatFacts::of(dataset);
    let users = dataset.sequences.iter().filter(|sequence| !sequence.events.is_empty()).count() as u64;
    let (events, items) = (kinds.iter().sum(), dataset.items.len() as u64);
    let known = dataset.attributes.of_item.iter().filter(|attributes| !attributes.is_empty()).count() as u64;
    let mut report = DataReport {
        version: DATA_REPORT_VERSION,
        events,
        users,
        items,
        kinds: Kinds { view, cart, wishlist, purchase },
        skipped_events: context.notes.skipped_events(),
        density: ratio(events - repeats.same_item, 1) / (ratio(users, 1) * ratio(items, 1)).max(1.0),
        lengths,
        repeats,
        time: TimeFacts::of(dataset, context),
        popularity: PopularityFacts::of(dataset),
        items_without_attributes: (known > 0).then(|| items - known),
        cold: ColdFacts::of(dataset),
        order: OrderFacts::of(dataset),
        ids: IdFacts::of(dataset),
        findings: Vec::new(),
        protocols: Vec::new(),
        recommended: None,
    };
    report.findings = findings::of(&report);
    (report.protocols, report.recommended) = findings::protocols(&report);
    report
}

/// `part` of `whole`; of nothing, 0.
#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
