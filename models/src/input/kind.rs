//! Words for what a shopper did.
//!
//! In: a word of a log. Out: one of the four kinds, or nothing. Must never take an unknown word for a view.

use crate::dataset::InteractionKind;

/// What stands in errors.
pub(super) const EXPECTED_KIND: &str = "an event kind: view, view_item, click, pv, cart, add_to_cart, addtocart, \
     wishlist, fav, add_to_wishlist, purchase, buy, transaction, order";

/// The kind a word stands for, whatever its case and with `_`, `-` or nothing between its parts; `None` for a word that
/// is not known.
#[must_use]
pub fn parse_kind(word: &str) -> Option<InteractionKind> {
    Some(match plain(word).as_str() {
        "view" | "viewitem" | "click" | "pv" => InteractionKind::View,
        "cart" | "addtocart" => InteractionKind::Cart,
        "wishlist" | "fav" | "addtowishlist" => InteractionKind::Wishlist,
        "purchase" | "buy" | "transaction" | "order" => InteractionKind::Purchase,
        _ => return None,
    })
}

/// What the kinds of one log are called there: words of its own, then those of [`parse_kind`].
///
/// Words are compared as [`parse_kind`] does. The last rule for a word counts.
///
/// # Examples
/// ```
/// use tastekeeper_models::dataset::InteractionKind;
/// use tastekeeper_models::input::KindWords;
///
/// let words = KindWords::default().named("bought", InteractionKind::Purchase).skipped("page_view");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KindWords {
    rules: Vec<(String, Option<InteractionKind>)>,
}

impl KindWords {
    /// With a word for `kind`.
    #[must_use]
    pub fn named(mut self, word: &str, kind: InteractionKind) -> Self {
        self.rules.push((plain(word), Some(kind)));
        self
    }

    /// With a word for events to leave out.
    #[must_use]
    pub fn skipped(mut self, word: &str) -> Self {
        self.rules.push((plain(word), None));
        self
    }

    /// As [`Self::kind`], by the log's own words only.
    pub(super) fn own(&self, word: &str) -> Option<Option<InteractionKind>> {
        if self.rules.is_empty() {
            return None;
        }
        let own = plain(word);
        self.rules.iter().rev().find(|(word, _)| *word == own).map(|(_, kind)| *kind)
    }

    /// What a word stands for; the outer `None` for an unknown one, the inner for one to leave out.
    pub(super) fn kind(&self, word: &str) -> Option<Option<InteractionKind>> {
        self.own(word).or_else(|| parse_kind(word).map(Some))
    }
}

/// Lower case, without separators.
pub(super) fn plain(word: &str) -> String {
    word.trim().chars().filter(|c| !matches!(c, '_' | '-' | ' ')).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_words_are_known_in_any_case() {
        let table = [
            (InteractionKind::View, ["view", "view_item", "Click", "PV"].as_slice()),
            (InteractionKind::Cart, &["cart", "add_to_cart", "AddToCart"]),
            (InteractionKind::Wishlist, &["WISHLIST", "fav", "add-to-wishlist"]),
            (InteractionKind::Purchase, &["purchase", "buy", "Transaction", "order"]),
        ];
        for (kind, words) in table {
            for word in words {
                assert_eq!(parse_kind(word), Some(kind), "{word}");
            }
        }
        let words = KindWords::default()
            .named("Bought_It", InteractionKind::Purchase)
            .named("click", InteractionKind::Cart)
            .skipped("pv")
            .skipped("page view");
        assert_eq!(words.kind("bought-it"), Some(Some(InteractionKind::Purchase)));
        assert_eq!(
            words.kind("Click"),
            Some(Some(InteractionKind::Cart)),
            "a rule goes before the known words"
        );
        assert_eq!((words.kind("PV"), words.kind("page_view")), (Some(None), Some(None)));
        assert_eq!((words.kind("order"), words.kind("odd")), (Some(Some(InteractionKind::Purchase)), None));
        for word in ["", "remove_from_cart", "views", "1", "refund"] {
            assert_eq!(parse_kind(word), None, "{word}");
        }
    }
}
