//! Gates on a report whose right verdicts are known.

use super::*;
use crate::report::sample::{metric, sample};
use crate::report::{Comparison, Report, Verdict};

fn judge(gate: &str, report: &Report, baseline: Option<&Report>) -> Judgement {
    let gates = Gates::parse(&format!("version = 1\n[[gate]]\n{gate}")).unwrap();
    gates.judge(report, baseline).judgements.remove(0)
}

#[track_caller]
fn check(gate: &str, status: Status, parts: &[&str]) {
    let judgement = judge(gate, &sample(), None);
    assert_eq!(judgement.status, status, "{gate}: {}", judgement.message);
    for part in parts {
        assert!(judgement.message.contains(part), "no `{part}` in: {}", judgement.message);
    }
    assert!(!judgement.message.contains('\n'));
}

#[test]
fn limits_are_held_against_value_or_interval() {
    use Status::{Failed, Passed};
    // ndcg@10 is 0.064 [0.061, 0.067]
    let gates = [
        ("min = 0.064", Passed),
        ("min = 0.0641", Failed),
        ("min = 0.061\njudge = 'interval'", Passed),
        ("min = 0.062\njudge = 'interval'", Failed),
        ("min = 0.067\njudge = 'evidence'", Passed),
        ("min = 0.068\njudge = 'evidence'", Failed),
        ("max = 0.064", Passed),
        ("max = 0.0639", Failed),
        ("max = 0.067\njudge = 'interval'", Passed),
        ("max = 0.066\njudge = 'interval'", Failed),
        ("max = 0.061\njudge = 'evidence'", Passed),
        ("max = 0.060\njudge = 'evidence'", Failed),
        // item-knn has 0.0384, ease 0.0448
        ("min = { times = 1.6, of = 'item-knn' }", Passed),
        ("min = { times = 1.7, of = 'baseline:item-knn' }", Failed),
        ("max = { times = 1.5, of = 'best-baseline' }", Passed),
        ("max = { times = 1.4, of = 'best-baseline' }", Failed),
        ("level = 'off'\nmax = { times = 0.2, of = 'level:session' }", Passed),
    ];
    for (gate, status) in gates {
        check(&format!("metric = 'ndcg@10'\n{gate}"), status, &["ndcg@10 at level"]);
    }
    check(
        "metric = 'ndcg@10'\nmin = 0.07",
        Failed,
        &["ndcg@10 at level on-device is 0.0640 [0.0610, 0.0670], wanted at least 0.0700: too low"],
    );
    check(
        "metric = 'coverage@10'\nmin = 0.7",
        Failed,
        &["the model recommends 7 382 of 12 101 items", "too low"],
    );
    check(
        "metric = 'model_bytes'\nmax = 900_000",
        Failed,
        &["model_bytes is 981 604 bytes", "900 000 bytes: too high"],
    );
    check("metric = 'latency_us.p95'\nmax = 300", Failed, &["312 us", "at most 300 us"]);
    check("metric = 'latency_us.p95'\nmax = 313", Passed, &[]);
}

#[test]
fn segments_are_found_by_name_and_by_being_worst() {
    use Status::{Failed, NotJudged, Passed};
    check(
        "metric = 'ndcg@10'\nsegment = 'history-length=3-5'\nmin = 0.06",
        Passed,
        &["ndcg@10 of history-length=3-5 is 0.0640"],
    );
    let worst = "metric = 'ndcg@10'\nsegment = 'worst'\n";
    check(&format!("{worst}min = {{ times = 0.4, of = 'overall' }}"), Passed, &[]);
    check(
        &format!("{worst}min = {{ times = 0.5, of = 'overall' }}"),
        Failed,
        &["worst segment, category=Fragrance, is 0.0256", "0.5 times 0.0640 of all cases", "too low"],
    );
    check(&format!("{worst}beats = 'popularity'"), Failed, &["not shown to be better than popularity"]);
    check("metric = 'hr@10'\nsegment = 'worst'\nmin = 0.1", NotJudged, &["worst by ndcg@10"]);
    check(
        "metric = 'ndcg@10'\nsegment = 'category=Fragance'\nmin = 0.1",
        NotJudged,
        &["no segment `Fragance`; did you mean `Fragrance`?"],
    );
    check(
        "metric = 'ndcg@10'\nsegment = 'categories=x'\nmin = 0.1",
        NotJudged,
        &["no dimension `categories`; did you mean `category`?"],
    );
}

#[test]
fn beating_needs_the_interval() {
    use Status::{Failed, NotJudged, Passed, Skipped};
    check("metric = 'ndcg@10'\nbeats = 'popularity'", Passed, &["better than popularity"]);
    check("metric = 'ndcg@10'\nbeats = 'best-baseline'", Passed, &["better than ease, the best baseline"]);
    check("metric = 'ndcg@10'\nbeats = 'level:off'", Passed, &["better than level off"]);
    check("metric = 'ndcg@10'\nbeats = 'popularty'", NotJudged, &["did you mean `popularity`?"]);
    check("metric = 'ndcg@10'\nbeats = 'markov'", NotJudged, &["markov was left out", "no training log"]);
    check("metric = 'ndcg@10'\nbeats = 'markov'\noptional = true", Skipped, &["no training log"]);
    check("metric = 'mrr@10'\nbeats = 'popularity'", NotJudged, &["compares no mrr@10 with popularity"]);
    let mut report = sample();
    let mut with = |value: f64, half: f64, verdict| {
        report.comparisons[0] =
            Comparison { difference: metric(value, half), verdict, ..report.comparisons[0].clone() };
        judge("metric = 'ndcg@10'\nbeats = 'popularity'\nreason = 'Why?'", &report, None)
    };
    for (value, half, verdict, said) in [
        (0.001, 0.002, Verdict::NotShown, "not shown to be better than popularity. Why?"),
        (0.0, 0.0, Verdict::NotShown, "the same in every case as popularity. Why?"),
        (-0.01, 0.002, Verdict::Worse, "worse than popularity. Why?"),
    ] {
        let judgement = with(value, half, verdict);
        assert_eq!(judgement.status, Failed);
        assert!(judgement.message.ends_with(said), "{}", judgement.message);
    }
    assert_eq!(with(f64::NAN, 0.0, Verdict::Better).status, NotJudged);
}

#[test]
fn regressions_are_judged_against_the_baseline_report() {
    use Status::{Failed, NotJudged, Passed, Skipped};
    let (report, mut before) = (sample(), sample());
    let run =
        |gate: &str, before: &Report| judge(&format!("metric = 'ndcg@10'\n{gate}"), &report, Some(before));
    assert_eq!(run("max_regression = 0", &before).status, Passed, "the same");
    before.metrics.insert("ndcg@10".to_owned(), metric(0.065, 0.003));
    // a loss of 0.001, or 1.54 %
    for (gate, status) in [
        ("max_regression = 0", Failed),
        ("max_regression = 0.0009", Failed),
        ("max_regression = 0.0011", Passed),
        ("max_regression = '1.5 %'", Failed),
        ("max_regression = '1.6%'", Passed),
        ("max_regression = '1 %'\njudge = 'evidence'", NotJudged),
    ] {
        let judgement = run(gate, &before);
        assert_eq!(judgement.status, status, "{gate}: {}", judgement.message);
    }
    let said = run("max_regression = '1 %'", &before).message;
    for part in ["0.0640 [0.0610, 0.0670]", "has 0.0650", "-0.00100 (-1.54 %)", "1 % is allowed: worse than"]
    {
        assert!(said.contains(part), "no `{part}` in: {said}");
    }
    // less popular items are no loss
    before.metrics.insert("average_popularity@10".to_owned(), metric(44.0, 1.0));
    let gate = "metric = 'average_popularity@10'\nmax_regression = 0";
    assert_eq!(judge(gate, &report, Some(&before)).status, Passed);
    assert_eq!(judge(gate, &before, Some(&report)).status, Failed);
    let smaller = Report { file_bytes: 1_000_000, ..sample() };
    let judgement = judge("metric = 'file_bytes'\nmax_regression = '10 %'", &report, Some(&smaller));
    assert!(judgement.message.contains("+177 000 bytes (17.70 %)"), "{}", judgement.message);
    assert_eq!(judgement.status, Failed);

    let none = judge("metric = 'ndcg@10'\nmax_regression = 0", &report, None);
    assert!(none.status == NotJudged && none.message.contains("give --baseline"), "{}", none.message);
    let none = judge("metric = 'ndcg@10'\nmax_regression = 0\noptional = true", &report, None);
    assert_eq!(none.status, Skipped);
    for (other, what) in [
        (Report { protocol: "temporal".to_owned(), ..sample() }, "the protocol"),
        (Report { sampled_users: None, ..sample() }, "the sample of users"),
        (Report { cases: 5, ..sample() }, "the number of cases"),
        (Report { outcomes: crate::report::Outcomes::default(), ..sample() }, "another log"),
    ] {
        let judgement =
            judge("metric = 'ndcg@10'\nmax_regression = 0\noptional = true", &report, Some(&other));
        assert_eq!(judgement.status, NotJudged, "an optional gate hides no mistake");
        assert!(judgement.message.contains(what), "{}", judgement.message);
    }
}

/// A loss of twice the one-sided bound is found, one below it is not, and the message says what could be found.
#[test]
fn evidence_is_a_one_sided_test() {
    let mut report = sample();
    let mut run = |loss: f64, gate: &str| {
        report.comparisons.retain(|comparison| comparison.with != "report");
        let standard_error = 0.0002;
        report.comparisons.push(Comparison {
            with: "report".to_owned(),
            metric: "ndcg@10".to_owned(),
            segment: None,
            other: 0.064 + loss,
            difference: metric(-loss, 1.96 * standard_error),
            detectable: 2.49 * standard_error,
            verdict: Verdict::NotShown,
        });
        judge(&format!("metric = 'ndcg@10'\nmax_regression = {gate}"), &report, None)
    };
    let gate = "0\njudge = 'evidence'";
    assert_eq!(run(1.64 * 0.0002, gate).status, Status::Passed);
    let failed = run(1.65 * 0.0002, gate);
    assert_eq!(failed.status, Status::Failed);
    assert!(failed.message.ends_with("shown to be worse than the baseline report"), "{}", failed.message);
    let passed = run(0.0, gate);
    assert!(
        passed.message.contains("a loss of 0.00050 (0.78 %) or more would have been found"),
        "{}",
        passed.message
    );
    // non-inferiority: the worst end of the interval is within 1 %
    assert_eq!(run(0.0, "'1 %'\njudge = 'interval'").status, Status::Passed);
    assert_eq!(run(0.0004, "'1 %'\njudge = 'interval'").status, Status::Failed);
    assert_eq!(run(0.0, "0\ndetects = '0.7 %'").status, Status::NotJudged);
    assert_eq!(run(0.0, "0\ndetects = '0.8 %'").status, Status::Passed);
}

#[test]
fn what_cannot_be_judged_is_said() {
    use Status::NotJudged;
    check("metric = 'ndgc@10'\nmin = 0.1", NotJudged, &["no figure `ndgc@10`; did you mean `ndcg@10`?"]);
    check("metric = 'ndgc@10'\nmin = 0.1\noptional = true", NotJudged, &["did you mean"]);
    check("metric = 'calibration@10'\nmin = 0.1", NotJudged, &["has no calibration@10"]);
    check("metric = 'ndcg@10'\nlevel = 'sesion'\nmin = 0.1", NotJudged, &["did you mean `session`?"]);
    check("metric = 'file_bytes'\nlevel = 'off'\nmin = 1", NotJudged, &["leave level and segment out"]);
    check("metric = 'file_bytes'\nmax = 1\njudge = 'interval'", NotJudged, &["has no interval"]);
    let mut report = sample();
    report.metrics.get_mut("ndcg@10").unwrap().value = f64::NAN;
    let judged = judge("metric = 'ndcg@10'\nmin = 0.0", &report, None);
    assert!(judged.status == NotJudged && judged.message.contains("not a number"), "{}", judged.message);
}

#[test]
fn malformed_files_are_refused_with_their_line() {
    let gate = |text: &str| format!("version = 1\n\n[[gate]]\nname = 'a'\nmetric = 'hr@10'\n{text}");
    let long = format!("version = 1\n[[gate]]\nmetric='{}'\nmin=1", "x".repeat(400));
    for (text, line, part) in [
        ("version = 1".to_owned(), 1, "[[gate]]"),
        (String::new(), 1, "version"),
        ("version = 2\n[[gate]]\nmetric = 'x'\nmin = 1".to_owned(), 1, "`version` must be 1"),
        ("version = 1\n\nx = [".to_owned(), 3, ""),
        (gate(""), 3, "exactly one of"),
        (gate("min = 1\nmax = 2"), 3, "exactly one of"),
        (gate("mim = 1"), 6, "unknown field `mim`"),
        (gate("min = 'x'"), 6, "expected a number, or a table"),
        (gate("min = nan"), 3, "`min` must be a finite number"),
        (gate("min = { times = -1, of = 'ease' }"), 3, "above 0"),
        (gate("min = { times = 1, of = 'overall' }"), 3, "`overall` is for gates of a segment"),
        (gate("max_regression = '1'"), 3, "such as \"1 %\""),
        (gate("max_regression = -1"), 3, "0 or more"),
        (gate("min = 1\ndetects = 1"), 3, "goes with `max_regression`"),
        (gate("beats = 'ease'\njudge = 'value'"), 3, "leave `judge` out"),
        (gate("min = 1\njudge = 'maybe'"), 7, "maybe"),
        (gate("min = 1\nsegment = 'x'"), 3, "dimension=name"),
        (gate("min = 1\nsegment = 'a=b'\nlevel = 'off'"), 3, "not both"),
        (gate("min = 1\n[[gate]]\nname = 'a'\nmetric = 'hr@10'\nmax = 1"), 7, "two gates are named `a`"),
        (long, 2, "1 to 300 characters"),
        (" ".repeat((1 << 20) + 1), 1, "longer than"),
    ] {
        let error = Gates::parse(&text).unwrap_err();
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(error.reason.contains(part), "no `{part}` in: {error}");
        assert!(!error.to_string().contains('\n'));
    }
}

#[test]
fn the_verdict_counts() {
    let gates = "version = 1\n[[gate]]\nmetric = 'hr@10'\nmin = 0\n[[gate]]\nmetric = 'hr@10'\nmin = 1\n";
    let judged = Gates::parse(gates).unwrap().judge(&sample(), None);
    assert_eq!((judged.status(), judged.summary().as_str()), (Status::Failed, "1 of 2 gates failed"));
    assert_eq!(judged.judgements[1].gate, "hr@10 at least 1");
    let more =
        "[[gate]]\nmetric = 'x'\nmin = 1\n[[gate]]\nmetric = 'hr@10'\nbeats = 'markov'\noptional = true";
    let judged = Gates::parse(&format!("{gates}{more}")).unwrap().judge(&sample(), None);
    assert_eq!(judged.status(), Status::NotJudged);
    assert_eq!(judged.summary(), "1 of 4 gates failed, 1 could not be evaluated, 1 skipped");
}

#[test]
fn the_gates_that_ship_are_right_and_a_good_report_passes() {
    let judged = Gates::parse(DEFAULT).unwrap().judge(&sample(), Some(&sample()));
    for judgement in &judged.judgements {
        assert!(
            matches!(judgement.status, Status::Passed | Status::Skipped),
            "{}: {}",
            judgement.gate,
            judgement.message
        );
    }
}
