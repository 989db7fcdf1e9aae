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

/// Rows of int8 codes in two planes, `code = 16 high + low + 8`.
fn planes_of(rows: &[u8], dim: usize) -> [Vec<u8>; 2] {
    let plane = |half: fn(i32) -> i32| {
        let row = |row: &[u8]| -> Vec<u8> {
            let halves: Vec<i32> = row.iter().map(|code| half(i32::from(code.cast_signed()))).collect();
            let nibble = |half: i32| half.rem_euclid(16).to_le_bytes()[0];
            halves
                .chunks(2)
                .map(|pair| nibble(pair[0]) + 16 * pair.get(1).copied().map_or(0, nibble))
                .collect()
        };
        rows.chunks_exact(dim).flat_map(row).collect()
    };
    [plane(|code| code.div_euclid(16)), plane(|code| code.rem_euclid(16) - 8)]
}

/// In two planes int8 rows have the scores that they have as they are, on all kernels and from any bar on.
fn planes_agree(values: &[f32], rows: &[u8], biases: &[f32; 256], seed: u32) {
    let (dim, count) = (values.len(), rows.len() / values.len());
    let planes = planes_of(rows, dim);
    for (row, code) in rows.chunks_exact(dim).enumerate() {
        let bytes = dim.div_ceil(2);
        let mut joined = vec![0; dim];
        join(&planes[0][row * bytes..][..bytes], &planes[1][row * bytes..][..bytes], &mut joined);
        assert_eq!(joined, code, "{dim}");
    }
    let (whole, halves) = (Query::new(values, Codes::Int8), Query::new(values, Codes::Int4));
    let mut bias_codes = noise(count, seed ^ 2);
    // As in a pack: it falls, and neighbours are mostly alike.
    bias_codes.iter_mut().for_each(|code| *code &= 0xe0);
    bias_codes.sort_unstable_by(|left, right| right.cmp(left));
    let scales: [f32; 256] = std::array::from_fn(|code| code as f32 * 0.001);
    let finish = Finish {
        scale_codes: &noise(count, seed ^ 1),
        scales: &scales,
        bias_codes: &bias_codes,
        biases,
        top_scale: scales[255],
        least: f32::NEG_INFINITY,
    };
    let (mut sums, mut all) = (vec![0; count], vec![0.0; count]);
    scores(Kernel::Scalar, &whole, rows, finish, &mut sums, &mut all);
    let mut ranked = all.clone();
    ranked.sort_by(f32::total_cmp);
    let bars = [0, count / 2, count * 9 / 10, count.saturating_sub(3), count.saturating_sub(1)];
    let bars = bars.into_iter().filter_map(|place| ranked.get(place).copied());
    for least in bars.chain([f32::NEG_INFINITY, 1e9]) {
        let mut expected = all.clone();
        expected.iter_mut().filter(|score| **score < least).for_each(|score| *score = f32::NEG_INFINITY);
        let highest = expected.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for kernel in Kernel::available() {
            let mut out = vec![9.0; count];
            let finish = Finish { least, ..finish };
            let top = plane_scores(kernel, &halves, [&planes[0], &planes[1]], finish, &mut sums, &mut out);
            let bits = |scores: &[f32]| scores.iter().map(|score| score.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&out), bits(&expected), "{kernel:?} {dim} x {count} from {least}");
            assert_eq!(top.to_bits(), highest.to_bits(), "{kernel:?} {dim} x {count} from {least}");
        }
    }
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

#[test]
fn planes_agree_on_every_shape() {
    let dims = [1, 2, 7, 8, 13, 31, 32, 33, 63, 64, 65, 96, 100, 127, 128, 255, 256];
    let counts = [0, 1, 7, 8, 9, 17, 40, 127, 128, 129, 300];
    let (dims, counts): (&[usize], &[usize]) =
        if cfg!(miri) { (&[13, 64], &[0, 9, 17]) } else { (&dims, &counts) };
    for &dim in dims {
        for &count in counts {
            let seed = u32::try_from(dim * 1000 + count).unwrap_or(0);
            let values: Vec<f32> = noise(dim, seed).iter().map(|byte| f32::from(*byte) - 127.3).collect();
            // No bias, so that scores are near each other: a bar that is a little too high would be seen.
            planes_agree(&values, &noise(count * dim, seed ^ 3), &[0.0; 256], seed);
            let biases = std::array::from_fn(|code| (code as f32 - 100.0) * 37.0);
            planes_agree(&values, &noise(count * dim, seed ^ 4), &biases, seed);
        }
    }
    planes_agree(&[0.0; 64], &noise(64 * 20, 5), &[0.5; 256], 6);
    // More than are looked at together.
    if !cfg!(miri) {
        planes_agree(&[1.0; 16], &noise(16 * 1_300, 7), &[0.5; 256], 8);
    }
}

/// Every low half at its end, so that the bound is met.
#[test]
fn the_best_of_a_high_half_is_not_missed() {
    for code in 0..=u8::MAX {
        for sign in [1.0, -1.0] {
            let values: Vec<f32> = (0..64).map(|dim| if dim % 3 == 0 { -sign } else { sign }).collect();
            let best = |value: &f32| if *value > 0.0 { code | 0x0f } else { code & 0xf0 };
            let mut rows: Vec<u8> = values.iter().map(|_| code).collect::<Vec<_>>().repeat(39);
            rows.extend(values.iter().map(best));
            planes_agree(&values, &rows, &[0.0; 256], u32::from(code));
        }
    }
}

#[test]
fn extremes_do_not_overflow() {
    for codes in [Codes::Int4, Codes::Int8] {
        for (value, byte) in [(1.0, 0x80), (-1.0, 0x80), (1.0, 0x7f), (-1.0, 0x7f), (1.0, 0x88), (-1.0, 0x77)]
        {
            let query = Query::new(&[value; MAX_DIM], codes);
            let rows = vec![byte; 20 * query.row_bytes()];
            let expected = dot_of(&query, MAX_DIM, &rows[..query.row_bytes()]);
            let biggest = vec![byte; 20 * MAX_DIM];
            if codes == Codes::Int8 {
                planes_agree(&[value; MAX_DIM], &biggest, &[0.0; 256], 1);
            }
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
    fn planes_agree_for_any(
        values in prop::collection::vec(-1.0_f32..1.0, 1..=MAX_DIM),
        count in 0_usize..300,
        seed in any::<u32>(),
    ) {
        planes_agree(&values, &noise(count * values.len(), seed), &[0.25; 256], seed);
    }

    #[cfg_attr(miri, ignore = "the shapes that are not drawn are enough")]
    #[test]
    fn all_kernels_agree(dim in 1_usize..=MAX_DIM, count in 0_usize..70, four in any::<bool>(), seed in any::<u32>()) {
        agree(dim, count, if four { Codes::Int4 } else { Codes::Int8 }, seed);
    }
}
