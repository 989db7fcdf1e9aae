//! Several people on one phone: each has a history, a level and receipts of their own.

use super::Recommender;
use super::person::Person;
use crate::consent::PersonalizationLevel;
use crate::error::{Error, Result};
use crate::event::check_id;
use crate::mutant;
use crate::store::SealedLog;

impl Recommender {
    /// The names of all profiles, in the order they were made.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn profiles(&self) -> Result<Vec<String>> {
        self.call(|inner, _| {
            Ok(inner.control.profiles().iter().map(|profile| profile.name.clone()).collect())
        })
    }

    /// Makes another profile the active one; a new name starts at level Off. What only lived for the visit of the
    /// profile before is gone.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there are too many; a storage or key error, and then the profile stays.
    pub fn switch_profile(&self, name: &str) -> Result<()> {
        check_id("name", name)?;
        self.call(|inner, call| {
            let before = inner.control.active().name.clone();
            if before == name {
                return Ok(());
            }
            inner.control.activate(name)?;
            let opened =
                Person::open(&self.platform, &self.config, &mut inner.control, call, &mut inner.findings);
            match opened {
                Ok(person) => {
                    inner.forget_answers();
                    if !mutant!(SwitchKeepsHistory) {
                        inner.replace_person(person);
                    }
                    Ok(())
                }
                Err(error) => {
                    inner.control.activate(&before)?;
                    Err(error)
                }
            }
        })
    }

    /// Moves the history of the profile `from` into the active profile and deletes `from`. Both must be at level
    /// OnDevice or above.
    ///
    /// # Errors
    /// [`Error::ConsentRequired`] when one of them is not; [`Error::InvalidArgument`] for an unknown or the active
    /// profile; a storage or key error, and then both are as they were, or the events are in both.
    ///
    /// # Privacy
    /// The merged history is the active profile's from now on: its level and its controls apply.
    pub fn merge_profile(&self, from: &str) -> Result<()> {
        self.call(|inner, call| {
            let into = inner.control.active().name.clone();
            self.check_other(inner, from, &into)?;
            let level = inner.level(&self.config, call.now_ms);
            inner.control.activate(from)?;
            let from_level = inner.level(&self.config, call.now_ms);
            let enough = level.min(from_level) >= PersonalizationLevel::OnDevice;
            let source = if enough {
                Person::open(&self.platform, &self.config, &mut inner.control, call, &mut inner.findings)
            } else {
                Err(Error::ConsentRequired {
                    reason: "both profiles must be at level OnDevice or above".into(),
                })
            };
            inner.control.activate(&into)?;
            let source = source?;
            inner.person.history.adopt(&source.history, &mut call.random)?;
            inner.person.refold();
            inner.forget_answers();
            self.delete(inner, call, from)
        })
    }

    /// Erases a profile: its history, key first, its consent and its receipts. May block on disk and on the key custodian.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an unknown or the active profile; [`Error::ErasurePending`] when something could
    /// not be removed yet; every open tries again.
    pub fn delete_profile(&self, name: &str) -> Result<()> {
        self.call(|inner, call| {
            let active = inner.control.active().name.clone();
            self.check_other(inner, name, &active)?;
            self.delete(inner, call, name)
        })
    }

    fn check_other(&self, inner: &super::Inner, name: &str, active: &str) -> Result<()> {
        if name == active {
            return Err(Error::invalid("name", "is the active profile"));
        }
        if inner.control.profiles().iter().all(|profile| profile.name != name) {
            return Err(Error::invalid("name", "names no profile"));
        }
        Ok(())
    }

    fn delete(&self, inner: &mut super::Inner, call: &mut super::Call, name: &str) -> Result<()> {
        let found = inner.control.profiles().iter().find(|profile| profile.name == name);
        let Some(log_name) = found.map(super::control::ProfileEntry::log_name) else { return Ok(()) };
        for profile in inner.control.profiles_mut().iter_mut().filter(|profile| profile.name == name) {
            profile.erasing = true;
            profile.consent = crate::consent::ProfileConsent::default();
        }
        let pending = |error: Error| Error::ErasurePending { reason: error.to_string() };
        let marked = inner.control.save(&mut call.random);
        if !mutant!(DeleteLeavesFile) {
            SealedLog::erase_unopened(self.platform.files.clone(), self.platform.keys.clone(), &log_name)
                .map_err(pending)?;
        }
        inner.control.profiles_mut().retain(|profile| profile.name != name);
        let removed = inner.control.save(&mut call.random);
        if marked.is_err() { removed.map_err(pending) } else { Ok(()) }
    }
}
