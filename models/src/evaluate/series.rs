//! What one way to recommend came to, case by case: the place of the wanted item, and the figures of its lists.
//!
//! In: lists of item indices. Out: a [`Series`]. Lists themselves are not kept: a byte and seven numbers per case are.

use tastekeeper::model::{AttributeKind, Model};

use super::training::Training;
use super::{COVERAGE_LENGTH, LIST_LENGTH};
use crate::reference::lists;

/// Figures of lists by themselves, at [`COVERAGE_LENGTH`].
pub(super) const BEYOND: [&str; 7] = [
    "novelty",
    "average_popularity",
    "intra_list_diversity",
    "calibration",
    "sufficient_reco",
    "unrepeated_reco",
    "covered_users",
];

/// What one way to recommend came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// By case: the 1-based place of the wanted item, 0 if it is not among the first [`LIST_LENGTH`].
    pub ranks: Vec<u8>,
    /// By case: the figures of [`BEYOND`]; not a number where a list has none.
    pub(super) beyond: Vec<[f64; BEYOND.len()]>,
    /// By item: the best place it had in any list, 0 for none.
    pub(super) best_place: Vec<u8>,
    /// By item: in how many lists it was among the first [`COVERAGE_LENGTH`].
    pub(super) listed: Vec<u64>,
}

impl Series {
    pub(super) fn new(cases: usize, items: u32) -> Self {
        Self {
            ranks: Vec::with_capacity(cases),
            beyond: Vec::with_capacity(cases),
            best_place: vec![0; items as usize],
            listed: vec![0; items as usize],
        }
    }

    /// The places as ranks, `usize::MAX` for none.
    #[must_use]
    pub fn ranks_or_max(&self) -> Vec<usize> {
        self.ranks.iter().map(|&rank| if rank == 0 { usize::MAX } else { usize::from(rank) }).collect()
    }

    /// Takes the next case's list, best first.
    pub(super) fn push(&mut self, list: &[u32], wanted: Option<u32>, history: &[u32], facts: &Facts<'_>) {
        let list = &list[..list.len().min(LIST_LENGTH)];
        let mut rank = 0;
        for (place, &item) in (1u8..).zip(list) {
            if rank == 0 && wanted == Some(item) {
                rank = place;
            }
            let best = &mut self.best_place[item as usize];
            if *best == 0 || place < *best {
                *best = place;
            }
        }
        self.ranks.push(rank);
        let first = &list[..list.len().min(COVERAGE_LENGTH)];
        first.iter().for_each(|&item| self.listed[item as usize] += 1);
        self.beyond.push(facts.of_list(first, history));
    }

    /// Share of items among the first `k` of any list.
    #[expect(clippy::cast_precision_loss, reason = "counts of items")]
    pub(super) fn coverage(&self, k: usize) -> f64 {
        let covered = self.best_place.iter().filter(|&&place| (1..=k).contains(&usize::from(place))).count();
        covered as f64 / self.best_place.len().max(1) as f64
    }
}

/// What the figures of lists need to know about items.
pub(super) struct Facts<'a> {
    training: Option<&'a Training>,
    /// By item; empty if the pack has no attributes.
    attributes: Vec<Vec<u32>>,
    /// By item; empty if the pack has no categories.
    categories: Vec<Vec<u32>>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(model: &Model, training: Option<&'a Training>) -> Self {
        let is_category =
            |index: &u32| model.attribute(*index).is_some_and(|a| a.kind == AttributeKind::Category);
        let of = |item: u32| {
            let mut list: Vec<u32> = model.item_attributes(item).collect();
            list.sort_unstable();
            list.dedup();
            list
        };
        let attributes: Vec<Vec<u32>> = match model.attributes() {
            0 => Vec::new(),
            _ => (0..model.len()).map(of).collect(),
        };
        let mut categories: Vec<Vec<u32>> =
            attributes.iter().map(|list| list.iter().copied().filter(is_category).collect()).collect();
        if categories.iter().all(Vec::is_empty) {
            categories = Vec::new();
        }
        Self { training, attributes, categories }
    }

    /// Figures that no list can have, and why.
    pub(super) fn missing(&self) -> Vec<(&'static str, &'static str)> {
        let mut out = Vec::new();
        if self.training.is_none() {
            out.extend(["novelty", "average_popularity"].map(|name| (name, super::NO_TRAINING)));
        }
        if self.attributes.is_empty() {
            out.push(("intra_list_diversity", "the pack has no attributes"));
        }
        if self.categories.is_empty() {
            out.push(("calibration", "the pack has no categories"));
        }
        out
    }

    /// The figures of [`BEYOND`].
    fn of_list(&self, list: &[u32], history: &[u32]) -> [f64; BEYOND.len()] {
        let training = self.training;
        let diversity = || lists::intra_list_diversity(list, &self.attributes);
        let calibration = || lists::calibration(history, list, &self.categories);
        [
            training.and_then(|t| lists::novelty(list, &t.users_of_item, t.users)),
            training.and_then(|t| lists::average_popularity(list, &t.events_of_item)),
            if self.attributes.is_empty() { None } else { diversity() },
            if self.categories.is_empty() { None } else { calibration() },
            lists::is_sufficient(list, COVERAGE_LENGTH),
            lists::is_unrepeated(list),
            Some(lists::is_covered(list)),
        ]
        .map(|figure| figure.unwrap_or(f64::NAN))
    }
}
