//! What the phone believes of a shopper: a deterministic fold over the kept events.
//!
//! Enters: events, oldest first. Leaves: the newest signals, the cart, the wish list, purchases and dislikes.
//! Must never: depend on anything but the events and their order, so that replaying gives the same bits.

mod ordered;

use std::collections::{BTreeSet, VecDeque};

use ordered::Ordered;

use crate::catalog::{KnownItem, KnownSearch};
use crate::event::{Action, StoredEvent, Subject};
use crate::mutant;

/// How many signals count, newest first. At a decay of 0.73 the 64th weighs 2e-9 of the first.
pub(crate) const SIGNAL_WINDOW: usize = 64;
/// How many recently viewed items are remembered.
const VIEWED_WINDOW: usize = 100;

/// What a signal says.
#[derive(Debug, PartialEq)]
pub(crate) enum Signal {
    Viewed(KnownItem),
    Carted(KnownItem),
    Wishlisted(KnownItem),
    Bought(KnownItem),
    /// A good rating, 0 to 1.
    Liked(KnownItem, f32),
    Browsed(String),
    Searched(KnownSearch),
}

impl Signal {
    /// The item, for signals about one.
    pub(crate) fn item(&self) -> Option<&KnownItem> {
        match self {
            Self::Viewed(item)
            | Self::Carted(item)
            | Self::Wishlisted(item)
            | Self::Bought(item)
            | Self::Liked(item, _) => Some(item),
            Self::Browsed(_) | Self::Searched(_) => None,
        }
    }
}

/// One purchase of one item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Purchase {
    pub(crate) item: KnownItem,
    pub(crate) time_ms: i64,
}

/// The state that ranking reads.
#[derive(Default, PartialEq)]
pub(crate) struct Profile {
    /// Newest first.
    pub(crate) signals: VecDeque<Signal>,
    /// Newest first, without repeats.
    pub(crate) viewed: VecDeque<String>,
    /// In the order they were put in.
    pub(crate) cart: Ordered<(KnownItem, u32)>,
    pub(crate) wishlist: Ordered<String>,
    /// Oldest first.
    pub(crate) purchases: Vec<Purchase>,
    /// Subjects the shopper is not interested in.
    pub(crate) dislikes: BTreeSet<Subject>,
    /// Badly rated items with the strength of the dislike, 0 to 1.
    pub(crate) bad_ratings: Ordered<(String, f32)>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Profile(..)")
    }
}

impl Profile {
    /// The profile of a shopper who did exactly `events`, oldest first.
    pub(crate) fn fold<'event>(events: impl IntoIterator<Item = &'event StoredEvent>) -> Self {
        let events: Vec<&StoredEvent> = events.into_iter().collect();
        let (old, recent) = events.split_at(window(&events));
        let mut profile = Self::default();
        old.iter().for_each(|event| profile.apply_lasting(event));
        recent.iter().for_each(|event| profile.apply(event));
        profile
    }

    /// Goes on with one event that is not older than any before.
    pub(crate) fn apply(&mut self, event: &StoredEvent) {
        self.apply_lasting(event);
        if is_learned(event) {
            self.apply_recent(&event.action);
        }
    }

    /// What fades: the newest signals and views.
    fn apply_recent(&mut self, action: &Action) {
        match action {
            Action::View(item) => {
                self.viewed.retain(|seen| seen != item);
                self.viewed.push_front(item.clone());
                self.viewed.truncate(VIEWED_WINDOW);
                self.signal(Signal::Viewed(item.as_str().into()));
            }
            Action::ViewCategory(category) => self.signal(Signal::Browsed(category.clone())),
            Action::Search(query) => self.signal(Signal::Searched(query.as_str().into())),
            Action::AddToCart { item, .. } => self.signal(Signal::Carted(item.as_str().into())),
            Action::AddToWishlist(item) => self.signal(Signal::Wishlisted(item.as_str().into())),
            Action::Purchase { items, .. } => {
                items.iter().for_each(|item| self.signal(Signal::Bought(item.as_str().into())));
            }
            Action::Rate { item, value } if *value > 0.0 => {
                self.signal(Signal::Liked(item.as_str().into(), *value))
            }
            _ => {}
        }
    }

    /// What lasts: cart, wish list, purchases, dislikes.
    fn apply_lasting(&mut self, event: &StoredEvent) {
        if !is_learned(event) {
            return self.apply_quietly(&event.action);
        }
        match &event.action {
            Action::View(_) | Action::ViewCategory(_) | Action::Search(_) => {}
            Action::AddToCart { item, quantity } => self.add_to_cart(item, *quantity),
            Action::RemoveFromCart { item, quantity } => self.take_from_cart(item, *quantity),
            Action::AddToWishlist(item) => self.wish(item),
            Action::RemoveFromWishlist(item) => self.wishlist.remove(item),
            Action::Purchase { items, .. } => {
                for item in items {
                    self.cart.remove(item);
                    self.purchases.push(Purchase { item: item.as_str().into(), time_ms: event.time_ms });
                }
            }
            Action::Refund { items } => {
                for item in items {
                    if let Some(last) =
                        self.purchases.iter().rposition(|purchase| purchase.item.text() == item)
                    {
                        self.purchases.remove(last);
                    }
                }
            }
            Action::Rate { item, value } => {
                self.bad_ratings.remove(item);
                if *value < 0.0 {
                    self.bad_ratings.add((item.clone(), -value));
                }
            }
            Action::NotInterested(subject) => {
                self.dislikes.insert(subject.clone());
            }
        }
    }

    /// Moves cart and wish list only, as the shop shows them.
    fn apply_quietly(&mut self, action: &Action) {
        match action {
            Action::AddToCart { item, quantity } => self.add_to_cart(item, *quantity),
            Action::RemoveFromCart { item, quantity } => self.take_from_cart(item, *quantity),
            Action::AddToWishlist(item) => self.wish(item),
            Action::RemoveFromWishlist(item) => self.wishlist.remove(item),
            Action::Purchase { items, .. } => items.iter().for_each(|item| self.cart.remove(item)),
            _ => {}
        }
    }

    fn add_to_cart(&mut self, item: &str, quantity: u32) {
        match self.cart.get_mut(item) {
            Some((_, count)) => *count = count.saturating_add(quantity),
            None => self.cart.add((item.into(), quantity)),
        }
    }

    fn take_from_cart(&mut self, item: &str, quantity: u32) {
        if let Some((_, count)) = self.cart.get_mut(item) {
            *count = count.saturating_sub(quantity);
            if *count == 0 {
                self.cart.remove(item);
            }
        }
    }

    fn wish(&mut self, item: &str) {
        self.wishlist.add(item.to_owned());
    }

    fn signal(&mut self, signal: Signal) {
        self.signals.push_front(signal);
        self.signals.truncate(SIGNAL_WINDOW);
    }
}

fn is_learned(event: &StoredEvent) -> bool {
    !event.quiet || mutant!(LearnFromGifts)
}

/// The first event of the newest ones that fill every window: nothing before it is left in signals and views. A view is a signal
/// too, and there are more places for views than for signals, so views of that many items fill both.
fn window(events: &[&StoredEvent]) -> usize {
    const { assert!(VIEWED_WINDOW >= SIGNAL_WINDOW, "views fill the signals") };
    let mut viewed: BTreeSet<&str> = BTreeSet::new();
    for (place, event) in events.iter().enumerate().rev() {
        if let Action::View(item) = &event.action
            && is_learned(event)
            && viewed.insert(item)
            && viewed.len() == VIEWED_WINDOW
        {
            return place;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(time_ms: i64, action: Action) -> StoredEvent {
        StoredEvent { time_ms, action, event_id: None, quiet: false }
    }

    #[test]
    fn carts_purchases_and_refunds_add_up() {
        let a = || "a".to_owned();
        let events = [
            event(1, Action::AddToCart { item: a(), quantity: 2 }),
            event(2, Action::RemoveFromCart { item: a(), quantity: 1 }),
            event(3, Action::AddToCart { item: "b".into(), quantity: 1 }),
            event(4, Action::Purchase { items: vec![a()], quantity: 1 }),
            event(5, Action::Purchase { items: vec![a()], quantity: 1 }),
            event(6, Action::Refund { items: vec![a()] }),
        ];
        let profile = Profile::fold(&events);
        assert_eq!(*profile.cart, [("b".into(), 1)]);
        assert_eq!(profile.purchases, [Purchase { item: "a".into(), time_ms: 4 }]);
    }

    #[test]
    fn a_gift_moves_the_cart_and_says_nothing() {
        let quiet = |time, action| StoredEvent { quiet: true, ..event(time, action) };
        let a = || "a".to_owned();
        let events = [
            quiet(1, Action::View(a())),
            quiet(2, Action::AddToCart { item: a(), quantity: 1 }),
            quiet(3, Action::AddToWishlist("b".into())),
            quiet(4, Action::Rate { item: a(), value: -1.0 }),
        ];
        let carted = Profile::fold(&events);
        assert_eq!((carted.cart.len(), carted.wishlist.len()), (1, 1));
        let bought = Profile::fold(
            events.iter().chain([&quiet(5, Action::Purchase { items: vec![a()], quantity: 1 })]),
        );
        let mut wished = Profile::default();
        wished.wish("b");
        assert_eq!(bought, wished);
    }

    #[test]
    fn a_new_rating_replaces_the_old_one() {
        let rate = |time, value| event(time, Action::Rate { item: "a".into(), value });
        assert_eq!(*Profile::fold(&[rate(1, -0.5)]).bad_ratings, [("a".to_owned(), 0.5)]);
        assert!(Profile::fold(&[rate(1, -0.5), rate(2, 1.0)]).bad_ratings.is_empty());
    }

    #[test]
    fn a_fold_leaves_out_nothing_that_going_on_would_keep() {
        let mut state = 7_u32;
        let mut draw = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        for (items, count) in [(40, 900), (150, 900), (400, 900), (101, 300), (1_000, 90)] {
            let events: Vec<StoredEvent> = (0..count)
                .map(|time| {
                    let item = format!("i{}", draw(items));
                    let action = match draw(12) {
                        0 => Action::AddToCart { item, quantity: 1 },
                        1 => Action::RemoveFromCart { item, quantity: 1 },
                        2 => Action::Purchase { items: vec![item.clone(), format!("{item}x")], quantity: 1 },
                        3 => Action::Rate { item, value: if draw(2) == 0 { 0.5 } else { -0.5 } },
                        4 => Action::AddToWishlist(item),
                        5 => Action::Search(item),
                        _ => Action::View(item),
                    };
                    StoredEvent { quiet: draw(9) == 0, ..event(time, action) }
                })
                .collect();
            let mut gone_on = Profile::default();
            events.iter().for_each(|event| gone_on.apply(event));
            assert!(Profile::fold(&events) == gone_on, "{items} items, {count} events");
        }
    }

    #[test]
    fn windows_are_bounded() {
        let events: Vec<_> = (0..500).map(|time| event(time, Action::View(format!("i{time}")))).collect();
        let profile = Profile::fold(&events);
        assert_eq!(profile.signals.len(), SIGNAL_WINDOW);
        assert_eq!(profile.signals[0], Signal::Viewed("i499".into()));
        assert_eq!(profile.viewed.len(), VIEWED_WINDOW);
    }
}
