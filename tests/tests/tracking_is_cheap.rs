//! What an event costs the device: one write, one flush where the app asked for it, and few bytes beside the event's own.

use tastekeeper::store::Durability;
use tastekeeper::{Config, Event, PersonalizationLevel as Level, Recommender, Tracked};
use tastekeeper_tests::phone::{Phone, consent, item, sample, view};

/// Bytes in all files.
fn size(phone: &Phone) -> usize {
    phone.device.files().dump().values().map(Vec::len).sum()
}

fn open(phone: &Phone, event_durability: Durability) -> Recommender {
    let config = Config { event_durability, ..Phone::config() };
    let shop = Recommender::open(config, phone.platform()).expect("a sound phone");
    shop.install_model(sample()).expect("a sound phone");
    shop.set_level(Level::OnDevice, Some(&consent())).expect("a sound phone");
    // The first event of a profile makes its file.
    shop.track(view(0)).expect("a sound phone");
    shop
}

/// Operations on files and keys, and bytes, that `events` take together.
fn cost(phone: &Phone, shop: &Recommender, events: Vec<Event>) -> (u64, usize) {
    let (operations, bytes) = (phone.device.operations(), size(phone));
    let tracked = shop.track_all(events).expect("a sound phone");
    assert!(tracked.iter().all(|tracked| *tracked == Tracked::Stored), "every event is kept");
    (phone.device.operations() - operations, size(phone) - bytes)
}

#[test]
fn an_event_is_one_write_and_one_flush_where_it_must_survive_a_power_cut() {
    for (durability, operations) in [(Durability::Power, 2), (Durability::Process, 1)] {
        let phone = Phone::new();
        let shop = open(&phone, durability);
        for number in 1..200 {
            let (taken, bytes) = cost(&phone, &shop, vec![view(number % 60)]);
            assert_eq!(taken, operations, "event {number}, {durability:?}");
            let beside = bytes - item(number % 60).len();
            assert!(beside <= 128, "event {number} takes {beside} bytes beside its item's id");
        }
    }
}

#[test]
fn a_hundred_events_at_once_are_one_write_and_one_flush() {
    let phone = Phone::new();
    let shop = open(&phone, Durability::Power);
    for _ in 0..5 {
        let events: Vec<Event> = (0..100).map(|number| view(number % 60)).collect();
        let ids: usize = (0..100).map(|number| item(number % 60).len()).sum();
        let (operations, bytes) = cost(&phone, &shop, events);
        assert_eq!(operations, 2, "a write and a flush");
        let beside = (bytes - ids) / 100;
        assert!(beside <= 64, "{beside} bytes for each event beside its item's id");
    }
}
