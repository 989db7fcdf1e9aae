//! What the app decides once.

use tastekeeper as core;

use crate::consent::PersonalizationLevel;
use crate::mirror::{mirror, size};

mirror! {
    /// What an acknowledged event survives.
    Durability = core::store::Durability {
        /// The end of the process.
        Process,
        /// A power cut: one flush to the device for each call.
        Power,
    }
}

/// What the app decides once. Every field has a default.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Config {
    /// The profile of the person who holds the phone.
    #[uniffi(default = "default")]
    pub profile: String,
    /// Public keys of the model packs to accept, in minisign's text form.
    #[uniffi(default)]
    pub model_keys: Vec<String>,
    /// Events are kept for this many days, 1 to 365.
    #[uniffi(default = 90)]
    pub retention_days: u32,
    /// At most this many events are kept, 10 to 50 000.
    #[uniffi(default = 5000)]
    pub max_events: u32,
    /// What an acknowledged event survives; `Process` where nothing is said. Levels, forgetting and interests always survive
    /// a power cut.
    #[uniffi(default = None)]
    pub event_durability: Option<Durability>,
    /// The level is never above this; `Shared` where nothing is said.
    #[uniffi(default = None)]
    pub max_level: Option<PersonalizationLevel>,
    /// Versions of the consent notice that count, at most 32. Empty: every version counts.
    #[uniffi(default)]
    pub accepted_notices: Vec<String>,
    /// Ids of further categories that nothing is ever learned from, at most 1 000.
    #[uniffi(default)]
    pub sensitive_categories: Vec<String>,
    /// At level Session, a visit ends after this many idle minutes, 1 to 1 440.
    #[uniffi(default = 30)]
    pub session_idle_minutes: u32,
}

impl From<Config> for core::Config {
    fn from(config: Config) -> Self {
        let default = Self::default();
        Self {
            profile: config.profile,
            model_keys: config.model_keys,
            retention_days: config.retention_days,
            max_events: size(config.max_events),
            event_durability: config.event_durability.map_or(default.event_durability, Into::into),
            max_level: config.max_level.map_or(default.max_level, Into::into),
            accepted_notices: config.accepted_notices,
            sensitive_categories: config.sensitive_categories,
            session_idle_minutes: config.session_idle_minutes,
        }
    }
}
