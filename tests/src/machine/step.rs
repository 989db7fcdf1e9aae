//! What can happen: calls of the app, mishaps in the middle of them, the clock, restarts. Drawn at random, and plain data,
//! so that a sequence can be shortened and printed.

use rand::Rng;
use rand_chacha::ChaCha20Rng;
use tastekeeper::PersonalizationLevel as Level;

use super::deed::Deed;
use super::plan::Plan;
use crate::phone::{CATEGORIES, DAY_MS};

/// The place of [`Variant::ALL_LOST`](crate::fault::Variant::ALL_LOST) among all variants.
pub const LOSES_ALL: usize = 10;

/// One public call.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "named like the methods")]
pub enum Call {
    /// The deed, how long ago it was in milliseconds, and its id.
    Track(Deed, Option<i64>, Option<u32>),
    TrackAll(Vec<(Deed, Option<i64>, Option<u32>)>),
    Recommend(Plan),
    /// Continues the answer with this number.
    Next(usize),
    Explain(usize),
    Rerank(Vec<u32>),
    Categories,
    SetLevel(Level, Option<u32>),
    /// One of [`platform_signals`](super::calls::platform_signals).
    Cmp(usize),
    Protect(bool),
    Kill(bool),
    Pause(bool),
    Interest(u32, Option<bool>),
    Forget(Scope),
    Switch(usize),
    Merge(usize),
    Delete(usize),
    Upsert(u32, Offer),
    Patch(u32, bool),
    Remove(u32),
    /// A version, and the way it is loaded.
    Load(u64, Way),
    /// Everything that only reads: receipts and their document, profiles, statistics, pages of the history.
    Read,
    WarmUp,
    Close,
}

/// How a model pack is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named like the methods")]
pub enum Way {
    Install,
    Bytes,
    Path,
}

/// What is forgotten.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "named like the scopes")]
pub enum Scope {
    /// The event at this place of the history, counted round.
    Event(usize),
    Item(u32),
    Category(u32),
    /// Everything since this many milliseconds ago.
    Since(i64),
    Everything,
}

/// What the app says of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// `None`: as in the model.
    pub category: Option<u32>,
    /// `None`: as in the model.
    pub brand: Option<u32>,
    /// Whole units.
    pub price: Option<u32>,
    /// Whether it can be had.
    pub available: bool,
    /// Whether it leaves the shop two days after it was upserted.
    pub expires: bool,
}

/// Something that goes wrong at an operation on files or keys, counted from the start of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mishap {
    /// The operation.
    pub at: u64,
    /// What happens.
    pub kind: Trouble,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The process dies; a key operation in flight happened or not.
    Kill(bool),
    /// The power goes, in one of the ways of [`Variant::all`](crate::fault::Variant::all).
    PowerCut(usize),
    /// No space for this operation.
    Full,
    /// This operation fails.
    Error,
    /// This operation works and says that it failed.
    Late,
}

/// What is wrong until further notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// All is well.
    Fair,
    /// Nothing can be written any more, not even a key.
    Full,
    /// No file can be written any more.
    ReadOnly,
    /// The random source fails.
    NoRandom,
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The app closes the engine.
    Close,
    /// The process is killed.
    Kill,
    /// The power goes, in one of the ways of [`Variant::all`](crate::fault::Variant::all).
    PowerCut(usize),
}

/// Keys the host lost while the app did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Of the history of the profile with this number.
    History(u32),
    /// Of the catalogue.
    Catalogue,
    /// Of the consent state: only a reset makes the store usable.
    Consent,
    /// No key: one of the two copies of the consent state is damaged, which must change nothing.
    Copy(u8),
}

/// What the app decides when it opens the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The profile, see [`profile_name`](super::calls::profile_name).
    pub profile: usize,
    /// The level is never above this.
    pub max_level: Level,
    /// Notices that count; all if there is none.
    pub notices: Vec<u32>,
    /// Days of retention.
    pub days: u32,
    /// Most events.
    pub max_events: usize,
    /// Whether events survive a power cut.
    pub power: bool,
    /// Minutes until a visit is over.
    pub idle_minutes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: 0,
            max_level: Level::Shared,
            notices: Vec::new(),
            days: 90,
            max_events: 5_000,
            power: true,
            idle_minutes: 30,
        }
    }
}

/// One step of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The app calls.
    Call(Call, Option<Mishap>),
    /// The clock moves by this many milliseconds, in either direction.
    Clock(i64),
    /// The process ends and another one opens the engine.
    Reopen {
        /// How it ends.
        stop: Stop,
        /// What the next one is opened with.
        settings: Settings,
        /// What was lost in between.
        loss: Option<Loss>,
        /// What goes wrong while opening.
        mishap: Option<Mishap>,
        /// Whether the app loads its model at once.
        load: bool,
    },
    /// Something goes wrong until further notice.
    Weather(Weather),
    /// The app erases everything and starts again.
    Reset,
}

/// Draws numbers.
pub struct Dice<'a>(pub &'a mut ChaCha20Rng);

impl Dice<'_> {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0.next_u32() % bound
    }

    fn place(&mut self, bound: usize) -> usize {
        self.0.next_u32() as usize % bound
    }

    /// Whether one in `odds` came.
    pub fn one_in(&mut self, odds: u32) -> bool {
        self.below(odds) == 0
    }

    /// One of `list`.
    pub fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.place(list.len())].clone()
    }

    /// An item: few, so that steps meet, some of them new, some unknown.
    pub fn item(&mut self) -> u32 {
        match self.below(8) {
            0 => 100 + self.below(4),
            1 => 20 + self.below(40),
            _ => self.below(9),
        }
    }

    fn items(&mut self) -> Vec<u32> {
        (0..=self.below(3)).map(|_| self.item()).collect()
    }

    fn deed(&mut self) -> Deed {
        match self.below(24) {
            0..7 => Deed::View(self.item()),
            7 => Deed::Browse(self.below(CATEGORIES)),
            8 => Deed::Search(self.below(4)),
            9 | 10 => Deed::Cart(self.item(), 1 + self.below(3)),
            11 => Deed::Uncart(self.item(), 1 + self.below(2)),
            12 => Deed::Wish(self.item()),
            13 => Deed::Unwish(self.item()),
            14 | 15 => Deed::Buy(self.items()),
            16 => Deed::Refund(self.items()),
            17 => {
                let good = self.one_in(2);
                Deed::Rate(self.item(), good)
            }
            18 => Deed::Dislike(self.item()),
            19 => Deed::DislikeBrand(self.below(4)),
            20 => Deed::DislikeCategory(self.below(CATEGORIES)),
            21 => Deed::Seen(self.items()),
            22 => Deed::Select(self.item()),
            _ => Deed::LookAtCart,
        }
    }

    fn event(&mut self) -> (Deed, Option<i64>, Option<u32>) {
        let age = match self.below(6) {
            0 => Some(i64::from(self.below(100_000))),
            1 => Some(i64::from(self.below(95)) * DAY_MS),
            // The app's clock is ahead: refused.
            2 if self.one_in(8) => Some(-1),
            _ => None,
        };
        let id = self.one_in(4).then(|| self.below(6));
        (self.deed(), age, id)
    }

    fn level(&mut self) -> Level {
        self.pick(&[
            Level::Off,
            Level::Session,
            Level::OnDevice,
            Level::OnDevice,
            Level::OnDevice,
            Level::Shared,
        ])
    }

    fn mishap(&mut self) -> Mishap {
        let variant = self.place(64);
        let kind = match self.below(10) {
            0 | 1 => Trouble::Kill(self.one_in(2)),
            2..5 => Trouble::PowerCut(variant),
            5 | 6 => Trouble::Full,
            7 | 8 => Trouble::Error,
            _ => Trouble::Late,
        };
        let bound = self.pick(&[4, 12, 30]);
        Mishap { at: self.below(bound).into(), kind }
    }

    fn clock(&mut self) -> i64 {
        let minutes = i64::from(self.below(120)) * 60_000;
        let days = |count: u32| i64::from(count) * DAY_MS;
        match self.below(16) {
            0..6 => i64::from(self.below(5_000)),
            6 | 7 => minutes,
            8 | 9 => days(self.below(40)),
            10 => days(60 + self.below(60)),
            11 => days(390 + self.below(45)),
            12 => days(366 * (1 + self.below(5))),
            13 => -minutes,
            14 => -days(self.below(40)),
            _ => -days(self.below(800)),
        }
    }

    fn settings(&mut self, before: &Settings) -> Settings {
        let mut settings = before.clone();
        if self.one_in(4) {
            settings.profile = self.place(3);
        }
        if self.one_in(4) {
            settings.max_level = self.pick(&[Level::Off, Level::Session, Level::OnDevice, Level::Shared]);
        } else if self.one_in(2) {
            settings.max_level = Level::Shared;
        }
        if self.one_in(4) {
            settings.notices = self.pick(&[vec![], vec![1], vec![2], vec![1, 2]]);
        }
        if self.one_in(4) {
            settings.days = self.pick(&[1, 30, 90, 365]);
            settings.max_events = self.pick(&[10, 5_000]);
        }
        if self.one_in(3) {
            settings.power = self.one_in(2);
            settings.idle_minutes = self.pick(&[1, 30, 1_440]);
        }
        settings
    }

    fn call(&mut self) -> Call {
        match self.below(64) {
            0..14 => {
                let (deed, age, id) = self.event();
                Call::Track(deed, age, id)
            }
            14..18 => Call::TrackAll((0..=self.below(7)).map(|_| self.event()).collect()),
            18..23 => Call::Recommend(Plan::draw(self)),
            23 | 24 => Call::Next(self.place(8)),
            25 => Call::Explain(self.place(8)),
            26 => Call::Rerank(self.items()),
            27 => Call::Categories,
            28..35 => {
                let notice = (!self.one_in(6)).then(|| 1 + self.below(2));
                Call::SetLevel(self.level(), notice)
            }
            35 | 36 => Call::Cmp(self.place(5)),
            37 => Call::Protect(self.one_in(2)),
            38 => Call::Kill(self.one_in(3)),
            39 => Call::Pause(self.one_in(3)),
            40..43 => {
                let interest = self.pick(&[Some(true), Some(false), Some(false), None]);
                Call::Interest(self.below(CATEGORIES), interest)
            }
            43..48 => Call::Forget(match self.below(6) {
                0 | 1 => Scope::Event(self.place(6)),
                2 => Scope::Item(self.item()),
                3 => Scope::Category(self.below(CATEGORIES)),
                4 => Scope::Since(i64::from(self.below(200_000_000))),
                _ => Scope::Everything,
            }),
            48..51 => Call::Switch(self.place(3)),
            51 | 52 => Call::Merge(self.place(3)),
            53 => Call::Delete(self.place(3)),
            54 | 55 => {
                let offer = Offer {
                    category: self.one_in(2).then(|| self.below(CATEGORIES)),
                    brand: self.one_in(2).then(|| self.below(4)),
                    price: self.one_in(2).then(|| self.below(50)),
                    available: !self.one_in(4),
                    expires: self.one_in(4),
                };
                Call::Upsert(self.item(), offer)
            }
            56 => Call::Patch(self.item(), self.one_in(2)),
            57 => Call::Remove(self.item()),
            58 => {
                let way = self.pick(&[Way::Install, Way::Install, Way::Install, Way::Bytes, Way::Path]);
                Call::Load(1 + u64::from(self.below(2)), way)
            }
            59..62 => Call::Read,
            62 => Call::WarmUp,
            _ => Call::Close,
        }
    }
}

/// A random sequence.
#[must_use]
pub fn sequence(random: &mut ChaCha20Rng) -> Vec<Step> {
    let mut dice = Dice(random);
    let mut settings = Settings::default();
    let mut steps = Vec::new();
    // Most sequences begin where something can be lost.
    if !dice.one_in(5) {
        let level = dice.pick(&[Level::Session, Level::OnDevice, Level::OnDevice, Level::Shared]);
        steps.push(Step::Call(Call::SetLevel(level, Some(1)), None));
        if dice.one_in(3) {
            // Somebody else uses the phone as well.
            let (deed, age, id) = dice.event();
            let calls = [
                Call::Switch(1),
                Call::SetLevel(Level::OnDevice, Some(1)),
                Call::Track(deed, age, id),
                Call::Switch(0),
            ];
            steps.extend(calls.map(|call| Step::Call(call, None)));
        }
    }
    for _ in 0..5 + dice.below(17) {
        let step = match dice.below(40) {
            0..29 => {
                let mishap = dice.one_in(5).then(|| dice.mishap());
                steps.push(Step::Call(dice.call(), mishap));
                if mishap.is_none() || !dice.one_in(4) {
                    continue;
                }
                // What was said is true even if the power goes right after it.
                let any = dice.place(64);
                let stop = Stop::PowerCut(dice.pick(&[LOSES_ALL, any]));
                Step::Reopen { stop, settings: settings.clone(), loss: None, mishap: None, load: true }
            }
            29..34 => Step::Clock(dice.clock()),
            34..38 => {
                let variant = dice.place(64);
                let stop = dice.pick(&[Stop::Close, Stop::Kill, Stop::PowerCut(variant)]);
                settings = dice.settings(&settings);
                let history = dice.below(3);
                let loss = dice.one_in(8).then(|| {
                    let copy = Loss::Copy(if history == 0 { 1 } else { 2 });
                    let kinds = [Loss::History(history), copy, copy, Loss::Catalogue, Loss::Consent];
                    dice.pick(&kinds)
                });
                let mishap = dice.one_in(4).then(|| dice.mishap());
                Step::Reopen { stop, settings: settings.clone(), loss, mishap, load: !dice.one_in(6) }
            }
            38 => Step::Weather(dice.pick(&[
                Weather::Fair,
                Weather::Full,
                Weather::ReadOnly,
                Weather::NoRandom,
            ])),
            _ if dice.one_in(8) => Step::Reset,
            _ => Step::Weather(Weather::Fair),
        };
        steps.push(step);
    }
    steps
}
