//! One line of the ledger: what was drawn in an epoch, and how far it got.

use serde::{Deserialize, Serialize};

use crate::report::REPORT_BYTES;

/// How far a report got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Release {
    Waiting,
    Handed,
    Sent,
}

/// What became of a report, as the shopper reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportState {
    /// Drawn, and not given to the app yet.
    Waiting,
    /// Given to the app, which did not say that it was sent. It may have left.
    HandedOver,
    /// The app said that it was sent.
    Sent,
    /// Never given to the app, and never will be: the consent ended, or the epoch.
    Dropped,
}

/// One draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) epoch: u16,
    /// In units of `ln 2`.
    pub(crate) cost: u8,
    /// The profile it was drawn for.
    pub(crate) profile: u32,
    /// It is offered from then on.
    pub(crate) offer_ms: i64,
    /// `None` once it was withdrawn unseen, or its profile was deleted.
    pub(crate) bytes: Option<[u8; REPORT_BYTES]>,
    pub(crate) release: Release,
    pub(super) withdrawn: bool,
    /// In place of `bytes`, in an epoch that was drawn as shares.
    #[cfg(feature = "prio")]
    #[serde(skip)]
    pub(crate) shares: Option<crate::report::Content>,
}

impl Entry {
    /// Forgets what was said.
    pub(super) fn wipe(&mut self) {
        self.bytes = None;
        #[cfg(feature = "prio")]
        {
            self.shares = None;
        }
    }

    /// What became of it, in the epoch `now`.
    pub(crate) fn state(&self, now: Option<u16>) -> ReportState {
        match self.release {
            Release::Sent => ReportState::Sent,
            Release::Handed => ReportState::HandedOver,
            Release::Waiting if self.withdrawn || now.is_some_and(|now| now > self.epoch) => {
                ReportState::Dropped
            }
            Release::Waiting => ReportState::Waiting,
        }
    }
}
