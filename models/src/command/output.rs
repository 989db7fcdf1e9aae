//! Standard output, which the reader may close at any time (`tastekeeper inspect .. | head`).
//!
//! After that nothing more is written, and the command ends as if all had been read.

use std::fmt;
use std::io::{self, ErrorKind, StdoutLock, Write};

use super::failure::Failure;

/// See the module.
pub(super) struct Output {
    to: StdoutLock<'static>,
    closed: bool,
    failed: Option<io::Error>,
}

impl Output {
    pub(super) fn stdout() -> Self {
        Self { to: io::stdout().lock(), closed: false, failed: None }
    }

    /// Writes a line.
    pub(super) fn line(&mut self, text: impl fmt::Display) {
        if !self.closed
            && let Err(error) = writeln!(self.to, "{text}").and_then(|()| self.to.flush())
        {
            self.closed = true;
            self.failed = Some(error).filter(|error| error.kind() != ErrorKind::BrokenPipe);
        }
    }

    /// Whether everything arrived, or was not wanted.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self.failed {
            None => Ok(()),
            Some(error) => Err(Failure::operation(format!("standard output: {error}"))),
        }
    }
}

/// The shortest decimal that is this value in 32 bits: 0.2 and not 0.20000000298.
pub(super) fn plain(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}
