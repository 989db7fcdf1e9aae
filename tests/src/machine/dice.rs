//! Draws sequences at random. Odds are set so that steps meet: few items, few people, and a fault in every fifth call.

use rand::Rng;
use rand_chacha::ChaCha20Rng;
use tastekeeper::PersonalizationLevel as Level;

use super::deed::Deed;
use super::plan::Plan;
use super::step::{Call, Loss, Mishap, Offer, Scope, Settings, Step, Stop, Trouble, Way, Weather};
use crate::phone::{CATEGORIES, DAY_MS};

/// The place of [`Variant::ALL_LOST`](crate::fault::Variant::ALL_LOST) among all variants.
const LOSES_ALL: usize = 10;

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
        let deed = self.deed();
        (if self.one_in(8) { Deed::Gift(Box::new(deed)) } else { deed }, age, id)
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

    fn scope(&mut self) -> Scope {
        match self.below(6) {
            0 | 1 => Scope::Event(self.place(6)),
            2 => Scope::Item(self.item()),
            3 => Scope::Category(self.below(CATEGORIES)),
            4 => Scope::Since(i64::from(self.below(200_000_000))),
            _ => Scope::Everything,
        }
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
            39 if self.one_in(2) => Call::Pause(self.one_in(3)),
            39 => Call::Private(!self.one_in(3)),
            40..43 => {
                let interest = self.pick(&[Some(true), Some(false), Some(false), None]);
                Call::Interest(self.below(CATEGORIES), interest)
            }
            43..47 => Call::Forget(self.scope()),
            47 => {
                let on = self.one_in(3);
                Call::Learn(self.scope(), on)
            }
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
                let call = dice.call();
                let gives_an_answer = matches!(call, Call::Recommend(_) | Call::Rerank(_));
                steps.push(Step::Call(call.clone(), mishap));
                if gives_an_answer && dice.one_in(2) {
                    let answer = dice.place(3);
                    let more = dice.pick(&[Call::Next(answer), Call::Explain(answer)]);
                    steps.push(Step::Call(more, None));
                }
                if mishap.is_some() && dice.one_in(4) {
                    // An app tries again.
                    steps.push(Step::Call(call, None));
                }
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
