//! The shopper's data to take along: as a document to read, and sealed for a new phone.

use super::events::withhold;
use super::sharing::{NamedTopic, ReportLogEntry};
use super::{Call, Inner, Recommender};
use crate::consent::export_receipts;
use crate::error::{Error, Result};
use crate::history::History;
use crate::profile::Profile;
use crate::rights::{self, HeldReport, Holdings, list_history, summarise};
use crate::store::{Caps, MemoryLog, passphrase};

/// What a file of moved data brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Events that were taken over.
    pub events: usize,
    /// Events that were not: kept already, too old, or about a category that nothing is learned from.
    pub left_out: usize,
    /// Interests that were taken over.
    pub interests: usize,
}

impl Recommender {
    /// Everything the phone holds of the active profile, as JSON: events, interests, beliefs, reports, consent and receipts. At every
    /// level; also what is sealed and set aside, as in a private session or after the consent ended.
    /// `docs/export.schema.json` describes it.
    ///
    /// # Errors
    /// A storage or key error when what is set aside cannot be opened.
    ///
    /// # Privacy
    /// In the clear, for the shopper's own eyes and hands: the app saves it only where the shopper says.
    pub fn export_data(&self) -> Result<String> {
        self.call(|inner, call| {
            let entry = inner.control.active();
            let aside = inner.person.open_set_aside(&self.platform, entry)?;
            let view = inner.catalog.view();
            let (history, summary) = match &aside {
                Some(history) => (history, summarise(view, history, &Profile::fold(history.timeline()))),
                None => {
                    let person = &inner.person;
                    (&person.history, summarise(view, &person.history, &person.profile))
                }
            };
            let mut events = list_history(history, usize::MAX, None)?;
            events.reverse();
            let shown = inner.person.shown().iter().map(|(item, time_ms)| (item.clone(), *time_ms));
            let counts = inner.served.hits().into_iter();
            rights::export(&Holdings {
                exported_ms: call.now_ms,
                profile: &entry.name,
                level: inner.level(&self.config, call.now_ms),
                consent: entry.consent.state(call.now_ms),
                paused: entry.consent.paused,
                protected: entry.consent.protected,
                history: events,
                summary,
                shown: shown.collect(),
                counts: counts.map(|hits| (hits.kind, hits.level, hits.given, hits.chosen)).collect(),
                shares_guarded: entry.shares_guarded,
                reports: inner.report_log(call.now_ms).into_iter().map(held_report).collect(),
                receipts: &export_receipts(&entry.consent.receipts)?,
            })
        })
    }

    /// The events and interests of the active profile, sealed with a passphrase, for [`import_transfer`](Self::import_transfer)
    /// on a new phone. Consent does not travel: the new phone asks.
    ///
    /// Cost: Argon2id with 19 MiB of memory, tens of milliseconds.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a passphrase of fewer than 12 characters; [`Error::RandomUnavailable`]; a storage error
    /// when what is set aside cannot be opened.
    ///
    /// # Privacy
    /// Whoever has file and passphrase can read it. The length tells the size of the history in steps of 4 KiB.
    pub fn export_transfer(&self, passphrase: &str) -> Result<Vec<u8>> {
        self.call(|inner, call| {
            let aside = inner.person.open_set_aside(&self.platform, inner.control.active())?;
            let records = aside.as_ref().unwrap_or(&inner.person.history).encode()?;
            passphrase::seal(&records, passphrase, &mut call.random)
        })
    }

    /// Takes over what [`export_transfer`](Self::export_transfer) sealed. Events that are kept already, are past their
    /// retention or lie in a sensitive category are left out; interests that are set here win. Durable when it returns.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for `passphrase` or `transfer`: wrong, changed, or of another version.
    /// [`Error::ConsentRequired`] where nothing may be learned. A storage error, and then nothing was taken over.
    pub fn import_transfer(&self, sealed: &[u8], passphrase: &str) -> Result<Imported> {
        self.call(|inner, call| {
            if !inner.gate(&self.config, call.now_ms).learns() {
                return Err(Error::ConsentRequired { reason: "nothing may be kept at this moment".into() });
            }
            let records = passphrase::open(sealed, passphrase)?;
            let log = MemoryLog::new(Caps { max_file_bytes: u64::MAX });
            let moved = History::new(Box::new(log), &records).map_err(|error| match error {
                Error::StorageCorrupt { .. } => Error::invalid("transfer", "holds no history"),
                other => other,
            })?;
            inner.take_over(self, moved, call)
        })
    }
}

fn held_report(entry: ReportLogEntry) -> HeldReport {
    let name = |topic: NamedTopic| topic.label.unwrap_or_else(|| topic.topic.to_string());
    let bytes = entry.bytes.map(|bytes| bytes.to_vec());
    #[cfg(feature = "prio")]
    let bytes = bytes.or(entry.shares);
    HeldReport {
        epoch: entry.id.0,
        cost_units: entry.cost_units,
        state: entry.state,
        bytes,
        topics: entry.topics.into_iter().map(name).collect(),
    }
}

impl Inner {
    fn take_over(
        &mut self,
        recommender: &Recommender,
        mut moved: History,
        call: &mut Call,
    ) -> Result<Imported> {
        let view = self.catalog.view();
        let sent = moved.len();
        moved.retain_events(|event| withhold(view, event));
        moved.retain(call.now_ms, recommender.config.retention(), &mut call.random);
        let (events, interests) = (self.person.history.len(), self.person.history.interests().len());
        self.person.history.adopt(&moved, &mut call.random)?;
        let taken = self.person.history.len() - events;
        let interests = self.person.history.interests().len() - interests;
        self.person.retain(call, &recommender.config);
        self.person.refold();
        self.forget_answers();
        Ok(Imported { events: taken, left_out: sent - taken, interests })
    }
}
