#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Slots in memory that stop working after a number of writes, cuts and flushes, as when the page is closed.
#[derive(Default)]
pub(crate) struct Memory {
    slots: Mutex<Vec<Vec<u8>>>,
    left: AtomicUsize,
}

impl Memory {
    pub(crate) fn new(contents: Vec<Vec<u8>>, left: usize) -> Arc<Self> {
        Arc::new(Self { slots: Mutex::new(contents), left: AtomicUsize::new(left) })
    }

    fn spend(&self) -> Result<(), FileError> {
        let spent = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        spent.map(|_| ()).map_err(|_| FileError::Io(ErrorKind::BrokenPipe))
    }

    pub(crate) fn contents(&self) -> Vec<Vec<u8>> {
        self.slots.lock().unwrap().clone()
    }
}

impl Slots for Arc<Memory> {
    fn count(&self) -> usize {
        self.slots.lock().unwrap().len()
    }

    fn size(&self, slot: usize) -> Result<u64, FileError> {
        Ok(self.slots.lock().unwrap()[slot].len() as u64)
    }

    fn read(&self, slot: usize, at: u64, bytes: &mut [u8]) -> Result<(), FileError> {
        let at = usize::try_from(at).unwrap();
        let slots = self.slots.lock().unwrap();
        let found = slots[slot].get(at..at + bytes.len()).ok_or(FileError::Io(ErrorKind::UnexpectedEof))?;
        bytes.copy_from_slice(found);
        Ok(())
    }

    fn write(&self, slot: usize, at: u64, bytes: &[u8]) -> Result<(), FileError> {
        let is_whole = self.spend().is_ok();
        let written = if is_whole { bytes } else { &bytes[..bytes.len() / 2] };
        let at = usize::try_from(at).unwrap();
        let mut slots = self.slots.lock().unwrap();
        let length = slots[slot].len().max(at + written.len());
        slots[slot].resize(length, 0);
        slots[slot][at..at + written.len()].copy_from_slice(written);
        if is_whole { Ok(()) } else { Err(FileError::Io(ErrorKind::BrokenPipe)) }
    }

    fn truncate(&self, slot: usize, size: u64) -> Result<(), FileError> {
        self.spend()?;
        self.slots.lock().unwrap()[slot].resize(usize::try_from(size).unwrap(), 0);
        Ok(())
    }

    fn flush(&self, _slot: usize) -> Result<(), FileError> {
        self.spend()
    }
}

pub(crate) const ENOUGH: usize = 1_000_000;

#[test]
fn files_are_found_again() {
    let memory = Memory::new(vec![Vec::new(); 4], ENOUGH);
    let pool = Pool::open(memory.clone()).unwrap();
    assert_eq!(pool.bytes().unwrap(), 0);
    pool.write("b", b"one").unwrap();
    pool.append("b", 3, b"two", true).unwrap();
    pool.write("a", b"").unwrap();
    assert_eq!(pool.append("b", 3, b"x", true), Err(FileError::Changed));
    assert_eq!(pool.append("c", 0, b"x", true), Err(FileError::NotFound));
    pool.write("b.new", b"three").unwrap();
    pool.rename("b.new", "b").unwrap();
    drop(pool);

    let pool = Pool::open(memory).unwrap();
    assert_eq!(pool.list().unwrap(), ["a", "b"]);
    assert_eq!(pool.read("b").unwrap(), b"three");
    assert_eq!(pool.read_prefix("b", 2).unwrap(), (b"th".to_vec(), 5));
    pool.truncate("b", 1).unwrap();
    assert_eq!(pool.read("b").unwrap(), b"t");
    pool.remove("a").unwrap();
    pool.remove("a").unwrap();
    assert_eq!(pool.bytes().unwrap(), HEADER as u64 + 1);
    pool.clear().unwrap();
    assert_eq!((pool.bytes().unwrap(), pool.list().unwrap().len()), (0, 0));
}

#[test]
fn a_full_pool_says_so_and_a_long_name_is_refused() {
    let pool = Pool::open(Memory::new(vec![Vec::new(); 1], ENOUGH)).unwrap();
    assert!(pool.write(&"n".repeat(MAX_NAME + 1), b"").is_err());
    pool.write(&"n".repeat(MAX_NAME), b"").unwrap();
    assert_eq!(pool.write("other", b""), Err(FileError::Full));
}

#[test]
fn a_replaced_file_is_the_old_or_the_new_one_wherever_the_page_is_closed() {
    let mut seen = Vec::new();
    for left in 0..12 {
        let memory = Memory::new(vec![Vec::new(); 3], ENOUGH);
        let pool = Pool::open(memory.clone()).unwrap();
        pool.write("log", b"old").unwrap();
        memory.left.store(left, Ordering::Relaxed);
        let done = pool.write("log.new", b"newer").and_then(|()| pool.rename("log.new", "log"));
        let again = Pool::open(Memory::new(memory.contents(), ENOUGH)).unwrap();
        let found = again.read("log").unwrap();
        assert!(found == b"old" || found == b"newer", "{left}: {found:?}");
        // what was acknowledged is there
        assert!(done.is_err() || found == b"newer", "{left}");
        seen.push(found);
    }
    assert!(seen.contains(&b"old".to_vec()) && seen.contains(&b"newer".to_vec()));
}

#[test]
fn a_key_is_not_in_the_clear_and_a_destroyed_one_is_gone() {
    use crate::keys::Keys;
    use tastekeeper::platform::{Key, KeyCustodian, SeededRandom};
    let memory = Memory::new(vec![Vec::new(); 4], ENOUGH);
    let pool = Arc::new(Pool::open(memory.clone()).unwrap());
    let random = Arc::new(SeededRandom::new(1));
    let keys = Keys::new(pool.clone(), random.clone(), Key::new([7; 32]));
    let key = Key::new(*b"a key that is told from all else");
    assert_eq!(keys.load("k.a").unwrap(), None);
    keys.store("k.a", &key).unwrap();
    assert_eq!(keys.load("k.a").unwrap().as_deref(), Some(&*key));
    assert!(memory.contents().iter().all(|slot| slot.windows(8).all(|bytes| bytes != &key[..8])));
    // under another root key, or another name, it is none
    assert_eq!(Keys::new(pool.clone(), random, Key::new([8; 32])).load("k.a").unwrap(), None);
    pool.rename("key.k.a", "key.k.b").unwrap();
    assert_eq!(keys.load("k.b").unwrap(), None);
    keys.destroy("k.b").unwrap();
    keys.destroy("k.b").unwrap();
    assert_eq!(pool.bytes().unwrap(), 0);
}
