//! The bytes of a pack, held by whoever can hold them most cheaply.

use std::ops::Deref;

use tastekeeper_kernels::map::Map;

use crate::layout::ALIGNMENT;

/// A pack as a file: mapped, or read into memory.
pub(crate) enum PackBytes {
    /// Where the system keeps the file's pages.
    Mapped(Map),
    /// Copied.
    Held(Aligned),
}

/// Bytes of which the first is at a multiple of [`ALIGNMENT`], as in a map: a row of 64 bytes is one line of the cache, not two.
pub(crate) struct Aligned {
    padded: Vec<u8>,
    start: usize,
}

impl Deref for PackBytes {
    type Target = [u8];

    /// Inlined everywhere: one predictable branch, and no call, for each read of a row.
    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Held(Aligned { padded, start }) => &padded[*start..],
        }
    }
}

impl From<&[u8]> for PackBytes {
    fn from(bytes: &[u8]) -> Self {
        let mut padded: Vec<u8> = Vec::with_capacity(bytes.len() + ALIGNMENT);
        // Should the offset be unknown, which is allowed, reads are slower and no less right.
        let start = padded.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        padded.resize(start, 0);
        padded.extend_from_slice(bytes);
        Self::Held(Aligned { padded, start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_begins_where_a_line_does() {
        for count in [0, 1, 63, 64, 1_000, 100_000] {
            let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(count).collect();
            let held = PackBytes::from(bytes.as_slice());
            assert_eq!(*held, *bytes);
            assert_eq!(held.as_ptr().align_offset(ALIGNMENT), 0, "{count} bytes");
        }
    }
}
