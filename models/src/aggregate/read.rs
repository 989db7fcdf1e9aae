//! Reports from a stream, one at a time.
//!
//! In: 24 bytes after 24 bytes, or lines of `{"report": "<base64>"}`. Out: counts in a [`Tally`]. Whatever is no report is
//! counted as refused and reading goes on. Must never hold more than one line, or keep what a line carries beside the report.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tastekeeper::report::{REPORT_BYTES, WireProblem};

use super::{Refused, Tally};

/// Longest line that may be a report.
pub const MAX_LINE_BYTES: usize = 256;
/// Reports between two calls of `progress`.
const STEP: u64 = 4096;

/// How reports are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// A JSON object a line with one field, `report`: the 24 bytes in base64.
    Ndjson,
    /// 24 bytes each, nothing between them.
    Binary,
}

impl ReportFormat {
    /// The format of a stream that begins like this: JSON begins with a brace or space, a report never does.
    #[must_use]
    pub fn of(begin: &[u8]) -> Self {
        match begin.first() {
            Some(b'{' | b' ' | b'\t' | b'\r' | b'\n') | None => Self::Ndjson,
            Some(_) => Self::Binary,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    report: Cow<'a, str>,
}

/// Counts every report of `input`. `progress` is told how many were read since it was told before.
///
/// # Errors
/// Those of `input`; what was read before is counted.
pub fn read_reports(
    input: &mut impl BufRead,
    format: Option<ReportFormat>,
    tally: &mut Tally,
    progress: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let format = match format {
        Some(format) => format,
        None => ReportFormat::of(input.fill_buf()?),
    };
    let mut since = 0;
    let mut buffer = Vec::with_capacity(MAX_LINE_BYTES + 1);
    while read_one(input, format, &mut buffer)? {
        match format {
            ReportFormat::Binary => tally.take(&buffer),
            ReportFormat::Ndjson => match trimmed(&buffer) {
                [] => {}
                line => match decoded(line) {
                    Ok(bytes) => tally.take(&bytes),
                    Err(refused) => tally.refuse(refused),
                },
            },
        }
        since += 1;
        if since == STEP {
            progress(since);
            since = 0;
        }
    }
    progress(since);
    Ok(())
}

/// The next report or line, cut off after a byte too many; `false` at the end.
fn read_one(input: &mut impl BufRead, format: ReportFormat, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    match format {
        ReportFormat::Binary => input.take(REPORT_BYTES as u64).read_to_end(buffer)?,
        ReportFormat::Ndjson => {
            let read = input.take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', buffer)?;
            if read > MAX_LINE_BYTES && buffer.last() != Some(&b'\n') {
                input.skip_until(b'\n')?;
            }
            read
        }
    };
    Ok(!buffer.is_empty())
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.trim_ascii()
}

fn decoded(line: &[u8]) -> Result<Vec<u8>, Refused> {
    if line.len() > MAX_LINE_BYTES {
        return Err(Refused::Line);
    }
    let line: Line = serde_json::from_slice(line).map_err(|_| Refused::Line)?;
    // 24 bytes are 32 characters without padding
    if line.report.len() != REPORT_BYTES / 3 * 4 {
        return Err(Refused::Bytes(WireProblem::Length));
    }
    STANDARD.decode(line.report.as_bytes()).map_err(|_| Refused::Line)
}
