//! What training saw of the log: for baselines, novelty and the popularity of what was wanted.
//!
//! In: a log and where training stopped in each of its sequences. Out: sequences of the pack's items, and counts. Must
//! never hold an event that is asked for.

use serde_json::Value;
use tastekeeper::model::Model;

use super::Protocol;
use crate::dataset::Dataset;
use crate::train::split::{Split, SplitError};

/// The training part of a log, in the pack's items.
#[derive(Clone, Debug, Default)]
pub(super) struct Training {
    /// Items of each sequence, oldest first, with repeats; without those the pack does not know.
    pub(super) sequences: Vec<Vec<u32>>,
    /// Sequences that are not empty.
    pub(super) users: u64,
    /// By item: sequences that have it.
    pub(super) users_of_item: Vec<u64>,
    /// By item: its events.
    pub(super) events_of_item: Vec<u64>,
}

impl Training {
    /// The first `cuts` events of each sequence.
    pub(super) fn new(dataset: &Dataset, cuts: &[usize], index: &[Option<u32>], items: u32) -> Self {
        let mut out = Self {
            users_of_item: vec![0; items as usize],
            events_of_item: vec![0; items as usize],
            ..Self::default()
        };
        let mut last_user = vec![usize::MAX; items as usize];
        for (user, (sequence, &cut)) in dataset.sequences.iter().zip(cuts).enumerate() {
            let known: Vec<u32> =
                sequence.events[..cut].iter().filter_map(|event| index[event.item as usize]).collect();
            for &item in &known {
                let item = item as usize;
                out.events_of_item[item] += 1;
                out.users_of_item[item] += u64::from(last_user[item] != user);
                last_user[item] = user;
            }
            out.users += u64::from(!known.is_empty());
            out.sequences.push(known);
        }
        out
    }
}

/// Where training stopped in the log that is asked about; `None` for a protocol whose log training never saw.
///
/// A published leave-one-out comparison trains without the event before the last, a shop may train with it. The pack's
/// summary says how many events it was trained on, and that tells the two apart.
///
/// # Errors
/// As for [`Protocol::cases`].
pub(super) fn cuts(
    protocol: Protocol,
    dataset: &Dataset,
    model: &Model,
) -> Result<Option<Vec<usize>>, SplitError> {
    let split = match protocol {
        Protocol::NextClick => return Ok(None),
        Protocol::Temporal { share } => Split::TemporalByEvent { share },
        Protocol::TemporalSessions { share } => Split::TemporalBySequence { share },
        Protocol::LeaveOneOut => {
            let with = Split::LeaveOneOut { train_on_validation: true }.cuts(&dataset.sequences)?;
            let trained = summary(model).and_then(|summary| summary["data"]["events"].as_u64());
            if trained == Some(with.iter().sum::<usize>() as u64) {
                return Ok(Some(with));
            }
            Split::LeaveOneOut { train_on_validation: false }
        }
    };
    split.cuts(&dataset.sequences).map(Some)
}

/// The pack's training summary.
fn summary(model: &Model) -> Option<Value> {
    serde_json::from_str(model.summary()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{AttributeTable, Interaction, InteractionKind, Sequence};

    #[test]
    fn users_and_events_are_counted_up_to_the_cut() {
        let event = |item| Interaction { item, kind: InteractionKind::View, time_ms: None };
        let sequence = |items: &[u32]| Sequence {
            user: String::new(),
            events: items.iter().copied().map(event).collect(),
        };
        let dataset = Dataset {
            items: vec![String::new(); 3],
            sequences: vec![sequence(&[0, 0, 1, 2]), sequence(&[1, 0]), sequence(&[2, 0])],
            attributes: AttributeTable::default(),
        };
        // item 0 is the pack's 1, item 1 its 0; the pack does not know item 2
        let training = Training::new(&dataset, &[3, 1, 1], &[Some(1), Some(0), None], 4);
        assert_eq!(training.sequences, [vec![1, 1, 0], vec![0], vec![]]);
        assert_eq!(training.events_of_item, [2, 2, 0, 0]);
        assert_eq!(training.users_of_item, [2, 1, 0, 0]);
        assert_eq!(training.users, 2);
    }
}
