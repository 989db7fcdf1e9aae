//! What the app decides once: limits, durability, the model keys it trusts, and what the host gives.

use std::sync::Arc;

use super::{Clock, Durability, FileSystem, KeyCustodian, PersonalizationLevel, SecureRandom};
use crate::consent::SESSION_IDLE_MINUTES;
use crate::error::{Error, Result};
use crate::event::check_id;
use crate::history::Retention;
use crate::platform::{MemoryFileSystem, MemoryKeyCustodian};
use crate::policy::{Numbers, Policy};
use crate::store::Caps;

/// Largest catalogue file in bytes.
pub(super) const CATALOG_CAPS: Caps = Caps { max_file_bytes: 256 * 1024 * 1024 };
/// Largest history file in bytes.
pub(super) const HISTORY_CAPS: Caps = Caps { max_file_bytes: 16 * 1024 * 1024 };

/// Most notices that count at once.
const MAX_NOTICES: usize = 32;

/// Most categories a shop adds to those that nothing is learned from.
const MAX_SENSITIVE: usize = 1_000;

/// What the app decides once.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The profile of the person who holds the phone.
    pub profile: String,
    /// Public keys of the model packs to accept, in minisign's text form.
    pub model_keys: Vec<String>,
    /// Events are kept for this many whole days in UTC, and for what has passed of the current one; 1 to 365.
    pub retention_days: u32,
    /// At most this many events are kept, 10 to 50 000. The oldest tenth goes when there are more.
    pub max_events: usize,
    /// What an acknowledged event survives. Levels, forgetting and interests always survive a power cut.
    pub event_durability: Durability,
    /// The level is never above this: `Session` for a child or a shopper of unknown age.
    pub max_level: PersonalizationLevel,
    /// Versions of the consent notice that count, at most 32. A consent to another one has ended: the level falls to
    /// Off, and what was kept stays sealed for 30 days. Empty: every version counts.
    pub accepted_notices: Vec<String>,
    /// Ids of further categories that nothing is ever learned from, with what lies below them in the model's tree; at
    /// most 1 000. They add to the [built-in list](crate::sensitive).
    pub sensitive_categories: Vec<String>,
    /// At level Session, a visit ends after this many idle minutes, 1 to 1 440.
    pub session_idle_minutes: u32,
}

impl Default for Config {
    fn default() -> Self {
        let Retention { days, max_events } = Retention::default();
        Self {
            profile: "default".into(),
            model_keys: Vec::new(),
            retention_days: days,
            max_events,
            event_durability: Durability::Process,
            max_level: PersonalizationLevel::Shared,
            accepted_notices: Vec::new(),
            sensitive_categories: Vec::new(),
            session_idle_minutes: SESSION_IDLE_MINUTES,
        }
    }
}

impl Config {
    pub(super) fn check(&self) -> Result<()> {
        check_id("config.profile", &self.profile)?;
        if !(1..=365).contains(&self.retention_days) {
            return Err(Error::invalid("config.retention_days", "must be from 1 to 365"));
        }
        if !(10..=50_000).contains(&self.max_events) {
            return Err(Error::invalid("config.max_events", "must be from 10 to 50000"));
        }
        if !(1..=1_440).contains(&self.session_idle_minutes) {
            return Err(Error::invalid("config.session_idle_minutes", "must be from 1 to 1440"));
        }
        if self.accepted_notices.len() > MAX_NOTICES {
            return Err(Error::invalid("config.accepted_notices", format!("must be at most {MAX_NOTICES}")));
        }
        for (place, notice) in self.accepted_notices.iter().enumerate() {
            check_id(&format!("config.accepted_notices[{place}]"), notice)?;
        }
        if self.sensitive_categories.len() > MAX_SENSITIVE {
            return Err(Error::invalid(
                "config.sensitive_categories",
                format!("must be at most {MAX_SENSITIVE}"),
            ));
        }
        for (place, category) in self.sensitive_categories.iter().enumerate() {
            check_id(&format!("config.sensitive_categories[{place}]"), category)?;
        }
        Ok(())
    }

    /// The policy of an app with these limits: what is kept, for how long and why, and what may leave.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let numbers = Numbers {
            retention_days: self.retention_days,
            max_events: u32::try_from(self.max_events).unwrap_or(u32::MAX),
            session_idle_minutes: self.session_idle_minutes,
            ..Numbers::default()
        };
        Policy::new(numbers, self.max_level)
    }

    pub(super) fn retention(&self) -> Retention {
        Retention { days: self.retention_days, max_events: self.max_events }
    }
}

/// What the host gives. Each part is shared and may be called from the threads that call the engine.
#[derive(Clone)]
pub struct Platform {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn SecureRandom>,
    /// Keys.
    pub keys: Arc<dyn KeyCustodian>,
    /// One directory of files that nobody else uses.
    pub files: Arc<dyn FileSystem>,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Platform(..)")
    }
}

impl Platform {
    /// Files and keys in memory: nothing survives the last clone of the platform. Also the way to go on when no key can be
    /// had.
    #[must_use]
    pub fn in_memory(clock: Arc<dyn Clock>, random: Arc<dyn SecureRandom>) -> Self {
        Self {
            clock,
            random,
            keys: Arc::new(MemoryKeyCustodian::default()),
            files: Arc::new(MemoryFileSystem::default()),
        }
    }
}
