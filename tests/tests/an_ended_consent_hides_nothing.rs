//! When a consent ends, what it allowed to be kept is set aside, sealed. Every promise holds for it all the same:
//! lowering and forgetting reach it, it goes after 30 days, and a clock that goes back loses nothing.

use tastekeeper::mutants::Mutant;
use tastekeeper::platform::FileError;
use tastekeeper::{Error, Forget, PersonalizationLevel as Level, Tracked};
use tastekeeper_tests::fault::Fault;
use tastekeeper_tests::phone::{DAY_MS, Phone, START_MS, consent, item, view};
use tastekeeper_tests::promise::{answers, must_catch};

/// How long a consent lasts.
const LIFETIME_MS: i64 = 396 * DAY_MS;

fn expired() -> (Phone, tastekeeper::Recommender) {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    phone.clock.set(START_MS + LIFETIME_MS - 10 * DAY_MS);
    shop.track_all((0..5).map(view).collect()).expect("a sound phone");
    phone.clock.set(START_MS + LIFETIME_MS);
    assert_eq!(shop.level(), Ok(Level::Off));
    (phone, shop)
}

fn personal_traces(phone: &Phone) -> Vec<String> {
    let files = phone.device.files().dump().into_keys();
    files.chain(phone.device.keys().slots()).filter(|name| name.starts_with('p')).collect()
}

#[test]
fn lowering_erases_what_was_set_aside() {
    let (phone, shop) = expired();
    assert!(!personal_traces(&phone).is_empty());
    shop.set_level(Level::Off, None).unwrap();
    assert_eq!(personal_traces(&phone), [""; 0]);
}

#[test]
fn forgetting_reaches_what_was_set_aside() {
    let (_phone, shop) = expired();
    assert_eq!(shop.forget(Forget::Item(item(3))), Ok(1));
    shop.set_level(Level::OnDevice, Some(&consent())).unwrap();
    assert_eq!(shop.stats().unwrap().events, 4, "a renewed consent brings back what was not forgotten");
    let (phone, shop) = expired();
    shop.forget(Forget::Everything).unwrap();
    assert_eq!(personal_traces(&phone), [""; 0]);
    shop.set_level(Level::OnDevice, Some(&consent())).unwrap();
    assert_eq!(shop.stats().unwrap().events, 0);
}

#[test]
fn what_was_set_aside_goes_after_thirty_days() {
    let (phone, shop) = expired();
    phone.clock.advance(30 * DAY_MS);
    assert_eq!(shop.stats().unwrap().events, 0);
    assert_eq!(personal_traces(&phone), [""; 0], "also in a process that goes on");
    let (phone, shop) = expired();
    shop.switch_profile("other").unwrap();
    drop(shop);
    phone.clock.advance(30 * DAY_MS);
    let config = tastekeeper::Config { profile: "other".into(), ..Phone::config() };
    drop(tastekeeper::Recommender::open(config, phone.platform()).unwrap());
    assert_eq!(personal_traces(&phone), [""; 0], "also of a profile that is not active");
}

#[test]
fn a_renewed_consent_lasts_anew() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    phone.clock.advance(300 * DAY_MS);
    shop.set_level(Level::OnDevice, Some(&consent())).unwrap();
    phone.clock.advance(200 * DAY_MS);
    assert_eq!(shop.level(), Ok(Level::OnDevice));
}

#[test]
fn a_clock_that_goes_back_loses_nothing() {
    let (phone, shop) = expired();
    phone.clock.set(START_MS + LIFETIME_MS - 5 * DAY_MS);
    assert_eq!(shop.level(), Ok(Level::OnDevice));
    assert_eq!(shop.track(view(9)), Ok(Tracked::Stored));
    drop(shop);
    assert_eq!(phone.open().unwrap().stats().unwrap().events, 6);
}

#[test]
fn inactive_profiles_grow_old_too() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track_all((0..5).map(view).collect()).unwrap();
    let before = phone.device.files().dump()["p0.log"].len();
    shop.switch_profile("other").unwrap();
    drop(shop);
    phone.clock.advance(100 * DAY_MS);
    let config = tastekeeper::Config { profile: "other".into(), ..Phone::config() };
    drop(tastekeeper::Recommender::open(config, phone.platform()).unwrap());
    assert!(phone.device.files().dump()["p0.log"].len() < before, "old events are off the disk");
}

#[test]
fn forgetting_everything_is_never_half_done_in_memory() {
    for at in 0..12 {
        let phone = Phone::new();
        let shop = phone.open_at(Level::OnDevice);
        shop.track_all((0..5).map(view).collect()).unwrap();
        let personal = answers(&shop).unwrap();
        phone.device.set_fault(phone.device.operations() + at, Fault::FailFrom(FileError::ReadOnly));
        let done = shop.forget(Forget::Everything);
        let events = shop.stats().unwrap().events;
        let same = answers(&shop).unwrap() == personal;
        match done {
            Ok(count) => assert_eq!((count, events, same), (5, 0, false)),
            Err(Error::ErasurePending { .. }) => assert_eq!((events, same), (0, false), "operation {at}"),
            Err(error) => assert_eq!((events, same), (5, true), "operation {at}: {error}"),
        }
    }
}

#[test]
fn wrong_versions_are_seen() {
    for promise in [lowering_erases_what_was_set_aside as fn(), forgetting_reaches_what_was_set_aside] {
        must_catch(Mutant::LeaveSetAside, || {
            promise();
            Ok(())
        });
    }
}
