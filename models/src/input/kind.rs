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
        for word in ["", "remove_from_cart", "views", "1", "refund"] {
            assert_eq!(parse_kind(word), None, "{word}");
        }
    }
}
