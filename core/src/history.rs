//! What is kept of a shopper: the events in the order they came, and the interests the shopper set by hand.
//!
//! Enters: [`AdmittedEvent`]s only. Leaves: the events in time order, for the profile and for the shopper.
//! Must never: keep in memory what the log refused, or keep on disk what was forgotten.

use std::collections::{BTreeMap, BTreeSet};

use blake2::{Blake2b512, Digest};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::consent::{AdmittedEvent, DAY_MS, Keeping};
use crate::error::{Error, Result};
use crate::event::{IgnoredReason, StoredEvent, Tracked};
use crate::mutant;
use crate::store::{CallRandom, Durability, RecordLog, Records};

mod scope;
pub use scope::Forget;
pub(crate) use scope::Reach;
use scope::remainder;

/// Version byte of the records that the first version of the history knew.
const RECORD_VERSION: u8 = 1;
/// Version byte of [`Record::Quiet`].
const QUIET_VERSION: u8 = 2;

/// Most categories with an interest set by hand.
pub(crate) const MAX_INTERESTS: usize = 1_000;

/// How the shopper corrected the shop's idea of a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Interest {
    /// Show more of it.
    Boost,
    /// Never show it.
    Mute,
    /// No correction.
    Neutral,
}

/// One record of the sealed history.
#[derive(Serialize, Deserialize)]
enum Record {
    Event(StoredEvent),
    Interest {
        category: String,
        interest: Interest,
    },
    /// An event that is not learned from.
    Quiet(StoredEvent),
}

impl Record {
    fn of(event: StoredEvent) -> Self {
        if event.quiet { Self::Quiet(event) } else { Self::Event(event) }
    }
}

/// A handle on one kept event, made from its contents. Events alike to the millisecond share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventRef(pub u64);

impl EventRef {
    pub(crate) fn of(event: &StoredEvent) -> Result<Self> {
        let digest = Blake2b512::digest(encode(&Record::of(event.clone()))?);
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        Ok(Self(u64::from_le_bytes(first)))
    }
}

/// How long and how much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    pub(crate) days: u32,
    pub(crate) max_events: usize,
}

impl Default for Retention {
    /// What an app that says nothing gets.
    fn default() -> Self {
        Self { days: 90, max_events: 5_000 }
    }
}

impl Retention {
    /// Events before this time are not kept. It moves in whole days, so that at most one rewrite a day is due to age.
    fn cutoff_ms(self, now_ms: i64) -> i64 {
        (now_ms.div_euclid(DAY_MS) - i64::from(self.days)) * DAY_MS
    }
}

/// The history of one profile.
pub(crate) struct History {
    events: Vec<StoredEvent>,
    /// Whether they came in the order of their times, so that nobody looks for the oldest, or for what came late.
    is_ordered: bool,
    event_ids: BTreeSet<String>,
    interests: BTreeMap<String, Interest>,
    log: Box<dyn RecordLog>,
    rewrite_due: bool,
}

impl History {
    /// A history read back from its log.
    ///
    /// # Errors
    /// [`Error::StorageCorrupt`] when an authenticated record cannot be decoded.
    pub(crate) fn new(log: Box<dyn RecordLog>, records: &Records) -> Result<Self> {
        let mut history = Self {
            events: Vec::with_capacity(records.len()),
            is_ordered: true,
            event_ids: BTreeSet::new(),
            interests: BTreeMap::new(),
            log,
            rewrite_due: false,
        };
        for record in records.iter() {
            match decode(record).map_err(|error| error.of("a history record"))? {
                Record::Event(event) => history.remember(event),
                Record::Quiet(event) => history.remember(StoredEvent { quiet: true, ..event }),
                Record::Interest { category, interest } => history.apply_interest(category, interest),
            }
        }
        Ok(history)
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn interests(&self) -> &BTreeMap<String, Interest> {
        &self.interests
    }

    pub(crate) fn disk_bytes(&self) -> u64 {
        self.log.disk_bytes()
    }

    /// The records of a log that holds what this history holds.
    pub(crate) fn encode(&self) -> Result<Vec<Vec<u8>>> {
        encode_all(&self.interests, &self.events)
    }

    /// Gives an erased history a new file and key, durably.
    pub(crate) fn begin(&mut self, random: &mut CallRandom) -> Result<()> {
        self.rewrite(random)
    }

    /// Puts what `change` leaves of each event in its place, in memory only.
    pub(crate) fn retain_events(&mut self, change: impl Fn(StoredEvent) -> Option<StoredEvent>) {
        self.events = std::mem::take(&mut self.events).into_iter().filter_map(change).collect();
        self.events_changed();
    }

    /// Takes over the events and interests of another history; an event that is alike is not taken twice. Durable.
    pub(crate) fn adopt(&mut self, other: &Self, random: &mut CallRandom) -> Result<()> {
        let own: BTreeSet<EventRef> = self.events.iter().map(EventRef::of).collect::<Result<_>>()?;
        let mut events = self.events.clone();
        for event in &other.events {
            if !own.contains(&EventRef::of(event)?) {
                events.push(event.clone());
            }
        }
        let mut interests = other.interests.clone();
        interests.extend(self.interests.clone());
        match self.log.rewrite(&encode_all(&interests, &events)?, random) {
            // Taken over; only the file of before is not quite gone. The log tries again and `doctor` tells.
            Ok(()) | Err(Error::ErasurePending { .. }) => {}
            Err(error) => return Err(error),
        }
        self.events = events;
        self.interests = interests;
        self.events_changed();
        Ok(())
    }

    pub(crate) fn is_erasure_pending(&self) -> bool {
        self.log.is_erasure_pending()
    }

    /// Whether files could not be rewritten yet after a retention cut.
    pub(crate) fn rewrite_due(&self) -> bool {
        self.rewrite_due
    }

    /// The events, oldest first; events of the same millisecond in the order they came.
    pub(crate) fn timeline(&self) -> Vec<&StoredEvent> {
        let mut events: Vec<&StoredEvent> = self.events.iter().collect();
        events.sort_by_key(|event| event.time_ms);
        events
    }

    /// The events from place `first` on, if they came in time order after all others; then a fold can go on with them.
    pub(crate) fn appended_since(&self, first: usize) -> Option<&[StoredEvent]> {
        if self.is_ordered {
            return Some(&self.events[first..]);
        }
        let newest_before = self.events[..first].iter().map(|event| event.time_ms).max();
        let times = newest_before.into_iter().chain(self.events[first..].iter().map(|event| event.time_ms));
        times.is_sorted().then(|| &self.events[first..])
    }

    fn remember(&mut self, event: StoredEvent) {
        self.is_ordered &= self.events.last().is_none_or(|last| last.time_ms <= event.time_ms);
        self.event_ids.extend(event.event_id.clone());
        self.events.push(event);
    }

    fn apply_interest(&mut self, category: String, interest: Interest) {
        if interest == Interest::Neutral {
            self.interests.remove(&category);
        } else {
            self.interests.insert(category, interest);
        }
    }

    /// Keeps events with one append, all or none, and says what became of each.
    ///
    /// # Errors
    /// Those of the log; then nothing was kept, in memory or on disk.
    pub(crate) fn record(
        &mut self,
        admitted: Vec<std::result::Result<AdmittedEvent, IgnoredReason>>,
        now_ms: i64,
        retention: Retention,
        durability: Durability,
        random: &mut CallRandom,
    ) -> Result<Vec<Tracked>> {
        let mut outcome = Vec::with_capacity(admitted.len());
        let (mut events, mut records) = (Vec::new(), Vec::new());
        let mut new_ids = BTreeSet::new();
        for event in admitted {
            outcome.push(match event.map(AdmittedEvent::into_parts) {
                Err(reason) => Tracked::Ignored(reason),
                Ok((event, _)) if event.time_ms < retention.cutoff_ms(now_ms) => {
                    Tracked::Ignored(IgnoredReason::TooOld)
                }
                Ok((event, _))
                    if event
                        .event_id
                        .as_ref()
                        .is_some_and(|id| self.event_ids.contains(id) || !new_ids.insert(id.clone())) =>
                {
                    Tracked::Ignored(IgnoredReason::Repeated)
                }
                Ok((event, keeping)) => {
                    records.push(encode(&Record::of(event.clone()))?);
                    events.push(event);
                    if keeping == Keeping::Disk { Tracked::Stored } else { Tracked::SessionOnly }
                }
            });
        }
        if !records.is_empty() {
            let written = self.write(&records, durability, random);
            if written.is_err() && !mutant!(KeepRefusedEvents) {
                return written.map(|()| outcome);
            }
            events.into_iter().for_each(|event| self.remember(event));
        }
        Ok(outcome)
    }

    /// Sets an interest, durably.
    ///
    /// # Errors
    /// Those of the log; then nothing changed.
    pub(crate) fn set_interest(
        &mut self,
        category: &str,
        interest: Interest,
        random: &mut CallRandom,
    ) -> Result<()> {
        if !self.interests.contains_key(category) && self.interests.len() == MAX_INTERESTS {
            return Err(Error::invalid(
                "category",
                format!("at most {MAX_INTERESTS} categories can be corrected"),
            ));
        }
        let record = encode(&Record::Interest { category: category.to_owned(), interest })?;
        self.write(&[record], Durability::Power, random)?;
        self.apply_interest(category.to_owned(), interest);
        Ok(())
    }

    fn write(&mut self, records: &[Vec<u8>], durability: Durability, random: &mut CallRandom) -> Result<()> {
        if self.rewrite_due {
            self.rewrite(random)?;
        }
        self.log.append(records, durability, random)
    }

    /// Drops what is too old or too much. Memory obeys at once; files when they can be rewritten, see
    /// [`rewrite_due`](Self::rewrite_due). Returns whether anything was dropped.
    pub(crate) fn retain(&mut self, now_ms: i64, retention: Retention, random: &mut CallRandom) -> bool {
        if mutant!(NothingGrowsOld) {
            return false;
        }
        let before = self.events.len();
        let cutoff = retention.cutoff_ms(now_ms);
        if !(self.is_ordered && self.events.first().is_none_or(|oldest| oldest.time_ms >= cutoff)) {
            self.events.retain(|event| event.time_ms >= cutoff);
        }
        if self.events.len() > retention.max_events {
            // A tenth goes at once, so that a full history is not rewritten at every event.
            let keep = retention.max_events - retention.max_events / 10;
            let mut times: Vec<(i64, usize)> =
                self.events.iter().enumerate().map(|(order, event)| (event.time_ms, order)).collect();
            times.sort_unstable();
            let oldest_kept = times[times.len() - keep.max(1)];
            let mut order = 0;
            self.events.retain(|event| {
                order += 1;
                (event.time_ms, order - 1) >= oldest_kept
            });
        }
        let changed = self.events.len() < before;
        if changed {
            self.events_changed();
            self.rewrite_due = true;
        }
        if self.rewrite_due {
            // A failure is tried again at the next write and told by `doctor`.
            let _ = self.rewrite(random);
        }
        changed
    }

    /// Forgets what `scope` names.
    /// Returns how many events were forgotten or shortened.
    ///
    /// # Errors
    /// Those of the log. [`Error::ErasurePending`] means: forgotten, but an old file or key could not be removed yet.
    /// After any other error nothing was forgotten.
    pub(crate) fn forget(
        &mut self,
        scope: &Forget,
        reach: &Reach<'_>,
        random: &mut CallRandom,
    ) -> Result<usize> {
        if *scope == Forget::Everything {
            let count = self.events.len();
            self.erase()?;
            return Ok(count);
        }
        let mut kept = Vec::with_capacity(self.events.len());
        let mut forgotten = 0;
        for event in &self.events {
            let remains = remainder(event, scope, reach)?;
            if remains.as_ref() != Some(event) {
                forgotten += 1;
            }
            kept.extend(remains);
        }
        let mut interests = self.interests.clone();
        if let Forget::Category(category) = scope {
            interests.retain(|own, _| own != category && !(reach.category)(own));
        }
        self.replace(kept, interests, random).map(|()| forgotten)
    }

    /// Begins (`true`) or ends learning from the events that `scope` names; a purchase is split where it names some of its
    /// items. They stay in the history. Returns how many events changed.
    ///
    /// # Errors
    /// As for [`forget`](Self::forget).
    pub(crate) fn set_learning(
        &mut self,
        scope: &Forget,
        on: bool,
        reach: &Reach<'_>,
        random: &mut CallRandom,
    ) -> Result<usize> {
        let mut events = Vec::with_capacity(self.events.len());
        let mut changed = 0;
        for event in &self.events {
            let rest = if event.quiet == on { remainder(event, scope, reach)? } else { Some(event.clone()) };
            if rest.as_ref() == Some(event) {
                events.extend(rest);
                continue;
            }
            changed += 1;
            let stays =
                |item: &str| rest.iter().any(|rest| rest.action.items().iter().any(|own| own == item));
            let action =
                if rest.is_some() { event.action.clone().without(stays) } else { Some(event.action.clone()) };
            let turned = action.map(|action| StoredEvent { action, quiet: !on, ..event.clone() });
            events.extend(rest);
            events.extend(turned);
        }
        self.replace(events, self.interests.clone(), random).map(|()| changed)
    }

    /// Puts other events and interests in the place of those that are kept, under a new key. Also when they are the same:
    /// the files then say nothing about whether something changed.
    fn replace(
        &mut self,
        events: Vec<StoredEvent>,
        interests: BTreeMap<String, Interest>,
        random: &mut CallRandom,
    ) -> Result<()> {
        let written = if mutant!(ForgetOnlyInMemory) {
            Ok(())
        } else {
            self.log.rewrite(&encode_all(&interests, &events)?, random)
        };
        if !matches!(written, Ok(()) | Err(Error::ErasurePending { .. })) {
            return written;
        }
        if !mutant!(ForgetOnlyOnDisk) {
            self.events = events;
            self.interests = interests;
            self.events_changed();
        }
        self.rewrite_due = false;
        written
    }

    /// Destroys everything, key first.
    ///
    /// # Errors
    /// [`Error::ErasurePending`]: memory is empty, but a key or file may still be there. After any other error nothing
    /// was erased.
    pub(crate) fn erase(&mut self) -> Result<()> {
        let erased = if mutant!(EraseOnlyMemory) { Ok(()) } else { self.log.erase() };
        if matches!(erased, Ok(()) | Err(Error::ErasurePending { .. })) {
            self.events.clear();
            self.events_changed();
            self.interests.clear();
            self.rewrite_due = false;
        }
        erased
    }

    fn rewrite(&mut self, random: &mut CallRandom) -> Result<()> {
        match self.log.rewrite(&encode_all(&self.interests, &self.events)?, random) {
            // Written; only the file of before is not quite gone. The log tries again and `doctor` tells.
            Ok(()) | Err(Error::ErasurePending { .. }) => {
                self.rewrite_due = false;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Brings what is known of the events up to date after another change than one more at their end.
    fn events_changed(&mut self) {
        self.event_ids = self.events.iter().filter_map(|event| event.event_id.clone()).collect();
        self.is_ordered = self.events.is_sorted_by_key(|event| event.time_ms);
    }
}

fn encode(record: &Record) -> Result<Vec<u8>> {
    let version = if matches!(record, Record::Quiet(_)) { QUIET_VERSION } else { RECORD_VERSION };
    codec::encode(version, record)
        .map_err(|error| Error::Internal { reason: format!("a history record: {error}") })
}

fn decode(bytes: &[u8]) -> std::result::Result<Record, CodecError> {
    match codec::decode(RECORD_VERSION, bytes) {
        Err(CodecError::UnknownVersion) => codec::decode(QUIET_VERSION, bytes),
        other => other,
    }
}

fn encode_all(interests: &BTreeMap<String, Interest>, events: &[StoredEvent]) -> Result<Vec<Vec<u8>>> {
    let interests = interests
        .iter()
        .map(|(category, &interest)| encode(&Record::Interest { category: category.clone(), interest }));
    interests.chain(events.iter().map(|event| encode(&Record::of(event.clone())))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{Gate, PersonalizationLevel};
    use crate::event::{Event, ValidEvent};
    use crate::platform::SeededRandom;
    use crate::store::MemoryLog;

    const RETENTION: Retention = Retention { days: 90, max_events: 20 };

    fn random() -> CallRandom {
        CallRandom::draw(&SeededRandom::new(1))
    }

    fn track(history: &mut History, event: Event, now_ms: i64) -> Tracked {
        let gate = Gate::new(PersonalizationLevel::OnDevice, None);
        let admitted = gate.admit(ValidEvent::new(event, now_ms).expect("valid"));
        history
            .record(vec![admitted], now_ms, RETENTION, Durability::Power, &mut random())
            .expect("memory never fails")[0]
    }

    fn empty() -> History {
        History::new(Box::new(MemoryLog::new(crate::store::Caps::default())), &Records::default())
            .expect("empty")
    }

    #[test]
    fn repeats_and_old_events_are_ignored() {
        let mut history = empty();
        let event = Event { event_id: Some("e1".into()), ..Event::view("a") };
        assert_eq!(track(&mut history, event.clone(), 5), Tracked::Stored);
        assert_eq!(track(&mut history, event, 6), Tracked::Ignored(IgnoredReason::Repeated));
        let now = 200 * DAY_MS;
        let old = track(&mut history, Event::view("b").at(109 * DAY_MS), now);
        assert_eq!(old, Tracked::Ignored(IgnoredReason::TooOld));
        assert_eq!(track(&mut history, Event::view("b").at(110 * DAY_MS), now), Tracked::Stored);
    }

    #[test]
    fn retention_drops_the_oldest_first() {
        let mut history = empty();
        for minute in (0..21).rev() {
            track(&mut history, Event::view(format!("i{minute}")).at(minute), 100);
        }
        assert!(history.retain(100, RETENTION, &mut random()));
        assert_eq!(history.len(), 18);
        let times: Vec<i64> = history.timeline().iter().map(|event| event.time_ms).collect();
        assert_eq!(times, (3..21).collect::<Vec<_>>());
        assert!(history.retain(92 * DAY_MS, RETENTION, &mut random()));
        assert_eq!(history.len(), 0);
    }

    #[test]
    fn an_event_that_comes_late_is_as_old_as_it_says() {
        let mut history = empty();
        for (id, day) in [("new", 10), ("late", 1), ("last", 10)] {
            track(&mut history, Event::view(id).at(day * DAY_MS), 10 * DAY_MS);
        }
        assert!(history.appended_since(1).is_none(), "the second is older than the first");
        assert_eq!(history.appended_since(2).map(<[_]>::len), Some(1));
        track(&mut history, Event::view("between").at(5 * DAY_MS), 10 * DAY_MS);
        assert!(history.appended_since(3).is_none(), "the fourth is older than the third");
        assert!(history.retain(92 * DAY_MS, RETENTION, &mut random()));
        let days: Vec<i64> = history.timeline().iter().map(|event| event.time_ms / DAY_MS).collect();
        assert_eq!(days, [5, 10, 10]);
        assert!(!history.retain(92 * DAY_MS, RETENTION, &mut random()));
    }

    #[test]
    fn forgetting_an_item_shortens_a_purchase() {
        let mut history = empty();
        track(&mut history, Event::purchase(["a", "b"]), 1);
        track(&mut history, Event::view("a"), 2);
        track(&mut history, Event::view("c"), 3);
        let count = history
            .forget(
                &Forget::Item("a".into()),
                &Reach { item: &|_| false, category: &|_| false },
                &mut random(),
            )
            .expect("memory");
        assert_eq!(count, 2);
        let left: Vec<&[String]> = history.timeline().iter().map(|event| event.action.items()).collect();
        assert_eq!(left, [["b".to_owned()].as_slice(), ["c".to_owned()].as_slice()]);
    }
}
