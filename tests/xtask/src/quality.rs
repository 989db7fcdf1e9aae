//! The parts `audits` and `quality`: what takes minutes of the tests of the part `rust` and is left out there, from the same builds:
//! optimised, and with their checks.

use crate::rust::left_out;
use crate::steps::{Failure, Steps};

/// Audits reports from outside, and compares the tables of the documentation.
///
/// # Errors
/// A report that tells too much, or a table that is not what the library computes.
pub(crate) fn audits(steps: &mut Steps) -> Result<(), Failure> {
    let audits = left_out(steps, &["--test=reports_are_exact", "--test=reports_withstand_an_audit"]);
    steps.run_tests("reports, audited from outside", audits)?;
    let tables = left_out(steps, &["--lib"]);
    steps.run_tests("tables of the documentation", tables)
}

/// Trains and evaluates on the development data. Without it the tests say that they did not run.
///
/// # Errors
/// A figure that is not reached.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let figures = left_out(
        steps,
        &[
            "--test=baselines_on_published_data",
            "--test=published_figures",
            "--test=gates_find_broken_models",
        ],
    );
    steps.run_tests("figures on published logs", figures)
}
