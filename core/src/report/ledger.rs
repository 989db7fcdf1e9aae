//! What this installation drew, spent and sent: one ledger for all its profiles and vocabularies.
//!
//! Enters: the epoch, and reports that were drawn. Leaves: a [`BudgetGrant`] for a new draw or the [`Memo`] of an old one. Must
//! never give back what was spent, or allow a second draw in an epoch. What cannot be read allows nothing.

use serde::{Deserialize, Serialize};

use super::{MAX_UNITS, MAX_UNITS_PER_FOUR_EPOCHS, REPORT_BYTES, ReceivedReport, Report, VocabularyProblem};
// What the dearest draw costs.
#[cfg(not(feature = "prio"))]
use super::UNITS_PER_REPORT as MAX_COST;
#[cfg(feature = "prio")]
use super::UNITS_PER_SHARES as MAX_COST;
use crate::codec;
use crate::mutant;

mod entry;
#[cfg(feature = "prio")]
mod shares;

pub use entry::ReportState;
pub(crate) use entry::{Entry, Release};

/// Version byte of [`Book`].
const LEDGER_VERSION: u8 = 1;

/// Leave to draw the report of one epoch. Only the ledger gives one; a [`Report`] consumes it.
#[derive(Debug)]
pub struct BudgetGrant {
    epoch: u16,
    cost: u8,
}

impl BudgetGrant {
    pub(super) fn into_epoch(self) -> u16 {
        self.epoch
    }

    /// What the draw costs, in units of `ln 2`.
    pub(crate) fn cost(&self) -> u8 {
        self.cost
    }
}

/// The report of an epoch that was drawn before. Only the ledger gives one; a [`Report`] consumes it.
#[derive(Debug)]
pub struct Memo {
    epoch: u16,
    bytes: [u8; REPORT_BYTES],
}

impl Memo {
    pub(super) fn into_parts(self) -> (u16, [u8; REPORT_BYTES]) {
        (self.epoch, self.bytes)
    }
}

/// What the ledger allows now.
#[derive(Debug)]
pub(crate) enum Budget {
    /// This epoch has no report yet.
    Fresh(BudgetGrant),
    /// This epoch has its report.
    Spent(Memo),
    /// This epoch has its report shares.
    #[cfg(feature = "prio")]
    Shares(super::SharesMemo),
}

/// Why the ledger allows nothing now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("what was spent cannot be read, so nothing more is spent on this installation")]
    Unreadable,
    #[error("the clock shows a time that has no epoch")]
    NoEpoch,
    #[error("a later epoch was seen; wait until the clock has caught up")]
    ClockBehind,
    #[error("the report of this epoch belongs to another profile")]
    OtherProfile,
    #[error("the report of this epoch was withdrawn")]
    Withdrawn,
    #[error("the budget of four epochs is spent")]
    FourEpochsSpent,
    #[error("the budget of this installation is spent")]
    Spent,
    #[error("no vocabulary is loaded")]
    NoVocabulary,
    #[cfg(feature = "prio")]
    #[error("this epoch has its report")]
    AsReport,
    #[cfg(feature = "prio")]
    #[error("this epoch has its report shares")]
    AsShares,
    #[cfg(feature = "prio")]
    #[error("has more topics than report shares have buckets; load one of at most 32")]
    TooManyTopics,
}

/// The ledger's contents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Book {
    /// In ascending order of epochs.
    entries: Vec<Entry>,
    /// The vocabulary in use.
    taxonomy_id: Option<[u8; 4]>,
    /// The epoch in which it last changed.
    changed_in: Option<u16>,
}

impl Book {
    /// The latest epoch in which anything happened.
    fn latest(&self) -> Option<u16> {
        self.entries.last().map(|entry| entry.epoch).max(self.changed_in)
    }

    /// Units spent in epochs from `first` on.
    fn spent_since(&self, first: u16) -> u32 {
        self.entries.iter().filter(|entry| entry.epoch >= first).map(|entry| u32::from(entry.cost)).sum()
    }

    /// Whether a ledger of ours could say this.
    fn is_sound(&self) -> bool {
        let entry_is_sound = |entry: &Entry| {
            #[cfg(feature = "prio")]
            if !entry.shares_are_sound() {
                return false;
            }
            (1..=MAX_COST).contains(&u32::from(entry.cost))
                && entry.bytes.is_none_or(|bytes| {
                    ReceivedReport::decode(&bytes).is_ok_and(|report| report.epoch() == entry.epoch)
                })
        };
        self.entries.iter().all(entry_is_sound)
            && self.entries.windows(2).all(|pair| pair[0].epoch < pair[1].epoch)
            && self.spent_since(0) <= MAX_UNITS
    }
}

/// The ledger of an installation. Kept as bytes of its own, so that one that cannot be read stays as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<u8>", into = "Vec<u8>")]
pub(crate) struct Ledger(Result<Book, Vec<u8>>);

impl Default for Ledger {
    /// The ledger of a new installation.
    fn default() -> Self {
        Self(Ok(Book::default()))
    }
}

impl From<Vec<u8>> for Ledger {
    fn from(bytes: Vec<u8>) -> Self {
        let book: Option<Book> = codec::decode(LEDGER_VERSION, &bytes).ok();
        #[cfg(feature = "prio")]
        let book = book.filter(|book| !book.has_shares()).or_else(|| Book::decode_with_shares(&bytes));
        Self(book.filter(Book::is_sound).ok_or(bytes))
    }
}

impl From<Ledger> for Vec<u8> {
    fn from(ledger: Ledger) -> Self {
        match ledger.0 {
            #[cfg(feature = "prio")]
            Ok(book) if book.has_shares() => book.encode_with_shares(),
            // A book that could not be encoded would be read as a lost one.
            Ok(book) => codec::encode(LEDGER_VERSION, &book).unwrap_or_default(),
            Err(bytes) => bytes,
        }
    }
}

impl Ledger {
    /// A ledger of which it is only known that there was one: nothing more is ever spent.
    pub(crate) fn lost() -> Self {
        Self(Err(Vec::new()))
    }

    /// As many draws as there can be, each as long as it can be.
    #[cfg(test)]
    pub(crate) fn largest() -> Self {
        let entry = Entry {
            epoch: u16::MAX,
            cost: 1,
            profile: u32::MAX,
            offer_ms: i64::MIN,
            bytes: Some([u8::MAX; REPORT_BYTES]),
            release: Release::Sent,
            withdrawn: true,
            #[cfg(feature = "prio")]
            shares: None,
        };
        let entries = vec![entry; MAX_UNITS as usize];
        #[cfg(feature = "prio")]
        let entries = shares::with_the_largest(entries);
        Self(Ok(Book { entries, taxonomy_id: Some([u8::MAX; 4]), changed_in: Some(u16::MAX) }))
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.0.is_ok()
    }

    /// Whether nothing was ever drawn.
    pub(crate) fn is_unused(&self) -> bool {
        self.0.as_ref().is_ok_and(|book| book.entries.is_empty())
    }

    /// The same spending, without a byte of what was said: for a reset of everything else.
    pub(crate) fn without_contents(self) -> Self {
        let Ok(mut book) = self.0 else { return Self::lost() };
        for entry in &mut book.entries {
            entry.wipe();
            entry.withdrawn = true;
        }
        Self(Ok(book))
    }

    /// Every draw, oldest first.
    pub(crate) fn entries(&self) -> &[Entry] {
        self.0.as_ref().map_or(&[], |book| &book.entries)
    }

    pub(crate) fn entry(&self, epoch: u16) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.epoch == epoch)
    }

    fn entry_mut(&mut self, epoch: u16) -> Option<&mut Entry> {
        self.0.as_mut().ok()?.entries.iter_mut().find(|entry| entry.epoch == epoch)
    }

    /// Units of `ln 2` spent, ever.
    pub(crate) fn spent(&self) -> u32 {
        self.0.as_ref().map_or(MAX_UNITS, |book| book.spent_since(0))
    }

    /// Whether the clock is behind what was seen.
    pub(crate) fn is_clock_behind(&self, now: Option<u16>) -> bool {
        self.0.as_ref().is_ok_and(|book| book.latest() > now)
    }

    /// What may be had in the epoch `now` for `profile`; a new draw would cost `cost` units, `None` where no vocabulary is
    /// loaded. An epoch that was seen stays seen when the clock is set back.
    pub(crate) fn budget(
        &self,
        now: Option<u16>,
        profile: u32,
        cost: Option<u32>,
    ) -> Result<Budget, Refusal> {
        let book = self.0.as_ref().map_err(|_| Refusal::Unreadable)?;
        let now = now.ok_or(Refusal::NoEpoch)?;
        let epoch =
            if mutant!(TrustTheClock) { now } else { book.latest().map_or(now, |latest| latest.max(now)) };
        if let Some(entry) = book.entries.iter().find(|entry| entry.epoch == epoch) {
            if entry.profile != profile {
                return Err(Refusal::OtherProfile);
            }
            #[cfg(feature = "prio")]
            if let Some(content) =
                entry.shares.clone().filter(|_| !entry.withdrawn && !mutant!(RedrawOnRetry))
            {
                return Ok(Budget::Shares(super::SharesMemo { epoch, content }));
            }
            match entry.bytes {
                Some(bytes) if !entry.withdrawn && !mutant!(RedrawOnRetry) => {
                    return Ok(Budget::Spent(Memo { epoch, bytes }));
                }
                _ if mutant!(OptInDrawsAgain) => {}
                _ if mutant!(RedrawOnRetry) => {}
                _ => return Err(Refusal::Withdrawn),
            }
        } else if epoch > now {
            return Err(Refusal::ClockBehind);
        }
        let cost = cost.ok_or(Refusal::NoVocabulary)?;
        if book.spent_since(0) + cost > MAX_UNITS {
            return Err(Refusal::Spent);
        }
        if book.spent_since(epoch.saturating_sub(3)) + cost > MAX_UNITS_PER_FOUR_EPOCHS {
            return Err(Refusal::FourEpochsSpent);
        }
        Ok(Budget::Fresh(BudgetGrant { epoch, cost: u8::try_from(cost).unwrap_or(u8::MAX) }))
    }

    /// Notes a draw. It counts when the ledger is on disk, and nobody may see the report before.
    pub(crate) fn record(&mut self, report: &Report, cost: u8, profile: u32, offer_ms: i64) {
        self.push(Entry {
            epoch: report.id().0,
            cost,
            profile,
            offer_ms,
            bytes: Some(report.to_bytes()),
            release: Release::Waiting,
            withdrawn: false,
            #[cfg(feature = "prio")]
            shares: None,
        });
    }

    fn push(&mut self, entry: Entry) {
        let epoch = entry.epoch;
        if let Ok(book) = &mut self.0 {
            let others = |entry: &Entry| entry.epoch != epoch;
            if mutant!(OptInDrawsAgain) {
                book.entries.retain(others);
            }
            if mutant!(RedrawOnRetry) {
                book.entries.retain(others);
            }
            book.entries.push(entry);
        }
    }

    /// Notes that the app gets the bytes.
    pub(crate) fn hand_over(&mut self, epoch: u16) {
        if let Some(entry) = self.entry_mut(epoch).filter(|entry| entry.release == Release::Waiting) {
            entry.release = Release::Handed;
        }
    }

    /// Notes that the app sent what it was given.
    pub(crate) fn confirm(&mut self, epoch: u16) {
        if let Some(entry) = self.entry_mut(epoch).filter(|entry| entry.release == Release::Handed) {
            entry.release = Release::Sent;
        }
    }

    /// Applies the consents of all profiles. `shares` says of a profile whether its level is Shared; `None` of one that is
    /// gone. What waits without a consent is dropped; what a deleted profile said is wiped. Spending stays.
    pub(crate) fn obey(&mut self, shares: &dyn Fn(u32) -> Option<bool>) {
        let Ok(book) = &mut self.0 else { return };
        if mutant!(RefundOnReset) {
            book.entries.retain(|entry| shares(entry.profile) == Some(true));
        }
        for entry in &mut book.entries {
            let shares = shares(entry.profile);
            if shares != Some(true) && entry.release != Release::Sent && !mutant!(KeepWaitingReport) {
                entry.withdrawn = true;
                if entry.release == Release::Waiting {
                    entry.wipe();
                }
            }
            if shares.is_none() {
                entry.wipe();
            }
        }
    }

    /// Notes the vocabulary in use. Returns whether that is news.
    ///
    /// # Errors
    /// [`VocabularyProblem::ChangedThisEpoch`].
    pub(crate) fn use_vocabulary(
        &mut self,
        taxonomy_id: [u8; 4],
        now: Option<u16>,
    ) -> Result<bool, VocabularyProblem> {
        let Ok(book) = &mut self.0 else { return Ok(false) };
        match book.taxonomy_id {
            Some(known) if known == taxonomy_id => return Ok(false),
            Some(_) => {
                let epoch = now.max(book.latest()).unwrap_or_default();
                if book.changed_in == Some(epoch) {
                    return Err(VocabularyProblem::ChangedThisEpoch);
                }
                book.changed_in = Some(epoch);
            }
            None => {}
        }
        book.taxonomy_id = Some(taxonomy_id);
        Ok(true)
    }
}

/// Reads a ledger as the engine does and returns what it would write back: for tests that feed it anything.
#[doc(hidden)]
#[must_use]
pub fn reread_ledger(bytes: &[u8]) -> (bool, Vec<u8>) {
    let ledger = Ledger::from(bytes.to_vec());
    (ledger.is_readable(), ledger.into())
}

#[cfg(test)]
mod tests;
