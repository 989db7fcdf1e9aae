//! Files that are either whole or not there: written beside their place, synced, then renamed.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tempfile::Builder;

/// Writes a file that others may read, replacing what is there. An interrupted call leaves the old file.
///
/// # Errors
///
/// Whatever the file system reports.
pub fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, Access::Shared).and_then(|()| sync_folder(path))
}

/// Writes a file that only its owner may read, and never replaces one.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] if there is such a file, or whatever the file system reports.
pub fn save_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, Access::Owner).and_then(|()| sync_folder(path))
}

enum Access {
    Shared,
    Owner,
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

fn write(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut builder = Builder::new();
    builder.prefix(".tastekeeper-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = match access {
            Access::Shared => 0o644,
            Access::Owner => 0o600,
        };
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    let mut file = builder.tempfile_in(folder(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match access {
        Access::Shared => file.persist(path)?,
        Access::Owner => file.persist_noclobber(path)?,
    };
    Ok(())
}

/// Makes the rename itself durable, where folders can be synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder(path))?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saves_whole_files_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tkpack");
        save(&path, b"one").unwrap();
        save(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(save_new(&path, b"three").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(save(&folder.path().join("none").join("b"), b"x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        save_new(&path, b"secret").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
