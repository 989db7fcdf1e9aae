//! A file as bytes, where the system keeps its pages: nothing is copied, and pages nobody asks for any more can go.
//!
//! In: an open file. Out: its bytes, for as long as the [`Map`] lives. Must never write, and never be the only way to read:
//! some systems have no maps, and then the caller reads.

use std::fs::File;
use std::io;
use std::ops::Deref;

use memmap2::{Mmap, MmapOptions};

/// The bytes of a file, mapped and read-only.
///
/// The file must not be changed in place as long as this lives. Bytes that another process writes into it would show up here,
/// between two reads of one value; bytes that it cuts off end the process when they are read (SIGBUS). A file is replaced by
/// writing a new one and renaming it over the old: the map keeps the old one.
#[derive(Debug)]
pub struct Map(Mmap);

impl Map {
    /// Maps all of `file`, and asks the system to bring the pages along at once where it can: they are all read soon.
    ///
    /// # Errors
    /// What the system says, or [`io::ErrorKind::Unsupported`] where there are no maps.
    #[allow(
        unsafe_code,
        reason = "the one call that promises what the type's documentation asks of the host"
    )]
    pub fn of(file: &File) -> io::Result<Self> {
        // SAFETY: the map is private to this value, read-only and as long as the file was a moment ago, so every read lies inside
        // it. That nobody changes the file meanwhile cannot be checked here: it is the host's promise, written at every function
        // that takes a path. Code above must not rely on it for memory safety: it checks what it reads whenever it reads it.
        unsafe { MmapOptions::new().populate().map(file) }.map(Self)
    }
}

impl Deref for Map {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(any(miri, target_arch = "wasm32"), ignore = "it has no maps")]
    fn a_map_is_the_file() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/map.rs");
        let map = Map::of(&File::open(path).unwrap()).unwrap();
        assert_eq!(*map, *std::fs::read(path).unwrap());
    }
}
