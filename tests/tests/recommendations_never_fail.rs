//! Promise 8: a recommendation never fails for lack of data; bad input gets a typed, clear error; corrupt files are
//! detected, reported and recovered from.

use tastekeeper::mutants::Mutant;
use tastekeeper::platform::FileError;
use tastekeeper::{
    Boost, Context, Error, Event, Filter, Finding, Item, ItemPatch, PersonalizationLevel as Level, Pin,
    RecommendationKind, Recommender, Request, Source,
};
use tastekeeper_tests::fault::Fault;
use tastekeeper_tests::phone::{ITEMS, Phone, START_MS, catalogue, category, item, sample_pack, view};
use tastekeeper_tests::promise::{Checked, answers, ensure, must_catch, requests};

#[test]
fn every_kind_answers_at_every_level_with_nothing_at_all() {
    for level in [Level::Off, Level::Session, Level::OnDevice, Level::Shared] {
        let phone = Phone::new();
        let shop = phone.open_bare().unwrap();
        if level > Level::Off {
            shop.set_level(level, Some(&tastekeeper_tests::phone::consent())).unwrap();
        }
        for request in requests() {
            assert_eq!(shop.recommend(request).unwrap().items, []);
        }
        // Items without a model, events without items, then a model.
        shop.upsert_items(catalogue(3)).unwrap();
        shop.track(view(1)).unwrap();
        answers(&shop).unwrap();
        shop.load_model_bytes(&sample_pack(1)).unwrap();
        answers(&shop).unwrap();
        shop.warm_up().unwrap();
    }
}

#[test]
fn answers_need_no_randomness_and_nothing_is_written_without_it() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track(view(1)).unwrap();
    let files = phone.device.files().dump();
    phone.random.fail(true);
    answers(&shop).unwrap();
    let request = || Request::new(RecommendationKind::ForYou).count(5);
    let (first, second) = (shop.recommend(request()).unwrap(), shop.recommend(request()).unwrap());
    assert_ne!(first.recommendation_id, second.recommendation_id);
    shop.explain(&second.recommendation_id, &second.items[0].item_id).unwrap();
    shop.history(10, None).unwrap();
    assert_eq!(shop.track(view(2)), Err(Error::RandomUnavailable));
    assert_eq!(shop.pause(true), Err(Error::RandomUnavailable));
    assert_eq!(shop.stats().unwrap().events, 1);
    assert_eq!(phone.device.files().dump(), files);
    phone.random.fail(false);
    shop.track(view(2)).unwrap();
}

/// As many items as asked, as long as so many exist.
fn k_items_come_back() -> Checked {
    for level in [Level::Off, Level::OnDevice] {
        let shop = Phone::new().open_at(level);
        for number in 0..3 {
            shop.track(view(number)).map_err(|error| error.to_string())?;
        }
        for count in [1, 10, 50] {
            for kind in [RecommendationKind::ForYou, RecommendationKind::RelatedTo(item(5))] {
                let answer = shop
                    .recommend(Request::new(kind.clone()).count(count))
                    .map_err(|error| error.to_string())?;
                ensure(answer.items.len() == count, || {
                    format!("{kind:?} at {level:?}: {} of {count} items", answer.items.len())
                })?;
            }
        }
        let rare = Request::new(RecommendationKind::ForYou).filter(Filter::InCategory(vec![category(3)]));
        let answer = shop.recommend(rare).map_err(|error| error.to_string())?;
        ensure(answer.items.len() == 10, || format!("filtered: {} of 10 items", answer.items.len()))?;
    }
    Ok(())
}

#[test]
fn answers_are_filled_and_labelled() {
    must_catch(Mutant::DropFallback, k_items_come_back);
    let shop = Phone::new().open_at(Level::Off);
    let answer = shop.recommend(Request::new(RecommendationKind::ForYou).seed(1)).unwrap();
    assert!(answer.items.iter().all(|item| item.source == Source::Popular));
    let none = Request { fallback: false, ..Request::new(RecommendationKind::ForYou) };
    assert_eq!(shop.recommend(none).unwrap().items, []);
}

#[test]
fn an_answer_goes_on_without_repeats() {
    let shop = Phone::new().open_at(Level::OnDevice);
    shop.track(view(1)).unwrap();
    let first = shop.recommend(Request::new(RecommendationKind::ForYou).count(20)).unwrap();
    let mut seen: Vec<String> = first.items.iter().map(|item| item.item_id.clone()).collect();
    loop {
        let next = shop.recommend_next(&first.recommendation_id, 20).unwrap();
        if next.items.is_empty() {
            break;
        }
        assert_eq!(next.items[0].position, seen.len() + 1);
        for item in next.items {
            assert!(!seen.contains(&item.item_id));
            seen.push(item.item_id);
        }
    }
    assert_eq!(seen.len(), ITEMS as usize);
}

#[test]
fn a_list_in_the_shoppers_order_has_every_id_once() {
    let shop = Phone::new().open_at(Level::OnDevice);
    shop.track(view(1)).unwrap();
    let known: Vec<String> = [7, 3, 1, 9].into_iter().map(item).collect();
    let mut ids = known.clone();
    ids.splice(1..1, ["unknown-b".to_owned(), "unknown-a".to_owned(), item(7)]);
    ids.extend(["unknown-b".to_owned(), item(3)]);
    let answer = shop.rerank(&ids, Context::default()).unwrap();
    let mut given: Vec<&str> = answer.items.iter().map(|item| item.item_id.as_str()).collect();
    assert_eq!(given.split_off(4), ["unknown-b", "unknown-a"], "last, as they came");
    given.sort_unstable();
    let mut expected: Vec<&str> = known.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(given, expected);
    assert!(answer.items.iter().map(|item| item.position).eq(1..=6));
}

fn field<T: std::fmt::Debug>(result: tastekeeper::Result<T>) -> String {
    match result {
        Err(Error::InvalidArgument { field, .. }) => field,
        other => panic!("expected an invalid argument, got {other:?}"),
    }
}

#[test]
fn bad_input_is_named() {
    let shop = Phone::new().open_at(Level::OnDevice);
    let base = || Request::new(RecommendationKind::ForYou);
    let bad = [
        (Request { count: 0, ..base() }, "request.count"),
        (Request { count: 101, ..base() }, "request.count"),
        (Request { scenario: String::new(), ..base() }, "request.scenario"),
        (Request { diversity: Some(f64::NAN), ..base() }, "request.diversity"),
        (Request { strength: 1.5, ..base() }, "request.strength"),
        (Request { rotation_rate: -0.1, ..base() }, "request.rotation_rate"),
        (Request { exploration_rate: Some(2.0), ..base() }, "request.exploration_rate"),
        (Request { exclude_ids: vec![String::new()], ..base() }, "request.exclude_ids[0]"),
        (Request { exclude_ids: vec!["a".into(); 1_001], ..base() }, "request.exclude_ids"),
        (Request::new(RecommendationKind::BoughtWith(Vec::new())), "request.kind.items"),
        (Request::new(RecommendationKind::RelatedTo("x".repeat(300))), "request.kind.item"),
        (base().filter(Filter::Price { min: Some(-1.0), max: None }), "request.filter.price.min"),
        (base().filter(Filter::Price { min: Some(2.0), max: Some(1.0) }), "request.filter.price.min"),
        (
            base().filter(Filter::Not(Box::new(Filter::Brand(vec![String::new()])))),
            "request.filter.not.brand",
        ),
        (
            Request { boosts: vec![Boost { filter: Filter::All(vec![]), weight: f64::INFINITY }], ..base() },
            "request.boosts[0].weight",
        ),
        (Request { pins: vec![Pin { item_id: item(1), position: 0 }], ..base() }, "request.pins[0].position"),
        (
            Request { context: Context { item: Some(String::new()), ..Context::default() }, ..base() },
            "request.context.item",
        ),
    ];
    for (request, name) in bad {
        assert_eq!(field(shop.recommend(request)), name);
    }
    let mut deep = Filter::All(vec![]);
    for _ in 0..20 {
        deep = Filter::Not(Box::new(deep));
    }
    assert!(field(shop.recommend(base().filter(deep))).starts_with("request.filter"));
    assert_eq!(field(shop.track_all(vec![view(1), Event::view("")])), "events[1].item_id");
    assert_eq!(shop.stats().unwrap().events, 0, "a batch is kept whole or not at all");
    let bad_items = [
        (Item { price: Some(f64::NAN), ..Item::new("a") }, "items[0].price"),
        (Item { currency: Some("EURO".into()), ..Item::new("a") }, "items[0].currency"),
        (Item { embedding: Some(vec![0.0; 16]), ..Item::new("a") }, "items[0].embedding"),
        (Item { embedding: Some(vec![1.0; 3]), ..Item::new("a") }, "items[0].embedding"),
        (Item { category: vec!["a".into(); 17], ..Item::new("a") }, "items[0].category"),
        (Item::new(""), "items[0].id"),
    ];
    for (item, name) in bad_items {
        assert_eq!(field(shop.upsert_items(vec![item])), name);
    }
    assert_eq!(field(shop.patch_items(vec![ItemPatch::new("nobody-knows")])), "patches[0].id");
    assert_eq!(field(shop.recommend_categories(0)), "count");
    assert_eq!(field(shop.history(0, None)), "limit");
    assert_eq!(field(shop.switch_profile("")), "name");
    assert_eq!(field(shop.delete_profile("nobody")), "name");
}

#[test]
fn unknown_items_are_taken_and_counted() {
    let shop = Phone::new().open_at(Level::OnDevice);
    for id in ["later-1", "later-2", "later-1"] {
        shop.track(Event::view(id)).unwrap();
    }
    assert_eq!(shop.stats().unwrap().unknown_items, 2);
    shop.upsert_items(vec![Item { category: vec![category(1)], ..Item::new("later-1") }]).unwrap();
    assert_eq!(shop.stats().unwrap().unknown_items, 1);
    let answer = shop.recommend(Request::new(RecommendationKind::RecentlyViewed)).unwrap();
    assert_eq!(answer.items.len(), 1);
}

#[test]
fn packs_are_refused_one_by_one_and_the_old_one_stays() {
    use tastekeeper::error::ModelProblem;
    let shop = Phone::new().open_bare().unwrap();
    shop.load_model_bytes(&sample_pack(5)).unwrap();
    let problem = |bytes: &[u8]| match shop.load_model_bytes(bytes) {
        Err(Error::ModelInvalid { problem }) => problem,
        other => panic!("{other:?}"),
    };
    let good = sample_pack(6);
    let mut flipped = good.clone();
    flipped[300] ^= 1;
    assert_eq!(problem(&flipped), ModelProblem::BadSignature);
    assert_eq!(problem(&good[..good.len() - 1]), ModelProblem::Truncated);
    assert_eq!(problem(&sample_pack(4)), ModelProblem::OlderThanInstalled { installed: 5, offered: 4 });
    let stranger = tastekeeper_models::pack::SigningKey::from_random(&[9; 40]);
    let resigned = tastekeeper_models::pack::resign(&good, &stranger).unwrap();
    assert_eq!(problem(&resigned), ModelProblem::UnknownKey);
    assert_eq!(problem(b"nothing like a pack"), ModelProblem::NotAPack);
    let mut newer = good.clone();
    newer[6] = 2;
    assert_eq!(problem(&newer), ModelProblem::UnsupportedFormat { found: 2 });
    assert!(matches!(
        shop.load_model(std::path::Path::new("/nonexistent/pack")),
        Err(Error::StorageUnavailable { .. })
    ));
    assert_eq!(shop.stats().unwrap().model.map(|model| model.pack_version), Some(5));
    assert_eq!(answers(&shop).unwrap()[0].len(), 10);
}

#[test]
fn an_older_pack_is_refused_after_a_restart_too() {
    let phone = Phone::new();
    phone.open_bare().unwrap().load_model_bytes(&sample_pack(5)).unwrap();
    let shop = phone.open_bare().unwrap();
    assert!(matches!(shop.load_model_bytes(&sample_pack(4)), Err(Error::ModelInvalid { .. })));
    shop.load_model_bytes(&sample_pack(5)).unwrap();
}

/// Opens after damage: an error of storage or key, or a shop that works. Returns whether it is a shop.
fn opens_or_says_why(phone: &Phone) -> Result<Option<Recommender>, String> {
    match phone.open() {
        Ok(shop) => {
            answers(&shop).map_err(|error| format!("after damage: {error}"))?;
            Ok(Some(shop))
        }
        Err(
            Error::KeyUnavailable { .. } | Error::StorageUnavailable { .. } | Error::StorageCorrupt { .. },
        ) => Ok(None),
        Err(error) => Err(format!("an untyped end: {error}")),
    }
}

#[test]
fn damage_to_any_file_is_found_and_lived_with() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.upsert_items(catalogue(3)).unwrap();
    shop.track_all((0..30).map(view).collect()).unwrap();
    drop(shop);
    let files = phone.device.files().dump();
    let mut found = 0;
    for (name, bytes) in &files {
        for place in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
            let copy = Phone::on(phone.device.restart(false), START_MS, 3);
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            copy.device.files().put(name, &damaged);
            let Some(shop) = opens_or_says_why(&copy).unwrap() else {
                found += 1;
                continue;
            };
            let level = shop.level().unwrap();
            let events = shop.stats().unwrap().events;
            let findings = shop.doctor().unwrap();
            assert!(level <= Level::OnDevice);
            let intact = level == Level::OnDevice && events == 30;
            assert!(intact || !findings.is_empty(), "{name} at {place}: lost without a word");
            found += usize::from(!findings.is_empty());
        }
    }
    assert!(found > 100, "only {found} damages were noticed");
}

#[test]
fn both_copies_of_the_consent_damaged_means_off() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track(view(1)).unwrap();
    drop(shop);
    for name in ["control.1", "control.2"] {
        let mut bytes = phone.device.files().dump()[name].clone();
        bytes[40] ^= 1;
        phone.device.files().put(name, &bytes);
    }
    let shop = phone.open().unwrap();
    assert_eq!(shop.level().unwrap(), Level::Off);
    assert!(shop.doctor().unwrap().contains(&Finding::ConsentLost));
    assert!(phone.device.keys().slots().iter().all(|slot| !slot.starts_with('p')));
}

#[test]
fn keys_that_cannot_be_had_lose_nothing() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track(view(1)).unwrap();
    drop(shop);
    let files = phone.device.files().dump();
    phone.device.set_fault(phone.device.operations(), Fault::FailFrom(FileError::ReadOnly));
    assert!(matches!(phone.open(), Err(Error::KeyUnavailable { .. } | Error::StorageUnavailable { .. })));
    phone.device.clear_fault();
    assert_eq!(files, phone.device.files().dump());
    assert_eq!(phone.open().unwrap().stats().unwrap().events, 1);
}

#[test]
fn lost_keys_are_told_apart() {
    use tastekeeper::platform::KeyCustodian;
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track(view(1)).unwrap();
    drop(shop);
    for slot in phone.device.keys().slots().into_iter().filter(|slot| slot.starts_with('p')) {
        phone.device.keys().destroy(&slot).unwrap();
    }
    let shop = phone.open().unwrap();
    assert_eq!(shop.level().unwrap(), Level::Off);
    assert!(shop.doctor().unwrap().contains(&Finding::HistoryKeyLost));
    drop(shop);
    phone.device.keys().destroy("control").unwrap();
    assert!(matches!(phone.open(), Err(Error::KeyUnavailable { .. })));
    Recommender::reset(&phone.platform()).unwrap();
    assert_eq!(phone.open().unwrap().level().unwrap(), Level::Off);
}

#[test]
fn two_processes_lose_nothing() {
    let phone = Phone::new();
    let first = phone.open_at(Level::OnDevice);
    first.track(view(1)).unwrap();
    let second = phone.open().unwrap();
    second.track(view(2)).unwrap();
    assert!(matches!(first.track(view(3)), Err(Error::StorageUnavailable { .. })));
    assert_eq!(first.stats().unwrap().events, 1);
    assert_eq!(phone.open().unwrap().stats().unwrap().events, 2);
}

#[test]
fn a_full_disk_changes_nothing() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track(view(1)).unwrap();
    phone.device.set_fault(phone.device.operations(), Fault::FailFilesFrom(FileError::Full));
    assert_eq!(shop.track(view(2)), Err(Error::StorageFull));
    assert_eq!(shop.stats().unwrap().events, 1);
    answers(&shop).unwrap();
    phone.device.clear_fault();
    shop.track(view(3)).unwrap();
    drop(shop);
    assert_eq!(phone.open().unwrap().stats().unwrap().events, 2);
}

#[test]
fn choices_are_counted_by_kind_and_level() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::Session);
    let answer = shop.recommend(Request::new(RecommendationKind::ForYou)).unwrap();
    let chosen =
        |id: &str| Event { recommendation_id: Some(answer.recommendation_id.clone()), ..Event::view(id) };
    shop.track(chosen(&answer.items[2].item_id)).unwrap();
    shop.track(chosen("not-in-the-answer")).unwrap();
    let hits = shop.stats().unwrap().hits;
    assert_eq!(hits.len(), 1);
    assert_eq!(
        (hits[0].kind, hits[0].level, hits[0].given, hits[0].chosen),
        ("for_you", Level::Session, 10, 1)
    );
}

#[test]
fn the_shopper_sees_all_that_is_kept() {
    let shop = Phone::new().open_at(Level::OnDevice);
    shop.track(Event { quantity: 3, event_id: Some("e1".into()), ..Event::add_to_cart(item(1)) }).unwrap();
    shop.track(Event::of_item(tastekeeper::EventKind::Rate(-0.5), item(2))).unwrap();
    let history = shop.history(10, None).unwrap();
    assert_eq!((history[1].quantity, history[1].event_id.as_deref()), (Some(3), Some("e1")));
    assert_eq!(history[0].rating, Some(-0.5));
    assert_eq!(shop.profile().unwrap().bad_ratings, [(item(2), 0.5)]);
}

#[test]
fn boosted_items_that_are_not_wanted_do_not_shorten_an_answer() {
    let shop = Phone::new().open_at(Level::OnDevice);
    shop.track(view(1)).unwrap();
    let others = Filter::Not(Box::new(Filter::InCategory(vec![category(1)])));
    let count = |weight: f64| {
        let boosts = vec![Boost { filter: others.clone(), weight }];
        let request =
            Request { fallback: false, boosts, ..Request::new(RecommendationKind::ForYou).seed(1).count(5) };
        shop.recommend(request).unwrap().items.len()
    };
    assert_eq!((count(0.0), count(10.0)), (5, 5));
}
