//! The part `python`: the wheel is built as it ships, installed, and everything Python can ask of it is tested.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python;
use crate::steps::{Failure, Steps};

/// Builds wheel and test library, installs the wheel into an environment of its own, and runs the package's tests.
///
/// # Errors
/// A test that fails, a build that fails, and also a Python that cannot be had: the bindings count only when they were run.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let python = environment(steps)?;
    let target = target(steps.root(), std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from));
    let hazards = hazards(steps, &target)?;
    let package = target.join("hazards").join("python");
    let mut build = builder(steps, &python, &target);
    build.arg("--package").arg(&package).env("TASTEKEEPER_LIBRARY", hazards);
    steps.run("the Python package with the call that panics", build)?;
    install(steps, &python, &target)?;
    let mut tests = steps.command(&python);
    tests.arg("bindings/python/tests/run.py").env("TASTEKEEPER_HAZARDS", package).env("RUST_BACKTRACE", "0");
    steps.run_tests("the package in Python", tests)
}

/// Shows what calls cost in Python next to Rust: `cargo xtask bench python`.
///
/// # Errors
/// A build that fails, or a Python that cannot be had.
pub(crate) fn bench(steps: &mut Steps) -> Result<(), Failure> {
    let python = environment(steps)?;
    let target = target(steps.root(), std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from));
    install(steps, &python, &target)?;
    build_calls(steps)?;
    let mut measure = steps.command(&python);
    measure.arg("bindings/python/benches/calls.py");
    measure.arg(target.join("release").join("tastekeeper")).arg(target.join("ship/examples/calls"));
    steps.run("what calls cost", measure)
}

/// Builds what the cost of calls in any language is measured with and compared with: `release/tastekeeper` and
/// `ship/examples/calls` in the target folder.
pub(crate) fn build_calls(steps: &mut Steps) -> Result<(), Failure> {
    let command =
        steps.cargo(&["build", "--locked", "--release", "-p", "tastekeeper-models", "--bin", "tastekeeper"]);
    steps.run("the tastekeeper command", command)?;
    let arguments = ["build", "--locked", "--profile", "ship", "-p", "tastekeeper-ffi", "--example", "calls"];
    let command = steps.cargo(&arguments);
    steps.run("the calls in Rust", command)
}

/// The Python that the package is installed into.
fn environment(steps: &mut Steps) -> Result<PathBuf, Failure> {
    python::venv(steps, "python", "bindings/python/requirements-test.txt")?.ok_or_else(|| Failure {
        step: "python: the package".to_owned(),
        reason: "no Python with its venv module and a package index can be had".to_owned(),
        repeat: "apt-get install python3-venv && cargo xtask test python".to_owned(),
    })
}

fn builder(steps: &Steps, python: &Path, target: &Path) -> Command {
    let mut build = steps.command(python);
    build.arg("bindings/python/build_wheel.py").env("CARGO_TARGET_DIR", target);
    build.env("CARGO", std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build
}

/// Builds the wheel as it ships, and installs it.
fn install(steps: &mut Steps, python: &Path, target: &Path) -> Result<(), Failure> {
    let wheels = target.join("python");
    // A wheel of before must not be the one that is tested.
    let _ = std::fs::remove_dir_all(&wheels);
    let mut build = builder(steps, python, target);
    build.arg(&wheels);
    steps.run("the Python wheel", build)?;
    let mut install = steps.command(python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
    ]);
    install.args(["--force-reinstall", "--find-links"]).arg(&wheels).arg("tastekeeper");
    steps.run("installing the wheel", install)
}

/// The library with the call that panics, for the tests of every language: otherwise as it ships, and so from the same builds of
/// all that it depends on. It is copied to a folder of its own, because the one that ships has the same name.
pub(crate) fn hazards(steps: &mut Steps, target: &Path) -> Result<PathBuf, Failure> {
    let mut build =
        steps.cargo(&["rustc", "--locked", "--profile", "ship", "-p", "tastekeeper-ffi", "--lib"]);
    build.args(["--features", "hazards", "--crate-type", "cdylib"]).env("CARGO_TARGET_DIR", target);
    let repeat = "cargo rustc --profile ship -p tastekeeper-ffi --lib --features hazards --crate-type cdylib";
    steps.run("the library with the call that panics", build)?;
    let name = format!("{}tastekeeper_ffi{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let (built, folder) = (target.join("ship").join(&name), target.join("hazards"));
    let copied = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::copy(&built, folder.join(&name)))
        .map_err(|error| Failure {
            step: "the library with the call that panics".to_owned(),
            reason: format!("{}: {error}", built.display()),
            repeat: repeat.to_owned(),
        });
    copied.map(|_| folder.join(name))
}

/// Where cargo builds.
fn target(root: &Path, named: Option<PathBuf>) -> PathBuf {
    root.join(named.unwrap_or_else(|| "target".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_built_where_cargo_builds() {
        let root = Path::new("/checkout");
        assert_eq!(target(root, None), Path::new("/checkout/target"));
        assert_eq!(target(root, Some("/elsewhere".into())), Path::new("/elsewhere"));
        assert_eq!(target(root, Some("other".into())), Path::new("/checkout/other"));
    }
}
