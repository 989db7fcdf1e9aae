//! Report shares: one noisy topic, split into two halves for two servers that do not tell each other (feature `prio`).
//!
//! In place of a report of 24 bytes, never beside one: the topic of a slot drawn at random goes through k-ary randomised
//! response (Warner, 1965; Kairouz et al., 2014), which is the mechanism of a report with one topic and a larger ratio, and
//! becomes one bucket of a Prio3 histogram (VDAF-08). Enters: slots, a vocabulary, a consent, a budget. Leaves:
//! [`ReportShares`]. Must never: let a topic in that did not go through the noise, cost less than its ratio is worth, or ask
//! for randomness that is not the host's.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{BudgetGrant, Parameters, ReportId, SlotTopics, Vocabulary, sample};
use crate::consent::ShareGrant;
use crate::error::{Error, Result};
use crate::mutant;
use crate::store::CallRandom;

mod split;

use split::{SEEDS_BYTES, split};

/// The likelihood ratio of the noise below the shares: what holds even if both servers work together.
pub const SHARES_RATIO: u8 = 64;
/// What report shares cost, in units of `ln 2`: `log2` of [`SHARES_RATIO`].
pub const UNITS_PER_SHARES: u32 = 6;
/// Buckets of the histogram; a vocabulary with more topics has no report shares.
pub const SHARES_BUCKETS: u8 = 32;
/// Buckets that one step of the proof covers. Both servers must use the same; this one gives the shortest proof.
pub const SHARES_CHUNK_LENGTH: u8 = 5;
/// Reports that the servers must add up before they tell a sum, at least.
pub const MIN_SHARES_PER_BATCH: u32 = 1_000;
/// Bytes of the nonce.
pub const NONCE_BYTES: usize = 16;
/// Bytes of the share that both servers get.
pub const PUBLIC_SHARE_BYTES: usize = 32;
/// Bytes of the share of the first server, the leader.
pub const LEADER_SHARE_BYTES: usize = 928;
/// Bytes of the share of the second server, the helper.
pub const HELPER_SHARE_BYTES: usize = 48;
/// Bytes of all of it.
pub const SHARES_BYTES: usize = NONCE_BYTES + PUBLIC_SHARE_BYTES + LEADER_SHARE_BYTES + HELPER_SHARE_BYTES;

const LEADER_AT: usize = NONCE_BYTES + PUBLIC_SHARE_BYTES;
const HELPER_AT: usize = LEADER_AT + LEADER_SHARE_BYTES;

/// What the ledger keeps of report shares.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) taxonomy_id: [u8; 4],
    /// How many topics there are.
    pub(crate) topics: u8,
    /// The topic that went through the noise.
    pub(crate) topic: u8,
    /// Nonce, public share, leader's share, helper's share.
    pub(crate) bytes: Vec<u8>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Content").finish_non_exhaustive()
    }
}

impl Content {
    /// Whether a phone could have made it.
    pub(super) fn is_sound(&self) -> bool {
        Parameters::of_shares(self.topics).is_some()
            && self.topic < self.topics
            && self.bytes.len() == SHARES_BYTES
    }
}

/// The report shares of an epoch that were drawn before. Only the ledger gives one; [`ReportShares`] consume it.
#[derive(Debug)]
pub struct SharesMemo {
    pub(super) epoch: u16,
    pub(super) content: Content,
}

/// What may leave in place of a report: the same noisy topic, in two halves that are in the ledger already.
///
/// # Privacy
/// Either half alone is random numbers. Both together tell the noisy topic, so the app seals each half to its own server's
/// key (HPKE, as DAP asks) before it sends them, and adds nothing that tells who sent them.
#[derive(Clone, PartialEq, Eq)]
pub struct ReportShares {
    epoch: u16,
    content: Content,
}

impl std::fmt::Debug for ReportShares {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ReportShares").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl ReportShares {
    /// Draws the report shares of an epoch. What they cost is spent by whoever calls `Ledger::record_shares`, before anybody
    /// sees them.
    pub(crate) fn draw(
        share: ShareGrant<'_>,
        budget: BudgetGrant,
        vocabulary: &Vocabulary,
        slots: &SlotTopics,
        random: &mut CallRandom,
    ) -> Result<Self> {
        let _ = share;
        let parameters = Parameters::of_shares(vocabulary.parameters().topics())
            .filter(|parameters| parameters.cost_units() <= budget.cost().into())
            .ok_or_else(|| Error::Internal { reason: "report shares without a budget for them".into() })?;
        if mutant!(ConstantSeed) {
            *random = CallRandom::draw(&crate::platform::SeededRandom::new(1));
        }
        let mask = sample(parameters, slots, random)?;
        let mut topic = u8::try_from(mask.trailing_zeros()).unwrap_or_default();
        if mutant!(SharesWithoutNoise) {
            topic = slots[0];
        }
        let nonce: [u8; NONCE_BYTES] = random.generate_bytes()?;
        let seeds = Zeroizing::new(random.generate_bytes::<SEEDS_BYTES>()?);
        let halves = split(SHARES_BUCKETS.into(), SHARES_CHUNK_LENGTH.into(), topic.into(), &nonce, &seeds)?;
        let bytes = [&nonce[..], &halves.public, &halves.leader, &halves.helper].concat();
        let taxonomy_id = vocabulary.taxonomy_id();
        let content = Content { taxonomy_id, topics: parameters.topics(), topic, bytes };
        if !content.is_sound() {
            return Err(Error::Internal { reason: "report shares of another length".into() });
        }
        Ok(Self { epoch: budget.into_epoch(), content })
    }

    /// The report shares that were drawn before.
    pub(crate) fn recall(share: ShareGrant<'_>, memo: SharesMemo) -> Self {
        let _ = share;
        Self { epoch: memo.epoch, content: memo.content }
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    /// Names them for [`Recommender::confirm_sent`](crate::Recommender::confirm_sent). Not to be sent along.
    #[must_use]
    pub fn id(&self) -> ReportId {
        ReportId(self.epoch)
    }

    /// Which vocabulary they are about: the first 4 bytes of SHA-256 of its file. The servers count each vocabulary and epoch
    /// in a task of its own.
    #[must_use]
    pub fn taxonomy_id(&self) -> [u8; 4] {
        self.content.taxonomy_id
    }

    /// 16 random bytes that both servers need: DAP's report id.
    #[must_use]
    pub fn nonce(&self) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&self.content.bytes[..NONCE_BYTES]);
        nonce
    }

    /// What both servers get, encoded as VDAF-08 says.
    #[must_use]
    pub fn public_share(&self) -> &[u8] {
        &self.content.bytes[NONCE_BYTES..LEADER_AT]
    }

    /// What the first server gets, and nobody else.
    #[must_use]
    pub fn leader_share(&self) -> &[u8] {
        &self.content.bytes[LEADER_AT..HELPER_AT]
    }

    /// What the second server gets, and nobody else.
    #[must_use]
    pub fn helper_share(&self) -> &[u8] {
        &self.content.bytes[HELPER_AT..]
    }
}
