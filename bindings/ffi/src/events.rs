//! What the app tells of a shopper, and what became of it.

use tastekeeper as core;

use crate::mirror::mirror;

/// What a shopper is not interested in.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Subject {
    /// One item. Its lookalikes sink.
    Item {
        /// The item's id.
        id: String,
    },
    /// Every item of a brand.
    Brand {
        /// The brand.
        id: String,
    },
    /// Every item of a category and of what is below it.
    Category {
        /// The category's id.
        id: String,
    },
}

impl From<Subject> for core::Subject {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Item { id } => Self::Item(id),
            Subject::Brand { id } => Self::Brand(id),
            Subject::Category { id } => Self::Category(id),
        }
    }
}

impl From<core::Subject> for Subject {
    fn from(subject: core::Subject) -> Self {
        match subject {
            core::Subject::Item(id) => Self::Item { id },
            core::Subject::Brand(id) => Self::Brand { id },
            core::Subject::Category(id) => Self::Category { id },
        }
    }
}

/// What the shopper did. The names are those of Google Analytics 4 where it has one.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum EventKind {
    /// Looked at an item's page. Needs `item_id`.
    ViewItem,
    /// Items were shown in a list. Needs `items`. Never a dislike, and not kept.
    ViewItemList,
    /// Chose an item in a list. Needs `item_id`. Counted; the view that follows is what is kept.
    SelectItem,
    /// Looked at a category. Needs `category`.
    ViewCategory,
    /// Searched. Needs `query`.
    Search,
    /// Put an item in the cart. Needs `item_id`.
    AddToCart,
    /// Took an item out of the cart. Needs `item_id`.
    RemoveFromCart,
    /// Put an item on the wish list. Needs `item_id`.
    AddToWishlist,
    /// Took an item off the wish list. Needs `item_id`.
    RemoveFromWishlist,
    /// Looked at the cart. Not kept.
    ViewCart,
    /// Bought. Needs `item_id` or `items`.
    Purchase,
    /// Gave back. Needs `item_id` or `items`.
    Refund,
    /// Rated an item. Needs `item_id`.
    Rate {
        /// From -1 (bad) to 1 (good).
        value: f32,
    },
    /// Said "not interested".
    NotInterested {
        /// In what.
        subject: Subject,
    },
}

impl From<EventKind> for core::EventKind {
    fn from(kind: EventKind) -> Self {
        match kind {
            EventKind::ViewItem => Self::ViewItem,
            EventKind::ViewItemList => Self::ViewItemList,
            EventKind::SelectItem => Self::SelectItem,
            EventKind::ViewCategory => Self::ViewCategory,
            EventKind::Search => Self::Search,
            EventKind::AddToCart => Self::AddToCart,
            EventKind::RemoveFromCart => Self::RemoveFromCart,
            EventKind::AddToWishlist => Self::AddToWishlist,
            EventKind::RemoveFromWishlist => Self::RemoveFromWishlist,
            EventKind::ViewCart => Self::ViewCart,
            EventKind::Purchase => Self::Purchase,
            EventKind::Refund => Self::Refund,
            EventKind::Rate { value } => Self::Rate(value),
            EventKind::NotInterested { subject } => Self::NotInterested(subject.into()),
        }
    }
}

/// One event. `price` and `currency` are accepted so that apps can pass their analytics events unchanged; they are checked and
/// then dropped.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Event {
    /// What was done.
    pub kind: EventKind,
    /// The item.
    #[uniffi(default = None)]
    pub item_id: Option<String>,
    /// Several items, where the kind takes them.
    #[uniffi(default)]
    pub items: Vec<String>,
    /// A category id.
    #[uniffi(default = None)]
    pub category: Option<String>,
    /// What was searched for.
    #[uniffi(default = None)]
    pub query: Option<String>,
    /// How many, at least 1.
    #[uniffi(default = 1)]
    pub quantity: u32,
    /// Price in units of `currency`, not negative.
    #[uniffi(default = None)]
    pub price: Option<f64>,
    /// ISO 4217 code.
    #[uniffi(default = None)]
    pub currency: Option<String>,
    /// The answer that led here.
    #[uniffi(default = None)]
    pub recommendation_id: Option<String>,
    /// The place in that answer, from 1.
    #[uniffi(default = None)]
    pub position: Option<u32>,
    /// When, in milliseconds since 1970-01-01 UTC; now where nothing is said.
    #[uniffi(default = None)]
    pub timestamp_ms: Option<i64>,
    /// The app's id of this event; a repeated id is ignored.
    #[uniffi(default = None)]
    pub event_id: Option<String>,
    /// Whether the profile learns from it. Not for a gift.
    #[uniffi(default = true)]
    pub learn: bool,
}

impl From<Event> for core::Event {
    fn from(event: Event) -> Self {
        Self {
            kind: event.kind.into(),
            item_id: event.item_id,
            items: event.items,
            category: event.category,
            query: event.query,
            quantity: event.quantity,
            price: event.price,
            currency: event.currency,
            recommendation_id: event.recommendation_id,
            position: event.position,
            timestamp_ms: event.timestamp_ms,
            event_id: event.event_id,
            learn: event.learn,
        }
    }
}

mirror! {
    /// Why an event was not kept.
    IgnoredReason = core::IgnoredReason {
        /// The level is Off.
        LevelOff,
        /// Learning is paused.
        Paused,
        /// The kill switch stopped learning for everybody on this phone.
        Stopped,
        /// An event with the same `event_id` is already kept.
        Repeated,
        /// Older than the retention period.
        TooOld,
        /// This kind of event is used at once and not kept.
        NotKept,
        /// It is about a category that nothing is learned from.
        Sensitive,
    }
}

/// What became of an event. Lack of consent is an answer, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Tracked {
    /// In the sealed history.
    Stored,
    /// In memory, for this visit only.
    SessionOnly,
    /// Not kept.
    Ignored {
        /// Why.
        reason: IgnoredReason,
    },
}

impl From<core::Tracked> for Tracked {
    fn from(tracked: core::Tracked) -> Self {
        match tracked {
            core::Tracked::Stored => Self::Stored,
            core::Tracked::SessionOnly => Self::SessionOnly,
            core::Tracked::Ignored(reason) => Self::Ignored { reason: reason.into() },
            _ => unreachable!("an outcome of the engine that is not mirrored"),
        }
    }
}
