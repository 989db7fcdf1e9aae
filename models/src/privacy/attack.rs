//! What somebody could do with reports, or with slots that were sent without noise.
//!
//! Three questions, each with the answer for guessing at random beside it: how many shoppers sent something that nobody else
//! sent; how often the next report of a shopper is found among all; how often a shopper is found whose slots are known.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tastekeeper::report::{Parameters, SlotTopics, sample};

use super::{Simulated, Slots};

/// Answers in shares of shoppers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attack {
    /// Shoppers among whom is searched.
    pub shoppers: usize,
    /// Slots without noise that nobody else has.
    pub unique_slots: f64,
    /// Masks that nobody else has, of all shoppers of the log.
    pub unique_masks: f64,
    /// Shoppers found again by their slots without noise, from one time to the next.
    pub linked_slots: f64,
    /// Shoppers found again by their masks.
    pub linked_masks: f64,
    /// Shoppers whose slots are known, found by their slots without noise.
    pub known_slots: f64,
    /// Shoppers whose slots are known, found by their masks.
    pub known_masks: f64,
    /// What guessing gives.
    pub chance: f64,
}

/// Tries all three among `shoppers` shoppers, the uniqueness of masks among all.
///
/// # Panics
/// If a slot is no topic of the mechanism, or there is no shopper.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
pub fn attack(slots: &Slots, parameters: Parameters, shoppers: usize, seed: u64) -> Attack {
    let mut draws = Simulated::new(seed);
    let mut mask = |slots: &SlotTopics| {
        sample(parameters, slots, &mut draws).expect("slots are topics of the mechanism")
    };
    let masks_now: Vec<u64> = slots.now.iter().map(&mut mask).collect();
    let masks_before: Vec<u64> = slots.before.iter().map(&mut mask).collect();
    let mut order: Vec<usize> = (0..slots.now.len()).collect();
    for place in (1..order.len()).rev() {
        let other = draws.index(place + 1);
        order.swap(place, other);
    }
    order.truncate(shoppers);
    let sorted = |slots: &SlotTopics| {
        let mut slots = *slots;
        slots.sort_unstable();
        slots
    };
    let all: Vec<SlotTopics> = slots.now.iter().map(sorted).collect();
    let now: Vec<SlotTopics> = order.iter().map(|&shopper| all[shopper]).collect();
    let before: Vec<SlotTopics> = order.iter().map(|&shopper| sorted(&slots.before[shopper])).collect();
    let pick = |masks: &[u64]| order.iter().map(|&shopper| masks[shopper]).collect::<Vec<_>>();
    let (masks_now_some, masks_before_some) = (pick(&masks_now), pick(&masks_before));
    Attack {
        shoppers: order.len(),
        unique_slots: unique(&all),
        unique_masks: unique(&masks_now),
        linked_slots: found(&before, &now, common),
        linked_masks: found(&masks_before_some, &masks_now_some, |a, b| (a & b).count_ones()),
        known_slots: found(&now, &now, common),
        // the likelihood of a mask grows with how many slots it names
        known_masks: found(&now, &masks_now_some, |known, mask| {
            known.iter().map(|&topic| u32::from(mask >> topic & 1 == 1)).sum()
        }),
        chance: 1.0 / order.len() as f64,
    }
}

/// The share of values that stand once.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn unique<T: Ord + Copy>(values: &[T]) -> f64 {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(*value).or_default() += 1;
    }
    counts.values().filter(|count| **count == 1).count() as f64 / values.len() as f64
}

/// How many entries two sorted lists share, each counted once.
fn common(a: &SlotTopics, b: &SlotTopics) -> u32 {
    let (mut left, mut right, mut shared) = (0, 0, 0);
    while left < a.len() && right < b.len() {
        match a[left].cmp(&b[right]) {
            std::cmp::Ordering::Less => left += 1,
            std::cmp::Ordering::Greater => right += 1,
            std::cmp::Ordering::Equal => (left, right, shared) = (left + 1, right + 1, shared + 1),
        }
    }
    shared
}

/// How often the best match of `known[i]` among `released` is `released[i]`; ties are guessed.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn found<A, B>(known: &[A], released: &[B], likeness: impl Fn(&A, &B) -> u32) -> f64 {
    let mut hits = 0.0;
    for (place, known) in known.iter().enumerate() {
        let (mut best, mut ties) = (0, 0_usize);
        for released in released {
            match likeness(known, released) {
                likeness if likeness > best || ties == 0 => (best, ties) = (likeness, 1),
                likeness if likeness == best => ties += 1,
                _ => {}
            }
        }
        if likeness(known, &released[place]) == best {
            hits += 1.0 / ties as f64;
        }
    }
    hits / known.len() as f64
}
