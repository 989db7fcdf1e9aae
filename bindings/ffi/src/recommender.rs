//! The one object an app holds: open, close, and what the shop and the shopper do in a visit.
//!
//! In: plain records. Out: plain records, or one error. Must never decide anything: every call is the engine's call of the same
//! name. `controls` has the rest of them.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use tastekeeper as core;

use crate::answers::{CategoryRecommendation, Explanation, Recommendations};
use crate::config::Config;
use crate::error::{Result, TastekeeperError};
use crate::events::{Event, Tracked};
use crate::health::{Finding, Stats};
use crate::host::{Clock, Host, HostClock, KeyCustodian, SecureRandom, refuse_reentry};
use crate::items::{Item, ItemPatch, ModelInfo};
use crate::mirror::{all, size};
use crate::requests::{Context, Request};

/// The engine: a shopper's history and the shop's model on this phone, and recommendations from both.
///
/// Every call blocks, and calls are answered one after the other; on a phone, call it from a background thread. None uses a
/// network. After `close` every call is `Closed`.
#[derive(uniffi::Object)]
pub struct Recommender {
    open: RwLock<Option<Open>>,
    is_durable: bool,
}

#[derive(Clone)]
struct Open {
    engine: Arc<core::Recommender>,
    clock: Arc<HostClock>,
}

impl fmt::Debug for Recommender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Recommender(..)")
    }
}

impl Recommender {
    /// Runs one call of the engine, without a lock of this layer: the engine has its own.
    pub(crate) fn call<T>(&self, body: impl FnOnce(&core::Recommender) -> core::Result<T>) -> Result<T> {
        body(&*self.enter()?).map_err(TastekeeperError::from)
    }

    /// The engine, with the time of the call to come. Once in the library, not in every call of it.
    #[inline(never)]
    fn enter(&self) -> Result<Arc<core::Recommender>> {
        refuse_reentry()?;
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner).clone();
        let open = open.ok_or(core::Error::Closed)?;
        open.clock.refresh()?;
        Ok(open.engine)
    }
}

#[uniffi::export]
impl Recommender {
    /// Opens the engine. With a `directory` and `keys` what is kept survives restarts, sealed; the directory is made if it is
    /// missing. Without both everything is in memory and gone with the object: also the way to go on when no key can be had.
    /// `clock` and `random` are for tests and replays; without them the system's are used.
    ///
    /// Finishes what a crash interrupted. May block on disk and on the custodian.
    ///
    /// # Errors
    /// `InvalidArgument` for the configuration, `KeyUnavailable` when the custodian cannot be reached (nothing is touched
    /// then), `StorageUnavailable` when files cannot be read.
    #[uniffi::constructor(default(directory = None, keys = None, clock = None, random = None))]
    pub fn open(
        config: Config,
        directory: Option<String>,
        keys: Option<Arc<dyn KeyCustodian>>,
        clock: Option<Arc<dyn Clock>>,
        random: Option<Arc<dyn SecureRandom>>,
    ) -> Result<Self> {
        let is_durable = directory.is_some();
        let Host { platform, clock } = Host::new(directory, keys, clock, random)?;
        let engine = Arc::new(core::Recommender::open(config.into(), platform)?);
        Ok(Self { open: RwLock::new(Some(Open { engine, clock })), is_durable })
    }

    /// Drops everything held in memory, and the app's clock, random source and custodian. A call that is under way ends first.
    /// Closing again does nothing.
    ///
    /// # Errors
    /// None; declared so that a defect is an exception and not the end of the process.
    pub fn close(&self) -> Result<()> {
        refuse_reentry()?;
        let open = self.open.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(open) = open {
            open.engine.close();
        }
        Ok(())
    }

    /// Whether what is kept survives a restart. False when the recommender was opened without a directory.
    ///
    /// # Errors
    /// `Closed`.
    pub fn is_durable(&self) -> Result<bool> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map(|_| self.is_durable).ok_or_else(|| core::Error::Closed.into())
    }

    /// Takes an event and says what became of it. Lack of consent is an answer, not an error. May block on disk.
    ///
    /// # Errors
    /// `InvalidArgument` naming the field; a storage error, and then the event was not kept.
    pub fn track(&self, event: Event) -> Result<Tracked> {
        self.call(|engine| engine.track(event.into())).map(Into::into)
    }

    /// Takes at most 1 000 events with one append: all of those that may be kept, or on an error none.
    ///
    /// # Errors
    /// As for `track`; the field begins with `events[i]`.
    pub fn track_all(&self, events: Vec<Event>) -> Result<Vec<Tracked>> {
        self.call(|engine| engine.track_all(all(events))).map(all)
    }

    /// Adds or replaces at most 10 000 items, all or none. They survive restarts. May block on disk.
    ///
    /// # Errors
    /// `InvalidArgument` naming item and field; a storage error, and then nothing changed.
    pub fn upsert_items(&self, items: Vec<Item>) -> Result<()> {
        let items = items.into_iter().enumerate().map(|(place, item)| item.read(place));
        let items = items.collect::<Result<Vec<_>>>()?;
        self.call(|engine| engine.upsert_items(items))
    }

    /// Changes price, availability and other fields of known items, all or none. They survive restarts.
    ///
    /// # Errors
    /// As for `upsert_items`, also when an item is known neither to the model nor the catalogue.
    pub fn patch_items(&self, patches: Vec<ItemPatch>) -> Result<()> {
        self.call(|engine| engine.patch_items(all(patches)))
    }

    /// Takes items down: they are not recommended until they are upserted again. Unknown ids are fine.
    ///
    /// # Errors
    /// A storage error, and then nothing changed.
    pub fn remove_items(&self, ids: Vec<String>) -> Result<()> {
        self.call(|engine| engine.remove_items(ids))
    }

    /// Loads the model pack at `path` and swaps it in at once, when its signature and every part of it are right. A pack that was
    /// loaded here before is known again and costs one reading of the file.
    ///
    /// The file is mapped, not copied, as long as it is in use: never change it in place. Write the next pack under another name,
    /// and rename it over this one or load it under its own name. A file that is cut while it is in use ends the process.
    ///
    /// # Errors
    /// `ModelInvalid` saying why, and the pack in use stays in use; `StorageUnavailable` when the file cannot be read.
    pub fn load_model(&self, path: String) -> Result<ModelInfo> {
        self.call(|engine| engine.load_model(Path::new(&path))).map(Into::into)
    }

    /// Loads a model pack from memory, where a copy stays as long as it is in use. As `load_model`.
    ///
    /// # Errors
    /// `ModelInvalid` saying why.
    pub fn load_model_bytes(&self, bytes: &[u8]) -> Result<ModelInfo> {
        self.call(|engine| engine.load_model_bytes(bytes)).map(Into::into)
    }

    /// Answers a request. Never fails for lack of data: without a model, a profile or a match the answer is shorter.
    ///
    /// # Errors
    /// `InvalidArgument` naming the field.
    pub fn recommend(&self, request: Request) -> Result<Recommendations> {
        self.call(|engine| engine.recommend(request.into())).map(Into::into)
    }

    /// Continues an answer of this visit with items it has not given yet. 32 answers are remembered.
    ///
    /// # Errors
    /// `InvalidArgument` for an answer that is no longer remembered or a count outside 1 to 100.
    pub fn recommend_next(&self, recommendation_id: String, count: u32) -> Result<Recommendations> {
        self.call(|engine| engine.recommend_next(&recommendation_id, size(count))).map(Into::into)
    }

    /// Puts the shop's own list, of at most 1 000 ids, in the shopper's order. Every id is in the answer once.
    ///
    /// # Errors
    /// `InvalidArgument` naming the field.
    #[uniffi::method(default(context = None))]
    pub fn rerank(&self, item_ids: Vec<String>, context: Option<Context>) -> Result<Recommendations> {
        let context = context.unwrap_or_default().into();
        self.call(|engine| engine.rerank(&item_ids, context)).map(Into::into)
    }

    /// The categories to show first: the shopper's own, newer signals counting more, then popular ones.
    ///
    /// # Errors
    /// `InvalidArgument` for a count outside 1 to 100.
    pub fn recommend_categories(&self, count: u32) -> Result<Vec<CategoryRecommendation>> {
        self.call(|engine| engine.recommend_categories(size(count))).map(all)
    }

    /// Explains one item of an answer of this visit: parts that add up to its score. For the shopper's own eyes.
    ///
    /// # Errors
    /// `InvalidArgument` for an answer that is no longer remembered or an item that is not in it.
    pub fn explain(&self, recommendation_id: String, item_id: String) -> Result<Explanation> {
        self.call(|engine| engine.explain(&recommendation_id, &item_id)).map(Into::into)
    }

    /// Counts of what is kept, offered and chosen.
    ///
    /// # Errors
    /// `Closed`.
    pub fn stats(&self) -> Result<Stats> {
        self.call(core::Recommender::stats).map(Into::into)
    }

    /// What was found when files were opened, and what is not as it should be now. Empty when all is well.
    ///
    /// # Errors
    /// `Closed`.
    pub fn doctor(&self) -> Result<Vec<Finding>> {
        self.call(core::Recommender::doctor).map(all)
    }

    /// Scores every item of the model once, so that its bytes are in the caches before the first recommendation.
    ///
    /// # Errors
    /// As for `recommend`.
    pub fn warm_up(&self) -> Result<()> {
        self.call(core::Recommender::warm_up)
    }
}

#[cfg(feature = "hazards")]
#[uniffi::export]
impl Recommender {
    /// Panics inside a call of the engine, for the tests of every language.
    ///
    /// # Errors
    /// None: it panics.
    pub fn provoke_panic(&self) -> Result<()> {
        self.call(|_| panic!("provoked"))
    }
}
