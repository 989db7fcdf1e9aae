use super::*;
use crate::input::{DelimitedFormat, LogFormat, read_log_from};

/// Sequences of item numbers, with times if there are any.
fn log(text: &str) -> Dataset {
    let format = if text.starts_with("user,") {
        let format = DelimitedFormat::csv("user", "item").time("time");
        LogFormat::Delimited(format)
    } else {
        LogFormat::Sequences
    };
    read_log_from(text.as_bytes(), &format, &mut |_| ()).unwrap()
}

fn report(text: &str) -> DataReport {
    check(&log(text), &CheckContext::default())
}

fn has(report: &DataReport, code: &str) -> Option<Severity> {
    report.findings.iter().find(|finding| finding.code == code).map(|finding| finding.severity)
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

#[test]
fn numbers_agree_with_a_count_by_hand() {
    let report = report(
        "user,item,time\nu,a,1700000000\nu,b,1700000000\nu,a,1700000010\nv,a,1700000020\nv,c,1700000030\nw,a,1700000040\n\
         u,a,1700000010\nw,null,1700000050\nx,7.0,1700000060\ny,A,1700000070\n",
    );
    assert_eq!((report.events, report.users, report.items), (10, 5, 6));
    assert_eq!((report.lengths.min, report.lengths.median, report.lengths.max), (1, 2, 4));
    assert!(near(report.lengths.mean, 2.0));
    assert_eq!((report.lengths.single, report.lengths.at_least_three), (2, 1));
    assert_eq!(
        (report.repeats.duplicates, report.repeats.same_item, report.repeats.same_item_at_once),
        (1, 2, 1)
    );
    assert!(near(report.density, 8.0 / 30.0));
    let time = report.time.unwrap();
    assert!(near(time.ties, 2.0 / 5.0), "a-b and a-a of u, of five neighbours: {}", time.ties);
    // counts 1 1 1 1 1 5: (2 * (1+2+3+4+5+30)) / (6 * 10) - 7/6
    assert!(near(report.popularity.gini, 90.0 / 60.0 - 7.0 / 6.0));
    assert!(near(report.popularity.top_percent_share, 0.5));
    assert_eq!(report.popularity.under_five, 5);
    // nine of ten events are known, the last is about an item that is new
    assert_eq!(report.cold, Some(ColdFacts { items: 1, events_share: 1.0 }));
    assert_eq!((report.ids.placeholder_items, report.ids.float_items, report.ids.case_twins), (1, 1, 1));
    for code in ["ties", "duplicates", "placeholder-items", "float-ids", "case-twins", "cold-items"] {
        assert_eq!(has(&report, code), Some(Severity::Warn), "{code}");
    }
    assert!(
        report.usable() && report.findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity))
    );
}

#[test]
fn one_way_pairs_follow_the_binomial() {
    // a-b twice in one order, c-d once in each, e-f three times in one order; a user's own repeats are one witness
    let report = report("1 a b a b a b\n2 c d\n3 d c\n4 e f\n5 e f\n6 e f\n7 a b\n8 b a\n");
    // user 1 has a-b and b-a once each: a-b is seen four times, two and two
    assert_eq!(report.order.pairs, 3);
    assert!(near(report.order.one_way, 1.0 / 3.0));
    let (half, quarter, eighth) = (0.5, 0.25, 0.125);
    assert!(near(report.order.one_way_by_chance, (half + quarter + eighth) / 3.0));
    let variance: f64 = [half, quarter, eighth].iter().map(|p| p * (1.0 - p)).sum();
    assert!(near(report.order.one_way_z, (1.0 - (half + quarter + eighth)) / variance.sqrt()));
    assert!(has(&report, "one-way-pairs").is_none());
}

#[test]
fn a_sorted_log_is_suspicious_and_one_in_both_orders_is_not() {
    let walk = |turn: bool| {
        let mut text = String::new();
        for user in 0..160_u32 {
            let mut items: Vec<u32> = (0..4).map(|step| (user * 7 + step * 5) % 40).collect();
            items.sort_unstable();
            // the walks come back after forty users
            if turn && user / 40 % 2 == 1 {
                items.reverse();
            }
            text += &format!("u{user} {}\n", join(&items));
        }
        report(&text)
    };
    let sorted = walk(false);
    assert_eq!(has(&sorted, "one-way-pairs"), Some(Severity::Warn));
    assert_eq!(has(&sorted, "ascending-ids"), Some(Severity::Warn));
    assert!(near(sorted.order.ascending, 1.0) && near(sorted.order.one_way, 1.0));
    let of = |report: &DataReport, name| {
        report.protocols.iter().find(|advice| advice.protocol == name).unwrap().support
    };
    assert_eq!(of(&sorted, "leave-one-out"), Support::Care);
    let turned = walk(true);
    assert_eq!((has(&turned, "one-way-pairs"), has(&turned, "ascending-ids")), (None, None));
    assert_eq!(of(&turned, "leave-one-out"), Support::Yes);
    assert_eq!((of(&turned, "temporal"), turned.recommended), (Support::No, Some("leave-one-out")));
}

fn join(items: &[u32]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn ties_in_the_order_of_ids_are_found() {
    let mut text = "user,item,time\n".to_owned();
    for user in 0..60 {
        for item in 0..3 {
            text += &format!("{user},{},{}\n", user % 5 + item * 10, 1_700_000_000 + user);
        }
    }
    let found = report(&text);
    assert_eq!(has(&found, "tie-order"), Some(Severity::Warn));
    assert!(near(found.order.ascending_ties, 1.0));
    assert!(near(found.order.ascending_ties_z, 120.0_f64.sqrt()));
    assert_eq!(found.recommended, Some("temporal-sessions"));
}

#[test]
fn times_that_cannot_be_are_found() {
    let log = log("user,item,time\nu,a,5\nu,b,1700000000\nv,a,1700000000\nv,b,1900000000\n");
    let context = CheckContext { now_ms: Some(1_800_000_000_000), ..CheckContext::default() };
    let report = check(&log, &context);
    assert_eq!(
        (has(&report, "before-2000"), has(&report, "in-future")),
        (Some(Severity::Warn), Some(Severity::Warn))
    );
    let time = report.time.unwrap();
    assert_eq!((time.before_2000, time.in_future, time.first_ms), (1, 1, 5_000));
    assert_eq!(
        check(&log, &CheckContext::default()).time.unwrap().in_future,
        0,
        "without a clock there is no future"
    );
}

#[test]
fn nothing_to_learn_is_an_error() {
    for text in ["u a\nv b\n", "u a a\nv a\n"] {
        let report = report(text);
        assert!(!report.usable());
        assert_eq!((report.findings[0].code, report.recommended), ("nothing-to-learn", None));
        assert!(report.protocols.iter().all(|advice| advice.support == Support::No));
    }
    assert!(!check(&Dataset::default(), &CheckContext::default()).usable());
}

#[test]
fn a_robot_is_found() {
    let mut text = String::new();
    for user in 0..50 {
        text += &format!("u{user} a b c\n");
    }
    text += &format!("robot {}\n", "a b ".repeat(200));
    let report = report(&text);
    assert_eq!(report.lengths.suspiciously_long, 1);
    assert!(near(report.lengths.suspiciously_long_events, 400.0 / 550.0));
    assert_eq!(has(&report, "long-histories"), Some(Severity::Warn));
}
