//! The examples for CI are YAML, run the script that is there, and the script is a shell's.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::path::PathBuf;

use saphyr_parser::{Event, Parser};

fn examples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/ci")
}

/// All scalars of a file that must be YAML.
fn scalars(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(examples().join(name)).unwrap();
    let scalar = |event: Event<'_>| match event {
        Event::Scalar(text, ..) => Some(text.into_owned()),
        _ => None,
    };
    Parser::new_from_str(&text).filter_map(|event| scalar(event.unwrap().0)).collect()
}

#[test]
fn workflows_run_the_script_and_keep_what_it_writes() {
    let script = std::fs::read_to_string(examples().join("gate.sh")).unwrap();
    for (name, needed) in [
        ("github/model.yml", ["jobs", "sh ci/gate.sh", "actions/upload-artifact@v4", "out/"]),
        (
            "gitlab/.gitlab-ci.yml",
            ["script", "BASELINE=baseline.json sh ci/gate.sh", "junit", "out/junit.xml"],
        ),
    ] {
        let found = scalars(name);
        for text in needed {
            assert!(found.iter().any(|scalar| scalar.contains(text)), "{name} has no `{text}`");
        }
        for scalar in found.iter().filter(|scalar| scalar.starts_with("out/") && scalar.len() > 4) {
            let file = scalar.trim_start_matches("out/");
            assert!(script.contains(&format!("$OUT/{file}")), "the script does not write {file}");
        }
    }
}

#[test]
#[cfg(unix)]
fn the_script_is_a_shells() {
    let checked =
        std::process::Command::new("sh").arg("-n").arg(examples().join("gate.sh")).status().unwrap();
    assert!(checked.success());
    let without =
        std::process::Command::new("sh").arg(examples().join("gate.sh")).env_remove("LOG").output().unwrap();
    assert!(!without.status.success());
    assert!(String::from_utf8_lossy(&without.stderr).contains("name the log"));
}
