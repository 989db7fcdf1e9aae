//! How the engine is doing, and what a store holds, without a word about what a person did.

use tastekeeper as core;

use crate::consent::{ConsentState, PersonalizationLevel, Receipt};
use crate::items::ModelInfo;
use crate::mirror::{all, count};
use crate::reports::ReportState;

/// What opening a file found and dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum StoreFinding {
    /// The last append was cut short. It was cut off.
    TornTail {
        /// How many bytes were cut off.
        bytes: u64,
    },
    /// A power cut lost an append that was acknowledged for the process only, and what came after it.
    UnsyncedTailLost {
        /// How many bytes were cut off.
        bytes: u64,
    },
    /// The invalid tail could not be cut off. The next write first writes the whole log anew.
    TailNotCut,
    /// The file of an unfinished rewrite was removed.
    StaleTemporaryRemoved,
    /// A key that opens no current file was destroyed.
    StaleKeyDestroyed,
    /// A superseded key or file could not be destroyed. The next rewrite and the next open try again.
    ErasurePending,
    /// There is a file but no key.
    MissingKey,
    /// One copy of a state is damaged. The other was used.
    CopyDamaged,
    /// One copy of a state is missing. The other was used.
    CopyMissing,
    /// The copies of a state differ in age: a save was interrupted. The newer was used.
    CopyBehind,
}

impl From<core::store::Finding> for StoreFinding {
    fn from(finding: core::store::Finding) -> Self {
        use core::store::Finding as Core;
        match finding {
            Core::TornTail { bytes } => Self::TornTail { bytes },
            Core::UnsyncedTailLost { bytes } => Self::UnsyncedTailLost { bytes },
            Core::TailNotCut => Self::TailNotCut,
            Core::StaleTemporaryRemoved => Self::StaleTemporaryRemoved,
            Core::StaleKeyDestroyed => Self::StaleKeyDestroyed,
            Core::ErasurePending => Self::ErasurePending,
            Core::MissingKey => Self::MissingKey,
            Core::CopyDamaged => Self::CopyDamaged,
            Core::CopyMissing => Self::CopyMissing,
            Core::CopyBehind => Self::CopyBehind,
            _ => unreachable!("a finding of the engine that is not mirrored"),
        }
    }
}

/// Something an app's developer should know.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Finding {
    /// A file needed attention when it was opened.
    Store {
        /// `control`, `catalog` or `history`.
        log: String,
        /// What was found.
        finding: StoreFinding,
    },
    /// Both copies of the consent state were damaged. Every level is Off and every history was erased.
    ConsentLost,
    /// The history's key was gone. The level is Off.
    HistoryKeyLost,
    /// The history was damaged in a place no crash explains. It was erased; the consent stays.
    HistoryDamaged,
    /// The catalogue was damaged or its key lost. It is empty; upsert the items again.
    CatalogueLost,
    /// Something that must be erased could not be yet.
    ErasurePending,
    /// Events past their retention are out of use, but the file could not be rewritten yet.
    RewriteDue,
    /// The consent ended; the shopper has to be asked again.
    ConsentExpired,
    /// A receipt was changed or is missing.
    ReceiptsBroken,
    /// A change of the consent state is not on disk yet.
    ConsentUnsaved,
    /// No model pack is loaded.
    NoModel,
    /// The ledger of reports cannot be read. Nothing is shared from this installation.
    ReportLedgerLost,
    /// The clock shows an epoch before one that was seen, or none. Nothing is drawn until it has caught up.
    ReportClock,
    /// This installation has drawn as many reports as it ever may.
    ReportBudgetSpent,
    /// The level is Shared, and no vocabulary is loaded.
    NoVocabulary,
    /// The last report could not be drawn or made durable. It was not shown.
    ReportFailed,
}

impl From<core::Finding> for Finding {
    fn from(finding: core::Finding) -> Self {
        use core::Finding as Core;
        match finding {
            Core::Store { log, finding } => Self::Store { log: log.to_owned(), finding: finding.into() },
            Core::ConsentLost => Self::ConsentLost,
            Core::HistoryKeyLost => Self::HistoryKeyLost,
            Core::HistoryDamaged => Self::HistoryDamaged,
            Core::CatalogueLost => Self::CatalogueLost,
            Core::ErasurePending => Self::ErasurePending,
            Core::RewriteDue => Self::RewriteDue,
            Core::ConsentExpired => Self::ConsentExpired,
            Core::ReceiptsBroken => Self::ReceiptsBroken,
            Core::ConsentUnsaved => Self::ConsentUnsaved,
            Core::NoModel => Self::NoModel,
            Core::ReportLedgerLost => Self::ReportLedgerLost,
            Core::ReportClock => Self::ReportClock,
            Core::ReportBudgetSpent => Self::ReportBudgetSpent,
            Core::NoVocabulary => Self::NoVocabulary,
            Core::ReportFailed => Self::ReportFailed,
            _ => unreachable!("a finding of the engine that is not mirrored"),
        }
    }
}

/// How often recommendations of one kind at one level were given and chosen in this visit.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Hits {
    /// The kind's name, such as `for_you`.
    pub kind: String,
    /// The level the answers were given at.
    pub level: PersonalizationLevel,
    /// Items given.
    pub given: u64,
    /// Events that named an answer and an item of it.
    pub chosen: u64,
}

/// Counts, without a word about the shopper.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Stats {
    /// Events kept.
    pub events: u32,
    /// Distinct items in kept events that neither the model nor the catalogue knows.
    pub unknown_items: u32,
    /// Items the app added to or changed over the model's.
    pub catalogue_items: u32,
    /// Items that can be numbered at all: the model's and the catalogue's.
    pub items: u32,
    /// Bytes of the history on disk.
    pub history_bytes: u64,
    /// Bytes of the catalogue on disk.
    pub catalogue_bytes: u64,
    /// The model in use.
    pub model: Option<ModelInfo>,
    /// Items given and chosen in this visit, by kind and level.
    pub hits: Vec<Hits>,
}

impl From<core::Stats> for Stats {
    fn from(stats: core::Stats) -> Self {
        let hits = stats.hits.into_iter().map(|hits| Hits {
            kind: hits.kind.to_owned(),
            level: hits.level.into(),
            given: hits.given,
            chosen: hits.chosen,
        });
        Self {
            events: count(stats.events),
            unknown_items: count(stats.unknown_items),
            catalogue_items: count(stats.catalogue_items),
            items: count(stats.items),
            history_bytes: stats.history_bytes,
            catalogue_bytes: stats.catalogue_bytes,
            model: stats.model.map(Into::into),
            hits: hits.collect(),
        }
    }
}

/// The size and age of a history.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct StoredHistory {
    /// Events.
    pub events: u32,
    /// Interests set by hand.
    pub interests: u32,
    /// The time of the oldest event, in milliseconds since 1970-01-01 UTC.
    pub oldest_ms: Option<i64>,
    /// What opening it found; empty as a rule.
    pub findings: Vec<StoreFinding>,
}

/// One person, as far as consent and counts go.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct StoredProfile {
    /// Names the profile's files.
    pub number: u32,
    /// The level the shopper chose last.
    pub chosen: PersonalizationLevel,
    /// The level in force now, before a cap of the app's configuration.
    pub in_force: PersonalizationLevel,
    /// What is known of the consent.
    pub consent: ConsentState,
    /// Whether learning is paused.
    pub is_paused: bool,
    /// Whether the shopper is a child or of unknown age.
    pub is_protected: bool,
    /// The most that the signals of a consent platform allow.
    pub platform_cap: Option<PersonalizationLevel>,
    /// Whether an erasure was begun and is not known to be finished.
    pub is_erasing: bool,
    /// Whether the consent ended so long ago that a history may no longer be there.
    pub is_outlived: bool,
    /// Every change of level, oldest first.
    pub receipts: Vec<Receipt>,
    /// Whether every receipt follows from the one before and was sealed by this phone.
    pub receipts_hold: bool,
    /// The history, if there is a file of one that can be read.
    pub history: Option<StoredHistory>,
    /// Why a history that is there cannot be read.
    pub history_problem: Option<String>,
}

impl From<core::StoredProfile> for StoredProfile {
    fn from(profile: core::StoredProfile) -> Self {
        let history = profile.history.map(|history| StoredHistory {
            events: count(history.events),
            interests: count(history.interests),
            oldest_ms: history.oldest_ms,
            findings: all(history.findings),
        });
        Self {
            number: profile.number,
            chosen: profile.chosen.into(),
            in_force: profile.in_force.into(),
            consent: profile.consent.into(),
            is_paused: profile.is_paused,
            is_protected: profile.is_protected,
            platform_cap: profile.platform_cap.map(Into::into),
            is_erasing: profile.is_erasing,
            is_outlived: profile.is_outlived,
            receipts: all(profile.receipts),
            receipts_hold: profile.receipts_hold,
            history,
            history_problem: profile.history_problem.map(|problem| problem.to_string()),
        }
    }
}

/// One report, as far as its cost and its fate go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct StoredReport {
    /// The epoch, of 91 days, counted from 2020-01-01.
    pub epoch: u16,
    /// What it cost, in units of the logarithm of 2.
    pub cost_units: u32,
    /// The number of the profile it was drawn for.
    pub profile: u32,
    /// How far it got.
    pub state: ReportState,
}

/// What a store holds.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct StoreContents {
    /// The people on this phone, without their names, in the order they were made.
    pub profiles: Vec<StoredProfile>,
    /// Whether the kill switch is on.
    pub is_stopped: bool,
    /// Every report that was drawn for the shop, oldest first, without what it said.
    pub reports: Vec<StoredReport>,
    /// Whether the log of reports can be read. If not, nothing is shared any more.
    pub reports_are_readable: bool,
    /// What reading the consent state found; empty as a rule.
    pub findings: Vec<StoreFinding>,
}

impl From<core::StoreContents> for StoreContents {
    fn from(contents: core::StoreContents) -> Self {
        let reports = contents.reports.into_iter().map(|report| StoredReport {
            epoch: report.epoch,
            cost_units: report.cost_units,
            profile: report.profile,
            state: report.state.into(),
        });
        Self {
            profiles: all(contents.profiles),
            is_stopped: contents.is_stopped,
            reports: reports.collect(),
            reports_are_readable: contents.reports_are_readable,
            findings: all(contents.findings),
        }
    }
}
