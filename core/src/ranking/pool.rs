//! The best items of all that are offered, in one pass, with enough of other categories where one fills the answer.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use super::admission::Admission;
use crate::catalog::View;

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

/// The `size` best items, and the `others` best of those that are not of the category that fills them.
pub(super) struct Pool<'a> {
    view: &'a View,
    /// What a score must be above.
    floor: f32,
    size: usize,
    best: BinaryHeap<Scanned<'a>>,
    /// How many places are for other categories than the most frequent one.
    others: usize,
    /// The `2 * others` best items with at most `others` of a category, best first. Whatever category is left out, the
    /// `others` best of the rest are among them: fewer than `others` of the rest are better than any of these, and at most
    /// `others` of the category.
    varied: Vec<(Scanned<'a>, Option<u32>)>,
}

impl<'a> Pool<'a> {
    pub(super) fn new(view: &'a View, floor: f32, size: usize, others: usize) -> Self {
        Self {
            view,
            floor,
            size,
            best: BinaryHeap::with_capacity(size + 1),
            others,
            varied: Vec::with_capacity(2 * others + 1),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.best.len() == self.size
    }

    /// How many items it takes whatever their scores are.
    pub(super) fn room(&self) -> u16 {
        let room = self.size - self.best.len() + 2 * self.others - self.varied.len();
        u16::try_from(room).unwrap_or(u16::MAX)
    }

    /// The score below which no item is taken.
    pub(super) fn least(&self) -> f32 {
        if !self.is_full() || self.varied.len() < 2 * self.others {
            return self.floor;
        }
        let least = self.best.peek().map_or(self.floor, |worst| worst.score);
        self.varied.last().map_or(least, |(worst, _)| least.min(worst.score))
    }

    /// Takes the item if it is good enough and may be in the answer.
    pub(super) fn offer(&mut self, index: u32, score: f32, admission: &mut Admission<'_, '_>) {
        if score <= self.floor || score < self.least() {
            return;
        }
        let scanned = || Scanned { score, index, view: self.view };
        let is_best = !self.is_full() || self.best.peek().is_some_and(|worst| scanned() < *worst);
        let is_varied = self.varied.len() < 2 * self.others
            || self.varied.last().is_some_and(|(worst, _)| scanned() < *worst);
        if !(is_best || is_varied) || !admission.admit(index) {
            return;
        }
        if is_varied {
            self.vary(scanned());
        }
        if is_best {
            if self.is_full() {
                self.best.pop();
            }
            self.best.push(Scanned { score, index, view: self.view });
        }
    }

    /// Takes the item among those of different categories.
    fn vary(&mut self, scanned: Scanned<'a>) {
        let category = self.view.leaf_category(scanned.index);
        let alike = self.varied.iter().filter(|(_, own)| category.is_some() && *own == category);
        if alike.count() >= self.others {
            let last = self.varied.iter().rposition(|(_, own)| *own == category);
            match last.filter(|&last| scanned < self.varied[last].0) {
                Some(last) => drop(self.varied.remove(last)),
                None => return,
            }
        }
        let place = self.varied.partition_point(|(kept, _)| *kept < scanned);
        self.varied.insert(place, (scanned, category));
        self.varied.truncate(2 * self.others);
    }

    /// The items, in no order.
    pub(super) fn into_items(self) -> Vec<u32> {
        let mut items: Vec<u32> = self.best.iter().map(|scanned| scanned.index).collect();
        if items.len() == self.size
            && self.others > 0
            && let Some(crowd) = crowding_category(self.view, &items, self.others)
        {
            items.retain(|&index| self.view.leaf_category(index) == Some(crowd));
            let rest = self.varied.iter().filter(|(_, category)| *category != Some(crowd));
            items.extend(rest.take(self.others).map(|(scanned, _)| scanned.index));
        }
        items
    }
}

/// The category that leaves fewer than `wanted` items to others.
fn crowding_category(view: &View, items: &[u32], wanted: usize) -> Option<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for category in items.iter().filter_map(|&index| view.leaf_category(index)) {
        *counts.entry(category).or_default() += 1;
    }
    let (category, count) = counts.into_iter().max_by_key(|&(_, count)| count)?;
    (items.len() - count < wanted).then_some(category)
}
