//! Histories as sets: which items each shopper knows, and which shoppers each item.
//!
//! In: sequences of item indices, with repeats. Out: lists without. Memory is linear in events and items.

/// Only so many distinct items of a history count, the newest. It bounds the time of counting pairs, which is quadratic
/// in the length of a history; few shoppers know more, and robots that saw everything say little.
const MAX_SET: usize = 500;

/// Both directions of "this shopper knows this item".
pub(super) struct Sets {
    items: Lists,
    users: Lists,
}

/// Lists in one allocation.
struct Lists {
    offsets: Vec<usize>,
    values: Vec<u32>,
}

impl Lists {
    fn get(&self, index: usize) -> &[u32] {
        &self.values[self.offsets[index]..self.offsets[index + 1]]
    }
}

impl Sets {
    /// Indices from `items` on are passed over.
    pub(super) fn new(training: &[Vec<u32>], items: usize) -> Self {
        let mut of_user = Lists { offsets: vec![0], values: Vec::new() };
        let mut distinct = Distinct::new(items);
        for sequence in training {
            of_user.values.extend(distinct.of(sequence));
            of_user.offsets.push(of_user.values.len());
        }
        let mut offsets = vec![0; items + 1];
        for &item in &of_user.values {
            offsets[item as usize + 1] += 1;
        }
        for item in 0..items {
            offsets[item + 1] += offsets[item];
        }
        let mut next = offsets.clone();
        let mut values = vec![0; of_user.values.len()];
        for user in (0u32..).take(training.len()) {
            for &item in of_user.get(user as usize) {
                values[next[item as usize]] = user;
                next[item as usize] += 1;
            }
        }
        Self { items: of_user, users: Lists { offsets, values } }
    }

    /// Number of items, known to somebody or not.
    pub(super) fn len(&self) -> usize {
        self.users.offsets.len() - 1
    }

    /// The distinct items of a shopper, newest first.
    pub(super) fn items_of(&self, user: u32) -> &[u32] {
        self.items.get(user as usize)
    }

    /// The shoppers who know an item, ascending.
    pub(super) fn users_of(&self, item: usize) -> &[u32] {
        self.users.get(item)
    }
}

/// Finds the distinct known items of history after history.
pub(super) struct Distinct {
    /// The round in which each item was last seen, so that nothing needs clearing between histories.
    seen: Vec<u32>,
    round: u32,
}

impl Distinct {
    pub(super) fn new(items: usize) -> Self {
        Self { seen: vec![0; items], round: 0 }
    }

    /// The newest [`MAX_SET`], newest first.
    pub(super) fn of<'a>(&'a mut self, history: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        if self.round == u32::MAX {
            self.seen.fill(0);
            self.round = 0;
        }
        self.round += 1;
        let is_new = |item: &u32| {
            let last = self.seen.get_mut(*item as usize);
            last.is_some_and(|last| std::mem::replace(last, self.round) != self.round)
        };
        history.iter().rev().copied().filter(is_new).take(MAX_SET)
    }
}
