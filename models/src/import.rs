//! Item vectors that were trained elsewhere, and a log, as a [`TrainedModel`].
//!
//! In: word2vec's text format, safetensors, or npy with a list of ids, and what the shop's log counts. Out: a model with
//! the identity for a matrix, the log's popularity and transitions, and a score that was not tuned.
//! Must never guess: values that are not finite, rows of other lengths, ids that come twice are errors with their place.
//! Must never put an id or a value of the file into an error.

mod npy;

use std::collections::{HashMap, HashSet};

use ndarray::Array2;

use crate::dataset::{AttributeTable, Dataset};
use crate::input::{MAX_ID_BYTES, MAX_ITEMS, Place, id_problem};
use crate::saved::{self, SavedError};
use crate::train::Repeats;
use crate::train::transitions::{LogCounts, count, untuned_blend, untuned_graph};
use crate::trained::TrainedModel;

/// Vectors with the ids they belong to.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemVectors {
    /// Item ids, in file order.
    pub items: Vec<String>,
    /// `items x dim`, as in the file.
    pub vectors: Array2<f32>,
}

/// Longest vector: what a pack can hold.
pub const MAX_DIM: usize = tastekeeper::layout::MAX_DIM as usize;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The first line of a word2vec file does not give the numbers of vectors and of values.
    #[error("line 1: expected the number of vectors and of values per vector, such as `12101 64`")]
    Header,
    /// Bytes that are not UTF-8.
    #[error("line {line}: expected utf-8")]
    NotUtf8 {
        /// 1-based.
        line: usize,
    },
    /// A line has more or fewer values than the header says.
    #[error("line {line}: expected an id and {expected} values, found {found} values")]
    Length {
        /// 1-based.
        line: usize,
        /// Values per vector.
        expected: usize,
        /// Values of the line.
        found: usize,
    },
    /// A value is no number, not finite, or too large for 32 bits.
    #[error("{at}, value {value}: expected a finite number")]
    Value {
        /// Line, or row of a tensor.
        at: Place,
        /// 1-based.
        value: usize,
    },
    /// There are more or fewer lines than the header says.
    #[error("expected {expected} vectors as the first line says, found {found}")]
    Count {
        /// What the header says.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// An id has two vectors.
    #[error("{at}: this item had a vector before; keep one of them")]
    Duplicate {
        /// Line, or place in the list of ids.
        at: Place,
    },
    /// An id that no pack could hold.
    #[error("{at}: an id must have 1 to {MAX_ID_BYTES} bytes and no control character")]
    Id {
        /// Line, or place in the list of ids.
        at: Place,
    },
    /// Vectors and ids do not belong together.
    #[error("{vectors} vectors but {ids} ids; give one id per vector, in the same order")]
    IdCount {
        /// Rows of the file.
        vectors: usize,
        /// Ids.
        ids: usize,
    },
    /// The list of ids is no JSON list of texts.
    #[error("expected a JSON list of texts; its first problem is at line {line}, character {column}")]
    IdList {
        /// 1-based.
        line: usize,
        /// 1-based.
        column: usize,
    },
    /// More items, or longer vectors, than can be handled.
    #[error("{what} are {found}, and at most {limit} can be handled")]
    TooLarge {
        /// What.
        what: &'static str,
        /// How many.
        found: u64,
        /// How many at most.
        limit: usize,
    },
    /// Vectors of length 0.
    #[error("vectors must have at least one value")]
    NoValues,
    /// The npy file is not as it must be.
    #[error("{0}")]
    Npy(&'static str),
    /// The safetensors file is not as it must be.
    #[error(transparent)]
    Saved(#[from] SavedError),
    /// The log speaks of items without a vector.
    #[error(
        "{items} items of the log have no vector, and {events} events are about them; \
         check that ids are written alike, or leave those events out"
    )]
    UnknownItems {
        /// Items.
        items: usize,
        /// Their events.
        events: usize,
    },
    /// No item of the log has a vector.
    #[error("no item of the log has a vector; check that ids are written alike")]
    ForeignLog,
}

impl ItemVectors {
    /// Reads word2vec's text format: `count dim`, then a line per item, `id v1 .. v_dim`, separated by spaces.
    ///
    /// # Errors
    /// [`ImportError`] with the line.
    ///
    /// # Examples
    /// ```
    /// # use tastekeeper_models::import::ItemVectors;
    /// let vectors = ItemVectors::from_word2vec(b"2 3\nlamp 1 0 0.5\ndesk 0 -1 0\n")?;
    /// assert_eq!(vectors.items, ["lamp", "desk"]);
    /// assert_eq!(vectors.vectors[[1, 1]], -1.0);
    /// # Ok::<(), tastekeeper_models::import::ImportError>(())
    /// ```
    pub fn from_word2vec(bytes: &[u8]) -> Result<Self, ImportError> {
        let mut lines = (1usize..).zip(bytes.split(|byte| *byte == b'\n')).filter_map(|(line, bytes)| {
            match std::str::from_utf8(bytes) {
                Ok(text) if text.trim().is_empty() => None,
                Ok(text) => Some(Ok((line, text.trim()))),
                Err(_) => Some(Err(ImportError::NotUtf8 { line })),
            }
        });
        let (_, header) = lines.next().ok_or(ImportError::Header)??;
        let numbers: Vec<usize> = header.split_whitespace().map_while(|word| word.parse().ok()).collect();
        let (&[count, dim], 2) = (numbers.as_slice(), header.split_whitespace().count()) else {
            return Err(ImportError::Header);
        };
        check_shape(count, dim)?;
        let (mut items, mut values, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for line in lines {
            let (line, text) = line?;
            let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
            let id = words.next().unwrap_or_default();
            let at = Place::Line(line as u64);
            check_id(id, at)?;
            if !seen.insert(id) {
                return Err(ImportError::Duplicate { at });
            }
            items.push(id.to_owned());
            let before = values.len();
            for (value, word) in (1..).zip(words) {
                let number = word.parse::<f32>().ok().filter(|number| number.is_finite());
                values.push(number.ok_or(ImportError::Value { at, value })?);
            }
            let found = values.len() - before;
            if found != dim {
                return Err(ImportError::Length { line, expected: dim, found });
            }
        }
        if items.len() != count {
            return Err(ImportError::Count { expected: count, found: items.len() });
        }
        let vectors = Array2::from_shape_vec((count, dim), values)
            .map_err(|_| ImportError::Count { expected: count, found: items.len() })?;
        Ok(Self { items, vectors })
    }

    /// Reads a safetensors file with a tensor `vectors` (items x dim, f32) and metadata `items` (a JSON list of ids),
    /// which a saved model has as well.
    ///
    /// # Errors
    /// [`ImportError`] with the row.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, ImportError> {
        let file = saved::File::open(bytes)?;
        let items: Vec<String> = file.json("items")?;
        let vectors = file.matrix("vectors")?;
        Self::of(items, vectors, Place::Row)
    }

    /// Reads a matrix that NumPy saved (`numpy.save`): items x dim, of 16, 32 or 64 bit floats, in C or Fortran order.
    /// `items` names its rows.
    ///
    /// # Errors
    /// [`ImportError`] with the row.
    pub fn from_npy(bytes: &[u8], items: Vec<String>) -> Result<Self, ImportError> {
        Self::of(items, npy::read(bytes)?, Place::Row)
    }

    fn of(items: Vec<String>, vectors: Array2<f32>, at: fn(u64) -> Place) -> Result<Self, ImportError> {
        check_shape(vectors.nrows(), vectors.ncols())?;
        if vectors.nrows() != items.len() {
            return Err(ImportError::IdCount { vectors: vectors.nrows(), ids: items.len() });
        }
        if let Some(((row, column), _)) = vectors.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(ImportError::Value { at: Place::Row(row as u64 + 1), value: column + 1 });
        }
        let mut seen = HashSet::new();
        for (place, id) in (1..).zip(&items) {
            check_id(id, at(place))?;
            if !seen.insert(id) {
                return Err(ImportError::Duplicate { at: at(place) });
            }
        }
        Ok(Self { items, vectors })
    }
}

/// The ids of a file's vectors: a JSON list of texts, or an id per line.
///
/// A file that begins with `[` is a JSON list. The last line may end without a line break.
///
/// # Errors
/// [`ImportError`] with the place. Whether ids come twice is seen when they meet their vectors.
///
/// # Examples
/// ```
/// # use tastekeeper_models::import::read_ids;
/// assert_eq!(read_ids(b"lamp\ndesk\n")?, ["lamp", "desk"]);
/// assert_eq!(read_ids(br#"["lamp", "desk"]"#)?, ["lamp", "desk"]);
/// # Ok::<(), tastekeeper_models::import::ImportError>(())
/// ```
pub fn read_ids(bytes: &[u8]) -> Result<Vec<String>, ImportError> {
    if bytes.trim_ascii_start().starts_with(b"[") {
        return serde_json::from_slice(bytes)
            .map_err(|error| ImportError::IdList { line: error.line(), column: error.column() });
    }
    let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let id = |(line, bytes): (usize, &[u8])| {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let id = std::str::from_utf8(bytes).map_err(|_| ImportError::NotUtf8 { line })?;
        check_id(id, Place::Line(line as u64))?;
        Ok(id.to_owned())
    };
    (1usize..).zip(lines.split(|byte| *byte == b'\n')).map(id).collect()
}

fn check_id(id: &str, at: Place) -> Result<(), ImportError> {
    if id_problem(id).is_some() { Err(ImportError::Id { at }) } else { Ok(()) }
}

fn check_shape(rows: usize, dim: usize) -> Result<(), ImportError> {
    if dim == 0 {
        return Err(ImportError::NoValues);
    }
    for (what, found, limit) in [("vectors", rows, MAX_ITEMS), ("values per vector", dim, MAX_DIM)] {
        if found > limit {
            return Err(ImportError::TooLarge { what, found: found as u64, limit });
        }
    }
    Ok(())
}

/// What happens to events about items without a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownItems {
    /// They are an error.
    Refuse,
    /// They are left out.
    Skip,
}

/// The model of `vectors`, each scaled to unit norm, with popularity and transitions of `log`.
///
/// Without a log all items are equally popular, ranked by id, and no transition is known; with one, up to `neighbours`
/// per item are, and items that never occur come last.
///
/// # Errors
/// [`ImportError::UnknownItems`] or [`ImportError::ForeignLog`] if log and vectors do not fit.
pub fn model_of(
    vectors: &ItemVectors,
    log: Option<&Dataset>,
    unknown: UnknownItems,
    neighbours: usize,
    kind_weights: [f32; 4],
) -> Result<TrainedModel, ImportError> {
    let dataset = align(vectors, log, unknown)?;
    let parameters = untuned_graph();
    let LogCounts { order, counts, transitions, repeats } =
        count(&dataset, neighbours, &parameters.count, Repeats::Auto, kind_weights);
    let dim = vectors.vectors.ncols();
    let mut rows = Array2::zeros((order.len(), dim));
    for (&item, mut row) in order.iter().zip(rows.rows_mut()) {
        let vector = vectors.vectors.row(item as usize);
        // scaled by the largest value first, so that the square of none overflows
        let largest = vector.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        if largest > 0.0 {
            row.assign(&(&vector / largest));
            let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            row /= norm;
        }
    }
    Ok(TrainedModel {
        items: order.iter().map(|&item| dataset.items[item as usize].clone()).collect(),
        counts,
        attributes: AttributeTable { entries: Vec::new(), of_item: vec![Vec::new(); order.len()] },
        vectors: rows,
        attribute_vectors: Array2::zeros((0, dim)),
        matrix: Array2::eye(dim),
        graph: transitions.into_transitions(parameters.alpha, parameters.e0),
        blend: untuned_blend(kind_weights, repeats),
    })
}

/// The log in terms of the vectors' items.
fn align(
    vectors: &ItemVectors,
    log: Option<&Dataset>,
    unknown: UnknownItems,
) -> Result<Dataset, ImportError> {
    let mut out = Dataset { items: vectors.items.clone(), ..Dataset::default() };
    let Some(log) = log else { return Ok(out) };
    let index: HashMap<&str, u32> = (0..).zip(&vectors.items).map(|(i, id)| (id.as_str(), i)).collect();
    let of_log: Vec<Option<u32>> = log.items.iter().map(|id| index.get(id.as_str()).copied()).collect();
    let items = of_log.iter().filter(|item| item.is_none()).count();
    if items == of_log.len() {
        return Err(ImportError::ForeignLog);
    }
    if items > 0 && unknown == UnknownItems::Refuse {
        let all = log.sequences.iter().flat_map(|sequence| &sequence.events);
        let events = all.filter(|event| of_log[event.item as usize].is_none()).count();
        return Err(ImportError::UnknownItems { items, events });
    }
    out.sequences.clone_from(&log.sequences);
    for sequence in &mut out.sequences {
        sequence.events.retain_mut(|event| match of_log[event.item as usize] {
            Some(item) => {
                event.item = item;
                true
            }
            None => false,
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{LogFormat, read_log_from};

    fn message(text: &str) -> String {
        ItemVectors::from_word2vec(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn malformed_vectors_are_refused_with_their_line() {
        assert!(message("").starts_with("line 1"));
        assert!(message("2\na 1\n").starts_with("line 1"));
        assert!(message("2 x\na 1\n").starts_with("line 1"));
        assert!(message("1 2 3\na 1\n").starts_with("line 1"));
        assert_eq!(message("1 2\na 1\n"), "line 2: expected an id and 2 values, found 1 values");
        assert_eq!(message("1 2\na 1 NaN\n"), "line 2, value 2: expected a finite number");
        assert_eq!(message("1 2\na inf 1\n"), "line 2, value 1: expected a finite number");
        assert_eq!(message("1 2\na x 1\n"), "line 2, value 1: expected a finite number");
        assert_eq!(message("2 1\na 1\na 2\n"), "line 3: this item had a vector before; keep one of them");
        assert_eq!(message("1 500\na 1\n"), "values per vector are 500, and at most 256 can be handled");
        assert_eq!(message("3 1\na 1\nb 2\n"), "expected 3 vectors as the first line says, found 2");
        let bytes = b"1 1\n\xff 1\n";
        assert_eq!(ItemVectors::from_word2vec(bytes).unwrap_err().to_string(), "line 2: expected utf-8");
    }

    #[test]
    fn matrices_and_ids_that_do_not_fit_are_refused_with_their_row() {
        let message = |values: &[f32], ids: &[u8]| {
            let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\n";
            let length = u16::try_from(header.len()).unwrap().to_le_bytes();
            let values: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let file = [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), &values].concat();
            match read_ids(ids).and_then(|ids| ItemVectors::from_npy(&file, ids)) {
                Ok(found) => found.items.join(" "),
                Err(error) => error.to_string(),
            }
        };
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(message(&values, b"a\nb"), "a b");
        assert_eq!(message(&values, b"a\r\nb\r\n"), "a b");
        assert_eq!(message(&values, b" [\"a\", \"b\"]"), "a b");
        let few = "2 vectors but 1 ids; give one id per vector, in the same order";
        assert_eq!(message(&values, b"a\n"), few);
        let twice = "row 2: this item had a vector before; keep one of them";
        assert_eq!(message(&values, b"a\na\n"), twice);
        assert_eq!(message(&[1.0, 2.0, 3.0, f32::NAN], b"a\nb"), "row 2, value 2: expected a finite number");
        assert_eq!(
            message(&[f32::INFINITY, 2.0, 3.0, 4.0], b"a\nb"),
            "row 1, value 1: expected a finite number"
        );
        assert!(message(&values, b"a\n\nb").starts_with("line 2: an id must have 1 to 256 bytes"));
        assert!(message(&values, b"[\"a\", \"\"]").starts_with("row 2: an id must have"));
        assert!(message(&values, b"[\"a\", 7]").starts_with("expected a JSON list of texts"));
        assert_eq!(message(&values, b"a\n\xff\n"), "line 2: expected utf-8");
    }

    #[test]
    fn a_log_gives_rank_order_and_transitions() {
        let vectors = ItemVectors::from_word2vec(b"3 2\na 3 4\nb 0 0\nc 1e30 0\n").unwrap();
        let log = read_log_from(&b"u b c\nv b c\nw b\n"[..], &LogFormat::Sequences, &mut |_| ()).unwrap();
        let model = model_of(&vectors, Some(&log), UnknownItems::Refuse, 8, [1.0; 4]).unwrap();
        assert_eq!(model.items, ["b", "c", "a"]);
        assert_eq!(model.counts, [3, 2, 0]);
        assert_eq!(model.graph[0][0].0, 1);
        assert!((model.vectors[[2, 0]] - 0.6).abs() < 1e-6);
        assert!((model.vectors[[1, 0]] - 1.0).abs() < 1e-6 && model.vectors[[0, 0]].abs() < 1e-9);
        let alone = model_of(&vectors, None, UnknownItems::Refuse, 8, [1.0; 4]).unwrap();
        assert_eq!(alone.items, ["a", "b", "c"]);
    }

    #[test]
    fn a_log_of_other_items_is_refused_or_cut() {
        let vectors = ItemVectors::from_word2vec(b"2 1\na 1\nb 1\n").unwrap();
        let read = |text: &str| read_log_from(text.as_bytes(), &LogFormat::Sequences, &mut |_| ()).unwrap();
        let run = |log: &Dataset, unknown| model_of(&vectors, Some(log), unknown, 8, [1.0; 4]);
        let log = read("u a x b x\n");
        let error = run(&log, UnknownItems::Refuse).unwrap_err();
        assert!(matches!(error, ImportError::UnknownItems { items: 1, events: 2 }));
        assert_eq!(run(&log, UnknownItems::Skip).unwrap().counts, [1, 1]);
        assert!(matches!(run(&read("u x\n"), UnknownItems::Skip), Err(ImportError::ForeignLog)));
    }
}
