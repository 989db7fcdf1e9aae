//! The shopper's and the context's signals as terms of one linear score.
//!
//! For terms `t` with vectors `v_t`, coefficients `c_t`, `b_t` and graph weights `w_t`, item `j` with vector `e_j`:
//!
//! `relevance_j = sum_t [ gain c_t v_t . (M e_j) + b_t v_t . e_j + w_t T[t, j] ]`
//!
//! Every part of an explanation is one term's summand; the score is their sum, computed through
//! `q = gain M^T sum_t c_t v_t + sum_t b_t v_t`.

use tastekeeper_kernels::dense::{self, LANES};

use super::Person;
use super::links::{Links, Transition};
use super::request::{RecommendationKind, Request};
use crate::catalog::{SymbolKind, View};
use crate::event::Subject;
use crate::mutant;
use crate::profile::{Profile, SIGNAL_WINDOW, Signal};

/// Weight of a category or search signal relative to an item seen at the same moment.
pub(crate) const BROWSE_WEIGHT: f64 = 0.5;
/// Weight of a dislike relative to the inverse temperature of the logits: its lookalikes sink.
const DISLIKE_WEIGHT: f64 = 0.5;

/// Where a term comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Looked at, wished for or rated well.
    Viewed,
    /// Put in the cart.
    InCart,
    Bought,
    /// The item of the request.
    Context,
    /// Browsed or searched: the symbol.
    Attribute(u32),
    /// Not interested, or rated badly.
    Disliked,
}

/// One signal with its coefficients.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Term {
    pub(crate) origin: Origin,
    /// The item, for terms about one.
    pub(crate) item: Option<u32>,
    /// Whether it comes from the shopper rather than from the request.
    pub(crate) personal: bool,
    /// `c_t`.
    coefficient: f64,
    /// `b_t`.
    direct: f64,
    /// `w_t`.
    graph: f64,
}

impl Term {
    /// Whether only transitions count, as for `BoughtWith`.
    pub(crate) fn is_graph_only(&self) -> bool {
        self.coefficient == 0.0 && self.direct == 0.0
    }
}

/// What one term adds to one item's score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TermParts {
    /// Through the vectors.
    pub(crate) similarity: f64,
    /// Through the transition graph.
    pub(crate) transition: f64,
}

/// What the parts of items are computed with.
#[derive(Default)]
pub(crate) struct PartsRoom {
    vector: Vec<f32>,
    /// Of each dimension, the values of the items side by side; then those of `M e_j`.
    own: Vec<[f64; LANES]>,
    image: Vec<[f64; LANES]>,
    /// The vectors of the small terms, summed up.
    rest: Vec<f64>,
    /// Of each term.
    similarities: Vec<[f64; LANES]>,
    of_item: Vec<TermParts>,
}

/// The terms of one request, and what was looked up for them. It stays as long as the terms are the same: a page with several
/// answers asks for all of them between two events.
#[derive(Default)]
pub(crate) struct Query {
    pub(crate) terms: Vec<Term>,
    /// Those of the request before, and the revision of the view in which the last ones were looked up.
    terms_before: Vec<Term>,
    revision: Option<u64>,
    /// `terms x dim`.
    vectors: Vec<f32>,
    dim: usize,
    /// Every transition out of a term's item.
    links: Links,
    /// `q`, `dim` values.
    direction: Vec<f64>,
    gain: f64,
    room: Room,
}

/// What the terms are made with.
#[derive(Default)]
struct Room {
    drafts: Vec<Draft>,
    /// Disliked items, then those that a draft has.
    items: Vec<u32>,
    history: Vec<f64>,
}

/// A term before its place in the order is known.
struct Draft {
    origin: Origin,
    item: Option<u32>,
    personal: bool,
    /// Of the event's kind.
    weight: f64,
    /// How much the history counts.
    strength: f64,
}

impl Query {
    /// The terms of `request`, in place of those of the one before.
    pub(crate) fn ask(&mut self, view: &View, request: &Request, person: Option<Person<'_>>) {
        std::mem::swap(&mut self.terms, &mut self.terms_before);
        self.terms.clear();
        let Some(model) = view.model().filter(|_| request.kind.is_scored()) else {
            self.look_up(view);
            return;
        };
        let mut drafts = std::mem::take(&mut self.room.drafts);
        drafts.clear();
        for seed in request.kind.seeds() {
            drafts.extend(view.index_of(seed).map(Draft::context));
        }
        let scope = match request.kind {
            RecommendationKind::ForYou => {
                Self::add_context(view, request, &mut drafts);
                person
            }
            _ => None,
        };
        let kind_weights = model.parameters().kind_weights.map(f64::from);
        if let Some(Person { profile, .. }) = scope {
            let strength = request.strength;
            for signal in &profile.signals {
                Self::add_signal(view, signal, &kind_weights, strength, &mut drafts);
            }
            // What the shopper does not want any more speaks for nothing, however often it was looked at.
            let disliked = &mut self.room.items;
            disliked.clear();
            disliked
                .extend(profile.dislikes.iter().filter_map(Subject::item).filter_map(|id| view.index_of(id)));
            disliked.sort_unstable();
            let is_disliked = |item: u32| disliked.binary_search(&item).is_ok();
            drafts.retain(|draft| !(draft.personal && draft.item.is_some_and(is_disliked)));
        }
        if !model.parameters().repeats {
            // Nothing is weighed beyond the window, so nobody asks whether it repeats.
            let seen = &mut self.room.items;
            seen.clear();
            drafts.retain(|draft| {
                let repeats = |item: &u32| seen.len() == SIGNAL_WINDOW || seen.contains(item);
                let is_kept = !draft.item.as_ref().is_some_and(repeats);
                seen.extend(draft.item.filter(|_| is_kept));
                is_kept
            });
        }
        self.gain = f64::from(model.parameters().gain);
        self.weigh(view, &drafts, matches!(request.kind, RecommendationKind::BoughtWith(_)));
        self.room.drafts = drafts;
        if let Some(Person { profile, .. }) = scope {
            self.add_dislikes(view, profile, request.strength);
        }
        self.look_up(view);
    }

    /// Looks up what the terms are worth, where it is not known from the request before.
    fn look_up(&mut self, view: &View) {
        let is_known = self.revision == Some(view.revision()) && self.terms == self.terms_before;
        // Nothing of the shopper's stays longer than it is of use.
        self.terms_before.clear();
        if is_known {
            return;
        }
        self.aim(view);
        self.gather_transitions(view);
        self.revision = Some(view.revision());
    }

    fn add_context(view: &View, request: &Request, drafts: &mut Vec<Draft>) {
        let context = &request.context;
        drafts.extend(context.item.iter().filter_map(|id| view.index_of(id)).map(Draft::context));
        let category = context.category.iter().filter_map(|id| view.symbol(SymbolKind::Category, id));
        let named = context.query.as_ref().map(|query| view.named_by(query)).unwrap_or_default();
        for symbol in category.chain(named.iter()) {
            drafts.push(Draft { personal: false, ..Draft::attribute(symbol, 1.0) });
        }
        drafts.extend(context.cart.iter().rev().filter_map(|id| view.index_of(id)).map(Draft::context));
    }

    fn add_signal(view: &View, signal: &Signal, kinds: &[f64; 4], strength: f64, drafts: &mut Vec<Draft>) {
        let (origin, weight) = match signal {
            Signal::Viewed(_) => (Origin::Viewed, kinds[0]),
            Signal::Carted(_) => (Origin::InCart, kinds[1]),
            Signal::Wishlisted(_) => (Origin::Viewed, kinds[2]),
            Signal::Bought(_) => (Origin::Bought, kinds[3]),
            Signal::Liked(_, value) => (Origin::Viewed, f64::from(*value)),
            Signal::Browsed(category) => {
                let symbol = view.symbol(SymbolKind::Category, category);
                if let Some(symbol) = symbol.filter(|&symbol| !view.is_sensitive_symbol(symbol)) {
                    drafts.push(Draft::attribute(symbol, strength));
                }
                return;
            }
            Signal::Searched(query) => {
                let named = view.named_by_known(query);
                let harmless = named.iter().filter(|&symbol| !view.is_sensitive_symbol(symbol));
                drafts.extend(harmless.map(|symbol| Draft::attribute(symbol, strength)));
                return;
            }
        };
        let index = signal.item().and_then(|item| view.known_learnable(item));
        drafts.extend(index.map(|index| Draft {
            origin,
            item: Some(index),
            personal: true,
            weight,
            strength,
        }));
    }

    /// Gives each draft its coefficients by its place, newest first.
    fn weigh(&mut self, view: &View, drafts: &[Draft], graph_only: bool) {
        let Some(model) = view.model() else { return };
        let parameters = model.parameters();
        let (decay, carry) = (f64::from(parameters.decay), f64::from(parameters.carry));
        let graph_decay = f64::from(parameters.graph_decay);
        let mut graph_total = 0.0;
        let mut power = 1.0;
        for draft in drafts.iter().filter(|draft| draft.item.is_some()).take(SIGNAL_WINDOW) {
            graph_total += power * draft.weight;
            power *= graph_decay;
        }
        let mut place = 0;
        let (mut embedding, mut graph) = (1.0, 1.0);
        for draft in drafts {
            if place == SIGNAL_WINDOW {
                break;
            }
            let is_item = draft.item.is_some();
            self.terms.push(Term {
                origin: draft.origin,
                item: draft.item,
                personal: draft.personal,
                coefficient: if graph_only { 0.0 } else { draft.strength * draft.weight * embedding },
                direct: 0.0,
                graph: if is_item && graph_total > 0.0 {
                    f64::from(parameters.graph_weight) * draft.strength * draft.weight * graph / graph_total
                } else {
                    0.0
                },
            });
            if is_item {
                place += 1;
                embedding = if place == 1 { carry } else { embedding * decay };
                graph *= graph_decay;
            }
        }
    }

    fn add_dislikes(&mut self, view: &View, profile: &Profile, strength: f64) {
        let disliked = profile.dislikes.iter().filter_map(Subject::item).map(|item| (item, 1.0));
        let rated = profile.bad_ratings.iter().map(|(item, value)| (item.as_str(), f64::from(*value)));
        for (item, weight) in disliked.chain(rated) {
            let Some(index) = view.index_of(item) else { continue };
            self.terms.push(Term {
                origin: Origin::Disliked,
                item: Some(index),
                personal: true,
                coefficient: 0.0,
                direct: -DISLIKE_WEIGHT * self.gain * weight * strength,
                graph: 0.0,
            });
        }
    }

    /// Looks the terms' vectors up and sums them to `q`.
    fn aim(&mut self, view: &View) {
        self.vectors.clear();
        self.direction.clear();
        self.dim = view.dim().unwrap_or(0);
        let Some(model) = view.model() else { return };
        let dim = self.dim;
        self.vectors.resize(self.terms.len() * dim, 0.0);
        let history = &mut self.room.history;
        history.clear();
        history.resize(dim, 0.0);
        self.direction.resize(dim, 0.0);
        for (term, vector) in self.terms.iter().zip(self.vectors.chunks_exact_mut(dim)) {
            match (term.item, term.origin) {
                (Some(index), _) => view.write_vector(index, vector),
                (None, Origin::Attribute(symbol)) => view.write_symbol_vector(symbol, vector),
                (None, _) => {}
            }
            dense::add_scaled_wide(history, term.coefficient, vector);
            if term.direct != 0.0 {
                dense::add_scaled_wide(&mut self.direction, term.direct, vector);
            }
        }
        for (row, total) in model.matrix().chunks_exact(dim).zip(&*history) {
            dense::add_scaled_wide(&mut self.direction, self.gain * total, row);
        }
    }

    /// Whether anything is known of the shopper or the context.
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the shopper's own signals are among the terms.
    pub(crate) fn is_personal(&self) -> bool {
        self.terms.iter().any(|term| term.personal)
    }

    /// `q` in the precision of the scan.
    #[allow(clippy::cast_possible_truncation)] // the scan only chooses candidates
    pub(crate) fn scan_direction(&self) -> impl Iterator<Item = f32> {
        self.direction.iter().map(|&value| value as f32)
    }

    /// Decodes the neighbours of every term's item once: the pool is looked up in them item by item.
    fn gather_transitions(&mut self, view: &View) {
        self.links.clear(0);
        let Some(model) = view.model() else { return };
        let origin = |term: &Term| term.item.filter(|item| term.graph.abs() > 0.0 && !view.is_new(*item));
        let origins = self.terms.iter().filter_map(origin).count();
        self.links.clear(origins * model.neighbour_slots());
        for (place, term) in (0..).zip(&self.terms) {
            for (target, weight) in origin(term).into_iter().flat_map(|item| model.neighbours(item)) {
                self.links.add(target, place, weight);
            }
        }
    }

    /// What a transition adds to the relevance.
    fn amount(&self, transition: &Transition) -> f64 {
        self.terms[transition.term as usize].graph * f64::from(transition.weight)
    }

    /// The items that transitions lead to, each once.
    pub(crate) fn linked(&self) -> impl ExactSizeIterator<Item = u32> {
        self.links.items()
    }

    /// The place of an item among those that transitions lead to.
    pub(crate) fn linked_place(&self, index: u32) -> Option<usize> {
        self.links.place_of(index)
    }

    /// What the transitions to the item at a place of [`linked`](Self::linked) add to its score, one by one.
    #[allow(clippy::cast_possible_truncation)] // the scan only chooses candidates
    pub(crate) fn transition_scores(&self, place: usize) -> impl Iterator<Item = f32> {
        self.links.of_place(place).map(|transition| self.amount(transition) as f32)
    }

    /// The relevance of one item with its vector, through `q`.
    pub(crate) fn relevance(&self, index: u32, vector: &[f32]) -> f64 {
        let similarity = dense::dot_wide(&self.direction, vector);
        let transition: f64 = self.links.of_item(index).map(|transition| self.amount(transition)).sum();
        similarity + transition
    }

    /// Calls `visit` for each of `items` in turn with what each term adds to its relevance, through the terms, and what many
    /// terms add together through their vectors, each of them less than `small`: 0 stands for it with them.
    pub(crate) fn parts(
        &self,
        view: &View,
        items: &[u32],
        small: f64,
        room: &mut PartsRoom,
        mut visit: impl FnMut(&[TermParts], f64),
    ) {
        let mut of_item = std::mem::take(&mut room.of_item);
        for items in items.chunks(LANES) {
            let together = self.similarities(view, items, small, room);
            for (lane, &index) in items.iter().enumerate() {
                let of_term = |sums: &[f64; LANES]| TermParts { similarity: sums[lane], transition: 0.0 };
                of_item.clear();
                of_item.extend(room.similarities.iter().map(of_term));
                if !mutant!(ExplanationDropsTransitions) && !of_item.is_empty() {
                    for transition in self.links.of_item(index) {
                        of_item[transition.term as usize].transition += self.amount(transition);
                    }
                }
                visit(&of_item, together[lane]);
            }
        }
        room.of_item = of_item;
    }

    /// Writes to `room` what each term adds to the relevance of each item through the vectors, and returns what those add
    /// together that are small for every item. The items are computed side by side, each in the order in which it would be
    /// alone.
    fn similarities(&self, view: &View, items: &[u32], small: f64, room: &mut PartsRoom) -> [f64; LANES] {
        let PartsRoom { vector, own, image, rest, similarities, .. } = room;
        similarities.clear();
        let mut together = [0.0; LANES];
        let Some(model) = view.model().filter(|_| !self.terms.is_empty()) else { return together };
        vector.resize(self.dim, 0.0);
        own.clear();
        own.resize(self.dim, [0.0; LANES]);
        for (lane, &index) in items.iter().enumerate() {
            view.write_vector(index, vector);
            own.iter_mut().zip(&*vector).for_each(|(values, value)| values[lane] = f64::from(*value));
        }
        image.clear();
        image.extend(model.matrix().chunks_exact(self.dim).map(|row| dense::side_by_side(row, own)));
        let mut squares = [0.0; LANES];
        for row in &*image {
            squares.iter_mut().zip(row).for_each(|(square, value)| *square += value * value);
        }
        let longest = squares.into_iter().fold(0.0, f64::max).sqrt();
        rest.clear();
        rest.resize(self.dim, 0.0);
        let terms = self.terms.iter().zip(self.vectors.chunks_exact(self.dim));
        let similarity = |(term, vector): (&Term, &[f32])| {
            let weight = self.gain * term.coefficient;
            // Cauchy and Schwarz: no product of two vectors is larger than that of their lengths.
            let most = weight.abs() * f64::from(dense::dot(vector, vector)).sqrt() * longest;
            let mut sums = [0.0; LANES];
            if most < small {
                dense::add_scaled_wide(rest, weight, vector);
            } else {
                sums = dense::side_by_side(vector, image);
                sums.iter_mut().for_each(|sum| *sum *= weight);
            }
            if term.direct != 0.0 {
                let direct = dense::side_by_side(vector, own);
                sums.iter_mut().zip(direct).for_each(|(sum, direct)| *sum += term.direct * direct);
            }
            sums
        };
        similarities.extend(terms.map(similarity));
        for (value, row) in rest.iter().zip(&*image) {
            together.iter_mut().zip(row).for_each(|(sum, image)| *sum += value * image);
        }
        together
    }
}

impl Draft {
    fn context(index: u32) -> Self {
        Self { origin: Origin::Context, item: Some(index), personal: false, weight: 1.0, strength: 1.0 }
    }

    fn attribute(symbol: u32, strength: f64) -> Self {
        Self {
            origin: Origin::Attribute(symbol),
            item: None,
            personal: true,
            weight: BROWSE_WEIGHT,
            strength,
        }
    }
}
