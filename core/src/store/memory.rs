//! A log without a disk: for hosts that must not store anything, and for tests of what stands on a log.

use std::fmt;

use super::{CallRandom, Caps, Durability, RecordLog, check_records};
use crate::error::{Error, Result};

/// A [`RecordLog`] that is gone with the process.
pub struct MemoryLog {
    caps: Caps,
    records: Vec<Vec<u8>>,
}

impl fmt::Debug for MemoryLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MemoryLog")
    }
}

impl MemoryLog {
    /// An empty log. `caps` limits the sum of its records' lengths.
    #[must_use]
    pub fn new(caps: Caps) -> Self {
        Self { caps, records: Vec::new() }
    }

    /// Returns the records, oldest first.
    #[must_use]
    pub fn records(&self) -> &[Vec<u8>] {
        &self.records
    }

    fn check_room<'a>(&self, records: impl Iterator<Item = &'a Vec<u8>>) -> Result<()> {
        let bytes: u64 = records.map(|record| record.len() as u64).sum();
        if bytes > self.caps.max_file_bytes { Err(Error::StorageFull) } else { Ok(()) }
    }
}

impl RecordLog for MemoryLog {
    fn append(&mut self, records: &[Vec<u8>], _: Durability, _: &mut CallRandom) -> Result<()> {
        check_records(records)?;
        self.check_room(self.records.iter().chain(records))?;
        self.records.extend_from_slice(records);
        Ok(())
    }

    fn rewrite(&mut self, records: &[Vec<u8>], _: &mut CallRandom) -> Result<()> {
        check_records(records)?;
        self.check_room(records.iter())?;
        self.records = records.to_vec();
        Ok(())
    }

    fn erase(&mut self) -> Result<()> {
        self.records = Vec::new();
        Ok(())
    }

    fn disk_bytes(&self) -> u64 {
        0
    }

    fn is_erasure_pending(&self) -> bool {
        false
    }
}
