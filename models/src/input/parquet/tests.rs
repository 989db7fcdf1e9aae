use parquet::basic::Compression;

use super::sample::{Sample, file, plain};
use super::*;
use crate::input::ValueKind;

fn open(bytes: Vec<u8>) -> Result<Table, InputError> {
    Table::from_bytes(bytes, FileRole::Log)
}

/// The cells of one column as texts, `-` for null.
fn cells(bytes: Vec<u8>, want: Want) -> Result<Vec<String>, InputError> {
    let mut out = Vec::new();
    open(bytes)?.read(&[("c", want)], &mut |_| (), &mut |batch| {
        for row in 0..batch.rows() {
            out.push(match want {
                Want::Id | Want::Text => batch.text(0, row).unwrap_or("-").to_owned(),
                Want::List => batch.list(0, row).collect::<Vec<_>>().join("|"),
                Want::Time(_) => batch.time(0, row).map_or("-".to_owned(), |ms| ms.to_string()),
                Want::Number => batch.number(0, row).map_or("-".to_owned(), |number| number.to_string()),
            });
        }
        Ok(())
    })?;
    Ok(out)
}

const TIME: Want = Want::Time(TimeUnit::Auto);

#[test]
fn each_type_is_read_as_what_it_means() {
    let day = 19_723; // 2024-01-01
    let ms = 1_704_067_200_123_i64;
    let text = Sample::Text(&[Some(" a "), None, Some("b")]);
    for (schema, column, want, expected) in [
        ("optional binary c (STRING);", &text, Want::Id, vec!["a", "-", "b"]),
        ("optional binary c;", &text, Want::Text, vec!["a", "-", "b"]),
        ("optional int32 c;", &Sample::Int32(&[Some(-7), None]), Want::Id, vec!["-7", "-"]),
        ("optional int32 c (INTEGER(32,false));", &Sample::Int32(&[Some(-1)]), Want::Id, vec!["4294967295"]),
        (
            "optional int64 c;",
            &Sample::Int64(&[Some(i64::MIN), Some(9_007_199_254_740_993)]),
            Want::Id,
            vec!["-9223372036854775808", "9007199254740993"],
        ),
        (
            "optional int64 c (INTEGER(64,false));",
            &Sample::Int64(&[Some(-1)]),
            Want::Id,
            vec!["18446744073709551615"],
        ),
        (
            "optional fixed_len_byte_array(16) c (UUID);",
            &Sample::Fixed(&[&[0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 1, 2, 3, 4, 5, 6, 7, 8]]),
            Want::Id,
            vec!["12345678-9abc-def0-0102-030405060708"],
        ),
        ("optional boolean c;", &Sample::Bool(&[Some(true), None]), Want::Text, vec!["true", "-"]),
        ("optional double c;", &Sample::Double(&[Some(1.5), Some(2.0)]), Want::Text, vec!["1.5", "2"]),
        (
            "optional int64 c (TIMESTAMP(MILLIS,true));",
            &Sample::Int64(&[Some(ms)]),
            TIME,
            vec!["1704067200123"],
        ),
        (
            "optional int64 c (TIMESTAMP(MICROS,false));",
            &Sample::Int64(&[Some(ms * 1000 + 999)]),
            TIME,
            vec!["1704067200123"],
        ),
        (
            "optional int64 c (TIMESTAMP(NANOS,true));",
            &Sample::Int64(&[Some(-1), None]),
            TIME,
            vec!["-1", "-"],
        ),
        (
            "optional int64 c (TIMESTAMP_MICROS);",
            &Sample::Int64(&[Some(ms * 1000)]),
            TIME,
            vec!["1704067200123"],
        ),
        ("optional int32 c (DATE);", &Sample::Int32(&[Some(day)]), TIME, vec!["1704067200000"]),
        // midnight of the Julian day 2460311
        ("optional int96 c;", &Sample::Int96(&[[1_000_000, 0, 2_460_311]]), TIME, vec!["1704067200001"]),
        ("optional int64 c;", &Sample::Int64(&[Some(ms * 1000)]), TIME, vec!["1704067200123"]),
        ("optional int32 c;", &Sample::Int32(&[Some(1_704_067_200)]), TIME, vec!["1704067200000"]),
        ("optional double c;", &Sample::Double(&[Some(1_704_067_200.25)]), TIME, vec!["1704067200250"]),
        (
            "optional binary c (STRING);",
            &Sample::Text(&[Some("2024-01-01T00:00:01Z")]),
            TIME,
            vec!["1704067201000"],
        ),
        ("optional float c;", &Sample::Float(&[Some(0.1), None]), Want::Number, vec!["0.1", "-"]),
        ("optional int64 c (DECIMAL(18,2));", &Sample::Int64(&[Some(-1250)]), Want::Number, vec!["-12.5"]),
        (
            "optional fixed_len_byte_array(3) c (DECIMAL(6,1));",
            &Sample::Fixed(&[&[0, 0, 105], &[0xff, 0xff, 0xff]]),
            Want::Number,
            vec!["10.5", "-0.1"],
        ),
        ("optional binary c (STRING);", &Sample::Text(&[Some("2.5")]), Want::Number, vec!["2.5"]),
        ("optional binary c (STRING);", &Sample::Text(&[Some("a > b"), None]), Want::List, vec!["a > b", ""]),
        (
            "optional group c (LIST) { repeated group list { optional binary element (STRING); } }",
            &Sample::Lists(&[&[Some("a"), None, Some("b")], &[], &[Some("c")]]),
            Want::List,
            vec!["a|b", "", "c"],
        ),
    ] {
        let read = cells(plain(schema, std::slice::from_ref(column)), want);
        assert_eq!(read.unwrap(), expected, "{schema} as {want:?}");
    }
}

#[test]
fn a_type_that_does_not_fit_is_named() {
    let text =
        |schema: &str, column: Sample, want| cells(plain(schema, &[column]), want).unwrap_err().to_string();
    assert_eq!(
        text("optional double c;", Sample::Double(&[Some(1.0)]), Want::Id),
        "log, column `c`: expected texts or whole numbers, the file has decimal numbers"
    );
    for (schema, column, want, found) in [
        ("optional boolean c;", Sample::Bool(&[]), Want::Id, "booleans"),
        ("optional int32 c (DATE);", Sample::Int32(&[]), Want::Id, "dates"),
        ("optional int64 c (TIMESTAMP(MILLIS,true));", Sample::Int64(&[]), Want::Number, "timestamps"),
        ("optional int64 c (TIME(MICROS,true));", Sample::Int64(&[]), TIME, "times of day"),
        ("optional boolean c;", Sample::Bool(&[]), TIME, "booleans"),
        ("optional fixed_len_byte_array(4) c;", Sample::Fixed(&[]), Want::Text, "bytes of a fixed length"),
        (
            "optional binary c (DECIMAL(30,2));",
            Sample::Raw(&[]),
            Want::Number,
            "decimal numbers of any length",
        ),
        (
            "optional group c (LIST) { repeated group list { optional binary element (STRING); } }",
            Sample::Lists(&[]),
            Want::Id,
            "lists",
        ),
    ] {
        let error = text(schema, column, want);
        assert!(error.ends_with(&format!("the file has {found}")), "{schema}: {error}");
    }
    let two = plain(
        "optional group c { optional int32 a; optional int32 b; }",
        &[Sample::Int32(&[]), Sample::Int32(&[])],
    );
    assert!(cells(two, Want::Text).unwrap_err().to_string().ends_with("a structure of several"));
}

#[test]
fn a_wrong_cell_is_named_by_column_and_row() {
    let message = |schema: &str, column, want| cells(plain(schema, &[column]), want).unwrap_err().to_string();
    let strings = "optional binary c (STRING);";
    assert_eq!(
        message(strings, Sample::Text(&[Some("1"), None, Some("x")]), Want::Number),
        "log, row 3, column `c`: expected a number, found text of 1 bytes"
    );
    assert_eq!(
        message(strings, Sample::Raw(&[b"a", b"\xff"]), Want::Id),
        "log, row 2, column `c`: expected utf-8"
    );
    let long = "x".repeat(65_537);
    let long = Sample::Text(&[Some("a"), Some(&long)]);
    assert!(message(strings, long, Want::Text).contains("row 2, column `c`: expected a text of at most"));
    let times = Sample::Int64(&[Some(1_704_067_200_000), Some(1_704_067_200)]);
    assert_eq!(
        message("optional int64 c;", times, TIME),
        "log, row 2, column `c`: expected a time in milliseconds since 1970, as in the first event, \
         found a whole number"
    );
    let far = Sample::Int64(&[Some(i64::MAX)]);
    assert!(message("optional int64 c (TIMESTAMP(MILLIS,true));", far, TIME).contains("row 1"));
    let mixed = Sample::Text(&[Some("2024-01-01"), Some("1704067200")]);
    assert!(message(strings, mixed, TIME).contains("row 2, column `c`: expected a date"));
    // rows are counted over batches and row groups
    let values: Vec<Option<f64>> = (0..1500).map(|_| Some(1.0)).collect();
    let last = [Some(1.0), None];
    let groups: [&[Sample]; 2] = [&[Sample::Double(&values)], &[Sample::Double(&last)]];
    let bytes = file("optional double c;", Compression::SNAPPY, &groups);
    let error = open(bytes).unwrap().read(&[("c", Want::Number)], &mut |_| (), &mut |batch| {
        (0..batch.rows()).try_for_each(|row| batch.finite(0, row).map(|_| ()))
    });
    assert_eq!(
        error.unwrap_err().to_string(),
        "log, row 1502, column `c`: expected a finite number, found null"
    );
}

#[test]
fn columns_stay_together_over_pages_groups_and_codecs() {
    let names: Vec<String> = (0..5000).map(|row| format!("item-{}", row % 37)).collect();
    let numbers: Vec<Option<i64>> = (0..5000).map(|row| (row % 3 != 0).then_some(row)).collect();
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::LZ4_RAW,
        Compression::GZIP(parquet::basic::GzipLevel::default()),
        Compression::ZSTD(parquet::basic::ZstdLevel::default()),
    ] {
        let texts: Vec<Option<&str>> = names.iter().map(|name| Some(name.as_str())).collect();
        let group = |rows: std::ops::Range<usize>| {
            [Sample::Text(&texts[rows.clone()]), Sample::Int64(&numbers[rows])]
        };
        let groups = [group(0..3000), group(3000..3000), group(3000..5000)];
        let groups: Vec<&[Sample]> = groups.iter().map(|group| &group[..]).collect();
        let bytes = file("optional binary a (STRING); optional int64 b;", codec, &groups);
        let length = bytes.len() as u64;
        let table = open(bytes).unwrap();
        assert_eq!(table.columns(), ["a", "b"]);
        let (mut row, mut heard) = (0_usize, Vec::new());
        let wanted = [("b", Want::Id), ("a", Want::Id), ("b", Want::Number)];
        let mut take = |batch: &Batch| {
            for index in 0..batch.rows() {
                let number = numbers[row].map(|number| number.to_string());
                assert_eq!(batch.text(0, index), number.as_deref());
                assert_eq!(batch.text(1, index), Some(names[row].as_str()));
                assert_eq!(batch.number(2, index), numbers[row].map(|number| number as f64));
                row += 1;
                assert_eq!(batch.place(index), Place::Row(row as u64));
            }
            Ok(())
        };
        table.read(&wanted, &mut |bytes| heard.push(bytes), &mut take).unwrap();
        assert_eq!(row, 5000, "{codec:?}");
        assert!(heard.is_sorted() && heard.last() == Some(&length));
    }
}

#[test]
fn a_column_that_is_not_there_is_named_with_those_that_are() {
    let table = open(plain("optional int32 c; optional int32 d;", &[Sample::Int32(&[]), Sample::Int32(&[])]));
    let error = table.unwrap().read(&[("e", Want::Id)], &mut |_| (), &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "log: no column `e`; the columns are `c`, `d`");
    let error = open(plain("optional int32 c; optional int32 c;", &[Sample::Int32(&[]), Sample::Int32(&[])]));
    assert_eq!(error.unwrap_err().to_string(), "log: columns 1 and 2 are both called `c`");
}

#[test]
fn null_and_empty_ids_are_refused() {
    let bytes = plain("optional binary c (STRING);", &[Sample::Text(&[Some("a"), Some(" "), None])]);
    let mut found = Vec::new();
    open(bytes)
        .unwrap()
        .read(&[("c", Want::Id)], &mut |_| (), &mut |batch| {
            for row in 0..batch.rows() {
                if let Err(InputError::Unexpected { at, found: kind, .. }) = batch.id(0, row) {
                    found.push((at, kind));
                }
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(found, [(Place::Row(2), ValueKind::Empty), (Place::Row(3), ValueKind::Null)]);
}

/// A file with a text, a number and a list, two row groups, compressed.
fn rich() -> Vec<u8> {
    let list = [Some("x"), Some("y")];
    let groups: [&[Sample]; 2] = [
        &[
            Sample::Text(&[Some("a"), None, Some("a"), Some("b")]),
            Sample::Int64(&[Some(1), Some(2), None, Some(4)]),
            Sample::Lists(&[&list, &[], &list, &[None]]),
        ],
        &[
            Sample::Text(&[Some("c"), Some("d")]),
            Sample::Int64(&[Some(1_700_000_000_000), None]),
            Sample::Lists(&[&list[1..], &[]]),
        ],
    ];
    file(
        "optional binary a (STRING); optional int64 b; \
         optional group c (LIST) { repeated group list { optional binary element (STRING); } }",
        Compression::SNAPPY,
        &groups,
    )
}

fn read_all(bytes: Vec<u8>) -> Result<u64, InputError> {
    let mut rows = 0;
    let wanted = [("a", Want::Id), ("b", Want::Time(TimeUnit::Milliseconds)), ("c", Want::List)];
    open(bytes)?.read(&wanted, &mut |_| (), &mut |batch| {
        for row in 0..batch.rows() {
            rows += 1;
            std::hint::black_box((batch.text(0, row), batch.time(1, row), batch.list(2, row).count()));
        }
        Ok(())
    })?;
    Ok(rows)
}

#[test]
fn a_file_cut_anywhere_is_refused_in_one_line() {
    let whole = rich();
    assert_eq!(read_all(whole.clone()).unwrap(), 6);
    for length in 0..whole.len() {
        let error = read_all(whole[..length].to_vec()).unwrap_err();
        assert!(matches!(error, InputError::Parquet { row: 0, .. }), "{length}: {error:?}");
        assert!(!error.to_string().contains('\n'));
    }
    assert!(
        read_all(b"user,item\na,b\n".to_vec())
            .unwrap_err()
            .to_string()
            .starts_with("log, after row 0: not a")
    );
}

#[test]
fn a_file_changed_anywhere_never_stops_the_program() {
    let whole = rich();
    for (at, change) in (0..whole.len()).flat_map(|at| [(at, 0x01), (at, 0x80), (at, 0xff)]) {
        let mut bytes = whole.clone();
        bytes[at] ^= change;
        if let Ok(rows) = read_all(bytes) {
            assert!(rows <= 6, "byte {at} of {}: {rows} rows", whole.len());
        }
    }
}
