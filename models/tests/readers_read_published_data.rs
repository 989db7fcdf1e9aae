//! The readers find in published data what their publishers count.
//!
//! Needs the environment variable `TASTEKEEPER_DATA`, a folder with `beauty.sequences.txt`, `beauty.attributes.json`
//! and `yoochoose-100k.train.tsv`. Without it nothing is tested, and standard error says so.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use tastekeeper_models::input::{AttributeOptions, DelimitedFormat, LogFormat, read_attributes, read_log};

/// The folder, or `None` after saying that the test did not run. Written past the test harness, which would hide it.
fn data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TASTEKEEPER_DATA").map(PathBuf::from);
    if folder.is_none() {
        writeln!(std::io::stderr(), "NOT RUN: {test}: TASTEKEEPER_DATA is not set")
            .expect("standard error takes a line");
    }
    folder
}

#[test]
fn beauty_has_its_published_counts() {
    let Some(folder) = data("beauty_has_its_published_counts") else { return };
    let mut read = 0;
    let path = folder.join("beauty.sequences.txt");
    let mut dataset = read_log(&path, &LogFormat::Sequences, &mut |bytes| read = bytes).unwrap();
    assert_eq!(read, std::fs::metadata(&path).unwrap().len());
    assert_eq!(dataset.sequences.len(), 22_363);
    assert_eq!(dataset.items.len(), 12_101);
    let events: usize = dataset.sequences.iter().map(|sequence| sequence.events.len()).sum();
    assert_eq!(events, 198_502);
    assert!(dataset.sequences.iter().all(|sequence| sequence.events.len() >= 5), "the data is a 5-core");

    let path = folder.join("beauty.attributes.json");
    let summary = read_attributes(&path, &AttributeOptions::default(), &mut dataset, &mut |_| ()).unwrap();
    assert_eq!((summary.described, summary.undescribed, summary.dropped), (12_101, 0, 0));
    assert!(dataset.attributes.of_item.iter().all(|attributes| !attributes.is_empty()));
    assert!(dataset.attributes.entries.iter().any(|attribute| attribute.name == "attribute=637"));
}

#[test]
fn yoochoose_sessions_are_in_time_order() {
    let Some(folder) = data("yoochoose_sessions_are_in_time_order") else { return };
    let format = LogFormat::Delimited(DelimitedFormat::tsv("SessionId", "ItemId").time("Time"));
    let path = folder.join("yoochoose-100k.train.tsv");
    let dataset = read_log(&path, &format, &mut |_| ()).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|row| row.split('\t').collect()).collect();
    let sessions: BTreeSet<&str> = rows.iter().map(|row| row[0]).collect();
    let items: BTreeSet<&str> = rows.iter().map(|row| row[1]).collect();
    assert_eq!((dataset.sequences.len(), dataset.items.len()), (sessions.len(), items.len()));
    let events = dataset.sequences.iter().map(|sequence| sequence.events.len()).sum::<usize>();
    assert_eq!(events, rows.len());
    for sequence in &dataset.sequences {
        assert!(sequence.events.is_sorted_by_key(|event| event.time_ms));
        assert!(sequence.events.iter().all(|event| event.time_ms > Some(1_396_000_000_000)));
    }
}
