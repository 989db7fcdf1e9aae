//! What changes from day to day of an item: price, stock, when it is offered. By columns, so that a filter over all items
//! reads only the bytes that it asks about.

use super::Availability;
use super::bits::Bits;

/// One value for each item; items beyond the last that ever differed have `rest`.
struct Column<T> {
    values: Vec<T>,
    rest: T,
}

impl<T: Copy + PartialEq> Column<T> {
    fn new(rest: T) -> Self {
        Self { values: Vec::new(), rest }
    }

    fn get(&self, index: u32) -> T {
        self.values.get(index as usize).copied().unwrap_or(self.rest)
    }

    fn set(&mut self, index: u32, value: T) {
        let index = index as usize;
        if index >= self.values.len() {
            if value == self.rest {
                return;
            }
            self.values.resize(index + 1, self.rest);
        }
        self.values[index] = value;
    }

    fn bits(&self, len: usize, passes: impl Fn(T) -> bool) -> Bits {
        Bits::of_column(&self.values, self.rest, len, passes)
    }
}

/// Price, stock and dates of all items.
pub(super) struct Offers {
    /// Negative where there is none.
    prices: Column<f64>,
    availability: Column<Availability>,
    /// `i64::MIN` where it is not known.
    created_ms: Column<i64>,
    /// `i64::MAX` for what does not expire.
    expires_ms: Column<i64>,
}

/// What a column holds for an item without a price: a price is never negative.
const NO_PRICE: f64 = -1.0;

/// One item's part of [`Offers`].
#[derive(Clone, Copy, Default)]
pub(super) struct Offer {
    pub(super) price: Option<f64>,
    pub(super) availability: Availability,
    pub(super) created_at_ms: Option<i64>,
    pub(super) expires_at_ms: Option<i64>,
}

impl Offers {
    pub(super) fn new() -> Self {
        Self {
            prices: Column::new(NO_PRICE),
            availability: Column::new(Availability::InStock),
            created_ms: Column::new(i64::MIN),
            expires_ms: Column::new(i64::MAX),
        }
    }

    pub(super) fn set(&mut self, index: u32, offer: Offer) {
        self.prices.set(index, offer.price.unwrap_or(NO_PRICE));
        self.availability.set(index, offer.availability);
        self.created_ms.set(index, offer.created_at_ms.unwrap_or(i64::MIN));
        self.expires_ms.set(index, offer.expires_at_ms.unwrap_or(i64::MAX));
    }

    pub(super) fn price(&self, index: u32) -> Option<f64> {
        Some(self.prices.get(index)).filter(|price| *price >= 0.0)
    }

    pub(super) fn availability(&self, index: u32) -> Availability {
        self.availability.get(index)
    }

    pub(super) fn created_at_ms(&self, index: u32) -> Option<i64> {
        Some(self.created_ms.get(index)).filter(|created| *created != i64::MIN)
    }

    pub(super) fn is_offered(&self, index: u32, now_ms: i64) -> bool {
        self.availability(index).is_available() && now_ms < self.expires_ms.get(index)
    }

    pub(super) fn with_price(&self, len: usize, min: f64, max: f64) -> Bits {
        let min = min.max(0.0);
        self.prices.bits(len, |price| (price >= min) & (price <= max))
    }

    /// The items in one of the states whose bits are in `states`.
    pub(super) fn in_state(&self, len: usize, states: u8) -> Bits {
        use Availability::{Discontinued, InStock, OutOfStock, PreOrder};
        let [stock, order, out, gone] =
            [InStock, PreOrder, OutOfStock, Discontinued].map(|state| states & state.bit() != 0);
        // Without a branch, so that a processor can compare many at once.
        let passes = |state| {
            (stock & (state == InStock))
                | (order & (state == PreOrder))
                | (out & (state == OutOfStock))
                | (gone & (state == Discontinued))
        };
        self.availability.bits(len, passes)
    }

    pub(super) fn created_after(&self, len: usize, time_ms: i64) -> Bits {
        self.created_ms.bits(len, |created| (created != i64::MIN) & (created >= time_ms))
    }

    pub(super) fn offered(&self, len: usize, now_ms: i64) -> Bits {
        let mut bits = self.in_state(len, Availability::InStock.bit() | Availability::PreOrder.bit());
        if !self.expires_ms.values.is_empty() {
            bits.and(&self.expires_ms.bits(len, |expires| now_ms < expires));
        }
        bits
    }
}
