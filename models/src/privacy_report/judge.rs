//! What of a store is in order and what is not.

use tastekeeper::consent::ConsentState;
use tastekeeper::store;
use tastekeeper::{PersonalizationLevel, Platform, StoreContents, StoredProfile};

use super::files::{FileKind, profile_of};
use super::keys::FoundKeys;
use super::{Finding, PersonReport, PrivacyReport, Severity, severity_of};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn add(report: &mut PrivacyReport, severity: Severity, about: &str, what: impl Into<String>) {
    report.findings.push(Finding { severity, about: about.to_owned(), what: what.into() });
}

fn wrong(report: &mut PrivacyReport, about: &str, what: impl Into<String>) {
    add(report, Severity::Wrong, about, what);
}

/// Keys that open nothing: what they sealed should be gone, or was replaced.
pub(super) fn keys(keys: &FoundKeys, report: &mut PrivacyReport) {
    let mut needed: Vec<String> = Vec::new();
    for file in &report.files {
        match (file.kind, file.generation) {
            (FileKind::Control, _) => needed.push("control".to_owned()),
            (FileKind::History | FileKind::Catalogue, Some(generation)) => {
                let slot = if generation % 2 == 0 { "a" } else { "b" };
                needed.push(format!("{}.{slot}", file.name.trim_end_matches(".log")));
            }
            _ => {}
        }
    }
    for name in keys.names.iter().filter(|name| !needed.contains(name)) {
        let what = "opens no file: an erasure or a rewrite was interrupted; the next start destroys it";
        wrong(report, &format!("key {name}"), what);
    }
}

/// Whether the catalogue opens.
pub(super) fn catalogue(platform: &Platform, report: &mut PrivacyReport) {
    let caps = store::Caps { max_file_bytes: u64::MAX };
    if report.files.iter().all(|file| file.kind != FileKind::Catalogue) {
        return;
    }
    match store::SealedLog::open(platform.files.clone(), platform.keys.clone(), "catalog", caps) {
        Ok(opened) => log_findings("catalog.log", &opened.findings, report),
        Err(error) => add(report, severity_of(&error), "catalog.log", error.to_string()),
    }
}

/// What opening a log found.
fn log_findings(about: &str, findings: &[store::Finding], report: &mut PrivacyReport) {
    for finding in findings {
        match finding {
            store::Finding::TornTail { bytes } | store::Finding::UnsyncedTailLost { bytes } => {
                let what =
                    format!("the last write was cut short, {bytes} bytes; the next start cuts them off");
                add(report, Severity::Note, about, what);
            }
            store::Finding::MissingKey => {
                wrong(report, about, "has no key: an erasure was interrupted, or the key is lost");
            }
            // told by its key and by its file
            store::Finding::StaleKeyDestroyed | store::Finding::StaleTemporaryRemoved => {}
            other => wrong(report, about, format!("{other:?}")),
        }
    }
}

/// Everybody's consent and history.
pub(super) fn contents(contents: &StoreContents, report: &mut PrivacyReport) {
    for finding in &contents.findings {
        match finding {
            store::Finding::CopyDamaged => {
                wrong(report, "control", "one copy is damaged; the other was read")
            }
            store::Finding::CopyMissing => {
                wrong(report, "control", "one copy is missing; the other was read")
            }
            store::Finding::CopyBehind => {
                add(report, Severity::Note, "control", "one copy is older: a save was interrupted");
            }
            other => wrong(report, "control", format!("{other:?}")),
        }
    }
    if !contents.reports_are_readable {
        wrong(report, "reports", "the log of what was shared cannot be read; nothing is shared any more");
    }
    let numbers = &report.policy.numbers;
    let spent: u32 = report.reports.iter().map(|entry| entry.units).sum();
    let is_overspent = spent > numbers.max_units;
    let is_crowded = contents.reports.windows(2).any(|pair| pair[0].epoch >= pair[1].epoch);
    if is_overspent || is_crowded {
        wrong(report, "reports", "more was drawn than the budget allows, or twice in one epoch");
    }
    let histories: Vec<(String, Option<u32>)> = report
        .files
        .iter()
        .filter(|file| file.kind == FileKind::History)
        .map(|file| (file.name.clone(), profile_of(&file.name)))
        .collect();
    for (name, _) in histories
        .iter()
        .filter(|(_, number)| contents.profiles.iter().all(|profile| Some(profile.number) != *number))
    {
        wrong(report, name, "belongs to nobody: a profile was deleted, or its consent is lost");
    }
    for profile in &contents.profiles {
        let has_file = histories.iter().any(|(_, number)| *number == Some(profile.number));
        person(profile, has_file, report);
    }
}

fn person(profile: &StoredProfile, has_file: bool, report: &mut PrivacyReport) {
    let about = format!("profile {}", profile.number);
    let keeps = profile.chosen >= PersonalizationLevel::OnDevice;
    if !profile.receipts_hold {
        wrong(report, &about, "a receipt was changed, added or removed");
    }
    if profile.chosen > PersonalizationLevel::Off && profile.receipts.is_empty() {
        wrong(report, &about, "a level is set without any receipt");
    }
    if profile.is_erasing {
        wrong(
            report,
            &about,
            "an erasure was begun and is not known to be finished; every start tries again",
        );
    } else if has_file && !keeps {
        wrong(
            report,
            &about,
            "there is a history, but the level does not keep one; the next start erases it",
        );
    } else if has_file && profile.is_outlived {
        let what = format!(
            "the consent ended more than {} days ago; the next start erases the history",
            report.policy.numbers.grace_days
        );
        wrong(report, &about, what);
    } else if keeps && !has_file && !profile.is_outlived {
        wrong(
            report,
            &about,
            "the level keeps a history, but there is no file; the next start lowers it to Off",
        );
    }
    if let Some(problem) = &profile.history_problem {
        add(report, severity_of(problem), &about, format!("the history cannot be read: {problem}"));
    }
    let history = profile.history.as_ref();
    if let Some(history) = history {
        log_findings(&about, &history.findings, report);
        let numbers = &report.policy.numbers;
        let cutoff_ms = (report.time_ms.div_euclid(DAY_MS) - i64::from(numbers.retention_days)) * DAY_MS;
        let is_overdue = history.oldest_ms.is_some_and(|oldest| oldest < cutoff_ms);
        let is_over = history.events > usize::try_from(numbers.max_events).unwrap_or(usize::MAX);
        if is_overdue || is_over {
            let what = "some events are past their time or their number; they go when the app is next used";
            add(report, Severity::Note, &about, what);
        }
    }
    let limits = [
        (profile.is_paused, "paused"),
        (profile.is_protected, "protected"),
        (profile.platform_cap.is_some(), "platform"),
    ];
    report.people.push(PersonReport {
        profile: profile.number,
        chosen: profile.chosen,
        in_force: profile.in_force.min(report.policy.max_level),
        consent_ends_ms: match profile.consent {
            ConsentState::Granted { expires_ms, .. } => Some(expires_ms),
            _ => None,
        },
        limited_by: limits.iter().filter(|(on, _)| *on).map(|(_, name)| (*name).to_owned()).collect(),
        changes: profile
            .receipts
            .iter()
            .map(|receipt| (receipt.time_ms, receipt.level, format!("{:?}", receipt.origin)))
            .collect(),
        receipts_hold: profile.receipts_hold,
        events: history.map(|history| history.events),
        interests: history.map(|history| history.interests),
        oldest_days: history
            .and_then(|history| history.oldest_ms)
            .map(|oldest| (report.time_ms - oldest).div_euclid(DAY_MS)),
    });
}
