//! The page is well-formed, whole, fetches nothing, and says what it must.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;
use crate::gates::{DEFAULT, Gates};
use crate::report::sample::sample;
use crate::report::{Metric, Metrics};

fn page(report: Report, more: Vec<(String, Report)>) -> String {
    let judged = Gates::parse(DEFAULT).unwrap().judge(&report, None);
    let reports: Vec<_> = [("standard".to_owned(), report)].into_iter().chain(more).collect();
    html(&reports, Some(&judged))
}

/// Elements in order; panics where tags do not match. Void elements are the five `meta`s.
fn elements(page: &str) -> Vec<String> {
    let well_formed = page
        .replace("<!doctype html>", "")
        .replace("\">\n<meta", "\"/>\n<meta")
        .replace("'unsafe-inline'\">", "'unsafe-inline'\"/>");
    let well_formed = well_formed.replace("<details open>", "<details open=\"\">");
    let mut reader = Reader::from_str(&well_formed);
    reader.config_mut().check_end_names = true;
    let mut out = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return out,
            Ok(Event::Start(start) | Event::Empty(start)) => {
                for attribute in start.attributes() {
                    let attribute = attribute.unwrap();
                    assert!(!attribute.key.as_ref().starts_with("on"), "a script");
                    let fetches = ["src", "href", "style"].contains(&attribute.key.as_ref());
                    assert!(!fetches, "{attribute:?}");
                }
                out.push(start.name().as_ref().to_owned());
            }
            Ok(_) => {}
            Err(error) => panic!("{error} at {}", reader.buffer_position()),
        }
    }
}

#[test]
fn the_page_is_one_file_that_fetches_nothing() {
    let page = page(sample(), vec![("tiny <x>".to_owned(), sample())]);
    let elements = elements(&page.replace(STYLE, ""));
    for name in ["script", "img", "link", "iframe", "object", "a"] {
        assert!(!elements.iter().any(|element| element == name), "{name}");
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !page.contains("http:"));
    let charts = elements.iter().filter(|name| *name == "svg").count();
    assert!(charts >= 8, "{charts} charts");
    for name in ["title", "desc", "figcaption"] {
        let count = elements.iter().filter(|element| *element == name).count();
        assert_eq!(count, charts + usize::from(name == "title"), "{name}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn the_page_says_what_it_must() {
    let page = page(sample(), vec![("tiny".to_owned(), sample())]);
    for part in [
        "Evaluation of <em>beauty</em>",
        "gates passed",
        "In short",
        "42.9 % more than ease, the best baseline",
        "By level of personalisation",
        "By length of the history",
        "Fragrance – worst",
        "Coverage and concentration",
        "What preference reports would tell",
        "20\u{202f}000 reports at ratio 8 give a topic&#39;s share to 0.57 points",
        "<td>98.05 %</td>",
        "Size against quality",
        "How to read this",
        "BLAKE2b-512",
        "Make-up &lt;b&gt; &amp; &quot;more&quot;|*x*",
    ] {
        assert!(page.contains(part), "no `{part}`");
    }
}

#[test]
fn hostile_names_stay_names() {
    let mut report = sample();
    let name = "</svg><script>alert(1)</script>'\"&\u{202e}\u{0}";
    report.pack.model_id = name.to_owned();
    report.segments.get_mut("category").unwrap()[0].name = name.to_owned();
    report.worst_segment.as_mut().unwrap().name = name.to_owned();
    report.baselines.insert(name.to_owned(), report.metrics.clone());
    report.baselines_left_out.insert(name.to_owned(), name.to_owned());
    report.protocol = name.to_owned();
    report.levels.insert(name.to_owned(), Metrics::new());
    let page = page(report, vec![(name.to_owned(), sample())]);
    assert!(!page.contains("<script") && !page.contains('\u{202e}') && !page.contains('\u{0}'));
    elements(&page.replace(STYLE, ""));
}

#[test]
fn a_report_with_little_in_it_and_odd_figures_is_drawn() {
    let mut report = sample();
    report.curves.clear();
    report.levels.clear();
    report.comparisons.clear();
    report.statistics = None;
    report.worst_segment = None;
    report.segments.values_mut().flatten().for_each(|segment| segment.metrics.clear());
    report.baselines.clear();
    report.sharing.as_mut().unwrap().errors.clear();
    report.sharing.as_mut().unwrap().attacks.clear();
    elements(&page(report.clone(), Vec::new()).replace(STYLE, ""));
    for value in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
        report.metrics.values_mut().for_each(|m| *m = Metric { value, low: Some(value), high: Some(value) });
        let sharing = report.sharing.as_mut().unwrap();
        sharing.errors.iter_mut().for_each(|row| row.error_points = value);
        sharing.attacks.iter_mut().for_each(|row| row.attack.known_masks = value);
        let page = page(report.clone(), vec![("again".to_owned(), report.clone())]);
        assert!(!page.contains("NaN\"") && !page.contains("inf\""), "{value}");
    }
}

#[test]
fn ticks_are_round_and_labels_keep_apart() {
    assert_eq!(plot::ticks(0.2, 4.0), [0.0, 0.05, 0.1, 0.15000000000000002, 0.2]);
    assert_eq!(plot::ticks(0.0, 4.0), [0.0, 1.0]);
    assert_eq!(plot::tick(0.15000000000000002, 0.05, false), "0.15");
    assert_eq!(plot::tick(0.5, 0.25, true), "50 %");
    assert_eq!(plot::apart(&[10.0, 11.0, 50.0], 13.0, 0.0, 100.0), [10.0, 23.0, 50.0]);
    assert_eq!(plot::apart(&[95.0, 99.0], 13.0, 0.0, 100.0), [87.0, 100.0]);
    assert_eq!(plot::fitted("a long name of a category", 60.0).chars().count(), 10);
}
