//! Files with a visible and a flushed side: what the process reads, and what a power cut leaves.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use tastekeeper::platform::{FileError, FileLock, FileSystem};

use super::{DataLoss, DirectoryLoss, SharedMeter, Step, Variant, lock};

/// A change to a file's bytes that is not flushed.
#[derive(Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[*offset..end].copy_from_slice(bytes);
            }
            Self::Cut { length } => file.resize(*length, 0),
        }
    }

    /// The first `hundredths` of a write; a cut is all or nothing.
    fn torn(&self, hundredths: u8) -> Option<Self> {
        match self {
            Self::Write { offset, bytes } => {
                let kept = bytes.len() * usize::from(hundredths) / 100;
                Some(Self::Write { offset: *offset, bytes: bytes[..kept].to_vec() })
            }
            Self::Cut { .. } => None,
        }
    }

    fn zeroed(&self) -> Self {
        match self {
            Self::Write { offset, bytes } => Self::Write { offset: *offset, bytes: vec![0; bytes.len()] },
            Self::Cut { length } => Self::Cut { length: *length },
        }
    }
}

/// A file's bytes, whatever its name.
#[derive(Clone, Default)]
struct Content {
    visible: Vec<u8>,
    flushed: Vec<u8>,
    pending: Vec<Change>,
}

impl Content {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.visible);
        self.pending.push(change);
    }

    fn flush(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            change.apply(&mut self.flushed);
        }
    }

    fn after(&self, loss: DataLoss) -> Vec<u8> {
        if loss == DataLoss::Kept {
            return self.visible.clone();
        }
        let mut file = self.flushed.clone();
        let (last, earlier) = match self.pending.split_last() {
            Some((last, earlier)) => (Some(last), earlier),
            None => (None, &[][..]),
        };
        match loss {
            DataLoss::Kept | DataLoss::Lost => {}
            DataLoss::Torn(hundredths) => {
                earlier.iter().for_each(|change| change.apply(&mut file));
                if let Some(torn) = last.and_then(|change| change.torn(hundredths)) {
                    torn.apply(&mut file);
                }
            }
            DataLoss::LastOnly => last.into_iter().for_each(|change| change.apply(&mut file)),
            DataLoss::Zeroed => self.pending.iter().for_each(|change| change.zeroed().apply(&mut file)),
        }
        file
    }
}

/// A change to the directory that is not flushed. A rename is one, with both sides.
#[derive(Clone)]
struct NameChange {
    unlink: Option<String>,
    link: Option<(String, usize)>,
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        if let Some(name) = &self.unlink {
            names.remove(name);
        }
        if let Some((name, content)) = &self.link {
            names.insert(name.clone(), *content);
        }
    }
}

#[derive(Clone, Default)]
struct Disk {
    contents: Vec<Content>,
    visible: BTreeMap<String, usize>,
    flushed: BTreeMap<String, usize>,
    pending: Vec<NameChange>,
}

impl Disk {
    fn rename(&mut self, change: NameChange) {
        change.apply(&mut self.visible);
        self.pending.push(change);
    }

    fn flush_names(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            change.apply(&mut self.flushed);
        }
    }

    fn content(&mut self, name: &str) -> Result<&mut Content, FileError> {
        let content = *self.visible.get(name).ok_or(FileError::NotFound)?;
        Ok(&mut self.contents[content])
    }

    fn names_after(&self, loss: DirectoryLoss) -> BTreeMap<String, usize> {
        let mut names = self.flushed.clone();
        match loss {
            DirectoryLoss::Kept => names = self.visible.clone(),
            DirectoryLoss::Lost => {}
            DirectoryLoss::FirstOnly => {
                self.pending.first().into_iter().for_each(|one| one.apply(&mut names))
            }
            DirectoryLoss::LastOnly => self.pending.last().into_iter().for_each(|one| one.apply(&mut names)),
        }
        names
    }
}

/// A file system that remembers what was flushed. Made by [`FaultyDevice`](super::FaultyDevice).
#[derive(Default)]
pub struct CrashFileSystem {
    meter: SharedMeter,
    disk: Mutex<Disk>,
    locked: Arc<Mutex<bool>>,
}

impl fmt::Debug for CrashFileSystem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CrashFileSystem")
    }
}

struct Guard(Arc<Mutex<bool>>);

impl FileLock for Guard {}

impl Drop for Guard {
    fn drop(&mut self) {
        *lock(&self.0) = false;
    }
}

/// What the device says when an operation that worked is reported as failed.
const LATE: FileError = FileError::Io(std::io::ErrorKind::Other);

impl CrashFileSystem {
    pub(super) fn with_meter(meter: SharedMeter) -> Self {
        Self { meter, ..Self::default() }
    }

    pub(super) fn restart(&self, meter: SharedMeter) -> Self {
        Self { meter, disk: Mutex::new(lock(&self.disk).clone()), ..Self::default() }
    }

    pub(super) fn reboot(&self, variant: Variant, meter: SharedMeter) -> Self {
        let before = lock(&self.disk);
        let mut disk = Disk::default();
        for (name, content) in before.names_after(variant.directory) {
            let bytes = before.contents[content].after(variant.data);
            disk.contents.push(Content { visible: bytes.clone(), flushed: bytes, pending: Vec::new() });
            disk.visible.insert(name, disk.contents.len() - 1);
        }
        disk.flushed = disk.visible.clone();
        Self { meter, disk: Mutex::new(disk), ..Self::default() }
    }

    /// Returns every file, as a reader sees it now. Works on a crashed device, too.
    #[must_use]
    pub fn dump(&self) -> BTreeMap<String, Vec<u8>> {
        let disk = lock(&self.disk);
        disk.visible.iter().map(|(name, at)| (name.clone(), disk.contents[*at].visible.clone())).collect()
    }

    /// Replaces a file by flushed `bytes` without an operation: damage, or a file from another time.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let mut disk = lock(&self.disk);
        disk.contents.push(Content { visible: bytes.to_vec(), flushed: bytes.to_vec(), pending: Vec::new() });
        let content = disk.contents.len() - 1;
        disk.visible.insert(name.to_owned(), content);
        disk.flushed.insert(name.to_owned(), content);
    }

    fn alive(&self) -> Result<(), FileError> {
        if lock(&self.meter).crashed { Err(super::DEAD) } else { Ok(()) }
    }

    /// One operation: `effect` when it takes place, `refuse` when it fails without one.
    fn step<T>(
        &self,
        effect: impl FnOnce(&mut Disk) -> Result<T, FileError>,
        refuse: impl FnOnce(&mut Disk),
        in_flight: bool,
    ) -> Result<T, FileError> {
        let step = lock(&self.meter).next(true)?;
        let mut disk = lock(&self.disk);
        match step {
            Step::Run => effect(&mut disk),
            Step::FailLate => effect(&mut disk).and(Err(LATE)),
            Step::Crash => {
                if in_flight {
                    let _ = effect(&mut disk);
                }
                Err(super::DEAD)
            }
            Step::Fail(error) => {
                refuse(&mut disk);
                Err(error)
            }
        }
    }

    /// A change to bytes; in flight at a crash, it is there but not flushed. A refused write leaves its first half.
    fn change(&self, name: &str, change: Change) -> Result<(), FileError> {
        let half = change.torn(50);
        self.step(
            |disk| {
                disk.content(name)?.change(change);
                Ok(())
            },
            |disk| {
                if let (Some(half), Ok(content)) = (half, disk.content(name)) {
                    content.change(half);
                }
            },
            true,
        )
    }

    fn flush(&self, name: &str) -> Result<(), FileError> {
        self.step(
            |disk| {
                disk.content(name)?.flush();
                Ok(())
            },
            |disk| {
                if let Ok(content) = disk.content(name) {
                    content.pending.clear();
                }
            },
            false,
        )
    }

    fn rename_step(&self, change: NameChange) -> Result<(), FileError> {
        self.step(
            |disk| {
                disk.rename(change);
                Ok(())
            },
            |_| (),
            true,
        )
    }
}

impl FileSystem for CrashFileSystem {
    fn read(&self, name: &str) -> Result<Vec<u8>, FileError> {
        self.alive()?;
        Ok(lock(&self.disk).content(name)?.visible.clone())
    }

    fn read_prefix(&self, name: &str, count: usize) -> Result<(Vec<u8>, u64), FileError> {
        let file = self.read(name)?;
        Ok((file[..count.min(file.len())].to_vec(), file.len() as u64))
    }

    fn append(&self, name: &str, offset: u64, bytes: &[u8], sync: bool) -> Result<(), FileError> {
        let (_, length) = self.read_prefix(name, 0)?;
        if length != offset {
            return Err(FileError::Changed);
        }
        let offset = usize::try_from(offset).map_err(|_| FileError::Changed)?;
        self.change(name, Change::Write { offset, bytes: bytes.to_vec() })?;
        if sync { self.flush(name) } else { Ok(()) }
    }

    fn truncate(&self, name: &str, length: u64) -> Result<(), FileError> {
        self.alive()?;
        let length = usize::try_from(length).map_err(|_| FileError::Changed)?;
        self.change(name, Change::Cut { length })?;
        self.flush(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        self.alive()?;
        {
            let mut disk = lock(&self.disk);
            if !disk.visible.contains_key(name) {
                disk.contents.push(Content::default());
                let content = disk.contents.len() - 1;
                disk.rename(NameChange { unlink: None, link: Some((name.to_owned(), content)) });
            }
            disk.content(name)?.change(Change::Cut { length: 0 });
        }
        self.change(name, Change::Write { offset: 0, bytes: bytes.to_vec() })?;
        self.flush(name)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        self.alive()?;
        let content = *lock(&self.disk).visible.get(from).ok_or(FileError::NotFound)?;
        self.rename_step(NameChange { unlink: Some(from.to_owned()), link: Some((to.to_owned(), content)) })
    }

    fn remove(&self, name: &str) -> Result<(), FileError> {
        self.rename_step(NameChange { unlink: Some(name.to_owned()), link: None })
    }

    fn sync_directory(&self) -> Result<(), FileError> {
        self.step(
            |disk| {
                disk.flush_names();
                Ok(())
            },
            |disk| disk.pending.clear(),
            false,
        )
    }

    fn list(&self) -> Result<Vec<String>, FileError> {
        self.alive()?;
        Ok(lock(&self.disk).visible.keys().cloned().collect())
    }

    fn lock(&self) -> Result<Box<dyn FileLock>, FileError> {
        self.alive()?;
        let mut locked = lock(&self.locked);
        if *locked {
            return Err(FileError::Busy);
        }
        *locked = true;
        Ok(Box::new(Guard(Arc::clone(&self.locked))))
    }
}
