#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::path::Path;

use tastekeeper::platform::{FixedClock, SeededRandom};

use super::*;
use crate::pool::tests::{ENOUGH, Memory};

const NOW_MS: i64 = 1_767_225_600_000;

fn phone(memory: &Arc<Memory>, now_ms: i64) -> Shop<Arc<Memory>> {
    let pool = Pool::open(memory.clone()).unwrap();
    let (clock, random) = (Arc::new(FixedClock::new(now_ms)), Arc::new(SeededRandom::new(5)));
    let mut shop = Shop::new(clock, random, Some((pool, Key::new([3; 32]))));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/scenarios/files");
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        shop.put_file(&entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap());
    }
    ask(&mut shop, json!({"do": "open"}));
    ask(&mut shop, json!({"do": "load_vocabulary", "file": VOCABULARY, "signature": VOCABULARY_SIGNATURE}));
    ask(&mut shop, json!({"do": "load_model", "file": "shop.tkpack"}));
    shop
}

fn ask(shop: &mut Shop<Arc<Memory>>, step: Value) -> Value {
    shop.call(&step).unwrap().gives
}

fn agree(shop: &mut Shop<Arc<Memory>>, level: &str) {
    ask(shop, json!({"do": "set_level", "level": level, "consent": {"notice_version": "1"}}));
}

fn view(shop: &mut Shop<Arc<Memory>>, item: &str) -> Value {
    ask(shop, json!({"do": "track", "event": {"kind": "view_item", "item_id": item}}))
}

#[test]
fn nothing_is_written_before_the_shopper_agrees_and_nothing_is_left_after_erasing() {
    let memory = Memory::new(vec![Vec::new(); 16], ENOUGH);
    let mut shop = phone(&memory, NOW_MS);
    assert_eq!(view(&mut shop, "sku-00103"), "level_off");
    assert_eq!(ask(&mut shop, json!({"do": "state"}))["store_bytes"], 0);

    agree(&mut shop, "on_device");
    assert_eq!(view(&mut shop, "sku-00103"), "stored");
    let state = ask(&mut shop, json!({"do": "state"}));
    assert!(state["store_bytes"].as_u64().unwrap() > 0 && state["is_durable"] == true, "{state}");
    drop(shop);

    let mut shop = phone(&memory, NOW_MS + 1_000);
    let state = ask(&mut shop, json!({"do": "state"}));
    assert_eq!((&state["level"], &state["events"]), (&json!("on_device"), &json!(1)));
    let erased = ask(&mut shop, json!({"do": "erase_everything"}));
    assert!(erased["bytes_before"].as_u64().unwrap() > 0);
    assert_eq!(erased["bytes_after"], 0);
    assert!(memory.contents().iter().all(Vec::is_empty));
    let rail = ask(&mut shop, json!({"do": "recommend", "request": {"kind": "trending"}}));
    assert!(!rail["items"].as_array().unwrap().is_empty());
    drop(shop);

    let mut shop = phone(&memory, NOW_MS + 2_000);
    assert_eq!(ask(&mut shop, json!({"do": "state"}))["level"], "off");
    // and it can begin anew
    agree(&mut shop, "on_device");
    assert_eq!(view(&mut shop, "sku-00103"), "stored");
}

#[test]
fn what_is_shown_before_opting_in_is_what_waits_afterwards() {
    let memory = Memory::new(vec![Vec::new(); 16], ENOUGH);
    let mut shop = phone(&memory, NOW_MS);
    agree(&mut shop, "on_device");
    for item in ["sku-00103", "sku-00279", "sku-00453"] {
        view(&mut shop, item);
    }
    let kept = memory.contents();
    let shown = ask(&mut shop, json!({"do": "preview_before_opt_in"}));
    assert_eq!(ask(&mut shop, json!({"do": "preview_before_opt_in"})), shown, "a second look");
    assert_eq!(memory.contents(), kept, "nothing was written");
    assert_eq!(ask(&mut shop, json!({"do": "level"})), "on_device");
    assert_eq!(ask(&mut shop, json!({"do": "report_log"})), json!([]));

    let opted = ask(&mut shop, json!({"do": "opt_in", "consent": {"notice_version": "1"}}));
    assert_eq!(opted["is_as_shown"], true);
    assert_eq!(opted["preview"]["report"], shown["report"]);
    assert_eq!(opted["receipt"]["level"], "shared");

    assert!(ask(&mut shop, json!({"do": "advance_clock_to_report"})).as_i64().is_some());
    let pending = ask(&mut shop, json!({"do": "pending_report"}));
    assert_eq!(pending, shown["report"]);
    ask(&mut shop, json!({"do": "confirm_sent", "id": pending["id"]}));
    assert_eq!(ask(&mut shop, json!({"do": "advance_clock_to_report"})), Value::Null, "once an epoch");
}

#[test]
fn a_spoilt_pack_is_refused_and_the_one_in_use_stays() {
    let memory = Memory::new(vec![Vec::new(); 16], ENOUGH);
    let mut shop = phone(&memory, NOW_MS);
    let problem = shop.call(&json!({"do": "load_spoilt_model", "file": "shop.tkpack"})).unwrap_err();
    assert_eq!(problem.code(), "ModelInvalid");
    assert_eq!(ask(&mut shop, json!({"do": "state"}))["pack"], "shop.tkpack");
    let problem = shop.call(&json!({"do": "dance"})).unwrap_err();
    assert!(to_text(Err(problem)).contains("Misread"));
}
