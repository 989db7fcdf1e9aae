//! How well one query fits each of many sketches, which are a few bytes per row: sums of what a table says of each half byte.
//!
//! Sketches lie in blocks of [`SKETCH_ROWS`] rows: the first bytes of all rows, then their second bytes, and so on. So one
//! instruction looks up a half byte of many rows. Sums are of integers, and every kernel gives the same ones.

use super::Kernel;

/// Rows of a block.
pub const SKETCH_ROWS: usize = 32;
/// Most bytes of a row's sketch.
pub const MAX_SKETCH_BYTES: usize = 32;
/// The largest number of a table: two of them fit into a byte.
pub const MOST_PER_HALF: u8 = 127;

/// What each value of a half byte adds.
pub type HalfTable = [u8; 16];

/// Calls `visit` with each block that has a row whose sum is at least `least`: the block's place, a bit for each such row, and the
/// sums of all rows. `tables` holds two for each byte of a row, the low half's first; no number of theirs may be above
/// [`MOST_PER_HALF`].
///
/// # Panics
/// If there are more than [`MAX_SKETCH_BYTES`] pairs of tables or none, `blocks` is not whole blocks, or this processor does not
/// have the kernel.
pub fn sketch_sums(
    kernel: Kernel,
    tables: &[[HalfTable; 2]],
    blocks: &[u8],
    least: u16,
    mut visit: impl FnMut(usize, u32, &[u16; SKETCH_ROWS]),
) {
    debug_assert!(tables.as_flattened().as_flattened().iter().all(|number| *number <= MOST_PER_HALF));
    assert!((1..=MAX_SKETCH_BYTES).contains(&tables.len()), "1 to {MAX_SKETCH_BYTES} bytes per row");
    let block_bytes = SKETCH_ROWS * tables.len();
    assert!(blocks.len().is_multiple_of(block_bytes), "whole blocks");
    let mut sums = [0; SKETCH_ROWS];
    let mut first = 0;
    while let Some((ahead, wanted)) = next(kernel, tables, &blocks[first * block_bytes..], least, &mut sums) {
        visit(first + ahead, wanted, &sums);
        first += ahead + 1;
    }
}

/// The first block with a row that is wanted, and which rows those are. Their sums are in `sums`.
fn next(
    kernel: Kernel,
    tables: &[[HalfTable; 2]],
    blocks: &[u8],
    least: u16,
    sums: &mut [u16; SKETCH_ROWS],
) -> Option<(usize, u32)> {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 | Kernel::Vnni => super::x86::next_sketch(tables, blocks, least, sums),
        #[cfg(target_arch = "aarch64")]
        Kernel::Neon | Kernel::Dotprod => super::neon::next_sketch(tables, blocks, least, sums),
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Kernel::Simd128 => super::wasm::next_sketch(tables, blocks, least, sums),
        Kernel::Scalar => super::scalar::next_sketch(tables, blocks, least, sums),
        _ => panic!("this processor does not have the kernel"),
    }
}
