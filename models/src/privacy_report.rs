//! What a privacy officer asks of a store: what may be kept, what is there, and whether it is in order.
//!
//! In: the folder of a store, its keys where they are files, the policy of the app, the time. Out: a [`PrivacyReport`].
//! The folder is read into memory and everything is tried on that copy, because opening a store finishes what a crash
//! interrupted. Must never change a byte of the folder, or tell what a person did: no item, no search, no name.

mod files;
mod judge;
mod keys;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use tastekeeper::platform::{FileSystem, FixedClock, MemoryFileSystem};
use tastekeeper::report::ReportState;
use tastekeeper::{Error, PersonalizationLevel, Platform, Policy, Recommender, StoreContents, StoredReport};
use thiserror::Error as ThisError;

use crate::host::SystemRandom;

pub use files::{FileKind, StoreFile};

/// Why there is no report.
#[derive(Debug, ThisError)]
pub enum PrivacyReportError {
    /// A folder or file could not be read.
    #[error("{path} could not be read: {source}")]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An app is writing.
    #[error("{path}: an app is writing; close it or try again")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The folder of keys is the store's, or is inside it.
    #[error("{path}: keys must not lie in the store's folder; name the folder that has them")]
    KeysInStore {
        /// The folder of keys.
        path: PathBuf,
    },
}

impl PrivacyReportError {
    fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know; the engine deals with it.
    Note,
    /// It could not be told.
    Unreadable,
    /// Something is not as it should be.
    Wrong,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The file, the key or the profile by its number.
    pub about: String,
    /// What was found.
    pub what: String,
}

/// What is known of one person's consent and history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonReport {
    /// Names the profile's files; the name that the app uses stays out.
    pub profile: u32,
    /// The level chosen last.
    pub chosen: PersonalizationLevel,
    /// The level in force, with the app's cap.
    pub in_force: PersonalizationLevel,
    /// When the consent ends, in milliseconds since 1970-01-01 UTC; `None` unless one is in force.
    pub consent_ends_ms: Option<i64>,
    /// What lowers or stops: `paused`, `protected`, `platform`.
    pub limited_by: Vec<String>,
    /// Every change of level: time, level, and who changed it.
    pub changes: Vec<(i64, PersonalizationLevel, String)>,
    /// Whether each receipt follows from the one before and was sealed by this phone.
    pub receipts_hold: bool,
    /// Events in the history; `None` where there is none.
    pub events: Option<usize>,
    /// Interests set by hand.
    pub interests: Option<usize>,
    /// Age of the oldest event in whole days.
    pub oldest_days: Option<i64>,
}

/// One report for the shop, as the ledger has it. What it said stays out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportLogEntry {
    /// The epoch.
    pub epoch: u16,
    /// What it cost, in units of budget.
    pub units: u32,
    /// The number of the profile it was drawn for.
    pub profile: u32,
    /// `waiting`, `handed_over`, `sent` or `dropped`.
    pub state: String,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrivacyReport {
    /// What may be kept and what may leave.
    pub policy: Policy,
    /// The time of the report, in milliseconds since 1970-01-01 UTC.
    pub time_ms: i64,
    /// Every file of the store.
    pub files: Vec<StoreFile>,
    /// The names of the keys; `None` where no keys were given.
    pub keys: Option<Vec<String>>,
    /// Whether the kill switch is on; `None` where it could not be read.
    pub is_stopped: Option<bool>,
    /// Every person; empty where the keys do not tell.
    pub people: Vec<PersonReport>,
    /// What was drawn for the shop.
    pub reports: Vec<ReportLogEntry>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
}

impl PrivacyReport {
    /// The worst finding.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// Looks at the store in `folder`, with the keys in `keys` if they are files, as
/// [`FileKeyCustodian`](tastekeeper::platform::FileKeyCustodian) keeps them.
///
/// # Errors
/// When a folder or file cannot be read, or an app is writing.
pub fn privacy_report(
    folder: &Path,
    keys: Option<&Path>,
    policy: Policy,
    time_ms: i64,
) -> Result<PrivacyReport, PrivacyReportError> {
    let mut findings = Vec::new();
    let found = files::read_store(folder, &mut findings)?;
    let found_keys = keys.map(|keys| keys::read_keys(keys, folder, &mut findings)).transpose()?;
    let files = found.iter().map(|file| file.described.clone()).collect::<Vec<_>>();
    let mut report = PrivacyReport {
        policy,
        time_ms,
        keys: found_keys.as_ref().map(|keys| keys.names.clone()),
        files,
        is_stopped: None,
        people: Vec::new(),
        reports: Vec::new(),
        findings,
    };
    if let Some(keys) = found_keys {
        let files = MemoryFileSystem::default();
        for file in found.iter().filter(|file| file.described.kind.is_current()) {
            // memory takes every write
            let _ = files.write(&file.described.name, &file.bytes);
        }
        judge::keys(&keys, &mut report);
        let platform = Platform {
            clock: Arc::new(FixedClock::new(time_ms)),
            random: Arc::new(SystemRandom),
            keys: Arc::new(keys.custodian),
            files: Arc::new(files),
        };
        read_contents(&platform, &mut report);
    } else {
        report.findings.push(Finding {
            severity: Severity::Note,
            about: "keys".to_owned(),
            what: "none were given: consent, receipts and seals were not looked at".to_owned(),
        });
    }
    report
        .findings
        .sort_by(|one, other| other.severity.cmp(&one.severity).then_with(|| one.about.cmp(&other.about)));
    Ok(report)
}

/// What the keys open.
fn read_contents(platform: &Platform, report: &mut PrivacyReport) {
    judge::catalogue(platform, report);
    match Recommender::inspect(platform) {
        Ok(contents) => {
            report.is_stopped = Some(contents.is_stopped);
            report.reports = report_log(&contents);
            judge::contents(&contents, report);
        }
        Err(error) => {
            let severity = severity_of(&error);
            let what = format!("{error}; nothing can be told about consent");
            report.findings.push(Finding { severity, about: "control".to_owned(), what });
        }
    }
}

/// An error of the engine while reading: damage is wrong, another version cannot be told.
fn severity_of(error: &Error) -> Severity {
    match error {
        Error::StorageUnavailable { .. } => Severity::Unreadable,
        _ => Severity::Wrong,
    }
}

/// What was drawn for the shop, oldest first.
fn report_log(contents: &StoreContents) -> Vec<ReportLogEntry> {
    let entry = |report: &StoredReport| ReportLogEntry {
        epoch: report.epoch,
        units: report.cost_units,
        profile: report.profile,
        state: match report.state {
            ReportState::Waiting => "waiting",
            ReportState::HandedOver => "handed_over",
            ReportState::Sent => "sent",
            ReportState::Dropped => "dropped",
            _ => "unknown",
        }
        .to_owned(),
    };
    contents.reports.iter().map(entry).collect()
}
