//! The kinds that list rather than score: recently viewed, buy again, trending, new arrivals.

use std::collections::BTreeMap;

use super::candidates::{Candidate, Extras, Gates, sort};
use super::request::{RecommendationKind, Request, Source};
use super::{Extra, Person};
use crate::consent::DAY_MS;

/// A purchase counts half after this many days.
const REPURCHASE_HALF_LIFE_DAYS: f64 = 30.0;
/// An item is half as fresh after this many days.
const FRESHNESS_DAYS: f64 = 7.0;

#[allow(clippy::cast_precision_loss)]
fn days_between(earlier_ms: i64, later_ms: i64) -> f64 {
    later_ms.saturating_sub(earlier_ms).max(0) as f64 / DAY_MS as f64
}

/// Every admitted item of a listing kind, best first.
pub(crate) fn listed(
    gates: &Gates<'_>,
    extras: &Extras<'_>,
    request: &Request,
    person: Option<Person<'_>>,
    now_ms: i64,
) -> Vec<Candidate> {
    let view = gates.view;
    let profile = person.map(|person| person.profile);
    let mut source = Source::Personal;
    let found: Vec<(u32, Extra, f64)> = match &request.kind {
        RecommendationKind::RecentlyViewed => {
            let viewed = profile.into_iter().flat_map(|profile| &profile.viewed);
            let known = viewed.filter_map(|item| view.learnable(item));
            (1_u32..).zip(known).map(|(rank, index)| (index, Extra::Recency, 1.0 / f64::from(rank))).collect()
        }
        RecommendationKind::BuyAgain => {
            let mut strength: BTreeMap<u32, f64> = BTreeMap::new();
            for purchase in profile.into_iter().flat_map(|profile| &profile.purchases) {
                if let Some(index) = view.learnable(&purchase.item) {
                    let age_days = days_between(purchase.time_ms, now_ms);
                    *strength.entry(index).or_default() += libm::exp2(-age_days / REPURCHASE_HALF_LIFE_DAYS);
                }
            }
            strength.into_iter().map(|(index, strength)| (index, Extra::Repurchase, strength)).collect()
        }
        RecommendationKind::NewArrivals(_) => {
            source = Source::Contextual;
            let dated = (0..).take(view.len()).filter_map(|index| Some((index, view.created_at_ms(index)?)));
            dated
                .filter(|(_, created_ms)| *created_ms <= now_ms)
                .map(|(index, created_ms)| {
                    (index, Extra::Freshness, 1.0 / (1.0 + days_between(created_ms, now_ms) / FRESHNESS_DAYS))
                })
                .collect()
        }
        _ => {
            source = Source::Popular;
            let all = (0..).take(view.len());
            all.map(|index| (index, Extra::Popularity, f64::from(view.popularity(index)))).collect()
        }
    };
    let mut candidates: Vec<Candidate> = found
        .into_iter()
        .filter(|(index, _, _)| gates.admit(*index))
        .map(|(index, extra, amount)| Candidate {
            source,
            ..extras.finish(index, 0.0, vec![(extra, amount)])
        })
        .collect();
    sort(view, &mut candidates);
    candidates
}
