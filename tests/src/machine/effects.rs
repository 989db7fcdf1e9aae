//! What a call makes of the ideal phone, and what it may say: all permitted pairs of the two.
//!
//! A call of the engine is added here and in `step` and `calls`; the compiler names the places.

use tastekeeper::{IgnoredReason as Reason, Origin, PersonalizationLevel as Level, Tracked};

use super::calls::{Said, platform_signals};
use super::deed::{Deed, Memory};
use super::ideal::{Ideal, Kept, Ledger, Offered, Person};
use super::place::add;
use super::step::{Call, Offer, Scope};
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
            Call::Recommend(_)
            | Call::Rerank(_)
            | Call::Categories
            | Call::Read
            | Call::WarmUp
            | Call::Close => vec![(Said::Done, self)],
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
            Call::Load(version, _) => self.load(*version, hit),
        }
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
                (None, Deed::Seen(_)) => Tracked::SessionOnly,
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
    fn change_ledger(self, change: impl FnOnce(&mut Ledger), said: Said, hit: bool) -> Vec<Ending> {
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

    fn change(self, person: Person, said: Said, hit: bool) -> Vec<Ending> {
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

    fn set_level(self, level: Level, notice: Option<u32>, now_ms: i64, hit: bool) -> Vec<Ending> {
        let in_force = self.level(now_ms);
        let mut person = self.person().clone();
        let rises = level > in_force;
        if level > self.settings.max_level.min(person.cap()) || rises && notice.is_none() {
            return vec![(Said::ConsentRequired, self)];
        }
        let held = self.held;
        let kept_on_disk = person.level >= Level::OnDevice || person.erasing;
        let ended_for_long = person.is_expired_for_long(now_ms);
        person.put(level, Origin::Shopper, notice, now_ms, rises || notice.is_some());
        if level < Level::OnDevice && (kept_on_disk || level < held) {
            return self.lower(person, kept_on_disk, Said::Done, hit);
        }
        let before = self.person().clone();
        let number = person.number;
        let mut endings = Vec::new();
        let mut failed = self.clone();
        let found: Vec<Option<Kept>> = if held < Level::OnDevice && level >= Level::OnDevice {
            let set_aside = before.level >= Level::OnDevice && !before.erasing && !ended_for_long;
            if set_aside { self.clone().log(number).now.clone() } else { vec![None] }
        } else {
            Vec::new()
        };
        let mut risen: Vec<Self> = Vec::new();
        for found in found.iter() {
            let mut phone = self.clone();
            if let Some(kept) = found {
                phone.log(number).settle(found);
                phone.kept = kept.clone();
            } else {
                let kept = Some(self.kept.clone());
                for attempt in [None, Some(Kept::default()), kept.clone()] {
                    failed.log(number).attempt(attempt);
                }
                if hit {
                    phone.log(number).attempt(None);
                    phone.log(number).attempt(Some(Kept::default()));
                    phone.log(number).write_loosely(kept);
                } else {
                    phone.log(number).write(kept);
                }
            }
            phone.due = false;
            risen.push(phone);
        }
        if found.is_empty() {
            risen.push(self);
        }
        person.erasing = false;
        if found.is_empty() && ends_sharing(before.level, level) {
            return risen
                .into_iter()
                .flat_map(|phone| Self { held: level, ..phone }.end_sharing(&person, Said::Done, hit))
                .collect();
        }
        for mut phone in risen {
            phone.held = level;
            *phone.person_mut() = person.clone();
            phone.save(false);
            failed.ledger_on_disk.attempt(Some(phone.ledger.clone()));
            endings.push((Said::Done, phone));
        }
        if hit && found == [None] && before.level < Level::OnDevice {
            // What was made for the higher level goes again.
            endings.extend(failed.erase_active(true).into_iter().map(|phone| (Said::Failed, phone)));
        }
        if hit {
            endings.push((Said::Failed, failed));
        }
        endings
    }

    /// Lowers the level: whatever happens, nothing is in memory afterwards.
    fn lower(self, person: Person, kept_on_disk: bool, said: Said, hit: bool) -> Vec<Ending> {
        let number = person.number;
        let mut lowered = self;
        lowered.kept = Kept::default();
        lowered.held = person.level;
        lowered.due = false;
        lowered.last_call_ms = None;
        let marked = |erasing| Person { erasing, ..person.clone() };
        if !hit {
            *lowered.person_mut() = marked(false);
            if kept_on_disk {
                lowered.log(number).write(None);
            }
            lowered.save(false);
            return vec![(said, lowered)];
        }
        let mut endings = Vec::new();
        let mut done = lowered.clone();
        *done.person_mut() = marked(kept_on_disk);
        done.save(false);
        *done.person_mut() = marked(false);
        if kept_on_disk {
            done.save(true);
            done.log(number).write(None);
        }
        endings.push((said, done));
        for erasing in [false, true] {
            let mut pending = lowered.clone();
            *pending.person_mut() = marked(!erasing);
            pending.save(true);
            *pending.person_mut() = marked(erasing);
            pending.save(true);
            if kept_on_disk {
                pending.log(number).attempt(None);
            }
            endings.push((Said::Pending, pending));
        }
        endings
    }

    fn cap(self, mut person: Person, origin: Origin, said: Said, now_ms: i64, hit: bool) -> Vec<Ending> {
        let before = person.level;
        let cap = person.cap();
        if before > cap {
            person.put(cap, origin, None, now_ms, false);
        }
        if person.level < before && person.level < Level::OnDevice {
            let kept_on_disk = before >= Level::OnDevice || person.erasing;
            return self.lower(person, kept_on_disk, said, hit);
        }
        if ends_sharing(before, person.level) {
            return self.end_sharing(&person, said, hit);
        }
        self.change(person, said, hit)
    }

    /// From Shared to OnDevice: sharing has ended, also where that is not durable yet.
    fn end_sharing(self, person: &Person, said: Said, hit: bool) -> Vec<Ending> {
        let mut ended = self;
        *ended.person_mut() = person.clone();
        let mut pending = ended.clone();
        ended.save(false);
        let mut endings = vec![(said, ended)];
        if hit {
            pending.save(true);
            endings.push((Said::Pending, pending));
        }
        endings
    }

    fn apply_cmp(self, cap: Option<Level>, now_ms: i64, hit: bool) -> Vec<Ending> {
        let said = Said::Cap(cap);
        let platform_cap = cap.filter(|cap| *cap < Level::Shared);
        if cap.is_none() || self.person().platform_cap == platform_cap {
            return vec![(said, self)];
        }
        let person = Person { platform_cap, ..self.person().clone() };
        self.cap(person, Origin::Platform, said, now_ms, hit)
    }

    fn forget_everything(self, hit: bool) -> Vec<Ending> {
        let number = self.active;
        let sealed = self.held >= Level::OnDevice;
        let mut done = self.clone();
        done.kept = Kept::default();
        done.due = false;
        let said = Said::Count(self.kept.events.len());
        let left = sealed.then(Kept::default);
        let set_aside = !sealed && self.person().level >= Level::OnDevice;
        if !sealed && !set_aside {
            return vec![(said, done)];
        }
        let mut endings = Vec::new();
        if hit {
            let mut failed = self;
            let mut pending = done.clone();
            for phone in [&mut failed, &mut pending] {
                phone.log(number).attempt(None);
                phone.log(number).attempt(left.clone());
            }
            endings.extend([(Said::Failed, failed), (Said::Pending, pending)]);
        }
        done.log(number).write(None);
        if left.is_some() && hit {
            // Forgotten for sure. Without the new file the level falls, which it may.
            done.log(number).write_loosely(left);
        } else if left.is_some() {
            done.log(number).write(left);
        }
        endings.push((said, done));
        endings
    }

    fn forget(self, scope: &Scope, now_ms: i64, hit: bool) -> Vec<Ending> {
        let chosen = match scope {
            Scope::Event(place) => self.newest_first().get(place % self.kept.events.len().max(1)).cloned(),
            _ => None,
        };
        let (left, count) = self.without(&self.kept, scope, chosen.as_ref(), now_ms);
        let sealed = self.held >= Level::OnDevice;
        let number = self.active;
        let set_aside = !sealed && self.person().level >= Level::OnDevice && self.may_have_log(number);
        let mut endings = Vec::new();
        if hit && !sealed && self.person().level >= Level::OnDevice {
            // Whether one is set aside could not be seen.
            endings.push((Said::Failed, self.clone()));
        }
        if set_aside {
            for found in self.clone().log(number).now.clone() {
                let mut phone = self.clone();
                phone.log(number).settle(&found);
                let Some(aside) = &found else {
                    phone.kept = left.clone();
                    endings.push((Said::Count(count), phone));
                    continue;
                };
                let (aside_left, aside_count) = self.without(aside, scope, chosen.as_ref(), now_ms);
                let mut done = phone.clone();
                done.kept = left.clone();
                if hit {
                    let mut pending = done.clone();
                    for phone in [&mut phone, &mut pending] {
                        phone.log(number).attempt(Some(aside_left.clone()));
                    }
                    endings.extend([(Said::Failed, phone), (Said::Pending, pending)]);
                }
                done.log(number).write(Some(aside_left));
                endings.push((Said::Count(count + aside_count), done));
            }
            return endings;
        }
        let mut done = self.clone();
        done.kept = left.clone();
        done.due = false;
        if sealed {
            if hit {
                let (mut failed, mut pending) = (self, done.clone());
                for phone in [&mut failed, &mut pending] {
                    phone.log(number).attempt(Some(left.clone()));
                }
                endings.extend([(Said::Failed, failed), (Said::Pending, pending)]);
            }
            done.log(number).write(Some(left));
        }
        endings.push((Said::Count(count), done));
        endings
    }

    /// The events as the shopper sees them.
    #[must_use]
    pub fn newest_first(&self) -> Vec<Memory> {
        let mut events = self.kept.events.clone();
        events.sort_by_key(|memory| memory.time_ms);
        events.reverse();
        events
    }

    /// What is left of `kept`, and how many events are gone or shorter.
    fn without(&self, kept: &Kept, scope: &Scope, chosen: Option<&Memory>, now_ms: i64) -> (Kept, usize) {
        let gone_with = |number: u32, category: u32| self.category_of(number) == Some(category);
        let remainder = |memory: &Memory| -> Option<Memory> {
            let deed = match scope {
                Scope::Event(_) => (Some(memory) != chosen).then(|| memory.deed.clone()),
                Scope::Since(age) => (memory.time_ms < now_ms - age).then(|| memory.deed.clone()),
                Scope::Item(number) => memory.deed.without_items(|own| own == *number),
                Scope::Category(category) => match memory.deed {
                    Deed::Browse(own) | Deed::DislikeCategory(own) if own == *category => None,
                    _ => memory.deed.without_items(|own| gone_with(own, *category)),
                },
                Scope::Everything => None,
            };
            deed.map(|deed| Memory { deed, ..memory.clone() })
        };
        let mut left = Kept { events: Vec::new(), interests: kept.interests.clone() };
        let mut count = 0;
        for memory in &kept.events {
            let remains = remainder(memory);
            count += usize::from(remains.as_ref() != Some(memory));
            left.events.extend(remains);
        }
        if let Scope::Category(category) = scope {
            left.interests.remove(category);
        }
        (left, count)
    }

    fn switch(self, name: usize, now_ms: i64, hit: bool) -> Vec<Ending> {
        if self.person().name == name {
            return vec![(Said::Done, self)];
        }
        let mut phone = self.clone();
        phone.active = phone.ledger.number_of(name);
        let mut endings = Vec::new();
        for (worked, opened) in phone.open_person(now_ms, hit) {
            if worked {
                endings.push((Said::Done, opened));
            } else {
                endings.push((Said::Failed, opened.holding_what(&self)));
            }
        }
        endings
    }

    /// The same disk and ledger, with the memory of `other`.
    fn holding_what(self, other: &Self) -> Self {
        Self {
            active: other.active,
            kept: other.kept.clone(),
            held: other.held,
            last_call_ms: other.last_call_ms,
            due: other.due,
            ..self
        }
    }

    /// The number of a profile that is not the active one.
    fn other(&self, name: usize) -> Option<u32> {
        let found = self.ledger.people.iter().find(|person| person.name == name)?;
        (found.number != self.active).then_some(found.number)
    }

    fn merge(self, name: usize, now_ms: i64, hit: bool) -> Vec<Ending> {
        let Some(from) = self.other(name) else { return vec![(Said::Invalid, self)] };
        let source = own(&mut self.ledger.clone(), from).clone();
        if self.level(now_ms).min(self.level_of(&source, now_ms)) < Level::OnDevice {
            return vec![(Said::ConsentRequired, self)];
        }
        let mut endings = Vec::new();
        let (into, kept) = (self.active, self.kept.clone());
        let there = Self { active: from, ..self.clone() };
        for (worked, mut phone) in there.open_person(now_ms, hit) {
            let found = std::mem::take(&mut phone.kept);
            phone = phone.holding_what(&self);
            if !worked {
                endings.push((Said::Failed, phone));
                continue;
            }
            let mut merged = kept.clone();
            merged.events.extend(found.events.into_iter().filter(|event| !kept.events.contains(event)));
            for (category, boost) in found.interests {
                merged.interests.entry(category).or_insert(boost);
            }
            let mut done = phone.clone();
            done.kept = merged.clone();
            done.due = false;
            if hit {
                phone.log(into).attempt(Some(merged.clone()));
                endings.push((Said::Failed, phone));
                done.log(into).write_loosely(Some(merged));
            } else {
                done.log(into).write(Some(merged));
            }
            endings.extend(done.delete(from, hit));
        }
        endings
    }

    fn delete(self, number: u32, hit: bool) -> Vec<Ending> {
        let mut marked = self;
        let person = own(&mut marked.ledger, number);
        let name = person.name;
        *person = Person { erasing: true, ..Person::nobody(number, name) };
        let mut gone = marked.clone();
        gone.ledger.people.retain(|person| person.number != number);
        if !hit {
            gone.log(number).write(None);
            gone.save(false);
            return vec![(Said::Done, gone)];
        }
        let mut endings = Vec::new();
        let mut done = marked.clone();
        done.save(false);
        done.ledger = gone.ledger.clone();
        done.save(true);
        done.log(number).write(None);
        endings.push((Said::Done, done.clone()));
        for mut pending in [marked.clone(), gone] {
            pending.ledger_on_disk.attempt(Some(marked.ledger.clone()));
            pending.save(true);
            pending.log(number).attempt(None);
            endings.push((Said::Pending, pending));
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

    fn load(self, version: u64, hit: bool) -> Vec<Ending> {
        if self.ledger.model.is_some_and(|installed| installed > version) {
            return vec![(Said::OlderModel, self)];
        }
        let mut loaded = Self { has_model: true, ..self.clone() };
        if self.ledger.model == Some(version) {
            return vec![(Said::Done, loaded)];
        }
        loaded.ledger.model = Some(version);
        let mut failed = self;
        failed.ledger_on_disk.attempt(Some(loaded.ledger.clone()));
        loaded.save(false);
        let mut endings = vec![(Said::Done, loaded)];
        if hit {
            endings.push((Said::Failed, failed));
        }
        endings
    }
}

fn own(ledger: &mut Ledger, number: u32) -> &mut Person {
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

/// Whether a change of level ends sharing and keeps the history.
fn ends_sharing(before: Level, after: Level) -> bool {
    before == Level::Shared && after == Level::OnDevice
}
