//! The part `quality`: reports audited from outside, and the command's figures on published logs.

use crate::rust::left_out;
use crate::steps::{Failure, Steps};

/// Audits reports from outside, and trains and evaluates on the development data; minutes. Without the data the tests say that they
/// did not run. They are those tests of the part `rust` that are left out there, from the same builds: optimised, and with their checks.
///
/// # Errors
/// A figure that is not reached.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let audits = left_out(steps, &["--test=reports_are_exact", "--test=reports_withstand_an_audit"]);
    steps.run_tests("reports, audited from outside", audits)?;
    let tables = left_out(steps, &["--lib"]);
    steps.run_tests("tables of the documentation", tables)?;
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
