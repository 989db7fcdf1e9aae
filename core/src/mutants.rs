//! Wrong versions of single rules, for the tests that must catch them.
//!
//! Compiled with the `mutants` feature only. One mutant at a time is active, per thread; none by default.

use std::cell::Cell;

/// A rule that is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mutant {
    /// A pack's signature is not checked.
    AcceptAnySignature,
    /// The log acknowledges an append whose fsync failed.
    IgnoreFailedSync,
}

thread_local! {
    static ACTIVE: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Whether `mutant` is switched on for this thread.
pub(crate) fn is_active(mutant: Mutant) -> bool {
    ACTIVE.with(|active| active.get() == Some(mutant))
}

/// Runs `body` with `mutant` switched on for this thread, and switches it off again, also when `body` panics.
pub fn with<T>(mutant: Mutant, body: impl FnOnce() -> T) -> T {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            ACTIVE.with(|active| active.set(None));
        }
    }
    ACTIVE.with(|active| active.set(Some(mutant)));
    let _reset = Reset;
    body()
}
