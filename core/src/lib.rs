//! On-device personalisation: sealed history, local recommendations, explanations.

pub mod consent;
pub mod error;
pub mod layout;
pub mod model;
#[cfg(feature = "mutants")]
pub mod mutants;
pub mod platform;
pub mod store;

mod catalog;
mod codec;
mod engine;
mod event;
mod explain;
mod history;
mod profile;
mod ranking;
mod rights;

pub use catalog::{Availability, Item, ItemPatch, MAX_CATALOG_ITEMS, MAX_ITEMS_PER_CALL};
pub use consent::{Consent, ConsentMethod, ConsentState, PersonalizationLevel, Receipt};
pub use engine::{
    CategoryRecommendation, Config, Finding, Hits, MAX_EVENTS_PER_CALL, Platform, Recommendation,
    Recommendations, Recommender, Stats,
};
pub use error::{Error, Result};
pub use event::{
    Event, EventKind, IgnoredReason, MAX_EVENT_ITEMS, MAX_ID_BYTES, MAX_QUANTITY, MAX_QUERY_BYTES, Subject,
    Tracked, ValidEvent,
};
pub use explain::{Explanation, ExplanationPart, Reason, Via};
pub use history::{EventRef, Forget, Interest};
pub use ranking::filter::{Filter, SameAs};
pub use ranking::request::{
    Boost, Context, MAX_BOOSTS, MAX_COUNT, MAX_IDS, MinRelevance, Pin, RecommendationKind, Request, Source,
};
pub use rights::{HistoryAction, HistoryEntry, ProfileSummary};

/// `true` when the named mutant is switched on. Without the `mutants` feature this is the constant `false`.
#[cfg(feature = "mutants")]
macro_rules! mutant {
    ($name:ident) => {
        $crate::mutants::is_active($crate::mutants::Mutant::$name)
    };
}
#[cfg(not(feature = "mutants"))]
macro_rules! mutant {
    ($name:ident) => {
        false
    };
}
pub(crate) use mutant;
