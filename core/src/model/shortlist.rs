//! The items whose vectors are worth reading, by one bit of each value.
//!
//! In: the query of a [`Scan`], and how many items are wanted. Out: the items whose guessed scores are the highest. A guess takes
//! each value of a vector for its sign times the root of the mean square, which is `1 / sqrt(dim)` in a unit vector. So it reads
//! an eighth of the bytes of int8 vectors, and of many items the few best are among the best guesses, nearly always, if
//! enough of these are looked at: ADR 15 says how often. Only packs of large shops hold the signs apart.
//! The same items on every platform.

use std::cmp::Ordering;
use std::ops::Range;

use tastekeeper_kernels::{
    Guess, HalfTable, Kernel, MAX_SKETCH_BYTES, MOST_PER_HALF, SKETCH_ROWS, guesses, nth_highest, prefetch,
};

use super::Scan;
use super::tables::row;
use crate::layout::{self, Section};

/// Items whose guesses are made at once.
const BLOCK: usize = 2_048;
/// Kept guesses are weeded out when there are so many times as many as are wanted.
const MANY: usize = 4;
/// So many times so many items are looked at first, to learn how high the best guesses are.
const SAMPLES: usize = 32;
const SAMPLE: usize = 2 * SKETCH_ROWS;
/// Of the sample a few more than the share that is wanted count, so that it is not too few of all: an eighth more, and one.
const MORE: [usize; 2] = [9, 8];

const _: () = assert!(SKETCH_ROWS == layout::SIGN_ROWS && BLOCK.is_multiple_of(SKETCH_ROWS));

/// The items of the best guesses. Kept from call to call, what it takes is allocated once.
#[derive(Default)]
pub struct Shortlist {
    guesses: Vec<(u32, f32)>,
    /// Scores of the sample, and of what is weeded, in no order.
    sampled: Vec<f32>,
    weeded: Vec<f32>,
}

impl Shortlist {
    /// The items, ascending.
    pub fn items(&self) -> impl Iterator<Item = u32> + '_ {
        self.guesses.iter().map(|(item, _)| *item)
    }

    /// Leaves the `wanted` best guesses, the earlier ones of equals, and returns what a further one must exceed.
    fn weed(&mut self, wanted: usize) -> f32 {
        let Some(last) = wanted.checked_sub(1) else {
            self.guesses.clear();
            return f32::INFINITY;
        };
        self.weeded.clear();
        self.weeded.extend(self.guesses.iter().map(|(_, score)| *score));
        let bar = nth_or_lowest(&mut self.weeded, last);
        let mut equals =
            wanted - self.weeded.iter().filter(|score| score.total_cmp(&bar).is_gt()).count().min(wanted);
        self.guesses.retain(|(_, score)| match score.total_cmp(&bar) {
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal => {
                let is_kept = equals > 0;
                equals = equals.saturating_sub(1);
                is_kept
            }
        });
        bar
    }
}

/// What a query makes of signs: see [`Guess`].
struct Signs {
    tables: [[HalfTable; 2]; MAX_SKETCH_BYTES],
    unit: f32,
    base: f32,
}

impl Signs {
    fn new(direction: &[f32]) -> Self {
        let size = |values: &[f32]| values.iter().map(|value| value.abs()).sum::<f32>();
        let (total, most) = direction
            .chunks(4)
            .map(size)
            .fold((0.0, 0.0_f32), |(total, most), size| (total + size, most.max(size)));
        let step = most / f32::from(MOST_PER_HALF);
        let mut signs = Self { tables: [[[0; 16]; 2]; MAX_SKETCH_BYTES], unit: 0.0, base: 0.0 };
        // Nothing is known of a direction without a length.
        if !(step > 0.0 && total.is_finite()) {
            return signs;
        }
        for (half, values) in direction.chunks(4).enumerate() {
            // What a vector fits with no bit set, in steps: the sizes of the values below zero. Each bit that is set adds its value.
            let mut fits = [0.0; 16];
            fits[0] = values.iter().map(|value| (-value).max(0.0)).sum::<f32>() / step;
            for bits in 1..16_usize {
                let value = values.get(bits.trailing_zeros() as usize).copied().unwrap_or(0.0);
                fits[bits] = fits[bits & (bits - 1)] + value / step;
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 to 15, and a half"
            )]
            let rounded = fits.map(|steps| ((steps + 0.5) as u8).min(MOST_PER_HALF));
            signs.tables[half / 2][half % 2] = rounded;
        }
        // What fits counts once, what does not is taken off: twice the sum less all.
        #[expect(clippy::cast_precision_loss, reason = "at most 256")]
        let size = 1.0 / (direction.len() as f32).sqrt();
        signs.unit = 2.0 * step * size;
        signs.base = -total * size;
        signs
    }
}

impl Scan<'_> {
    /// Whether the pack holds the signs apart.
    #[must_use]
    pub fn has_signs(&self) -> bool {
        !self.model.tables.section(Section::Signs).is_empty()
    }

    /// Writes the items of the highest guesses to `list`, about as many as are `wanted`: half to twice as many, if there
    /// are so many. `lift` says what is added to an item's score, or that the item is not wanted, and `most` a bound on what is
    /// added to any in a range. Without signs it writes none.
    pub fn shortlist(
        &self,
        wanted: usize,
        most: impl Fn(Range<u32>) -> f32,
        lift: impl Fn(u32) -> Option<f32>,
        list: &mut Shortlist,
    ) {
        let tables = &self.model.tables;
        let sections = [Section::Signs, Section::VectorScales, Section::Popularity];
        let [blocks, scale_codes, bias_codes] = sections.map(|section| tables.section(section));
        list.guesses.clear();
        if blocks.is_empty() {
            return;
        }
        let signs = Signs::new(self.direction);
        let guess = Guess {
            tables: &signs.tables[..tables.bit_row_bytes()],
            unit: signs.unit,
            base: signs.base,
            scale_codes,
            bias_codes,
            biases: &self.popularities,
        };
        let mut look = Look { kernel: self.kernel, guess, blocks, most, lift, found: [(0, 0.0); BLOCK] };
        let (rows, row_bytes) = (tables.section(Section::Vectors), tables.vector_row_bytes());
        let place = look.sample(wanted, &mut list.sampled);
        // The sample may not be like the others: then more of it counts, and at last nothing is known of how high guesses are.
        for place in [place, place.saturating_mul(MANY), usize::MAX] {
            let mut bar = nth_or_lowest(&mut list.sampled, place);
            let is_last = bar == f32::NEG_INFINITY;
            list.guesses.clear();
            for first in (0..scale_codes.len()).step_by(BLOCK) {
                look.at(first, BLOCK, bar, |item, score| {
                    // It is probably read soon, and it lies apart.
                    prefetch(row(rows, item as usize, row_bytes));
                    list.guesses.push((item, score));
                });
                if list.guesses.len() >= MANY * wanted {
                    bar = bar.max(list.weed(wanted));
                }
            }
            if list.guesses.len() >= wanted / 2 || is_last {
                break;
            }
        }
        if list.guesses.len() > 2 * wanted {
            list.weed(wanted);
        }
    }
}

/// Makes the guesses of some items.
struct Look<'a, M, L> {
    kernel: Kernel,
    /// Of all items.
    guess: Guess<'a>,
    blocks: &'a [u8],
    /// See [`Scan::shortlist`].
    most: M,
    lift: L,
    found: [(u32, f32); BLOCK],
}

impl<M: Fn(Range<u32>) -> f32, L: Fn(u32) -> Option<f32>> Look<'_, M, L> {
    /// Calls `take` with each wanted item whose score is above `bar`, and the score: of at most `count` items from `first` on, which
    /// is where a block begins.
    fn at(&mut self, first: usize, count: usize, bar: f32, mut take: impl FnMut(u32, f32)) {
        let row_bytes = self.guess.tables.len();
        let rows = first..self.guess.scale_codes.len().min(first + count);
        let blocks = &self.blocks[first * row_bytes..rows.end.next_multiple_of(SKETCH_ROWS) * row_bytes];
        let [first, end] = [rows.start, rows.end].map(|place| u32::try_from(place).unwrap_or(u32::MAX));
        let guess = Guess {
            scale_codes: &self.guess.scale_codes[rows.clone()],
            bias_codes: &self.guess.bias_codes[rows],
            ..self.guess
        };
        let least = bar - (self.most)(first..end);
        let found = guesses(self.kernel, guess, blocks, least, &mut self.found);
        for &(place, score) in &self.found[..found] {
            let item = first + place;
            if let Some(lift) = (self.lift)(item)
                && score + lift > bar
            {
                take(item, score + lift);
            }
        }
    }

    /// Writes the scores of some items that stand all over the shop, and returns the place among them of the score that a few more than
    /// `wanted` of all items are probably above. Writes none of a small shop.
    fn sample(&mut self, wanted: usize, scores: &mut Vec<f32>) -> usize {
        let items = self.guess.scale_codes.len();
        scores.clear();
        if items > 2 * SAMPLES * SAMPLE {
            let apart = items / SAMPLES - SAMPLE;
            for place in 0..SAMPLES {
                // At no regular distance, which groups of items may have as well: steps of the golden ratio.
                let within = place * 2_531 % 4_096 * apart / 4_096;
                let first = (place * items / SAMPLES + within) / SKETCH_ROWS * SKETCH_ROWS;
                self.at(first, SAMPLE, f32::NEG_INFINITY, |_, score| scores.push(score));
            }
        }
        let counted = wanted.min(items) * MORE[0] / MORE[1];
        let share = counted as u64 * (SAMPLES * SAMPLE) as u64 / items as u64;
        usize::try_from(share).unwrap_or(usize::MAX) + 1
    }
}

/// The `place`-th highest score, from 0 on; lower than all, if there are not so many.
fn nth_or_lowest(scores: &mut [f32], place: usize) -> f32 {
    if place < scores.len() { nth_highest(scores, place) } else { f32::NEG_INFINITY }
}
