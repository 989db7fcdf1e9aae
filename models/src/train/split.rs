//! Where training stops in each sequence.
//!
//! A split is one number per sequence: events before it are training, the others are held out. Every protocol
//! (leave-one-out, temporal, all) is such a list, so a second split can be made inside the training part of the first.

use crate::dataset::Sequence;

/// How events are held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split {
    /// The last event of every sequence is the test. The one before it is for validation in the comparisons that papers
    /// publish, and is not trained on there either.
    LeaveOneOut {
        /// Trains on the event before the last as well: a better model, not comparable with published figures.
        train_on_validation: bool,
    },
    /// Whole sequences: the `share` of them that ended last.
    TemporalBySequence {
        /// Share of sequences held out, above 0 and below 1.
        share: f64,
    },
    /// Events: the `share` of all events that happened last.
    TemporalByEvent {
        /// Share of events held out, above 0 and below 1.
        share: f64,
    },
    /// Nothing is held out.
    All,
}

/// Why a split cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// A temporal split of a log with events that have no time.
    #[error("a temporal split needs a time for every event; add a time column or split leave-one-out")]
    NoTime,
    /// The share is not between 0 and 1.
    #[error("the share to hold out must lie above 0 and below 1")]
    Share,
}

impl Split {
    /// The number of training events of each sequence.
    ///
    /// Sequences that end at the same moment as the temporal limit stay in training. `O(n log n)` for temporal splits.
    ///
    /// # Errors
    /// A temporal split needs times and a share between 0 and 1.
    pub fn cuts(self, sequences: &[Sequence]) -> Result<Vec<usize>, SplitError> {
        self.cuts_by(sequences.len(), |s| sequences[s].events.len(), |s, p| sequences[s].events[p].time_ms)
    }

    pub(crate) fn cuts_by(
        self,
        sequences: usize,
        length: impl Fn(usize) -> usize,
        time: impl Fn(usize, usize) -> Option<i64>,
    ) -> Result<Vec<usize>, SplitError> {
        let all = (0..sequences).map(&length);
        match self {
            Self::All => Ok(all.collect()),
            Self::LeaveOneOut { train_on_validation: true } => {
                Ok(all.map(|n| n - usize::from(n >= 2)).collect())
            }
            Self::LeaveOneOut { train_on_validation: false } => {
                Ok(all.map(|n| n - usize::from(n >= 2) - usize::from(n >= 3)).collect())
            }
            Self::TemporalBySequence { share } => {
                let mut ends = Vec::with_capacity(sequences);
                for s in 0..sequences {
                    let n = length(s);
                    ends.push(if n == 0 { None } else { Some(time(s, n - 1).ok_or(SplitError::NoTime)?) });
                }
                let limit = limit(ends.iter().flatten().copied().collect(), share)?;
                Ok((0..sequences)
                    .map(|s| if ends[s].is_some_and(|t| t > limit) { 0 } else { length(s) })
                    .collect())
            }
            Self::TemporalByEvent { share } => {
                let mut times = Vec::new();
                for s in 0..sequences {
                    for p in 0..length(s) {
                        times.push(time(s, p).ok_or(SplitError::NoTime)?);
                    }
                }
                let limit = limit(times, share)?;
                let first_late = |s: usize| {
                    let n = length(s);
                    (0..n).find(|&p| time(s, p).is_some_and(|t| t > limit)).unwrap_or(n)
                };
                Ok((0..sequences).map(first_late).collect())
            }
        }
    }
}

/// The time that `1 - share` of `times` do not exceed.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index"
)]
fn limit(mut times: Vec<i64>, share: f64) -> Result<i64, SplitError> {
    if !(share > 0.0 && share < 1.0) {
        return Err(SplitError::Share);
    }
    times.sort_unstable();
    let kept = ((times.len() as f64) * (1.0 - share)).ceil() as usize;
    Ok(times.get(kept.max(1) - 1).copied().unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Interaction, InteractionKind};

    fn sequence(times: &[i64]) -> Sequence {
        let event = |&t: &i64| Interaction { item: 0, kind: InteractionKind::View, time_ms: Some(t) };
        Sequence { user: String::new(), events: times.iter().map(event).collect() }
    }

    #[test]
    fn leave_one_out_takes_the_last_of_two_or_more() {
        let log = [sequence(&[]), sequence(&[1]), sequence(&[1, 2]), sequence(&[1, 2, 3])];
        let cuts = |train_on_validation| Split::LeaveOneOut { train_on_validation }.cuts(&log).unwrap();
        assert_eq!(cuts(true), [0, 1, 1, 2]);
        assert_eq!(cuts(false), [0, 1, 1, 1]);
        assert_eq!(Split::All.cuts(&log).unwrap(), [0, 1, 2, 3]);
    }

    #[test]
    fn temporal_splits_hold_out_what_happened_last() {
        let log = [sequence(&[1, 9]), sequence(&[2, 3]), sequence(&[4, 5, 6]), sequence(&[7])];
        assert_eq!(Split::TemporalBySequence { share: 0.5 }.cuts(&log).unwrap(), [0, 2, 3, 0]);
        // eight events, times 1 2 3 4 5 6 7 9: the last two are 7 and 9
        assert_eq!(Split::TemporalByEvent { share: 0.25 }.cuts(&log).unwrap(), [1, 2, 3, 0]);
    }

    #[test]
    fn a_temporal_split_without_times_or_with_a_wrong_share_is_refused() {
        let mut log = [sequence(&[1, 2])];
        assert_eq!(Split::TemporalByEvent { share: 1.0 }.cuts(&log), Err(SplitError::Share));
        log[0].events[1].time_ms = None;
        assert_eq!(Split::TemporalBySequence { share: 0.1 }.cuts(&log), Err(SplitError::NoTime));
    }
}
