//! Tables in Parquet, some of their columns at a time.
//!
//! In: a file whose content nobody vouches for. Out: batches of typed cells ([`Batch`]) of the columns asked for.
//! Must never hold more than one batch and the pages it comes from; must never take a value for another type's.
//! Read with the column reader of the `parquet` crate. A column of the table is a plain one or a list of plain ones;
//! others can be there, but cannot be asked for.

mod cells;
mod column;
#[cfg(test)]
pub(crate) mod sample;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::delimited::readable_list;
use super::error::{FileRole, InputError, Place};
use super::time::TimeReader;
use super::{MAX_ID_BYTES, TimeUnit, open};
use cells::Cells;
pub use cells::{Batch, Texts};
use column::{Kind, Reader};

/// Rows read at once.
const BATCH_ROWS: usize = 1024;
/// Most columns a table can have.
const MAX_COLUMNS: usize = 10_000;

/// What a column is asked for, which decides the types it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Text, whole numbers (written in decimal) or UUIDs; spaces around texts are cut.
    Id,
    /// As `Id`, also decimal numbers and booleans.
    Text,
    /// A text or a list of texts or whole numbers.
    List,
    /// Timestamps of any unit, dates, texts, or numbers in this unit. Timestamps carry their own unit.
    Time(TimeUnit),
    /// Numbers of any type, or texts that are numbers.
    Number,
}

/// A Parquet file whose description was read.
///
/// # Examples
/// ```no_run
/// use tastekeeper_models::input::FileRole;
/// use tastekeeper_models::input::parquet::{Table, Want};
///
/// let table = Table::open("transitions.parquet".as_ref(), FileRole::Log)?;
/// let wanted = [("from", Want::Id), ("to", Want::Id), ("weight", Want::Number)];
/// table.read(&wanted, &mut |_| (), &mut |batch| {
///     for row in 0..batch.rows() {
///         let (from, weight) = (batch.id(0, row)?, batch.finite(2, row)?);
///     }
///     Ok(())
/// })?;
/// # Ok::<(), tastekeeper_models::input::InputError>(())
/// ```
pub struct Table {
    reader: Box<dyn FileReader>,
    role: FileRole,
    bytes: u64,
    /// Names of the table's columns, and the leaves below each: first and count.
    columns: Vec<(String, usize, usize)>,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("role", &self.role)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl Table {
    /// Reads the description of the file at `path`. Blocks on disk.
    ///
    /// # Errors
    /// A file that cannot be opened, is no Parquet file, is damaged or has two columns of one name.
    pub fn open(path: &Path, role: FileRole) -> Result<Self, InputError> {
        let file = open(path, role)?;
        let bytes = file.metadata().map_err(|source| InputError::Open { role, source })?.len();
        let reader = guarded(role, 0, || SerializedFileReader::new(file))?;
        Self::of(Box::new(reader), role, bytes)
    }

    /// As [`Self::open`], of a whole file in memory.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_bytes(bytes: Vec<u8>, role: FileRole) -> Result<Self, InputError> {
        let length = bytes.len() as u64;
        let reader = guarded(role, 0, || SerializedFileReader::new(bytes::Bytes::from(bytes)))?;
        Self::of(Box::new(reader), role, length)
    }

    fn of(reader: Box<dyn FileReader>, role: FileRole, bytes: u64) -> Result<Self, InputError> {
        let schema = reader.metadata().file_metadata().schema_descr();
        let mut columns: Vec<(String, usize, usize)> = Vec::new();
        let mut root = usize::MAX;
        for leaf in 0..schema.num_columns() {
            let of_leaf = schema.get_column_root_idx(leaf);
            if of_leaf == root {
                columns.last_mut().expect("a root was pushed").2 += 1;
                continue;
            }
            root = of_leaf;
            let name = schema.get_column_root(leaf).name();
            if columns.len() == MAX_COLUMNS {
                return Err(InputError::TooMany {
                    role,
                    at: Place::Row(0),
                    what: "columns",
                    limit: MAX_COLUMNS,
                });
            }
            if name.len() > MAX_ID_BYTES || name.chars().any(char::is_control) {
                let error = "a column name is longer than 256 bytes or has control characters";
                return Err(InputError::Parquet { role, row: 0, source: error.into() });
            }
            columns.push((name.to_owned(), leaf, 1));
        }
        let mut names: Vec<(&str, usize)> = columns.iter().map(|column| column.0.as_str()).zip(1..).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let (name, first, second) = (pair[0].0.to_owned(), pair[0].1, pair[1].1);
            return Err(InputError::DuplicateColumn { role, name, first, second });
        }
        Ok(Self { reader, role, bytes, columns })
    }

    /// The names of the columns, in the order of the file.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.0.clone()).collect()
    }

    /// Whether a column holds lists; `false` if it is not there.
    #[must_use]
    pub fn is_list(&self, name: &str) -> bool {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let column = self.columns.iter().find(|column| column.0 == name);
        column.is_some_and(|column| schema.column(column.1).max_rep_level() > 0)
    }

    /// Reads the columns `wanted`, front to back, and hands them over in batches; column `c` of a batch is `wanted[c]`.
    ///
    /// `progress` hears the share that was read, in bytes of the file. Blocks on disk. Memory is one page per column
    /// and one batch.
    ///
    /// # Errors
    /// [`InputError::MissingColumn`], [`InputError::ColumnType`], [`InputError::Unexpected`] for a cell,
    /// [`InputError::Parquet`] for a damaged file, and whatever `take` returns.
    pub fn read(
        &self,
        wanted: &[(&str, Want)],
        progress: &mut dyn FnMut(u64),
        take: &mut dyn FnMut(&Batch) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let mut kinds = Vec::new();
        let mut batch = Batch::new(self.role);
        let mut times = Vec::new();
        for &(name, want) in wanted {
            let kind = self.leaf(name).and_then(|leaf| match leaf {
                Some(leaf) => {
                    Kind::new(&schema.column(leaf), want).map(|kind| (leaf, kind)).map_err(|found| {
                        let (role, expected) = (self.role, column::expected(want));
                        InputError::ColumnType { role, name: name.to_owned(), expected, found }
                    })
                }
                None => Err(InputError::ColumnType {
                    role: self.role,
                    name: name.to_owned(),
                    expected: column::expected(want),
                    found: "a structure of several",
                }),
            })?;
            kinds.push(kind);
            batch.columns.push((name.to_owned(), Cells::new(want)));
            times.push(TimeReader::new(match want {
                Want::Time(unit) => unit,
                _ => TimeUnit::Auto,
            }));
        }
        let damaged = |row, what: &str| InputError::Parquet { role: self.role, row, source: what.into() };
        let total: u64 = (self.reader.metadata().row_groups().iter())
            .map(|group| u64::try_from(group.num_rows()).unwrap_or(0))
            .fold(0, u64::saturating_add);
        for group in 0..self.reader.num_row_groups() {
            let described = self.reader.metadata().row_group(group);
            // The library asserts what it has not checked.
            let backwards = described.columns().iter().any(|column| {
                let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
                start < 0 || column.data_page_offset() < 0 || column.compressed_size() < 0
            });
            let rows = usize::try_from(described.num_rows()).ok().filter(|_| !backwards);
            let mut left = rows.ok_or_else(|| damaged(batch.next_row(), "negative count or place"))?;
            let mut readers = Vec::with_capacity(kinds.len());
            for &(leaf, kind) in &kinds {
                let reader = guarded(self.role, batch.next_row(), || {
                    self.reader.get_row_group(group)?.get_column_reader(leaf)
                })?;
                readers.push(Reader::new(reader, kind));
            }
            while left > 0 {
                let rows = left.min(BATCH_ROWS);
                batch.begin(rows);
                for (column, reader) in readers.iter_mut().enumerate() {
                    let read = guarded(self.role, batch.before(), || reader.next(rows))?;
                    if read != rows {
                        return Err(damaged(batch.before(), "a column ends early"));
                    }
                    let (name, cells) = &mut batch.columns[column];
                    reader
                        .decode(cells, &mut times[column])
                        .map_err(|problem| problem.at(self.role, batch.first_row, name))?;
                    if cells.len() != rows {
                        return Err(damaged(batch.before(), "a column has more or fewer values than rows"));
                    }
                }
                take(&batch)?;
                left -= rows;
                progress(share(self.bytes, batch.next_row(), total));
            }
        }
        progress(self.bytes);
        Ok(())
    }

    /// The one leaf of a column; `None` if it has several.
    fn leaf(&self, name: &str) -> Result<Option<usize>, InputError> {
        match self.columns.iter().find(|column| column.0 == name) {
            Some(&(_, leaf, 1)) => Ok(Some(leaf)),
            Some(_) => Ok(None),
            None => Err(InputError::MissingColumn {
                role: self.role,
                name: name.to_owned(),
                columns: readable_list(&self.columns()),
            }),
        }
    }
}

/// `bytes` times `done` of `total`.
fn share(bytes: u64, done: u64, total: u64) -> u64 {
    let share = u128::from(bytes) * u128::from(done) / u128::from(total.max(1));
    u64::try_from(share).unwrap_or(bytes).min(bytes)
}

/// What the library returns, with its errors, and with its panics as errors: it is careful, but a damaged file still
/// finds an index out of bounds now and then, and a file must never stop the program.
fn guarded<T>(
    role: FileRole,
    row: u64,
    call: impl FnOnce() -> Result<T, ParquetError>,
) -> Result<T, InputError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(InputError::Parquet { role, row, source: Box::new(error) }),
        Err(_) => Err(InputError::Parquet { role, row, source: "the file contradicts itself".into() }),
    }
}

#[cfg(test)]
#[path = "parquet/tests.rs"]
mod tests;
