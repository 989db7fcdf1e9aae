//! Nothing of the engine is forgotten: every variant of its enums, and every call of its one object, is in the public surface.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const LISTING: &str = include_str!("../../surface.txt");

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn engine() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/src")
}

/// The variants of `name` as one file of the engine declares them.
fn variants(file: &str, name: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(engine().join(file)).unwrap();
    let body = text.split_once(&format!("pub enum {name} {{\n")).expect(name).1;
    let lines = body.lines().take_while(|line| *line != "}");
    let words = lines
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(char::is_uppercase));
    words.map(|line| line.chars().take_while(char::is_ascii_alphanumeric).collect()).collect()
}

fn listed(name: &str) -> BTreeSet<String> {
    let kinds = [format!("{name}: enum"), format!("{name}: error, text only")];
    let mut lines = LISTING.lines().skip_while(|line| kinds.iter().all(|kind| kind != line));
    assert!(lines.next().is_some(), "{name}");
    let lines = lines.take_while(|line| line.starts_with(' '));
    lines.map(|line| line.trim().chars().take_while(char::is_ascii_alphanumeric).collect()).collect()
}

#[test]
fn every_variant_is_mirrored() {
    for (file, name, here) in [
        ("catalog/item.rs", "Availability", "Availability"),
        ("consent.rs", "ConsentState", "ConsentState"),
        ("consent.rs", "PersonalizationLevel", "PersonalizationLevel"),
        ("consent/cmp/reason.rs", "CmpReason", "CmpReason"),
        ("consent/cmp/reason.rs", "CmpSource", "CmpSource"),
        ("consent/cmp/reason.rs", "OptOut", "OptOut"),
        ("consent/cmp/signals.rs", "SignalValue", "SignalValue"),
        ("consent/receipt.rs", "ConsentMethod", "ConsentMethod"),
        ("consent/receipt.rs", "Origin", "Origin"),
        ("engine/health.rs", "Finding", "Finding"),
        ("error.rs", "Error", "TastekeeperError"),
        ("event.rs", "EventKind", "EventKind"),
        ("event.rs", "IgnoredReason", "IgnoredReason"),
        ("event.rs", "Subject", "Subject"),
        ("event.rs", "Tracked", "Tracked"),
        ("explain.rs", "Reason", "Reason"),
        ("explain.rs", "Via", "Via"),
        ("history.rs", "Interest", "Interest"),
        ("history/scope.rs", "Forget", "Forget"),
        ("policy/parameters.rs", "ParameterTopic", "ParameterTopic"),
        ("policy/parameters.rs", "ParameterWeight", "ParameterWeight"),
        ("ranking/filter.rs", "Filter", "Filter"),
        ("ranking/filter.rs", "SameAs", "SameAs"),
        ("ranking/request.rs", "MinRelevance", "MinRelevance"),
        ("ranking/request.rs", "RecommendationKind", "RecommendationKind"),
        ("ranking/request.rs", "Retrieval", "Retrieval"),
        ("ranking/request.rs", "Source", "Source"),
        ("report/ledger/entry.rs", "ReportState", "ReportState"),
        ("rights.rs", "HistoryAction", "HistoryAction"),
        ("store.rs", "Durability", "Durability"),
        ("store.rs", "Finding", "StoreFinding"),
    ] {
        let expected = variants(file, name);
        assert!(!expected.is_empty(), "{name}");
        assert_eq!(listed(here), expected, "{name}");
    }
}

#[test]
fn every_call_is_there() {
    // Without an object to hold it there is nothing to install: packs and vocabularies are loaded. What works without an open
    // recommender is a function.
    let elsewhere = ["install_model", "install_vocabulary", "inspect", "reset"];
    let mut calls = 0;
    for path in sources(&engine().join("engine")).into_iter().chain([engine().join("engine.rs")]) {
        let text = std::fs::read_to_string(&path).unwrap();
        // An `impl` of the object that only a feature brings is not offered.
        let bodies = text.split("\nimpl ").skip(1).filter(|body| body.starts_with("Recommender {"));
        for line in
            bodies.flat_map(|body| body.split("\n}\n").next().unwrap_or("").lines().collect::<Vec<_>>())
        {
            let Some(call) = line.strip_prefix("    pub fn ") else { continue };
            let name = call.split('(').next().unwrap();
            if elsewhere.contains(&name) || path.ends_with("sharing/shares.rs") {
                continue;
            }
            let here = [format!("Recommender: {name}("), format!("Recommender: constructor {name}(")];
            assert!(here.iter().any(|here| LISTING.contains(here)), "{name}");
            calls += 1;
        }
    }
    assert!(calls > 45, "{calls}");
}
