//! The id of an item that is looked up again and again, with where it was found last.

use std::cell::Cell;

/// An id that [`View::known`](super::View::known) searches once for every change of the catalogue. Equal to another of the same id.
#[derive(Clone)]
pub(crate) struct KnownItem {
    id: String,
    /// The view's revision, and what was found then.
    found: Cell<Option<(u64, Option<Found>)>>,
}

/// An item of a view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) index: u32,
    /// Whether something may be learned from it.
    pub(super) learnable: bool,
}

impl KnownItem {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What was found at `revision`, or what `search` finds now.
    pub(super) fn at(&self, revision: u64, search: impl FnOnce(&str) -> Option<Found>) -> Option<Found> {
        match self.found.get() {
            Some((then, found)) if then == revision => found,
            _ => {
                let found = search(&self.id);
                self.found.set(Some((revision, found)));
                found
            }
        }
    }
}

impl From<&str> for KnownItem {
    fn from(id: &str) -> Self {
        Self { id: id.to_owned(), found: Cell::new(None) }
    }
}

impl PartialEq for KnownItem {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// Without the id, which is the shopper's.
impl std::fmt::Debug for KnownItem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("KnownItem(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalog::{Item, View};
    use crate::sensitive::DenyList;

    #[test]
    fn an_item_is_searched_again_after_every_change() {
        let empty = || View::new(None, &BTreeMap::new(), DenyList::default());
        let mut view = empty();
        let item = KnownItem::from("a");
        assert_eq!(view.known(&item), None);
        view.apply("b", Some(&Item::new("b")));
        view.apply("a", Some(&Item::new("a")));
        assert_eq!(view.known(&item), Some(1));
        let found = item.at(view.revision(), |_| panic!("searched twice"));
        assert_eq!(found, Some(Found { index: 1, learnable: true }));
        assert_eq!(empty().after(&view).known(&item), None);
    }
}
