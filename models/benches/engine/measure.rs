//! Turns taken one after the other, round by round, so that whatever slows the machine down slows every row alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Calls before the one that is timed. After one, megabytes that are read from one end to the other are not in a cache that
/// keeps streams out, and whoever reads them first in a round looks slow.
pub(crate) const WARM_UPS: usize = 4;

/// What was measured under one name.
pub(crate) struct Row {
    pub(crate) contest: String,
    pub(crate) name: String,
    /// The row it is compared with: of the same contest, measured in the same rounds.
    pub(crate) peer: Option<&'static str>,
    /// Ascending.
    pub(crate) samples: Vec<Duration>,
}

impl Row {
    /// The nearest-rank quantile, `share` in percent.
    pub(crate) fn percentile(&self, share: usize) -> Duration {
        self.samples[(self.samples.len() * share).div_ceil(100).max(1) - 1]
    }

    /// Median over the peer's median.
    pub(crate) fn ratio(&self, rows: &[Row]) -> Option<f64> {
        let peer =
            rows.iter().find(|row| row.contest == self.contest && Some(row.name.as_str()) == self.peer)?;
        Some(self.percentile(50).as_secs_f64() / peer.percentile(50).as_secs_f64())
    }
}

type Turn<'a> = Box<dyn FnMut() -> Duration + 'a>;

/// Rows that are measured together.
pub(crate) struct Contest<'a> {
    name: String,
    entries: Vec<(Row, Turn<'a>)>,
}

impl<'a> Contest<'a> {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), entries: Vec::new() }
    }

    /// Enters `turn`, which prepares what it needs and says how long the rest took.
    pub(crate) fn enter(
        &mut self,
        name: impl Into<String>,
        peer: Option<&'static str>,
        turn: impl FnMut() -> Duration + 'a,
    ) {
        let row = Row { contest: self.name.clone(), name: name.into(), peer, samples: Vec::new() };
        self.entries.push((row, Box::new(turn)));
    }

    /// A round to warm up, then `rounds` rounds in which everyone has one turn.
    pub(crate) fn run(mut self, rounds: usize) -> Vec<Row> {
        for round in 0..=rounds {
            for (row, turn) in &mut self.entries {
                let taken = turn();
                if round > 0 {
                    row.samples.push(taken);
                }
            }
        }
        let sorted = self.entries.into_iter().map(|(mut row, _)| {
            row.samples.sort_unstable();
            row
        });
        sorted.collect()
    }
}

/// How long `work` takes.
#[allow(clippy::disallowed_methods, reason = "this is the host, and it measures")]
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    let outcome = work();
    let taken = started.elapsed();
    black_box(outcome);
    taken
}

/// How long `work` takes when it was just done a few times: its neighbours of the round have emptied the caches before.
pub(crate) fn time_warm<T>(mut work: impl FnMut() -> T) -> Duration {
    for _ in 0..WARM_UPS {
        black_box(work());
    }
    time(work)
}
