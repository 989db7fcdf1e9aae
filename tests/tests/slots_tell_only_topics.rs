//! Promise 5, the input of a report: the topics of the last eight items, and nothing else of them.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use tastekeeper::mutants::Mutant;
use tastekeeper::platform::Clock;
use tastekeeper::{Config, Error, Event, EventKind, Item, PersonalizationLevel as Level, Recommender};
use tastekeeper_tests::phone::{DAY_MS, Phone, START_MS, category, consent, item, sample, view};
use tastekeeper_tests::promise::{Checked, ensure, must_catch};
use tastekeeper_tests::sharing::{
    default_parameters, draft, fingerprints, open, open_shared, previewed, vocabulary,
};

/// Items whose category turns out to be sensitive do not count, not even as empty slots.
fn sensitive_items_do_not_count() -> Checked {
    let history = |with: bool| {
        fingerprints(0..60, &vocabulary(), |shop, phone| {
            for number in 0..8 {
                shop.track(view(number))?;
                phone.clock.advance(1_000);
            }
            for number in 0..8 {
                if with {
                    shop.track(Event::view(format!("secret-{number}")))?;
                }
                phone.clock.advance(1_000);
            }
            let secret = |number| Item {
                category: vec![category(1), "ma-1".into()],
                ..Item::new(format!("secret-{number}"))
            };
            shop.upsert_items((0..8).map(secret).collect())
        })
    };
    ensure(history(true)? == history(false)?, || "sensitive items move the slots".into())
}

#[test]
fn a_sensitive_item_is_as_if_it_were_never_touched() {
    must_catch(Mutant::SensitiveItemsEnter, sensitive_items_do_not_count);
}

/// The slots of a history in which item `number` was touched by `event`.
fn touched(event: impl Fn(u32) -> Event, pause_ms: i64) -> Vec<[u8; 24]> {
    let history = |shop: &Recommender, phone: &Phone| {
        for number in 0..8 {
            shop.track(event(number))?;
            phone.clock.advance(pause_ms);
        }
        Ok(())
    };
    fingerprints(0..60, &vocabulary(), history).unwrap()
}

#[test]
fn price_amount_hour_and_dwell_leave_the_slots_alone() {
    let plain = touched(view, 1_000);
    assert_ne!(plain, touched(|number| view(number + 1), 1_000), "other items give other reports");
    assert_eq!(
        plain,
        touched(|number| Event { price: Some(1e6), currency: Some("EUR".into()), ..view(number) }, 1_000)
    );
    assert_eq!(plain, touched(|number| Event { position: Some(9), ..view(number) }, 1_000));
    assert_eq!(plain, touched(view, 3_600_000), "dwell and hour");
    let bought = |number| Event { quantity: 99, price: Some(2.5), ..Event::purchase([item(number)]) };
    assert_eq!(plain, touched(bought, 1_000), "a purchase counts like a view");
    assert_eq!(plain, touched(|number| Event::add_to_cart(item(number)), 1_000));
    // The same item again is the same slot; a gift, a click and a dislike are none.
    let noisy = |shop: &Recommender, phone: &Phone| {
        for number in 0..8 {
            shop.track(view(number))?;
            shop.track(view(number))?;
            shop.track(view(number + 20).as_gift())?;
            shop.track(Event::of_item(EventKind::SelectItem, item(number + 20)))?;
            shop.track(Event::of_item(EventKind::Rate(-1.0), item(number + 20)))?;
            phone.clock.advance(1_000);
        }
        Ok(())
    };
    assert_eq!(plain, fingerprints(0..60, &vocabulary(), noisy).unwrap());
}

#[test]
fn only_the_last_eight_items_of_91_days_count() {
    let of = |numbers: &[u32], days: i64| {
        fingerprints(0..60, &vocabulary(), |shop, phone| {
            let now = phone.clock.now_ms();
            for (place, number) in (0_i64..).zip(numbers) {
                shop.track(view(*number).at(now - days * DAY_MS - 60_000 + place))?;
            }
            Ok(())
        })
        .unwrap()
    };
    let last = [8, 9, 10, 11, 12, 13, 14, 15];
    assert_eq!(of(&last, 0), of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], 0));
    assert_eq!(of(&last, 0), of(&last, 80));
    assert_ne!(of(&[], 0), of(&last, 0));
}

#[test]
fn what_is_kept_for_longer_than_an_epoch_does_not_count() {
    let of = |days: Option<i64>| -> Vec<[u8; 24]> {
        let report = |seed| {
            let phone = Phone::on(tastekeeper_tests::fault::FaultyDevice::new(), START_MS, seed);
            let config = Config { retention_days: 365, ..Phone::config() };
            let shop = Recommender::open(config, phone.platform()).unwrap();
            shop.install_model(sample()).unwrap();
            shop.install_vocabulary(vocabulary()).unwrap();
            shop.set_level(Level::Shared, Some(&consent())).unwrap();
            for number in 0..8 {
                let event = days.map_or(view(999), |days| view(number).at(START_MS - days * DAY_MS));
                shop.track(event).unwrap();
            }
            previewed(&shop).unwrap()
        };
        (0..60).map(report).collect()
    };
    assert_eq!(of(Some(91)), of(None));
    assert_ne!(of(Some(90)), of(None));
}

#[test]
fn guarded_topics_need_a_switch_of_their_own() {
    let mut guarded = draft(default_parameters());
    guarded.topics[2].guarded = true;
    guarded.topics[2].label = "Baby & Toddler".into();
    let guarded = open(&guarded);
    let in_topic = |number: u32| view(number * 6 + 2);
    let history = |switch: bool, from: u32| {
        fingerprints(0..60, &guarded, |shop, _| {
            for number in from..8 {
                shop.track(in_topic(number))?;
            }
            if switch { shop.set_guarded_topics(true, Some(&consent())) } else { Ok(()) }
        })
        .unwrap()
    };
    let empty = history(false, 8);
    assert_eq!(history(false, 0), empty, "off by default: such items are not there");
    assert_ne!(history(true, 0), empty);
    let phone = Phone::new();
    let shop = open_shared(&phone);
    let without = shop.set_guarded_topics(true, None);
    assert!(matches!(without, Err(Error::ConsentRequired { .. })), "{without:?}");
    let receipts = shop.receipts().unwrap().len();
    shop.set_guarded_topics(true, Some(&consent())).unwrap();
    assert_eq!(shop.receipts().unwrap().len(), receipts + 1);
    shop.set_level(Level::OnDevice, None).unwrap();
    let below = shop.set_guarded_topics(true, Some(&consent()));
    assert!(matches!(below, Err(Error::ConsentRequired { .. })), "{below:?}");
}

/// No float anywhere between a history and its bytes.
#[test]
fn reports_are_made_of_integers() {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let mut files =
        vec![sources.join("report.rs"), sources.join("engine/sharing.rs"), sources.join("store/random.rs")];
    for folder in ["report", "report/vocabulary"] {
        let entries = std::fs::read_dir(sources.join(folder)).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some()));
    }
    assert!(files.len() >= 10);
    for file in files {
        for (line, number) in std::fs::read_to_string(&file).unwrap().lines().zip(1..) {
            let code = line.split("//").next().unwrap_or_default();
            assert!(!has_float(code), "{}:{number}: {line}", file.display());
        }
    }
    assert!(has_float("let x: f64 = y;") && has_float("x * 1.5") && has_float("2e3_f32"));
    assert!(!has_float("0..8") && !has_float("tuple.0.1x") && !has_float("let refined64 = 1;"));
}

fn has_float(code: &str) -> bool {
    let words = code.split(|character: char| !character.is_alphanumeric());
    let typed = words.into_iter().any(|word| word == "f32" || word == "f64");
    let bytes = code.as_bytes();
    let literal = bytes.windows(4).any(|four| {
        let digit = |place: usize| four[place].is_ascii_digit();
        !four[0].is_ascii_alphanumeric()
            && !matches!(four[0], b'.' | b'_')
            && digit(1)
            && four[2] == b'.'
            && digit(3)
    });
    typed || literal
}
