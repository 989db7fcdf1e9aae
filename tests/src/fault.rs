//! A phone that can fail: files and keys that crash, refuse, fill up and forget at any chosen operation.
//!
//! Run a script once on a [`FaultyDevice`] to learn how many operations it takes, then once per operation with a
//! fault set there, and look at what is left:
//!
//! ```
//! use tastekeeper::platform::FileSystem;
//! use tastekeeper_tests::fault::{Fault, FaultyDevice, Variant};
//!
//! let script = |device: &FaultyDevice| device.files().write("a", b"text").is_ok();
//! let device = FaultyDevice::new();
//! assert!(script(&device));
//! for at in 0..device.operations() {
//!     let device = FaultyDevice::new();
//!     device.set_fault(at, Fault::Crash);
//!     assert!(!script(&device));
//!     for variant in Variant::all() {
//!         let rebooted = device.reboot(variant); // what the next start of the phone finds
//!         assert!(rebooted.files().read("a").is_err() || variant != Variant::ALL_LOST);
//!     }
//! }
//! ```
//!
//! What counts as one operation: a write, an fsync, a cut, a rename, a removal, a directory flush, and every call
//! of the key custodian. `write` and `append` with `sync` are two, `truncate` is two. Reading files is none.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tastekeeper::platform::FileError;

mod files;
mod keys;

pub use files::CrashFileSystem;
pub use keys::FaultyKeyCustodian;

/// What happens at the chosen operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Everything stops: the operation is in flight, and every later one fails.
    Crash,
    /// The operation fails and has no effect, but a write that fails leaves its first half. After a failed flush,
    /// what it should have flushed stays visible and is never flushed by a later one.
    Fail(FileError),
    /// The operation has its effect and still reports a failure.
    FailLate,
    /// As [`Fault::Fail`], for this and every later operation.
    FailFrom(FileError),
    /// As [`Fault::Fail`], for this and every later operation on files; keys work.
    FailFilesFrom(FileError),
}

/// What a power cut does to bytes that were written but not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataLoss {
    /// They were written in time.
    Kept,
    /// They are gone.
    Lost,
    /// The last write is there up to this many hundredths of its bytes; earlier ones are whole.
    Torn(u8),
    /// Only the last write arrived; zeros stand where earlier ones would be.
    LastOnly,
    /// The file has its new length, with zeros inside.
    Zeroed,
}

/// What a power cut does to renames, removals and new files whose directory was not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryLoss {
    /// They were written in time.
    Kept,
    /// They are gone.
    Lost,
    /// Only the first arrived.
    FirstOnly,
    /// Only the last arrived.
    LastOnly,
}

/// One way a power cut can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Unflushed bytes.
    pub data: DataLoss,
    /// Unflushed directory changes.
    pub directory: DirectoryLoss,
    /// Whether the key operation that was in flight took effect.
    pub key_in_flight: bool,
}

impl Variant {
    /// Nothing unflushed survives.
    pub const ALL_LOST: Self =
        Self { data: DataLoss::Lost, directory: DirectoryLoss::Lost, key_in_flight: false };

    /// Everything unflushed survives.
    pub const ALL_KEPT: Self =
        Self { data: DataLoss::Kept, directory: DirectoryLoss::Kept, key_in_flight: true };

    /// Every combination, 64 of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let data = [
            DataLoss::Kept,
            DataLoss::Lost,
            DataLoss::Torn(1),
            DataLoss::Torn(30),
            DataLoss::Torn(60),
            DataLoss::Torn(99),
            DataLoss::LastOnly,
            DataLoss::Zeroed,
        ];
        let directory =
            [DirectoryLoss::Kept, DirectoryLoss::Lost, DirectoryLoss::FirstOnly, DirectoryLoss::LastOnly];
        data.into_iter().flat_map(move |data| {
            directory.into_iter().flat_map(move |directory| {
                [false, true].map(|key_in_flight| Self { data, directory, key_in_flight })
            })
        })
    }
}

/// What one operation has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Run,
    Crash,
    Fail(FileError),
    FailLate,
}

/// What every operation on a crashed device returns.
const DEAD: FileError = FileError::Io(std::io::ErrorKind::BrokenPipe);

/// Counts operations of files and keys together and decides which fails.
#[derive(Debug, Default)]
struct Meter {
    operations: u64,
    fault: Option<(u64, Fault)>,
    crashed: bool,
    hits: Hits,
}

/// How many operations met the chosen fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Operations on files.
    pub files: u64,
    /// Calls of the key custodian.
    pub keys: u64,
}

impl Meter {
    fn next(&mut self, is_file: bool) -> Result<Step, FileError> {
        if self.crashed {
            return Err(DEAD);
        }
        let now = self.operations;
        self.operations += 1;
        let step = match self.fault {
            Some((at, Fault::Crash)) if now == at => {
                self.crashed = true;
                Step::Crash
            }
            Some((at, Fault::Fail(error))) if now == at => Step::Fail(error),
            Some((at, Fault::FailLate)) if now == at => Step::FailLate,
            Some((at, Fault::FailFrom(error))) if now >= at => Step::Fail(error),
            Some((at, Fault::FailFilesFrom(error))) if now >= at && is_file => Step::Fail(error),
            _ => Step::Run,
        };
        if step != Step::Run {
            *(if is_file { &mut self.hits.files } else { &mut self.hits.keys }) += 1;
        }
        Ok(step)
    }
}

type SharedMeter = Arc<Mutex<Meter>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Files and keys of one phone, with one count of operations.
#[derive(Clone, Debug, Default)]
pub struct FaultyDevice {
    meter: SharedMeter,
    files: Arc<CrashFileSystem>,
    keys: Arc<FaultyKeyCustodian>,
}

impl FaultyDevice {
    /// An empty device without a fault.
    #[must_use]
    pub fn new() -> Self {
        let meter = SharedMeter::default();
        Self {
            files: Arc::new(CrashFileSystem::with_meter(Arc::clone(&meter))),
            keys: Arc::new(FaultyKeyCustodian::with_meter(Arc::clone(&meter))),
            meter,
        }
    }

    /// The device's files.
    #[must_use]
    pub fn files(&self) -> Arc<CrashFileSystem> {
        Arc::clone(&self.files)
    }

    /// The device's keys.
    #[must_use]
    pub fn keys(&self) -> Arc<FaultyKeyCustodian> {
        Arc::clone(&self.keys)
    }

    /// Lets `fault` happen at operation `at`, counted from 0 since the device started.
    pub fn set_fault(&self, at: u64, fault: Fault) {
        lock(&self.meter).fault = Some((at, fault));
    }

    /// Lets everything work again, unless the device crashed.
    pub fn clear_fault(&self) {
        lock(&self.meter).fault = None;
    }

    /// Returns how many operations there were since the device started.
    #[must_use]
    pub fn operations(&self) -> u64 {
        lock(&self.meter).operations
    }

    /// Returns how many operations met a fault since the device started. What fails on a crashed device is not counted.
    #[must_use]
    pub fn hits(&self) -> Hits {
        lock(&self.meter).hits
    }

    /// Returns whether [`Fault::Crash`] happened.
    #[must_use]
    pub fn is_crashed(&self) -> bool {
        lock(&self.meter).crashed
    }

    /// Returns what the next process finds after this one was killed: what was written, flushed or not, and what
    /// is not flushed yet can still be lost later. This device stays as it is.
    #[must_use]
    pub fn restart(&self, key_in_flight: bool) -> Self {
        let meter = SharedMeter::default();
        Self {
            files: Arc::new(self.files.restart(Arc::clone(&meter))),
            keys: Arc::new(self.keys.reboot(key_in_flight, Arc::clone(&meter))),
            meter,
        }
    }

    /// Returns what the phone finds when it starts after a power cut. This device stays as it is.
    #[must_use]
    pub fn reboot(&self, variant: Variant) -> Self {
        let meter = SharedMeter::default();
        Self {
            files: Arc::new(self.files.reboot(variant, Arc::clone(&meter))),
            keys: Arc::new(self.keys.reboot(variant.key_in_flight, Arc::clone(&meter))),
            meter,
        }
    }
}
