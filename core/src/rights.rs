//! What the shopper may see of what is kept: the history and the profile, in plain records and as one document.
//!
//! Enters: history and profile. Leaves: [`HistoryEntry`]s, a [`ProfileSummary`] and the export.
//! Must never: need a consent. The shopper's own data is shown at every level that holds any.

use std::collections::BTreeMap;

use crate::catalog::{SymbolKind, View};
use crate::error::Result;
use crate::event::{Action, StoredEvent, Subject};
use crate::history::{EventRef, History, Interest};
use crate::profile::Profile;

mod export;
pub(crate) use export::{HeldReport, Holdings, export};

/// What a kept event says, in GA4's words where GA4 has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryAction {
    /// Looked at an item.
    ViewItem,
    /// Looked at a category.
    ViewCategory,
    /// Searched.
    Search,
    /// Put in the cart.
    AddToCart,
    /// Took out of the cart.
    RemoveFromCart,
    /// Wished for.
    AddToWishlist,
    /// No longer wished for.
    RemoveFromWishlist,
    /// Bought.
    Purchase,
    /// Gave back.
    Refund,
    /// Rated.
    Rate,
    /// Not interested.
    NotInterested,
}

/// One kept event, as the shopper sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// The handle to forget it by.
    pub event: EventRef,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub time_ms: i64,
    /// What was done.
    pub action: HistoryAction,
    /// The items.
    pub items: Vec<String>,
    /// The category, brand or query, for events about one.
    pub text: Option<String>,
    /// How many, for events of the cart and purchases.
    pub quantity: Option<u32>,
    /// The rating, -1 to 1.
    pub rating: Option<f32>,
    /// The app's id of the event.
    pub event_id: Option<String>,
    /// Whether the profile learns from it; not from a gift.
    pub learned: bool,
}

impl HistoryEntry {
    fn new(event: &StoredEvent) -> Result<Self> {
        let (action, text) = match &event.action {
            Action::View(_) => (HistoryAction::ViewItem, None),
            Action::ViewCategory(category) => (HistoryAction::ViewCategory, Some(category)),
            Action::Search(query) => (HistoryAction::Search, Some(query)),
            Action::AddToCart { .. } => (HistoryAction::AddToCart, None),
            Action::RemoveFromCart { .. } => (HistoryAction::RemoveFromCart, None),
            Action::AddToWishlist(_) => (HistoryAction::AddToWishlist, None),
            Action::RemoveFromWishlist(_) => (HistoryAction::RemoveFromWishlist, None),
            Action::Purchase { .. } => (HistoryAction::Purchase, None),
            Action::Refund { .. } => (HistoryAction::Refund, None),
            Action::Rate { .. } => (HistoryAction::Rate, None),
            Action::NotInterested(Subject::Item(_)) => (HistoryAction::NotInterested, None),
            Action::NotInterested(Subject::Brand(text) | Subject::Category(text)) => {
                (HistoryAction::NotInterested, Some(text))
            }
        };
        let quantity = match &event.action {
            Action::AddToCart { quantity, .. }
            | Action::RemoveFromCart { quantity, .. }
            | Action::Purchase { quantity, .. } => Some(*quantity),
            _ => None,
        };
        let rating = if let Action::Rate { value, .. } = &event.action { Some(*value) } else { None };
        Ok(Self {
            event: EventRef::of(event)?,
            time_ms: event.time_ms,
            action,
            items: event.action.items().to_vec(),
            text: text.cloned(),
            quantity,
            rating,
            event_id: event.event_id.clone(),
            learned: !event.quiet,
        })
    }
}

/// The newest `limit` entries before `before_ms`, newest first.
pub(crate) fn list_history(
    history: &History,
    limit: usize,
    before_ms: Option<i64>,
) -> Result<Vec<HistoryEntry>> {
    let timeline = history.timeline();
    let newest_first = timeline.into_iter().rev();
    newest_first
        .filter(|event| before_ms.is_none_or(|before| event.time_ms < before))
        .take(limit)
        .map(HistoryEntry::new)
        .collect()
}

/// What the phone believes of the shopper.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileSummary {
    /// How many events are kept.
    pub events: usize,
    /// Categories with their share of the recent signals, largest first. The shares add up to at most 1.
    pub categories: Vec<(String, f64)>,
    /// Brands with their share of the recent signals, largest first.
    pub brands: Vec<(String, f64)>,
    /// Items in the cart with their quantity.
    pub cart: Vec<(String, u32)>,
    /// Items on the wish list.
    pub wishlist: Vec<String>,
    /// How many purchases are kept.
    pub purchases: usize,
    /// Badly rated items with the strength of the dislike, 0 to 1.
    pub bad_ratings: Vec<(String, f32)>,
    /// What the shopper is not interested in.
    pub not_interested: Vec<Subject>,
    /// What the shopper set by hand.
    pub interests: Vec<(String, Interest)>,
}

/// Sums a profile up.
pub(crate) fn summarise(view: &View, history: &History, profile: &Profile) -> ProfileSummary {
    let shares = |kind: SymbolKind| {
        let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
        let indices = profile
            .signals
            .iter()
            .filter_map(|signal| signal.item())
            .filter_map(|item| view.known_learnable(item));
        for index in indices {
            let symbol = match kind {
                SymbolKind::Category => view.leaf_category(index),
                _ => view.first_of_kind(index, kind),
            };
            if let Some(symbol) = symbol {
                *counts.entry(symbol).or_default() += 1.0;
            }
        }
        #[allow(clippy::cast_precision_loss)]
        let total = profile.signals.len().max(1) as f64;
        let mut shares: Vec<(String, f64)> = counts
            .into_iter()
            .map(|(symbol, count)| (view.symbol_name(symbol).1.to_owned(), count / total))
            .collect();
        shares.sort_by(|left, right| right.1.total_cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        shares
    };
    ProfileSummary {
        events: history.len(),
        categories: shares(SymbolKind::Category),
        brands: shares(SymbolKind::Brand),
        cart: profile.cart.iter().map(|(item, quantity)| (item.text().to_owned(), *quantity)).collect(),
        wishlist: profile.wishlist.to_vec(),
        purchases: profile.purchases.len(),
        bad_ratings: profile.bad_ratings.to_vec(),
        not_interested: profile.dislikes.iter().cloned().collect(),
        interests: history
            .interests()
            .iter()
            .map(|(category, interest)| (category.clone(), *interest))
            .collect(),
    }
}
