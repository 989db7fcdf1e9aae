//! From a request, a profile and the catalogue to an ordered list of items with raw scores.
//!
//! Enters: a checked [`Request`](request::Request), the shopper's profile if a grant allows it, what was shown.
//! Leaves: [`Ranked`]: items in their places, each with its raw score and where it came from. What is needed on the way stays
//! in a [`Workspace`] for the next request.
//! Must never: let an item through that the filter, an exclusion or the stock refuses; depend on time or chance
//! beyond what it is given.

use std::collections::BTreeMap;

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
mod links;
pub(crate) mod listed;
pub(crate) mod place;
mod pool;
pub(crate) mod query;
pub(crate) mod request;
#[cfg(test)]
mod tests;

use admission::Gates;
use candidates::{Candidate, SearchRoom};
use extras::{Extras, ExtrasRoom};
use filter::Compiled;
use place::PlaceRoom;
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

/// An ordered answer.
pub(crate) struct Ranked<'a> {
    pub(crate) items: &'a [Candidate],
    /// The terms behind the raw scores; without terms for kinds that list rather than score.
    pub(crate) query: &'a Query,
    pub(crate) extras: Extras<'a>,
}

/// Memory that one request leaves to the next, so that ranking takes no more of it.
#[derive(Default)]
pub(crate) struct Workspace {
    query: Query,
    filters: Compiled,
    hidden: Vec<u32>,
    muted: Vec<u32>,
    extras: ExtrasRoom,
    search: SearchRoom,
    place: PlaceRoom,
    /// The candidates; in the end the answer.
    pool: Vec<Candidate>,
}

impl Workspace {
    /// Most candidates whose memory is kept.
    const MOST_KEPT: usize = 2_000;

    /// What the next request gets of it: nothing where this one took much more than most do.
    pub(crate) fn kept(self) -> Self {
        let most = self.pool.capacity().max(self.place.chosen.capacity());
        if most > Self::MOST_KEPT { Self::default() } else { self }
    }
}

/// Answers `request`. `now_ms` dates stock and purchases; `random` is drawn from only by exploration.
pub(crate) fn rank<'a>(
    view: &'a View,
    request: &Request,
    person: Option<Person<'_>>,
    now_ms: i64,
    random: &mut ChaCha20Rng,
    workspace: &'a mut Workspace,
) -> Ranked<'a> {
    let Workspace { query, filters, hidden, muted, extras, search, place, pool } = workspace;
    query.ask(view, request, person);
    let query = &*query;
    filters.clear();
    let filter = filters.add(&request.filter, view, request);
    let category = request.kind.category().map(|category| filters.add_category(view, category));
    hide(view, request, person, now_ms, hidden);
    mute(view, person, muted);
    let gates = Gates { view, now_ms, filters, filter, category, hidden, muted };
    let extras = Extras::new(view, request, person, now_ms, query, extras);
    let mut pool_size = candidates::first_pool_size(request.count).min(view.len().max(1));
    loop {
        match request.kind {
            RecommendationKind::ForYou
            | RecommendationKind::RelatedTo(_)
            | RecommendationKind::BoughtWith(_)
            | RecommendationKind::Trending(_) => {
                candidates::scored(&gates, &extras, query, request, pool_size, search, pool);
            }
            RecommendationKind::NewArrivals(_) => listed::newest(&gates, &extras, pool_size, search, pool),
            RecommendationKind::RecentlyViewed | RecommendationKind::BuyAgain => {
                listed::own(&gates, &extras, request, person, pool);
            }
        }
        // Before the labels: what they drop may have kept others out of the pool.
        let exhausted = pool.len() < pool_size || pool_size >= view.len();
        label(pool, request, query);
        place::place(request, pool, &search.vectors, &gates, &extras, random, place);
        if pool.len() >= request.count || exhausted {
            return Ranked { items: pool, query, extras };
        }
        // Variants of one product, or items the request does not want, filled the pool: look further down.
        pool_size = (pool_size * 4).min(view.len());
    }
}

/// Scores the shop's own list in the shopper's order: known items by score, then unknown ones as they came.
pub(crate) fn rerank<'a>(
    view: &'a View,
    request: &Request,
    person: Option<Person<'_>>,
    ids: &[String],
    now_ms: i64,
    workspace: &'a mut Workspace,
) -> Ranked<'a> {
    let Workspace { query, muted, extras, search, pool, .. } = workspace;
    query.ask(view, request, person);
    let extras = Extras::new(view, request, person, now_ms, query, extras);
    let items = &mut search.items;
    items.clear();
    items.extend(ids.iter().filter_map(|id| view.index_of(id)));
    items.sort_unstable();
    items.dedup();
    pool.clear();
    pool.extend(items.iter().map(|&index| extras.candidate(index)));
    label(pool, request, query);
    mute(view, person, muted);
    candidates::sort(view, pool);
    let is_muted = |candidate: &Candidate| view.has_symbol(candidate.index, |symbol| muted.contains(&symbol));
    pool.sort_by_key(is_muted);
    Ranked { items: pool, query, extras }
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

/// Writes the items that the answer must not have to `hidden`, ascending.
fn hide(view: &View, request: &Request, person: Option<Person<'_>>, now_ms: i64, hidden: &mut Vec<u32>) {
    hidden.clear();
    let mut hide = |id: &str| hidden.extend(view.index_of(id));
    request.exclude_ids.iter().for_each(|id| hide(id));
    request.kind.seeds().iter().for_each(|id| hide(id));
    request.context.item.iter().for_each(|id| hide(id));
    request.context.cart.iter().for_each(|id| hide(id));
    if let Some(Person { profile, .. }) = person {
        profile.dislikes.iter().filter_map(Subject::item).for_each(&mut hide);
        hidden.extend(profile.cart.iter().filter_map(|(item, _)| view.known(item)));
        if request.kind != RecommendationKind::BuyAgain {
            let since = now_ms - BOUGHT_RECENTLY_DAYS * crate::consent::DAY_MS;
            let recent = profile.purchases.iter().rev().take_while(|purchase| purchase.time_ms >= since);
            hidden.extend(recent.filter_map(|purchase| view.known(&purchase.item)));
        }
    }
    hidden.sort_unstable();
}

/// Writes the categories the shopper muted, and the brands and categories the shopper is not interested in, to `muted`.
pub(crate) fn mute(view: &View, person: Option<Person<'_>>, muted: &mut Vec<u32>) {
    muted.clear();
    let Some(Person { profile, interests, .. }) = person.filter(|_| !mutant!(MutedStillShown)) else {
        return;
    };
    let categories = interests
        .iter()
        .filter(|(_, interest)| **interest == Interest::Mute)
        .filter_map(|(category, _)| view.symbol(SymbolKind::Category, category));
    let disliked = profile.dislikes.iter().filter_map(|subject| match subject {
        Subject::Brand(brand) => view.symbol(SymbolKind::Brand, brand),
        Subject::Category(category) => view.symbol(SymbolKind::Category, category),
        Subject::Item(_) => None,
    });
    muted.extend(categories.chain(disliked));
}
