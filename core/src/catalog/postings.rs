//! Which items have a symbol: every item's symbols, turned around.

use super::View;

/// The items of each symbol, ascending.
pub(super) struct Postings {
    /// Where each symbol's items begin; one more than there are symbols.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Postings {
    /// Cost: two passes over all symbols of all items.
    pub(super) fn new(view: &View) -> Self {
        let mut starts = vec![0_u32; view.symbol_count() as usize + 1];
        let all = || (0..).take(view.len());
        for index in all() {
            view.visit_symbols(index, |symbol| {
                starts[symbol as usize + 1] += 1;
                true
            });
        }
        for symbol in 1..starts.len() {
            starts[symbol] += starts[symbol - 1];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts.last().map_or(0, |end| *end as usize)];
        for index in all() {
            view.visit_symbols(index, |symbol| {
                let place = &mut next[symbol as usize];
                // The second pass may find more than the first where a pack is changed under it.
                if let Some(item) = items.get_mut(*place as usize) {
                    *item = index;
                }
                *place += 1;
                true
            });
        }
        Self { starts, items }
    }

    /// The items with `symbol`; none for one that came later.
    pub(super) fn of(&self, symbol: u32) -> &[u32] {
        match self.starts.get(symbol as usize..symbol as usize + 2) {
            Some(&[start, end]) => &self.items[start as usize..end as usize],
            _ => &[],
        }
    }
}
