//! The files of a store, as far as they tell without keys: name, size, and the header, which is not secret.

use std::fs::File;
use std::path::Path;

use blake2::{Blake2b512, Digest};
use serde::Serialize;

use super::{Finding, PrivacyReportError, Severity};

/// Longer files are not read: the engine writes none.
const MAX_FILE_BYTES: u64 = 300 * 1024 * 1024;
/// Longest name that is shown.
const MAX_NAME_LETTERS: usize = 60;
/// The name of the file whose lock keeps two processes apart.
const LOCK: &str = "lock";

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// The history of one person.
    History,
    /// The shop's items.
    Catalogue,
    /// Levels, receipts and installed packs, one of two copies.
    Control,
    /// Keeps two processes apart; always empty.
    Lock,
    /// Left by a write that was interrupted.
    Leftover,
    /// Not the engine's.
    Unknown,
}

impl FileKind {
    fn of(name: &str) -> Self {
        match name {
            LOCK => Self::Lock,
            "catalog.log" => Self::Catalogue,
            "control.1" | "control.2" => Self::Control,
            _ if profile_of(name).is_some() => Self::History,
            _ => match name.strip_suffix(".new").map(Self::of) {
                Some(Self::Catalogue | Self::Control | Self::History) => Self::Leftover,
                _ => Self::Unknown,
            },
        }
    }

    /// Whether the engine opens it.
    pub(super) fn is_current(self) -> bool {
        matches!(self, Self::History | Self::Catalogue | Self::Control)
    }
}

/// The number of the profile whose history a file is.
pub(super) fn profile_of(name: &str) -> Option<u32> {
    let digits = name.strip_prefix('p')?.strip_suffix(".log")?;
    digits.parse().ok().filter(|number: &u32| number.to_string() == digits)
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoreFile {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Its length.
    pub bytes: u64,
    /// The version of its format; `None` without a header.
    pub format_version: Option<u32>,
    /// The generation of a log, the revision of a state.
    pub generation: Option<u64>,
    /// Whether all of it has the form of sealed data.
    pub is_sealed: bool,
}

/// A file with what is in it.
pub(super) struct FoundFile {
    pub(super) described: StoreFile,
    pub(super) bytes: Vec<u8>,
}

/// Every entry of the folder.
pub(super) fn read_store(
    folder: &Path,
    findings: &mut Vec<Finding>,
) -> Result<Vec<FoundFile>, PrivacyReportError> {
    let _held = hold_lock(folder)?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(PrivacyReportError::read(folder))? {
        let entry = entry.map_err(PrivacyReportError::read(folder))?;
        let path = entry.path();
        let metadata = path.symlink_metadata().map_err(PrivacyReportError::read(&path))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = if metadata.is_file() { FileKind::of(&name) } else { FileKind::Unknown };
        let readable = kind.is_current() && metadata.len() <= MAX_FILE_BYTES;
        let bytes = if readable {
            std::fs::read(&path).map_err(PrivacyReportError::read(&path))?
        } else {
            Vec::new()
        };
        let header = match kind {
            FileKind::History | FileKind::Catalogue => log_header(&bytes),
            FileKind::Control => state_header(&bytes),
            _ => None,
        };
        let described = StoreFile {
            name: printable(&name),
            kind,
            bytes: metadata.len(),
            format_version: header.map(|header| header.version),
            generation: header.map(|header| header.generation),
            is_sealed: header.is_some_and(|header| header.is_whole),
        };
        judge(&described, findings);
        found.push(FoundFile { described, bytes });
    }
    found.sort_by(|one, other| one.described.name.cmp(&other.described.name));
    Ok(found)
}

/// Keeps an app from writing meanwhile, where there is a lock to hold.
fn hold_lock(folder: &Path) -> Result<Option<File>, PrivacyReportError> {
    let Ok(lock) = File::open(folder.join(LOCK)) else { return Ok(None) };
    match lock.try_lock_shared() {
        Err(std::fs::TryLockError::WouldBlock) => Err(PrivacyReportError::InUse { path: folder.to_owned() }),
        // a file system without locks
        Ok(()) | Err(std::fs::TryLockError::Error(_)) => Ok(Some(lock)),
    }
}

fn judge(file: &StoreFile, findings: &mut Vec<Finding>) {
    let wrong = match file.kind {
        FileKind::Unknown => Some("is not the engine's; it may hold anything"),
        FileKind::Leftover => Some("was left by a write that was interrupted; the next start removes it"),
        FileKind::Lock if file.bytes > 0 => Some("should be empty"),
        FileKind::Lock => None,
        _ if file.bytes > MAX_FILE_BYTES => Some("is longer than the engine writes; it was not read"),
        _ if file.format_version.is_none() => Some("has no header of a sealed file"),
        _ => None,
    };
    if let Some(what) = wrong {
        let (about, what) = (file.name.clone(), what.to_owned());
        findings.push(Finding { severity: Severity::Wrong, about, what });
    } else if file.kind.is_current() && !file.is_sealed {
        let what = "ends with bytes that are no whole frame: a write was cut short, or the end is damaged";
        let (about, what) = (file.name.clone(), what.to_owned());
        findings.push(Finding { severity: Severity::Note, about, what });
    }
}

/// A name as it may be shown: short and without control characters.
pub(super) fn printable(name: &str) -> String {
    let letters = name.chars().map(|letter| if letter.is_control() { '?' } else { letter });
    letters.take(MAX_NAME_LETTERS).collect()
}

/// What a header tells.
#[derive(Clone, Copy)]
struct Header {
    version: u32,
    generation: u64,
    /// Whether what follows has the form it should have, to the last byte.
    is_whole: bool,
}

fn number<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..offset.checked_add(N)?)?.try_into().ok()
}

fn has_checksum(bytes: &[u8], length: usize) -> bool {
    bytes
        .get(..length)
        .is_some_and(|checked| bytes.get(length..length + 8) == Some(&Blake2b512::digest(checked)[..8]))
}

/// The header of a log and the chain of its frames, as `docs/store-format.md` of the engine draws them.
fn log_header(bytes: &[u8]) -> Option<Header> {
    const HEADER_BYTES: usize = 88;
    const FRAME_HEAD_BYTES: usize = 36;
    if bytes.get(..8)? != b"TKPRLOG\0" || !has_checksum(bytes, HEADER_BYTES - 8) {
        return None;
    }
    let mut end = HEADER_BYTES;
    while let Some(length) = number(bytes, end).map(u32::from_le_bytes) {
        let next = usize::try_from(length)
            .ok()
            .and_then(|length| end.checked_add(FRAME_HEAD_BYTES)?.checked_add(length));
        match next {
            Some(next) if next <= bytes.len() => end = next,
            _ => break,
        }
    }
    let version = u32::from_le_bytes(number(bytes, 8)?);
    let generation = u64::from_le_bytes(number(bytes, 28)?);
    Some(Header { version, generation, is_whole: end == bytes.len() })
}

/// The header of a state.
fn state_header(bytes: &[u8]) -> Option<Header> {
    if bytes.get(..8)? != b"TKPRSTA\0" || !has_checksum(bytes, bytes.len().checked_sub(8)?) {
        return None;
    }
    let blob = usize::try_from(u32::from_le_bytes(number(bytes, 20)?)).ok()?;
    let version = u32::from_le_bytes(number(bytes, 8)?);
    let generation = u64::from_le_bytes(number(bytes, 12)?);
    Some(Header { version, generation, is_whole: blob.checked_add(72) == Some(bytes.len()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        use FileKind::{Catalogue, Control, History, Leftover, Lock, Unknown};
        for (name, kind) in [
            ("lock", Lock),
            ("catalog.log", Catalogue),
            ("control.1", Control),
            ("control.3", Unknown),
            ("p0.log", History),
            ("p12.log", History),
            ("p01.log", Unknown),
            ("p.log", Unknown),
            ("p0.log.new", Leftover),
            ("control.2.new", Leftover),
            ("lock.new", Unknown),
            ("notes.txt", Unknown),
        ] {
            assert_eq!(FileKind::of(name), kind, "{name}");
        }
        assert_eq!(printable("a\u{1b}[2J\n"), "a?[2J?");
        assert_eq!(printable(&"x".repeat(100)).len(), 60);
    }

    #[test]
    fn the_headers_of_released_files_are_read() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/store-v1");
        let log = std::fs::read(fixtures.join("history.log")).unwrap();
        let header = log_header(&log).unwrap();
        assert!(header.is_whole && header.version == 1 && header.generation % 2 == 1, "its key is in slot b");
        assert!(!log_header(&log[..log.len() - 1]).unwrap().is_whole);
        let state = std::fs::read(fixtures.join("levels.1")).unwrap();
        let header = state_header(&state).unwrap();
        assert!(header.is_whole && header.version == 1 && header.generation >= 1);
        for place in [0, 9, 30, 60, 85] {
            let mut damaged = log.clone();
            damaged[place] ^= 1;
            assert!(log_header(&damaged).is_none(), "{place}");
        }
        for end in 0..log.len() {
            // however short, it is told and not stumbled over
            assert_eq!(log_header(&log[..end]).is_some(), end >= 88);
        }
        for end in 0..state.len() {
            assert!(state_header(&state[..end]).is_none());
        }
        for bytes in [&[][..], b"TKPRLOG\0", b"TKPRSTA\0", &[0; 200]] {
            assert!(log_header(bytes).is_none() && state_header(bytes).is_none());
        }
    }
}
