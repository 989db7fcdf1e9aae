//! Signals of a consent platform: what the IAB's TCF and GPP keys in the app's preferences still allow.
//!
//! Enters: key/value pairs as the host found them, what the app knows about its platform, and the time. Leaves: a cap on
//! the level, with every finding behind it as a typed reason and a sentence.
//! Must never: say more than a cap. A signal lowers the level or leaves it alone; no signal replaces the shopper's own
//! consent, and one that is absent, unknown or broken allows nothing.
//!
//! ```
//! use tastekeeper::PersonalizationLevel;
//! use tastekeeper::consent::cmp::{self, CmpPolicy, CmpSignals};
//!
//! let found = [("IABTCF_gdprApplies", 1.into()), ("IABTCF_PublisherConsent", "".into())];
//! let outcome = cmp::decide(&CmpSignals::new(found)?, &CmpPolicy::default(), 1_767_225_600_000);
//! assert_eq!(outcome.cap, Some(PersonalizationLevel::Off));
//! let why: Vec<String> = outcome.decisions.iter().map(ToString::to_string).collect();
//! assert!(why.contains(&"capped at Off because IABTCF_PublisherConsent is empty, which means no".into()));
//! # Ok::<(), tastekeeper::Error>(())
//! ```
//!
//! `docs/cmp.md`, beside this crate's sources, has the rules one by one.

use super::{CONSENT_LIFETIME_MS, DAY_MS, PersonalizationLevel};
use crate::mutant;

mod bits;
mod gpp;
mod purposes;
mod reason;
mod signals;
mod tcf;
mod us;

pub use reason::{CmpDecision, CmpReason, CmpSource, OptOut};
pub use signals::{CmpSignals, MAX_SIGNAL_BYTES, MAX_SIGNAL_KEY_BYTES, MAX_SIGNALS, SignalValue};

/// What the app knows about the consent platform it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CmpPolicy {
    /// Read the purposes of vendors (`IABTCF_PurposeConsents`) instead of the publisher's. For an app whose platform asks
    /// for vendors only.
    pub use_vendor_purposes: bool,
    /// The publisher's custom purpose, from 1, that stands for sharing coarse reports. Without it the platform's TCF
    /// consents never allow [`Shared`](PersonalizationLevel::Shared), because no purpose of the standard covers it.
    pub share_custom_purpose: Option<u8>,
    /// The ids of the consent platforms this app ships; signals of any other are left over. Empty accepts every id but 0.
    pub cmp_sdk_ids: Vec<u16>,
    /// Consents that were last updated before this many days are left over.
    pub max_age_days: u32,
}

impl Default for CmpPolicy {
    /// The publisher's purposes, no sharing, any platform, 396 days: as long as a consent of our own lasts.
    fn default() -> Self {
        let max_age_days = u32::try_from(CONSENT_LIFETIME_MS / DAY_MS).unwrap_or(u32::MAX);
        Self { use_vendor_purposes: false, share_custom_purpose: None, cmp_sdk_ids: Vec::new(), max_age_days }
    }
}

/// What the signals allow, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CmpOutcome {
    /// The level is never above this. `None` when no signal of a platform was found, so that there is nothing to say;
    /// [`Shared`](PersonalizationLevel::Shared) when signals were found and none stands in the way.
    pub cap: Option<PersonalizationLevel>,
    /// Every finding, TCF first, then GPP by section. The lowest of their caps is the cap.
    pub decisions: Vec<CmpDecision>,
}

/// What is judged by, handed to every reader.
#[derive(Clone, Copy, Debug)]
struct Judge<'a> {
    policy: &'a CmpPolicy,
    now_ms: i64,
}

/// Decides what `signals` allow at `now_ms`, in milliseconds since 1970-01-01 UTC. Depends on nothing else. Ask again when
/// the signals change, and now and then, because consents age.
#[must_use]
pub fn decide(signals: &CmpSignals, policy: &CmpPolicy, now_ms: i64) -> CmpOutcome {
    let judge = Judge { policy, now_ms };
    let mut decisions = Vec::new();
    if signals.has_tcf() {
        tcf::decide_keys(signals, judge, &mut decisions);
    }
    if signals.has_gpp() {
        gpp::decide(signals, judge, &mut decisions);
    }
    let caps = decisions.iter().map(|decision| decision.cap.unwrap_or(PersonalizationLevel::Shared));
    let cap = if mutant!(CmpRaises) { caps.max() } else { caps.min() };
    CmpOutcome { cap, decisions }
}

/// Adds a finding.
fn note(
    decisions: &mut Vec<CmpDecision>,
    source: CmpSource,
    cap: impl Into<Option<PersonalizationLevel>>,
    reason: CmpReason,
) {
    decisions.push(CmpDecision { cap: cap.into(), source, reason });
}
