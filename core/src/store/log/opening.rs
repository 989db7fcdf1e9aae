//! Opening a log: everything that can fail comes first, what changes the device comes last.
//!
//! A key is destroyed or a tail cut only after the header and every frame that must be there authenticated.

use std::sync::Arc;

use super::super::frame::{Cipher, Header};
use super::super::records::Records;
use super::super::recovery::{Recovered, Tail, recover};
use super::super::{Caps, Finding, corrupt, key_unavailable};
use super::{Current, Opened, SealedLog};
use crate::error::Result;
use crate::mutant;
use crate::platform::{FileError, FileSystem, KeyCustodian};

impl SealedLog {
    /// Opens the log `name` and returns its records. A log that was never written is empty and stays without a
    /// file until the first append. May block on disk.
    ///
    /// # Errors
    /// * [`Error::StorageUnavailable`](crate::error::Error::StorageUnavailable): another process is writing, or the file cannot be read. Try again.
    /// * [`Error::KeyUnavailable`](crate::error::Error::KeyUnavailable): the custodian failed, or gave a key that is not this log's.
    /// * [`Error::StorageCorrupt`](crate::error::Error::StorageCorrupt): damage that no crash explains.
    ///
    /// After an error nothing was changed.
    pub fn open(
        files: Arc<dyn FileSystem>,
        keys: Arc<dyn KeyCustodian>,
        name: &str,
        caps: Caps,
    ) -> Result<Opened> {
        let mut log = Self::closed(files, keys, name, caps);
        let _lock = log.files.lock()?;
        let (mut records, mut findings) = (Records::default(), Vec::new());
        match log.files.read(&log.file()) {
            Ok(file) => records = log.open_file(&file, &mut findings)?,
            Err(FileError::NotFound) => {
                log.stale_key =
                    log.keys.load(&log.slot(0))?.is_some() | log.keys.load(&log.slot(1))?.is_some();
            }
            Err(error) => return Err(error.into()),
        }
        if !log.key_missing {
            log.tidy(&mut findings);
        }
        drop(_lock);
        Ok(Opened { log, records, findings })
    }

    /// Authenticates `file` and reads it. Cuts an invalid tail, after everything else that can fail.
    pub(super) fn open_file(&mut self, file: &[u8], findings: &mut Vec<Finding>) -> Result<Records> {
        let header = Header::read(file)?;
        let key = self.keys.load(&self.slot(header.generation()))?;
        let other = self.keys.load(&self.slot(header.generation() + 1))?;
        let Some(key) = key else {
            if other.is_some() {
                return Err(corrupt("the log is older than its key"));
            }
            self.key_missing = true;
            findings.push(Finding::MissingKey);
            return Ok(Records::default());
        };
        let cipher = Cipher::new(&key);
        if !header.is_sealed_with(&cipher) {
            return Err(key_unavailable("the key is not this log's"));
        }
        self.stale_key = other.is_some();
        let Recovered { records, length, next_seq, synced_frames, tail } = recover(file, &header, &cipher)?;
        let cut = (file.len() - length) as u64;
        let mut length = length as u64;
        match tail {
            Tail::Clean => {}
            Tail::Torn => findings.push(Finding::TornTail { bytes: cut }),
            Tail::Reordered => findings.push(Finding::UnsyncedTailLost { bytes: cut }),
        }
        if mutant!(KeepTornTail) {
            length = file.len() as u64;
        } else if tail != Tail::Clean && self.files.truncate(&self.file(), length).is_err() {
            self.suspect = true;
            findings.push(Finding::TailNotCut);
        }
        self.current = Some(Current { header, key, length, next_seq, synced_frames });
        self.name_unsure = true;
        Ok(records)
    }

    /// Destroys what an interrupted rewrite or erasure left behind.
    pub(super) fn tidy(&mut self, findings: &mut Vec<Finding>) {
        if self.stale_key {
            // What is current now must stay current before the other generation's key goes.
            self.name_unsure = self.files.sync_directory().is_err();
            let destroyed = !self.name_unsure && self.destroy_stale_key();
            findings.push(if destroyed { Finding::StaleKeyDestroyed } else { Finding::ErasurePending });
        }
        if self.files.read_prefix(&self.temporary(), 0).is_ok() {
            let removed = self.files.remove(&self.temporary()).is_ok();
            findings.push(if removed { Finding::StaleTemporaryRemoved } else { Finding::ErasurePending });
        }
    }
}
