//! x86-64: eight rows at a time in 256-bit registers.
//!
//! Loads take 32 bytes from each row's start on, and from every 32nd byte after it: they may take bytes of later rows along,
//! which meet zeros of the query. Rows at the end, where a load would leave the slice, go to the scalar kernel.
#![expect(unsafe_code, reason = "intrinsics")]

use std::arch::x86_64::*;

use super::sketch::{self, GROUP, HalfTable, Places, SKETCH_ROWS, Summed};
use super::{Codes, FINISHED, Finish, Kernel, Query, only_code, scalar};

/// Bytes of a register.
const WIDTH: usize = 32;
/// Rows of a block.
const ROWS: usize = FINISHED;

/// Every processor with the first has the others.
fn has_avx2() -> bool {
    let counts_bits = is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt");
    is_x86_feature_detected!("avx2") && counts_bits
}

fn has_vnni() -> bool {
    let has_vl = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
    has_avx2() && has_vl && is_x86_feature_detected!("avx512vnni")
}

pub(crate) fn available() -> impl Iterator<Item = Kernel> {
    [(has_avx2(), Kernel::Avx2), (has_vnni(), Kernel::Vnni)]
        .into_iter()
        .filter_map(|(has, kernel)| has.then_some(kernel))
}

pub(crate) fn best() -> Option<Kernel> {
    available().last()
}

pub(crate) fn dots(kernel: Kernel, query: &Query, rows: &[u8], out: &mut [i32]) {
    let bytes = query.row_bytes();
    let loads = bytes.div_ceil(WIDTH);
    // the last row of a block may load up to here
    let reach = (ROWS - 1) * bytes + loads * WIDTH;
    let blocks = if rows.len() < reach { 0 } else { (rows.len() - reach) / (ROWS * bytes) + 1 };
    let (head, tail) = out.split_at_mut(blocks * ROWS);
    // SAFETY: the features were asked for, and `head` ends where the loads of a block would leave `rows`.
    unsafe {
        match (kernel, query.codes()) {
            (Kernel::Vnni, codes) => {
                assert!(has_vnni(), "this processor does not have the kernel");
                match (codes, loads) {
                    (Codes::Int8, 1) => vnni_int8::<1>(query, rows, head),
                    (Codes::Int8, 2) => vnni_int8::<2>(query, rows, head),
                    (Codes::Int8, 3) => vnni_int8::<3>(query, rows, head),
                    (Codes::Int8, 4) => vnni_int8::<4>(query, rows, head),
                    (Codes::Int8, _) => vnni_int8::<0>(query, rows, head),
                    (Codes::Int4, 1) => vnni_int4::<1>(query, rows, head),
                    (Codes::Int4, 2) => vnni_int4::<2>(query, rows, head),
                    (Codes::Int4, _) => vnni_int4::<0>(query, rows, head),
                }
            }
            (_, codes) => {
                assert!(has_avx2(), "this processor does not have the kernel");
                match (codes, loads) {
                    (Codes::Int8, 1) => avx2_int8::<1>(query, rows, head),
                    (Codes::Int8, 2) => avx2_int8::<2>(query, rows, head),
                    (Codes::Int8, _) => avx2_int8::<0>(query, rows, head),
                    (Codes::Int4, 1) => avx2_int4::<1>(query, rows, head),
                    (Codes::Int4, 2) => avx2_int4::<2>(query, rows, head),
                    (Codes::Int4, _) => avx2_int4::<0>(query, rows, head),
                }
            }
        }
    }
    scalar::dots(query, &rows[blocks * ROWS * bytes..], tail);
}

/// The 32 codes from `place` on.
///
/// # Safety
/// `place + 32` is at most the length of `codes`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn codes_at(codes: &[i8], place: usize) -> __m256i {
    debug_assert!(place + WIDTH <= codes.len());
    // SAFETY: the caller's.
    unsafe { _mm256_loadu_si256(codes.as_ptr().add(place).cast()) }
}

/// The 32 bytes from `place` on.
///
/// # Safety
/// `place + 32` is at most the length of `rows`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn bytes_at(rows: &[u8], place: usize) -> __m256i {
    debug_assert!(place + WIDTH <= rows.len());
    // SAFETY: the caller's.
    unsafe { _mm256_loadu_si256(rows.as_ptr().add(place).cast()) }
}

/// The sum of each register's lanes, in order.
#[inline]
#[target_feature(enable = "avx2")]
fn sums(a: [__m256i; ROWS]) -> __m256i {
    let pairs = |x, y| _mm256_hadd_epi32(x, y);
    let low = pairs(pairs(a[0], a[1]), pairs(a[2], a[3]));
    let high = pairs(pairs(a[4], a[5]), pairs(a[6], a[7]));
    let halves = _mm256_permute2x128_si256::<0x31>(low, high);
    _mm256_add_epi32(_mm256_permute2x128_si256::<0x20>(low, high), halves)
}

/// Calls `row` with the place of each row's first byte, and stores the eight sums less `excess`.
macro_rules! blocks {
    ($query:expr, $out:expr, $excess:expr, |$at:ident| $row:expr) => {{
        let bytes = $query.row_bytes();
        let excess = _mm256_set1_epi32($excess);
        for (block, out) in $out.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
            let start = block * ROWS * bytes;
            let mut lanes = [_mm256_setzero_si256(); ROWS];
            for (place, lane) in lanes.iter_mut().enumerate() {
                let $at = start + place * bytes;
                *lane = $row;
            }
            let found = _mm256_sub_epi32(sums(lanes), excess);
            // SAFETY: eight places.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), found) };
        }
    }};
}

/// How many registers a row takes: `LOADS`, or for 0 as many as its bytes need.
#[inline]
fn loads_of<const LOADS: usize>(query: &Query) -> usize {
    if LOADS == 0 { query.row_bytes().div_ceil(WIDTH) } else { LOADS }
}

/// # Safety
/// AVX2, AVX512-VNNI and AVX512-VL; `out` holds whole blocks, each with its loads within `rows`.
#[target_feature(enable = "avx2,avx512vnni,avx512vl")]
unsafe fn vnni_int8<const LOADS: usize>(query: &Query, rows: &[u8], out: &mut [i32]) {
    // unsigned bytes are wanted on one side: 128 is added to the rows', and what that adds is taken off again
    let flip = _mm256_set1_epi8(-128);
    blocks!(query, out, 128 * query.sum(), |at| {
        let mut sum = _mm256_setzero_si256();
        for load in 0..loads_of::<LOADS>(query) {
            // SAFETY: the caller's; the query has zeros up to its end.
            let (row, q) =
                unsafe { (bytes_at(rows, at + load * WIDTH), codes_at(query.first(), load * WIDTH)) };
            sum = _mm256_dpbusd_epi32(sum, _mm256_xor_si256(row, flip), q);
        }
        sum
    });
}

/// # Safety
/// As [`vnni_int8`].
#[target_feature(enable = "avx2,avx512f,avx512vnni,avx512vl")]
unsafe fn vnni_int4<const LOADS: usize>(query: &Query, rows: &[u8], out: &mut [i32]) {
    let (mask, flip) = (_mm256_set1_epi8(0x0f), _mm256_set1_epi8(-0x78));
    // `(halves ^ flip) & mask` in one step: the bit is set where the mask's is and the other two differ.
    let unsigned = |halves| _mm256_ternarylogic_epi32::<0x28>(halves, flip, mask);
    blocks!(query, out, 8 * query.sum(), |at| {
        let mut sum = _mm256_setzero_si256();
        for load in 0..loads_of::<LOADS>(query) {
            // SAFETY: as above.
            let (row, even, odd) = unsafe {
                (
                    bytes_at(rows, at + load * WIDTH),
                    codes_at(query.first(), load * WIDTH),
                    codes_at(query.second(), load * WIDTH),
                )
            };
            sum = _mm256_dpbusd_epi32(sum, unsigned(row), even);
            sum = _mm256_dpbusd_epi32(sum, unsigned(_mm256_srli_epi16::<4>(row)), odd);
        }
        sum
    });
}

/// # Safety
/// AVX2; otherwise as [`vnni_int8`].
#[target_feature(enable = "avx2")]
unsafe fn avx2_int8<const LOADS: usize>(query: &Query, rows: &[u8], out: &mut [i32]) {
    let wide = |bytes| {
        let high = _mm256_extracti128_si256::<1>(bytes);
        (_mm256_cvtepi8_epi16(_mm256_castsi256_si128(bytes)), _mm256_cvtepi8_epi16(high))
    };
    blocks!(query, out, 0, |at| {
        let mut sum = _mm256_setzero_si256();
        for load in 0..loads_of::<LOADS>(query) {
            // SAFETY: as above.
            let (row, q) =
                unsafe { (bytes_at(rows, at + load * WIDTH), codes_at(query.first(), load * WIDTH)) };
            let ((row_low, row_high), (q_low, q_high)) = (wide(row), wide(q));
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(row_low, q_low));
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(row_high, q_high));
        }
        sum
    });
}

/// # Safety
/// As [`avx2_int8`].
#[target_feature(enable = "avx2")]
unsafe fn avx2_int4<const LOADS: usize>(query: &Query, rows: &[u8], out: &mut [i32]) {
    let (mask, flip) = (_mm256_set1_epi8(0x0f), _mm256_set1_epi8(-0x78));
    let ones = _mm256_set1_epi16(1);
    blocks!(query, out, 8 * query.sum(), |at| {
        let mut sum = _mm256_setzero_si256();
        for load in 0..loads_of::<LOADS>(query) {
            // SAFETY: as above.
            let (row, even, odd) = unsafe {
                (
                    bytes_at(rows, at + load * WIDTH),
                    codes_at(query.first(), load * WIDTH),
                    codes_at(query.second(), load * WIDTH),
                )
            };
            let row = _mm256_xor_si256(row, flip);
            let high = _mm256_and_si256(_mm256_srli_epi16::<4>(row), mask);
            // four products of at most 15 * 127 fit into 16 bits
            let pairs = _mm256_add_epi16(
                _mm256_maddubs_epi16(_mm256_and_si256(row, mask), even),
                _mm256_maddubs_epi16(high, odd),
            );
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
        }
        sum
    });
}

pub(crate) fn finish(codes: Finish<'_>, sums: &[i32], out: &mut [f32]) -> f32 {
    let whole = out.len() / ROWS * ROWS;
    let (head, tail) = out.split_at_mut(whole);
    let (scale_codes, last_scales) = codes.scale_codes.split_at(whole);
    let (bias_codes, last_biases) = codes.bias_codes.split_at(whole);
    let last = Finish { scale_codes: last_scales, bias_codes: last_biases, ..codes };
    let top = scalar::finish(last, &sums[whole..], tail);
    assert!(has_avx2(), "this processor does not have the kernel");
    // SAFETY: AVX2 was asked for; all slices have `whole` places.
    top.max(unsafe { finish_avx2(Finish { scale_codes, bias_codes, ..codes }, &sums[..whole], head) })
}

/// The scores of eight rows, and which of them are wanted; nothing, if none is.
#[inline]
#[target_feature(enable = "avx2")]
fn eight_scores(
    codes: &Finish<'_>,
    sums: __m256i,
    scales: &[u8; ROWS],
    biases: &[u8; ROWS],
) -> Option<(__m256, __m256)> {
    let least = _mm256_set1_ps(codes.least);
    // SAFETY: eight places each; a code of a byte is within a table of 256.
    unsafe {
        let wide = |codes: &[u8; ROWS]| _mm256_cvtepu8_epi32(_mm_loadl_epi64(codes.as_ptr().cast()));
        let sum = _mm256_cvtepi32_ps(sums);
        let bias = match only_code(biases) {
            Some(code) => _mm256_set1_ps(codes.biases[usize::from(code)]),
            None => _mm256_i32gather_ps::<4>(codes.biases.as_ptr(), wide(biases)),
        };
        // Rounding keeps the order: no score is above this.
        let bound = _mm256_max_ps(sum, _mm256_setzero_ps());
        let bound = _mm256_add_ps(_mm256_mul_ps(bound, _mm256_set1_ps(codes.top_scale)), bias);
        if _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(bound, least)) == 0 {
            return None;
        }
        let scale = _mm256_i32gather_ps::<4>(codes.scales.as_ptr(), wide(scales));
        let score = _mm256_add_ps(_mm256_mul_ps(sum, scale), bias);
        Some((score, _mm256_cmp_ps::<_CMP_GE_OQ>(score, least)))
    }
}

/// # Safety
/// AVX2; every slice of the codes and `sums` are as long as `out`, a multiple of eight.
#[target_feature(enable = "avx2")]
unsafe fn finish_avx2(codes: Finish<'_>, sums: &[i32], out: &mut [f32]) -> f32 {
    let nothing = _mm256_set1_ps(f32::NEG_INFINITY);
    let (scale_codes, bias_codes) = (codes.scale_codes.as_chunks().0, codes.bias_codes.as_chunks().0);
    let (sums, out) = (sums.as_chunks::<ROWS>().0, out.as_chunks_mut::<ROWS>().0);
    let mut top = nothing;
    for (((out, sums), scales), biases) in out.iter_mut().zip(sums).zip(scale_codes).zip(bias_codes) {
        // SAFETY: eight places.
        let sums = unsafe { _mm256_loadu_si256(sums.as_ptr().cast()) };
        let scores = match eight_scores(&codes, sums, scales, biases) {
            Some((scores, is_wanted)) => _mm256_blendv_ps(nothing, scores, is_wanted),
            None => nothing,
        };
        top = _mm256_max_ps(top, scores);
        // SAFETY: eight places.
        unsafe { _mm256_storeu_ps(out.as_mut_ptr(), scores) };
    }
    let mut lanes = [0.0; ROWS];
    // SAFETY: eight places.
    unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), top) };
    lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

pub(crate) fn sketch_sums(tables: &[[HalfTable; 2]], blocks: &[u8], least: u16, out: &mut [Summed]) {
    assert!(has_avx2(), "this processor does not have the kernel");
    // SAFETY: AVX2 was asked for.
    unsafe { sketch_sums_avx2(tables, blocks, least, out) }
}

/// # Safety
/// AVX2.
#[target_feature(enable = "avx2")]
unsafe fn sketch_sums_avx2(tables: &[[HalfTable; 2]], blocks: &[u8], least: u16, out: &mut [Summed]) {
    let least = _mm256_set1_epi16(least.cast_signed());
    let blocks = blocks.chunks_exact(SKETCH_ROWS * tables.len());
    for (block, Summed { sums, wanted }) in blocks.zip(out) {
        // Eight rows in each half: from 0 and 16 on, and from 8 and 24 on.
        let (mut first, mut second) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        let mut add = |bytes| {
            let zero = _mm256_setzero_si256();
            first = _mm256_add_epi16(first, _mm256_unpacklo_epi8(bytes, zero));
            second = _mm256_add_epi16(second, _mm256_unpackhi_epi8(bytes, zero));
        };
        let (groups, last) = block.as_chunks::<SKETCH_ROWS>().0.as_chunks::<GROUP>();
        let (group_tables, last_tables) = tables.as_chunks::<GROUP>();
        for (bytes, tables) in groups.iter().zip(group_tables) {
            add(group_sums(bytes, tables));
        }
        if !last.is_empty() {
            add(group_sums(last, last_tables));
        }
        let is_wanted = |sums| _mm256_cmpeq_epi16(_mm256_max_epu16(sums, least), sums);
        let is_wanted = _mm256_packs_epi16(is_wanted(first), is_wanted(second));
        *wanted = _mm256_movemask_epi8(is_wanted).cast_unsigned();
        let (head, tail) = sums.split_at_mut(SKETCH_ROWS / 2);
        // SAFETY: sixteen places each.
        unsafe {
            let store = |to: &mut [u16], sums| _mm256_storeu_si256(to.as_mut_ptr().cast(), sums);
            store(head, _mm256_permute2x128_si256::<0x20>(first, second));
            store(tail, _mm256_permute2x128_si256::<0x31>(first, second));
        }
    }
}

pub(crate) fn note(summed: &[Summed], places: &mut Places) -> usize {
    #[target_feature(enable = "bmi1,popcnt")]
    fn counting(summed: &[Summed], places: &mut Places) -> usize {
        sketch::note(summed, places)
    }
    assert!(has_avx2(), "this processor does not have the kernel");
    // SAFETY: what it is compiled for was asked for.
    unsafe { counting(summed, places) }
}

/// What at most [`GROUP`] tables say of the bytes of each row, in a byte for each.
#[inline]
#[target_feature(enable = "avx2")]
fn group_sums(bytes: &[[u8; SKETCH_ROWS]], tables: &[[HalfTable; 2]]) -> __m256i {
    let low_half = _mm256_set1_epi8(0x0f);
    let mut sum = _mm256_setzero_si256();
    for (bytes, tables) in bytes.iter().zip(tables) {
        // SAFETY: sixteen bytes each, and 32.
        let ([low, high], bytes) = unsafe {
            let table = |table: &HalfTable| _mm_loadu_si128(table.as_ptr().cast());
            (tables.each_ref().map(table), _mm256_loadu_si256(bytes.as_ptr().cast()))
        };
        let lows = _mm256_and_si256(bytes, low_half);
        let highs = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low_half);
        sum = _mm256_add_epi8(sum, _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(low), lows));
        sum = _mm256_add_epi8(sum, _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(high), highs));
    }
    sum
}
