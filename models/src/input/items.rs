//! Lists of items with a header.
//!
//! In: a delimited file with a line per item. Out: the attribute table of a [`Dataset`].
//! Must never change a data set when it fails.

use std::io::Read;
use std::path::Path;

use super::attributes::{AttributeOptions, AttributeSummary, Descriptions, other, split_path};
use super::builder::ItemDescription;
use super::counted::Counted;
use super::delimited::Table;
use super::error::{EXPECTED_ID, FileRole, InputError, ValueKind, id_problem};
use super::open;
use crate::dataset::Dataset;

const ROLE: FileRole = FileRole::Items;

/// Which columns hold what. An empty value is an unknown one, except for the item's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemsFormat {
    /// The byte between fields.
    pub delimiter: u8,
    /// The column of the item's id.
    pub item: String,
    /// The column of the category path, its parts separated by `>` or `/`.
    pub category: Option<String>,
    /// The column of the brand.
    pub brand: Option<String>,
    /// The column of the price, a number with a point; it becomes a [`price_band`](super::price_band).
    pub price: Option<String>,
    /// Columns that become `name=value`.
    pub others: Vec<String>,
}

impl ItemsFormat {
    /// Fields separated by commas, without columns but the item's.
    #[must_use]
    pub fn csv(item: &str) -> Self {
        let item = item.to_owned();
        Self { delimiter: b',', item, category: None, brand: None, price: None, others: Vec::new() }
    }
}

/// Replaces the attributes of `dataset` by those of the delimited file at `path`. Blocks on disk.
///
/// # Errors
/// Whatever [`InputError`] lists; `dataset` is then as it was.
pub fn read_items(
    path: &Path,
    format: &ItemsFormat,
    options: &AttributeOptions,
    dataset: &mut Dataset,
    progress: &mut dyn FnMut(u64),
) -> Result<AttributeSummary, InputError> {
    read_items_from(open(path, ROLE)?, format, options, dataset, progress)
}

/// As [`read_items`], from any reader.
///
/// # Errors
/// As [`read_items`].
pub fn read_items_from(
    input: impl Read,
    format: &ItemsFormat,
    options: &AttributeOptions,
    dataset: &mut Dataset,
    progress: &mut dyn FnMut(u64),
) -> Result<AttributeSummary, InputError> {
    let mut table = Table::open(Counted::new(input, progress), format.delimiter, ROLE)?;
    let column = |name: &Option<String>| name.as_deref().map(|name| table.column(name)).transpose();
    let item = table.column(&format.item)?;
    let category = column(&format.category)?;
    let brand = column(&format.brand)?;
    let price = column(&format.price)?;
    let others: Vec<usize> = format.others.iter().map(|name| table.column(name)).collect::<Result<_, _>>()?;
    let mut descriptions = Descriptions::new(ROLE, *options, dataset);
    while table.next()? {
        let mut description = ItemDescription::default();
        if let Some(column) = category {
            for node in split_path(table.field(column)?) {
                if let Some(found) = id_problem(&node) {
                    return Err(table.unexpected(column, EXPECTED_ID, found));
                }
                description.category.push(node);
            }
        }
        if let Some(column) = brand
            && !table.field(column)?.is_empty()
        {
            description.brand = Some(table.id(column)?.to_owned());
        }
        if let Some(column) = price {
            let text = table.field(column)?;
            if !text.is_empty() {
                let price = text.parse::<f64>().ok().filter(|price| price.is_finite() && *price >= 0.0);
                let wrong =
                    || table.unexpected(column, "a price of at least 0 such as 12.50", ValueKind::of(text));
                description.price = Some(price.ok_or_else(wrong)?);
            }
        }
        for &column in &others {
            if !table.field(column)?.is_empty() {
                let value = other(&table.header[column], table.id(column)?);
                description.others.push(value.map_err(|f| f.at(ROLE, table.place(), table.name_of(column)))?);
            }
        }
        descriptions
            .add(table.id(item)?, description)
            .map_err(|failure| failure.at(ROLE, table.place(), table.name_of(category.unwrap_or(item))))?;
    }
    Ok(descriptions.finish(dataset))
}

#[cfg(test)]
mod tests {
    use super::super::{CategoryNodes, LogFormat, Place, read_log_from};
    use super::*;

    fn read(text: &str, options: AttributeOptions) -> Result<(Dataset, AttributeSummary), InputError> {
        let mut dataset = read_log_from("u a b c\n".as_bytes(), &LogFormat::Sequences, &mut |_| ()).unwrap();
        let format = ItemsFormat {
            category: Some("path".to_owned()),
            brand: Some("brand".to_owned()),
            price: Some("price".to_owned()),
            others: vec!["colour".to_owned()],
            ..ItemsFormat::csv("id")
        };
        let summary = read_items_from(text.as_bytes(), &format, &options, &mut dataset, &mut |_| ())?;
        Ok((dataset, summary))
    }

    fn message(rows: &str) -> String {
        let text = format!("id,path,brand,price,colour\n{rows}");
        read(&text, AttributeOptions::default()).unwrap_err().to_string()
    }

    #[test]
    fn columns_become_attributes() {
        let text = "id,path,brand,price,colour\nb,aa > aa-1,Norvik,3.5,red\na,aa/aa-1/aa-1-1,,,\nz,,,,blue\n";
        let (dataset, summary) = read(text, AttributeOptions::default()).unwrap();
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
}
