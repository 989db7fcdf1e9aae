//! From a history to eight topics.
//!
//! Enters: the kept events in time order, the view, the vocabulary. Leaves: the topics of the last eight distinct items that
//! were touched within 91 days, the newest first; topic 0 where there are fewer. Must never look at a price, an amount, an hour
//! or a duration, or let a gift or an item of a sensitive category count, not even as an empty slot.

use std::collections::BTreeSet;

use super::sampler::SlotTopics;
use super::{DAY_MS, EPOCH_DAYS, SLOTS, Vocabulary};
use crate::catalog::View;
use crate::event::{Action, StoredEvent};
use crate::mutant;

/// What decides which items count, beside what nothing is learned from.
pub(crate) struct Filter {
    /// Whether the shopper switched guarded topics on.
    pub(crate) guarded_too: bool,
}

/// The items that an event touches. A purchase counts like a view; taking back, rating and disliking count for nothing.
fn touched(action: &Action) -> &[String] {
    match action {
        Action::View(item) | Action::AddToCart { item, .. } | Action::AddToWishlist(item) => {
            std::slice::from_ref(item)
        }
        Action::Purchase { items, .. } => items,
        Action::ViewCategory(_)
        | Action::Search(_)
        | Action::RemoveFromCart { .. }
        | Action::RemoveFromWishlist(_)
        | Action::Refund { .. }
        | Action::Rate { .. }
        | Action::NotInterested(_) => &[],
    }
}

/// The slots at `now_ms`. An item without a topic is passed over, so that nothing tells it from one that was never touched.
pub(crate) fn slots(
    timeline: &[&StoredEvent],
    view: &View,
    vocabulary: &Vocabulary,
    filter: &Filter,
    now_ms: i64,
) -> SlotTopics {
    let is_denied = |category: &str| view.is_sensitive_text(category) && !mutant!(SensitiveItemsEnter);
    let index_of = |item: &str| {
        if mutant!(SensitiveItemsEnter) { view.index_of(item) } else { view.learnable(item) }
    };
    let oldest_ms = now_ms.saturating_sub(i64::from(EPOCH_DAYS) * DAY_MS);
    let within = timeline
        .iter()
        .rev()
        .filter(|event| event.time_ms > oldest_ms && event.time_ms <= now_ms && !event.quiet);
    let mut slots = [0; SLOTS as usize];
    let mut seen = BTreeSet::new();
    let topics = within
        .flat_map(|event| touched(&event.action).iter().rev())
        .filter(|item| seen.insert(item.as_str()))
        .filter_map(|item| {
            let lineage = view.category_lineage(index_of(item)?);
            vocabulary.topic_of(lineage.into_iter(), &is_denied, filter.guarded_too)
        });
    for (slot, topic) in slots.iter_mut().zip(topics) {
        *slot = topic;
    }
    slots
}
