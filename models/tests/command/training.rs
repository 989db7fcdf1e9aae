//! What `train` and `card` say about a training, and generated logs.

use serde_json::Value;

use crate::support::{TRAIN, read, run};

fn json(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn several_seeds_give_one_pack_again_and_again_and_say_which() {
    let folder = tempfile::tempdir().unwrap();
    let train = |name: &str| {
        let path = |ending: &str| folder.path().join(format!("{name}.{ending}"));
        let [pack, report, card] = ["tkpack", "json", "md"].map(path);
        let [out, report_to, card_to] = [&pack, &report, &card].map(|path| path.to_str().unwrap());
        let more = ["--seeds", "2", "--out", out, "--report", report_to, "--card", card_to];
        let said = run(&[TRAIN, &more].concat()).ok();
        (std::fs::read(&pack).unwrap(), json(&report), std::fs::read_to_string(card).unwrap(), said)
    };
    let (pack, report, card, said) = train("first");
    let (again, report_again, ..) = train("again");
    assert_eq!(pack, again);
    assert_eq!(report, report_again);

    let each = report["seeds"]["each"].as_array().unwrap();
    assert_eq!(each.iter().map(|seed| seed["seed"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(report["seeds"]["kept"], "best");
    let kept = report["seed"].as_u64().unwrap();
    assert!(said.contains(&format!("the model is that of seed {kept}, the best on validation")), "{said}");
    let gain = |seed: &Value| seed["gain"].as_f64().unwrap();
    let best = each.iter().map(gain).fold(0.0, f64::max);
    assert!((gain(&each[usize::try_from(kept - 1).unwrap()]) - best).abs() < 1e-12);
    let tuning = &report["tuning"];
    assert!(
        tuning["rounds"][0].as_array().unwrap().len() == 3
            && !tuning["finalists"].as_array().unwrap().is_empty()
    );
    for part in ["### Seeds", "Trained with 2 seeds", "the best of them on validation", "## Limits"] {
        assert!(card.contains(part), "no `{part}` in {card}");
    }
}

#[test]
fn a_card_is_made_of_a_pack_and_its_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // the card that training wrote
    assert_eq!(run(&["card", "model.tkpack"]).ok().as_bytes(), read("card.md"));
    let evaluate = ["evaluate", "model.tkpack", "log.csv", "--protocol", "leave-one-out"];
    run(&[&evaluate[..], &["--report", &at("report.json")]].concat()).ok();
    let with = ["card", "model.tkpack", "--report", &at("report.json"), "--out", &at("card.md")];
    run(&with).ok();
    let card = std::fs::read_to_string(at("card.md")).unwrap();
    for part in
        ["## Quality on held-out events", "leave-one-out, 60 cases of 60 users", "| popularity | 60 |"]
    {
        assert!(card.contains(part), "no `{part}` in {card}");
    }
    // a report of another pack is no quality of this one
    run(&[TRAIN, &["--seed", "5", "--out", &at("other.tkpack")]].concat()).ok();
    let other = ["card", &at("other.tkpack"), "--report", &at("report.json")];
    run(&other).refused(&["report.json", "another pack", "evaluate this one"]);
    run(&["card", "model.tkpack", "--report", "items.csv"]).refused(&["items.csv: "]);
}

#[test]
fn a_generated_log_can_be_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for shape in ["sessions", "long-tail", "mixed"] {
        let generate = ["generate-log", "--shape", shape, "--users", "60", "--items", "100", "--out"];
        let said = run(&[&generate[..], &[&at(shape)]].concat()).ok();
        assert!(said.contains("events of 60 users") && said.contains("next: tastekeeper train"), "{said}");
        let (log, items) = (at(&format!("{shape}/log.csv")), at(&format!("{shape}/items.csv")));
        run(&["train", &log, "--items", &items, "--tuning-budget", "0", "--out", &at("model.tkpack")]).ok();
    }
    let few = ["generate-log", "--shape", "mixed", "--items", "9", "--out", &at("few")];
    run(&few).refused(&["items must be 100 to 1000000"]);
}
