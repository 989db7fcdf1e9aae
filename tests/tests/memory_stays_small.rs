//! What is allocated: a known pack of 100 000 items and 5 000 events open in little memory, and what an answer or an event allocates
//! does not grow with the shop.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test, which shows what it measured")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use tastekeeper::model::Model;
use tastekeeper::platform::{DirectoryFileSystem, FileKeyCustodian, FixedClock, SeededRandom};
use tastekeeper::{
    Availability, Config, Consent, Event, Filter, PersonalizationLevel, Platform, RecommendationKind,
    Recommender, Request,
};

#[path = "../../models/benches/engine/sample.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the benchmarks, which ask for more")]
mod sample;

const MIB: u64 = 1 << 20;

fn config() -> Config {
    Config { model_keys: vec![sample::signing_key().public_key_text()], ..Config::default() }
}

/// An engine on the two folders of a phone.
fn open(folder: &Path, seed: u64) -> Recommender {
    let platform = Platform {
        clock: Arc::new(FixedClock::new(sample::NOW_MS)),
        random: Arc::new(SeededRandom::new(seed)),
        keys: Arc::new(FileKeyCustodian::create(folder.join("keys")).unwrap()),
        files: Arc::new(DirectoryFileSystem::create(folder.join("files")).unwrap()),
    };
    Recommender::open(config(), platform).unwrap()
}

/// Lets a phone live: 5 000 events, and the pack loaded once.
fn prepare(folder: &Path, pack: &Path) {
    let shop = open(folder, 1);
    shop.load_model(pack).unwrap();
    shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("test"))).unwrap();
    for events in sample::events(5_000, 200).chunks(1_000) {
        shop.track_all(events.to_vec()).unwrap();
    }
    assert_eq!(shop.history(1, None).unwrap().len(), 1);
}

/// Opens the engine, gives it a model, and asks for the first answer.
fn start(folder: &Path, load: impl Fn(&Recommender)) -> AllocationInfo {
    let mut shop = None;
    let info = measure(|| {
        let opened = open(folder, 2);
        load(&opened);
        let answer = opened.recommend(Request::new(RecommendationKind::ForYou)).unwrap();
        assert_eq!(answer.items.len(), 10);
        shop = Some(opened);
    });
    assert!(shop.is_some_and(|shop| shop.stats().unwrap().events == 5_000), "all of it is in memory");
    info
}

#[test]
fn a_known_pack_opens_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("shop.tkpack");
    fs::write(&pack, sample::pack(100_000)).unwrap();
    let length = fs::metadata(&pack).unwrap().len();
    prepare(folder.path(), &pack);
    let mapped = start(folder.path(), |shop| {
        shop.load_model(&pack).unwrap();
    });
    println!("a pack of {length} bytes: at most {} bytes, {} stay", mapped.bytes_max, mapped.bytes_current);
    assert!(mapped.bytes_max < 8 * MIB, "{mapped:?}");
    // The same with a copy of the pack: the measure sees it.
    let copied = start(folder.path(), |shop| {
        shop.load_model_bytes(&fs::read(&pack).unwrap()).unwrap();
    });
    assert!(copied.bytes_max >= length + mapped.bytes_current.unsigned_abs(), "{copied:?}");
}

/// A shop in memory with `items` items, prices and stock, and a short history.
fn shop(items: u32) -> Recommender {
    let model = Model::open(sample::pack(items).into(), &[sample::signing_key().public_key()]).unwrap();
    let platform =
        Platform::in_memory(Arc::new(FixedClock::new(sample::NOW_MS)), Arc::new(SeededRandom::new(3)));
    let shop = Recommender::open(config(), platform).unwrap();
    shop.install_model(Arc::new(model)).unwrap();
    for items in sample::catalogue(items).chunks(10_000) {
        shop.upsert_items(items.to_vec()).unwrap();
    }
    shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("test"))).unwrap();
    shop.track_all(sample::events(50, 200)).unwrap();
    shop
}

type Call<'a> = &'a dyn Fn(&Recommender);

/// The fewest allocations of one call, when it was made often enough for everything that is kept from call to call to be there.
fn allocations(shop: &Recommender, call: Call<'_>) -> u64 {
    // Answers are remembered up to a number; from then on one goes for each that comes.
    (0..40).for_each(|_| call(shop));
    let counts: Vec<u64> = (0..20).map(|_| measure(|| call(shop)).count_total).collect();
    *counts.iter().min().unwrap()
}

#[test]
fn what_a_call_allocates_does_not_grow_with_the_shop() {
    let filtered = || Request {
        filter: Filter::All(vec![
            Filter::Price { min: Some(10.0), max: Some(80.0) },
            Filter::Availability(vec![Availability::InStock]),
        ]),
        diversity: Some(0.2),
        ..Request::new(RecommendationKind::ForYou)
    };
    let recommend = |request: Request| {
        move |shop: &Recommender| {
            assert_eq!(shop.recommend(request.clone().seed(1)).unwrap().items.len(), 10);
        }
    };
    let for_you = recommend(Request::new(RecommendationKind::ForYou));
    let with_filter = recommend(filtered());
    let related = recommend(Request::new(RecommendationKind::RelatedTo(sample::item(77))));
    let track = |shop: &Recommender| {
        shop.track(Event::view(sample::item(5))).unwrap();
    };
    let calls: [(&str, Call<'_>, u64); 4] = [
        ("ForYou", &for_you, 350),
        ("ForYou, filtered", &with_filter, 360),
        ("RelatedTo", &related, 220),
        ("track", &track, 30),
    ];
    let (small, large) = (shop(10_000), shop(20_000));
    for (name, call, most) in calls {
        let counts = [&small, &large].map(|shop| allocations(shop, call));
        println!("{name}: {counts:?} allocations with 10 000 and 20 000 items");
        // Other items make other reasons, and some have more to say.
        assert!(counts[0].abs_diff(counts[1]) <= counts[0] / 10, "{name}: {counts:?}");
        assert!(counts[1] <= most, "{name}: {counts:?}");
    }
    // What does grow with a shop is seen.
    let [fewer, more] = [10_000, 20_000].map(|items| measure(|| drop(sample::catalogue(items))).count_total);
    assert!(fewer >= 10_000 && more >= fewer + 10_000, "{fewer} and {more}");
}
