//! Int8 rows that lie apart in two planes: the high halves of all codes, then the low ones.
//!
//! Each plane is rows of int4 codes: `code = 16 high + low + 8`, both of -8..=7. What a row's high half cannot reach with any low
//! half is not wanted, and its low half is not read: half of the bytes is enough for most rows of a search for a few of many.
//! Sums are those of the whole codes, and so the scores have the same bits.

use super::{FINISHED, Finish, Kernel, MAX_DIM, Query, dots, finish, reach};

/// What one unit of the high half is worth: so many bits.
pub(crate) const HIGH_BITS: i32 = 4;
/// What is added to each low half.
const SHIFT: i32 = 8;
/// The most that low half and shift add up to; the least is zero.
const MOST: i32 = 15;
/// Rows that are looked at together.
const BLOCK: usize = 512;
/// Whether there is a kernel that is faster than reading. Elsewhere every row is read, in less code.
const HAS_KERNELS: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
/// Where more than one of so many rows may count, all are read.
const MANY: usize = 8;

/// Writes the int8 codes of a row whose halves are `high` and `low`.
///
/// # Panics
/// If one of them is shorter than [`Query::row_bytes`] of a row of as many dimensions as `out` has places.
pub fn join(high: &[u8], low: &[u8], out: &mut [u8]) {
    let (pairs, last) = out.as_chunks_mut::<2>();
    for ((pair, high), low) in pairs.iter_mut().zip(high).zip(low) {
        *pair = codes(*high, *low);
    }
    if let [last] = last {
        [*last, _] = codes(high[pairs.len()], low[pairs.len()]);
    }
}

/// The two codes whose halves are in a byte of each plane.
fn codes(high: u8, low: u8) -> [u8; 2] {
    // Turning the top bit of a half round adds the shift to it.
    let low = low ^ 0x88;
    [high << 4 | low & 0x0f, high & 0xf0 | low >> 4]
}

/// As [`scores`](super::scores) of int8 rows, for a query of [`Codes::Int4`](super::Codes) and two planes of its rows.
///
/// # Panics
/// If a plane is not as many rows of [`Query::row_bytes`] as `out` has places, if a slice of `codes` or `sums` is shorter, or if
/// this processor does not have the kernel.
pub fn plane_scores(
    kernel: Kernel,
    query: &Query,
    [high, low]: [&[u8]; 2],
    codes: Finish<'_>,
    sums: &mut [i32],
    out: &mut [f32],
) -> f32 {
    let (count, bytes) = (out.len(), query.row_bytes());
    assert!(high.len() == count * bytes && low.len() == count * bytes, "one place per row");
    let sums = &mut sums[..count];
    if query.step() == 0.0 {
        sums.fill(0);
        return finish(kernel, codes, sums, out);
    }
    dots(kernel, query, high, sums);
    let mut top = f32::NEG_INFINITY;
    for start in (0..count).step_by(BLOCK) {
        let rows = start..count.min(start + BLOCK);
        let low = &low[rows.start * bytes..rows.end * bytes];
        let (codes, sums, out) = (codes.of(rows.clone()), &mut sums[rows.clone()], &mut out[rows]);
        if HAS_KERNELS && codes.least > f32::NEG_INFINITY {
            let mut places = [0; BLOCK];
            let left = reach(kernel, codes, sums, MOST * query.positive(), &mut places);
            if left * MANY <= out.len() {
                out.fill(f32::NEG_INFINITY);
                top = top.max(few(kernel, query, low, codes, sums, &places[..left], out));
                continue;
            }
        }
        let mut low_sums = [0; BLOCK];
        let low_sums = &mut low_sums[..out.len()];
        dots(kernel, query, low, low_sums);
        for (sum, low) in sums.iter_mut().zip(low_sums) {
            *sum = whole(query, *sum, *low);
        }
        top = top.max(finish(kernel, codes, sums, out));
    }
    top
}

/// The sum over whole codes from those over their halves.
#[inline(always)]
fn whole(query: &Query, high: i32, low: i32) -> i32 {
    (high << HIGH_BITS) + low + SHIFT * query.sum()
}

/// Writes the scores of the rows at `places`.
fn few(
    kernel: Kernel,
    query: &Query,
    low: &[u8],
    codes: Finish<'_>,
    sums: &[i32],
    places: &[u16],
    out: &mut [f32],
) -> f32 {
    let bytes = query.row_bytes();
    let (mut rows, mut low_sums) = ([0; FINISHED * MAX_DIM / 2], [0; FINISHED]);
    let mut top = f32::NEG_INFINITY;
    for places in places.chunks(FINISHED) {
        // The rows lie apart: copying them first lets the processor wait for many at once.
        for (row, &place) in rows.chunks_exact_mut(bytes).zip(places) {
            row.copy_from_slice(&low[usize::from(place) * bytes..][..bytes]);
        }
        // Kernels take eight rows at once; what is left of an earlier round fills the last places.
        dots(kernel, query, &rows[..FINISHED * bytes], &mut low_sums);
        for (&place, low) in places.iter().zip(low_sums) {
            let place = usize::from(place);
            let sum = whole(query, sums[place], low);
            top = top.max(codes.write_score(place, sum, &mut out[place]));
        }
    }
    top
}
