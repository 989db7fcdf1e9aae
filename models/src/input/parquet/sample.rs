//! Small Parquet files for tests, written by the library's own writer.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

/// The values of one optional column in one row group.
pub(crate) enum Sample<'a> {
    Text(&'a [Option<&'a str>]),
    Raw(&'a [&'a [u8]]),
    Int32(&'a [Option<i32>]),
    Int64(&'a [Option<i64>]),
    Int96(&'a [[u32; 3]]),
    Float(&'a [Option<f32>]),
    Double(&'a [Option<f64>]),
    Bool(&'a [Option<bool>]),
    Fixed(&'a [&'a [u8]]),
    /// Of a list of optional texts.
    Lists(&'a [&'a [Option<&'a str>]]),
}

/// A file of this schema and these row groups, each column optional.
pub(crate) fn file(schema: &str, codec: Compression, groups: &[&[Sample]]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&format!("message m {{ {schema} }}")).unwrap());
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_data_page_row_count_limit(700)
        .set_write_batch_size(100)
        .build();
    let mut out = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut out, schema, Arc::new(properties)).unwrap();
    for columns in groups {
        let mut group = writer.next_row_group().unwrap();
        for column in *columns {
            let mut to = group.next_column().unwrap().unwrap();
            column.write(&mut to);
            to.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    out
}

/// As [`file`], without compression and with one row group.
pub(crate) fn plain(schema: &str, columns: &[Sample]) -> Vec<u8> {
    file(schema, Compression::UNCOMPRESSED, &[columns])
}

impl Sample<'_> {
    fn write(&self, to: &mut SerializedColumnWriter) {
        match self {
            Self::Text(values) => {
                let values: Vec<Option<ByteArray>> =
                    values.iter().map(|value| value.map(ByteArray::from)).collect();
                flat::<parquet::data_type::ByteArrayType>(to, &values);
            }
            Self::Raw(values) => {
                let values: Vec<Option<ByteArray>> =
                    values.iter().map(|value| Some(ByteArray::from(value.to_vec()))).collect();
                flat::<parquet::data_type::ByteArrayType>(to, &values);
            }
            Self::Int32(values) => flat::<parquet::data_type::Int32Type>(to, values),
            Self::Int64(values) => flat::<parquet::data_type::Int64Type>(to, values),
            Self::Int96(values) => {
                let int96 = |value: &[u32; 3]| {
                    let mut out = Int96::new();
                    out.set_data(value[0], value[1], value[2]);
                    Some(out)
                };
                let values: Vec<Option<Int96>> = values.iter().map(int96).collect();
                flat::<parquet::data_type::Int96Type>(to, &values);
            }
            Self::Float(values) => flat::<parquet::data_type::FloatType>(to, values),
            Self::Double(values) => flat::<parquet::data_type::DoubleType>(to, values),
            Self::Bool(values) => flat::<parquet::data_type::BoolType>(to, values),
            Self::Fixed(values) => {
                let fixed = |value: &&[u8]| Some(FixedLenByteArray::from(value.to_vec()));
                let values: Vec<Option<FixedLenByteArray>> = values.iter().map(fixed).collect();
                flat::<parquet::data_type::FixedLenByteArrayType>(to, &values);
            }
            Self::Lists(rows) => {
                let (mut values, mut definitions, mut repetitions) = (Vec::new(), Vec::new(), Vec::new());
                for row in *rows {
                    if row.is_empty() {
                        definitions.push(1);
                        repetitions.push(0);
                    }
                    for (index, value) in row.iter().enumerate() {
                        repetitions.push(i16::from(index > 0));
                        definitions.push(if value.is_some() { 3 } else { 2 });
                        values.extend(value.map(ByteArray::from));
                    }
                }
                to.typed::<parquet::data_type::ByteArrayType>()
                    .write_batch(&values, Some(&definitions), Some(&repetitions))
                    .unwrap();
            }
        }
    }
}

fn flat<T: DataType>(to: &mut SerializedColumnWriter, values: &[Option<T::T>]) {
    let definitions: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = values.iter().flatten().cloned().collect();
    to.typed::<T>().write_batch(&values, Some(&definitions), None).unwrap();
}
