//! What forgetting and "this was a gift" make of the ideal phone.

use tastekeeper::PersonalizationLevel as Level;

use super::calls::Said;
use super::deed::{Deed, Memory};
use super::effects::Ending;
use super::ideal::{Ideal, Kept};
use super::step::Scope;

impl Ideal {
    pub(super) fn forget_everything(self, hit: bool) -> Vec<Ending> {
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

    pub(super) fn forget(self, scope: &Scope, now_ms: i64, hit: bool) -> Vec<Ending> {
        let chosen = self.chosen(scope);
        self.clone().change_kept(hit, |kept| self.without(kept, scope, chosen.as_ref(), now_ms))
    }

    pub(super) fn learn(self, scope: &Scope, on: bool, now_ms: i64, hit: bool) -> Vec<Ending> {
        let chosen = self.chosen(scope);
        self.clone().change_kept(hit, |kept| self.relearned(kept, scope, chosen.as_ref(), on, now_ms))
    }

    /// The event that a scope names by its place.
    fn chosen(&self, scope: &Scope) -> Option<Memory> {
        match scope {
            Scope::Event(place) => self.newest_first().get(place % self.kept.events.len().max(1)).cloned(),
            _ => None,
        }
    }

    /// Changes what is kept, here and where it is set aside. `change` gives what is left and counts events.
    fn change_kept(self, hit: bool, change: impl Fn(&Kept) -> (Kept, usize)) -> Vec<Ending> {
        let (left, count) = change(&self.kept);
        let sealed = self.held >= Level::OnDevice;
        let number = self.active;
        let keeps_aside = !sealed && self.person().level >= Level::OnDevice;
        let mut endings = Vec::new();
        if hit && keeps_aside {
            // Whether one is set aside could not be seen.
            endings.push((Said::Failed, self.clone()));
        }
        if keeps_aside && self.may_have_log(number) {
            for found in self.clone().log(number).now.clone() {
                let mut phone = self.clone();
                phone.log(number).settle(&found);
                let mut done = Self { kept: left.clone(), ..phone.clone() };
                let Some(aside) = &found else {
                    endings.push((Said::Count(count), done));
                    continue;
                };
                let (aside_left, aside_count) = change(aside);
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
        let mut done = Self { kept: left.clone(), due: false, ..self.clone() };
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

    /// What is left of an event outside a scope.
    fn remainder(
        &self,
        memory: &Memory,
        scope: &Scope,
        chosen: Option<&Memory>,
        now_ms: i64,
    ) -> Option<Memory> {
        let whole = |stays: bool| stays.then(|| memory.deed.clone());
        let deed = match scope {
            Scope::Event(_) => whole(Some(memory) != chosen),
            Scope::Since(age) => whole(memory.time_ms < now_ms - age),
            Scope::Item(number) => memory.deed.without_items(&|own| own == *number),
            Scope::Category(category) => match memory.deed.plain() {
                Deed::Browse(own) | Deed::DislikeCategory(own) if own == category => None,
                _ => memory.deed.without_items(&|own| self.category_of(own) == Some(*category)),
            },
            Scope::Everything => None,
        };
        deed.map(|deed| Memory { deed, ..memory.clone() })
    }

    /// What is left of `kept`, and how many events are gone or shorter.
    fn without(&self, kept: &Kept, scope: &Scope, chosen: Option<&Memory>, now_ms: i64) -> (Kept, usize) {
        let mut left = Kept { events: Vec::new(), interests: kept.interests.clone() };
        let mut count = 0;
        for memory in &kept.events {
            let remains = self.remainder(memory, scope, chosen, now_ms);
            count += usize::from(remains.as_ref() != Some(memory));
            left.events.extend(remains);
        }
        if let Scope::Category(category) = scope {
            left.interests.remove(category);
        }
        (left, count)
    }

    /// `kept` with learning ended or resumed, and how many events changed. What is named in part is split.
    fn relearned(
        &self,
        kept: &Kept,
        scope: &Scope,
        chosen: Option<&Memory>,
        on: bool,
        now_ms: i64,
    ) -> (Kept, usize) {
        let mut changed = Kept { events: Vec::new(), interests: kept.interests.clone() };
        let mut count = 0;
        for memory in &kept.events {
            let rest = self.remainder(memory, scope, chosen, now_ms);
            if memory.deed.is_gift() != on || rest.as_ref() == Some(memory) {
                changed.events.push(memory.clone());
                continue;
            }
            count += 1;
            let stays: Vec<u32> = rest.iter().flat_map(|rest| rest.deed.items()).collect();
            let named = if rest.is_some() {
                memory.deed.without_items(&|own| stays.contains(&own))
            } else {
                Some(memory.deed.clone())
            };
            changed.events.extend(rest);
            changed.events.extend(named.map(|deed| Memory { deed: deed.given(!on), ..memory.clone() }));
        }
        (changed, count)
    }
}
