//! Levels, consents and receipts.

use tastekeeper as core;

use crate::mirror::{all, mirror};

mirror! {
    /// How personal the shop may be. Ordered: a later level includes what an earlier one allows.
    PersonalizationLevel = core::PersonalizationLevel {
        /// Nothing about the person is kept, read or written.
        Off,
        /// Memory only: gone when the recommender closes or after 30 idle minutes.
        Session,
        /// Sealed history and profile on this phone.
        OnDevice,
        /// The same, and the shopper agreed to share coarse preference reports.
        Shared,
    }
}

mirror! {
    /// How the shopper answered.
    ConsentMethod = core::ConsentMethod {
        /// A switch or button the shopper moved.
        Explicit,
        /// Taken over from an account on another device, where it was explicit.
        Account,
    }
}

mirror! {
    /// Who changed the level.
    Origin = core::Origin {
        /// The shopper.
        Shopper,
        /// The signals of a consent platform lowered it.
        Platform,
        /// The shopper is a child or of unknown age, which lowered it.
        Age,
    }
}

/// What the app knows of the shopper's answer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Consent {
    /// The version of the notice that was shown.
    pub notice_version: String,
    /// The notice's text as it was shown. Only its hash is kept.
    #[uniffi(default = None)]
    pub notice_text: Option<String>,
    /// Its language, BCP 47.
    #[uniffi(default = "en")]
    pub locale: String,
    /// Where in the app it was shown.
    #[uniffi(default = "settings")]
    pub surface: String,
    /// How the answer was given; `Explicit` where nothing is said.
    #[uniffi(default = None)]
    pub method: Option<ConsentMethod>,
}

impl From<Consent> for core::Consent {
    fn from(consent: Consent) -> Self {
        let answer = Self {
            notice_version: consent.notice_version,
            notice_hash: None,
            locale: consent.locale,
            surface: consent.surface,
            method: consent.method.map(Into::into).unwrap_or_default(),
        };
        match consent.notice_text {
            Some(text) => answer.with_notice_text(&text),
            None => answer,
        }
    }
}

/// What is known of the shopper's consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ConsentState {
    /// No answer was ever recorded.
    NotAsked,
    /// A live receipt allows this level.
    Granted {
        /// The level the receipt allows.
        level: PersonalizationLevel,
        /// When it ends, in milliseconds since 1970-01-01 UTC.
        expires_ms: i64,
    },
    /// The receipt ended; the level is Off until the shopper is asked again.
    Expired,
    /// The shopper chose Off.
    Withdrawn,
}

impl From<core::ConsentState> for ConsentState {
    fn from(state: core::ConsentState) -> Self {
        match state {
            core::ConsentState::NotAsked => Self::NotAsked,
            core::ConsentState::Granted { level, expires_ms } => {
                Self::Granted { level: level.into(), expires_ms }
            }
            core::ConsentState::Expired => Self::Expired,
            core::ConsentState::Withdrawn => Self::Withdrawn,
            _ => unreachable!("a state of the engine that is not mirrored"),
        }
    }
}

/// What a receipt keeps of a consent.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReceiptConsent {
    /// The version of the notice that was shown.
    pub notice_version: String,
    /// BLAKE2b-512 of the notice's text, first 32 bytes, if the app gave the text.
    pub notice_hash: Option<Vec<u8>>,
    /// Its language, BCP 47.
    pub locale: String,
    /// Where in the app it was shown.
    pub surface: String,
    /// How the answer was given.
    pub method: ConsentMethod,
}

/// One change of level.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Receipt {
    /// The level from then on.
    pub level: PersonalizationLevel,
    /// Who changed it.
    pub origin: Origin,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub time_ms: i64,
    /// When it ends. Meaningless for Off.
    pub expires_ms: i64,
    /// What was asked; nothing when the level was lowered without a notice.
    pub consent: Option<ReceiptConsent>,
    /// Hash of the receipt before this one and of this one's fields, 32 bytes.
    pub chain: Vec<u8>,
    /// `chain`, keyed with a key that never leaves the phone, 32 bytes.
    pub seal: Option<Vec<u8>>,
}

impl From<core::Receipt> for Receipt {
    fn from(receipt: core::Receipt) -> Self {
        let consent = receipt.consent.map(|consent| ReceiptConsent {
            notice_version: consent.notice_version,
            notice_hash: consent.notice_hash.map(|hash| hash.to_vec()),
            locale: consent.locale,
            surface: consent.surface,
            method: consent.method.into(),
        });
        Self {
            level: receipt.level.into(),
            origin: receipt.origin.into(),
            time_ms: receipt.time_ms,
            expires_ms: receipt.expires_ms,
            consent,
            chain: receipt.chain.to_vec(),
            seal: receipt.seal.map(|seal| seal.to_vec()),
        }
    }
}

/// What a valid document of receipts says.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct VerifiedReceipts {
    /// The receipts, oldest first.
    pub receipts: Vec<Receipt>,
    /// Whether the first receipt is the first there ever was.
    pub is_complete: bool,
}

impl From<core::consent::VerifiedReceipts> for VerifiedReceipts {
    fn from(found: core::consent::VerifiedReceipts) -> Self {
        Self { receipts: all(found.receipts), is_complete: found.is_complete }
    }
}
