//! Reads a shop's files: logs of interactions, and what the items are.
//!
//! In: files whose content nobody vouches for. Out: a [`Dataset`], or an [`InputError`] that names the file's role, the
//! line, the column and what was expected there.
//! Must never guess: an unknown event kind, an unreadable time or an empty id is an error, not a skipped line.
//! Must never put an id or another value of the file into an error.
//! Every order is first appearance in the file; no result depends on the order of a hash map.

mod attributes;
mod builder;
mod counted;
mod delimited;
mod error;
mod ga4;
mod items;
mod kind;
mod lines;
mod log;
pub mod parquet;
mod parquet_log;
mod sequences;
mod time;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::dataset::Dataset;
pub(crate) use counted::Counted;
use log::LogBuilder;

pub use attributes::{
    AttributeOptions, AttributeSummary, CategoryNodes, UnlistedItems, describe_items, read_attributes,
    read_attributes_from,
};
pub use builder::{DatasetBuilder, ItemDescription, price_band};
pub use delimited::{DelimitedFormat, read_columns};
pub use error::{Column, FileRole, InputError, Place, ValueKind};
pub(crate) use error::{EXPECTED_ID, id_problem};
pub use items::{ItemsFile, ItemsFormat, read_items, read_items_from};
pub use kind::{KindWords, parse_kind};
pub(crate) use lines::Lines;
pub use log::{LogColumns, LogNotes};
pub use time::{TimeUnit, parse_iso_ms};

/// Longest line, or record of a delimited or JSON file, in bytes (1 MiB).
pub const MAX_LINE_BYTES: usize = 1 << 20;
/// Longest id of a user, item, attribute or column, in bytes.
pub const MAX_ID_BYTES: usize = 256;
/// Most distinct items, and most distinct attributes.
pub const MAX_ITEMS: usize = 1 << 24;
/// Most distinct users or sessions.
pub const MAX_USERS: usize = 1 << 28;
/// Most attributes of one item, category nodes included.
pub const MAX_ATTRIBUTES_PER_ITEM: usize = 256;

/// How a log is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// A line per user: `user item item ...`, separated by spaces, oldest first. All events are views without time.
    /// Several lines of one user are joined in file order; empty lines are skipped.
    Sequences,
    /// A header and a line per event, separated by commas, tabs or another byte.
    Delimited(DelimitedFormat),
    /// A Parquet file with a row per event, whatever tool wrote it.
    Parquet(LogColumns),
    /// The event export of Google Analytics 4 as BigQuery writes it, a JSON object a line. Every entry of `items` is an
    /// event; its kind follows from `event_name`. Events with other names are left out and counted. What `items` say of
    /// brand, categories and price becomes attributes.
    Ga4(KindWords),
}

/// The log at `path`: events grouped by user in order of first appearance, oldest first within a user, ties in file
/// order. Without a time column the file's order is the order of events.
///
/// `progress` hears the bytes read so far, about every 64 KiB. Reads once, front to back; memory is linear in the
/// events and distinct ids. Attributes are empty, except of [`LogFormat::Ga4`]: see [`read_attributes`] and [`read_items`]. Blocks on disk.
///
/// # Errors
/// Whatever [`InputError`] lists: an unreadable file, a malformed line, a limit reached, a file without events.
pub fn read_log(
    path: &Path,
    format: &LogFormat,
    progress: &mut dyn FnMut(u64),
) -> Result<Dataset, InputError> {
    read_log_with_notes(path, format, progress).map(|(dataset, _)| dataset)
}

/// As [`read_log`], and what was noticed on the way.
///
/// # Errors
/// As [`read_log`].
pub fn read_log_with_notes(
    path: &Path,
    format: &LogFormat,
    progress: &mut dyn FnMut(u64),
) -> Result<(Dataset, LogNotes), InputError> {
    match format {
        LogFormat::Parquet(columns) => {
            parquet_log::read(&parquet::Table::open(path, FileRole::Log)?, columns, progress)?.finish()
        }
        _ => read_any(open(path, FileRole::Log)?, format, progress)?.finish(),
    }
}

/// As [`read_log`], from any reader. A Parquet file is first read into memory as a whole.
///
/// # Errors
/// As [`read_log`].
///
/// # Examples
/// ```
/// use tastekeeper_models::input::{DelimitedFormat, LogFormat, read_log_from};
///
/// let text = "user,item,event,time\nu1,lamp,view,1700000060\nu1,desk,view,1700000000\n";
/// let format = DelimitedFormat::csv("user", "item").time("time").kind("event");
/// let log = read_log_from(text.as_bytes(), &LogFormat::Delimited(format), &mut |_| ())?;
/// assert_eq!(log.items, ["lamp", "desk"]);
/// assert_eq!(log.sequences[0].events[0].item, 1, "the desk was looked at first");
/// # Ok::<(), tastekeeper_models::input::InputError>(())
/// ```
pub fn read_log_from(
    input: impl Read,
    format: &LogFormat,
    progress: &mut dyn FnMut(u64),
) -> Result<Dataset, InputError> {
    read_any(input, format, progress)?.finish().map(|(dataset, _)| dataset)
}

fn read_any(
    mut input: impl Read,
    format: &LogFormat,
    progress: &mut dyn FnMut(u64),
) -> Result<LogBuilder, InputError> {
    match format {
        LogFormat::Sequences => sequences::read(Counted::new(input, progress)),
        LogFormat::Delimited(format) => delimited::read(Counted::new(input, progress), format),
        LogFormat::Ga4(kinds) => ga4::read(Counted::new(input, progress), kinds),
        LogFormat::Parquet(columns) => {
            let (mut bytes, role) = (Vec::new(), FileRole::Log);
            input.read_to_end(&mut bytes).map_err(|source| InputError::Io { role, line: 0, source })?;
            parquet_log::read(&parquet::Table::from_bytes(bytes, role)?, columns, progress)
        }
    }
}

/// The file, open for reading.
pub(crate) fn open(path: &Path, role: FileRole) -> Result<File, InputError> {
    File::open(path).map_err(|source| InputError::Open { role, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_named_by_its_role() {
        let folder = tempfile::tempdir().unwrap();
        let error = read_log(&folder.path().join("none"), &LogFormat::Sequences, &mut |_| ()).unwrap_err();
        assert_eq!(error.to_string(), "log: cannot be opened");
        let cause = std::error::Error::source(&error).unwrap();
        assert!(!cause.to_string().contains("none"), "a path is nobody's business: {cause}");
    }

    #[test]
    fn a_disk_that_fails_is_not_the_end_of_the_file() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("bad sector"))
            }
        }
        let csv = LogFormat::Delimited(DelimitedFormat::csv("user", "item"));
        for (format, text) in [(LogFormat::Sequences, "u a\nu b\n"), (csv, "user,item\nu,a\n")] {
            let input = text.as_bytes().chain(Failing);
            let error = read_log_from(input, &format, &mut |_| ()).unwrap_err();
            assert!(matches!(error, InputError::Io { line: 1.., .. }), "{format:?}: {error:?}");
        }
        let mut dataset = Dataset::default();
        let input = "{\"a\": [1],".as_bytes().chain(Failing);
        let error = read_attributes_from(input, &AttributeOptions::default(), &mut dataset, &mut |_| ());
        assert!(matches!(error, Err(InputError::Io { line: 1, .. })), "{error:?}");
    }
}
