//! On a real directory: private files, nothing left over, one writer at a time, interrupted key destruction.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tastekeeper::error::Error;
use tastekeeper::platform::{DirectoryFileSystem, FileError, FileKeyCustodian, FileSystem, KeyCustodian};
use tastekeeper::store::{Caps, Durability, Finding, Opened, RecordLog, SealedLog, SealedState};
use tastekeeper_tests::log_contract::records;
use tastekeeper_tests::survival::random;

fn files(root: &Path) -> Arc<DirectoryFileSystem> {
    Arc::new(DirectoryFileSystem::create(root.join("files")).unwrap())
}

fn keys(root: &Path) -> Arc<FileKeyCustodian> {
    Arc::new(FileKeyCustodian::create(root.join("keys")).unwrap())
}

fn open(root: &Path) -> Opened {
    SealedLog::open(files(root), keys(root), "history", Caps::default()).unwrap()
}

fn written_store(root: &Path) -> SealedLog {
    let mut log = open(root).log;
    log.append(&records(0, 3), Durability::Process, &mut random(1)).unwrap();
    log.rewrite(&records(1, 2), &mut random(2)).unwrap();
    SealedState::new(files(root), keys(root), "levels").save(b"level", &mut random(3)).unwrap();
    log
}

fn paths(root: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = ["files", "keys"]
        .iter()
        .flat_map(|directory| fs::read_dir(root.join(directory)).unwrap())
        .map(|entry| entry.unwrap().path().strip_prefix(root).unwrap().to_path_buf())
        .collect();
    paths.sort();
    paths
}

#[test]
fn only_what_the_format_names_is_on_disk() {
    let root = tempfile::tempdir().unwrap();
    let mut log = written_store(root.path());
    let expected = ["files/history.log", "files/levels.1", "files/levels.2", "files/lock"];
    assert_eq!(paths(root.path())[..4], expected.map(PathBuf::from));
    assert_eq!(paths(root.path())[4..], ["keys/history.b.key", "keys/levels.key"].map(PathBuf::from));
    log.erase().unwrap();
    SealedState::new(files(root.path()), keys(root.path()), "levels").erase().unwrap();
    assert_eq!(paths(root.path()), ["files/lock"].map(PathBuf::from));
}

#[cfg(unix)]
#[test]
fn files_and_keys_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    written_store(root.path());
    for path in paths(root.path()) {
        let mode = fs::metadata(root.path().join(&path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn one_process_writes_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    let mut log = written_store(root.path());
    let held = files(root.path()).lock().unwrap();
    assert!(matches!(files(root.path()).lock(), Err(FileError::Busy)));
    let refused = log.append(&records(5, 1), Durability::Power, &mut random(4));
    assert!(matches!(refused, Err(Error::StorageUnavailable { .. })));
    drop(held);
    log.append(&records(5, 1), Durability::Power, &mut random(5)).unwrap();
    assert_eq!(open(root.path()).records.to_vec(), [records(1, 2), records(5, 1)].concat());
}

/// A key that was overwritten but not removed when the process ended is gone, not wrong.
#[test]
fn a_key_whose_destruction_was_interrupted_is_missing() {
    let root = tempfile::tempdir().unwrap();
    written_store(root.path());
    fs::write(root.path().join("keys/history.b.key"), [0; 32]).unwrap();
    assert!(keys(root.path()).load("history.b").unwrap().is_none());
    let mut opened = open(root.path());
    assert_eq!((opened.records.len(), opened.findings), (0, vec![Finding::MissingKey]));
    opened.log.erase().unwrap();
    opened.log.append(&records(0, 1), Durability::Power, &mut random(6)).unwrap();
    assert_eq!(open(root.path()).records.to_vec(), records(0, 1));
}
