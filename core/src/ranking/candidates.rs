//! The best items of the catalogue for a query, with their exact raw scores.
//!
//! Fast scores choose the pool; the pool is then scored again exactly, so that the parts of an explanation add up to the
//! score. Items that a transition leads to, or that were just shown, are looked at first, one by one; then all others, in
//! one scan, or, where the request asks for it and enough was found, only the most popular ones.

use std::collections::BinaryHeap;
use std::ops::Range;

use tastekeeper_kernels::dense;

use super::Extra;
use super::admission::{Admission, FEW_ADMITTED, FEW_LINKED_ADMITTED, Gates};
use super::extras::{Extras, narrow};
use super::place::places_for_others;
use super::pool::{Pool, PoolRoom};
use super::query::Query;
use super::request::{RecommendationKind, Request, Source};
use crate::catalog::{Bits, View};
use crate::model::{Gathered, SCAN_BLOCK, Scan, Shortlist};

/// An item with its exact raw score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) index: u32,
    /// The row of its vector, where the search wrote it.
    pub(super) row: usize,
    pub(crate) raw: f64,
    /// The part of `raw` that the query's terms give.
    pub(crate) relevance: f64,
    /// The part of `raw` that the request's kind gives. The others are listed for the items of the answer only.
    pub(crate) main: (Extra, f64),
    pub(crate) source: Source,
}

/// The most popular items that are candidates where the catalogue is not scanned.
const POPULAR: usize = 256;
/// Where fewer items than this are linked to the query's, those that are linked to them are candidates too.
const FEW_LINKED: usize = 256;

/// A shortlist has so many items, so many more for each of the pool, and one more for so many of the model: the more there are, the
/// more are alike.
const SHORTLISTED: usize = 800;
const SHORTLISTED_PER_PLACE: usize = 10;
const SHORTLISTED_ONE_OF: usize = 256;
/// It is made of so many times as many items or more. Of fewer it costs no less to read all vectors.
const SHORTLISTED_OF: usize = 12;

/// So many times as many items as the pool has room for are offered best first. Where more are refused, it costs less to go on
/// without order.
const IN_ORDER: usize = 4;

/// Scores of a block that are compared at once.
const GLANCE: usize = 16;

/// How many candidates an answer of `count` items is chosen from at first.
pub(crate) fn first_pool_size(count: usize) -> usize {
    (5 * count).max(50)
}

/// What candidates are looked for with.
#[derive(Default)]
pub(crate) struct SearchRoom {
    pub(super) pool: PoolRoom,
    pub(super) items: Vec<u32>,
    /// Of the candidates, by their rows.
    pub(super) vectors: Vec<f32>,
    direction: Vec<f32>,
    offered: Vec<(u32, f32)>,
    /// See [`ordered`].
    order: Vec<u64>,
    gathered: Gathered,
    shortlist: Shortlist,
    seen: Bits,
}

/// Writes the `pool_size` best admitted items to `candidates`, best first. Where one category fills them and the answer wants
/// variety, as many of the best other items as it needs stand in for the last of them.
pub(crate) fn scored(
    gates: &Gates<'_>,
    extras: &Extras<'_>,
    query: &Query,
    request: &Request,
    pool_size: usize,
    room: &mut SearchRoom,
    candidates: &mut Vec<Candidate>,
) {
    let view = gates.view;
    // What nothing leads to is not bought along.
    let only_linked = matches!(request.kind, RecommendationKind::BoughtWith(_));
    let floor = if only_linked { 0.0 } else { f32::NEG_INFINITY };
    let is_varied = request.kind.is_scored() && request.diversity_or_default() > 0.0;
    let others = if is_varied { places_for_others(request.count) } else { 0 };
    let SearchRoom { pool, items, vectors, direction, offered, order, gathered, shortlist, seen } = room;
    seen.reset(view.len());
    let mut search = Search {
        scores: Scores::new(view, extras, query, direction),
        pool: Pool::new(view, floor, pool_size, others, pool),
        admission: Admission::new(gates),
        seen,
        items,
        offered,
        order,
        gathered,
    };
    let uses_links = request.retrieval.uses_links(view.len());
    let wanted = SHORTLISTED + SHORTLISTED_PER_PLACE * pool_size + view.model_items() / SHORTLISTED_ONE_OF;
    search.admission.set_few(if only_linked || uses_links { FEW_LINKED_ADMITTED } else { FEW_ADMITTED });
    search.linked(extras, query);
    if !only_linked {
        if uses_links {
            search.linked_twice(query);
            if !(search.pool.is_full() && matches!(request.kind, RecommendationKind::RelatedTo(_))) {
                search.popular();
            }
        }
        if !(search.pool.is_full() && uses_links) {
            search.admission.set_few(FEW_ADMITTED);
            let is_done = search.promising(wanted, shortlist);
            // Also where too few were admitted, or those that are promising are nearly all of one category.
            if !is_done || search.pool.room() > 0 {
                search.all_of_model();
            }
        }
        search.new_items();
    }
    search.pool.write(search.items);
    let dim = view.dim().unwrap_or(0);
    // Every row is written anew.
    vectors.resize(search.items.len() * dim, 0.0);
    candidates.clear();
    candidates.extend(search.items.iter().enumerate().map(|(row, &index)| {
        let vector = &mut vectors[row * dim..(row + 1) * dim];
        view.write_vector(index, vector);
        Candidate { row, ..extras.candidate_of(index, vector) }
    }));
    sort(view, candidates);
}

/// Best first; ties in the view's order.
pub(crate) fn sort(view: &View, candidates: &mut [Candidate]) {
    candidates.sort_unstable_by(|left, right| {
        let place = |candidate: &Candidate| view.tie_place(candidate.index);
        right.raw.total_cmp(&left.raw).then_with(|| place(left).cmp(&place(right)))
    });
}

/// Scores in the precision that choosing candidates needs.
struct Scores<'a> {
    view: &'a View,
    scan: Option<Scan<'a>>,
    direction: &'a [f32],
    /// The items of each boost and interest, and what it adds.
    lifts: Vec<(Bits, f32)>,
    /// The most that all of them add.
    most_lift: f32,
}

impl<'a> Scores<'a> {
    fn new(view: &'a View, extras: &Extras<'_>, query: &Query, direction: &'a mut Vec<f32>) -> Self {
        direction.clear();
        direction.extend(query.scan_direction());
        // A query that is about nothing has no direction.
        direction.resize(view.model().map_or(0, |model| model.dim()), 0.0);
        let direction = &*direction;
        let scan = view.model().map(|model| model.scan(direction, extras.popularity_weight().max(0.0)));
        let lifts = extras.lifts();
        let most_lift = lifts.iter().map(|(_, weight)| weight.max(0.0)).sum();
        Self { view, scan, direction, lifts, most_lift }
    }

    /// Writes the scores of `items`, those that the model does not know last, to the beginning of `out`.
    fn of(&self, items: &[u32], gathered: &mut Gathered, out: &mut [f32]) {
        let known = items.partition_point(|&index| !self.view.is_new(index));
        if let Some(scan) = &self.scan {
            scan.scores_of(&items[..known], gathered, out);
        }
        let mut vector = [0.0; MAX_DIM];
        let vector = &mut vector[..self.direction.len()];
        for (&index, score) in items[known..].iter().zip(&mut out[known..]) {
            self.view.write_vector(index, vector);
            *score = dense::dot(self.direction, vector);
        }
        for (bits, weight) in &self.lifts {
            for (&index, score) in items.iter().zip(out.iter_mut()) {
                if bits.contains(index) {
                    *score += weight;
                }
            }
        }
    }

    /// Writes the scores of the model's items from `first` on to `out`, and returns a bound on them. Those below `least` may be
    /// negative infinity.
    fn of_block(&self, scan: &Scan<'_>, first: u32, least: f32, out: &mut [f32]) -> f32 {
        // What is lifted may come from that much further below, and what sums round off.
        let least = least - self.most_lift - 1e-5 * (least.abs() + self.most_lift);
        let highest = scan.scores(first, least, out);
        for (bits, weight) in &self.lifts {
            for index in bits.within(first, first + length(out.len())) {
                out[(index - first) as usize] += weight;
            }
        }
        highest + self.most_lift
    }
}

/// Most values of a vector.
const MAX_DIM: usize = tastekeeper_kernels::MAX_DIM;

/// A score that is greater where [`f32::total_cmp`] says so, with a number in the low half to tell what it is of.
fn ordered(score: f32, number: u32) -> u64 {
    let bits = score.to_bits();
    let ordered = if score.is_sign_negative() { !bits } else { bits | 1 << 31 };
    u64::from(ordered) << 32 | u64::from(number)
}

/// The number that was given.
fn number(ordered: u64) -> usize {
    usize::try_from(ordered & u64::from(u32::MAX)).expect("it was made of 32 bits")
}

fn length(count: usize) -> u32 {
    u32::try_from(count).expect("the caps on model and catalogue keep every count below 2^32")
}

/// The pool on its way.
struct Search<'a, 'g> {
    scores: Scores<'a>,
    pool: Pool<'a>,
    admission: Admission<'a, 'g>,
    /// The items that were offered to the pool.
    seen: &'a mut Bits,
    /// The items to offer, and their scores.
    items: &'a mut Vec<u32>,
    offered: &'a mut Vec<(u32, f32)>,
    order: &'a mut Vec<u64>,
    gathered: &'a mut Gathered,
}

impl Search<'_, '_> {
    /// The items that transitions lead to, and those whose score depends on when they were shown.
    fn linked(&mut self, extras: &Extras<'_>, query: &Query) {
        self.items.clear();
        self.items.extend(query.linked());
        let linked = self.items.len();
        self.items.extend(extras.shown().filter(|&index| query.linked_place(index).is_none()));
        self.score();
        for (place, (_, score)) in self.offered[..linked].iter_mut().enumerate() {
            query.transition_scores(place).for_each(|amount| *score += amount);
        }
        let mut others = linked..;
        for shown in extras.shown() {
            let place = query.linked_place(shown).or_else(|| others.next());
            if let Some((_, score)) = place.and_then(|place| self.offered.get_mut(place)) {
                *score += extras.rotation(shown, f64::from(*score)).map_or(0.0, narrow);
            }
        }
        self.offer_scored();
    }

    /// Where few items are linked to the query's own, those that are linked to them.
    fn linked_twice(&mut self, query: &Query) {
        let Some(model) = self.scores.view.model() else { return };
        self.items.clear();
        self.items.extend(query.linked());
        let near = self.items.len();
        if near >= FEW_LINKED {
            return;
        }
        for place in 0..near {
            let neighbours = model.neighbours(self.items[place]).map(|(target, _)| target);
            self.items.extend(neighbours.filter(|&index| !self.seen.contains(index)));
        }
        self.items.drain(..near);
        self.items.sort_unstable();
        self.items.dedup();
        self.offer();
    }

    /// The most popular items.
    fn popular(&mut self) {
        let Some(scan) = &self.scores.scan else { return };
        let mut scores = [0.0; POPULAR];
        let scores = &mut scores[..POPULAR.min(self.scores.view.model_items())];
        self.scores.of_block(scan, 0, f32::NEG_INFINITY, scores);
        self.offered.clear();
        self.offered.extend((0..).zip(&*scores).filter_map(|(index, &score)| {
            let is_seen = self.seen.contains(index);
            self.seen.insert(index);
            (!is_seen).then_some((index, score))
        }));
        self.offer_scored();
    }

    /// Offers those of `items`, in ascending order, that were not seen.
    fn offer_unseen(&mut self, items: impl Iterator<Item = u32>) {
        self.items.clear();
        self.items.extend(items.filter(|&index| !self.seen.contains(index)));
        self.offer();
    }

    /// Offers `items`, which were not seen, those that the model does not know last.
    fn offer(&mut self) {
        self.score();
        self.offer_scored();
    }

    /// Scores `items`, which were not seen, those that the model does not know last.
    fn score(&mut self) {
        let mut scores = [0.0; SCAN_BLOCK];
        self.offered.clear();
        for items in self.items.chunks(SCAN_BLOCK) {
            self.scores.of(items, self.gathered, &mut scores[..items.len()]);
            self.offered.extend(items.iter().copied().zip(scores));
        }
        self.items.iter().for_each(|&index| self.seen.insert(index));
    }

    /// Offers what was scored.
    fn offer_scored(&mut self) {
        let Self { pool, admission, offered, order, .. } = self;
        let mut least = pool.least();
        order.clear();
        order.extend((0..).zip(&**offered).map(|(number, &(_, score))| ordered(score, number)));
        let mut best_first = BinaryHeap::from(std::mem::take(*order));
        for _ in 0..IN_ORDER * usize::from(pool.room()) {
            let Some(best) = best_first.pop() else { break };
            let (index, score) = offered[number(best)];
            if score < least {
                // Nor is any that follows.
                best_first.clear();
                break;
            }
            pool.offer(index, score, admission);
            least = pool.least();
        }
        for rest in best_first.drain() {
            let (index, score) = offered[number(rest)];
            if score >= least {
                pool.offer(index, score, admission);
                least = pool.least();
            }
        }
        **order = best_first.into_vec();
    }

    /// Whether it is worth looking for so many items by the signs of their vectors, and the pack holds signs.
    fn can_shortlist(&self, wanted: usize) -> bool {
        let has_signs = self.scores.scan.as_ref().is_some_and(Scan::has_signs);
        has_signs && self.scores.view.model_items() >= SHORTLISTED_OF * wanted
    }

    /// The items that look promising by the signs of their vectors. Says whether it was worth looking.
    fn promising(&mut self, wanted: usize, shortlist: &mut Shortlist) -> bool {
        if !self.can_shortlist(wanted) {
            return false;
        }
        self.admission.sample();
        let Self { scores, admission, seen, items, .. } = self;
        let Some(scan) = scores.scan.as_ref().filter(|_| admission.rare().is_none()) else { return false };
        let is_lifted =
            |bits: &Bits, block: &Range<u32>| bits.within(block.start, block.end).next().is_some();
        let most = |block: Range<u32>| {
            if scores.lifts.iter().any(|(bits, _)| is_lifted(bits, &block)) { scores.most_lift } else { 0.0 }
        };
        let lift = |index: u32| {
            let is_wanted = !seen.contains(index) && admission.may_admit(index);
            let lifts = scores.lifts.iter().filter(|(bits, _)| bits.contains(index));
            is_wanted.then(|| lifts.map(|(_, weight)| weight).sum())
        };
        scan.shortlist(admission.with_refused(wanted), most, lift, shortlist);
        items.clear();
        items.extend(shortlist.items());
        self.offer();
        true
    }

    /// All items of the model that were not seen.
    fn all_of_model(&mut self) {
        let Some(scan) = self.scores.scan.take() else { return };
        let end = length(self.scores.view.model_items());
        let mut scores = [0.0; SCAN_BLOCK];
        let mut first = 0;
        while first < end {
            if let Some(rare) = self.admission.rare() {
                self.items.clear();
                self.items.extend(rare.within(first, end).filter(|&index| !self.seen.contains(index)));
                self.scores.scan = Some(scan);
                self.offer();
                return;
            }
            let count = SCAN_BLOCK.min((end - first) as usize);
            let scores = &mut scores[..count];
            // An item that is as good as the least may stand before it.
            let mut least = self.pool.least();
            let highest = self.scores.of_block(&scan, first, least, scores);
            if highest >= least {
                for (first, scores) in (first..).step_by(GLANCE).zip(scores.chunks(GLANCE)) {
                    // One look at several, without a branch for each.
                    if !scores.iter().fold(false, |any, score| any | (*score >= least)) {
                        continue;
                    }
                    for (index, &score) in (first..).zip(scores) {
                        if score >= least && !self.seen.contains(index) {
                            self.pool.offer(index, score, &mut self.admission);
                            least = self.pool.least();
                        }
                    }
                }
            }
            first += length(count);
        }
    }

    /// The items that the model does not know.
    fn new_items(&mut self) {
        self.offer_unseen(self.scores.view.new_items());
    }
}
