//! What the numbers mean.
//!
//! In: a report without findings. Out: findings, and advice on protocols. The thresholds stand here and nowhere else.
//! A test of order needs both: five standard deviations from chance, and a distance that matters; with enough events
//! everything differs from chance a little.

use super::{DataReport, Finding, ProtocolAdvice, Severity, Support};
use crate::train::REPEAT_SHARE;

const Z: f64 = 5.0;
/// One-way pairs above chance.
const ONE_WAY_EXCESS: f64 = 0.1;
/// Ascending neighbours away from one half.
const ASCENDING_EXCESS: f64 = 0.02;
/// Ties among neighbours.
const MANY_TIES: f64 = 0.2;
/// A session is over within so long.
const SESSION_MS: i64 = 6 * 3_600_000;

/// Whether pairs are one-way far more often than chance explains.
fn one_way(report: &DataReport) -> bool {
    let order = &report.order;
    order.one_way_z > Z && order.one_way > order.one_way_by_chance + ONE_WAY_EXCESS
}

/// The findings, the worst first.
pub(super) fn of(report: &DataReport) -> Vec<Finding> {
    let mut list = List(Vec::new());
    usable(report, &mut list);
    order(report, &mut list);
    times(report, &mut list);
    shape(report, &mut list);
    ids(report, &mut list);
    list.0.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    list.0
}

struct List(Vec<Finding>);

impl List {
    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        value: f64,
        message: String,
        meaning: &'static str,
    ) {
        self.0.push(Finding { severity, code, value, message, meaning });
    }

    /// A finding about a count, if there is anything to count.
    fn count(
        &mut self,
        severity: Severity,
        code: &'static str,
        count: u64,
        message: &str,
        meaning: &'static str,
    ) {
        if count > 0 {
            self.add(severity, code, super::ratio(count, 1), format!("{count} {message}"), meaning);
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn usable(report: &DataReport, list: &mut List) {
    let alone = report.users == report.lengths.single;
    if report.events == 0 || alone || report.items < 2 {
        let message = "no user has two events, or there is only one item".to_owned();
        let meaning =
            "nothing follows anything, so nothing can be learned; is the user column the right one?";
        list.add(Severity::Error, "nothing-to-learn", super::ratio(report.events, 1), message, meaning);
    }
}

fn order(report: &DataReport, list: &mut List) {
    let order = &report.order;
    if one_way(report) {
        let message = format!(
            "{} of the {} pairs of items that are neighbours at least twice occur in one order only; by chance it would \
             be {} (z {:.0})",
            percent(order.one_way),
            order.pairs,
            percent(order.one_way_by_chance),
            order.one_way_z
        );
        let meaning = "the order looks partly made by sorting, not by people; leave-one-out rewards a model for \
                       learning the sorting, so compare such figures with published ones only and judge on other data";
        list.add(Severity::Warn, "one-way-pairs", order.one_way, message, meaning);
    }
    let tied = order.ascending_ties_z.abs() > Z && (order.ascending_ties - 0.5).abs() > ASCENDING_EXCESS;
    if tied {
        let message = format!(
            "of neighbours with the same time, {} have ascending ids (z {:.0})",
            percent(order.ascending_ties),
            order.ascending_ties_z
        );
        let meaning = "ties were sorted by id, so the last event of a tie is no later than the others; give finer times, \
                       or use a temporal split, which keeps ties together";
        list.add(Severity::Warn, "tie-order", order.ascending_ties, message, meaning);
    } else if order.ascending_z.abs() > Z && (order.ascending - 0.5).abs() > ASCENDING_EXCESS {
        let message = format!(
            "{} of the neighbours have ascending ids, not half (z {:.0})",
            percent(order.ascending),
            order.ascending_z
        );
        let meaning = "ids tell something of the order: a method that breaks ties by id would be rewarded for it; here \
                       popularity breaks them first";
        list.add(Severity::Warn, "ascending-ids", order.ascending, message, meaning);
    }
    if report.items >= 100 && order.ids_in_file_order > 0.95 {
        let message = format!(
            "{} of the items are numbered as they appear in the file",
            percent(order.ids_in_file_order)
        );
        let meaning = "ids were given in the order of users, and tell who had an item first; never use them as a feature";
        list.add(Severity::Info, "ids-in-file-order", order.ids_in_file_order, message, meaning);
    }
}

fn times(report: &DataReport, list: &mut List) {
    let Some(time) = &report.time else {
        let meaning = "the file's order counts; a temporal split is not possible";
        list.add(Severity::Info, "no-times", 0.0, "events have no time".to_owned(), meaning);
        return;
    };
    list.count(
        Severity::Info,
        "out-of-order",
        time.out_of_order,
        "events stand in the file after a later event of the same user",
        "they were sorted by time; nothing is to be done",
    );
    if time.ties > MANY_TIES {
        let message = format!("{} of the neighbours in a sequence have the same time", percent(time.ties));
        let meaning = "their order is only that of the file, so leave-one-out and next-click ask for a next item that \
                       may not have come next; give finer times, or prefer a temporal split";
        list.add(Severity::Warn, "ties", time.ties, message, meaning);
    }
    if time.only_days {
        let meaning = "within a day the order is that of the file";
        list.add(Severity::Info, "only-days", 1.0, "all times are whole days".to_owned(), meaning);
    }
    list.count(
        Severity::Warn,
        "before-2000",
        time.before_2000,
        "events happened before the year 2000",
        "the unit of time is probably wrong, or times are missing; see --time-unit",
    );
    list.count(
        Severity::Warn,
        "in-future",
        time.in_future,
        "events happened after now",
        "a clock or the unit of time is wrong; a temporal split would test on them",
    );
}

fn shape(report: &DataReport, list: &mut List) {
    let (lengths, repeats) = (&report.lengths, &report.repeats);
    list.count(
        if super::ratio(repeats.duplicates, report.events) > 0.01 { Severity::Warn } else { Severity::Info },
        "duplicates",
        repeats.duplicates,
        "events have user, item, kind and time of another",
        "they count twice as popularity and as transitions to themselves; remove them if they were sent twice",
    );
    if repeats.same_item_share >= REPEAT_SHARE {
        let message = format!(
            "{} of the events are about an item the user had before",
            percent(repeats.same_item_share)
        );
        let meaning = "known items must be allowed to come again (the default for this log): next-click measures that, \
                       leave-one-out excludes known items and does not";
        list.add(Severity::Info, "repeats", repeats.same_item_share, message, meaning);
    }
    let single = super::ratio(lengths.single, report.users);
    if single > 0.0 {
        let message = format!("{} users ({}) have one event", lengths.single, percent(single));
        let meaning = "they count for popularity and teach no transition; no protocol asks for them";
        let severity = if single > 0.5 { Severity::Warn } else { Severity::Info };
        list.add(severity, "single-events", single, message, meaning);
    }
    list.count(
        Severity::Warn,
        "long-histories",
        lengths.suspiciously_long,
        "users have over 200 events and over 20 times what nine of ten users have",
        "robots or shared accounts; leave them out, or their walks become everybody's transitions",
    );
    let rare = super::ratio(report.popularity.under_five, report.items);
    if rare > 0.0 {
        let message =
            format!("{} items ({}) have fewer than five events", report.popularity.under_five, percent(rare));
        let meaning =
            "their vectors rest on attributes more than on behaviour; give --items, and look at coverage";
        let severity = if rare > 0.5 && report.items_without_attributes.is_none() {
            Severity::Warn
        } else {
            Severity::Info
        };
        list.add(severity, "rare-items", rare, message, meaning);
    }
    if report.popularity.top_percent_share > 0.5 {
        let share = report.popularity.top_percent_share;
        let message = format!("the most popular hundredth of the items has {} of the events", percent(share));
        let meaning = "popularity alone will score high; compare with it, and look at coverage and novelty";
        list.add(Severity::Warn, "concentration", share, message, meaning);
    }
    list.count(
        Severity::Info,
        "items-without-attributes",
        report.items_without_attributes.unwrap_or(0),
        "items have no attribute",
        "they are found by behaviour only",
    );
    if let Some(cold) = report.cold.filter(|cold| cold.events_share > 0.05) {
        let message = format!(
            "{} of the last tenth's events are about {} items that were not there before",
            percent(cold.events_share),
            cold.items
        );
        let meaning = "a temporal split asks for items that training never saw; a model without attributes cannot \
                       reach them, whatever its quality";
        list.add(Severity::Warn, "cold-items", cold.events_share, message, meaning);
    }
}

fn ids(report: &DataReport, list: &mut List) {
    let ids = &report.ids;
    let merged = "they are one name for many; leave these events out";
    list.count(
        Severity::Warn,
        "placeholder-items",
        ids.placeholder_items,
        "items are called null, nan or alike",
        merged,
    );
    list.count(
        Severity::Warn,
        "placeholder-users",
        ids.placeholder_user_events,
        "events are of users called null, nan or alike",
        merged,
    );
    list.count(
        Severity::Warn,
        "float-ids",
        ids.float_items + ids.float_users,
        "ids are whole numbers written as 123.0",
        "they will not match the catalogue; write them as whole numbers",
    );
    list.count(
        Severity::Warn,
        "case-twins",
        ids.case_twins,
        "items have the id of another in upper or lower case",
        "one item may be two; write ids alike",
    );
    list.count(
        Severity::Info,
        "spaces-in-ids",
        ids.items_with_spaces,
        "items have a space in their id",
        "names may have been taken for ids; names change, ids do not",
    );
}

/// Advice on every protocol, and the one to use.
pub(super) fn protocols(report: &DataReport) -> (Vec<ProtocolAdvice>, Option<&'static str>) {
    let usable = report.findings.iter().all(|finding| finding.severity < Severity::Error);
    let few =
        super::ratio(report.lengths.at_least_three, report.users) < 0.1 || report.lengths.at_least_three < 30;
    let repeats = report.repeats.same_item_share >= REPEAT_SHARE;
    let ties = report.time.is_some_and(|time| time.ties > MANY_TIES);
    let sessions = report.time.is_some_and(|time| time.median_span_ms < SESSION_MS);
    let leave_one_out = match () {
        () if !usable => (Support::No, "nothing follows anything"),
        () if few => {
            (Support::No, "too few users have three events: one to learn from, to validate on, to test on")
        }
        () if one_way(report) => {
            (Support::Care, "the order is partly made by sorting; compare with published figures only")
        }
        () if repeats => (Support::Care, "it excludes known items, and here people come back to them"),
        () if ties => (Support::Care, "many last events are last only in the file's order"),
        () => (Support::Yes, "histories are long enough, and their order is not suspicious"),
    };
    let temporal = match &report.time {
        _ if !usable => (Support::No, "nothing follows anything"),
        None => (Support::No, "events have no time"),
        Some(time) if time.first_ms == time.last_ms => (Support::No, "all events have the same time"),
        Some(time) if time.before_2000 + time.in_future > 0 => (Support::Care, "some times are wrong"),
        Some(_) if report.cold.is_some_and(|cold| cold.events_share > 0.2) => {
            (Support::Care, "much of what it asks for are items that training never saw")
        }
        Some(_) => (Support::Yes, "every event has a time; it is the nearest to how the model will be used"),
    };
    let next_click = match () {
        () if !usable => (Support::No, "nothing follows anything"),
        () if one_way(report) => (Support::Care, "the order is partly made by sorting"),
        () if ties => (Support::Care, "many events are next only in the file's order"),
        () => (
            Support::Care,
            "for a second log that training did not see; on the same log use a temporal split",
        ),
    };
    let temporal_sessions = match temporal {
        (Support::Yes, _) if !sessions => {
            (Support::Care, "sequences are long; those that ended last are not like the rest")
        }
        other => other,
    };
    let advice = [
        ("leave-one-out", leave_one_out),
        ("temporal", temporal),
        ("temporal-sessions", temporal_sessions),
        ("next-click", next_click),
    ];
    let recommended = match (temporal.0, leave_one_out.0) {
        (Support::Yes | Support::Care, _) if sessions => Some("temporal-sessions"),
        (Support::Yes, _) => Some("temporal"),
        (_, Support::Yes | Support::Care) => Some("leave-one-out"),
        (Support::Care, _) => Some("temporal"),
        _ => None,
    };
    let list = advice.map(|(protocol, (support, why))| ProtocolAdvice { protocol, support, why });
    (list.to_vec(), recommended)
}
