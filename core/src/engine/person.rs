//! One profile's history and what was made from it, open at the level in force.

use std::collections::BTreeMap;

use super::control::{ControlFile, ProfileEntry};
use super::{Call, Config, Finding, PersonalizationLevel, Platform, config};
use crate::consent::EXPIRED_GRACE_MS;
use crate::error::{Error, Result};
use crate::history::History;
use crate::mutant;
use crate::policy::MAX_SHOWN;
use crate::profile::Profile;
use crate::store::{self, CallRandom, Caps, MemoryLog, RecordLog, Records, SealedLog};

/// A shopper, as far as the level allows.
pub(super) struct Person {
    pub(super) history: History,
    pub(super) profile: Profile,
    /// When items were last shown, in memory only.
    shown: BTreeMap<String, i64>,
    level_held: PersonalizationLevel,
    last_call_ms: Option<i64>,
}

impl Person {
    /// Opens the active profile: its sealed history where the level allows one, otherwise nothing. Finishes erasures
    /// that were begun, and lowers the level to Off when the history's key is gone.
    pub(super) fn open(
        platform: &Platform,
        config: &Config,
        control: &mut ControlFile,
        call: &mut Call,
        findings: &mut Vec<Finding>,
    ) -> Result<Self> {
        finish_erasures(platform, control, call, findings);
        let entry = control.active();
        let level = control.level(call.now_ms, config.max_level);
        let keeps = entry.consent.level >= PersonalizationLevel::OnDevice;
        if level < PersonalizationLevel::OnDevice {
            if (!keeps || is_expired_for_long(entry, call.now_ms)) && has_files(platform, entry) {
                // Left by a raise that was interrupted, or kept too long after the consent ended.
                begin_erasure(platform, control, call, findings);
            } else if keeps && !control.is_private() {
                tend(platform, config, control.active(), call, findings);
            }
            return Self::empty(level);
        }
        let log_name = entry.log_name();
        match open_log(platform, &log_name) {
            Ok(opened) if opened.is_lost() => {
                findings.push(Finding::HistoryKeyLost);
                control.active_mut().consent.level = PersonalizationLevel::Off;
                begin_erasure(platform, control, call, findings);
                Self::empty(PersonalizationLevel::Off)
            }
            Ok(OpenedLog(opened)) => {
                let log = "history";
                findings.extend(opened.findings.iter().map(|&finding| Finding::Store { log, finding }));
                match History::new(Box::new(opened.log), &opened.records) {
                    Ok(history) => Ok(Self::new(history, level)),
                    Err(Error::StorageCorrupt { .. }) => {
                        Self::replace_damaged(platform, &log_name, level, call, findings)
                    }
                    Err(error) => Err(error),
                }
            }
            Err(Error::StorageCorrupt { .. }) => {
                Self::replace_damaged(platform, &log_name, level, call, findings)
            }
            Err(error) => Err(error),
        }
    }

    /// A damaged history cannot be trusted in part: it is erased, the consent stays.
    fn replace_damaged(
        platform: &Platform,
        log_name: &str,
        level: PersonalizationLevel,
        call: &mut Call,
        findings: &mut Vec<Finding>,
    ) -> Result<Self> {
        findings.push(Finding::HistoryDamaged);
        SealedLog::erase_unopened(platform.files.clone(), platform.keys.clone(), log_name)?;
        Ok(Self::new(create_history(platform, log_name, &[], call)?, level))
    }

    fn new(history: History, level_held: PersonalizationLevel) -> Self {
        let profile = Profile::fold(history.timeline());
        Self { history, profile, shown: BTreeMap::new(), level_held, last_call_ms: None }
    }

    /// Nobody: a history in memory.
    fn empty(level: PersonalizationLevel) -> Result<Self> {
        let log = MemoryLog::new(Caps { max_file_bytes: config::HISTORY_CAPS.max_file_bytes });
        Ok(Self::new(History::new(Box::new(log), &Records::default())?, level))
    }

    /// The level this person was opened at. Memory never holds more than it allows.
    pub(super) fn level_held(&self) -> PersonalizationLevel {
        self.level_held
    }

    pub(super) fn shown(&self) -> &BTreeMap<String, i64> {
        &self.shown
    }

    pub(super) fn forget_shown(&mut self) {
        self.shown.clear();
    }

    /// Remembers that items were shown, for rotation.
    pub(super) fn show<'a>(&mut self, items: impl IntoIterator<Item = &'a str>, now_ms: i64) {
        for item in items {
            match self.shown.get_mut(item) {
                Some(shown_ms) => *shown_ms = now_ms,
                None => drop(self.shown.insert(item.to_owned(), now_ms)),
            }
        }
        while self.shown.len() > MAX_SHOWN {
            // The oldest answer's items at once.
            match self.shown.values().copied().min().filter(|oldest| *oldest < now_ms) {
                Some(oldest) => self.shown.retain(|_, shown_ms| *shown_ms > oldest),
                None => drop(self.shown.pop_first()),
            }
        }
    }

    pub(super) fn is_idle(&self, now_ms: i64, minutes: u32) -> bool {
        let idle_ms = |last| now_ms.saturating_sub(last);
        self.last_call_ms.is_some_and(|last| idle_ms(last) >= i64::from(minutes) * 60_000)
            && !mutant!(VisitNeverEnds)
    }

    pub(super) fn touch(&mut self, now_ms: i64) {
        self.last_call_ms = Some(now_ms);
    }

    /// What is left to do on disk, for the next open.
    pub(super) fn unfinished(&self) -> Option<Finding> {
        unfinished(&self.history)
    }

    /// Drops what is too old. Returns whether anything was.
    pub(super) fn retain(&mut self, call: &mut Call, config: &Config) -> bool {
        let changed = self.history.retain(call.now_ms, config.retention(), &mut call.random);
        if changed {
            self.refold();
        }
        changed
    }

    /// Takes the events from place `first` on into the profile.
    pub(super) fn go_on_from(&mut self, first: usize) {
        match self.history.appended_since(first) {
            Some(events) => events.iter().for_each(|event| self.profile.apply(event)),
            None => self.refold(),
        }
    }

    /// Makes the profile anew from what is kept.
    pub(super) fn refold(&mut self) {
        self.profile = Profile::fold(self.history.timeline());
    }

    /// Whether the profile's history is sealed on disk and not held here: its consent ended, or a cap is in force.
    fn is_set_aside(&self, entry: &ProfileEntry) -> bool {
        self.level_held < PersonalizationLevel::OnDevice
            && entry.consent.level >= PersonalizationLevel::OnDevice
            && !mutant!(LeaveSetAside)
    }

    /// Whether what was set aside when the consent ended has been kept long enough.
    pub(super) fn is_outlived(platform: &Platform, entry: &ProfileEntry, now_ms: i64) -> bool {
        is_expired_for_long(entry, now_ms) && !entry.erasing && has_files(platform, entry)
    }

    /// Moves the person down to `level`: what was kept is erased before this returns, also what was sealed and set
    /// aside, and what an earlier erasure left. Memory is empty afterwards whatever happens. `entry` is the profile as it
    /// was; saving the control state is the caller's.
    pub(super) fn lower(
        &mut self,
        platform: &Platform,
        entry: &ProfileEntry,
        level: PersonalizationLevel,
    ) -> Result<()> {
        let skipped = [mutant!(LowerWithoutErasing), mutant!(EraseLater)];
        let erased = if skipped.contains(&true) {
            Ok(())
        } else if self.is_set_aside(entry) || entry.erasing {
            SealedLog::erase_unopened(platform.files.clone(), platform.keys.clone(), &entry.log_name())
        } else {
            self.history.erase()
        };
        *self = Self::empty(level)?;
        erased
    }

    /// A sealed history with the events of this visit, or the one that was set aside, where `level` allows one for the
    /// first time. It counts once `control` is saved, see [`rise`](Self::rise); nothing changes here.
    pub(super) fn raised(
        &self,
        platform: &Platform,
        entry: &ProfileEntry,
        level: PersonalizationLevel,
        call: &mut Call,
    ) -> Result<Option<History>> {
        if self.level_held >= PersonalizationLevel::OnDevice || level < PersonalizationLevel::OnDevice {
            return Ok(None);
        }
        let log_name = entry.log_name();
        let kept = entry.consent.level >= PersonalizationLevel::OnDevice;
        if kept && !entry.erasing && !is_expired_for_long(entry, call.now_ms) {
            match open_log(platform, &log_name) {
                // The consent had expired; what was sealed since is still there.
                Ok(opened) if !opened.is_lost() => {
                    let OpenedLog(opened) = opened;
                    return History::new(Box::new(opened.log), &opened.records).map(Some);
                }
                Ok(_) | Err(Error::StorageCorrupt { .. }) => {}
                // It may be there all the same.
                Err(error) => return Err(error),
            }
        }
        // The level does not rise over the remains of an earlier history.
        SealedLog::erase_unopened(platform.files.clone(), platform.keys.clone(), &log_name)
            .map_err(|error| Error::StorageUnavailable { reason: error.to_string() })?;
        create_history(platform, &log_name, &self.history.encode()?, call).map(Some)
    }

    /// Puts a level that is not lower in what it keeps into force, with the history that was made for it.
    pub(super) fn rise(&mut self, raised: Option<History>, level: PersonalizationLevel) {
        if let Some(history) = raised {
            *self = Self { shown: std::mem::take(&mut self.shown), ..Self::new(history, level) };
        }
        self.level_held = level;
    }

    /// Forgets everything but stays at the level, under a new key. Returns how many events there were.
    pub(super) fn forget_everything(
        &mut self,
        platform: &Platform,
        entry: &ProfileEntry,
        call: &mut Call,
    ) -> Result<usize> {
        let count = self.history.len();
        let aside = if self.is_set_aside(entry) {
            SealedLog::erase_unopened(platform.files.clone(), platform.keys.clone(), &entry.log_name())
        } else {
            Ok(())
        };
        if !matches!(aside, Ok(()) | Err(Error::ErasurePending { .. })) {
            return aside.map(|()| count);
        }
        let erased = self.history.erase();
        if !matches!(erased, Ok(()) | Err(Error::ErasurePending { .. })) {
            return erased.map(|()| count);
        }
        self.profile = Profile::default();
        self.shown.clear();
        if self.level_held >= PersonalizationLevel::OnDevice {
            self.history.begin(&mut call.random).map_err(|error| Error::ErasurePending {
                reason: format!("forgotten, but the new file is not there yet: {error}"),
            })?;
        }
        aside.and(erased).map(|()| count)
    }

    /// Changes the history, also one that is sealed and set aside. Returns the number of events that `change` tells.
    pub(super) fn change(
        &mut self,
        platform: &Platform,
        entry: &ProfileEntry,
        call: &mut Call,
        findings: &mut Vec<Finding>,
        change: impl Fn(&mut History, &mut CallRandom) -> Result<usize>,
    ) -> Result<usize> {
        let aside = match self.open_set_aside(platform, entry)? {
            Some(mut history) => {
                let changed = change(&mut history, &mut call.random);
                findings.extend(unfinished(&history));
                changed
            }
            None => Ok(0),
        };
        if !matches!(aside, Ok(_) | Err(Error::ErasurePending { .. })) {
            return aside;
        }
        if mutant!(ForgetOnlyAside) && self.is_set_aside(entry) {
            return aside;
        }
        let done = change(&mut self.history, &mut call.random);
        if matches!(done, Ok(_) | Err(Error::ErasurePending { .. })) && !mutant!(ForgetKeepsProfile) {
            self.refold();
        }
        Ok(aside? + done?)
    }

    /// The history that is sealed on disk and not held here, if there is one.
    pub(super) fn open_set_aside(
        &self,
        platform: &Platform,
        entry: &ProfileEntry,
    ) -> Result<Option<History>> {
        if !self.is_set_aside(entry) || !has_files(platform, entry) {
            return Ok(None);
        }
        let opened = open_log(platform, &entry.log_name())?;
        if opened.is_lost() {
            return Ok(None);
        }
        let OpenedLog(store::Opened { log, records, .. }) = opened;
        History::new(Box::new(log), &records).map(Some)
    }
}

/// Applies expiry and retention to the profiles that are not active. What cannot be done now is done at a later open.
pub(super) fn tend_inactive(
    platform: &Platform,
    config: &Config,
    control: &mut ControlFile,
    call: &mut Call,
    findings: &mut Vec<Finding>,
) {
    let active = control.active().number;
    let keeping = |entry: &&mut ProfileEntry| {
        entry.number != active && entry.consent.level >= PersonalizationLevel::OnDevice && !entry.erasing
    };
    for entry in control.profiles_mut().iter_mut().filter(keeping) {
        if is_expired_for_long(entry, call.now_ms) {
            entry.erasing = true;
        } else {
            tend(platform, config, entry, call, findings);
        }
    }
    finish_erasures(platform, control, call, findings);
}

fn unfinished(history: &History) -> Option<Finding> {
    if history.is_erasure_pending() {
        Some(Finding::ErasurePending)
    } else {
        history.rewrite_due().then_some(Finding::RewriteDue)
    }
}

/// Applies retention to a history that is sealed and not in use, and finishes what a rewrite of it left.
fn tend(
    platform: &Platform,
    config: &Config,
    entry: &ProfileEntry,
    call: &mut Call,
    findings: &mut Vec<Finding>,
) {
    if let Ok(opened) = open_log(platform, &entry.log_name())
        && !opened.is_lost()
        && let OpenedLog(store::Opened { log, records, .. }) = opened
        && let Ok(mut history) = History::new(Box::new(log), &records)
    {
        history.retain(call.now_ms, config.retention(), &mut call.random);
        findings.extend(unfinished(&history));
    }
}

/// Whether the consent ended so long ago that what it allowed to be kept must go.
fn is_expired_for_long(entry: &ProfileEntry, now_ms: i64) -> bool {
    let outlived = now_ms >= entry.consent.expires_ms.saturating_add(EXPIRED_GRACE_MS);
    entry.consent.is_expired(now_ms) && outlived && !mutant!(SetAsideForEver)
}

struct OpenedLog(store::Opened);

impl OpenedLog {
    /// Whether the history's key is gone: an erasure was interrupted, or the host lost it. A history that may be kept
    /// always has a file and a key, from the moment the level is raised.
    fn is_lost(&self) -> bool {
        self.0.findings.contains(&store::Finding::MissingKey) || self.0.log.disk_bytes() == 0
    }
}

fn open_log(platform: &Platform, log_name: &str) -> Result<OpenedLog> {
    SealedLog::open(platform.files.clone(), platform.keys.clone(), log_name, config::HISTORY_CAPS)
        .map(OpenedLog)
}

/// Creates the sealed history of a profile, durably, holding `records`.
fn create_history(
    platform: &Platform,
    log_name: &str,
    records: &[Vec<u8>],
    call: &mut Call,
) -> Result<History> {
    let mut log = open_log(platform, log_name)?.0.log;
    match log.rewrite(records, &mut call.random) {
        // Created; what is left is the key of an empty file. The log tries again and `doctor` tells.
        Ok(()) | Err(Error::ErasurePending { .. }) => {}
        Err(error) => return Err(error),
    }
    History::new(Box::new(log), &Records::of(records)?)
}

/// Whether the profile may have a file: also when that cannot be told now.
fn has_files(platform: &Platform, entry: &ProfileEntry) -> bool {
    let prefix = format!("{}.", entry.log_name());
    platform.files.list().map_or(true, |names| names.iter().any(|name| name.starts_with(&prefix)))
}

/// Marks the active profile as being erased and erases it.
pub(super) fn begin_erasure(
    platform: &Platform,
    control: &mut ControlFile,
    call: &mut Call,
    findings: &mut Vec<Finding>,
) {
    control.active_mut().erasing = true;
    // Without the mark on disk the missing key still tells the next open.
    let _ = control.save(&mut call.random);
    finish_erasures(platform, control, call, findings);
}

/// Tries to complete every erasure that was begun. What cannot be completed stays marked, and is reported.
fn finish_erasures(
    platform: &Platform,
    control: &mut ControlFile,
    call: &mut Call,
    findings: &mut Vec<Finding>,
) {
    let mut changed = false;
    for entry in control.profiles_mut().iter_mut().filter(|entry| entry.erasing) {
        let log_name = entry.log_name();
        match SealedLog::erase_unopened(platform.files.clone(), platform.keys.clone(), &log_name) {
            Ok(()) => {
                entry.erasing = false;
                changed = true;
            }
            Err(_) => findings.push(Finding::ErasurePending),
        }
    }
    if changed {
        let _ = control.save(&mut call.random);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(person: &mut Person, numbers: std::ops::Range<usize>, now_ms: i64) {
        let items: Vec<String> = numbers.map(|number| format!("item-{number:05}")).collect();
        person.show(items.iter().map(String::as_str), now_ms);
    }

    #[test]
    fn what_was_shown_longest_ago_makes_room() {
        let mut person = Person::empty(PersonalizationLevel::Session).unwrap();
        let answers = MAX_SHOWN / 10 + 50;
        for (answer, now_ms) in (0..answers).zip(0..) {
            show(&mut person, 10 * answer..10 * answer + 10, now_ms);
            assert_eq!(person.shown().len(), (10 * answer + 10).min(MAX_SHOWN));
        }
        assert_eq!(person.shown().values().min(), Some(&50), "the newest answers are there, whole");
        show(&mut person, 500..510, 1_000);
        assert_eq!(person.shown()["item-00505"], 1_000, "shown again, it is the newest");
        person.forget_shown();
        // All at once, so that none is the oldest.
        show(&mut person, 0..MAX_SHOWN + 7, 0);
        assert_eq!(person.shown().len(), MAX_SHOWN);
    }
}
