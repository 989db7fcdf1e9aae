//! Everything in a raw score besides the query's terms: popularity, boosts, interests, rotation.

use super::candidates::Candidate;
use super::filter::{Compiled, FilterId};
use super::query::Query;
use super::request::{RecommendationKind, Request, Source};
use super::{Extra, Person};
use crate::catalog::{Bits, SymbolKind, View};
use crate::history::Interest;

/// Added to items of a category the shopper boosted, in natural-log odds.
pub(crate) const INTEREST_BOOST: f64 = 2.0;

/// Everything in a raw score besides the query's terms.
pub(crate) struct Extras<'a> {
    view: &'a View,
    query: &'a Query,
    room: &'a ExtrasRoom,
    popularity_weight: f64,
    rotation_rate: f64,
    rotation_ms: i64,
    now_ms: i64,
}

/// Lists that the parts are made from.
#[derive(Default)]
pub(crate) struct ExtrasRoom {
    filters: Compiled,
    /// The boosts of the request.
    boosts: Vec<(FilterId, f64)>,
    /// Categories the shopper boosted.
    interests: Vec<u32>,
    /// Items and when they were last shown, where that counts; ascending.
    shown: Vec<(u32, i64)>,
}

impl ExtrasRoom {
    fn fill(&mut self, view: &View, request: &Request, person: Option<Person<'_>>, shown_since_ms: i64) {
        let Self { filters, boosts, interests, shown } = self;
        filters.clear();
        boosts.clear();
        boosts.extend(
            request.boosts.iter().map(|boost| (filters.add(&boost.filter, view, request), boost.weight)),
        );
        interests.clear();
        shown.clear();
        let Some(person) = person else { return };
        let boosted = person.interests.iter().filter(|(_, interest)| **interest == Interest::Boost);
        interests.extend(boosted.filter_map(|(category, _)| view.symbol(SymbolKind::Category, category)));
        if request.rotation_rate > 0.0 {
            let recent = person.shown.iter().filter(|(_, shown_ms)| **shown_ms > shown_since_ms);
            shown.extend(recent.filter_map(|(id, shown_ms)| Some((view.index_of(id)?, *shown_ms))));
            shown.sort_unstable();
        }
    }
}

impl<'a> Extras<'a> {
    pub(crate) fn new(
        view: &'a View,
        request: &Request,
        person: Option<Person<'_>>,
        now_ms: i64,
        query: &'a Query,
        room: &'a mut ExtrasRoom,
    ) -> Self {
        let rotation_ms = i64::from(request.rotation_seconds) * 1000;
        room.fill(view, request, person, now_ms.saturating_sub(rotation_ms));
        let weight = view.model().map_or(0.0, |model| f64::from(model.parameters().popularity_weight));
        Self {
            view,
            query,
            room,
            popularity_weight: match request.kind {
                RecommendationKind::BoughtWith(_) => 0.0,
                _ if query.is_empty() => 1.0,
                _ => weight,
            },
            rotation_rate: request.rotation_rate,
            rotation_ms,
            now_ms,
        }
    }

    /// Calls `visit` with every part of an item's raw score besides its relevance and its rotation, `main` first.
    fn visit(&self, index: u32, main: (Extra, f64), visit: &mut dyn FnMut(Extra, f64)) {
        if main.1 != 0.0 {
            visit(main.0, main.1);
        }
        for &symbol in &self.room.interests {
            if self.view.has_symbol(index, |own| own == symbol) {
                visit(Extra::Interest(symbol), INTEREST_BOOST);
            }
        }
        for &(filter, weight) in &self.room.boosts {
            if self.room.filters.holds(filter, self.view, index) {
                visit(Extra::Boost, weight);
            }
        }
    }

    /// What popularity counts, in the precision of the scan.
    pub(super) fn popularity_weight(&self) -> f32 {
        narrow(self.popularity_weight)
    }

    /// The items of each boost and interest, and what it adds in the precision of the scan.
    pub(super) fn lifts(&self) -> Vec<(Bits, f32)> {
        let ExtrasRoom { filters, boosts, interests, .. } = self.room;
        let interests = interests.iter().map(|&symbol| (self.view.with_symbols([symbol]), INTEREST_BOOST));
        let boosts = boosts.iter().map(|&(filter, weight)| (filters.bits(filter, self.view), weight));
        interests.chain(boosts).map(|(bits, weight)| (bits, narrow(weight))).collect()
    }

    /// The items that were shown, where that counts; ascending.
    pub(super) fn shown(&self) -> impl Iterator<Item = u32> {
        self.room.shown.iter().map(|(index, _)| *index)
    }

    /// What an item's raw score loses because it was shown just before.
    pub(super) fn rotation(&self, index: u32, raw: f64) -> Option<f64> {
        let shown = &self.room.shown;
        let place = shown.binary_search_by_key(&index, |(shown, _)| *shown).ok()?;
        let age_ms = (self.now_ms - shown[place].1).max(0);
        if age_ms >= self.rotation_ms || raw <= 0.0 {
            return None;
        }
        #[allow(clippy::cast_precision_loss)]
        let freshness = 1.0 - age_ms as f64 / self.rotation_ms as f64;
        Some(-raw * self.rotation_rate * freshness)
    }

    /// The exact candidate for a scored kind.
    pub(crate) fn candidate(&self, index: u32) -> Candidate {
        let mut vector = [0.0; tastekeeper_kernels::MAX_DIM];
        let vector = &mut vector[..self.view.dim().unwrap_or(0)];
        self.view.write_vector(index, vector);
        self.candidate_of(index, vector)
    }

    /// The same of an item with this vector.
    pub(super) fn candidate_of(&self, index: u32, vector: &[f32]) -> Candidate {
        let popularity = self.popularity_weight * f64::from(self.view.popularity(index));
        self.finish(index, self.query.relevance(index, vector), (Extra::Popularity, popularity))
    }

    /// Adds boosts and rotation to what is known of an item.
    pub(crate) fn finish(&self, index: u32, relevance: f64, main: (Extra, f64)) -> Candidate {
        let mut sum = 0.0;
        self.visit(index, main, &mut |_, amount| sum += amount);
        let raw = relevance + sum;
        let raw = raw + self.rotation(index, raw).unwrap_or(0.0);
        Candidate { index, row: 0, raw, relevance, main, source: Source::Popular }
    }

    /// Calls `visit` with every part of a candidate's raw score besides its relevance.
    pub(crate) fn parts(&self, candidate: &Candidate, mut visit: impl FnMut(Extra, f64)) {
        let mut sum = 0.0;
        self.visit(candidate.index, candidate.main, &mut |extra, amount| {
            sum += amount;
            visit(extra, amount);
        });
        if let Some(penalty) = self.rotation(candidate.index, candidate.relevance + sum) {
            visit(Extra::Rotation, penalty);
        }
    }
}

/// In the precision that choosing candidates needs.
#[expect(clippy::cast_possible_truncation, reason = "it only chooses candidates")]
pub(super) fn narrow(value: f64) -> f32 {
    value as f32
}
