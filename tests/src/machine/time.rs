//! What the ideal phone does without being asked: opening, erasing what must go, letting events grow old.
//!
//! `hit` says that an operation on files, keys or randomness failed during the call: then whatever the call writes may
//! be there or not.

use tastekeeper::PersonalizationLevel as Level;

use super::ideal::{Ideal, Kept};
use super::place::{Place, add};
use super::step::Settings;

/// A phone after a part of a call, and whether that part worked.
pub(super) type Part = (bool, Ideal);

impl Ideal {
    /// The consents were written.
    pub(super) fn save(&mut self, hit: bool) {
        let ledger = Some(self.ledger.clone());
        if hit { self.ledger_on_disk.attempt(ledger) } else { self.ledger_on_disk.write(ledger) }
    }

    /// Erases the histories of the profiles that `which` names, and marks them as being erased while that is not sure.
    fn erase(&self, hit: bool, which: impl Fn(&super::ideal::Person) -> bool) -> Vec<Self> {
        let numbers: Vec<u32> =
            self.ledger.people.iter().filter(|person| which(person)).map(|person| person.number).collect();
        if numbers.is_empty() {
            return vec![self.clone()];
        }
        let mut erased = self.clone();
        let mark = |phone: &mut Self, on: bool| {
            for person in phone.ledger.people.iter_mut().filter(|person| numbers.contains(&person.number)) {
                person.erasing = on;
            }
        };
        mark(&mut erased, true);
        if hit {
            erased.save(true);
        }
        for &number in &numbers {
            if hit { erased.log(number).attempt(None) } else { erased.log(number).write(None) }
        }
        let mut phones = if hit { vec![erased.clone()] } else { Vec::new() };
        mark(&mut erased, false);
        erased.save(hit);
        if hit {
            phones[0].ledger_on_disk = erased.ledger_on_disk.clone();
        }
        phones.push(erased);
        phones
    }

    pub(super) fn erase_active(&self, hit: bool) -> Vec<Self> {
        self.erase(hit, |person| person.number == self.active)
    }

    /// Opens the active profile at the level in force.
    pub(super) fn open_person(&self, now_ms: i64, hit: bool) -> Vec<Part> {
        let mut opened = Vec::new();
        for mut phone in self.erase(hit, |person| person.erasing) {
            if hit {
                opened.push((false, phone.clone()));
            }
            phone.kept = Kept::default();
            phone.last_call_ms = None;
            phone.due = false;
            let person = phone.person().clone();
            let level = phone.level(now_ms);
            phone.held = level;
            if level < Level::OnDevice {
                let may_keep = person.level >= Level::OnDevice && !person.is_expired_for_long(now_ms);
                if may_keep && phone.private {
                    opened.push((true, phone));
                    continue;
                }
                if may_keep {
                    phone.age(person.number, now_ms, hit);
                    opened.push((true, phone));
                    continue;
                }
                let place = phone.log(person.number);
                let (has_none, certain) = (place.now.contains(&None), place.is_certainly(&None));
                if !certain {
                    opened.extend(phone.erase_active(hit).into_iter().map(|phone| (true, phone)));
                }
                if has_none {
                    // There may be no file at all, and then nothing is done.
                    phone.log(person.number).settle(&None);
                    opened.push((true, phone));
                }
                continue;
            }
            for found in phone.log(person.number).now.clone() {
                let mut phone = phone.clone();
                phone.log(person.number).settle(&found);
                if let Some(kept) = found {
                    phone.kept = kept;
                    opened.push((true, phone));
                } else {
                    // Its key is gone: an erasure that was interrupted, or a loss.
                    phone.person_mut().level = Level::Off;
                    phone.held = Level::Off;
                    opened.extend(phone.erase_active(hit).into_iter().map(|phone| (true, phone)));
                }
            }
        }
        opened
    }

    /// What every call does first.
    #[must_use]
    pub(super) fn pass(&self, now_ms: i64, hit: bool) -> Vec<Part> {
        let level = self.level(now_ms);
        let idle_ms = i64::from(self.settings.idle_minutes) * 60_000;
        let visit_over =
            level == Level::Session && self.last_call_ms.is_some_and(|last| now_ms - last >= idle_ms);
        let person = self.person();
        let outlived =
            person.is_expired_for_long(now_ms) && !person.erasing && self.may_have_log(person.number);
        let opened = if self.held != level || visit_over || outlived {
            self.open_person(now_ms, hit)
        } else {
            vec![(true, self.clone())]
        };
        let mut passed = Vec::new();
        for (worked, mut phone) in opened {
            if worked {
                phone.retain(now_ms, hit);
                phone.last_call_ms = Some(now_ms);
            }
            passed.push((worked, phone));
        }
        passed
    }

    /// Lets events grow old.
    pub(super) fn retain(&mut self, now_ms: i64, hit: bool) {
        let was_due = self.due;
        let left = self.retained(&self.kept, now_ms);
        let changed = left != self.kept;
        self.kept = left;
        if !(changed || was_due) || self.held < Level::OnDevice {
            return;
        }
        let (number, kept) = (self.active, Some(self.kept.clone()));
        self.due = hit;
        match (hit, was_due) {
            (true, _) => self.log(number).attempt(kept),
            // An earlier try may have worked, but for a power cut.
            (false, true) => self.log(number).write_loosely(kept),
            (false, false) => self.log(number).write(kept),
        }
    }

    /// The process ends.
    #[must_use]
    pub fn stopped(&self, power_cut: bool) -> Self {
        let mut phone = Self {
            ledger_on_disk: self.ledger_on_disk.clone(),
            logs: self.logs.clone(),
            catalogue_on_disk: self.catalogue_on_disk.clone(),
            ..Self::default()
        };
        if power_cut {
            phone.ledger_on_disk.cut();
            phone.catalogue_on_disk.cut();
            phone.logs.values_mut().for_each(Place::cut);
        }
        phone
    }

    /// Another process opens the engine.
    #[must_use]
    pub(super) fn opened(&self, settings: &Settings, now_ms: i64, hit: bool) -> Vec<Part> {
        let mut starts: Vec<Self> = Vec::new();
        for ledger in &self.ledger_on_disk.now {
            for catalogue in &self.catalogue_on_disk.now {
                let mut phone = Self { settings: settings.clone(), ..self.clone() };
                phone.ledger_on_disk.settle_on_one(ledger);
                phone.ledger = ledger.clone().unwrap_or_default();
                phone.catalogue_on_disk.settle(catalogue);
                phone.catalogue = catalogue.clone();
                phone.active = phone.ledger.number_of(settings.profile);
                phone.end_outdated(now_ms, hit);
                add(&mut starts, phone);
            }
        }
        let mut opened = Vec::new();
        for phone in starts {
            if hit {
                add(&mut opened, (false, phone.clone()));
            }
            for (worked, mut phone) in phone.open_person(now_ms, hit) {
                if !worked {
                    add(&mut opened, (false, phone));
                    continue;
                }
                phone.let_others_age(now_ms, hit);
                let active = phone.active;
                let long = |person: &super::ideal::Person| {
                    person.erasing
                        || person.number != active
                            && person.level >= Level::OnDevice
                            && person.is_expired_for_long(now_ms)
                };
                phone.erase(hit, long).into_iter().for_each(|phone| add(&mut opened, (true, phone)));
            }
        }
        opened
    }

    /// Ends the consents to notices that are not accepted any more.
    fn end_outdated(&mut self, now_ms: i64, hit: bool) {
        let accepted = self.settings.notices.clone();
        let mut ended = false;
        for person in &mut self.ledger.people {
            let last = person.papers.iter().rev().find_map(|paper| paper.notice);
            let counts = accepted.is_empty() || last.is_some_and(|notice| accepted.contains(&notice));
            if person.level > Level::Off && !person.is_expired(now_ms) && !counts {
                person.expires_ms = now_ms;
                ended = true;
            }
        }
        if ended {
            self.save(hit);
        }
    }

    /// Retention for the profiles that are not active.
    fn let_others_age(&mut self, now_ms: i64, hit: bool) {
        let keeping: Vec<u32> = self
            .ledger
            .people
            .iter()
            .filter(|person| {
                person.number != self.active
                    && person.level >= Level::OnDevice
                    && !person.erasing
                    && !person.is_expired_for_long(now_ms)
            })
            .map(|person| person.number)
            .collect();
        for number in keeping {
            self.age(number, now_ms, hit);
        }
    }

    /// Retention for a sealed history that is not in use.
    fn age(&mut self, number: u32, now_ms: i64, hit: bool) {
        let Some(mut place) = self.logs.get(&number).cloned() else { return };
        let aged = |found: &Option<Kept>| found.as_ref().map(|kept| self.retained(kept, now_ms));
        if hit {
            place.now.clone().iter().for_each(|found| place.attempt(aged(found)));
        } else {
            place.rewrite(aged);
        }
        self.logs.insert(number, place);
    }
}
