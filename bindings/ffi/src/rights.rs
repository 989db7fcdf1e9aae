//! What the shopper may see, correct, take along and forget.

use std::collections::HashMap;

use tastekeeper as core;

use crate::events::Subject;
use crate::mirror::{all, count, mirror};

mirror! {
    /// What a kept event says.
    HistoryAction = core::HistoryAction {
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
}

mirror! {
    /// A correction of the shop's idea of a category.
    Interest = core::Interest {
        /// Show more of it.
        Boost,
        /// Never show it.
        Mute,
        /// No correction.
        Neutral,
    }
}

/// One kept event, as the shopper sees it.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct HistoryEntry {
    /// The handle to forget it by.
    pub event: u64,
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

impl From<core::HistoryEntry> for HistoryEntry {
    fn from(entry: core::HistoryEntry) -> Self {
        Self {
            event: entry.event.0,
            time_ms: entry.time_ms,
            action: entry.action.into(),
            items: entry.items,
            text: entry.text,
            quantity: entry.quantity,
            rating: entry.rating,
            event_id: entry.event_id,
            learned: entry.learned,
        }
    }
}

/// What to forget, or what not to learn from.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Forget {
    /// One event of the history.
    Event {
        /// Its handle.
        event: u64,
    },
    /// Everything about an item.
    Item {
        /// The item.
        id: String,
    },
    /// Everything about a category and what is below it.
    Category {
        /// The category.
        id: String,
    },
    /// Everything since a moment, inclusive.
    Since {
        /// In milliseconds since 1970-01-01 UTC.
        time_ms: i64,
    },
    /// Everything: events and interests. The key is destroyed first.
    Everything,
}

impl From<Forget> for core::Forget {
    fn from(scope: Forget) -> Self {
        match scope {
            Forget::Event { event } => Self::Event(core::EventRef(event)),
            Forget::Item { id } => Self::Item(id),
            Forget::Category { id } => Self::Category(id),
            Forget::Since { time_ms } => Self::Since(time_ms),
            Forget::Everything => Self::Everything,
        }
    }
}

/// A name with its share.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Share {
    /// A category or brand.
    pub name: String,
    /// 0 to 1; the shares of one list add up to at most 1.
    pub share: f64,
}

/// An item in the cart.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CartItem {
    /// The item.
    pub item_id: String,
    /// How many.
    pub quantity: u32,
}

/// An item the shopper rated badly.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct BadRating {
    /// The item.
    pub item_id: String,
    /// The strength of the dislike, 0 to 1.
    pub strength: f32,
}

/// What the phone believes of the shopper.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct ProfileSummary {
    /// How many events are kept.
    pub events: u32,
    /// Categories with their share of the recent signals, largest first.
    pub categories: Vec<Share>,
    /// Brands with their share of the recent signals, largest first.
    pub brands: Vec<Share>,
    /// Items in the cart.
    pub cart: Vec<CartItem>,
    /// Items on the wish list.
    pub wishlist: Vec<String>,
    /// How many purchases are kept.
    pub purchases: u32,
    /// Badly rated items.
    pub bad_ratings: Vec<BadRating>,
    /// What the shopper is not interested in.
    pub not_interested: Vec<Subject>,
    /// What the shopper set by hand, by category.
    pub interests: HashMap<String, Interest>,
}

fn shares(list: Vec<(String, f64)>) -> Vec<Share> {
    list.into_iter().map(|(name, share)| Share { name, share }).collect()
}

impl From<core::ProfileSummary> for ProfileSummary {
    fn from(summary: core::ProfileSummary) -> Self {
        let cart = summary.cart.into_iter().map(|(item_id, quantity)| CartItem { item_id, quantity });
        let bad = summary.bad_ratings.into_iter().map(|(item_id, strength)| BadRating { item_id, strength });
        Self {
            events: count(summary.events),
            categories: shares(summary.categories),
            brands: shares(summary.brands),
            cart: cart.collect(),
            wishlist: summary.wishlist,
            purchases: count(summary.purchases),
            bad_ratings: bad.collect(),
            not_interested: all(summary.not_interested),
            interests: summary
                .interests
                .into_iter()
                .map(|(name, interest)| (name, interest.into()))
                .collect(),
        }
    }
}

/// What a file of moved data brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Imported {
    /// Events that were taken over.
    pub events: u32,
    /// Events that were not: kept already, too old, or about a category that nothing is learned from.
    pub left_out: u32,
    /// Interests that were taken over.
    pub interests: u32,
}

impl From<core::Imported> for Imported {
    fn from(imported: core::Imported) -> Self {
        Self {
            events: count(imported.events),
            left_out: count(imported.left_out),
            interests: count(imported.interests),
        }
    }
}
