//! What all kinds of logs have in common: which columns hold what, and how events are collected.
//!
//! In: events in the order of the file. Out: a [`Dataset`], and what was noticed on the way ([`LogNotes`]).
//! Must never lose an event without counting it.

use std::collections::{BTreeMap, HashSet};

use super::attributes::{AttributeOptions, CategoryNodes, Descriptions, UnlistedItems};
use super::builder::{DatasetBuilder, ItemDescription};
use super::error::{Column, FileRole, InputError, Place};
use super::kind::{KindWords, plain};
use super::time::TimeUnit;
use crate::dataset::{Dataset, InteractionKind};

/// Which columns of a log hold what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogColumns {
    /// The column of the user or session.
    pub user: String,
    /// The column of the item.
    pub item: String,
    /// The column of the time; without one, the file's order counts.
    pub time: Option<String>,
    /// How times are written.
    pub time_unit: TimeUnit,
    /// The column of the event kind; without one, every event is a view.
    pub kind: Option<String>,
    /// What the kinds are called. A word that is neither here nor known to [`parse_kind`](super::parse_kind) is an
    /// error.
    pub kinds: KindWords,
}

impl LogColumns {
    /// With these columns, and no other.
    #[must_use]
    pub fn new(user: &str, item: &str) -> Self {
        Self {
            user: user.to_owned(),
            item: item.to_owned(),
            time: None,
            time_unit: TimeUnit::Auto,
            kind: None,
            kinds: KindWords::default(),
        }
    }

    /// With a column of times.
    #[must_use]
    pub fn time(self, column: &str) -> Self {
        Self { time: Some(column.to_owned()), ..self }
    }

    /// With a column of event kinds.
    #[must_use]
    pub fn kind(self, column: &str) -> Self {
        Self { kind: Some(column.to_owned()), ..self }
    }
}

/// What was noticed while a log was read, and is not to be seen in the data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogNotes {
    /// Events left out, by the plain form of their kind (lower case, without `_`, `-` and spaces) or by a reason in
    /// round brackets.
    pub skipped: BTreeMap<String, u64>,
    /// Events that are earlier than the same user's event before them in the file.
    pub out_of_order: u64,
}

impl LogNotes {
    /// How many events were left out.
    #[must_use]
    pub fn skipped_events(&self) -> u64 {
        self.skipped.values().sum()
    }
}

/// Collects the events of one log.
#[derive(Debug, Default)]
pub(super) struct LogBuilder {
    dataset: DatasetBuilder,
    notes: LogNotes,
    /// What the log says of its items, in the order of their first description.
    described: Vec<(String, ItemDescription, Place)>,
    known: HashSet<Box<str>>,
}

/// Most words that are counted by themselves; the rest are `(other)`.
const MAX_SKIPPED_WORDS: usize = 1000;

impl LogBuilder {
    pub(super) fn add(
        &mut self,
        at: Place,
        user: &str,
        item: &str,
        kind: InteractionKind,
        time_ms: Option<i64>,
    ) -> Result<(), InputError> {
        let in_order = self.dataset.add_at(FileRole::Log, at, user, item, kind, time_ms)?;
        self.notes.out_of_order += u64::from(!in_order);
        Ok(())
    }

    /// Leaves out an event of this kind.
    pub(super) fn skip(&mut self, word: &str) {
        self.skip_for(&plain(word));
    }

    /// Leaves out an event for this reason.
    pub(super) fn skip_for(&mut self, reason: &str) {
        let skipped = &mut self.notes.skipped;
        let fits = reason.len() <= 64 && (skipped.len() < MAX_SKIPPED_WORDS || skipped.contains_key(reason));
        *skipped.entry(if fits { reason } else { "(other)" }.to_owned()).or_default() += 1;
    }

    /// Takes what the log says of an item; the first description of an item counts.
    pub(super) fn describe(&mut self, at: Place, item: &str, description: impl FnOnce() -> ItemDescription) {
        if !self.known.contains(item) {
            self.known.insert(item.into());
            self.described.push((item.to_owned(), description(), at));
        }
    }

    pub(super) fn finish(self) -> Result<(Dataset, LogNotes), InputError> {
        let mut dataset = self.dataset.finish();
        if dataset.sequences.is_empty() {
            return Err(InputError::Empty { role: FileRole::Log });
        }
        if !self.described.is_empty() {
            let (role, unlisted) = (FileRole::Log, UnlistedItems::Drop);
            let options = AttributeOptions { unlisted, category_nodes: CategoryNodes::Paths };
            let mut descriptions = Descriptions::new(options, &dataset);
            for (item, description, at) in self.described {
                let column = || Column::Name("items".to_owned());
                descriptions.add(&item, description).map_err(|failure| failure.at(role, at, column()))?;
            }
            descriptions.finish(&mut dataset);
        }
        Ok((dataset, self.notes))
    }
}
