//! The small state that outlives every erasure: who is on this phone, what they agreed to, which packs were installed, what
//! was shared.
//!
//! Holds no behaviour but the noise of the reports that were drawn. Kept in two sealed copies, so that damage to one loses
//! nothing and damage to both can only lower the level and end sharing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Finding, Platform};
use crate::codec;
use crate::consent::{PersonalizationLevel, ProfileConsent};
use crate::error::{Error, Result};
use crate::model::KnownPack;
use crate::mutant;
use crate::report::Ledger;
use crate::store::{self, CallRandom, SealedLog, SealedState};

mod versions;
use versions::decode_control;

/// Version byte of [`Control`].
const CONTROL_VERSION: u8 = 4;
/// The name of the state's files and key.
const CONTROL: &str = "control";
/// Most profiles on one phone.
pub(super) const MAX_PROFILES: usize = 8;
/// Most model ids whose newest version is remembered.
const MAX_MODELS: usize = 16;

/// One person on this phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ProfileEntry {
    /// Names the files; never used again after the profile is deleted.
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) consent: ProfileConsent,
    /// An erasure was begun and is not known to be finished.
    pub(super) erasing: bool,
    /// Guarded topics may enter reports.
    pub(super) shares_guarded: bool,
}

impl ProfileEntry {
    /// The name of the profile's history log.
    pub(super) fn log_name(&self) -> String {
        log_name(self.number)
    }
}

fn log_name(number: u32) -> String {
    format!("p{number}")
}

/// The newest version of a model pack that was ever installed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct InstalledModel {
    model_id: String,
    pack_version: u64,
    /// How the file is told that was verified then.
    known: Option<KnownPack>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Control {
    profiles: Vec<ProfileEntry>,
    active: u32,
    next_number: u32,
    models: Vec<InstalledModel>,
    /// The kill switch: nobody on this phone is learned from.
    stopped: bool,
    /// What was drawn, spent and sent: one for all profiles.
    ledger: Ledger,
}

impl Control {
    /// Makes reports follow the consents: what waits falls with the consent, and so does the switch of guarded topics.
    fn obey(&mut self) {
        // A profile that is being erased agreed to nothing any more, whatever it had agreed to.
        let shares =
            |entry: &ProfileEntry| entry.consent.level == PersonalizationLevel::Shared && !entry.erasing;
        let profiles = &self.profiles;
        self.ledger.obey(&|number| profiles.iter().find(|entry| entry.number == number).map(shares));
        for entry in &mut self.profiles {
            entry.shares_guarded &= shares(entry);
        }
    }
}

/// Reads the state without a profile being active and without repairing anything, with what reading found.
///
/// # Errors
/// When it is damaged, or its key is not there.
pub(super) fn read(platform: &Platform, random: &mut CallRandom) -> Result<(Control, Vec<store::Finding>)> {
    let loaded = SealedState::new(platform.files.clone(), platform.keys.clone(), CONTROL).load()?;
    if loaded.findings.contains(&store::Finding::MissingKey) {
        return Err(Error::KeyUnavailable { reason: "the key of the consent state is not there".into() });
    }
    let control = match loaded.blob {
        Some(blob) => decode_control(&blob, random).map_err(|error| error.of("the consent state"))?,
        None => Control::default(),
    };
    Ok((control, loaded.findings))
}

impl Control {
    pub(super) fn profiles(&self) -> &[ProfileEntry] {
        &self.profiles
    }

    /// Whether the kill switch is on.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// What was drawn, spent and sent.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

/// The control state with its file.
pub(super) struct ControlFile {
    file: SealedState,
    control: Control,
    /// Whether memory is ahead of the file.
    unsaved: bool,
    /// A private session is on. In memory only: it ends with the process.
    private: bool,
}

impl ControlFile {
    /// Reads the state and makes `profile` the active one. Nothing is written, unless both copies are damaged: then
    /// nobody's consent is known any more, every history is erased, and nothing is shared again, because nobody knows what
    /// was.
    pub(super) fn open(
        platform: &Platform,
        profile: &str,
        random: &mut CallRandom,
        findings: &mut Vec<Finding>,
    ) -> Result<Self> {
        let mut file = SealedState::new(platform.files.clone(), platform.keys.clone(), CONTROL);
        let control = match file.load() {
            Ok(loaded) if loaded.findings.contains(&store::Finding::MissingKey) => {
                return Err(Error::KeyUnavailable {
                    reason: "the key of the consent state is lost; only a reset makes the store usable"
                        .into(),
                });
            }
            Ok(loaded) => {
                findings
                    .extend(loaded.findings.iter().map(|&finding| Finding::Store { log: CONTROL, finding }));
                match loaded.blob {
                    Some(blob) => {
                        match decode_control(&blob, random).map_err(|error| error.of("the consent state")) {
                            Ok(control) => Some(control),
                            Err(Error::StorageCorrupt { .. }) => None,
                            Err(error) => return Err(error),
                        }
                    }
                    None => Some(Control::default()),
                }
            }
            Err(Error::StorageCorrupt { .. }) => None,
            Err(error) => return Err(error),
        };
        let control = match control {
            Some(control) => control,
            None => {
                findings.push(Finding::ConsentLost);
                let next_number = next_free_number(platform)?;
                erase_all_histories(platform)?;
                let control = Control { next_number, ledger: Ledger::lost(), ..Control::default() };
                // Until this succeeds the copies stay damaged, and every open finds the same.
                let _ = file.replace_damaged(&encode_control(&control)?, random);
                control
            }
        };
        let mut this = Self { file, control, unsaved: false, private: false };
        this.activate(profile)?;
        Ok(this)
    }

    /// Makes `name` the active profile; a new one starts without consent.
    pub(super) fn activate(&mut self, name: &str) -> Result<()> {
        let found =
            self.control.profiles.iter().find(|profile| profile.name == name).map(|profile| profile.number);
        let number = match found {
            Some(number) => number,
            None if self.control.profiles.len() == MAX_PROFILES => {
                return Err(Error::invalid(
                    "profile",
                    format!("at most {MAX_PROFILES} profiles fit on one phone"),
                ));
            }
            None => {
                let number = self.control.next_number;
                self.control.next_number += 1;
                self.control.profiles.push(ProfileEntry {
                    number,
                    name: name.to_owned(),
                    consent: ProfileConsent::default(),
                    erasing: false,
                    shares_guarded: false,
                });
                number
            }
        };
        self.control.active = number;
        Ok(())
    }

    pub(super) fn active(&self) -> &ProfileEntry {
        let active = self.control.active;
        self.control.profiles.iter().find(|profile| profile.number == active).expect("activate() made it")
    }

    pub(super) fn active_mut(&mut self) -> &mut ProfileEntry {
        let active = self.control.active;
        self.control.profiles.iter_mut().find(|profile| profile.number == active).expect("activate() made it")
    }

    /// The level in force, at most `cap`.
    pub(super) fn level(&self, now_ms: i64, cap: PersonalizationLevel) -> PersonalizationLevel {
        let level = self.active().consent.effective(now_ms, cap);
        if self.private && !mutant!(PrivateIsKept) { level.min(PersonalizationLevel::Session) } else { level }
    }

    /// Whether a private session is on.
    pub(super) fn is_private(&self) -> bool {
        self.private
    }

    pub(super) fn set_private(&mut self, on: bool) {
        self.private = on;
    }

    /// Whether the kill switch is on.
    pub(super) fn is_stopped(&self) -> bool {
        self.control.stopped
    }

    /// Turns the kill switch, durably. In memory it is on even if that fails.
    pub(super) fn stop(&mut self, on: bool, random: &mut CallRandom) -> Result<()> {
        let before = std::mem::replace(&mut self.control.stopped, on);
        if mutant!(StopOnlyInMemory) {
            return Ok(());
        }
        self.save(random).inspect_err(|_| self.control.stopped = before || on)
    }

    /// Ends, in every profile, the consents to notices that are no longer accepted.
    pub(super) fn end_outdated(&mut self, accepted: &[String], now_ms: i64, random: &mut CallRandom) {
        let mut ended = false;
        for profile in &mut self.control.profiles {
            ended |= profile.consent.end_if_outdated(accepted, now_ms);
        }
        if ended {
            // If this fails, the next open finds the same.
            let _ = self.save(random);
        }
    }

    pub(super) fn profiles(&self) -> &[ProfileEntry] {
        &self.control.profiles
    }

    pub(super) fn profiles_mut(&mut self) -> &mut Vec<ProfileEntry> {
        &mut self.control.profiles
    }

    /// The newest installed version of a model, if one was ever installed.
    pub(super) fn installed_version(&self, model_id: &str) -> Option<u64> {
        self.control.models.iter().find(|model| model.model_id == model_id).map(|model| model.pack_version)
    }

    /// The packs that were verified and need not be again.
    pub(super) fn known_packs(&self) -> Vec<KnownPack> {
        self.control.models.iter().filter_map(|model| model.known.clone()).collect()
    }

    /// Remembers an installed version, durably if it is newer than what is known, and how its file is told, if `known` says.
    pub(super) fn remember_model(
        &mut self,
        model_id: &str,
        pack_version: u64,
        known: Option<KnownPack>,
        random: &mut CallRandom,
    ) -> Result<()> {
        let installed = self.installed_version(model_id) == Some(pack_version);
        if installed && known.is_none() {
            return Ok(());
        }
        let before = self.control.models.clone();
        self.control.models.retain(|model| model.model_id != model_id);
        self.control.models.push(InstalledModel { model_id: model_id.to_owned(), pack_version, known });
        if self.control.models.len() > MAX_MODELS {
            self.control.models.remove(0);
        }
        match self.save(random) {
            // Not to know a file again costs time and nothing else.
            Err(_) if installed => {
                self.control.models = before;
                Ok(())
            }
            saved => saved.inspect_err(|_| self.control.models = before),
        }
    }

    /// What was drawn, spent and sent.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.control.ledger
    }

    /// The ledger, to be changed. The change counts after [`save`](Self::save).
    pub(super) fn ledger_mut(&mut self) -> &mut Ledger {
        self.unsaved = true;
        &mut self.control.ledger
    }

    /// Whether the last change is not on disk yet.
    pub(super) fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    /// Makes the state durable.
    pub(super) fn save(&mut self, random: &mut CallRandom) -> Result<()> {
        self.unsaved = true;
        self.control.obey();
        self.file.save(&encode_control(&self.control)?, random)?;
        self.unsaved = false;
        Ok(())
    }

    /// Puts a consent that ends sharing into force, also if it cannot be made durable.
    pub(super) fn end_sharing(&mut self, consent: ProfileConsent, random: &mut CallRandom) -> Result<()> {
        self.active_mut().consent = consent;
        self.save(random)
    }

    /// Changes the active profile durably, or not at all.
    pub(super) fn change(
        &mut self,
        random: &mut CallRandom,
        change: impl FnOnce(&mut ProfileEntry) -> Result<()>,
    ) -> Result<()> {
        let before = self.control.clone();
        let changed = change(self.active_mut()).and_then(|()| self.save(random));
        if changed.is_err() {
            self.control = before;
        }
        changed
    }
}

fn encode_control(control: &Control) -> Result<Vec<u8>> {
    codec::encode(CONTROL_VERSION, control)
        .map_err(|error| Error::Internal { reason: format!("the control state: {error}") })
}

/// Erases the consent state itself, for a reset. What was spent on reports stays, without what they said; a ledger that
/// is damaged stays a lost one.
pub(super) fn erase_control(platform: &Platform) -> Result<()> {
    let mut random = CallRandom::draw(&*platform.random);
    let mut file = SealedState::new(platform.files.clone(), platform.keys.clone(), CONTROL);
    let ledger = match file.load() {
        Ok(loaded) => loaded.blob.map(|blob| {
            decode_control(&blob, &mut random).map_or_else(|_| Ledger::lost(), |control| control.ledger)
        }),
        Err(Error::StorageCorrupt { .. }) => Some(Ledger::lost()),
        // Without its key nothing can be told of it: this is a new installation.
        Err(_) => None,
    };
    file.erase()?;
    match ledger.filter(|ledger| !ledger.is_unused()) {
        Some(ledger) => {
            let control = Control { ledger: ledger.without_contents(), ..Control::default() };
            file.save(&encode_control(&control)?, &mut random)
        }
        None => Ok(()),
    }
}

/// Erases the history of every profile that may have one: those with a file, those that the consent state knows, if it can
/// be read, and the first few in any case, because a key may be all that is left.
pub(super) fn erase_all_histories(platform: &Platform) -> Result<()> {
    let mut file = SealedState::new(platform.files.clone(), platform.keys.clone(), CONTROL);
    let blob = file.load().ok().and_then(|loaded| loaded.blob);
    let mut random = CallRandom::draw(&*platform.random);
    let control = blob.and_then(|blob| decode_control(&blob, &mut random).ok()).unwrap_or_default();
    let mut numbers: BTreeSet<u32> = history_numbers(platform)?.into_iter().collect();
    numbers.extend(control.profiles.iter().map(|profile| profile.number));
    numbers.extend((0..).take(MAX_PROFILES));
    for number in numbers {
        SealedLog::erase_unopened(platform.files.clone(), platform.keys.clone(), &log_name(number))?;
    }
    Ok(())
}

/// The numbers of all profiles that have a file, by the files' names.
fn history_numbers(platform: &Platform) -> Result<Vec<u32>> {
    let names = platform.files.list()?;
    let mut numbers: Vec<u32> =
        names.iter().filter_map(|name| name.strip_prefix('p')?.split('.').next()?.parse().ok()).collect();
    numbers.dedup();
    Ok(numbers)
}

fn next_free_number(platform: &Platform) -> Result<u32> {
    Ok(history_numbers(platform)?.into_iter().max().map_or(0, |number| number + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::SeededRandom;

    #[test]
    fn the_largest_state_fits_one_record() {
        let random = &mut CallRandom::draw(&SeededRandom::new(1));
        let text = || "x".repeat(64);
        let mut consent = ProfileConsent::default();
        let answer = crate::consent::Consent {
            notice_version: text(),
            locale: text(),
            surface: text(),
            ..crate::consent::Consent::new("1").with_notice_text("a notice")
        };
        let level = PersonalizationLevel::Shared;
        for time in 0..30 {
            consent.set_level(level, Some(&answer), i64::MAX - time, level, random).unwrap();
        }
        let name = |number| format!("{number}{}", "n".repeat(crate::event::MAX_ID_BYTES - 1));
        let profiles = (0..8).map(|number| ProfileEntry {
            number,
            name: name(number),
            consent: consent.clone(),
            erasing: false,
            shares_guarded: true,
        });
        let models = (0..16).map(|number| InstalledModel {
            model_id: name(number),
            pack_version: u64::MAX,
            known: Some(KnownPack::largest()),
        });
        let ledger = Ledger::largest();
        let control =
            Control { profiles: profiles.collect(), models: models.collect(), ledger, ..Control::default() };
        assert_eq!((control.profiles.len(), control.models.len()), (MAX_PROFILES, MAX_MODELS));
        codec::encode(CONTROL_VERSION, &control).unwrap();
    }
}
