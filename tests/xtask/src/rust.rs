//! The part `rust`: everything that needs only the Rust toolchain.

use std::process::Command;

use crate::deny;
use crate::steps::{Failure, Steps};

/// The feature with report shares, of the engine and of the tests of promises.
const PRIO: &str = "tastekeeper/prio,tastekeeper-tests/prio";
/// The two, and a third one that asks for the same features of all dependencies as the workspace does, so that they are not
/// compiled again.
const WITH_SHARES: &[&str] = &["-p", "tastekeeper", "-p", "tastekeeper-tests", "-p", "tastekeeper-bindgen"];

/// Formats, lints, dependencies, tests, and a build of the engine without a C compiler.
///
/// # Errors
/// The first step that fails.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let format = steps.cargo(&["fmt", "--all", "--check"]);
    steps.run("format", format)?;

    let lints = steps.cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    steps.run("lints", lints)?;

    // Report shares are compiled only where somebody asks for them.
    let mut lints = steps.cargo(&["clippy", "--locked"]);
    lints.args(WITH_SHARES).args(["--features", PRIO, "--all-targets", "--", "-D", "warnings"]);
    steps.run("lints of report shares", lints)?;

    deny::run(steps)?;

    // Every test binary runs even when one fails, so that the count is whole.
    let mut tests = steps.cargo(&["test", "--locked", "--workspace", "--no-fail-fast"]);
    tests.env("RUST_BACKTRACE", "0");
    steps.run_tests("tests", tests)?;

    let mut shares = steps.cargo(&["test", "--locked"]);
    shares.args(WITH_SHARES).args(["--no-fail-fast", "--features", PRIO, "--lib"]);
    for test in [
        "privacy_is_as_written",
        "reports_are_exact",
        "reports_are_read_strictly",
        "shares_add_up",
        "shares_leave_once",
    ] {
        shares.args(["--test", test]);
    }
    shares.env("RUST_BACKTRACE", "0");
    steps.run_tests("tests of report shares", shares)?;

    // A build script that asks for a C or C++ compiler gets one that always fails. The linker that builds the build
    // scripts themselves is another program, chosen by rustc: it is needed on the machine that builds, and it
    // compiles no C.
    let mut without_c = steps.cargo(&["check", "--locked", "-p", "tastekeeper"]);
    for name in ["CC", "CXX", "HOST_CC", "HOST_CXX", "TARGET_CC", "TARGET_CXX"] {
        without_c.env(name, "false");
    }
    steps.run("no C compiler", without_c)
}

/// Those tests of the `targets` that [`run`] leaves out by their own mark. It has built them: what is selected here has the same
/// features and the same profile.
pub(crate) fn left_out(steps: &Steps, targets: &[&str]) -> Command {
    let mut tests = steps.cargo(&["test", "--locked", "--workspace"]);
    tests.args(targets).args(["--", "--ignored", "--nocapture"]).env("RUST_BACKTRACE", "0");
    tests
}
