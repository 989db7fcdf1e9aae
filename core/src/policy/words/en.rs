//! English.

use super::Words;

pub(super) const WORDS: Words = Words {
    shop: "The shop decides first what can be shown at all: items that cannot be had are left out, and the shop may filter a \
           list, give an item a fixed place or move items it promotes further up. A fixed place is marked as such, and a \
           promotion is named among the reasons where it is one of the main ones.",
    choices: "Your own choices come before any calculation. What you are not interested in, and categories you never want to \
              see, are not recommended. Items of a category you want to see more of have their odds multiplied by about \
              {interest_factor}. What is in your cart is left out, and so is what you bought in the last \
              {bought_recently_days} days, except in lists for buying again.",
    context: "What is on the screen: the item, the cart, the category or the words you search for. Lists beside an item or a \
              cart follow it above all.",
    history_visit: "What you did in this visit decides most of the list \"for you\". Only the newest {signals} signals \
                    count: what you looked at, put in the cart, wished for, bought, rated well, browsed or searched for. \
                    As a rule a newer one counts more than an older one. What you rated badly sinks, with all that is like it.",
    history_kept: "What you did in the app decides most of the list \"for you\", as far as it is kept on this phone: \
                   {retention_days} days or {max_events} events at most. Only the newest {signals} signals count: what you \
                   looked at, put in the cart, wished for, bought, rated well, browsed or searched for. As a rule a newer \
                   one counts more than an older one. What you rated badly sinks, with all that is like it.",
    signals: "A search or a category you browsed counts {browse_percent} % of an item seen at the same moment.",
    signals_of_model: "Beside an item you looked at, one you put in the cart counts {cart_weight} times as much, one on the \
                       wish list {wishlist_weight} times, one you bought {purchase_weight} times.",
    popularity: "How often all shoppers choose an item. It fills the list where too little is known of you, and otherwise \
                 decides between items that are nearly alike.",
    popularity_off: "How often all shoppers choose an item. Without a past of yours this decides wherever the screen does not.",
    novelty: "The list of new arrivals follows the date alone. In longer lists \"for you\" place {new_item_place} is kept for \
              an item that is too new to be known.",
    variety: "A list \"for you\" is mixed: as far as there are others, at most {category_share_percent} % come from one \
              category. About {exploration_percent} % of the places after the first go to items a little further down, to \
              learn whether you like them.",
    never_counts: "What never counts: what you paid, where you are, who you know, what you do in other apps, and what other \
                   people on this phone do.",
    never_counts_off: "What never counts: anything you did before, what you paid, where you are, who you know, what you do in \
                       other apps.",
};
