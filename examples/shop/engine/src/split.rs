//! Where what belongs to the shopper is kept, and where what belongs to the shop.
//!
//! The catalogue is the shop's and comes with the page each time, so it stays in memory; everything else goes to the store. What the store
//! holds is then what is kept about the shopper and what they agreed to, and nothing else.

use std::sync::Arc;

use tastekeeper::platform::{
    FileError, FileLock, FileSystem, Key, KeyCustodian, KeyError, MemoryFileSystem, MemoryKeyCustodian,
};

/// How the engine's names of the catalogue's files and keys begin.
const CATALOG: &str = "catalog";

/// Files of the catalogue in memory, the others in a store.
pub(crate) struct SplitFiles {
    memory: MemoryFileSystem,
    store: Arc<dyn FileSystem>,
}

impl SplitFiles {
    pub(crate) fn new(store: Arc<dyn FileSystem>) -> Self {
        Self { memory: MemoryFileSystem::default(), store }
    }

    fn of(&self, name: &str) -> &dyn FileSystem {
        if name.starts_with(CATALOG) { &self.memory } else { &*self.store }
    }
}

impl FileSystem for SplitFiles {
    fn read(&self, name: &str) -> Result<Vec<u8>, FileError> {
        self.of(name).read(name)
    }

    fn read_prefix(&self, name: &str, count: usize) -> Result<(Vec<u8>, u64), FileError> {
        self.of(name).read_prefix(name, count)
    }

    fn append(&self, name: &str, offset: u64, bytes: &[u8], sync: bool) -> Result<(), FileError> {
        self.of(name).append(name, offset, bytes, sync)
    }

    fn truncate(&self, name: &str, length: u64) -> Result<(), FileError> {
        self.of(name).truncate(name, length)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        self.of(name).write(name, bytes)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        self.of(from).rename(from, to)
    }

    fn remove(&self, name: &str) -> Result<(), FileError> {
        self.of(name).remove(name)
    }

    fn sync_directory(&self) -> Result<(), FileError> {
        self.store.sync_directory()
    }

    fn list(&self) -> Result<Vec<String>, FileError> {
        let mut names = self.memory.list()?;
        names.extend(self.store.list()?);
        names.sort();
        Ok(names)
    }

    fn lock(&self) -> Result<Box<dyn FileLock>, FileError> {
        self.store.lock()
    }
}

/// Keys of the catalogue in memory, the others with a custodian.
pub(crate) struct SplitKeys {
    memory: MemoryKeyCustodian,
    store: Arc<dyn KeyCustodian>,
}

impl SplitKeys {
    pub(crate) fn new(store: Arc<dyn KeyCustodian>) -> Self {
        Self { memory: MemoryKeyCustodian::default(), store }
    }

    fn of(&self, name: &str) -> &dyn KeyCustodian {
        if name.starts_with(CATALOG) { &self.memory } else { &*self.store }
    }
}

impl KeyCustodian for SplitKeys {
    fn load(&self, name: &str) -> Result<Option<Key>, KeyError> {
        self.of(name).load(name)
    }

    fn store(&self, name: &str, key: &Key) -> Result<(), KeyError> {
        self.of(name).store(name, key)
    }

    fn destroy(&self, name: &str) -> Result<(), KeyError> {
        self.of(name).destroy(name)
    }
}
