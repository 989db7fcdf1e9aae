//! The shop's side of preference reports, from a log to a pack that follows demand.

use serde_json::Value;

use crate::support::run;

#[test]
fn from_a_log_to_topics_to_demand_to_a_pack() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let small = ["--products", "600", "--shoppers", "150"];
    run(&[&["generate-shop", &file("")], &small[..]].concat()).ok();
    let (log, items, topics) = (file("log.csv"), file("catalog.jsonl"), file("topics.vocabulary"));
    let shop = ["--log", &log, "--items", &items];
    let names = file("categories.json");

    // floors of a real shop are not kept by so small a one
    let build = [&["vocabulary", "build", "--out", &topics, "--categories", &names], &shop[..]].concat();
    run(&build).refused(&["1000 shoppers, 25 items and 3 brands"]);
    let built =
        run(&[&build[..], &["--minimum-shoppers", "15", "--minimum-items", "5", "--cohort", "900"]].concat());
    assert!(built.stderr.contains("warning: floors of 15 shoppers"), "{}", built.stderr);
    assert!(built.ok().contains("1 in a report, ratio 8, for 900 shoppers or more; signed by"));

    let said = run(&["vocabulary", "lint", &topics]).ok();
    assert!(said.contains("every rule is kept"), "{said}");
    let judged = run(&[&["vocabulary", "lint", &topics], &shop[..]].concat());
    assert_eq!(judged.code, 1);
    assert!(judged.stdout.contains("shoppers; 1000 are needed"), "{}", judged.stdout);
    assert_eq!(run(&["vocabulary", "lint", &file("none")]).code, 2);
    let text = std::fs::read_to_string(&topics).unwrap();
    let label = text.lines().find(|line| line.starts_with("topic\t")).unwrap().split('\t').nth(2).unwrap();
    std::fs::write(file("bad"), text.replacen(label, "Wheelchairs", 1).replace("cohort\t900", "cohort\t90"))
        .unwrap();
    let bad = run(&["vocabulary", "lint", &file("bad")]);
    assert_eq!(bad.code, 1);
    assert!(bad.stdout.contains("sensitive") && bad.stdout.contains("masks are too many"), "{}", bad.stdout);

    std::fs::write(file("reports"), "").unwrap();
    let (reports, demand) = (file("reports"), file("demand.json"));
    let aggregate = ["aggregate", &reports, "--vocabulary", &topics, "--out", &demand];
    run(&aggregate).ok();
    let empty: Value = serde_json::from_slice(&std::fs::read(&demand).unwrap()).unwrap();
    let id = u32::from_str_radix(empty["taxonomy_id"].as_str().unwrap(), 16).unwrap().to_be_bytes();
    let count = u8::try_from(empty["topics"].as_array().unwrap().len()).unwrap();
    let report = |topic: u8| {
        let mask = 1_u64 << topic;
        [b"PV\x01\x01", &[count, 1, 8, 0][..], &id, &[0, 24], &mask.to_be_bytes(), &[0, 0]].concat()
    };
    // one topic is what everybody asks for; the last report is cut off
    let mut bytes = report(1).repeat(900);
    bytes.extend(&report(2)[..20]);
    std::fs::write(&reports, bytes).unwrap();
    let said = run(&aggregate).ok();
    assert!(said.contains("900 reports counted, 1 refused") && said.contains("refused, length: 1"), "{said}");
    run(&["aggregate", &reports, "--vocabulary", &topics, "--out", &file("demand.parquet")]).ok();
    run(&["aggregate", &reports, "--vocabulary", &topics, "--out", &file("demand.txt")])
        .refused(&[".parquet or .json"]);

    let train = ["train", &log, "--items", &items, "--tuning-budget", "0", "--schedule-budget", "0"];
    let pack = file("shop.tkpack");
    let said = run(&[&train[..], &["--out", &pack, "--demand", &demand]].concat()).ok();
    assert!(said.contains("100.0 % of the demand, popularity times 4.00"), "{said}");
    let (json, page) = (file("report.json"), file("report.html"));
    let evaluate =
        ["evaluate", &pack, &log, "--protocol", "leave-one-out", "--no-baselines", "--resamples", "0"];
    run(&[&evaluate[..], &["--privacy"]].concat()).refused(&["--privacy and --items or --attributes"]);
    let evaluate =
        [&evaluate[..], &["--privacy", "--items", &items, "--report", &json, "--html", &page]].concat();
    let said = run(&evaluate).ok();
    assert!(said.contains("What preference reports would tell: 150 shoppers"), "{said}");
    let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let printed = run(&["privacy", &log, "--items", &items, "--out", &file("privacy.json")]).ok();
    assert!(said.contains(printed.trim_end()), "{said}\n{printed}");
    let mut alone: Value = serde_json::from_slice(&std::fs::read(file("privacy.json")).unwrap()).unwrap();
    alone.as_object_mut().unwrap().remove("version");
    assert_eq!(report["sharing"], alone);
    assert!(std::fs::read_to_string(&page).unwrap().contains("What preference reports would tell"));

    let withheld = ["--minimum-cohort", "901"];
    run(&[&aggregate[..], &withheld].concat()).ok();
    let refused = run(&[&train[..], &["--out", &pack, "--demand", &demand]].concat());
    assert!(
        refused.code == 2 && refused.stderr.contains("no epoch has enough reports"),
        "{}",
        refused.stderr
    );

    std::fs::remove_file(file("topics.vocabulary.minisig")).unwrap();
    run(&aggregate).refused(&["topics.vocabulary.minisig", "tastekeeper sign", "--detached"]);
    run(&["sign", &topics, "--detached"]).ok();
    run(&aggregate).ok();
}
