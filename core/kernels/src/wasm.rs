//! WebAssembly with 128-bit registers: sixteen bytes at a time, the sums of four rows across registers at once.
//!
//! Loads may take bytes of later rows along, which meet zeros of the query; rows at the end go to the scalar kernel. Nothing is
//! asked at run time: a module that has one such instruction is loaded only where there are all of them.
#![expect(unsafe_code, reason = "intrinsics that load and store")]

use std::arch::wasm32::*;

use super::sketch::{GROUP, HalfTable, SKETCH_ROWS, Summed};
use super::{Codes, Kernel, MAX_DIM, Query, scalar};

/// Bytes of a register.
const WIDTH: usize = 16;
/// Rows whose sums are added up across registers at once.
const ROWS: usize = 4;
/// Bits that products with int4 codes have too many.
const EXCESS: u32 = 8;
/// What is added to each int4 code, so that it needs no sign.
const SHIFT: i32 = 8;

/// What the bytes of one load are multiplied with, in the order in which they are taken apart; int8 rows need two.
type Factors = [v128; 4];

pub(crate) fn available() -> impl Iterator<Item = Kernel> {
    std::iter::once(Kernel::Simd128)
}

pub(crate) fn best() -> Option<Kernel> {
    Some(Kernel::Simd128)
}

pub(crate) fn dots(query: &Query, rows: &[u8], out: &mut [i32]) {
    let bytes = query.row_bytes();
    let loads = bytes.div_ceil(WIDTH);
    let reach = loads * WIDTH;
    let whole = if rows.len() < reach { 0 } else { (rows.len() - reach) / bytes + 1 };
    let whole = whole / ROWS * ROWS;
    let (head, tail) = out.split_at_mut(whole);
    // SAFETY: no load of the rows of `head` leaves `rows`.
    unsafe {
        match query.codes() {
            Codes::Int8 => each::<true>(query, rows, head, loads),
            Codes::Int4 => each::<false>(query, rows, head, loads),
        }
    }
    scalar::dots(query, &rows[whole * bytes..], tail);
}

/// # Safety
/// The loads of every row of `out` are within `rows`.
unsafe fn each<const INT8: bool>(query: &Query, rows: &[u8], out: &mut [i32], loads: usize) {
    let bytes = query.row_bytes();
    let mut factors = [[i32x4_splat(0); 4]; MAX_DIM / WIDTH];
    let factors = &mut factors[..loads];
    for (load, factors) in factors.iter_mut().enumerate() {
        *factors = factors_of::<INT8>(query, load * WIDTH);
    }
    let start = if INT8 { 0 } else { (-SHIFT * query.sum()) << EXCESS };
    let start = i32x4_replace_lane::<0>(i32x4_splat(0), start);
    for (first, out) in (0..).step_by(ROWS * bytes).zip(out.as_chunks_mut::<ROWS>().0) {
        let mut sums = [start; ROWS];
        for (load, factors) in factors.iter().enumerate() {
            for (row, sum) in sums.iter_mut().enumerate() {
                let at = first + row * bytes + load * WIDTH;
                debug_assert!(at + WIDTH <= rows.len());
                // SAFETY: the caller's.
                let codes = unsafe { v128_load(rows.as_ptr().add(at).cast()) };
                *sum = if INT8 { add_int8(*sum, codes, factors) } else { add_int4(*sum, codes, factors) };
            }
        }
        let sums = across(sums);
        let sums = if INT8 { sums } else { i32x4_shr(sums, EXCESS) };
        // SAFETY: four places.
        unsafe { v128_store(out.as_mut_ptr().cast(), sums) };
    }
}

/// For the bytes from `at` on. Int4 codes stay where they are in 16 bits, and what they are multiplied with makes up for it: every
/// product has [`EXCESS`] bits too many.
#[inline(always)]
fn factors_of<const INT8: bool>(query: &Query, at: usize) -> Factors {
    let register = |codes: &[i8; MAX_DIM]| {
        let codes: &[i8] = &codes[at..at + WIDTH];
        // SAFETY: as many bytes as were asked for.
        unsafe { v128_load(codes.as_ptr().cast()) }
    };
    let first = register(query.first());
    if INT8 {
        return [i16x8_extend_low_i8x16(first), i16x8_extend_high_i8x16(first), first, first];
    }
    let second = register(query.second());
    [
        i16x8_shl(first, 8),
        i16x8_shr(i16x8_shl(second, 8), 4),
        i16x8_shr(first, 8),
        v128_and(second, u16x8_splat(0xff00)),
    ]
}

#[inline(always)]
fn add_int8(sum: v128, codes: v128, factors: &Factors) -> v128 {
    let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(codes), factors[0]);
    let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(codes), factors[1]);
    i32x4_add(sum, i32x4_add(low, high))
}

/// Two bytes are four codes. Of 256 dimensions the sum is at most 256 * 15 * 127 before the excess, so it fits.
#[inline(always)]
fn add_int4(sum: v128, codes: v128, factors: &Factors) -> v128 {
    // Turning the top bit of a code round adds the shift to it.
    let codes = v128_xor(codes, u8x16_splat(0x88));
    let first = i32x4_dot_i16x8(v128_and(codes, u16x8_splat(0x000f)), factors[0]);
    let second = i32x4_dot_i16x8(v128_and(codes, u16x8_splat(0x00f0)), factors[1]);
    let third = i32x4_dot_i16x8(v128_and(codes, u16x8_splat(0x0f00)), factors[2]);
    let fourth = i32x4_dot_i16x8(u16x8_shr(codes, 12), factors[3]);
    i32x4_add(i32x4_add(sum, i32x4_add(first, second)), i32x4_add(third, fourth))
}

/// The sum of each register's lanes.
#[inline(always)]
fn across([a, b, c, d]: [v128; ROWS]) -> v128 {
    let pairs = |a, b| i32x4_add(i32x4_shuffle::<0, 2, 4, 6>(a, b), i32x4_shuffle::<1, 3, 5, 7>(a, b));
    pairs(pairs(a, b), pairs(c, d))
}

pub(crate) fn sketch_sums(tables: &[[HalfTable; 2]], blocks: &[u8], least: u16, out: &mut [Summed]) {
    // SAFETY: sixteen bytes.
    let load = |bytes: &[u8; WIDTH]| unsafe { v128_load(bytes.as_ptr().cast()) };
    let blocks = blocks.chunks_exact(SKETCH_ROWS * tables.len());
    for (block, Summed { sums, wanted }) in blocks.zip(out) {
        *wanted = 0;
        for (half, sums) in sums.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
            let (mut first, mut second) = (u16x8_splat(0), u16x8_splat(0));
            let groups = block.as_chunks::<SKETCH_ROWS>().0.chunks(GROUP).zip(tables.chunks(GROUP));
            for (bytes, tables) in groups {
                let mut sum = u8x16_splat(0);
                for (bytes, [low, high]) in bytes.iter().zip(tables) {
                    let bytes = load(&bytes.as_chunks().0[half]);
                    sum = u8x16_add(sum, u8x16_swizzle(load(low), v128_and(bytes, u8x16_splat(0x0f))));
                    sum = u8x16_add(sum, u8x16_swizzle(load(high), u8x16_shr(bytes, 4)));
                }
                first = u16x8_add(first, u16x8_extend_low_u8x16(sum));
                second = u16x8_add(second, u16x8_extend_high_u8x16(sum));
            }
            let (head, tail) = sums.split_at_mut(WIDTH / 2);
            let is_wanted = |sums| u16x8_ge(sums, u16x8_splat(least));
            let marks = i8x16_bitmask(i8x16_narrow_i16x8(is_wanted(first), is_wanted(second)));
            *wanted |= u32::from(marks) << (WIDTH * half);
            // SAFETY: eight places each.
            unsafe {
                v128_store(head.as_mut_ptr().cast(), first);
                v128_store(tail.as_mut_ptr().cast(), second);
            }
        }
    }
}
