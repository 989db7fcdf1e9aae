//! Report shares: the same order of one release as for a report, in its place.

use std::fmt::Write as _;

use super::{NamedTopic, internal, refused};
use crate::consent::ShareGrant;
use crate::engine::{Call, Inner, Recommender};
use crate::error::{Error, Result};
use crate::mutant;
use crate::report::{
    Budget, BudgetGrant, Ledger, MAX_UNITS, MIN_SHARES_PER_BATCH, Parameters, Refusal, ReportShares,
    ReportState, SHARES_BYTES, SLOTS, draw_offer_ms, epoch_at,
};

/// What report shares would tell, for the shopper to look at before they leave.
#[derive(Clone, Debug, PartialEq)]
pub struct SharesPreview {
    /// The shares, whose bytes are those that would be sent.
    pub shares: ReportShares,
    /// The topic they hold, after the noise.
    pub topic: NamedTopic,
    /// The chance that it is the topic of the item it was drawn from, as numerator and denominator.
    pub true_topic_odds: (u32, u32),
    /// The chance that it is one certain topic of which the shopper has nothing, as numerator and denominator.
    pub other_topic_odds: (u32, u32),
    /// How many times as likely the topic is for one shopper as for any other, at most: what holds if both servers put their
    /// halves together.
    pub ratio: u8,
    /// What it cost, in units of `ln 2`.
    pub cost_units: u32,
    /// What is left for this installation, in units of `ln 2`.
    pub units_left: u32,
    /// How far it got.
    pub state: ReportState,
}

impl SharesPreview {
    /// All of it in plain English.
    #[must_use]
    pub fn plain_text(&self) -> String {
        let topic = match (&self.topic.label, self.topic.topic) {
            (Some(label), _) => format!("\u{201c}{label}\u{201d}"),
            (None, 0) => "nothing in particular".to_owned(),
            (None, number) => format!("topic {number}"),
        };
        let (true_part, true_all) = self.true_topic_odds;
        let (other_part, other_all) = self.other_topic_odds;
        let mut text = format!(
            "Two servers, run by two parties, would get one half each of: {topic}. Either half alone says nothing. Together \
             they add up the halves of at least {MIN_SHARES_PER_BATCH} shoppers, and the shop learns the sums. One of your \
             last {SLOTS} items was picked by chance. In {true_part} of {true_all} cases its topic is sent, and any certain \
             other topic in {other_part} of {other_all}. If the two servers put your halves together all the same, what they \
             find is at most {} times as likely for you as for anybody else. It holds no name, no number of yours and no \
             time; the number at its start is drawn for this once. The {SHARES_BYTES} bytes that would be sent: ",
            self.ratio,
        );
        let parts = [
            ("to both", &self.shares.nonce()[..]),
            (", ", self.shares.public_share()),
            ("; to the first", self.shares.leader_share()),
            ("; to the second", self.shares.helper_share()),
        ];
        for (whom, bytes) in parts {
            text.push_str(whom);
            if whom != ", " {
                text.push(' ');
            }
            for byte in bytes {
                let _ = write!(text, "{byte:02x}");
            }
        }
        text
    }
}

impl Recommender {
    /// The report shares of this epoch, for the shopper to look at: topic, odds, exact bytes. Draws them if there is nothing
    /// yet; then they are what may leave in this epoch, and there is no report beside them. Otherwise as
    /// [`preview_report`](Self::preview_report).
    ///
    /// # Errors
    /// Those of [`preview_report`](Self::preview_report). [`Error::BudgetExhausted`] also when this epoch has its report, and
    /// [`Error::InvalidArgument`] naming `vocabulary` also when it has more than 32 topics.
    ///
    /// # Privacy
    /// For the shopper's own eyes. Nothing leaves.
    pub fn preview_shares(&self) -> Result<SharesPreview> {
        self.call(|inner, call| {
            let gate = inner.gate(&self.config, call.now_ms);
            let share = gate.share().ok_or_else(|| Error::ConsentRequired {
                reason: "report shares need level Shared, neither paused nor stopped".into(),
            })?;
            let shares = inner.shares(share, call)?.map_err(refused)?;
            inner.describe_shares(shares, call)
        })
    }

    /// The report shares to send now, if there are any. An app that uses them asks for these and never for
    /// [`pending_report`](Self::pending_report), and confirms with [`confirm_sent`](Self::confirm_sent); otherwise the same
    /// holds.
    ///
    /// The app seals each half to the key of its server and sends nothing with it: no id, no cookie, no finer time than the
    /// epoch's.
    ///
    /// # Errors
    /// Those of [`pending_report`](Self::pending_report).
    ///
    /// # Privacy
    /// The other way out. Before this returns shares, the ledger on disk says that they were given.
    pub fn pending_shares(&self) -> Result<Option<ReportShares>> {
        self.call(|inner, call| {
            let gate = inner.gate(&self.config, call.now_ms);
            let Some(share) = gate.share() else { return Ok(None) };
            let Ok(shares) = inner.shares(share, call)? else { return Ok(None) };
            Ok(inner.hand_over(shares.id(), call)?.then_some(shares))
        })
    }
}

impl Inner {
    /// The report shares of this epoch: those that were drawn, or new ones. Nobody sees them before the ledger is on disk.
    fn shares(
        &mut self,
        share: ShareGrant<'_>,
        call: &mut Call,
    ) -> Result<std::result::Result<ReportShares, Refusal>> {
        let profile = self.control.active().number;
        let topics = self.sharing.vocabulary.as_ref().map(|vocabulary| vocabulary.parameters().topics());
        let now = epoch_at(call.now_ms);
        let units = topics.and_then(Parameters::of_shares).map(Parameters::cost_units);
        let budget = match self.control.ledger().budget(now, profile, units) {
            Ok(Budget::Spent(_)) if mutant!(SharesBesideReport) => {
                Ledger::default().budget(now, profile, units)
            }
            budget => budget,
        };
        let shares = match budget {
            Err(Refusal::NoVocabulary) if topics.is_some() => return Ok(Err(Refusal::TooManyTopics)),
            Err(refusal) => return Ok(Err(refusal)),
            Ok(Budget::Spent(_)) => return Ok(Err(Refusal::AsReport)),
            Ok(Budget::Shares(memo)) => ReportShares::recall(share, memo),
            Ok(Budget::Fresh(grant)) => {
                let cost = if mutant!(SharesCheaply) { 1 } else { grant.cost() };
                let drawn = self.draw_shares(share, grant, call).and_then(|shares| {
                    let offer_ms = draw_offer_ms(call.now_ms, shares.id().0, &mut call.random)?;
                    Ok((shares, offer_ms))
                });
                self.sharing.failed = drawn.is_err();
                let (shares, offer_ms) = drawn?;
                self.control.ledger_mut().record_shares(&shares, cost, profile, offer_ms);
                shares
            }
        };
        self.save_ledger(call)?;
        Ok(Ok(shares))
    }

    fn draw_shares(
        &mut self,
        share: ShareGrant<'_>,
        grant: BudgetGrant,
        call: &mut Call,
    ) -> Result<ReportShares> {
        let vocabulary = self.sharing.vocabulary.clone().ok_or_else(internal)?;
        let slots = zeroize::Zeroizing::new(self.slots(call.now_ms));
        ReportShares::draw(share, grant, &vocabulary, &slots, &mut call.random)
    }

    fn describe_shares(&self, shares: ReportShares, call: &Call) -> Result<SharesPreview> {
        let content = shares.content();
        let parameters = Parameters::of_shares(content.topics).ok_or_else(internal)?;
        let entry = self.control.ledger().entry(shares.id().0);
        let true_topic_odds = parameters.true_topic_odds();
        Ok(SharesPreview {
            topic: self.named_topic(content.topic, content.taxonomy_id),
            true_topic_odds,
            // Of the 64 + d - 1 numbers one names each other topic.
            other_topic_odds: (1, true_topic_odds.1),
            ratio: parameters.ratio(),
            cost_units: parameters.cost_units(),
            units_left: MAX_UNITS.saturating_sub(self.control.ledger().spent()),
            state: entry.map_or(ReportState::Waiting, |entry| entry.state(epoch_at(call.now_ms))),
            shares,
        })
    }
}
