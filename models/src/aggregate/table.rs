//! The demand as a Parquet table: a row for each topic of each epoch that is shown.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::{Demand, EpochDemand, TopicDemand};

const SCHEMA: &str = "message demand {
    required binary taxonomy_id (STRING);
    required int32 epoch;
    required binary epoch_from (STRING);
    required int64 reports;
    required int32 topic;
    required binary label (STRING);
    required int64 named;
    required double share;
    required double low;
    required double high;
    required double shown;
}";

/// The bytes of the table.
///
/// # Errors
/// Those of the writer.
pub fn to_parquet(demand: &Demand) -> Result<Vec<u8>, ParquetError> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let rows: Vec<(&EpochDemand, &TopicDemand)> =
        demand.epochs.iter().flat_map(|epoch| epoch.topics.iter().map(move |topic| (epoch, topic))).collect();
    let label = |topic: u8| demand.topics.get(usize::from(topic)).map_or("", |names| names.label.as_str());
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let text = |text: &str| ByteArray::from(text);
    let mut out = Vec::new();
    let mut file = SerializedFileWriter::new(&mut out, schema, Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    let to = &mut group;
    column::<ByteArrayType>(to, rows.iter().map(|_| text(&demand.taxonomy_id)))?;
    column::<Int32Type>(to, rows.iter().map(|(epoch, _)| i32::from(epoch.epoch)))?;
    column::<ByteArrayType>(to, rows.iter().map(|(epoch, _)| text(&epoch.from)))?;
    column::<Int64Type>(to, rows.iter().map(|(epoch, _)| count(epoch.reports)))?;
    column::<Int32Type>(to, rows.iter().map(|(_, topic)| i32::from(topic.topic)))?;
    column::<ByteArrayType>(to, rows.iter().map(|(_, topic)| text(label(topic.topic))))?;
    column::<Int64Type>(to, rows.iter().map(|(_, topic)| count(topic.named)))?;
    for value in [
        |topic: &TopicDemand| topic.share,
        |topic: &TopicDemand| topic.low,
        |topic: &TopicDemand| topic.high,
        |topic: &TopicDemand| topic.shown,
    ] {
        column::<DoubleType>(to, rows.iter().map(|(_, topic)| value(topic)))?;
    }
    group.close()?;
    file.close()?;
    Ok(out)
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: impl Iterator<Item = T::T>,
) -> Result<(), ParquetError> {
    let values: Vec<T::T> = values.collect();
    let missing = || ParquetError::General("the schema has fewer columns".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(&values, None, None)?;
    column.close()
}
