//! What is refused: with one line, exit code 2, and no file left behind.

use crate::support::{read, refuse, run, write};

/// `train` on a log of this text.
#[track_caller]
fn refuse_log(name: &str, text: &str, parts: &[&str]) {
    write(name, text);
    refuse(&["train", name, "--out", "OUT"], parts);
}

#[test]
fn files_that_are_not_there() {
    let missing = ["none.csv: ", "No such file"];
    refuse(&["train", "none.csv", "--out", "OUT"], &missing);
    refuse(&["train", "log.csv", "--items", "none.csv", "--out", "OUT"], &missing);
    refuse(&["evaluate", "none.csv", "log.csv", "--protocol", "next-click"], &missing);
    refuse(&["inspect", "none.csv"], &missing);
    refuse(&["pack", "none.csv", "--out", "OUT"], &missing);
    refuse(&["import", "none.csv", "--out", "OUT"], &missing);
    refuse(&["sign", "none.csv", "--out", "OUT"], &missing);
    refuse(&["sign", "model.tkpack", "--key", "none.csv", "--out", "OUT"], &missing);
    refuse(&["inspect", "model.tkpack", "--key", "none.csv"], &missing);
}

#[test]
fn receipts_that_do_not_hold_together() {
    let clock = std::sync::Arc::new(tastekeeper::platform::FixedClock::new(1));
    let random = std::sync::Arc::new(tastekeeper::platform::SeededRandom::new(1));
    let platform = tastekeeper::Platform::in_memory(clock, random);
    let phone = tastekeeper::Recommender::open(tastekeeper::Config::default(), platform).unwrap();
    let consent = tastekeeper::Consent::new("2026-01");
    phone.set_level(tastekeeper::PersonalizationLevel::Session, Some(&consent)).unwrap();
    let document = phone.export_receipts().unwrap();
    write("receipts.json", &document);
    assert!(run(&["receipts", "verify", "receipts.json"]).ok().contains("1 receipts, each follows"));
    write("changed.json", document.replace("2026-01", "2026-02"));
    refuse(&["receipts", "verify", "changed.json"], &["changed.json: ", "receipts[0].chain", "was changed"]);
    refuse(&["receipts", "verify", "no-receipts.json"], &["No such file"]);
}

#[test]
fn columns_that_are_not_there() {
    refuse(
        &["train", "log.csv", "--user-column", "shopper", "--out", "OUT"],
        &["no column `shopper`", "`user`, `item`, `event`, `timestamp`"],
    );
    refuse_log(
        "odd-columns.csv",
        "who,item\na,b\n",
        &["none of the columns `who`, `item` is a usual one for the user", "--user-column"],
    );
    refuse(&["train", "log.csv", "--format", "tsv", "--out", "OUT"], &["`user,item,event,timestamp`"]);
    write("log.parquet", "x");
    refuse(&["train", "log.parquet", "--out", "OUT"], &["log.parquet", "not a whole parquet file"]);
    write("log.unknown", "x");
    refuse(&["train", "log.unknown", "--out", "OUT"], &["log.unknown", "--format"]);
}

#[test]
fn malformed_lines_are_named_with_their_column() {
    refuse_log(
        "no-item.csv",
        "user,item,time\nu,a,1700000000\nu,,1700000001\n",
        &["no-item.csv: ", "line 3, column `item`: expected an id", "found nothing"],
    );
    refuse_log(
        "no-time.csv",
        "user,item,time\nu,a,1700000000\nu,b,soon\n",
        &["line 3, column `time`", "found text of 4 bytes"],
    );
    refuse_log(
        "kinds.csv",
        "user,item,event\nu,a,sneeze\n",
        &["line 2, column `event`", "add_to_cart", "--ignore-events"],
    );
    refuse_log("fields.csv", "user,item\nu,a\nu,b,c\n", &["line 3: expected 2 fields", "found 3"]);
    refuse_log("lonely.txt", "u a b\nv\n", &["line 2, column 2: expected an item after the user"]);
    refuse_log("empty.csv", "", &["empty.csv: log: holds no events"]);
    write("kinds-ok.csv", "user,item,event\nu,a,view\nu,b,sneeze\n");
    let run = run(&[
        "evaluate",
        "model.tkpack",
        "kinds-ok.csv",
        "--protocol",
        "next-click",
        "--ignore-events",
        "sneeze",
    ]);
    run.refused(&["nothing to evaluate"]);
    write("twice.csv", "id,category\ni01,a\ni01,a\n");
    refuse(
        &["train", "log.csv", "--items", "twice.csv", "--out", "OUT"],
        &["twice.csv: ", "line 3: this item"],
    );
    write("other-items.csv", "id,category\nx,a\n");
    refuse(
        &["train", "log.csv", "--items", "other-items.csv", "--out", "OUT"],
        &["describes no item of the log"],
    );
}

#[test]
fn splits_that_leave_nothing() {
    refuse_log("single.csv", "user,item\nu,a\nv,b\n", &["single.csv: no sequence has two events"]);
    write("pairs.txt", "u a b\nv b c\n");
    refuse(
        &["train", "pairs.txt", "--split", "leave-one-out", "--out", "OUT"],
        &["no sequence has two events"],
    );
    refuse(&["train", "log.txt", "--split", "temporal", "--out", "OUT"], &["needs a time for every event"]);
    refuse(&["train", "log.csv", "--split", "temporal", "--share", "1", "--out", "OUT"], &["share"]);
    let evaluate = ["evaluate", "model.tkpack"];
    refuse(
        &[&evaluate[..], &["single.csv", "--protocol", "leave-one-out"]].concat(),
        &["nothing to evaluate"],
    );
    refuse(
        &[&evaluate[..], &["pairs.txt", "--protocol", "leave-one-out"]].concat(),
        &["knows no item of the log"],
    );
    refuse(&[&evaluate[..], &["log.txt", "--protocol", "temporal"]].concat(), &["needs a time"]);
}

#[test]
fn packs_that_are_not_right() {
    let pack = read("model.tkpack");
    write("truncated.tkpack", &pack[..pack.len() / 2]);
    let mut tampered = pack.clone();
    tampered[pack.len() / 2] ^= 1;
    write("tampered.tkpack", &tampered);
    for (name, part) in [
        ("truncated.tkpack", "truncated"),
        ("tampered.tkpack", "changed after signing"),
        ("log.csv", "not a model pack"),
    ] {
        let parts = [name, part];
        refuse(&["inspect", name], &parts);
        refuse(&["evaluate", name, "log.csv", "--protocol", "next-click", "--report", "OUT"], &parts);
    }
    refuse(&["sign", "truncated.tkpack", "--out", "OUT"], &["truncated"]);
    refuse(&["sign", "tampered.tkpack", "--detached"], &["changed after signing"]);
    refuse(&["inspect", "model.tkpack", "--item", "nothing"], &["no such item"]);
}

#[test]
fn keys_that_do_not_fit() {
    run(&["sign", "--new-key", "foreign"]).ok();
    let key = ["--key", "foreign/tastekeeper.pub"];
    let evaluate = ["evaluate", "model.tkpack", "log.csv", "--protocol", "leave-one-out", "--report", "OUT"];
    refuse(&[&evaluate[..], &key[..]].concat(), &["model.tkpack", "not trusted", "--key"]);
    refuse(&["inspect", "model.tkpack", "--key", "log.csv"], &["log.csv", "public key"]);
    refuse(&["sign", "model.tkpack", "--key", "log.csv", "--out", "OUT"], &["log.csv", "development key"]);
    // a signature of something else
    run(&["sign", "model.tkpack", "--body", "keys-body"]).ok();
    write("wrong.minisig", "untrusted comment: x\nRUQ=\n");
    let attach = ["sign", "model.tkpack", "--attach", "wrong.minisig", "--public", "foreign/tastekeeper.pub"];
    refuse(&[&attach[..], &["--out", "OUT"]].concat(), &["wrong.minisig", "minisign signature"]);
}

#[test]
fn models_and_vectors_that_are_not_right() {
    let saved = read("model.safetensors");
    write("cut.safetensors", &saved[..saved.len() - 4]);
    refuse(&["pack", "cut.safetensors", "--out", "OUT"], &["cut.safetensors: not a safetensors file"]);
    refuse(&["pack", "log.csv", "--out", "OUT"], &["log.csv: not a safetensors file"]);
    for (name, text, part) in [
        ("nan.txt", "1 8\na 1 2 3 4 5 6 7 NaN\n", "line 2, value 8: expected a finite number"),
        ("short.txt", "1 8\na 1 2\n", "line 2: expected an id and 8 values, found 2"),
        ("again.txt", "2 2\na 1 2\na 1 2\n", "line 3: this item had a vector before"),
        ("narrow.txt", "1 2\na 1 2\n", "8 to 256"),
        ("header.txt", "a 1 2\n", "line 1: expected the number of vectors"),
    ] {
        write(name, text);
        refuse(&["import", name, "--out", "OUT"], &[part]);
    }
    write("text.npy", "1 2");
    write("ids.txt", "a");
    refuse(&["import", "text.npy", "--out", "OUT"], &["text.npy has no ids", "--ids"]);
    refuse(
        &["import", "text.npy", "--ids", "ids.txt", "--out", "OUT"],
        &["text.npy: not an npy file", "numpy.save"],
    );
    refuse(&["import", "nan.txt", "--ids", "ids.txt", "--out", "OUT"], &["--ids is for npy files alone"]);
    write("few.txt", "2 8\ni00 1 0 0 0 0 0 0 0\ni01 1 0 0 0 0 0 0 0\n");
    refuse(
        &["import", "few.txt", "--log", "log.csv", "--out", "OUT"],
        &["38 items of the log have no vector"],
    );
}

#[test]
fn outputs_and_options_that_cannot_be() {
    refuse(&["train", "log.csv", "--out", "nowhere/model.tkpack"], &["there is no folder nowhere"]);
    refuse(&["train", "log.csv", "--out", "log.csv"], &["log.csv is an input and would be replaced"]);
    refuse(&["train", "log.csv", "--out", "OUT", "--card", "OUT"], &["named for two outputs"]);
    refuse(&["train", "log.csv", "--out", "OUT", "--event-weights", "1,2"], &["--event-weights"]);
    refuse(&["train", "log.csv", "--out", "OUT", "--event-weights", "1,1,1,-1"], &["event weights"]);
    let long = "x".repeat(65);
    refuse(&["train", "log.csv", "--out", "OUT", "--model-id", &long], &["`model_id`", "1 to 64 bytes"]);
    refuse(
        &["pack", "model.safetensors", "--out", "OUT", "--model-id", &long],
        &["`model_id`", "1 to 64 bytes"],
    );
    refuse(&["generate-shop", "OUT", "--products", "3"], &["products must be 500 to 100000"]);
    refuse(&["sign", "model.tkpack"], &["--out"]);
    for usage in [&["train"][..], &["fly"], &["evaluate", "a", "b", "--protocol", "guess"], &[]] {
        assert_eq!(run(usage).code, 2);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure_not_a_refusal() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = crate::support::command(&["inspect", "model.tkpack"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: standard output: "));
}
