//! The one object an app holds. The only module that knows all the others.
//!
//! A call reads the clock once and draws randomness once, then holds one lock until it returns. Nothing runs between
//! calls: expiry, idle time and retention are looked at when a call begins.

use std::fmt;
use std::sync::Mutex;

use crate::catalog::Catalog;
use crate::consent::{Gate, PersonalizationLevel};
use crate::error::{Error, Result};
use crate::event::IgnoredReason;
use crate::model::PublicKey;
use crate::mutant;
use crate::platform::{self, Clock, FileSystem, KeyCustodian, SecureRandom};
use crate::sensitive::DenyList;
use crate::store::{CallRandom, Durability, Records, SealedLog};

mod catalogue;
mod config;
mod control;
mod controls;
mod events;
mod health;
mod inspect;
mod person;
mod portability;
mod profiles;
mod recommend;
mod served;
mod sharing;

pub use config::{Config, Platform};
pub use events::MAX_EVENTS_PER_CALL;
pub use health::{Finding, Hits, Stats};
pub use inspect::{StoreContents, StoredHistory, StoredProfile, StoredReport};
pub use portability::Imported;
pub use recommend::{CategoryRecommendation, Recommendation, Recommendations};
#[cfg(feature = "prio")]
pub use sharing::SharesPreview;
pub use sharing::{NamedTopic, ReportLogEntry, ReportPreview};

use control::ControlFile;
use person::Person;
use recommend::Room;
use served::Served;
use sharing::Sharing;

/// The engine: a shopper's history and the shop's model on this phone, and recommendations from both.
///
/// All methods take `&self` and may be called from any thread; calls are answered one after the other. None of them
/// uses a network. The [crate](crate#what-a-call-costs) lists which may block on disk.
///
/// # Errors
/// Beside what each call names, every call can fail with [`Error::Closed`] after [`close`](Self::close), and with
/// a storage error when a visit was idle for too long and what it may have left behind cannot be looked for; then it did
/// nothing. What has to be sealed fails with [`Error::RandomUnavailable`] when the host's source fails. Answers need no
/// randomness, and neither does an erasure.
pub struct Recommender {
    platform: Platform,
    config: Config,
    trusted: Vec<PublicKey>,
    inner: Mutex<Option<Inner>>,
}

impl fmt::Debug for Recommender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Recommender(..)")
    }
}

/// The name of the catalogue's file and key.
const CATALOG: &str = "catalog";

/// Everything behind the lock.
struct Inner {
    control: ControlFile,
    catalog: Catalog,
    person: Person,
    served: Served,
    /// Answers named without randomness; outlives them, so that no name comes twice.
    plain_names: u64,
    sharing: Sharing,
    findings: Vec<Finding>,
    /// Where answers are made.
    room: Room,
}

/// What one call knows of the outside world.
struct Call {
    now_ms: i64,
    random: CallRandom,
}

impl Recommender {
    /// Opens the engine on the host's files and keys. May block on disk; a directory that was never used stays empty.
    ///
    /// Finishes what a crash interrupted: an erasure that was begun is completed before this returns, or stays
    /// pending and keeps the level down.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for the configuration, [`Error::KeyUnavailable`] when the custodian cannot be
    /// reached (nothing is touched then), [`Error::StorageUnavailable`] when files cannot be read.
    pub fn open(config: Config, platform: Platform) -> Result<Self> {
        config.check()?;
        let trusted = config
            .model_keys
            .iter()
            .enumerate()
            .map(|(place, key)| {
                PublicKey::parse(key).map_err(|_| {
                    Error::invalid(format!("config.model_keys[{place}]"), "is not a minisign public key")
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let mut call = Call { now_ms: platform.clock.now_ms(), random: CallRandom::draw(&*platform.random) };
        let mut findings = Vec::new();
        let mut control = ControlFile::open(&platform, &config.profile, &mut call.random, &mut findings)?;
        control.end_outdated(&config.accepted_notices, call.now_ms, &mut call.random);
        let deny = DenyList::new(&config.sensitive_categories);
        let catalog = open_catalog(&platform, deny, &mut findings)?;
        let person = Person::open(&platform, &config, &mut control, &mut call, &mut findings)?;
        person::tend_inactive(&platform, &config, &mut control, &mut call, &mut findings);
        let (served, sharing) = (Served::default(), Sharing::default());
        let room = Room::default();
        let inner = Inner { control, catalog, person, served, plain_names: 0, sharing, findings, room };
        Ok(Self { platform, config, trusted, inner: Mutex::new(Some(inner)) })
    }

    /// Erases everything the engine ever kept in this directory, and its keys: histories, consent, catalogue. For an
    /// app whose keys are lost. No recommender may be open on it. If reports were drawn, what was spent on them is sealed
    /// anew, without what they said; if that is damaged, nothing is shared again.
    ///
    /// # Errors
    /// [`Error::ErasurePending`] when a key or file may still be there; call again.
    pub fn reset(platform: &Platform) -> Result<()> {
        control::erase_all_histories(platform)?;
        SealedLog::erase_unopened(platform.files.clone(), platform.keys.clone(), CATALOG)?;
        control::erase_control(platform)
    }

    /// Drops everything held in memory: what only lived for the visit is gone. Later calls are [`Error::Closed`].
    /// Closing again does nothing.
    pub fn close(&self) {
        *platform::lock(&self.inner) = None;
    }

    /// Runs one call: clock and randomness first, then the lock, then what time has brought about.
    fn call<T>(&self, body: impl FnOnce(&mut Inner, &mut Call) -> Result<T>) -> Result<T> {
        let mut call =
            Call { now_ms: self.platform.clock.now_ms(), random: CallRandom::draw(&*self.platform.random) };
        let mut guard = platform::lock(&self.inner);
        let inner = guard.as_mut().ok_or(Error::Closed)?;
        inner.let_time_pass(&self.platform, &self.config, &mut call)?;
        body(inner, &mut call)
    }
}

impl Inner {
    /// The level in force.
    fn level(&self, config: &Config, now_ms: i64) -> PersonalizationLevel {
        self.control.level(now_ms, config.max_level)
    }

    fn gate(&self, config: &Config, now_ms: i64) -> Gate {
        let stopped = if self.control.is_stopped() && !mutant!(IgnoreKillSwitch) {
            Some(IgnoredReason::Stopped)
        } else {
            self.control.active().consent.paused.then_some(IgnoredReason::Paused)
        };
        Gate::new(self.level(config, now_ms), stopped)
    }

    /// Expired consent, an idle visit, retention.
    fn let_time_pass(&mut self, platform: &Platform, config: &Config, call: &mut Call) -> Result<()> {
        let level = self.level(config, call.now_ms);
        let idle = self.person.is_idle(call.now_ms, config.session_idle_minutes);
        let outlived = Person::is_outlived(platform, self.control.active(), call.now_ms);
        if self.person.level_held() != level || (idle && level == PersonalizationLevel::Session) || outlived {
            self.forget_answers();
            let person = Person::open(platform, config, &mut self.control, call, &mut self.findings)?;
            self.replace_person(person);
        }
        if self.person.retain(call, config) {
            self.forget_answers();
        }
        self.person.touch(call.now_ms);
        Ok(())
    }

    /// Puts another person into memory. What could not be finished on the disk of the one before stays known.
    fn replace_person(&mut self, person: Person) {
        let before = std::mem::replace(&mut self.person, person);
        self.findings.extend(before.unfinished());
    }

    /// Drops the answers that were given, the counts made from them, and the memory they were made in.
    fn forget_answers(&mut self) {
        if !mutant!(AnswersOutliveForgetting) {
            self.served = Served::default();
        }
        self.room = Room::default();
        self.person.forget_shown();
    }
}

/// The catalogue's log holds nothing personal: a damaged one is dropped and reported, and the app fills it again.
fn open_catalog(platform: &Platform, deny: DenyList, findings: &mut Vec<Finding>) -> Result<Catalog> {
    let open =
        || SealedLog::open(platform.files.clone(), platform.keys.clone(), CATALOG, config::CATALOG_CAPS);
    let opened = match open() {
        Ok(opened) if !opened.findings.contains(&crate::store::Finding::MissingKey) => opened,
        Ok(_) | Err(Error::StorageCorrupt { .. }) => {
            findings.push(Finding::CatalogueLost);
            erase_catalog(platform)?;
            open()?
        }
        Err(error) => return Err(error),
    };
    findings.extend(opened.findings.iter().map(|finding| Finding::Store { log: CATALOG, finding: *finding }));
    match Catalog::new(Box::new(opened.log), &opened.records, deny.clone()) {
        Err(Error::StorageCorrupt { .. }) => {
            findings.push(Finding::CatalogueLost);
            erase_catalog(platform)?;
            Catalog::new(Box::new(open()?.log), &Records::default(), deny)
        }
        other => other,
    }
}

/// Makes room for a new catalogue. Where that fails nothing of a person is pending: the files are just not usable.
fn erase_catalog(platform: &Platform) -> Result<()> {
    SealedLog::erase_unopened(platform.files.clone(), platform.keys.clone(), CATALOG)
        .map_err(|error| Error::StorageUnavailable { reason: error.to_string() })
}
