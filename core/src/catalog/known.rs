//! The id of an item, or the words of a search, that are looked up again and again, with what was found last.

use std::cell::Cell;

use super::words::Named;

/// A text that a [`View`](super::View) is searched for once for every change of the catalogue. Equal to another of the same text.
#[derive(Clone)]
pub(crate) struct Known<T: Copy> {
    text: String,
    /// The view's revision, and what was found then.
    found: Cell<Option<(u64, T)>>,
}

/// The id of an item.
pub(crate) type KnownItem = Known<Option<Found>>;
/// The words of a search.
pub(crate) type KnownSearch = Known<Named>;

/// An item of a view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub(super) index: u32,
    /// Whether something may be learned from it.
    pub(super) learnable: bool,
}

impl<T: Copy> Known<T> {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What was found at `revision`, or what `search` finds now.
    pub(super) fn at(&self, revision: u64, search: impl FnOnce(&str) -> T) -> T {
        match self.found.get() {
            Some((then, found)) if then == revision => found,
            _ => {
                let found = search(&self.text);
                self.found.set(Some((revision, found)));
                found
            }
        }
    }
}

impl<T: Copy> From<&str> for Known<T> {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), found: Cell::new(None) }
    }
}

impl<T: Copy> PartialEq for Known<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Without the text, which is the shopper's.
impl<T: Copy> std::fmt::Debug for Known<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Known(..)")
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
