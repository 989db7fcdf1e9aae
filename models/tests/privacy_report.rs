//! `tastekeeper privacy-report` on real stores in real folders, whole and damaged, and without touching them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tastekeeper::platform::{DirectoryFileSystem, FileKeyCustodian, FixedClock, SeededRandom};
use tastekeeper::report::{MIN_SHOPPERS_PER_MASK, NodeTree, Parameters, Topic, Vocabulary, VocabularyDraft};
use tastekeeper::{
    Config, Consent, Event, EventKind, Interest, Item, PersonalizationLevel, Platform, Recommender,
};
use tastekeeper_models::pack::SigningKey;

/// 2026-06-01 in seconds.
const NOW: i64 = 1_780_272_000;
const DAY: i64 = 86_400;

/// One test at a time: a process that is being started inherits the locks that other threads hold at that moment.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Words that must never be in a report.
const CANARIES: [&str; 5] = ["item-canary", "query-canary", "name-canary", "category-canary", "event-canary"];

struct Store {
    folder: tempfile::TempDir,
}

impl Store {
    /// A store that an app used for a while, and what it did last.
    fn used(last: impl FnOnce(&Recommender)) -> Self {
        let this = Self { folder: tempfile::tempdir().unwrap() };
        let shop = this.open(NOW - 10 * DAY);
        shop.upsert_items(vec![Item::new("item-canary-1"), Item::new("item-canary-2")]).unwrap();
        shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("2026-01"))).unwrap();
        shop.track(Event::view("item-canary-1")).unwrap();
        shop.track(Event { event_id: Some("event-canary".into()), ..Event::purchase(["item-canary-2"]) })
            .unwrap();
        shop.track(Event { query: Some("query-canary".into()), ..Event::new(EventKind::Search) }).unwrap();
        shop.set_interest("category-canary", Interest::Boost).unwrap();
        last(&shop);
        this
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn open(&self, seconds: i64) -> Recommender {
        let platform = Platform {
            clock: Arc::new(FixedClock::new(seconds * 1_000)),
            random: Arc::new(SeededRandom::new(u64::try_from(seconds).unwrap())),
            keys: Arc::new(FileKeyCustodian::create(self.keys()).unwrap()),
            files: Arc::new(DirectoryFileSystem::create(self.store()).unwrap()),
        };
        Recommender::open(Config { profile: "name-canary".into(), ..Config::default() }, platform).unwrap()
    }

    /// Every file of store and keys, with its bytes and its time of change.
    fn bytes(&self) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
        let mut all = BTreeMap::new();
        for folder in [self.store(), self.keys()] {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    let changed = path.metadata().unwrap().modified().unwrap();
                    all.insert(path.clone(), (std::fs::read(&path).unwrap(), changed));
                }
            }
        }
        all
    }

    /// Runs the command. Its exit code and its output, after checks that hold for every run.
    fn report(&self, arguments: &[&str]) -> (i32, String) {
        self.report_at(NOW, arguments)
    }

    fn report_at(&self, seconds: i64, arguments: &[&str]) -> (i32, String) {
        let before = self.bytes();
        let done = Command::new(env!("CARGO_BIN_EXE_tastekeeper"))
            .arg("privacy-report")
            .arg(self.store())
            .args(arguments)
            .env("SOURCE_DATE_EPOCH", seconds.to_string())
            .output()
            .unwrap();
        assert_eq!(self.bytes(), before, "the report changed the store");
        let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert!(!err.contains("panicked"), "{err}");
        for canary in CANARIES {
            assert!(!out.contains(canary) && !err.contains(canary), "{canary} in {out}{err}");
        }
        (done.status.code().unwrap(), out + &err)
    }

    fn with_keys(&self) -> (i32, String) {
        let keys = self.keys();
        self.report(&["--keys", keys.to_str().unwrap()])
    }

    fn json(&self, seconds: i64) -> (i32, Value) {
        let keys = self.keys();
        let (code, text) = self.report_at(seconds, &["--json", "--keys", keys.to_str().unwrap()]);
        let end = text.rfind("\n}").unwrap() + 2;
        (code, serde_json::from_str(&text[..end]).unwrap())
    }
}

/// Runs with keys, expects a bad end, and that a finding says why.
#[track_caller]
fn is_wrong(store: &Store, why: &str) {
    let (code, text) = store.with_keys();
    assert_eq!(code, 1, "{text}");
    assert!(text.lines().any(|line| line.contains("WRONG") && line.contains(why)), "no `{why}` in {text}");
}

fn damage(path: &Path, place: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[place] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_store_in_order_is_told_in_full() {
    let _turn = turn();
    let store = Store::used(|_| {});
    let (code, text) = store.with_keys();
    assert_eq!(code, 0, "{text}");
    for expected in [
        "Policy",
        "90 days or 5,000 events",
        "p0.log",
        "catalogue",
        "format 1",
        "chose OnDevice, until 2027-06-22; in force OnDevice",
        "receipts: 1, each follows from the one before",
        "2026-05-22  OnDevice  by Shopper",
        "history: 3 events, the oldest 10 days old; 1 interests set by hand",
        "Reports for the shop\n  none",
        "Findings\n  none",
    ] {
        assert!(text.contains(expected), "no `{expected}` in {text}");
    }
    let (code, json) = store.json(NOW);
    assert_eq!(code, 0);
    assert_eq!(json["people"][0]["events"], 3);
    assert_eq!(json["policy"]["numbers"]["retention_days"], 90);
    let files = json["files"].as_array().unwrap();
    assert!(files.iter().all(|file| file["is_sealed"] == (file["kind"] != "lock")), "{files:?}");
}

#[test]
fn without_keys_names_and_headers_are_told() {
    let _turn = turn();
    let store = Store::used(|_| {});
    let (code, text) = store.report(&[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("p0.log") && text.contains("sealed") && text.contains("none were given"), "{text}");
    assert!(!text.contains("People"), "{text}");
    std::fs::write(store.store().join("p1.log"), "in the clear").unwrap();
    let (code, text) = store.report(&[]);
    assert!(code == 1 && text.contains("has no header of a sealed file"), "{text}");
}

#[test]
fn the_app_s_own_limits_are_told() {
    let _turn = turn();
    let store = Store::used(|_| {});
    let (code, text) = store.report(&["--retention-days", "30", "--max-level", "on-device"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("30 days or 5,000 events") && text.contains("leaves the phone: nothing"), "{text}");
    let (code, text) = store.report(&["--retention-days", "0"]);
    assert!(code == 2 && text.contains("config.retention_days"), "{text}");
}

#[test]
fn off_leaves_receipts_and_no_history() {
    let _turn = turn();
    let store = Store::used(|shop| shop.set_level(PersonalizationLevel::Off, None).unwrap());
    let (code, text) = store.with_keys();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("chose Off; in force Off") && text.contains("receipts: 2"), "{text}");
    assert!(!text.contains("p0.log") && !text.contains("history:"), "{text}");
}

#[test]
fn a_file_that_is_not_the_engine_s_is_found() {
    let _turn = turn();
    let store = Store::used(|_| {});
    std::fs::write(store.store().join("debug.txt"), "viewed item-canary-1").unwrap();
    is_wrong(&store, "debug.txt: is not the engine's");
    let store = Store::used(|_| {});
    std::fs::create_dir(store.store().join("old")).unwrap();
    is_wrong(&store, "old: is not the engine's");
}

#[test]
fn a_leftover_of_a_rewrite_is_found() {
    let _turn = turn();
    let store = Store::used(|_| {});
    std::fs::copy(store.store().join("p0.log"), store.store().join("p0.log.new")).unwrap();
    is_wrong(&store, "p0.log.new: was left by a write");
}

#[test]
fn a_history_that_nobody_agreed_to_is_found() {
    let _turn = turn();
    let store = Store::used(|_| {});
    let saved = std::fs::read(store.store().join("p0.log")).unwrap();
    store.open(NOW).set_level(PersonalizationLevel::Off, None).unwrap();
    std::fs::write(store.store().join("p0.log"), &saved).unwrap();
    is_wrong(&store, "the level does not keep one");
    std::fs::rename(store.store().join("p0.log"), store.store().join("p7.log")).unwrap();
    is_wrong(&store, "p7.log: belongs to nobody");
}

#[test]
fn a_superseded_key_is_found() {
    let _turn = turn();
    let store = Store::used(|_| {});
    let keys: Vec<PathBuf> =
        std::fs::read_dir(store.keys()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let history =
        keys.iter().find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("p0.")).unwrap();
    let other = if history.ends_with("p0.a.key") { "p0.b.key" } else { "p0.a.key" };
    std::fs::copy(history, store.keys().join(other)).unwrap();
    is_wrong(&store, "opens no file");
    std::fs::remove_file(store.keys().join(other)).unwrap();
    std::fs::write(store.keys().join("p0.a.key.new"), [7; 32]).unwrap();
    is_wrong(&store, "was left by a write");
    std::fs::remove_file(store.keys().join("p0.a.key.new")).unwrap();
    std::fs::write(store.keys().join("catalog.a.key"), [0; 32]).unwrap();
    is_wrong(&store, "was wiped but not removed");
}

#[test]
fn an_interrupted_erasure_is_found() {
    let _turn = turn();
    // the key is gone, the file is not
    let store = Store::used(|_| {});
    for slot in ["p0.a.key", "p0.b.key"] {
        let _ = std::fs::remove_file(store.keys().join(slot));
    }
    is_wrong(&store, "has no key: an erasure was interrupted");
    // the file is gone, the level is not
    let store = Store::used(|_| {});
    std::fs::remove_file(store.store().join("p0.log")).unwrap();
    is_wrong(&store, "there is no file");
}

#[test]
fn a_consent_that_ended_long_ago_is_found() {
    let _turn = turn();
    let store = Store::used(|_| {});
    let keys = store.keys();
    let with_keys = ["--keys", keys.to_str().unwrap()];
    let ended = NOW - 10 * DAY + 396 * DAY;
    let (code, text) = store.report_at(ended + DAY, &with_keys);
    assert!(code == 0 && text.contains("in force Off") && text.contains("past their time"), "{text}");
    let (code, text) = store.report_at(ended + 31 * DAY, &with_keys);
    assert!(code == 1 && text.contains("ended more than 30 days ago"), "{text}");
}

#[test]
fn damage_is_found() {
    let _turn = turn();
    let damaged = |file: &str, place: usize| {
        let store = Store::used(|_| {});
        damage(&store.store().join(file), place);
        store
    };
    is_wrong(&damaged("p0.log", 3), "has no header of a sealed file");
    is_wrong(&damaged("control.1", 60), "one copy is damaged");
    let both = damaged("control.1", 60);
    damage(&both.store().join("control.2"), 60);
    is_wrong(&both, "nothing can be told about consent");
    let foreign = Store::used(|_| {});
    damage(&foreign.keys().join("control.key"), 5);
    is_wrong(&foreign, "nothing can be told about consent");
    // the end of a log looks like a write that was cut short: told, and not held against the store
    let torn = Store::used(|_| {});
    let log = torn.store().join("p0.log");
    let bytes = std::fs::read(&log).unwrap();
    std::fs::write(&log, &bytes[..bytes.len() - 5]).unwrap();
    let (code, text) = torn.with_keys();
    assert!(code == 0 && text.contains("cut short"), "{text}");
}

#[test]
fn several_people_are_told_apart_by_number() {
    let _turn = turn();
    let store = Store::used(|shop| {
        shop.switch_profile("second name-canary").unwrap();
        shop.set_level(PersonalizationLevel::Session, Some(&Consent::new("2026-01"))).unwrap();
        shop.set_protected(true).unwrap();
    });
    let (code, json) = store.json(NOW);
    assert_eq!(code, 0, "{json}");
    let people = json["people"].as_array().unwrap();
    assert_eq!(
        (people.len(), &people[1]["chosen"], &people[1]["limited_by"][0]),
        (2, &"Session".into(), &"protected".into())
    );
}

/// A vocabulary of two topics besides the empty one, signed with a key of the test.
fn vocabulary() -> Arc<Vocabulary> {
    let parameters = Parameters::new(4, 2, 8).unwrap();
    let topic = |number: u8| Topic {
        label: format!("Topic {number}"),
        guarded: false,
        nodes: vec![format!("node-{number}")],
    };
    let draft = VocabularyDraft {
        name: "test".into(),
        parameters,
        cohort: parameters.masks() * MIN_SHOPPERS_PER_MASK,
        tree: NodeTree::Plain,
        topics: (1..4).map(topic).collect(),
        excluded: Vec::new(),
    };
    let key = SigningKey::from_random(&[7; 40]);
    let bytes = draft.to_bytes().unwrap();
    let signature = key.detached_signature(&bytes, "a vocabulary").unwrap();
    let public = key.public_key();
    Arc::new(Vocabulary::open(&bytes, &signature, &[public]).unwrap())
}

#[test]
fn the_log_of_reports_is_told_without_what_they_said() {
    let _turn = turn();
    let mut bytes = [0; 24];
    let store = Store::used(|shop| {
        shop.set_level(PersonalizationLevel::Shared, Some(&Consent::new("2026-01"))).unwrap();
        shop.install_vocabulary(vocabulary()).unwrap();
        bytes = shop.preview_report().unwrap().report.to_bytes();
    });
    let (code, text) = store.with_keys();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("epoch   25  profile 0  3 units  waiting\n  spent: 3 of 24 units"), "{text}");
    let hex: String = bytes[14..22].iter().map(|byte| format!("{byte:02x}")).collect();
    let (_, json) = store.json(NOW);
    assert!(
        !json.to_string().contains(&hex) && !text.contains(&hex) && json["reports"][0]["state"] == "waiting"
    );
}

#[test]
fn what_cannot_be_read_ends_with_two() {
    let _turn = turn();
    let store = Store::used(|_| {});
    let nowhere = store.folder.path().join("nowhere");
    let (code, text) = store.report(&["--keys", nowhere.to_str().unwrap()]);
    assert!(code == 2 && text.contains("could not be read"), "{text}");
    let inside = store.store();
    let (code, text) = store.report(&["--keys", inside.to_str().unwrap()]);
    assert!(code == 2 && text.contains("must not lie in the store's folder"), "{text}");
    let lock = std::fs::File::open(store.store().join("lock")).unwrap();
    lock.lock().unwrap();
    let (code, text) = store.with_keys();
    assert!(code == 2 && text.contains("an app is writing"), "{text}");
}

#[test]
fn an_empty_folder_is_in_order() {
    let _turn = turn();
    let store = Store { folder: tempfile::tempdir().unwrap() };
    std::fs::create_dir(store.store()).unwrap();
    std::fs::create_dir(store.keys()).unwrap();
    let (code, text) = store.with_keys();
    assert!(code == 0 && text.contains("nobody"), "{text}");
}
