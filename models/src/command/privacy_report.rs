//! `tastekeeper privacy-report`: a store, looked at for a privacy officer.

use std::path::PathBuf;

use clap::Args;
use tastekeeper::Policy;

use super::disclosures::LimitArguments;
use super::failure::{Failure, chain};
use super::files;
use super::output::Output;
use crate::privacy_report::{PersonReport, PrivacyReport, Severity, StoreFile, privacy_report};

/// Arguments of `privacy-report`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 in order; 1 something is wrong; 2 it could not be told. The folder is not changed."
)]
pub(super) struct PrivacyReportArguments {
    /// The folder of the store. No app may be using it
    store: PathBuf,
    /// The folder of its keys, where they are files (`FileKeyCustodian`, for development); without them only names, sizes
    /// and headers are told
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Write the report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    limits: LimitArguments,
}

/// Looks at a store.
pub(super) fn run(arguments: &PrivacyReportArguments, output: &mut Output) -> Result<(), Failure> {
    let report = look(arguments).map_err(Failure::not_judged)?;
    if arguments.json {
        let text =
            serde_json::to_string_pretty(&report).map_err(|error| Failure::input(error.to_string()))?;
        output.line(text);
    } else {
        write_text(&report, output);
    }
    match report.worst() {
        Some(Severity::Wrong) => {
            Err(Failure::not_in_order("the store is not in order; the findings say why"))
        }
        Some(Severity::Unreadable) => {
            Err(Failure::input("the store could not be judged; the findings say why"))
        }
        Some(Severity::Note) | None => Ok(()),
    }
}

fn look(arguments: &PrivacyReportArguments) -> Result<PrivacyReport, Failure> {
    let policy = arguments.limits.config()?.policy();
    let time_ms = i64::try_from(files::now_seconds()?).unwrap_or(i64::MAX).saturating_mul(1_000);
    privacy_report(&arguments.store, arguments.keys.as_deref(), policy, time_ms)
        .map_err(|error| Failure::input(chain(&error)))
}

fn write_text(report: &PrivacyReport, output: &mut Output) {
    write_policy(&report.policy, output);
    output.line("\nFiles");
    for file in &report.files {
        write_file(file, output);
    }
    if report.files.is_empty() {
        output.line("  none");
    }
    if let Some(keys) = &report.keys {
        let names = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
        output.line(format!("\nKeys\n  {names}"));
    }
    if report.is_stopped.is_some() {
        output.line("\nPeople, by the numbers of their files");
        for person in &report.people {
            write_person(person, output);
        }
        if report.people.is_empty() {
            output.line("  nobody");
        }
        if report.is_stopped == Some(true) {
            output.line("  The kill switch is on: nobody is learned from.");
        }
        output.line("\nReports for the shop");
        for entry in &report.reports {
            let state = entry.state.replace('_', " ");
            output.line(format!(
                "  epoch {:>4}  profile {}  {} units  {state}",
                entry.epoch, entry.profile, entry.units
            ));
        }
        if report.reports.is_empty() {
            output.line("  none");
        } else {
            let spent: u32 = report.reports.iter().map(|entry| entry.units).sum();
            output.line(format!("  spent: {spent} of {} units", report.policy.numbers.max_units));
        }
    }
    output.line("\nFindings");
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Note => "note",
            Severity::Unreadable => "unreadable",
            Severity::Wrong => "WRONG",
        };
        output.line(format!("  {severity:<10}  {}: {}", finding.about, finding.what));
    }
    if report.findings.is_empty() {
        output.line("  none");
    }
}

fn write_policy(policy: &Policy, output: &mut Output) {
    output.line("Policy");
    for step in &policy.levels {
        output.line(format!("  {:<9} keeps: {}", format!("{:?}", step.level), step.keeps));
    }
    for leaving in &policy.leaves {
        output.line(format!("  leaves the phone: {} {}", leaving.what, leaving.how_often));
        output.line(format!("  privacy loss: {}", leaving.privacy_loss));
    }
    if policy.leaves.is_empty() {
        output.line("  leaves the phone: nothing");
    }
    for erasure in &policy.erasures {
        output.line(format!("  erased by {}: {}", lowered(&erasure.by), lowered(&erasure.erases)));
    }
}

/// A sentence that goes on after other words.
fn lowered(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn write_file(file: &StoreFile, output: &mut Output) {
    let version = file.format_version.map_or_else(|| "-".to_owned(), |version| format!("format {version}"));
    let generation = file.generation.map_or_else(|| "-".to_owned(), |number| format!("generation {number}"));
    let sealed = if file.is_sealed { "sealed" } else { "not sealed" };
    let sealed = if file.bytes == 0 { "empty" } else { sealed };
    let kind = format!("{:?}", file.kind).to_lowercase();
    output.line(format!(
        "  {:<14} {kind:<10} {:>10} B  {version:<9} {generation:<14} {sealed}",
        file.name, file.bytes
    ));
}

fn write_person(person: &PersonReport, output: &mut Output) {
    let ends = person.consent_ends_ms.map_or_else(String::new, |ends| format!(", until {}", day(ends)));
    let limits = if person.limited_by.is_empty() {
        String::new()
    } else {
        format!(" ({})", person.limited_by.join(", "))
    };
    output.line(format!(
        "  profile {}: chose {:?}{ends}; in force {:?}{limits}",
        person.profile, person.chosen, person.in_force
    ));
    let hold = if person.receipts_hold { "each follows from the one before" } else { "the chain is BROKEN" };
    output.line(format!("    receipts: {}, {hold}", person.changes.len()));
    for (time_ms, level, origin) in &person.changes {
        output.line(format!("      {}  {:<8}  by {origin}", day(*time_ms), format!("{level:?}")));
    }
    if let (Some(events), Some(interests)) = (person.events, person.interests) {
        let oldest =
            person.oldest_days.map_or_else(String::new, |days| format!(", the oldest {days} days old"));
        output.line(format!("    history: {events} events{oldest}; {interests} interests set by hand"));
    }
}

/// The day of a time in UTC.
fn day(time_ms: i64) -> String {
    files::date(files::day_of(u64::try_from(time_ms.div_euclid(1_000)).unwrap_or_default()))
}
