//! What lists of items give, delimited and in Parquet, and what is wrong with some.

use super::super::parquet::sample::{Sample, plain};
use super::super::{CategoryNodes, LogFormat, Place, read_log_from};
use super::*;

fn read(text: &str, options: AttributeOptions) -> Result<(Dataset, AttributeSummary), InputError> {
    read_with(text.as_bytes(), &format(), options)
}

fn read_parquet(bytes: &[u8]) -> Result<(Dataset, AttributeSummary), InputError> {
    read_with(bytes, &ItemsFormat { file: ItemsFile::Parquet, ..format() }, AttributeOptions::default())
}

fn read_with(
    bytes: &[u8],
    format: &ItemsFormat,
    options: AttributeOptions,
) -> Result<(Dataset, AttributeSummary), InputError> {
    let mut dataset = read_log_from("u a b c\n".as_bytes(), &LogFormat::Sequences, &mut |_| ()).unwrap();
    let summary = read_items_from(bytes, format, &options, &mut dataset, &mut |_| ())?;
    Ok((dataset, summary))
}

fn format() -> ItemsFormat {
    ItemsFormat {
        category: Some("path".to_owned()),
        brand: Some("brand".to_owned()),
        price: Some("price".to_owned()),
        others: vec!["colour".to_owned()],
        ..ItemsFormat::csv("id")
    }
}

const TEXT: &str = "id,path,brand,price,colour\nb,aa > aa-1,Norvik,3.5,red\na,aa/aa-1/aa-1-1,,,\nz,,,,blue\n";

fn message(rows: &str) -> String {
    let text = format!("id,path,brand,price,colour\n{rows}");
    read(&text, AttributeOptions::default()).unwrap_err().to_string()
}

#[test]
fn columns_become_attributes() {
    let (dataset, summary) = read(TEXT, AttributeOptions::default()).unwrap();
    let names: Vec<&str> = dataset.attributes.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["aa", "aa-1", "Norvik", "price_band=2-5", "colour=red", "aa-1-1"]);
    assert_eq!(dataset.attributes.of_item, [vec![0, 1, 5], vec![0, 1, 2, 3, 4], vec![]]);
    assert_eq!(summary, AttributeSummary { described: 2, undescribed: 1, added: 0, dropped: 1 });
}

#[test]
fn names_can_be_read_as_paths() {
    let text = "id,path,brand,price,colour\na,women/shoes,,,\nb,men/shoes,,,\n";
    assert!(matches!(
        read(text, AttributeOptions::default()),
        Err(InputError::CategoryConflict { at: Place::Line(3), .. })
    ));
    let paths = AttributeOptions { category_nodes: CategoryNodes::Paths, ..AttributeOptions::default() };
    assert_eq!(read(text, paths).unwrap().0.attributes.entries[3].name, "men > shoes");
}

#[test]
fn what_is_wrong_is_named() {
    assert_eq!(
        message("a,,,cheap,\n"),
        "items file, line 2, column `price`: expected a price of at least 0 such as 12.50, found text of 5 bytes"
    );
    assert!(message("a,,,-1,\n").contains("column `price`"));
    assert!(message("a,,,nan,\n").contains("column `price`"));
    assert!(message(",x,,,\n").contains("line 2, column `id`: expected an id"));
    assert!(message("a,,,,\na,,,,\n").contains("line 3: this item was described before"));
    assert!(message(&format!("a,,,,{}\n", "x".repeat(252))).contains("column `colour`"));
    assert!(message(&format!("a,{},,,\n", "x".repeat(300))).contains("column `path`"));
    let missing = read("id,path,brand,colour\n", AttributeOptions::default()).unwrap_err().to_string();
    assert_eq!(missing, "items file: no column `price`; the columns are `id`, `path`, `brand`, `colour`");
}

#[test]
fn parquet_means_the_same() {
    let schema = "optional binary id (STRING); optional binary path (STRING); optional binary brand (STRING); \
                  optional double price; optional binary colour (STRING);";
    let columns = [
        Sample::Text(&[Some("b"), Some("a"), Some("z")]),
        Sample::Text(&[Some("aa > aa-1"), Some("aa/aa-1/aa-1-1"), None]),
        Sample::Text(&[Some("Norvik"), Some(""), None]),
        Sample::Double(&[Some(3.5), None, None]),
        Sample::Text(&[Some("red"), None, Some("blue")]),
    ];
    let options = AttributeOptions::default();
    assert_eq!(read_parquet(&plain(schema, &columns)).unwrap(), read(TEXT, options).unwrap());

    // lists of nodes and of values; a list is not split at a slash
    let list = |name: &str| {
        format!(
            "optional group {name} (LIST) {{ repeated group list {{ optional binary element (STRING); }} }}"
        )
    };
    let lists = format!(
        "optional int32 id; {} optional binary brand (STRING); optional int64 price (DECIMAL(9,2)); {}",
        list("path"),
        list("colour")
    );
    let columns = [
        Sample::Int32(&[Some(7)]),
        Sample::Lists(&[&[Some("home/garden"), Some("chairs")]]),
        Sample::Text(&[None]),
        Sample::Int64(&[Some(1999)]),
        Sample::Lists(&[&[Some("red"), Some("blue")]]),
    ];
    let mut dataset = read_log_from("u 7\n".as_bytes(), &LogFormat::Sequences, &mut |_| ()).unwrap();
    let format = ItemsFormat { file: ItemsFile::Parquet, ..format() };
    read_items_from(plain(&lists, &columns).as_slice(), &format, &options, &mut dataset, &mut |_| ())
        .unwrap();
    let names: Vec<&str> = dataset.attributes.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["home/garden", "chairs", "price_band=10-20", "colour=red", "colour=blue"]);
}

#[test]
fn what_is_wrong_in_parquet_is_named_by_row() {
    let schema = "optional binary id (STRING); optional binary path (STRING); optional binary brand (STRING); \
                  optional double price; optional binary colour (STRING);";
    let message = |id, price| {
        let (a, none) = (Some("a"), Sample::Text(&[None, None]));
        let columns = [
            Sample::Text(&[a, id]),
            Sample::Text(&[None, None]),
            Sample::Text(&[None, None]),
            Sample::Double(&[None, price]),
            none,
        ];
        read_parquet(&plain(schema, &columns)).unwrap_err().to_string()
    };
    assert_eq!(
        message(Some("b"), Some(-1.0)),
        "items file, row 2, column `price`: expected a price of at least 0 such as 12.50, found a decimal number"
    );
    assert!(message(Some("b"), Some(f64::NAN)).contains("row 2, column `price`"));
    assert_eq!(message(Some("a"), None), "items file, row 2: this item was described before");
    assert!(message(None, None).contains("row 2, column `id`: expected an id"));
    let text = Sample::Text(&[Some("a")]);
    let missing = read_parquet(&plain("optional binary id (STRING);", &[text])).unwrap_err().to_string();
    assert_eq!(missing, "items file: no column `path`; the columns are `id`");
}
