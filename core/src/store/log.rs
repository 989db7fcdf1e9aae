//! The sealed log on disk: generations, their keys, and the order of writes that makes every call atomic.
//!
//! Records and randomness come in, sealed bytes go to the host's files and keys to its custodian. One generation
//! is current: the one whose file has the log's name. Its key stands in slot `<name>.a` or `<name>.b` by the
//! generation's parity, and nowhere else. A key is destroyed only after the directory is flushed, so no crash
//! brings back a file whose key is gone; and a key in the other slot never opens a current file.
//! Must never: write under a key twice with one nonce, or forget a failed flush.

use std::fmt;
use std::sync::Arc;

use super::frame::{Cipher, HEADER_BYTES, Header, Position, seal_frame};
use super::records::Records;
use super::{
    CallRandom, Caps, Durability, Finding, RecordLog, check_records, erasure_pending, key_unavailable,
    unavailable,
};
use crate::error::{Error, Result};
use crate::mutant;
use crate::platform::{FileError, FileSystem, Key, KeyCustodian};

mod generation;
mod opening;

/// A log that was opened, and what was in it.
pub struct Opened {
    /// The log, ready to be written.
    pub log: SealedLog,
    /// Its records, oldest first.
    pub records: Records,
    /// What opening found; empty as a rule.
    pub findings: Vec<Finding>,
}

impl fmt::Debug for Opened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Opened")
            .field("log", &self.log)
            .field("findings", &self.findings)
            .finish_non_exhaustive()
    }
}

/// The current generation.
struct Current {
    header: Header,
    key: Key,
    /// The file's length in bytes.
    length: u64,
    next_seq: u32,
    synced_frames: u32,
}

/// A [`RecordLog`] in one sealed file. It keeps no record in memory and no file open.
pub struct SealedLog {
    files: Arc<dyn FileSystem>,
    keys: Arc<dyn KeyCustodian>,
    name: String,
    caps: Caps,
    /// `None`: nothing was ever written, or everything was erased. There is no file and no key.
    current: Option<Current>,
    /// The slot that is not current may hold a key.
    stale_key: bool,
    /// The rename that made the generation current may be undone by a power cut.
    directory_unsynced: bool,
    /// The file was found under its name, but the process that gave it the name may have died before flushing that.
    name_unsure: bool,
    /// The file may differ from what its reads say, or has an invalid tail: write a new one before the next append.
    suspect: bool,
    /// An erasure could not be finished.
    erasing: bool,
    /// The file was there without its key.
    key_missing: bool,
}

impl fmt::Debug for SealedLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SealedLog").field("disk_bytes", &self.disk_bytes()).finish_non_exhaustive()
    }
}

impl SealedLog {
    /// Erases the log `name` without opening it: what is left when opening fails for good. As
    /// [`RecordLog::erase`], also when there is nothing to erase.
    ///
    /// # Errors
    /// As for [`RecordLog::erase`].
    pub fn erase_unopened(files: Arc<dyn FileSystem>, keys: Arc<dyn KeyCustodian>, name: &str) -> Result<()> {
        Self::closed(files, keys, name, Caps::default()).erase()
    }

    fn closed(files: Arc<dyn FileSystem>, keys: Arc<dyn KeyCustodian>, name: &str, caps: Caps) -> Self {
        Self {
            files,
            keys,
            name: name.to_owned(),
            caps,
            current: None,
            stale_key: false,
            directory_unsynced: false,
            name_unsure: false,
            suspect: false,
            erasing: false,
            key_missing: false,
        }
    }

    fn file(&self) -> String {
        format!("{}.log", self.name)
    }

    fn temporary(&self) -> String {
        format!("{}.log.new", self.name)
    }

    fn slot(&self, generation: u64) -> String {
        format!("{}.{}", self.name, if generation.is_multiple_of(2) { "a" } else { "b" })
    }

    /// The slot the next generation will use: the one before the current may still have its key there.
    fn other_slot(&self) -> String {
        self.slot(self.current.as_ref().map_or(0, |current| current.header.generation() + 1))
    }

    /// Destroys every key that opens no current file; returns whether that worked.
    fn destroy_stale_key(&mut self) -> bool {
        if mutant!(KeepOldKey) {
            self.stale_key = false;
            return true;
        }
        let mut destroyed = self.keys.destroy(&self.other_slot()).is_ok();
        if self.current.is_none() {
            destroyed &= self.keys.destroy(&self.slot(1)).is_ok();
        }
        self.stale_key = !destroyed;
        destroyed
    }

    /// Refuses to write when the files are not as this log left them. The host's lock is held.
    fn check_unchanged(&self) -> Result<()> {
        if self.key_missing {
            return Err(key_unavailable("the log has no key; only erasing it makes it usable"));
        }
        let found = self.files.read_prefix(&self.file(), HEADER_BYTES);
        let unchanged = match (&self.current, found) {
            (None, Err(FileError::NotFound)) => true,
            (Some(current), Ok((header, length))) => {
                header == current.header.bytes() && (length == current.length || self.suspect)
            }
            (_, Err(error)) if error != FileError::NotFound => return Err(error.into()),
            _ => false,
        };
        if unchanged { Ok(()) } else { Err(FileError::Changed.into()) }
    }

    /// Finishes what an earlier call could not, as far as the next write depends on it.
    fn settle(&mut self, random: &mut CallRandom) -> Result<()> {
        self.finish_erasure()?;
        self.check_unchanged()?;
        self.make_rename_durable()?;
        if self.suspect {
            self.rebuild(random)?;
        }
        self.make_rename_durable()
    }

    /// Finishes an erasure before anything new is written. The write it stands before has not taken effect.
    fn finish_erasure(&mut self) -> Result<()> {
        if self.erasing && self.erase_locked().is_err() {
            return Err(unavailable("an erasure could not be finished"));
        }
        Ok(())
    }

    /// Takes back an append that failed, or marks the log so that the next write starts from a new file.
    fn undo_append(&mut self, frame_bytes: u64, synced: bool, random: &mut CallRandom) {
        let Some(current) = &self.current else { return };
        let (length, all_synced) = (current.length, current.synced_frames == current.next_seq);
        // A flush follows a whole write only. After a failed flush the system may drop older unflushed writes
        // as well and say nothing about them next time.
        let whole =
            !matches!(self.files.read_prefix(&self.file(), 0), Ok((_, now)) if now < length + frame_bytes);
        let cut = self.files.truncate(&self.file(), length).is_ok();
        self.suspect |= !cut || (synced && whole && !all_synced && !mutant!(TrustAfterFailedSync));
        if self.suspect {
            // At once if possible: another process that opens the log would not know.
            let _ = self.rebuild(random);
        }
    }

    /// See [`RecordLog::erase`]; the host's lock is held, or cannot be had.
    fn erase_locked(&mut self) -> Result<()> {
        self.erasing = true;
        if mutant!(EraseFilesBeforeKeys) {
            self.files.remove(&self.file())?;
        }
        // The current key goes last: a key without a file is stale, a file without a key is an erasure.
        let other = self.keys.destroy(&self.other_slot());
        let own =
            self.keys.destroy(&self.slot(self.current.as_ref().map_or(1, |now| now.header.generation())));
        self.current = None;
        self.stale_key = other.is_err() || own.is_err();
        self.directory_unsynced = false;
        self.name_unsure = false;
        self.suspect = false;
        self.key_missing = false;
        let removed = [self.temporary(), self.file()].map(|file| self.files.remove(&file));
        let flushed = self.files.sync_directory();
        if self.stale_key {
            return Err(erasure_pending("a key could not be destroyed"));
        }
        if flushed.is_err() || removed.iter().any(std::result::Result::is_err) {
            return Err(erasure_pending("a file without a key could not be removed"));
        }
        self.erasing = false;
        Ok(())
    }
}

impl RecordLog for SealedLog {
    fn append(&mut self, records: &[Vec<u8>], durability: Durability, random: &mut CallRandom) -> Result<()> {
        check_records(records)?;
        let files = Arc::clone(&self.files);
        let _lock = files.lock()?;
        if mutant!(WritePlaintextCopy) {
            self.files.write("debug", &records.concat())?;
        }
        let synced = durability == Durability::Power;
        if synced && self.name_unsure {
            self.name_unsure = false;
            self.directory_unsynced |= self.files.sync_directory().is_err();
        }
        self.settle(random)?;
        if records.is_empty() && (!synced || self.current.is_none()) {
            return Ok(());
        }
        if self.current.is_none() {
            self.replace(&[], random)?;
            if self.directory_unsynced {
                return Err(unavailable("the new log is not durable yet"));
            }
        }
        let Some(current) = &mut self.current else {
            return Err(Error::Internal { reason: "a log that was just created is current".to_owned() });
        };
        let position = Position { seq: current.next_seq, synced_seq: current.synced_frames };
        let (mut frame, mut next_seq) = (Vec::new(), current.next_seq);
        if !records.is_empty() {
            next_seq = next_seq.checked_add(1).ok_or(Error::StorageFull)?;
            frame = seal_frame(&Cipher::new(&current.key), &current.header, position, records, random)?;
        }
        let frame_bytes = frame.len() as u64;
        if current.length + frame_bytes > self.caps.max_file_bytes {
            return Err(Error::StorageFull);
        }
        let appended = files.append(&format!("{}.log", self.name), current.length, &frame, synced);
        match appended {
            Err(FileError::Io(_))
                if mutant!(IgnoreFailedSync)
                    && files
                        .read_prefix(&format!("{}.log", self.name), 0)
                        .is_ok_and(|(_, now)| now == current.length + frame_bytes) => {}
            Err(error @ (FileError::Changed | FileError::NotFound)) => return Err(error.into()),
            Err(error) => {
                self.undo_append(frame_bytes, synced, random);
                return Err(error.into());
            }
            Ok(()) => {}
        }
        current.length += frame_bytes;
        current.next_seq = next_seq;
        if synced {
            current.synced_frames = next_seq;
        }
        Ok(())
    }

    fn rewrite(&mut self, records: &[Vec<u8>], random: &mut CallRandom) -> Result<()> {
        check_records(records)?;
        let files = Arc::clone(&self.files);
        let _lock = files.lock()?;
        self.finish_erasure()?;
        self.check_unchanged()?;
        let is_new = self.current.is_none();
        if is_new {
            // So that a failure before the rename below leaves an empty log, and one after it a new one.
            self.replace(&[], random)?;
        }
        if !is_new || !records.is_empty() {
            self.make_rename_durable()?;
            self.replace(records, random)?;
        }
        if self.directory_unsynced {
            return Err(erasure_pending("a power cut may bring back the log before this rewrite"));
        }
        if self.stale_key {
            return Err(erasure_pending("the old key could not be destroyed"));
        }
        Ok(())
    }

    fn erase(&mut self) -> Result<()> {
        let files = Arc::clone(&self.files);
        let _lock = match files.lock() {
            Err(FileError::Busy) => return Err(FileError::Busy.into()),
            // A directory that cannot even be locked must not keep the keys from going.
            other => other.ok(),
        };
        self.erase_locked()
    }

    fn disk_bytes(&self) -> u64 {
        self.current.as_ref().map_or(0, |current| current.length)
    }

    fn is_erasure_pending(&self) -> bool {
        self.stale_key || self.erasing || (self.directory_unsynced && self.current.is_some())
    }
}
