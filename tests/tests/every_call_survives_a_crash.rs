//! Promise 8, on disk: whatever operation a crash or a failure hits in whatever public call, the next open finds a
//! state that was acknowledged or asked for, loses nothing acknowledged and never shows more than was agreed to.

#![allow(clippy::print_stdout, reason = "tests report how much they visited")]

use std::collections::BTreeMap;

use tastekeeper::mutants::{Mutant, with};
use tastekeeper::platform::FileError;
use tastekeeper::{
    Availability, Error, Event, Forget, Interest, Item, ItemPatch, PersonalizationLevel as Level,
    RecommendationKind, Recommender, Request,
};
use tastekeeper_tests::fault::{DataLoss, DirectoryLoss, Fault, Variant};
use tastekeeper_tests::phone::{Phone, START_MS, category, consent, item, sample_pack, view};
use tastekeeper_tests::promise::{Checked, answers, ensure};

/// One public call that may touch files or keys, with what it makes of the ideal phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    LoadModel(u64),
    Upsert(u32),
    Patch(u32),
    Remove(u32),
    SetLevel(Level),
    Track(u32),
    TrackBatch(u32, u32),
    SetInterest(u32),
    Pause(bool),
    ForgetItem(u32),
    ForgetEverything,
    Switch(&'static str),
    Merge(&'static str),
    Delete(&'static str),
    Reads,
    Reopen,
}

/// Every public call that writes, at every level at which it does something else.
const SCRIPT: &[Call] = &[
    Call::LoadModel(1),
    Call::Upsert(0),
    Call::Patch(3),
    Call::Track(1),
    Call::SetLevel(Level::Session),
    Call::Track(2),
    Call::SetInterest(1),
    Call::SetLevel(Level::OnDevice),
    Call::Track(3),
    Call::TrackBatch(4, 9),
    Call::Pause(true),
    Call::Track(10),
    Call::Pause(false),
    Call::SetInterest(2),
    Call::ForgetItem(5),
    Call::Reads,
    Call::Upsert(5),
    Call::Remove(4),
    Call::Reopen,
    Call::Track(11),
    Call::Switch("other"),
    Call::SetLevel(Level::Shared),
    Call::Track(20),
    Call::Track(21),
    Call::Switch("default"),
    Call::Merge("other"),
    Call::Switch("third"),
    Call::SetLevel(Level::OnDevice),
    Call::Track(30),
    Call::Switch("default"),
    Call::Delete("third"),
    Call::LoadModel(2),
    Call::ForgetEverything,
    Call::Track(12),
    Call::SetLevel(Level::Off),
    Call::Track(13),
    Call::SetLevel(Level::OnDevice),
    Call::Track(14),
    Call::SetLevel(Level::Session),
    Call::Reads,
];

/// What an ideal phone would hold of one profile on disk.
#[derive(Clone, Debug, Default, PartialEq)]
struct Ideal {
    level: Level,
    paused: bool,
    events: Vec<u32>,
    interests: Vec<u32>,
}

/// What an ideal phone would hold on disk.
#[derive(Clone, Debug, Default, PartialEq)]
struct IdealPhone {
    active: &'static str,
    profiles: BTreeMap<&'static str, Ideal>,
    catalogue: BTreeMap<u32, bool>,
    model: u64,
}

impl IdealPhone {
    fn new() -> Self {
        let mut phone = Self { active: "default", ..Self::default() };
        phone.profiles.insert("default", Ideal::default());
        phone
    }

    fn now(&mut self) -> &mut Ideal {
        self.profiles.entry(self.active).or_default()
    }

    fn after(&self, call: Call) -> Self {
        let mut phone = self.clone();
        let now = phone.now();
        let keeps = now.level > Level::Off;
        match call {
            Call::LoadModel(version) => phone.model = version,
            Call::Upsert(first) => {
                phone.catalogue.extend((first..first + 3).map(|number| (100 + number, true)))
            }
            Call::Patch(number) => drop(phone.catalogue.insert(number, true)),
            Call::Remove(number) => drop(phone.catalogue.insert(number, false)),
            Call::SetLevel(level) => {
                if level < Level::OnDevice && now.level >= Level::OnDevice {
                    (now.events, now.interests) = (Vec::new(), Vec::new());
                }
                if level == Level::Off {
                    (now.events, now.interests) = (Vec::new(), Vec::new());
                }
                now.level = level;
            }
            Call::Track(number) if keeps && !now.paused => now.events.push(number),
            Call::TrackBatch(first, last) if keeps && !now.paused => now.events.extend(first..last),
            Call::SetInterest(number) if keeps && !now.interests.contains(&number) => {
                now.interests.push(number)
            }
            Call::Pause(on) => now.paused = on,
            Call::ForgetItem(number) => now.events.retain(|own| *own != number),
            Call::ForgetEverything => (now.events, now.interests) = (Vec::new(), Vec::new()),
            Call::Switch(name) => {
                phone.active = name;
                phone.now();
            }
            Call::Merge(from) => {
                let other = phone.profiles.remove(from).unwrap_or_default();
                phone.now().events.extend(other.events);
            }
            Call::Delete(name) => drop(phone.profiles.remove(name)),
            _ => {}
        }
        phone
    }

    /// What is left when the process ends: nothing of a mere visit, and the app opens its default profile.
    fn at_rest(&self) -> Self {
        let mut phone = self.clone();
        for profile in phone.profiles.values_mut() {
            if profile.level < Level::OnDevice {
                (profile.events, profile.interests) = (Vec::new(), Vec::new());
            }
        }
        // A profile without any consent leaves no trace until something about it is saved.
        phone.profiles.retain(|name, profile| *name == "default" || *profile != Ideal::default());
        phone.active = "default";
        phone
    }
}

fn run(shop: &Recommender, call: Call) -> tastekeeper::Result<()> {
    match call {
        Call::LoadModel(version) => shop.load_model_bytes(&sample_pack(version)).map(drop),
        Call::Upsert(first) => shop.upsert_items(
            (first..first + 3)
                .map(|number| Item { category: vec![category(1)], ..Item::new(item(100 + number)) })
                .collect(),
        ),
        Call::Patch(number) => shop.patch_items(vec![ItemPatch {
            availability: Some(Availability::InStock),
            ..ItemPatch::new(item(number))
        }]),
        Call::Remove(number) => shop.remove_items(vec![item(number)]),
        Call::SetLevel(level) => shop.set_level(level, Some(&consent())),
        Call::Track(number) => shop.track(view(number)).map(drop),
        Call::TrackBatch(first, last) => {
            shop.track_all((first..last).map(view).collect::<Vec<Event>>()).map(drop)
        }
        Call::SetInterest(number) => shop.set_interest(&category(number), Interest::Boost),
        Call::Pause(on) => shop.pause(on),
        Call::ForgetItem(number) => shop.forget(Forget::Item(item(number))).map(drop),
        Call::ForgetEverything => shop.forget(Forget::Everything).map(drop),
        Call::Switch(name) => shop.switch_profile(name),
        Call::Merge(from) => shop.merge_profile(from),
        Call::Delete(name) => shop.delete_profile(name),
        Call::Reads => {
            answers(shop)?;
            shop.profile()?;
            shop.history(10, None)?;
            shop.recommend_categories(3)?;
            shop.doctor().map(drop)
        }
        Call::Reopen => Ok(()),
    }
}

/// What the phone holds of the profile that is active, by its own answers.
fn held(shop: &Recommender) -> Result<Ideal, String> {
    let text = |error: Error| error.to_string();
    let number =
        |id: &String| id.rsplit(['-']).next().and_then(|text| text.parse::<u32>().ok()).unwrap_or(u32::MAX);
    let mut events: Vec<u32> = shop
        .history(1_000, None)
        .map_err(text)?
        .iter()
        .flat_map(|entry| entry.items.iter().map(number).collect::<Vec<_>>())
        .collect();
    events.reverse();
    let interests =
        shop.profile().map_err(text)?.interests.iter().map(|(category, _)| number(category)).collect();
    // Pausing shows in what becomes of an event; it is not asked for here.
    Ok(Ideal { level: shop.level().map_err(text)?, paused: false, events, interests })
}

fn is_one_of(what: &str, found: &Ideal, allowed: &[Ideal]) -> Checked {
    let sorted = |ideal: &Ideal| {
        let mut ideal = Ideal { paused: false, ..ideal.clone() };
        ideal.interests.sort_unstable();
        ideal
    };
    let fits = allowed.iter().any(|ideal| sorted(ideal) == sorted(found));
    ensure(fits, || format!("{what}: found {found:?}, allowed {allowed:?}"))
}

/// Opens the phone again and compares it with the states it may be in.
fn check_reopened(phone: &Phone, before: &IdealPhone, after: &IdealPhone, call: Call) -> Checked {
    let text = |error: Error| format!("reopening: {error}");
    let shop = phone.open_bare().map_err(text)?;
    let (before, after) = (before.at_rest(), after.at_rest());
    let states = |name: &str| {
        let of = |phone: &IdealPhone| phone.profiles.get(name).cloned().unwrap_or_default();
        let (old, new) = (of(&before), of(&after));
        let mut states = vec![old.clone(), new.clone()];
        if old.level != new.level || matches!(call, Call::ForgetEverything | Call::Delete(_) | Call::Merge(_))
        {
            // An erasure that had begun: lower than asked for, and empty.
            states.push(Ideal { level: Level::Off, ..Ideal::default() });
        }
        if matches!(call, Call::ForgetEverything) {
            states.push(Ideal { level: old.level, paused: old.paused, ..Ideal::default() });
        }
        states
    };
    is_one_of("default", &held(&shop)?, &states("default"))?;
    for name in ["other", "third"] {
        shop.switch_profile(name).map_err(text)?;
        is_one_of(name, &held(&shop)?, &states(name))?;
    }
    shop.switch_profile("default").map_err(text)?;
    // The catalogue: what was there before the call, or after it.
    shop.load_model_bytes(&sample_pack(2)).map_err(text)?;
    let offered = |number: u32| {
        let request = Request::new(RecommendationKind::Trending(None)).count(100);
        shop.recommend(request).map(|answer| answer.items.iter().any(|given| given.item_id == item(number)))
    };
    let differs = |state: &IdealPhone| -> Result<bool, String> {
        for number in [3, 4, 100, 101, 102, 105, 106, 107] {
            let expected = match state.catalogue.get(&number) {
                Some(offered) => *offered,
                None => number < 100,
            };
            if offered(number).map_err(text)? != expected {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let lost = differs(&before)? && differs(&after)?;
    ensure(!lost, || "the catalogue is neither the old nor the new one".into())?;
    // And it works.
    shop.set_level(Level::OnDevice, Some(&consent())).map_err(text)?;
    shop.track(view(40)).map_err(text)?;
    answers(&shop).map(drop).map_err(text)
}

/// The variants that differ for an engine: the store's own test goes through all 64.
fn variants() -> impl Iterator<Item = Variant> {
    [
        (DataLoss::Kept, DirectoryLoss::Kept),
        (DataLoss::Lost, DirectoryLoss::Lost),
        (DataLoss::Lost, DirectoryLoss::Kept),
        (DataLoss::Torn(50), DirectoryLoss::FirstOnly),
        (DataLoss::Zeroed, DirectoryLoss::LastOnly),
    ]
    .into_iter()
    .flat_map(|(data, directory)| {
        [false, true].map(|key_in_flight| Variant { data, directory, key_in_flight })
    })
}

/// Runs the script up to operation `at`, where `fault` happens. Returns the phone, the ideal phone before and after the
/// call that was hit, the call and what it returned; `None` when the script ended before.
type Hit = (Phone, IdealPhone, IdealPhone, Call, tastekeeper::Result<()>);

fn run_into(at: u64, fault: Fault) -> Result<Option<Hit>, String> {
    let phone = Phone::new();
    phone.device.set_fault(at, fault);
    let mut ideal = IdealPhone::new();
    let mut shop = match phone.open_bare() {
        Ok(shop) => shop,
        Err(error) => return Ok(Some((phone, ideal.clone(), ideal, Call::Reopen, Err(error)))),
    };
    let mut model = None;
    for &call in SCRIPT {
        phone.clock.advance(1_000);
        let after = ideal.after(call);
        let done = if call == Call::Reopen {
            drop(shop);
            match phone.open_bare() {
                Ok(opened) => {
                    shop = opened;
                    model.map_or(Ok(()), |version| run(&shop, Call::LoadModel(version)))
                }
                Err(error) => return Ok(Some((phone, ideal, after, call, Err(error)))),
            }
        } else {
            run(&shop, call)
        };
        if let Call::LoadModel(version) = call {
            model = Some(version);
        }
        if phone.device.operations() > at {
            return Ok(Some((phone, ideal, after, call, done)));
        }
        done.map_err(|error| format!("{call:?} fails without a fault: {error}"))?;
        ideal = after;
        let mut expected = ideal.clone();
        is_one_of(&format!("after {call:?}"), &held(&shop)?, &[expected.now().clone()])?;
    }
    Ok(None)
}

/// Crashes at every operation. Returns how many there were.
fn crashes() -> Result<u64, String> {
    for at in 0.. {
        let Some((phone, before, after, call, done)) = run_into(at, Fault::Crash)? else { return Ok(at) };
        for variant in variants() {
            let again = Phone::on(phone.device.reboot(variant), START_MS + 3_600_000, 77);
            // An acknowledged call holds; one that was not may have happened or not.
            let from = if done.is_ok() { &after } else { &before };
            check_reopened(&again, from, &after, call).map_err(|problem| {
                format!("operation {at} in {call:?} ({done:?}), {variant:?}: {problem}")
            })?;
        }
    }
    Ok(0)
}

/// Lets every operation fail once, in three ways. Returns how many failures there were.
fn failures() -> Result<u64, String> {
    let mut count = 0;
    for fault in
        [Fault::Fail(FileError::Full), Fault::Fail(FileError::Io(std::io::ErrorKind::Other)), Fault::FailLate]
    {
        for at in 0.. {
            let Some((phone, before, after, call, done)) = run_into(at, fault)? else { break };
            count += 1;
            phone.device.clear_fault();
            let pending = matches!(done, Err(Error::ErasurePending { .. }));
            let from = if done.is_ok() || pending { &after } else { &before };
            if let Err(error) = &done {
                let typed = matches!(
                    error,
                    Error::StorageFull
                        | Error::StorageUnavailable { .. }
                        | Error::KeyUnavailable { .. }
                        | Error::ErasurePending { .. }
                );
                ensure(typed, || format!("operation {at} in {call:?}: {error}"))?;
            }
            let again = Phone::on(phone.device.restart(false), START_MS + 3_600_000, 77);
            check_reopened(&again, from, &after, call)
                .map_err(|problem| format!("{fault:?} at {at} in {call:?} ({done:?}): {problem}"))?;
        }
    }
    Ok(count)
}

#[test]
fn a_crash_anywhere_leaves_the_old_state_or_the_new() {
    let operations = crashes().unwrap();
    assert!(operations > 150, "the script makes only {operations} operations");
    println!(
        "{operations} operations of {} calls, each crashed in {} variants",
        SCRIPT.len(),
        variants().count()
    );
}

#[test]
fn a_failure_anywhere_is_typed_and_loses_nothing() {
    let failed = failures().unwrap();
    assert!(failed > 400, "only {failed} failures");
    println!("{failed} single failures");
}

#[test]
fn wrong_versions_are_seen() {
    for mutant in [Mutant::LowerOnlyInMemory, Mutant::ForgetOnlyInMemory] {
        let seen = with(mutant, || crashes().and_then(|_| failures()));
        assert!(seen.is_err(), "{mutant:?} goes unseen");
    }
}
