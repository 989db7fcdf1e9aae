//! Sealed files: an append-only log of records, and a small state that is replaced as a whole.
//!
//! In come opaque records and the host's files, keys and randomness; out come the records that survived, with
//! findings about what did not. Nothing is written in the clear, no record is ever decoded here, and no error,
//! finding or `Debug` output holds anything a person did. The bytes are drawn in `docs/store-format.md`.
//!
//! ```text
//! random     one seed per call ──► nonces, keys
//! frame      header and frames as bytes, sealed and opened
//! records    what was in a log, as it lay in its frames
//! recovery   a whole file ──► records, and where the valid part ends
//! log        SealedLog: generations, keys, order of writes
//! memory     MemoryLog: the same promises without a disk
//! state      SealedState: one blob in two copies
//! passphrase records in one box that a passphrase opens
//! ```

use crate::codec::MAX_RECORD_BYTES;
use crate::error::{Error, Result};

mod frame;
mod log;
mod memory;
pub(crate) mod passphrase;
mod random;
mod records;
mod recovery;
mod state;

pub use log::{Opened, SealedLog};
pub use memory::MemoryLog;
pub use random::CallRandom;
pub use records::Records;
pub use state::{LoadedState, SealedState};

/// What an acknowledged append survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// The end of the process: the records are with the operating system.
    Process,
    /// A power cut: the records are on the device, and so is everything appended before them.
    Power,
}

/// Hard limits of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Longest the log's file may become, in bytes. A call that would exceed it is [`Error::StorageFull`].
    pub max_file_bytes: u64,
}

impl Default for Caps {
    /// 16 MiB: an order of magnitude above the default history of 5 000 events.
    fn default() -> Self {
        Self { max_file_bytes: 16 * 1024 * 1024 }
    }
}

/// What opening found and dealt with. Not an error: the records that are returned are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The last append was cut short. It was cut off; it had not been acknowledged, unless the end of the file
    /// was damaged or removed later, which looks the same.
    TornTail {
        /// How many bytes were cut off.
        bytes: u64,
    },
    /// A power cut lost an append that was acknowledged for the process only, and what came after it.
    UnsyncedTailLost {
        /// How many bytes were cut off.
        bytes: u64,
    },
    /// The invalid tail could not be cut off. The next write first writes the whole log anew.
    TailNotCut,
    /// The file of an unfinished rewrite was removed.
    StaleTemporaryRemoved,
    /// A key that opens no current file was destroyed.
    StaleKeyDestroyed,
    /// A superseded key or file could not be destroyed. The next rewrite and the next open try again.
    ErasurePending,
    /// There is a file but no key: an erasure was interrupted, or the key is lost. Nothing was touched and no
    /// record is readable; only `erase` makes the store usable again.
    MissingKey,
    /// One copy of a state is damaged. The other was used; the next save repairs it.
    CopyDamaged,
    /// One copy of a state is missing. The other was used; the next save repairs it.
    CopyMissing,
    /// The copies of a state differ in age: a save was interrupted. The newer was used.
    CopyBehind,
}

/// A sequence of opaque records that can be extended at the end and replaced as a whole.
///
/// Every call is atomic: after an error the log holds what it held before, here and on disk, and the next call
/// that succeeds is as durable as it says. Two errors need care:
///
/// * [`Error::ErasurePending`] from `rewrite` or `erase` means that the call *took effect* for this process, but
///   something it replaced may still be readable. Later calls and every open try to destroy it again. If neither
///   key nor file of an erased log could be destroyed, the next open finds its records: erase again.
/// * After a call that failed, a crash before the next successful call may leave its effect or not: a disk
///   that refused the write may refuse to take it back too.
///
/// Every call may block on disk.
pub trait RecordLog: Send {
    /// Adds `records` at the end, all or none of them. Without records, [`Durability::Power`] makes everything
    /// appended so far durable.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a record above 64 KiB, [`Error::StorageFull`],
    /// [`Error::StorageUnavailable`] also when another process changed the log, [`Error::KeyUnavailable`].
    fn append(&mut self, records: &[Vec<u8>], durability: Durability, random: &mut CallRandom) -> Result<()>;

    /// Replaces the whole content by `records` under a fresh key, durably, and destroys the old key. Also without
    /// records: afterwards the log has a file and a key.
    ///
    /// # Errors
    /// As for `append`, and [`Error::ErasurePending`] when `records` are now the content but the old one may
    /// still be readable.
    fn rewrite(&mut self, records: &[Vec<u8>], random: &mut CallRandom) -> Result<()>;

    /// Destroys the keys, then removes the files. Can be repeated; needs no free space and no key.
    ///
    /// # Errors
    /// [`Error::ErasurePending`] when a key or file may still be there; [`Error::StorageUnavailable`] when
    /// another process is writing, and then nothing was done.
    fn erase(&mut self) -> Result<()>;

    /// Returns the length of the log's file in bytes.
    fn disk_bytes(&self) -> u64;

    /// Returns whether something that was replaced or erased may still be readable.
    fn is_erasure_pending(&self) -> bool;
}

/// Refuses records that are too long.
fn check_records(records: &[Vec<u8>]) -> Result<()> {
    if records.iter().any(|record| record.len() > MAX_RECORD_BYTES) {
        return Err(Error::invalid("records", "a record has at most 65536 bytes"));
    }
    Ok(())
}

fn corrupt(reason: &str) -> Error {
    Error::StorageCorrupt { reason: reason.to_owned() }
}

fn unavailable(reason: &str) -> Error {
    Error::StorageUnavailable { reason: reason.to_owned() }
}

fn erasure_pending(reason: &str) -> Error {
    Error::ErasurePending { reason: reason.to_owned() }
}

fn key_unavailable(reason: &str) -> Error {
    Error::KeyUnavailable { reason: reason.to_owned() }
}
