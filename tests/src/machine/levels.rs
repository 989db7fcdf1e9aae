//! What changes of the level make of the ideal phone: by the shopper, by age and consent platform, by a private session.

use tastekeeper::{Origin, PersonalizationLevel as Level};

use super::calls::Said;
use super::effects::Ending;
use super::ideal::{Ideal, Kept, Person};

impl Ideal {
    pub(super) fn set_level(self, level: Level, notice: Option<u32>, now_ms: i64, hit: bool) -> Vec<Ending> {
        let in_force = self.agreed_level(self.person(), now_ms);
        let mut person = self.person().clone();
        let rises = level > in_force;
        if level > self.settings.max_level.min(person.cap()) || rises && notice.is_none() {
            return vec![(Said::ConsentRequired, self)];
        }
        let held = self.held;
        let kept_on_disk = person.level >= Level::OnDevice || person.erasing;
        person.put(level, Origin::Shopper, notice, now_ms, rises || notice.is_some());
        let was_private = self.private && held > Level::Off;
        if level < Level::OnDevice && (kept_on_disk || level < held || was_private) {
            let phone = Self { private: false, ..self };
            return phone.lower(person, kept_on_disk, Said::Done, hit);
        }
        // A private session ends when a level is chosen.
        let mut endings = Vec::new();
        for (said, phone) in self.turn_private(false, now_ms, hit) {
            if said == Said::Done {
                endings.extend(phone.raise(person.clone(), now_ms, hit));
            } else {
                endings.push((said, phone));
            }
        }
        endings
    }

    /// Begins or ends a private session.
    pub(super) fn turn_private(self, on: bool, now_ms: i64, hit: bool) -> Vec<Ending> {
        if self.private == on {
            return vec![(Said::Done, self)];
        }
        let turned = Self { private: on, ..self.clone() };
        let mut endings = Vec::new();
        for (worked, phone) in turned.open_person(now_ms, hit) {
            if worked {
                endings.push((Said::Done, phone));
            } else {
                endings.push((Said::Failed, Self { private: !on, ..phone.holding_what(&self) }));
            }
        }
        endings
    }

    /// Puts a level into force that may keep as much as before or more.
    fn raise(self, mut person: Person, now_ms: i64, hit: bool) -> Vec<Ending> {
        let (held, level) = (self.held, person.level);
        let before = self.person().clone();
        let ended_for_long = before.is_expired_for_long(now_ms);
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

    pub(super) fn cap(
        self,
        mut person: Person,
        origin: Origin,
        said: Said,
        now_ms: i64,
        hit: bool,
    ) -> Vec<Ending> {
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

    pub(super) fn apply_cmp(self, cap: Option<Level>, now_ms: i64, hit: bool) -> Vec<Ending> {
        let said = Said::Cap(cap);
        let platform_cap = cap.filter(|cap| *cap < Level::Shared);
        if cap.is_none() || self.person().platform_cap == platform_cap {
            return vec![(said, self)];
        }
        let person = Person { platform_cap, ..self.person().clone() };
        self.cap(person, Origin::Platform, said, now_ms, hit)
    }
}

/// Whether a change of level ends sharing and keeps the history.
fn ends_sharing(before: Level, after: Level) -> bool {
    before == Level::Shared && after == Level::OnDevice
}
