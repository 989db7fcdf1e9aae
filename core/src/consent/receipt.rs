//! Receipts: what was asked, what was answered, when. Hash-chained, so that a changed or missing one is seen by anybody,
//! and authenticated with a key that never leaves the phone, so that the phone knows its own.

use blake2::digest::consts::U32;
use blake2::digest::{FixedOutput, KeyInit, Update};
use blake2::{Blake2b512, Blake2bMac, Digest};
use serde::{Deserialize, Serialize};

use super::PersonalizationLevel;
use crate::error::{Error, Result};
use crate::event::check_id;
use crate::mutant;
use crate::store::CallRandom;

/// Most receipts kept; older ones are dropped, their hash stays in the chain.
pub(crate) const MAX_RECEIPTS: usize = 20;

/// Longest text of a receipt in bytes; with the caps on receipts and profiles all of them fit one sealed state.
const MAX_TEXT_BYTES: usize = 64;

/// How the shopper answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsentMethod {
    /// A switch or button the shopper moved.
    #[default]
    Explicit,
    /// Taken over from an account on another device, where it was explicit.
    Account,
}

/// Who changed the level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The shopper.
    #[default]
    Shopper,
    /// The signals of a consent platform lowered it.
    Platform,
    /// The shopper is a child or of unknown age, which lowered it.
    Age,
}

/// What the app knows of the shopper's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The version of the notice that was shown.
    pub notice_version: String,
    /// BLAKE2b-512 of the notice's text as it was shown, first 32 bytes; [`Consent::with_notice_text`] computes it.
    pub notice_hash: Option<[u8; 32]>,
    /// Its language, BCP 47.
    pub locale: String,
    /// Where in the app it was shown.
    pub surface: String,
    /// How the answer was given.
    pub method: ConsentMethod,
}

impl Consent {
    /// An explicit answer to `notice_version`, in English, on the settings screen.
    #[must_use]
    pub fn new(notice_version: impl Into<String>) -> Self {
        Self {
            notice_version: notice_version.into(),
            notice_hash: None,
            locale: "en".into(),
            surface: "settings".into(),
            method: ConsentMethod::Explicit,
        }
    }

    /// The same answer, to a notice with this text. The text itself is not kept.
    #[must_use]
    pub fn with_notice_text(self, text: &str) -> Self {
        Self { notice_hash: Some(hash(&[text.as_bytes()])), ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        for (field, text) in [
            ("consent.notice_version", &self.notice_version),
            ("consent.locale", &self.locale),
            ("consent.surface", &self.surface),
        ] {
            check_id(field, text)?;
            if text.len() > MAX_TEXT_BYTES {
                return Err(Error::invalid(field, format!("must be at most {MAX_TEXT_BYTES} bytes")));
            }
        }
        Ok(())
    }
}

/// One change of level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The level from then on.
    pub level: PersonalizationLevel,
    /// Who changed it.
    pub origin: Origin,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub time_ms: i64,
    /// When it ends. Meaningless for Off.
    pub expires_ms: i64,
    /// What was asked; `None` when the level was lowered without a notice.
    pub consent: Option<Consent>,
    /// BLAKE2b-512 of the receipt before this one and of this one's fields, first 32 bytes.
    pub chain: [u8; 32],
    /// BLAKE2b-256 of `chain`, keyed with a key of this profile that never leaves the phone; `None` when it was written
    /// before there was one.
    pub seal: Option<[u8; 32]>,
}

/// A change of level that has no receipt yet.
pub(super) struct Change {
    pub(super) level: PersonalizationLevel,
    pub(super) origin: Origin,
    pub(super) time_ms: i64,
    pub(super) expires_ms: i64,
    pub(super) consent: Option<Consent>,
}

/// The receipts of one profile, oldest first.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReceiptChain {
    /// The hash before the oldest receipt kept.
    start: [u8; 32],
    receipts: Vec<Receipt>,
    /// What seals are keyed with; made with the first receipt.
    key: Option<[u8; 32]>,
}

impl std::fmt::Debug for ReceiptChain {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("ReceiptChain").field(&self.receipts.len()).finish()
    }
}

impl ReceiptChain {
    /// An empty chain that goes on from a hash.
    pub(super) fn after(start: [u8; 32]) -> Self {
        Self { start, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.receipts.is_empty()
    }

    pub(crate) fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// The hash before the oldest receipt kept.
    pub(crate) fn start(&self) -> &[u8; 32] {
        &self.start
    }

    /// The version of the notice the shopper last agreed to.
    pub(super) fn notice_in_force(&self) -> Option<&String> {
        let consents = self.receipts.iter().rev().filter_map(|receipt| receipt.consent.as_ref());
        consents.map(|consent| &consent.notice_version).next()
    }

    /// Adds a receipt. Without randomness the first key is made later, and the receipt has no seal.
    pub(super) fn append(&mut self, change: Change, random: &mut CallRandom) {
        if self.key.is_none() {
            self.key = random.generate_bytes().ok();
        }
        let before = self.receipts.last().map_or(self.start, |last| last.chain);
        let Change { level, origin, time_ms, expires_ms, consent } = change;
        let mut receipt = Receipt { level, origin, time_ms, expires_ms, consent, chain: [0; 32], seal: None };
        receipt.chain = derive_chain(&before, &receipt);
        receipt.seal = self.key.as_ref().map(|key| derive_seal(key, &receipt.chain));
        self.receipts.push(receipt);
        if self.receipts.len() > MAX_RECEIPTS {
            self.start = self.receipts.remove(0).chain;
        }
    }

    /// Whether every receipt follows from the one before and is this phone's.
    pub(crate) fn verify(&self) -> bool {
        verify_chain(&self.start, &self.receipts).is_none()
            && self.receipts.iter().all(|receipt| self.is_own(receipt))
    }

    /// Whether this phone made a receipt for this profile.
    pub(crate) fn is_own(&self, receipt: &Receipt) -> bool {
        let expected = self.key.as_ref().map(|key| derive_seal(key, &receipt.chain));
        receipt.seal.is_none() || receipt.seal == expected
    }
}

/// The place of the first receipt that does not follow from the one before; `start` is the hash before the first.
pub(super) fn verify_chain(start: &[u8; 32], receipts: &[Receipt]) -> Option<usize> {
    let mut before = *start;
    receipts.iter().position(|receipt| {
        let expected = derive_chain(&before, receipt);
        before = receipt.chain;
        expected != receipt.chain && !mutant!(AcceptAnyReceipt)
    })
}

fn derive_chain(before: &[u8; 32], receipt: &Receipt) -> [u8; 32] {
    let mut fields = vec![receipt.level as u8, receipt.origin as u8];
    fields.extend(receipt.time_ms.to_le_bytes());
    fields.extend(receipt.expires_ms.to_le_bytes());
    if let Some(consent) = &receipt.consent {
        fields.extend([1, consent.method as u8]);
        for text in [&consent.notice_version, &consent.locale, &consent.surface] {
            fields.extend((text.len() as u64).to_le_bytes());
            fields.extend(text.as_bytes());
        }
        fields.push(u8::from(consent.notice_hash.is_some()));
        fields.extend(consent.notice_hash.unwrap_or_default());
    } else {
        fields.push(0);
    }
    hash(&[before, &fields])
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Blake2b512::default();
    parts.iter().for_each(|part| Digest::update(&mut hash, part));
    let mut first = [0; 32];
    first.copy_from_slice(&Digest::finalize(hash)[..32]);
    first
}

fn derive_seal(key: &[u8; 32], chain: &[u8; 32]) -> [u8; 32] {
    let mut mac = <Blake2bMac<U32> as KeyInit>::new_from_slice(key).expect("keys of 1 to 64 bytes are taken");
    Update::update(&mut mac, chain);
    mac.finalize_fixed().into()
}

/// A receipt as version 1 of the consent state kept it.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub(crate) struct ReceiptV1 {
    level: PersonalizationLevel,
    time_ms: i64,
    expires_ms: i64,
    consent: Option<ConsentV1>,
    _chain: [u8; 32],
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct ConsentV1 {
    notice_version: String,
    locale: String,
    surface: String,
    method: ConsentMethod,
}

impl From<ReceiptV1> for Change {
    fn from(receipt: ReceiptV1) -> Self {
        Self {
            level: receipt.level,
            origin: Origin::Shopper,
            time_ms: receipt.time_ms,
            expires_ms: receipt.expires_ms,
            consent: receipt.consent.map(|consent| Consent {
                notice_version: consent.notice_version,
                notice_hash: None,
                locale: consent.locale,
                surface: consent.surface,
                method: consent.method,
            }),
        }
    }
}

#[cfg(test)]
impl ReceiptV1 {
    pub(crate) fn sample(level: PersonalizationLevel, time_ms: i64) -> Self {
        let consent = ConsentV1 {
            notice_version: "v1".into(),
            locale: "en".into(),
            surface: "settings".into(),
            method: ConsentMethod::Explicit,
        };
        Self { level, time_ms, expires_ms: time_ms + 9, consent: Some(consent), _chain: [1; 32] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::SeededRandom;

    fn change(time_ms: i64) -> Change {
        Change {
            level: PersonalizationLevel::OnDevice,
            origin: Origin::Shopper,
            time_ms,
            expires_ms: time_ms + 10,
            consent: Some(Consent::new("v1").with_notice_text("We keep what you look at.")),
        }
    }

    #[test]
    fn a_changed_receipt_breaks_the_chain() {
        let mut chain = ReceiptChain::default();
        let random = &mut CallRandom::draw(&SeededRandom::new(1));
        for time in 0..60 {
            chain.append(change(time), random);
        }
        assert_eq!(chain.receipts().len(), MAX_RECEIPTS);
        assert!(chain.verify());
        for number in 0..8 {
            let mut changed = chain.clone();
            let receipt = &mut changed.receipts[7];
            match number {
                0 => receipt.level = PersonalizationLevel::Shared,
                1 => receipt.time_ms += 1,
                2 => receipt.consent = None,
                3 => receipt.expires_ms += 1,
                4 => receipt.origin = Origin::Platform,
                5 => receipt.consent.as_mut().unwrap().notice_hash.as_mut().unwrap()[31] ^= 1,
                6 => receipt.seal.as_mut().unwrap()[0] ^= 1,
                _ => drop(changed.receipts.remove(7)),
            }
            assert!(!changed.verify(), "change {number} went unseen");
        }
    }

    #[test]
    fn a_chain_made_elsewhere_is_not_our_own() {
        let mut own = ReceiptChain::default();
        let mut other = ReceiptChain::default();
        own.append(change(1), &mut CallRandom::draw(&SeededRandom::new(1)));
        other.append(change(1), &mut CallRandom::draw(&SeededRandom::new(2)));
        assert!(verify_chain(other.start(), other.receipts()).is_none(), "anybody can chain hashes");
        assert!(other.verify() && own.is_own(&own.receipts[0]) && !own.is_own(&other.receipts[0]));
    }
}
