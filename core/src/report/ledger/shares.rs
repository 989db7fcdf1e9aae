//! Report shares in the ledger: the same entries, epochs and caps as for reports, and bytes of a version of their own, so that
//! a build without the feature finds a ledger it cannot read, and spends nothing more, rather than one that looks unspent.

use serde::{Deserialize, Serialize};

use super::{Book, Entry, Ledger, Release};
use crate::codec;
use crate::report::{Content, ReportShares, UNITS_PER_REPORT, UNITS_PER_SHARES};

/// Version byte of [`WithShares`].
const VERSION: u8 = 2;

/// A book, and for each of its entries the shares that were drawn.
#[derive(Serialize, Deserialize)]
struct WithShares {
    book: Book,
    shares: Vec<Option<Content>>,
}

impl Entry {
    /// Whether it was drawn as shares: no report costs as much.
    fn is_of_shares(&self) -> bool {
        u32::from(self.cost) > UNITS_PER_REPORT
    }

    /// Whether a ledger of ours could say this of shares.
    pub(super) fn shares_are_sound(&self) -> bool {
        if self.is_of_shares() {
            u32::from(self.cost) == UNITS_PER_SHARES
                && self.bytes.is_none()
                && self.shares.as_ref().is_none_or(Content::is_sound)
        } else {
            self.shares.is_none()
        }
    }
}

impl Book {
    pub(super) fn has_shares(&self) -> bool {
        self.entries.iter().any(Entry::is_of_shares)
    }

    pub(super) fn encode_with_shares(mut self) -> Vec<u8> {
        let shares = self.entries.iter_mut().map(|entry| entry.shares.take()).collect();
        codec::encode(VERSION, &WithShares { book: self, shares }).unwrap_or_default()
    }

    pub(super) fn decode_with_shares(bytes: &[u8]) -> Option<Self> {
        let WithShares { mut book, shares } = codec::decode(VERSION, bytes).ok()?;
        if shares.len() != book.entries.len() || !book.has_shares() {
            return None;
        }
        for (entry, shares) in book.entries.iter_mut().zip(shares) {
            entry.shares = shares;
        }
        Some(book)
    }
}

impl Ledger {
    /// Notes a draw of shares. It counts when the ledger is on disk, and nobody may see them before.
    pub(crate) fn record_shares(&mut self, shares: &ReportShares, cost: u8, profile: u32, offer_ms: i64) {
        self.push(Entry {
            epoch: shares.id().0,
            cost,
            profile,
            offer_ms,
            bytes: None,
            release: Release::Waiting,
            withdrawn: false,
            shares: Some(shares.content().clone()),
        });
    }
}

/// As many of them drawn as shares as there can be.
#[cfg(test)]
pub(super) fn with_the_largest(mut entries: Vec<Entry>) -> Vec<Entry> {
    use crate::report::{MAX_UNITS, SHARES_BYTES};

    for entry in entries.iter_mut().take((MAX_UNITS / UNITS_PER_SHARES) as usize) {
        entry.cost = UNITS_PER_SHARES.try_into().expect("a small number");
        entry.shares = Some(Content {
            taxonomy_id: [u8::MAX; 4],
            topics: u8::MAX,
            topic: u8::MAX,
            bytes: vec![u8::MAX; SHARES_BYTES],
        });
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{Gate, PersonalizationLevel};
    use crate::report::{Budget, MAX_UNITS, Refusal, SHARES_BYTES, SharesMemo};

    fn memo(epoch: u16) -> SharesMemo {
        let content =
            Content { taxonomy_id: [1, 2, 3, 4], topics: 32, topic: 7, bytes: vec![9; SHARES_BYTES] };
        SharesMemo { epoch, content }
    }

    /// A ledger in which profile 1 drew shares in `epochs`.
    fn ledger(epochs: &[u16]) -> Ledger {
        let mut ledger = Ledger::default();
        for &epoch in epochs {
            let budget = ledger.budget(Some(epoch), 1, Some(6));
            assert!(matches!(budget, Ok(Budget::Fresh(_))), "epoch {epoch}: {budget:?}");
            let gate = Gate::new(PersonalizationLevel::Shared, None);
            ledger.record_shares(&ReportShares::recall(gate.share().unwrap(), memo(epoch)), 6, 1, 77);
        }
        ledger
    }

    #[test]
    fn shares_are_read_back_as_they_were_drawn() {
        let ledger = ledger(&[3, 9]);
        let bytes = Vec::from(ledger.clone());
        assert_eq!(bytes[0], VERSION);
        let reread = Ledger::from(bytes.clone());
        assert_eq!(reread, ledger);
        let Ok(Budget::Shares(found)) = reread.budget(Some(9), 1, Some(3)) else { panic!("no shares") };
        assert_eq!((found.epoch, found.content), (9, memo(9).content));
        assert_eq!(reread.budget(Some(9), 2, Some(6)).err(), Some(Refusal::OtherProfile));
        // The other version means other contents: neither is read as the other.
        for (version, bytes) in [(1, bytes), (VERSION, Vec::from(Ledger::default()))] {
            let other = [&[version], &bytes[1..]].concat();
            assert!(!Ledger::from(other).is_readable(), "version {version}");
        }
    }

    #[test]
    fn two_in_four_epochs_and_four_in_all() {
        let two = ledger(&[1, 2]);
        assert_eq!(two.budget(Some(4), 1, Some(6)).err(), Some(Refusal::FourEpochsSpent));
        assert_eq!(two.budget(Some(4), 1, Some(3)).err(), Some(Refusal::FourEpochsSpent));
        let four = ledger(&[1, 2, 5, 6]);
        assert_eq!(four.spent(), MAX_UNITS);
        assert_eq!(four.budget(Some(60_000), 1, Some(1)).err(), Some(Refusal::Spent));
    }

    #[test]
    fn what_was_said_goes_and_what_it_cost_stays() {
        for (shares, release, stays) in [
            (Some(false), Release::Waiting, false),
            (Some(false), Release::Sent, true),
            (None, Release::Sent, false),
        ] {
            let mut ledger = ledger(&[3]);
            if release == Release::Sent {
                ledger.hand_over(3);
                ledger.confirm(3);
            }
            ledger.obey(&|_| shares);
            assert_eq!(ledger.entries()[0].shares.is_some(), stays, "{shares:?} {release:?}");
            let reread = Ledger::from(Vec::from(ledger.clone()));
            assert_eq!((reread.spent(), &reread), (6, &ledger));
        }
        let ledger = ledger(&[3]).without_contents();
        assert_eq!((ledger.spent(), ledger.entries()[0].shares.is_none()), (6, true));
        assert_eq!(ledger.budget(Some(3), 1, Some(6)).err(), Some(Refusal::Withdrawn));
    }

    #[test]
    fn what_no_phone_could_have_drawn_is_not_read() {
        for spoil in [
            (|entry| entry.cost = 5) as fn(&mut Entry),
            |entry| entry.cost = 7,
            |entry| entry.bytes = Some([0; 24]),
            |entry| entry.shares.as_mut().unwrap().bytes.truncate(1_023),
            |entry| entry.shares.as_mut().unwrap().topic = 32,
            |entry| entry.shares.as_mut().unwrap().topics = 33,
        ] {
            let mut ledger = ledger(&[3, 8]);
            spoil(ledger.entry_mut(3).unwrap());
            assert!(!Ledger::from(Vec::from(ledger)).is_readable());
        }
    }
}
