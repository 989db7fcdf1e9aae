//! Logs in Parquet.
//!
//! In: the columns of a table. Out: its events. Must never take a null for a value.

use super::error::{InputError, ValueKind};
use super::kind::EXPECTED_KIND;
use super::log::{LogBuilder, LogColumns};
use super::parquet::{Table, Want};
use crate::dataset::InteractionKind;

/// All events of the table.
pub(super) fn read(
    table: &Table,
    columns: &LogColumns,
    progress: &mut dyn FnMut(u64),
) -> Result<LogBuilder, InputError> {
    let mut wanted = vec![(columns.user.as_str(), Want::Id), (columns.item.as_str(), Want::Id)];
    let mut time = None;
    if let Some(name) = &columns.time {
        time = Some(wanted.len());
        wanted.push((name, Want::Time(columns.time_unit)));
    }
    let mut kind = None;
    if let Some(name) = &columns.kind {
        kind = Some(wanted.len());
        wanted.push((name, Want::Text));
    }
    let mut log = LogBuilder::default();
    table.read(&wanted, progress, &mut |batch| {
        for row in 0..batch.rows() {
            let kind = match kind {
                None => InteractionKind::View,
                Some(column) => {
                    let unexpected = |found| batch.unexpected(column, row, EXPECTED_KIND, found);
                    let word = batch.text(column, row).ok_or_else(|| unexpected(ValueKind::Null))?;
                    match columns.kinds.kind(word) {
                        Some(Some(kind)) => kind,
                        Some(None) => {
                            log.skip(word);
                            continue;
                        }
                        None => return Err(unexpected(ValueKind::of(word))),
                    }
                }
            };
            let time_ms = match time {
                None => None,
                Some(column) => {
                    let ms = batch.time(column, row);
                    Some(ms.ok_or_else(|| batch.unexpected(column, row, "a time", ValueKind::Null))?)
                }
            };
            log.add(batch.place(row), batch.id(0, row)?, batch.id(1, row)?, kind, time_ms)?;
        }
        Ok(())
    })?;
    Ok(log)
}
