//! The best items of the whole catalogue for a query, with their exact raw scores.
//!
//! A scan over all items chooses the pool; the pool is then scored again exactly, so that the parts of an explanation
//! add up to the score.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::filter::Compiled;
use super::place::places_for_others;
use super::query::Query;
use super::request::{RecommendationKind, Request, Source};
use super::{Extra, Person, RankedItem};
use crate::catalog::{SymbolKind, View};
use crate::history::Interest;
use crate::mutant;

/// Added to items of a category the shopper boosted, in natural-log odds.
pub(crate) const INTEREST_BOOST: f64 = 2.0;

/// What keeps an item out of an answer.
pub(crate) struct Gates<'a> {
    pub(crate) view: &'a View,
    pub(crate) now_ms: i64,
    pub(crate) filter: Compiled,
    /// The category of the request's kind.
    pub(crate) category: Option<Compiled>,
    pub(crate) hidden: BTreeSet<u32>,
    pub(crate) muted: BTreeSet<u32>,
}

impl Gates<'_> {
    /// Whether the item may be in the answer.
    pub(crate) fn admit(&self, index: u32) -> bool {
        let view = self.view;
        !self.hidden.contains(&index)
            && (mutant!(ShowOutOfStock) || view.is_offered(index, self.now_ms))
            && (mutant!(IgnoreFilter) || self.filter.holds(view, index))
            && self.category.as_ref().is_none_or(|category| category.holds(view, index))
            && (self.muted.is_empty() || !view.has_symbol(index, |symbol| self.muted.contains(&symbol)))
    }
}

/// An item with its exact raw score.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) index: u32,
    pub(crate) raw: f64,
    /// The part of `raw` that the query's terms give.
    pub(crate) relevance: f64,
    pub(crate) extras: Vec<(Extra, f64)>,
    pub(crate) source: Source,
}

impl Candidate {
    pub(crate) fn into_item(self) -> RankedItem {
        RankedItem { index: self.index, raw: self.raw, extras: self.extras, source: self.source }
    }
}

/// Everything in a raw score besides the query's terms.
pub(crate) struct Extras<'a> {
    view: &'a View,
    /// The compiled boosts of the request.
    boosts: Vec<(Compiled, f64)>,
    /// Categories the shopper boosted.
    interests: Vec<u32>,
    popularity_weight: f64,
    shown: Option<&'a BTreeMap<String, i64>>,
    rotation_rate: f64,
    rotation_ms: i64,
    now_ms: i64,
}

impl<'a> Extras<'a> {
    pub(crate) fn new(
        view: &'a View,
        request: &Request,
        person: Option<Person<'a>>,
        now_ms: i64,
        query: &Query,
    ) -> Self {
        let interests = person.map_or_else(Vec::new, |person| {
            let boosted = person.interests.iter().filter(|(_, interest)| **interest == Interest::Boost);
            boosted.filter_map(|(category, _)| view.symbol(SymbolKind::Category, category)).collect()
        });
        let boosts = request
            .boosts
            .iter()
            .map(|boost| (Compiled::new(&boost.filter, view, request), boost.weight))
            .collect();
        let weight = view.model().map_or(0.0, |model| f64::from(model.parameters().popularity_weight));
        Self {
            view,
            boosts,
            interests,
            popularity_weight: match request.kind {
                RecommendationKind::BoughtWith(_) => 0.0,
                _ if query.is_empty() => 1.0,
                _ => weight,
            },
            shown: person.map(|person| person.shown).filter(|_| request.rotation_rate > 0.0),
            rotation_rate: request.rotation_rate,
            rotation_ms: i64::from(request.rotation_seconds) * 1000,
            now_ms,
        }
    }

    fn boosts_of(&self, index: u32, out: &mut Vec<(Extra, f64)>) {
        for &symbol in &self.interests {
            if self.view.has_symbol(index, |own| own == symbol) {
                out.push((Extra::Interest(symbol), INTEREST_BOOST));
            }
        }
        for (filter, weight) in &self.boosts {
            if filter.holds(self.view, index) {
                out.push((Extra::Boost, *weight));
            }
        }
    }

    fn has_boosts(&self) -> bool {
        !self.interests.is_empty() || !self.boosts.is_empty()
    }

    /// The exact candidate for a scored kind.
    pub(crate) fn candidate(&self, query: &Query, index: u32) -> Candidate {
        let popularity = self.popularity_weight * f64::from(self.view.popularity(index));
        self.finish(index, query.relevance(self.view, index), vec![(Extra::Popularity, popularity)])
    }

    /// Adds boosts and rotation to what is known of an item, and sums up.
    pub(crate) fn finish(&self, index: u32, relevance: f64, mut extras: Vec<(Extra, f64)>) -> Candidate {
        extras.retain(|(_, amount)| *amount != 0.0);
        self.boosts_of(index, &mut extras);
        let mut raw = relevance + extras.iter().map(|(_, amount)| amount).sum::<f64>();
        if let Some(shown_ms) = self.shown.and_then(|shown| shown.get(self.view.id(index))) {
            let age_ms = (self.now_ms - shown_ms).max(0);
            if age_ms < self.rotation_ms && raw > 0.0 {
                #[allow(clippy::cast_precision_loss)]
                let freshness = 1.0 - age_ms as f64 / self.rotation_ms as f64;
                let penalty = -raw * self.rotation_rate * freshness;
                extras.push((Extra::Rotation, penalty));
                raw += penalty;
            }
        }
        Candidate { index, raw, relevance, extras, source: Source::Popular }
    }
}

/// One item of the scan. The greatest is the one to drop first: lowest score, then last in tie order.
struct Scanned<'a> {
    score: f32,
    index: u32,
    view: &'a View,
}

impl Ord for Scanned<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then_with(|| self.view.tie_order(self.index, other.index))
    }
}

impl PartialOrd for Scanned<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scanned<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scanned<'_> {}

/// How many candidates an answer of `count` items is chosen from at first.
pub(crate) fn first_pool_size(count: usize) -> usize {
    (5 * count).max(50)
}

/// The `pool_size` best admitted items, best first. Where one category fills them and the answer wants variety, as many of
/// the best other items as it needs follow.
pub(crate) fn scored(
    gates: &Gates<'_>,
    extras: &Extras<'_>,
    query: &Query,
    request: &Request,
    pool_size: usize,
) -> Vec<Candidate> {
    let view = gates.view;
    let scores = scan(view, extras, query);
    let needs_relevance = matches!(request.kind, RecommendationKind::BoughtWith(_));
    let floor = if needs_relevance { 0.0 } else { f32::NEG_INFINITY };
    let mut pool = best(view, &scores, floor, pool_size, |index| gates.admit(index));
    let wanted = places_for_others(request.count);
    if request.diversity_or_default() > 0.0
        && pool.len() == pool_size
        && let Some(crowd) = crowding_category(view, &pool, wanted)
    {
        let is_other = |index| gates.admit(index) && view.leaf_category(index) != Some(crowd);
        pool.retain(|&index| view.leaf_category(index) == Some(crowd));
        pool.extend(best(view, &scores, floor, wanted, is_other));
    }
    let mut candidates: Vec<Candidate> =
        pool.into_iter().map(|index| extras.candidate(query, index)).collect();
    sort(view, &mut candidates);
    candidates
}

/// The `size` best items above `floor` that `admit` lets through, in no order.
fn best(view: &View, scores: &[f32], floor: f32, size: usize, admit: impl Fn(u32) -> bool) -> Vec<u32> {
    let mut pool: BinaryHeap<Scanned<'_>> = BinaryHeap::with_capacity(size + 1);
    for (index, &score) in (0..).zip(scores) {
        if score <= floor {
            continue;
        }
        let scanned = Scanned { score, index, view };
        let full = pool.len() == size;
        if full && pool.peek().is_some_and(|worst| scanned >= *worst) {
            continue;
        }
        if admit(index) {
            if full {
                pool.pop();
            }
            pool.push(scanned);
        }
    }
    pool.into_iter().map(|scanned| scanned.index).collect()
}

/// The category that leaves fewer than `wanted` items of the pool to others.
fn crowding_category(view: &View, pool: &[u32], wanted: usize) -> Option<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for category in pool.iter().filter_map(|&index| view.leaf_category(index)) {
        *counts.entry(category).or_default() += 1;
    }
    let (category, count) = counts.into_iter().max_by_key(|&(_, count)| count)?;
    (pool.len() - count < wanted).then_some(category)
}

/// Best first; ties in the view's order.
pub(crate) fn sort(view: &View, candidates: &mut [Candidate]) {
    candidates.sort_by(|left, right| {
        right.raw.total_cmp(&left.raw).then_with(|| view.tie_order(left.index, right.index))
    });
}

/// The raw score of every item, in the precision that choosing candidates needs.
#[allow(clippy::cast_possible_truncation)]
fn scan(view: &View, extras: &Extras<'_>, query: &Query) -> Vec<f32> {
    let mut scores = vec![0.0; view.len()];
    if let Some(model) = view.model() {
        let (of_model, of_new) = scores.split_at_mut(view.model_items());
        if !query.is_empty() {
            let direction = query.scan_direction();
            model.scores(&direction, of_model);
            let mut vector = vec![0.0; direction.len()];
            for (index, score) in view.new_items().zip(of_new) {
                view.write_vector(index, &mut vector);
                *score = direction.iter().zip(&vector).map(|(q, value)| q * value).sum();
            }
            query.add_transitions(&mut scores);
        }
        let weight = extras.popularity_weight as f32;
        if weight > 0.0 {
            for (index, score) in (0..).zip(&mut scores[..view.model_items()]) {
                *score += weight * view.popularity(index);
            }
        }
    }
    if extras.has_boosts() || extras.shown.is_some() {
        for (index, score) in (0..).zip(&mut scores) {
            let boosted = extras.finish(index, f64::from(*score), Vec::new());
            *score = boosted.raw as f32;
        }
    }
    scores
}
