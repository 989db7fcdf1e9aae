//! What is allocated: a known pack of 100 000 items and 5 000 events open in little memory, an answer allocates only itself and what
//! is remembered of it, and what an event allocates does not grow with the shop.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test, which shows what it measured")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use tastekeeper::model::Model;
use tastekeeper::platform::{DirectoryFileSystem, FileKeyCustodian, FixedClock, SeededRandom};
use tastekeeper::{
    Availability, Boost, Config, Consent, Event, Filter, Item, PersonalizationLevel, Platform,
    RecommendationKind, Recommender, Request, Retrieval,
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
    let model = Model::open(&sample::pack(items), &[sample::signing_key().public_key()]).unwrap();
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

/// How many allocations `call` makes when it was made often enough for everything that is kept from call to call to be there.
fn allocations<T>(call: impl Fn() -> T) -> (u64, T) {
    // Answers are remembered up to a number; from then on one goes for each that comes.
    (0..40).for_each(|_| drop(call()));
    let mut result = None;
    let info = measure(|| result = Some(call()));
    (info.count_total, result.unwrap())
}

/// How many allocations it takes to have `value` once more.
fn own_allocations<T: Clone>(value: &T) -> u64 {
    let mut copy = None;
    measure(|| copy = Some(value.clone())).count_total
}

#[test]
fn an_answer_allocates_itself_and_what_is_remembered_of_it() {
    let in_stock_at_a_price = Filter::All(vec![
        Filter::Price { min: Some(10.0), max: Some(80.0) },
        Filter::Availability(vec![Availability::InStock]),
    ]);
    let for_you = Request::new(RecommendationKind::ForYou);
    let related = Request::new(RecommendationKind::RelatedTo(sample::item(77)));
    let filtered = Request { diversity: Some(0.2), ..for_you.clone() }.filter(in_stock_at_a_price);
    // What admits few, and what lifts some: each asks for a few sets of items.
    let rare = for_you.clone().filter(Filter::InCategory(vec!["leaf-3".into()]));
    let boost = Boost { filter: Filter::InCategory(vec!["leaf-3".into()]), weight: 1.0 };
    let requests = [
        ("ForYou", 0, for_you.clone()),
        ("ForYou, by relevance", 0, Request { diversity: Some(0.0), ..for_you.clone() }),
        ("ForYou, filtered", 0, filtered.clone()),
        ("ForYou, filtered, linked", 0, Request { retrieval: Retrieval::Linked, ..filtered.clone() }),
        ("ForYou, 100 items", 0, Request { count: 100, ..filtered }),
        ("RelatedTo", 0, related.clone()),
        ("RelatedTo, linked", 0, Request { retrieval: Retrieval::Linked, ..related }),
        ("rare", 6, rare),
        ("boosted", 6, Request { boosts: vec![boost], ..for_you }),
    ];
    for items in [10_000, 20_000] {
        let shop = shop(items);
        for (name, most_sets, request) in &requests {
            let request = request.clone().seed(1);
            let (count, answer) = allocations(|| shop.recommend(request.clone()).unwrap());
            assert_eq!(answer.items.len(), request.count);
            let given = own_allocations(&request) + own_allocations(&answer);
            // The answer's id, the list of its items, and each one's id and explanation.
            let remembered = 2 + 2 * u64::try_from(answer.items.len()).unwrap();
            println!("{name} of {items} items: {count} allocations, {remembered} to remember it");
            let sets = count - given - remembered;
            assert!(sets <= *most_sets, "{name} of {items} items: {sets} beside the answer");
        }
        let (count, _) = allocations(|| shop.track(Event::view(sample::item(5))).unwrap());
        println!("track with {items} items: {count} allocations");
        assert!(count <= 30, "{count} for an event");
    }
}

#[test]
fn what_one_large_answer_took_does_not_stay() {
    let shop = shop(10_000);
    let ask = || shop.recommend(Request::new(RecommendationKind::ForYou).seed(1)).unwrap().items.len();
    (0..40).for_each(|_| assert_eq!(ask(), 10));
    // All variants of one product: the answer looks through everything for a second one.
    let variants = sample::catalogue(10_000).into_iter();
    let variants: Vec<_> = variants.map(|item| Item { group_id: Some("one".into()), ..item }).collect();
    shop.upsert_items(variants).unwrap();
    let large = measure(|| assert_eq!(ask(), 1));
    println!(
        "an answer out of all items took at most {} bytes, {} stay",
        large.bytes_max, large.bytes_current
    );
    assert!(large.bytes_max > MIB / 2 && large.bytes_current < 64 << 10, "{large:?}");
}
