//! The kinds that list rather than score: recently viewed, buy again, trending, new arrivals.

use std::collections::BTreeMap;

use super::admission::{Admission, Gates};
use super::candidates::{Candidate, SearchRoom, sort};
use super::extras::{Extras, narrow};
use super::pool::Pool;
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

/// Writes the shopper's own items of a listing kind that are admitted to `candidates`, best first.
pub(crate) fn own(
    gates: &Gates<'_>,
    extras: &Extras<'_>,
    request: &Request,
    person: Option<Person<'_>>,
    candidates: &mut Vec<Candidate>,
) {
    let view = gates.view;
    let profile = person.map(|person| person.profile);
    let found: Vec<(u32, Extra, f64)> = if request.kind == RecommendationKind::RecentlyViewed {
        let viewed = profile.into_iter().flat_map(|profile| &profile.viewed);
        let known = viewed.filter_map(|item| view.learnable(item));
        (1_u32..).zip(known).map(|(rank, index)| (index, Extra::Recency, 1.0 / f64::from(rank))).collect()
    } else {
        let mut strength: BTreeMap<u32, f64> = BTreeMap::new();
        for purchase in profile.into_iter().flat_map(|profile| &profile.purchases) {
            if let Some(index) = view.known_learnable(&purchase.item) {
                let age_days = days_between(purchase.time_ms, gates.now_ms);
                *strength.entry(index).or_default() += libm::exp2(-age_days / REPURCHASE_HALF_LIFE_DAYS);
            }
        }
        strength.into_iter().map(|(index, strength)| (index, Extra::Repurchase, strength)).collect()
    };
    let admitted = found.into_iter().filter(|(index, _, _)| gates.admit(*index));
    candidates.clear();
    candidates.extend(admitted.map(|(index, extra, amount)| Candidate {
        source: Source::Personal,
        ..extras.finish(index, 0.0, (extra, amount))
    }));
    sort(view, candidates);
}

/// Writes the `pool_size` newest items that are admitted to `candidates`, best first.
pub(crate) fn newest(
    gates: &Gates<'_>,
    extras: &Extras<'_>,
    pool_size: usize,
    room: &mut SearchRoom,
    candidates: &mut Vec<Candidate>,
) {
    let (view, now_ms) = (gates.view, gates.now_ms);
    let freshness = |index| {
        let created_ms = view.created_at_ms(index).filter(|created_ms| *created_ms <= now_ms)?;
        Some(1.0 / (1.0 + days_between(created_ms, now_ms) / FRESHNESS_DAYS))
    };
    let candidate = |index, freshness| Candidate {
        source: Source::Contextual,
        ..extras.finish(index, 0.0, (Extra::Freshness, freshness))
    };
    let mut pool = Pool::new(view, f32::NEG_INFINITY, pool_size, 0, &mut room.pool);
    let mut admission = Admission::new(gates);
    let lifts = extras.lifts();
    for index in (0..).take(view.len()) {
        let Some(freshness) = freshness(index) else { continue };
        let lift: f64 =
            lifts.iter().filter(|(bits, _)| bits.contains(index)).map(|(_, lift)| f64::from(*lift)).sum();
        let raw = freshness + lift;
        pool.offer(index, narrow(raw + extras.rotation(index, raw).unwrap_or(0.0)), &mut admission);
    }
    pool.write(&mut room.items);
    candidates.clear();
    let chosen = room.items.iter();
    candidates.extend(chosen.filter_map(|&index| Some(candidate(index, freshness(index)?))));
    sort(view, candidates);
}
