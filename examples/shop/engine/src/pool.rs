//! A file system in a fixed number of slots: what the engine's files become in a browser.
//!
//! A worker may open, rename and remove files only with calls that give promises, but read, write, cut and flush an opened one
//! at once. So the worker opens a few slots before the engine starts, and this module keeps files with names in them. A slot begins
//! with a header: which file it holds and how often the name was given before, with a checksum. An unused slot is empty.
//!
//! In: names and bytes, sealed by the engine. Out: the same. Must never lose an old file before a new one of its name is whole.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tastekeeper::platform::{FileError, FileLock, FileSystem};

/// Opened files of the host, by their numbers. Each call returns when its effect is there.
pub trait Slots: Send + Sync {
    /// How many there are.
    fn count(&self) -> usize;
    /// Bytes in a slot.
    ///
    /// # Errors
    /// When the host refuses.
    fn size(&self, slot: usize) -> Result<u64, FileError>;
    /// Fills `bytes` from a place in a slot.
    ///
    /// # Errors
    /// When the host refuses or there are fewer.
    fn read(&self, slot: usize, at: u64, bytes: &mut [u8]) -> Result<(), FileError>;
    /// Writes all of `bytes` at a place in a slot.
    ///
    /// # Errors
    /// When the host refuses, or has no space.
    fn write(&self, slot: usize, at: u64, bytes: &[u8]) -> Result<(), FileError>;
    /// Cuts a slot.
    ///
    /// # Errors
    /// When the host refuses.
    fn truncate(&self, slot: usize, size: u64) -> Result<(), FileError>;
    /// Flushes a slot to the device.
    ///
    /// # Errors
    /// When the host refuses.
    fn flush(&self, slot: usize) -> Result<(), FileError>;
}

const MAGIC: &[u8; 4] = b"TKs1";
/// Magic, number, length of the name, name, checksum.
const HEADER: usize = 128;
const NAME_AT: usize = 13;
const CHECK_AT: usize = HEADER - 8;
const MAX_NAME: usize = CHECK_AT - NAME_AT;

/// Where a file is, and which of those that had its name.
#[derive(Clone, Copy, Debug)]
struct Place {
    slot: usize,
    number: u64,
}

/// See the module.
pub struct Pool<S> {
    slots: S,
    places: Mutex<BTreeMap<String, Place>>,
}

impl<S> fmt::Debug for Pool<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pool")
    }
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let fold = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64, fold).to_le_bytes()
}

fn header(name: &str, number: u64) -> Result<[u8; HEADER], FileError> {
    let length = u8::try_from(name.len()).ok().filter(|length| usize::from(*length) <= MAX_NAME);
    let length = length.ok_or(FileError::Io(std::io::ErrorKind::InvalidFilename))?;
    let mut bytes = [0; HEADER];
    bytes[..4].copy_from_slice(MAGIC);
    bytes[4..12].copy_from_slice(&number.to_le_bytes());
    bytes[12] = length;
    bytes[NAME_AT..NAME_AT + name.len()].copy_from_slice(name.as_bytes());
    let check = checksum(&bytes[..CHECK_AT]);
    bytes[CHECK_AT..].copy_from_slice(&check);
    Ok(bytes)
}

/// The file that a header names; `None` when it is not whole.
fn read_header(bytes: &[u8; HEADER]) -> Option<(String, u64)> {
    let is_whole = &bytes[..4] == MAGIC && bytes[CHECK_AT..] == checksum(&bytes[..CHECK_AT]);
    let name = bytes.get(NAME_AT..NAME_AT + usize::from(bytes[12])).filter(|_| is_whole)?;
    let number = <[u8; 8]>::try_from(&bytes[4..12]).ok()?;
    Some((String::from_utf8(name.to_vec()).ok()?, u64::from_le_bytes(number)))
}

impl<S: Slots> Pool<S> {
    /// Finds the files in `slots`. Of two with one name the later one counts; the other and what is not whole are emptied.
    ///
    /// # Errors
    /// When the host refuses.
    pub fn open(slots: S) -> Result<Self, FileError> {
        let mut places: BTreeMap<String, Place> = BTreeMap::new();
        let mut stale = Vec::new();
        for slot in 0..slots.count() {
            let size = slots.size(slot)?;
            if size == 0 {
                continue;
            }
            let mut bytes = [0; HEADER];
            let found = if size < HEADER as u64 { Ok(()) } else { slots.read(slot, 0, &mut bytes) };
            found?;
            let Some((name, number)) = read_header(&bytes) else {
                stale.push(slot);
                continue;
            };
            match places.get(&name) {
                Some(other) if other.number > number => stale.push(slot),
                other => {
                    stale.extend(other.map(|other| other.slot));
                    places.insert(name, Place { slot, number });
                }
            }
        }
        for slot in stale {
            slots.truncate(slot, 0)?;
            slots.flush(slot)?;
        }
        Ok(Self { slots, places: Mutex::new(places) })
    }

    /// Bytes in all slots, headers too.
    ///
    /// # Errors
    /// When the host refuses.
    pub fn bytes(&self) -> Result<u64, FileError> {
        (0..self.slots.count()).map(|slot| self.slots.size(slot)).sum()
    }

    /// Empties every slot.
    ///
    /// # Errors
    /// When the host refuses; then some may still hold something.
    pub fn clear(&self) -> Result<(), FileError> {
        let mut places = self.places();
        for slot in 0..self.slots.count() {
            self.slots.truncate(slot, 0)?;
            self.slots.flush(slot)?;
        }
        places.clear();
        Ok(())
    }

    /// Writes zeros over a file's bytes where they are. What the host's disk does with them is its own affair.
    ///
    /// # Errors
    /// When there is no such file, or the host refuses.
    pub fn overwrite_with_zeros(&self, name: &str) -> Result<(), FileError> {
        let places = self.places();
        let place = find(&places, name)?;
        let length = self.length(place)?;
        self.slots.write(place.slot, HEADER as u64, &vec![0; size(length)?])?;
        self.slots.flush(place.slot)
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<String, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of a file.
    fn length(&self, place: Place) -> Result<u64, FileError> {
        Ok(self.slots.size(place.slot)?.saturating_sub(HEADER as u64))
    }

    fn contents(&self, place: Place, count: usize) -> Result<Vec<u8>, FileError> {
        let mut bytes = vec![0; count];
        if count > 0 {
            self.slots.read(place.slot, HEADER as u64, &mut bytes)?;
        }
        Ok(bytes)
    }

    fn free(&self, places: &BTreeMap<String, Place>) -> Result<usize, FileError> {
        let is_free = |slot: &usize| places.values().all(|place| place.slot != *slot);
        (0..self.slots.count()).find(is_free).ok_or(FileError::Full)
    }

    fn empty(&self, slot: usize) -> Result<(), FileError> {
        self.slots.truncate(slot, 0)?;
        self.slots.flush(slot)
    }
}

fn find(places: &BTreeMap<String, Place>, name: &str) -> Result<Place, FileError> {
    places.get(name).copied().ok_or(FileError::NotFound)
}

fn size(bytes: u64) -> Result<usize, FileError> {
    usize::try_from(bytes).map_err(|_| FileError::Io(std::io::ErrorKind::FileTooLarge))
}

/// The browser gives a slot to one worker only, so nobody else writes.
struct OnlyOne;

impl FileLock for OnlyOne {}

impl<S: Slots> FileSystem for Pool<S> {
    fn read(&self, name: &str) -> Result<Vec<u8>, FileError> {
        let place = find(&self.places(), name)?;
        self.contents(place, size(self.length(place)?)?)
    }

    fn read_prefix(&self, name: &str, count: usize) -> Result<(Vec<u8>, u64), FileError> {
        let place = find(&self.places(), name)?;
        let length = self.length(place)?;
        Ok((self.contents(place, count.min(size(length)?))?, length))
    }

    fn append(&self, name: &str, offset: u64, bytes: &[u8], sync: bool) -> Result<(), FileError> {
        let place = find(&self.places(), name)?;
        if self.length(place)? != offset {
            return Err(FileError::Changed);
        }
        self.slots.write(place.slot, HEADER as u64 + offset, bytes)?;
        if sync { self.slots.flush(place.slot) } else { Ok(()) }
    }

    fn truncate(&self, name: &str, length: u64) -> Result<(), FileError> {
        let place = find(&self.places(), name)?;
        self.slots.truncate(place.slot, HEADER as u64 + length)?;
        self.slots.flush(place.slot)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        let mut places = self.places();
        let place = match places.get(name) {
            Some(place) => *place,
            None => Place { slot: self.free(&places)?, number: 1 },
        };
        self.slots.truncate(place.slot, 0)?;
        self.slots.write(place.slot, 0, &header(name, place.number)?)?;
        places.insert(name.to_owned(), place);
        self.slots.write(place.slot, HEADER as u64, bytes)?;
        self.slots.flush(place.slot)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        let mut places = self.places();
        let place = find(&places, from)?;
        let before = places.get(to).copied();
        let number = before.map_or(1, |before| before.number + 1);
        // One header, flushed, is the rename: until it is whole the old file is the one with the name.
        self.slots.write(place.slot, 0, &header(to, number)?)?;
        self.slots.flush(place.slot)?;
        places.remove(from);
        places.insert(to.to_owned(), Place { slot: place.slot, number });
        match before {
            Some(before) if before.slot != place.slot => self.empty(before.slot),
            _ => Ok(()),
        }
    }

    fn remove(&self, name: &str) -> Result<(), FileError> {
        let mut places = self.places();
        let Some(place) = places.get(name).copied() else { return Ok(()) };
        self.empty(place.slot)?;
        places.remove(name);
        Ok(())
    }

    fn sync_directory(&self) -> Result<(), FileError> {
        Ok(())
    }

    fn list(&self) -> Result<Vec<String>, FileError> {
        Ok(self.places().keys().cloned().collect())
    }

    fn lock(&self) -> Result<Box<dyn FileLock>, FileError> {
        Ok(Box::new(OnlyOne))
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
pub(crate) mod tests;
