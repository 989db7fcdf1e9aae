//! How well one query fits each of many sketches, which are a few bytes per row: sums of what a table says of each half byte.
//!
//! Sketches lie in blocks of [`SKETCH_ROWS`] rows: the first bytes of all rows, then their second bytes, and so on. So one
//! instruction looks up a half byte of many rows. Sums are of integers, and every kernel gives the same ones.

use super::Kernel;

/// Rows of a block.
pub const SKETCH_ROWS: usize = 32;
/// Most bytes of a row's sketch.
pub const MAX_SKETCH_BYTES: usize = 32;
/// The largest number of a table: those of [`GROUP`] bytes add up to a byte.
pub const MOST_PER_HALF: u8 = 15;
/// Bytes of a row whose numbers are added up in a byte.
pub(crate) const GROUP: usize = 8;

/// Blocks that are summed up at once.
const CHUNK: usize = 16;
/// Rows that are noted without asking how many of 64 are wanted.
const NOTED: usize = 4;

const _: () = assert!(2 * GROUP * MOST_PER_HALF as usize <= u8::MAX as usize);

/// What each value of a half byte adds.
pub type HalfTable = [u8; 16];

/// What a query makes of sketches. The guess of a row's score is `unit * sum + base + biases[bias_codes[row]]`, with the sum of what
/// the tables say of the row's half bytes, or only the bias, where the row's scale code is 0: it is all zeros then, and so is its
/// sketch.
#[derive(Clone, Copy, Debug)]
pub struct Guess<'a> {
    /// Two for each byte of a row, the low half's first. No number is above [`MOST_PER_HALF`].
    pub tables: &'a [[HalfTable; 2]],
    /// What one of the sum is worth. Not negative.
    pub unit: f32,
    /// The guess of a sum of 0, without a bias.
    pub base: f32,
    /// One per row.
    pub scale_codes: &'a [u8],
    /// One per row. No row's bias is above the one before.
    pub bias_codes: &'a [u8],
    /// What each bias code adds.
    pub biases: &'a [f32; 256],
}

impl Guess<'_> {
    /// The least sum that may make a guess above `bar`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such casts stay in range")]
    fn least_sum(&self, bar: f32) -> u16 {
        let bias = self.bias_codes.first().map_or(0.0, |code| self.biases[usize::from(*code)]);
        if bias >= bar {
            // It may be a row of zeros, whatever its sum is.
            return 0;
        }
        // One less for what was rounded. Where there is no unit, it is all or none.
        (((bar - bias - self.base) / self.unit) as u16).saturating_sub(1)
    }
}

/// Writes the rows with a guess above `bar`, and the guesses, to the beginning of `out`, in order, and returns how many they are. The
/// last rows of `blocks` may be none.
///
/// # Panics
/// If there are more than [`MAX_SKETCH_BYTES`] pairs of tables or none, `blocks` is not the blocks of as many rows as there are codes,
/// `out` is shorter than these, or this processor does not have the kernel.
pub fn guesses(kernel: Kernel, guess: Guess<'_>, blocks: &[u8], bar: f32, out: &mut [(u32, f32)]) -> usize {
    let Guess { tables, unit, base, scale_codes, bias_codes, biases } = guess;
    debug_assert!(tables.as_flattened().as_flattened().iter().all(|number| *number <= MOST_PER_HALF));
    assert!((1..=MAX_SKETCH_BYTES).contains(&tables.len()), "1 to {MAX_SKETCH_BYTES} bytes per row");
    let (rows, block_bytes) = (scale_codes.len(), SKETCH_ROWS * tables.len());
    assert_eq!(blocks.len(), rows.div_ceil(SKETCH_ROWS) * block_bytes, "whole blocks");
    assert!(bias_codes.len() == rows && out.len() >= rows, "a code and a place per row");
    let least = guess.least_sum(bar);
    let of_zeros: u16 = tables.as_flattened().iter().map(|table| u16::from(table[0])).sum();
    let bias_of = |row: usize| biases[usize::from(bias_codes[row])];
    let mut summed = [Summed { sums: [0; SKETCH_ROWS], wanted: 0 }; CHUNK];
    let mut places = [0; CHUNK * SKETCH_ROWS + NOTED];
    let (mut first, mut count) = (0, 0);
    for blocks in blocks.chunks(CHUNK * block_bytes) {
        let summed = &mut summed[..blocks.len() / block_bytes];
        sum_up(kernel, tables, blocks, least, summed);
        let noted = match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 | Kernel::Vnni => super::x86::note(summed, &mut places),
            _ => note(summed, &mut places),
        };
        // Codes lie far apart, and each would be waited for: they are looked up only where they may tell rows apart.
        let end = rows.min(first + CHUNK * SKETCH_ROWS);
        let (highest, lowest) = (bias_of(first), bias_of(end - 1));
        let only_bias = (highest.to_bits() == lowest.to_bits()).then_some(highest);
        for &place in &places[..noted] {
            let place = usize::from(place);
            let row = first + place;
            if row >= end {
                // Behind the last row.
                break;
            }
            let sum = summed[place / SKETCH_ROWS].sums[place % SKETCH_ROWS];
            let is_zero = sum == of_zeros && scale_codes[row] == 0;
            let fit = if is_zero { 0.0 } else { unit * f32::from(sum) + base };
            let score = fit + only_bias.unwrap_or_else(|| bias_of(row));
            // Written in any case, and kept if it counts, which it mostly does.
            out[count] = (u32::try_from(row).unwrap_or(u32::MAX), score);
            count += usize::from(score > bar);
        }
        first += CHUNK * SKETCH_ROWS;
    }
    count
}

/// Rows of a chunk, and room for a few that are written in any case.
pub(crate) type Places = [u16; CHUNK * SKETCH_ROWS + NOTED];

/// Writes the places of the bits that are set, and returns how many they are. Inlined, for processors that count bits.
#[expect(clippy::cast_possible_truncation, reason = "places in 64 bits")]
#[inline(always)]
pub(crate) fn note(summed: &[Summed], places: &mut Places) -> usize {
    let mut count = 0;
    // Two blocks at once, for fewer turns of a loop.
    for (first, pair) in (0..).step_by(2 * SKETCH_ROWS).zip(summed.chunks(2)) {
        let second = pair.get(1).map_or(0, |block| block.wanted);
        let mut left = u64::from(pair[0].wanted) | u64::from(second) << SKETCH_ROWS;
        if left == u64::MAX {
            let all = &mut places[count..count + 2 * SKETCH_ROWS];
            all.iter_mut().zip(first..).for_each(|(place, row)| *place = row);
            count += all.len();
            continue;
        }
        let end = count + left.count_ones() as usize;
        // A few are written in any case, so that no branch depends on how many there are: nobody could foresee it.
        for place in &mut places[count..count + NOTED] {
            *place = first + (left.trailing_zeros() & 63) as u16;
            left &= left.wrapping_sub(1);
        }
        for place in places[..end].iter_mut().skip(count + NOTED) {
            *place = first + left.trailing_zeros() as u16;
            left &= left - 1;
        }
        count = end;
    }
    count
}

/// What is made of a block.
#[derive(Clone, Copy)]
pub(crate) struct Summed {
    /// Of each row.
    pub(crate) sums: [u16; SKETCH_ROWS],
    /// A bit for each row whose sum is wanted, the lowest for the first.
    pub(crate) wanted: u32,
}

/// The `place`-th highest score, from 0 on. Changes the order.
///
/// # Panics
/// If there are not so many.
pub fn nth_highest(scores: &mut [f32], place: usize) -> f32 {
    *scores.select_nth_unstable_by(place, |left, right| right.total_cmp(left)).1
}

/// Writes the sums of the rows of each block, and which of them are at least `least`.
fn sum_up(kernel: Kernel, tables: &[[HalfTable; 2]], blocks: &[u8], least: u16, out: &mut [Summed]) {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 | Kernel::Vnni => super::x86::sketch_sums(tables, blocks, least, out),
        #[cfg(target_arch = "aarch64")]
        Kernel::Neon | Kernel::Dotprod => super::neon::sketch_sums(tables, blocks, least, out),
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Kernel::Simd128 => super::wasm::sketch_sums(tables, blocks, least, out),
        Kernel::Scalar => super::scalar::sketch_sums(tables, blocks, least, out),
        _ => panic!("this processor does not have the kernel"),
    }
}
