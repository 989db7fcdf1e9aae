//! From a request, a profile and the catalogue to an ordered list of items with raw scores.
//!
//! Enters: a checked [`Request`](request::Request), the shopper's profile if a grant allows it, what was shown.
//! Leaves: [`Ranked`]: items in their places, each with its raw score and where it came from.
//! Must never: let an item through that the filter, an exclusion or the stock refuses; depend on time or chance
//! beyond what it is given.

use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha20Rng;

use crate::catalog::{SymbolKind, View};
use crate::event::Subject;
use crate::history::Interest;
use crate::mutant;
use crate::profile::Profile;

pub(crate) mod admission;
pub(crate) mod candidates;
pub(crate) mod categories;
pub(crate) mod extras;
pub(crate) mod filter;
pub(crate) mod listed;
pub(crate) mod place;
mod pool;
pub(crate) mod query;
pub(crate) mod request;
#[cfg(test)]
mod tests;

use admission::Gates;
use candidates::Candidate;
use extras::Extras;
use filter::Compiled;
use query::Query;
use request::{RecommendationKind, Request, Source};

/// Days an item stays out of answers after it was bought (except in `BuyAgain`).
pub(crate) const BOUGHT_RECENTLY_DAYS: i64 = 30;

/// What ranking may know of the shopper. `None` everywhere at Off and for non-profiling requests.
#[derive(Clone, Copy)]
pub(crate) struct Person<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) interests: &'a BTreeMap<String, Interest>,
    /// When items were last shown in an answer.
    pub(crate) shown: &'a BTreeMap<String, i64>,
}

/// Where a part of a raw score that no query term explains comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Extra {
    Popularity,
    /// A category the shopper boosted, as a symbol.
    Interest(u32),
    /// A boost of the request.
    Boost,
    /// Shown before: `rotation_rate`.
    Rotation,
    /// Looked at recently, by this item's own view.
    Recency,
    /// Bought before.
    Repurchase,
    /// How new the item is.
    Freshness,
}

/// One item in its place.
#[derive(Clone, Debug)]
pub(crate) struct RankedItem {
    pub(crate) index: u32,
    /// The sum of the query's terms and of `extras`.
    pub(crate) raw: f64,
    pub(crate) extras: Vec<(Extra, f64)>,
    pub(crate) source: Source,
}

/// An ordered answer.
pub(crate) struct Ranked {
    pub(crate) items: Vec<RankedItem>,
    /// The terms behind the raw scores; without terms for kinds that list rather than score.
    pub(crate) query: Query,
}

/// Answers `request`. `now_ms` dates stock and purchases; `random` is drawn from only by exploration.
pub(crate) fn rank(
    view: &View,
    request: &Request,
    person: Option<Person<'_>>,
    now_ms: i64,
    random: &mut ChaCha20Rng,
) -> Ranked {
    let query = Query::new(view, request, person);
    let gates = Gates {
        view,
        now_ms,
        filter: Compiled::new(&request.filter, view, request),
        category: request.kind.category().map(|category| Compiled::category(view, category)),
        hidden: hidden_items(view, request, person, now_ms),
        muted: muted_symbols(view, person),
    };
    let extras = Extras::new(view, request, person, now_ms, &query);
    let mut pool_size = candidates::first_pool_size(request.count).min(view.len().max(1));
    loop {
        let mut pool = match request.kind {
            RecommendationKind::ForYou
            | RecommendationKind::RelatedTo(_)
            | RecommendationKind::BoughtWith(_)
            | RecommendationKind::Trending(_) => {
                candidates::scored(&gates, &extras, &query, request, pool_size)
            }
            RecommendationKind::NewArrivals(_) => listed::newest(&gates, &extras, pool_size, now_ms),
            RecommendationKind::RecentlyViewed | RecommendationKind::BuyAgain => {
                listed::own(&gates, &extras, request, person, now_ms)
            }
        };
        // Before the labels: what they drop may have kept others out of the pool.
        let exhausted = pool.len() < pool_size || pool_size >= view.len();
        label(&mut pool, request, &query);
        let items = place::place(view, request, pool, &gates, &extras, &query, random);
        if items.len() >= request.count || exhausted {
            return Ranked { items, query };
        }
        // Variants of one product, or items the request does not want, filled the pool: look further down.
        pool_size = (pool_size * 4).min(view.len());
    }
}

/// Scores the shop's own list in the shopper's order: known items by score, then unknown ones as they came.
pub(crate) fn rerank(
    view: &View,
    request: &Request,
    person: Option<Person<'_>>,
    ids: &[String],
    now_ms: i64,
) -> (Vec<RankedItem>, Query) {
    let query = Query::new(view, request, person);
    let extras = Extras::new(view, request, person, now_ms, &query);
    let mut seen = BTreeSet::new();
    let mut pool: Vec<Candidate> = ids
        .iter()
        .filter_map(|id| view.index_of(id))
        .filter(|&index| seen.insert(index))
        .map(|index| extras.candidate(&query, index))
        .collect();
    label(&mut pool, request, &query);
    let muted = muted_symbols(view, person);
    pool.sort_by(|left, right| {
        let is_muted =
            |candidate: &Candidate| view.has_symbol(candidate.index, |symbol| muted.contains(&symbol));
        is_muted(left)
            .cmp(&is_muted(right))
            .then(right.raw.total_cmp(&left.raw))
            .then_with(|| view.tie_order(left.index, right.index))
    });
    (pool.iter().map(|candidate| extras.item(candidate)).collect(), query)
}

/// Says of each candidate whether it is there for the shopper, the context or its popularity; drops the last if the
/// request wants no fallback, and what is less relevant than the request asks for.
fn label(pool: &mut Vec<Candidate>, request: &Request, query: &Query) {
    if !request.kind.is_scored() {
        return;
    }
    let best = pool.iter().map(|candidate| candidate.relevance).fold(0.0, f64::max);
    let threshold = best * request.min_relevance.share_of_best();
    for candidate in pool.iter_mut() {
        candidate.source = if candidate.relevance > 0.0 && candidate.relevance >= threshold {
            if query.is_personal() { Source::Personal } else { Source::Contextual }
        } else {
            Source::Popular
        };
    }
    let fills = request.fallback && !matches!(request.kind, RecommendationKind::BoughtWith(_));
    if !fills || mutant!(DropFallback) {
        pool.retain(|candidate| candidate.source != Source::Popular);
    }
}

fn hidden_items(view: &View, request: &Request, person: Option<Person<'_>>, now_ms: i64) -> BTreeSet<u32> {
    let mut hidden = BTreeSet::new();
    let mut hide = |id: &str| hidden.extend(view.index_of(id));
    request.exclude_ids.iter().for_each(|id| hide(id));
    request.kind.seeds().iter().for_each(|id| hide(id));
    request.context.item.iter().for_each(|id| hide(id));
    request.context.cart.iter().for_each(|id| hide(id));
    let Some(Person { profile, .. }) = person else { return hidden };
    profile.dislikes.iter().filter_map(Subject::item).for_each(&mut hide);
    hidden.extend(profile.cart.iter().filter_map(|(item, _)| view.known(item)));
    if request.kind != RecommendationKind::BuyAgain {
        let since = now_ms - BOUGHT_RECENTLY_DAYS * crate::consent::DAY_MS;
        let recent = profile.purchases.iter().rev().take_while(|purchase| purchase.time_ms >= since);
        hidden.extend(recent.filter_map(|purchase| view.known(&purchase.item)));
    }
    hidden
}

/// Categories the shopper muted, and brands and categories the shopper is not interested in.
pub(crate) fn muted_symbols(view: &View, person: Option<Person<'_>>) -> BTreeSet<u32> {
    let Some(Person { profile, interests, .. }) = person else { return BTreeSet::new() };
    let muted = interests
        .iter()
        .filter(|(_, interest)| **interest == Interest::Mute)
        .filter_map(|(category, _)| view.symbol(SymbolKind::Category, category));
    let disliked = profile.dislikes.iter().filter_map(|subject| match subject {
        Subject::Brand(brand) => view.symbol(SymbolKind::Brand, brand),
        Subject::Category(category) => view.symbol(SymbolKind::Category, category),
        Subject::Item(_) => None,
    });
    if mutant!(MutedStillShown) { BTreeSet::new() } else { muted.chain(disliked).collect() }
}
