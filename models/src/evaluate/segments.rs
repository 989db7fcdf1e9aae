//! Parts of the cases that are measured by themselves.
//!
//! In: cases, the pack's attributes, what training saw. Out: for every dimension, which segment each case is in. A case
//! belongs to at most one segment of a dimension, by its history or by the item that was wanted. Names of categories and
//! brands are the pack's.

use std::collections::BTreeMap;

use tastekeeper::model::{AttributeKind, Model};

use super::training::Training;
use crate::reference::Case;

/// Segments of a dimension that the shop names: the largest ones have their own, the rest is `(other)`.
pub const NAMED_SEGMENTS: usize = 10;

const LENGTHS: [(usize, &str); 6] =
    [(1, "1"), (2, "2"), (5, "3-5"), (10, "6-10"), (20, "11-20"), (usize::MAX, "21+")];
const POPULARITY: [(u64, &str); 5] =
    [(0, "never-trained"), (5, "1-5"), (20, "6-20"), (100, "21-100"), (u64::MAX, "101+")];

/// One way to divide the cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dimension {
    pub(super) name: &'static str,
    /// The segments that have a case, in their natural order.
    pub(super) segments: Vec<String>,
    /// By case: its segment, if it is in one.
    pub(super) of_case: Vec<Option<u8>>,
}

/// Divides the cases, whose wanted items are `wanted`, in every way the data allows.
pub(super) fn dimensions(
    model: &Model,
    training: Option<&Training>,
    cases: &[Case],
    wanted: &[Option<u32>],
) -> Vec<Dimension> {
    let mut out = vec![ranges("history-length", &LENGTHS, cases.iter().map(|case| case.position))];
    if let Some(training) = training {
        let counts = wanted.iter().map(|item| item.map_or(0, |item| training.events_of_item[item as usize]));
        out.push(ranges("item-popularity", &POPULARITY, counts));
    }
    let is = |kind: AttributeKind| move |found: AttributeKind, _: &str| found == kind;
    let price = |kind, name: &str| kind == AttributeKind::Other && name.starts_with("price_band=");
    out.extend(category_level(model, wanted).map(|labels| named("category", labels, false)));
    out.extend(
        attribute(model, wanted, is(AttributeKind::Brand)).map(|labels| named("brand", labels, false)),
    );
    out.extend(attribute(model, wanted, price).map(|labels| {
        let bands = labels.into_iter().map(|band| band.map(|band| &band["price_band=".len()..])).collect();
        named("price-band", bands, true)
    }));
    out
}

/// Numbers in ranges with an upper end each.
fn ranges<T: PartialOrd + Copy>(
    name: &'static str,
    ranges: &[(T, &str)],
    values: impl Iterator<Item = T>,
) -> Dimension {
    let place = |value: T| ranges.iter().position(|(end, _)| value <= *end).unwrap_or(ranges.len() - 1);
    let places: Vec<usize> = values.map(place).collect();
    let order: Vec<usize> = (0..ranges.len()).filter(|place| places.contains(place)).collect();
    Dimension {
        name,
        segments: order.iter().map(|&place| ranges[place].1.to_owned()).collect(),
        of_case: places.iter().map(|place| position(&order, place)).collect(),
    }
}

/// The attribute of each wanted item that `is` one, the first if there are several; `None` if no item has one.
fn attribute<'m>(
    model: &'m Model,
    wanted: &[Option<u32>],
    is: impl Fn(AttributeKind, &str) -> bool,
) -> Option<Vec<Option<&'m str>>> {
    let of = |item: &Option<u32>| {
        let mut attributes = model.item_attributes((*item)?).filter_map(|index| model.attribute(index));
        attributes.find(|attribute| is(attribute.kind, attribute.name)).map(|attribute| attribute.name)
    };
    let labels: Vec<Option<&str>> = wanted.iter().map(of).collect();
    labels.iter().any(Option::is_some).then_some(labels)
}

/// The category of each wanted item at the highest level of the tree that tells items apart.
fn category_level<'m>(model: &'m Model, wanted: &[Option<u32>]) -> Option<Vec<Option<&'m str>>> {
    let mut depth = BTreeMap::new();
    let mut depth_of = |mut index: u32| {
        let first = index;
        let mut steps = 0usize;
        while let Some(parent) = model.attribute(index).and_then(|attribute| attribute.parent) {
            (index, steps) = (parent, steps + 1);
        }
        *depth.entry(first).or_insert(steps)
    };
    let categories: Vec<Vec<(usize, &str)>> = wanted
        .iter()
        .map(|item| {
            let attributes = item.map(|item| model.item_attributes(item).collect::<Vec<_>>());
            let named =
                attributes.into_iter().flatten().filter_map(|index| Some((index, model.attribute(index)?)));
            let named = named.filter(|(_, attribute)| attribute.kind == AttributeKind::Category);
            named.map(|(index, attribute)| (depth_of(index), attribute.name)).collect()
        })
        .collect();
    let deepest = categories.iter().flatten().map(|(depth, _)| *depth).max()?;
    let level = |wanted: usize| -> Vec<Option<&str>> {
        let at =
            |list: &Vec<(usize, &'m str)>| list.iter().find(|(d, _)| *d == wanted).map(|(_, name)| *name);
        categories.iter().map(at).collect()
    };
    let tells_apart = |labels: &Vec<Option<&str>>| {
        let mut names = labels.iter().flatten();
        names.next().is_some_and(|first| names.any(|name| name != first))
    };
    (0..=deepest).map(level).find(tells_apart).or_else(|| Some(level(0)))
}

/// Segments by name: the largest, then `(other)`, then `(none)`. Largest first, or `by_number` they begin with.
fn named(name: &'static str, labels: Vec<Option<&str>>, by_number: bool) -> Dimension {
    let mut cases = BTreeMap::new();
    labels.iter().flatten().for_each(|label| *cases.entry(*label).or_insert(0usize) += 1);
    let mut order: Vec<(&str, usize)> = cases.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let others = order.len() > NAMED_SEGMENTS;
    order.truncate(NAMED_SEGMENTS);
    if by_number {
        let begins = |label: &str| label.split('-').next().and_then(|text| text.parse::<u64>().ok());
        order.sort_by_key(|(label, _)| begins(label));
    }
    let own: Vec<&str> = order.into_iter().map(|(label, _)| label).collect();
    let none = labels.iter().any(Option::is_none);
    let rest = others.then_some("(other)").into_iter().chain(none.then_some("(none)"));
    let segments: Vec<String> = own.iter().copied().chain(rest).map(str::to_owned).collect();
    let of = |label: Option<&str>| {
        let place = match label {
            Some(label) => own.iter().position(|name| *name == label).unwrap_or(own.len()),
            None => segments.len() - 1,
        };
        u8::try_from(place).ok()
    };
    Dimension { name, of_case: labels.into_iter().map(of).collect(), segments }
}

fn position<T: PartialEq>(list: &[T], wanted: &T) -> Option<u8> {
    list.iter().position(|value| value == wanted).and_then(|place| u8::try_from(place).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_keep_their_order_and_leave_out_what_has_no_case() {
        let found = ranges("history-length", &LENGTHS, [4, 1, 300, 3].into_iter());
        assert_eq!(found.segments, ["1", "3-5", "21+"]);
        assert_eq!(found.of_case, [Some(1), Some(0), Some(2), Some(1)]);
        let found = ranges("item-popularity", &POPULARITY, [0, 6, 101, 5].into_iter());
        assert_eq!(found.segments, ["never-trained", "1-5", "6-20", "101+"]);
    }

    #[test]
    fn the_largest_have_their_own_segment() {
        let names: Vec<String> = (0..12).map(|name| format!("b{name:02}")).collect();
        let mut labels: Vec<Option<&str>> = names.iter().map(|name| Some(name.as_str())).collect();
        labels.extend([Some("b11"), Some("b11"), None, Some("b10")]);
        let found = named("brand", labels, false);
        assert_eq!(
            (found.segments.len(), &found.segments[..3]),
            (12, &["b11", "b10", "b00"].map(str::to_owned)[..])
        );
        assert_eq!(&found.segments[10..], ["(other)", "(none)"]);
        assert_eq!((found.of_case[9], found.of_case[8], found.of_case[14]), (Some(10), Some(10), Some(11)));
    }

    #[test]
    fn price_bands_are_in_the_order_of_prices() {
        let found = named("price-band", vec![Some("100-200"), Some("20-50"), Some("100-200"), None], true);
        assert_eq!(found.segments, ["20-50", "100-200", "(none)"]);
        assert_eq!(found.of_case, [Some(1), Some(0), Some(1), Some(2)]);
    }
}
