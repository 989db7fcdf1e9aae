//! What the app gives: its failures are answers, its misuse is refused, and nothing of it is held after `close`.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use tastekeeper_ffi::{
    Clock, Config, Consent, Event, EventKind, HostError, KeyCustodian, PersonalizationLevel,
    RecommendationKind, Recommender, Request, SecureRandom, TastekeeperError,
};

type Answer<T> = Result<T, HostError>;

struct Still(Mutex<Option<i64>>);

impl Clock for Still {
    fn now_ms(&self) -> Answer<i64> {
        self.0.lock().unwrap().ok_or(HostError::Unavailable)
    }
}

struct Repeated(usize);

impl SecureRandom for Repeated {
    fn bytes(&self, count: u32) -> Answer<Vec<u8>> {
        Ok(vec![7; usize::try_from(count).unwrap() + self.0])
    }
}

#[derive(Default)]
struct Keys {
    kept: Mutex<BTreeMap<String, Vec<u8>>>,
    calls_back: OnceLock<Weak<Recommender>>,
    refused: Mutex<Option<TastekeeperError>>,
}

impl KeyCustodian for Keys {
    fn load(&self, name: String) -> Answer<Option<Vec<u8>>> {
        Ok(self.kept.lock().unwrap().get(&name).cloned())
    }
    fn store(&self, name: String, key: Vec<u8>) -> Answer<()> {
        if let Some(recommender) = self.calls_back.get().and_then(Weak::upgrade) {
            *self.refused.lock().unwrap() = recommender.level().err();
        }
        self.kept.lock().unwrap().insert(name, key);
        Ok(())
    }
    fn destroy(&self, name: String) -> Answer<()> {
        self.kept.lock().unwrap().remove(&name);
        Ok(())
    }
}

fn config() -> Config {
    Config {
        profile: "default".into(),
        model_keys: Vec::new(),
        retention_days: 90,
        max_events: 5_000,
        event_durability: None,
        max_level: None,
        accepted_notices: Vec::new(),
        sensitive_categories: Vec::new(),
        session_idle_minutes: 30,
    }
}

fn consent() -> Option<Consent> {
    Some(Consent {
        notice_version: "1".into(),
        notice_text: None,
        locale: "en".into(),
        surface: "settings".into(),
        method: None,
    })
}

fn view(item: &str) -> Event {
    let [empty] = <[Event; 1]>::try_from(
        tastekeeper_ffi::events_from_ga4(
            r#"{"name":"view_item","params":{"items":[{"item_id":"x"}]}}"#.into(),
        )
        .unwrap(),
    )
    .unwrap();
    Event { kind: EventKind::ViewItem, item_id: Some(item.into()), ..empty }
}

fn folder(name: &str) -> String {
    let folder = std::env::temp_dir().join(format!("tastekeeper-ffi-{}-{name}", std::process::id()));
    folder.to_str().unwrap().to_owned()
}

#[test]
fn a_clock_that_fails_stops_the_call_and_nothing_else() {
    let clock = Arc::new(Still(Mutex::new(Some(1_767_225_600_000))));
    let shop = Recommender::open(config(), None, None, Some(clock.clone()), None).unwrap();
    shop.set_level(PersonalizationLevel::OnDevice, consent()).unwrap();
    *clock.0.lock().unwrap() = None;
    let error = shop.track(view("a")).unwrap_err();
    assert_eq!(error.to_string(), "invalid argument `clock`: the app's clock gave no time");
    *clock.0.lock().unwrap() = Some(1_767_225_601_000);
    assert_eq!(shop.stats().unwrap().events, 0);
    shop.track(view("a")).unwrap();
    assert_eq!(shop.history(1, None).unwrap()[0].time_ms, 1_767_225_601_000);
}

#[test]
fn randomness_of_another_length_is_none() {
    for (more, works) in [(0, true), (1, false)] {
        let shop = Recommender::open(config(), None, None, None, Some(Arc::new(Repeated(more)))).unwrap();
        let raised = shop.set_level(PersonalizationLevel::OnDevice, consent());
        assert_eq!(raised.is_ok(), works, "{raised:?}");
        assert!(works || matches!(raised, Err(TastekeeperError::RandomUnavailable(_))));
    }
}

#[test]
fn a_directory_and_keys_come_together() {
    let only = |directory: Option<String>, keys: Option<Arc<dyn KeyCustodian>>| {
        Recommender::open(config(), directory, keys, None, None).unwrap_err().to_string()
    };
    assert!(only(Some(folder("never made")), None).starts_with("invalid argument `keys`"));
    assert!(only(None, Some(Arc::new(Keys::default()))).starts_with("invalid argument `directory`"));
    assert!(!std::path::Path::new(&folder("never made")).exists());
}

#[test]
fn a_key_of_another_length_is_refused_and_the_store_survives() {
    let (directory, keys) = (folder("lengths"), Arc::new(Keys::default()));
    let open = || Recommender::open(config(), Some(directory.clone()), Some(keys.clone()), None, None);
    open().unwrap().set_level(PersonalizationLevel::OnDevice, consent()).unwrap();
    let whole = keys.kept.lock().unwrap().clone();
    for key in keys.kept.lock().unwrap().values_mut() {
        key.pop();
    }
    assert!(matches!(open(), Err(TastekeeperError::KeyUnavailable(_))));
    *keys.kept.lock().unwrap() = whole;
    assert_eq!(open().unwrap().level().unwrap(), PersonalizationLevel::OnDevice);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn calling_back_is_refused_instead_of_waiting_for_ever() {
    let (directory, keys) = (folder("back"), Arc::new(Keys::default()));
    let shop = Recommender::open(config(), Some(directory.clone()), Some(keys.clone()), None, None).unwrap();
    let shop = Arc::new(shop);
    keys.calls_back.set(Arc::downgrade(&shop)).unwrap();
    shop.set_level(PersonalizationLevel::OnDevice, consent()).unwrap();
    let refused = keys.refused.lock().unwrap().take().expect("the custodian called back");
    assert!(refused.to_string().starts_with("invalid argument `host`"), "{refused}");
    assert_eq!(
        shop.level().unwrap(),
        PersonalizationLevel::OnDevice,
        "outside of it calls are answered again"
    );
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn closing_lets_go_of_what_the_app_gave() {
    let (directory, keys) = (folder("close"), Arc::new(Keys::default()));
    let clock = Arc::new(Still(Mutex::new(Some(1_767_225_600_000))));
    let shop =
        Recommender::open(config(), Some(directory.clone()), Some(keys.clone()), Some(clock.clone()), None)
            .unwrap();
    assert!(shop.is_durable().unwrap());
    assert!(Arc::strong_count(&keys) > 1 && Arc::strong_count(&clock) > 1);
    shop.close().unwrap();
    shop.close().unwrap();
    assert_eq!((Arc::strong_count(&keys), Arc::strong_count(&clock)), (1, 1));
    assert!(matches!(shop.level(), Err(TastekeeperError::Closed(_))));
    assert!(matches!(shop.is_durable(), Err(TastekeeperError::Closed(_))));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn defaults_are_those_of_the_engine() {
    let listing = include_str!("../../surface.txt");
    let record = |name: &str| {
        let from = listing.split_once(&format!("\n{name}: record\n")).expect("listed").1;
        from.lines().take_while(|line| line.starts_with(' ')).map(str::trim).collect::<Vec<_>>()
    };
    let config = tastekeeper::Config::default();
    assert!(config.max_level == tastekeeper::PersonalizationLevel::Shared);
    for line in [
        format!("profile: String = {:?}", config.profile),
        format!("retention_days: UInt32 = {}", config.retention_days),
        format!("max_events: UInt32 = {}", config.max_events),
        format!("session_idle_minutes: UInt32 = {}", config.session_idle_minutes),
    ] {
        assert!(record("Config").contains(&line.as_str()), "{line}");
    }
    let request = tastekeeper::Request::new(tastekeeper::RecommendationKind::ForYou);
    for line in [
        format!("scenario: String = {:?}", request.scenario),
        format!("count: UInt32 = {}", request.count),
        format!("rotation_rate: Float64 = {:.1}", request.rotation_rate),
        format!("rotation_seconds: UInt32 = {}", request.rotation_seconds),
        format!("fallback: Boolean = {}", request.fallback),
        format!("one_per_group: Boolean = {}", request.one_per_group),
        format!("strength: Float64 = {:.1}", request.strength),
        format!("non_profiling: Boolean = {}", request.non_profiling),
    ] {
        assert!(record("Request").contains(&line.as_str()), "{line}");
    }
    let policy = tastekeeper::consent::cmp::CmpPolicy::default();
    assert!(
        record("CmpPolicy").contains(&format!("max_age_days: UInt32 = {}", policy.max_age_days).as_str())
    );
    let consent = tastekeeper::Consent::new("1");
    assert!(record("Consent").contains(&format!("locale: String = {:?}", consent.locale).as_str()));
    assert!(record("Consent").contains(&format!("surface: String = {:?}", consent.surface).as_str()));
    let event = tastekeeper::Event::view("x");
    assert!(record("Event").contains(&format!("quantity: UInt32 = {}", event.quantity).as_str()));
    assert!(record("Event").contains(&format!("learn: Boolean = {}", event.learn).as_str()));
}

#[test]
fn an_answer_is_the_engines_answer() {
    let clock = || Arc::new(Still(Mutex::new(Some(1_767_225_600_000))));
    let shop = Recommender::open(config(), None, None, Some(clock()), Some(Arc::new(Repeated(0)))).unwrap();
    shop.set_level(PersonalizationLevel::Session, consent()).unwrap();
    shop.track_all(vec![view("b"), view("a")]).unwrap();
    let request = Request {
        kind: RecommendationKind::RecentlyViewed,
        scenario: "default".into(),
        count: 10,
        context: None,
        filter: None,
        boosts: Vec::new(),
        pins: Vec::new(),
        exclude_ids: Vec::new(),
        diversity: None,
        rotation_rate: 0.0,
        rotation_seconds: 7_200,
        min_relevance: None,
        fallback: true,
        one_per_group: true,
        strength: 1.0,
        exploration_rate: None,
        retrieval: None,
        non_profiling: false,
        seed: None,
    };
    // Neither item is the shop's: nothing can be shown of them.
    assert!(shop.recommend(request).unwrap().items.is_empty());
    assert_eq!(shop.stats().unwrap().unknown_items, 2);
}

#[test]
fn no_line_of_ours_is_unsafe() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("unsafe"));
        files += 1;
    }
    assert!(files > 10);
}
