//! The ideal phone: what must be true of a phone after any sequence of calls, written from the promises and not from the
//! engine. Memory is exact; what is on disk is a set of permitted states, because a call that failed or was cut short
//! may have had its effect or not.

use std::collections::BTreeMap;

use tastekeeper::{ConsentState, Interest, Origin, PersonalizationLevel as Level};

use super::deed::{Deed, Memory};
use super::place::Place;
use super::step::Settings;
use crate::phone::{DAY_MS, ITEMS, category_of};

/// How long a consent lasts.
const LIFETIME_MS: i64 = 396 * DAY_MS;
/// How long what it allowed to be kept stays sealed after it ended.
const GRACE_MS: i64 = 30 * DAY_MS;
/// How many receipts are kept.
const MAX_RECEIPTS: usize = 20;

/// What is kept of a shopper.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// In the order they came.
    pub events: Vec<Memory>,
    /// By category; `true` is a boost.
    pub interests: BTreeMap<u32, bool>,
}

impl Kept {
    /// Whether an event of `before` is not here any more. An interest that is set anew is not forgotten but corrected.
    #[must_use]
    pub fn lacks_some_of(&self, before: &Self) -> bool {
        before.events.iter().any(|memory| !self.events.contains(memory))
    }
}

/// A receipt without its hashes.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "named like the receipt's fields")]
pub struct Paper {
    pub level: Level,
    pub origin: Origin,
    pub time_ms: i64,
    pub expires_ms: i64,
    pub notice: Option<u32>,
}

/// One profile's consent.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "named like the calls that set them")]
pub struct Person {
    /// Names the files.
    pub number: u32,
    pub name: usize,
    pub level: Level,
    pub expires_ms: i64,
    pub paused: bool,
    pub protected: bool,
    pub platform_cap: Option<Level>,
    pub papers: Vec<Paper>,
    /// An erasure was begun.
    pub erasing: bool,
}

impl Person {
    /// Somebody who was never asked.
    #[must_use]
    pub fn nobody(number: u32, name: usize) -> Self {
        Self {
            number,
            name,
            level: Level::Off,
            expires_ms: 0,
            paused: false,
            protected: false,
            platform_cap: None,
            papers: Vec::new(),
            erasing: false,
        }
    }

    /// The most that age and consent platform allow.
    #[must_use]
    pub fn cap(&self) -> Level {
        let age = if self.protected { Level::Session } else { Level::Shared };
        age.min(self.platform_cap.unwrap_or(Level::Shared))
    }

    /// Whether the consent ended.
    #[must_use]
    pub fn is_expired(&self, now_ms: i64) -> bool {
        self.level > Level::Off && now_ms >= self.expires_ms
    }

    /// Whether what it allowed to be kept must be gone.
    #[must_use]
    pub fn is_expired_for_long(&self, now_ms: i64) -> bool {
        self.is_expired(now_ms) && now_ms >= self.expires_ms + GRACE_MS
    }

    /// Puts a level into force, with its receipt.
    pub fn put(&mut self, level: Level, origin: Origin, notice: Option<u32>, now_ms: i64, renews: bool) {
        self.level = level;
        if renews {
            self.expires_ms = now_ms + LIFETIME_MS;
        }
        let expires_ms = self.expires_ms;
        self.papers.push(Paper { level, origin, time_ms: now_ms, expires_ms, notice });
        if self.papers.len() > MAX_RECEIPTS {
            self.papers.remove(0);
        }
    }

    /// What the app is told.
    #[must_use]
    pub fn state(&self, now_ms: i64) -> ConsentState {
        if self.is_expired(now_ms) {
            ConsentState::Expired
        } else if self.level > Level::Off {
            ConsentState::Granted { level: self.level, expires_ms: self.expires_ms }
        } else if self.papers.is_empty() {
            ConsentState::NotAsked
        } else {
            ConsentState::Withdrawn
        }
    }
}

/// What outlives every erasure.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "named like the calls that set them")]
pub struct Ledger {
    pub people: Vec<Person>,
    pub next_number: u32,
    pub stopped: bool,
    /// The newest version of the model that was installed.
    pub model: Option<u64>,
    /// Its file was verified and is known again.
    pub knows_file: bool,
}

impl Ledger {
    /// The number of the profile `name`, which is made if it is new.
    pub fn number_of(&mut self, name: usize) -> u32 {
        if let Some(person) = self.people.iter().find(|person| person.name == name) {
            return person.number;
        }
        let number = self.next_number;
        self.next_number += 1;
        self.people.push(Person::nobody(number, name));
        number
    }
}

/// An item as the app described it last.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "named like the item's fields")]
pub struct Offered {
    pub category: Option<u32>,
    pub brand: Option<u32>,
    pub price: Option<u32>,
    pub available: bool,
    pub expires_ms: Option<i64>,
}

/// The app's items; `None` was taken down.
pub type Catalogue = BTreeMap<u32, Option<Offered>>;

/// A phone, as it may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Ideal {
    /// What the app opened the engine with.
    pub settings: Settings,
    /// The number of the active profile.
    pub active: u32,
    /// The consents as the process knows them.
    pub ledger: Ledger,
    /// The consents on disk; `None` before the first was written.
    pub ledger_on_disk: Place<Option<Ledger>>,
    /// The sealed histories by profile number.
    pub logs: BTreeMap<u32, Place<Option<Kept>>>,
    /// The app's items.
    pub catalogue: Catalogue,
    /// The app's items on disk.
    pub catalogue_on_disk: Place<Catalogue>,
    /// Whether a model is loaded.
    pub has_model: bool,
    /// Whether a private session is on.
    pub private: bool,
    /// What is in memory of the active profile.
    pub kept: Kept,
    /// The level at which it was put there.
    pub held: Level,
    /// When the last call was.
    pub last_call_ms: Option<i64>,
    /// The file is to be written anew because events grew old.
    pub due: bool,
}

impl Default for Ideal {
    /// A phone on which nothing was ever installed, without a process.
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            active: 0,
            ledger: Ledger::default(),
            ledger_on_disk: Place::new(None),
            logs: BTreeMap::new(),
            catalogue: Catalogue::new(),
            catalogue_on_disk: Place::new(Catalogue::new()),
            has_model: false,
            private: false,
            kept: Kept::default(),
            held: Level::Off,
            last_call_ms: None,
            due: false,
        }
    }
}

impl Ideal {
    /// The active profile.
    ///
    /// # Panics
    /// Before the first process.
    #[must_use]
    pub fn person(&self) -> &Person {
        self.ledger.people.iter().find(|person| person.number == self.active).expect("there is one")
    }

    /// The active profile, to change.
    ///
    /// # Panics
    /// Before the first process.
    pub fn person_mut(&mut self) -> &mut Person {
        self.ledger.people.iter_mut().find(|person| person.number == self.active).expect("there is one")
    }

    /// What the consent of a profile allows.
    #[must_use]
    pub fn agreed_level(&self, person: &Person, now_ms: i64) -> Level {
        if person.is_expired(now_ms) {
            Level::Off
        } else {
            person.level.min(person.cap()).min(self.settings.max_level)
        }
    }

    /// The level in force for a profile, were it the active one.
    #[must_use]
    pub fn level_of(&self, person: &Person, now_ms: i64) -> Level {
        let level = self.agreed_level(person, now_ms);
        if self.private { level.min(Level::Session) } else { level }
    }

    /// The level in force.
    #[must_use]
    pub fn level(&self, now_ms: i64) -> Level {
        self.level_of(self.person(), now_ms)
    }

    /// Whether answers may come from the profile.
    #[must_use]
    pub fn uses_profile(&self, now_ms: i64) -> bool {
        self.level(now_ms) > Level::Off
    }

    /// The sealed history of a profile.
    pub fn log(&mut self, number: u32) -> &mut Place<Option<Kept>> {
        self.logs.entry(number).or_insert_with(|| Place::new(None))
    }

    /// Whether a profile may have a sealed history.
    #[must_use]
    pub fn may_have_log(&self, number: u32) -> bool {
        self.logs.get(&number).is_some_and(|place| place.now.iter().any(Option::is_some))
    }

    /// What retention leaves of `kept`.
    #[must_use]
    pub fn retained(&self, kept: &Kept, now_ms: i64) -> Kept {
        let mut kept = kept.clone();
        let cutoff = self.cutoff_ms(now_ms);
        kept.events.retain(|memory| memory.time_ms >= cutoff);
        let most = self.settings.max_events;
        if kept.events.len() > most {
            let mut order: Vec<usize> = (0..kept.events.len()).collect();
            order.sort_by_key(|&place| (kept.events[place].time_ms, place));
            let gone = &order[..order.len() - (most - most / 10)];
            let mut place = 0;
            kept.events.retain(|_| {
                place += 1;
                !gone.contains(&(place - 1))
            });
        }
        kept
    }

    /// Events before this are too old.
    #[must_use]
    pub fn cutoff_ms(&self, now_ms: i64) -> i64 {
        (now_ms.div_euclid(DAY_MS) - i64::from(self.settings.days)) * DAY_MS
    }

    fn in_model(&self, number: u32) -> bool {
        self.has_model && number < ITEMS
    }

    /// Whether an item can be had.
    #[must_use]
    pub fn is_offered(&self, number: u32, now_ms: i64) -> bool {
        match self.catalogue.get(&number) {
            None => self.in_model(number),
            Some(None) => false,
            Some(Some(offered)) => {
                offered.available && offered.expires_ms.is_none_or(|expires| now_ms < expires)
            }
        }
    }

    /// What is known of an item: what the app says, and what the model says where the app is silent.
    fn known(&self, number: u32, own: impl Fn(&Offered) -> Option<u32>, model: u32) -> Option<u32> {
        let model = self.in_model(number).then_some(model);
        match self.catalogue.get(&number) {
            None => model,
            Some(None) => None,
            Some(Some(offered)) => own(offered).or(model),
        }
    }

    /// The category of an item.
    #[must_use]
    pub fn category_of(&self, number: u32) -> Option<u32> {
        self.known(number, |offered| offered.category, category_of(number))
    }

    /// The brand of an item.
    #[must_use]
    pub fn brand_of(&self, number: u32) -> Option<u32> {
        self.known(number, |offered| offered.brand, number % 4)
    }

    /// The price of an item.
    #[must_use]
    pub fn price_of(&self, number: u32) -> Option<u32> {
        self.catalogue.get(&number)?.as_ref()?.price
    }

    /// Whether the shopper does not want to see an item.
    #[must_use]
    pub fn is_unwanted(&self, number: u32) -> bool {
        let category = self.category_of(number);
        let muted = category.is_some_and(|own| self.kept.interests.get(&own) == Some(&false));
        let disliked = self.kept.events.iter().any(|memory| match memory.deed {
            Deed::Dislike(own) => own == number,
            Deed::DislikeBrand(own) => self.brand_of(number) == Some(own),
            Deed::DislikeCategory(own) => category == Some(own),
            _ => false,
        });
        muted || disliked
    }

    /// The interests as the app sees them.
    #[must_use]
    pub fn interests(&self) -> Vec<(String, Interest)> {
        let shown = |(&number, &boost): (&u32, &bool)| {
            (crate::phone::category(number), if boost { Interest::Boost } else { Interest::Mute })
        };
        self.kept.interests.iter().map(shown).collect()
    }
}
