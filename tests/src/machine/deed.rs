//! What a shopper does, in numbers: so that the ideal phone can say by itself what is kept and what forgetting leaves.

use tastekeeper::{Event, EventKind, HistoryAction, HistoryEntry, Subject};

use crate::phone::{brand, category, item, view};

/// One deed.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "named like the event kinds")]
pub enum Deed {
    View(u32),
    Browse(u32),
    Search(u32),
    Cart(u32, u32),
    Uncart(u32, u32),
    Wish(u32),
    Unwish(u32),
    Buy(Vec<u32>),
    Refund(Vec<u32>),
    Rate(u32, bool),
    Dislike(u32),
    DislikeBrand(u32),
    DislikeCategory(u32),
    /// Kept, and not learned from.
    Gift(Box<Deed>),
    /// Not kept: noted in memory.
    Seen(Vec<u32>),
    /// Not kept.
    Select(u32),
    /// Not kept.
    LookAtCart,
}

/// What is kept of a deed.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// What was done.
    pub deed: Deed,
    /// When.
    pub time_ms: i64,
    /// The app's id of the event.
    pub id: Option<u32>,
}

/// A history entry without its handle.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    time_ms: i64,
    action: HistoryAction,
    items: Vec<String>,
    text: Option<String>,
    quantity: Option<u32>,
    rating: Option<f32>,
    event_id: Option<String>,
    learned: bool,
}

impl From<&HistoryEntry> for Entry {
    fn from(entry: &HistoryEntry) -> Self {
        Self {
            time_ms: entry.time_ms,
            action: entry.action,
            items: entry.items.clone(),
            text: entry.text.clone(),
            quantity: entry.quantity,
            rating: entry.rating,
            event_id: entry.event_id.clone(),
            learned: entry.learned,
        }
    }
}

fn event_id(id: u32) -> String {
    format!("event-canary-{id}")
}

fn ids(numbers: &[u32]) -> Vec<String> {
    numbers.iter().map(|&number| item(number)).collect()
}

impl Deed {
    /// The deed itself, be it a gift or not.
    #[must_use]
    pub fn plain(&self) -> &Self {
        if let Self::Gift(deed) = self { deed } else { self }
    }

    /// Whether the deed is a gift.
    #[must_use]
    pub fn is_gift(&self) -> bool {
        matches!(self, Self::Gift(_))
    }

    /// The same deed, as a gift or not.
    #[must_use]
    pub fn given(self, is_gift: bool) -> Self {
        match (self, is_gift) {
            (Self::Gift(deed), false) => *deed,
            (deed @ Self::Gift(_), true) | (deed, false) => deed,
            (deed, true) => Self::Gift(Box::new(deed)),
        }
    }

    /// The items the deed speaks of.
    #[must_use]
    pub fn items(&self) -> Vec<u32> {
        match self.plain() {
            Self::Buy(numbers) | Self::Refund(numbers) => numbers.clone(),
            Self::View(number)
            | Self::Cart(number, _)
            | Self::Uncart(number, _)
            | Self::Wish(number)
            | Self::Unwish(number)
            | Self::Rate(number, _)
            | Self::Dislike(number) => vec![*number],
            _ => Vec::new(),
        }
    }

    /// Whether the event is kept at all.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        !matches!(self.plain(), Self::Seen(_) | Self::Select(_) | Self::LookAtCart)
    }

    /// The event as an app sends it.
    #[must_use]
    pub fn event(&self, time_ms: Option<i64>, id: Option<u32>) -> Event {
        use EventKind as Kind;
        let quantity = |kind, number: &u32, quantity: &u32| Event {
            quantity: *quantity,
            price: Some(9.5),
            currency: Some("EUR".into()),
            ..Event::of_item(kind, item(*number))
        };
        let event = match self {
            Self::View(number) => view(*number),
            Self::Browse(number) => {
                Event { category: Some(category(*number)), ..Event::new(Kind::ViewCategory) }
            }
            Self::Search(number) => Event { query: Some(brand(*number)), ..Event::new(Kind::Search) },
            Self::Cart(number, count) => quantity(Kind::AddToCart, number, count),
            Self::Uncart(number, count) => quantity(Kind::RemoveFromCart, number, count),
            Self::Wish(number) => Event::of_item(Kind::AddToWishlist, item(*number)),
            Self::Unwish(number) => Event::of_item(Kind::RemoveFromWishlist, item(*number)),
            Self::Buy(numbers) => Event::purchase(ids(numbers)),
            Self::Refund(numbers) => Event { items: ids(numbers), ..Event::new(Kind::Refund) },
            Self::Rate(number, good) => {
                Event::of_item(Kind::Rate(if *good { 0.5 } else { -1.0 }), item(*number))
            }
            Self::Dislike(number) => Event::not_interested(Subject::Item(item(*number))),
            Self::DislikeBrand(number) => Event::not_interested(Subject::Brand(brand(*number))),
            Self::DislikeCategory(number) => Event::not_interested(Subject::Category(category(*number))),
            Self::Seen(numbers) => Event { items: ids(numbers), ..Event::new(Kind::ViewItemList) },
            Self::Select(number) => Event::of_item(Kind::SelectItem, item(*number)),
            Self::LookAtCart => Event::new(Kind::ViewCart),
            Self::Gift(deed) => deed.event(time_ms, id).as_gift(),
        };
        Event { timestamp_ms: time_ms, event_id: id.map(event_id), ..event }
    }

    /// What is left without the items that `gone` names.
    #[must_use]
    pub fn without_items(&self, gone: &dyn Fn(u32) -> bool) -> Option<Self> {
        let left = |numbers: &[u32]| -> Vec<u32> {
            numbers.iter().copied().filter(|&number| !gone(number)).collect()
        };
        match self {
            Self::Gift(deed) => deed.without_items(gone).map(|deed| deed.given(true)),
            Self::Buy(numbers) => Some(left(numbers)).filter(|left| !left.is_empty()).map(Self::Buy),
            Self::Refund(numbers) => Some(left(numbers)).filter(|left| !left.is_empty()).map(Self::Refund),
            Self::View(number)
            | Self::Cart(number, _)
            | Self::Uncart(number, _)
            | Self::Wish(number)
            | Self::Unwish(number)
            | Self::Rate(number, _)
            | Self::Dislike(number) => (!gone(*number)).then(|| self.clone()),
            _ => Some(self.clone()),
        }
    }
}

impl Memory {
    /// How the shopper sees it.
    #[must_use]
    pub fn entry(&self) -> Entry {
        use HistoryAction as Action;
        let plain = |action, number: &u32| (action, vec![*number], None, None, None);
        let named = |action, text| (action, Vec::new(), Some(text), None, None);
        let (action, items, text, quantity, rating) = match self.deed.plain() {
            Deed::View(number) => plain(Action::ViewItem, number),
            Deed::Browse(number) => named(Action::ViewCategory, category(*number)),
            Deed::Search(number) => named(Action::Search, brand(*number)),
            Deed::Cart(number, count) => (Action::AddToCart, vec![*number], None, Some(*count), None),
            Deed::Uncart(number, count) => (Action::RemoveFromCart, vec![*number], None, Some(*count), None),
            Deed::Wish(number) => plain(Action::AddToWishlist, number),
            Deed::Unwish(number) => plain(Action::RemoveFromWishlist, number),
            Deed::Buy(numbers) => (Action::Purchase, numbers.clone(), None, Some(1), None),
            Deed::Refund(numbers) => (Action::Refund, numbers.clone(), None, None, None),
            Deed::Rate(number, good) => {
                (Action::Rate, vec![*number], None, None, Some(if *good { 0.5 } else { -1.0 }))
            }
            Deed::Dislike(number) => plain(Action::NotInterested, number),
            Deed::DislikeBrand(number) => named(Action::NotInterested, brand(*number)),
            Deed::DislikeCategory(number) => named(Action::NotInterested, category(*number)),
            Deed::Gift(_) | Deed::Seen(_) | Deed::Select(_) | Deed::LookAtCart => unreachable!("not kept"),
        };
        Entry {
            time_ms: self.time_ms,
            action,
            items: ids(&items),
            text,
            quantity,
            rating,
            event_id: self.id.map(event_id),
            learned: !self.deed.is_gift(),
        }
    }
}
