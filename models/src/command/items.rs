//! What the items are, on the command line: a JSON file of attributes, a list with a header, or a catalogue.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::log::{file_length, quoted, usual};
use super::progress::{Bars, say};
use crate::dataset::Dataset;
use crate::input::parquet::Table;
use crate::input::{
    AttributeOptions, AttributeSummary, CategoryNodes, FileRole, ItemsFile, ItemsFormat, UnlistedItems,
    describe_items, read_attributes, read_columns, read_items,
};
use crate::shop::read_catalog;
use crate::train::Progress;

const ITEM_COLUMNS: &[&str] =
    &["item", "itemid", "id", "product", "productid", "sku", "article", "articleid"];
const CATEGORY_COLUMNS: &[&str] = &["category", "categorypath", "categories", "categoryid"];
const BRAND_COLUMNS: &[&str] = &["brand", "brandname", "manufacturer"];
const PRICE_COLUMNS: &[&str] = &["price"];

/// What the parts of a category path are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Nodes {
    /// Ids: each names one node of the tree
    Ids,
    /// Names: shoes under women and under men are two nodes
    Names,
}

/// What is known about the items.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "What the items are")]
pub(super) struct ItemsArguments {
    /// JSON file: for each item a list of attribute ids, or an object with category, brand, price and others
    #[arg(long, value_name = "FILE", conflicts_with = "items")]
    attributes: Option<PathBuf>,
    /// List of items: a catalogue (.jsonl) or a table (.csv, .tsv, .parquet) with category, brand, price
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Columns of the list of items that become attributes
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', requires = "items")]
    attribute_columns: Vec<String>,
    /// What the parts of a category path are
    #[arg(long, value_enum, default_value = "ids", value_name = "WHAT")]
    category_nodes: Nodes,
}

impl ItemsArguments {
    /// The file, if one was given.
    pub(super) fn file(&self) -> Option<&Path> {
        self.attributes.as_deref().or(self.items.as_deref())
    }

    /// The options that were given, to be given again.
    pub(super) fn given(&self) -> Vec<String> {
        let mut words = Vec::new();
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        words.extend(self.attributes.iter().flat_map(|file| ["--attributes".to_owned(), path(file)]));
        words.extend(self.items.iter().flat_map(|file| ["--items".to_owned(), path(file)]));
        if !self.attribute_columns.is_empty() {
            words.extend(["--attribute-columns".to_owned(), self.attribute_columns.join(",")]);
        }
        if self.category_nodes == Nodes::Names {
            words.extend(["--category-nodes", "names"].map(str::to_owned));
        }
        words
    }

    /// As [`read`](Self::read), for what cannot do without categories.
    pub(super) fn read_topics(&self, dataset: &mut Dataset, bars: &mut Bars) -> Result<(), Failure> {
        if self.file().is_none() {
            return Err(Failure::input("topics are made of categories: give --items or --attributes"));
        }
        self.read(dataset, bars)
    }

    /// Reads the file, if one was given, into `dataset`, and says what was found.
    pub(super) fn read(&self, dataset: &mut Dataset, bars: &mut Bars) -> Result<(), Failure> {
        let Some(path) = self.file() else { return Ok(()) };
        let options = AttributeOptions {
            unlisted: UnlistedItems::Drop,
            category_nodes: match self.category_nodes {
                Nodes::Ids => CategoryNodes::Ids,
                Nodes::Names => CategoryNodes::Paths,
            },
        };
        bars.begin_bytes("items", file_length(path));
        let summary = self.summary(path, &options, dataset, bars);
        bars.end();
        let summary = summary?;
        say(&format!(
            "items: {} of the log described, {} not, {} not in the log; {} attributes",
            summary.described,
            summary.undescribed,
            summary.dropped,
            dataset.attributes.entries.len()
        ));
        if summary.described == 0 {
            return Err(Failure::input(format!(
                "{}: describes no item of the log; check that ids are written alike",
                path.display()
            )));
        }
        Ok(())
    }

    fn summary(
        &self,
        path: &Path,
        options: &AttributeOptions,
        dataset: &mut Dataset,
        bars: &mut Bars,
    ) -> Result<AttributeSummary, Failure> {
        let mut step = |bytes| bars.step(bytes);
        let read = if self.attributes.is_some() {
            read_attributes(path, options, dataset, &mut step)
        } else {
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            match extension.to_ascii_lowercase().as_str() {
                "jsonl" | "ndjson" => read_catalog(path, &mut step).and_then(|products| {
                    let described =
                        products.iter().map(|product| (product.id.as_str(), product.description()));
                    describe_items(dataset, options.unlisted, described)
                }),
                "csv" => read_items(path, &self.delimited(path, b',')?, options, dataset, &mut step),
                "tsv" | "tab" => read_items(path, &self.delimited(path, b'\t')?, options, dataset, &mut step),
                "parquet" | "pq" => {
                    let table = Table::open(path, FileRole::Items);
                    let columns = table.map_err(|error| Failure::in_file(path, &error))?.columns();
                    let format = self.columns(path, &columns, ItemsFile::Parquet)?;
                    read_items(path, &format, options, dataset, &mut step)
                }
                _ => {
                    return Err(Failure::input(format!(
                        "{}: a list of items is named .csv, .tsv, .parquet or .jsonl",
                        path.display()
                    )));
                }
            }
        };
        read.map_err(|error| Failure::in_file(path, &error))
    }

    fn delimited(&self, path: &Path, delimiter: u8) -> Result<ItemsFormat, Failure> {
        let columns = read_columns(path, delimiter).map_err(|error| Failure::in_file(path, &error))?;
        self.columns(path, &columns, ItemsFile::Delimited(delimiter))
    }

    /// Which of the file's columns hold what.
    fn columns(&self, path: &Path, columns: &[String], file: ItemsFile) -> Result<ItemsFormat, Failure> {
        let item = usual(columns, ITEM_COLUMNS).ok_or_else(|| {
            Failure::input(format!(
                "{}: none of the columns {} is a usual one for the item; call it item, id or sku",
                path.display(),
                quoted(columns)
            ))
        })?;
        Ok(ItemsFormat {
            file,
            item,
            category: usual(columns, CATEGORY_COLUMNS),
            brand: usual(columns, BRAND_COLUMNS),
            price: usual(columns, PRICE_COLUMNS),
            others: self.attribute_columns.clone(),
        })
    }
}
