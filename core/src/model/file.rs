//! The bytes of a pack, held by whoever can hold them most cheaply.

use std::ops::Deref;
use std::sync::Arc;

use tastekeeper_kernels::map::Map;

/// A pack as a file: mapped, or read into memory.
pub(crate) enum PackBytes {
    /// Where the system keeps the file's pages.
    Mapped(Map),
    /// Copied.
    Held(Arc<[u8]>),
}

impl Deref for PackBytes {
    type Target = [u8];

    /// Inlined everywhere: one predictable branch, and no call, for each read of a row.
    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Held(bytes) => bytes,
        }
    }
}

impl From<Arc<[u8]>> for PackBytes {
    fn from(bytes: Arc<[u8]>) -> Self {
        Self::Held(bytes)
    }
}
