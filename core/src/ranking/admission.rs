//! What keeps an item out of an answer: asked item by item, or for all items at once when most are refused.

use super::filter::{Compiled, FilterId};
use crate::catalog::{Bits, View};
use crate::mutant;

/// The filter, the stock, exclusions and what the shopper muted.
pub(crate) struct Gates<'a> {
    pub(crate) view: &'a View,
    pub(crate) now_ms: i64,
    pub(crate) filters: &'a Compiled,
    pub(crate) filter: FilterId,
    /// The category of the request's kind.
    pub(crate) category: Option<FilterId>,
    /// Items, ascending.
    pub(crate) hidden: &'a [u32],
    pub(crate) muted: &'a [u32],
}

impl Gates<'_> {
    /// Whether the item may be in the answer.
    pub(crate) fn admit(&self, index: u32) -> bool {
        let view = self.view;
        self.hidden.binary_search(&index).is_err()
            && (mutant!(ShowOutOfStock) || view.is_offered(index, self.now_ms))
            && (mutant!(IgnoreFilter) || self.filters.holds(self.filter, view, index))
            && self.category.is_none_or(|category| self.filters.holds(category, view, index))
            && (self.muted.is_empty() || !view.has_symbol(index, |symbol| self.muted.contains(&symbol)))
    }

    /// All items that may be in the answer. Cost: a pass over the columns that the conditions ask about.
    pub(crate) fn bits(&self) -> Bits {
        let view = self.view;
        let mut bits = match self.category {
            Some(category) => self.filters.bits(category, view),
            None => Bits::all(view.len()),
        };
        if !mutant!(IgnoreFilter) {
            self.filters.narrow(self.filter, view, &mut bits);
        }
        if !mutant!(ShowOutOfStock) {
            bits.and(&view.offered(self.now_ms));
        }
        if !self.muted.is_empty() {
            bits.and_not(&view.with_symbols(self.muted.iter().copied()));
        }
        self.hidden.iter().for_each(|&index| bits.remove(index));
        bits
    }
}

/// Refusals after which it is worth looking at the share of them.
const MANY_REFUSALS: u32 = 128;
/// The share of admitted items below which all items are asked at once: a pass over the columns costs less than so many
/// questions.
pub(super) const FEW_ADMITTED: u32 = 8;
/// The same while only what links lead to is asked: with more than that the search may end before it comes to all items.
pub(super) const FEW_LINKED_ADMITTED: u32 = 32;
/// Items that are asked before a shortlist is made.
const SAMPLE: u32 = 256;
/// The same among these: items are put on a shortlist unasked, so that it has to be longer the fewer of them are admitted.
const FEW_SAMPLED_ADMITTED: u32 = 3;
/// The share of items below which they are scored one by one rather than with all others.
const RARE: usize = 8;

/// Asks the gates, the cheaper way.
pub(crate) struct Admission<'a, 'g> {
    gates: &'g Gates<'a>,
    admitted: u32,
    refused: u32,
    few: u32,
    /// All admitted items, once they are known, and whether they are few.
    bits: Option<(Bits, bool)>,
}

impl<'a, 'g> Admission<'a, 'g> {
    pub(crate) fn new(gates: &'g Gates<'a>) -> Self {
        Self { gates, admitted: 0, refused: 0, few: FEW_ADMITTED, bits: None }
    }

    /// Says which of the shares above counts from here on, and for what was asked before.
    pub(super) fn set_few(&mut self, few: u32) {
        self.few = few;
        self.weigh();
    }

    /// Whether the item may be in the answer.
    pub(crate) fn admit(&mut self, index: u32) -> bool {
        if let Some((bits, _)) = &self.bits {
            return bits.contains(index);
        }
        let admitted = self.gates.admit(index);
        if admitted {
            self.admitted += 1;
        } else {
            self.refused += 1;
            self.weigh();
        }
        admitted
    }

    /// Asks all items at once where few of those that were asked were admitted.
    fn weigh(&mut self) {
        let is_few = self.refused > MANY_REFUSALS && self.admitted < self.refused / self.few;
        if is_few && self.bits.is_none() {
            let bits = self.gates.bits();
            let is_rare = bits.count() < self.gates.view.len() / RARE;
            self.bits = Some((bits, is_rare));
        }
    }

    /// Asks a few items from all over the catalogue, to learn how many are admitted.
    pub(super) fn sample(&mut self) {
        self.set_few(FEW_SAMPLED_ADMITTED);
        let apart = u32::try_from(self.gates.view.len()).unwrap_or(u32::MAX) / SAMPLE;
        (0..SAMPLE).for_each(|place| {
            self.admit(place * apart);
        });
        self.few = FEW_ADMITTED;
    }

    /// How many items there must be for so many of them to be admitted, as far as was asked.
    pub(super) fn with_refused(&self, admitted: usize) -> usize {
        if self.bits.is_some() {
            return admitted;
        }
        let asked = u64::from(self.admitted + self.refused);
        let needed = admitted as u64 * asked.max(1) / u64::from(self.admitted.max(1));
        usize::try_from(needed).unwrap_or(usize::MAX)
    }

    /// Whether it is not known yet that the item may not be in the answer.
    pub(crate) fn may_admit(&self, index: u32) -> bool {
        self.bits.as_ref().is_none_or(|(bits, _)| bits.contains(index))
    }

    /// All admitted items, when they are known and few.
    pub(crate) fn rare(&self) -> Option<&Bits> {
        self.bits.as_ref().filter(|(_, is_rare)| *is_rare).map(|(bits, _)| bits)
    }
}
