//! Every kernel that this processor has against the reference, and the reference against the definition.

#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;

use super::*;

/// Deterministic bytes with every value.
fn noise(count: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11).to_le_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}

fn query_of(dim: usize, codes: Codes, seed: u32) -> Query {
    let values: Vec<f32> = noise(dim, seed).iter().map(|byte| f32::from(*byte) - 127.3).collect();
    Query::new(&values, codes)
}

/// The definition, dimension by dimension.
fn dot_of(query: &Query, dim: usize, row: &[u8]) -> i32 {
    let code = |dim: usize| match query.codes() {
        Codes::Int8 => i32::from(row[dim].cast_signed()),
        Codes::Int4 => {
            let nibble = i32::from(row[dim / 2] >> (dim % 2 * 4) & 0x0f);
            if nibble > 7 { nibble - 16 } else { nibble }
        }
    };
    let q = |dim: usize| match query.codes() {
        Codes::Int8 => query.first()[dim],
        Codes::Int4 if dim.is_multiple_of(2) => query.first()[dim / 2],
        Codes::Int4 => query.second()[dim / 2],
    };
    (0..dim).map(|dim| code(dim) * i32::from(q(dim))).sum()
}

/// All kernels give what the definition does for `count` rows.
fn agree(dim: usize, count: usize, codes: Codes, seed: u32) {
    let query = query_of(dim, codes, seed);
    let rows = noise(count * query.row_bytes(), seed ^ 0x55);
    let expected: Vec<i32> =
        rows.chunks_exact(query.row_bytes()).map(|row| dot_of(&query, dim, row)).collect();
    let (scale_codes, bias_codes) = (noise(count, seed ^ 1), noise(count, seed ^ 2));
    let scales = std::array::from_fn(|code| code as f32 * 0.001);
    let biases = std::array::from_fn(|code| (code as f32 - 100.0) * 0.37);
    let top_scale = scales.iter().copied().fold(0.0, f32::max);
    let finish = Finish {
        scale_codes: &scale_codes,
        scales: &scales,
        bias_codes: &bias_codes,
        biases: &biases,
        top_scale,
        least: f32::NEG_INFINITY,
    };
    let bits = |kernel, finish| {
        let (mut sums, mut out) = (vec![0; count], vec![0.0; count]);
        let top = scores(kernel, &query, &rows, finish, &mut sums, &mut out);
        assert_eq!(sums, expected, "{kernel:?} {codes:?} {dim} x {count}");
        let highest = out.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        assert_eq!(top.to_bits(), highest.to_bits(), "{kernel:?}");
        out.iter().map(|score| score.to_bits()).collect::<Vec<_>>()
    };
    let reference = bits(Kernel::Scalar, finish);
    for kernel in Kernel::available() {
        assert_eq!(bits(kernel, finish), reference, "{kernel:?} {codes:?} {dim} x {count}");
    }
    // With a bar only what is below it goes, whether neighbours have one bias or several.
    let alike = vec![scale_codes.first().copied().unwrap_or(0); count];
    for bias_codes in [&bias_codes, &alike] {
        let finish = Finish { bias_codes, ..finish };
        let all = bits(Kernel::Scalar, finish);
        let mut ranked: Vec<f32> = all.iter().map(|bits| f32::from_bits(*bits)).collect();
        ranked.sort_by(f32::total_cmp);
        for least in [ranked.get(count / 2), ranked.last()].into_iter().flatten().copied().chain([1e9]) {
            let wanted = |bits: &u32| {
                let score = f32::from_bits(*bits);
                if score >= least { *bits } else { f32::NEG_INFINITY.to_bits() }
            };
            let expected: Vec<u32> = all.iter().map(wanted).collect();
            for kernel in Kernel::available() {
                let found = bits(kernel, Finish { least, ..finish });
                assert_eq!(found, expected, "{kernel:?} {codes:?} {dim} x {count} from {least}");
            }
        }
    }
}

/// Or its kernel would not be among those that are compared below.
#[cfg(target_arch = "wasm32")]
#[test]
fn webassembly_is_built_with_its_kernel() {
    assert_eq!(Kernel::best(), Kernel::Simd128);
}

#[test]
fn all_kernels_agree_on_every_shape() {
    let dims = [1, 2, 7, 8, 13, 16, 31, 32, 33, 47, 63, 64, 65, 96, 100, 127, 128, 160, 255, 256];
    let counts = [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 40];
    // An interpreter that looks for undefined behaviour is thousands of times slower, and an edge of each kind is enough for it.
    let (dims, counts): (&[usize], &[usize]) =
        if cfg!(miri) { (&[1, 13, 32, 65], &[0, 7, 9]) } else { (&dims, &counts) };
    for codes in [Codes::Int4, Codes::Int8] {
        for &dim in dims {
            for &count in counts {
                agree(dim, count, codes, u32::try_from(dim * 100 + count).unwrap_or(0));
            }
        }
    }
}

/// The rows of all blocks, each with its sum, by the definition.
fn sketch_sums_of(tables: &[[HalfTable; 2]], blocks: &[u8]) -> Vec<u16> {
    let blocks = blocks.chunks(SKETCH_ROWS * tables.len());
    let row_sum = |block: &[u8], row: usize| {
        let byte_sum = |(place, [low, high]): (usize, &[HalfTable; 2])| {
            let byte = usize::from(block[SKETCH_ROWS * place + row]);
            u16::from(low[byte % 16]) + u16::from(high[byte / 16])
        };
        tables.iter().enumerate().map(byte_sum).sum()
    };
    blocks.flat_map(|block| (0..SKETCH_ROWS).map(move |row| row_sum(block, row))).collect()
}

/// All kernels guess what the definition does, from any bar on.
fn guesses_agree(tables: &[[HalfTable; 2]], blocks: &[u8], missing: usize, biases: &[f32; 256], seed: u32) {
    let rows = (blocks.len() / tables.len()).saturating_sub(missing);
    let scale_codes: Vec<u8> = noise(rows, seed).iter().map(|code| code % 8).collect();
    let mut blocks = blocks.to_vec();
    for (row, _) in scale_codes.iter().enumerate().filter(|(_, code)| **code == 0) {
        let block = &mut blocks[row / SKETCH_ROWS * SKETCH_ROWS * tables.len()..];
        block
            .iter_mut()
            .skip(row % SKETCH_ROWS)
            .step_by(SKETCH_ROWS)
            .take(tables.len())
            .for_each(|byte| *byte = 0);
    }
    let blocks = &blocks[..];
    let mut bias_codes = noise(rows, seed ^ 1);
    // Where there are many rows, so many are alike that whole chunks are.
    let kept = if rows > 1_000 { 0x80 } else { 0xe0 };
    bias_codes.iter_mut().for_each(|code| *code &= kept);
    bias_codes.sort_unstable_by(|left, right| right.cmp(left));
    let (scale_codes, bias_codes) = (&scale_codes[..], &bias_codes[..]);
    let guess = Guess { tables, unit: 0.37, base: -100.0, scale_codes, bias_codes, biases };
    let sums = sketch_sums_of(tables, blocks);
    let score = |row: usize| {
        let fit = if scale_codes[row] == 0 { 0.0 } else { 0.37 * f32::from(sums[row]) - 100.0 };
        fit + biases[usize::from(bias_codes[row])]
    };
    let all: Vec<(u32, f32)> = (0..).zip((0..rows).map(score)).collect();
    let mut ranked: Vec<f32> = all.iter().map(|(_, score)| *score).collect();
    ranked.sort_by(f32::total_cmp);
    let bars = [0, rows / 2, rows * 9 / 10, rows.saturating_sub(3), rows.saturating_sub(1)];
    let bars = bars.into_iter().filter_map(|place| ranked.get(place).copied());
    for bar in bars.flat_map(|bar| [bar, bar.next_down()]).chain([f32::NEG_INFINITY, 0.0, 1e9]) {
        let expected: Vec<_> = all.iter().copied().filter(|(_, score)| *score > bar).collect();
        for kernel in Kernel::available() {
            let mut out = vec![(9, 9.0); rows];
            let count = guesses(kernel, guess, blocks, bar, &mut out);
            assert_eq!(out[..count], expected, "{kernel:?} {} bytes, {rows} above {bar}", tables.len());
        }
    }
}

fn tables_of(bytes: usize, seed: u32) -> Vec<[HalfTable; 2]> {
    let numbers = noise(32 * bytes, seed);
    let table = |numbers: &[u8]| std::array::from_fn(|value| numbers[value] & MOST_PER_HALF);
    numbers.chunks(32).map(|both| [table(&both[..16]), table(&both[16..])]).collect()
}

#[test]
fn guesses_agree_on_every_shape() {
    let (bytes, blocks): (&[usize], &[usize]) = if cfg!(miri) {
        (&[1, 8], &[0, 3])
    } else {
        (&[1, 2, 3, 7, 8, 9, 16, 31, 32], &[0, 1, 2, 3, 15, 16, 17, 40])
    };
    // Without biases scores are near each other: a bar that is a little too high would be seen.
    let biases = [[0.0; 256], std::array::from_fn(|code| code as f32 * 0.7)];
    for &bytes in bytes {
        for &blocks in blocks {
            for missing in [0, 1, 31] {
                let seed = u32::try_from(100 * bytes + blocks + missing).unwrap_or(0);
                let (tables, blocks) =
                    (tables_of(bytes, seed), noise(SKETCH_ROWS * bytes * blocks, seed ^ 3));
                for biases in &biases {
                    guesses_agree(&tables, &blocks, missing, biases, seed);
                }
            }
        }
    }
    // The largest sums there are.
    let most = vec![[[MOST_PER_HALF; 16]; 2]; MAX_SKETCH_BYTES];
    guesses_agree(&most, &noise(2 * SKETCH_ROWS * MAX_SKETCH_BYTES, 9), 3, &biases[0], 9);
}

/// A query without a direction knows nothing but the biases.
#[test]
fn without_a_unit_it_is_all_or_none() {
    let (scale_codes, bias_codes, biases) = ([1; 40], [7; 40], [0.5; 256]);
    let (scale_codes, bias_codes) = (&scale_codes[..], &bias_codes[..]);
    let tables = [[[0; 16]; 2]];
    let guess = Guess { tables: &tables, unit: 0.0, base: 0.0, scale_codes, bias_codes, biases: &biases };
    for kernel in Kernel::available() {
        let mut out = [(0, 0.0); 40];
        let count = |bar, out: &mut [_]| guesses(kernel, guess, &noise(64, 1), bar, out);
        assert_eq!(count(0.4, &mut out), 40, "{kernel:?}");
        assert_eq!(out[39], (39, 0.5));
        assert_eq!(count(0.5, &mut out), 0, "{kernel:?}");
    }
}

#[test]
fn the_nth_highest_is_that_of_a_sorted_list() {
    let mut scores: Vec<f32> = noise(500, 3).iter().map(|byte| f32::from(*byte) - 100.0).collect();
    let mut sorted = scores.clone();
    sorted.sort_by(|left, right| right.total_cmp(left));
    for place in [0, 1, 17, 499] {
        assert_eq!(nth_highest(&mut scores, place).to_bits(), sorted[place].to_bits(), "{place}");
    }
}

#[test]
#[should_panic(expected = "whole blocks")]
fn half_a_block_of_sketches_is_refused() {
    let (codes, biases) = ([1; 32], [0.0; 256]);
    let (scale_codes, bias_codes) = (&codes[..], &codes[..]);
    let tables = tables_of(2, 1);
    let guess = Guess { tables: &tables, unit: 1.0, base: 0.0, scale_codes, bias_codes, biases: &biases };
    guesses(Kernel::Scalar, guess, &[0; SKETCH_ROWS], 0.0, &mut [(0, 0.0); 32]);
}

#[test]
fn extremes_do_not_overflow() {
    for codes in [Codes::Int4, Codes::Int8] {
        for (value, byte) in [(1.0, 0x80), (-1.0, 0x80), (1.0, 0x7f), (-1.0, 0x7f), (1.0, 0x88), (-1.0, 0x77)]
        {
            let query = Query::new(&[value; MAX_DIM], codes);
            let rows = vec![byte; 20 * query.row_bytes()];
            let expected = dot_of(&query, MAX_DIM, &rows[..query.row_bytes()]);
            for kernel in Kernel::available() {
                let mut out = [0; 20];
                dots(kernel, &query, &rows, &mut out);
                assert_eq!(out, [expected; 20], "{kernel:?} {codes:?} {byte:x}");
            }
        }
    }
}

#[test]
fn a_query_is_quantised_to_half_a_step() {
    let values: Vec<f32> = (0..64).map(|dim| (dim as f32 - 31.0) * 0.013).collect();
    let query = Query::new(&values, Codes::Int8);
    assert_eq!(query.first()[63], 127);
    for (value, code) in values.iter().zip(query.first()) {
        assert!((value - f32::from(*code) * query.step()).abs() <= 0.5001 * query.step());
    }
    for odd in [&[f32::NAN, 1.0][..], &[f32::INFINITY, 1.0], &[0.0, 0.0], &[1e-45, 0.0]] {
        let query = Query::new(odd, Codes::Int8);
        assert!(query.step() == 0.0 && query.first().iter().all(|code| *code == 0), "{odd:?}");
    }
}

#[test]
#[should_panic(expected = "one place per row")]
fn rows_of_another_length_are_refused() {
    dots(Kernel::Scalar, &query_of(8, Codes::Int8, 1), &[0; 15], &mut [0; 2]);
}

#[cfg(not(target_arch = "wasm32"))]
proptest! {
    #[cfg_attr(miri, ignore = "the shapes that are not drawn are enough")]
    #[test]
    fn all_kernels_agree(dim in 1_usize..=MAX_DIM, count in 0_usize..70, four in any::<bool>(), seed in any::<u32>()) {
        agree(dim, count, if four { Codes::Int4 } else { Codes::Int8 }, seed);
    }
}
