//! Dot products of a query with quantised rows, in one fixed order of operations.
//!
//! Sixteen partial sums, each fed in ascending order of its dimensions, then added pairwise: `a[l] += a[l + w]` for
//! `w` = 8, 4, 2, 1. One multiplication and one addition per dimension, never fused. For int4 the even dimensions
//! feed sums 0..8 (dimension `2 k` feeds sum `k mod 8`) and the odd ones sums 8..16; for int8 dimension `k` feeds
//! sum `k mod 16`. The result is the same on every platform, and the loops are written so that they vectorise.

use super::bytes::{high, low};
use crate::layout::MAX_DIM;

const HALF: usize = MAX_DIM as usize / 2;
const LANES: usize = 16;
const HALF_LANES: usize = LANES / 2;

/// A query laid out for one kind of row.
pub(super) struct Query {
    /// For int8 rows the query as it is; for int4 rows its even dimensions, and from [`HALF`] on its odd ones. Zero
    /// where it has no dimension.
    values: [f32; MAX_DIM as usize],
    int8: bool,
}

impl Query {
    pub(super) fn new(query: &[f32], int8: bool) -> Self {
        let mut values = [0.0; MAX_DIM as usize];
        if int8 {
            values[..query.len()].copy_from_slice(query);
        } else {
            for (index, pair) in query.chunks(2).enumerate() {
                values[index] = pair[0];
                values[HALF + index] = pair.get(1).copied().unwrap_or(0.0);
            }
        }
        Self { values, int8 }
    }

    /// The dot product with a row, times the row's scale. Never `-0.0`.
    pub(super) fn dot(&self, row: &[u8], scale: f32) -> f32 {
        let (even, odd) = self.values.split_at(HALF);
        scaled(if self.int8 { dot_int8(&self.values, row) } else { dot_int4(even, odd, row) }, scale)
    }

    /// [`Query::dot`] for many rows, with the kind of row looked at once.
    pub(super) fn dot_all<'a>(&self, rows: impl Iterator<Item = (&'a [u8], f32)>, out: &mut [f32]) {
        let (even, odd) = self.values.split_at(HALF);
        if self.int8 {
            for (score, (row, scale)) in out.iter_mut().zip(rows) {
                *score = scaled(dot_int8(&self.values, row), scale);
            }
        } else {
            for (score, (row, scale)) in out.iter_mut().zip(rows) {
                *score = scaled(dot_int4(even, odd, row), scale);
            }
        }
    }
}

#[inline]
fn scaled(sum: f32, scale: f32) -> f32 {
    // adding zero turns -0.0 into 0.0, which ranks the same under any comparison
    sum * scale + 0.0
}

/// Nibbles are widened in the top bits of 32, where two shifts give their signed value in every lane at once.
#[inline]
fn dot_int4(even: &[f32], odd: &[f32], row: &[u8]) -> f32 {
    let (mut even_sums, mut odd_sums) = ([0.0; HALF_LANES], [0.0; HALF_LANES]);
    let (bytes, last_bytes) = row.as_chunks::<HALF_LANES>();
    let (evens, last_even) = even[..row.len()].as_chunks::<HALF_LANES>();
    let (odds, last_odd) = odd[..row.len()].as_chunks::<HALF_LANES>();
    for ((bytes, even), odd) in bytes.iter().zip(evens).zip(odds) {
        let wide: [i32; HALF_LANES] = std::array::from_fn(|lane| i32::from(bytes[lane]) << 24);
        for lane in 0..HALF_LANES {
            even_sums[lane] += even[lane] * ((wide[lane] << 4) >> 28) as f32;
        }
        for lane in 0..HALF_LANES {
            odd_sums[lane] += odd[lane] * (wide[lane] >> 28) as f32;
        }
    }
    for (lane, byte) in last_bytes.iter().enumerate() {
        even_sums[lane] += last_even[lane] * f32::from(low(*byte));
        odd_sums[lane] += last_odd[lane] * f32::from(high(*byte));
    }
    fold(even_sums, odd_sums)
}

#[inline]
fn dot_int8(query: &[f32], row: &[u8]) -> f32 {
    let (mut first, mut second) = ([0.0; HALF_LANES], [0.0; HALF_LANES]);
    let (chunks, last) = row.as_chunks::<LANES>();
    let (values, last_values) = query[..row.len()].as_chunks::<LANES>();
    for (bytes, values) in chunks.iter().zip(values) {
        for lane in 0..HALF_LANES {
            first[lane] += values[lane] * f32::from(bytes[lane].cast_signed());
        }
        for lane in 0..HALF_LANES {
            second[lane] += values[HALF_LANES + lane] * f32::from(bytes[HALF_LANES + lane].cast_signed());
        }
    }
    for (lane, byte) in last.iter().enumerate() {
        let sum = if lane < HALF_LANES { &mut first[lane] } else { &mut second[lane - HALF_LANES] };
        *sum += last_values[lane] * f32::from(byte.cast_signed());
    }
    fold(first, second)
}

/// Sums 0..8 and 8..16, added pairwise.
#[inline]
fn fold(first: [f32; HALF_LANES], second: [f32; HALF_LANES]) -> f32 {
    let eight: [f32; 8] = std::array::from_fn(|lane| first[lane] + second[lane]);
    let four: [f32; 4] = std::array::from_fn(|lane| eight[lane] + eight[lane + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

/// Writes the values of an int4 row.
pub(super) fn write_int4(row: &[u8], scale: f32, out: &mut [f32]) {
    for (index, value) in out.iter_mut().enumerate() {
        let byte = row[index / 2];
        let code = if index.is_multiple_of(2) { low(byte) } else { high(byte) };
        *value = f32::from(code) * scale + 0.0;
    }
}

/// Writes the values of an int8 row.
pub(super) fn write_int8(row: &[u8], scale: f32, out: &mut [f32]) {
    for (value, byte) in out.iter_mut().zip(row) {
        *value = f32::from(byte.cast_signed()) * scale + 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented sum, loop by loop.
    fn fold(mut sums: [f32; LANES]) -> f32 {
        let mut width = LANES / 2;
        while width > 0 {
            for lane in 0..width {
                sums[lane] += sums[lane + width];
            }
            width /= 2;
        }
        sums[0]
    }

    #[test]
    fn the_order_of_operations_is_the_documented_one() {
        for dim in [8_usize, 13, 32, 47, 64, 256] {
            let query: Vec<f32> = (0..dim).map(|k| ((k * 37 % 101) as f32 - 50.3) * 0.017).collect();
            let codes: Vec<i8> = (0..dim).map(|k| i8::try_from(k * 5 % 15).unwrap() - 7).collect();
            let mut nibbles = vec![0_u8; dim.div_ceil(2)];
            for (k, code) in codes.iter().enumerate() {
                nibbles[k / 2] |= (code.cast_unsigned() & 0x0f) << (k % 2 * 4);
            }
            let mut four = [0.0_f32; 16];
            let mut eight = [0.0_f32; 16];
            for k in 0..dim {
                four[k % 2 * 8 + k / 2 % 8] += query[k] * f32::from(codes[k]);
                eight[k % 16] += query[k] * f32::from(codes[k]);
            }
            let bytes: Vec<u8> = codes.iter().map(|code| code.cast_unsigned()).collect();
            assert_eq!(Query::new(&query, false).dot(&nibbles, 0.5).to_bits(), (fold(four) * 0.5).to_bits());
            assert_eq!(Query::new(&query, true).dot(&bytes, 0.5).to_bits(), (fold(eight) * 0.5).to_bits());
            let (mut a, mut b) = (vec![0.0; dim], vec![0.0; dim]);
            write_int4(&nibbles, 0.5, &mut a);
            write_int8(&bytes, 0.5, &mut b);
            assert_eq!(a, b);
        }
    }

    #[test]
    fn a_zero_vector_scores_plus_zero() {
        assert_eq!(Query::new(&[-1.0; 8], true).dot(&[3; 8], 0.0).to_bits(), 0);
    }
}
