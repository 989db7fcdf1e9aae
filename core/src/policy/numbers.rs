//! Every number that a text states, read from the constants that bind.

use serde::{Deserialize, Serialize};

use super::language::Language;
use super::{MAX_ANSWERS, MAX_SHOWN};
use crate::consent::{CONSENT_LIFETIME_MS, DAY_MS, EXPIRED_GRACE_MS, MAX_RECEIPTS, SESSION_IDLE_MINUTES};
use crate::history::{MAX_INTERESTS, Retention};
use crate::profile::SIGNAL_WINDOW;
use crate::ranking::BOUGHT_RECENTLY_DAYS;
use crate::ranking::extras::INTEREST_BOOST;
use crate::ranking::place::{MAX_CATEGORY_SHARE, NEW_ITEM_PLACE};
use crate::ranking::query::BROWSE_WEIGHT;
use crate::ranking::request::EXPLORATION_RATE;
use crate::report;

/// The numbers of a policy. The default ones are the engine's constants; an app that sets its own limits puts them in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// Days an event is kept; the app may set it.
    pub retention_days: u32,
    /// Events kept at most; the app may set it.
    pub max_events: u32,
    /// Idle minutes after which a visit ends at level Session; the app may set it.
    pub session_idle_minutes: u32,
    /// Days a consent lasts.
    pub consent_days: u32,
    /// Days a sealed history outlives the end of its consent.
    pub grace_days: u32,
    /// Receipts kept per person.
    pub max_receipts: u32,
    /// Categories with an interest set by hand.
    pub max_interests: u32,
    /// Answers of a visit that are remembered in memory.
    pub max_answers: u32,
    /// Items whose showing is remembered in memory.
    pub max_shown: u32,
    /// Bytes of a report.
    pub report_bytes: u32,
    /// Topics a report chooses from.
    pub topics: u32,
    /// Topics a report names.
    pub topics_per_report: u32,
    /// Newest distinct items a report is drawn from.
    pub slots: u32,
    /// The likelihood ratio of a report.
    pub max_ratio: u32,
    /// Days of an epoch; at most one report in each.
    pub epoch_days: u32,
    /// Units of budget that a report costs.
    pub units_per_report: u32,
    /// Units in any four epochs in a row.
    pub max_units_per_four_epochs: u32,
    /// Units of an installation, ever.
    pub max_units: u32,
    /// Days within which a report is offered to the app.
    pub offer_within_days: u32,
    /// Newest signals that ranking reads.
    pub signals: u32,
    /// What a search or a browsed category counts, in per cent of an item seen at the same moment.
    pub browse_percent: u32,
    /// How much a category shown more by hand multiplies an item's odds.
    pub interest_factor: f64,
    /// Days an item that was bought is not recommended.
    pub bought_recently_days: u32,
    /// The largest share of one category in a varied answer, in per cent.
    pub category_share_percent: u32,
    /// The share of places for items that are not the best known, in per cent.
    pub exploration_percent: u32,
    /// The place kept for a new item, from 1.
    pub new_item_place: u32,
}

/// A count as a number of this table.
fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Milliseconds as whole days.
fn days(milliseconds: i64) -> u32 {
    u32::try_from(milliseconds / DAY_MS).unwrap_or(u32::MAX)
}

/// A share as whole per cent.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares are from 0 to 1")]
fn percent(share: f64) -> u32 {
    (share * 100.0).round() as u32
}

impl Default for Numbers {
    fn default() -> Self {
        let retention = Retention::default();
        Self {
            retention_days: retention.days,
            max_events: count(retention.max_events),
            session_idle_minutes: SESSION_IDLE_MINUTES,
            consent_days: days(CONSENT_LIFETIME_MS),
            grace_days: days(EXPIRED_GRACE_MS),
            max_receipts: count(MAX_RECEIPTS),
            max_interests: count(MAX_INTERESTS),
            max_answers: count(MAX_ANSWERS),
            max_shown: count(MAX_SHOWN),
            report_bytes: count(report::REPORT_BYTES),
            topics: report::TOPICS.into(),
            topics_per_report: report::TOPICS_PER_REPORT.into(),
            slots: report::SLOTS.into(),
            max_ratio: report::MAX_RATIO.into(),
            epoch_days: report::EPOCH_DAYS,
            units_per_report: report::UNITS_PER_REPORT,
            max_units_per_four_epochs: report::MAX_UNITS_PER_FOUR_EPOCHS,
            max_units: report::MAX_UNITS,
            offer_within_days: report::OFFER_WITHIN_DAYS,
            signals: count(SIGNAL_WINDOW),
            browse_percent: percent(BROWSE_WEIGHT),
            interest_factor: libm::exp(INTEREST_BOOST),
            bought_recently_days: u32::try_from(BOUGHT_RECENTLY_DAYS).unwrap_or(u32::MAX),
            category_share_percent: percent(MAX_CATEGORY_SHARE),
            exploration_percent: percent(EXPLORATION_RATE),
            new_item_place: count(NEW_ITEM_PLACE + 1),
        }
    }
}

impl Numbers {
    /// The privacy loss of one report: the natural logarithm of its likelihood ratio.
    #[must_use]
    pub fn epsilon(&self) -> f64 {
        libm::log(f64::from(self.max_ratio))
    }

    /// Reports of an installation, ever.
    #[must_use]
    pub fn max_reports(&self) -> u32 {
        self.max_units / self.units_per_report.max(1)
    }

    /// The largest privacy loss of an installation: the loss of all its reports added up.
    #[must_use]
    pub fn max_epsilon(&self) -> f64 {
        self.epsilon() * f64::from(self.max_reports())
    }

    /// Reports in any four epochs in a row.
    #[must_use]
    pub fn reports_per_four_epochs(&self) -> u32 {
        self.max_units_per_four_epochs / self.units_per_report.max(1)
    }

    /// What a consent lasts in whole months of 30.44 days.
    #[must_use]
    pub fn consent_months(&self) -> u32 {
        (self.consent_days * 100 + 1_522) / 3_044
    }

    /// Every number as a language writes it, by the name that texts call it by.
    #[must_use]
    pub fn words(&self, language: Language) -> Vec<(&'static str, String)> {
        let whole = |number: u32| language.whole(number.into());
        vec![
            ("retention_days", whole(self.retention_days)),
            ("max_events", whole(self.max_events)),
            ("session_idle_minutes", whole(self.session_idle_minutes)),
            ("consent_days", whole(self.consent_days)),
            ("consent_months", whole(self.consent_months())),
            ("grace_days", whole(self.grace_days)),
            ("max_receipts", whole(self.max_receipts)),
            ("max_interests", whole(self.max_interests)),
            ("max_answers", whole(self.max_answers)),
            ("max_shown", whole(self.max_shown)),
            ("report_bytes", whole(self.report_bytes)),
            ("topics", whole(self.topics)),
            ("topics_per_report", whole(self.topics_per_report)),
            ("slots", whole(self.slots)),
            ("max_ratio", whole(self.max_ratio)),
            ("epsilon", language.decimal(self.epsilon())),
            ("max_epsilon", language.decimal(self.max_epsilon())),
            ("epoch_days", whole(self.epoch_days)),
            ("max_reports", whole(self.max_reports())),
            ("reports_per_four_epochs", whole(self.reports_per_four_epochs())),
            ("offer_within_days", whole(self.offer_within_days)),
            ("signals", whole(self.signals)),
            ("browse_percent", whole(self.browse_percent)),
            ("interest_factor", language.decimal(self.interest_factor)),
            ("bought_recently_days", whole(self.bought_recently_days)),
            ("category_share_percent", whole(self.category_share_percent)),
            ("exploration_percent", whole(self.exploration_percent)),
            ("new_item_place", whole(self.new_item_place)),
        ]
    }
}

/// Puts numbers where a text names them in braces: `{retention_days}`. A name that is not there stays.
#[must_use]
pub fn fill(text: &str, words: &[(&'static str, String)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let named = after.split_once('}').and_then(|(name, after)| {
            words.iter().find(|(known, _)| *known == name).map(|(_, value)| (value, after))
        });
        if let Some((value, after)) = named {
            filled.push_str(value);
            rest = after;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_published_ones() {
        let numbers = Numbers::default();
        assert_eq!(
            (numbers.retention_days, numbers.max_events, numbers.session_idle_minutes),
            (90, 5_000, 30)
        );
        assert_eq!((numbers.consent_days, numbers.consent_months(), numbers.grace_days), (396, 13, 30));
        assert_eq!((numbers.report_bytes, numbers.max_ratio, numbers.epoch_days), (24, 8, 91));
        assert_eq!((numbers.max_reports(), numbers.reports_per_four_epochs()), (8, 4));
        assert!((numbers.epsilon() - 2.0794).abs() < 1e-4, "{}", numbers.epsilon());
        assert!((numbers.max_epsilon() - 16.6355).abs() < 1e-4, "{}", numbers.max_epsilon());
        assert!((numbers.interest_factor - 7.389).abs() < 1e-3, "{}", numbers.interest_factor);
    }

    #[test]
    fn texts_are_filled_and_what_is_unknown_stays() {
        let words = [("days", "90".to_owned())];
        assert_eq!(fill("{days} days, {days}", &words), "90 days, 90");
        assert_eq!(fill("{unknown} {", &words), "{unknown} {");
        assert_eq!(fill("", &words), "");
    }
}
