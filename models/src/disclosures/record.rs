//! A record of processing activities after Art. 30 GDPR, as a template: what the engine does is filled in, what only the shop
//! knows is left blank.

use std::fmt::Write as _;

use tastekeeper::policy::{EventDestination, Field, KeptData, Place, Policy};
use tastekeeper::{PersonalizationLevel, Purpose};

use super::{Filler, Paper};

const INTRODUCTION: &str = "# Record of processing activities

After Art. 30(1) GDPR, for what Tastekeeper does in an app. Blanks in brackets are the shop's to fill in; everything else
comes from the engine's policy table. This is a template and no legal advice.

| | |
|---|---|
| Controller | {shop} |
| Contact | {contact} |
| Representative, joint controllers | [if any] |
| Data protection officer | [name and contact, if there is one] |
| App, version | [name, version] |
| Last reviewed | [date] |
";

const ON_PHONE: &str = "
## 1. Recommendations on the phone

The data stays on the shopper's own phone. Whether the shop is the controller of what only the phone knows is for the shop
to judge; this record describes it as if it were.

| | |
|---|---|
| Data subjects | Shoppers who use the app |
| Recipients | None. The engine has no network; the app can read what is kept in order to show it to the shopper |
| Transfers to third countries | None |
";

const SECURITY: &str = "
### Security (Art. 32)

* Every file of the engine is sealed with XChaCha20-Poly1305 under a key of its own; keys stay in the phone's key store.
* Erasing destroys the key first. Forgetting writes the file anew under a new key.
* The engine has no network, no threads and no clock or randomness of its own; tests look for such powers in its sources and
  in every library under it.
* Receipts are chained and sealed, so that a changed or missing one is seen.
* `tastekeeper privacy-report` checks a store.
";

const REPORTS: &str = "
## 2. Demand reports

| | |
|---|---|
| Data subjects | Shoppers who chose level Shared |
| Recipients | The shop; [processors that receive or count reports] |
| Transfers to third countries | [where the shop's servers are] |
| Kept on the shop's side | [how long single reports are kept; estimates hold nothing of a person] |
| Security on the way | [HTTPS; no address or other mark of the sender is kept with a report] |
";

/// The record.
pub(super) fn record(filler: &Filler<'_>) -> Paper {
    let policy = filler.policy;
    let mut text = filler.fill(INTRODUCTION);
    text.push_str(ON_PHONE);
    purposes(&mut text, policy, |purpose| purpose != Purpose::Share);
    text.push_str("\n### Categories of data, and time limits for erasure\n\n");
    text.push_str(
        "| data | what | of a person's behaviour | from level | where | kept |\n|---|---|---|---|---|---|\n",
    );
    for kept in policy.kept.iter().filter(|kept| !is_of_reports(kept)) {
        kept_row(&mut text, kept);
    }
    text.push_str("\nEvents by kind:\n\n| event | goes | fields |\n|---|---|---|\n");
    for event in &policy.events {
        let goes = match event.destination {
            EventDestination::History => "into the history",
            EventDestination::Visit => "counts in this visit, in memory",
            EventDestination::Dropped => "is not kept",
        };
        let fields: Vec<&str> = event.fields.iter().map(|field| field_name(*field)).collect();
        line(&mut text, &[&event.kind, goes, &fields.join(", ")]);
    }
    text.push_str("\nNever kept:\n\n");
    for never in &policy.never_kept {
        writeln!(text, "* {}. {}", never.what, never.because).expect("a string takes text");
    }
    text.push_str("\n### Who can read it\n\n");
    for reader in &policy.readers {
        writeln!(text, "* {}: {}", reader.who, lowered(&reader.reads)).expect("a string takes text");
    }
    text.push_str("\n### Erasure\n\n");
    for erasure in &policy.erasures {
        writeln!(text, "* {}: {}", erasure.by, lowered(&erasure.erases)).expect("a string takes text");
    }
    text.push_str(SECURITY);
    if let Some(report) = policy.leaves.first() {
        text.push_str(REPORTS);
        purposes(&mut text, policy, |purpose| purpose == Purpose::Share);
        text.push_str("\n| | |\n|---|---|\n");
        line(&mut text, &["Categories of data", &report.what]);
        line(&mut text, &["Not in it", &report.what_not]);
        line(&mut text, &["How often", &report.how_often]);
        line(&mut text, &["Privacy loss", &report.privacy_loss]);
        line(&mut text, &["Way", &report.to_whom]);
        for kept in policy.kept.iter().filter(|kept| is_of_reports(kept)) {
            let on_phone = format!("{} {}", kept.what, kept.how_long);
            line(&mut text, &["On the phone", &on_phone]);
        }
    }
    Paper { name: "article-30-record.md".to_owned(), text }
}

/// Whether something is kept only because of reports.
fn is_of_reports(kept: &KeptData) -> bool {
    kept.from_level == PersonalizationLevel::Shared
}

fn purposes(text: &mut String, policy: &Policy, of_record: impl Fn(Purpose) -> bool) {
    text.push_str("\n### Purposes and legal basis\n\n| purpose | what for | levels | legal basis |\n|---|---|---|---|\n");
    for purpose in policy.purposes.iter().filter(|row| of_record(row.purpose)) {
        let levels: Vec<String> = purpose.levels.iter().map(|level| format!("{level:?}")).collect();
        let name = format!("{:?}", purpose.purpose);
        line(text, &[&name, &purpose.what_for, &levels.join(", "), &purpose.legal_basis]);
    }
}

fn kept_row(text: &mut String, kept: &KeptData) {
    let behaviour = if kept.is_behaviour { "yes" } else { "no" };
    let place = match kept.place {
        Place::Memory => "memory",
        Place::MemoryThenSealedFile => "memory at Session, sealed file from OnDevice on",
        Place::SealedFile => "sealed file",
        Place::KeyStore => "key store",
    };
    let level = format!("{:?}", kept.from_level);
    line(text, &[&kept.name, &kept.what, behaviour, &level, place, &kept.how_long]);
}

fn field_name(field: Field) -> &'static str {
    match field {
        Field::Time => "time",
        Field::Items => "items",
        Field::Category => "category",
        Field::Brand => "brand",
        Field::Query => "search words",
        Field::Quantity => "quantity",
        Field::Rating => "rating",
        Field::EventId => "the app's id of the event",
        Field::Gift => "whether it is a gift",
    }
}

fn line(text: &mut String, cells: &[&str]) {
    writeln!(text, "| {} |", cells.join(" | ")).expect("a string takes text");
}

/// A sentence that goes on after a colon.
fn lowered(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
