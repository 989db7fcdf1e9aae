//! The part `peers`: our metrics are a well-known library's.

use crate::python;
use crate::steps::{Failure, Steps};

/// Compares every metric with `RecTools`, on random lists and on the engine's.
///
/// # Errors
/// A figure that differs by more than 1e-9.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let Some(python) = python::venv(steps, "metrics", "tests/python/requirements-metrics.txt")? else {
        return Ok(());
    };
    let arguments =
        ["test", "--locked", "--release", "-p", "tastekeeper-models", "--test", "metrics_equal_rectools"];
    let mut tests = steps.cargo(&arguments);
    tests
        .args(["--", "--ignored", "--nocapture"])
        .env("TASTEKEEPER_METRICS_PYTHON", python)
        .env("RUST_BACKTRACE", "0");
    steps.run_tests("metrics beside RecTools", tests)
}
