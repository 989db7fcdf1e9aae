//! A phone with a small shop on it: the engine on a faulty device, a signed model of sixty items, a clock to move.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use tastekeeper::model::{Model, PublicKey};
use tastekeeper::platform::{FixedClock, RandomError, SecureRandom, SeededRandom};
use tastekeeper::store::Durability;
use tastekeeper::{
    Availability, Config, Consent, Event, Item, PersonalizationLevel, Platform, Recommender, Result,
};
use tastekeeper_models::dataset::{Attribute, AttributeKind, AttributeTable};
use tastekeeper_models::pack::{PackOptions, SigningKey, write_pack};
use tastekeeper_models::trained::{BlendParameters, TrainedModel};

use crate::fault::FaultyDevice;

/// Items of the sample shop.
pub const ITEMS: u32 = 60;
/// Categories of the sample shop.
pub const CATEGORIES: u32 = 6;
/// When the clock starts: 2026-01-01.
pub const START_MS: i64 = 1_767_225_600_000;
/// A day in milliseconds.
pub const DAY_MS: i64 = 86_400_000;

/// The id of item `number`.
#[must_use]
pub fn item(number: u32) -> String {
    format!("item-canary-{number:03}")
}

/// The id of category `number`.
#[must_use]
pub fn category(number: u32) -> String {
    format!("category-canary-{number}")
}

/// The id of brand `number`.
#[must_use]
pub fn brand(number: u32) -> String {
    format!("brand-canary-{number}")
}

/// The category of item `number`.
#[must_use]
pub fn category_of(number: u32) -> u32 {
    number % CATEGORIES
}

/// A seeded source that fails while it is told to.
pub struct FailingRandom {
    source: SeededRandom,
    fails: AtomicBool,
}

impl FailingRandom {
    fn new(seed: u64) -> Self {
        Self { source: SeededRandom::new(seed), fails: AtomicBool::new(false) }
    }

    /// Makes the source fail, or work again.
    pub fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }
}

impl SecureRandom for FailingRandom {
    fn fill(&self, bytes: &mut [u8]) -> std::result::Result<(), RandomError> {
        if self.fails.load(Ordering::Relaxed) { Err(RandomError) } else { self.source.fill(bytes) }
    }
}

/// The key the sample packs are signed with.
#[must_use]
pub fn signing_key() -> SigningKey {
    SigningKey::from_random(&[7; 40])
}

/// A model of the sample shop: items of a category are alike, each leads to the next two of its category and to one of
/// another.
#[must_use]
pub fn sample_model() -> TrainedModel {
    const DIM: usize = 16;
    let mut random = ChaCha20Rng::seed_from_u64(42);
    let mut row = |center: Option<&[f32]>, spread: f32| -> Vec<f32> {
        let mut row: Vec<f32> = (0..DIM)
            .map(|place| {
                let noise =
                    f32::from(u16::try_from(random.next_u32() >> 16).expect("16 bits")) / 32_768.0 - 1.0;
                center.map_or(0.0, |center| center[place]) + spread * noise
            })
            .collect();
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        row.iter_mut().for_each(|value| *value /= norm);
        row
    };
    let centers: Vec<Vec<f32>> = (0..CATEGORIES).map(|_| row(None, 1.0)).collect();
    let brands: Vec<Vec<f32>> = (0..4).map(|_| row(None, 1.0)).collect();
    let vectors: Vec<f32> =
        (0..ITEMS).flat_map(|number| row(Some(&centers[category_of(number) as usize]), 0.3)).collect();
    let attribute = |kind, name| Attribute { kind, name, parent: None };
    let categories = (0..CATEGORIES).map(|number| attribute(AttributeKind::Category, category(number)));
    let entries =
        categories.chain((0..4).map(|number| attribute(AttributeKind::Brand, brand(number)))).collect();
    let mut matrix = Array2::eye(DIM);
    matrix[(0, 1)] = 0.1;
    matrix[(3, 2)] = -0.2;
    TrainedModel {
        items: (0..ITEMS).map(item).collect(),
        counts: (0..u64::from(ITEMS)).map(|number| 1_000 / (number + 1)).collect(),
        attributes: AttributeTable {
            entries,
            of_item: (0..ITEMS).map(|number| vec![category_of(number), CATEGORIES + number % 4]).collect(),
        },
        vectors: Array2::from_shape_vec((ITEMS as usize, DIM), vectors).expect("sixty rows"),
        attribute_vectors: Array2::from_shape_vec(
            ((CATEGORIES + 4) as usize, DIM),
            centers.into_iter().chain(brands).flatten().collect(),
        )
        .expect("a row for each attribute"),
        matrix,
        graph: (0..ITEMS)
            .map(|number| {
                let next = |step: u32| (number + step) % ITEMS;
                vec![(next(CATEGORIES), 1.0), (next(2 * CATEGORIES), 0.6), (next(7), 0.3)]
            })
            .collect(),
        blend: BlendParameters {
            decay: 0.73,
            carry: 0.3,
            gain: 8.0,
            graph_weight: 6.0,
            graph_decay: 0.5,
            popularity_weight: 0.05,
            kind_weights: [1.0, 1.5, 1.2, 2.0],
            repeats: true,
        },
    }
}

/// The sample model as a signed pack.
#[must_use]
pub fn sample_pack(pack_version: u64) -> Vec<u8> {
    let options = PackOptions { model_id: "sample".into(), pack_version, ..PackOptions::default() };
    write_pack(&sample_model(), &options, &signing_key()).expect("the sample model is sound")
}

/// The sample model, opened once for all tests of a process.
pub fn sample() -> Arc<Model> {
    static MODEL: OnceLock<Arc<Model>> = OnceLock::new();
    let open = || Arc::new(Model::open(&sample_pack(1), &[trusted_key()]).expect("just written"));
    MODEL.get_or_init(open).clone()
}

/// The public key of the sample packs.
#[must_use]
pub fn trusted_key() -> PublicKey {
    PublicKey::parse(&signing_key().public_key_text()).expect("just written")
}

/// A phone: files and keys that can fail, a clock that can be moved, reproducible randomness.
pub struct Phone {
    /// Files and keys.
    pub device: FaultyDevice,
    /// The clock.
    pub clock: Arc<FixedClock>,
    /// Randomness that can be made to fail.
    pub random: Arc<FailingRandom>,
}

impl Default for Phone {
    fn default() -> Self {
        Self::new()
    }
}

impl Phone {
    /// A new phone on which nothing was ever installed.
    #[must_use]
    pub fn new() -> Self {
        Self::on(FaultyDevice::new(), START_MS, 11)
    }

    /// A phone with the files and keys of `device`, whose randomness follows from `seed`.
    #[must_use]
    pub fn on(device: FaultyDevice, now_ms: i64, seed: u64) -> Self {
        Self { device, clock: Arc::new(FixedClock::new(now_ms)), random: Arc::new(FailingRandom::new(seed)) }
    }

    /// What the engine gets.
    #[must_use]
    pub fn platform(&self) -> Platform {
        Platform {
            clock: self.clock.clone(),
            random: self.random.clone(),
            keys: self.device.keys(),
            files: self.device.files(),
        }
    }

    /// The configuration of the sample app.
    #[must_use]
    pub fn config() -> Config {
        Config {
            model_keys: vec![signing_key().public_key_text()],
            event_durability: Durability::Power,
            ..Config::default()
        }
    }

    /// Opens the engine, without a model.
    ///
    /// # Errors
    /// Those of [`Recommender::open`].
    pub fn open_bare(&self) -> Result<Recommender> {
        Recommender::open(Self::config(), self.platform())
    }

    /// Opens the engine with the sample model.
    ///
    /// # Errors
    /// Those of [`Recommender::open`] and of installing a model.
    pub fn open(&self) -> Result<Recommender> {
        let shop = self.open_bare()?;
        shop.install_model(sample())?;
        Ok(shop)
    }

    /// Opens the engine with the sample model at `level`.
    #[must_use]
    pub fn open_at(&self, level: PersonalizationLevel) -> Recommender {
        let shop = self.open().expect("a sound phone");
        if level > PersonalizationLevel::Off {
            shop.set_level(level, Some(&consent())).expect("a sound phone");
        }
        shop
    }
}

/// An answer to the sample notice.
#[must_use]
pub fn consent() -> Consent {
    Consent::new("notice-1")
}

/// A view of item `number`.
#[must_use]
pub fn view(number: u32) -> Event {
    Event::view(item(number))
}

/// Items for the catalogue: prices and stock for half of the model's items, and `new` items the model does not know.
#[must_use]
pub fn catalogue(new: u32) -> Vec<Item> {
    let known = (0..ITEMS).step_by(2).map(|number| Item {
        price: Some(f64::from(number) + 0.5),
        currency: Some("EUR".into()),
        availability: if number % 10 == 0 { Availability::OutOfStock } else { Availability::InStock },
        group_id: (number % 3 == 0).then(|| format!("group-{}", number / 12)),
        ..Item::new(item(number))
    });
    let new = (0..new).map(|number| Item {
        category: vec![category(number % CATEGORIES)],
        brand: Some(brand(number % 4)),
        price: Some(f64::from(number)),
        created_at_ms: Some(START_MS - i64::from(number) * DAY_MS),
        ..Item::new(format!("new-canary-{number:03}"))
    });
    known.chain(new).collect()
}
