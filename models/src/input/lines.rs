//! Lines of a text file, one at a time.
//!
//! In: bytes. Out: lines as UTF-8 without their end (LF or CRLF) and without a byte order mark.
//! Must never hold more than one line, and none longer than the limit.

use std::io::{BufRead, BufReader, Read};

use super::MAX_LINE_BYTES;
use super::counted::{BUFFER_BYTES, Budget, Counted};
use super::error::{Column, FileRole, InputError, Place};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// See the module.
pub(crate) struct Lines<'p, R> {
    reader: BufReader<Counted<'p, R>>,
    budget: Budget,
    role: FileRole,
    line: u64,
    buffer: Vec<u8>,
}

impl<'p, R: Read> Lines<'p, R> {
    pub(crate) fn new(input: Counted<'p, R>, role: FileRole) -> Self {
        let budget = input.budget();
        let reader = BufReader::with_capacity(BUFFER_BYTES, input);
        Self { reader, budget, role, line: 0, buffer: Vec::new() }
    }

    /// The next line and its 1-based number, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &str)>, InputError> {
        let role = self.role;
        self.buffer.clear();
        self.budget.renew();
        // Two more than the limit, for the line's end.
        let mut limited = (&mut self.reader).take(MAX_LINE_BYTES as u64 + 2);
        let read = limited.read_until(b'\n', &mut self.buffer).map_err(|source| InputError::Io {
            role,
            line: self.line,
            source,
        })?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        let line = self.line;
        let mut bytes = self.buffer.as_slice();
        if let Some(rest) = bytes.strip_suffix(b"\n") {
            bytes = rest.strip_suffix(b"\r").unwrap_or(rest);
        }
        if bytes.len() > MAX_LINE_BYTES {
            return Err(InputError::TooLong { role, line, limit: MAX_LINE_BYTES });
        }
        if line == 1 {
            bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        }
        let text = std::str::from_utf8(bytes).map_err(|error| InputError::NotUtf8 {
            role,
            at: Place::Line(line),
            column: Column::Number(error.valid_up_to() + 1),
        })?;
        Ok(Some((line, text)))
    }
}
