//! Everything in a raw score besides the query's terms: popularity, boosts, interests, rotation.

use std::collections::BTreeMap;

use super::candidates::Candidate;
use super::filter::Compiled;
use super::query::Query;
use super::request::{RecommendationKind, Request, Source};
use super::{Extra, Person, RankedItem};
use crate::catalog::{Bits, SymbolKind, View};
use crate::history::Interest;

/// Added to items of a category the shopper boosted, in natural-log odds.
pub(crate) const INTEREST_BOOST: f64 = 2.0;

/// Everything in a raw score besides the query's terms.
pub(crate) struct Extras<'a> {
    view: &'a View,
    /// The compiled boosts of the request.
    boosts: Vec<(Compiled, f64)>,
    /// Categories the shopper boosted.
    interests: Vec<u32>,
    popularity_weight: f64,
    /// When items were last shown, where that counts.
    shown: BTreeMap<u32, i64>,
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
        let rotation_ms = i64::from(request.rotation_seconds) * 1000;
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
            shown: person
                .filter(|_| request.rotation_rate > 0.0)
                .into_iter()
                .flat_map(|person| person.shown)
                .filter(|(_, shown_ms)| now_ms - **shown_ms < rotation_ms)
                .filter_map(|(id, shown_ms)| Some((view.index_of(id)?, *shown_ms)))
                .collect(),
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
        for &symbol in &self.interests {
            if self.view.has_symbol(index, |own| own == symbol) {
                visit(Extra::Interest(symbol), INTEREST_BOOST);
            }
        }
        for (filter, weight) in &self.boosts {
            if filter.holds(self.view, index) {
                visit(Extra::Boost, *weight);
            }
        }
    }

    /// What popularity counts, in the precision of the scan.
    pub(super) fn popularity_weight(&self) -> f32 {
        narrow(self.popularity_weight)
    }

    /// The items of each boost and interest, and what it adds in the precision of the scan.
    pub(super) fn lifts(&self) -> Vec<(Bits, f32)> {
        let interests =
            self.interests.iter().map(|&symbol| (self.view.with_symbols([symbol]), INTEREST_BOOST));
        let boosts = self.boosts.iter().map(|(filter, weight)| (filter.bits(self.view), *weight));
        interests.chain(boosts).map(|(bits, weight)| (bits, narrow(weight))).collect()
    }

    /// The items that were shown, where that counts; ascending.
    pub(super) fn shown(&self) -> impl Iterator<Item = u32> {
        self.shown.keys().copied()
    }

    /// What an item's raw score loses because it was shown just before.
    pub(super) fn rotation(&self, index: u32, raw: f64) -> Option<f64> {
        let age_ms = (self.now_ms - self.shown.get(&index)?).max(0);
        if age_ms >= self.rotation_ms || raw <= 0.0 {
            return None;
        }
        #[allow(clippy::cast_precision_loss)]
        let freshness = 1.0 - age_ms as f64 / self.rotation_ms as f64;
        Some(-raw * self.rotation_rate * freshness)
    }

    /// The exact candidate for a scored kind.
    pub(crate) fn candidate(&self, query: &Query, index: u32) -> Candidate {
        let popularity = self.popularity_weight * f64::from(self.view.popularity(index));
        self.finish(index, query.relevance(self.view, index), (Extra::Popularity, popularity))
    }

    /// Adds boosts and rotation to what is known of an item.
    pub(crate) fn finish(&self, index: u32, relevance: f64, main: (Extra, f64)) -> Candidate {
        let mut sum = 0.0;
        self.visit(index, main, &mut |_, amount| sum += amount);
        let raw = relevance + sum;
        let raw = raw + self.rotation(index, raw).unwrap_or(0.0);
        Candidate { index, raw, relevance, main, source: Source::Popular }
    }

    /// The candidate with every part of its raw score.
    pub(crate) fn item(&self, candidate: &Candidate) -> RankedItem {
        let Candidate { index, raw, relevance, main, source } = *candidate;
        let mut extras = Vec::new();
        self.visit(index, main, &mut |extra, amount| extras.push((extra, amount)));
        let plain = relevance + extras.iter().map(|(_, amount)| amount).sum::<f64>();
        extras.extend(self.rotation(index, plain).map(|penalty| (Extra::Rotation, penalty)));
        RankedItem { index, raw, extras, source }
    }
}

/// In the precision that choosing candidates needs.
#[expect(clippy::cast_possible_truncation, reason = "it only chooses candidates")]
pub(super) fn narrow(value: f64) -> f32 {
    value as f32
}
