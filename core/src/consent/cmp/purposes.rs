//! From consents by purpose to a level: the one rule for Europe and Canada.
//!
//! Enters: sets of purposes, and what is known of the string they stand in. Leaves: decisions. Only consent counts:
//! legitimate interest and implied consent never reach this module.

use super::{CmpDecision, CmpReason, CmpSource, Judge, note};
use crate::consent::{DAY_MS, PersonalizationLevel as Level};
use crate::mutant;

/// Consents as a set: bit n - 1 stands for purpose n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Purposes(pub(super) u64);

impl Purposes {
    pub(super) fn allows(self, purpose: u8) -> bool {
        (1..=64).contains(&purpose) && self.0 >> (purpose - 1) & 1 == 1
    }

    /// The highest level these consents allow, and why. Sharing is not decided here.
    pub(super) fn verdict(self) -> (Option<Level>, CmpReason) {
        let missing: Vec<u8> = [1, 5, 6].into_iter().filter(|purpose| !self.allows(*purpose)).collect();
        let cap = match missing.as_slice() {
            [] => return (None, CmpReason::PurposesAllowed),
            // A profile of this visit needs no storage; limited data (11) is what a visit is.
            [1] => Level::Session,
            _ if self.allows(11) => Level::Session,
            _ => Level::Off,
        };
        (Some(cap), CmpReason::PurposesNotAllowed(missing))
    }
}

/// What a consent string says of itself and of the purposes that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConsentString {
    pub(super) last_updated_ms: i64,
    pub(super) cmp_id: u16,
    pub(super) policy_version: u8,
    pub(super) vendor: Purposes,
    /// The publisher's purposes and custom purposes, if there is a segment for them.
    pub(super) publisher: Option<(Purposes, Purposes)>,
}

impl ConsentString {
    /// The purposes the app's policy chooses.
    pub(super) fn chosen(&self, use_vendor_purposes: bool) -> Option<Purposes> {
        if use_vendor_purposes { Some(self.vendor) } else { self.publisher.map(|(purposes, _)| purposes) }
    }

    /// The custom purposes.
    pub(super) fn custom(&self) -> Option<Purposes> {
        self.publisher.map(|(_, custom)| custom)
    }
}

impl Judge<'_> {
    /// Why the platform with this id is not one whose signals count.
    pub(super) fn platform(self, cmp_id: i64) -> Option<CmpReason> {
        let listed = &self.policy.cmp_sdk_ids;
        if cmp_id <= 0 {
            return Some(CmpReason::NoPlatform);
        }
        let known = listed.is_empty() || listed.iter().any(|id| i64::from(*id) == cmp_id);
        (!known).then_some(CmpReason::PlatformNotListed)
    }

    /// Why a consent of this time does not count.
    pub(super) fn age(self, last_updated_ms: i64) -> Option<CmpReason> {
        let age_ms = self.now_ms.saturating_sub(last_updated_ms);
        let max_age_ms = i64::from(self.policy.max_age_days) * DAY_MS;
        if age_ms > max_age_ms && !mutant!(CmpOldConsentCounts) {
            Some(CmpReason::TooOld(self.policy.max_age_days))
        } else if age_ms < -DAY_MS {
            Some(CmpReason::FromTheFuture)
        } else {
            None
        }
    }

    /// Decides on sharing by the custom purpose. `custom` are all places that speak of it; each must allow it. `absent`
    /// says where one was looked for, and that there is none.
    pub(super) fn sharing(
        self,
        absent: (CmpSource, CmpReason),
        custom: &[(CmpSource, Result<Purposes, CmpReason>)],
        decisions: &mut Vec<CmpDecision>,
    ) {
        let Some(purpose) = self.policy.share_custom_purpose else {
            return note(decisions, absent.0, Level::OnDevice, CmpReason::NoSharePurpose);
        };
        let Some((first, _)) = custom.first() else {
            return note(decisions, absent.0, Level::OnDevice, absent.1);
        };
        for (source, purposes) in custom {
            let reason = match purposes {
                Ok(purposes) if purposes.allows(purpose) => continue,
                Ok(_) => CmpReason::SharePurposeNotAllowed(purpose),
                Err(reason) => reason.clone(),
            };
            return note(decisions, *source, Level::OnDevice, reason);
        }
        note(decisions, *first, None, CmpReason::SharePurposeAllowed(purpose));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purposes(ids: &[u8]) -> Purposes {
        Purposes(ids.iter().map(|id| 1 << (id - 1)).sum())
    }

    #[test]
    fn levels_by_purposes() {
        let cap = |ids: &[u8]| purposes(ids).verdict().0;
        assert_eq!(cap(&[1, 5, 6]), None);
        assert_eq!(cap(&[1, 5, 6, 11]), None);
        assert_eq!(cap(&[5, 6]), Some(Level::Session));
        assert_eq!(cap(&[11]), Some(Level::Session));
        assert_eq!(cap(&[1, 11]), Some(Level::Session));
        for ids in [&[][..], &[1], &[5], &[6], &[1, 5], &[1, 6], &[2, 3, 4, 7, 8, 9, 10]] {
            assert_eq!(cap(ids), Some(Level::Off), "{ids:?}");
        }
        assert_eq!(purposes(&[1]).verdict().1, CmpReason::PurposesNotAllowed(vec![5, 6]));
    }

    #[test]
    fn purposes_outside_the_set_are_not_allowed() {
        assert!(!Purposes(u64::MAX).allows(0));
        assert!(Purposes(u64::MAX).allows(64));
        assert!(!Purposes(u64::MAX).allows(65));
    }

    #[test]
    fn age_has_two_ends() {
        let policy = super::super::CmpPolicy { max_age_days: 10, ..Default::default() };
        let judge = Judge { policy: &policy, now_ms: 100 * DAY_MS };
        assert_eq!(judge.age(90 * DAY_MS), None);
        assert_eq!(judge.age(90 * DAY_MS - 1), Some(CmpReason::TooOld(10)));
        assert_eq!(judge.age(101 * DAY_MS), None);
        assert_eq!(judge.age(101 * DAY_MS + 1), Some(CmpReason::FromTheFuture));
        assert_eq!(Judge { policy: &policy, now_ms: i64::MIN }.age(i64::MAX), Some(CmpReason::FromTheFuture));
    }
}
