//! `tastekeeper generate-log`: a log that does not exist, as large as wanted, for trials of training.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::output::Output;
use super::progress::Bars;
use crate::generate::{ITEMS_FILE, LOG_FILE, LogConfig, LogShape, LogSource};
use crate::train::Progress;

/// What the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ShapeName {
    /// Short click sessions with repeats, item after item, and fashion that moves; 5 events each
    Sessions,
    /// Many items and few events, which follow categories and brands; 7 events each
    LongTail,
    /// Views, carts, wishes and purchases, of which views tell least; 20 events each
    Mixed,
}

/// Arguments of `generate-log`.
#[derive(Debug, Args)]
pub(super) struct GenerateLogArguments {
    /// What the log looks like
    #[arg(long, value_enum)]
    shape: ShapeName,
    /// Folder to write log.csv and items.csv to; made if it is not there
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Shoppers or sessions, up to 10000000
    #[arg(long, default_value_t = 20_000, value_name = "COUNT")]
    users: usize,
    /// Items, 100 to 1000000
    #[arg(long, default_value_t = 5_000, value_name = "COUNT")]
    items: usize,
    /// Everything random follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Writes the log's files.
pub(super) fn run(arguments: &GenerateLogArguments, output: &mut Output) -> Result<(), Failure> {
    let config = LogConfig {
        shape: match arguments.shape {
            ShapeName::Sessions => LogShape::Sessions,
            ShapeName::LongTail => LogShape::LongTail,
            ShapeName::Mixed => LogShape::Mixed,
        },
        seed: arguments.seed,
        users: arguments.users,
        items: arguments.items,
    };
    let source = LogSource::new(&config).map_err(Failure::input)?;
    let folder = &arguments.out;
    let mut bars = Bars::new();
    bars.begin("generate", arguments.users as u64);
    let events = std::fs::create_dir_all(folder)
        .and_then(|()| source.write_to(folder, &mut |done| bars.step(done)))
        .map_err(|error| Failure::operation(format!("{}: {error}", folder.display())))?;
    bars.end();
    output.line(format_args!(
        "{}: {events} events of {} users or sessions, {} items; {LOG_FILE} {ITEMS_FILE}",
        folder.display(),
        arguments.users,
        arguments.items
    ));
    output.line(format_args!(
        "next: tastekeeper train {log} --items {items} --out generated.tkpack",
        log = folder.join(LOG_FILE).display(),
        items = folder.join(ITEMS_FILE).display()
    ));
    Ok(())
}
