//! Counts on disk: how often each mask came, by vocabulary and epoch. There is nothing else in the file.
//!
//! In: the masks of one batch. Out: the same, durable, in one commit. Must never say that something is counted before it would
//! survive a power cut.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

/// Vocabulary, epoch and mask, and how many reports said so.
const COUNTS: TableDefinition<(u32, u16, u64), u64> = TableDefinition::new("counts");

/// What one report says, as it is counted.
pub type Key = ([u8; 4], u16, u64);

/// The file cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[error("the counts: {0}")]
pub struct StoreError(Box<redb::Error>);

impl StoreError {
    fn of(error: impl Into<redb::Error>) -> Self {
        Self(Box::new(error.into()))
    }
}

/// The file of counts, open in this process alone.
#[derive(Debug)]
pub struct Store {
    database: Database,
}

impl Store {
    /// Opens the file, or makes it. One that a killed process left is repaired.
    ///
    /// # Errors
    /// When it cannot be read, is no such file, or another process has it open.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let is_new = !path.exists();
        let database = Database::create(path).map_err(StoreError::of)?;
        let store = Self { database };
        store.add(&BTreeMap::new())?;
        if is_new && cfg!(unix) {
            // the name of the new file is durable with its folder
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))
                .and_then(|folder| folder.sync_all())
                .map_err(|error| StoreError::of(redb::Error::Io(error)))?;
        }
        Ok(store)
    }

    /// Adds to the counts. Durable when it returns; blocks on the disk.
    ///
    /// # Errors
    /// When the disk fails; then nothing of it is counted.
    pub fn add(&self, batch: &BTreeMap<Key, u64>) -> Result<(), StoreError> {
        let change = self.database.begin_write().map_err(StoreError::of)?;
        {
            let mut counts = change.open_table(COUNTS).map_err(StoreError::of)?;
            for (&(taxonomy_id, epoch, mask), times) in batch {
                let key = (u32::from_be_bytes(taxonomy_id), epoch, mask);
                let before = counts.get(key).map_err(StoreError::of)?.map_or(0, |count| count.value());
                counts.insert(key, before.saturating_add(*times)).map_err(StoreError::of)?;
            }
        }
        change.commit().map_err(StoreError::of)
    }

    /// Tells every count.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn each(&self, tell: &mut dyn FnMut(Key, u64)) -> Result<(), StoreError> {
        let view = self.database.begin_read().map_err(StoreError::of)?;
        let counts = view.open_table(COUNTS).map_err(StoreError::of)?;
        for row in counts.iter().map_err(StoreError::of)? {
            let (key, count) = row.map_err(StoreError::of)?;
            let (taxonomy_id, epoch, mask) = key.value();
            tell((taxonomy_id.to_be_bytes(), epoch, mask), count.value());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_outlive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counts.redb");
        let batch = BTreeMap::from([(([1, 2, 3, 4], 24, 3), 2), (([1, 2, 3, 4], 25, 1 << 63), 1)]);
        for _ in 0..2 {
            Store::open(&path).unwrap().add(&batch).unwrap();
        }
        let mut found = BTreeMap::new();
        let store = Store::open(&path).unwrap();
        store.each(&mut |key, count| assert!(found.insert(key, count).is_none())).unwrap();
        assert_eq!(found, batch.into_iter().map(|(key, count)| (key, 2 * count)).collect());
        assert!(Store::open(&path).is_err(), "one process at a time");
    }
}
