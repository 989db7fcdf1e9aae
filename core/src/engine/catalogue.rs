//! What the shop offers: items and the model pack.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use tastekeeper_kernels::map::Map;

use super::Recommender;
use crate::catalog::{Item, ItemPatch};
use crate::error::{Error, ModelProblem, Result};
use crate::event::check_id;
use crate::layout;
use crate::model::{KnownPack, Model, ModelInfo, PackBytes};
use crate::platform;

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
    /// The file is mapped, not copied, and stays in use until another model is: **never change or cut it in place**. Write the
    /// next pack under another name, and rename it over this one or load it from where it is. A pack that changes while it is in
    /// use gives wrong answers until it is loaded again; on systems of the Unix kind, one that is cut ends the process.
    ///
    /// Cost: a new pack is read and verified as a whole, while other calls go on, and remembered durably. A pack that was
    /// verified here before, by this version of the engine and under a key that is still trusted, is known again by a keyed
    /// fingerprint of all its bytes: that is about as fast as reading them. The swap is linear in the catalogue.
    ///
    /// # Errors
    /// [`Error::ModelInvalid`] saying why, and the pack in use stays in use; [`Error::StorageUnavailable`] when the
    /// file cannot be read.
    pub fn load_model(&self, path: &Path) -> Result<ModelInfo> {
        self.load(read(path)?)
    }

    /// Loads a model pack from memory, where it stays as long as it is in use. As [`load_model`](Self::load_model), which needs
    /// none.
    ///
    /// # Errors
    /// [`Error::ModelInvalid`] saying why.
    pub fn load_model_bytes(&self, bytes: &[u8]) -> Result<ModelInfo> {
        self.load(bytes.into())
    }

    fn load(&self, bytes: PackBytes) -> Result<ModelInfo> {
        let known = platform::lock(&self.inner).as_ref().map(|inner| inner.control.known_packs());
        let (model, is_known) = Model::recognise(bytes, &self.trusted, &known.unwrap_or_default())?;
        self.install(Arc::new(model), !is_known)
    }

    /// Uses a model that is already open, for example by another recommender of the same process. Its signature was
    /// checked when it was opened, against the keys that were given there: those of the configuration are not asked.
    ///
    /// # Errors
    /// [`Error::ModelInvalid`] when a newer version of it was installed before.
    pub fn install_model(&self, model: Arc<Model>) -> Result<ModelInfo> {
        self.install(model, false)
    }

    /// Puts a model in, and remembers its file if it was verified just now.
    fn install(&self, model: Arc<Model>, verified: bool) -> Result<ModelInfo> {
        self.call(|inner, call| {
            let info = model.info().clone();
            if let Some(installed) = inner.control.installed_version(&info.model_id)
                && installed > info.pack_version
            {
                return Err(ModelProblem::OlderThanInstalled { installed, offered: info.pack_version }.into());
            }
            let seed = if verified { call.random.generate_bytes().ok() } else { None };
            let known = seed.map(|seed| KnownPack::of(&model, seed));
            inner.control.remember_model(&info.model_id, info.pack_version, known, &mut call.random)?;
            inner.forget_answers();
            inner.catalog.set_model(model);
            Ok(info)
        })
    }
}

/// The bytes of a pack's file: mapped, or read where there are no maps.
fn read(path: &Path) -> Result<PackBytes> {
    let unreadable = |error: io::Error| Error::StorageUnavailable {
        reason: format!("the model pack cannot be read ({:?})", error.kind()),
    };
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.len() > layout::MAX_FILE_BYTES {
        return Err(ModelProblem::TooLarge { what: "file" }.into());
    }
    Ok(match Map::of(&file) {
        Ok(map) => PackBytes::Mapped(map),
        Err(_) => PackBytes::from(fs::read(path).map_err(unreadable)?.as_slice()),
    })
}
