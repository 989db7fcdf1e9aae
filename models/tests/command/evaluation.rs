//! `evaluate` beside earlier reports, by level, and over seeds.

use serde_json::Value;

use crate::support::{refuse, run, write};

const EVALUATE: &[&str] =
    &["evaluate", "model.tkpack", "log.csv", "--protocol", "leave-one-out", "--resamples", "50"];

fn json(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_pack_is_as_good_as_itself_and_the_report_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (first, second, lists) = (at("first.json"), at("second.json"), at("lists.jsonl"));
    run(&[EVALUATE, &["--report", &first, "--recommendations", &lists]].concat()).ok();
    run(&[EVALUATE, &["--report", &second, "--baseline", &first]].concat()).ok();
    let report = json(&second);
    let compared = report["comparisons"].as_array().unwrap();
    let itself: Vec<&Value> = compared.iter().filter(|comparison| comparison["with"] == "report").collect();
    assert!(itself.len() > 30, "all cases and segments");
    for comparison in itself {
        assert_eq!(comparison["difference"]["value"], 0.0);
        assert_eq!(comparison["verdict"], "not-shown");
    }
    let against = |with: &str| {
        compared.iter().find(|c| c["with"] == with && c["metric"] == "ndcg@10").unwrap()["verdict"].clone()
    };
    assert_eq!(against("baseline:popularity"), "better");
    assert_eq!(against("level:off"), "better");
    let metric = &report["metrics"]["ndcg@10"];
    let [low, value, high] = ["low", "value", "high"].map(|name| metric[name].as_f64().unwrap());
    assert!(low <= value && value <= high);
    assert_eq!(report["statistics"]["resamples"], 50);

    // the lists give the figures
    let text = std::fs::read_to_string(lists).unwrap();
    let hits = text.lines().filter(|line| {
        let case: Value = serde_json::from_str(line).unwrap();
        case["items"].as_array().unwrap().iter().take(5).any(|item| *item == case["wanted"])
    });
    let share = hits.count() as f64 / text.lines().count() as f64;
    assert!((share - report["metrics"]["hr@5"]["value"].as_f64().unwrap()).abs() < 1e-12);

    // the mean of equal reports is each of them
    let said = run(&["summarise", &first, &second]).ok();
    assert!(said.starts_with("2 reports of leave-one-out, 60 cases each"), "{said}");
    let summary: Value = serde_json::from_str(&run(&["summarise", &first, &second, "--json"]).ok()).unwrap();
    assert_eq!(summary["metrics"]["ndcg@10"]["mean"], report["metrics"]["ndcg@10"]["value"]);
    assert_eq!(summary["metrics"]["ndcg@10"]["deviation"], 0.0);
    assert!(summary["levels"]["off"]["hr@10"]["mean"].is_number());
}

#[test]
fn one_level_without_intervals_is_quick_and_smaller() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let options =
        ["--levels", "on-device", "--resamples", "0", "--no-baselines", "--report", path.to_str().unwrap()];
    run(&[&EVALUATE[..5], &options].concat()).ok();
    let report = json(path.to_str().unwrap());
    assert_eq!(report["levels"], Value::Object(serde_json::Map::new()));
    assert_eq!((&report["statistics"], &report["comparisons"]), (&Value::Null, &Value::Array(vec![])));
    assert_eq!(report["metrics"]["ndcg@10"].as_object().unwrap().len(), 1, "no interval");
    assert_eq!(report["baselines"].as_object().unwrap().keys().collect::<Vec<_>>(), ["popularity"]);
}

#[test]
fn reports_that_cannot_be_compared_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let report = path.to_str().unwrap();
    run(&[EVALUATE, &["--report", report, "--no-baselines"]].concat()).ok();
    let refused = |arguments: &[&str], parts: &[&str]| {
        let more = ["--baseline", report, "--report", "OUT"];
        refuse(&[&["evaluate", "model.tkpack"], arguments, &more[..]].concat(), parts);
    };
    refused(&["log.csv", "--protocol", "next-click"], &["report.json", "--protocol leave-one-out"]);
    refused(&["log.csv", "--protocol", "leave-one-out", "--users", "9"], &["all users", "9 drawn"]);
    refused(&["log.csv", "--protocol", "leave-one-out", "--repeats", "allow"], &["--repeats"]);
    refused(&["log.csv", "--protocol", "leave-one-out", "--resamples", "0"], &["--resamples"]);
    // the sequence file knows no kinds of events
    refused(&["log.txt", "--protocol", "leave-one-out"], &["other cases", "another log"]);
    let training = ["log.csv", "--protocol", "leave-one-out", "--training-log", "log.csv"];
    refused(&training, &["--training-log", "next-click"]);

    for (name, text, part) in [
        ("old.json", r#"{"version": 1}"#, "version 1"),
        ("none.json", "{", "line 1"),
        ("other.json", "[]", "tastekeeper evaluate"),
        ("half.json", r#"{"version": 2}"#, "tastekeeper evaluate"),
    ] {
        write(name, text);
        refuse(&[EVALUATE, &["--baseline", name, "--report", "OUT"]].concat(), &[name, part]);
        refuse(&["summarise", report, name], &[name, part]);
    }
    let other = folder.path().join("other.json");
    let click = ["evaluate", "model.tkpack", "log.csv", "--protocol", "next-click", "--resamples", "0"];
    run(&[&click[..], &["--training-log", "log.csv", "--report", other.to_str().unwrap()]].concat()).ok();
    assert!(json(other.to_str().unwrap())["baselines"]["markov"].is_object());
    refuse(&["summarise", report, other.to_str().unwrap()], &["other cases"]);
}
