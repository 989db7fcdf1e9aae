//! Promise 2: what the lower level may not hold is erased before `set_level` returns, and that survives a crash.

#![allow(clippy::print_stdout, reason = "tests report how much they visited")]

use tastekeeper::mutants::Mutant;
use tastekeeper::platform::FileError;
use tastekeeper::{Error, PersonalizationLevel as Level, Recommender, Tracked};
use tastekeeper_tests::fault::{Fault, Variant};
use tastekeeper_tests::phone::{Phone, START_MS, consent, view};
use tastekeeper_tests::promise::{Checked, answers, ensure, must_catch, same_answers};

fn phone_with_history(level: Level) -> (Phone, Recommender) {
    let phone = Phone::new();
    let shop = phone.open_at(level);
    for number in 0..10 {
        shop.track(view(number)).expect("a sound phone");
    }
    (phone, shop)
}

/// No file, no key and nothing in memory of the person; answers as on a new phone.
fn is_erased(phone: &Phone, shop: &Recommender, level: Level) -> Checked {
    ensure(shop.level() == Ok(level), || format!("the level is {:?}, not {level:?}", shop.level()))?;
    ensure(shop.stats().is_ok_and(|stats| stats.events == 0), || "events are left in memory".into())?;
    let files: Vec<_> =
        phone.device.files().dump().into_keys().filter(|name| name.starts_with('p')).collect();
    ensure(files.is_empty(), || format!("files are left: {files:?}"))?;
    let slots: Vec<_> =
        phone.device.keys().slots().into_iter().filter(|name| name.starts_with('p')).collect();
    ensure(slots.is_empty(), || format!("keys are left: {slots:?}"))?;
    let fresh = answers(&Phone::new().open_at(level)).map_err(|error| error.to_string())?;
    same_answers(
        "an erased phone against a new one",
        &fresh,
        &answers(shop).map_err(|error| error.to_string())?,
    )
}

fn lowering_erases() -> Checked {
    for from in [Level::Session, Level::OnDevice, Level::Shared] {
        for to in [Level::Off, Level::Session] {
            if to >= from {
                continue;
            }
            let (phone, shop) = phone_with_history(from);
            shop.set_level(to, None).map_err(|error| error.to_string())?;
            is_erased(&phone, &shop, to)?;
            drop(shop);
            is_erased(&phone, &phone.open().map_err(|error| error.to_string())?, to)?;
        }
    }
    Ok(())
}

/// Returns how many operations were visited.
fn lowering_survives_every_crash() -> Result<u64, String> {
    let mut visited = 0;
    for to in [Level::Off, Level::Session] {
        for at in 0.. {
            let (phone, shop) = phone_with_history(Level::OnDevice);
            let start = phone.device.operations();
            phone.device.set_fault(start + at, Fault::Crash);
            let lowered = shop.set_level(to, None);
            if !phone.device.is_crashed() {
                ensure(lowered.is_ok(), || format!("lowering fails without a crash: {lowered:?}"))?;
                break;
            }
            visited += 1;
            for variant in Variant::all() {
                let after = Phone::on(phone.device.reboot(variant), START_MS + 1, 23);
                let shop = after.open().map_err(|error| format!("crash {at}, {variant:?}: {error}"))?;
                let level = shop.level().map_err(|error| error.to_string())?;
                if level == Level::OnDevice {
                    // The call had not begun to take effect: everything is as it was.
                    let events = shop.stats().map(|stats| stats.events);
                    ensure(events == Ok(10), || {
                        format!("crash {at}, {variant:?}: level kept, {events:?} events")
                    })?;
                } else {
                    // At Off when the key went before the new level was known: lower than asked, never higher.
                    ensure(level <= to, || format!("crash {at}, {variant:?}: level {level:?}"))?;
                    is_erased(&after, &shop, level)
                        .map_err(|problem| format!("crash {at}, {variant:?}: {problem}"))?;
                }
            }
        }
    }
    Ok(visited)
}

/// An acknowledged lowering is there after the power goes at once.
fn an_acknowledged_lowering_lasts() -> Checked {
    for to in [Level::Off, Level::Session] {
        let (phone, shop) = phone_with_history(Level::OnDevice);
        shop.set_level(to, None).map_err(|error| error.to_string())?;
        for variant in Variant::all() {
            let after = Phone::on(phone.device.reboot(variant), START_MS + 1, 23);
            let shop = after.open().map_err(|error| error.to_string())?;
            is_erased(&after, &shop, to).map_err(|problem| format!("{variant:?}: {problem}"))?;
        }
    }
    Ok(())
}

/// When something fails for good, the call says so, nothing personal is used, and the next open finishes the work.
fn a_pending_erasure_blocks_and_is_finished() -> Checked {
    for fault in [Fault::FailFrom(FileError::Full), Fault::FailFilesFrom(FileError::ReadOnly)] {
        for at in 0.. {
            let (phone, shop) = phone_with_history(Level::OnDevice);
            let start = phone.device.operations();
            phone.device.set_fault(start + at, fault);
            let lowered = shop.set_level(Level::Off, None);
            ensure(shop.level() == Ok(Level::Off), || format!("{fault:?} at {at}: the level stayed up"))?;
            ensure(shop.stats().is_ok_and(|stats| stats.events == 0), || "events are used".into())?;
            if lowered.is_ok() && phone.device.operations() - start <= at {
                break;
            }
            if let Err(error) = &lowered {
                let pending = matches!(error, Error::ErasurePending { .. });
                ensure(pending, || format!("{fault:?} at {at}: {error}"))?;
            }
            phone.device.clear_fault();
            shop.set_level(Level::Off, None).map_err(|error| format!("{fault:?} at {at}, again: {error}"))?;
            drop(shop);
            let shop = phone.open().map_err(|error| error.to_string())?;
            is_erased(&phone, &shop, Level::Off)
                .map_err(|problem| format!("{fault:?} at {at}: {problem}"))?;
        }
    }
    Ok(())
}

/// A host that has no randomness cannot seal the new level, but keys and files go all the same.
fn an_erasure_needs_no_randomness() -> Checked {
    for to in [Level::Off, Level::Session] {
        let (phone, shop) = phone_with_history(Level::OnDevice);
        phone.random.fail(true);
        let lowered = shop.set_level(to, None);
        let pending = matches!(lowered, Err(Error::ErasurePending { .. }));
        ensure(pending, || format!("what is not durable is not acknowledged: {lowered:?}"))?;
        is_erased(&phone, &shop, to)?;
        phone.random.fail(false);
        drop(shop);
        // The level below OnDevice was not sealed: the missing key tells, and nobody knows more than Off.
        is_erased(&phone, &phone.open().map_err(|error| error.to_string())?, Level::Off)?;
    }
    Ok(())
}

#[test]
fn a_host_without_randomness_does_not_keep_anything() {
    must_catch(Mutant::LowerWithoutErasing, an_erasure_needs_no_randomness);
}

#[test]
fn what_a_lower_level_may_not_hold_is_gone() {
    must_catch(Mutant::LowerWithoutErasing, lowering_erases);
    must_catch(Mutant::EraseOnlyMemory, lowering_erases);
}

#[test]
fn a_crash_at_any_operation_leaves_the_old_level_or_the_new() {
    let visited = lowering_survives_every_crash().unwrap();
    assert!(visited > 10, "only {visited} operations were visited");
    println!("{visited} operations of set_level were crashed in 64 variants each");
}

#[test]
fn a_lowering_outlasts_a_power_cut() {
    must_catch(Mutant::LowerOnlyInMemory, an_acknowledged_lowering_lasts);
}

#[test]
fn an_unfinished_erasure_blocks_personal_use() {
    a_pending_erasure_blocks_and_is_finished().unwrap();
}

#[test]
fn raising_again_starts_empty() {
    let (_phone, shop) = phone_with_history(Level::Shared);
    shop.set_level(Level::Off, None).unwrap();
    shop.set_level(Level::OnDevice, Some(&consent())).unwrap();
    assert_eq!(shop.stats().unwrap().events, 0);
}

/// Another process that still believes in the level of before must not bring it back.
fn a_stale_process_raises_nothing() -> Checked {
    let text = |error: Error| error.to_string();
    let (phone, shop) = phone_with_history(Level::OnDevice);
    let stale = phone.open().map_err(text)?;
    shop.set_level(Level::Off, None).map_err(text)?;
    for refused in
        [stale.pause(true), stale.set_level(Level::Shared, Some(&consent())), stale.set_kill_switch(true)]
    {
        ensure(refused.is_err(), || "the consent state of another process was written over".into())?;
    }
    let kept = matches!(stale.track(view(3)), Ok(Tracked::Stored | Tracked::SessionOnly));
    ensure(!kept, || "a stale process kept an event".into())?;
    drop((shop, stale));
    is_erased(&phone, &phone.open().map_err(text)?, Level::Off)
}

#[test]
fn another_process_cannot_bring_a_level_back() {
    must_catch(Mutant::OverwriteForeignState, a_stale_process_raises_nothing);
}
