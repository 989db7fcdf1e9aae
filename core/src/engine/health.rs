//! `stats`, `doctor`, `warm_up`: how the engine is doing, without a word about the shopper.

use std::collections::BTreeSet;

use super::Recommender;
pub use super::served::Hits;
use crate::error::Result;
use crate::model::ModelInfo;
use crate::store;

/// Something an app's developer should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// A file needed attention when it was opened.
    Store {
        /// `control`, `catalog` or `history`.
        log: &'static str,
        /// What was found.
        finding: store::Finding,
    },
    /// Both copies of the consent state were damaged. Every level is Off and every history was erased.
    ConsentLost,
    /// The history's key was gone: an erasure was interrupted, or the host lost it. The level is Off.
    HistoryKeyLost,
    /// The history was damaged in a place no crash explains. It was erased; the consent stays.
    HistoryDamaged,
    /// The catalogue was damaged or its key lost. It is empty; upsert the items again.
    CatalogueLost,
    /// Something that must be erased could not be yet.
    ErasurePending,
    /// Events past their retention are out of use, but the file could not be rewritten yet.
    RewriteDue,
    /// The consent ended; the shopper has to be asked again.
    ConsentExpired,
    /// A receipt was changed or is missing.
    ReceiptsBroken,
    /// A change of the consent state is not on disk yet.
    ConsentUnsaved,
    /// No model pack is loaded.
    NoModel,
    /// The ledger of reports cannot be read, or was lost with the consent state. Nothing is shared from this installation.
    ReportLedgerLost,
    /// The clock shows an epoch before one that was seen, or none. Nothing is drawn until it has caught up.
    ReportClock,
    /// This installation has drawn as many reports as it ever may.
    ReportBudgetSpent,
    /// The level is Shared, and no vocabulary is loaded.
    NoVocabulary,
    /// The last report could not be drawn or made durable: random source or disk. It was not shown.
    ReportFailed,
}

/// Counts, without a word about the shopper.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Events kept.
    pub events: usize,
    /// Distinct items in kept events that neither the model nor the catalogue knows.
    pub unknown_items: usize,
    /// Items the app added to or changed over the model's.
    pub catalogue_items: usize,
    /// Items that can be numbered at all: the model's and the catalogue's.
    pub items: usize,
    /// Bytes of the history on disk.
    pub history_bytes: u64,
    /// Bytes of the catalogue on disk.
    pub catalogue_bytes: u64,
    /// The model in use.
    pub model: Option<ModelInfo>,
    /// Items given and chosen in this visit, by kind and level.
    pub hits: Vec<Hits>,
}

impl Recommender {
    /// Counts of what is kept, offered and chosen. Linear in the history.
    ///
    /// # Errors
    /// [`Error::Closed`](crate::Error::Closed).
    pub fn stats(&self) -> Result<Stats> {
        self.call(|inner, _| {
            let view = inner.catalog.view();
            let timeline = inner.person.history.timeline();
            let unknown: BTreeSet<&String> = timeline
                .iter()
                .flat_map(|event| event.action.items())
                .filter(|item| view.index_of(item).is_none())
                .collect();
            Ok(Stats {
                events: inner.person.history.len(),
                unknown_items: unknown.len(),
                catalogue_items: inner.catalog.len(),
                items: view.len(),
                history_bytes: inner.person.history.disk_bytes(),
                catalogue_bytes: inner.catalog.disk_bytes(),
                model: view.model().map(|model| model.info().clone()),
                hits: inner.served.hits(),
            })
        })
    }

    /// What was found when files were opened, and what is not as it should be now. Empty when all is well.
    ///
    /// # Errors
    /// [`Error::Closed`](crate::Error::Closed).
    pub fn doctor(&self) -> Result<Vec<Finding>> {
        self.call(|inner, call| {
            let mut findings = inner.findings.clone();
            let entry = inner.control.active();
            let now = [
                (inner.control.profiles().iter().any(|profile| profile.erasing), Finding::ErasurePending),
                (inner.person.history.rewrite_due(), Finding::RewriteDue),
                (inner.person.history.is_erasure_pending(), Finding::ErasurePending),
                (entry.consent.is_expired(call.now_ms), Finding::ConsentExpired),
                (!entry.consent.receipts.verify(), Finding::ReceiptsBroken),
                (inner.control.is_unsaved(), Finding::ConsentUnsaved),
                (inner.catalog.view().model().is_none(), Finding::NoModel),
            ];
            let sharing = inner.sharing_findings(&self.config, call.now_ms);
            for (found, finding) in now.into_iter().chain(sharing.into_iter().map(|finding| (true, finding)))
            {
                if found && !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
            Ok(findings)
        })
    }

    /// Scores every item of the model once, so that its bytes are in the caches before the first recommendation.
    ///
    /// # Errors
    /// As for [`recommend`](Self::recommend).
    pub fn warm_up(&self) -> Result<()> {
        self.call(|inner, _| {
            if let Some(model) = inner.catalog.view().model() {
                model.scan(&vec![1.0; model.dim()], 0.0).for_each_block(|_, _, _| f32::NEG_INFINITY);
            }
            Ok(())
        })
    }
}
