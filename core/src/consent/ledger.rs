//! The consent of one profile as it is kept: the level, what caps it, and the receipts of every change.
//!
//! Holds no behaviour. Everything here can only be lowered without the shopper.

use serde::{Deserialize, Serialize};

use super::receipt::{Change, ReceiptChain, ReceiptV1};
use super::{Consent, ConsentState, Origin, PersonalizationLevel};
use crate::error::{Error, Result};
use crate::mutant;
use crate::store::CallRandom;

/// 13 months, as 13 x 30.44 days, rounded to 396 days.
pub(crate) const CONSENT_LIFETIME_MS: i64 = 396 * DAY_MS;
/// How long sealed data outlives an expired consent before it is erased.
pub(crate) const EXPIRED_GRACE_MS: i64 = 30 * DAY_MS;
/// At level Session, a visit ends after so many idle minutes where the app says nothing.
pub(crate) const SESSION_IDLE_MINUTES: u32 = 30;
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The consent of one profile on this phone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProfileConsent {
    pub(crate) level: PersonalizationLevel,
    pub(crate) expires_ms: i64,
    pub(crate) paused: bool,
    /// A child, or of unknown age: never above Session.
    pub(crate) protected: bool,
    /// The most that the consent platform's signals allow; `None` without a platform.
    pub(crate) platform_cap: Option<PersonalizationLevel>,
    pub(crate) receipts: ReceiptChain,
}

impl ProfileConsent {
    /// The level in force at `now_ms`, never above `cap`.
    pub(crate) fn effective(&self, now_ms: i64, cap: PersonalizationLevel) -> PersonalizationLevel {
        if self.is_expired(now_ms) && !mutant!(ExpiredConsentCounts) {
            PersonalizationLevel::Off
        } else {
            self.level.min(self.cap()).min(cap)
        }
    }

    /// The most that the shopper's age and the consent platform allow.
    pub(crate) fn cap(&self) -> PersonalizationLevel {
        let age = if self.protected { PersonalizationLevel::Session } else { PersonalizationLevel::Shared };
        age.min(self.platform_cap.unwrap_or(PersonalizationLevel::Shared))
    }

    pub(crate) fn is_expired(&self, now_ms: i64) -> bool {
        self.level > PersonalizationLevel::Off && now_ms >= self.expires_ms
    }

    pub(crate) fn state(&self, now_ms: i64) -> ConsentState {
        if self.is_expired(now_ms) {
            ConsentState::Expired
        } else if self.level > PersonalizationLevel::Off {
            ConsentState::Granted { level: self.level, expires_ms: self.expires_ms }
        } else if self.receipts.is_empty() {
            ConsentState::NotAsked
        } else {
            ConsentState::Withdrawn
        }
    }

    /// Ends a consent that was given to a notice the app no longer accepts. Returns whether it did. `accepted` is empty
    /// where every notice is.
    pub(crate) fn end_if_outdated(&mut self, accepted: &[String], now_ms: i64) -> bool {
        let outdated = self.level > PersonalizationLevel::Off
            && !self.is_expired(now_ms)
            && !accepted.is_empty()
            && !self.receipts.notice_in_force().is_some_and(|notice| accepted.contains(notice));
        if outdated && !mutant!(OutdatedNoticeCounts) {
            self.expires_ms = now_ms;
            return true;
        }
        false
    }

    /// Records a level that the shopper chose, with its receipt. `cap` is the configuration's.
    ///
    /// # Errors
    /// [`Error::ConsentRequired`] when the level rises without a consent or above what may be.
    pub(crate) fn set_level(
        &mut self,
        level: PersonalizationLevel,
        consent: Option<&Consent>,
        now_ms: i64,
        cap: PersonalizationLevel,
        random: &mut CallRandom,
    ) -> Result<()> {
        let required = |reason: &str| Err(Error::ConsentRequired { reason: reason.into() });
        if level > cap {
            return required("the configuration caps the level below this");
        }
        if self.protected && level > PersonalizationLevel::Session {
            return required("the level of a child or of a shopper of unknown age is at most Session");
        }
        if self.platform_cap.is_some_and(|cap| level > cap) {
            return required("the consent platform's signals do not allow this level");
        }
        let rises = level > self.effective(now_ms, cap);
        if rises && consent.is_none() && !mutant!(RaiseWithoutConsent) {
            return required("raising the level needs a consent record");
        }
        if let Some(consent) = consent {
            consent.check()?;
        }
        if rises || consent.is_some() {
            self.expires_ms = now_ms.saturating_add(CONSENT_LIFETIME_MS);
        }
        self.put(level, Origin::Shopper, consent, now_ms, random);
        Ok(())
    }

    /// Lowers the level to what the caps allow, with a receipt, if it is above. Needs nobody's consent and renews none: what
    /// had ended stays ended.
    pub(crate) fn lower_to_cap(&mut self, origin: Origin, now_ms: i64, random: &mut CallRandom) {
        let cap = self.cap();
        if mutant!(UncapRaises) {
            let before = self.receipts.receipts().iter().map(|receipt| receipt.level).max();
            self.level = before.unwrap_or_default().min(cap).max(self.level);
        }
        if self.level > cap {
            self.put(cap, origin, None, now_ms, random);
        }
    }

    fn put(
        &mut self,
        level: PersonalizationLevel,
        origin: Origin,
        consent: Option<&Consent>,
        time_ms: i64,
        random: &mut CallRandom,
    ) {
        self.level = level;
        if !mutant!(RaiseWithoutReceipt) {
            let (expires_ms, consent) = (self.expires_ms, consent.cloned());
            self.receipts.append(Change { level, origin, time_ms, expires_ms, consent }, random);
        }
    }
}

/// [`ProfileConsent`] as version 1 of the consent state kept it.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub(crate) struct ProfileConsentV1 {
    pub(crate) level: PersonalizationLevel,
    pub(crate) expires_ms: i64,
    pub(crate) paused: bool,
    pub(crate) receipts: ReceiptChainV1,
}

/// The receipts of version 1.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub(crate) struct ReceiptChainV1 {
    pub(crate) start: [u8; 32],
    pub(crate) receipts: Vec<ReceiptV1>,
}

impl ProfileConsentV1 {
    /// The same consent. The receipts' chain is made anew: version 1 hashed fewer fields.
    pub(crate) fn upgrade(self, random: &mut CallRandom) -> ProfileConsent {
        let mut receipts = ReceiptChain::after(self.receipts.start);
        for receipt in self.receipts.receipts {
            receipts.append(receipt.into(), random);
        }
        ProfileConsent {
            level: self.level,
            expires_ms: self.expires_ms,
            paused: self.paused,
            receipts,
            ..ProfileConsent::default()
        }
    }
}

#[cfg(test)]
impl ProfileConsentV1 {
    pub(crate) fn sample(level: PersonalizationLevel) -> Self {
        let receipts = ReceiptChainV1 { start: [3; 32], receipts: vec![ReceiptV1::sample(level, 7)] };
        Self { level, expires_ms: 99, paused: true, receipts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::SeededRandom;

    fn set(
        consent: &mut ProfileConsent,
        level: PersonalizationLevel,
        notice: Option<&str>,
        now_ms: i64,
    ) -> Result<()> {
        let answer = notice.map(Consent::new);
        let random = &mut CallRandom::draw(&SeededRandom::new(1));
        consent.set_level(level, answer.as_ref(), now_ms, PersonalizationLevel::Shared, random)
    }

    #[test]
    fn expiry_lowers_to_off_and_needs_a_new_consent() {
        let mut consent = ProfileConsent::default();
        let cap = PersonalizationLevel::Shared;
        assert_eq!(consent.state(0), ConsentState::NotAsked);
        set(&mut consent, PersonalizationLevel::OnDevice, Some("2026-01"), 0).expect("has a consent");
        assert_eq!(consent.effective(CONSENT_LIFETIME_MS - 1, cap), PersonalizationLevel::OnDevice);
        assert_eq!(consent.effective(CONSENT_LIFETIME_MS, cap), PersonalizationLevel::Off);
        assert_eq!(consent.state(CONSENT_LIFETIME_MS), ConsentState::Expired);
        let again = set(&mut consent, PersonalizationLevel::OnDevice, None, CONSENT_LIFETIME_MS);
        assert!(matches!(again, Err(Error::ConsentRequired { .. })));
    }

    #[test]
    fn lowering_needs_no_consent() {
        let mut consent = ProfileConsent::default();
        set(&mut consent, PersonalizationLevel::Shared, Some("1"), 0).expect("raise");
        set(&mut consent, PersonalizationLevel::Session, None, 1).expect("lower");
        assert!(set(&mut consent, PersonalizationLevel::OnDevice, None, 2).is_err());
        set(&mut consent, PersonalizationLevel::Off, None, 3).expect("off");
        assert_eq!(consent.state(3), ConsentState::Withdrawn);
    }

    #[test]
    fn every_cap_holds_against_a_consent() {
        let raise = |consent: &mut ProfileConsent| set(consent, PersonalizationLevel::OnDevice, Some("1"), 0);
        let mut child = ProfileConsent { protected: true, ..ProfileConsent::default() };
        assert!(raise(&mut child).is_err());
        set(&mut child, PersonalizationLevel::Session, Some("1"), 0).expect("a session keeps nothing");
        let cap = Some(PersonalizationLevel::Session);
        assert!(raise(&mut ProfileConsent { platform_cap: cap, ..ProfileConsent::default() }).is_err());
        assert!(raise(&mut ProfileConsent::default()).is_ok());
    }

    #[test]
    fn a_notice_that_is_no_longer_accepted_ends_the_consent() {
        let mut consent = ProfileConsent::default();
        set(&mut consent, PersonalizationLevel::OnDevice, Some("1"), 0).expect("raise");
        assert!(!consent.end_if_outdated(&[], 5), "every notice is accepted");
        assert!(!consent.end_if_outdated(&["1".into(), "2".into()], 5));
        assert!(consent.end_if_outdated(&["2".into()], 5));
        assert_eq!(consent.state(5), ConsentState::Expired);
        assert!(!consent.end_if_outdated(&["2".into()], 9), "it ended once");
        assert_eq!(consent.expires_ms, 5);
        // lowering without a notice does not renew the old one
        let mut consent = ProfileConsent::default();
        set(&mut consent, PersonalizationLevel::OnDevice, Some("1"), 0).expect("raise");
        set(&mut consent, PersonalizationLevel::Session, None, 1).expect("lower");
        assert!(consent.end_if_outdated(&["2".into()], 5));
    }

    #[test]
    fn version_one_keeps_its_level_and_its_receipts() {
        let old = ProfileConsentV1::sample(PersonalizationLevel::OnDevice);
        let new = old.upgrade(&mut CallRandom::draw(&SeededRandom::new(1)));
        assert_eq!((new.level, new.expires_ms, new.paused), (PersonalizationLevel::OnDevice, 99, true));
        assert_eq!(new.receipts.receipts().len(), 1);
        assert!(new.receipts.verify());
        assert_eq!(new.receipts.notice_in_force().map(String::as_str), Some("v1"));
    }
}
