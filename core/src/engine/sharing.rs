//! Sharing: the vocabulary, the preview, the report that waits, and the log of all of them.
//!
//! The order of one release: consent, budget, draw, ledger on disk, and only then bytes for anybody's eyes.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Call, Config, Finding, Inner, Recommender};
use crate::consent::{Consent, PersonalizationLevel, ShareGrant};
use crate::error::{Error, Result};
use crate::mutant;
use crate::report::{
    Budget, BudgetGrant, Entry, Filter, Ledger, MAX_UNITS, ReceivedReport, Refusal, Release, Report,
    ReportId, ReportState, SLOTS, Vocabulary, draw_offer_ms, epoch_at, epoch_start_ms, slots,
};

#[cfg(feature = "prio")]
mod shares;
#[cfg(feature = "prio")]
pub use shares::SharesPreview;

/// What sharing holds in memory.
#[derive(Default)]
pub(super) struct Sharing {
    vocabulary: Option<Arc<Vocabulary>>,
    /// The last attempt failed: random source or disk.
    failed: bool,
}

/// A topic as a report names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTopic {
    /// Its number; 0 stands for an empty slot.
    pub topic: u8,
    /// What it is called; `None` for topic 0, and when another vocabulary is loaded than the report was made with.
    pub label: Option<String>,
}

/// What a report would tell the shop, for the shopper to look at before it leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportPreview {
    /// The report, whose bytes are those that would be sent.
    pub report: Report,
    /// The topics it names.
    pub topics: Vec<NamedTopic>,
    /// The chance that it names the topic of the item it was drawn from, as numerator and denominator.
    pub true_topic_odds: (u32, u32),
    /// The chance that it names a topic of which the shopper has nothing, as numerator and denominator.
    pub other_topic_odds: (u32, u32),
    /// How many times as likely it is for one shopper as for any other, at most.
    pub ratio: u8,
    /// What it cost, in units of `ln 2`.
    pub cost_units: u32,
    /// What is left for this installation, in units of `ln 2`.
    pub units_left: u32,
    /// How far it got.
    pub state: ReportState,
}

impl ReportPreview {
    /// All of it in plain English.
    #[must_use]
    pub fn plain_text(&self) -> String {
        let name = |topic: &NamedTopic| match (&topic.label, topic.topic) {
            (Some(label), _) => format!("\u{201c}{label}\u{201d}"),
            (None, 0) => "nothing in particular".to_owned(),
            (None, number) => format!("topic {number}"),
        };
        let names: Vec<String> = self.topics.iter().map(name).collect();
        let (true_part, true_all) = self.true_topic_odds;
        let (other_part, other_all) = self.other_topic_odds;
        let mut text = format!(
            "The shop would learn: {}. One of your last {SLOTS} items was picked by chance. In {true_part} of {true_all} \
             cases a report names its topic; any topic you have nothing of is named in {other_part} of {other_all}. What \
             it says is at most {} times as likely for you as for anybody else. It holds no name, no number of yours and \
             no time finer than three months. The {} bytes that would be sent: ",
            names.join(" and "),
            self.ratio,
            self.report.to_bytes().len(),
        );
        for byte in self.report.to_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// One report of this installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportLogEntry {
    /// Names it.
    pub id: ReportId,
    /// When its epoch began, in milliseconds since 1970-01-01 UTC.
    pub epoch_start_ms: i64,
    /// What it cost, in units of `ln 2`.
    pub cost_units: u32,
    /// What became of it.
    pub state: ReportState,
    /// Its bytes; `None` when they never left and are gone, and for those of other profiles.
    pub bytes: Option<[u8; crate::report::REPORT_BYTES]>,
    /// The topics it names; empty without bytes.
    pub topics: Vec<NamedTopic>,
    /// All bytes of report shares, in the order of nonce, public share, leader's and helper's; `None` as for `bytes`, and for
    /// a report.
    #[cfg(feature = "prio")]
    pub shares: Option<Vec<u8>>,
}

impl Recommender {
    /// Loads the topics that reports are about. `signature` is the text of the `.minisig` file that one of
    /// [`Config::model_keys`] made for `bytes`. Call it at every start; without it no report is drawn.
    ///
    /// Cost: reads and checks the whole file. A vocabulary that was not used before is remembered durably. May block on disk.
    ///
    /// # Errors
    /// [`Error::VocabularyInvalid`] saying why, also when the vocabulary changed once in this epoch already; the one in use
    /// stays in use. A storage error, likewise.
    pub fn load_vocabulary(&self, bytes: &[u8], signature: &str) -> Result<()> {
        self.install_vocabulary(Arc::new(Vocabulary::open(bytes, signature, &self.trusted)?))
    }

    /// Uses a vocabulary that is already open. Its signature was checked when it was opened.
    ///
    /// # Errors
    /// As for [`load_vocabulary`](Self::load_vocabulary).
    pub fn install_vocabulary(&self, vocabulary: Arc<Vocabulary>) -> Result<()> {
        self.call(|inner, call| {
            let now = epoch_at(call.now_ms);
            let mut ledger = inner.control.ledger().clone();
            if ledger.use_vocabulary(vocabulary.taxonomy_id(), now)? {
                let before = std::mem::replace(inner.control.ledger_mut(), ledger);
                if let Err(error) = inner.control.save(&mut call.random) {
                    *inner.control.ledger_mut() = before;
                    return Err(error);
                }
            }
            inner.sharing.vocabulary = Some(vocabulary);
            Ok(())
        })
    }

    /// The report of this epoch, for the shopper to look at: its topics, its odds, its exact bytes. Draws it if there is none
    /// yet; from then on it is the same whenever it is asked for, and its cost is spent whether it is sent or not. Call it
    /// when the model and the catalogue are loaded. May block on disk.
    ///
    /// # Errors
    /// [`Error::ConsentRequired`] below level Shared, and while learning is stopped or paused;
    /// [`Error::InvalidArgument`] naming `vocabulary` when none is loaded; [`Error::BudgetExhausted`] when there is no report
    /// to be had; [`Error::RandomUnavailable`] and storage errors, and then nothing is shown.
    ///
    /// # Privacy
    /// For the shopper's own eyes. Nothing leaves.
    pub fn preview_report(&self) -> Result<ReportPreview> {
        self.call(|inner, call| {
            let gate = inner.gate(&self.config, call.now_ms);
            let share = gate.share().ok_or_else(|| Error::ConsentRequired {
                reason: "reports need level Shared, neither paused nor stopped".into(),
            })?;
            let report = if mutant!(PreviewIsNotTheMemo) {
                let unspent = Ledger::default().budget(epoch_at(call.now_ms), 0, Some(1));
                let Ok(Budget::Fresh(grant)) = unspent else { return Err(internal()) };
                inner.draw(share, grant, call)?
            } else {
                inner.report(share, call)?.map_err(refused)?
            };
            inner.describe(report, call)
        })
    }

    /// The report to send now, if there is one: from a random moment within 14 days of its draw to the end of its epoch, at
    /// level Shared, until [`confirm_sent`](Self::confirm_sent). Ask at every start and once a day; asked again, it is the
    /// same. Draws it if there is none yet. Call it when the model and the catalogue are loaded. May block on disk.
    ///
    /// The app sends [`Report::to_bytes`] and nothing with it: no id, no cookie, no finer time.
    ///
    /// # Errors
    /// [`Error::RandomUnavailable`] and storage errors, and then nothing may be sent. Lack of consent, of a vocabulary or of
    /// budget is `None`; [`doctor`](Self::doctor) says which.
    ///
    /// # Privacy
    /// The only way out. Before this returns a report, the ledger on disk says that it was given.
    pub fn pending_report(&self) -> Result<Option<Report>> {
        self.call(|inner, call| {
            let gate = inner.gate(&self.config, call.now_ms);
            let Some(share) = gate.share() else { return Ok(None) };
            if mutant!(SkipWhenEmpty) && inner.slots(call.now_ms).iter().all(|slot| *slot == 0) {
                return Ok(None);
            }
            let Ok(report) = inner.report(share, call)? else { return Ok(None) };
            Ok(inner.hand_over(report.id(), call)?.then_some(report))
        })
    }

    /// Says that a report was sent; it is not offered again. May block on disk.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a report that was never given to the app for this profile; a storage error, and then
    /// confirm again.
    pub fn confirm_sent(&self, report: ReportId) -> Result<()> {
        self.call(|inner, call| {
            let profile = inner.control.active().number;
            let own = inner.control.ledger().entry(report.0).filter(|entry| entry.profile == profile);
            match own.map(|entry| entry.release) {
                None | Some(Release::Waiting) => {
                    return Err(Error::invalid("report", "was never given to the app for this profile"));
                }
                Some(Release::Handed) => inner.control.ledger_mut().confirm(report.0),
                Some(Release::Sent) => {}
            }
            inner.save_ledger(call)
        })
    }

    /// Every report that this installation drew, oldest first. Of other profiles it says when, what it cost and what became
    /// of it, and not what it said.
    ///
    /// # Errors
    /// [`Error::Closed`].
    ///
    /// # Privacy
    /// For the shopper's own eyes.
    pub fn report_log(&self) -> Result<Vec<ReportLogEntry>> {
        self.call(|inner, call| Ok(inner.report_log(call.now_ms)))
    }

    /// Lets guarded topics, those that tell of a baby, enter the active profile's reports (`true`), or keeps them out, as they
    /// are by default. Falls back with the level. Durable when it returns; may block on disk.
    ///
    /// # Errors
    /// [`Error::ConsentRequired`] when they are let in below level Shared, or without a consent to a notice that speaks of
    /// them; the consent leaves a receipt. A storage error, and then nothing changed.
    pub fn set_guarded_topics(&self, on: bool, consent: Option<&Consent>) -> Result<()> {
        self.call(|inner, call| {
            let shared = PersonalizationLevel::Shared;
            let level = inner.level(&self.config, call.now_ms);
            if on && (level != shared || consent.is_none()) {
                return Err(Error::ConsentRequired {
                    reason: "guarded topics need level Shared and a consent that names them".into(),
                });
            }
            let max_level = self.config.max_level;
            let mut answered = inner.control.active().consent.clone();
            if on {
                answered.set_level(shared, consent, call.now_ms, max_level, &mut call.random)?;
            }
            inner.control.change(&mut call.random, |profile| {
                profile.consent = answered;
                profile.shares_guarded = on;
                Ok(())
            })
        })
    }
}

impl Inner {
    /// The report of this epoch: the one that was drawn, or a new one. Nobody sees it before the ledger is on disk.
    fn report(
        &mut self,
        share: ShareGrant<'_>,
        call: &mut Call,
    ) -> Result<std::result::Result<Report, Refusal>> {
        let profile = self.control.active().number;
        let cost = self.sharing.vocabulary.as_ref().map(|vocabulary| vocabulary.parameters().cost_units());
        let budget = match self.control.ledger().budget(epoch_at(call.now_ms), profile, cost) {
            Ok(budget) => budget,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let report = match budget {
            Budget::Spent(memo) => Report::recall(share, memo),
            #[cfg(feature = "prio")]
            Budget::Shares(_) => return Ok(Err(Refusal::AsShares)),
            Budget::Fresh(grant) => {
                let cost = grant.cost();
                let drawn = self.draw(share, grant, call).and_then(|report| {
                    let offer_ms = draw_offer_ms(call.now_ms, report.id().0, &mut call.random)?;
                    Ok((report, offer_ms))
                });
                self.sharing.failed = drawn.is_err();
                let (report, offer_ms) = drawn?;
                self.control.ledger_mut().record(&report, cost, profile, offer_ms);
                report
            }
        };
        self.save_ledger(call)?;
        Ok(Ok(report))
    }

    /// Whether what was drawn may be given to the app now. If so, the ledger on disk says that it was given.
    fn hand_over(&mut self, report: ReportId, call: &mut Call) -> Result<bool> {
        let entry = self.control.ledger().entry(report.0).ok_or_else(internal)?;
        if entry.release == Release::Sent || call.now_ms < entry.offer_ms {
            return Ok(false);
        }
        if entry.release == Release::Waiting {
            self.control.ledger_mut().hand_over(report.0);
            self.save_ledger(call)?;
        }
        Ok(true)
    }

    fn draw(&mut self, share: ShareGrant<'_>, grant: BudgetGrant, call: &mut Call) -> Result<Report> {
        let vocabulary = self.sharing.vocabulary.clone().ok_or_else(internal)?;
        let slots = zeroize::Zeroizing::new(self.slots(call.now_ms));
        Report::draw(share, grant, &vocabulary, &slots, &mut call.random)
    }

    /// The topics of the last items; all empty without a vocabulary.
    fn slots(&self, now_ms: i64) -> crate::report::SlotTopics {
        let Some(vocabulary) = &self.sharing.vocabulary else { return [0; SLOTS as usize] };
        let filter = Filter { guarded_too: self.control.active().shares_guarded };
        slots(&self.person.history.timeline(), self.catalog.view(), vocabulary, &filter, now_ms)
    }

    /// Makes the ledger durable if it is not. After a failure the next call tries again, with the same draw.
    fn save_ledger(&mut self, call: &mut Call) -> Result<()> {
        if self.control.is_unsaved() && !mutant!(SendBeforeDurable) {
            let saved = self.control.save(&mut call.random);
            self.sharing.failed = saved.is_err();
            return saved;
        }
        Ok(())
    }

    fn named_topics(&self, bytes: &[u8]) -> Vec<NamedTopic> {
        let Ok(read) = ReceivedReport::decode(bytes) else { return Vec::new() };
        read.topics().map(|topic| self.named_topic(topic, read.taxonomy_id())).collect()
    }

    fn named_topic(&self, topic: u8, taxonomy_id: [u8; 4]) -> NamedTopic {
        let own = self.sharing.vocabulary.as_ref().filter(|own| own.taxonomy_id() == taxonomy_id);
        NamedTopic { topic, label: own.and_then(|own| own.label(topic)).map(str::to_owned) }
    }

    pub(super) fn report_log(&self, now_ms: i64) -> Vec<ReportLogEntry> {
        let (profile, now) = (self.control.active().number, epoch_at(now_ms));
        let entry = |entry: &Entry| {
            let bytes = entry.bytes.filter(|_| entry.profile == profile);
            #[cfg(feature = "prio")]
            let shares = entry.shares.as_ref().filter(|_| entry.profile == profile);
            let topics = bytes.map(|bytes| self.named_topics(&bytes));
            #[cfg(feature = "prio")]
            let topics = topics
                .or_else(|| shares.map(|shares| vec![self.named_topic(shares.topic, shares.taxonomy_id)]));
            ReportLogEntry {
                id: ReportId(entry.epoch),
                epoch_start_ms: epoch_start_ms(entry.epoch),
                cost_units: entry.cost.into(),
                state: entry.state(now),
                bytes,
                topics: topics.unwrap_or_default(),
                #[cfg(feature = "prio")]
                shares: shares.map(|shares| shares.bytes.clone()),
            }
        };
        self.control.ledger().entries().iter().map(entry).collect()
    }

    fn describe(&self, report: Report, call: &Call) -> Result<ReportPreview> {
        let read = ReceivedReport::decode(&report.to_bytes()).map_err(|_| internal())?;
        let parameters = read.parameters();
        let entry = self.control.ledger().entry(report.id().0);
        Ok(ReportPreview {
            topics: self.named_topics(&report.to_bytes()),
            true_topic_odds: parameters.true_topic_odds(),
            other_topic_odds: parameters.other_topic_odds(),
            ratio: parameters.ratio(),
            cost_units: parameters.cost_units(),
            units_left: MAX_UNITS.saturating_sub(self.control.ledger().spent()),
            state: entry.map_or(ReportState::Waiting, |entry| entry.state(epoch_at(call.now_ms))),
            report,
        })
    }

    /// What keeps reports from being made.
    pub(super) fn sharing_findings(&self, config: &Config, now_ms: i64) -> Vec<Finding> {
        let shares = self.level(config, now_ms) == PersonalizationLevel::Shared;
        let (ledger, now) = (self.control.ledger(), epoch_at(now_ms));
        let cost =
            self.sharing.vocabulary.as_ref().map_or(1, |vocabulary| vocabulary.parameters().cost_units());
        let findings = [
            (!ledger.is_readable(), Finding::ReportLedgerLost),
            (shares && (now.is_none() || ledger.is_clock_behind(now)), Finding::ReportClock),
            (shares && ledger.is_readable() && ledger.spent() + cost > MAX_UNITS, Finding::ReportBudgetSpent),
            (shares && self.sharing.vocabulary.is_none(), Finding::NoVocabulary),
            (self.sharing.failed, Finding::ReportFailed),
        ];
        findings.into_iter().filter(|(found, _)| *found).map(|(_, finding)| finding).collect()
    }
}

fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::NoVocabulary => Error::invalid("vocabulary", "load one with load_vocabulary first"),
        #[cfg(feature = "prio")]
        Refusal::TooManyTopics => Error::invalid("vocabulary", refusal.to_string()),
        other => Error::BudgetExhausted { reason: other.to_string() },
    }
}

fn internal() -> Error {
    Error::Internal { reason: "a report that the ledger does not know".into() }
}
