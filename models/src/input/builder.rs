//! Builds a [`Dataset`] event by event and item by item.
//!
//! In: ids, kinds, times and descriptions, in any order. Out: a data set in order of first appearance, each sequence
//! sorted by time, ties in the order they came. Must never depend on the order of a hash map.

use std::collections::HashMap;

use super::error::{FileRole, Full, InputError, Place};
use super::{MAX_ATTRIBUTES_PER_ITEM, MAX_ITEMS, MAX_USERS};
use crate::dataset::{
    Attribute, AttributeKind, AttributeTable, Dataset, Interaction, InteractionKind, Sequence,
};

/// Numbers for names, in order of first appearance.
#[derive(Debug, Default)]
pub(super) struct Names {
    index: HashMap<Box<str>, u32>,
    names: Vec<String>,
}

impl Names {
    pub(super) fn of(names: &[String]) -> Self {
        let mut all = Self::default();
        for name in names {
            let _ = all.number(name, Full { what: "names", limit: usize::MAX });
        }
        all
    }

    pub(super) fn get(&self, name: &str) -> Option<u32> {
        self.index.get(name).copied()
    }

    pub(super) fn number(&mut self, name: &str, limit: Full) -> Result<u32, Full> {
        if let Some(number) = self.get(name) {
            return Ok(number);
        }
        let next = self.names.len();
        let number = u32::try_from(next).ok().filter(|_| next < limit.limit).ok_or(limit)?;
        self.index.insert(name.into(), number);
        self.names.push(name.to_owned());
        Ok(number)
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }
}

/// Collects the events of a log. Memory is linear in events and distinct ids.
#[derive(Debug, Default)]
pub struct DatasetBuilder {
    items: Names,
    users: Names,
    events: Vec<Vec<Interaction>>,
}

impl DatasetBuilder {
    /// Adds one event.
    ///
    /// # Errors
    /// [`InputError::TooMany`] (of the log, line 0) when there are more users or items than the limits.
    pub fn add(
        &mut self,
        user: &str,
        item: &str,
        kind: InteractionKind,
        time_ms: Option<i64>,
    ) -> Result<(), InputError> {
        self.add_at(FileRole::Log, Place::Line(0), user, item, kind, time_ms).map(|_| ())
    }

    /// Whether the event is no earlier than the user's last one so far.
    pub(super) fn add_at(
        &mut self,
        role: FileRole,
        at: Place,
        user: &str,
        item: &str,
        kind: InteractionKind,
        time_ms: Option<i64>,
    ) -> Result<bool, InputError> {
        let users = Full { what: "users", limit: MAX_USERS };
        let user = self.users.number(user, users).map_err(|full| full.at(role, at))? as usize;
        let item = self.items.number(item, ITEMS).map_err(|full| full.at(role, at))?;
        if user == self.events.len() {
            self.events.push(Vec::new());
        }
        let in_order = self.events[user].last().is_none_or(|last| last.time_ms <= time_ms);
        self.events[user].push(Interaction { item, kind, time_ms });
        Ok(in_order)
    }

    /// The data set, without attributes: every item's list is empty.
    #[must_use]
    pub fn finish(self) -> Dataset {
        let items = self.items.into_names();
        let sequences = self
            .users
            .into_names()
            .into_iter()
            .zip(self.events)
            .map(|(user, mut events)| {
                events.sort_by_key(|event| event.time_ms);
                events.shrink_to_fit();
                Sequence { user, events }
            })
            .collect();
        let of_item = vec![Vec::new(); items.len()];
        Dataset { items, sequences, attributes: AttributeTable { entries: Vec::new(), of_item } }
    }
}

pub(super) const ITEMS: Full = Full { what: "items", limit: MAX_ITEMS };

/// What is known about an item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemDescription {
    /// The ids of the category path's nodes, root first; an id has one parent everywhere.
    pub category: Vec<String>,
    /// The brand.
    pub brand: Option<String>,
    /// The price; becomes a [`price_band`].
    pub price: Option<f64>,
    /// Anything else, as `key=value`.
    pub others: Vec<String>,
}

/// Why a description was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Full(Full),
    /// A category node stands under two parents.
    Conflict,
}

impl From<Full> for Refused {
    fn from(full: Full) -> Self {
        Self::Full(full)
    }
}

/// Collects attributes.
#[derive(Debug, Default)]
pub(super) struct AttributeBuilder {
    index: [HashMap<Box<str>, u32>; 3],
    entries: Vec<Attribute>,
}

impl AttributeBuilder {
    /// The attributes of one item: ascending indices without repeats.
    pub(super) fn describe(&mut self, item: &ItemDescription) -> Result<Vec<u32>, Refused> {
        let mut attributes = Vec::new();
        let mut parent = None;
        for node in &item.category {
            let index = self.number(AttributeKind::Category, node, parent)?;
            parent = Some(index);
            attributes.push(index);
        }
        if let Some(brand) = &item.brand {
            attributes.push(self.number(AttributeKind::Brand, brand, None)?);
        }
        if let Some(band) = item.price.and_then(price_band) {
            attributes.push(self.number(AttributeKind::Other, &format!("price_band={band}"), None)?);
        }
        for other in &item.others {
            attributes.push(self.number(AttributeKind::Other, other, None)?);
        }
        attributes.sort_unstable();
        attributes.dedup();
        if attributes.len() > MAX_ATTRIBUTES_PER_ITEM {
            return Err(Full { what: "attributes of one item", limit: MAX_ATTRIBUTES_PER_ITEM }.into());
        }
        Ok(attributes)
    }

    fn number(&mut self, kind: AttributeKind, name: &str, parent: Option<u32>) -> Result<u32, Refused> {
        let index = &mut self.index[kind as usize];
        if let Some(&number) = index.get(name) {
            let same_parent = self.entries[number as usize].parent == parent;
            return if same_parent { Ok(number) } else { Err(Refused::Conflict) };
        }
        let limit = Full { what: "attributes", limit: MAX_ITEMS };
        let next = self.entries.len();
        let number = u32::try_from(next).ok().filter(|_| next < limit.limit).ok_or(limit)?;
        index.insert(name.into(), number);
        self.entries.push(Attribute { kind, name: name.to_owned(), parent });
        Ok(number)
    }

    pub(super) fn finish(self) -> Vec<Attribute> {
        self.entries
    }
}

/// The band of the 1-2-5 series a price lies in, such as `20-50` for 20.00 to 49.99, `0-1` below one and
/// `1000000-` from a million; `None` for a negative price or one that is not finite.
///
/// Bands are the same in every shop, so that a phone can place a new item without seeing the others.
///
/// # Examples
/// ```
/// use tastekeeper_models::input::price_band;
/// assert_eq!(price_band(24.90), Some("20-50"));
/// assert_eq!(price_band(-1.0), None);
/// ```
#[must_use]
pub fn price_band(price: f64) -> Option<&'static str> {
    const BANDS: [(f64, &str); 19] = [
        (1.0, "0-1"),
        (2.0, "1-2"),
        (5.0, "2-5"),
        (10.0, "5-10"),
        (20.0, "10-20"),
        (50.0, "20-50"),
        (100.0, "50-100"),
        (200.0, "100-200"),
        (500.0, "200-500"),
        (1e3, "500-1000"),
        (2e3, "1000-2000"),
        (5e3, "2000-5000"),
        (1e4, "5000-10000"),
        (2e4, "10000-20000"),
        (5e4, "20000-50000"),
        (1e5, "50000-100000"),
        (2e5, "100000-200000"),
        (5e5, "200000-500000"),
        (1e6, "500000-1000000"),
    ];
    if !price.is_finite() || price < 0.0 {
        return None;
    }
    Some(BANDS.iter().find(|(end, _)| price < *end).map_or("1000000-", |(_, name)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_sorted_by_time_and_ties_keep_their_order() {
        let mut builder = DatasetBuilder::default();
        for (item, time) in [("c", 2), ("a", 1), ("b", 1), ("d", 0)] {
            builder.add("u", item, InteractionKind::View, Some(time)).unwrap();
        }
        let dataset = builder.finish();
        assert_eq!(dataset.items, ["c", "a", "b", "d"]);
        let order: Vec<u32> = dataset.sequences[0].events.iter().map(|event| event.item).collect();
        assert_eq!(order, [3, 1, 2, 0]);
    }

    #[test]
    fn names_stop_at_their_limit() {
        let mut names = Names::default();
        let limit = Full { what: "things", limit: 2 };
        assert_eq!(names.number("a", limit), Ok(0));
        assert_eq!(names.number("b", limit), Ok(1));
        assert_eq!(names.number("a", limit), Ok(0), "a known name takes no room");
        assert_eq!(names.number("c", limit), Err(limit));
        assert_eq!(limit.at(FileRole::Log, Place::Line(7)).to_string(), "log, line 7: more than 2 things");
    }

    #[test]
    fn price_bands_meet_without_gaps() {
        for (price, band) in [(0.0, "0-1"), (0.99, "0-1"), (1.0, "1-2"), (49.99, "20-50"), (50.0, "50-100")] {
            assert_eq!(price_band(price), Some(band));
        }
        assert_eq!(price_band(2e9), Some("1000000-"));
        assert_eq!(price_band(f64::NAN), None);
        assert_eq!(price_band(f64::INFINITY), None);
    }

    #[test]
    fn an_item_has_a_bounded_number_of_attributes() {
        let others = |count: usize| (0..count).map(|n| format!("n={n}")).collect();
        let describe = |count| {
            AttributeBuilder::default()
                .describe(&ItemDescription { others: others(count), ..ItemDescription::default() })
        };
        assert_eq!(describe(MAX_ATTRIBUTES_PER_ITEM).unwrap().len(), MAX_ATTRIBUTES_PER_ITEM);
        assert!(matches!(describe(MAX_ATTRIBUTES_PER_ITEM + 1), Err(Refused::Full(_))));
    }
}
