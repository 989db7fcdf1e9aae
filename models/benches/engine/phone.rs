//! A phone's part that is kept, on a directory of the operating system.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tastekeeper::platform::{DirectoryFileSystem, FileKeyCustodian, FixedClock};
use tastekeeper::store::Durability;
use tastekeeper::{Config, Consent, Event, PersonalizationLevel, Platform, Recommender};
use tastekeeper_models::host::SystemRandom;

use crate::measure::time;
use crate::sample;

/// The two folders of a phone, copied for every turn that changes them.
pub(crate) struct Phone(pub(crate) PathBuf);

impl Phone {
    /// A phone in `folder` with `events` and the model pack at `pack` seen once.
    pub(crate) fn prepare(folder: PathBuf, events: &[Event], pack: &Path) -> Self {
        let phone = Self(folder);
        let shop = phone.open(Durability::Process);
        shop.load_model(pack).expect("just written");
        shop.set_level(PersonalizationLevel::OnDevice, Some(&Consent::new("bench"))).expect("a sound disk");
        for events in events.chunks(1_000) {
            shop.track_all(events.to_vec()).expect("valid events");
        }
        phone
    }

    /// The same phone once more in `folder`, on the disk rather than on its way there.
    pub(crate) fn copy_to(&self, folder: PathBuf) -> Self {
        for part in ["files", "keys"] {
            fs::create_dir_all(folder.join(part)).expect("a sound disk");
            for file in fs::read_dir(self.0.join(part)).expect("was prepared") {
                let from = file.expect("a sound disk").path();
                let to = folder.join(part).join(from.file_name().expect("files have names"));
                fs::copy(&from, &to).expect("a sound disk");
                File::open(&to).and_then(|copy| copy.sync_all()).expect("a sound disk");
            }
        }
        Self(folder)
    }

    pub(crate) fn open(&self, event_durability: Durability) -> Recommender {
        let config = Config {
            model_keys: vec![sample::signing_key().public_key_text()],
            // More than are ever tracked here: no event is dropped on the way.
            max_events: 50_000,
            event_durability,
            ..Config::default()
        };
        let platform = Platform {
            clock: Arc::new(FixedClock::new(sample::NOW_MS)),
            random: Arc::new(SystemRandom),
            keys: Arc::new(FileKeyCustodian::create(self.0.join("keys")).expect("a sound disk")),
            files: Arc::new(DirectoryFileSystem::create(self.0.join("files")).expect("a sound disk")),
        };
        Recommender::open(config, platform).expect("a sound disk")
    }

    /// Becomes a copy of `other`.
    pub(crate) fn renew(&self, other: &Self) {
        fs::remove_dir_all(&self.0).expect("a sound disk");
        other.copy_to(self.0.clone());
    }

    /// Opens a copy, does `work` on it, and throws it away.
    pub(crate) fn opened<T>(&self, work: impl FnOnce(&Recommender) -> T) -> T {
        let folder = self.0.with_extension("turn");
        let shop = self.copy_to(folder.clone()).open(Durability::Process);
        let outcome = work(&shop);
        drop(shop);
        fs::remove_dir_all(folder).expect("a sound disk");
        outcome
    }

    /// How long `work` on a copy takes, opening not included.
    pub(crate) fn time<T>(&self, work: impl FnOnce(&Recommender) -> T) -> Duration {
        self.opened(|shop| time(|| work(shop)))
    }
}
