//! The reference: safe code in lanes, which a compiler turns into what the target has.

use super::planes::HIGH_BITS;
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

pub(crate) fn reach(finish: Finish<'_>, sums: &[i32], most: i32, places: &mut [u16]) -> usize {
    let mut count = 0;
    for (first, sums) in (0..).step_by(FINISHED).zip(sums.chunks(FINISHED)) {
        let mut bounds = [0; FINISHED];
        for (bound, sum) in bounds.iter_mut().zip(sums) {
            *bound = (sum << HIGH_BITS) + most;
        }
        let rows = usize::from(first)..usize::from(first) + sums.len();
        let finish = finish.of(rows);
        if finish.bias_codes.first_chunk().is_none_or(|biases| may_count(&finish, &bounds, biases)) {
            let mut scores = [f32::NEG_INFINITY; FINISHED];
            look_up(&finish, &bounds, finish.scale_codes, finish.bias_codes, &mut scores);
            for (place, score) in (first..).zip(scores) {
                if score >= finish.least {
                    places[count] = place;
                    count += 1;
                }
            }
        }
    }
    count
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

impl Finish<'_> {
    /// Writes the score of `row`, whose sum is `sum`, and returns it.
    #[inline(always)]
    pub(crate) fn write_score(&self, row: usize, sum: i32, out: &mut f32) -> f32 {
        let (scale, bias) = (self.scale_codes[row], self.bias_codes[row]);
        let score = float(sum) * self.scales[usize::from(scale)] + self.biases[usize::from(bias)];
        *out = if score >= self.least { score } else { f32::NEG_INFINITY };
        *out
    }
}

fn look_up(finish: &Finish<'_>, sums: &[i32], scales: &[u8], biases: &[u8], out: &mut [f32]) -> f32 {
    let mut top = f32::NEG_INFINITY;
    let finish = Finish { scale_codes: scales, bias_codes: biases, ..*finish };
    for (row, (out, sum)) in out.iter_mut().zip(sums).enumerate().take(scales.len()) {
        top = top.max(finish.write_score(row, *sum, out));
    }
    top
}
