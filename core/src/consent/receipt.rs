//! Receipts: what was asked, what was answered, when. Hash-chained, so that a changed or missing one is seen.

use blake2::{Blake2b512, Digest};
use serde::{Deserialize, Serialize};

use super::PersonalizationLevel;
use crate::error::{Error, Result};
use crate::event::check_id;

/// Most receipts kept; older ones are dropped, their hash stays in the chain.
const MAX_RECEIPTS: usize = 24;

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

/// What the app knows of the shopper's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The version of the notice that was shown.
    pub notice_version: String,
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
            locale: "en".into(),
            surface: "settings".into(),
            method: ConsentMethod::Explicit,
        }
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
    /// The level that was chosen.
    pub level: PersonalizationLevel,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub time_ms: i64,
    /// When it ends. Meaningless for Off.
    pub expires_ms: i64,
    /// What was asked; `None` when the level was lowered without a notice.
    pub consent: Option<Consent>,
    /// BLAKE2b-512 of the receipt before this one and of this one's fields, first 32 bytes.
    pub chain: [u8; 32],
}

/// The receipts of one profile, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReceiptChain {
    /// The hash before the oldest receipt kept.
    start: [u8; 32],
    receipts: Vec<Receipt>,
}

impl ReceiptChain {
    pub(crate) fn is_empty(&self) -> bool {
        self.receipts.is_empty()
    }

    pub(crate) fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    pub(super) fn append(
        &mut self,
        level: PersonalizationLevel,
        consent: Option<&Consent>,
        time_ms: i64,
        expires_ms: i64,
    ) {
        let before = self.receipts.last().map_or(self.start, |last| last.chain);
        let mut receipt = Receipt { level, time_ms, expires_ms, consent: consent.cloned(), chain: [0; 32] };
        receipt.chain = derive_chain(&before, &receipt);
        self.receipts.push(receipt);
        if self.receipts.len() > MAX_RECEIPTS {
            self.start = self.receipts.remove(0).chain;
        }
    }

    /// Whether every receipt follows from the one before.
    pub(crate) fn verify(&self) -> bool {
        let mut before = self.start;
        self.receipts.iter().all(|receipt| {
            let expected = derive_chain(&before, receipt);
            before = receipt.chain;
            expected == receipt.chain
        })
    }
}

fn derive_chain(before: &[u8; 32], receipt: &Receipt) -> [u8; 32] {
    let mut hash = Blake2b512::new();
    hash.update(before);
    hash.update([receipt.level as u8]);
    hash.update(receipt.time_ms.to_le_bytes());
    hash.update(receipt.expires_ms.to_le_bytes());
    if let Some(consent) = &receipt.consent {
        hash.update([1, consent.method as u8]);
        for text in [&consent.notice_version, &consent.locale, &consent.surface] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
    } else {
        hash.update([0]);
    }
    let mut chain = [0; 32];
    chain.copy_from_slice(&hash.finalize()[..32]);
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_receipt_breaks_the_chain() {
        let mut chain = ReceiptChain::default();
        for time in 0..60 {
            chain.append(PersonalizationLevel::OnDevice, Some(&Consent::new("v1")), time, time + 10);
        }
        assert_eq!(chain.receipts().len(), MAX_RECEIPTS);
        assert!(chain.verify());
        for change in 0..4 {
            let mut changed = chain.clone();
            match change {
                0 => changed.receipts[7].level = PersonalizationLevel::Shared,
                1 => changed.receipts[7].time_ms += 1,
                2 => changed.receipts[7].consent = None,
                _ => drop(changed.receipts.remove(7)),
            }
            assert!(!changed.verify(), "change {change} went unseen");
        }
    }
}
