//! Every kernel against the time of merely reading the same bytes, interleaved in one run.
//!
//! `cargo bench -p tastekeeper-kernels`. Times are medians of one pass over all rows of 64 dimensions; the ratio is to the
//! read floor of the same bytes, measured between the passes. Where no score is wanted no row is looked up; a search for a few of
//! many is between the two, and near that. A sketch is one bit for each dimension.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark takes the time, and reports"
)]

use std::hint::black_box;
use std::time::Instant;

use tastekeeper_kernels::{
    Codes, Finish, Guess, HalfTable, Kernel, Query, SKETCH_ROWS, guesses, nth_highest, scores,
};

const DIM: usize = 64;
const BLOCK: usize = 1024;
const ROUNDS: usize = 61;
/// How many of the best are wanted, where a few are.
const FEW: usize = 120;
/// The same of sketches, which only choose what to look at.
const FEW_SKETCHES: usize = 2_000;

fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}

/// Adds all words up, in eight sums so that no addition waits for another.
fn read(bytes: &[u8]) -> u64 {
    let mut sums = [0_u64; 8];
    for chunk in bytes.as_chunks::<64>().0 {
        for (sum, word) in sums.iter_mut().zip(chunk.as_chunks::<8>().0) {
            *sum = sum.wrapping_add(u64::from_le_bytes(*word));
        }
    }
    sums.iter().fold(0, |all, sum| all.wrapping_add(*sum))
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    println!(
        "| items | rows | kernel | wanted | us | read floor, us | ratio |\n|---:|---|---|---|---:|---:|---:|"
    );
    for rows in [10_000, 100_000, 1_000_000] {
        for codes in [Codes::Int4, Codes::Int8] {
            let values: Vec<f32> = noise(DIM).iter().map(|byte| f32::from(*byte) - 127.5).collect();
            let query = Query::new(&values, codes);
            let bytes = noise(rows * query.row_bytes());
            let (scale_codes, mut bias_codes) = (noise(rows), noise(rows));
            // Popularities fall from item to item.
            bias_codes.sort_unstable_by(|left, right| right.cmp(left));
            let (scales, biases) = ([0.01; 256], [0.5; 256]);
            let top_scale = 0.01;
            let block_bytes = BLOCK * query.row_bytes();
            let pass = |kernel: Kernel, least: f32, mut visit: Option<&mut Vec<f32>>| {
                let (mut sums, mut out) = ([0; BLOCK], [0.0; BLOCK]);
                let mut top = f32::NEG_INFINITY;
                let codes = scale_codes.chunks(BLOCK).zip(bias_codes.chunks(BLOCK));
                for (rows, (scale_codes, bias_codes)) in bytes.chunks(block_bytes).zip(codes) {
                    let finish = Finish {
                        scale_codes,
                        scales: &scales,
                        bias_codes,
                        biases: &biases,
                        top_scale,
                        least,
                    };
                    let out = &mut out[..scale_codes.len()];
                    top = top.max(scores(kernel, &query, rows, finish, &mut sums, out));
                    if let Some(all) = &mut visit {
                        all.extend_from_slice(out);
                    }
                }
                black_box(top);
            };
            let mut all = Vec::new();
            pass(Kernel::Scalar, f32::NEG_INFINITY, Some(&mut all));
            all.sort_unstable_by(|left, right| right.total_cmp(left));
            let wanted = [("all", f32::NEG_INFINITY), ("few", all[FEW - 1]), ("none", f32::INFINITY)];
            let pass = |kernel, least| pass(kernel, least, None);
            compare(&format!("{rows} | {codes:?}"), &bytes, wanted, pass);
        }
        let bytes = noise(rows.next_multiple_of(SKETCH_ROWS) * DIM / 8);
        let tables: Vec<[HalfTable; 2]> = noise(DIM * 4)
            .as_chunks::<32>()
            .0
            .iter()
            .map(|bytes| [0, 16].map(|first| std::array::from_fn(|value| bytes[first + value] / 2)))
            .collect();
        let (scale_codes, bias_codes) = (vec![1; rows], vec![0; rows]);
        let guess = Guess {
            tables: &tables,
            unit: 1.0,
            base: 0.0,
            scale_codes: &scale_codes,
            bias_codes: &bias_codes,
            biases: &[0.0; 256],
        };
        let mut all = vec![(0, 0.0); rows];
        guesses(Kernel::Scalar, guess, &bytes, -1.0, &mut all);
        let mut ranked: Vec<f32> = all.iter().map(|(_, score)| *score).collect();
        let wanted =
            [("all", -1.0), ("few", nth_highest(&mut ranked, FEW_SKETCHES)), ("none", f32::INFINITY)];
        let pass = |kernel, bar| {
            let mut out = [(0, 0.0); BLOCK];
            let mut count = 0;
            let codes = scale_codes.chunks(BLOCK).zip(bias_codes.chunks(BLOCK));
            for (blocks, (scale_codes, bias_codes)) in bytes.chunks(BLOCK * DIM / 8).zip(codes) {
                count += guesses(kernel, Guess { scale_codes, bias_codes, ..guess }, blocks, bar, &mut out);
            }
            black_box(count);
        };
        compare(&format!("{rows} | sketch"), &bytes, wanted, pass);
    }
    for count in [2_048, 8_192] {
        let scores: Vec<f32> =
            noise(2 * count).chunks(2).map(|pair| f32::from(pair[0]) * 256.0 + f32::from(pair[1])).collect();
        let mut times: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let mut scores = scores.clone();
                let start = Instant::now();
                black_box(nth_highest(&mut scores, count / 40));
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        println!("nth {count} {}", median(&mut times));
    }
}

/// Prints how long `pass` takes with each kernel and bar, and how long reading `bytes` takes between its passes.
fn compare<L: Copy>(what: &str, bytes: &[u8], wanted: [(&str, L); 3], pass: impl Fn(Kernel, L)) {
    let ways: Vec<_> =
        Kernel::available().into_iter().flat_map(|kernel| wanted.map(|bar| (kernel, bar))).collect();
    let mut times = vec![Vec::new(); ways.len()];
    let mut floor = Vec::new();
    for _ in 0..ROUNDS {
        for ((kernel, (_, least)), times) in ways.iter().zip(&mut times) {
            let start = Instant::now();
            black_box(read(black_box(bytes)));
            floor.push(start.elapsed().as_secs_f64() * 1e6);
            let start = Instant::now();
            pass(*kernel, *least);
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    let floor = median(&mut floor);
    for ((kernel, (wanted, _)), times) in ways.iter().zip(&mut times) {
        let time = median(times);
        println!("| {what} | {kernel:?} | {wanted} | {time:.1} | {floor:.1} | {:.2} |", time / floor);
    }
}
