//! What preference reports tell about all shoppers, and what about one: measured on histories.
//!
//! In: the slots of shoppers, a mechanism. Out: the error of the estimate against the number of reports, and how far a report
//! can be told apart, linked to the next one, or found by who knows the profile.
//! Must never be evidence for the guarantee: that is the proof in `core/docs/privacy.md`. This shows what it means on data.

mod attack;
mod measure;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use tastekeeper::report::{Draws, Parameters, SLOTS, SlotTopics, sample};

use crate::aggregate::Estimator;
use crate::dataset::{AttributeKind, Dataset, Interaction};
use crate::train::random::below;

pub use attack::{Attack, attack};
pub use measure::{AttackRow, MeasureConfig, MeasureError, Measured, measure};

/// Draws for simulated shoppers.
pub(crate) struct Simulated(pub(crate) ChaCha8Rng);

impl Simulated {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn index(&mut self, bound: usize) -> usize {
        below(&mut self.0, bound)
    }
}

impl Draws for Simulated {
    fn below(&mut self, range: u32) -> tastekeeper::Result<u32> {
        let drawn = below(&mut self.0, usize::try_from(range).unwrap_or_default());
        Ok(u32::try_from(drawn).unwrap_or_default())
    }
}

/// Shoppers' slots at two times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slots {
    /// At the end of the log.
    pub now: Vec<SlotTopics>,
    /// Without the last quarter of each shopper's events.
    pub before: Vec<SlotTopics>,
}

/// The slots of every shopper of a log, whatever the age of events: the last 8 distinct items that have a topic.
#[must_use]
pub fn slots(log: &Dataset, topic_of_item: &[u8]) -> Slots {
    let of = |events: &[Interaction]| {
        let mut slots = [0; SLOTS as usize];
        let mut seen = Vec::new();
        for event in events.iter().rev() {
            let topic = topic_of_item[event.item as usize];
            if seen.len() == slots.len() {
                break;
            }
            if topic != 0 && !seen.contains(&event.item) {
                slots[seen.len()] = topic;
                seen.push(event.item);
            }
        }
        slots
    };
    let mut slots = Slots::default();
    for sequence in &log.sequences {
        let events = &sequence.events;
        slots.now.push(of(events));
        slots.before.push(of(&events[..events.len() - events.len().div_ceil(4)]));
    }
    slots
}

/// Topics for items that have attributes and no categories: the most frequent attributes that at most a fifth of the items has,
/// each item with the rarest of its own. For measuring on such data only; a real vocabulary has a tree.
#[must_use]
pub fn topics_by_attribute(log: &Dataset, topics: u8) -> Vec<u8> {
    let entries = &log.attributes.entries;
    let mut items = vec![0_usize; entries.len()];
    for &entry in log.attributes.of_item.iter().flatten() {
        items[entry as usize] += usize::from(entries[entry as usize].kind == AttributeKind::Other);
    }
    let mut chosen: Vec<usize> =
        (0..entries.len()).filter(|&entry| items[entry] > 0 && items[entry] * 5 <= log.items.len()).collect();
    chosen.sort_by(|&a, &b| items[b].cmp(&items[a]).then_with(|| a.cmp(&b)));
    chosen.truncate(usize::from(topics.max(2)) - 1);
    let topic = |of_item: &Vec<u32>| {
        let places =
            of_item.iter().filter_map(|&entry| chosen.iter().position(|&found| found == entry as usize));
        // the most frequent stand first, so the last is the rarest
        places.max().and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0)
    };
    log.attributes.of_item.iter().map(topic).collect()
}

/// How well a number of reports tells the shares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorRow {
    /// Reports.
    pub reports: usize,
    /// `R`.
    pub ratio: u8,
    /// Root of the mean squared error of a topic's share, in points.
    pub error_points: f64,
    /// Half of the 95 % interval of a topic that nobody has, in points.
    pub half_width_points: f64,
    /// How often the interval held the share.
    pub coverage: f64,
}

/// Draws `reports` reports of shoppers taken at random, `rounds` times, and compares estimates with the shares of all.
///
/// # Panics
/// If a slot is no topic of the mechanism, or there is no shopper.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
pub fn error(
    slots: &[SlotTopics],
    parameters: Parameters,
    reports: usize,
    rounds: usize,
    seed: u64,
) -> ErrorRow {
    let topics = usize::from(parameters.topics());
    let mut truth = vec![0.0; topics];
    for topic in slots.iter().flatten() {
        truth[usize::from(*topic)] += 1.0 / (slots.len() * usize::from(SLOTS)) as f64;
    }
    let estimator = Estimator::new(parameters);
    let mut draws = Simulated::new(seed);
    let (mut squares, mut held) = (0.0, 0_usize);
    for _ in 0..rounds {
        let mut named = vec![0_u64; topics];
        for _ in 0..reports {
            let shopper = draws.index(slots.len());
            let mask =
                sample(parameters, &slots[shopper], &mut draws).expect("slots are topics of the mechanism");
            for (topic, named) in named.iter_mut().enumerate() {
                *named += mask >> topic & 1;
            }
        }
        for (named, truth) in named.iter().zip(&truth) {
            let estimate = estimator.estimate(*named, reports as u64);
            squares += (estimate.share - truth).powi(2);
            held += usize::from((estimate.share - truth).abs() <= estimate.half_width);
        }
    }
    let all = (rounds * topics) as f64;
    ErrorRow {
        reports,
        ratio: parameters.ratio(),
        error_points: 100.0 * (squares / all).sqrt(),
        half_width_points: 100.0 * estimator.floor(reports as u64),
        coverage: held as f64 / all,
    }
}

#[cfg(test)]
mod tests;
