//! What becomes of each kind of event: found out by asking the code that decides it.
//!
//! A sample of every kind, with every field set, goes through [`ValidEvent`]; what comes out is taken apart field by field.
//! A new kind, and a new field of a kept event, do not compile until they are named here.

use super::{EventDestination, EventPolicy, Field};
use crate::event::{Action, Event, EventKind, StoredEvent, Subject, ValidEvent};

/// One event of every kind.
fn kinds() -> Vec<EventKind> {
    let id = || "a".to_owned();
    vec![
        EventKind::ViewItem,
        EventKind::ViewItemList,
        EventKind::SelectItem,
        EventKind::ViewCategory,
        EventKind::Search,
        EventKind::AddToCart,
        EventKind::RemoveFromCart,
        EventKind::AddToWishlist,
        EventKind::RemoveFromWishlist,
        EventKind::ViewCart,
        EventKind::Purchase,
        EventKind::Refund,
        EventKind::Rate(1.0),
        EventKind::NotInterested(Subject::Item(id())),
        EventKind::NotInterested(Subject::Brand(id())),
        EventKind::NotInterested(Subject::Category(id())),
    ]
}

fn name(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::ViewItem => "ViewItem",
        EventKind::ViewItemList => "ViewItemList",
        EventKind::SelectItem => "SelectItem",
        EventKind::ViewCategory => "ViewCategory",
        EventKind::Search => "Search",
        EventKind::AddToCart => "AddToCart",
        EventKind::RemoveFromCart => "RemoveFromCart",
        EventKind::AddToWishlist => "AddToWishlist",
        EventKind::RemoveFromWishlist => "RemoveFromWishlist",
        EventKind::ViewCart => "ViewCart",
        EventKind::Purchase => "Purchase",
        EventKind::Refund => "Refund",
        EventKind::Rate(_) => "Rate",
        EventKind::NotInterested(_) => "NotInterested",
    }
}

/// An event with every field its kind has a use for, and those that are dropped.
fn sample(kind: EventKind) -> Event {
    let id = || Some("a".to_owned());
    let (item_id, category, query) = match &kind {
        EventKind::ViewCart | EventKind::NotInterested(_) => (None, None, None),
        EventKind::ViewCategory => (None, id(), None),
        EventKind::Search => (None, None, id()),
        _ => (id(), None, None),
    };
    Event {
        item_id,
        category,
        query,
        price: Some(1.0),
        currency: Some("EUR".into()),
        recommendation_id: id(),
        position: Some(1),
        event_id: id(),
        ..Event::new(kind)
    }
}

/// The fields of a kept event. Nothing is passed over with `..`: a new field has to be named.
fn fields(event: &StoredEvent) -> Vec<Field> {
    let StoredEvent { time_ms: _, action, event_id: _, quiet: _ } = event;
    let own: &[Field] = match action {
        Action::View(_) | Action::AddToWishlist(_) | Action::RemoveFromWishlist(_) => &[Field::Items],
        Action::ViewCategory(_) => &[Field::Category],
        Action::Search(_) => &[Field::Query],
        Action::AddToCart { item: _, quantity: _ } | Action::RemoveFromCart { item: _, quantity: _ } => {
            &[Field::Items, Field::Quantity]
        }
        Action::Purchase { items: _, quantity: _ } => &[Field::Items, Field::Quantity],
        Action::Refund { items: _ } => &[Field::Items],
        Action::Rate { item: _, value: _ } => &[Field::Items, Field::Rating],
        Action::NotInterested(Subject::Item(_)) => &[Field::Items],
        Action::NotInterested(Subject::Brand(_)) => &[Field::Brand],
        Action::NotInterested(Subject::Category(_)) => &[Field::Category],
    };
    let mut all = vec![Field::Time, Field::EventId, Field::Gift];
    all.extend(own);
    all.sort_unstable();
    all
}

/// What becomes of each kind.
pub(super) fn events() -> Vec<EventPolicy> {
    let mut policies: Vec<EventPolicy> = Vec::new();
    for kind in kinds() {
        let kind_name = name(&kind);
        // The samples are valid; a test says so.
        let Ok(ValidEvent { kept, served, chosen }) = ValidEvent::new(sample(kind), 1) else { continue };
        let in_visit = !served.is_empty() || chosen.is_some_and(|(_, items)| !items.is_empty());
        let destination = match (&kept, in_visit) {
            (Some(_), _) => EventDestination::History,
            (None, true) => EventDestination::Visit,
            (None, false) => EventDestination::Dropped,
        };
        let fields = kept.as_ref().map(fields).unwrap_or_default();
        match policies.iter_mut().find(|known| known.kind == kind_name) {
            // one kind with several subjects
            Some(known) => {
                known.fields.extend(fields);
                known.fields.sort_unstable();
                known.fields.dedup();
            }
            None => policies.push(EventPolicy { kind: kind_name.to_owned(), destination, fields }),
        }
    }
    policies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_line() {
        for kind in kinds() {
            ValidEvent::new(sample(kind), 1).expect("a sample is valid");
        }
        let found = events();
        assert_eq!(found.len(), 14);
        let of = |kind: &str| found.iter().find(|event| event.kind == kind).expect("there");
        assert_eq!(of("ViewItemList").destination, EventDestination::Visit);
        assert_eq!(of("SelectItem").destination, EventDestination::Visit);
        assert_eq!(of("ViewCart").destination, EventDestination::Dropped);
        assert_eq!(of("Search").fields, [Field::Time, Field::Query, Field::EventId, Field::Gift]);
        assert_eq!(
            of("Purchase").fields,
            [Field::Time, Field::Items, Field::Quantity, Field::EventId, Field::Gift]
        );
        let subjects =
            [Field::Time, Field::Items, Field::Category, Field::Brand, Field::EventId, Field::Gift];
        assert_eq!(of("NotInterested").fields, subjects);
        assert!(
            found
                .iter()
                .all(|event| { event.fields.is_empty() == (event.destination != EventDestination::History) })
        );
    }
}
