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
    let scan = Scan { view, extras, query };
    let needs_relevance = matches!(request.kind, RecommendationKind::BoughtWith(_));
    let floor = if needs_relevance { 0.0 } else { f32::NEG_INFINITY };
    let mut pool = scan.best(floor, pool_size, |index| gates.admit(index));
    let wanted = places_for_others(request.count);
    if request.diversity_or_default() > 0.0
        && pool.len() == pool_size
        && let Some(crowd) = crowding_category(view, &pool, wanted)
    {
        let is_other = |index| gates.admit(index) && view.leaf_category(index) != Some(crowd);
        pool.retain(|&index| view.leaf_category(index) == Some(crowd));
        pool.extend(scan.best(floor, wanted, is_other));
    }
    let mut candidates: Vec<Candidate> =
        pool.into_iter().map(|index| extras.candidate(query, index)).collect();
    sort(view, &mut candidates);
    candidates
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

/// The raw scores of all items, in the precision that choosing candidates needs.
struct Scan<'a> {
    view: &'a View,
    extras: &'a Extras<'a>,
    query: &'a Query,
}

impl Scan<'_> {
    /// The `size` best items above `floor` that `admit` lets through, in no order.
    fn best(&self, floor: f32, size: usize, admit: impl Fn(u32) -> bool) -> Vec<u32> {
        let view = self.view;
        let mut pool: BinaryHeap<Scanned<'_>> = BinaryHeap::with_capacity(size + 1);
        self.for_each_block(|first, scores, highest| {
            let worst = |pool: &BinaryHeap<Scanned<'_>>| {
                if pool.len() == size { pool.peek().map(|worst| worst.score) } else { None }
            };
            let mut least = worst(&pool);
            if least.is_some_and(|least| highest < least) {
                return;
            }
            for (index, &score) in (first..).zip(scores.iter()) {
                if score <= floor || least.is_some_and(|least| score < least) {
                    continue;
                }
                let scanned = Scanned { score, index, view };
                if (least.is_some() && pool.peek().is_some_and(|worst| scanned >= *worst)) || !admit(index) {
                    continue;
                }
                if least.is_some() {
                    pool.pop();
                }
                pool.push(scanned);
                least = worst(&pool);
            }
        });
        pool.into_iter().map(|scanned| scanned.index).collect()
    }

    /// Calls `visit` with the first item, the scores and a bound on them, block by block over all items.
    fn for_each_block(&self, mut visit: impl FnMut(u32, &mut [f32], f32)) {
        let Self { view, extras, query } = *self;
        let mut transitions = query.transition_scores().peekable();
        let changes = extras.has_boosts() || extras.shown.is_some();
        let mut visit = |first: u32, scores: &mut [f32], mut highest: f32| {
            while let Some((target, amount)) =
                transitions.next_if(|(target, _)| (*target as usize) < first as usize + scores.len())
            {
                let score = &mut scores[(target - first) as usize];
                *score += amount;
                highest = highest.max(*score);
            }
            if changes {
                for (index, score) in (first..).zip(scores.iter_mut()) {
                    let boosted = extras.finish(index, f64::from(*score), Vec::new());
                    *score = narrow(boosted.raw);
                }
                highest = f32::INFINITY;
            }
            visit(first, scores, highest);
        };
        let mut direction = query.scan_direction();
        if let Some(model) = view.model() {
            // A query that is about nothing has no direction.
            direction.resize(model.dim(), 0.0);
            let weight = narrow(extras.popularity_weight).max(0.0);
            model.scan(&direction, weight).for_each_block(&mut visit);
        }
        let mut new_items = view.new_items().peekable();
        let mut vector = vec![0.0; direction.len()];
        let mut scores = Vec::with_capacity(NEW_ITEMS_BLOCK);
        while let Some(&first) = new_items.peek() {
            scores.clear();
            scores.extend(new_items.by_ref().take(NEW_ITEMS_BLOCK).map(|index| {
                view.write_vector(index, &mut vector);
                // an empty sum is -0.0, which ranks behind 0.0
                direction.iter().zip(&vector).map(|(q, value)| q * value).sum::<f32>() + 0.0
            }));
            visit(first, &mut scores, f32::INFINITY);
        }
    }
}

/// Items at once of those that the model does not know.
const NEW_ITEMS_BLOCK: usize = 512;

#[expect(clippy::cast_possible_truncation, reason = "the scan only chooses candidates")]
fn narrow(value: f64) -> f32 {
    value as f32
}
