//! The reference: safe code in lanes, which a compiler turns into what the target has.

use super::{Codes, Finish, Query};

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
    let Finish { scale_codes, scales, bias_codes, biases } = finish;
    let mut top = f32::NEG_INFINITY;
    for (((out, sum), scale), bias) in out.iter_mut().zip(sums).zip(scale_codes).zip(bias_codes) {
        #[expect(clippy::cast_precision_loss, reason = "at most 256 * 127 * 128, below 2^24")]
        let sum = *sum as f32;
        *out = sum * scales[usize::from(*scale)] + biases[usize::from(*bias)];
        top = top.max(*out);
    }
    top
}
