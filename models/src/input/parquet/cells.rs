//! Batches of typed cells.
//!
//! In: values as a column reader decoded them. Out: cells by column and row. Must never mix two columns' rows.

use crate::input::error::{Column, EXPECTED_ID, FileRole, InputError, Place, ValueKind, id_problem};
use crate::input::parquet::Want;

/// Texts in one allocation, some of them missing.
#[derive(Debug, Default)]
pub struct Texts {
    text: String,
    /// Where each text ends, and whether there is one.
    ends: Vec<(usize, bool)>,
}

impl Texts {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push((self.text.len(), true));
    }

    /// Appends what `write` appends, as one text.
    pub(super) fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.ends.push((self.text.len(), true));
    }

    pub(super) fn push_null(&mut self) {
        self.ends.push((self.text.len(), false));
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text at `index`; `None` where there is none.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&str> {
        let &(end, present) = self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].0);
        present.then(|| &self.text[start..end])
    }
}

/// The cells of one column.
#[derive(Debug)]
pub(super) enum Cells {
    Texts(Texts),
    /// Texts, and where each row's end in them.
    Lists(Texts, Vec<usize>),
    Times(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
}

impl Cells {
    pub(super) fn new(want: Want) -> Self {
        match want {
            Want::Id | Want::Text => Self::Texts(Texts::default()),
            Want::List => Self::Lists(Texts::default(), Vec::new()),
            Want::Time(_) => Self::Times(Vec::new()),
            Want::Number => Self::Numbers(Vec::new()),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Lists(_, ends) => ends.len(),
            Self::Times(times) => times.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Texts(texts) => texts.clear(),
            Self::Lists(texts, ends) => {
                texts.clear();
                ends.clear();
            }
            Self::Times(times) => times.clear(),
            Self::Numbers(numbers) => numbers.clear(),
        }
    }
}

/// Some rows of the columns asked for. Columns are numbered as they were asked for, rows from 0.
///
/// # Panics
/// Every method, for a column that was asked for as something else, or a row or column that is not there.
#[derive(Debug)]
pub struct Batch {
    role: FileRole,
    /// Of this batch, 1-based in the file.
    pub(super) first_row: u64,
    rows: usize,
    pub(super) columns: Vec<(String, Cells)>,
}

impl Batch {
    pub(super) fn new(role: FileRole) -> Self {
        Self { role, first_row: 1, rows: 0, columns: Vec::new() }
    }

    /// Goes on to the next `rows` rows.
    pub(super) fn begin(&mut self, rows: usize) {
        self.first_row += self.rows as u64;
        self.rows = rows;
        self.columns.iter_mut().for_each(|(_, cells)| cells.clear());
    }

    /// Rows of the file before this batch.
    pub(super) fn before(&self) -> u64 {
        self.first_row - 1
    }

    /// Rows of the file up to the end of this batch.
    pub(super) fn next_row(&self) -> u64 {
        self.before() + self.rows as u64
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Where a row stands in the file.
    #[must_use]
    pub fn place(&self, row: usize) -> Place {
        Place::Row(self.first_row + row as u64)
    }

    /// The name of a column, for errors.
    #[must_use]
    pub fn name(&self, column: usize) -> Column {
        Column::Name(self.columns[column].0.clone())
    }

    /// The error for a cell that is not what it should be.
    #[must_use]
    pub fn unexpected(
        &self,
        column: usize,
        row: usize,
        expected: &'static str,
        found: ValueKind,
    ) -> InputError {
        InputError::Unexpected {
            role: self.role,
            at: self.place(row),
            column: self.name(column),
            expected,
            found,
        }
    }

    /// A text, `None` for null.
    #[must_use]
    pub fn text(&self, column: usize, row: usize) -> Option<&str> {
        match &self.columns[column].1 {
            Cells::Texts(texts) => texts.get(row),
            _ => panic!("column {column} was not asked for as text"),
        }
    }

    /// An id.
    ///
    /// # Errors
    /// A cell that is null or cannot be an id.
    pub fn id(&self, column: usize, row: usize) -> Result<&str, InputError> {
        let unexpected = |found| self.unexpected(column, row, EXPECTED_ID, found);
        let text = self.text(column, row).ok_or_else(|| unexpected(ValueKind::Null))?;
        match id_problem(text) {
            None => Ok(text),
            Some(found) => Err(unexpected(found)),
        }
    }

    /// The values of a list that are not null; a text is a list of one.
    pub fn list(&self, column: usize, row: usize) -> impl Iterator<Item = &str> {
        let Cells::Lists(texts, ends) = &self.columns[column].1 else {
            panic!("column {column} was not asked for as list")
        };
        let start = row.checked_sub(1).map_or(0, |before| ends[before]);
        (start..ends[row]).filter_map(|index| texts.get(index))
    }

    /// Milliseconds since 1970-01-01 UTC, `None` for null.
    #[must_use]
    pub fn time(&self, column: usize, row: usize) -> Option<i64> {
        match &self.columns[column].1 {
            Cells::Times(times) => times[row],
            _ => panic!("column {column} was not asked for as time"),
        }
    }

    /// A number, `None` for null.
    #[must_use]
    pub fn number(&self, column: usize, row: usize) -> Option<f64> {
        match &self.columns[column].1 {
            Cells::Numbers(numbers) => numbers[row],
            _ => panic!("column {column} was not asked for as number"),
        }
    }

    /// A number that is there and finite.
    ///
    /// # Errors
    /// A cell that is null, not a number or infinite.
    pub fn finite(&self, column: usize, row: usize) -> Result<f64, InputError> {
        match self.number(column, row) {
            Some(number) if number.is_finite() => Ok(number),
            Some(_) => Err(self.unexpected(column, row, "a finite number", ValueKind::Decimal)),
            None => Err(self.unexpected(column, row, "a finite number", ValueKind::Null)),
        }
    }
}
