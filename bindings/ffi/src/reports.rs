//! The one thing that may leave the phone, and the shopper's view of it.

use tastekeeper as core;

use crate::mirror::{all, mirror};

mirror! {
    /// What became of a report.
    ReportState = core::ReportState {
        /// Drawn, and not given to the app yet.
        Waiting,
        /// Given to the app, which did not say that it was sent. It may have left.
        HandedOver,
        /// The app said that it was sent.
        Sent,
        /// Never given to the app, and never will be.
        Dropped,
    }
}

/// A report to send. The app sends the bytes and nothing with them: no id, no cookie, no finer time.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Report {
    /// Names it for `confirm_sent`.
    pub id: u16,
    /// The 24 bytes to send.
    pub bytes: Vec<u8>,
}

impl From<core::Report> for Report {
    fn from(report: core::Report) -> Self {
        Self { id: report.id().0, bytes: report.to_bytes().to_vec() }
    }
}

/// A topic as a report names it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct NamedTopic {
    /// Its number; 0 stands for an empty slot.
    pub topic: u8,
    /// What it is called; nothing for topic 0, and when another vocabulary is loaded than the report was made with.
    pub label: Option<String>,
}

impl From<core::NamedTopic> for NamedTopic {
    fn from(named: core::NamedTopic) -> Self {
        Self { topic: named.topic, label: named.label }
    }
}

/// A chance as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Odds {
    /// In this many cases.
    pub numerator: u32,
    /// Of this many.
    pub denominator: u32,
}

impl From<(u32, u32)> for Odds {
    fn from((numerator, denominator): (u32, u32)) -> Self {
        Self { numerator, denominator }
    }
}

/// What a report would tell the shop, for the shopper to look at before it leaves.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReportPreview {
    /// The report, whose bytes are those that would be sent.
    pub report: Report,
    /// The topics it names.
    pub topics: Vec<NamedTopic>,
    /// The chance that it names the topic of the item it was drawn from.
    pub true_topic_odds: Odds,
    /// The chance that it names a topic of which the shopper has nothing.
    pub other_topic_odds: Odds,
    /// How many times as likely it is for one shopper as for any other, at most.
    pub ratio: u8,
    /// What it cost, in units of the logarithm of 2.
    pub cost_units: u32,
    /// What is left for this installation, in the same units.
    pub units_left: u32,
    /// How far it got.
    pub state: ReportState,
    /// All of it in plain English.
    pub plain_text: String,
}

impl From<core::ReportPreview> for ReportPreview {
    fn from(preview: core::ReportPreview) -> Self {
        Self {
            plain_text: preview.plain_text(),
            report: preview.report.into(),
            topics: all(preview.topics),
            true_topic_odds: preview.true_topic_odds.into(),
            other_topic_odds: preview.other_topic_odds.into(),
            ratio: preview.ratio,
            cost_units: preview.cost_units,
            units_left: preview.units_left,
            state: preview.state.into(),
        }
    }
}

/// One report of this installation.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReportLogEntry {
    /// Names it.
    pub id: u16,
    /// When its epoch began, in milliseconds since 1970-01-01 UTC.
    pub epoch_start_ms: i64,
    /// What it cost, in units of the logarithm of 2.
    pub cost_units: u32,
    /// What became of it.
    pub state: ReportState,
    /// Its bytes; nothing when they never left and are gone, and for those of other profiles.
    pub bytes: Option<Vec<u8>>,
    /// The topics it names; empty without bytes.
    pub topics: Vec<NamedTopic>,
}

impl From<core::ReportLogEntry> for ReportLogEntry {
    fn from(entry: core::ReportLogEntry) -> Self {
        Self {
            id: entry.id.0,
            epoch_start_ms: entry.epoch_start_ms,
            cost_units: entry.cost_units,
            state: entry.state.into(),
            bytes: entry.bytes.map(|bytes| bytes.to_vec()),
            topics: all(entry.topics),
        }
    }
}
