//! Lists of items with named columns.
//!
//! In: a delimited or Parquet file with a line or row per item. Out: the attribute table of a [`Dataset`].
//! Must never change a data set when it fails.

use std::io::Read;
use std::path::Path;

use super::attributes::{AttributeOptions, AttributeSummary, Descriptions, other, split_path};
use super::builder::ItemDescription;
use super::counted::Counted;
use super::delimited::Table;
use super::error::{EXPECTED_ID, FileRole, InputError, ValueKind, id_problem};
use super::open;
use super::parquet::{self, Want};
use crate::dataset::Dataset;

const ROLE: FileRole = FileRole::Items;

/// How a list of items is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ItemsFile {
    /// A header and a line per item, with this byte between fields.
    Delimited(u8),
    /// A Parquet file with a row per item. Category and other columns can be lists.
    Parquet,
}

/// Which columns hold what. An empty value or a null is an unknown one, except for the item's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemsFormat {
    /// How it is written down.
    pub file: ItemsFile,
    /// The column of the item's id.
    pub item: String,
    /// The column of the category path, its parts separated by `>` or `/`, or a list of them, root first.
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
        Self {
            file: ItemsFile::Delimited(b','),
            item,
            category: None,
            brand: None,
            price: None,
            others: Vec::new(),
        }
    }
}

/// Replaces the attributes of `dataset` by those of the list at `path`. Blocks on disk.
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
    match format.file {
        ItemsFile::Delimited(_) => read_items_from(open(path, ROLE)?, format, options, dataset, progress),
        ItemsFile::Parquet => {
            of_parquet(&parquet::Table::open(path, ROLE)?, format, options, dataset, progress)
        }
    }
}

/// As [`read_items`], from any reader. A Parquet file is first read into memory as a whole.
///
/// # Errors
/// As [`read_items`].
pub fn read_items_from(
    mut input: impl Read,
    format: &ItemsFormat,
    options: &AttributeOptions,
    dataset: &mut Dataset,
    progress: &mut dyn FnMut(u64),
) -> Result<AttributeSummary, InputError> {
    let delimiter = match format.file {
        ItemsFile::Delimited(delimiter) => delimiter,
        ItemsFile::Parquet => {
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes).map_err(|source| InputError::Io { role: ROLE, line: 0, source })?;
            let table = parquet::Table::from_bytes(bytes, ROLE)?;
            return of_parquet(&table, format, options, dataset, progress);
        }
    };
    let mut table = Table::open(Counted::new(input, progress), delimiter, ROLE)?;
    let column = |name: &Option<String>| name.as_deref().map(|name| table.column(name)).transpose();
    let item = table.column(&format.item)?;
    let category = column(&format.category)?;
    let brand = column(&format.brand)?;
    let price = column(&format.price)?;
    let others: Vec<usize> = format.others.iter().map(|name| table.column(name)).collect::<Result<_, _>>()?;
    let mut descriptions = Descriptions::new(*options, dataset);
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
                let wrong = || table.unexpected(column, EXPECTED_PRICE, ValueKind::of(text));
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

const EXPECTED_PRICE: &str = "a price of at least 0 such as 12.50";

/// The items of a Parquet table.
fn of_parquet(
    table: &parquet::Table,
    format: &ItemsFormat,
    options: &AttributeOptions,
    dataset: &mut Dataset,
    progress: &mut dyn FnMut(u64),
) -> Result<AttributeSummary, InputError> {
    let mut wanted = vec![(format.item.as_str(), Want::Id)];
    let mut place = |name, want| {
        wanted.push((name, want));
        wanted.len() - 1
    };
    let category = format.category.as_deref().map(|name| (place(name, Want::List), !table.is_list(name)));
    let brand = format.brand.as_deref().map(|name| place(name, Want::Id));
    let price = format.price.as_deref().map(|name| place(name, Want::Number));
    let others: Vec<(usize, &str, bool)> = (format.others.iter())
        .map(|name| {
            let list = table.is_list(name);
            (place(name, if list { Want::List } else { Want::Text }), name.as_str(), list)
        })
        .collect();
    let mut descriptions = Descriptions::new(*options, dataset);
    table.read(&wanted, progress, &mut |batch| {
        for row in 0..batch.rows() {
            let mut description = ItemDescription::default();
            if let Some((column, is_path)) = category {
                for part in batch.list(column, row) {
                    let nodes = if is_path { split_path(part).collect() } else { vec![part.to_owned()] };
                    if let Some(found) = nodes.iter().find_map(|node| id_problem(node)) {
                        return Err(batch.unexpected(column, row, EXPECTED_ID, found));
                    }
                    description.category.extend(nodes);
                }
            }
            if let Some(column) = brand
                && batch.text(column, row).is_some_and(|text| !text.is_empty())
            {
                description.brand = Some(batch.id(column, row)?.to_owned());
            }
            if let Some(column) = price
                && let Some(price) = batch.number(column, row)
            {
                if !(price.is_finite() && price >= 0.0) {
                    return Err(batch.unexpected(column, row, EXPECTED_PRICE, ValueKind::Decimal));
                }
                description.price = Some(price);
            }
            for &(column, name, is_list) in &others {
                let one = if is_list { None } else { batch.text(column, row) };
                let many = is_list.then(|| batch.list(column, row)).into_iter().flatten();
                for value in one.into_iter().chain(many).filter(|value| !value.is_empty()) {
                    let value = other(name, value);
                    let value =
                        value.map_err(|failure| failure.at(ROLE, batch.place(row), batch.name(column)))?;
                    description.others.push(value);
                }
            }
            let column = category.map_or(0, |(column, _)| column);
            descriptions
                .add(batch.id(0, row)?, description)
                .map_err(|failure| failure.at(ROLE, batch.place(row), batch.name(column)))?;
        }
        Ok(())
    })?;
    Ok(descriptions.finish(dataset))
}

#[cfg(test)]
#[path = "items_tests.rs"]
mod tests;
