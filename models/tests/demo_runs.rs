//! `tastekeeper demo` runs to its end on a small shop, and what it computes about its promises holds.

use std::path::Path;
use std::process::{Command, Output};

fn tastekeeper(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tastekeeper"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("TASTEKEEPER_KEY")
        .output()
        .expect("the command starts")
}

/// The line that begins with the label.
fn fact<'text>(text: &'text str, label: &str) -> &'text str {
    let found = text.lines().find_map(|line| line.trim_start().strip_prefix(label));
    found.unwrap_or_else(|| panic!("there is no line `{label}` in:\n{text}")).trim()
}

#[test]
fn the_demo_runs_and_its_checks_hold() {
    let folder = tempfile::tempdir().unwrap();
    let made =
        tastekeeper(&["generate-shop", "shop", "--products", "600", "--shoppers", "300"], folder.path());
    assert!(made.status.success(), "{made:?}");

    let run = tastekeeper(&["demo", "--plain", "--data", "shop", "--store", "phone"], folder.path());
    let text = String::from_utf8(run.stdout).expect("text");
    assert!(run.status.success(), "{}\n{text}", String::from_utf8_lossy(&run.stderr));
    assert!(text.is_ascii(), "plain is ASCII");
    let wide: Vec<&str> = text.lines().filter(|line| line.len() > 100).collect();
    assert!(wide.is_empty(), "too wide: {wide:#?}");
    for chapter in 1..=9 {
        assert!(text.lines().any(|line| line.starts_with(&format!("{chapter}. "))), "{chapter}:\n{text}");
    }
    assert!(fact(&text, "sum of the parts").ends_with("equal: yes"));
    assert!(fact(&text, "checked").starts_with("8 of 8 items satisfy it"));
    assert_eq!(fact(&text, "gone from the list"), "yes");
    assert!(fact(&text, "same answer").ends_with("identical to the bit: yes"));
    assert!(fact(&text, "same state").ends_with("identical: yes"));
    assert!(fact(&text, "readable ids, titles").starts_with("hits: 0, of "));
    assert!(!fact(&text, "can the search fail?").ends_with("hits: 0"));
    assert!(fact(&text, "nothing is left").starts_with("1 file and 1 key gone, "));
    assert!(fact(&text, "nothing is left").contains("-> 0 events, 0 personal items"));
    assert!(folder.path().join("phone/store/control.1").exists(), "the store was to be kept");

    let again = tastekeeper(&["demo", "--plain", "--data", "shop", "--store", "phone"], folder.path());
    assert_eq!(again.status.code(), Some(2), "a store with files is not the demo's to erase");
}
