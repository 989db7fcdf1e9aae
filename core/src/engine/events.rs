//! `track`: events in, through the gate, into the history.

use super::{Call, Inner, Recommender};
use crate::catalog::View;
use crate::error::{Error, Result};
use crate::event::{Action, Event, IgnoredReason, StoredEvent, Tracked, ValidEvent};

/// Most events of one `track_all`.
pub const MAX_EVENTS_PER_CALL: usize = 1_000;

impl Recommender {
    /// Takes an event and says what became of it. Lack of consent is an answer, not an error.
    ///
    /// Cost: one append to the sealed history, and an fsync where the configuration asks for it. May block on disk.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the field; a storage error, and then the event was not kept.
    ///
    /// # Privacy
    /// At level Off nothing is read, written or kept.
    pub fn track(&self, event: Event) -> Result<Tracked> {
        let outcome = self.call(|inner, call| {
            let event = ValidEvent::new(event, call.now_ms)?;
            inner.track(self, vec![event], call)
        })?;
        outcome
            .into_iter()
            .next()
            .ok_or_else(|| Error::Internal { reason: "an event without an outcome".into() })
    }

    /// Takes events with one append and at most one fsync: all of those that may be kept, or on an error none.
    ///
    /// # Errors
    /// As for [`track`](Self::track); the field begins with `events[i]`.
    ///
    /// # Privacy
    /// As for [`track`](Self::track).
    pub fn track_all(&self, events: Vec<Event>) -> Result<Vec<Tracked>> {
        if events.len() > MAX_EVENTS_PER_CALL {
            return Err(Error::invalid(
                "events",
                format!("must be at most {MAX_EVENTS_PER_CALL} in one call"),
            ));
        }
        self.call(|inner, call| {
            let mut valid = Vec::with_capacity(events.len());
            for (place, event) in events.into_iter().enumerate() {
                valid.push(ValidEvent::new(event, call.now_ms).map_err(|error| match error {
                    Error::InvalidArgument { field, reason } => Error::InvalidArgument {
                        field: format!("events[{place}]{}", field.trim_start_matches("event")),
                        reason,
                    },
                    other => other,
                })?);
            }
            inner.track(self, valid, call)
        })
    }
}

impl Inner {
    fn track(
        &mut self,
        recommender: &Recommender,
        events: Vec<ValidEvent>,
        call: &mut Call,
    ) -> Result<Vec<Tracked>> {
        let config = &recommender.config;
        let gate = self.gate(config, call.now_ms);
        let learns = gate.learns();
        let uses: Vec<_> = events.iter().map(|event| (event.served.clone(), event.chosen.clone())).collect();
        let view = self.catalog.view();
        let admit = |event: ValidEvent| {
            // Consent first: without it nothing looks at what the event is about.
            gate.admit(event)?.narrow(|kept| withhold(view, kept)).ok_or(IgnoredReason::Sensitive)
        };
        let admitted = events.into_iter().map(admit).collect();
        let kept_before = self.person.history.len();
        let mut outcome = self.person.history.record(
            admitted,
            call.now_ms,
            config.retention(),
            config.event_durability,
            &mut call.random,
        )?;
        if outcome.iter().any(|outcome| matches!(outcome, Tracked::Stored | Tracked::SessionOnly)) {
            self.person.go_on_from(kept_before);
            self.person.retain(call, config);
        }
        if learns {
            for ((served, chosen), outcome) in uses.into_iter().zip(&mut outcome) {
                if !served.is_empty() {
                    self.person.show(served.iter().map(String::as_str), call.now_ms);
                    *outcome = Tracked::SessionOnly;
                }
                if let Some((answer, items)) = chosen
                    && *outcome != Tracked::Ignored(IgnoredReason::Repeated)
                {
                    items.iter().for_each(|item| self.served.choose(&answer, item));
                }
            }
        }
        Ok(outcome)
    }
}

/// What is left of an event without the items of sensitive categories, if anything is. What the shopper does not want to see is
/// taken from any category.
pub(super) fn withhold(view: &View, event: StoredEvent) -> Option<StoredEvent> {
    let left = match event.action {
        Action::ViewCategory(text) | Action::Search(text) if view.is_sensitive_text(&text) => None,
        Action::NotInterested(subject) => Some(Action::NotInterested(subject)),
        action => {
            action.without(|item| view.index_of(item).is_some_and(|index| view.is_sensitive_item(index)))
        }
    };
    left.map(|action| StoredEvent { action, ..event })
}
