//! What a shopper can ask to be forgotten, and what is left of an event then.

use super::EventRef;
use crate::error::Result;
use crate::event::{Action, StoredEvent, Subject};

/// What to forget.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forget {
    /// One event of [`history`](crate::Recommender::history).
    Event(EventRef),
    /// Everything about an item.
    Item(String),
    /// Everything about a category: its own views, dislike and interest, and what was done with items that the model or
    /// the catalogue places in it or below it.
    Category(String),
    /// Everything since a moment, in milliseconds since 1970-01-01 UTC, inclusive.
    Since(i64),
    /// Everything: events and interests. The key is destroyed first.
    Everything,
}

/// What a scope reaches in the catalogue of the moment.
pub(crate) struct Reach<'a> {
    /// Whether an item lies in the category of the scope.
    pub(crate) item: &'a dyn Fn(&str) -> bool,
    /// Whether a category is the one of the scope or lies below it.
    pub(crate) category: &'a dyn Fn(&str) -> bool,
}

/// What is left of `event` after `scope` is forgotten: the same event, a shorter one, or nothing.
pub(super) fn remainder(
    event: &StoredEvent,
    scope: &Forget,
    reach: &Reach<'_>,
) -> Result<Option<StoredEvent>> {
    let without = |gone: &dyn Fn(&str) -> bool| {
        event.action.clone().without(gone).map(|action| StoredEvent { action, ..event.clone() })
    };
    Ok(match scope {
        Forget::Everything => None,
        Forget::Since(time_ms) => (event.time_ms < *time_ms).then(|| event.clone()),
        Forget::Event(handle) => (EventRef::of(event)? != *handle).then(|| event.clone()),
        Forget::Item(id) => without(&|item| item == id),
        Forget::Category(category) => match &event.action {
            Action::ViewCategory(viewed) | Action::NotInterested(Subject::Category(viewed))
                if viewed == category || (reach.category)(viewed) =>
            {
                None
            }
            _ => without(reach.item),
        },
    })
}
