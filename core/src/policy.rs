//! What is kept, why, for how long, and what may leave: one table of plain data, made from the constants the engine runs on.
//!
//! Enters: an app's limits, or the default ones. Leaves: a [`Policy`] as records, its [`Numbers`] as words of a language, and
//! the [main parameters](main_parameters) of ranking in plain language. `tastekeeper disclosures` writes it out as papers.
//! Must never: hold a number that the engine does not obey. The constants below are the engine's own; all others are read
//! where they bind.
//!
//! ```
//! let policy = tastekeeper::policy();
//! assert_eq!(policy.numbers.retention_days, 90);
//! let searches = policy.events.iter().find(|event| event.kind == "Search").unwrap();
//! assert!(searches.fields.contains(&tastekeeper::policy::Field::Query));
//! ```

use serde::Serialize;

use crate::consent::{PersonalizationLevel, Purpose};

mod events;
mod language;
mod numbers;
mod parameters;
mod table;
mod words;

pub use language::Language;
pub use numbers::{Numbers, fill};
pub use parameters::{MainParameter, ParameterTopic, ParameterWeight, main_parameters};

/// How many answers of a visit are remembered.
pub(crate) const MAX_ANSWERS: usize = 32;
/// Most items whose last showing is remembered.
pub(crate) const MAX_SHOWN: usize = 1_000;

/// The policy of an app that changes no limit and allows every level.
#[must_use]
pub fn policy() -> Policy {
    Policy::new(Numbers::default(), PersonalizationLevel::Shared)
}

/// What is kept and why. Every sentence is English; the numbers in them are those of [`Policy::numbers`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Policy {
    /// The level is never above this: the app's own cap.
    pub max_level: PersonalizationLevel,
    /// Every number that is stated anywhere.
    pub numbers: Numbers,
    /// The ladder, lowest step first, up to `max_level`.
    pub levels: Vec<LevelPolicy>,
    /// What becomes of each kind of event.
    pub events: Vec<EventPolicy>,
    /// What is kept on the phone.
    pub kept: Vec<KeptData>,
    /// What may leave the phone. Empty below level Shared.
    pub leaves: Vec<LeavingData>,
    /// What is never kept.
    pub never_kept: Vec<NeverKept>,
    /// What it is for, and what allows it.
    pub purposes: Vec<PurposePolicy>,
    /// Who can read what is kept.
    pub readers: Vec<Reader>,
    /// How the shopper, the app and time erase it.
    pub erasures: Vec<ErasurePolicy>,
}

/// One step of the ladder.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LevelPolicy {
    /// The step.
    pub level: PersonalizationLevel,
    /// What may be kept of the person.
    pub keeps: String,
    /// What recommendations are made from.
    pub recommends_from: String,
    /// What the shopper agrees to.
    pub purposes: Vec<Purpose>,
}

/// What becomes of one kind of event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventPolicy {
    /// The name of the [`EventKind`](crate::EventKind).
    pub kind: String,
    /// Where it goes.
    pub destination: EventDestination,
    /// What is kept of it; empty unless it goes into the history.
    pub fields: Vec<Field>,
}

/// Where an event goes at a level that allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum EventDestination {
    /// Into the history: in memory at Session, sealed on this phone from OnDevice on.
    History,
    /// Used in memory for this visit, and gone with it.
    Visit,
    /// Nowhere.
    Dropped,
}

/// A field of a kept event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Field {
    /// When, to the millisecond.
    Time,
    /// Item ids.
    Items,
    /// A category id.
    Category,
    /// A brand.
    Brand,
    /// The words of a search, as typed.
    Query,
    /// How many.
    Quantity,
    /// The rating, -1 to 1.
    Rating,
    /// The app's own id of the event.
    EventId,
    /// Whether it is a gift, which is kept and not learned from.
    Gift,
}

/// Where something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Place {
    /// In the app's memory; gone when it ends.
    Memory,
    /// In memory at Session; in a sealed file of this phone from OnDevice on.
    MemoryThenSealedFile,
    /// In a sealed file of this phone.
    SealedFile,
    /// With the phone's key store.
    KeyStore,
}

/// One thing that is kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeptData {
    /// A name for it, for people and programs.
    pub name: String,
    /// What it holds.
    pub what: String,
    /// Whether it says what a person did or likes.
    pub is_behaviour: bool,
    /// The lowest level that keeps it.
    pub from_level: PersonalizationLevel,
    /// Where.
    pub place: Place,
    /// What for; empty for what the law or the engine itself needs.
    pub purposes: Vec<Purpose>,
    /// How long.
    pub how_long: String,
}

/// One thing that may leave the phone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeavingData {
    /// A name for it.
    pub name: String,
    /// The lowest level that allows it.
    pub from_level: PersonalizationLevel,
    /// What it holds.
    pub what: String,
    /// What it does not hold.
    pub what_not: String,
    /// How often, and how often at most.
    pub how_often: String,
    /// How much it can tell, as a mathematical promise.
    pub privacy_loss: String,
    /// Who sends it, and to whom.
    pub to_whom: String,
}

/// One thing that is never kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NeverKept {
    /// What.
    pub what: String,
    /// Why that is so.
    pub because: String,
}

/// A purpose and what allows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PurposePolicy {
    /// The purpose.
    pub purpose: Purpose,
    /// In words.
    pub what_for: String,
    /// The levels that include it.
    pub levels: Vec<PersonalizationLevel>,
    /// What allows it, in the law's words.
    pub legal_basis: String,
}

/// Somebody who can, or cannot, read what is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reader {
    /// Who.
    pub who: String,
    /// What of it.
    pub reads: String,
}

/// One way things are erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErasurePolicy {
    /// What brings it about.
    pub by: String,
    /// What is gone afterwards.
    pub erases: String,
}
