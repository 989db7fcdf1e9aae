//! The part `peers`: our metrics are a well-known library's.

use crate::python;
use crate::rust::left_out;
use crate::steps::{Failure, Steps};

/// Compares every metric with `RecTools`, on random lists and on the engine's.
///
/// # Errors
/// A figure that differs by more than 1e-9.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let Some(python) = python::venv(steps, "metrics", "tests/python/requirements-metrics.txt")? else {
        return Ok(());
    };
    let mut tests = left_out(steps, &["--test=metrics_equal_rectools"]);
    tests.env("TASTEKEEPER_METRICS_PYTHON", python);
    steps.run_tests("metrics beside RecTools", tests)
}
