//! Recommendations that stay on the phone: a shopper's history and the shop's model live on the device, and every answer
//! is computed, explained and forgotten there. The shopper sets how personal the shop may be; the app hands in events and
//! items, and gets ranked items with reasons back.
//!
//! # How data flows
//!
//! ```text
//!          app events                                    shop's items   shop's model pack (signed)
//!               │                                             │                  │
//!               ▼                                             ▼                  ▼
//!  event ─▶ consent gate ─▶ sealed history ─▶ profile      catalogue ◀───────── model
//!                               │               │             │
//!                               │               └─▶ ranking ◀─┘─▶ explanation ─▶ recommendations
//!                               └─▶ rights: read, correct, forget, erase
//! ```
//!
//! [`Recommender`] is the one object an app holds; everything else is a plain record. The types keep the arrows: only
//! [`consent::Gate`] makes what the history accepts and what ranking asks for before it reads a profile.
//! `docs/architecture.md`, beside this crate's sources, walks through the modules.
//!
//! # Example
//!
//! Everything in memory, with a clock that stands still and reproducible randomness. A real app gives its own clock,
//! random source, key store and directory as a [`Platform`], and loads a model pack; `examples/quickstart` does both.
//!
//! ```
//! use std::sync::Arc;
//! use tastekeeper::platform::{FixedClock, SeededRandom};
//! use tastekeeper::{
//!     Config, Consent, Event, Forget, Item, PersonalizationLevel, Platform, Reason, RecommendationKind, Recommender,
//!     Request, Tracked,
//! };
//!
//! let clock = Arc::new(FixedClock::new(1_767_225_600_000));
//! let platform = Platform::in_memory(clock.clone(), Arc::new(SeededRandom::new(1)));
//! let shop = Recommender::open(Config::default(), platform)?;
//! shop.upsert_items(["kettle", "teapot", "mug"].map(Item::new).to_vec())?;
//!
//! // Nothing is kept until the shopper agrees.
//! assert!(matches!(shop.track(Event::view("teapot"))?, Tracked::Ignored(_)));
//! shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("2026-01")))?;
//! for item in ["teapot", "kettle"] {
//!     assert_eq!(shop.track(Event::view(item))?, Tracked::Stored);
//!     clock.advance(1_000);
//! }
//!
//! let answer = shop.recommend(Request::new(RecommendationKind::RecentlyViewed))?;
//! let ids: Vec<&str> = answer.items.iter().map(|item| item.item_id.as_str()).collect();
//! assert_eq!(ids, ["kettle", "teapot"]);
//! let why = shop.explain(&answer.recommendation_id, "kettle")?;
//! assert_eq!(why.parts[0].reason, Some(Reason::Viewed("kettle".into())));
//!
//! assert_eq!(shop.forget(Forget::Item("kettle".into()))?, 1);
//! let answer = shop.recommend(Request::new(RecommendationKind::RecentlyViewed))?;
//! assert_eq!(answer.items.len(), 1);
//! shop.set_level(PersonalizationLevel::Off, None)?; // the key is gone when this returns
//! # Ok::<(), tastekeeper::Error>(())
//! ```
//!
//! # Levels
//!
//! | [`PersonalizationLevel`] | what may be kept of the person | recommendations |
//! |---|---|---|
//! | `Off`, the default | nothing | from the request alone: related items, trending, new arrivals |
//! | `Session` | events in memory, until the recommender closes or the first call after 30 idle minutes | from this visit |
//! | `OnDevice` | a sealed history on this phone, by default 90 days or 5 000 events, whichever ends first | full |
//! | `Shared` | the same; and one coarse [`Report`] in 91 days may leave, see `docs/privacy.md` | full |
//!
//! Raising a level needs a [`Consent`]; lowering never does. A consent ends after 396 days, or when its notice is no longer
//! among [`Config::accepted_notices`], and the level is then Off. [`Recommender::set_protected`] caps the level of a child
//! at Session; [`Recommender::set_kill_switch`] stops learning for everybody on the phone;
//! [`Recommender::apply_cmp_signals`] lets a consent platform lower the level. Every change leaves a receipt.
//!
//! # What a call costs
//!
//! Calls block, and are answered one after the other under one lock. Every call first does what time has brought about:
//! the first one after midnight UTC may write the history anew, and one that finds the consent ended or the visit idle
//! opens the profile again. Otherwise:
//!
//! | calls | may block on | cost |
//! |---|---|---|
//! | [`open`](Recommender::open), [`switch_profile`](Recommender::switch_profile) | disk, key custodian | reads history (and catalogue); finishes interrupted erasures |
//! | [`track`](Recommender::track), [`track_all`](Recommender::track_all) | disk | one append for all events, with an fsync for [`Durability::Power`](store::Durability); at level Session neither |
//! | [`upsert_items`](Recommender::upsert_items), [`patch_items`](Recommender::patch_items), [`remove_items`](Recommender::remove_items) | disk, seldom the custodian | one append; now and then the log is written anew |
//! | [`load_model`](Recommender::load_model) | disk, key custodian | maps the pack; one that was verified here before is read once, a new one is verified as a whole and remembered durably |
//! | [`load_vocabulary`](Recommender::load_vocabulary) | disk | reads and checks the whole file; a new one is remembered durably |
//! | [`preview_report`](Recommender::preview_report), [`pending_report`](Recommender::pending_report), [`confirm_sent`](Recommender::confirm_sent) | disk | linear in the history; durable when they return, at most three times an epoch |
//! | [`recommend`](Recommender::recommend), [`recommend_next`](Recommender::recommend_next) | — | one scan over all items, or over what links lead to; more if variants of few products fill the answer. Allocates the answer and what is remembered of it |
//! | [`rerank`](Recommender::rerank), [`recommend_categories`](Recommender::recommend_categories) | — | linear in the list; linear in the categories, and after a change once in the model's items |
//! | [`explain`](Recommender::explain), [`level`](Recommender::level), [`consent_state`](Recommender::consent_state), [`receipts`](Recommender::receipts), [`export_receipts`](Recommender::export_receipts), [`owns_receipts`](Recommender::owns_receipts), [`report_log`](Recommender::report_log), [`profiles`](Recommender::profiles) | — | a look-up |
//! | [`history`](Recommender::history), [`profile`](Recommender::profile), [`stats`](Recommender::stats), [`doctor`](Recommender::doctor) | — | linear in the history, which is in memory |
//! | [`forget`](Recommender::forget), [`set_learning`](Recommender::set_learning), [`import_transfer`](Recommender::import_transfer), [`merge_profile`](Recommender::merge_profile) | disk, key custodian | writes the history anew under a new key |
//! | [`set_level`](Recommender::set_level), [`set_protected`](Recommender::set_protected), [`apply_cmp_signals`](Recommender::apply_cmp_signals), [`set_kill_switch`](Recommender::set_kill_switch), [`pause`](Recommender::pause), [`set_interest`](Recommender::set_interest), [`set_guarded_topics`](Recommender::set_guarded_topics), [`delete_profile`](Recommender::delete_profile) | disk, key custodian | durable when they return |
//! | [`set_private_session`](Recommender::set_private_session), [`export_data`](Recommender::export_data), [`export_transfer`](Recommender::export_transfer) | disk, key custodian | opens what is set aside; a transfer takes Argon2id with 19 MiB on top |
//! | [`inspect`](Recommender::inspect) | disk, key custodian | reads every history, without an open recommender |
//! | [`close`](Recommender::close) | — | drops memory |
//!
//! # Errors
//!
//! [`Error`] has one variant per thing an app can do about it. Lack of consent in `track` is an answer ([`Tracked`]), an
//! empty shop or history a shorter list: neither is an error.
//!
//! | error | what to do |
//! |---|---|
//! | `InvalidArgument` | correct the field it names |
//! | `ConsentRequired` | ask the shopper |
//! | `ModelInvalid`, `VocabularyInvalid` | ship another file; the one in use stays in use |
//! | `BudgetExhausted` | nothing: there is no report to show in this epoch, or ever |
//! | `StorageUnavailable`, `KeyUnavailable` | try again later; or go on with [`Platform::in_memory`]; a key that is lost for good needs [`Recommender::reset`] |
//! | `StorageFull` | free space; nothing was changed |
//! | `ErasurePending` | it took effect, but something may still be readable; every open tries again |
//! | `RandomUnavailable` | try again; nothing was written, recommendations go on |
//! | `Closed` | open again |
//! | `StorageCorrupt`, `Internal` | damage is normally dealt with when files are opened, and told by [`Recommender::doctor`]; report what is left |
//!
//! No message holds an item id, a query, a key or a path.
//!
//! # What it does not do
//!
//! * It has no network, no threads, no clock, no randomness and no keys of its own: the host gives them. It believes the
//!   host's clock; a clock set far ahead ends consents and drops events.
//! * It sends nothing: a [`Report`] leaves when the app sends its bytes (with the feature `prio`, report shares may in its
//!   place). What reports do not protect stands in `docs/privacy.md`.
//! * It does not notice when someone puts back a whole older store together with its older keys, replaces a file by an
//!   older one of the same generation, or cuts its end: that needs a counter the host keeps.
//! * It does not hide *that* there is a history, or how large it is, and it does not protect a running, unlocked phone.
//! * Two processes may open one directory; the one that finds a file changed by the other gets an error, see
//!   `docs/adr/0006-a-lock-per-write.md`.
//! * It does not learn on the phone. The model is trained by the shop; the phone only applies it to its own history.
//! * Equal input gives equal answers, with two exceptions that a request asks for: exploration without a seed, and
//!   `rotation_rate`, which looks at what was shown in this visit.
//!
//! # Further reading
//!
//! In `docs/` of this crate: `architecture.md` (the modules, and how calls run through them), `events.md` (our event
//! names next to those of others), `format.md` (the model pack byte by byte), `store-format.md` (the store's bytes),
//! `receipts.md` (the receipts a shopper exports), `privacy.md` (what may leave, and what it gives away), `safeguards.md`
//! (what keeps it from being misused), `disclosures.md` (the papers an app needs, and how a store is looked at), `adr/`
//! (decisions and their price).

pub mod consent;
pub mod error;
pub mod layout;
pub mod model;
#[cfg(feature = "mutants")]
pub mod mutants;
pub mod platform;
pub mod policy;
pub mod report;
pub mod sensitive;
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
pub use consent::{Consent, ConsentMethod, ConsentState, Origin, PersonalizationLevel, Purpose, Receipt};
#[cfg(feature = "prio")]
pub use engine::SharesPreview;
pub use engine::{
    CategoryRecommendation, Config, Finding, Hits, Imported, MAX_EVENTS_PER_CALL, NamedTopic, Platform,
    Recommendation, Recommendations, Recommender, ReportLogEntry, ReportPreview, Stats, StoreContents,
    StoredHistory, StoredProfile, StoredReport,
};
pub use error::{Error, Result};
pub use event::{
    Event, EventKind, IgnoredReason, MAX_EVENT_ITEMS, MAX_ID_BYTES, MAX_QUANTITY, MAX_QUERY_BYTES, Subject,
    Tracked, ValidEvent,
};
pub use explain::{Explanation, ExplanationPart, Reason, Via};
pub use history::{EventRef, Forget, Interest};
pub use policy::{Policy, policy};
pub use ranking::filter::{Filter, SameAs};
pub use ranking::request::{
    Boost, Context, MAX_BOOSTS, MAX_COUNT, MAX_IDS, MinRelevance, Pin, RecommendationKind, Request,
    Retrieval, Source,
};
#[cfg(feature = "prio")]
pub use report::ReportShares;
pub use report::{Report, ReportId, ReportState, Vocabulary};
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
