//! A report out of its JSON.

use super::{REPORT_VERSION, Report};

/// Why a file is no report of this version.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not JSON, or a field is missing or of another type.
    #[error(
        "no report: not as expected at line {line}, column {column}{hint}; write it again with `tastekeeper evaluate`"
    )]
    Malformed {
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// What it may be.
        hint: &'static str,
    },
    /// Of another version.
    #[error(
        "a report of version {found}, and this is for version {REPORT_VERSION}; write it again with `tastekeeper evaluate`"
    )]
    Version {
        /// Its version.
        found: u64,
    },
}

/// Reads what `report.json` holds.
///
/// # Errors
/// [`ReadError`] with the place. No value of the file is repeated.
pub fn from_json(bytes: &[u8]) -> Result<Report, ReadError> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: u64,
    }
    let malformed = |error: serde_json::Error| ReadError::Malformed {
        line: error.line(),
        column: error.column(),
        // a figure that is not a number is `null` in JSON
        hint: if error.to_string().contains("null") { " (a figure that is not a number)" } else { "" },
    };
    let Versioned { version } = serde_json::from_slice(bytes).map_err(malformed)?;
    if version != u64::from(REPORT_VERSION) {
        return Err(ReadError::Version { found: version });
    }
    serde_json::from_slice(bytes).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;

    #[test]
    fn a_report_comes_back_and_others_are_refused_with_the_place() {
        let text = serde_json::to_string_pretty(&sample()).unwrap();
        assert_eq!(from_json(text.as_bytes()).unwrap(), sample());
        let said = |text: &str| from_json(text.as_bytes()).unwrap_err().to_string();
        assert!(said("{\"version\": 1}").contains("of version 1, and this is for version 2"));
        assert!(said("{\n").contains("at line 2, column"));
        assert!(said("{\"version\": 2}").contains("no report"));
        let nan = text.replacen("\"value\": 0.106", "\"value\": null", 1);
        assert!(nan != text && said(&nan).contains("(a figure that is not a number)"));
        assert!(!said(&text.replace("\"cases\": 22363", "\"cases\": \"secret\"")).contains("secret"));
    }
}
