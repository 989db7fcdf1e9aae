//! What works: train, inspect, evaluate, sign, pack, import, generate-shop.

use std::process::Stdio;

use serde_json::Value;
use tastekeeper::model::{Model, PublicKey};
use tastekeeper_models::pack::{SigningKey, unsigned_body};

use crate::support::{TRAIN, command, files, read, run, shop, write};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("the command prints json")
}

fn inspect(pack: &str) -> Value {
    json(&run(&["inspect", pack, "--json"]).ok())
}

#[test]
fn training_says_what_was_chosen_and_writes_a_card() {
    let said = String::from_utf8(read("train.stdout")).unwrap();
    for part in
        ["trained on 240 events of 60 sequences", "40 of 40 items seen", "graph ", "blend ", "validation "]
    {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    let card = String::from_utf8(read("card.md")).unwrap();
    for part in [
        "# Model card: shop",
        "| Pack version | 7 |",
        "| Made on | 2026-06-01 |",
        "| Licence | CC0-1.0 |",
        "360 events of 60 users",
        "| Held out from training | leave-one-out |",
        "| ndcg@10 |",
        "| File, bytes |",
    ] {
        assert!(card.contains(part), "no `{part}` in {card}");
    }
}

#[test]
fn the_same_arguments_give_the_same_pack_and_another_seed_another() {
    let folder = tempfile::tempdir().unwrap();
    let pack = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        run(&[TRAIN, &["--out", out.to_str().unwrap()], more].concat()).ok();
        std::fs::read(out).unwrap()
    };
    assert_eq!(pack("again.tkpack", &[]), read("model.tkpack"));
    assert_ne!(pack("other.tkpack", &["--seed", "2"]), read("model.tkpack"));
}

#[test]
fn a_pack_is_shown_in_full() {
    let shown = inspect("model.tkpack");
    assert_eq!(shown["model_id"], "shop");
    assert_eq!(shown["label"], "CC0-1.0");
    assert_eq!(shown["signature"], "valid");
    assert_eq!((&shown["items"], &shown["dim"]), (&40.into(), &96.into()));
    assert_eq!(shown["summary"]["data"]["events"], 240);
    assert_eq!(shown["bytes"]["file"], read("model.tkpack").len());
    let of_sections: u64 =
        shown["sections"].as_array().unwrap().iter().map(|section| section["bytes"].as_u64().unwrap()).sum();
    assert!(of_sections < shown["bytes"]["file"].as_u64().unwrap());
    let shown = json(&run(&["inspect", "model.tkpack", "--json", "--item", "i03"]).ok());
    let neighbours = shown["item"]["neighbours"].as_array().unwrap();
    assert_eq!(neighbours[0]["item"], "i04", "the next item of the shelf");
    let attributes: Vec<&str> =
        shown["item"]["attributes"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
    assert!(["shop", "shelf-0", "brand-0", "colour=red"].iter().all(|name| attributes.contains(name)));
    let text = run(&["inspect", "model.tkpack", "--item", "i03"]).ok();
    for part in ["signature          valid", "neighbour weights", "item.rank", "shelf-0", "bytes.model"] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
}

#[test]
fn a_pack_of_an_unknown_key_is_shown_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let none = folder.path().join("none");
    let output =
        command(&["inspect", "model.tkpack", "--json"]).env("TASTEKEEPER_KEY", &none).output().unwrap();
    let shown = json(std::str::from_utf8(&output.stdout).unwrap());
    assert!(shown["signature"].as_str().unwrap().starts_with("not checked"));
    assert_eq!(shown["key_id"], inspect("model.tkpack")["key_id"], "not the key of the moment");
    assert!(!none.exists(), "showing makes no key");
}

#[test]
fn evaluation_prints_a_table_and_writes_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let arguments = ["evaluate", "model.tkpack", "log.csv", "--protocol", "leave-one-out", "--report"];
    let said = run(&[&arguments[..], &[path.to_str().unwrap()]].concat()).ok();
    assert!(said.contains("leave-one-out: 60 cases of 60 users, 40 items ranked"), "{said}");
    assert!(said.contains("@10") && said.contains("latency"), "{said}");
    let report = json(&std::fs::read_to_string(path).unwrap());
    assert_eq!((&report["version"], &report["cases"]), (&2.into(), &60.into()));
    let value = |of: &Value, name: &str| of[name]["value"].as_f64().unwrap();
    assert!(value(&report["metrics"], "hr@5") > 0.9, "the shelf's order is learned: {report}");
    assert!(value(&report["metrics"], "hr@5") > value(&report["baselines"]["popularity"], "hr@5"));
    assert_eq!(report["file_bytes"], read("model.tkpack").len());
    assert!(report["latency_us"]["p95"].as_f64() >= report["latency_us"]["median"].as_f64());

    // a sequence file of the same log gives the same answers, but for the kinds of events
    let said =
        run(&["evaluate", "model.tkpack", "log.txt", "--protocol", "leave-one-out", "--users", "9"]).ok();
    assert!(said.contains("9 cases of 9 users"), "{said}");
    let run = run(&["evaluate", "model.tkpack", "log.csv", "--protocol", "temporal", "--share", "0.2"]);
    assert!(
        run.stderr.contains("warning: the pack was trained with --split leave-one-out"),
        "{}",
        run.stderr
    );
    assert!(run.ok().contains("temporal: "));
}

#[test]
fn packs_are_signed_anew_and_for_minisign() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    run(&["sign", "--new-key", &at("keys")]).ok();
    assert_eq!(files(&folder.path().join("keys")).len(), 2);
    run(&["sign", "--new-key", &at("keys")]).refused(&["there is a key already"]);
    let (key, public) = (at("keys/tastekeeper.key"), at("keys/tastekeeper.pub"));
    let said =
        run(&["sign", "model.tkpack", "--key", &key, "--out", &at("signed.tkpack"), "--detached"]).ok();
    assert!(said.contains("signed.tkpack.minisig"), "{said}");
    assert!(
        std::fs::read_to_string(at("signed.tkpack.minisig")).unwrap().contains("trusted comment: timestamp:")
    );
    run(&["inspect", &at("signed.tkpack"), "--key", &public]).ok();
    run(&["inspect", "model.tkpack", "--key", &public]).refused(&["not trusted", "--key"]);
    run(&["sign", "model.tkpack", "--key", &key, "--detached"]).refused(&["not trusted"]);

    // a key that never was here signs the body
    let elsewhere = SigningKey::from_random(&[5; 40]);
    run(&["sign", "model.tkpack", "--body", &at("body")]).ok();
    let body = std::fs::read(at("body")).unwrap();
    assert_eq!(body, unsigned_body(&read("model.tkpack")).unwrap());
    std::fs::write(at("body.minisig"), elsewhere.detached_signature(&body, "t").unwrap()).unwrap();
    std::fs::write(at("release.pub"), elsewhere.public_key_text()).unwrap();
    let attach = ["sign", "model.tkpack", "--attach", &at("body.minisig"), "--public"];
    run(&[&attach[..], &[&at("release.pub"), "--out", &at("release.tkpack")]].concat()).ok();
    let pack = std::fs::read(at("release.tkpack")).unwrap();
    let public = PublicKey::parse(&elsewhere.public_key_text()).unwrap();
    assert_eq!(Model::open(&pack, &[public]).unwrap().len(), 40);
}

#[test]
fn a_saved_model_packs_to_the_same_bytes_and_to_smaller_ones() {
    let folder = tempfile::tempdir().unwrap();
    let pack = |name: &str, more: &[&str]| {
        let out = folder.path().join(name).to_str().unwrap().to_owned();
        let identity = ["--model-id", "shop", "--pack-version", "7", "--licence", "CC0-1.0"];
        run(&[&["pack", "model.safetensors", "--out", &out], &identity[..], more].concat()).ok();
        out
    };
    let same = pack("same.tkpack", &[]);
    assert_eq!(std::fs::read(same).unwrap(), read("model.tkpack"));
    let bytes = |pack: &str| inspect(pack)["bytes"]["model"].as_u64().unwrap();
    let standard = bytes("model.tkpack");
    let tiny = pack("tiny.tkpack", &["--preset", "tiny"]);
    let smaller = pack("smaller.tkpack", &["--neighbours", "4", "--weight-bits", "4"]);
    let large = pack("large.tkpack", &["--vectors", "int8"]);
    let finer = pack("finer.tkpack", &["--vectors", "int8", "--residuals"]);
    assert!(bytes(&smaller) < bytes(&tiny) && bytes(&tiny) < standard && standard < bytes(&large));
    let [items, dim] = ["items", "dim"].map(|shape| inspect(&finer)[shape].as_u64().unwrap());
    assert_eq!(bytes(&finer), bytes(&large) + items * dim.div_ceil(8));
    assert_eq!(inspect(&smaller)["neighbours"], 4);
    for pack in [tiny, smaller, large, finer] {
        run(&["evaluate", &pack, "log.csv", "--protocol", "leave-one-out", "--users", "5"]).ok();
    }
}

#[test]
fn vectors_from_elsewhere_become_a_pack() {
    let folder = tempfile::tempdir().unwrap();
    let out = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut text = "40 8\n".to_owned();
    for item in 0..40 {
        let values: Vec<&str> = (0..8).map(|place| if place == item / 10 { "1.5" } else { "0" }).collect();
        text += &format!("i{item:02} {}\n", values.join(" "));
    }
    write("vectors.txt", text);
    let said = run(&["import", "vectors.txt", "--log", "log.csv", "--out", &out("w2v.tkpack")]).ok();
    assert!(said.contains("40 items"), "{said}");
    assert_eq!(inspect(&out("w2v.tkpack"))["dim"], 8);
    // the same vectors as NumPy writes them
    let header = format!("{:<117}\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (40, 8), }");
    let values =
        (0..40).flat_map(|item| (0..8).map(move |place| if place == item / 10 { 1.5f32 } else { 0.0 }));
    let values: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    write("vectors.npy", [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), &values].concat());
    write("ids.txt", (0..40).map(|item| format!("i{item:02}\n")).collect::<String>());
    let same = ["--model-id", "m", "--pack-version", "3", "--log", "log.csv", "--out"];
    let (text, npy) = (out("text.tkpack"), out("npy.tkpack"));
    run(&[&["import", "vectors.txt"], &same[..], &[&text]].concat()).ok();
    run(&[&["import", "vectors.npy", "--ids", "ids.txt"], &same[..], &[&npy]].concat()).ok();
    assert_eq!(std::fs::read(text).unwrap(), std::fs::read(npy).unwrap());
    let evaluate = ["evaluate", &out("w2v.tkpack"), "log.csv", "--protocol", "leave-one-out"];
    let said = run(&evaluate).ok();
    assert!(said.contains("60 cases"), "{said}");
    let (a, b) = (out("saved.tkpack"), out("alone.tkpack"));
    run(&["import", "model.safetensors", "--log", "log.csv", "--log", "log.txt", "--out", &a]).ok();
    assert_eq!(inspect(&a)["summary"]["data"]["events"], 720);
    let alone = run(&["import", "model.safetensors", "--out", &b]);
    assert!(alone.stderr.contains("warning: without --log"), "{}", alone.stderr);
    assert_eq!(inspect(&b)["neighbours"], 0);
}

#[test]
fn a_generated_shop_has_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("shop");
    let arguments = ["generate-shop", to.to_str().unwrap(), "--products", "500", "--shoppers", "20"];
    let said = run(&arguments).ok();
    assert!(said.contains("500 products") && said.contains("tastekeeper train"), "{said}");
    let expected = ["catalog.jsonl", "categories.json", "log.csv", "personas.json"];
    assert_eq!(files(&to).into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = command(&["inspect", "model.tkpack", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
    assert!(shop().exists());
}
