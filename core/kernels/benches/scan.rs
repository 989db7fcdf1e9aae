//! Every kernel against the time of merely reading the same bytes, interleaved in one run.
//!
//! `cargo bench -p tastekeeper-kernels`. Times are medians of one pass over all rows of 64 dimensions; the ratio is to the
//! read floor of the same bytes, measured between the passes. Where no score is wanted no row is looked up; a search for a few of
//! many is between the two, and near that. Planes are int8 rows in two planes, and their read floor is that of both.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark takes the time, and reports"
)]

use std::hint::black_box;
use std::time::Instant;

use tastekeeper_kernels::{Codes, Finish, Kernel, Query, plane_scores, scores};

const DIM: usize = 64;
const BLOCK: usize = 1024;
const ROUNDS: usize = 61;
/// How many of the best are wanted, where a few are. Of 100 000 about one row in a hundred is then above its bound.
const FEW: usize = 120;

/// How the rows lie.
#[derive(Clone, Copy, Debug)]
enum Rows {
    Int4,
    Int8,
    Planes,
}

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
        for layout in [Rows::Int4, Rows::Int8, Rows::Planes] {
            let values: Vec<f32> = noise(DIM).iter().map(|byte| f32::from(*byte) - 127.5).collect();
            let codes = if matches!(layout, Rows::Int8) { Codes::Int8 } else { Codes::Int4 };
            let query = Query::new(&values, codes);
            let planes = if matches!(layout, Rows::Planes) { 2 } else { 1 };
            let bytes = noise(rows * query.row_bytes() * planes);
            let (first, second) = bytes.split_at(rows * query.row_bytes());
            let (scale_codes, mut bias_codes) = (noise(rows), noise(rows));
            // Popularities fall from item to item.
            bias_codes.sort_unstable_by(|left, right| right.cmp(left));
            let (scales, biases) = ([0.01; 256], [0.5; 256]);
            let top_scale = 0.01;
            let block_bytes = BLOCK * query.row_bytes();
            let pass = |kernel: Kernel, least: f32, mut visit: Option<&mut Vec<f32>>| {
                let (mut sums, mut out) = ([0; BLOCK], [0.0; BLOCK]);
                let start = Instant::now();
                let mut top = f32::NEG_INFINITY;
                let blocks = first.chunks(block_bytes).enumerate();
                for (((block, rows), scale_codes), bias_codes) in
                    blocks.zip(scale_codes.chunks(BLOCK)).zip(bias_codes.chunks(BLOCK))
                {
                    let finish = Finish {
                        scale_codes,
                        scales: &scales,
                        bias_codes,
                        biases: &biases,
                        top_scale,
                        least,
                    };
                    let out = &mut out[..scale_codes.len()];
                    top = top.max(match layout {
                        Rows::Int4 | Rows::Int8 => scores(kernel, &query, rows, finish, &mut sums, out),
                        Rows::Planes => {
                            let low = &second[block * block_bytes..][..rows.len()];
                            plane_scores(kernel, &query, [rows, low], finish, &mut sums, out)
                        }
                    });
                    if let Some(all) = &mut visit {
                        all.extend_from_slice(out);
                    }
                }
                black_box(top);
                start.elapsed().as_secs_f64() * 1e6
            };
            let mut all = Vec::new();
            pass(Kernel::Scalar, f32::NEG_INFINITY, Some(&mut all));
            all.sort_unstable_by(|left, right| right.total_cmp(left));
            let wanted = [("all", f32::NEG_INFINITY), ("few", all[FEW - 1]), ("none", f32::INFINITY)];
            let ways: Vec<_> =
                Kernel::available().into_iter().flat_map(|kernel| wanted.map(|bar| (kernel, bar))).collect();
            let mut times = vec![Vec::new(); ways.len()];
            let mut floor = Vec::new();
            for _ in 0..ROUNDS {
                for ((kernel, (_, least)), times) in ways.iter().zip(&mut times) {
                    let start = Instant::now();
                    black_box(read(black_box(&bytes)));
                    floor.push(start.elapsed().as_secs_f64() * 1e6);
                    times.push(pass(*kernel, *least, None));
                }
            }
            let floor = median(&mut floor);
            for ((kernel, (wanted, _)), times) in ways.iter().zip(&mut times) {
                let time = median(times);
                println!(
                    "| {rows} | {layout:?} | {kernel:?} | {wanted} | {time:.1} | {floor:.1} | {:.2} |",
                    time / floor
                );
            }
        }
    }
}
