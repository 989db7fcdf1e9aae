//! What a call makes of the ideal phone, and what it may say: all permitted pairs of the two.
//!
//! A call of the engine is added here and in `step` and `calls`; the compiler names the places.

use tastekeeper::{IgnoredReason as Reason, Origin, PersonalizationLevel as Level, Tracked};

use super::calls::{Said, platform_signals};
use super::deed::{Deed, Memory};
use super::ideal::{Ideal, Kept, Ledger, Offered, Person};
use super::place::add;
use super::step::{Call, Offer, Scope, Way};
use crate::phone::DAY_MS;

/// What may be said, and the phone afterwards.
pub(super) type Ending = (Said, Ideal);

impl Ideal {
    /// Every way a call may end. `hit` says that an operation failed during it.
    #[must_use]
    pub(super) fn after(&self, call: &Call, now_ms: i64, hit: bool) -> Vec<Ending> {
        let mut endings = Vec::new();
        if *call == Call::Close {
            return vec![(Said::Done, self.clone())];
        }
        // Refused before anything is looked at.
        if let Call::SetLevel(_, Some(notice)) = call
            && !self.settings.notices.is_empty()
            && !self.settings.notices.contains(notice)
        {
            return vec![(Said::Invalid, self.clone())];
        }
        for (worked, phone) in self.pass(now_ms, hit) {
            if worked {
                phone.endings(call, now_ms, hit).into_iter().for_each(|ending| add(&mut endings, ending));
            } else {
                add(&mut endings, (Said::Failed, phone));
            }
        }
        endings
    }

    fn endings(self, call: &Call, now_ms: i64, hit: bool) -> Vec<Ending> {
        match call {
            Call::Track(deed, age, id) => self.track(&[(deed.clone(), *age, *id)], now_ms, hit),
            Call::TrackAll(events) => self.track(events, now_ms, hit),
            Call::Recommend(_) | Call::Rerank(_) | Call::Categories | Call::WarmUp | Call::Close => {
                vec![(Said::Done, self)]
            }
            Call::Read => self.read(hit),
            // An answer may no longer be remembered.
            Call::Next(_) | Call::Explain(_) => vec![(Said::Done, self.clone()), (Said::Invalid, self)],
            Call::SetLevel(level, notice) => self.set_level(*level, *notice, now_ms, hit),
            Call::Cmp(number) => self.apply_cmp(platform_signals(*number).1, now_ms, hit),
            Call::Protect(on) => {
                let person = Person { protected: *on, ..self.person().clone() };
                self.cap(person, Origin::Age, Said::Done, now_ms, hit)
            }
            Call::Kill(on) => self.kill(*on, hit),
            Call::Pause(on) => {
                let person = Person { paused: *on, ..self.person().clone() };
                self.change(person, Said::Done, hit)
            }
            Call::Interest(category, interest) => self.set_interest(*category, *interest, now_ms, hit),
            Call::Forget(Scope::Everything) => self.forget_everything(hit),
            Call::Forget(scope) => self.forget(scope, now_ms, hit),
            Call::Learn(scope, on) => self.learn(scope, *on, now_ms, hit),
            Call::Private(on) => self.turn_private(*on, now_ms, hit),
            Call::Switch(name) => self.switch(*name, now_ms, hit),
            Call::Merge(name) => self.merge(*name, now_ms, hit),
            Call::Delete(name) => match self.other(*name) {
                Some(number) => self.delete(number, hit),
                None => vec![(Said::Invalid, self)],
            },
            Call::Upsert(number, offer) => self.put(*number, Some(offered(offer, now_ms)), hit),
            Call::Patch(number, available) => match self.catalogue.get(number).cloned() {
                Some(Some(known)) => self.put(*number, Some(Offered { available: *available, ..known }), hit),
                None if self.has_model && *number < crate::phone::ITEMS => {
                    self.put(*number, Some(Offered { available: *available, ..Offered::default() }), hit)
                }
                // What was taken down comes back with `upsert_items` only.
                Some(None) | None => vec![(Said::Invalid, self)],
            },
            Call::Remove(number) => self.put(*number, None, hit),
            Call::Load(version, way) => self.load(*version, *way != Way::Install, hit),
        }
    }

    /// Calls that only read; the export also reads what is set aside.
    fn read(self, hit: bool) -> Vec<Ending> {
        let mut endings = vec![(Said::Done, self.clone())];
        if hit {
            endings.push((Said::Failed, self));
        }
        endings
    }

    fn track(self, events: &[(Deed, Option<i64>, Option<u32>)], now_ms: i64, hit: bool) -> Vec<Ending> {
        let time = |age: Option<i64>| now_ms - age.unwrap_or(0);
        if events.iter().any(|(_, age, _)| time(*age) > now_ms || time(*age) < 0) {
            return vec![(Said::Invalid, self)];
        }
        let level = self.level(now_ms);
        let refused = if level == Level::Off {
            Some(Reason::LevelOff)
        } else if self.ledger.stopped {
            Some(Reason::Stopped)
        } else {
            self.person().paused.then_some(Reason::Paused)
        };
        let mut kept = self.kept.clone();
        let mut outcome = Vec::new();
        for (deed, age, id) in events {
            let memory = Memory { deed: deed.clone(), time_ms: time(*age), id: *id };
            let known = |id: &u32| kept.events.iter().any(|memory| memory.id == Some(*id));
            outcome.push(match (refused, deed) {
                (Some(reason), _) => Tracked::Ignored(reason),
                (None, deed) if matches!(deed.plain(), Deed::Seen(_)) => Tracked::SessionOnly,
                (None, deed) if !deed.is_kept() => Tracked::Ignored(Reason::NotKept),
                _ if memory.time_ms < self.cutoff_ms(now_ms) => Tracked::Ignored(Reason::TooOld),
                _ if id.as_ref().is_some_and(known) => Tracked::Ignored(Reason::Repeated),
                _ => {
                    kept.events.push(memory);
                    if level >= Level::OnDevice { Tracked::Stored } else { Tracked::SessionOnly }
                }
            });
        }
        let said = Said::Tracked(outcome);
        if kept == self.kept {
            return vec![(said, self)];
        }
        let power = self.settings.power;
        let mut endings = self.keep(kept, power, said, hit);
        // A full history loses its oldest tenth at once.
        for (said, phone) in &mut endings {
            if *said != Said::Failed {
                phone.retain(now_ms, hit);
            }
        }
        endings
    }

    /// Adds to what is kept, or not at all.
    fn keep(self, kept: Kept, durable: bool, said: Said, hit: bool) -> Vec<Ending> {
        let mut done = self.clone();
        let (number, sealed) = (self.active, self.held >= Level::OnDevice);
        done.kept = kept.clone();
        if sealed {
            let place = done.log(number);
            if durable {
                place.write(Some(kept.clone()))
            } else {
                place.write_loosely(Some(kept.clone()))
            }
            done.due = false;
        }
        let mut endings = vec![(said, done)];
        if hit && sealed {
            let mut failed = self;
            failed.log(number).attempt(Some(kept));
            endings.push((Said::Failed, failed));
        }
        endings
    }

    fn set_interest(self, category: u32, interest: Option<bool>, now_ms: i64, hit: bool) -> Vec<Ending> {
        if self.level(now_ms) == Level::Off {
            return vec![(Said::ConsentRequired, self)];
        }
        let mut kept = self.kept.clone();
        match interest {
            Some(boost) => drop(kept.interests.insert(category, boost)),
            None => drop(kept.interests.remove(&category)),
        }
        self.keep(kept, true, Said::Done, hit)
    }

    /// Changes the ledger, or not at all.
    pub(super) fn change_ledger(
        self,
        change: impl FnOnce(&mut Ledger),
        said: Said,
        hit: bool,
    ) -> Vec<Ending> {
        let mut done = self.clone();
        change(&mut done.ledger);
        let ledger = done.ledger.clone();
        done.save(false);
        let mut endings = vec![(said, done)];
        if hit {
            let mut failed = self;
            failed.ledger_on_disk.attempt(Some(ledger));
            endings.push((Said::Failed, failed));
        }
        endings
    }

    pub(super) fn change(self, person: Person, said: Said, hit: bool) -> Vec<Ending> {
        let number = person.number;
        self.change_ledger(|ledger| *own(ledger, number) = person, said, hit)
    }

    fn kill(self, on: bool, hit: bool) -> Vec<Ending> {
        let mut endings = self.change_ledger(|ledger| ledger.stopped = on, Said::Done, hit);
        for (said, phone) in &mut endings {
            if *said == Said::Failed && on {
                phone.ledger.stopped = true;
            }
        }
        endings
    }

    fn put(self, number: u32, offered: Option<Offered>, hit: bool) -> Vec<Ending> {
        let mut done = self.clone();
        done.catalogue.insert(number, offered);
        let catalogue = done.catalogue.clone();
        done.catalogue_on_disk.write(catalogue.clone());
        let mut endings = vec![(Said::Done, done)];
        if hit {
            let mut failed = self;
            failed.catalogue_on_disk.attempt(catalogue);
            endings.push((Said::Failed, failed));
        }
        endings
    }

    /// `as_file`: its bytes are there to be known again.
    fn load(self, version: u64, as_file: bool, hit: bool) -> Vec<Ending> {
        if self.ledger.model.is_some_and(|installed| installed > version) {
            return vec![(Said::OlderModel, self)];
        }
        let mut loaded = Self { has_model: true, ..self.clone() };
        let installed = self.ledger.model == Some(version);
        if installed && (self.ledger.knows_file || !as_file) {
            return vec![(Said::Done, loaded)];
        }
        // Not to know a file again is no failure.
        let (said, mut failed) = if installed { (Said::Done, loaded.clone()) } else { (Said::Failed, self) };
        (loaded.ledger.model, loaded.ledger.knows_file) = (Some(version), as_file);
        failed.ledger_on_disk.attempt(Some(loaded.ledger.clone()));
        loaded.save(false);
        let mut endings = vec![(Said::Done, loaded)];
        if hit {
            endings.push((said, failed));
        }
        endings
    }
}

pub(super) fn own(ledger: &mut Ledger, number: u32) -> &mut Person {
    ledger.people.iter_mut().find(|person| person.number == number).expect("it was found before")
}

fn offered(offer: &Offer, now_ms: i64) -> Offered {
    Offered {
        category: offer.category,
        brand: offer.brand,
        price: offer.price,
        available: offer.available,
        expires_ms: offer.expires.then_some(now_ms + 2 * DAY_MS),
    }
}
