//! Recommending by popularity alone: the baseline of every report.
//!
//! A pack's items are in rank order, so that popularity's list is the pack's own order without what is excluded.

/// The 1-based place of `target`, which is not excluded.
pub(super) fn rank(target: u32, excluded: &[u32]) -> usize {
    let ahead = excluded.iter().filter(|&&item| item < target).count();
    target as usize + 1 - ahead
}

/// The first `count` items.
pub(super) fn first(count: usize, items: u32, excluded: &[u32]) -> impl Iterator<Item = u32> {
    (0..items).filter(|item| !excluded.contains(item)).take(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excluded_items_make_room() {
        let excluded = [4, 0, 2];
        let list: Vec<u32> = first(4, 7, &excluded).collect();
        assert_eq!(list, [1, 3, 5, 6]);
        for (place, item) in (1..).zip(list) {
            assert_eq!(rank(item, &excluded), place);
        }
        assert_eq!(rank(6, &[]), 7);
    }
}
