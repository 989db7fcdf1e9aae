//! Every record log keeps the same promises.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use tastekeeper::platform::{
    DirectoryFileSystem, FileKeyCustodian, FileSystem, KeyCustodian, MemoryFileSystem, MemoryKeyCustodian,
};
use tastekeeper::store::{Caps, MemoryLog, SealedLog};
use tastekeeper_tests::log_contract::{LogFactory, check_contract};

type Place = (Arc<dyn FileSystem>, Arc<dyn KeyCustodian>);

struct Sealed<F> {
    place: F,
    at: Option<(Place, Caps)>,
}

impl<F: FnMut() -> Place> LogFactory for Sealed<F> {
    type Log = SealedLog;

    fn create(&mut self, caps: Caps) -> SealedLog {
        let (files, keys) = (self.place)();
        self.at = Some(((Arc::clone(&files), Arc::clone(&keys)), caps));
        SealedLog::open(files, keys, "history", caps).unwrap().log
    }

    fn reopen(&mut self, log: SealedLog) -> (SealedLog, Vec<Vec<u8>>) {
        drop(log);
        let ((files, keys), caps) = self.at.clone().unwrap();
        let opened = SealedLog::open(files, keys, "history", caps).unwrap();
        assert_eq!(opened.findings, []);
        (opened.log, opened.records.to_vec())
    }
}

#[test]
fn the_sealed_log_in_memory_keeps_the_contract() {
    check_contract(&mut Sealed {
        place: || {
            let files: Arc<dyn FileSystem> = Arc::new(MemoryFileSystem::default());
            let keys: Arc<dyn KeyCustodian> = Arc::new(MemoryKeyCustodian::default());
            (files, keys)
        },
        at: None,
    });
}

#[test]
fn the_sealed_log_in_a_directory_keeps_the_contract() {
    let root = tempfile::tempdir().unwrap();
    let mut number = 0;
    check_contract(&mut Sealed {
        place: || {
            number += 1;
            let place = root.path().join(number.to_string());
            let files: Arc<dyn FileSystem> =
                Arc::new(DirectoryFileSystem::create(place.join("files")).unwrap());
            let keys: Arc<dyn KeyCustodian> = Arc::new(FileKeyCustodian::create(place.join("keys")).unwrap());
            (files, keys)
        },
        at: None,
    });
}

struct InMemory;

impl LogFactory for InMemory {
    type Log = MemoryLog;

    fn create(&mut self, caps: Caps) -> MemoryLog {
        MemoryLog::new(caps)
    }

    fn reopen(&mut self, log: MemoryLog) -> (MemoryLog, Vec<Vec<u8>>) {
        let records = log.records().to_vec();
        (log, records)
    }
}

#[test]
fn the_memory_log_keeps_the_contract() {
    check_contract(&mut InMemory);
}
