//! Verdicts, the worst segment, concentration.

use super::*;

fn metric(value: f64, low: f64, high: f64) -> Metric {
    Metric { value, low: Some(low), high: Some(high) }
}

#[test]
fn a_verdict_needs_the_whole_interval_and_enough_users() {
    assert_eq!(verdict(&metric(0.1, 0.01, 0.2), 6), Verdict::Better);
    assert_eq!(verdict(&metric(-0.1, -0.2, -0.01), 6), Verdict::Worse);
    assert_eq!(verdict(&metric(0.1, 0.0, 0.2), 6), Verdict::NotShown);
    assert_eq!(verdict(&metric(0.1, 0.01, 0.2), 5), Verdict::NotShown);
    assert_eq!(verdict(&exact(0.1), 100), Verdict::NotShown);
}

#[test]
fn the_worst_segment_is_large() {
    let segment = |name: &str, users, value| Segment {
        name: name.to_owned(),
        users,
        cases: users,
        metrics: Metrics::from([(WORST_BY.to_owned(), exact(value))]),
    };
    let segments = BTreeMap::from([
        ("brand".to_owned(), vec![segment("x", 99, 0.01), segment("y", 100, 0.3)]),
        ("category".to_owned(), vec![segment("z", 500, 0.2)]),
    ]);
    let overall = Metrics::from([(WORST_BY.to_owned(), exact(0.25))]);
    let found = worst(&segments, &overall).unwrap();
    assert_eq!((found.dimension.as_str(), found.name.as_str(), found.overall), ("category", "z", 0.25));
    assert_eq!(worst(&BTreeMap::new(), &overall), None);
}

#[test]
#[expect(clippy::float_cmp, reason = "exact")]
fn concentration_by_hand() {
    // four items, recommended 6, 3, 1 and 0 times
    let found = concentration(&[1, 6, 0, 3]);
    let at = |x: f64| found.iter().find(|point| point.x == x).unwrap().figure.value;
    assert_eq!([0.0, 0.5, 0.75, 1.0].map(at), [0.0, 0.9, 1.0, 1.0]);
    assert_eq!(at(0.35), 0.6, "1.4 items are one");
}
