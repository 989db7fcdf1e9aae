//! A phone that many shoppers use one after the other, each with an empty history.
//!
//! In: the events of a log. Out: answers of the engine and how long they took.
//!
//! All files are in memory. Events are tracked as what the log says they were, so that their weights and
//! explanations are a phone's. Two of the engine's rules keep items out of an answer whatever their score, and they
//! are the shop's choice rather than the model's quality: what lies in the cart, and what was bought within 30 days.
//! Here carts are emptied right after the event and all events are 60 days old, so that neither rule hides anything.
//! Age does not enter the score; order does.
//!
//! Only the newest 64 events of a history are tracked: the engine's window, older ones change no answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tastekeeper::model::Model;
use tastekeeper::platform::{FixedClock, SeededRandom};
use tastekeeper::{
    Config, Consent, Event, EventKind, Forget, PersonalizationLevel, Platform, RecommendationKind,
    Recommender, Request, Result, Retrieval,
};

use crate::dataset::{Dataset, Interaction, InteractionKind};
use crate::reference::HISTORY_EVENTS;

/// The time it is during an evaluation; any would do.
const NOW_MS: i64 = 1_800_000_000_000;
/// When events happened: past the 30 days for which purchases are hidden, within the 90 days that history is kept.
const EVENTS_MS: i64 = NOW_MS - 60 * 24 * 60 * 60 * 1000;

/// See the module.
pub(super) struct Phone {
    model: Arc<Model>,
    recommender: Recommender,
    retrieval: Retrieval,
    /// Events of the shopper from this one on, up to that one, were lived through.
    lived: (usize, usize),
}

/// One answer.
pub(super) struct Answer {
    /// Item indices, best first.
    pub(super) items: Vec<u32>,
    /// How long `recommend` took.
    pub(super) took: Duration,
}

impl Phone {
    pub(super) fn new(model: &Arc<Model>, level: PersonalizationLevel, retrieval: Retrieval) -> Result<Self> {
        let clock = Arc::new(FixedClock::new(NOW_MS));
        let platform = Platform::in_memory(clock, Arc::new(SeededRandom::new(0)));
        let recommender = Recommender::open(Config::default(), platform)?;
        recommender.install_model(model.clone())?;
        if level > PersonalizationLevel::Off {
            recommender.set_level(level, Some(&Consent::new("evaluation")))?;
        }
        Ok(Self { model: model.clone(), recommender, retrieval, lived: (0, 0) })
    }

    /// The next shopper takes the phone, or the next visit begins: nothing of what was before is left.
    pub(super) fn hand_over(&mut self) -> Result<()> {
        if self.lived.0 < self.lived.1 {
            self.recommender.forget(Forget::Everything)?;
        }
        self.lived = (0, 0);
        Ok(())
    }

    /// Lives through what of `history` from place `start` on was not lived through yet. A `start` that is not the one
    /// before is a new visit.
    pub(super) fn live(&mut self, dataset: &Dataset, history: &[Interaction], start: usize) -> Result<()> {
        if self.lived.0 != start {
            self.hand_over()?;
            self.lived = (start, start);
        }
        let from = self.lived.1.max(history.len().saturating_sub(HISTORY_EVENTS));
        let mut events = Vec::with_capacity(history.len() - from);
        for (time_ms, event) in (EVENTS_MS + count_ms(from)..).zip(&history[from..]) {
            let id = dataset.items[event.item as usize].as_str();
            let kind = match event.kind {
                InteractionKind::View => EventKind::ViewItem,
                InteractionKind::Cart => EventKind::AddToCart,
                InteractionKind::Wishlist => EventKind::AddToWishlist,
                InteractionKind::Purchase => EventKind::Purchase,
            };
            events.push(Event::of_item(kind, id).at(time_ms));
            if event.kind == InteractionKind::Cart {
                events.push(Event::of_item(EventKind::RemoveFromCart, id).at(time_ms));
            }
        }
        self.lived.1 = history.len();
        self.recommender.track_all(events).map(drop)
    }

    /// Asks for the home screen's list of `count` items, without those in `exclude`.
    #[allow(clippy::disallowed_methods, reason = "latency is measured, nothing depends on it")]
    pub(super) fn ask(&self, count: usize, exclude: &[u32]) -> Result<Answer> {
        let ids = exclude.iter().filter_map(|&item| self.model.id(item));
        let request = Request {
            exclude_ids: ids.map(str::to_owned).collect(),
            diversity: Some(0.0),
            exploration_rate: Some(0.0),
            retrieval: self.retrieval,
            ..Request::new(RecommendationKind::ForYou).count(count).seed(0)
        };
        let start = Instant::now();
        let answer = self.recommender.recommend(request)?;
        let took = start.elapsed();
        let items = answer.items.iter().filter_map(|item| self.model.index_of(&item.item_id)).collect();
        Ok(Answer { items, took })
    }
}

/// Where the visit began in which event `position` happened: after the last pause of `idle_ms` or more, which may be
/// the one right before it. Nothing tells visits apart in a log without times; there it is taken to have begun with the
/// event before, the least that a visit can have seen.
pub(super) fn visit_start(events: &[Interaction], position: usize, idle_ms: i64) -> usize {
    let goes_on = |place: &usize| match (events[*place - 1].time_ms, events[*place].time_ms) {
        (Some(before), Some(after)) => after.saturating_sub(before) < idle_ms,
        _ => *place == position,
    };
    position - (1..=position).rev().take_while(goes_on).count()
}

fn count_ms(events: usize) -> i64 {
    i64::try_from(events).expect("a history lies in memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_ends_with_a_pause() {
        let event = |time_ms| Interaction { item: 0, kind: InteractionKind::View, time_ms };
        let timed: Vec<Interaction> = [0, 5, 14, 24, 30].map(|time| event(Some(time))).to_vec();
        let start = |position| visit_start(&timed, position, 10);
        // pauses: 5, 9, 10 (ends the visit), 6
        assert_eq!([1, 2, 3, 4].map(start), [0, 0, 3, 3]);
        let untimed = vec![event(None); 4];
        assert_eq!([1, 2, 3].map(|position| visit_start(&untimed, position, 10)), [0, 1, 2]);
    }
}
