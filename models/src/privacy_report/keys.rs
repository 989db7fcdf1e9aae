//! Keys that lie in files, as the engine's custodian for development keeps them: read into memory, never shown.

use std::path::Path;

use tastekeeper::platform::{Key, KeyCustodian, MemoryKeyCustodian};

use super::files::printable;
use super::{Finding, PrivacyReportError, Severity};

/// Keys, and what they are called.
pub(super) struct FoundKeys {
    pub(super) custodian: MemoryKeyCustodian,
    pub(super) names: Vec<String>,
}

/// Reads the keys of a folder.
pub(super) fn read_keys(
    folder: &Path,
    store: &Path,
    findings: &mut Vec<Finding>,
) -> Result<FoundKeys, PrivacyReportError> {
    let real = |path: &Path| path.canonicalize().map_err(PrivacyReportError::read(path));
    if real(folder)?.starts_with(real(store)?) {
        return Err(PrivacyReportError::KeysInStore { path: folder.to_owned() });
    }
    let mut found = FoundKeys { custodian: MemoryKeyCustodian::default(), names: Vec::new() };
    for entry in std::fs::read_dir(folder).map_err(PrivacyReportError::read(folder))? {
        let path = entry.map_err(PrivacyReportError::read(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut wrong = |what: &str| {
            let (about, what) = (format!("key {}", printable(&name)), what.to_owned());
            findings.push(Finding { severity: Severity::Wrong, about, what });
        };
        let Some(slot) = name.strip_suffix(".key") else {
            match name.strip_suffix(".key.new") {
                Some(_) => wrong("was left by a write that was interrupted"),
                None => wrong("is not the engine's"),
            }
            continue;
        };
        match read_key(&path)? {
            Some(key) if key.iter().all(|byte| *byte == 0) => wrong("was wiped but not removed"),
            Some(key) => {
                // memory takes every key
                let _ = found.custodian.store(slot, &key);
                found.names.push(printable(slot));
            }
            None => wrong("is no key"),
        }
    }
    found.names.sort();
    Ok(found)
}

/// The key in a file; `None` when it is something else.
fn read_key(path: &Path) -> Result<Option<Key>, PrivacyReportError> {
    use std::io::Read;
    let mut key = Key::default();
    let read = || -> std::io::Result<bool> {
        let mut file = std::fs::File::open(path)?;
        if !file.metadata()?.is_file() || file.metadata()?.len() != 32 {
            return Ok(false);
        }
        file.read_exact(&mut key[..])?;
        Ok(true)
    };
    let mut read = read;
    let is_key = read().map_err(PrivacyReportError::read(path))?;
    Ok(is_key.then_some(key))
}
