//! The part `quality`: the command's figures on published logs, in the build that ships.

use crate::steps::{Failure, Steps};

/// Audits reports from outside, and trains and evaluates on the development data; minutes. Without the data the tests say that they did not run.
///
/// # Errors
/// A figure that is not reached.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let arguments = [
        "test",
        "--locked",
        "--release",
        "-p",
        "tastekeeper-tests",
        "--test",
        "reports_are_exact",
        "--test",
        "reports_withstand_an_audit",
        "--",
        "--ignored",
        "--nocapture",
    ];
    let tests = steps.cargo(&arguments);
    steps.run_tests("reports, audited from outside", tests)?;
    let arguments = [
        "test",
        "--locked",
        "--release",
        "-p",
        "tastekeeper-models",
        "--lib",
        "--test",
        "baselines_on_published_data",
        "--test",
        "published_figures",
        "--test",
        "gates_find_broken_models",
        "--",
        "--ignored",
        "--nocapture",
    ];
    let mut tests = steps.cargo(&arguments);
    tests.env("RUST_BACKTRACE", "0");
    steps.run_tests("figures on published logs", tests)
}
