//! The bytes on disk do not change unnoticed, hostile bytes do no harm, and every released format opens for ever.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tastekeeper::error::Error;
use tastekeeper::platform::{FileSystem, KeyCustodian, SeededRandom};
use tastekeeper::store::{CallRandom, Durability, Finding, RecordLog};
use tastekeeper_tests::fault::{FaultyDevice, Variant};
use tastekeeper_tests::log_contract::records;
use tastekeeper_tests::survival::{LOG_FILE, open, random, state};

const FIXTURE: &str = "fixtures/store-v1";
const STATE_FILES: [&str; 2] = ["levels.1", "levels.2"];

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(FIXTURE).join(name)
}

/// A small store whose every byte follows from seeds.
fn small_store() -> FaultyDevice {
    let device = FaultyDevice::new();
    let mut log = open(&device).unwrap().log;
    log.append(&records(0, 1), Durability::Process, &mut random(1)).unwrap();
    log.rewrite(&records(0, 3), &mut random(2)).unwrap();
    log.append(&records(3, 2), Durability::Power, &mut random(3)).unwrap();
    log.append(&records(5, 1), Durability::Process, &mut random(4)).unwrap();
    state(&device).save(b"level two", &mut random(5)).unwrap();
    device
}

/// A phone with the fixture's files and keys.
fn phone_with_fixture() -> FaultyDevice {
    let device = FaultyDevice::new();
    for name in [LOG_FILE, STATE_FILES[0], STATE_FILES[1]] {
        device.files().put(name, &fs::read(fixture(name)).unwrap());
    }
    for slot in ["history.b", "levels"] {
        let key: [u8; 32] = fs::read(fixture(&format!("{slot}.key"))).unwrap().try_into().unwrap();
        device.keys().store(slot, &key.into()).unwrap();
    }
    device
}

#[test]
fn a_store_of_version_one_opens() {
    let device = phone_with_fixture();
    let mut opened = open(&device).unwrap();
    assert_eq!((opened.records.to_vec(), opened.findings), (records(0, 6), vec![]));
    let loaded = state(&device).load().unwrap();
    assert_eq!((loaded.blob.as_deref(), loaded.findings), (Some(b"level two".as_slice()), vec![]));
    opened.log.append(&records(6, 1), Durability::Power, &mut random(9)).unwrap();
    assert_eq!(open(&device).unwrap().records.to_vec(), records(0, 7));
}

/// The same calls and the same randomness give the fixture's bytes: layout, key and nonce order.
#[test]
fn the_layout_is_the_fixtures() {
    let device = small_store();
    for (name, bytes) in device.files().dump() {
        assert!(bytes == fs::read(fixture(&name)).unwrap(), "{name} has other bytes");
    }
    assert_eq!(device.keys().slots(), ["history.b", "levels"]);
}

/// Writes the fixture. Run once per format version, never again: `cargo test -- --ignored write_the_fixture`.
#[test]
#[ignore = "writes the fixture of a new format version"]
fn write_the_fixture() {
    let device = small_store();
    assert!(!fixture("").exists(), "a released fixture is never written again");
    fs::create_dir_all(fixture("")).unwrap();
    for (name, bytes) in device.files().dump() {
        fs::write(fixture(&name), bytes).unwrap();
    }
    for slot in device.keys().slots() {
        let key = device.keys().load(&slot).unwrap().unwrap();
        fs::write(fixture(&format!("{slot}.key")), key.as_slice()).unwrap();
    }
}

#[test]
fn a_wrong_key_is_told_apart_from_damage() {
    let device = small_store();
    let file = device.files().dump().remove(LOG_FILE).unwrap();
    for slot in ["history.b", "levels"] {
        device.keys().store(slot, &[7; 32].into()).unwrap();
    }
    assert!(matches!(open(&device), Err(Error::KeyUnavailable { .. })));
    assert!(matches!(state(&device).load(), Err(Error::KeyUnavailable { .. })));
    assert!(matches!(state(&device).save(b"x", &mut random(1)), Err(Error::KeyUnavailable { .. })));
    assert!(device.files().dump().remove(LOG_FILE).unwrap() == file, "nothing was touched");
}

#[test]
fn a_file_without_its_key_waits_for_its_owner() {
    let device = small_store();
    let before = device.files().dump();
    for slot in ["history.b", "levels"] {
        device.keys().destroy(slot).unwrap();
    }
    let mut opened = open(&device).unwrap();
    assert_eq!((opened.records.len(), opened.findings), (0, vec![Finding::MissingKey]));
    let loaded = state(&device).load().unwrap();
    assert_eq!((loaded.blob, loaded.findings), (None, vec![Finding::MissingKey]));
    for refused in [
        opened.log.append(&records(0, 1), Durability::Power, &mut random(1)),
        opened.log.rewrite(&records(0, 1), &mut random(1)),
        state(&device).save(b"x", &mut random(1)),
    ] {
        assert!(matches!(refused, Err(Error::KeyUnavailable { .. })));
    }
    assert!(device.files().dump() == before, "nothing was touched");
    opened.log.erase().unwrap();
    state(&device).erase().unwrap();
    assert!(device.files().dump().is_empty());
    opened.log.append(&records(0, 1), Durability::Power, &mut random(1)).unwrap();
    assert_eq!(open(&device).unwrap().records.to_vec(), records(0, 1));
}

#[test]
fn both_copies_damaged_is_corrupt() {
    let device = small_store();
    for name in STATE_FILES {
        device.files().put(name, b"no");
    }
    assert!(matches!(state(&device).load(), Err(Error::StorageCorrupt { .. })));
    state(&device).erase().unwrap();
    assert_eq!(state(&device).load().unwrap().blob, None);
}

/// Every single flipped bit of one copy of the state is found and the other copy used.
#[test]
fn a_flipped_bit_in_a_copy_is_found() {
    let device = small_store();
    let files = device.files().dump();
    for name in STATE_FILES {
        let file = &files[name];
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let device = device.reboot(Variant::ALL_KEPT);
            device.files().put(name, &damaged);
            let loaded = state(&device).load().unwrap();
            assert_eq!(loaded.blob.as_deref(), Some(b"level two".as_slice()), "bit {bit}");
            assert_eq!(loaded.findings, [Finding::CopyDamaged], "bit {bit}");
        }
    }
}

/// Every prefix of the log is an error or a reported cut at a frame's end.
#[test]
fn a_shortened_log_is_a_prefix_or_an_error() {
    let device = small_store();
    let file = device.files().dump().remove(LOG_FILE).unwrap();
    let whole = records(0, 6);
    let mut cuts = 0;
    for length in 0..file.len() {
        let device = device.reboot(Variant::ALL_KEPT);
        device.files().put(LOG_FILE, &file[..length]);
        if let Ok(opened) = open(&device) {
            assert!(whole.starts_with(&opened.records.to_vec()));
            assert!([3, 5].contains(&opened.records.len()));
            cuts += usize::from(!opened.findings.is_empty());
        }
    }
    assert!(cuts > 0);
}

/// No person's words in the clear, in files, errors or `Debug`.
#[test]
fn nothing_is_stored_in_the_clear() {
    let device = FaultyDevice::new();
    let mut opened = open(&device).unwrap();
    let canary = b"CANARY-in-a-record".to_vec();
    opened.log.append(std::slice::from_ref(&canary), Durability::Process, &mut random(1)).unwrap();
    opened.log.rewrite(&[canary.clone(), canary], &mut random(2)).unwrap();
    state(&device).save(b"CANARY-in-a-state", &mut random(3)).unwrap();
    for (name, file) in device.files().dump() {
        assert!(!file.windows(6).any(|window| window == b"CANARY"), "{name}");
    }
    let shown = format!("{:?} {:?} {:?}", opened.log, state(&device).load().unwrap(), open(&device).unwrap());
    assert!(!shown.contains("CANARY") && !shown.contains("67, 65, 78"), "{shown}");
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Vec<u8>>, bool),
    Rewrite(usize),
    Erase,
    Reopen,
    PowerCut,
    Save(Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    let record = prop::collection::vec(any::<u8>(), 0..300);
    prop_oneof![
        8 => (prop::collection::vec(record, 0..5), any::<bool>()).prop_map(|(batch, power)| Step::Append(batch, power)),
        2 => (1_usize..4).prop_map(Step::Rewrite),
        1 => Just(Step::Erase),
        2 => Just(Step::Reopen),
        2 => Just(Step::PowerCut),
        1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Step::Save),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any sequence of calls, restarts and power cuts gives what a list would give.
    #[test]
    fn any_sequence_of_calls_gives_what_a_list_gives(steps in prop::collection::vec(step(), 0..40), seed: u64) {
        let host = SeededRandom::new(seed);
        let mut device = FaultyDevice::new();
        let mut log = open(&device).unwrap().log;
        let (mut model, mut durable): (Vec<Vec<u8>>, usize) = (Vec::new(), 0);
        let mut blob = None;
        for step in steps {
            let mut random = CallRandom::draw(&host);
            match step {
                Step::Append(batch, power) => {
                    let durability = if power { Durability::Power } else { Durability::Process };
                    log.append(&batch, durability, &mut random).unwrap();
                    model.extend(batch);
                    if power { durable = model.len(); }
                }
                Step::Rewrite(every) => {
                    model = model.into_iter().step_by(every).collect();
                    log.rewrite(&model, &mut random).unwrap();
                    durable = model.len();
                }
                Step::Erase => {
                    log.erase().unwrap();
                    model.clear();
                    durable = 0;
                }
                Step::Reopen => {
                    let opened = open(&device).unwrap();
                    prop_assert_eq!(&opened.records.to_vec(), &model);
                    prop_assert!(opened.findings.is_empty());
                    log = opened.log;
                }
                Step::PowerCut => {
                    device = device.reboot(Variant::ALL_LOST);
                    let opened = open(&device).unwrap();
                    prop_assert_eq!(&opened.records.to_vec(), &model[..durable]);
                    model.truncate(durable);
                    log = opened.log;
                }
                Step::Save(bytes) => {
                    state(&device).save(&bytes, &mut random).unwrap();
                    blob = Some(bytes);
                }
            }
            prop_assert_eq!(state(&device).load().unwrap().blob, blob.clone());
            let file = device.files().read_prefix(LOG_FILE, 0).map_or(0, |(_, length)| length);
            prop_assert_eq!(log.disk_bytes(), file);
        }
        prop_assert_eq!(open(&device).unwrap().records.to_vec(), model);
    }

    /// Damage of several bytes anywhere gives an error or a prefix, and never a panic.
    #[test]
    fn damage_anywhere_gives_an_error_or_a_prefix(
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        moved in any::<prop::sample::Index>(),
    ) {
        let device = small_store();
        let mut file = device.files().dump().remove(LOG_FILE).unwrap();
        for (at, byte) in hits {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let at = moved.index(file.len());
        for damaged in [file.clone(), [&file[at..], &file[..at]].concat(), [&file[..], &file[at..]].concat()] {
            device.files().put(LOG_FILE, &damaged);
            if let Ok(opened) = open(&device) {
                prop_assert!(records(0, 6).starts_with(&opened.records.to_vec()));
            }
        }
    }

    /// Arbitrary bytes as files never panic and never give records.
    #[test]
    fn arbitrary_files_give_no_records(bytes in prop::collection::vec(any::<u8>(), 0..600), magic: bool) {
        let device = small_store();
        let mut file = bytes;
        if magic {
            let head = device.files().dump().remove(LOG_FILE).unwrap();
            file.splice(..0, head[..88].iter().copied());
        }
        device.files().put(LOG_FILE, &file);
        prop_assert!(open(&device).is_err());
        for name in STATE_FILES {
            device.files().put(name, &file);
        }
        prop_assert!(state(&device).load().is_err());
    }
}
