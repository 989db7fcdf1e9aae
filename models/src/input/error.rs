//! What can be wrong with a file, and where.
//!
//! In: a place and an expectation. Out: a message that a person can act on with the file open in front of them.
//! Must never carry a value of the file: only its kind and length. Column names are the exception.

use std::fmt;
use std::io;

use super::MAX_ID_BYTES;

/// Which of the files it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileRole {
    /// The log of interactions.
    Log,
    /// The JSON file of attributes by item.
    Attributes,
    /// The delimited list of items.
    Items,
    /// The catalogue, one JSON object a line.
    Catalog,
    /// Transitions that an engine counted.
    Transitions,
    /// Events per item that an engine counted.
    Counts,
}

impl fmt::Display for FileRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log => "log",
            Self::Attributes => "attributes file",
            Self::Items => "items file",
            Self::Catalog => "catalogue",
            Self::Transitions => "transitions",
            Self::Counts => "counts",
        })
    }
}

/// How far into a file. Counts from 1; 0 is the file as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of text.
    Line(u64),
    /// A row of a table without lines.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Row(number) => write!(f, "row {number}"),
        }
    }
}

/// Where in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// 1-based: the field of a line of sequences, or the character of a JSON file.
    Number(usize),
    /// The column's name in the header, or the field's in a JSON object.
    Name(String),
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "column {number}"),
            Self::Name(name) => write!(f, "column `{name}`"),
        }
    }
}

/// What stood there instead, without saying what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueKind {
    /// Nothing, or only spaces.
    Empty,
    /// No such field.
    Missing,
    /// A whole number.
    Integer,
    /// A number with a fraction or exponent, or not finite.
    Decimal,
    /// A text of so many bytes.
    Text(usize),
    /// A text with a control character such as a line break or NUL, of so many bytes.
    ControlCharacter(usize),
    /// JSON `null`.
    Null,
    /// JSON `true` or `false`.
    Bool,
    /// A JSON list of so many values.
    List(usize),
    /// A JSON object of so many fields.
    Object(usize),
}

impl ValueKind {
    /// The kind of a text field.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            Self::Empty
        } else if text.parse::<i128>().is_ok() {
            Self::Integer
        } else if text.parse::<f64>().is_ok() {
            Self::Decimal
        } else if text.chars().any(char::is_control) {
            Self::ControlCharacter(text.len())
        } else {
            Self::Text(text.len())
        }
    }

    /// The kind of a JSON value.
    #[must_use]
    pub fn of_json(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Number(number) if number.is_f64() => Self::Decimal,
            Value::Number(_) => Self::Integer,
            Value::String(text) => match Self::of(text) {
                Self::Empty => Self::Empty,
                Self::ControlCharacter(bytes) => Self::ControlCharacter(bytes),
                _ => Self::Text(text.len()),
            },
            Value::Array(values) => Self::List(values.len()),
            Value::Object(fields) => Self::Object(fields.len()),
        }
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("nothing"),
            Self::Missing => f.write_str("no such field"),
            Self::Integer => f.write_str("a whole number"),
            Self::Decimal => f.write_str("a decimal number"),
            Self::Text(bytes) => write!(f, "text of {bytes} bytes"),
            Self::ControlCharacter(bytes) => {
                write!(f, "text of {bytes} bytes with a control character in it")
            }
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("a boolean"),
            Self::List(values) => write!(f, "a list of {values}"),
            Self::Object(fields) => write!(f, "an object of {fields} fields"),
        }
    }
}

/// Why a file was refused. Lines are 1-based; 0 is the file as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The file cannot be opened.
    #[error("{role}: cannot be opened")]
    Open {
        /// Which file.
        role: FileRole,
        /// What the operating system said.
        source: io::Error,
    },
    /// Reading stopped on the way.
    #[error("{role}: cannot be read after line {line}")]
    Io {
        /// Which file.
        role: FileRole,
        /// The last line that was read.
        line: u64,
        /// What the operating system said.
        source: io::Error,
    },
    /// There is no event in it.
    #[error("{role}: holds no events")]
    Empty {
        /// Which file.
        role: FileRole,
    },
    /// A line or record is longer than the limit.
    #[error("{role}, line {line}: longer than {limit} bytes; is a quote or a line break missing?")]
    TooLong {
        /// Which file.
        role: FileRole,
        /// Where it begins.
        line: u64,
        /// The longest that is read.
        limit: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("{role}, {at}, {column}: expected utf-8")]
    NotUtf8 {
        /// Which file.
        role: FileRole,
        /// Where.
        at: Place,
        /// Where in the line: the first byte, or the column's name.
        column: Column,
    },
    /// A value of another kind than expected.
    #[error("{role}, {at}, {column}: expected {expected}, found {found}")]
    Unexpected {
        /// Which file.
        role: FileRole,
        /// Where.
        at: Place,
        /// Where in the line.
        column: Column,
        /// What can stand there.
        expected: &'static str,
        /// What kind of value stood there.
        found: ValueKind,
    },
    /// A line has more or fewer fields than the header.
    #[error("{role}, line {line}: expected {expected} fields as in the header, found {found}")]
    FieldCount {
        /// Which file.
        role: FileRole,
        /// Where.
        line: u64,
        /// Fields of the header.
        expected: usize,
        /// Fields of the line.
        found: usize,
    },
    /// A field goes on over the end of its line.
    #[error("{role}, line {line}, {column}: a quoted field holds a line break; is a closing quote missing?")]
    LineBreakInField {
        /// Which file.
        role: FileRole,
        /// Where the record begins.
        line: u64,
        /// The field.
        column: Column,
    },
    /// A column that was asked for is not there.
    #[error("{role}: no column `{name}`; the columns are {columns}")]
    MissingColumn {
        /// Which file.
        role: FileRole,
        /// What was asked for.
        name: String,
        /// What the header says, as a readable list.
        columns: String,
    },
    /// Two columns have one name.
    #[error("{role}: columns {first} and {second} are both called `{name}`")]
    DuplicateColumn {
        /// Which file.
        role: FileRole,
        /// The name.
        name: String,
        /// 1-based.
        first: usize,
        /// 1-based.
        second: usize,
    },
    /// A column holds values of a type that cannot stand there.
    #[error("{role}, column `{name}`: expected {expected}, the file has {found}")]
    ColumnType {
        /// Which file.
        role: FileRole,
        /// The column.
        name: String,
        /// What can stand there.
        expected: &'static str,
        /// What the file says its values are.
        found: &'static str,
    },
    /// Not a Parquet file, not a whole one, or one with something this reader does not know.
    #[error(
        "{role}, after row {row}: not a whole parquet file, or one with something unknown in it; write it again with snappy or zstd"
    )]
    Parquet {
        /// Which file.
        role: FileRole,
        /// The last row that was read.
        row: u64,
        /// What the parquet library said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An item is described twice.
    #[error("{role}, {at}: this item was described before")]
    DuplicateItem {
        /// Which file.
        role: FileRole,
        /// The second description.
        at: Place,
    },
    /// A category node stands under two different parents.
    #[error(
        "{role}, {at}, {column}: this category stood under another parent before; \
         if the parts of a path are names and not ids, read them as paths"
    )]
    CategoryConflict {
        /// Which file.
        role: FileRole,
        /// Where.
        at: Place,
        /// The category's field.
        column: Column,
    },
    /// A limit on the number of things.
    #[error("{role}, {at}: more than {limit} {what}")]
    TooMany {
        /// Which file.
        role: FileRole,
        /// Where the limit was passed.
        at: Place,
        /// Of what.
        what: &'static str,
        /// How many there can be.
        limit: usize,
    },
    /// Not JSON.
    #[error("{role}, line {line}, {column}: expected {expected}")]
    Json {
        /// Which file.
        role: FileRole,
        /// Where.
        line: u64,
        /// The character.
        column: Column,
        /// What can stand there.
        expected: &'static str,
    },
}

/// What an id must be; stands in errors.
pub(crate) const EXPECTED_ID: &str = "an id of 1 to 256 bytes without control characters";

/// `None` if `text` can be an id, else what it is.
pub(crate) fn id_problem(text: &str) -> Option<ValueKind> {
    if text.trim().is_empty() {
        Some(ValueKind::Empty)
    } else if text.chars().any(char::is_control) {
        Some(ValueKind::ControlCharacter(text.len()))
    } else if text.len() > MAX_ID_BYTES {
        Some(ValueKind::Text(text.len()))
    } else {
        None
    }
}

/// A limit that was passed: of what, and how many there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) what: &'static str,
    pub(crate) limit: usize,
}

impl Full {
    pub(crate) fn at(self, role: FileRole, at: Place) -> InputError {
        InputError::TooMany { role, at, what: self.what, limit: self.limit }
    }
}
