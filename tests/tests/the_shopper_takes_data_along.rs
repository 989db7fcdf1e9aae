//! Access and portability: the export says everything and follows its schema; a sealed file brings a history to a new phone.

use serde_json::Value;
use tastekeeper::consent::verify_receipts;
use tastekeeper::{
    Error, Event, EventKind, Forget, Imported, Interest, PersonalizationLevel as Level, RecommendationKind,
    Recommender, Request, Subject,
};
use tastekeeper_models::schema::{check, properties};
use tastekeeper_tests::phone::{DAY_MS, Phone, START_MS, brand, category, consent, item, view};
use tastekeeper_tests::promise::{answers, same_answers};

const PASSPHRASE: &str = "pear lantern orbit fig";

/// One event of every kind that is kept.
fn one_of_each() -> Vec<Event> {
    vec![
        view(1),
        Event { category: Some(category(2)), ..Event::new(EventKind::ViewCategory) },
        Event { query: Some(brand(3)), ..Event::new(EventKind::Search) },
        Event { quantity: 2, ..Event::add_to_cart(item(4)) },
        Event::add_to_cart(item(5)),
        Event::of_item(EventKind::RemoveFromCart, item(5)),
        Event::of_item(EventKind::AddToWishlist, item(6)),
        Event::of_item(EventKind::AddToWishlist, item(7)),
        Event::of_item(EventKind::RemoveFromWishlist, item(7)),
        Event { event_id: Some("order-1".into()), ..Event::purchase([item(8), item(9)]) },
        Event::of_item(EventKind::Refund, item(9)),
        Event::of_item(EventKind::Rate(-0.5), item(10)),
        Event::not_interested(Subject::Item(item(11))),
        Event::not_interested(Subject::Brand(brand(1))),
        Event::not_interested(Subject::Category(category(5))),
        view(12).as_gift(),
    ]
}

fn with_everything(phone: &Phone) -> Recommender {
    let shop = phone.open_at(Level::OnDevice);
    let events = (0..).zip(one_of_each()).map(|(place, event)| event.at(START_MS - 100 + place));
    shop.track_all(events.collect()).expect("a sound phone");
    shop.set_interest(&category(1), Interest::Boost).expect("a sound phone");
    shop.set_interest(&category(3), Interest::Mute).expect("a sound phone");
    shop.recommend(Request::new(RecommendationKind::ForYou)).expect("a sound phone");
    shop
}

fn document(shop: &Recommender) -> Value {
    let document = serde_json::from_str(&shop.export_data().expect("a sound phone")).expect("a sound phone");
    let schema: Value =
        serde_json::from_str(include_str!("../../core/docs/export.schema.json")).expect("a sound phone");
    let met = check(&schema, &document, "export").expect("a sound phone");
    let unmet: Vec<String> = properties(&schema, "export").difference(&met).cloned().collect();
    assert!(unmet.is_empty(), "the schema names what the export does not have: {unmet:?}");
    document
}

#[test]
fn the_export_says_everything_that_is_kept() {
    let phone = Phone::new();
    let shop = with_everything(&phone);
    let all = document(&shop);
    let actions: Vec<&str> =
        all["events"].as_array().unwrap().iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions.len(), one_of_each().len());
    for action in [
        "view_item",
        "view_category",
        "search",
        "add_to_cart",
        "remove_from_cart",
        "add_to_wishlist",
        "remove_from_wishlist",
        "purchase",
        "refund",
        "rate",
        "not_interested",
    ] {
        assert!(actions.contains(&action), "{action}");
    }
    // Every name that was given to the phone.
    let text = all.to_string();
    for number in (1..=12).filter(|number| ![2, 3].contains(number)) {
        assert!(text.contains(&item(number)), "item {number}");
    }
    for name in [category(1), category(2), category(3), category(5), brand(1), brand(3), "order-1".into()] {
        assert!(text.contains(&name), "{name}");
    }
    assert_eq!(all["beliefs"]["cart"], serde_json::json!([{ "id": item(4), "quantity": 2 }]));
    assert_eq!(all["consent"]["state"], "granted");
    assert_eq!(all["interests"].as_array().unwrap().len(), 2);
    assert_eq!(all["visit"]["answers"][0]["given"], 10);
    let receipts = verify_receipts(&all["receipts"].to_string()).unwrap();
    assert_eq!(receipts.receipts.len(), 1);
    // No price was ever kept, so none can be told; no key either.
    assert!(!text.contains("price"));
}

#[test]
fn the_export_follows_its_schema_at_every_level_and_in_every_state() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::Off);
    assert_eq!(document(&shop)["consent"]["state"], "not_asked");
    shop.set_level(Level::Session, Some(&consent())).unwrap();
    shop.track(view(1)).unwrap();
    assert_eq!(document(&shop)["events"].as_array().unwrap().len(), 1);
    shop.set_level(Level::Off, None).unwrap();
    assert_eq!(document(&shop)["consent"]["state"], "withdrawn");
}

#[test]
fn what_is_set_aside_is_exported_too() {
    let count = |shop: &Recommender| document(shop)["events"].as_array().unwrap().len();
    let phone = Phone::new();
    let shop = with_everything(&phone);
    let all = count(&shop);
    shop.set_private_session(true).unwrap();
    shop.track(view(20)).unwrap();
    assert_eq!(count(&shop), all);
    let sealed = shop.export_transfer(PASSPHRASE).unwrap();
    shop.set_private_session(false).unwrap();
    assert_eq!(
        shop.import_transfer(&sealed, PASSPHRASE).unwrap(),
        Imported { left_out: all, ..Imported::default() }
    );
    // The consent ended.
    phone.clock.advance(400 * DAY_MS);
    assert_eq!(shop.level(), Ok(Level::Off));
    assert_eq!(document(&shop)["consent"]["state"], "expired");
}

#[test]
fn a_new_phone_goes_on_where_the_old_one_was() {
    let [old, new] = [Phone::new(), Phone::on(tastekeeper_tests::fault::FaultyDevice::new(), START_MS, 77)];
    let before = with_everything(&old);
    let sealed = before.export_transfer(PASSPHRASE).unwrap();
    // Nothing readable in it.
    for name in [item(1), category(2), brand(3)] {
        assert!(!sealed.windows(name.len()).any(|bytes| bytes == name.as_bytes()));
    }
    let after = new.open_at(Level::Off);
    let refused = after.import_transfer(&sealed, PASSPHRASE);
    assert!(matches!(refused, Err(Error::ConsentRequired { .. })), "consent does not travel: {refused:?}");
    after.set_level(Level::OnDevice, Some(&consent())).unwrap();
    let taken = after.import_transfer(&sealed, PASSPHRASE).unwrap();
    assert_eq!(taken, Imported { events: one_of_each().len(), left_out: 0, interests: 2 });
    assert_eq!(after.history(100, None).unwrap(), before.history(100, None).unwrap());
    assert_eq!(after.profile().unwrap(), before.profile().unwrap());
    drop((before, after));
    let [before, after] = [old.open().unwrap(), new.open().unwrap()];
    same_answers("moved", &answers(&before).unwrap(), &answers(&after).unwrap()).unwrap();
    // A second time brings nothing, and what was forgotten in between does come back: it is the shopper's file.
    assert_eq!(after.import_transfer(&sealed, PASSPHRASE).unwrap().events, 0);
    after.forget(Forget::Item(item(1))).unwrap();
    assert_eq!(after.import_transfer(&sealed, PASSPHRASE).unwrap().events, 1);
}

#[test]
fn only_what_may_be_kept_is_taken_over() {
    let old = Phone::new();
    let sealed = with_everything(&old).export_transfer(PASSPHRASE).unwrap();
    // Too old by now.
    let late = Phone::on(tastekeeper_tests::fault::FaultyDevice::new(), START_MS + 100 * DAY_MS, 5);
    let shop = late.open_at(Level::OnDevice);
    assert_eq!(shop.import_transfer(&sealed, PASSPHRASE).unwrap().events, 0);
    // Sensitive here.
    let phone = Phone::new();
    let config = tastekeeper::Config { sensitive_categories: vec![category(1)], ..Phone::config() };
    let shop = Recommender::open(config, phone.platform()).unwrap();
    shop.install_model(tastekeeper_tests::phone::sample()).unwrap();
    shop.set_level(Level::OnDevice, Some(&consent())).unwrap();
    let taken = shop.import_transfer(&sealed, PASSPHRASE).unwrap();
    // Items 1 and 7 lie in it.
    assert_eq!((taken.events, taken.left_out), (one_of_each().len() - 3, 3));
    // Nothing at all while learning is stopped.
    shop.set_kill_switch(true).unwrap();
    assert!(matches!(shop.import_transfer(&sealed, PASSPHRASE), Err(Error::ConsentRequired { .. })));
    // Other files, and other passphrases.
    shop.set_kill_switch(false).unwrap();
    let field = |result: Result<Imported, Error>| match result {
        Err(Error::InvalidArgument { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(shop.import_transfer(&sealed, "pear lantern orbit fix")), "passphrase");
    assert_eq!(field(shop.import_transfer(b"not a file", PASSPHRASE)), "transfer");
    assert_eq!(field(shop.import_transfer(&sealed, "fig")), "passphrase");
}
