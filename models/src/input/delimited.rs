//! Logs and lists with a header and a separator.
//!
//! In: records of the csv crate. Out: named fields with their line, or the events of a log.
//! Must never accept a record that runs over a line's end: that is how a missing quote swallows a file.

use std::io::Read;
use std::path::Path;

use super::counted::{BUFFER_BYTES, Budget, Counted};
use super::error::{Column, EXPECTED_ID, FileRole, InputError, Place, ValueKind, id_problem};
use super::kind::EXPECTED_KIND;
use super::log::{LogBuilder, LogColumns};
use super::time::{TimeReader, TimeUnit};
use super::{MAX_ID_BYTES, MAX_LINE_BYTES, open};
use crate::dataset::InteractionKind;

/// A log with a header. Other columns than the named ones are ignored. Names are compared exactly, after spaces
/// around them are cut; spaces around values are cut as well. Fields can be quoted with `"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelimitedFormat {
    /// The byte between fields.
    pub delimiter: u8,
    /// Which columns hold what.
    pub columns: LogColumns,
}

impl DelimitedFormat {
    /// Fields separated by commas.
    #[must_use]
    pub fn csv(user: &str, item: &str) -> Self {
        Self { delimiter: b',', columns: LogColumns::new(user, item) }
    }

    /// Fields separated by tabs.
    #[must_use]
    pub fn tsv(user: &str, item: &str) -> Self {
        Self { delimiter: b'\t', ..Self::csv(user, item) }
    }

    /// With a column of times, their unit found by [`TimeUnit::Auto`].
    #[must_use]
    pub fn time(self, column: &str) -> Self {
        Self { columns: self.columns.time(column), ..self }
    }

    /// With this unit of time.
    #[must_use]
    pub fn time_unit(self, time_unit: TimeUnit) -> Self {
        Self { columns: LogColumns { time_unit, ..self.columns }, ..self }
    }

    /// With a column of event kinds.
    #[must_use]
    pub fn kind(self, column: &str) -> Self {
        Self { columns: self.columns.kind(column), ..self }
    }
}

/// The columns of the delimited file at `path`, from its header. Blocks on disk.
///
/// # Errors
/// Whatever [`InputError`] lists for a header, and a file without one.
pub fn read_columns(path: &Path, delimiter: u8) -> Result<Vec<String>, InputError> {
    let role = FileRole::Log;
    let mut heard = |_| ();
    let table = Table::open(Counted::new(open(path, role)?, &mut heard), delimiter, role)?;
    if table.header.is_empty() { Err(InputError::Empty { role }) } else { Ok(table.header) }
}

/// All events of the file.
pub(super) fn read(
    input: Counted<'_, impl Read>,
    format: &DelimitedFormat,
) -> Result<LogBuilder, InputError> {
    let columns = &format.columns;
    let mut table = Table::open(input, format.delimiter, FileRole::Log)?;
    let user = table.column(&columns.user)?;
    let item = table.column(&columns.item)?;
    let time = columns.time.as_deref().map(|name| table.column(name)).transpose()?;
    let kind = columns.kind.as_deref().map(|name| table.column(name)).transpose()?;
    let mut times = TimeReader::new(columns.time_unit);
    let mut log = LogBuilder::default();
    while table.next()? {
        let kind = match kind {
            None => InteractionKind::View,
            Some(column) => {
                let word = table.field(column)?;
                match columns.kinds.kind(word) {
                    Some(Some(kind)) => kind,
                    Some(None) => {
                        log.skip(word);
                        continue;
                    }
                    None => return Err(table.unexpected(column, EXPECTED_KIND, ValueKind::of(word))),
                }
            }
        };
        let time_ms = match time {
            None => None,
            Some(column) => {
                let text = table.field(column)?;
                let ms = times.read(text);
                Some(ms.map_err(|expected| table.unexpected(column, expected, ValueKind::of(text)))?)
            }
        };
        log.add(table.place(), table.id(user)?, table.id(item)?, kind, time_ms)?;
    }
    Ok(log)
}

/// A delimited file with a header, record by record.
pub(super) struct Table<'p, R> {
    reader: csv::Reader<Counted<'p, R>>,
    budget: Budget,
    role: FileRole,
    pub(super) header: Vec<String>,
    record: csv::ByteRecord,
    /// Where the current record begins, 1-based.
    line: u64,
}

impl<'p, R: Read> Table<'p, R> {
    /// Reads the header.
    pub(super) fn open(input: Counted<'p, R>, delimiter: u8, role: FileRole) -> Result<Self, InputError> {
        let budget = input.budget();
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(input);
        let record = csv::ByteRecord::new();
        let mut table = Self { reader, budget, role, header: Vec::new(), record, line: 1 };
        table.read_record()?;
        for index in 0..table.record.len() {
            let name = table.utf8(index)?;
            if name.len() > MAX_ID_BYTES || name.chars().any(char::is_control) {
                let expected = "a column name of at most 256 bytes without control characters";
                return Err(table.unexpected(index, expected, ValueKind::of(name)));
            }
            if let Some(first) = table.header.iter().position(|other| other == name) {
                let (name, first, second) = (name.to_owned(), first + 1, index + 1);
                return Err(InputError::DuplicateColumn { role, name, first, second });
            }
            let name = name.to_owned();
            table.header.push(name);
        }
        Ok(table)
    }

    /// Where the current record begins.
    pub(super) fn place(&self) -> Place {
        Place::Line(self.line)
    }

    /// The index of a column by its name.
    pub(super) fn column(&self, name: &str) -> Result<usize, InputError> {
        self.header.iter().position(|other| other == name).ok_or_else(|| InputError::MissingColumn {
            role: self.role,
            name: name.to_owned(),
            columns: readable_list(&self.header),
        })
    }

    /// Goes to the next record; `false` at the end.
    pub(super) fn next(&mut self) -> Result<bool, InputError> {
        if !self.read_record()? {
            return Ok(false);
        }
        let (role, line) = (self.role, self.line);
        if let Some(index) = self.record.iter().position(|field| field.contains(&b'\n')) {
            return Err(InputError::LineBreakInField { role, line, column: self.name_of(index) });
        }
        if self.record.len() != self.header.len() {
            let (expected, found) = (self.header.len(), self.record.len());
            return Err(InputError::FieldCount { role, line, expected, found });
        }
        if std::str::from_utf8(self.record.as_slice()).is_err() {
            for index in 0..self.record.len() {
                self.utf8(index)?;
            }
        }
        Ok(true)
    }

    fn read_record(&mut self) -> Result<bool, InputError> {
        self.budget.renew();
        let role = self.role;
        let result = self.reader.read_byte_record(&mut self.record);
        if let Some(position) = self.record.position() {
            self.line = position.line();
        }
        let too_long = InputError::TooLong { role, line: self.line, limit: MAX_LINE_BYTES };
        match result {
            Ok(_) if self.record.as_slice().len() > MAX_LINE_BYTES => Err(too_long),
            Ok(more) => Ok(more),
            Err(_) if self.budget.is_spent() => Err(too_long),
            Err(error) => Err(InputError::Io { role, line: self.line, source: std::io::Error::other(error) }),
        }
    }

    /// A field of the current record.
    pub(super) fn field(&self, index: usize) -> Result<&str, InputError> {
        self.utf8(index)
    }

    /// A field of the current record that is an id.
    pub(super) fn id(&self, index: usize) -> Result<&str, InputError> {
        let text = self.utf8(index)?;
        match id_problem(text) {
            None => Ok(text),
            Some(found) => Err(self.unexpected(index, EXPECTED_ID, found)),
        }
    }

    fn utf8(&self, index: usize) -> Result<&str, InputError> {
        let bytes = self.record.get(index).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|_| InputError::NotUtf8 {
            role: self.role,
            at: self.place(),
            column: self.name_of(index),
        })
    }

    pub(super) fn name_of(&self, index: usize) -> Column {
        self.header.get(index).map_or(Column::Number(index + 1), |name| Column::Name(name.clone()))
    }

    pub(super) fn unexpected(&self, index: usize, expected: &'static str, found: ValueKind) -> InputError {
        InputError::Unexpected {
            role: self.role,
            at: self.place(),
            column: self.name_of(index),
            expected,
            found,
        }
    }
}

/// At most twenty names, quoted.
pub(super) fn readable_list(names: &[String]) -> String {
    let mut list: Vec<String> = names.iter().take(20).map(|name| format!("`{name}`")).collect();
    if names.len() > list.len() {
        list.push(format!("and {} more", names.len() - list.len()));
    }
    if list.is_empty() { "none".to_owned() } else { list.join(", ") }
}

#[cfg(test)]
#[path = "delimited_tests.rs"]
mod tests;
