//! The papers in `core/docs/disclosures` are those of the engine as it is, and every number in them comes from its policy.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tastekeeper::policy::{Language, Numbers};
use tastekeeper::{PersonalizationLevel, Policy};
use tastekeeper_models::disclosures::{Shop, papers};

fn all(policy: &Policy) -> BTreeMap<String, String> {
    papers(policy, &Shop::default()).unwrap().into_iter().map(|paper| (paper.name, paper.text)).collect()
}

#[test]
fn the_committed_papers_are_those_of_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/docs/disclosures");
    let made = all(&tastekeeper::policy());
    let committed: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(committed, made.keys().cloned().collect::<BTreeSet<_>>());
    for (name, text) in made {
        let there = std::fs::read_to_string(folder.join(&name)).unwrap();
        assert!(
            there == text,
            "{name} is not what the code says. `tastekeeper disclosures --out core/docs/disclosures` writes it anew"
        );
    }
}

/// The four papers of a kind.
fn in_four(kind: &str) -> Vec<String> {
    Language::ALL.iter().map(|language| format!("{kind}.{}.md", language.code())).collect()
}

/// Every paper that states each number, in any form.
fn where_stated() -> Vec<(&'static str, Vec<String>)> {
    let list = |names: &[&str]| -> Vec<String> {
        let each = |name: &&str| match *name {
            "notices" | "main-parameters" => in_four(name),
            other => vec![other.to_owned()],
        };
        names.iter().flat_map(each).collect()
    };
    const RECORD: &str = "article-30-record.md";
    vec![
        ("retention_days", list(&["notices", "notices.json", "main-parameters", RECORD])),
        ("max_events", list(&["notices", "notices.json", "main-parameters", RECORD])),
        ("session_idle_minutes", list(&["notices", "notices.json", RECORD])),
        ("consent_days", list(&["notices", "notices.json", RECORD])),
        ("grace_days", list(&["notices", "notices.json", RECORD])),
        ("max_receipts", list(&["notices", "notices.json", RECORD])),
        ("max_interests", list(&[RECORD])),
        ("max_answers", list(&[RECORD])),
        ("max_shown", list(&[RECORD])),
        ("report_bytes", list(&["notices", "notices.json", "play-data-safety.md", RECORD])),
        ("topics", list(&["notices", "notices.json", "play-data-safety.md", RECORD])),
        ("topics_per_report", list(&["notices", "notices.json", "play-data-safety.md", RECORD])),
        ("slots", list(&["notices", "notices.json", "play-data-safety.md", RECORD])),
        ("max_ratio", list(&["notices", "notices.json", RECORD])),
        ("epoch_days", list(&["notices", "notices.json", "play-data-safety.md", RECORD])),
        ("units_per_report", list(&["notices", "notices.json", "play-data-safety.md", RECORD])),
        ("max_units_per_four_epochs", list(&["play-data-safety.md", RECORD])),
        ("max_units", list(&["notices", "notices.json", "play-data-safety.md", RECORD])),
        ("offer_within_days", list(&["play-data-safety.md", RECORD])),
        ("signals", list(&["main-parameters", RECORD])),
        ("browse_percent", list(&["main-parameters"])),
        ("interest_factor", list(&["main-parameters"])),
        ("bought_recently_days", list(&["main-parameters"])),
        ("category_share_percent", list(&["main-parameters"])),
        ("exploration_percent", list(&["main-parameters"])),
        ("new_item_place", list(&["main-parameters"])),
    ]
}

#[test]
fn a_changed_number_changes_every_paper_that_states_it_and_no_other() {
    let numbers = serde_json::to_value(Numbers::default()).unwrap();
    let before = all(&tastekeeper::policy());
    let stated = where_stated();
    let fields: BTreeSet<&str> = numbers.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        stated.iter().map(|(field, _)| *field).collect::<BTreeSet<_>>(),
        "every number is looked at"
    );
    for (field, mut expected) in stated {
        let mut changed = numbers.clone();
        let value = &mut changed[field];
        // 12 is a multiple of what a report costs, so that derived counts change, too
        *value = match value.as_u64() {
            Some(count) => (count + 12).into(),
            None => (value.as_f64().unwrap() + 1.0).into(),
        };
        let policy = Policy::new(serde_json::from_value(changed).unwrap(), PersonalizationLevel::Shared);
        let after = all(&policy);
        let found: BTreeSet<&String> =
            after.iter().filter(|(name, text)| before[*name] != **text).map(|(name, _)| name).collect();
        expected.push("policy.json".to_owned());
        assert_eq!(found, expected.iter().collect::<BTreeSet<_>>(), "{field}");
    }
}

/// Every number of a text, written the same for all languages.
fn numbers_in(text: &str, language: Language) -> Vec<String> {
    let (group, point) = match language {
        Language::English => (Some(','), '.'),
        Language::German => (Some('.'), ','),
        Language::French | Language::Spanish => (Some('\u{202f}'), ','),
    };
    let letters: Vec<char> = text.chars().collect();
    let digit = |place: usize| letters.get(place).is_some_and(char::is_ascii_digit);
    let (mut found, mut current) = (Vec::new(), String::new());
    for (place, &letter) in letters.iter().enumerate() {
        let between = place > 0 && digit(place - 1) && digit(place + 1);
        match letter {
            _ if letter.is_ascii_digit() => current.push(letter),
            _ if between && letter == point => current.push('.'),
            _ if between && Some(letter) == group => {}
            _ if !current.is_empty() => found.push(std::mem::take(&mut current)),
            _ => {}
        }
    }
    found.sort();
    found
}

#[test]
fn the_four_languages_state_the_same_numbers() {
    let odd = Numbers { max_events: 12_345, retention_days: 77, max_ratio: 3, ..Numbers::default() };
    for numbers in [Numbers::default(), odd] {
        let made = all(&Policy::new(numbers, PersonalizationLevel::Shared));
        for kind in ["notices", "main-parameters"] {
            let of = |language: Language| {
                let text = &made[&format!("{kind}.{}.md", language.code())];
                // hashes have digits of their own
                let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('`')).collect();
                numbers_in(&lines.join("\n"), language)
            };
            let english = of(Language::English);
            assert!(english.len() > 10, "{english:?}");
            for language in Language::ALL {
                assert_eq!(of(language), english, "{kind} in {language:?}");
            }
        }
    }
}

#[test]
fn a_notice_s_hash_is_the_one_a_receipt_keeps() {
    let notices: serde_json::Value =
        serde_json::from_str(&all(&tastekeeper::policy())["notices.json"]).unwrap();
    let mut seen = BTreeSet::new();
    for language in notices.as_array().unwrap() {
        for notice in language["notices"].as_array().unwrap() {
            let consent = tastekeeper::Consent::new("1").with_notice_text(notice["text"].as_str().unwrap());
            let hash: String =
                consent.notice_hash.unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(notice["hash"], hash);
            let page =
                &all(&tastekeeper::policy())[&format!("notices.{}.md", language["locale"].as_str().unwrap())];
            assert!(page.contains(&hash) && page.contains(notice["full"].as_str().unwrap()));
            assert!(seen.insert(hash));
        }
    }
    assert_eq!(seen.len(), 16);
}

#[test]
fn an_app_without_sharing_does_not_speak_of_reports() {
    let made = all(&Policy::new(Numbers::default(), PersonalizationLevel::OnDevice));
    for (name, text) in &made {
        for word in ["epsilon", "Epsilon", "épsilon", "Demand reports", "OtherUsageData", "sharing ledger"] {
            assert!(!text.contains(word), "{name} speaks of {word}");
        }
    }
    assert!(made["play-data-safety.csv"].contains("PSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA,,false"));
}

#[test]
fn the_command_writes_them_for_an_app_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("papers");
    let run = |arguments: &[&str]| {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_tastekeeper"))
            .args(["disclosures", "--out", out.to_str().unwrap()])
            .args(arguments)
            .output()
            .unwrap();
        (done.status.code().unwrap(), String::from_utf8(done.stderr).unwrap())
    };
    let (code, error) = run(&["--shop", "Laden", "--retention-days", "61", "--max-level", "on-device"]);
    assert_eq!(code, 0, "{error}");
    let notices = std::fs::read_to_string(out.join("notices.de.md")).unwrap();
    assert!(notices.contains("61 Tage") && notices.contains("Laden") && !notices.contains("90 Tage"));
    let (code, error) = run(&["--topics", "16", "--topics-per-report", "1"]);
    assert_eq!(code, 0, "{error}");
    assert!(std::fs::read_to_string(out.join("notices.de.md")).unwrap().contains("1 von 16 groben Themen"));
    assert_eq!(run(&["--max-level", "session"]).0, 0);
    assert!(!std::fs::read_to_string(out.join("PrivacyInfo.xcprivacy")).unwrap().contains("OtherUsageData"));
    for (arguments, field) in [
        (["--shop", "a{b"], "shop must be"),
        (["--max-events", "1"], "config.max_events"),
        (["--topics", "1"], "--topics must be"),
        (["--retention-days", "400"], "config.retention_days"),
    ] {
        let (code, error) = run(&arguments);
        assert!(code == 2 && error.contains(field), "{error}");
    }
}
