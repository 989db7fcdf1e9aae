//! `cargo xtask load`: what the collector takes, and that it keeps it.
//!
//! In: seconds and connections. Out: a table of reports per second, latencies and refusals, and how many acknowledged reports
//! were lost when the collector was killed under load.

use std::path::Path;
use std::process::Command;

use crate::scale::target;

/// Builds the collector and its load as they ship, and runs one against the other.
///
/// # Errors
/// A step that fails, or a report that was lost.
pub(crate) fn run(root: &Path, mut cargo: Command, arguments: &[String]) -> Result<(), String> {
    cargo.args([
        "build",
        "--locked",
        "--release",
        "-p",
        "collector",
        "--bin",
        "collector",
        "--example",
        "load",
    ]);
    succeed("the collector was not built", cargo)?;
    let program = |folder: &Path, name: &str| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let folder = target(root).join("release");
    let mut load = Command::new(program(&folder.join("examples"), "load"));
    load.arg(program(&folder, "collector")).args(arguments);
    succeed("the load failed", load)
}

fn succeed(failure: &str, mut command: Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{failure}: {error}"))?;
    if status.success() { Ok(()) } else { Err(failure.to_owned()) }
}
