//! `cargo xtask bench peers`: the scan in turns with the searches of other libraries.
//!
//! In: a Python environment with those libraries, and the development data for the trained shop. Out: a table, and the same as
//! JSON and as a picture in cargo's target folder.

use std::path::{Path, PathBuf};

use crate::steps::{Failure, Steps};
use crate::{program, python};

const REQUIREMENTS: &str = "tests/python/requirements-bench.txt";
/// Built from source, which not every machine can.
const BUILT: &str = "tests/python/requirements-bench-built.txt";

/// Compares; `arguments` are those of `peers.py`.
///
/// # Errors
/// A build that fails, or a Python that cannot be had.
pub(crate) fn run(steps: &mut Steps, data: Option<PathBuf>, arguments: &[String]) -> Result<(), Failure> {
    let repeat = "cargo xtask bench peers".to_owned();
    let failure = |reason: String| Failure {
        step: "the scan and its peers".to_owned(),
        reason,
        repeat: repeat.clone(),
    };
    let none = || failure("no Python with its venv module and a package index can be had".to_owned());
    let python = python::venv(steps, "bench", REQUIREMENTS)?.ok_or_else(none)?;
    if !is_built(steps, &python) {
        let mut pip = steps.command(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "-r",
            BUILT,
        ]);
        if steps.run("building hnswlib", pip).is_err() {
            steps.notice("hnswlib is NOT compared: it could not be built, see above (a C++ compiler?)");
        }
    }
    let program = program::build(steps, "tastekeeper-models", "peers").map_err(failure)?;
    let folder = steps.target().join("peers");
    std::fs::create_dir_all(&folder).map_err(|error| failure(format!("{}: {error}", folder.display())))?;
    let mut compare = steps.command(python);
    compare.arg("models/benches/peers/peers.py").arg(program).arg(&folder);
    if let Some(data) = data {
        compare.arg("--data").arg(data);
    }
    compare.args(arguments);
    steps.run("the scan and its peers", compare)
}

fn is_built(steps: &Steps, python: &Path) -> bool {
    let mut import = steps.command(python);
    import.args(["-c", "import hnswlib"]);
    import.output().is_ok_and(|output| output.status.success())
}
