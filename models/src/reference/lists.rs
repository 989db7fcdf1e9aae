//! Metrics of ranked lists by themselves: how known, how different, how well filled, how like the history.
//!
//! Each function takes one list, best first, already cut at `k`; the mean over the cases is the metric. `None` where a
//! list has no such figure, and such a list takes no part in the mean.

use std::collections::BTreeMap;

/// How much of the history's distribution is mixed into the list's in [`calibration`], so that it has no zeros.
pub const CALIBRATION_MIX: f64 = 0.01;

/// Novelty as mean inverse user frequency: `-log2(users who have the item / users)`, over the list (Vargas and Castells
/// 2011). Items that nobody has count as if one user had them.
///
/// ```
/// # use tastekeeper_models::reference::lists::novelty;
/// // of eight users two have item 0 and one item 1
/// assert_eq!(novelty(&[0, 1], &[2, 1], 8), Some(2.5));
/// ```
#[must_use]
pub fn novelty(list: &[u32], users_of_item: &[u64], users: u64) -> Option<f64> {
    let of = |item: &u32| users_of_item.get(*item as usize).copied().unwrap_or(0).max(1);
    mean(list, |item| -(float(of(item)) / float(users)).log2()).filter(|_| users > 0)
}

/// The mean number of training events of the list's items.
#[must_use]
pub fn average_popularity(list: &[u32], events_of_item: &[u64]) -> Option<f64> {
    mean(list, |item| float(events_of_item.get(*item as usize).copied().unwrap_or(0)))
}

/// Mean distance of the pairs of items in the list: how many attributes one of the two has and the other does not
/// (Hamming distance of their attributes as bits). 0 for a list of one item.
///
/// `attributes` are those of each item, ascending.
///
/// ```
/// # use tastekeeper_models::reference::lists::intra_list_diversity;
/// assert_eq!(intra_list_diversity(&[0, 1], &[vec![1, 2, 5], vec![2, 3]]), Some(3.0));
/// ```
#[must_use]
pub fn intra_list_diversity(list: &[u32], attributes: &[Vec<u32>]) -> Option<f64> {
    let of = |item: u32| attributes.get(item as usize).map_or(&[][..], Vec::as_slice);
    let (mut distance, mut pairs) = (0, 0u64);
    for (place, &one) in list.iter().enumerate() {
        for &other in &list[..place] {
            distance += different(of(one), of(other));
            pairs += 1;
        }
    }
    (!list.is_empty()).then(|| float(distance) / float(pairs.max(1)))
}

/// How many values only one of two ascending lists has.
fn different(mut one: &[u32], mut other: &[u32]) -> u64 {
    let mut count = 0;
    while let (Some(a), Some(b)) = (one.first(), other.first()) {
        count += u64::from(a != b);
        if a <= b {
            one = &one[1..];
        }
        if b <= a {
            other = &other[1..];
        }
    }
    count + (one.len() + other.len()) as u64
}

/// Whether the list has all `k` items, 1 or 0; the mean is `SufficientReco`. Empty lists are told by [`is_covered`].
#[must_use]
pub fn is_sufficient(list: &[u32], k: usize) -> Option<f64> {
    (!list.is_empty()).then(|| f64::from(list.len() >= k))
}

/// Whether no item is in the list twice, 1 or 0; the mean is `UnrepeatedReco`.
#[must_use]
pub fn is_unrepeated(list: &[u32]) -> Option<f64> {
    let repeats = (1..list.len()).any(|place| list[..place].contains(&list[place]));
    (!list.is_empty()).then(|| f64::from(!repeats))
}

/// Whether there is anything in the list, 1 or 0; the mean is `CoveredUsers`.
#[must_use]
pub fn is_covered(list: &[u32]) -> f64 {
    f64::from(!list.is_empty())
}

/// How far the list's categories are from the history's (Steck 2018): `sum_g p_g ln(p_g / ((1-a) q_g + a p_g))`, in
/// nats, with `p` of the history, `q` of the list and `a` = [`CALIBRATION_MIX`]. 0 for equal shares, at most `-ln a`.
/// **Smaller is better.** `None` if no item of the history has a category.
///
/// Every item of history and list that has categories counts 1, split evenly among them.
///
/// ```
/// # use tastekeeper_models::reference::lists::calibration;
/// let categories = [vec![0], vec![1], vec![]];
/// assert_eq!(calibration(&[0, 2], &[0, 0, 2], &categories), Some(0.0));
/// assert!((calibration(&[0], &[1], &categories).unwrap() + 0.01f64.ln()).abs() < 1e-12);
/// assert_eq!(calibration(&[2], &[1], &categories), None);
/// ```
#[must_use]
pub fn calibration(history: &[u32], list: &[u32], categories: &[Vec<u32>]) -> Option<f64> {
    let wanted = shares(history, categories)?;
    let given = shares(list, categories).unwrap_or_default();
    let part = |(category, p): (&u32, &f64)| {
        let q = given.get(category).copied().unwrap_or(0.0);
        p * (p / ((1.0 - CALIBRATION_MIX) * q + CALIBRATION_MIX * p)).ln()
    };
    Some(wanted.iter().map(part).sum::<f64>().max(0.0))
}

/// The share of each category; `None` if no item has one.
fn shares(items: &[u32], categories: &[Vec<u32>]) -> Option<BTreeMap<u32, f64>> {
    let mut out = BTreeMap::new();
    let mut total = 0.0;
    for item in items {
        let of = categories.get(*item as usize).map_or(&[][..], Vec::as_slice);
        for category in of {
            *out.entry(*category).or_insert(0.0) += 1.0 / float(of.len() as u64);
        }
        total += f64::from(!of.is_empty());
    }
    out.values_mut().for_each(|share| *share /= total);
    (total > 0.0).then_some(out)
}

fn mean(list: &[u32], of: impl Fn(&u32) -> f64) -> Option<f64> {
    (!list.is_empty()).then(|| list.iter().map(of).sum::<f64>() / float(list.len() as u64))
}

#[expect(clippy::cast_precision_loss, reason = "counts of events")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed_lists() {
        // nobody has item 2: as if one of 16 had it
        assert_eq!(novelty(&[2, 0], &[4, 1, 0], 16), Some(3.0));
        assert_eq!((novelty(&[], &[4], 16), novelty(&[0], &[0], 0)), (None, None));
        assert_eq!(average_popularity(&[0, 1, 9], &[6, 3]), Some(3.0));
        let attributes = [vec![1, 2], vec![1, 2, 3], vec![], vec![7]];
        // 0-1: 1, 0-2: 2, 1-2: 3
        assert_eq!(intra_list_diversity(&[0, 1, 2], &attributes), Some(2.0));
        assert_eq!(intra_list_diversity(&[3], &attributes), Some(0.0));
        assert_eq!(intra_list_diversity(&[], &attributes), None);
    }

    #[test]
    fn short_repeated_and_empty_lists_are_told() {
        assert_eq!((is_sufficient(&[1, 2], 2), is_sufficient(&[1], 2)), (Some(1.0), Some(0.0)));
        assert_eq!(is_sufficient(&[], 2), None);
        assert_eq!((is_unrepeated(&[1, 2]), is_unrepeated(&[1, 2, 1])), (Some(1.0), Some(0.0)));
        assert_eq!((is_unrepeated(&[]), is_covered(&[]), is_covered(&[1])), (None, 0.0, 1.0));
    }

    #[test]
    fn calibration_by_hand() {
        // the history is .75 of a and .25 of b, the list half and half
        let categories = [vec![0], vec![1], vec![0, 1]];
        let found = calibration(&[0, 2], &[0, 1, 2], &categories).unwrap();
        let term = |p: f64| p * (p / (0.99 * 0.5 + 0.01 * p)).ln();
        assert!((found - (term(0.75) + term(0.25))).abs() < 1e-15);
        // a list without a category is as far as can be
        assert!((calibration(&[0], &[], &categories).unwrap() - 100f64.ln()).abs() < 1e-12);
    }
}
