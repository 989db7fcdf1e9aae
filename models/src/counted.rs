//! Popularity and transitions that an engine of the shop counted, with `models/sql`, put into a trained model.
//!
//! In: a model, and Parquet tables as those files write them: `counts(item, events)`, `transitions(source, target, weight
//! [, row_sum])`. Out: the model with the graph and the popularity of the whole log.
//! Must never guess: a weight that is not above 0, a transition given twice, an item without a vector are errors unless
//! the caller says what to do with the item. Must never put an id into an error.

mod sql;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use ndarray::{Array2, Axis, concatenate};

use crate::input::parquet::{Batch, Table, Want};
use crate::input::{FileRole, InputError, ValueKind};
use crate::train::graph::Counted;
use crate::trained::TrainedModel;

pub use sql::{Engine, counting_sql};

/// What happens to items that the engine counted and the model has no vector for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownItems {
    /// They are an error.
    Refuse,
    /// What was counted for them is left out.
    Skip,
    /// They join the model without a vector: transitions and popularity recommend them.
    Add,
}

/// Why the counts were not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CountedError {
    /// A file is not as it must be.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Items without a vector.
    #[error(
        "{items} of the counted items are not in the model; check that ids are written alike, then leave them out or \
         add them without a vector"
    )]
    UnknownItems {
        /// How many.
        items: usize,
    },
    /// No item of the transitions is in the model.
    #[error("no counted item is in the model; check that ids are written alike")]
    Foreign,
    /// A pair of items comes twice.
    #[error("transitions: {pairs} pairs of items have more than one row; group by source and target")]
    Duplicate {
        /// How many.
        pairs: usize,
    },
    /// An item of the counts comes twice.
    #[error("counts: {items} items have more than one row; group by item")]
    DuplicateCount {
        /// How many.
        items: usize,
    },
    /// Transitions from an item to itself in a model that does not recommend known items.
    #[error(
        "transitions: {items} items follow themselves, but the model allows no repeats; count with p_repeats = false, \
         or train with repeats allowed"
    )]
    Repeats {
        /// How many.
        items: usize,
    },
}

/// What an engine counted, by the items of a model.
#[derive(Debug)]
pub struct Counts {
    /// Numbers of the model's items, then of the added ones.
    index: HashMap<String, u32>,
    /// Ids of added items.
    added: Vec<String>,
    unknown: UnknownItems,
    /// Counted items that are neither in the model nor added.
    left_out: HashSet<String>,
    /// Items of the model, and whether one of them was counted.
    items: usize,
    known: bool,
    rows: Vec<Vec<(u32, f32)>>,
    /// Per item the sum of its row: as given, or of what was read.
    sums: Vec<Option<f64>>,
    read: Vec<f64>,
    events: Option<Vec<Option<u64>>>,
}

/// What was put into a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Transitions kept.
    pub edges: usize,
    /// Items that joined the model.
    pub added: usize,
    /// Items whose counts were left out.
    pub left_out: usize,
    /// Items of the model with a transition.
    pub with_transitions: usize,
}

impl Counts {
    /// Nothing counted yet, for the items of `model`.
    #[must_use]
    pub fn new(model: &TrainedModel, unknown: UnknownItems) -> Self {
        let items = model.items.len();
        Self {
            index: (0..).zip(&model.items).map(|(number, id)| (id.clone(), number)).collect(),
            added: Vec::new(),
            unknown,
            left_out: HashSet::new(),
            items,
            known: false,
            rows: vec![Vec::new(); items],
            sums: vec![None; items],
            read: vec![0.0; items],
            events: None,
        }
    }

    /// Reads `transitions(source, target, weight [, row_sum])`. Memory is linear in its rows. Blocks on disk.
    ///
    /// # Errors
    /// [`InputError`] with the row.
    pub fn read_transitions(&mut self, path: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), InputError> {
        self.transitions(&Table::open(path, FileRole::Transitions)?, progress)
    }

    /// Reads `counts(item, events)`. Blocks on disk.
    ///
    /// # Errors
    /// [`CountedError`] with the row, or if an item comes twice.
    pub fn read_counts(&mut self, path: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), CountedError> {
        self.counts(&Table::open(path, FileRole::Counts)?, progress)
    }

    fn transitions(&mut self, table: &Table, progress: &mut dyn FnMut(u64)) -> Result<(), InputError> {
        let mut wanted = vec![("source", Want::Id), ("target", Want::Id), ("weight", Want::Number)];
        let has_sum = table.columns().iter().any(|column| column == "row_sum");
        if has_sum {
            wanted.push(("row_sum", Want::Number));
        }
        table.read(&wanted, progress, &mut |batch| {
            for row in 0..batch.rows() {
                let weight = above_zero(batch, 2, row)?;
                let sum = has_sum.then(|| above_zero(batch, 3, row)).transpose()?;
                let source = self.number(batch.id(0, row)?);
                let target = self.number(batch.id(1, row)?);
                let Some(source) = source.map(|number| number as usize) else { continue };
                if let Some(sum) = sum {
                    let before = *self.sums[source].get_or_insert(sum);
                    if (before - sum).abs() > 1e-6 * sum {
                        let expected = "one row_sum for all rows of a source";
                        return Err(batch.unexpected(3, row, expected, ValueKind::Decimal));
                    }
                }
                self.read[source] += weight;
                if let Some(target) = target {
                    // a weight too small for 32 bits would be a transition of weight 0
                    #[expect(clippy::cast_possible_truncation, reason = "kept as f32")]
                    let weight = (weight as f32).clamp(f32::MIN_POSITIVE, f32::MAX);
                    self.rows[source].push((target, weight));
                }
            }
            Ok(())
        })
    }

    fn counts(&mut self, table: &Table, progress: &mut dyn FnMut(u64)) -> Result<(), CountedError> {
        let mut twice = 0;
        let mut events = self.events.take().unwrap_or_default();
        table.read(&[("item", Want::Id), ("events", Want::Number)], progress, &mut |batch| {
            for row in 0..batch.rows() {
                let found = batch.finite(1, row)?;
                // beyond 2^53 a number of this type is not exact
                if found < 0.0 || found.fract() != 0.0 || found > 9_007_199_254_740_992.0 {
                    let expected = "a whole number of events";
                    return Err(batch.unexpected(1, row, expected, ValueKind::Decimal));
                }
                let Some(item) = self.number(batch.id(0, row)?) else { continue };
                let item = item as usize;
                if events.len() <= item {
                    events.resize(item + 1, None);
                }
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
                let before = events[item].replace(found as u64);
                twice += usize::from(before.is_some());
            }
            Ok(())
        })?;
        self.events = Some(events);
        if twice > 0 { Err(CountedError::DuplicateCount { items: twice }) } else { Ok(()) }
    }

    /// The number of an item; `None` if it is left out.
    fn number(&mut self, id: &str) -> Option<u32> {
        if let Some(&number) = self.index.get(id) {
            self.known |= (number as usize) < self.items;
            return Some(number);
        }
        if self.unknown != UnknownItems::Add {
            if !self.left_out.contains(id) {
                self.left_out.insert(id.to_owned());
            }
            return None;
        }
        let number = u32::try_from(self.index.len()).ok()?;
        self.index.insert(id.to_owned(), number);
        self.added.push(id.to_owned());
        self.rows.push(Vec::new());
        self.sums.push(None);
        self.read.push(0.0);
        Some(number)
    }

    /// Puts what was read into `model`: rows are scaled by `alpha` and bent by `e0`, the strongest `neighbours` kept, and
    /// items ranked anew. Without counts the model's own popularity stays.
    ///
    /// # Errors
    /// [`CountedError`] if items are unknown and that is refused, or a pair of items came twice.
    pub fn put_into(
        mut self,
        model: TrainedModel,
        neighbours: usize,
        alpha: f32,
        e0: f32,
    ) -> Result<(TrainedModel, Taken), CountedError> {
        if !self.known {
            return Err(CountedError::Foreign);
        }
        if self.unknown == UnknownItems::Refuse && !self.left_out.is_empty() {
            return Err(CountedError::UnknownItems { items: self.left_out.len() });
        }
        let mut pairs = 0;
        let mut follow_themselves = 0;
        for (item, row) in (0u32..).zip(&mut self.rows) {
            row.sort_unstable_by_key(|edge| edge.0);
            pairs += row.windows(2).filter(|pair| pair[0].0 == pair[1].0).count();
            follow_themselves += usize::from(row.binary_search_by_key(&item, |edge| edge.0).is_ok());
        }
        if pairs > 0 {
            return Err(CountedError::Duplicate { pairs });
        }
        if follow_themselves > 0 && !model.blend.repeats {
            return Err(CountedError::Repeats { items: follow_themselves });
        }
        Ok(self.ranked(model, neighbours, alpha, e0))
    }

    /// The model with all its items in their new order.
    fn ranked(
        self,
        mut model: TrainedModel,
        neighbours: usize,
        alpha: f32,
        e0: f32,
    ) -> (TrainedModel, Taken) {
        let added = self.added.len();
        let mut counts = match &self.events {
            Some(events) => {
                (0..model.items.len()).map(|i| events.get(i).copied().flatten().unwrap_or(0)).collect()
            }
            None => model.counts,
        };
        counts.extend((model.items.len()..model.items.len() + added).map(|item| {
            self.events.as_ref().and_then(|events| events.get(item).copied().flatten()).unwrap_or(0)
        }));
        model.items.extend(self.added);
        model.attributes.of_item.resize(model.items.len(), Vec::new());
        let none = Array2::zeros((added, model.vectors.ncols()));
        let vectors = concatenate(Axis(0), &[model.vectors.view(), none.view()])
            .expect("the added rows are as long as the others");

        let mut order: Vec<usize> = (0..model.items.len()).collect();
        order.sort_by(|&a, &b| counts[b].cmp(&counts[a]).then_with(|| model.items[a].cmp(&model.items[b])));
        let mut rank = vec![0u32; order.len()];
        for (r, &item) in (0u32..).zip(&order) {
            rank[item] = r;
        }
        let mut rows = self.rows;
        let ranked_row = |&item: &usize| {
            let mut row = std::mem::take(&mut rows[item]);
            row.iter_mut().for_each(|edge| edge.0 = rank[edge.0 as usize]);
            // sums in another order may fall a little short of what was read
            (row, self.sums[item].map_or(self.read[item], |sum| sum.max(self.read[item])))
        };
        let counted = Counted::of_rows(order.iter().map(ranked_row), neighbours);
        model.graph = counted.into_transitions(alpha, e0);
        model.vectors = vectors.select(Axis(0), &order);
        model.counts = order.iter().map(|&item| counts[item]).collect();
        model.attributes.of_item =
            order.iter().map(|&item| std::mem::take(&mut model.attributes.of_item[item])).collect();
        model.items = order.iter().map(|&item| std::mem::take(&mut model.items[item])).collect();
        let taken = Taken {
            edges: model.graph.iter().map(Vec::len).sum(),
            added,
            left_out: self.left_out.len(),
            with_transitions: model.graph.iter().filter(|row| !row.is_empty()).count(),
        };
        (model, taken)
    }
}

/// A number above 0.
fn above_zero(batch: &Batch, column: usize, row: usize) -> Result<f64, InputError> {
    let found = batch.finite(column, row)?;
    if found > 0.0 {
        Ok(found)
    } else {
        Err(batch.unexpected(column, row, "a number above 0", ValueKind::Decimal))
    }
}

#[cfg(test)]
mod tests;
