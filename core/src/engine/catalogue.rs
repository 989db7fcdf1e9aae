//! What the shop offers: items and the model pack.

use std::sync::Arc;

use super::Recommender;
use crate::catalog::{Item, ItemPatch};
use crate::error::{Error, ModelProblem, Result};
use crate::event::check_id;
use crate::model::{Model, ModelInfo};

/// Largest model pack in bytes.
const MAX_PACK_BYTES: u64 = 1 << 30;

impl Recommender {
    /// Adds or replaces items, all or none. They survive restarts. An item the model does not know can be recommended
    /// at once: its vector comes from its category, brand and attributes.
    ///
    /// Cost: linear in the number of items; one append, and now and then the whole catalogue is written anew. May block on
    /// disk. What is acknowledged survives the end of the process; a power cut may lose the last appends.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming item and field; a storage error, and then nothing changed.
    pub fn upsert_items(&self, items: Vec<Item>) -> Result<()> {
        self.call(|inner, call| inner.catalog.upsert(items, &mut call.random))
    }

    /// Changes price, availability and other fields of known items, all or none. They survive restarts.
    ///
    /// # Errors
    /// As for [`upsert_items`](Self::upsert_items), also when an item is known neither to the model nor the catalogue.
    pub fn patch_items(&self, patches: Vec<ItemPatch>) -> Result<()> {
        self.call(|inner, call| inner.catalog.patch(patches, &mut call.random))
    }

    /// Takes items down: they are not recommended until they are upserted again. Unknown ids are fine. Survives restarts.
    ///
    /// Cost: as for [`upsert_items`](Self::upsert_items).
    ///
    /// # Errors
    /// A storage error, and then nothing changed.
    pub fn remove_items(&self, ids: Vec<String>) -> Result<()> {
        for (place, id) in ids.iter().enumerate() {
            check_id(&format!("ids[{place}]"), id)?;
        }
        self.call(|inner, call| inner.catalog.remove(ids, &mut call.random))
    }

    /// Loads the model pack at `path` and swaps it in at once, when its signature and every part of it are right.
    ///
    /// Cost: reads the file and checks every part of it, while other calls go on; the swap is linear in the catalogue. A
    /// version that was not installed before is remembered durably. The pack stays in memory as long as it is in use.
    ///
    /// # Errors
    /// [`Error::ModelInvalid`] saying why, and the pack in use stays in use; [`Error::StorageUnavailable`] when the
    /// file cannot be read.
    pub fn load_model(&self, path: &std::path::Path) -> Result<ModelInfo> {
        let unreadable = |error: &std::io::Error| Error::StorageUnavailable {
            reason: format!("the model pack cannot be read ({:?})", error.kind()),
        };
        let length = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
        if length > MAX_PACK_BYTES {
            return Err(ModelProblem::TooLarge { what: "file" }.into());
        }
        let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
        self.install_model(Arc::new(self.read_model(bytes.into())?))
    }

    /// Loads a model pack from memory. As [`load_model`](Self::load_model).
    ///
    /// # Errors
    /// [`Error::ModelInvalid`] saying why.
    pub fn load_model_bytes(&self, bytes: &[u8]) -> Result<ModelInfo> {
        self.install_model(Arc::new(self.read_model(bytes.into())?))
    }

    fn read_model(&self, bytes: Arc<[u8]>) -> Result<Model> {
        Ok(Model::open(bytes, &self.trusted)?)
    }

    /// Uses a model that is already open, for example by another recommender of the same process. Its signature was
    /// checked when it was opened, against the keys that were given there: those of the configuration are not asked.
    ///
    /// # Errors
    /// [`Error::ModelInvalid`] when a newer version of it was installed before.
    pub fn install_model(&self, model: Arc<Model>) -> Result<ModelInfo> {
        self.call(|inner, call| {
            let info = model.info().clone();
            if let Some(installed) = inner.control.installed_version(&info.model_id)
                && installed > info.pack_version
            {
                return Err(ModelProblem::OlderThanInstalled { installed, offered: info.pack_version }.into());
            }
            inner.control.remember_model(&info.model_id, info.pack_version, &mut call.random)?;
            inner.forget_answers();
            inner.catalog.set_model(model);
            Ok(info)
        })
    }
}
