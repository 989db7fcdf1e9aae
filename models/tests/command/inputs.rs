//! Logs of every format, and what `check-data` says of them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};

use crate::support::{read, refuse, run, write};

/// The shop's log in Parquet.
fn parquet_log() -> Vec<u8> {
    let csv = String::from_utf8(read("log.csv")).unwrap();
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|row| row.split(',').collect()).collect();
    let schema = "message log { required binary user (STRING); required binary item (STRING);
                  required binary event (STRING); required int64 timestamp (TIMESTAMP(MICROS,true)); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut out = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut out, schema, Arc::new(WriterProperties::default())).unwrap();
    for rows in rows.chunks(100) {
        let mut group = writer.next_row_group().unwrap();
        for column in 0..3 {
            let values: Vec<ByteArray> = rows.iter().map(|row| ByteArray::from(row[column])).collect();
            let mut to = group.next_column().unwrap().unwrap();
            to.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
            to.close().unwrap();
        }
        let times: Vec<i64> = rows.iter().map(|row| row[3].parse::<i64>().unwrap() * 1_000_000).collect();
        let mut to = group.next_column().unwrap().unwrap();
        to.typed::<Int64Type>().write_batch(&times, None, None).unwrap();
        to.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    out
}

const QUICK: &[&str] = &["--tuning-budget", "1", "--model-id", "shop", "--pack-version", "1"];

fn trained(name: &str, log: &[&str]) -> Vec<u8> {
    run(&[&["train"], log, &["--out", name], QUICK].concat()).ok();
    read(name)
}

#[test]
fn a_log_trains_the_same_model_in_every_format() {
    let bytes = parquet_log();
    write("same.parquet", &bytes);
    let csv = trained("same-csv.tkpack", &["log.csv"]);
    assert_eq!(trained("same-parquet.tkpack", &["same.parquet"]), csv);
    let renamed =
        String::from_utf8(read("log.csv")).unwrap().replace("purchase", "bought").replace("view", "seen");
    let renamed: String = renamed
        .lines()
        .map(|line| match line.rsplit_once(',').filter(|(_, time)| time.starts_with('1')) {
            Some((rest, time)) => format!("{rest},{time}000000\n"),
            None => format!("{line}\nu0,i00,scroll,1700000000000000\n"),
        })
        .collect();
    write("renamed.csv", renamed);
    let map = ["renamed.csv", "--event-map", "bought=purchase,seen=view,scroll=skip"];
    assert_eq!(trained("same-renamed.tkpack", &map), csv);
    let evaluated = run(&["evaluate", "same-csv.tkpack", "same.parquet", "--protocol", "next-click"]);
    assert!(evaluated.ok().contains("300 cases of 60 users"));

    write("cut.parquet", &bytes[..bytes.len() - 20]);
    refuse(
        &["train", "cut.parquet", "--out", "OUT"],
        &["cut.parquet: log, after row 0: not a whole parquet file"],
    );
    refuse(
        &["train", "same.parquet", "--user-column", "shopper", "--out", "OUT"],
        &["no column `shopper`; the columns are `user`, `item`, `event`, `timestamp`"],
    );
    refuse(&["train", "same.parquet", "--user-column", "timestamp", "--out", "OUT"], &["has timestamps"]);
    refuse(&["train", "renamed.csv", "--out", "OUT"], &["column `event`", "--event-map"]);
    refuse(
        &["train", "renamed.csv", "--event-map", "seen", "--out", "OUT"],
        &["--event-map: `seen`", "WORD=KIND"],
    );
}

#[test]
fn a_ga4_export_trains_a_model_with_attributes() {
    let mut events = String::new();
    for user in 0..60 {
        for step in 0..5 {
            let item = user % 4 * 10 + (user / 4 * 3 + step) % 10;
            let name = ["view_item", "select_item", "view_item", "add_to_cart", "purchase"][step];
            let event = json!({
                "event_name": name,
                "event_timestamp": (1_700_000_000_000_000_u64 + user as u64 * 1_000_000_000 + step as u64).to_string(),
                "user_pseudo_id": format!("{user}.1"),
                "items": [{"item_id": format!("i{item}"), "item_brand": "Norvik", "item_category": "Home",
                           "item_category2": format!("shelf {}", item / 10), "price": 12.5}],
            });
            writeln!(events, "{event}").unwrap();
        }
        writeln!(events, "{}", json!({"event_name": "page_view", "user_pseudo_id": null})).unwrap();
    }
    write("ga4.ndjson", events);
    let run = run(&[&["train", "ga4.ndjson", "--out", "ga4.tkpack"], QUICK].concat());
    assert!(run.stderr.contains("60 events left out: pageview 60"), "{}", run.stderr);
    assert!(run.stderr.contains("300 events of 60 users or sessions, 40 items"), "{}", run.stderr);
    run.ok();
    let item = crate::support::run(&["inspect", "ga4.tkpack", "--item", "i7"]).ok();
    assert!(item.contains("Norvik") && item.contains("shelf 0"), "{item}");
}

#[test]
fn the_ga4_sample_is_read() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/ga4/sample.ndjson");
    let checked = run(&["check-data", sample.to_str().unwrap(), "--json", "ga4-check.json"]).ok();
    assert!(checked.contains("24 users or sessions, 24 items"), "{checked}");
    let report: Value = serde_json::from_slice(&read("ga4-check.json")).unwrap();
    assert_eq!((report["version"].as_u64(), report["skipped_events"].as_u64()), (Some(1), Some(24)));
    assert_eq!(report["items_without_attributes"].as_u64(), Some(0));
}

#[test]
fn check_data_ends_with_command_lines_that_work() {
    let checked = run(&["check-data", "log.csv", "--items", "items.csv"]).ok();
    let commands: Vec<&str> = checked.lines().filter(|line| line.starts_with("tastekeeper ")).collect();
    let [train, evaluate] = commands[..] else { panic!("{checked}") };
    assert!(
        train.starts_with("tastekeeper train log.csv --items items.csv --split temporal-sessions"),
        "{train}"
    );
    let words = |line: &str| line.replace("model.tkpack", "checked.tkpack");
    let (train, evaluate) = (words(train), words(evaluate));
    let train: Vec<&str> = train.split(' ').skip(1).chain(QUICK.iter().copied()).collect();
    run(&train).ok();
    let evaluate: Vec<&str> = evaluate.split(' ').skip(1).collect();
    run(&evaluate).ok();
}

#[test]
fn check_data_fails_where_nothing_can_be_trained() {
    write("lone.csv", "user,item\nu,a\nv,b\n");
    let run = run(&["check-data", "lone.csv"]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("error nothing-to-learn"), "{}", run.stdout);
    assert!(run.stderr.contains("nothing can be trained"), "{}", run.stderr);
    write("header.csv", "user,item\n");
    refuse(&["check-data", "header.csv", "--json", "OUT"], &["header.csv: log: holds no events"]);
    refuse(&["check-data", "log.csv", "--json", "log.csv"], &["is an input and would be replaced"]);
}
