//! Virtual environments for tests that compare with a program written in Python.
//!
//! They are kept outside the checkout, so that a fresh clone finds them again. Where Python or the package index is out of
//! reach the tests do not run and the summary says so; with `CI=true` that is a failure.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::steps::{Failure, Steps};

/// Holds the requirements an environment was made from. Written last: an interrupted installation is made anew.
const MARK: &str = "installed.txt";

/// The Python program of the environment `venv-<name>`, made from `requirements` (a path in the workspace) when it is not
/// there or was made from other requirements; `None` when it cannot be had and need not be.
///
/// # Errors
/// When it cannot be had although `CI` is `true`, or there is no folder for it.
pub(crate) fn venv(steps: &mut Steps, name: &str, requirements: &str) -> Result<Option<PathBuf>, Failure> {
    let failure = |reason: String| Failure {
        step: format!("python: {name}"),
        reason,
        repeat: format!("python3 -m venv .venv && .venv/bin/pip install -r {requirements}"),
    };
    let file = steps.root().join(requirements);
    let wanted =
        std::fs::read_to_string(&file).map_err(|error| failure(format!("{requirements}: {error}")))?;
    let variable = |name: &str| std::env::var_os(name);
    let folder = cache::folder(&format!("venv-{name}"), variable)
        .ok_or_else(|| failure("there is no folder for it: set XDG_CACHE_HOME".to_owned()))?;
    let python = program(&folder);
    let mark = folder.join(MARK);
    if python.is_file() && std::fs::read_to_string(&mark).is_ok_and(|found| found == wanted) {
        return Ok(Some(python));
    }
    println!("installing {requirements} into {}, once", folder.display());
    match install(steps, &folder, &file)
        .and_then(|()| std::fs::write(&mark, &wanted).map_err(|error| format!("{}: {error}", mark.display())))
    {
        Ok(()) => Ok(Some(python)),
        Err(reason) if is_required(variable) => Err(failure(reason)),
        Err(reason) => {
            steps.notice(&format!("tests with Python ({name}) do NOT run: {reason}"));
            Ok(None)
        }
    }
}

fn install(steps: &Steps, folder: &Path, requirements: &Path) -> Result<(), String> {
    let mut make = steps.command(if cfg!(windows) { "python" } else { "python3" });
    make.args(["-m", "venv", "--clear"]).arg(folder);
    quiet("python3 -m venv", make)?;
    let mut pip = steps.command(program(folder));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "-r"]);
    pip.arg(requirements);
    quiet("pip install", pip)
}

/// Runs `command`; its last words if it fails.
fn quiet(what: &str, mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{what} could not be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = messages.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    Err(format!("{what} failed: {}", last.trim()))
}

/// The environment's Python.
fn program(folder: &Path) -> PathBuf {
    if cfg!(windows) { folder.join("Scripts").join("python.exe") } else { folder.join("bin").join("python") }
}

fn is_required(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    variable("CI").is_some_and(|value| value == "true" || value == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable<'a>(variables: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> + use<'a> {
        |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
    }

    #[test]
    fn only_ci_insists() {
        assert!(is_required(variable(&[("CI", "true")])));
        assert!(!is_required(variable(&[("CI", "false")])) && !is_required(variable(&[])));
    }

    #[cfg(unix)]
    #[test]
    fn a_failed_installation_says_its_last_words() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first >&2; echo 'no such package' >&2; exit 1"]);
        assert_eq!(quiet("pip install", command).unwrap_err(), "pip install failed: no such package");
        assert!(quiet("x", Command::new("/no/such/program")).unwrap_err().contains("could not be run"));
        assert!(quiet("x", Command::new("true")).is_ok());
    }
}
