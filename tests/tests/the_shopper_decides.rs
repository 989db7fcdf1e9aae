//! What lowers and stops beside the shopper's own switch: age, the kill switch, a new notice. And the receipts that tell
//! of it.

use tastekeeper::consent::cmp::{CmpPolicy, CmpSignals};
use tastekeeper::consent::verify_receipts;
use tastekeeper::mutants::Mutant;
use tastekeeper::{
    Config, ConsentState, Error, Forget, IgnoredReason, Origin, PersonalizationLevel as Level, Recommender,
    Tracked,
};
use tastekeeper_tests::fault::{Fault, Variant};
use tastekeeper_tests::phone::{DAY_MS, Phone, START_MS, consent, view};
use tastekeeper_tests::promise::{Checked, ensure, must_catch};

fn text(error: impl ToString) -> String {
    error.to_string()
}

fn personal_traces(phone: &Phone) -> Vec<String> {
    let files = phone.device.files().dump().into_keys();
    files.chain(phone.device.keys().slots()).filter(|name| name.starts_with('p')).collect()
}

fn protection_lowers_and_caps() -> Checked {
    let phone = Phone::new();
    let shop = phone.open_at(Level::Shared);
    shop.track(view(1)).map_err(text)?;
    shop.set_protected(true).map_err(text)?;
    ensure(shop.level() == Ok(Level::Session), || "the level stayed up".into())?;
    ensure(personal_traces(&phone).is_empty(), || "something was left".into())?;
    let raised = shop.set_level(Level::OnDevice, Some(&consent()));
    ensure(matches!(raised, Err(Error::ConsentRequired { .. })), || "the cap does not hold".into())?;
    drop(shop);
    let shop = phone.open().map_err(text)?;
    ensure(shop.set_level(Level::OnDevice, Some(&consent())).is_err(), || "the cap was forgotten".into())?;
    shop.set_protected(false).map_err(text)?;
    ensure(shop.level() == Ok(Level::Session), || "taking the cap away raised the level".into())?;
    shop.set_level(Level::OnDevice, Some(&consent())).map_err(text)?;
    let origins: Vec<Origin> = shop.receipts().map_err(text)?.iter().map(|receipt| receipt.origin).collect();
    ensure(origins == [Origin::Shopper, Origin::Age, Origin::Shopper], || format!("{origins:?}"))
}

#[test]
fn a_child_is_never_remembered() {
    protection_lowers_and_caps().unwrap();
    must_catch(Mutant::LowerWithoutErasing, protection_lowers_and_caps);
    must_catch(Mutant::LowerOnlyInMemory, protection_lowers_and_caps);
}

#[test]
fn protection_survives_a_crash_at_any_operation() {
    let mut visited = 0;
    for at in 0.. {
        let phone = Phone::new();
        let shop = phone.open_at(Level::OnDevice);
        shop.track(view(1)).unwrap();
        phone.device.set_fault(phone.device.operations() + at, Fault::Crash);
        let done = shop.set_protected(true);
        if !phone.device.is_crashed() {
            done.unwrap();
            break;
        }
        visited += 1;
        for variant in Variant::all() {
            let after = Phone::on(phone.device.reboot(variant), START_MS + 1, 23);
            let shop = after.open().unwrap();
            match shop.level().unwrap() {
                Level::OnDevice => assert_eq!(shop.stats().unwrap().events, 1, "crash {at}, {variant:?}"),
                level => {
                    assert!(level <= Level::Session, "crash {at}, {variant:?}: {level:?}");
                    assert_eq!(personal_traces(&after), [""; 0], "crash {at}, {variant:?}");
                }
            }
        }
    }
    assert!(visited > 10, "only {visited} operations");
}

/// What was set aside when a consent ended is reached by a cap as by the shopper, and nothing is renewed.
fn a_cap_reaches_what_was_set_aside() -> Checked {
    for by_platform in [false, true] {
        let phone = Phone::new();
        let shop = phone.open_at(Level::OnDevice);
        phone.clock.advance(390 * DAY_MS);
        shop.track(view(1)).map_err(text)?;
        phone.clock.advance(6 * DAY_MS);
        ensure(shop.level() == Ok(Level::Off), || "the consent did not end".into())?;
        ensure(!personal_traces(&phone).is_empty(), || "nothing was set aside".into())?;
        if by_platform {
            // purpose 11 alone; and by now the string is too old to say even that
            shop.apply_cmp_signals(&signals("00000000001"), &CmpPolicy::default()).map_err(text)?;
        } else {
            shop.set_protected(true).map_err(text)?;
        }
        ensure(personal_traces(&phone).is_empty(), || "what was set aside was left".into())?;
        ensure(shop.level() == Ok(Level::Off), || "a cap renewed the consent".into())?;
        drop(shop);
        let shop = phone.open().map_err(text)?;
        let raised = shop.set_level(Level::OnDevice, Some(&consent()));
        ensure(raised.is_err(), || "the cap was forgotten".into())?;
    }
    Ok(())
}

#[test]
fn a_cap_erases_what_an_ended_consent_left() {
    must_catch(Mutant::LeaveSetAside, a_cap_reaches_what_was_set_aside);
}

#[test]
fn a_cap_between_sharing_and_keeping_erases_nothing() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::Shared);
    shop.track(view(1)).unwrap();
    shop.apply_cmp_signals(&signals("11111111111"), &CmpPolicy::default()).unwrap();
    assert_eq!(shop.level(), Ok(Level::OnDevice));
    assert_eq!(shop.stats().unwrap().events, 1);
}

fn the_switch_stops_learning_and_nothing_else() -> Checked {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track_all((0..5).map(view).collect()).map_err(text)?;
    shop.set_kill_switch(true).map_err(text)?;
    drop(shop);
    let shop = phone.open().map_err(text)?;
    let tracked = shop.track(view(9));
    ensure(tracked == Ok(Tracked::Ignored(IgnoredReason::Stopped)), || format!("{tracked:?}"))?;
    shop.switch_profile("somebody else").map_err(text)?;
    shop.set_level(Level::OnDevice, Some(&consent())).map_err(text)?;
    let tracked = shop.track(view(9));
    ensure(tracked == Ok(Tracked::Ignored(IgnoredReason::Stopped)), || format!("{tracked:?}"))?;
    shop.switch_profile("default").map_err(text)?;
    // rights go on
    ensure(shop.history(10, None).is_ok_and(|history| history.len() == 5), || "the history".into())?;
    ensure(shop.forget(Forget::Item(tastekeeper_tests::phone::item(2))) == Ok(1), || "forgetting".into())?;
    ensure(shop.export_receipts().is_ok(), || "exporting".into())?;
    phone.clock.advance(91 * DAY_MS);
    ensure(shop.stats().is_ok_and(|stats| stats.events == 0), || "retention stopped".into())?;
    shop.set_level(Level::Off, None).map_err(text)?;
    shop.set_kill_switch(false).map_err(text)?;
    shop.set_level(Level::OnDevice, Some(&consent())).map_err(text)?;
    ensure(shop.track(view(9)) == Ok(Tracked::Stored), || "learning does not resume".into())
}

#[test]
fn the_kill_switch_stops_learning_for_everybody() {
    must_catch(Mutant::IgnoreKillSwitch, the_switch_stops_learning_and_nothing_else);
}

#[test]
fn a_kill_switch_that_cannot_be_written_is_on_all_the_same() {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    phone.random.fail(true);
    assert_eq!(shop.set_kill_switch(true), Err(Error::RandomUnavailable));
    phone.random.fail(false);
    assert_eq!(shop.track(view(1)), Ok(Tracked::Ignored(IgnoredReason::Stopped)));
    phone.random.fail(true);
    assert_eq!(shop.set_kill_switch(false), Err(Error::RandomUnavailable));
    phone.random.fail(false);
    assert_eq!(shop.track(view(1)), Ok(Tracked::Ignored(IgnoredReason::Stopped)), "it is not taken for off");
}

fn open_with(phone: &Phone, notices: &[&str]) -> tastekeeper::Result<Recommender> {
    let accepted_notices = notices.iter().map(ToString::to_string).collect();
    Recommender::open(Config { accepted_notices, ..Phone::config() }, phone.platform())
}

fn a_new_notice_ends_the_consent() -> Checked {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    shop.track(view(1)).map_err(text)?;
    drop(shop);
    let agreed = consent().notice_version;
    let shop = open_with(&phone, &[&agreed, "next"]).map_err(text)?;
    ensure(shop.level() == Ok(Level::OnDevice), || "an accepted notice does not count".into())?;
    drop(shop);
    let shop = open_with(&phone, &["next"]).map_err(text)?;
    ensure(shop.level() == Ok(Level::Off), || "an outdated notice counts".into())?;
    ensure(shop.consent_state() == Ok(ConsentState::Expired), || "the app is not told".into())?;
    ensure(!personal_traces(&phone).is_empty(), || "what was kept is not set aside but gone".into())?;
    let old = shop.set_level(Level::OnDevice, Some(&consent()));
    ensure(matches!(old, Err(Error::InvalidArgument { .. })), || format!("{old:?}"))?;
    drop(shop);
    phone.clock.advance(30 * DAY_MS);
    let shop = open_with(&phone, &["next"]).map_err(text)?;
    ensure(shop.level() == Ok(Level::Off), || "it came back".into())?;
    ensure(personal_traces(&phone).is_empty(), || "what was set aside outlived its time".into())
}

#[test]
fn a_consent_holds_for_its_notice_only() {
    must_catch(Mutant::OutdatedNoticeCounts, a_new_notice_ends_the_consent);
    must_catch(Mutant::ExpiredConsentCounts, a_new_notice_ends_the_consent);
}

/// Made at the end of 2025; the publisher's choices are in the key beside it.
const TC_STRING: &str = "CQbwIkAQbwIkAEsACBENCHFgAPAAAAAAAAYgF5wA4AAgAEABwBeYAAAAAAAA";

fn signals(purposes: &str) -> CmpSignals {
    let pairs = [
        ("IABTCF_gdprApplies", "1"),
        ("IABTCF_CmpSdkID", "300"),
        ("IABTCF_PolicyVersion", "5"),
        ("IABTCF_TCString", TC_STRING),
        ("IABTCF_PublisherConsent", purposes),
    ];
    CmpSignals::new(pairs.map(|(key, value)| (key, value.into()))).expect("five keys")
}

fn a_platform_only_lowers() -> Checked {
    let policy = CmpPolicy::default();
    let phone = Phone::new();
    let shop = phone.open().map_err(text)?;
    // everything allowed, and nothing rises
    let outcome = shop.apply_cmp_signals(&signals("11111111111"), &policy).map_err(text)?;
    ensure(outcome.cap == Some(Level::OnDevice), || format!("{:?}", outcome.decisions))?;
    ensure(shop.level() == Ok(Level::Off), || "a platform raised the level".into())?;
    ensure(shop.set_level(Level::Shared, Some(&consent())).is_err(), || "the cap does not hold".into())?;
    shop.set_level(Level::OnDevice, Some(&consent())).map_err(text)?;
    shop.track(view(1)).map_err(text)?;
    let files = phone.device.files().dump();
    shop.apply_cmp_signals(&signals("11111111111"), &policy).map_err(text)?;
    shop.apply_cmp_signals(&CmpSignals::default(), &policy).map_err(text)?;
    ensure(phone.device.files().dump() == files, || "the same signals were written again".into())?;
    // purpose 11 alone: this visit
    shop.apply_cmp_signals(&signals("00000000001"), &policy).map_err(text)?;
    ensure(shop.level() == Ok(Level::Session), || "the level stayed up".into())?;
    ensure(personal_traces(&phone).is_empty(), || "something was left".into())?;
    drop(shop);
    let shop = phone.open().map_err(text)?;
    ensure(shop.set_level(Level::OnDevice, Some(&consent())).is_err(), || "the cap was forgotten".into())?;
    shop.apply_cmp_signals(&signals("11111111111"), &policy).map_err(text)?;
    ensure(shop.level() == Ok(Level::Session), || "a wider cap raised the level".into())?;
    shop.set_level(Level::OnDevice, Some(&consent())).map_err(text)?;
    let lowered = shop.receipts().map_err(text)?.iter().filter(|r| r.origin == Origin::Platform).count();
    ensure(lowered == 1, || format!("{lowered} receipts of the platform"))
}

#[test]
fn a_consent_platform_never_raises_a_level() {
    must_catch(Mutant::PlatformRaises, a_platform_only_lowers);
    must_catch(Mutant::LowerWithoutErasing, a_platform_only_lowers);
}

fn every_raise_has_a_receipt() -> Checked {
    let phone = Phone::new();
    let shop = phone.open_at(Level::Session);
    shop.set_level(Level::Shared, Some(&consent().with_notice_text("what we keep"))).map_err(text)?;
    shop.set_level(Level::Off, None).map_err(text)?;
    let document = shop.export_receipts().map_err(text)?;
    let levels: Vec<Level> =
        verify_receipts(&document).map_err(text)?.receipts.iter().map(|receipt| receipt.level).collect();
    ensure(levels == [Level::Session, Level::Shared, Level::Off], || format!("{levels:?}"))?;
    ensure(shop.owns_receipts(&document) == Ok(true), || "its own receipts are foreign".into())?;
    let other = Phone::on(tastekeeper_tests::fault::FaultyDevice::new(), START_MS, 99).open_at(Level::Off);
    ensure(other.owns_receipts(&document) == Ok(false), || "another phone's receipts are its own".into())?;
    let changed = document.replacen("\"locale\": \"en\"", "\"locale\": \"fr\"", 1);
    ensure(changed != document && verify_receipts(&changed).is_err(), || "a change went unseen".into())
}

#[test]
fn receipts_tell_of_every_change() {
    must_catch(Mutant::RaiseWithoutReceipt, every_raise_has_a_receipt);
    must_catch(Mutant::AcceptAnyReceipt, every_raise_has_a_receipt);
}
