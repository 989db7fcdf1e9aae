//! A log on the command line: its format, its columns, the ones that usually are there.

use std::path::Path;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::failure::{Failure, chain};
use super::progress::{Bars, say};
use crate::dataset::{Dataset, InteractionKind};
use crate::input::parquet::Table;
use crate::input::{
    Column, DelimitedFormat, FileRole, InputError, KindWords, LogColumns, LogFormat, LogNotes, TimeUnit,
    read_columns, read_log_with_notes,
};
use crate::train::Progress;

/// Names of columns that are tried, best first; case, `_`, `-` and spaces do not matter.
const USER_COLUMNS: &[&str] = &[
    "user",
    "userid",
    "visitorid",
    "customerid",
    "customer",
    "shopper",
    "userpseudoid",
    "session",
    "sessionid",
];
const ITEM_COLUMNS: &[&str] = &["item", "itemid", "product", "productid", "sku", "article", "articleid"];
const TIME_COLUMNS: &[&str] =
    &["time", "timestamp", "timestampms", "eventtime", "eventtimestamp", "datetime", "date", "ts"];
const EVENT_COLUMNS: &[&str] = &["event", "eventname", "eventtype", "eventkind"];

/// How a log is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A line per user: user item item ..
    Sequences,
    /// A header and a line per event, with commas
    Csv,
    /// A header and a line per event, with tabs
    Tsv,
    /// A row per event in columns, as DuckDB, Spark, BigQuery or pandas write them
    Parquet,
    /// The event export of Google Analytics 4, a JSON object a line
    Ga4,
}

/// How times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Unit {
    /// Found from the first event
    Auto,
    /// Seconds since 1970
    Seconds,
    /// Milliseconds since 1970
    Milliseconds,
    /// Microseconds since 1970
    Microseconds,
    /// Nanoseconds since 1970
    Nanoseconds,
    /// ISO 8601
    Iso,
}

/// How the log is to be read.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "How the log is written")]
pub(super) struct LogArguments {
    /// Format of the log; by default from the file's name: .csv, .tsv, .parquet, .ndjson for ga4, .txt for sequences
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,
    /// Column of the user or session; by default user, user_id, visitor_id, session, session_id ..
    #[arg(long, value_name = "NAME")]
    user_column: Option<String>,
    /// Column of the item; by default item, item_id, product_id, sku ..
    #[arg(long, value_name = "NAME")]
    item_column: Option<String>,
    /// Column of the time, or `none`: the file's order counts; by default time, timestamp .. if there is one
    #[arg(long, value_name = "NAME")]
    time_column: Option<String>,
    /// Column of the event kind, or `none`: all are views; by default event, event_name, event_type if there is one
    #[arg(long, value_name = "NAME")]
    event_column: Option<String>,
    /// How times are written; a Parquet timestamp tells by itself
    #[arg(long, value_enum, default_value = "auto", value_name = "UNIT")]
    time_unit: Unit,
    /// Event kinds to leave out, such as remove_from_cart
    #[arg(long, value_name = "KIND,..", value_delimiter = ',')]
    ignore_events: Vec<String>,
    /// What the log calls its kinds: view, cart, wishlist, purchase, or skip to leave them out, as in
    /// `bought=purchase,seen=view,page_view=skip`; the usual words are known
    #[arg(long, value_name = "WORD=KIND,..", value_delimiter = ',')]
    event_map: Vec<String>,
}

impl LogArguments {
    /// The options that were given, to be given again.
    pub(super) fn given(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut option = |name: &str, value: Option<String>| {
            words.extend(value.into_iter().flat_map(|value| [format!("--{name}"), value]));
        };
        let name = |value: PossibleValue| value.get_name().to_owned();
        option("format", self.format.as_ref().and_then(ValueEnum::to_possible_value).map(name));
        option("user-column", self.user_column.clone());
        option("item-column", self.item_column.clone());
        option("time-column", self.time_column.clone());
        option("event-column", self.event_column.clone());
        option(
            "time-unit",
            self.time_unit.to_possible_value().filter(|_| self.time_unit != Unit::Auto).map(name),
        );
        let list = |words: &Vec<String>| (!words.is_empty()).then(|| words.join(","));
        option("ignore-events", list(&self.ignore_events));
        option("event-map", list(&self.event_map));
        words
    }

    /// Reads the log at `path`, and says what was left out.
    pub(super) fn read(&self, path: &Path, bars: &mut Bars) -> Result<Dataset, Failure> {
        self.read_with_notes(path, bars).map(|(dataset, _)| dataset)
    }

    /// As [`Self::read`], with what was noticed on the way.
    pub(super) fn read_with_notes(
        &self,
        path: &Path,
        bars: &mut Bars,
    ) -> Result<(Dataset, LogNotes), Failure> {
        let format = self.format(path)?;
        bars.begin_bytes("read", file_length(path));
        let result = read_log_with_notes(path, &format, &mut |bytes| bars.step(bytes));
        bars.end();
        let kind_column = match &format {
            LogFormat::Delimited(DelimitedFormat { columns, .. }) | LogFormat::Parquet(columns) => {
                columns.kind.as_ref()
            }
            _ => None,
        };
        let (dataset, notes) = result.map_err(|error| {
            let hint = match &error {
                InputError::Unexpected { column: Column::Name(name), .. } if kind_column == Some(name) => {
                    "; name it with --event-map WORD=KIND, leave it out with --ignore-events WORD, or take all for \
                     views with --event-column none"
                }
                _ => "",
            };
            Failure::input(format!("{}: {}{hint}", path.display(), chain(&error)))
        })?;
        if notes.skipped_events() > 0 {
            let kinds: Vec<String> = notes.skipped.iter().map(|(word, n)| format!("{word} {n}")).collect();
            say(&format!(
                "{}: {} events left out: {}",
                file_name(path),
                notes.skipped_events(),
                kinds.join(", ")
            ));
        }
        Ok((dataset, notes))
    }

    fn format(&self, path: &Path) -> Result<LogFormat, Failure> {
        let delimiter = match self.format.or_else(|| by_name(path)) {
            Some(Format::Sequences) => return Ok(LogFormat::Sequences),
            Some(Format::Parquet) => {
                let table =
                    Table::open(path, FileRole::Log).map_err(|error| Failure::in_file(path, &error))?;
                return Ok(LogFormat::Parquet(self.columns(path, &table.columns())?));
            }
            Some(Format::Ga4) => return Ok(LogFormat::Ga4(self.kinds()?)),
            Some(Format::Csv) => b',',
            Some(Format::Tsv) => b'\t',
            None => {
                return Err(Failure::input(format!(
                    "{}: the name does not tell the format; give --format sequences, csv, tsv, parquet or ga4",
                    path.display()
                )));
            }
        };
        let columns = read_columns(path, delimiter).map_err(|error| Failure::in_file(path, &error))?;
        let columns = self.columns(path, &columns)?;
        Ok(LogFormat::Delimited(DelimitedFormat { delimiter, columns }))
    }

    /// Which of the file's columns hold what.
    fn columns(&self, path: &Path, columns: &[String]) -> Result<LogColumns, Failure> {
        let required = |given: &Option<String>, names: &[&str], what: &str| match given {
            Some(name) => Ok(name.clone()),
            None => usual(columns, names).ok_or_else(|| {
                Failure::input(format!(
                    "{}: none of the columns {} is a usual one for the {what}; name it with --{what}-column",
                    path.display(),
                    quoted(columns)
                ))
            }),
        };
        let optional = |given: &Option<String>, names: &[&str]| match given.as_deref() {
            Some("none") => None,
            Some(name) => Some(name.to_owned()),
            None => usual(columns, names),
        };
        Ok(LogColumns {
            user: required(&self.user_column, USER_COLUMNS, "user")?,
            item: required(&self.item_column, ITEM_COLUMNS, "item")?,
            time: optional(&self.time_column, TIME_COLUMNS),
            time_unit: match self.time_unit {
                Unit::Auto => TimeUnit::Auto,
                Unit::Seconds => TimeUnit::Seconds,
                Unit::Milliseconds => TimeUnit::Milliseconds,
                Unit::Microseconds => TimeUnit::Microseconds,
                Unit::Nanoseconds => TimeUnit::Nanoseconds,
                Unit::Iso => TimeUnit::Iso,
            },
            kind: optional(&self.event_column, EVENT_COLUMNS),
            kinds: self.kinds()?,
        })
    }

    fn kinds(&self) -> Result<KindWords, Failure> {
        let mut kinds = KindWords::default();
        for word in &self.ignore_events {
            kinds = kinds.skipped(word);
        }
        for rule in &self.event_map {
            kinds = match rule.split_once('=').map(|(word, kind)| (word.trim(), kind.trim())) {
                Some((word, "view")) if !word.is_empty() => kinds.named(word, InteractionKind::View),
                Some((word, "cart")) if !word.is_empty() => kinds.named(word, InteractionKind::Cart),
                Some((word, "wishlist")) if !word.is_empty() => kinds.named(word, InteractionKind::Wishlist),
                Some((word, "purchase")) if !word.is_empty() => kinds.named(word, InteractionKind::Purchase),
                Some((word, "skip")) if !word.is_empty() => kinds.skipped(word),
                _ => {
                    return Err(Failure::input(format!(
                        "--event-map: `{rule}` is not WORD=KIND with view, cart, wishlist, purchase or skip"
                    )));
                }
            };
        }
        Ok(kinds)
    }
}

fn by_name(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "tsv" | "tab" => Some(Format::Tsv),
        "parquet" | "pq" => Some(Format::Parquet),
        "ndjson" | "jsonl" => Some(Format::Ga4),
        "txt" | "seq" => Some(Format::Sequences),
        _ => None,
    }
}

/// The first of `names` that is a column.
pub(super) fn usual(columns: &[String], names: &[&str]) -> Option<String> {
    let plain = |name: &str| name.replace(['_', '-', ' '], "").to_ascii_lowercase();
    names.iter().find_map(|name| columns.iter().find(|column| plain(column) == *name).cloned())
}

/// Column names for an error, at most twenty.
pub(super) fn quoted(columns: &[String]) -> String {
    let mut list: Vec<String> = columns.iter().take(20).map(|name| format!("`{name}`")).collect();
    if columns.len() > list.len() {
        list.push("..".to_owned());
    }
    list.join(", ")
}

/// The file's length for a progress bar; 0 if it cannot be told.
pub(super) fn file_length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// The dataset's size in a line.
pub(super) fn describe(path: &Path, dataset: &Dataset) -> String {
    let events: usize = dataset.sequences.iter().map(|sequence| sequence.events.len()).sum();
    format!(
        "{}: {events} events of {} users or sessions, {} items",
        file_name(path),
        dataset.sequences.len(),
        dataset.items.len()
    )
}

/// The last part of a path, for people.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_columns_are_found_whatever_their_case() {
        let columns = ["SessionId", "ItemId", "Time", "user_id"].map(str::to_owned);
        assert_eq!(usual(&columns, USER_COLUMNS).as_deref(), Some("user_id"));
        assert_eq!(usual(&columns[..3], USER_COLUMNS).as_deref(), Some("SessionId"));
        assert_eq!(usual(&columns, ITEM_COLUMNS).as_deref(), Some("ItemId"));
        assert_eq!(usual(&columns, EVENT_COLUMNS), None);
    }

    #[test]
    fn formats_follow_names() {
        let format = |name: &str| by_name(Path::new(name));
        assert_eq!(format("a.CSV"), Some(Format::Csv));
        assert_eq!(format("x/beauty.sequences.txt"), Some(Format::Sequences));
        assert_eq!((format("log"), format("log.parquet")), (None, Some(Format::Parquet)));
    }
}
