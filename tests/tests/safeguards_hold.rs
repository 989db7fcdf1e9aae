//! Safeguards against misuse: sensitive categories are never learned from, price never enters, no category takes an answer
//! over, new items keep their place.

use proptest::prelude::*;
use tastekeeper::mutants::Mutant;
use tastekeeper::{
    Config, Error, Event, EventKind, IgnoredReason, Interest, Item, PersonalizationLevel as Level,
    Recommendation, RecommendationKind, Recommender, Request, Source, Subject, Tracked,
};
use tastekeeper_tests::phone::{ITEMS, Phone, START_MS, category, category_of, consent, item, sample, view};
use tastekeeper_tests::promise::{Checked, answers, ensure, must_catch, same_answers};

fn text(error: Error) -> String {
    error.to_string()
}

/// A shop whose category 2 is sensitive, at level OnDevice.
fn careful(phone: &Phone) -> Result<Recommender, String> {
    let config = Config { sensitive_categories: vec![category(2)], ..Phone::config() };
    let shop = Recommender::open(config, phone.platform()).map_err(text)?;
    shop.install_model(sample()).map_err(text)?;
    shop.set_level(Level::OnDevice, Some(&consent())).map_err(text)?;
    Ok(shop)
}

/// Every way to show an interest in item `number` or its category.
fn interest_in(number: u32) -> Vec<Event> {
    vec![
        view(number),
        Event::add_to_cart(item(number)),
        Event::of_item(EventKind::AddToWishlist, item(number)),
        Event::of_item(EventKind::Rate(1.0), item(number)),
        Event::purchase([item(number)]),
        Event { category: Some(category(category_of(number))), ..Event::new(EventKind::ViewCategory) },
    ]
}

fn nothing_is_learned_from_sensitive_categories() -> Checked {
    let phones = [Phone::new(), Phone::new()];
    let [shop, never] = [careful(&phones[0])?, careful(&phones[1])?];
    for (place, number) in (0..).zip(0..20) {
        let time_ms = START_MS - 100_000 + place;
        for event in interest_in(number) {
            let sensitive = category_of(number) == 2;
            let outcome = shop.track(event.clone().at(time_ms)).map_err(text)?;
            let ignored = outcome == Tracked::Ignored(IgnoredReason::Sensitive);
            ensure(ignored == sensitive, || format!("{:?} became {outcome:?}", event.kind))?;
            if !sensitive {
                never.track(event.at(time_ms)).map_err(text)?;
            }
        }
    }
    // Of a mixed purchase, the rest is kept.
    let mixed = [item(2), item(3)];
    shop.track(Event::purchase(mixed).at(START_MS - 50)).map_err(text)?;
    never.track(Event::purchase([item(3)]).at(START_MS - 50)).map_err(text)?;
    ensure(shop.history(1_000, None) == never.history(1_000, None), || "the histories differ".into())?;
    ensure(shop.profile() == never.profile(), || "the profiles differ".into())?;
    same_answers("sensitive", &answers(&shop).map_err(text)?, &answers(&never).map_err(text)?)
}

#[test]
fn sensitive_categories_are_never_learned_from() {
    must_catch(Mutant::LearnSensitive, nothing_is_learned_from_sensitive_categories);
}

/// A category that the shop calls sensitive later, when events are kept already.
fn what_becomes_sensitive_falls_silent() -> Checked {
    let phones = [Phone::new(), Phone::new()];
    for (phone, learns) in phones.iter().zip([true, false]) {
        let shop = phone.open_at(Level::OnDevice);
        for number in 0..12 {
            if learns || category_of(number) != 2 {
                let events = interest_in(number).into_iter().filter(|event| {
                    // Carts and purchases also keep items out of answers, which is not learning.
                    !matches!(event.kind, EventKind::AddToCart | EventKind::Purchase)
                });
                for event in events {
                    shop.track(event.at(START_MS - 1_000 + i64::from(number))).map_err(text)?;
                }
            }
        }
    }
    let [knew, never] = [careful(&phones[0])?, careful(&phones[1])?];
    let shares = |shop: &Recommender| shop.profile().map(|profile| profile.categories);
    let names: Vec<String> = shares(&knew).map_err(text)?.into_iter().map(|(name, _)| name).collect();
    ensure(!names.contains(&category(2)), || "the profile names it".into())?;
    same_answers("later", &answers(&knew).map_err(text)?, &answers(&never).map_err(text)?)
}

#[test]
fn a_category_that_becomes_sensitive_is_silent_at_once() {
    must_catch(Mutant::LearnSensitive, what_becomes_sensitive_falls_silent);
}

#[test]
fn the_built_in_core_needs_no_configuration() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    let test_kit = Item { category: vec!["hb".into(), "hb-1-15".into()], ..Item::new("kit") };
    let dress = Item { category: vec!["Clothing".into(), "Maternity clothing".into()], ..Item::new("dress") };
    shop.upsert_items(vec![test_kit, dress]).unwrap();
    let ignored = Tracked::Ignored(IgnoredReason::Sensitive);
    for event in [Event::view("kit"), Event::add_to_cart("dress"), Event::purchase(["kit", "dress"])] {
        assert_eq!(shop.track(event).unwrap(), ignored);
    }
    let search = Event { query: Some("pregnancy test".into()), ..Event::new(EventKind::Search) };
    assert_eq!(shop.track(search).unwrap(), ignored);
    assert_eq!(shop.stats().unwrap().events, 0);
    // What the shopper does not want to see is taken from any category, and is not boosted.
    let gone = Event::not_interested(Subject::Category("hb-1-15".into()));
    assert_eq!(shop.track(gone).unwrap(), Tracked::Stored);
    shop.set_interest("hb-1-15", Interest::Mute).unwrap();
    let boosted = shop.set_interest("hb-1-15", Interest::Boost);
    assert!(matches!(boosted, Err(Error::InvalidArgument { field, .. }) if field == "interest"));
    // At Off the level is the reason.
    shop.set_level(Level::Off, None).unwrap();
    assert_eq!(shop.track(Event::view("kit")).unwrap(), Tracked::Ignored(IgnoredReason::LevelOff));
}

#[test]
fn price_never_enters_the_profile() {
    let phones = [Phone::new(), Phone::new()];
    let shops = [phones[0].open_at(Level::OnDevice), phones[1].open_at(Level::OnDevice)];
    for (shop, price) in shops.iter().zip([Some(3.5), Some(9_999.0)]) {
        for number in 0..20 {
            for event in interest_in(number) {
                let event = event.at(START_MS - 100 + i64::from(number));
                shop.track(Event { price, currency: Some("EUR".into()), ..event }).unwrap();
            }
        }
    }
    assert_eq!(shops[0].history(1_000, None).unwrap(), shops[1].history(1_000, None).unwrap());
    assert_eq!(shops[0].profile().unwrap(), shops[1].profile().unwrap());
    same_answers("price", &answers(&shops[0]).unwrap(), &answers(&shops[1]).unwrap()).unwrap();
}

/// The largest number of items of one category among the first twenty. Category of a new item: by its number.
fn crowd(items: &[Recommendation]) -> usize {
    let number = |id: &str| {
        id.rsplit('-').next().and_then(|digits| digits.parse::<u32>().ok()).expect("ids end with a number")
    };
    let mut counts = [0; 6];
    for item in items.iter().take(20) {
        counts[category_of(number(&item.item_id)) as usize] += 1;
    }
    counts.into_iter().max().unwrap_or(0)
}

/// What a shopper gets who looks at nothing but category `number`, in a shop with many items of it.
fn rail(number: u32, count: usize, seed: Option<u64>, new: u32) -> Result<Vec<Recommendation>, String> {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    let alike = (0..new).map(|place| Item {
        category: vec![category(number)],
        embedding: None,
        ..Item::new(format!("new-{}", place * 6 + number))
    });
    shop.upsert_items(alike.collect()).map_err(text)?;
    for place in 0..6 {
        shop.track(view(number + 6 * place)).map_err(text)?;
    }
    let request = Request { seed, ..Request::new(RecommendationKind::ForYou).count(count) };
    Ok(shop.recommend(request).map_err(text)?.items)
}

fn no_category_takes_over() -> Checked {
    for (count, new) in [(10, 0), (20, 0), (20, 300), (40, 300), (100, 0)] {
        for seed in [None, Some(1), Some(2)] {
            let items = rail(1, count, seed, new)?;
            let cap = count.min(20) * 6 / 10;
            ensure(crowd(&items) <= cap, || {
                format!("{} of the first {} are of one category", crowd(&items), count.min(20))
            })?;
            ensure(items.len() == count.min((ITEMS + new) as usize), || {
                format!("{} items for {count}", items.len())
            })?;
        }
    }
    Ok(())
}

#[test]
fn no_category_takes_more_than_its_share_of_the_first_places() {
    must_catch(Mutant::OneCategoryFillsAll, no_category_takes_over);
}

#[test]
fn new_items_keep_their_place() {
    for seed in [None, Some(1)] {
        let items = rail(3, 20, seed, 1).unwrap();
        assert!(items.iter().any(|item| item.item_id == "new-3"), "{seed:?}");
        let found = items.iter().find(|item| item.item_id == "new-3").unwrap();
        assert!(found.position <= 5 || found.source != Source::Exploration, "{found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exposure_holds_for_any_shopper(
        looks in prop::collection::vec(0..ITEMS, 0..30), seed in any::<u64>(), count in 5_usize..30,
        exploration in prop::option::of(0.0..1.0_f64),
    ) {
        let phone = Phone::new();
        let shop = phone.open_at(Level::Session);
        for number in looks {
            shop.track(view(number)).unwrap();
        }
        let request = Request {
            exploration_rate: exploration,
            ..Request::new(RecommendationKind::ForYou).count(count).seed(seed)
        };
        let items = shop.recommend(request).unwrap().items;
        prop_assert!(crowd(&items) <= (count.min(20) * 6 / 10).max(1));
    }
}
