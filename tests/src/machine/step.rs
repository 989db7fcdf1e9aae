//! What can happen: calls of the app, mishaps in the middle of them, the clock, restarts. Plain data, so that a
//! sequence can be shortened and printed; `dice` draws it.

use tastekeeper::PersonalizationLevel as Level;

use super::deed::Deed;
use super::plan::Plan;

/// One public call.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "named like the methods")]
pub enum Call {
    /// The deed, how long ago it was in milliseconds, and its id.
    Track(Deed, Option<i64>, Option<u32>),
    TrackAll(Vec<(Deed, Option<i64>, Option<u32>)>),
    Recommend(Plan),
    /// Continues the answer with this number.
    Next(usize),
    Explain(usize),
    Rerank(Vec<u32>),
    Categories,
    SetLevel(Level, Option<u32>),
    /// One of [`platform_signals`](super::calls::platform_signals).
    Cmp(usize),
    Protect(bool),
    Kill(bool),
    Pause(bool),
    Private(bool),
    Interest(u32, Option<bool>),
    Forget(Scope),
    /// Ends (`false`) or resumes learning from what the scope names.
    Learn(Scope, bool),
    Switch(usize),
    Merge(usize),
    Delete(usize),
    Upsert(u32, Offer),
    Patch(u32, bool),
    Remove(u32),
    /// A version, and the way it is loaded.
    Load(u64, Way),
    /// Everything that only reads: receipts and their document, profiles, statistics, pages of the history.
    Read,
    WarmUp,
    Close,
}

/// How a model pack is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named like the methods")]
pub enum Way {
    Install,
    Bytes,
    Path,
}

/// What is forgotten.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "named like the scopes")]
pub enum Scope {
    /// The event at this place of the history, counted round.
    Event(usize),
    Item(u32),
    Category(u32),
    /// Everything since this many milliseconds ago.
    Since(i64),
    Everything,
}

/// What the app says of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// `None`: as in the model.
    pub category: Option<u32>,
    /// `None`: as in the model.
    pub brand: Option<u32>,
    /// Whole units.
    pub price: Option<u32>,
    /// Whether it can be had.
    pub available: bool,
    /// Whether it leaves the shop two days after it was upserted.
    pub expires: bool,
}

/// Something that goes wrong at an operation on files or keys, counted from the start of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mishap {
    /// The operation.
    pub at: u64,
    /// What happens.
    pub kind: Trouble,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The process dies; a key operation in flight happened or not.
    Kill(bool),
    /// The power goes, in one of the ways of [`Variant::all`](crate::fault::Variant::all).
    PowerCut(usize),
    /// No space for this operation.
    Full,
    /// This operation fails.
    Error,
    /// This operation works and says that it failed.
    Late,
}

/// What is wrong until further notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// All is well.
    Fair,
    /// Nothing can be written any more, not even a key.
    Full,
    /// No file can be written any more.
    ReadOnly,
    /// The random source fails.
    NoRandom,
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The app closes the engine.
    Close,
    /// The process is killed.
    Kill,
    /// The power goes, in one of the ways of [`Variant::all`](crate::fault::Variant::all).
    PowerCut(usize),
}

/// Keys the host lost while the app did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Of the history of the profile with this number.
    History(u32),
    /// Of the catalogue.
    Catalogue,
    /// Of the consent state: only a reset makes the store usable.
    Consent,
    /// No key: one of the two copies of the consent state is damaged, which must change nothing.
    Copy(u8),
}

/// What the app decides when it opens the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The profile, see [`profile_name`](super::calls::profile_name).
    pub profile: usize,
    /// The level is never above this.
    pub max_level: Level,
    /// Notices that count; all if there is none.
    pub notices: Vec<u32>,
    /// Days of retention.
    pub days: u32,
    /// Most events.
    pub max_events: usize,
    /// Whether events survive a power cut.
    pub power: bool,
    /// Minutes until a visit is over.
    pub idle_minutes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: 0,
            max_level: Level::Shared,
            notices: Vec::new(),
            days: 90,
            max_events: 5_000,
            power: true,
            idle_minutes: 30,
        }
    }
}

/// One step of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The app calls.
    Call(Call, Option<Mishap>),
    /// The clock moves by this many milliseconds, in either direction.
    Clock(i64),
    /// The process ends and another one opens the engine.
    Reopen {
        /// How it ends.
        stop: Stop,
        /// What the next one is opened with.
        settings: Settings,
        /// What was lost in between.
        loss: Option<Loss>,
        /// What goes wrong while opening.
        mishap: Option<Mishap>,
        /// Whether the app loads its model at once.
        load: bool,
    },
    /// Something goes wrong until further notice.
    Weather(Weather),
    /// The app erases everything and starts again.
    Reset,
}
