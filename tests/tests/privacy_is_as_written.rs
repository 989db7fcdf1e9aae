//! `core/docs/privacy.md` says what the constants say.

use tastekeeper::report::{
    EPOCH_DAYS, MAX_RATIO, MAX_TOPICS, MAX_UNITS, MAX_UNITS_PER_FOUR_EPOCHS, MIN_SHOPPERS_PER_MASK,
    OFFER_WITHIN_DAYS, Parameters, REPORT_BYTES, SLOTS, TOPICS, TOPICS_PER_REPORT, UNITS_PER_REPORT,
};

/// The page as one line of words.
fn page() -> String {
    include_str!("../../core/docs/privacy.md").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn says(what: &str) {
    assert!(page().contains(what), "privacy.md does not say: {what}");
}

#[test]
fn every_constant_stands_in_the_page() {
    let ratio = f64::from(MAX_RATIO);
    let item = 1.0 + (ratio - 1.0) / f64::from(SLOTS);
    let reports = MAX_UNITS / UNITS_PER_REPORT;
    for line in [
        format!("a *report* of {REPORT_BYTES} bytes, at most once in {EPOCH_DAYS} days"),
        format!("`d` | {TOPICS}, an empty slot included; any vocabulary has at most {MAX_TOPICS} |"),
        format!("`m` | {TOPICS_PER_REPORT} |"),
        format!("`R` | {MAX_RATIO}, for every vocabulary |"),
        format!("`ln R` | {:.2} |", ratio.ln()),
        format!("| {SLOTS}, touched within {EPOCH_DAYS} days |"),
        format!("`ln(1 + (R-1)/{SLOTS})` | {:.2} |", item.ln()),
        format!("one report per epoch of | {EPOCH_DAYS} days |"),
        format!("in units of `ln 2` | {UNITS_PER_REPORT} |"),
        format!("budget of four epochs | {MAX_UNITS_PER_FOUR_EPOCHS} units |"),
        format!(
            "| {MAX_UNITS} units: {reports} reports, privacy loss {:.2} in all |",
            f64::from(reports) * ratio.ln()
        ),
        format!("within {OFFER_WITHIN_DAYS} days of its draw |"),
        format!("for each mask, at least | {MIN_SHOPPERS_PER_MASK} |"),
        format!("= {item:.3}. An item counts for {EPOCH_DAYS} days"),
        format!("at most two epochs: {:.2} in all", 2.0 * item.ln()),
        format!("allows {MAX_UNITS_PER_FOUR_EPOCHS} units in any four epochs and {MAX_UNITS} in the life"),
        format!("a factor of 2^{MAX_UNITS} at most"),
        format!("one mask for every {MIN_SHOPPERS_PER_MASK} opted-in shoppers"),
    ] {
        says(&line);
    }
}

#[test]
fn what_is_computed_from_them_stands_there_too() {
    let default = Parameters::new(TOPICS, TOPICS_PER_REPORT, MAX_RATIO).unwrap();
    let (included, all) = default.true_topic_odds();
    let (d, m) = (u64::from(TOPICS), u64::from(TOPICS_PER_REPORT));
    // Draws of slot, inclusion and shuffle.
    let outcomes = u64::from(SLOTS) * u64::from(all) * (d - m..d).product::<u64>();
    assert_eq!(outcomes, 342_240);
    says("all 342 240 outcomes of the default mechanism for all 32 topics");
    // One report in a hundred that always names the topic, over the share that the estimator makes of it.
    let p = f64::from(included) / f64::from(all);
    let q = (f64::from(TOPICS_PER_REPORT) - p) / f64::from(TOPICS - 1);
    says(&format!("1 % of fakes moves one topic by {:.1} points", (1.0 - q) / (p - q)));
}
