//! What the app tells the engine about a shopper: the event kinds, their fields and their checks.
//!
//! Enters: an [`Event`] as the app made it. Leaves: a [`ValidEvent`], complete and within every limit.
//! Must never: decide whether an event may be kept (that is `consent`), or carry a price into what is kept.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Longest id (item, category, brand, event, profile) in bytes.
pub const MAX_ID_BYTES: usize = 256;
/// Longest search query in bytes.
pub const MAX_QUERY_BYTES: usize = 512;
/// Most items in one event.
pub const MAX_EVENT_ITEMS: usize = 100;
/// Largest quantity of one event.
pub const MAX_QUANTITY: u32 = 10_000;

/// What the shopper did. The names are GA4's where GA4 has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// Looked at an item's page. Needs `item_id`.
    ViewItem,
    /// Items were shown in a list (impressions). Needs `items`. Never a dislike. Not kept: noted in memory for
    /// [`rotation_rate`](crate::Request), above level Off.
    ViewItemList,
    /// Chose an item in a list. Needs `item_id`. Feeds the local metrics; the view that follows is what is kept.
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
    /// Rated an item from -1 (bad) to 1 (good). Needs `item_id`.
    Rate(f32),
    /// Said "not interested".
    NotInterested(Subject),
}

/// What a shopper is not interested in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// One item. Its lookalikes sink.
    Item(String),
    /// Every item of a brand.
    Brand(String),
    /// Every item of a category and of what is below it.
    Category(String),
}

impl Subject {
    /// The item, if it is one.
    pub(crate) fn item(&self) -> Option<&str> {
        match self {
            Self::Item(item) => Some(item),
            Self::Brand(_) | Self::Category(_) => None,
        }
    }
}

/// One event.
///
/// # Privacy
/// `price` and `currency` are accepted so that apps can pass their analytics events unchanged. They are checked and
/// then dropped: price never enters the history or the profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What was done.
    pub kind: EventKind,
    /// The item.
    pub item_id: Option<String>,
    /// Several items, where the kind takes them.
    pub items: Vec<String>,
    /// A category id.
    pub category: Option<String>,
    /// What was searched for.
    pub query: Option<String>,
    /// How many, at least 1.
    pub quantity: u32,
    /// Price in units of `currency`, not negative.
    pub price: Option<f64>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// The answer that led here: [`Recommendations::recommendation_id`](crate::Recommendations).
    pub recommendation_id: Option<String>,
    /// The place in that answer, from 1.
    pub position: Option<u32>,
    /// When, in milliseconds since 1970-01-01 UTC; `None` is now.
    pub timestamp_ms: Option<i64>,
    /// The app's id of this event; a repeated id is ignored.
    pub event_id: Option<String>,
    /// Whether the profile learns from it. Not for a gift: then the event is kept and moves cart and wish list, and speaks
    /// for nothing else.
    pub learn: bool,
}

impl Event {
    /// An event of `kind` now, with every other field empty.
    #[must_use]
    pub fn new(kind: EventKind) -> Self {
        Self {
            kind,
            item_id: None,
            items: Vec::new(),
            category: None,
            query: None,
            quantity: 1,
            price: None,
            currency: None,
            recommendation_id: None,
            position: None,
            timestamp_ms: None,
            event_id: None,
            learn: true,
        }
    }

    /// An event about one item.
    #[must_use]
    pub fn of_item(kind: EventKind, item_id: impl Into<String>) -> Self {
        Self { item_id: Some(item_id.into()), ..Self::new(kind) }
    }

    /// The shopper looked at an item.
    #[must_use]
    pub fn view(item_id: impl Into<String>) -> Self {
        Self::of_item(EventKind::ViewItem, item_id)
    }

    /// The shopper put an item in the cart.
    #[must_use]
    pub fn add_to_cart(item_id: impl Into<String>) -> Self {
        Self::of_item(EventKind::AddToCart, item_id)
    }

    /// The shopper bought items.
    #[must_use]
    pub fn purchase(items: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { items: items.into_iter().map(Into::into).collect(), ..Self::new(EventKind::Purchase) }
    }

    /// The shopper is not interested in `subject`.
    #[must_use]
    pub fn not_interested(subject: Subject) -> Self {
        Self::new(EventKind::NotInterested(subject))
    }

    /// The same event as a gift: kept, and not learned from.
    #[must_use]
    pub fn as_gift(self) -> Self {
        Self { learn: false, ..self }
    }

    /// The same event at another time.
    #[must_use]
    pub fn at(self, timestamp_ms: i64) -> Self {
        Self { timestamp_ms: Some(timestamp_ms), ..self }
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tracked {
    /// In the sealed history.
    Stored,
    /// In memory, for this visit only: every kept event at level Session, and impressions at any level above Off.
    SessionOnly,
    /// Not kept; never an error for lack of consent.
    Ignored(IgnoredReason),
}

/// Why an event was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IgnoredReason {
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

/// What is kept of an event, one variant per kind that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Action {
    View(String),
    ViewCategory(String),
    Search(String),
    AddToCart { item: String, quantity: u32 },
    RemoveFromCart { item: String, quantity: u32 },
    AddToWishlist(String),
    RemoveFromWishlist(String),
    Purchase { items: Vec<String>, quantity: u32 },
    Refund { items: Vec<String> },
    Rate { item: String, value: f32 },
    NotInterested(Subject),
}

impl Action {
    /// What is left without the items that `gone` names, if anything is. Purchases and refunds get shorter.
    pub(crate) fn without(mut self, gone: impl Fn(&str) -> bool) -> Option<Self> {
        if let Self::Purchase { items, .. } | Self::Refund { items } = &mut self {
            items.retain(|item| !gone(item));
            return (!items.is_empty()).then_some(self);
        }
        (!self.items().iter().any(|item| gone(item))).then_some(self)
    }

    /// The items this action speaks of.
    pub(crate) fn items(&self) -> &[String] {
        match self {
            Self::View(item)
            | Self::AddToCart { item, .. }
            | Self::RemoveFromCart { item, .. }
            | Self::AddToWishlist(item)
            | Self::RemoveFromWishlist(item)
            | Self::Rate { item, .. }
            | Self::NotInterested(Subject::Item(item)) => std::slice::from_ref(item),
            Self::Purchase { items, .. } | Self::Refund { items } => items,
            Self::ViewCategory(_) | Self::Search(_) | Self::NotInterested(_) => &[],
        }
    }
}

/// An event as it is kept.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredEvent {
    pub(crate) time_ms: i64,
    pub(crate) action: Action,
    pub(crate) event_id: Option<String>,
    /// Kept, and not learned from: a gift. The history's records say it in their kind.
    #[serde(skip)]
    pub(crate) quiet: bool,
}

impl std::fmt::Debug for StoredEvent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("StoredEvent(..)")
    }
}

/// An event that passed every check. Only the consent gate can turn it into something that is kept.
#[derive(Clone, Debug)]
pub struct ValidEvent {
    pub(crate) kept: Option<StoredEvent>,
    pub(crate) served: Vec<String>,
    pub(crate) chosen: Option<(String, Vec<String>)>,
}

fn check_text(field: &str, text: &str, max_bytes: usize) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if text.len() > max_bytes {
        return Err(Error::invalid(field, format!("must be at most {max_bytes} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "must not contain control characters"));
    }
    Ok(())
}

/// Checks an id: not blank, at most [`MAX_ID_BYTES`], no control characters.
pub(crate) fn check_id(field: &str, id: &str) -> Result<()> {
    check_text(field, id, MAX_ID_BYTES)
}

/// Checks a price: finite and not negative.
pub(crate) fn check_price(field: &str, price: f64) -> Result<()> {
    if price.is_finite() && price >= 0.0 {
        Ok(())
    } else {
        Err(Error::invalid(field, "must be a finite number, zero or more"))
    }
}

/// Checks a currency: three ASCII capitals.
pub(crate) fn check_currency(field: &str, currency: &str) -> Result<()> {
    if currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err(Error::invalid(field, "must be an ISO 4217 code such as EUR"))
    }
}

impl ValidEvent {
    /// Checks `event` and keeps what its kind needs.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the field.
    pub fn new(event: Event, now_ms: i64) -> Result<Self> {
        event.check_fields(now_ms)?;
        let time_ms = event.timestamp_ms.unwrap_or(now_ms);
        let items: Vec<String> = event.item_id.iter().chain(&event.items).cloned().collect();
        let is_impression = matches!(event.kind, EventKind::ViewItemList);
        let chosen = event.recommendation_id.clone().filter(|_| !is_impression).map(|id| (id, items.clone()));
        let served = if is_impression { items } else { Vec::new() };
        let event_id = event.event_id.clone();
        let quiet = !event.learn;
        let kept = event.into_action()?.map(|action| StoredEvent { time_ms, action, event_id, quiet });
        Ok(Self { kept, served, chosen })
    }
}

impl Event {
    fn check_fields(&self, now_ms: i64) -> Result<()> {
        for (field, id) in [
            ("event.item_id", &self.item_id),
            ("event.category", &self.category),
            ("event.recommendation_id", &self.recommendation_id),
            ("event.event_id", &self.event_id),
        ] {
            if let Some(id) = id {
                check_id(field, id)?;
            }
        }
        if let Some(query) = &self.query {
            check_text("event.query", query, MAX_QUERY_BYTES)?;
        }
        if self.items.len() > MAX_EVENT_ITEMS {
            return Err(Error::invalid("event.items", format!("must be at most {MAX_EVENT_ITEMS} items")));
        }
        for item in &self.items {
            check_id("event.items", item)?;
        }
        if self.quantity == 0 || self.quantity > MAX_QUANTITY {
            return Err(Error::invalid("event.quantity", format!("must be from 1 to {MAX_QUANTITY}")));
        }
        if let Some(price) = self.price {
            check_price("event.price", price)?;
        }
        if let Some(currency) = &self.currency {
            check_currency("event.currency", currency)?;
        }
        if self.position == Some(0) {
            return Err(Error::invalid("event.position", "must be 1 or more"));
        }
        match self.timestamp_ms {
            Some(time) if time < 0 => Err(Error::invalid("event.timestamp_ms", "must not be before 1970")),
            Some(time) if time > now_ms => {
                Err(Error::invalid("event.timestamp_ms", "must not be in the future"))
            }
            _ => Ok(()),
        }
    }

    fn into_action(self) -> Result<Option<Action>> {
        let one = |item: Option<String>| {
            item.ok_or_else(|| Error::invalid("event.item_id", "is needed for this kind"))
        };
        let quantity = self.quantity;
        let several = |mut items: Vec<String>, item: Option<String>| {
            items.splice(0..0, item);
            if items.is_empty() {
                Err(Error::invalid("event.items", "or `event.item_id` is needed for this kind"))
            } else {
                Ok(items)
            }
        };
        Ok(Some(match self.kind {
            EventKind::ViewItem => Action::View(one(self.item_id)?),
            EventKind::SelectItem => {
                one(self.item_id)?;
                return Ok(None);
            }
            EventKind::ViewItemList => {
                several(self.items, self.item_id)?;
                return Ok(None);
            }
            EventKind::ViewCart => return Ok(None),
            EventKind::ViewCategory => Action::ViewCategory(
                self.category.ok_or_else(|| Error::invalid("event.category", "is needed for this kind"))?,
            ),
            EventKind::Search => Action::Search(
                self.query.ok_or_else(|| Error::invalid("event.query", "is needed for this kind"))?,
            ),
            EventKind::AddToCart => Action::AddToCart { item: one(self.item_id)?, quantity },
            EventKind::RemoveFromCart => Action::RemoveFromCart { item: one(self.item_id)?, quantity },
            EventKind::AddToWishlist => Action::AddToWishlist(one(self.item_id)?),
            EventKind::RemoveFromWishlist => Action::RemoveFromWishlist(one(self.item_id)?),
            EventKind::Purchase => Action::Purchase { items: several(self.items, self.item_id)?, quantity },
            EventKind::Refund => Action::Refund { items: several(self.items, self.item_id)? },
            EventKind::Rate(value) => {
                if !(-1.0..=1.0).contains(&value) {
                    return Err(Error::invalid("event.kind.rate", "must be from -1 to 1"));
                }
                Action::Rate { item: one(self.item_id)?, value }
            }
            EventKind::NotInterested(subject) => {
                let (Subject::Item(id) | Subject::Brand(id) | Subject::Category(id)) = &subject;
                check_id("event.kind.not_interested", id)?;
                Action::NotInterested(subject)
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_of(event: Event) -> String {
        match ValidEvent::new(event, 1_000) {
            Err(Error::InvalidArgument { field, .. }) => field,
            other => panic!("expected an invalid argument, got {other:?}"),
        }
    }

    #[test]
    fn every_bad_field_is_named() {
        let view = || Event::view("a");
        assert_eq!(field_of(Event::new(EventKind::ViewItem)), "event.item_id");
        assert_eq!(field_of(Event::view("")), "event.item_id");
        assert_eq!(field_of(Event::view("x".repeat(257))), "event.item_id");
        assert_eq!(field_of(Event::view("a\u{0}b")), "event.item_id");
        assert_eq!(field_of(Event::new(EventKind::Search)), "event.query");
        assert_eq!(field_of(Event::new(EventKind::ViewCategory)), "event.category");
        assert_eq!(field_of(Event::new(EventKind::Purchase)), "event.items");
        assert_eq!(field_of(Event { quantity: 0, ..view() }), "event.quantity");
        assert_eq!(field_of(Event { price: Some(f64::NAN), ..view() }), "event.price");
        assert_eq!(field_of(Event { price: Some(-0.01), ..view() }), "event.price");
        assert_eq!(field_of(Event { currency: Some("eur".into()), ..view() }), "event.currency");
        assert_eq!(field_of(Event { position: Some(0), ..view() }), "event.position");
        assert_eq!(field_of(view().at(1_001)), "event.timestamp_ms");
        assert_eq!(field_of(view().at(-1)), "event.timestamp_ms");
        assert_eq!(field_of(Event::of_item(EventKind::Rate(1.5), "a")), "event.kind.rate");
        assert_eq!(field_of(Event::of_item(EventKind::Rate(f32::NAN), "a")), "event.kind.rate");
        assert_eq!(
            field_of(Event::not_interested(Subject::Brand(String::new()))),
            "event.kind.not_interested"
        );
    }

    #[test]
    fn impressions_and_clicks_are_not_kept() {
        let list = Event { items: vec!["a".into()], ..Event::new(EventKind::ViewItemList) };
        assert!(ValidEvent::new(list, 0).expect("valid").kept.is_none());
        assert!(
            ValidEvent::new(Event::of_item(EventKind::SelectItem, "a"), 0).expect("valid").kept.is_none()
        );
    }
}
