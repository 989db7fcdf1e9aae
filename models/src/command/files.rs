//! Output files: checked before the work begins, whole or not there afterwards.

use std::path::{Path, PathBuf};

use tastekeeper::platform::Clock;

use super::failure::Failure;
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

/// `2026-05-01` (Howard Hinnant's `civil_from_days`, for days from 1970 on).
pub(super) fn date(day: u32) -> String {
    let days = u64::from(day) + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        let dates = [0, 59, 789, 11_016, 19_782, 20_605].map(date);
        assert_eq!(
            dates,
            ["1970-01-01", "1970-03-01", "1972-02-29", "2000-02-29", "2024-02-29", "2026-06-01"]
        );
    }

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
