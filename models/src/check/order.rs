//! Whether the order inside sequences is people's, or an artefact of how the log was made.
//!
//! In: a data set. Out: two tests. *One-way pairs*: when two items are neighbours in several sequences, people mostly
//! meet them in both orders; where a log was sorted by something else (a file order, an id, a day with its ties), one
//! order is left. *Ascending ids*: neighbours whose ids ascend more often than they descend.
//! Must never hold more than a number per event.

use serde::Serialize;

use super::ratio;
use crate::dataset::Dataset;

/// Whether the order of events can be trusted. A `z` is a distance from chance in standard deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct OrderFacts {
    /// Unordered pairs of different items that are neighbours in at least two sequences.
    pub pairs: u64,
    /// Share of these pairs that occur in one order only.
    pub one_way: f64,
    /// The share if each order were as likely: the mean of `2^(1-n)` over pairs seen `n` times.
    pub one_way_by_chance: f64,
    /// How far `one_way` is from chance, by the sum of the pairs' variances.
    pub one_way_z: f64,
    /// Share of the neighbours (different items) whose ids ascend. Ids are compared as numbers if all are, otherwise
    /// as texts.
    pub ascending: f64,
    /// How far `ascending` is from one half.
    pub ascending_z: f64,
    /// As `ascending`, only of neighbours with the same time; 0 without any.
    pub ascending_ties: f64,
    /// How far `ascending_ties` is from one half.
    pub ascending_ties_z: f64,
    /// Share of the items whose id is greater than that of the item that appeared before it for the first time.
    pub ids_in_file_order: f64,
}

impl OrderFacts {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let rank = ranks(&dataset.items);
        let mut directed: Vec<u64> = Vec::new();
        let (mut neighbours, mut ascending, mut ties, mut ascending_ties) = (0, 0, 0, 0);
        for sequence in &dataset.sequences {
            let own = directed.len();
            for pair in sequence.events.windows(2).filter(|pair| pair[0].item != pair[1].item) {
                let (a, b) = (rank[pair[0].item as usize], rank[pair[1].item as usize]);
                let up = u64::from(a < b);
                let tie = u64::from(pair[0].time_ms.is_some() && pair[0].time_ms == pair[1].time_ms);
                neighbours += 1;
                ascending += up;
                ties += tie;
                ascending_ties += tie * up;
                // Below 2^24 items each fits in 31 bits; the lowest bit is the direction.
                directed.push((u64::from(a.min(b)) << 32) | (u64::from(a.max(b)) << 1) | up);
            }
            // A pair that one person walks ten times is one witness.
            directed[own..].sort_unstable();
            let mut kept = own;
            for index in own..directed.len() {
                if index == own || directed[index] != directed[kept - 1] {
                    directed[kept] = directed[index];
                    kept += 1;
                }
            }
            directed.truncate(kept);
        }
        directed.sort_unstable();
        let (mut pairs, mut one_way, mut expected, mut variance) = (0_u64, 0_u64, 0.0, 0.0);
        for pair in directed.chunk_by(|a, b| a >> 1 == b >> 1).filter(|pair| pair.len() >= 2) {
            pairs += 1;
            one_way += u64::from(pair[0] == pair[pair.len() - 1]);
            let chance = 2.0_f64.powi(1 - i32::try_from(pair.len()).unwrap_or(i32::MAX));
            expected += chance;
            variance += chance * (1.0 - chance);
        }
        let in_file_order = rank.windows(2).filter(|pair| pair[0] < pair[1]).count() as u64;
        Self {
            pairs,
            one_way: ratio(one_way, pairs),
            one_way_by_chance: if pairs == 0 { 0.0 } else { expected / ratio(pairs, 1) },
            one_way_z: if variance > 0.0 { (ratio(one_way, 1) - expected) / variance.sqrt() } else { 0.0 },
            ascending: ratio(ascending, neighbours),
            ascending_z: from_half(ascending, neighbours),
            ascending_ties: ratio(ascending_ties, ties),
            ascending_ties_z: from_half(ascending_ties, ties),
            ids_in_file_order: ratio(in_file_order, (rank.len() as u64).saturating_sub(1)),
        }
    }
}

/// Standard deviations between `part` of `whole` and one half (sign test, normal approximation).
fn from_half(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (2.0 * ratio(part, whole) - 1.0) * ratio(whole, 1).sqrt() }
}

/// The place of each id among all, as numbers if all are.
fn ranks(ids: &[String]) -> Vec<u32> {
    let numbers: Option<Vec<u64>> = ids.iter().map(|id| id.parse().ok()).collect();
    let mut order: Vec<u32> = (0..).take(ids.len()).collect();
    match numbers {
        Some(numbers) => order.sort_by_key(|index| numbers[*index as usize]),
        None => order.sort_by(|a, b| ids[*a as usize].cmp(&ids[*b as usize])),
    }
    let mut rank = vec![0; ids.len()];
    for (place, index) in (0..).zip(order) {
        rank[index as usize] = place;
    }
    rank
}
