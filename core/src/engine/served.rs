//! The answers of this visit, in memory: to continue them, to explain them, and to count what came of them.

use std::collections::{BTreeMap, VecDeque};

use crate::explain::Explanation;
use crate::ranking::request::Request;

/// How many answers are remembered.
const MAX_ANSWERS: usize = 32;
/// How many items of one answer are remembered, over all its continuations.
const MAX_ITEMS_PER_ANSWER: usize = 1_000;

/// One answer.
pub(super) struct Answer {
    pub(super) id: String,
    pub(super) request: Request,
    /// The items given so far, with their explanations, in their order.
    pub(super) items: Vec<(String, Explanation)>,
}

/// How often recommendations were given and chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Items given.
    pub given: u64,
    /// Events that named an answer and an item of it.
    pub chosen: u64,
}

/// The answers of this visit.
#[derive(Default)]
pub(super) struct Served {
    answers: VecDeque<Answer>,
    hits: BTreeMap<&'static str, Hits>,
}

impl Served {
    pub(super) fn remember(&mut self, answer: Answer) {
        self.count(&answer.request, answer.items.len());
        self.answers.push_front(answer);
        self.answers.truncate(MAX_ANSWERS);
    }

    /// Adds the continuation of an answer.
    pub(super) fn extend(&mut self, id: &str, items: Vec<(String, Explanation)>) {
        let Some(place) = self.answers.iter().position(|answer| answer.id == id) else { return };
        let request = self.answers[place].request.clone();
        self.count(&request, items.len());
        self.answers[place].items.extend(items);
        self.answers[place].items.truncate(MAX_ITEMS_PER_ANSWER);
    }

    fn count(&mut self, request: &Request, items: usize) {
        self.hits.entry(request.kind.name()).or_default().given += u64::try_from(items).unwrap_or(u64::MAX);
    }

    pub(super) fn find(&self, id: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.id == id)
    }

    /// Counts an event that came from an answer.
    pub(super) fn choose(&mut self, id: &str, item: &str) {
        let kind = self
            .find(id)
            .filter(|answer| answer.items.iter().any(|(given, _)| given == item))
            .map(|answer| answer.request.kind.name());
        if let Some(kind) = kind {
            self.hits.entry(kind).or_default().chosen += 1;
        }
    }

    pub(super) fn hits(&self) -> &BTreeMap<&'static str, Hits> {
        &self.hits
    }
}
