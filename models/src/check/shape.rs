//! Sizes, repeats, times and popularity.
//!
//! In: a data set. Out: numbers about it. Must never judge them; `findings` does.

use serde::Serialize;

use super::{CheckContext, ratio};
use crate::dataset::Dataset;

/// Events per user or session: the smallest, quantiles (nearest rank) and the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Lengths {
    /// Of all users.
    pub mean: f64,
    /// The fewest events.
    pub min: u64,
    /// A quarter have at most so many.
    pub p25: u64,
    /// Half have at most so many.
    pub median: u64,
    /// Three quarters have at most so many.
    pub p75: u64,
    /// Nine of ten have at most so many.
    pub p90: u64,
    /// 99 of 100 have at most so many.
    pub p99: u64,
    /// The most events.
    pub max: u64,
    /// Users with one event.
    pub single: u64,
    /// Users with at least three: one to learn from, one to validate on, one to test on.
    pub at_least_three: u64,
    /// Users with over 200 events and over 20 times the 90th percentile.
    pub suspiciously_long: u64,
    /// Share of the events that those users have.
    pub suspiciously_long_events: f64,
}

impl Lengths {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let mut lengths: Vec<u64> = dataset.sequences.iter().map(|s| s.events.len() as u64).collect();
        lengths.retain(|length| *length > 0);
        lengths.sort_unstable();
        let (Some(&min), Some(&max)) = (lengths.first(), lengths.last()) else { return Self::default() };
        let at = |percent: usize| lengths[(lengths.len() * percent).div_ceil(100).max(1) - 1];
        let (total, p90) = (lengths.iter().sum::<u64>(), at(90));
        let limit = 200.max(20 * p90);
        let long = &lengths[lengths.partition_point(|length| *length <= limit)..];
        Self {
            mean: ratio(total, lengths.len() as u64),
            min,
            p25: at(25),
            median: at(50),
            p75: at(75),
            p90,
            p99: at(99),
            max,
            single: lengths.partition_point(|length| *length <= 1) as u64,
            at_least_three: (lengths.len() - lengths.partition_point(|length| *length < 3)) as u64,
            suspiciously_long: long.len() as u64,
            suspiciously_long_events: ratio(long.iter().sum(), total),
        }
    }
}

/// How often something comes again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct RepeatFacts {
    /// Events with user, item, kind and time of another; only of events with a time.
    pub duplicates: u64,
    /// Events whose item the same user had before.
    pub same_item: u64,
    /// `same_item` as a share of all events.
    pub same_item_share: f64,
    /// Events whose item is that of the event before.
    pub same_item_at_once: u64,
}

impl RepeatFacts {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let mut out = Self::default();
        let mut events = 0;
        let mut seen = vec![usize::MAX; dataset.items.len()];
        let mut at_once: Vec<(u32, u8)> = Vec::new();
        for (s, sequence) in dataset.sequences.iter().enumerate() {
            events += sequence.events.len() as u64;
            for event in &sequence.events {
                out.same_item += u64::from(std::mem::replace(&mut seen[event.item as usize], s) == s);
            }
            out.same_item_at_once +=
                sequence.events.windows(2).filter(|pair| pair[0].item == pair[1].item).count() as u64;
            for group in sequence.events.chunk_by(|a, b| a.time_ms == b.time_ms) {
                if group.len() < 2 || group[0].time_ms.is_none() {
                    continue;
                }
                at_once.clear();
                at_once.extend(group.iter().map(|event| (event.item, event.kind as u8)));
                at_once.sort_unstable();
                out.duplicates += at_once.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
            }
        }
        out.same_item_share = ratio(out.same_item, events);
        out
    }
}

/// When events happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TimeFacts {
    /// The first event.
    pub first_ms: i64,
    /// The last event.
    pub last_ms: i64,
    /// Events earlier than the user's event before them in the file.
    pub out_of_order: u64,
    /// Share of the pairs of neighbours in a sequence that have the same time.
    pub ties: f64,
    /// Whether every time is midnight.
    pub only_days: bool,
    /// Events before the year 2000.
    pub before_2000: u64,
    /// Events more than a day after now.
    pub in_future: u64,
    /// Median time from a user's first event to the last, of users with at least two.
    pub median_span_ms: i64,
}

const DAY_MS: i64 = 86_400_000;
const YEAR_2000_MS: i64 = 946_684_800_000;

impl TimeFacts {
    pub(super) fn of(dataset: &Dataset, context: &CheckContext) -> Option<Self> {
        let mut out = Self { first_ms: i64::MAX, last_ms: i64::MIN, only_days: true, ..Self::default() };
        out.out_of_order = context.notes.out_of_order;
        let latest = context.now_ms.map_or(i64::MAX, |now| now.saturating_add(DAY_MS));
        let (mut pairs, mut ties, mut spans) = (0, 0, Vec::new());
        for sequence in &dataset.sequences {
            let mut before = None;
            for event in &sequence.events {
                let ms = event.time_ms?;
                (out.first_ms, out.last_ms) = (out.first_ms.min(ms), out.last_ms.max(ms));
                out.only_days &= ms % DAY_MS == 0;
                out.before_2000 += u64::from(ms < YEAR_2000_MS);
                out.in_future += u64::from(ms > latest);
                pairs += u64::from(before.is_some());
                ties += u64::from(before == Some(ms));
                before = Some(ms);
            }
            if let [first, .., last] = sequence.events.as_slice() {
                spans.push(last.time_ms?.saturating_sub(first.time_ms?));
            }
        }
        if out.first_ms > out.last_ms {
            return None;
        }
        spans.sort_unstable();
        out.median_span_ms = spans.get(spans.len() / 2).copied().unwrap_or(0);
        out.ties = ratio(ties, pairs);
        Some(out)
    }
}

/// How events fall on items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PopularityFacts {
    /// Gini coefficient of the events per item: 0 if all have as many, near 1 if one has all.
    pub gini: f64,
    /// Share of the events that the most popular hundredth of the items has (at least one item).
    pub top_percent_share: f64,
    /// Items with fewer than five events.
    pub under_five: u64,
}

impl PopularityFacts {
    #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
    pub(super) fn of(dataset: &Dataset) -> Self {
        let mut counts = vec![0_u64; dataset.items.len()];
        for event in dataset.sequences.iter().flat_map(|sequence| &sequence.events) {
            counts[event.item as usize] += 1;
        }
        counts.sort_unstable();
        let (n, total) = (counts.len(), counts.iter().sum::<u64>());
        if total == 0 {
            return Self::default();
        }
        let ranked: f64 = (1_u64..).zip(&counts).map(|(rank, count)| rank as f64 * *count as f64).sum();
        let top = &counts[n - n.div_ceil(100)..];
        Self {
            gini: 2.0 * ranked / (n as f64 * total as f64) - (n as f64 + 1.0) / n as f64,
            top_percent_share: ratio(top.iter().sum(), total),
            under_five: counts.partition_point(|count| *count < 5) as u64,
        }
    }
}

/// Items that first occur in the last tenth of the events, by time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ColdFacts {
    /// How many there are.
    pub items: u64,
    /// Share of the events of that tenth that are about them.
    pub events_share: f64,
}

impl ColdFacts {
    pub(super) fn of(dataset: &Dataset) -> Option<Self> {
        let events = || dataset.sequences.iter().flat_map(|sequence| &sequence.events);
        let mut times = events().map(|event| event.time_ms).collect::<Option<Vec<i64>>>()?;
        times.sort_unstable();
        let limit = *times.get((times.len() * 9).div_ceil(10).max(1) - 1)?;
        drop(times);
        let mut known = vec![false; dataset.items.len()];
        for event in events().filter(|event| event.time_ms <= Some(limit)) {
            known[event.item as usize] = true;
        }
        let (mut late, mut cold) = (0, 0);
        for event in events().filter(|event| event.time_ms > Some(limit)) {
            late += 1;
            cold += u64::from(!known[event.item as usize]);
        }
        let items = known.iter().filter(|known| !**known).count() as u64;
        Some(Self { items, events_share: ratio(cold, late) })
    }
}
