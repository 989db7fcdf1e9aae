//! What the host gives: time, randomness, keys and files. The engine has none of its own.
//!
//! Enters: what an operating system or a phone's key store can do. Leaves: the same behind four traits. Must never decide
//! anything, or keep a file open between calls.
//!
//! | trait | for tests | for a computer |
//! |---|---|---|
//! | [`Clock`] | [`FixedClock`] | the host's own; `tastekeeper-models` has one |
//! | [`SecureRandom`] | [`SeededRandom`] | the host's own; `tastekeeper-models` has one |
//! | [`KeyCustodian`] | [`MemoryKeyCustodian`] | [`FileKeyCustodian`], for development |
//! | [`FileSystem`] | [`MemoryFileSystem`] | [`DirectoryFileSystem`] |

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

mod files;
pub use files::{DirectoryFileSystem, FileKeyCustodian, MemoryFileSystem};

/// The wall clock.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01 UTC.
    fn now_ms(&self) -> i64;
}

/// A cryptographically secure random source, for example the operating system's.
pub trait SecureRandom: Send + Sync {
    /// Fills `bytes` or fails as a whole.
    ///
    /// # Errors
    /// When the source cannot give randomness now. The engine then writes nothing.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

/// The random source failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("random source failed")]
pub struct RandomError;

/// A 256-bit key, wiped when dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// Keeps named keys for the engine: the Android Keystore, the iOS Keychain, a file for development.
///
/// A name is short ASCII without user data. Every call returns only when its effect is durable.
pub trait KeyCustodian: Send + Sync {
    /// Returns the key stored under `name`, or `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be told now whether there is one, for example before the first unlock.
    fn load(&self, name: &str) -> Result<Option<Key>, KeyError>;

    /// Stores `key` under `name`, replacing what was there.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn store(&self, name: &str, key: &Key) -> Result<(), KeyError>;

    /// Makes the key under `name` unrecoverable. A missing key is a success.
    ///
    /// # Errors
    /// When the key may still exist.
    fn destroy(&self, name: &str) -> Result<(), KeyError>;
}

/// The custodian failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Keys cannot be reached now; trying later may succeed.
    #[error("the key custodian cannot be reached now")]
    Unavailable,
    /// The custodian refused for good.
    #[error("the key custodian refused")]
    Refused,
}

/// One flat directory of files that belongs to the engine alone.
///
/// No handle stays open between calls: a suspended app holds no file and no lock.
pub trait FileSystem: Send + Sync {
    /// Returns the whole file.
    ///
    /// # Errors
    /// [`FileError::NotFound`] when there is none.
    fn read(&self, name: &str) -> Result<Vec<u8>, FileError>;

    /// Returns at most the first `count` bytes, and the file's length in bytes.
    ///
    /// # Errors
    /// [`FileError::NotFound`] when there is none.
    fn read_prefix(&self, name: &str, count: usize) -> Result<(Vec<u8>, u64), FileError>;

    /// Writes `bytes` at `offset`, which must be the file's length, then flushes to the device if `sync`.
    ///
    /// # Errors
    /// [`FileError::Changed`] when the file is not `offset` bytes long. After another error any prefix may have been written.
    fn append(&self, name: &str, offset: u64, bytes: &[u8], sync: bool) -> Result<(), FileError>;

    /// Cuts the file to `length` bytes and flushes it to the device.
    ///
    /// # Errors
    /// When it could not be cut or flushed.
    fn truncate(&self, name: &str, length: u64) -> Result<(), FileError>;

    /// Creates or replaces the file with `bytes` and flushes it to the device.
    ///
    /// # Errors
    /// After an error the file may hold any prefix.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError>;

    /// Renames atomically, replacing `to`, without flushing the directory.
    ///
    /// # Errors
    /// When nothing was renamed.
    fn rename(&self, from: &str, to: &str) -> Result<(), FileError>;

    /// Removes the file, without flushing the directory. A missing file is a success.
    ///
    /// # Errors
    /// When the file may still exist.
    fn remove(&self, name: &str) -> Result<(), FileError>;

    /// Makes renames and removals durable.
    ///
    /// # Errors
    /// When they may not be.
    fn sync_directory(&self) -> Result<(), FileError>;

    /// Returns the names of all files, in ascending order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn list(&self) -> Result<Vec<String>, FileError>;

    /// Keeps other processes from writing until the guard is dropped.
    ///
    /// # Errors
    /// [`FileError::Busy`] when another process holds the lock.
    fn lock(&self) -> Result<Box<dyn FileLock>, FileError>;
}

/// Held while this process writes.
pub trait FileLock {}

/// A file operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// No such file.
    #[error("file not found")]
    NotFound,
    /// The device is full.
    #[error("no space left")]
    Full,
    /// The directory or file may not be written.
    #[error("the directory is read-only")]
    ReadOnly,
    /// Another process is writing.
    #[error("another process is using the store")]
    Busy,
    /// The file is not as this process left it.
    #[error("another process changed the store")]
    Changed,
    /// Anything else, by its kind.
    #[error("input/output error ({0:?})")]
    Io(std::io::ErrorKind),
}

/// Locks `mutex`; a panic elsewhere does not make its data unreachable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that stands still until it is moved, for tests and replays.
#[derive(Debug, Default)]
pub struct FixedClock(Mutex<i64>);

impl FixedClock {
    /// A clock that shows `now_ms`.
    #[must_use]
    pub fn new(now_ms: i64) -> Self {
        Self(Mutex::new(now_ms))
    }

    /// Sets the time.
    pub fn set(&self, now_ms: i64) {
        *lock(&self.0) = now_ms;
    }

    /// Moves the time by `milliseconds`, which may be negative.
    pub fn advance(&self, milliseconds: i64) {
        *lock(&self.0) += milliseconds;
    }
}

impl Clock for FixedClock {
    fn now_ms(&self) -> i64 {
        *lock(&self.0)
    }
}

/// A reproducible random source, for tests and replays. Never for a shopper's data.
pub struct SeededRandom(Mutex<rand_chacha::ChaCha20Rng>);

impl SeededRandom {
    /// A source whose whole output follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        use rand::SeedableRng;
        Self(Mutex::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed)))
    }
}

impl fmt::Debug for SeededRandom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SeededRandom")
    }
}

impl SecureRandom for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        use rand::Rng;
        lock(&self.0).fill_bytes(bytes);
        Ok(())
    }
}

/// Keys in memory: gone with the process.
#[derive(Default)]
pub struct MemoryKeyCustodian(Mutex<BTreeMap<String, Key>>);

impl fmt::Debug for MemoryKeyCustodian {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MemoryKeyCustodian")
    }
}

impl KeyCustodian for MemoryKeyCustodian {
    fn load(&self, name: &str) -> Result<Option<Key>, KeyError> {
        Ok(lock(&self.0).get(name).cloned())
    }

    fn store(&self, name: &str, key: &Key) -> Result<(), KeyError> {
        lock(&self.0).insert(name.to_owned(), key.clone());
        Ok(())
    }

    fn destroy(&self, name: &str) -> Result<(), KeyError> {
        lock(&self.0).remove(name);
        Ok(())
    }
}
