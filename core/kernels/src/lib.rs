//! How well one query fits each of many quantised rows, as fast as the processor at hand can read them.
//!
//! In: a [`Query`] of 8-bit codes, rows of int4 or int8 codes one after the other, a scale and a bias for each row. Out: a
//! score per row. Or, coarser and faster, guesses from a few bits of each row ([`guesses`]). The sum over dimensions is of integers,
//! so that every kernel gives the same bits; scaling and biasing is one multiplication and one addition in `f32`, never
//! fused.
//!
//! This is the only place of the engine with `unsafe` code: calls of intrinsics that the processor was asked for, loads
//! whose bounds are checked before each block, and the mapping of a file ([`map`]). [`nh`] is what a file's fingerprint begins
//! with. [`Kernel::Scalar`] is safe code and what all others are tested against.
//! WebAssembly cannot be asked: it has its kernel if it is built with `-C target-feature=+simd128`, and `cargo xtask test shop` runs
//! the tests so. Miri (a nightly compiler) runs the tests, and with them the kernels that it is told the processor has:
//! `RUSTFLAGS="-C target-feature=+avx2,+avx512bw,+avx512vl,+avx512vnni" cargo +nightly miri test -p tastekeeper-kernels --lib`.
//!
//! Must never allocate, and never read past the rows it is given.

pub mod dense;
pub mod map;
pub mod nh;
mod query;
mod scalar;
mod sketch;

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "aarch64")]
use neon as native;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use wasm as native;
#[cfg(target_arch = "x86_64")]
use x86 as native;

/// Any other processor has safe code only.
#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
mod native {
    use super::Kernel;

    pub(crate) fn available() -> impl Iterator<Item = Kernel> {
        std::iter::empty()
    }

    pub(crate) fn best() -> Option<Kernel> {
        None
    }
}

pub use query::{Codes, MAX_DIM, Query};
pub use sketch::{Guess, HalfTable, MAX_SKETCH_BYTES, MOST_PER_HALF, SKETCH_ROWS, guesses, nth_highest};

/// A way to compute scores. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernel {
    /// Safe code for any processor.
    Scalar,
    /// x86-64 with 256-bit integers.
    Avx2,
    /// x86-64 with 8-bit dot products in 256 bits, of AVX-512 or on their own.
    Vnni,
    /// aarch64.
    Neon,
    /// aarch64 with 8-bit dot products.
    Dotprod,
    /// WebAssembly with 128-bit registers.
    Simd128,
}

impl Kernel {
    /// Every kernel that this processor has, the fastest last.
    #[must_use]
    pub fn available() -> Vec<Self> {
        std::iter::once(Self::Scalar).chain(native::available()).collect()
    }

    /// The fastest that this processor has.
    #[must_use]
    pub fn best() -> Self {
        native::best().unwrap_or(Self::Scalar)
    }
}

/// What turns the integer sum of a row into its score: `sum * scales[scale_codes[row]] + biases[bias_codes[row]]`, or negative
/// infinity where that is below `least`. Most rows are far from it, and nothing is looked up for them (`benches/scan.rs`).
#[derive(Clone, Copy, Debug)]
pub struct Finish<'a> {
    /// One per row.
    pub scale_codes: &'a [u8],
    /// What each scale code stands for, the query's step included.
    pub scales: &'a [f32; 256],
    /// One per row.
    pub bias_codes: &'a [u8],
    /// What each bias code adds.
    pub biases: &'a [f32; 256],
    /// No scale is larger, and it is not negative: no row needs to be looked up whose sum would be too small even with this.
    pub top_scale: f32,
    /// Scores below this are not wanted.
    pub least: f32,
}

/// Rows whose scores are looked up together or not at all.
const FINISHED: usize = 8;

/// The one code that all eight are, if they are: of a list in order most neighbours are alike.
#[inline(always)]
fn only_code(codes: &[u8; FINISHED]) -> Option<u8> {
    let all = u64::from_le_bytes(*codes);
    (all == (all & 0xff) * 0x0101_0101_0101_0101).then_some(codes[0])
}

/// Asks the processor to bring the beginning of `row` near, where it can be asked. Changes nothing else.
#[inline]
#[cfg_attr(
    any(target_arch = "x86_64", target_arch = "aarch64"),
    expect(unsafe_code, reason = "an instruction that is only a hint")
)]
pub fn prefetch(row: &[u8]) {
    // SAFETY: it is a hint, whatever the address is.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(row.as_ptr().cast());
    }
    // SAFETY: as above; it changes no register and no memory.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        let at = row.as_ptr();
        std::arch::asm!("prfm pldl1keep, [{at}]", at = in(reg) at, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = row;
}

/// Writes the integer dot product of the query with each row to `out`.
///
/// # Panics
/// If `rows` is not as many rows of [`Query::row_bytes`] as `out` has places, or this processor does not have the kernel.
pub fn dots(kernel: Kernel, query: &Query, rows: &[u8], out: &mut [i32]) {
    assert_eq!(rows.len(), query.row_bytes() * out.len(), "one place per row");
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 | Kernel::Vnni => x86::dots(kernel, query, rows, out),
        #[cfg(target_arch = "aarch64")]
        Kernel::Neon | Kernel::Dotprod => neon::dots(kernel, query, rows, out),
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Kernel::Simd128 => wasm::dots(query, rows, out),
        Kernel::Scalar => scalar::dots(query, rows, out),
        _ => panic!("this processor does not have the kernel"),
    }
}

/// Writes the score of each row to `out` and returns the highest, negative infinity if there is none. `sums` is working space.
/// Rows are not read for a query that has only zeros.
///
/// # Panics
/// As [`dots`], or if a slice of `finish` is not as long as `out`.
pub fn scores(
    kernel: Kernel,
    query: &Query,
    rows: &[u8],
    finish: Finish<'_>,
    sums: &mut [i32],
    out: &mut [f32],
) -> f32 {
    let count = out.len();
    assert!(finish.scale_codes.len() == count && finish.bias_codes.len() == count, "a code per row");
    let sums = &mut sums[..count];
    if query.step() > 0.0 {
        dots(kernel, query, rows, sums);
    } else {
        sums.fill(0);
    }
    self::finish(kernel, finish, sums, out)
}

/// Writes what `codes` make of each sum to `out` and returns the highest.
fn finish(kernel: Kernel, codes: Finish<'_>, sums: &[i32], out: &mut [f32]) -> f32 {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 | Kernel::Vnni => x86::finish(codes, sums, out),
        _ => scalar::finish(codes, sums, out),
    }
}

#[cfg(test)]
mod kernel_tests;
