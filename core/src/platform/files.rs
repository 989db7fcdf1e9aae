//! Files and keys in one directory, and the same in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use zeroize::Zeroizing;

use super::{FileError, FileLock, FileSystem, Key, KeyCustodian, KeyError, lock};

/// The name of the file whose lock keeps two processes apart. It is always empty.
const LOCK_FILE: &str = "lock";

fn file_error(error: &std::io::Error) -> FileError {
    match error.kind() {
        ErrorKind::NotFound => FileError::NotFound,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => FileError::Full,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => FileError::ReadOnly,
        kind => FileError::Io(kind),
    }
}

/// A directory of the operating system's file system.
pub struct DirectoryFileSystem {
    root: PathBuf,
}

impl fmt::Debug for DirectoryFileSystem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DirectoryFileSystem")
    }
}

impl DirectoryFileSystem {
    /// Uses `root`, which is created if it is missing, readable by its owner only.
    ///
    /// # Errors
    /// When the directory cannot be created.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self, FileError> {
        let root = root.into();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            builder.mode(0o700);
        }
        builder.create(&root).map_err(|error| file_error(&error))?;
        Ok(Self { root })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes zeros over the file's bytes where they are, and flushes them. `write` would cut the file first, and
    /// the file system would put the zeros elsewhere.
    fn overwrite_with_zeros(&self, name: &str) -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(self.path(name))?;
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        file.write_all(&vec![0; length])?;
        file.sync_all()
    }
}

fn private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

struct HeldLock(#[allow(dead_code)] File);

impl FileLock for HeldLock {}

impl FileSystem for DirectoryFileSystem {
    fn read(&self, name: &str) -> Result<Vec<u8>, FileError> {
        fs::read(self.path(name)).map_err(|error| file_error(&error))
    }

    fn read_prefix(&self, name: &str, count: usize) -> Result<(Vec<u8>, u64), FileError> {
        let read = || {
            let file = File::open(self.path(name))?;
            let length = file.metadata()?.len();
            let mut bytes = Vec::with_capacity(count);
            file.take(count as u64).read_to_end(&mut bytes)?;
            Ok((bytes, length))
        };
        read().map_err(|error: std::io::Error| file_error(&error))
    }

    fn append(&self, name: &str, offset: u64, bytes: &[u8], sync: bool) -> Result<(), FileError> {
        let mut file =
            OpenOptions::new().append(true).open(self.path(name)).map_err(|error| file_error(&error))?;
        if file.metadata().map_err(|error| file_error(&error))?.len() != offset {
            return Err(FileError::Changed);
        }
        let mut write = || {
            file.write_all(bytes)?;
            if sync { file.sync_data() } else { Ok(()) }
        };
        write().map_err(|error| file_error(&error))
    }

    fn truncate(&self, name: &str, length: u64) -> Result<(), FileError> {
        let cut = || {
            let file = OpenOptions::new().write(true).open(self.path(name))?;
            file.set_len(length)?;
            file.sync_all()
        };
        cut().map_err(|error| file_error(&error))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        let write = || {
            let mut file = private_file(OpenOptions::new().write(true).create(true).truncate(true))
                .open(self.path(name))?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|error| file_error(&error))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        fs::rename(self.path(from), self.path(to)).map_err(|error| file_error(&error))
    }

    fn remove(&self, name: &str) -> Result<(), FileError> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(file_error(&error)),
            _ => Ok(()),
        }
    }

    fn sync_directory(&self) -> Result<(), FileError> {
        #[cfg(unix)]
        File::open(&self.root)
            .and_then(|directory| directory.sync_all())
            .map_err(|error| file_error(&error))?;
        Ok(())
    }

    fn list(&self) -> Result<Vec<String>, FileError> {
        list_directory(&self.root).map_err(|error| file_error(&error))
    }

    fn lock(&self) -> Result<Box<dyn FileLock>, FileError> {
        let file = private_file(OpenOptions::new().write(true).create(true).truncate(false))
            .open(self.path(LOCK_FILE))
            .map_err(|error| file_error(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(HeldLock(file))),
            Err(fs::TryLockError::WouldBlock) => Err(FileError::Busy),
            Err(fs::TryLockError::Error(error)) => Err(file_error(&error)),
        }
    }
}

fn list_directory(root: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_file()
            && let Ok(name) = entry.file_name().into_string()
            && name != LOCK_FILE
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Files in memory: a store that is gone with the process.
#[derive(Default)]
pub struct MemoryFileSystem(Mutex<BTreeMap<String, Vec<u8>>>);

impl fmt::Debug for MemoryFileSystem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MemoryFileSystem")
    }
}

struct NoLock;

impl FileLock for NoLock {}

impl FileSystem for MemoryFileSystem {
    fn read(&self, name: &str) -> Result<Vec<u8>, FileError> {
        lock(&self.0).get(name).cloned().ok_or(FileError::NotFound)
    }

    fn read_prefix(&self, name: &str, count: usize) -> Result<(Vec<u8>, u64), FileError> {
        let files = lock(&self.0);
        let file = files.get(name).ok_or(FileError::NotFound)?;
        Ok((file[..count.min(file.len())].to_vec(), file.len() as u64))
    }

    fn append(&self, name: &str, offset: u64, bytes: &[u8], _sync: bool) -> Result<(), FileError> {
        let mut files = lock(&self.0);
        let file = files.get_mut(name).ok_or(FileError::NotFound)?;
        if file.len() as u64 != offset {
            return Err(FileError::Changed);
        }
        file.extend_from_slice(bytes);
        Ok(())
    }

    fn truncate(&self, name: &str, length: u64) -> Result<(), FileError> {
        let mut files = lock(&self.0);
        let file = files.get_mut(name).ok_or(FileError::NotFound)?;
        file.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        lock(&self.0).insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        let mut files = lock(&self.0);
        let file = files.remove(from).ok_or(FileError::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), FileError> {
        lock(&self.0).remove(name);
        Ok(())
    }

    fn sync_directory(&self) -> Result<(), FileError> {
        Ok(())
    }

    fn list(&self) -> Result<Vec<String>, FileError> {
        Ok(lock(&self.0).keys().cloned().collect())
    }

    fn lock(&self) -> Result<Box<dyn FileLock>, FileError> {
        Ok(Box::new(NoLock))
    }
}

/// Keys as files of a directory, readable by their owner only. For development: on a phone use its key store.
pub struct FileKeyCustodian {
    files: DirectoryFileSystem,
}

impl fmt::Debug for FileKeyCustodian {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FileKeyCustodian")
    }
}

impl FileKeyCustodian {
    /// Keeps keys below `root`, which must not be the store's own directory.
    ///
    /// # Errors
    /// When the directory cannot be created.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self, FileError> {
        Ok(Self { files: DirectoryFileSystem::create(root)? })
    }
}

impl KeyCustodian for FileKeyCustodian {
    fn load(&self, name: &str) -> Result<Option<Key>, KeyError> {
        match self.files.read(&format!("{name}.key")) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                let key =
                    Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| KeyError::Refused)?);
                // All zeros: its destruction was interrupted before the file was removed.
                Ok((*key != [0; 32]).then_some(key))
            }
            Err(FileError::NotFound) => Ok(None),
            Err(_) => Err(KeyError::Unavailable),
        }
    }

    fn store(&self, name: &str, key: &Key) -> Result<(), KeyError> {
        let temporary = format!("{name}.key.new");
        self.files
            .write(&temporary, key.as_slice())
            .and_then(|()| self.files.rename(&temporary, &format!("{name}.key")))
            .and_then(|()| self.files.sync_directory())
            .map_err(|_| KeyError::Unavailable)
    }

    fn destroy(&self, name: &str) -> Result<(), KeyError> {
        for file in [format!("{name}.key"), format!("{name}.key.new")] {
            // Flash may keep the old page, a phone's key store does not.
            let _ = self.files.overwrite_with_zeros(&file);
            self.files.remove(&file).map_err(|_| KeyError::Unavailable)?;
        }
        self.files.sync_directory().map_err(|_| KeyError::Unavailable)
    }
}
