//! A list in the order in which its entries were added, each of another item, found by the item's id.

use std::ops::Deref;

use crate::catalog::KnownItem;

/// What is in such a list.
pub(crate) trait OfItem {
    fn id(&self) -> &str;
}

impl OfItem for String {
    fn id(&self) -> &str {
        self
    }
}

impl OfItem for (String, f32) {
    fn id(&self) -> &str {
        &self.0
    }
}

impl OfItem for (KnownItem, u32) {
    fn id(&self) -> &str {
        self.0.text()
    }
}

/// The entries, first added first; read as a slice.
#[derive(PartialEq)]
pub(crate) struct Ordered<T> {
    entries: Vec<T>,
    /// Where in `entries` they stand, by ascending id.
    places: Vec<usize>,
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: Vec::new() }
    }
}

impl<T> Deref for Ordered<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<T: OfItem> Ordered<T> {
    /// The place in `places` of the entry with this id, or the one it would have.
    fn find(&self, id: &str) -> Result<usize, usize> {
        self.places.binary_search_by(|place| self.entries[*place].id().cmp(id))
    }

    /// The entry with this id, which it keeps.
    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        let place = self.places[self.find(id).ok()?];
        Some(&mut self.entries[place])
    }

    /// Adds `entry` at the end, unless there is one with its id.
    pub(super) fn add(&mut self, entry: T) {
        if let Err(at) = self.find(entry.id()) {
            self.places.insert(at, self.entries.len());
            self.entries.push(entry);
        }
    }

    pub(super) fn remove(&mut self, id: &str) {
        if let Ok(at) = self.find(id) {
            let removed = self.places.remove(at);
            self.entries.remove(removed);
            self.places.iter_mut().filter(|place| **place > removed).for_each(|place| *place -= 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_list_that_is_searched_from_its_beginning(
            changes in prop::collection::vec((0_u8..3, "[a-d]{1,2}", -1.0_f32..1.0), 0..80),
        ) {
            let mut ordered: Ordered<(String, f32)> = Ordered::default();
            let mut list: Vec<(String, f32)> = Vec::new();
            for (change, id, value) in changes {
                let found = list.iter_mut().find(|(known, _)| *known == id);
                match change {
                    0 => ordered.remove(&id),
                    1 => ordered.add((id.clone(), value)),
                    _ => ordered.get_mut(&id).into_iter().for_each(|entry| entry.1 = value),
                }
                match (change, found) {
                    (0, _) => list.retain(|(known, _)| *known != id),
                    (1, None) => list.push((id, value)),
                    (2, Some(entry)) => entry.1 = value,
                    _ => {}
                }
                prop_assert_eq!(&*ordered, list.as_slice());
            }
        }
    }
}
