//! The reference: safe code in lanes, which a compiler turns into what the target has.

use super::sketch::{HalfTable, SKETCH_ROWS, Summed};
use super::{Codes, FINISHED, Finish, Query, only_code};

/// Sums that are kept apart until a row's end, so that they can stand in one register or several.
const LANES: usize = 16;

pub(crate) fn dots(query: &Query, rows: &[u8], out: &mut [i32]) {
    let bytes = query.row_bytes();
    let rows = rows.chunks_exact(bytes);
    match query.codes() {
        Codes::Int8 => {
            for (sum, row) in out.iter_mut().zip(rows) {
                *sum = sum_of(row, query.first(), |byte| i16::from(byte.cast_signed()));
            }
        }
        Codes::Int4 => {
            for (sum, row) in out.iter_mut().zip(rows) {
                *sum = sum_of(row, query.first(), |byte| i16::from((byte << 4).cast_signed()) >> 4)
                    + sum_of(row, query.second(), |byte| i16::from(byte.cast_signed()) >> 4);
            }
        }
    }
}

/// The sum of the products of what `code` makes of each byte with the query's.
#[inline(always)]
fn sum_of(row: &[u8], query: &[i8], code: impl Fn(u8) -> i16) -> i32 {
    let mut lanes = [0_i32; LANES];
    let (chunks, last) = row.as_chunks::<LANES>();
    let (values, last_values) = query[..row.len()].as_chunks::<LANES>();
    for (bytes, values) in chunks.iter().zip(values) {
        for lane in 0..LANES {
            lanes[lane] += i32::from(code(bytes[lane])) * i32::from(values[lane]);
        }
    }
    for (byte, value) in last.iter().zip(last_values) {
        lanes[0] += i32::from(code(*byte)) * i32::from(*value);
    }
    lanes.iter().sum()
}

pub(crate) fn finish(finish: Finish<'_>, sums: &[i32], out: &mut [f32]) -> f32 {
    let (scale_codes, last_scales) = finish.scale_codes.as_chunks::<FINISHED>();
    let (bias_codes, last_biases) = finish.bias_codes.as_chunks::<FINISHED>();
    let (sums, last_sums) = sums.as_chunks::<FINISHED>();
    let (out, last) = out.as_chunks_mut::<FINISHED>();
    let mut top = f32::NEG_INFINITY;
    for (((out, sums), scales), biases) in out.iter_mut().zip(sums).zip(scale_codes).zip(bias_codes) {
        top = top.max(if may_count(&finish, sums, biases) {
            look_up(&finish, sums, scales, biases, out)
        } else {
            out.fill(f32::NEG_INFINITY);
            f32::NEG_INFINITY
        });
    }
    top.max(look_up(&finish, last_sums, last_scales, last_biases, last))
}

/// Whether one of eight may have a score that is wanted.
#[inline(always)]
fn may_count(finish: &Finish<'_>, sums: &[i32; FINISHED], biases: &[u8; FINISHED]) -> bool {
    let Some(bias) = only_code(biases) else { return true };
    let bias = finish.biases[usize::from(bias)];
    // Rounding keeps the order: what this makes of the largest sum is no less than any score.
    let most = sums.iter().fold(0, |most, sum| most.max(*sum));
    float(most) * finish.top_scale + bias >= finish.least
}

#[expect(clippy::cast_precision_loss, reason = "at most 256 * 127 * 128, below 2^24")]
fn float(sum: i32) -> f32 {
    sum as f32
}

fn look_up(finish: &Finish<'_>, sums: &[i32], scales: &[u8], biases: &[u8], out: &mut [f32]) -> f32 {
    let mut top = f32::NEG_INFINITY;
    for (((out, sum), scale), bias) in out.iter_mut().zip(sums).zip(scales).zip(biases) {
        let score = float(*sum) * finish.scales[usize::from(*scale)] + finish.biases[usize::from(*bias)];
        *out = if score >= finish.least { score } else { f32::NEG_INFINITY };
        top = top.max(*out);
    }
    top
}

pub(crate) fn sketch_sums(tables: &[[HalfTable; 2]], blocks: &[u8], least: u16, out: &mut [Summed]) {
    let blocks = blocks.chunks_exact(SKETCH_ROWS * tables.len());
    for (block, Summed { sums, wanted }) in blocks.zip(out) {
        sums.fill(0);
        for (bytes, [low, high]) in block.as_chunks::<SKETCH_ROWS>().0.iter().zip(tables) {
            for (sum, byte) in sums.iter_mut().zip(bytes) {
                *sum += u16::from(low[usize::from(byte & 0x0f)]) + u16::from(high[usize::from(byte >> 4)]);
            }
        }
        *wanted = sums.iter().rev().fold(0, |wanted, sum| wanted << 1 | u32::from(*sum >= least));
    }
}
