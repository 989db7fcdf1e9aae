//! `tastekeeper demo`: everything once, on a shop that does not exist.
//!
//! In: nothing, or a folder as `generate-shop` writes it. Out: a story in nine chapters on standard output.
//! Every figure and every claim that can be computed is computed in this run; nothing is a fixed text that could be
//! wrong. Must never touch a folder that holds anything.

mod phone;
mod privacy;
mod rails;
mod rights;
mod screen;
mod shop;
mod stage;
mod summary;

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use super::output::Output;
use super::progress::{Bars, now};
use phone::Home;
use screen::Screen;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// A shop's folder, as generate-shop writes it (catalog.jsonl, log.csv, personas.json); by default a generated shop
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Keep the phone's files in this new or empty folder; by default in a temporary one that is removed
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Whose phone it is; by default the first persona's
    #[arg(long, value_name = "NAME")]
    persona: Option<String>,
    /// Everything random follows from it, but for keys
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// No colour, no bars, only ASCII; also when the output is no terminal or NO_COLOR is set
    #[arg(long)]
    plain: bool,
}

/// Tells the story.
pub(super) fn run(arguments: &DemoArguments, output: &mut Output) -> Result<(), Failure> {
    let began = now();
    let temporary;
    let folder: &Path = if let Some(folder) = &arguments.store {
        check_empty(folder)?;
        folder
    } else {
        temporary = tempfile::tempdir().map_err(Failure::operation)?;
        temporary.path()
    };
    let mut screen = Screen::new(output, arguments.plain);
    let mut bars = if screen.is_plain() { Bars::plain() } else { Bars::new() };

    let shop = stage::open_shop(arguments.data.as_deref(), arguments.seed, &mut bars, &mut screen)?;
    let shopper = shop.shopper(arguments.persona.as_deref())?;
    let pack = stage::train_and_pack(&shop, arguments.seed, folder, &mut bars, &mut screen)?;
    let home = Home::create(folder, &shop, &pack, arguments.seed)?;

    let phone = rails::show_levels(&home, shopper, &mut screen)?;
    let top = rails::explain(&home, &phone, shopper, &mut screen)?;
    rails::show_filter(&home, &phone, &mut screen)?;
    rights::show_not_interested(&home, &phone, &top, &mut screen)?;
    rights::show_forgetting(&home, &phone, shopper, &top, &mut screen)?;
    let store_bytes = privacy::scan_store(&home, shopper, &mut screen)?;
    let speed = summary::measure(&home, &phone)?;
    privacy::switch_off(&home, &phone, &mut screen)?;
    let facts = summary::Facts { store_bytes, speed, began };
    summary::show(&home, &facts, &mut bars, &mut screen)
}

/// Refuses a folder that holds something: the demo erases what it finds in its store.
fn check_empty(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::in_file(folder, &error))?;
    let mut entries = std::fs::read_dir(folder).map_err(|error| Failure::in_file(folder, &error))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(Failure::input(format!("{} is not empty; name a new folder", folder.display()))),
    }
}
