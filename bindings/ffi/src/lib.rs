//! The engine for Kotlin, Swift and Python: the types of [`tastekeeper`], as [uniffi](https://mozilla.github.io/uniffi-rs/)
//! can carry them into other languages.
//!
//! In: plain records and three classes of the app (clock, random source, key custodian). Out: plain records, or one
//! [`TastekeeperError`]. Must never: decide anything, keep data of a person, or write without a key. Every exported call returns
//! a `Result`, because a panic in a call that declares no error would end a Swift process.
//!
//! ```text
//! recommender, controls   the one object, call by call
//! stores                  what works without an open recommender
//! host                    the app's clock, randomness and keys ──► a platform
//! config, items, events, requests, answers, consent, cmp, rights, reports, health
//!                         records, with their conversions
//! ga4                     analytics events ──► events
//! error, mirror           errors; enums that exist on both sides
//! ```

mod answers;
mod cmp;
mod config;
mod consent;
mod controls;
mod error;
mod events;
mod ga4;
mod health;
mod host;
mod items;
mod mirror;
mod recommender;
mod reports;
mod requests;
mod rights;
mod stores;

pub use answers::{
    CategoryRecommendation, Explanation, ExplanationPart, Reason, Recommendation, Recommendations, Source,
    Via,
};
pub use cmp::{CmpDecision, CmpOutcome, CmpPolicy, CmpReason, CmpSource, OptOut, SignalValue};
pub use config::{Config, Durability};
pub use consent::{
    Consent, ConsentMethod, ConsentState, Origin, PersonalizationLevel, Receipt, ReceiptConsent,
    VerifiedReceipts,
};
pub use error::{HostError, Result, TastekeeperError};
pub use events::{Event, EventKind, IgnoredReason, Subject, Tracked};
pub use ga4::events_from_ga4;
pub use health::{
    Finding, Hits, Stats, StoreContents, StoreFinding, StoredHistory, StoredProfile, StoredReport,
};
pub use host::{Clock, KeyCustodian, SecureRandom};
pub use items::{Availability, Item, ItemPatch, ModelInfo};
pub use recommender::Recommender;
pub use reports::{NamedTopic, Odds, Report, ReportLogEntry, ReportPreview, ReportState};
pub use requests::{
    Boost, Context, Filter, MinRelevance, Pin, RecommendationKind, Request, Retrieval, SameAs,
};
pub use rights::{
    BadRating, CartItem, Forget, HistoryAction, HistoryEntry, Imported, Interest, ProfileSummary, Share,
};
pub use stores::{
    MainParameter, ParameterTopic, ParameterWeight, git_sha, inspect_store, is_sensitive, main_parameters,
    policy_json, reset_store, verify_receipts, version,
};

uniffi::setup_scaffolding!();
