//! The one thing that may leave the phone: a coarse noisy preference report of 24 bytes.
//!
//! In the order of the data: `vocabulary` (public topics), `slots` (topics of the last items), `ledger` (what was drawn and
//! spent), `sampler` (the mechanism), `wire` (the bytes). Enters: a history, a vocabulary, a consent. Leaves: a [`Report`].
//! Must never: use a float, draw twice for one epoch, or let anything leave that was not made durable before.
//! `docs/privacy.md` has the threat model and the proof. With the feature `prio` there are `shares` too, which may leave in place of a
//! report.
//!
//! # Shortcuts that do not compile
//!
//! A report is made from a consent of this moment and a budget, both used up. None of the three can be made by hand:
//!
//! ```compile_fail,E0451
//! use tastekeeper::report::Report;
//! let report = Report { bytes: [0; 24], epoch: 0 }; // private fields
//! ```
//!
//! ```compile_fail,E0451
//! use tastekeeper::report::BudgetGrant;
//! let budget = BudgetGrant { epoch: 24, cost: 3 }; // private fields
//! ```
//!
//! ```compile_fail,E0451
//! use tastekeeper::report::Memo;
//! fn other_bytes(memo: Memo) -> Memo {
//!     Memo { ..memo } // private fields
//! }
//! ```
//!
//! A budget that is spent twice:
//!
//! ```compile_fail,E0382
//! use tastekeeper::report::BudgetGrant;
//! fn twice(budget: BudgetGrant) -> (BudgetGrant, BudgetGrant) {
//!     (budget, budget) // neither `Copy` nor `Clone`
//! }
//! ```
//!
//! A report around the engine, with grants that somebody holds:
//!
//! ```compile_fail,E0624
//! use tastekeeper::consent::ShareGrant;
//! use tastekeeper::report::{Memo, Report};
//! fn around_the_engine(share: ShareGrant<'_>, memo: Memo) -> Report {
//!     Report::recall(share, memo) // only the engine
//! }
//! ```
//!
//! A mask as bytes:
//!
//! ```compile_fail,E0603
//! use tastekeeper::report::wire::Payload; // only a `Report` encodes
//! ```

use crate::consent::ShareGrant;
use crate::error::Result;
use crate::mutant;
use crate::store::CallRandom;

mod ledger;
mod parameters;
mod sampler;
#[cfg(feature = "prio")]
mod shares;
mod slots;
mod vocabulary;
mod wire;

pub use crate::error::VocabularyProblem;
pub(crate) use ledger::{Budget, Entry, Ledger, Refusal, Release};
pub use ledger::{BudgetGrant, Memo, ReportState, reread_ledger};
pub use parameters::Parameters;
pub use sampler::{Draws, SlotTopics, sample};
#[cfg(feature = "prio")]
pub(crate) use shares::Content;
#[cfg(feature = "prio")]
pub use shares::{
    HELPER_SHARE_BYTES, LEADER_SHARE_BYTES, MIN_SHARES_PER_BATCH, NONCE_BYTES, PUBLIC_SHARE_BYTES,
    ReportShares, SHARES_BUCKETS, SHARES_BYTES, SHARES_CHUNK_LENGTH, SHARES_RATIO, SharesMemo,
    UNITS_PER_SHARES,
};
pub(crate) use slots::{Filter, slots};
pub use vocabulary::{
    MAX_LABEL_BYTES, MAX_VOCABULARY_BYTES, NodeTree, Topic, Vocabulary, VocabularyDraft, tells_of_a_baby,
};
use wire::Payload;
pub use wire::{ReceivedReport, WireProblem};

/// Topics of the default vocabulary, topic 0 (an empty slot) included: `d`.
pub const TOPICS: u8 = 32;
/// Topics named by one report: `m`.
pub const TOPICS_PER_REPORT: u8 = 2;
/// Most topics of any vocabulary, topic 0 included.
pub const MAX_TOPICS: u8 = 64;
/// The likelihood ratio `R` of one report; its privacy loss is `ln R`. Also the largest that is allowed.
pub const MAX_RATIO: u8 = 8;
/// Opted-in shoppers that a vocabulary needs for each of its masks, so that no mask is a fingerprint.
pub const MIN_SHOPPERS_PER_MASK: u64 = 50;
/// Slots of a shopper: the newest distinct items a report is drawn from.
pub const SLOTS: u8 = 8;
/// Days of one epoch. One report per epoch.
pub const EPOCH_DAYS: u32 = 91;
/// Budget that one report costs, in units of `ln 2`: `log2 R`.
pub const UNITS_PER_REPORT: u32 = 3;
/// Most units that are spent in any four epochs in a row.
pub const MAX_UNITS_PER_FOUR_EPOCHS: u32 = 12;
/// Most units that are spent by one installation, ever.
pub const MAX_UNITS: u32 = 24;
/// Bytes of a report.
pub const REPORT_BYTES: usize = 24;
/// A report is offered to the app at a random moment within so many days of being drawn.
pub const OFFER_WITHIN_DAYS: u32 = 14;
/// The day epochs are counted from, 2020-01-01, in days since 1970-01-01.
pub const EPOCH_START_DAY: i64 = 18_262;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const SECOND_MS: i64 = 1_000;

/// The epoch of a moment: days since 2020-01-01, divided by 91 and rounded down; `None` before 2020 and where the wire ends.
#[must_use]
pub fn epoch_at(time_ms: i64) -> Option<u16> {
    let days = time_ms.div_euclid(DAY_MS) - EPOCH_START_DAY;
    u16::try_from(days.div_euclid(i64::from(EPOCH_DAYS))).ok()
}

/// The first millisecond of an epoch.
#[must_use]
pub fn epoch_start_ms(epoch: u16) -> i64 {
    (EPOCH_START_DAY + i64::from(epoch) * i64::from(EPOCH_DAYS)) * DAY_MS
}

/// Names a report among those of one installation: its epoch, because there is one report per epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportId(pub u16);

/// What may leave: 24 bytes that are in the ledger already.
///
/// # Privacy
/// The app sends the bytes as they are, and adds nothing that tells who sent them.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    bytes: [u8; REPORT_BYTES],
    epoch: u16,
}

impl std::fmt::Debug for Report {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Report").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl Report {
    /// Draws the report of an epoch. What it costs is spent by whoever calls [`Ledger::record`], before anybody sees it.
    pub(crate) fn draw(
        share: ShareGrant<'_>,
        budget: BudgetGrant,
        vocabulary: &Vocabulary,
        slots: &SlotTopics,
        random: &mut CallRandom,
    ) -> Result<Self> {
        let _ = share;
        let parameters = vocabulary.parameters();
        let mask = if mutant!(ConstantSeed) {
            sample(parameters, slots, &mut CallRandom::draw(&crate::platform::SeededRandom::new(1)))?
        } else {
            sample(parameters, slots, random)?
        };
        let epoch = budget.into_epoch();
        let taxonomy_id = vocabulary.taxonomy_id();
        Ok(Self { bytes: Payload { parameters, taxonomy_id, epoch, mask }.encode(), epoch })
    }

    /// The report that was drawn before.
    pub(crate) fn recall(share: ShareGrant<'_>, memo: Memo) -> Self {
        let _ = share;
        let (epoch, bytes) = memo.into_parts();
        Self { bytes, epoch }
    }

    /// Names it for [`Recommender::confirm_sent`](crate::Recommender::confirm_sent). Not to be sent along.
    #[must_use]
    pub fn id(&self) -> ReportId {
        ReportId(self.epoch)
    }

    /// The bytes to send, and nothing else.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; REPORT_BYTES] {
        self.bytes
    }
}

/// The moment from which a report is offered: at random within [`OFFER_WITHIN_DAYS`] of the draw, and within its epoch.
/// Depends on the time of the draw and on randomness only.
pub(crate) fn draw_offer_ms(now_ms: i64, epoch: u16, draws: &mut impl Draws) -> Result<i64> {
    let left_ms = epoch_start_ms(epoch.saturating_add(1)).saturating_sub(now_ms);
    let window_ms = left_ms.min(i64::from(OFFER_WITHIN_DAYS) * DAY_MS);
    let seconds = u32::try_from(window_ms / SECOND_MS).unwrap_or_default().max(1);
    Ok(now_ms + i64::from(draws.below(seconds)?) * SECOND_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::SeededRandom;

    #[test]
    fn epochs_are_91_days_from_2020_on() {
        // 2020-01-01 and 2020-04-01, 91 days later in a leap year
        let (start, next) = (1_577_836_800_000, 1_585_699_200_000);
        assert_eq!((epoch_at(start), epoch_at(next - 1), epoch_at(next)), (Some(0), Some(0), Some(1)));
        assert_eq!((epoch_at(start - 1), epoch_at(i64::MAX), epoch_at(i64::MIN)), (None, None, None));
        assert_eq!((epoch_start_ms(0), epoch_start_ms(1)), (start, next));
    }

    #[test]
    fn constants_fit_together() {
        let default = Parameters::new(TOPICS, TOPICS_PER_REPORT, MAX_RATIO).unwrap();
        assert_eq!(default.cost_units(), UNITS_PER_REPORT);
        assert_eq!(MAX_UNITS_PER_FOUR_EPOCHS, 4 * UNITS_PER_REPORT);
        assert_eq!(MAX_UNITS, 8 * UNITS_PER_REPORT);
        assert!(default.fits_cohort(25_000));
    }

    #[test]
    fn offers_lie_within_fourteen_days_and_the_epoch() {
        let mut random = CallRandom::draw(&SeededRandom::new(5));
        let start = epoch_start_ms(30);
        let mut latest = 0;
        for _ in 0..2_000 {
            let offer = draw_offer_ms(start + 5, 30, &mut random).unwrap();
            assert!((start + 5..start + 5 + 14 * DAY_MS).contains(&offer));
            latest = latest.max(offer - start);
            let at_the_end = epoch_start_ms(31) - 2 * DAY_MS;
            assert_eq!(epoch_at(draw_offer_ms(at_the_end, 30, &mut random).unwrap()), Some(30));
        }
        assert!(latest > 13 * DAY_MS);
        let last = epoch_start_ms(31) - 1;
        assert_eq!(draw_offer_ms(last, 30, &mut random), Ok(last));
    }
}
