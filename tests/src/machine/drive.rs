//! One sequence on one phone, with the set of ideal phones it may be like.
//!
//! Before every step the set holds every phone that all observations so far permit. A call leaves those that permit what it
//! said, an observation those that fit what is seen. An empty set is a broken promise.

use std::collections::{BTreeMap, BTreeSet};

use tastekeeper::platform::{Clock, FileError};
use tastekeeper::{Error, PersonalizationLevel as Level, Recommender};

use super::calls::{Given, Said, config, make};
use super::ideal::{Ideal, Kept};
use super::place::add;
use super::plan::Plan;
use super::step::{Call, Loss, Mishap, Settings, Step, Stop, Trouble, Way, Weather};
use super::twin;
use super::watch::{Residue, Seen, no_file_left, nothing_left};
use crate::fault::{Fault, FaultyDevice, Hits, Variant};
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
    fn count(&mut self, name: &'static str, by: u64) {
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
struct Drive<'a> {
    phone: Phone,
    shop: Option<Recommender>,
    is_closed: bool,
    ideals: Vec<Ideal>,
    settings: Settings,
    weather: Weather,
    answers: Vec<(String, Plan, Vec<String>)>,
    /// How many of the answers must be forgotten.
    dead_answers: usize,
    /// Whether the last look found an erasure pending, and whether a lowering said so since.
    was_pending: bool,
    lowering_is_pending: bool,
    /// The copy of the consent state that was damaged last, as it is then.
    damaged: Option<(String, Vec<u8>)>,
    residue: Residue,
    seed: u64,
    starts: u64,
    tally: &'a mut Tally,
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
        let forgot = matches!(step, Step::Call(Call::Forget(_), _));
        if forgot && (seed + place as u64) % 4 == 0 {
            drive.compare().map_err(at)?;
        }
    }
    drive.change_weather(Weather::Fair);
    drive.observe().map_err(|problem| format!("at the end: {problem}"))?;
    if seed % 4 == 0 {
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
    fn now_ms(&self) -> i64 {
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

    fn change_weather(&mut self, weather: Weather) {
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
    fn mishap<T>(&mut self, mishap: Option<Mishap>, body: impl FnOnce(&Self) -> T) -> (T, bool) {
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

    /// If the device crashed: the phone starts again, without a process.
    fn restart_if_crashed(&mut self, mishap: Option<Mishap>) -> bool {
        if !self.phone.device.is_crashed() {
            return false;
        }
        let kind = mishap.map_or(Trouble::Kill(false), |mishap| mishap.kind);
        self.shop = None;
        let (device, cut) = match kind {
            Trouble::PowerCut(number) => (self.phone.device.reboot(variant(number)), true),
            Trouble::Kill(in_flight) => (self.phone.device.restart(in_flight), false),
            _ => (self.phone.device.restart(false), false),
        };
        self.tally.count(if cut { "power cuts in a call" } else { "kills in a call" }, 1);
        self.become_another(device, cut);
        true
    }

    fn become_another(&mut self, device: FaultyDevice, power_cut: bool) {
        self.starts += 1;
        self.phone = Phone::on(device, self.now_ms(), self.seed.wrapping_add(self.starts * 1_000_003));
        self.weather = Weather::Fair;
        self.end_process(power_cut);
    }

    fn end_process(&mut self, power_cut: bool) {
        self.shop = None;
        self.is_closed = false;
        self.residue.restart();
        self.answers.clear();
        self.dead_answers = 0;
        self.was_pending = false;
        self.lowering_is_pending = false;
        let mut ideals = Vec::new();
        for ideal in &self.ideals {
            add(&mut ideals, ideal.stopped(power_cut));
        }
        self.ideals = ideals;
    }

    fn stop(&mut self, stop: Stop) {
        match stop {
            Stop::Close => {
                if let Some(shop) = &self.shop {
                    shop.close();
                }
                self.change_weather(Weather::Fair);
                self.end_process(false);
            }
            Stop::Kill => {
                let device = self.phone.device.restart(false);
                self.become_another(device, false);
            }
            Stop::PowerCut(number) => {
                self.tally.count("power cuts between calls", 1);
                let device = self.phone.device.reboot(variant(number));
                self.become_another(device, true);
            }
        }
    }

    fn lose(&mut self, loss: Loss) {
        self.tally.count("keys lost", 1);
        match loss {
            Loss::History(number) => {
                self.phone.device.keys().lose(&format!("p{number}."));
                for ideal in &mut self.ideals {
                    if ideal.may_have_log(number) {
                        ideal.log(number).write_loosely(None);
                    }
                }
            }
            Loss::Catalogue => {
                self.phone.device.keys().lose("catalog.");
                self.ideals.iter_mut().for_each(|ideal| ideal.catalogue_on_disk.write(BTreeMap::new()));
            }
            Loss::Consent => self.phone.device.keys().lose("control"),
            Loss::Copy(number) => self.damage(&format!("control.{number}")),
        }
    }

    /// Damages a copy of the consent state. If both are the last that was acknowledged, the other one is enough.
    fn damage(&mut self, name: &str) {
        let files = self.phone.device.files();
        let mut found = files.dump();
        let unrepaired = self.damaged.iter().any(|(name, bytes)| found.get(name) == Some(bytes));
        let certain = self.ideals.iter().all(|ideal| ideal.ledger_on_disk.is_certain());
        let Some(mut copy) = found.remove(name) else { return };
        if unrepaired || !certain {
            return;
        }
        copy[30] ^= 1;
        files.put(name, &copy);
        self.damaged = Some((name.to_owned(), copy));
        self.tally.count("copies damaged", 1);
    }

    fn has_consent_without_key(&self) -> bool {
        let files = self.phone.device.files().dump();
        let has_file = files.contains_key("control.1") || files.contains_key("control.2");
        has_file && !self.phone.device.keys().slots().contains(&"control".to_owned())
    }

    fn open(&mut self, mishap: Option<Mishap>, load: bool) -> Checked {
        let lost = self.has_consent_without_key();
        let now_ms = self.now_ms();
        let (opened, hit) =
            self.mishap(mishap, |drive| Recommender::open(config(&drive.settings), drive.phone.platform()));
        if lost && !hit {
            let refused = matches!(opened, Err(Error::KeyUnavailable { .. }));
            ensure(refused, || "a consent state without its key was opened".into())?;
            return self.reset();
        }
        let mut after: Vec<(bool, Ideal)> = Vec::new();
        for ideal in &self.ideals {
            ideal.opened(&self.settings, now_ms, hit).into_iter().for_each(|part| add(&mut after, part));
        }
        let worked = opened.is_ok();
        if let Err(error) = &opened {
            let said = Said::error(error.clone());
            ensure(hit && said == Said::Failed, || format!("opening fails: {error}"))?;
        }
        self.tally.count(if hit { "openings with a fault" } else { "openings" }, 1);
        self.ideals = after.into_iter().filter(|part| part.0 == worked).map(|part| part.1).collect();
        ensure(!self.ideals.is_empty(), || format!("opening is not permitted to end so: {opened:?}"))?;
        self.shop = opened.ok();
        if self.restart_if_crashed(mishap) {
            return self.open(None, load);
        }
        if self.shop.is_none() {
            self.end_process(false);
            return self.open(None, load);
        }
        if load {
            let newest = self.ideals.iter().filter_map(|ideal| ideal.ledger.model).max().unwrap_or(1);
            self.call(&Call::Load(newest, Way::Install), None)?;
        }
        Ok(())
    }

    fn reset(&mut self) -> Checked {
        self.change_weather(Weather::Fair);
        self.end_process(false);
        let reset = Recommender::reset(&self.phone.platform());
        ensure(reset.is_ok(), || format!("a reset fails: {reset:?}"))?;
        let (files, slots) = (self.phone.device.files().dump(), self.phone.device.keys().slots());
        ensure(files.is_empty() && slots.is_empty(), || {
            format!("a reset leaves {:?}, {slots:?}", files.keys().collect::<Vec<_>>())
        })?;
        self.tally.count("resets", 1);
        self.ideals = vec![Ideal::default()];
        self.open(None, true)
    }

    fn call(&mut self, call: &Call, mishap: Option<Mishap>) -> Checked {
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
        for ideal in &self.ideals {
            for (_, ideal) in ideal.pass(now_ms, false) {
                // A mark is told; and what a lowering says to be pending is marked.
                let told = seen.is_erasure_pending();
                let marked = ideal.ledger.people.iter().any(|person| person.erasing);
                let is_new = self.lowering_is_pending && !self.was_pending;
                if (marked && !told) || (is_new && told && !marked) {
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

fn variant(number: usize) -> Variant {
    Variant::all().nth(number).unwrap_or(Variant::ALL_LOST)
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
        Call::Forget(_) => "forget",
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
