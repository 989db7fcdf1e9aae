//! Signals of a consent platform: the pairs in the app's preferences, and what they still allow.

use std::collections::HashMap;

use tastekeeper::consent::cmp as core;

use crate::consent::PersonalizationLevel;
use crate::error::Result;
use crate::mirror::{all, mirror};

/// One stored value. Platforms store numbers as text and the other way round; either is understood.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SignalValue {
    /// A string.
    Text {
        /// Its value.
        value: String,
    },
    /// A whole number.
    Integer {
        /// Its value.
        value: i64,
    },
    /// A boolean, read as 1 or 0.
    Flag {
        /// Its value.
        value: bool,
    },
}

impl From<SignalValue> for core::SignalValue {
    fn from(value: SignalValue) -> Self {
        match value {
            SignalValue::Text { value } => Self::Text(value),
            SignalValue::Integer { value } => Self::Integer(value),
            SignalValue::Flag { value } => Self::Flag(value),
        }
    }
}

/// The engine's signals. Sorted first, so that an error names the same place every time.
pub(crate) fn signals(pairs: HashMap<String, SignalValue>) -> Result<core::CmpSignals> {
    let mut pairs: Vec<(String, SignalValue)> = pairs.into_iter().collect();
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(core::CmpSignals::new(pairs.into_iter().map(|(key, value)| (key, value.into())))?)
}

/// What the app knows about the consent platform it uses.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CmpPolicy {
    /// Read the purposes of vendors instead of the publisher's.
    #[uniffi(default = false)]
    pub use_vendor_purposes: bool,
    /// The publisher's custom purpose, from 1, that stands for sharing coarse reports.
    #[uniffi(default = None)]
    pub share_custom_purpose: Option<u8>,
    /// The ids of the consent platforms this app ships. Empty accepts every id but 0.
    #[uniffi(default)]
    pub cmp_sdk_ids: Vec<u16>,
    /// Consents that were last updated before this many days are left over.
    #[uniffi(default = 396)]
    pub max_age_days: u32,
}

impl From<CmpPolicy> for core::CmpPolicy {
    fn from(policy: CmpPolicy) -> Self {
        Self {
            use_vendor_purposes: policy.use_vendor_purposes,
            share_custom_purpose: policy.share_custom_purpose,
            cmp_sdk_ids: policy.cmp_sdk_ids,
            max_age_days: policy.max_age_days,
        }
    }
}

/// What a decision was read from.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CmpSource {
    /// The value of a key.
    Key {
        /// The key.
        name: String,
    },
    /// A section of the Global Privacy Platform.
    Section {
        /// Its id.
        id: u16,
    },
}

mirror! {
    /// What a shopper in the United States can opt out of, as far as it matters here.
    OptOut = core::OptOut {
        /// Sale of personal data.
        Sale,
        /// Sharing of personal data for advertising across contexts.
        Sharing,
        /// Targeted advertising.
        TargetedAdvertising,
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CmpReason {
    /// Whether the GDPR applies is not said, so nobody was asked.
    NotAsked,
    /// The GDPR does not apply; the consents beside it mean nothing then.
    GdprDoesNotApply,
    /// The policy version is missing, cannot be read, or is below 4.
    PolicyVersion,
    /// No platform is named: the keys are left over from one that is gone.
    NoPlatform,
    /// The platform is not one of those the app uses.
    PlatformNotListed,
    /// The consent is too old.
    TooOld {
        /// Older than this.
        days: u32,
    },
    /// The consent is dated more than a day ahead of the phone's clock.
    FromTheFuture,
    /// The age of the consent cannot be told.
    AgeUnknown,
    /// The value is there and makes no sense.
    Unreadable,
    /// The value is an empty text.
    Empty,
    /// There is no such value.
    Missing,
    /// The string holds no consents for the publisher.
    NoPublisherConsents,
    /// Consent is missing.
    PurposesNotAllowed {
        /// For these of the purposes 1, 5 and 6, ascending.
        purposes: Vec<u16>,
    },
    /// Purposes 1, 5 and 6 have consent.
    PurposesAllowed,
    /// The app has not named the custom purpose that stands for sharing.
    NoSharePurpose,
    /// The custom purpose for sharing has no consent.
    SharePurposeNotAllowed {
        /// The custom purpose.
        purpose: u8,
    },
    /// The custom purpose for sharing has consent.
    SharePurposeAllowed {
        /// The custom purpose.
        purpose: u8,
    },
    /// The platform says that no section applies here.
    NoSectionApplies,
    /// The keys `IABTCF_` say the same and are read instead.
    ReadFromTcfKeys,
    /// The string names no section.
    NoSection,
    /// The header's list of sections and the sections do not match.
    SectionsMismatch,
    /// The section applies, and there is no text for it.
    SectionMissing,
    /// The section is of a kind that is not known here.
    SectionUnknown,
    /// The shopper opted out.
    OptedOut {
        /// Of these.
        opt_outs: Vec<OptOut>,
    },
    /// The browser-wide signal Global Privacy Control is set.
    GlobalPrivacyControl,
    /// The shopper is known to be a child or teenager, without consent.
    ChildWithoutConsent,
    /// The section is sound and nobody opted out of anything it knows.
    NothingOptedOut,
}

impl From<core::CmpReason> for CmpReason {
    fn from(reason: core::CmpReason) -> Self {
        use core::CmpReason as Core;
        match reason {
            Core::NotAsked => Self::NotAsked,
            Core::GdprDoesNotApply => Self::GdprDoesNotApply,
            Core::PolicyVersion => Self::PolicyVersion,
            Core::NoPlatform => Self::NoPlatform,
            Core::PlatformNotListed => Self::PlatformNotListed,
            Core::TooOld(days) => Self::TooOld { days },
            Core::FromTheFuture => Self::FromTheFuture,
            Core::AgeUnknown => Self::AgeUnknown,
            Core::Unreadable => Self::Unreadable,
            Core::Empty => Self::Empty,
            Core::Missing => Self::Missing,
            Core::NoPublisherConsents => Self::NoPublisherConsents,
            Core::PurposesNotAllowed(purposes) => Self::PurposesNotAllowed { purposes: all(purposes) },
            Core::PurposesAllowed => Self::PurposesAllowed,
            Core::NoSharePurpose => Self::NoSharePurpose,
            Core::SharePurposeNotAllowed(purpose) => Self::SharePurposeNotAllowed { purpose },
            Core::SharePurposeAllowed(purpose) => Self::SharePurposeAllowed { purpose },
            Core::NoSectionApplies => Self::NoSectionApplies,
            Core::ReadFromTcfKeys => Self::ReadFromTcfKeys,
            Core::NoSection => Self::NoSection,
            Core::SectionsMismatch => Self::SectionsMismatch,
            Core::SectionMissing => Self::SectionMissing,
            Core::SectionUnknown => Self::SectionUnknown,
            Core::OptedOut(opt_outs) => Self::OptedOut { opt_outs: all(opt_outs) },
            Core::GlobalPrivacyControl => Self::GlobalPrivacyControl,
            Core::ChildWithoutConsent => Self::ChildWithoutConsent,
            Core::NothingOptedOut => Self::NothingOptedOut,
            _ => unreachable!("a reason of the engine that is not mirrored"),
        }
    }
}

/// One finding about the signals, and the level it caps at.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CmpDecision {
    /// The highest level this finding allows; nothing when it does not stand in the way of any.
    pub cap: Option<PersonalizationLevel>,
    /// What was read.
    pub source: CmpSource,
    /// What was found.
    pub reason: CmpReason,
    /// The same as an English sentence, for a log or a privacy officer.
    pub sentence: String,
}

impl From<core::CmpDecision> for CmpDecision {
    fn from(decision: core::CmpDecision) -> Self {
        let sentence = decision.to_string();
        let source = match decision.source {
            core::CmpSource::Key(name) => CmpSource::Key { name: name.to_owned() },
            core::CmpSource::Section(id) => CmpSource::Section { id },
            _ => unreachable!("a source of the engine that is not mirrored"),
        };
        Self { cap: decision.cap.map(Into::into), source, reason: decision.reason.into(), sentence }
    }
}

/// What the signals allow, and why.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CmpOutcome {
    /// The level is never above this. Nothing when no signal of a platform was found.
    pub cap: Option<PersonalizationLevel>,
    /// Every finding. The lowest of their caps is the cap.
    pub decisions: Vec<CmpDecision>,
}

impl From<core::CmpOutcome> for CmpOutcome {
    fn from(outcome: core::CmpOutcome) -> Self {
        Self { cap: outcome.cap.map(Into::into), decisions: all(outcome.decisions) }
    }
}
