//! Everything the phone holds of a shopper, as JSON for the shopper: access and portability.
//!
//! Enters: what the engine holds of the active profile. Leaves: one document after `docs/export.schema.json`.
//! Must never: leave anything out that is kept of the person, but keys.

use serde::Serialize;

use super::{HistoryAction, HistoryEntry, ProfileSummary};
use crate::consent::{ConsentState, PersonalizationLevel};
use crate::error::{Error, Result};
use crate::event::Subject;
use crate::history::Interest;
use crate::report::{ReportState, epoch_start_ms};

/// Names the kind of document.
const FORMAT: &str = "tastekeeper-data";
/// The version of the document's layout. Fields may be added under one version.
const VERSION: u32 = 1;

/// What goes into the document.
pub(crate) struct Holdings<'a> {
    pub(crate) exported_ms: i64,
    pub(crate) profile: &'a str,
    pub(crate) level: PersonalizationLevel,
    pub(crate) consent: ConsentState,
    pub(crate) paused: bool,
    pub(crate) protected: bool,
    /// Oldest first.
    pub(crate) history: Vec<HistoryEntry>,
    pub(crate) summary: ProfileSummary,
    /// Items shown and when, in this visit.
    pub(crate) shown: Vec<(String, i64)>,
    /// Kind of list, level, items given and chosen, in this visit.
    pub(crate) counts: Vec<(&'static str, PersonalizationLevel, u64, u64)>,
    /// Whether guarded topics may enter reports.
    pub(crate) shares_guarded: bool,
    pub(crate) reports: Vec<HeldReport>,
    /// The document of the receipts.
    pub(crate) receipts: &'a str,
}

/// A report that this installation drew.
pub(crate) struct HeldReport {
    pub(crate) epoch: u16,
    pub(crate) cost_units: u32,
    pub(crate) state: ReportState,
    /// Of the active profile only.
    pub(crate) bytes: Option<Vec<u8>>,
    /// What the topics it names are called, or their numbers.
    pub(crate) topics: Vec<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    exported_ms: i64,
    profile: &'a str,
    consent: Consent,
    events: Vec<Event<'a>>,
    interests: Vec<Correction<'a>>,
    beliefs: Beliefs<'a>,
    visit: Visit<'a>,
    sharing: Sharing<'a>,
    receipts: serde_json::Value,
}

#[derive(Serialize)]
struct Consent {
    level: PersonalizationLevel,
    state: &'static str,
    granted_level: Option<PersonalizationLevel>,
    expires_ms: Option<i64>,
    paused: bool,
    protected: bool,
}

#[derive(Serialize)]
struct Event<'a> {
    time_ms: i64,
    action: &'static str,
    items: &'a [String],
    text: Option<&'a str>,
    quantity: Option<u32>,
    rating: Option<f32>,
    event_id: Option<&'a str>,
    learned: bool,
}

#[derive(Serialize)]
struct Correction<'a> {
    category: &'a str,
    interest: Interest,
}

#[derive(Serialize)]
struct Share<'a> {
    id: &'a str,
    share: f64,
}

#[derive(Serialize)]
struct Count<'a> {
    id: &'a str,
    quantity: u32,
}

#[derive(Serialize)]
struct BadRating<'a> {
    id: &'a str,
    strength: f32,
}

#[derive(Serialize)]
struct Dislike<'a> {
    kind: &'static str,
    id: &'a str,
}

#[derive(Serialize)]
struct Beliefs<'a> {
    categories: Vec<Share<'a>>,
    brands: Vec<Share<'a>>,
    cart: Vec<Count<'a>>,
    wishlist: &'a [String],
    purchases: usize,
    bad_ratings: Vec<BadRating<'a>>,
    not_interested: Vec<Dislike<'a>>,
}

#[derive(Serialize)]
struct Visit<'a> {
    shown: Vec<Shown<'a>>,
    answers: Vec<Answers>,
}

#[derive(Serialize)]
struct Sharing<'a> {
    guarded_topics: bool,
    reports: Vec<Report<'a>>,
}

#[derive(Serialize)]
struct Report<'a> {
    epoch: u16,
    epoch_start_ms: i64,
    cost_units: u32,
    state: &'static str,
    bytes: Option<String>,
    topics: &'a [String],
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    time_ms: i64,
}

#[derive(Serialize)]
struct Answers {
    kind: &'static str,
    level: PersonalizationLevel,
    given: u64,
    chosen: u64,
}

fn shares(shares: &[(String, f64)]) -> Vec<Share<'_>> {
    shares.iter().map(|(id, share)| Share { id, share: *share }).collect()
}

impl<'a> Event<'a> {
    fn new(entry: &'a HistoryEntry) -> Self {
        Self {
            time_ms: entry.time_ms,
            action: entry.action.name(),
            items: &entry.items,
            text: entry.text.as_deref(),
            quantity: entry.quantity,
            rating: entry.rating,
            event_id: entry.event_id.as_deref(),
            learned: entry.learned,
        }
    }
}

impl<'a> Report<'a> {
    fn new(held: &'a HeldReport) -> Self {
        let hex = |bytes: &Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            epoch: held.epoch,
            epoch_start_ms: epoch_start_ms(held.epoch),
            cost_units: held.cost_units,
            state: match held.state {
                ReportState::Waiting => "waiting",
                ReportState::HandedOver => "handed_over",
                ReportState::Sent => "sent",
                ReportState::Dropped => "dropped",
            },
            bytes: held.bytes.as_ref().map(hex),
            topics: &held.topics,
        }
    }
}

impl<'a> Beliefs<'a> {
    fn new(summary: &'a ProfileSummary) -> Self {
        let dislike = |subject: &'a Subject| match subject {
            Subject::Item(id) => Dislike { kind: "item", id },
            Subject::Brand(id) => Dislike { kind: "brand", id },
            Subject::Category(id) => Dislike { kind: "category", id },
        };
        Self {
            categories: shares(&summary.categories),
            brands: shares(&summary.brands),
            cart: summary.cart.iter().map(|(id, quantity)| Count { id, quantity: *quantity }).collect(),
            wishlist: &summary.wishlist,
            purchases: summary.purchases,
            bad_ratings: summary
                .bad_ratings
                .iter()
                .map(|(id, strength)| BadRating { id, strength: *strength })
                .collect(),
            not_interested: summary.not_interested.iter().map(dislike).collect(),
        }
    }
}

impl HistoryAction {
    /// The name in documents: GA4's where GA4 has one.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ViewItem => "view_item",
            Self::ViewCategory => "view_category",
            Self::Search => "search",
            Self::AddToCart => "add_to_cart",
            Self::RemoveFromCart => "remove_from_cart",
            Self::AddToWishlist => "add_to_wishlist",
            Self::RemoveFromWishlist => "remove_from_wishlist",
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::Rate => "rate",
            Self::NotInterested => "not_interested",
        }
    }
}

/// The document.
pub(crate) fn export(held: &Holdings<'_>) -> Result<String> {
    let internal = |error: serde_json::Error| Error::Internal { reason: format!("the export: {error}") };
    let (state, granted_level, expires_ms) = match held.consent {
        ConsentState::NotAsked => ("not_asked", None, None),
        ConsentState::Granted { level, expires_ms } => ("granted", Some(level), Some(expires_ms)),
        ConsentState::Expired => ("expired", None, None),
        ConsentState::Withdrawn => ("withdrawn", None, None),
    };
    let document = Document {
        format: FORMAT,
        version: VERSION,
        exported_ms: held.exported_ms,
        profile: held.profile,
        consent: Consent {
            level: held.level,
            state,
            granted_level,
            expires_ms,
            paused: held.paused,
            protected: held.protected,
        },
        events: held.history.iter().map(Event::new).collect(),
        interests: held
            .summary
            .interests
            .iter()
            .map(|(category, interest)| Correction { category, interest: *interest })
            .collect(),
        beliefs: Beliefs::new(&held.summary),
        visit: Visit {
            shown: held.shown.iter().map(|(id, time_ms)| Shown { id, time_ms: *time_ms }).collect(),
            answers: held
                .counts
                .iter()
                .map(|&(kind, level, given, chosen)| Answers { kind, level, given, chosen })
                .collect(),
        },
        sharing: Sharing {
            guarded_topics: held.shares_guarded,
            reports: held.reports.iter().map(Report::new).collect(),
        },
        receipts: serde_json::from_str(held.receipts).map_err(internal)?,
    };
    serde_json::to_string_pretty(&document).map_err(internal)
}
