//! Who may keep what: the four levels, the receipts behind them, and the gate every event passes.
//!
//! Enters: a level with a consent, and events. Leaves: [`AdmittedEvent`]s (the only thing that can be kept),
//! [`PersonalGrant`]s (the only way to read a profile for ranking) and [`ShareGrant`]s (half of what a report needs).
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
//! let gate = Gate::new(PersonalizationLevel::OnDevice, None); // only the engine, from the consent in force
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
//! A grant to share that nobody gave, or one that is used twice:
//!
//! ```compile_fail,E0451
//! use tastekeeper::consent::ShareGrant;
//! let grant = ShareGrant { _gate: std::marker::PhantomData }; // a private field
//! ```
//!
//! ```compile_fail,E0382
//! use tastekeeper::consent::ShareGrant;
//! fn twice<'gate>(grant: ShareGrant<'gate>) -> (ShareGrant<'gate>, ShareGrant<'gate>) {
//!     (grant, grant) // neither `Copy` nor `Clone`
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

use crate::event::{IgnoredReason, StoredEvent, ValidEvent};
use crate::mutant;

pub mod cmp;
mod export;
mod ledger;
mod receipt;

pub(crate) use export::export as export_receipts;
pub use export::{VerifiedReceipts, verify_receipts};
pub(crate) use ledger::{
    CONSENT_LIFETIME_MS, DAY_MS, EXPIRED_GRACE_MS, ProfileConsent, ProfileConsentV1, SESSION_IDLE_MINUTES,
};
pub(crate) use receipt::MAX_RECEIPTS;
pub use receipt::{Consent, ConsentMethod, Origin, Receipt};

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

/// What may be done with what is known of the shopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Purpose {
    /// Keep a sealed history on this phone.
    History,
    /// Rank by it.
    Personalise,
    /// Count, on this phone, what became of recommendations.
    Measure,
    /// Share coarse preference reports with the shop.
    Share,
}

impl PersonalizationLevel {
    /// What the level is for.
    #[must_use]
    pub fn purposes(self) -> &'static [Purpose] {
        match self {
            Self::Off => &[],
            Self::Session => &[Purpose::Personalise, Purpose::Measure],
            Self::OnDevice => &[Purpose::History, Purpose::Personalise, Purpose::Measure],
            Self::Shared => &[Purpose::History, Purpose::Personalise, Purpose::Measure, Purpose::Share],
        }
    }
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
    /// The same with what `narrow` leaves of the event, if it leaves anything.
    pub(crate) fn narrow(self, narrow: impl FnOnce(StoredEvent) -> Option<StoredEvent>) -> Option<Self> {
        narrow(self.event).map(|event| Self { event, ..self })
    }

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

/// Proof that a report may be shared at this moment. Only [`Gate::share`] gives one; a
/// [`Report`](crate::report::Report) consumes it.
#[derive(Debug)]
pub struct ShareGrant<'gate> {
    _gate: std::marker::PhantomData<&'gate Gate>,
}

/// The decision of one moment: built from the consent in force when a call began.
#[derive(Debug)]
pub struct Gate {
    level: PersonalizationLevel,
    /// Why nothing may be learned at a level that allows it.
    stopped: Option<IgnoredReason>,
}

impl Gate {
    pub(crate) fn new(level: PersonalizationLevel, stopped: Option<IgnoredReason>) -> Self {
        Self { level, stopped }
    }

    /// Whether anything may be learned.
    pub(crate) fn learns(&self) -> bool {
        self.level > PersonalizationLevel::Off && self.stopped.is_none()
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
    pub fn admit(&self, event: ValidEvent) -> Result<AdmittedEvent, IgnoredReason> {
        let keeping = match self.level {
            PersonalizationLevel::Off if mutant!(AdmitAtOff) => Keeping::Disk,
            PersonalizationLevel::Off => return Err(IgnoredReason::LevelOff),
            PersonalizationLevel::Session => Keeping::Memory,
            PersonalizationLevel::OnDevice | PersonalizationLevel::Shared => Keeping::Disk,
        };
        if let Some(reason) = self.stopped {
            return Err(reason);
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

    /// The grant to share one report; `None` below Shared, and while learning is stopped or paused.
    #[must_use]
    pub fn share(&self) -> Option<ShareGrant<'_>> {
        let shares = self.level == PersonalizationLevel::Shared && self.stopped.is_none();
        (shares || mutant!(ShareWithoutConsent)).then_some(ShareGrant { _gate: std::marker::PhantomData })
    }
}
