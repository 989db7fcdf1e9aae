//! A reader that reports how far it came and stops at a record that does not end.
//!
//! In: any reader. Out: the same bytes. Must never let one record grow beyond its budget plus one buffer.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use super::MAX_LINE_BYTES;

/// Bytes asked of the file at once.
pub(crate) const BUFFER_BYTES: usize = 1 << 16;

/// How many bytes may still be read before the current record ends.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Rc<Cell<usize>>);

impl Budget {
    /// A record has ended: the next may be as long as any.
    pub(crate) fn renew(&self) {
        self.0.set(MAX_LINE_BYTES + 2 * BUFFER_BYTES);
    }

    /// Whether reading stopped because a record was too long.
    pub(crate) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}

/// See the module.
pub(crate) struct Counted<'p, R> {
    inner: R,
    bytes: u64,
    budget: Budget,
    progress: &'p mut dyn FnMut(u64),
}

impl<'p, R: Read> Counted<'p, R> {
    pub(crate) fn new(inner: R, progress: &'p mut dyn FnMut(u64)) -> Self {
        let budget = Budget(Rc::new(Cell::new(0)));
        budget.renew();
        Self { inner, bytes: 0, budget, progress }
    }

    /// The budget, to be renewed by whoever sees records end.
    pub(crate) fn budget(&self) -> Budget {
        self.budget.clone()
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.budget.0.get();
        if left == 0 {
            return Err(io::Error::other("a record does not end"));
        }
        let read = self.inner.read(buffer)?;
        self.budget.0.set(left.saturating_sub(read));
        self.bytes += read as u64;
        (self.progress)(self.bytes);
        Ok(read)
    }
}
