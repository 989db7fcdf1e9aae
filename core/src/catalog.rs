//! What the shop offers now: items with their category, price and availability, over the items of the model pack.
//!
//! Enters: items, patches and removals from the app; the model pack. Leaves: one numbering of all items, with what
//! filters and ranking need to know of each. Must never: hold anything about a person.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::sensitive::DenyList;
use crate::store::{CallRandom, Durability, RecordLog, Records};

mod bits;
mod item;
mod known;
mod offers;
mod postings;
mod view;
mod words;
pub use item::{Availability, Item, ItemPatch};

pub(crate) use bits::Bits;
pub(crate) use known::{KnownItem, KnownSearch};
pub(crate) use view::{SymbolKind, View};

/// Version byte of [`Record`].
const RECORD_VERSION: u8 = 1;
/// Most items the app may add over the model pack's.
pub const MAX_CATALOG_ITEMS: usize = 200_000;
/// Most items in one call.
pub const MAX_ITEMS_PER_CALL: usize = 10_000;

#[derive(Serialize, Deserialize)]
enum Record {
    Upsert(Box<Item>),
    Remove(String),
}

/// The catalogue: the app's items, sealed in a log, over a model pack.
pub(crate) struct Catalog {
    /// `None` marks an item the shop took down.
    items: BTreeMap<String, Option<Item>>,
    log: Box<dyn RecordLog>,
    records_in_log: usize,
    view: View,
    deny: DenyList,
}

impl Catalog {
    /// A catalogue read back from its log.
    ///
    /// # Errors
    /// [`Error::StorageCorrupt`] when an authenticated record cannot be decoded.
    pub(crate) fn new(log: Box<dyn RecordLog>, records: &Records, deny: DenyList) -> Result<Self> {
        let mut items = BTreeMap::new();
        for record in records.iter() {
            match codec::decode(RECORD_VERSION, record).map_err(|error| error.of("a catalogue record"))? {
                Record::Upsert(item) => items.insert(item.id.clone(), Some(*item)),
                Record::Remove(id) => items.insert(id, None),
            };
        }
        let view = View::new(None, &items, deny.clone());
        Ok(Self { items, log, records_in_log: records.len(), view, deny })
    }

    /// The items of model and catalogue under one numbering.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// How many items the app added or changed.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn disk_bytes(&self) -> u64 {
        self.log.disk_bytes()
    }

    /// Puts another model under the catalogue. Cost: linear in the catalogue.
    pub(crate) fn set_model(&mut self, model: Arc<Model>) {
        self.view = View::new(Some(model), &self.items, self.deny.clone()).after(&self.view);
    }

    /// Adds or replaces items, all or none.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the item's place and field; those of the log.
    pub(crate) fn upsert(&mut self, items: Vec<Item>, random: &mut CallRandom) -> Result<()> {
        check_count("items", items.len())?;
        for (position, item) in items.iter().enumerate() {
            item.check(&format!("items[{position}]"), self.view.dim())?;
        }
        self.apply(items.into_iter().map(|item| (item.id.clone(), Some(item))).collect(), random)
    }

    /// Changes fields of known items, all or none.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the patch's place and field, also for an item nobody knows; those of the log.
    pub(crate) fn patch(&mut self, patches: Vec<ItemPatch>, random: &mut CallRandom) -> Result<()> {
        check_count("patches", patches.len())?;
        let mut changed: BTreeMap<String, Option<Item>> = BTreeMap::new();
        for (position, patch) in patches.into_iter().enumerate() {
            let known = match changed.get(&patch.id).or_else(|| self.items.get(&patch.id)) {
                Some(known) => known.clone(),
                None => self.view.index_of(&patch.id).map(|_| Item::new(&patch.id)),
            };
            let Some(mut item) = known else {
                return Err(Error::invalid(
                    format!("patches[{position}].id"),
                    "names no item of the model or the catalogue",
                ));
            };
            patch.apply(&mut item);
            item.check(&format!("patches[{position}]"), self.view.dim())?;
            changed.insert(item.id.clone(), Some(item));
        }
        self.apply(changed, random)
    }

    /// Takes items down. Unknown ids are fine.
    ///
    /// # Errors
    /// Those of the log; then nothing was taken down.
    pub(crate) fn remove(&mut self, ids: Vec<String>, random: &mut CallRandom) -> Result<()> {
        check_count("ids", ids.len())?;
        self.apply(ids.into_iter().map(|id| (id, None)).collect(), random)
    }

    fn apply(&mut self, changes: BTreeMap<String, Option<Item>>, random: &mut CallRandom) -> Result<()> {
        let added = changes.keys().filter(|id| !self.items.contains_key(*id)).count();
        if self.items.len() + added > MAX_CATALOG_ITEMS {
            return Err(Error::invalid(
                "items",
                format!("the catalogue holds at most {MAX_CATALOG_ITEMS} items"),
            ));
        }
        let mut records = Vec::with_capacity(changes.len());
        for (id, item) in &changes {
            records.push(encode(id, item.as_ref())?);
        }
        if self.records_in_log + records.len() > 2 * (self.items.len() + added) + 1_000 {
            let mut merged = self.items.clone();
            merged.extend(changes.clone());
            let all: Result<Vec<_>> = merged.iter().map(|(id, item)| encode(id, item.as_ref())).collect();
            let all = all?;
            match self.log.rewrite(&all, random) {
                // Written; the file of before held nothing of a person, and the log tries again.
                Ok(()) | Err(Error::ErasurePending { .. }) => self.records_in_log = all.len(),
                Err(error) => return Err(error),
            }
        } else {
            self.log.append(&records, Durability::Power, random)?;
            self.records_in_log += records.len();
        }
        for (id, item) in changes {
            self.view.apply(&id, item.as_ref());
            self.items.insert(id, item);
        }
        Ok(())
    }
}

fn check_count(field: &str, count: usize) -> Result<()> {
    if count > MAX_ITEMS_PER_CALL {
        return Err(Error::invalid(field, format!("must be at most {MAX_ITEMS_PER_CALL} in one call")));
    }
    Ok(())
}

fn encode(id: &str, item: Option<&Item>) -> Result<Vec<u8>> {
    let record = match item {
        Some(item) => Record::Upsert(Box::new(item.clone())),
        None => Record::Remove(id.to_owned()),
    };
    codec::encode(RECORD_VERSION, &record)
        .map_err(|error| Error::Internal { reason: format!("a catalogue record: {error}") })
}
