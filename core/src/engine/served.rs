//! The answers of this visit, in memory: to continue them, to explain them, and to count what came of them.

use std::collections::{BTreeMap, VecDeque};

use crate::consent::PersonalizationLevel;
use crate::explain::Breakdown;
use crate::policy::MAX_ANSWERS;
use crate::ranking::request::Request;

/// How many items of one answer are remembered, over all its continuations.
const MAX_ITEMS_PER_ANSWER: usize = 1_000;

/// One answer.
pub(super) struct Answer {
    pub(super) id: String,
    pub(super) request: Request,
    /// The level it was given at.
    pub(super) level: PersonalizationLevel,
    /// The items given so far, with their explanations, in their order.
    pub(super) items: Vec<(String, Breakdown)>,
}

/// How often recommendations of one kind at one level were given and chosen in this visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hits {
    /// The kind's name, such as `for_you`.
    pub kind: &'static str,
    /// The level the answers were given at.
    pub level: PersonalizationLevel,
    /// Items given.
    pub given: u64,
    /// Events that named an answer and an item of it.
    pub chosen: u64,
}

/// The answers of this visit.
#[derive(Default)]
pub(super) struct Served {
    answers: VecDeque<Answer>,
    /// Items given and chosen.
    counts: BTreeMap<(&'static str, PersonalizationLevel), (u64, u64)>,
}

impl Served {
    pub(super) fn remember(&mut self, answer: Answer) {
        self.count((answer.request.kind.name(), answer.level), answer.items.len());
        self.answers.push_front(answer);
        self.answers.truncate(MAX_ANSWERS);
    }

    /// Adds the continuation of an answer.
    pub(super) fn extend(&mut self, id: &str, items: Vec<(String, Breakdown)>) {
        let Some(place) = self.answers.iter().position(|answer| answer.id == id) else { return };
        let key = (self.answers[place].request.kind.name(), self.answers[place].level);
        self.count(key, items.len());
        self.answers[place].items.extend(items);
        self.answers[place].items.truncate(MAX_ITEMS_PER_ANSWER);
    }

    fn count(&mut self, key: (&'static str, PersonalizationLevel), items: usize) {
        self.counts.entry(key).or_default().0 += u64::try_from(items).unwrap_or(u64::MAX);
    }

    pub(super) fn find(&self, id: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.id == id)
    }

    /// Counts an event that came from an answer.
    pub(super) fn choose(&mut self, id: &str, item: &str) {
        let key = self
            .find(id)
            .filter(|answer| answer.items.iter().any(|(given, _)| given == item))
            .map(|answer| (answer.request.kind.name(), answer.level));
        if let Some(key) = key {
            self.counts.entry(key).or_default().1 += 1;
        }
    }

    pub(super) fn hits(&self) -> Vec<Hits> {
        let counts = self.counts.iter();
        counts.map(|(&(kind, level), &(given, chosen))| Hits { kind, level, given, chosen }).collect()
    }
}
