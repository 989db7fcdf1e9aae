//! One sequence on one phone, with the set of ideal phones it may be like.
//!
//! Before every step the set holds every phone that all observations so far permit. A call leaves those that permit what it
//! said, an observation those that fit what is seen. An empty set is a broken promise.

use std::collections::{BTreeMap, BTreeSet};

use tastekeeper::platform::{Clock, FileError};
use tastekeeper::{PersonalizationLevel as Level, Recommender};

use super::calls::{Given, Said, make};
use super::ideal::{Ideal, Kept};
use super::place::add;
use super::plan::Plan;
use super::step::{Call, Mishap, Settings, Step, Trouble, Way, Weather};
use super::twin;
use super::watch::{Residue, Seen, no_file_left, nothing_left};
use crate::fault::{Fault, FaultyDevice, Hits};
use crate::phone::{DAY_MS, Phone, START_MS};
use crate::promise::{Checked, ensure};

/// More phones than this at once, and the permitted set says nothing any more.
const MAX_IDEALS: usize = 600;

/// What was done, to show that a hunt was none of nothing.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Sequences.
    pub sequences: u64,
    /// Calls by name, those that worked and those that met a fault.
    pub calls: BTreeMap<&'static str, (u64, u64)>,
    /// Other things by name.
    pub other: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(super) fn count(&mut self, name: &'static str, by: u64) {
        *self.other.entry(name).or_default() += by;
    }

    /// Adds what another thread did.
    pub fn add(&mut self, more: &Self) {
        self.sequences += more.sequences;
        for (name, (worked, hit)) in &more.calls {
            let entry = self.calls.entry(name).or_default();
            *entry = (entry.0 + worked, entry.1 + hit);
        }
        more.other.iter().for_each(|(name, by)| self.count(name, *by));
    }
}

/// A phone in a sequence.
pub(super) struct Drive<'a> {
    pub(super) phone: Phone,
    pub(super) shop: Option<Recommender>,
    pub(super) is_closed: bool,
    pub(super) ideals: Vec<Ideal>,
    pub(super) settings: Settings,
    pub(super) weather: Weather,
    pub(super) answers: Vec<(String, Plan, Vec<String>)>,
    /// How many of the answers must be forgotten.
    pub(super) dead_answers: usize,
    /// Whether the last look found an erasure pending, and whether a lowering said so since.
    pub(super) was_pending: bool,
    pub(super) lowering_is_pending: bool,
    /// The copy of the consent state that was damaged last, as it is then.
    pub(super) damaged: Option<(String, Vec<u8>)>,
    pub(super) residue: Residue,
    pub(super) seed: u64,
    pub(super) starts: u64,
    pub(super) tally: &'a mut Tally,
}

/// Runs a sequence on a new phone.
///
/// # Errors
/// The step and the promise it broke.
pub fn run(steps: &[Step], seed: u64, tally: &mut Tally) -> Checked {
    tally.sequences += 1;
    let mut drive = Drive {
        phone: Phone::on(FaultyDevice::new(), START_MS, seed),
        shop: None,
        is_closed: false,
        ideals: vec![Ideal::default()],
        settings: Settings::default(),
        weather: Weather::Fair,
        answers: Vec::new(),
        dead_answers: 0,
        was_pending: false,
        lowering_is_pending: false,
        damaged: None,
        residue: Residue::default(),
        seed,
        starts: 0,
        tally,
    };
    drive.open(None, true).map_err(|problem| format!("the first start: {problem}"))?;
    for (place, step) in steps.iter().enumerate() {
        let at = |problem| format!("step {place}, {step:?}: {problem}");
        drive.step(step).map_err(at)?;
        // Now and then two steps go by before anybody looks.
        if place % 4 != 3 {
            drive.observe().map_err(at)?;
        }
        let forgot = matches!(step, Step::Call(Call::Forget(_) | Call::Learn(..), _));
        if forgot && (seed + place as u64).is_multiple_of(4) {
            drive.compare().map_err(at)?;
        }
    }
    drive.change_weather(Weather::Fair);
    drive.observe().map_err(|problem| format!("at the end: {problem}"))?;
    if seed.is_multiple_of(4) {
        drive.compare().map_err(|problem| format!("at the end: {problem}"))?;
    }
    Ok(())
}

fn file_fault(kind: Trouble) -> Fault {
    match kind {
        Trouble::Kill(_) | Trouble::PowerCut(_) => Fault::Crash,
        Trouble::Full => Fault::Fail(FileError::Full),
        Trouble::Error => Fault::Fail(FileError::Io(std::io::ErrorKind::Other)),
        Trouble::Late => Fault::FailLate,
    }
}

impl Drive<'_> {
    pub(super) fn now_ms(&self) -> i64 {
        self.phone.clock.now_ms()
    }

    fn step(&mut self, step: &Step) -> Checked {
        match step {
            Step::Call(call, mishap) => self.call(call, *mishap),
            Step::Clock(by) => {
                let now_ms = self.now_ms() + by;
                if (1_000 * DAY_MS..60_000 * DAY_MS).contains(&now_ms) {
                    self.phone.clock.set(now_ms);
                }
                Ok(())
            }
            Step::Weather(weather) => {
                self.change_weather(*weather);
                Ok(())
            }
            Step::Reset => self.reset(),
            Step::Reopen { stop, settings, loss, mishap, load } => {
                self.stop(*stop);
                self.settings = settings.clone();
                if let Some(loss) = loss {
                    self.lose(*loss);
                }
                self.open(*mishap, *load)
            }
        }
    }

    pub(super) fn change_weather(&mut self, weather: Weather) {
        self.weather = weather;
        self.settle_weather();
    }

    /// Makes the weather hold again after a single mishap.
    fn settle_weather(&mut self) {
        let device = &self.phone.device;
        self.phone.random.fail(self.weather == Weather::NoRandom);
        match self.weather {
            Weather::Fair | Weather::NoRandom => device.clear_fault(),
            Weather::Full => device.set_fault(device.operations(), Fault::FailFrom(FileError::Full)),
            Weather::ReadOnly => {
                device.set_fault(device.operations(), Fault::FailFilesFrom(FileError::ReadOnly));
            }
        }
    }

    /// Runs `body` with a mishap in it. Returns whether anything failed.
    pub(super) fn mishap<T>(&mut self, mishap: Option<Mishap>, body: impl FnOnce(&Self) -> T) -> (T, bool) {
        let device = self.phone.device.clone();
        if let Some(mishap) = mishap {
            device.set_fault(device.operations() + mishap.at, file_fault(mishap.kind));
        }
        let before = device.hits();
        let given = body(self);
        let Hits { files, keys } = device.hits();
        self.tally.count("file operations hit", files - before.files);
        self.tally.count("key operations hit", keys - before.keys);
        let random = self.weather == Weather::NoRandom;
        if !device.is_crashed() {
            self.settle_weather();
        }
        (given, random || files + keys > before.files + before.keys)
    }

    pub(super) fn call(&mut self, call: &Call, mishap: Option<Mishap>) -> Checked {
        if self.is_closed {
            return self.call_closed(call);
        }
        let now_ms = self.now_ms();
        self.residue.note(&self.phone.device);
        let ((said, given), hit) = self.mishap(mishap, |drive| {
            let shop = drive.shop.as_ref().expect("a process runs between the steps");
            make(shop, call, &drive.answers, now_ms)
        });
        let entry = self.tally.calls.entry(name(call)).or_default();
        entry.0 += u64::from(!matches!(said, Said::Failed | Said::Invalid | Said::ConsentRequired));
        entry.1 += u64::from(hit);
        let before = std::mem::take(&mut self.ideals);
        let mut permitted = Vec::new();
        for ideal in &before {
            for (ending, after) in ideal.after(call, now_ms, hit) {
                if ending == said {
                    add(&mut self.ideals, after);
                } else {
                    add(&mut permitted, ending);
                }
            }
        }
        ensure(!self.ideals.is_empty(), || format!("it says {said:?}, permitted is {permitted:?}"))?;
        let many = self.ideals.len();
        ensure(many <= MAX_IDEALS, || format!("{many} phones are permitted at once"))?;
        let lowers = matches!(call, Call::SetLevel(..) | Call::Protect(_) | Call::Cmp(_));
        // Where only sharing ends there is nothing to erase.
        let erased = self.ideals.iter().all(|ideal| ideal.person().level < Level::OnDevice);
        self.lowering_is_pending |= lowers && said == Said::Pending && erased;
        self.note_what_was_forgotten(&before, said == Said::Failed);
        if self.weather == Weather::ReadOnly && mishap.is_none() {
            self.check_keys_are_gone(&before)?;
        }
        let erases = lowers || matches!(call, Call::Delete(_) | Call::Merge(_));
        let acknowledged = matches!(said, Said::Done | Said::Cap(_));
        for number in self.just_erased(&before).into_iter().filter(|_| erases && acknowledged) {
            nothing_left(&self.phone.device, number)?;
            self.tally.count("histories erased", 1);
        }
        self.check(call, &said, given, now_ms)?;
        if *call == Call::Close {
            let shop = self.shop.take();
            self.end_process(false);
            (self.is_closed, self.shop) = (true, shop);
            return Ok(());
        }
        if self.restart_if_crashed(mishap) {
            return self.open(None, true);
        }
        Ok(())
    }

    fn call_closed(&mut self, call: &Call) -> Checked {
        let Some(shop) = &self.shop else { return Ok(()) };
        let (said, _) = make(shop, call, &[], self.now_ms());
        let refused = said == Said::Closed || *call == Call::Close || said == Said::Invalid;
        self.tally.count("calls on a closed engine", 1);
        ensure(refused, || format!("a closed engine says {said:?}"))
    }

    /// Where files cannot be removed, their keys can: a lowering destroys them first.
    fn check_keys_are_gone(&self, before: &[Ideal]) -> Checked {
        let active = before[0].active;
        let keeps = |ideal: &Ideal| ideal.active != active || ideal.person().level >= Level::OnDevice;
        if !before.iter().all(|ideal| ideal.active == active && keeps(ideal)) || self.ideals.iter().any(keeps)
        {
            return Ok(());
        }
        let prefix = format!("p{active}.");
        let left = self.phone.device.keys().slots().into_iter().find(|slot| slot.starts_with(&prefix));
        ensure(left.is_none(), || format!("the key {left:?} is left where only files cannot be removed"))
    }

    /// The profiles that certainly have no sealed history now, and may have had one before.
    fn just_erased(&self, before: &[Ideal]) -> Vec<u32> {
        let is_gone = |ideals: &[Ideal], number: &u32| {
            ideals.iter().all(|ideal| ideal.logs.get(number).is_none_or(|place| place.is_certainly(&None)))
        };
        let numbers: BTreeSet<u32> =
            self.ideals.iter().flat_map(|ideal| ideal.logs.keys().copied()).collect();
        let erased = numbers.into_iter();
        erased.filter(|number| is_gone(&self.ideals, number) && !is_gone(before, number)).collect()
    }

    /// Whatever is not kept any more is in no answer and in no file.
    fn note_what_was_forgotten(&mut self, before: &[Ideal], failed: bool) {
        let old = &before[0];
        if before.iter().any(|ideal| ideal.kept != old.kept || ideal.active != old.active) || failed {
            return;
        }
        let moved = self.ideals.iter().all(|ideal| ideal.active != old.active);
        if moved || self.ideals.iter().all(|ideal| ideal.kept.lacks_some_of(&old.kept)) {
            self.dead_answers = self.answers.len();
        }
        let nothing = Kept::default();
        let gone_from_disk = old.held >= Level::OnDevice
            && self.ideals.iter().all(|ideal| {
                ideal.logs.get(&old.active).is_none_or(|place| {
                    place.now.iter().all(|kept| kept.as_ref().unwrap_or(&nothing).lacks_some_of(&old.kept))
                })
            });
        if gone_from_disk {
            self.tally.count("histories shortened", 1);
            self.residue.forget(old.active);
        }
    }

    /// Checks what a call gave.
    fn check(&mut self, call: &Call, said: &Said, given: Given, now_ms: i64) -> Checked {
        if let (Call::Next(place) | Call::Explain(place), Said::Done) = (call, said) {
            let dead = place % self.answers.len().max(1) < self.dead_answers;
            ensure(!dead, || "an answer outlives what it was made from".into())?;
        }
        let any = |holds: &dyn Fn(&Ideal) -> Checked| -> Checked {
            let mut first = Ok(());
            for ideal in &self.ideals {
                match holds(ideal) {
                    Ok(()) => return Ok(()),
                    Err(problem) => first = first.and(Err(problem)),
                }
            }
            first
        };
        match given {
            Given::Nothing => {}
            Given::Answer(plan, answer) => {
                any(&|ideal| plan.holds(&answer.items, ideal, now_ms))?;
                let ids = answer.items.into_iter().map(|given| given.item_id).collect();
                self.answers.push((answer.recommendation_id, plan, ids));
            }
            Given::More(place, answer) => {
                let (id, plan, items) = &self.answers[place];
                let plan = Plan { pin: None, ..plan.clone() };
                ensure(*id == answer.recommendation_id, || "a continuation of another answer".into())?;
                any(&|ideal| plan.holds(&answer.items, ideal, now_ms))?;
                let again = answer.items.iter().find(|given| items.contains(&given.item_id));
                ensure(again.is_none(), || format!("{again:?} comes again"))?;
                let ids = answer.items.into_iter().map(|given| given.item_id);
                self.answers[place].2.extend(ids);
            }
            Given::Order(mut ids, answer) => {
                let mut ordered: Vec<String> =
                    answer.items.iter().map(|given| given.item_id.clone()).collect();
                ordered.sort_unstable();
                ids.sort_unstable();
                ensure(ordered == ids, || format!("{ids:?} come back as {ordered:?}"))?;
            }
            Given::Categories(categories) => any(&|ideal| {
                let personal = ideal.uses_profile(now_ms);
                for given in &categories {
                    let number = given.category.rsplit('-').next().and_then(|text| text.parse().ok());
                    let muted = number.is_some_and(|number: u32| {
                        personal && ideal.kept.interests.get(&number) == Some(&false)
                    });
                    ensure(!muted, || format!("{} is muted", given.category))?;
                    let is_personal = given.source == tastekeeper::Source::Personal;
                    ensure(personal || !is_personal, || "a personal category at Off".into())?;
                }
                Ok(())
            })?,
        }
        Ok(())
    }

    /// Looks at everything there is to see.
    fn observe(&mut self) -> Checked {
        let (Some(shop), false) = (&self.shop, self.is_closed) else { return Ok(()) };
        if self.weather != Weather::Fair {
            return Ok(());
        }
        let now_ms = self.now_ms();
        self.residue.note(&self.phone.device);
        let seen = Seen::ask(shop).map_err(|error| format!("looking fails: {error}"))?;
        seen.holds_always(now_ms)?;
        let mut fitting = Vec::new();
        let mut first_problem = None;
        let is_marked = |ideal: &Ideal| ideal.ledger.people.iter().any(|person| person.erasing);
        let told = seen.is_erasure_pending();
        for before in &self.ideals {
            for (_, ideal) in before.pass(now_ms, false) {
                // A mark is told; and what a lowering says to be pending is marked.
                let is_new = self.lowering_is_pending && !self.was_pending;
                if (is_marked(&ideal) && !told) || (is_new && told && !is_marked(before)) {
                    first_problem = first_problem.or(Some("doctor is wrong about a pending erasure".into()));
                    continue;
                }
                match seen.fits(&ideal, now_ms) {
                    Ok(()) => add(&mut fitting, ideal),
                    Err(problem) => first_problem = first_problem.or(Some(problem)),
                }
            }
        }
        let count = self.ideals.len();
        ensure(!fitting.is_empty(), || format!("{} ({count} permitted)", first_problem.unwrap_or_default()))?;
        let before = std::mem::replace(&mut self.ideals, fitting);
        // Time passes in an observation as in every call.
        self.note_what_was_forgotten(&before, false);
        self.tally.count("observations", 1);
        let pending = seen.is_pending();
        (self.was_pending, self.lowering_is_pending) = (seen.is_erasure_pending(), false);
        self.tally.count("observations while something is pending", pending.into());
        self.residue.look(&self.phone.device, pending)?;
        if let ([ideal], false) = (self.ideals.as_slice(), pending) {
            no_file_left(&self.phone.device, ideal)?;
        }
        Ok(())
    }

    fn compare(&mut self) -> Checked {
        let (Some(shop), [ideal], Weather::Fair, false) =
            (&self.shop, self.ideals.as_slice(), self.weather, self.is_closed)
        else {
            return Ok(());
        };
        let compared = twin::compare(shop, ideal, self.now_ms())?;
        self.tally.count("comparisons with a new phone", compared.into());
        Ok(())
    }
}

/// The name of a call, for the tally.
#[must_use]
pub fn name(call: &Call) -> &'static str {
    match call {
        Call::Track(..) => "track",
        Call::TrackAll(_) => "track_all",
        Call::Recommend(_) => "recommend",
        Call::Next(_) => "recommend_next",
        Call::Explain(_) => "explain",
        Call::Rerank(_) => "rerank",
        Call::Categories => "recommend_categories",
        Call::SetLevel(..) => "set_level",
        Call::Cmp(_) => "apply_cmp_signals",
        Call::Protect(_) => "set_protected",
        Call::Kill(_) => "set_kill_switch",
        Call::Pause(_) => "pause",
        Call::Interest(..) => "set_interest",
        Call::Private(_) => "set_private_session",
        Call::Forget(_) => "forget",
        Call::Learn(..) => "set_learning",
        Call::Switch(_) => "switch_profile",
        Call::Merge(_) => "merge_profile",
        Call::Delete(_) => "delete_profile",
        Call::Upsert(..) => "upsert_items",
        Call::Patch(..) => "patch_items",
        Call::Remove(_) => "remove_items",
        Call::Load(_, Way::Install) => "install_model",
        Call::Load(_, Way::Bytes) => "load_model_bytes",
        Call::Load(_, Way::Path) => "load_model",
        Call::Read => "reading calls",
        Call::WarmUp => "warm_up",
        Call::Close => "close",
    }
}
