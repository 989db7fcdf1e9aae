//! The page: estimated demand per topic with intervals, over epochs. One file, no script, nothing fetched.
//!
//! In: what `GET /v1/estimates` tells. Out: HTML with SVG inside. Must never show more than that, or leave a text of a
//! vocabulary unescaped.

use std::fmt::Write as _;

use tastekeeper_models::aggregate::{Demand, EpochDemand, TopicDemand};

const STYLE: &str = include_str!("page.css");
/// Width and height of a chart over epochs, in its own units.
const WIDE: f64 = 120.0;
const HIGH: f64 = 28.0;

/// The page about some vocabularies.
#[must_use]
pub fn page(demands: &[Demand]) -> String {
    let mut body = String::new();
    for demand in demands {
        body += &vocabulary(demand);
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Estimated demand</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Estimated demand</h1>\n\
         <p class=\"sub\">From preference reports that are noisy on purpose: each says little about anybody, all together \
         tell the shares below. The lines are 95 % intervals.</p>\n{body}</main>\n</body>\n</html>\n"
    )
}

fn vocabulary(demand: &Demand) -> String {
    let mut out = format!("<section>\n<h2>{}</h2>\n", escape(&demand.vocabulary));
    match demand.latest() {
        Some(latest) => out += &topics(demand, latest),
        None => {
            let _ = writeln!(
                out,
                "<p class=\"note\">Nothing to show yet: an epoch is shown from {} reports on.</p>",
                demand.minimum_cohort
            );
        }
    }
    out += &epochs(demand);
    let _ = writeln!(
        out,
        "<p class=\"sub\">Each report names {} of {} topics, and the true one no more than {} times as often as any other. \
         One per cent of fake reports could move a topic by {:.1} points.</p>\n</section>",
        demand.per_report,
        demand.topics.len(),
        demand.ratio,
        100.0 * demand.moved_by_one_percent_of_fakes
    );
    out
}

/// The topics of the latest epoch, the largest first, each with its epochs.
fn topics(demand: &Demand, latest: &EpochDemand) -> String {
    let mut rows: Vec<&TopicDemand> = latest.topics.iter().filter(|topic| topic.topic != 0).collect();
    rows.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.topic.cmp(&b.topic)));
    let shown: Vec<&EpochDemand> = demand.epochs.iter().filter(|epoch| !epoch.withheld).collect();
    let all = || shown.iter().flat_map(|epoch| &epoch.topics).filter(|topic| topic.topic != 0);
    let low = all().map(|topic| topic.low).fold(0.0, f64::min);
    let high = all().map(|topic| topic.high).fold(f64::MIN_POSITIVE, f64::max);
    let scale = Scale { low, high };
    let mut out = format!(
        "<p>{} to {}, {} reports</p>\n<table>\n<thead><tr><th scope=\"col\">Topic</th>\
         <th scope=\"col\" class=\"number\">Share</th><th scope=\"col\">95 % interval</th>\
         <th scope=\"col\">Epochs</th></tr></thead>\n<tbody>\n",
        latest.from, latest.to, latest.reports
    );
    for topic in rows {
        let label = demand.topics.get(usize::from(topic.topic)).map_or("", |names| names.label.as_str());
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td>{}<span class=\"range\">{} to {}</span></td>\
             <td>{}</td></tr>",
            escape(label),
            percent(topic.share),
            interval(topic, &scale),
            percent(topic.low),
            percent(topic.high),
            history(topic.topic, label, &shown, &scale)
        );
    }
    let empty = latest.topics.iter().find(|topic| topic.topic == 0);
    out += "</tbody>\n</table>\n";
    if let Some(empty) = empty {
        let _ = writeln!(
            out,
            "<p class=\"sub\">{} ({} to {}) of what shoppers could have said is nothing: their last eight items are fewer, \
             or have no topic.</p>",
            percent(empty.share),
            percent(empty.low),
            percent(empty.high)
        );
    }
    out
}

/// From shares to the 0 to 100 of a chart.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn at(&self, share: f64) -> f64 {
        100.0 * (share - self.low) / (self.high - self.low)
    }
}

/// A dot with a line: share and interval.
fn interval(topic: &TopicDemand, scale: &Scale) -> String {
    let (low, high, share, zero) =
        (scale.at(topic.low), scale.at(topic.high), scale.at(topic.share), scale.at(0.0));
    format!(
        "<svg class=\"bar\" viewBox=\"-2 0 104 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <path class=\"axis\" d=\"M{zero:.1} 0V10\"/><path class=\"range\" d=\"M{low:.1} 5H{high:.1}\"/>\
         <path class=\"dot\" d=\"M{share:.1} 1V9\"/></svg>"
    )
}

/// The shares of a topic over epochs as a line in the band of its intervals.
fn history(topic: u8, label: &str, epochs: &[&EpochDemand], scale: &Scale) -> String {
    let found =
        epochs.iter().filter_map(|epoch| epoch.topics.get(usize::from(topic)).map(|t| (epoch.epoch, t)));
    let points: Vec<(u16, &TopicDemand)> = found.collect();
    let [(first, _), .., (last, _)] = points[..] else { return String::from("–") };
    let x = |epoch: u16| WIDE * f64::from(epoch - first) / f64::from(last - first);
    let y = |share: f64| HIGH - HIGH * scale.at(share) / 100.0;
    let mut line = String::new();
    let mut band = String::new();
    for (epoch, demand) in &points {
        let _ = write!(line, "{:.1},{:.1} ", x(*epoch), y(demand.share));
        let _ = write!(band, "{:.1},{:.1} ", x(*epoch), y(demand.high));
    }
    for (epoch, demand) in points.iter().rev() {
        let _ = write!(band, "{:.1},{:.1} ", x(*epoch), y(demand.low));
    }
    let change = points[points.len() - 1].1.share - points[0].1.share;
    format!(
        "<svg class=\"line\" viewBox=\"0 -1 {WIDE} {}\" preserveAspectRatio=\"none\" role=\"img\">\
         <title>{}: {:+.1} points over {} epochs</title>\
         <polygon points=\"{}\"/><polyline points=\"{}\"/></svg>",
        HIGH + 2.0,
        escape(label),
        100.0 * change,
        points.len(),
        band.trim_end(),
        line.trim_end()
    )
}

/// Every epoch with its number of reports.
fn epochs(demand: &Demand) -> String {
    if demand.epochs.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<details><summary>Reports by epoch</summary>\n<table>\n<thead><tr><th scope=\"col\">Epoch</th>\
         <th scope=\"col\" class=\"number\">Reports</th><th scope=\"col\">Shown</th></tr></thead>\n<tbody>\n",
    );
    for epoch in demand.epochs.iter().rev() {
        let shown = if epoch.withheld { "no, too few" } else { "yes" };
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{} to {}</th><td class=\"number\">{}</td><td>{shown}</td></tr>",
            epoch.from, epoch.to, epoch.reports
        );
    }
    out + "</tbody>\n</table>\n</details>\n"
}

fn percent(share: f64) -> String {
    // -0.0 is 0
    format!("{:.1}&nbsp;%", 100.0 * share + 0.0).replace('-', "−")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use tastekeeper::report::{NodeTree, Parameters, Topic, VocabularyDraft};
    use tastekeeper_models::aggregate::Tally;

    use super::*;

    fn demand(minimum: u64) -> Demand {
        let topic = |label: &str| Topic { label: label.into(), guarded: false, nodes: vec![label.into()] };
        let draft = VocabularyDraft {
            name: "a <shop>".into(),
            parameters: Parameters::new(4, 1, 8).unwrap(),
            cohort: 200,
            tree: NodeTree::Plain,
            topics: vec![topic("Bags & <b>"), topic("Shoes"), topic("Hats")],
            excluded: Vec::new(),
        };
        let mut tally = Tally::new([0; 4], draft.parameters);
        for (epoch, masks) in [(24, [10, 30, 50, 10]), (25, [10, 40, 40, 10]), (26, [1, 0, 0, 0])] {
            masks.iter().enumerate().for_each(|(topic, times)| tally.add(epoch, 1 << topic, *times));
        }
        Demand::new(&tally, &draft, minimum)
    }

    #[test]
    fn a_page_shows_shares_with_intervals_over_epochs() {
        let page = page(&[demand(50)]);
        for text in
            ["Bags &amp; &lt;b&gt;", "a &lt;shop&gt;", "2026-03-25 to 2026-06-23, 100 reports", "no, too few"]
        {
            assert!(page.contains(text), "{text}");
        }
        // p = 8/11, q = 1/11: 40 of 100 is 0.3091 / 0.6364
        assert!(page.contains("48.6&nbsp;%"), "{page}");
        assert_eq!(page.matches("<polyline").count(), 3);
        assert!(page.contains("Shoes: −15.7 points") || page.contains("Shoes: -15.7 points"));
        assert!(!page.contains("<script") && !page.contains("http"));
    }

    #[test]
    fn a_page_with_nothing_to_show_says_so() {
        let page = page(&[demand(1_000)]);
        assert!(page.contains("Nothing to show yet: an epoch is shown from 1000 reports on."));
        assert!(!page.contains("<polyline"));
    }
}
