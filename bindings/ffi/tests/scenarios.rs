//! The scenarios that every language runs, through the engine itself. `tests/scenarios/README.md` describes their form.
//!
//! With `TASTEKEEPER_WRITE_SCENARIOS=1` the answers are written into the files instead of being compared; review the difference.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tastekeeper::platform::DirectoryFileSystem;
use tastekeeper_json::{Files, scenario};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios")
}

fn files() -> Files {
    let entries = std::fs::read_dir(folder().join("files")).unwrap();
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn every_scenario_gives_its_answers() {
    let write = std::env::var_os("TASTEKEEPER_WRITE_SCENARIOS").is_some();
    let files = files();
    let mut count = 0;
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "json")) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        let directory =
            std::env::temp_dir().join(format!("tastekeeper-scenario-{}-{name}", std::process::id()));
        let on_disk = DirectoryFileSystem::create(&directory).unwrap();
        let found = scenario::run(&expected, &files, Some(Arc::new(on_disk)));
        let _ = std::fs::remove_dir_all(&directory);
        let found = found.unwrap_or_else(|problem| panic!("{name}: {problem}"));
        if write {
            std::fs::write(&path, scenario::to_text(&found)).unwrap();
        } else {
            let steps = |scenario: &Value| scenario["steps"].as_array().unwrap().clone();
            for (place, (found, expected)) in steps(&found).iter().zip(&steps(&expected)).enumerate() {
                assert_eq!(found, expected, "{name}, step {place}");
            }
            // A host whose border carries text compares texts.
            assert_eq!(scenario::to_text(&found), text, "{name} is not written as it is written anew");
        }
        count += 1;
    }
    assert!(count >= 10, "{count} scenarios");
}
