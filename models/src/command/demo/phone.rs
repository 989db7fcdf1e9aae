//! Phones: the engine, with files in a folder or in memory, and a clock that follows the shopper.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tastekeeper::platform::{DirectoryFileSystem, FileKeyCustodian, FixedClock};
use tastekeeper::{
    Config, Consent, Event, EventKind, MAX_ITEMS_PER_CALL, PersonalizationLevel, Platform,
    RecommendationKind, Recommendations, Recommender, Request,
};

use super::shop::{DemoShop, Happening};
use super::stage::Pack;
use crate::command::failure::Failure;
use crate::dataset::InteractionKind;
use crate::host::SystemRandom;

/// Items of a rail.
pub(super) const RAIL: usize = 8;

/// What all phones of the demo share.
pub(super) struct Home<'demo> {
    pub(super) shop: &'demo DemoShop,
    pub(super) pack: &'demo Pack,
    /// The engine's own folder on the phone.
    pub(super) store: PathBuf,
    /// Where the keys are.
    pub(super) keys: PathBuf,
    pub(super) seed: u64,
}

/// One phone.
pub(super) struct Phone {
    pub(super) engine: Recommender,
    pub(super) clock: Arc<FixedClock>,
}

impl<'demo> Home<'demo> {
    pub(super) fn create(
        folder: &Path,
        shop: &'demo DemoShop,
        pack: &'demo Pack,
        seed: u64,
    ) -> Result<Self, Failure> {
        Ok(Self { shop, pack, store: folder.join("store"), keys: folder.join("keys"), seed })
    }

    /// The phone with files on disk, the pack loaded from its file.
    pub(super) fn open_on_disk(&self, level: PersonalizationLevel) -> Result<Phone, Failure> {
        let files = DirectoryFileSystem::create(&self.store).map_err(Failure::operation)?;
        let keys = FileKeyCustodian::create(&self.keys).map_err(Failure::operation)?;
        let clock = Arc::new(FixedClock::new(self.shop.now_ms));
        let platform = Platform {
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            keys: Arc::new(keys),
            files: Arc::new(files),
        };
        let engine = self.open(platform)?;
        engine.load_model(&self.pack.path).map_err(Failure::operation)?;
        self.furnish(Phone { engine, clock }, level)
    }

    /// A phone that keeps nothing on disk.
    pub(super) fn open_in_memory(&self, level: PersonalizationLevel) -> Result<Phone, Failure> {
        let clock = Arc::new(FixedClock::new(self.shop.now_ms));
        let engine = self.open(Platform::in_memory(clock.clone(), Arc::new(SystemRandom)))?;
        engine.install_model(self.pack.model.clone()).map_err(Failure::operation)?;
        self.furnish(Phone { engine, clock }, level)
    }

    fn open(&self, platform: Platform) -> Result<Recommender, Failure> {
        let config = Config { model_keys: vec![self.pack.public_key.clone()], ..Config::default() };
        Recommender::open(config, platform).map_err(Failure::operation)
    }

    /// Fills the catalogue and asks for the level.
    fn furnish(&self, phone: Phone, level: PersonalizationLevel) -> Result<Phone, Failure> {
        let items = self.shop.items();
        for items in items.chunks(MAX_ITEMS_PER_CALL) {
            phone.engine.upsert_items(items.to_vec()).map_err(Failure::operation)?;
        }
        if level > PersonalizationLevel::Off {
            let consent = Consent::new("demo-notice");
            phone.engine.set_level(level, Some(&consent)).map_err(Failure::operation)?;
        }
        Ok(phone)
    }

    /// A request for the rail of the home screen, repeatable.
    pub(super) fn request(&self) -> Request {
        Request::new(RecommendationKind::ForYou).count(RAIL).seed(self.seed)
    }
}

impl Phone {
    /// Lives through the events, the clock moving along.
    pub(super) fn live<'event>(
        &self,
        events: impl IntoIterator<Item = &'event Happening>,
    ) -> Result<(), Failure> {
        for event in events {
            self.clock.set(event.time_ms);
            let kind = match event.kind {
                InteractionKind::View => EventKind::ViewItem,
                InteractionKind::Cart => EventKind::AddToCart,
                InteractionKind::Wishlist => EventKind::AddToWishlist,
                InteractionKind::Purchase => EventKind::Purchase,
            };
            let event = Event::of_item(kind, &event.item).at(event.time_ms);
            self.engine.track(event).map_err(Failure::operation)?;
        }
        Ok(())
    }

    pub(super) fn recommend(&self, request: Request) -> Result<Recommendations, Failure> {
        self.engine.recommend(request).map_err(Failure::operation)
    }

    /// How many events the phone holds.
    pub(super) fn events(&self) -> Result<usize, Failure> {
        Ok(self.engine.stats().map_err(Failure::operation)?.events)
    }
}
