//! A shop of any size with prices and stock, and a shopper: for whoever measures the engine.

use std::sync::Arc;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use tastekeeper::model::Model;
use tastekeeper::platform::{FixedClock, SecureRandom};
use tastekeeper::{
    Availability, Config, Consent, Event, EventKind, Item, MAX_ITEMS_PER_CALL, PersonalizationLevel,
    Platform, Recommender,
};

/// When it is: 2026-01-01.
pub(crate) const NOW_MS: i64 = 1_767_225_600_000;

const SEED: u64 = 44;

pub(crate) fn item(number: u32) -> String {
    format!("item-{number:06}")
}

/// A shop in memory that offers `catalogue`, and a shopper with `events`.
pub(crate) fn shop(
    model: &Arc<Model>,
    mut catalogue: Vec<Item>,
    events: Vec<Event>,
    random: impl SecureRandom + 'static,
) -> Recommender {
    let clock = Arc::new(FixedClock::new(NOW_MS));
    let platform = Platform::in_memory(clock, Arc::new(random));
    let shop = Recommender::open(Config::default(), platform).expect("memory does not fail");
    shop.install_model(model.clone()).expect("the first one");
    while !catalogue.is_empty() {
        let rest = catalogue.split_off(catalogue.len().min(MAX_ITEMS_PER_CALL));
        shop.upsert_items(catalogue).expect("valid items");
        catalogue = rest;
    }
    shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("bench"))).expect("memory");
    for events in events.chunks(1_000) {
        shop.track_all(events.to_vec()).expect("valid events");
    }
    shop
}

/// Price and stock of every item; one in ten is out of stock.
pub(crate) fn catalogue(items: u32) -> Vec<Item> {
    let offered = |number: u32| Item {
        price: Some(f64::from(number % 100) + 0.5),
        currency: Some("EUR".into()),
        availability: if number.is_multiple_of(10) {
            Availability::OutOfStock
        } else {
            Availability::InStock
        },
        ..Item::new(item(number))
    };
    (0..items).map(offered).collect()
}

/// `count` events of one minute each, up to now, over the first `items` items: mostly views.
pub(crate) fn events(count: u32, items: u32) -> Vec<Event> {
    let mut random = ChaCha20Rng::seed_from_u64(SEED);
    let event = |place: u32| {
        let kind = match place % 10 {
            0 => EventKind::AddToCart,
            1 => EventKind::RemoveFromCart,
            2 => EventKind::AddToWishlist,
            _ => EventKind::ViewItem,
        };
        let id = item(random.next_u32() % items);
        Event::of_item(kind, id).at(NOW_MS - i64::from(count - place) * 60_000)
    };
    (0..count).map(event).collect()
}
