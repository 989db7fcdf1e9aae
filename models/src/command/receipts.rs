//! `tastekeeper receipts verify`: whether a shopper's exported receipts hold together.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tastekeeper::consent::verify_receipts;

use super::failure::Failure;
use super::files;
use super::output::Output;

/// Arguments of `receipts`.
#[derive(Debug, Args)]
pub(super) struct ReceiptsArguments {
    #[command(subcommand)]
    command: ReceiptsCommand,
}

#[derive(Debug, Subcommand)]
enum ReceiptsCommand {
    /// Checks a document of receipts that a phone exported
    Verify {
        /// The document
        file: PathBuf,
    },
}

/// Verifies.
pub(super) fn run(arguments: &ReceiptsArguments, output: &mut Output) -> Result<(), Failure> {
    let ReceiptsCommand::Verify { file } = &arguments.command;
    let text = String::from_utf8(files::read(file)?)
        .map_err(|_| Failure::input(format!("{}: is not UTF-8 text", file.display())))?;
    let found = verify_receipts(&text).map_err(|error| Failure::in_file(file, &error))?;
    for receipt in &found.receipts {
        let notice = receipt.consent.as_ref().map_or("no notice", |consent| consent.notice_version.as_str());
        output.line(format!(
            "{:>15} ms  {:<8}  by {:<8}  {notice}",
            receipt.time_ms,
            format!("{:?}", receipt.level),
            format!("{:?}", receipt.origin),
        ));
    }
    let older = if found.is_complete { "" } else { "; older ones were dropped" };
    output.line(format!("{} receipts, each follows from the one before{older}", found.receipts.len()));
    Ok(())
}
