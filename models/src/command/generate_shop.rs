//! `tastekeeper generate-shop`: a shop that does not exist, for demos and trials.

use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use super::output::Output;
use crate::shop::{CATALOG_FILE, CATEGORIES_FILE, LOG_FILE, PERSONAS_FILE, ShopConfig, generate_shop};

/// Arguments of `generate-shop`.
#[derive(Debug, Args)]
pub(super) struct GenerateShopArguments {
    /// Folder to write catalog.jsonl, log.csv, categories.json and personas.json to; made if it is not there
    folder: PathBuf,
    /// Everything random follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Products, 500 to 100000
    #[arg(long, default_value_t = ShopConfig::default().products, value_name = "COUNT")]
    products: usize,
    /// Shoppers in the log
    #[arg(long, default_value_t = ShopConfig::default().shoppers, value_name = "COUNT")]
    shoppers: usize,
}

/// Writes the shop's files.
pub(super) fn run(arguments: &GenerateShopArguments, output: &mut Output) -> Result<(), Failure> {
    let config = ShopConfig {
        seed: arguments.seed,
        products: arguments.products,
        shoppers: arguments.shoppers,
        ..ShopConfig::default()
    };
    let shop = generate_shop(&config).map_err(Failure::input)?;
    let folder = &arguments.folder;
    std::fs::create_dir_all(folder)
        .and_then(|()| shop.write_to(folder))
        .map_err(|error| Failure::operation(format!("{}: {error}", folder.display())))?;
    let events: usize = shop.dataset.sequences.iter().map(|sequence| sequence.events.len()).sum();
    output.line(format_args!(
        "{}: {} products in {} categories, {events} events of {} shoppers, {} personas",
        folder.display(),
        shop.products.len(),
        shop.categories.len(),
        shop.dataset.sequences.len(),
        shop.personas.len()
    ));
    output.line(format_args!("{CATALOG_FILE} {LOG_FILE} {CATEGORIES_FILE} {PERSONAS_FILE}"));
    output.line(format_args!(
        "next: tastekeeper train {log} --items {items} --out shop.tkpack",
        log = folder.join(LOG_FILE).display(),
        items = folder.join(CATALOG_FILE).display()
    ));
    Ok(())
}
