//! What a store holds, for somebody who answers for it: consent, receipts, counts. Not a word of what a person did.

use super::control::{self, ProfileEntry};
use super::{Platform, Recommender, config};
use crate::consent::{ConsentState, EXPIRED_GRACE_MS, PersonalizationLevel, Receipt};
use crate::error::{Error, Result};
use crate::history::History;
use crate::report::{ReportState, epoch_at};
use crate::store::{self, CallRandom, SealedLog};

/// What a store holds.
#[derive(Clone, Debug, PartialEq)]
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
    pub findings: Vec<store::Finding>,
}

/// One report, as far as its cost and its fate go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReport {
    /// The epoch, of 91 days, counted from 2020-01-01.
    pub epoch: u16,
    /// What it cost, in units of `ln 2`.
    pub cost_units: u32,
    /// The number of the profile it was drawn for.
    pub profile: u32,
    /// How far it got.
    pub state: ReportState,
}

/// One person, as far as consent and counts go.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredProfile {
    /// Names the profile's files: `p<number>.log`.
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
    /// The most that the signals of a consent platform allow; `None` without a platform.
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
    pub history_problem: Option<Error>,
}

/// The size and age of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHistory {
    /// Events.
    pub events: usize,
    /// Interests set by hand.
    pub interests: usize,
    /// The time of the oldest event, in milliseconds since 1970-01-01 UTC.
    pub oldest_ms: Option<i64>,
    /// What opening it found; empty as a rule.
    pub findings: Vec<store::Finding>,
}

impl Recommender {
    /// Reads a store for an officer or an auditor. Reading finishes what a crash interrupted, as every opening does: to
    /// leave a store as it is, give it a copy, for example a [`MemoryFileSystem`](crate::platform::MemoryFileSystem).
    ///
    /// # Errors
    /// [`Error::StorageCorrupt`] when the consent state is damaged, [`Error::KeyUnavailable`] when its key is not there or is
    /// another, [`Error::StorageUnavailable`] when files cannot be read.
    ///
    /// # Privacy
    /// Leaves out what a person did, and the names of the profiles.
    pub fn inspect(platform: &Platform) -> Result<StoreContents> {
        let now_ms = platform.clock.now_ms();
        let mut random = CallRandom::draw(&*platform.random);
        let (control, findings) = control::read(platform, &mut random)?;
        let names = platform.files.list()?;
        let profiles = control
            .profiles()
            .iter()
            .map(|entry| {
                let file = format!("{}.log", entry.log_name());
                let found = names.contains(&file).then(|| read_history(platform, entry));
                let (history, history_problem) = match found {
                    None => (None, None),
                    Some(Ok(history)) => (Some(history), None),
                    Some(Err(problem)) => (None, Some(problem)),
                };
                stored(entry, now_ms, history, history_problem)
            })
            .collect();
        let now = epoch_at(now_ms);
        let ledger = control.ledger();
        let reports = ledger.entries().iter().map(|entry| StoredReport {
            epoch: entry.epoch,
            cost_units: entry.cost.into(),
            profile: entry.profile,
            state: entry.state(now),
        });
        Ok(StoreContents {
            profiles,
            is_stopped: control.is_stopped(),
            reports: reports.collect(),
            reports_are_readable: ledger.is_readable(),
            findings,
        })
    }
}

fn stored(
    entry: &ProfileEntry,
    now_ms: i64,
    history: Option<StoredHistory>,
    history_problem: Option<Error>,
) -> StoredProfile {
    let consent = &entry.consent;
    let outlives_ms = consent.expires_ms.saturating_add(EXPIRED_GRACE_MS);
    StoredProfile {
        number: entry.number,
        chosen: consent.level,
        in_force: consent.effective(now_ms, PersonalizationLevel::Shared),
        consent: consent.state(now_ms),
        is_paused: consent.paused,
        is_protected: consent.protected,
        platform_cap: consent.platform_cap,
        is_erasing: entry.erasing,
        is_outlived: consent.is_expired(now_ms) && now_ms >= outlives_ms,
        receipts: consent.receipts.receipts().to_vec(),
        receipts_hold: consent.receipts.verify(),
        history,
        history_problem,
    }
}

fn read_history(platform: &Platform, entry: &ProfileEntry) -> Result<StoredHistory> {
    let (files, keys) = (platform.files.clone(), platform.keys.clone());
    let opened = SealedLog::open(files, keys, &entry.log_name(), config::HISTORY_CAPS)?;
    let history = History::new(Box::new(opened.log), &opened.records)?;
    Ok(StoredHistory {
        events: history.len(),
        interests: history.interests().len(),
        oldest_ms: history.timeline().first().map(|event| event.time_ms),
        findings: opened.findings,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::platform::{FixedClock, SeededRandom};
    use crate::{Config, Consent, Event, Interest};

    #[test]
    fn counts_and_receipts_are_told() {
        let clock = Arc::new(FixedClock::new(1_767_225_600_000));
        let platform = Platform::in_memory(clock.clone(), Arc::new(SeededRandom::new(1)));
        assert_eq!(Recommender::inspect(&platform).unwrap().profiles, []);
        let shop = Recommender::open(Config::default(), platform.clone()).unwrap();
        shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("1"))).unwrap();
        for item in ["a", "b"] {
            shop.track(Event::view(item)).unwrap();
            clock.advance(1_000);
        }
        shop.set_interest("c", Interest::Boost).unwrap();
        let found = Recommender::inspect(&platform).unwrap();
        let profile = &found.profiles[0];
        assert_eq!(
            (profile.chosen, profile.in_force),
            (PersonalizationLevel::OnDevice, PersonalizationLevel::OnDevice)
        );
        assert!(profile.receipts_hold && profile.receipts.len() == 1 && !profile.is_erasing);
        let history = profile.history.as_ref().unwrap();
        assert_eq!((history.events, history.interests), (2, 1));
        assert_eq!(history.oldest_ms, Some(1_767_225_600_000));
        shop.set_level(PersonalizationLevel::Off, None).unwrap();
        let found = Recommender::inspect(&platform).unwrap();
        assert_eq!(found.profiles[0].history, None);
        assert_eq!(
            (found.profiles[0].receipts.len(), found.profiles[0].consent),
            (2, ConsentState::Withdrawn)
        );
    }
}
