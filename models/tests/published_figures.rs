//! The command reaches its figures on published logs: train, pack, evaluate through the engine, one seed each.
//!
//! Takes minutes: `cargo xtask test quality`. Needs the folder `TASTEKEEPER_DATA`; without it nothing is
//! tested, and standard error says so. What all seeds give: `models/docs/quality.md`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that fails says where, and one that does not run says so"
)]

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// Neither other levels nor baselines that have to be fitted.
const FIGURES_ONLY: &[&str] = &["--levels", "on-device", "--no-baselines"];

fn data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TASTEKEEPER_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("NOT RUN: {test}: TASTEKEEPER_DATA is not set");
    }
    folder
}

/// Runs the command and returns its report.
fn report(train: &[&str], evaluate: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (pack, key, json) = (path("model.tkpack"), path("development.key"), path("report.json"));
    let run = |arguments: Vec<&str>| {
        let output = Command::new(env!("CARGO_BIN_EXE_tastekeeper"))
            .args(&arguments)
            .env("TASTEKEEPER_KEY", &key)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run([train, &["--seed", "1", "--out", &pack]].concat());
    run([&["evaluate", &pack], evaluate, &["--report", &json]].concat());
    serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap()
}

fn at_least(report: &Value, metric: &str, least: f64) {
    let value = report["metrics"][metric]["value"].as_f64().unwrap();
    assert!(value >= least, "{metric} is {value}, wanted at least {least}");
}

#[test]
#[ignore = "takes minutes; cargo xtask test quality"]
fn reviews_leave_one_out() {
    let Some(folder) = data("reviews_leave_one_out") else { return };
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (log, attributes) = (path("beauty.sequences.txt"), path("beauty.attributes.json"));
    let report = report(
        &["train", &log, "--format", "sequences", "--attributes", &attributes, "--split", "leave-one-out"],
        &[&[&log, "--format", "sequences", "--protocol", "leave-one-out"], FIGURES_ONLY].concat(),
    );
    at_least(&report, "hr@10", 0.105);
    at_least(&report, "ndcg@10", 0.063);
    assert!(report["model_bytes"].as_u64().unwrap() <= 1_000_000, "{}", report["model_bytes"]);
    let popularity = report["baselines"]["popularity"]["hr@10"]["value"].as_f64().unwrap();
    assert!((0.010..0.015).contains(&popularity), "popularity is {popularity}: another protocol?");
}

#[test]
#[ignore = "takes minutes; cargo xtask test quality"]
fn clicks_next_click() {
    let Some(folder) = data("clicks_next_click") else { return };
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (train, valid) = (path("yoochoose-100k.train.tsv"), path("yoochoose-100k.valid.tsv"));
    let report = report(
        &["train", &train, "--format", "tsv", "--split", "all"],
        &[&[&valid, "--format", "tsv", "--protocol", "next-click"], FIGURES_ONLY].concat(),
    );
    at_least(&report, "hr@20", 0.670);
    at_least(&report, "mrr@20", 0.368);
    assert!(report["file_bytes"].as_u64().unwrap() <= 300_000, "{}", report["file_bytes"]);
}
