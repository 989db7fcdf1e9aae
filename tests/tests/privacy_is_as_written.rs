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

/// The section on report shares, and the page that says how they are aggregated.
#[cfg(feature = "prio")]
#[test]
fn report_shares_are_as_written() {
    use tastekeeper::report::{
        HELPER_SHARE_BYTES, LEADER_SHARE_BYTES, MIN_SHARES_PER_BATCH, NONCE_BYTES, PUBLIC_SHARE_BYTES,
        SHARES_BUCKETS, SHARES_BYTES, SHARES_CHUNK_LENGTH, SHARES_RATIO, UNITS_PER_SHARES,
    };

    let parameters = Parameters::of_shares(SHARES_BUCKETS).unwrap();
    let (included, all) = parameters.true_topic_odds();
    let ratio = f64::from(SHARES_RATIO);
    let item = 1.0 + (ratio - 1.0) / f64::from(SLOTS);
    let others = u32::from(SHARES_BUCKETS) - 1;
    let outcomes = u32::from(SLOTS) * all * others;
    let (p, q) = (f64::from(included) / f64::from(all), 1.0 / f64::from(all));
    let fakes = (1.0 - q) / (p - q);
    for line in [
        format!(
            "`R` | {SHARES_RATIO}: its slot's topic in {included} of {all} cases, each of the {others} others in 1 of {all} |"
        ),
        format!("`ln R` | {:.2}, if both", ratio.ln()),
        format!("`ln(1 + (R-1)/{SLOTS})` | {:.2}, in two epochs {:.2} |", item.ln(), 2.0 * item.ln()),
        format!(
            "| {UNITS_PER_SHARES}: two in any four epochs, {} in the life of an installation |",
            MAX_UNITS / UNITS_PER_SHARES
        ),
        format!("| {SHARES_BUCKETS}; a vocabulary with more topics"),
        format!("| {MIN_SHARES_PER_BATCH} reports |"),
        format!(
            "| {SHARES_BYTES}: nonce {NONCE_BYTES}, for both servers {PUBLIC_SHARE_BYTES}, for the leader \
             {LEADER_SHARE_BYTES}, for the helper {HELPER_SHARE_BYTES} |"
        ),
        format!("`m = 1` and a ratio of {SHARES_RATIO}"),
        format!("all {} {:03} outcomes for all {SHARES_BUCKETS} topics", outcomes / 1_000, outcomes % 1_000),
        format!("1 % of fakes moves one topic by {fakes:.1} points"),
    ] {
        says(&line);
    }
    assert_eq!(MAX_UNITS_PER_FOUR_EPOCHS / UNITS_PER_SHARES, 2);

    let page: String =
        include_str!("../../models/docs/sharing.md").split_whitespace().collect::<Vec<_>>().join(" ");
    let a = (-0.5_f64).exp();
    let variance = 2.0 * a / (1.0 - a).powi(2);
    let half_width = |n: f64| 196.0 * (q * (1.0 - q) / n + 2.0 * variance / n.powi(2)).sqrt() / (p - q);
    let widths: Vec<String> =
        [1e3, 5e3, 2e4, 1e5].iter().map(|n| format!(" {:.2} |", half_width(*n))).collect();
    for line in [
        format!("in points, report shares |{}", widths.concat()),
        format!("p = {SHARES_RATIO} / ({} + d), q = 1 / ({} + d)", SHARES_RATIO - 1, SHARES_RATIO - 1),
        format!("v = 2a / (1 - a)^2 = {variance:.2}"),
        format!("{fakes:.1} points for one per cent. `tests/tests/shares_add_up.rs`"),
        format!("length: {SHARES_BUCKETS} chunk_length: {SHARES_CHUNK_LENGTH} "),
        format!("min_batch_size: {MIN_SHARES_PER_BATCH} "),
    ] {
        assert!(page.contains(&line), "sharing.md does not say: {line}");
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
