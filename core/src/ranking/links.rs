//! The items that transitions lead to, each with the transitions to it.
//!
//! In: transitions, those of one term after those of another. Out: the items in the order in which they were first led to, and of any
//! item its transitions, in the order in which they came. A table with places for the items' hashes says which were there
//! before; its order is nobody's.

/// One transition from a term's item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Transition {
    /// The place of the term.
    pub(super) term: u32,
    /// `T`.
    pub(super) weight: f32,
    /// The next one to the same item.
    next: u32,
}

struct Linked {
    item: u32,
    /// Its first and its last transition.
    first: u32,
    last: u32,
}

/// Nothing is there.
const NONE: u32 = u32::MAX;

/// See above. Kept from call to call, what it takes is allocated once.
#[derive(Default)]
pub(super) struct Links {
    items: Vec<Linked>,
    transitions: Vec<Transition>,
    /// Places in `items`, by hash; a power of two of them, or none.
    table: Vec<u32>,
}

impl Links {
    /// Forgets all, and makes room for so many transitions.
    pub(super) fn clear(&mut self, most: usize) {
        self.items.clear();
        self.transitions.clear();
        self.table.clear();
        if most > 0 {
            // At most half of it is taken, so that a search soon comes to a free place.
            self.table.resize((2 * most).next_power_of_two(), NONE);
        }
    }

    /// Where the item stands in the table, or where it would.
    fn find(&self, item: u32) -> usize {
        // Multiplied by the golden ratio, the high bits depend on all of the item's.
        let hash = u64::from(item.wrapping_mul(0x9e37_79b9));
        let mut at = usize::try_from((hash * self.table.len() as u64) >> 32).unwrap_or(0);
        while let Some(linked) = self.table.get(at).and_then(|place| self.items.get(*place as usize)) {
            if linked.item == item {
                break;
            }
            at = (at + 1) & (self.table.len() - 1);
        }
        at
    }

    /// Adds a transition. No more may come than room was made for.
    pub(super) fn add(&mut self, item: u32, term: u32, weight: f32) {
        let place = count(self.transitions.len());
        self.transitions.push(Transition { term, weight, next: NONE });
        let at = self.find(item);
        if let Some(linked) = self.items.get_mut(self.table[at] as usize) {
            self.transitions[linked.last as usize].next = place;
            linked.last = place;
        } else {
            self.table[at] = count(self.items.len());
            self.items.push(Linked { item, first: place, last: place });
        }
    }

    /// The items, each once.
    pub(super) fn items(&self) -> impl ExactSizeIterator<Item = u32> {
        self.items.iter().map(|linked| linked.item)
    }

    /// The transitions to the item at a place of [`items`](Self::items).
    pub(super) fn of_place(&self, place: usize) -> impl Iterator<Item = &Transition> {
        self.from(self.items.get(place))
    }

    /// The transitions to an item.
    pub(super) fn of_item(&self, item: u32) -> impl Iterator<Item = &Transition> {
        self.from(self.place_of(item).and_then(|place| self.items.get(place)))
    }

    /// The place of an item among [`items`](Self::items), if it is there.
    pub(super) fn place_of(&self, item: u32) -> Option<usize> {
        let place = self.table.get(self.find(item)).copied()?;
        (place != NONE).then_some(place as usize)
    }

    fn from(&self, linked: Option<&Linked>) -> impl Iterator<Item = &Transition> {
        let at = |place: u32| self.transitions.get(place as usize);
        std::iter::successors(linked.and_then(|linked| at(linked.first)), move |before| at(before.next))
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).expect("the caps on terms and their neighbours keep every count below 2^32")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_its_transitions_in_the_order_they_came() {
        let mut random = 1_u32;
        let mut links = Links::default();
        for items in [1, 2, 40, 5_000_000, u32::MAX] {
            for most in [1, 2, 500, 720] {
                links.clear(most);
                let mut expected: Vec<(u32, Vec<(u32, f32)>)> = Vec::new();
                for term in 0..count(most) {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let (item, weight) = ((random >> 3) % items, f32::from(random.to_le_bytes()[3]));
                    links.add(item, term, weight);
                    match expected.iter_mut().find(|(known, _)| *known == item) {
                        Some((_, transitions)) => transitions.push((term, weight)),
                        None => expected.push((item, vec![(term, weight)])),
                    }
                }
                let order: Vec<u32> = expected.iter().map(|(item, _)| *item).collect();
                assert_eq!(links.items().collect::<Vec<_>>(), order);
                let listed = |of: &mut dyn Iterator<Item = &Transition>| -> Vec<(u32, f32)> {
                    of.map(|transition| (transition.term, transition.weight)).collect()
                };
                for (place, (item, transitions)) in expected.iter().enumerate() {
                    assert_eq!(listed(&mut links.of_place(place)), *transitions);
                    assert_eq!(listed(&mut links.of_item(*item)), *transitions);
                    assert_eq!(links.place_of(*item), Some(place));
                }
                let absent = (0..1_000).filter(|item| !order.contains(item));
                absent.for_each(|item| {
                    assert_eq!((links.of_item(item).count(), links.place_of(item)), (0, None));
                });
            }
        }
        links.clear(0);
        assert_eq!((links.items().len(), links.of_item(3).count(), links.place_of(3)), (0, 0, None));
        assert_eq!(links.of_place(0).count(), 0);
    }
}
