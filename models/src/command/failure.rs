//! Why the command stopped: one line for people, a code for scripts.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::evaluate::EvaluateError;
use crate::pack::PackError;

/// The arguments or the files given are not right.
const INPUT: u8 = 2;
/// The command could not do what was asked.
const OPERATION: u8 = 1;
/// A gate failed, or a store is not in order; nothing else of `gate` and `privacy-report` ends with this.
const JUDGED_BAD: u8 = 1;

/// See the module.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Something given is not right.
    pub(super) fn input(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: INPUT }
    }

    /// Something did not work.
    pub(super) fn operation(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: OPERATION }
    }

    /// A gate of a release failed.
    pub(super) fn gate_failed(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: JUDGED_BAD }
    }

    /// What was looked at is not in order.
    pub(super) fn not_in_order(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: JUDGED_BAD }
    }

    /// The same failure, where 1 is kept for what was judged.
    pub(super) fn not_judged(self) -> Self {
        Self { code: INPUT, ..self }
    }

    /// A file given is not right.
    pub(super) fn in_file(path: &Path, error: &dyn Error) -> Self {
        Self::input(format!("{}: {}", path.display(), chain(error)))
    }

    /// A file could not be written.
    pub(super) fn writing(path: &Path, error: &std::io::Error) -> Self {
        Self::operation(format!("{} could not be written: {error}; the file is as it was", path.display()))
    }

    /// A pack could not be made.
    pub(super) fn packing(error: PackError) -> Self {
        match error {
            PackError::File(error) => Self::operation(format!("no pack was written: {error}")),
            error => Self::input(format!("no pack was written: {error}")),
        }
    }

    /// Nothing was evaluated.
    pub(super) fn evaluating(error: &EvaluateError) -> Self {
        match error {
            EvaluateError::Engine(_) => Self::operation(error),
            _ => Self::input(error),
        }
    }

    /// Says so on standard error. The code to leave with.
    pub(super) fn report(&self) -> ExitCode {
        super::progress::say(&format!("error: {}", self.message));
        ExitCode::from(self.code)
    }
}

/// An error and its sources, on one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut out = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let text = error.to_string();
        if !out.ends_with(&text) {
            write!(out, ": {text}").expect("a string takes text");
        }
        source = error.source();
    }
    out.replace(['\n', '\r'], " ")
}
