//! Output files: checked before the work begins, whole or not there afterwards.

use std::path::{Path, PathBuf};

use tastekeeper::platform::Clock;

use super::failure::Failure;
pub(super) use crate::date::iso_date as date;
use crate::host::SystemClock;
use crate::pack::save;

/// Refuses, before anything is computed, outputs that cannot be written or that would replace an input.
pub(super) fn check_outputs(outputs: &[Option<&Path>], inputs: &[&Path]) -> Result<(), Failure> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let inputs: Vec<PathBuf> = inputs.iter().map(|path| real(path)).collect();
    let mut seen: Vec<PathBuf> = Vec::new();
    for path in outputs.iter().flatten() {
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(Failure::input(format!(
                "{}: there is no folder {}; make it first",
                path.display(),
                folder.display()
            )));
        }
        if path.is_dir() {
            return Err(Failure::input(format!("{} is a folder; name a file", path.display())));
        }
        let path = real(path);
        if inputs.contains(&path) {
            return Err(Failure::input(format!(
                "{} is an input and would be replaced; name another output",
                path.display()
            )));
        }
        if seen.contains(&path) {
            return Err(Failure::input(format!("{} is named for two outputs", path.display())));
        }
        seen.push(path);
    }
    Ok(())
}

/// The folder a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Writes a whole file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    save(path, bytes).map_err(|error| Failure::writing(path, &error))
}

/// Reads a whole file that was given.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::in_file(path, &error))
}

/// Where the signature of a whole file is: `model.tkpack.minisig`.
pub(super) fn signature_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// Seconds since 1970: the environment's `SOURCE_DATE_EPOCH` where a build must be repeatable, else the clock's.
pub(super) fn now_seconds() -> Result<u64, Failure> {
    if let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH") {
        let seconds = text.to_str().and_then(|text| text.parse().ok());
        return seconds
            .ok_or_else(|| Failure::input("SOURCE_DATE_EPOCH must be a whole number of seconds since 1970"));
    }
    Ok(u64::try_from(SystemClock.now_ms() / 1000).unwrap_or(0))
}

/// Days since 1970.
pub(super) fn day_of(seconds: u64) -> u32 {
    u32::try_from(seconds / 86_400).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_that_cannot_be_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log.csv");
        std::fs::write(&log, "x").unwrap();
        let out = folder.path().join("out");
        let check = |outputs: &[&Path]| {
            check_outputs(&outputs.iter().map(|path| Some(*path)).collect::<Vec<_>>(), &[&log])
        };
        assert!(check(&[&out]).is_ok());
        for outputs in [
            &[log.as_path()][..],
            &[folder.path()],
            &[&out, &out],
            &[&folder.path().join("none").join("out")],
        ] {
            assert!(check(outputs).is_err(), "{outputs:?}");
        }
    }
}
