//! Who may keep what: the four levels, the receipts behind them, and the gate every event passes.
//!
//! Enters: a level with a consent, and events. Leaves: [`AdmittedEvent`]s (the only thing that can be kept) and
//! [`PersonalGrant`]s (the only way to read a profile for ranking).
//! Must never: raise a level without a live receipt, or let anything personal through at Off.
//!
//! # Shortcuts that do not compile
//!
//! An app cannot make what the gate makes. An event that was not admitted:
//!
//! ```compile_fail,E0451
//! use tastekeeper::consent::AdmittedEvent;
//! fn around_the_gate(event: AdmittedEvent) -> AdmittedEvent {
//!     AdmittedEvent { ..event } // private fields
//! }
//! ```
//!
//! A grant to read a profile, or a gate that gives one:
//!
//! ```compile_fail,E0451
//! use tastekeeper::consent::PersonalGrant;
//! let grant = PersonalGrant { _gate: std::marker::PhantomData }; // a private field
//! ```
//!
//! ```compile_fail,E0624
//! use tastekeeper::{PersonalizationLevel, consent::Gate};
//! let gate = Gate::new(PersonalizationLevel::OnDevice, false); // only the engine, from the consent in force
//! ```
//!
//! A grant that outlives the moment it was given for:
//!
//! ```compile_fail,E0515
//! use tastekeeper::consent::{Gate, PersonalGrant};
//! fn keep<'a>(gate: Gate) -> Option<PersonalGrant<'a>> {
//!     gate.personal() // borrows from `gate`
//! }
//! ```
//!
//! An admitted event that is kept twice:
//!
//! ```compile_fail,E0382
//! use tastekeeper::consent::AdmittedEvent;
//! fn twice(event: AdmittedEvent) -> (AdmittedEvent, AdmittedEvent) {
//!     (event, event) // neither `Copy` nor `Clone`
//! }
//! ```

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::event::{IgnoredReason, StoredEvent, ValidEvent};
use crate::mutant;

pub mod cmp;
mod receipt;
pub(crate) use receipt::ReceiptChain;
pub use receipt::{Consent, ConsentMethod, Receipt};

/// How personal the shop may be. Ordered: a later level includes what an earlier one allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PersonalizationLevel {
    /// Nothing about the person is kept, read or written.
    #[default]
    Off,
    /// Memory only: gone when the recommender closes or after 30 idle minutes.
    Session,
    /// Sealed history and profile on this phone.
    OnDevice,
    /// The same, and the shopper agreed to share coarse preference reports.
    Shared,
}

/// What is known of the shopper's consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsentState {
    /// No answer was ever recorded.
    NotAsked,
    /// A live receipt allows this level.
    Granted {
        /// The level the receipt allows.
        level: PersonalizationLevel,
        /// When it ends, in milliseconds since 1970-01-01 UTC.
        expires_ms: i64,
    },
    /// The receipt ended; the level is Off until the shopper is asked again.
    Expired,
    /// The shopper chose Off.
    Withdrawn,
}

/// 13 months, as 13 x 30.44 days, rounded to 396 days.
pub(crate) const CONSENT_LIFETIME_MS: i64 = 396 * DAY_MS;
/// How long sealed data outlives an expired consent before it is erased.
pub(crate) const EXPIRED_GRACE_MS: i64 = 30 * DAY_MS;
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The consent of one profile on this phone. Holds no behaviour.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProfileConsent {
    pub(crate) level: PersonalizationLevel,
    pub(crate) expires_ms: i64,
    pub(crate) paused: bool,
    pub(crate) receipts: ReceiptChain,
}

impl ProfileConsent {
    /// The level in force at `now_ms`, never above `cap`.
    pub(crate) fn effective(&self, now_ms: i64, cap: PersonalizationLevel) -> PersonalizationLevel {
        if self.is_expired(now_ms) { PersonalizationLevel::Off } else { self.level.min(cap) }
    }

    pub(crate) fn is_expired(&self, now_ms: i64) -> bool {
        self.level > PersonalizationLevel::Off && now_ms >= self.expires_ms
    }

    pub(crate) fn state(&self, now_ms: i64) -> ConsentState {
        if self.is_expired(now_ms) {
            ConsentState::Expired
        } else if self.level > PersonalizationLevel::Off {
            ConsentState::Granted { level: self.level, expires_ms: self.expires_ms }
        } else if self.receipts.is_empty() {
            ConsentState::NotAsked
        } else {
            ConsentState::Withdrawn
        }
    }

    /// Records a new level, with its receipt.
    ///
    /// # Errors
    /// [`Error::ConsentRequired`] when the level rises without a consent.
    pub(crate) fn set_level(
        &mut self,
        level: PersonalizationLevel,
        consent: Option<&Consent>,
        now_ms: i64,
        cap: PersonalizationLevel,
    ) -> Result<()> {
        if level > cap {
            return Err(Error::ConsentRequired {
                reason: "the configuration caps the level below this".into(),
            });
        }
        let rises = level > self.effective(now_ms, cap);
        if rises && consent.is_none() && !mutant!(RaiseWithoutConsent) {
            return Err(Error::ConsentRequired { reason: "raising the level needs a consent record".into() });
        }
        if let Some(consent) = consent {
            consent.check()?;
        }
        if rises || consent.is_some() {
            self.expires_ms = now_ms.saturating_add(CONSENT_LIFETIME_MS);
        }
        self.level = level;
        self.receipts.append(level, consent, now_ms, self.expires_ms);
        Ok(())
    }
}

/// Where an admitted event may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    Memory,
    Disk,
}

/// An event the shopper's consent allows to be kept. Only [`Gate::admit`] makes one, and what keeps it consumes it; see
/// the [module](self) for the shortcuts that do not compile.
#[derive(Debug)]
pub struct AdmittedEvent {
    event: StoredEvent,
    keeping: Keeping,
}

impl AdmittedEvent {
    pub(crate) fn into_parts(self) -> (StoredEvent, Keeping) {
        (self.event, self.keeping)
    }
}

/// Proof that a profile may be used for ranking, for as long as the gate that gave it is borrowed. Only
/// [`Gate::personal`] gives one.
#[derive(Clone, Copy, Debug)]
pub struct PersonalGrant<'gate> {
    _gate: std::marker::PhantomData<&'gate Gate>,
}

/// The decision of one moment: built from the consent in force when a call began.
#[derive(Debug)]
pub struct Gate {
    level: PersonalizationLevel,
    paused: bool,
}

impl Gate {
    pub(crate) fn new(level: PersonalizationLevel, paused: bool) -> Self {
        Self { level, paused }
    }

    /// The level in force.
    #[must_use]
    pub fn level(&self) -> PersonalizationLevel {
        self.level
    }

    /// Turns a valid event into one that may be kept, or says why not.
    ///
    /// # Errors
    /// The reason, which is an answer and not a failure.
    pub fn admit(&self, event: ValidEvent) -> std::result::Result<AdmittedEvent, IgnoredReason> {
        let keeping = match self.level {
            PersonalizationLevel::Off if mutant!(AdmitAtOff) => Keeping::Disk,
            PersonalizationLevel::Off => return Err(IgnoredReason::LevelOff),
            PersonalizationLevel::Session => Keeping::Memory,
            PersonalizationLevel::OnDevice | PersonalizationLevel::Shared => Keeping::Disk,
        };
        if self.paused {
            return Err(IgnoredReason::Paused);
        }
        match event.kept {
            Some(event) => Ok(AdmittedEvent { event, keeping }),
            None => Err(IgnoredReason::NotKept),
        }
    }

    /// The grant to use a profile for ranking; `None` at Off.
    #[must_use]
    pub fn personal(&self) -> Option<PersonalGrant<'_>> {
        (self.level > PersonalizationLevel::Off).then_some(PersonalGrant { _gate: std::marker::PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_lowers_to_off_and_needs_a_new_consent() {
        let mut consent = ProfileConsent::default();
        let cap = PersonalizationLevel::Shared;
        assert_eq!(consent.state(0), ConsentState::NotAsked);
        let asked = Consent::new("2026-01");
        consent.set_level(PersonalizationLevel::OnDevice, Some(&asked), 0, cap).expect("has a consent");
        assert_eq!(consent.effective(CONSENT_LIFETIME_MS - 1, cap), PersonalizationLevel::OnDevice);
        assert_eq!(consent.effective(CONSENT_LIFETIME_MS, cap), PersonalizationLevel::Off);
        assert_eq!(consent.state(CONSENT_LIFETIME_MS), ConsentState::Expired);
        let again = consent.set_level(PersonalizationLevel::OnDevice, None, CONSENT_LIFETIME_MS, cap);
        assert!(matches!(again, Err(Error::ConsentRequired { .. })));
    }

    #[test]
    fn lowering_needs_no_consent() {
        let mut consent = ProfileConsent::default();
        let cap = PersonalizationLevel::Shared;
        consent.set_level(PersonalizationLevel::Shared, Some(&Consent::new("1")), 0, cap).expect("raise");
        consent.set_level(PersonalizationLevel::Session, None, 1, cap).expect("lower");
        assert!(consent.set_level(PersonalizationLevel::OnDevice, None, 2, cap).is_err());
        consent.set_level(PersonalizationLevel::Off, None, 3, cap).expect("off");
        assert_eq!(consent.state(3), ConsentState::Withdrawn);
    }

    #[test]
    fn the_cap_holds() {
        let mut consent = ProfileConsent::default();
        let cap = PersonalizationLevel::Session;
        let raised = consent.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("1")), 0, cap);
        assert!(raised.is_err());
    }
}
