//! Writing a whole generation: key, temporary file, rename, directory, and only then the old key.
//!
//! A crash between any two steps leaves exactly one file with the log's name, and its key.

use super::super::frame::{Cipher, HEADER_BYTES, Header, seal_generation};
use super::super::recovery::recover;
use super::super::{CallRandom, RecordLog, unavailable};
use super::{Current, SealedLog};
use crate::error::{Error, Result};
use crate::mutant;
use crate::platform::{FileError, Key};

impl SealedLog {
    /// Repeats the rename that made the file current, if its flush failed: the system may never write the first.
    /// Until then the key of the generation before must stay: a power cut may bring its file back.
    pub(super) fn make_rename_durable(&mut self) -> Result<()> {
        if !self.directory_unsynced {
            return Ok(());
        }
        let mut bytes = self.files.read(&self.file())?;
        bytes.truncate(usize::try_from(self.disk_bytes()).unwrap_or(usize::MAX));
        self.files.write(&self.temporary(), &bytes)?;
        self.files.rename(&self.temporary(), &self.file())?;
        self.files.sync_directory()?;
        self.directory_unsynced = false;
        if self.stale_key {
            self.destroy_stale_key();
        }
        Ok(())
    }

    /// Writes what the file's valid part holds into a new generation.
    pub(super) fn rebuild(&mut self, random: &mut CallRandom) -> Result<()> {
        let Some(current) = &self.current else { return Ok(()) };
        let mut file = self.files.read(&self.file())?;
        file.truncate(usize::try_from(current.length).unwrap_or(usize::MAX));
        let recovered = recover(&file, &current.header, &Cipher::new(&current.key))?;
        if recovered.next_seq != current.next_seq {
            // Only the owner still knows the records; its rewrite heals the log.
            return Err(unavailable("the log's file lost data after a failed flush"));
        }
        self.replace(&recovered.records.to_vec(), random)
    }

    /// Makes `records` a new, current generation. After an error the old one is current, unchanged.
    /// After success the flags tell whether a crash may undo it and whether the old key is still there.
    pub(super) fn replace(&mut self, records: &[Vec<u8>], random: &mut CallRandom) -> Result<()> {
        let generation = self.current.as_ref().map_or(0, |current| current.header.generation() + 1);
        let key = random.generate_key()?;
        let (header, bytes) = seal_generation(generation, records, &key, random)?;
        let length = bytes.len() as u64;
        if length > self.caps.max_file_bytes {
            return Err(Error::StorageFull);
        }
        if let Err(error) = self.write_generation(&header, &key, &bytes) {
            let _ = self.files.remove(&self.temporary());
            return Err(error);
        }
        let next_seq = header.snapshot_frames();
        self.stale_key |= self.current.is_some();
        self.current = Some(Current { header, key, length, next_seq, synced_frames: next_seq });
        self.suspect = false;
        self.name_unsure = false;
        self.directory_unsynced = self.files.sync_directory().is_err() && !mutant!(SkipDirectorySync);
        if self.directory_unsynced {
            // At once if possible: after a restart of the process nobody would know.
            let _ = self.make_rename_durable();
        } else if self.stale_key {
            self.destroy_stale_key();
        }
        Ok(())
    }

    /// Stores the key, writes the temporary file, renames it.
    pub(super) fn write_generation(&mut self, header: &Header, key: &Key, bytes: &[u8]) -> Result<()> {
        let slot = self.slot(header.generation());
        let written = self.keys.store(&slot, key).map_err(Error::from).and_then(|()| {
            if mutant!(RenameBeforeSync) {
                self.files.write(&self.temporary(), b"")?;
                return Ok(self.files.append(&self.temporary(), 0, bytes, false)?);
            }
            Ok(self.files.write(&self.temporary(), bytes)?)
        });
        let renamed = written.and_then(|()| Ok(self.files.rename(&self.temporary(), &self.file())?));
        let Err(error) = renamed else { return Ok(()) };
        match self.files.read_prefix(&self.file(), HEADER_BYTES) {
            Ok((found, _)) if found == header.bytes() => Ok(()),
            // The new key may go only if its file certainly did not become current.
            Ok(_) | Err(FileError::NotFound) => {
                match self.keys.destroy(&slot) {
                    Err(_) => self.stale_key = true,
                    Ok(()) => self.stale_key &= self.current.is_none(),
                }
                Err(error)
            }
            Err(_) => {
                self.stale_key = true;
                Err(error)
            }
        }
    }
}
