//! A phone that many shoppers use one after the other, each with an empty history.
//!
//! In: the events of a log. Out: answers of the engine and how long they took.
//!
//! Level OnDevice, all files in memory. Events are tracked as what the log says they were, so that their weights and
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
    Recommender, Request, Result,
};

use super::LIST_LENGTH;
use crate::dataset::{Dataset, Interaction, InteractionKind};
use crate::reference::HISTORY_EVENTS;

/// The time it is during an evaluation; any would do.
const NOW_MS: i64 = 1_800_000_000_000;
/// When events happened: past the 30 days for which purchases are hidden, within the 90 days that history is kept.
const EVENTS_MS: i64 = NOW_MS - 60 * 24 * 60 * 60 * 1000;

/// See the module.
pub(super) struct Phone {
    recommender: Recommender,
    /// Events of the shopper that were lived through.
    lived: usize,
}

/// One answer.
pub(super) struct Answer {
    /// Item ids, best first.
    pub(super) items: Vec<String>,
    /// How long `recommend` took.
    pub(super) took: Duration,
}

impl Phone {
    pub(super) fn new(model: &Arc<Model>) -> Result<Self> {
        let clock = Arc::new(FixedClock::new(NOW_MS));
        let platform = Platform::in_memory(clock, Arc::new(SeededRandom::new(0)));
        let recommender = Recommender::open(Config::default(), platform)?;
        recommender.install_model(model.clone())?;
        recommender.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("evaluation")))?;
        Ok(Self { recommender, lived: 0 })
    }

    /// The next shopper takes the phone: nothing of the one before is left.
    pub(super) fn hand_over(&mut self) -> Result<()> {
        if self.lived > 0 {
            self.recommender.forget(Forget::Everything)?;
            self.lived = 0;
        }
        Ok(())
    }

    /// Lives through what of `history` was not lived through yet.
    pub(super) fn live(&mut self, dataset: &Dataset, history: &[Interaction]) -> Result<()> {
        let from = self.lived.max(history.len().saturating_sub(HISTORY_EVENTS));
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
        self.lived = history.len();
        self.recommender.track_all(events).map(drop)
    }

    /// Asks for the home screen's list.
    #[allow(clippy::disallowed_methods, reason = "latency is measured, nothing depends on it")]
    pub(super) fn ask<'id>(&self, exclude: impl Iterator<Item = &'id str>) -> Result<Answer> {
        let request = Request {
            exclude_ids: exclude.map(str::to_owned).collect(),
            diversity: Some(0.0),
            exploration_rate: Some(0.0),
            ..Request::new(RecommendationKind::ForYou).count(LIST_LENGTH).seed(0)
        };
        let start = Instant::now();
        let answer = self.recommender.recommend(request)?;
        let took = start.elapsed();
        Ok(Answer { items: answer.items.into_iter().map(|item| item.item_id).collect(), took })
    }
}

fn count_ms(events: usize) -> i64 {
    i64::try_from(events).expect("a history lies in memory")
}
