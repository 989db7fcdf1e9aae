//! What every record log promises, as one suite that each implementation runs.

use tastekeeper::error::Error;
use tastekeeper::platform::SeededRandom;
use tastekeeper::store::{CallRandom, Caps, Durability, RecordLog};

/// Makes logs of one kind and opens them again.
pub trait LogFactory {
    /// The kind of log.
    type Log: RecordLog;

    /// Returns an empty log, apart from every other.
    fn create(&mut self, caps: Caps) -> Self::Log;

    /// Returns what is stored in `log`, and the log again: through a new open where there is one.
    fn reopen(&mut self, log: Self::Log) -> (Self::Log, Vec<Vec<u8>>);
}

/// Records that are easy to tell apart.
#[must_use]
pub fn records(from: u32, count: u32) -> Vec<Vec<u8>> {
    (from..from + count).map(|number| format!("record {number:04}").into_bytes()).collect()
}

/// Runs the whole suite.
///
/// # Panics
/// When a promise is broken.
pub fn check_contract(factory: &mut impl LogFactory) {
    an_empty_log_is_empty(factory);
    appended_records_come_back_in_order(factory);
    a_rewrite_leaves_exactly_its_records(factory);
    erasing_leaves_nothing_and_can_be_repeated(factory);
    records_of_every_length_come_back(factory);
    a_record_that_is_too_long_changes_nothing(factory);
    a_full_log_changes_nothing(factory);
}

fn random(seed: u64) -> CallRandom {
    CallRandom::draw(&SeededRandom::new(seed))
}

fn an_empty_log_is_empty(factory: &mut impl LogFactory) {
    let mut log = factory.create(Caps::default());
    assert_eq!(log.disk_bytes(), 0);
    log.append(&[], Durability::Power, &mut random(1)).expect("appending nothing");
    assert_eq!(log.disk_bytes(), 0);
    log.rewrite(&[], &mut random(2)).expect("rewriting nothing");
    let (mut log, found) = factory.reopen(log);
    assert!(found.is_empty());
    log.erase().expect("erasing nothing");
    assert_eq!(log.disk_bytes(), 0);
}

fn appended_records_come_back_in_order(factory: &mut impl LogFactory) {
    let mut log = factory.create(Caps::default());
    let mut expected = Vec::new();
    for round in 0..6 {
        let batch = records(round * 10, round);
        let durability = if round % 2 == 0 { Durability::Process } else { Durability::Power };
        log.append(&batch, durability, &mut random(u64::from(round))).expect("an append");
        expected.extend(batch);
        let (reopened, found) = factory.reopen(log);
        assert_eq!(found, expected);
        log = reopened;
    }
}

fn a_rewrite_leaves_exactly_its_records(factory: &mut impl LogFactory) {
    let mut log = factory.create(Caps::default());
    log.rewrite(&records(0, 5), &mut random(1)).expect("a rewrite of an empty log");
    log.append(&records(5, 5), Durability::Power, &mut random(2)).expect("an append");
    let kept = records(3, 4);
    for round in 0..3 {
        log.rewrite(&kept, &mut random(3 + round)).expect("a rewrite");
        assert!(!log.is_erasure_pending());
    }
    log.append(&records(20, 1), Durability::Process, &mut random(9)).expect("an append after a rewrite");
    let (mut log, found) = factory.reopen(log);
    assert_eq!(found, [kept, records(20, 1)].concat());
    log.rewrite(&[], &mut random(10)).expect("a rewrite that drops everything");
    assert!(factory.reopen(log).1.is_empty());
}

fn erasing_leaves_nothing_and_can_be_repeated(factory: &mut impl LogFactory) {
    let mut log = factory.create(Caps::default());
    log.append(&records(0, 5), Durability::Power, &mut random(1)).expect("an append");
    log.erase().expect("an erasure");
    log.erase().expect("a second erasure");
    assert_eq!(log.disk_bytes(), 0);
    assert!(!log.is_erasure_pending());
    let (mut log, found) = factory.reopen(log);
    assert!(found.is_empty());
    log.append(&records(7, 1), Durability::Power, &mut random(2)).expect("an append after an erasure");
    assert_eq!(factory.reopen(log).1, records(7, 1));
}

fn records_of_every_length_come_back(factory: &mut impl LogFactory) {
    let mut log = factory.create(Caps::default());
    let long: Vec<Vec<u8>> =
        [0, 1, 2, 255, 256, 4_095, 49_151, 49_152, 65_535, 65_536].map(|length| vec![0xA5; length]).to_vec();
    log.append(&long, Durability::Power, &mut random(1)).expect("an append");
    let (mut log, found) = factory.reopen(log);
    assert!(found == long, "records differ");
    log.rewrite(&found, &mut random(2)).expect("a rewrite");
    assert!(factory.reopen(log).1 == long, "records differ");
}

fn a_record_that_is_too_long_changes_nothing(factory: &mut impl LogFactory) {
    let mut log = factory.create(Caps::default());
    log.append(&records(0, 2), Durability::Power, &mut random(1)).expect("an append");
    let batch = [records(2, 1), vec![vec![0; 65_537]]].concat();
    let refused = log.append(&batch, Durability::Power, &mut random(2));
    assert!(matches!(refused, Err(Error::InvalidArgument { .. })));
    assert!(matches!(log.rewrite(&batch, &mut random(3)), Err(Error::InvalidArgument { .. })));
    assert_eq!(factory.reopen(log).1, records(0, 2));
}

fn a_full_log_changes_nothing(factory: &mut impl LogFactory) {
    let mut log = factory.create(Caps { max_file_bytes: 2_000 });
    log.append(&records(0, 2), Durability::Power, &mut random(1)).expect("an append");
    let much = vec![vec![1; 1_000]; 3];
    assert_eq!(log.append(&much, Durability::Power, &mut random(2)), Err(Error::StorageFull));
    assert_eq!(log.rewrite(&much, &mut random(3)), Err(Error::StorageFull));
    log.append(&records(2, 1), Durability::Power, &mut random(4)).expect("an append that fits");
    assert_eq!(factory.reopen(log).1, records(0, 3));
}
