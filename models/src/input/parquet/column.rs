//! One column of a row group: physical values, and what they mean.
//!
//! In: the column reader of the `parquet` crate and the column's type. Out: cells. Must never read a type as another:
//! which types can be what is [`Kind::new`], the only place that decides.

use std::fmt::Write as _;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit as StoredUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescriptor;

use super::Want;
use super::cells::{Cells, Texts};
use crate::input::error::{Column, FileRole, InputError, Place, ValueKind};
use crate::input::time::TimeReader;

/// Longest text of a cell, in bytes.
const MAX_TEXT_BYTES: usize = 1 << 16;

/// What the values of a leaf are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    Text,
    Bool,
    /// Whether it has a sign.
    Whole(bool),
    Float,
    /// 10 to the number of digits behind the point.
    Decimal(f64),
    Days,
    /// Units per millisecond, or milliseconds per unit for seconds.
    Timestamp(i64),
    Int96,
    Uuid,
}

/// A leaf that can be read as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kind {
    meaning: Meaning,
    max_definition: i16,
    list: bool,
}

/// The types a column may have, for errors.
pub(super) fn expected(want: Want) -> &'static str {
    match want {
        Want::Id => "texts or whole numbers",
        Want::Text => "texts, numbers or booleans",
        Want::List => "texts or lists of texts",
        Want::Time(_) => "timestamps, dates, numbers or texts",
        Want::Number => "numbers",
    }
}

impl Kind {
    /// How to read a leaf as `want`, or what it holds instead.
    pub(super) fn new(leaf: &ColumnDescriptor, want: Want) -> Result<Self, &'static str> {
        let (meaning, name) = meaning(leaf)?;
        let list = leaf.max_rep_level() > 0;
        if leaf.max_rep_level() > 1 {
            return Err("lists of lists");
        }
        if list && want != Want::List {
            return Err("lists");
        }
        let fits = match want {
            Want::Id | Want::List => {
                matches!(meaning, Meaning::Text | Meaning::Whole(_) | Meaning::Uuid)
            }
            Want::Text => !matches!(meaning, Meaning::Days | Meaning::Timestamp(_) | Meaning::Int96),
            Want::Time(_) => !matches!(meaning, Meaning::Bool | Meaning::Decimal(_) | Meaning::Uuid),
            Want::Number => {
                matches!(meaning, Meaning::Text | Meaning::Whole(_) | Meaning::Float | Meaning::Decimal(_))
            }
        };
        if fits { Ok(Self { meaning, max_definition: leaf.max_def_level(), list }) } else { Err(name) }
    }
}

/// What the values of a leaf are, and their name for errors; only the name if nothing here reads them.
fn meaning(leaf: &ColumnDescriptor) -> Result<(Meaning, &'static str), &'static str> {
    let converted = leaf.converted_type();
    let logical = leaf.logical_type_ref();
    let decimal = converted == ConvertedType::DECIMAL || matches!(logical, Some(LogicalType::Decimal(_)));
    if decimal && matches!(leaf.physical_type(), Type::INT32 | Type::INT64 | Type::FIXED_LEN_BYTE_ARRAY) {
        return Ok((Meaning::Decimal(10_f64.powi(leaf.type_scale())), "decimal numbers"));
    }
    let unit = match logical {
        Some(LogicalType::Timestamp(of)) => Some(match of.unit {
            StoredUnit::MILLIS => 1,
            StoredUnit::MICROS => 1_000,
            StoredUnit::NANOS => 1_000_000,
        }),
        _ => match converted {
            ConvertedType::TIMESTAMP_MILLIS => Some(1),
            ConvertedType::TIMESTAMP_MICROS => Some(1_000),
            _ => None,
        },
    };
    let unsigned = matches!(
        converted,
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64
    ) || matches!(logical, Some(LogicalType::Integer(of)) if !of.is_signed);
    let time_of_day = matches!(converted, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS)
        || matches!(logical, Some(LogicalType::Time(_)));
    let date = converted == ConvertedType::DATE || matches!(logical, Some(LogicalType::Date));
    match leaf.physical_type() {
        Type::INT32 | Type::INT64 if time_of_day => Err("times of day"),
        Type::INT32 if date => Ok((Meaning::Days, "dates")),
        Type::INT64 if unit.is_some() => Ok((Meaning::Timestamp(unit.unwrap_or(1)), "timestamps")),
        Type::INT32 | Type::INT64 => Ok((Meaning::Whole(!unsigned), "whole numbers")),
        Type::INT96 => Ok((Meaning::Int96, "timestamps")),
        Type::FLOAT | Type::DOUBLE => Ok((Meaning::Float, "decimal numbers")),
        Type::BOOLEAN => Ok((Meaning::Bool, "booleans")),
        Type::BYTE_ARRAY if decimal => Err("decimal numbers of any length"),
        Type::BYTE_ARRAY => Ok((Meaning::Text, "texts")),
        Type::FIXED_LEN_BYTE_ARRAY if matches!(logical, Some(LogicalType::Uuid)) => {
            Ok((Meaning::Uuid, "uuids"))
        }
        Type::FIXED_LEN_BYTE_ARRAY => Err("bytes of a fixed length"),
    }
}

/// A cell that is not what it should be.
#[derive(Debug)]
pub(super) struct Problem {
    row: usize,
    what: What,
}

#[derive(Debug)]
enum What {
    NotUtf8,
    Unexpected(&'static str, ValueKind),
}

impl Problem {
    pub(super) fn at(self, role: FileRole, first_row: u64, name: &str) -> InputError {
        let (at, column) = (Place::Row(first_row + self.row as u64), Column::Name(name.to_owned()));
        match self.what {
            What::NotUtf8 => InputError::NotUtf8 { role, at, column },
            What::Unexpected(expected, found) => InputError::Unexpected { role, at, column, expected, found },
        }
    }
}

/// Reads a column of one row group.
pub(super) struct Reader {
    kind: Kind,
    values: Values,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    levels: usize,
}

enum Values {
    Bool(ColumnReaderImpl<parquet::data_type::BoolType>, Vec<bool>),
    Int32(ColumnReaderImpl<parquet::data_type::Int32Type>, Vec<i32>),
    Int64(ColumnReaderImpl<parquet::data_type::Int64Type>, Vec<i64>),
    Int96(ColumnReaderImpl<parquet::data_type::Int96Type>, Vec<Int96>),
    Float(ColumnReaderImpl<parquet::data_type::FloatType>, Vec<f32>),
    Double(ColumnReaderImpl<parquet::data_type::DoubleType>, Vec<f64>),
    Bytes(ColumnReaderImpl<parquet::data_type::ByteArrayType>, Vec<ByteArray>),
    Fixed(ColumnReaderImpl<parquet::data_type::FixedLenByteArrayType>, Vec<FixedLenByteArray>),
}

impl Reader {
    pub(super) fn new(reader: ColumnReader, kind: Kind) -> Self {
        let values = match reader {
            ColumnReader::BoolColumnReader(reader) => Values::Bool(reader, Vec::new()),
            ColumnReader::Int32ColumnReader(reader) => Values::Int32(reader, Vec::new()),
            ColumnReader::Int64ColumnReader(reader) => Values::Int64(reader, Vec::new()),
            ColumnReader::Int96ColumnReader(reader) => Values::Int96(reader, Vec::new()),
            ColumnReader::FloatColumnReader(reader) => Values::Float(reader, Vec::new()),
            ColumnReader::DoubleColumnReader(reader) => Values::Double(reader, Vec::new()),
            ColumnReader::ByteArrayColumnReader(reader) => Values::Bytes(reader, Vec::new()),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => Values::Fixed(reader, Vec::new()),
        };
        Self { kind, values, definitions: Vec::new(), repetitions: Vec::new(), levels: 0 }
    }

    /// Reads up to `rows` rows; how many there were.
    pub(super) fn next(&mut self, rows: usize) -> Result<usize, ParquetError> {
        let levels = (&mut self.definitions, &mut self.repetitions);
        let (read, levels) = match &mut self.values {
            Values::Bool(reader, values) => fill(reader, values, levels, rows),
            Values::Int32(reader, values) => fill(reader, values, levels, rows),
            Values::Int64(reader, values) => fill(reader, values, levels, rows),
            Values::Int96(reader, values) => fill(reader, values, levels, rows),
            Values::Float(reader, values) => fill(reader, values, levels, rows),
            Values::Double(reader, values) => fill(reader, values, levels, rows),
            Values::Bytes(reader, values) => fill(reader, values, levels, rows),
            Values::Fixed(reader, values) => fill(reader, values, levels, rows),
        }?;
        self.levels = levels;
        Ok(read)
    }

    /// The rows read last, as cells.
    pub(super) fn decode(&self, cells: &mut Cells, times: &mut TimeReader) -> Result<(), Problem> {
        let (mut value, mut row) = (0, 0);
        for level in 0..self.levels {
            let begins = !self.kind.list || self.repetitions.get(level) == Some(&0);
            if begins && level > 0 {
                row += 1;
            }
            let present = self.kind.max_definition == 0
                || self.definitions.get(level) == Some(&self.kind.max_definition);
            let index = present.then_some(value);
            value += usize::from(present);
            self.cell(index, cells, times).map_err(|what| Problem { row, what })?;
            if let Cells::Lists(texts, ends) = cells {
                if begins {
                    ends.push(0);
                }
                if let Some(end) = ends.last_mut() {
                    *end = texts.len();
                }
            }
        }
        Ok(())
    }

    /// Appends the value at `index`, or that there is none.
    fn cell(&self, index: Option<usize>, cells: &mut Cells, times: &mut TimeReader) -> Result<(), What> {
        match (cells, index) {
            (Cells::Texts(texts) | Cells::Lists(texts, _), None) => texts.push_null(),
            (Cells::Times(all), None) => all.push(None),
            (Cells::Numbers(all), None) => all.push(None),
            (Cells::Texts(texts) | Cells::Lists(texts, _), Some(index)) => self.push_text(index, texts)?,
            (Cells::Times(all), Some(index)) => all.push(Some(self.time(index, times)?)),
            (Cells::Numbers(all), Some(index)) => all.push(Some(match self.text(index) {
                Some(text) => {
                    let text = text?;
                    text.parse().map_err(|_| What::Unexpected("a number", ValueKind::of(text)))?
                }
                None => self.number(index),
            })),
        }
        Ok(())
    }

    /// A text without the spaces around it; `None` if the column holds something else.
    fn text(&self, index: usize) -> Option<Result<&str, What>> {
        let Values::Bytes(_, values) = &self.values else { return None };
        let bytes = values.get(index).map(ByteArray::data).unwrap_or_default();
        if bytes.len() > MAX_TEXT_BYTES {
            return Some(Err(What::Unexpected(
                "a text of at most 65536 bytes",
                ValueKind::Text(bytes.len()),
            )));
        }
        Some(std::str::from_utf8(bytes).map(str::trim).map_err(|_| What::NotUtf8))
    }

    fn push_text(&self, index: usize, texts: &mut Texts) -> Result<(), What> {
        if let Some(text) = self.text(index) {
            texts.push(text?);
            return Ok(());
        }
        match (&self.values, self.kind.meaning) {
            (Values::Bool(_, values), _) => texts.push(if values[index] { "true" } else { "false" }),
            (Values::Fixed(_, values), Meaning::Uuid) => {
                texts.push_with(|out| uuid(values[index].data(), out))
            }
            (_, Meaning::Whole(_)) => {
                let whole = self.whole(index);
                texts.push_with(|out| write!(out, "{whole}").expect("a string takes text"));
            }
            _ => {
                let number = self.number(index);
                texts.push_with(|out| write!(out, "{number}").expect("a string takes text"));
            }
        }
        Ok(())
    }

    fn whole(&self, index: usize) -> i128 {
        let signed = self.kind.meaning != Meaning::Whole(false);
        match &self.values {
            Values::Int32(_, values) if signed => values[index].into(),
            Values::Int32(_, values) => values[index].cast_unsigned().into(),
            Values::Int64(_, values) if signed => values[index].into(),
            Values::Int64(_, values) => values[index].cast_unsigned().into(),
            Values::Fixed(_, values) => big_endian(values[index].data()),
            _ => 0,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a price or a weight")]
    fn number(&self, index: usize) -> f64 {
        match (&self.values, self.kind.meaning) {
            (Values::Float(_, values), _) => values[index].to_string().parse().unwrap_or(f64::NAN),
            (Values::Double(_, values), _) => values[index],
            (_, Meaning::Decimal(scale)) => self.whole(index) as f64 / scale,
            _ => self.whole(index) as f64,
        }
    }

    fn time(&self, index: usize, times: &mut TimeReader) -> Result<i64, What> {
        let unexpected = |expected| What::Unexpected(expected, ValueKind::Integer);
        let stored = match (&self.values, self.kind.meaning) {
            (Values::Int32(_, values), Meaning::Days) => Some(i64::from(values[index]) * 86_400_000),
            (Values::Int64(_, values), Meaning::Timestamp(per_ms)) => Some(values[index].div_euclid(per_ms)),
            (Values::Int96(_, values), _) => Some(values[index].to_millis()),
            _ => None,
        };
        if let Some(ms) = stored {
            return if in_range(ms) {
                Ok(ms)
            } else {
                Err(unexpected("a time between the years 1 and 9999"))
            };
        }
        match self.text(index) {
            Some(text) => {
                let text = text?;
                times.read(text).map_err(|expected| What::Unexpected(expected, ValueKind::of(text)))
            }
            None => times.number(self.number(index)).map_err(|expected| {
                let whole = matches!(self.kind.meaning, Meaning::Whole(_));
                What::Unexpected(expected, if whole { ValueKind::Integer } else { ValueKind::Decimal })
            }),
        }
    }
}

/// Replaces values and levels by those of the next rows: rows and levels read.
fn fill<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    values: &mut Vec<T::T>,
    (definitions, repetitions): (&mut Vec<i16>, &mut Vec<i16>),
    rows: usize,
) -> Result<(usize, usize), ParquetError> {
    values.clear();
    definitions.clear();
    repetitions.clear();
    let (read, count, levels) = reader.read_records(rows, Some(definitions), Some(repetitions), values)?;
    if values.len() != count {
        return Err(ParquetError::General("fewer values than announced".to_owned()));
    }
    Ok((read, levels))
}

fn in_range(ms: i64) -> bool {
    (-62_135_596_800_000..=253_402_300_799_999).contains(&ms)
}

/// A signed number of at most 16 bytes.
fn big_endian(bytes: &[u8]) -> i128 {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    bytes.iter().fold(if negative { -1 } else { 0 }, |number, byte| (number << 8) | i128::from(*byte))
}

fn uuid(bytes: &[u8], out: &mut String) {
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        write!(out, "{byte:02x}").expect("a string takes text");
    }
}
