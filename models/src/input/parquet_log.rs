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

#[cfg(test)]
mod tests {
    use super::super::parquet::sample::{Sample, plain};
    use super::super::{DelimitedFormat, KindWords, LogFormat, LogNotes, read_log_from, read_log_with_notes};
    use super::*;
    use crate::dataset::Dataset;

    const SCHEMA: &str = "optional int64 user; optional binary item (STRING); optional binary event (STRING); \
                          optional int64 time (TIMESTAMP(MICROS,true));";

    fn columns() -> LogColumns {
        let kinds = KindWords::default().named("seen", InteractionKind::View).skipped("scroll");
        LogColumns { kinds, ..LogColumns::new("user", "item").kind("event").time("time") }
    }

    fn read(bytes: &[u8]) -> Result<Dataset, InputError> {
        read_log_from(bytes, &LogFormat::Parquet(columns()), &mut |_| ())
    }

    fn log(
        users: &[Option<i64>],
        items: &[Option<&str>],
        kinds: &[Option<&str>],
        times: &[Option<i64>],
    ) -> Vec<u8> {
        plain(SCHEMA, &[Sample::Int64(users), Sample::Text(items), Sample::Text(kinds), Sample::Int64(times)])
    }

    #[test]
    fn a_log_is_the_same_in_parquet_and_csv() {
        let time = |second: i64| Some((1_700_000_000 + second) * 1_000_000);
        let bytes = log(
            &[Some(2), Some(1), Some(2), Some(1)],
            &[Some("lamp"), Some("desk"), Some("rug"), Some("lamp")],
            &[Some("seen"), Some("purchase"), Some("scroll"), Some("add_to_cart")],
            &[time(9), time(8), time(7), time(6)],
        );
        let csv = "user,item,event,time\n2,lamp,seen,1700000009000000\n1,desk,purchase,1700000008000000\n\
                   2,rug,scroll,1700000007000000\n1,lamp,add_to_cart,1700000006000000\n";
        let delimited = LogFormat::Delimited(DelimitedFormat { delimiter: b',', columns: columns() });
        let expected = read_log_from(csv.as_bytes(), &delimited, &mut |_| ()).unwrap();
        assert_eq!(read(&bytes).unwrap(), expected);
        assert_eq!(expected.sequences[1].events[0].kind, InteractionKind::Cart);

        let folder = tempfile::tempdir().unwrap();
        for (name, format, bytes) in [
            ("log.parquet", LogFormat::Parquet(columns()), &bytes[..]),
            ("log.csv", delimited, csv.as_bytes()),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let (dataset, notes) = read_log_with_notes(&path, &format, &mut |_| ()).unwrap();
            assert_eq!(dataset, expected);
            assert_eq!(notes, LogNotes { skipped: [("scroll".to_owned(), 1)].into(), out_of_order: 1 });
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_column_and_row() {
        let time = Some(1_700_000_000_000_000);
        let message = |user, item, kind, time_of_second| {
            let bytes =
                log(&[Some(1), user], &[Some("a"), item], &[Some("view"), kind], &[time, time_of_second]);
            read(&bytes).unwrap_err().to_string()
        };
        let (b, view) = (Some("b"), Some("view"));
        assert!(message(None, b, view, time).starts_with("log, row 2, column `user`: expected an id"));
        assert!(
            message(Some(1), Some(""), view, time).starts_with("log, row 2, column `item`: expected an id")
        );
        assert!(message(Some(1), None, view, time).ends_with("found null"));
        assert!(
            message(Some(1), b, Some("sneeze"), time)
                .contains("row 2, column `event`: expected an event kind")
        );
        assert!(message(Some(1), b, None, time).ends_with("found null"));
        assert_eq!(message(Some(1), b, view, None), "log, row 2, column `time`: expected a time, found null");
    }

    #[test]
    fn a_table_without_rows_holds_no_events() {
        assert_eq!(read(&log(&[], &[], &[], &[])).unwrap_err().to_string(), "log: holds no events");
        let none: [&[Sample]; 0] = [];
        let bytes =
            super::super::parquet::sample::file(SCHEMA, parquet::basic::Compression::UNCOMPRESSED, &none);
        assert_eq!(read(&bytes).unwrap_err().to_string(), "log: holds no events");
        assert!(read(b"").unwrap_err().to_string().starts_with("log, after row 0: not a whole parquet file"));
    }
}
