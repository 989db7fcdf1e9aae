//! aarch64: sixteen bytes at a time, with the 8-bit dot product where the processor has it.
//!
//! Loads may take bytes of later rows along, which meet zeros of the query; rows at the end go to the scalar kernel.
#![expect(unsafe_code, reason = "intrinsics, and one instruction that has none yet")]

use std::arch::aarch64::*;
use std::arch::{asm, is_aarch64_feature_detected};

use super::sketch::{GROUP, HalfTable, SKETCH_ROWS, Summed};
use super::{Codes, Kernel, Query, scalar};

/// Bytes of a register.
const WIDTH: usize = 16;

fn has_dotprod() -> bool {
    is_aarch64_feature_detected!("dotprod")
}

pub(crate) fn available() -> impl Iterator<Item = Kernel> {
    std::iter::once(Kernel::Neon).chain(has_dotprod().then_some(Kernel::Dotprod))
}

pub(crate) fn best() -> Option<Kernel> {
    available().last()
}

pub(crate) fn dots(kernel: Kernel, query: &Query, rows: &[u8], out: &mut [i32]) {
    let bytes = query.row_bytes();
    let loads = bytes.div_ceil(WIDTH);
    let reach = loads * WIDTH;
    let whole = if rows.len() < reach { 0 } else { (rows.len() - reach) / bytes + 1 };
    let (head, tail) = out.split_at_mut(whole);
    // SAFETY: NEON is part of every aarch64, dot products were asked for; no load of the rows of `head` leaves `rows`.
    unsafe {
        match kernel {
            Kernel::Dotprod => {
                assert!(has_dotprod(), "this processor does not have the kernel");
                each::<true>(query, rows, head, loads);
            }
            _ => each::<false>(query, rows, head, loads),
        }
    }
    scalar::dots(query, &rows[whole * bytes..], tail);
}

/// # Safety
/// With `DOTPROD` the processor has 8-bit dot products; the loads of every row of `out` are within `rows`.
#[target_feature(enable = "neon")]
unsafe fn each<const DOTPROD: bool>(query: &Query, rows: &[u8], out: &mut [i32], loads: usize) {
    let (bytes, first, second) = (query.row_bytes(), query.first(), query.second());
    let is_int8 = query.codes() == Codes::Int8;
    for (row, out) in out.iter_mut().enumerate() {
        let mut sum = vdupq_n_s32(0);
        for load in 0..loads {
            let at = load * WIDTH;
            debug_assert!(row * bytes + at + WIDTH <= rows.len());
            // SAFETY: the caller's; a query has zeros up to its end.
            unsafe {
                let row = vld1q_s8(rows.as_ptr().add(row * bytes + at).cast());
                let even = vld1q_s8(first.as_ptr().add(at));
                if is_int8 {
                    sum = step::<DOTPROD>(sum, row, even);
                } else {
                    let odd = vld1q_s8(second.as_ptr().add(at));
                    sum = step::<DOTPROD>(sum, vshrq_n_s8::<4>(vshlq_n_s8::<4>(row)), even);
                    sum = step::<DOTPROD>(sum, vshrq_n_s8::<4>(row), odd);
                }
            }
        }
        *out = vaddvq_s32(sum);
    }
}

/// `sum` plus the dot products of each four bytes, or of others that add up to the same: products of at most 128 * 127 fit into 16
/// bits, pairs of them into 32.
///
/// # Safety
/// With `DOTPROD` the processor has 8-bit dot products.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn step<const DOTPROD: bool>(mut sum: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    if !DOTPROD {
        let low = vmull_s8(vget_low_s8(a), vget_low_s8(b));
        return vpadalq_s16(vpadalq_s16(sum, low), vmull_high_s8(a, b));
    }
    // SAFETY: the caller's; registers only.
    unsafe {
        asm!(
            ".arch_extension dotprod",
            "sdot {sum:v}.4s, {a:v}.16b, {b:v}.16b",
            sum = inout(vreg) sum, a = in(vreg) a, b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sum
}

pub(crate) fn sketch_sums(tables: &[[HalfTable; 2]], blocks: &[u8], least: u16, out: &mut [Summed]) {
    // SAFETY: NEON is part of every aarch64.
    unsafe { sketch_sums_neon(tables, blocks, least, out) }
}

/// # Safety
/// NEON.
#[target_feature(enable = "neon")]
unsafe fn sketch_sums_neon(tables: &[[HalfTable; 2]], blocks: &[u8], least: u16, out: &mut [Summed]) {
    const BITS: [u8; WIDTH] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    // SAFETY: sixteen bytes.
    let load = |bytes: &[u8; WIDTH]| unsafe { vld1q_u8(bytes.as_ptr()) };
    let bits = load(&BITS);
    let blocks = blocks.chunks_exact(SKETCH_ROWS * tables.len());
    for (block, Summed { sums, wanted }) in blocks.zip(out) {
        *wanted = 0;
        for (half, sums) in sums.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
            let mut both = [vdupq_n_u16(0); 2];
            let groups = block.as_chunks::<SKETCH_ROWS>().0.chunks(GROUP).zip(tables.chunks(GROUP));
            for (bytes, tables) in groups {
                let mut sum = vdupq_n_u8(0);
                for (bytes, [low, high]) in bytes.iter().zip(tables) {
                    let bytes = load(&bytes.as_chunks().0[half]);
                    sum = vaddq_u8(sum, vqtbl1q_u8(load(low), vandq_u8(bytes, vdupq_n_u8(0x0f))));
                    sum = vaddq_u8(sum, vqtbl1q_u8(load(high), vshrq_n_u8::<4>(bytes)));
                }
                both = [vaddw_u8(both[0], vget_low_u8(sum)), vaddw_high_u8(both[1], sum)];
            }
            let (head, tail) = sums.split_at_mut(WIDTH / 2);
            let [first, second] = both.map(|sums| vmovn_u16(vcgeq_u16(sums, vdupq_n_u16(least))));
            // A bit for each byte: those of eight are added up.
            let marked = vandq_u8(vcombine_u8(first, second), bits);
            let marks = [vaddv_u8(vget_low_u8(marked)), vaddv_u8(vget_high_u8(marked))];
            *wanted |= u32::from(u16::from_le_bytes(marks)) << (WIDTH * half);
            // SAFETY: eight places each.
            unsafe {
                vst1q_u16(head.as_mut_ptr(), both[0]);
                vst1q_u16(tail.as_mut_ptr(), both[1]);
            }
        }
    }
}
