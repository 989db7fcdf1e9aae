//! The clock and the random source of one phone: the host's, with a clock that can be put forward and a draw that can be repeated.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tastekeeper::platform::{Clock, RandomError, SecureRandom};

/// The host's clock, put forward by so many milliseconds.
pub(crate) struct AheadClock {
    host: Arc<dyn Clock>,
    ahead_ms: AtomicI64,
}

impl AheadClock {
    pub(crate) fn new(host: Arc<dyn Clock>) -> Self {
        Self { host, ahead_ms: AtomicI64::new(0) }
    }

    pub(crate) fn ahead_ms(&self) -> i64 {
        self.ahead_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn set_ahead_ms(&self, milliseconds: i64) {
        self.ahead_ms.store(milliseconds, Ordering::Relaxed);
    }
}

impl Clock for AheadClock {
    fn now_ms(&self) -> i64 {
        self.host.now_ms().saturating_add(self.ahead_ms())
    }
}

/// What the next draws are made of.
enum Next {
    /// The host gives them.
    Host,
    /// The host gives them, and the first one is kept.
    Keep,
    /// The first one is this.
    Give(Vec<u8>),
}

/// The host's random source, whose first draw of a call can be kept and given again: the engine draws one seed at the beginning of
/// each call, and everything random in the call follows from it.
pub(crate) struct RepeatableRandom {
    host: Arc<dyn SecureRandom>,
    next: Mutex<Next>,
    kept: Mutex<Option<Vec<u8>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RepeatableRandom {
    pub(crate) fn new(host: Arc<dyn SecureRandom>) -> Self {
        Self { host, next: Mutex::new(Next::Host), kept: Mutex::new(None) }
    }

    /// Runs a call whose first draw is `given`, or is kept; gives it back with the call's answer.
    pub(crate) fn repeat<T>(&self, given: Option<Vec<u8>>, call: impl FnOnce() -> T) -> (T, Option<Vec<u8>>) {
        *lock(&self.kept) = given.clone();
        *lock(&self.next) = given.map_or(Next::Keep, Next::Give);
        let answer = call();
        *lock(&self.next) = Next::Host;
        (answer, lock(&self.kept).take())
    }
}

impl SecureRandom for RepeatableRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        match std::mem::replace(&mut *lock(&self.next), Next::Host) {
            Next::Give(given) if given.len() == bytes.len() => bytes.copy_from_slice(&given),
            Next::Keep => {
                self.host.fill(bytes)?;
                *lock(&self.kept) = Some(bytes.to_vec());
            }
            Next::Give(_) | Next::Host => self.host.fill(bytes)?,
        }
        Ok(())
    }
}
