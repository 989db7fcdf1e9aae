//! What switching, merging and deleting profiles make of the ideal phone.

use tastekeeper::PersonalizationLevel as Level;

use super::calls::Said;
use super::effects::{Ending, own};
use super::ideal::{Ideal, Person};

impl Ideal {
    pub(super) fn switch(self, name: usize, now_ms: i64, hit: bool) -> Vec<Ending> {
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
    pub(super) fn holding_what(self, other: &Self) -> Self {
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
    pub(super) fn other(&self, name: usize) -> Option<u32> {
        let found = self.ledger.people.iter().find(|person| person.name == name)?;
        (found.number != self.active).then_some(found.number)
    }

    pub(super) fn merge(self, name: usize, now_ms: i64, hit: bool) -> Vec<Ending> {
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

    pub(super) fn delete(self, number: u32, hit: bool) -> Vec<Ending> {
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
}
