//! A small blob that is replaced as a whole and kept in two sealed copies, so that one may be damaged.
//!
//! A blob and randomness come in; two files `<name>.1` and `<name>.2` with the same bytes go out, sealed with the
//! key in slot `<name>`. The newest whole copy wins. Must never return a blob that did not authenticate, or
//! acknowledge a save before both copies are on the device.

use std::fmt;
use std::sync::Arc;

use super::frame::{
    CHECKSUM_BYTES, Cipher, NONCE_BYTES, TAG_BYTES, checksum, read_array, read_u32, read_u64,
};
use super::{CallRandom, Finding, check_records, corrupt, erasure_pending, key_unavailable, unavailable};
use crate::error::{Error, Result};
use crate::mutant;
use crate::platform::{FileError, FileSystem, Key, KeyCustodian};

/// First bytes of every copy.
const MAGIC: [u8; 8] = *b"TKPRSTA\0";
/// Version of the layout in this file.
const FORMAT_VERSION: u32 = 1;
/// Magic, version, revision: what the seal covers beside the blob.
const BOUND_BYTES: usize = 20;

/// What [`SealedState::load`] found.
#[derive(Clone, PartialEq, Eq)]
pub struct LoadedState {
    /// The blob of the last save, or `None` when there is none to read.
    pub blob: Option<Vec<u8>>,
    /// What is not as it should be; empty as a rule.
    pub findings: Vec<Finding>,
}

impl fmt::Debug for LoadedState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LoadedState").field("findings", &self.findings).finish_non_exhaustive()
    }
}

/// A blob in two sealed copies.
///
/// After a save that failed, a reader sees the old blob or the new one until the next save succeeds; both copies
/// are always each either. A caller that needs the old one to hold keeps it and saves again. The revision only
/// grows, so an attempt that failed never wins over a later one.
pub struct SealedState {
    files: Arc<dyn FileSystem>,
    keys: Arc<dyn KeyCustodian>,
    name: String,
    /// An erasure could not be finished; the next save finishes it first.
    erasing: bool,
    /// Checksums of what this value read and of what it tried to write since: anything else is another process's.
    own: Vec<[u8; CHECKSUM_BYTES]>,
    /// Whether a copy is known to be on disk.
    on_disk: bool,
}

impl fmt::Debug for SealedState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealedState")
    }
}

/// One file as it was found.
enum Copy {
    Missing,
    Damaged,
    /// Whole, but sealed with another key.
    Foreign,
    Valid {
        revision: u64,
        blob: Vec<u8>,
    },
}

impl SealedState {
    /// The state `name`. Nothing is read or written yet.
    #[must_use]
    pub fn new(files: Arc<dyn FileSystem>, keys: Arc<dyn KeyCustodian>, name: &str) -> Self {
        Self { files, keys, name: name.to_owned(), erasing: false, own: Vec::new(), on_disk: false }
    }

    /// Returns the newest blob that is whole. May block on disk.
    ///
    /// A file without its key gives no blob and [`Finding::MissingKey`]; only [`SealedState::erase`] resolves it.
    ///
    /// # Errors
    /// [`Error::StorageCorrupt`] when no copy is whole, [`Error::KeyUnavailable`] when the custodian fails or the
    /// key is another, [`Error::StorageUnavailable`] when a copy cannot be read.
    pub fn load(&mut self) -> Result<LoadedState> {
        let _lock = self.files.lock()?;
        let key = self.keys.load(&self.name)?;
        let (revision, blob, findings) = self.read(key.as_ref())?;
        if revision.is_some() && findings.contains(&Finding::CopyBehind) {
            // What is acted upon from now on must not be undone by a power cut.
            self.files.sync_directory()?;
        }
        self.own = blob.iter().map(|blob| checksum(blob)).collect();
        self.on_disk = blob.is_some();
        Ok(LoadedState { blob, findings })
    }

    /// Replaces the blob, at most 64 KiB; returns when both copies are on the device.
    ///
    /// # Errors
    /// As for [`SealedState::load`], [`Error::StorageUnavailable`] when another process changed the state since, and [`Error::StorageFull`], [`Error::InvalidArgument`]. See the type for what a
    /// reader sees afterwards.
    pub fn save(&mut self, blob: &[u8], random: &mut CallRandom) -> Result<()> {
        check_records(&[blob.to_vec()])?;
        let files = Arc::clone(&self.files);
        let _lock = files.lock()?;
        if self.erasing && self.erase_locked().is_err() {
            return Err(unavailable("an erasure could not be finished"));
        }
        let key = self.keys.load(&self.name)?;
        let (revision, found, findings) = self.read(key.as_ref())?;
        if findings.contains(&Finding::MissingKey) {
            return Err(key_unavailable("the state has no key; only erasing it makes it usable"));
        }
        let is_own = match &found {
            Some(found) => !self.on_disk && self.own.is_empty() || self.own.contains(&checksum(found)),
            None => !self.on_disk,
        };
        if !is_own && !mutant!(OverwriteForeignState) {
            return Err(FileError::Changed.into());
        }
        let key = match key {
            Some(key) if revision.is_some() => key,
            // Without a file, a key may be left from an erasure: what it sealed must stay unreadable.
            _ => {
                let key = random.generate_key()?;
                self.keys.store(&self.name, &key)?;
                key
            }
        };
        let revision = revision.unwrap_or(0).checked_add(1).ok_or_else(|| corrupt("the state's revision"))?;
        let bytes = seal_copy(&Cipher::new(&key), revision, blob, random)?;
        self.own.push(checksum(blob));
        let written = self.write_copies(&bytes);
        if written.is_ok() {
            self.own = vec![checksum(blob)];
            self.on_disk = true;
        } else {
            for copy in self.copies() {
                let _ = self.files.remove(&format!("{copy}.new"));
            }
        }
        written
    }

    /// Puts `blob` over copies of which none is whole. A crash leaves them damaged, or `blob` in their place: never nothing.
    /// May block on disk.
    ///
    /// # Errors
    /// As for [`save`](Self::save).
    pub(crate) fn replace_damaged(&mut self, blob: &[u8], random: &mut CallRandom) -> Result<()> {
        check_records(&[blob.to_vec()])?;
        let files = Arc::clone(&self.files);
        let _lock = files.lock()?;
        let key = if let Some(key) = self.keys.load(&self.name)? {
            key
        } else {
            let key = random.generate_key()?;
            self.keys.store(&self.name, &key)?;
            key
        };
        let bytes = seal_copy(&Cipher::new(&key), 1, blob, random)?;
        self.own.push(checksum(blob));
        self.write_copies(&bytes)?;
        (self.own, self.on_disk) = (vec![checksum(blob)], true);
        Ok(())
    }

    /// Destroys the key, then removes the files. Can be repeated; needs no free space and no key.
    ///
    /// # Errors
    /// [`Error::ErasurePending`] when the key or a file may still be there, [`Error::StorageUnavailable`] when
    /// another process is writing, and then nothing was done.
    pub fn erase(&mut self) -> Result<()> {
        let files = Arc::clone(&self.files);
        let _lock = match files.lock() {
            Err(FileError::Busy) => return Err(FileError::Busy.into()),
            // A directory that cannot even be locked must not keep the key from going.
            other => other.ok(),
        };
        self.erase_locked()
    }

    fn erase_locked(&mut self) -> Result<()> {
        self.erasing = true;
        (self.own, self.on_disk) = (Vec::new(), false);
        let destroyed = self.keys.destroy(&self.name);
        let mut removed = true;
        for copy in self.copies() {
            removed &= self.files.remove(&format!("{copy}.new")).is_ok();
            removed &= self.files.remove(&copy).is_ok();
        }
        removed &= self.files.sync_directory().is_ok();
        if destroyed.is_err() {
            return Err(erasure_pending("a key could not be destroyed"));
        }
        if !removed {
            return Err(erasure_pending("a file without a key could not be removed"));
        }
        self.erasing = false;
        Ok(())
    }

    fn copies(&self) -> [String; 2] {
        [format!("{}.1", self.name), format!("{}.2", self.name)]
    }

    /// Both copies are whole under temporary names before the first replaces anything.
    fn write_copies(&self, bytes: &[u8]) -> Result<()> {
        let copies = self.copies();
        let copies = if mutant!(AcknowledgeOneCopy) { &copies[..1] } else { &copies[..] };
        for copy in copies {
            self.files.write(&format!("{copy}.new"), bytes)?;
        }
        for copy in copies {
            self.files.rename(&format!("{copy}.new"), copy)?;
        }
        Ok(self.files.sync_directory()?)
    }

    /// Returns the highest valid revision, its blob, and findings.
    #[allow(clippy::type_complexity)]
    fn read(&self, key: Option<&Key>) -> Result<(Option<u64>, Option<Vec<u8>>, Vec<Finding>)> {
        let cipher = key.map(Cipher::new);
        let mut copies = Vec::with_capacity(2);
        for name in self.copies() {
            copies.push(match self.files.read(&name) {
                Ok(file) => open_copy(&file, cipher.as_ref()),
                Err(FileError::NotFound) => Copy::Missing,
                Err(error) => return Err(error.into()),
            });
        }
        let missing = copies.iter().filter(|copy| matches!(copy, Copy::Missing)).count();
        let mut findings = Vec::new();
        if missing == 2 {
            return Ok((None, None, findings));
        }
        if key.is_none() {
            return Ok((None, None, vec![Finding::MissingKey]));
        }
        let foreign = copies.iter().any(|copy| matches!(copy, Copy::Foreign));
        let damaged = copies.iter().any(|copy| matches!(copy, Copy::Damaged));
        let mut newest: Option<(u64, Vec<u8>)> = None;
        let mut revisions = Vec::new();
        for copy in copies {
            if let Copy::Valid { revision, blob } = copy {
                revisions.push(revision);
                if newest.as_ref().is_none_or(|(known, _)| revision > *known) {
                    newest = Some((revision, blob));
                }
            }
        }
        let Some((revision, blob)) = newest else {
            return Err(if foreign {
                key_unavailable("the key is not this state's")
            } else {
                corrupt("no copy of the state is whole")
            });
        };
        if damaged || foreign {
            findings.push(Finding::CopyDamaged);
        }
        if missing == 1 {
            findings.push(Finding::CopyMissing);
        }
        if revisions.iter().any(|known| *known != revision) {
            findings.push(Finding::CopyBehind);
        }
        Ok((Some(revision), Some(blob), findings))
    }
}

/// Magic, version, revision, ciphertext length, nonce, ciphertext, tag, checksum.
fn seal_copy(cipher: &Cipher, revision: u64, blob: &[u8], random: &mut CallRandom) -> Result<Vec<u8>> {
    let mut file =
        Vec::with_capacity(BOUND_BYTES + 4 + NONCE_BYTES + blob.len() + TAG_BYTES + CHECKSUM_BYTES);
    file.extend(MAGIC);
    file.extend(FORMAT_VERSION.to_le_bytes());
    file.extend(revision.to_le_bytes());
    let bound = file.clone();
    let nonce = random.generate_bytes()?;
    file.extend(u32::try_from(blob.len()).map_err(|_| Error::StorageFull)?.to_le_bytes());
    file.extend(nonce);
    let start = file.len();
    file.extend_from_slice(blob);
    let tag = cipher.seal(nonce, &bound, &mut file[start..])?;
    file.extend(tag);
    file.extend(checksum(&file));
    Ok(file)
}

fn open_copy(file: &[u8], cipher: Option<&Cipher>) -> Copy {
    parse_copy(file, cipher).unwrap_or(Copy::Damaged)
}

/// `None` for damage.
fn parse_copy(file: &[u8], cipher: Option<&Cipher>) -> Option<Copy> {
    let checked = file.len().checked_sub(CHECKSUM_BYTES)?;
    let intact = checksum(&file[..checked]) == file[checked..]
        && file.get(..8)? == MAGIC
        && read_u32(file, 8)? == FORMAT_VERSION;
    let start = BOUND_BYTES + 4 + NONCE_BYTES;
    let end = start.checked_add(usize::try_from(read_u32(file, BOUND_BYTES)?).ok()?)?;
    if !intact || end.checked_add(TAG_BYTES)? != checked {
        return None;
    }
    let mut blob = file.get(start..end)?.to_vec();
    let (nonce, tag) = (read_array(file, BOUND_BYTES + 4)?, read_array(file, end)?);
    if cipher?.open(nonce, &file[..BOUND_BYTES], &mut blob, tag) {
        Some(Copy::Valid { revision: read_u64(file, 12)?, blob })
    } else {
        Some(Copy::Foreign)
    }
}
