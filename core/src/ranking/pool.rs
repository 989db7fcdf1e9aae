//! The best items of all that are offered, in one pass, with enough of other categories where one fills the answer.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::admission::Admission;
use crate::catalog::View;

/// One item of the scan. The greatest is the one to drop first: lowest score, then last among its equals.
#[derive(Clone, Copy)]
struct Scanned {
    score: f32,
    /// See [`View::tie_place`].
    place: u32,
    index: u32,
}

impl Ord for Scanned {
    fn cmp(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.place.cmp(&other.place))
    }
}

impl PartialOrd for Scanned {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scanned {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scanned {}

/// The `size` best items, and the `others` best of those that are not of the category that fills them.
pub(super) struct Pool<'a> {
    view: &'a View,
    /// What a score must be above.
    floor: f32,
    size: usize,
    /// How many places are for other categories than the most frequent one.
    others: usize,
    room: &'a mut PoolRoom,
}

/// What a pool holds.
#[derive(Default)]
pub(super) struct PoolRoom {
    best: BinaryHeap<Scanned>,
    /// The `2 * others` best items with at most `others` of a category, best first. Whatever category is left out, the
    /// `others` best of the rest are among them: fewer than `others` of the rest are better than any of these, and at most
    /// `others` of the category.
    varied: Vec<(Scanned, Option<u32>)>,
    /// The categories of the best items.
    categories: Vec<u32>,
}

impl<'a> Pool<'a> {
    pub(super) fn new(
        view: &'a View,
        floor: f32,
        size: usize,
        others: usize,
        room: &'a mut PoolRoom,
    ) -> Self {
        room.best.clear();
        room.varied.clear();
        Self { view, floor, size, others, room }
    }

    pub(super) fn is_full(&self) -> bool {
        self.room.best.len() == self.size
    }

    /// How many items it takes whatever their scores are.
    pub(super) fn room(&self) -> u16 {
        let room = self.size - self.room.best.len() + 2 * self.others - self.room.varied.len();
        u16::try_from(room).unwrap_or(u16::MAX)
    }

    /// The score below which no item is taken.
    pub(super) fn least(&self) -> f32 {
        if !self.is_full() || self.room.varied.len() < 2 * self.others {
            return self.floor;
        }
        let least = self.room.best.peek().map_or(self.floor, |worst| worst.score);
        self.room.varied.last().map_or(least, |(worst, _)| least.min(worst.score))
    }

    /// Takes the item if it is good enough and may be in the answer.
    pub(super) fn offer(&mut self, index: u32, score: f32, admission: &mut Admission<'_, '_>) {
        if score <= self.floor || score < self.least() {
            return;
        }
        let scanned = Scanned { score, place: self.view.tie_place(index), index };
        let is_best = !self.is_full() || self.room.best.peek().is_some_and(|worst| scanned < *worst);
        let is_varied = self.room.varied.len() < 2 * self.others
            || self.room.varied.last().is_some_and(|(worst, _)| scanned < *worst);
        if !(is_best || is_varied) || !admission.admit(index) {
            return;
        }
        if is_varied {
            self.vary(scanned);
        }
        if is_best {
            if self.is_full() {
                self.room.best.pop();
            }
            self.room.best.push(scanned);
        }
    }

    /// Takes the item among those of different categories.
    fn vary(&mut self, scanned: Scanned) {
        let category = self.view.leaf_category(scanned.index);
        let alike = self.room.varied.iter().filter(|(_, own)| category.is_some() && *own == category);
        if alike.count() >= self.others {
            let last = self.room.varied.iter().rposition(|(_, own)| *own == category);
            match last.filter(|&last| scanned < self.room.varied[last].0) {
                Some(last) => drop(self.room.varied.remove(last)),
                None => return,
            }
        }
        let place = self.room.varied.partition_point(|(kept, _)| *kept < scanned);
        self.room.varied.insert(place, (scanned, category));
        self.room.varied.truncate(2 * self.others);
    }

    /// Writes the items to `items`, in no order.
    pub(super) fn write(self, items: &mut Vec<u32>) {
        let PoolRoom { best, varied, categories } = self.room;
        items.clear();
        items.extend(best.iter().map(|scanned| scanned.index));
        if items.len() < self.size || self.others == 0 {
            return;
        }
        categories.clear();
        categories.extend(items.iter().filter_map(|&index| self.view.leaf_category(index)));
        categories.sort_unstable();
        let crowd = categories.chunk_by(|left, right| left == right).max_by_key(|alike| alike.len());
        // One that leaves fewer items to the others than are wanted.
        if let Some(crowd) = crowd.filter(|alike| items.len() - alike.len() < self.others) {
            let crowd = crowd[0];
            items.retain(|&index| self.view.leaf_category(index) == Some(crowd));
            let rest = varied.iter().filter(|(_, category)| *category != Some(crowd));
            items.extend(rest.take(self.others).map(|(scanned, _)| scanned.index));
        }
    }
}
