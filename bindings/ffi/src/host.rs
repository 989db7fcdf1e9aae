//! What the app may give: its clock, its random source, its key custodian. Time and randomness of the system are there by
//! default; keys never are, because only the platform's key store can keep one.
//!
//! In: the app's classes. Out: a [`Platform`]. Must never: hold a lock while the app's code runs, or write without a key.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tastekeeper::Platform;
use tastekeeper::platform::{self as core, DirectoryFileSystem, Key, KeyError, RandomError};
use zeroize::{Zeroize, Zeroizing};

use crate::error::{HostError, Result, invalid};

/// The wall clock. Without one the system's is used.
#[uniffi::export(with_foreign)]
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// When it cannot be told; the call that asked then fails with `InvalidArgument` and does nothing.
    fn now_ms(&self) -> std::result::Result<i64, HostError>;
}

/// A cryptographically secure random source. Without one the system's is used.
#[uniffi::export(with_foreign)]
pub trait SecureRandom: Send + Sync {
    /// Exactly `count` random bytes.
    ///
    /// # Errors
    /// When there is no randomness now; nothing is written then.
    fn bytes(&self, count: u32) -> std::result::Result<Vec<u8>, HostError>;
}

/// Keeps named keys of 32 bytes for the engine: the Android Keystore, the Keychain. A name is short ASCII without user data.
/// Every call returns only when its effect is durable. It must not call the recommender back, from any thread.
#[uniffi::export(with_foreign)]
pub trait KeyCustodian: Send + Sync {
    /// The key stored under `name`, or nothing when there is none.
    ///
    /// # Errors
    /// When it cannot be told now whether there is one, for example before the first unlock.
    fn load(&self, name: String) -> std::result::Result<Option<Vec<u8>>, HostError>;

    /// Stores `key` under `name`, replacing what was there.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn store(&self, name: String, key: Vec<u8>) -> std::result::Result<(), HostError>;

    /// Makes the key under `name` unrecoverable. A missing key is a success.
    ///
    /// # Errors
    /// When the key may still exist.
    fn destroy(&self, name: String) -> std::result::Result<(), HostError>;
}

thread_local! {
    /// Whether this thread is inside the app's code, called from here.
    static IN_HOST: Cell<bool> = const { Cell::new(false) };
}

/// Runs the app's code, marked as such.
fn ask<T>(body: impl FnOnce() -> std::result::Result<T, HostError>) -> std::result::Result<T, HostError> {
    struct Left(bool);
    impl Drop for Left {
        fn drop(&mut self) {
            IN_HOST.set(self.0);
        }
    }
    let _left = Left(IN_HOST.replace(true));
    body()
}

/// Refuses a call out of the app's own clock, random source or custodian, which would wait for itself.
pub(crate) fn refuse_reentry() -> Result<()> {
    if IN_HOST.get() {
        return Err(invalid("host", "a clock, random source or key custodian must not call the recommender"));
    }
    Ok(())
}

/// The time of a call: asked for before the engine takes its lock.
pub(crate) struct HostClock {
    host: Option<Arc<dyn Clock>>,
    now_ms: AtomicI64,
}

impl HostClock {
    /// Asks for the time that the call to come will see.
    pub(crate) fn refresh(&self) -> Result<()> {
        let Some(host) = &self.host else { return Ok(()) };
        let now_ms = ask(|| host.now_ms()).map_err(|_| invalid("clock", "the app's clock gave no time"))?;
        self.now_ms.store(now_ms, Ordering::Relaxed);
        Ok(())
    }
}

impl core::Clock for HostClock {
    fn now_ms(&self) -> i64 {
        if self.host.is_some() { self.now_ms.load(Ordering::Relaxed) } else { system_now_ms() }
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the host that the engine takes its time from")]
fn system_now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

struct HostRandom(Option<Arc<dyn SecureRandom>>);

impl core::SecureRandom for HostRandom {
    fn fill(&self, bytes: &mut [u8]) -> std::result::Result<(), RandomError> {
        let Some(host) = &self.0 else { return getrandom::fill(bytes).map_err(|_| RandomError) };
        let count = u32::try_from(bytes.len()).map_err(|_| RandomError)?;
        let given = Zeroizing::new(ask(|| host.bytes(count)).map_err(|_| RandomError)?);
        if given.len() != bytes.len() {
            return Err(RandomError);
        }
        bytes.copy_from_slice(&given);
        Ok(())
    }
}

struct HostKeys(Arc<dyn KeyCustodian>);

fn key_error(error: HostError) -> KeyError {
    match error {
        HostError::Unavailable => KeyError::Unavailable,
        HostError::Refused => KeyError::Refused,
    }
}

impl core::KeyCustodian for HostKeys {
    fn load(&self, name: &str) -> std::result::Result<Option<Key>, KeyError> {
        let Some(mut given) = ask(|| self.0.load(name.to_owned())).map_err(key_error)? else {
            return Ok(None);
        };
        let key = <[u8; 32]>::try_from(given.as_slice()).map(Zeroizing::new);
        given.zeroize();
        key.map(Some).map_err(|_| KeyError::Refused)
    }

    fn store(&self, name: &str, key: &Key) -> std::result::Result<(), KeyError> {
        ask(|| self.0.store(name.to_owned(), key.to_vec())).map_err(key_error)
    }

    fn destroy(&self, name: &str) -> std::result::Result<(), KeyError> {
        ask(|| self.0.destroy(name.to_owned())).map_err(key_error)
    }
}

/// What the app gave, as the engine takes it.
pub(crate) struct Host {
    pub(crate) platform: Platform,
    pub(crate) clock: Arc<HostClock>,
}

impl Host {
    /// Files in `directory` under keys of `keys`; everything in memory without both. The clock has been asked once.
    pub(crate) fn new(
        directory: Option<String>,
        keys: Option<Arc<dyn KeyCustodian>>,
        clock: Option<Arc<dyn Clock>>,
        random: Option<Arc<dyn SecureRandom>>,
    ) -> Result<Self> {
        refuse_reentry()?;
        let clock = Arc::new(HostClock { host: clock, now_ms: AtomicI64::new(0) });
        clock.refresh()?;
        let mut platform = Platform::in_memory(clock.clone(), Arc::new(HostRandom(random)));
        match (directory, keys) {
            (None, None) => {}
            (Some(directory), Some(keys)) => {
                let files = DirectoryFileSystem::create(directory).map_err(tastekeeper::Error::from)?;
                platform.files = Arc::new(files);
                platform.keys = Arc::new(HostKeys(keys));
            }
            (Some(_), None) => {
                return Err(invalid(
                    "keys",
                    "a directory needs a key custodian; without both all is in memory",
                ));
            }
            (None, Some(_)) => {
                return Err(invalid(
                    "directory",
                    "a key custodian needs a directory; without both all is in memory",
                ));
            }
        }
        Ok(Self { platform, clock })
    }
}
