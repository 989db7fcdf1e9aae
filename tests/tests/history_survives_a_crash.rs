//! Nothing acknowledged is lost and nothing forgotten comes back, wherever a crash or a failure strikes.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tastekeeper::error::Error;
use tastekeeper::mutants::{self, Mutant};
use tastekeeper::platform::{FileError, FileSystem};
use tastekeeper::store::{Durability, Finding, RecordLog, SealedLog};
use tastekeeper_tests::fault::{DataLoss, DirectoryLoss, Fault, FaultyDevice, Variant};
use tastekeeper_tests::log_contract::records;
use tastekeeper_tests::survival::{
    Call, LOG_FILE, Run, Stop, check_after, check_gone, holds_residue, open, random, script, state,
};

type Check = Result<BTreeMap<&'static str, u64>, String>;

const EIO: FileError = FileError::Io(std::io::ErrorKind::Other);

/// Runs the script until it ends or the device crashes.
fn run_script(device: &FaultyDevice) -> Result<Option<Run>, String> {
    let Ok(mut run) = Run::start(device.clone()) else { return Ok(None) };
    for (number, call) in script().iter().enumerate() {
        if let Err(error) = run.call(call) {
            if !device.is_crashed() {
                return Err(format!("call {number} failed without a fault: {error}"));
            }
            break;
        }
    }
    Ok(Some(run))
}

fn operations_of_script() -> Result<u64, String> {
    let device = FaultyDevice::new();
    run_script(&device)?;
    Ok(device.operations())
}

/// Crashes at every operation, in every way, and again at every operation of the next opening.
fn crash_everywhere() -> Check {
    let (mut crashes, mut second_crashes, mut reported) = (0, 0, BTreeSet::new());
    let points = operations_of_script()?;
    for at in 0..points {
        let device = FaultyDevice::new();
        device.set_fault(at, Fault::Crash);
        let Some(run) = run_script(&device)? else { continue };
        let fail = |what: String| move |error: String| format!("crash at operation {at}, {what}: {error}");
        for in_flight in [false, true] {
            let killed = device.restart(in_flight);
            check_after(&run, &killed.restart(false), Stop::Kill).map_err(fail("killed".to_owned()))?;
            open(&killed).map_err(|error| format!("crash at operation {at}, killed: {error}"))?;
            for variant in Variant::all() {
                check_after(&run, &killed.reboot(variant), Stop::PowerCut)
                    .map_err(fail(format!("killed, opened, then {variant:?}")))?;
                second_crashes += 1;
            }
        }
        for variant in Variant::all() {
            let findings = check_after(&run, &device.reboot(variant), Stop::PowerCut)
                .map_err(fail(format!("{variant:?}")))?;
            reported.extend(findings.iter().map(name_of));
            crashes += 1;
            second_crashes +=
                crash_while_opening(&run, &device, variant).map_err(fail(format!("{variant:?}")))?;
        }
    }
    // The script reaches every way a crash can show, or this check would prove less than it seems.
    let expected = [
        "CopyBehind",
        "CopyMissing",
        "MissingKey",
        "StaleKeyDestroyed",
        "StaleTemporaryRemoved",
        "TornTail",
        "UnsyncedTailLost",
    ];
    if !reported.iter().map(String::as_str).eq(expected) {
        return Err(format!("crashes only led to {reported:?}"));
    }
    Ok(BTreeMap::from([("points", points), ("crashes", crashes), ("second crashes", second_crashes)]))
}

fn name_of(finding: &Finding) -> String {
    format!("{finding:?}").split(' ').next().unwrap_or_default().to_owned()
}

fn crash_while_opening(run: &Run, device: &FaultyDevice, first: Variant) -> Result<u64, String> {
    let probe = device.reboot(first);
    open(&probe).map_err(|error| format!("open: {error}"))?;
    let mut visited = 0;
    for at in 0..probe.operations() {
        let opening = device.reboot(first);
        opening.set_fault(at, Fault::Crash);
        let _ = open(&opening);
        for directory in [DirectoryLoss::Kept, DirectoryLoss::Lost] {
            for data in [DataLoss::Kept, DataLoss::Lost] {
                let second = Variant { data, directory, key_in_flight: data == DataLoss::Kept };
                check_after(run, &opening.reboot(second), Stop::PowerCut).map_err(|error| {
                    format!("then crash at operation {at} of opening, {second:?}: {error}")
                })?;
                visited += 1;
            }
        }
    }
    Ok(visited)
}

/// Lets every operation fail once, in every way, and goes on: a call that fails changes nothing, later calls work.
fn fail_everywhere() -> Check {
    let (mut failures, mut failed_calls) = (0, 0);
    let points = operations_of_script()?;
    for at in 0..points {
        for fault in [Fault::Fail(EIO), Fault::Fail(FileError::Full), Fault::FailLate] {
            failures += 1;
            failed_calls +=
                fail_once(at, fault).map_err(|error| format!("{fault:?} at operation {at}: {error}"))?;
        }
    }
    Ok(BTreeMap::from([("points", points), ("failures", failures), ("failed calls", failed_calls)]))
}

fn fail_once(at: u64, fault: Fault) -> Result<u64, String> {
    let device = FaultyDevice::new();
    device.set_fault(at, fault);
    let Ok(mut run) = Run::start(device.clone()) else { return Ok(0) };
    let mut failed = 0;
    for (number, call) in script().iter().enumerate() {
        let before = (run.log_history.current().clone(), device.operations() <= at);
        let result = run.call(call);
        let fail = |error: String| format!("call {number}: {error}");
        match &result {
            Ok(()) => {}
            Err(error) if !before.1 => return Err(fail(format!("a later call fails: {error}"))),
            Err(Error::ErasurePending { .. }) => failed += 1,
            Err(_) => {
                failed += 1;
                // Not only allowed states: exactly the one before, or for the state one of the two.
                let found =
                    open(&device.restart(true)).map_err(|error| fail(error.to_string()))?.records.to_vec();
                if found != before.0 {
                    return Err(fail(format!(
                        "{} records after an error, not {}",
                        found.len(),
                        before.0.len()
                    )));
                }
            }
        }
        if device.operations() > at {
            check_after(&run, &device.restart(true), Stop::Kill).map_err(fail)?;
            for variant in Variant::all().filter(|variant| variant.key_in_flight) {
                check_after(&run, &device.reboot(variant), Stop::PowerCut)
                    .map_err(|error| fail(format!("{variant:?}: {error}")))?;
            }
        }
    }
    Ok(failed)
}

/// From every operation on, everything fails until it works again: nothing acknowledged is lost meanwhile.
fn outage_everywhere() -> Check {
    let points = operations_of_script()?;
    for at in 0..points {
        for fault in [Fault::FailFrom(EIO), Fault::FailFrom(FileError::Full), Fault::FailFilesFrom(EIO)] {
            let device = FaultyDevice::new();
            device.set_fault(at, fault);
            let Ok(mut run) = Run::start(device.clone()) else { continue };
            for (number, call) in script().iter().enumerate() {
                let fail = |error: String| format!("{fault:?} from {at}, call {number}: {error}");
                let result = run.call(call);
                if result.is_err() && number % 3 == 0 {
                    device.clear_fault();
                }
                for variant in [Variant::ALL_LOST, Variant::ALL_KEPT] {
                    check_after(&run, &device.reboot(variant), Stop::PowerCut).map_err(fail)?;
                }
            }
        }
    }
    Ok(BTreeMap::from([("outages", points * 3)]))
}

/// A disk that refuses everything does not keep an erasure from making the content unreadable.
fn erase_on_a_broken_disk() -> Check {
    for error in [EIO, FileError::Full, FileError::ReadOnly] {
        let device = FaultyDevice::new();
        let mut log = open(&device).unwrap().log;
        log.append(&records(0, 5), Durability::Power, &mut random(1)).unwrap();
        state(&device).save(b"level", &mut random(2)).unwrap();
        device.set_fault(device.operations(), Fault::FailFilesFrom(error));
        let erased = (log.erase(), state(&device).erase());
        if !device.keys().slots().is_empty() {
            return Err("a broken disk kept a key from being destroyed".to_owned());
        }
        if !matches!(erased, (Err(Error::ErasurePending { .. }), Err(Error::ErasurePending { .. }))) {
            return Err(format!("erasing on a broken disk says {erased:?}"));
        }
        device.clear_fault();
        log.append(&records(9, 1), Durability::Power, &mut random(3)).map_err(|error| error.to_string())?;
        let found = open(&device.reboot(Variant::ALL_LOST)).map_err(|error| error.to_string())?;
        if found.records.to_vec() != records(9, 1) {
            return Err("the log does not recover from an interrupted erasure".to_owned());
        }
    }
    Ok(BTreeMap::new())
}

/// Either copy of the state may go, whole or in part.
fn lose_either_copy() -> Check {
    for copy in ["levels.1", "levels.2"] {
        for keep in [None, Some(0), Some(50)] {
            let device = FaultyDevice::new();
            for blob in [b"first", b"newer"] {
                state(&device).save(blob, &mut random(1)).unwrap();
            }
            let file = device.files().dump().remove(copy);
            match keep {
                None => device.files().remove(copy).unwrap(),
                Some(keep) => device.files().put(copy, &file.unwrap_or_default()[..keep]),
            }
            let loaded = state(&device).load().map_err(|error| format!("without {copy}: {error}"))?;
            if loaded.blob.as_deref() != Some(b"newer") || loaded.findings.len() != 1 {
                return Err(format!("without {copy}: {:?}", loaded.findings));
            }
            state(&device).save(b"after", &mut random(3)).map_err(|error| error.to_string())?;
            if !state(&device).load().is_ok_and(|loaded| loaded.findings.is_empty()) {
                return Err(format!("a save does not repair {copy}"));
            }
        }
    }
    Ok(BTreeMap::new())
}

/// After every rewrite and erasure of the script, no file holds a piece of what was sealed before, and no key that
/// is left opens a copy of it.
fn leave_no_residue() -> Check {
    let device = FaultyDevice::new();
    let files: Arc<dyn FileSystem> = device.files();
    let mut run = Run::start(device.clone()).unwrap();
    let mut compared = 0;
    for call in script() {
        let before = device.files().dump().remove(LOG_FILE);
        run.call(&call).map_err(|error| error.to_string())?;
        if let (Call::Rewrite(_) | Call::Erase, Some(before)) = (&call, before) {
            compared += 1;
            // The scan finds what is there, or this check could not fail.
            let untouched = FaultyDevice::new();
            untouched.files().put("copy", &before);
            let untouched: Arc<dyn FileSystem> = untouched.files();
            assert!(before.len() == 88 || holds_residue(&untouched, &before));
            if holds_residue(&files, &before) {
                return Err(format!("residue after {call:?}"));
            }
        }
        check_gone(&run, &device)?;
    }
    Ok(BTreeMap::from([("comparisons", compared)]))
}

/// Flips every bit of a file with durable frames: an error, the same records, or a reported cut of the last frame.
fn flip_every_bit() -> Check {
    let device = FaultyDevice::new();
    let mut log = open(&device).unwrap().log;
    log.rewrite(&records(0, 3), &mut random(1)).unwrap();
    for number in 3..6 {
        log.append(&records(number, 1), Durability::Power, &mut random(2)).unwrap();
    }
    let file = device.files().dump().remove(LOG_FILE).unwrap();
    let whole = records(0, 6);
    let (mut errors, mut cuts) = (0, 0);
    for bit in 0..file.len() * 8 {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let device = device.reboot(Variant::ALL_KEPT);
        device.files().put(LOG_FILE, &damaged);
        match open(&device) {
            Err(_) => {
                errors += 1;
                let untouched = device.files().dump().remove(LOG_FILE) == Some(damaged);
                if !untouched || device.keys().slots().len() != 1 {
                    return Err(format!("bit {bit}: an open that failed changed the device"));
                }
            }
            Ok(opened) if opened.records.to_vec() == whole => {}
            Ok(opened) if opened.records.to_vec() == whole[..5] && !opened.findings.is_empty() => cuts += 1,
            Ok(opened) => return Err(format!("bit {bit}: {} records", opened.records.len())),
        }
    }
    Ok(BTreeMap::from([("bits", file.len() as u64 * 8), ("errors", errors), ("cuts", cuts)]))
}

/// Prints the figures of a check that holds.
#[allow(clippy::print_stdout)]
fn assert_holds(name: &str, check: Check) {
    let figures = check.unwrap_or_else(|error| panic!("{name}: {error}"));
    println!("{name}: {figures:?}");
}

#[test]
fn a_crash_at_any_operation_loses_nothing_acknowledged() {
    assert_holds("crash_everywhere", crash_everywhere());
}

#[test]
fn a_failure_of_any_operation_changes_nothing() {
    assert_holds("fail_everywhere", fail_everywhere());
}

#[test]
fn an_outage_loses_nothing_acknowledged() {
    assert_holds("outage_everywhere", outage_everywhere());
}

#[test]
fn erasing_works_on_a_broken_disk() {
    assert_holds("erase_on_a_broken_disk", erase_on_a_broken_disk());
}

#[test]
fn a_saved_state_survives_the_loss_of_either_copy() {
    assert_holds("lose_either_copy", lose_either_copy());
}

#[test]
fn a_rewrite_leaves_no_residue() {
    assert_holds("leave_no_residue", leave_no_residue());
}

#[test]
fn a_flipped_bit_is_never_wrong_data() {
    assert_holds("flip_every_bit", flip_every_bit());
}

/// Every check fails for the mutants it is there to catch.
#[test]
#[allow(clippy::print_stdout)]
fn every_mutant_is_caught() {
    type Case = (Mutant, fn() -> Check);
    let cases: [Case; 9] = [
        (Mutant::IgnoreFailedSync, fail_everywhere),
        (Mutant::TrustAfterFailedSync, fail_everywhere),
        (Mutant::RenameBeforeSync, crash_everywhere),
        (Mutant::SkipDirectorySync, fail_everywhere),
        (Mutant::KeepOldKey, leave_no_residue),
        (Mutant::EraseFilesBeforeKeys, erase_on_a_broken_disk),
        (Mutant::KeepTornTail, crash_everywhere),
        (Mutant::CutDurableFrames, flip_every_bit),
        (Mutant::AcknowledgeOneCopy, lose_either_copy),
    ];
    for (mutant, check) in cases {
        let Err(error) = mutants::with(mutant, check) else { panic!("{mutant:?} is not caught") };
        println!("{mutant:?}: {error}");
    }
}

#[test]
fn two_processes_do_not_write_over_each_other() {
    let device = FaultyDevice::new();
    let mut first = open(&device).unwrap().log;
    let mut second = open(&device).unwrap().log;
    first.append(&records(0, 1), Durability::Power, &mut random(1)).unwrap();
    let refused = second.append(&records(1, 1), Durability::Power, &mut random(2));
    assert!(matches!(refused, Err(Error::StorageUnavailable { .. })));
    let mut second = open(&device).unwrap().log;
    second.rewrite(&records(5, 1), &mut random(3)).unwrap();
    for refused in [
        first.append(&records(1, 1), Durability::Power, &mut random(4)),
        first.rewrite(&records(1, 1), &mut random(5)),
    ] {
        assert!(matches!(refused, Err(Error::StorageUnavailable { .. })));
    }
    assert_eq!(open(&device).unwrap().records.to_vec(), records(5, 1));
    let held = device.files().lock().unwrap();
    assert!(matches!(open(&device), Err(Error::StorageUnavailable { .. })));
    assert!(matches!(first.erase(), Err(Error::StorageUnavailable { .. })));
    drop(held);
    SealedLog::erase_unopened(device.files(), device.keys(), "history").unwrap();
    assert!(device.files().dump().is_empty() && device.keys().slots().is_empty());
}
