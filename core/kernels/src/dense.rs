//! Loops over one vector or a few, each sum in one fixed order so that its bits are the same everywhere.
//!
//! They stand here because this crate is built for speed where the rest is built to be small.

#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calls of what was compiled for the processor at hand")
)]

/// Items whose sums [`side_by_side`] computes at once: an answer's, with as many sums as registers hold.
pub const LANES: usize = 12;

/// Compiles a loop for any processor, and on x86-64 once more for those with 256-bit registers. The operations and their order
/// are the same, and none are fused: so are the bits.
macro_rules! wide {
    ($(#[$about:meta])* $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? $body:block) => {
        $(#[$about])*
        pub fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            fn any($($argument: $type),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn wide($($argument: $type),*) $(-> $result)? {
                    any($($argument),*)
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor was asked for what the function is compiled for.
                    return unsafe { wide($($argument),*) };
                }
            }
            any($($argument),*)
        }
    };
}

wide! {
    /// The dot product, in eight sums that a processor can compute side by side. What is missing of the shorter one counts as
    /// zero.
    #[must_use]
    dot(left: &[f32], right: &[f32]) -> f32 {
        let mut sums = [0.0_f32; 8];
        let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<8>(), right.as_chunks::<8>());
        for (left, right) in left.iter().zip(right) {
            for lane in 0..8 {
                sums[lane] += left[lane] * right[lane];
            }
        }
        let mut total = 0.0;
        for sum in sums {
            total += sum;
        }
        for (left, right) in left_rest.iter().zip(right_rest) {
            total += left * right;
        }
        total
    }
}

wide! {
    /// The dot product in `f64`, in eight sums. What is missing of the shorter one counts as zero.
    #[must_use]
    dot_wide(left: &[f64], right: &[f32]) -> f64 {
        let mut sums = [0.0_f64; 8];
        let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<8>(), right.as_chunks::<8>());
        for (left, right) in left.iter().zip(right) {
            for lane in 0..8 {
                sums[lane] += left[lane] * f64::from(right[lane]);
            }
        }
        let mut total = 0.0;
        for sum in sums {
            total += sum;
        }
        for (left, right) in left_rest.iter().zip(right_rest) {
            total += left * f64::from(*right);
        }
        total
    }
}

wide! {
    /// The dot products of `row` with each of [`LANES`] columns, each summed from the first value to the last.
    #[must_use]
    side_by_side(row: &[f32], columns: &[[f64; LANES]]) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        let mut add = |value: f32, column: &[f64; LANES]| {
            let value = f64::from(value);
            for lane in 0..LANES {
                sums[lane] += value * column[lane];
            }
        };
        let count = row.len().min(columns.len());
        let (values, rest) = row[..count].as_chunks::<4>();
        let (columns, last) = columns[..count].as_chunks::<4>();
        for (values, columns) in values.iter().zip(columns) {
            for place in 0..4 {
                add(values[place], &columns[place]);
            }
        }
        for (value, column) in rest.iter().zip(last) {
            add(*value, column);
        }
        sums
    }
}

wide! {
    /// Adds `factor` times `values` to `totals`.
    add_scaled(totals: &mut [f32], factor: f32, values: &[f32]) {
        for (total, value) in totals.iter_mut().zip(values) {
            *total += factor * value;
        }
    }
}

wide! {
    /// Adds `factor` times `values` to `totals`, in `f64`.
    add_scaled_wide(totals: &mut [f64], factor: f64, values: &[f32]) {
        for (total, value) in totals.iter_mut().zip(values) {
            *total += factor * f64::from(*value);
        }
    }
}

wide! {
    /// Writes the values of an int4 row: the even dimensions in the low halves of its bytes. Never -0.0.
    write_int4(row: &[u8], scale: f32, out: &mut [f32]) {
        let (pairs, last) = out.as_chunks_mut::<2>();
        for (pair, byte) in pairs.iter_mut().zip(row) {
            let code = byte.cast_signed();
            *pair = [f32::from(code << 4 >> 4) * scale + 0.0, f32::from(code >> 4) * scale + 0.0];
        }
        if let (Some(value), Some(byte)) = (last.first_mut(), row.get(pairs.len())) {
            *value = f32::from(byte.cast_signed() << 4 >> 4) * scale + 0.0;
        }
    }
}

wide! {
    /// Writes the values of an int8 row. Never -0.0.
    write_int8(row: &[u8], scale: f32, out: &mut [f32]) {
        for (value, byte) in out.iter_mut().zip(row) {
            *value = f32::from(byte.cast_signed()) * scale + 0.0;
        }
    }
}

wide! {
    /// Adds `amount` to the value of each bit that is set, from the lowest of the first byte on, and takes it off the others.
    add_residuals(bits: &[u8], amount: f32, out: &mut [f32]) {
        let sign = |byte: u8, place: usize| if byte >> place & 1 == 1 { amount } else { -amount };
        let (values, last) = out.as_chunks_mut::<8>();
        for (values, byte) in values.iter_mut().zip(bits) {
            values.iter_mut().enumerate().for_each(|(place, value)| *value += sign(*byte, place));
        }
        if let Some(byte) = bits.get(values.len()) {
            last.iter_mut().enumerate().for_each(|(place, value)| *value += sign(*byte, place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: u8) -> Vec<f32> {
        (0..count).map(|place| f32::from(place.wrapping_mul(37)) - 100.0).collect()
    }

    #[test]
    fn values_are_codes_times_the_scale() {
        let mut out = [9.0; 3];
        write_int4(&[0x7f, 0x08], 0.5, &mut out);
        let bits = |values: [f32; 3]| values.map(f32::to_bits);
        assert_eq!(bits(out), bits([-0.5, 3.5, -4.0]));
        write_int8(&[1, 0x80, 0], -0.0, &mut out);
        assert_eq!(bits(out), [0; 3], "never -0.0");
        write_int8(&[1, 0x80, 0x7f], 2.0, &mut out);
        assert_eq!(bits(out), bits([2.0, -256.0, 254.0]));
    }

    #[test]
    fn residuals_move_every_value() {
        let mut out = [1.0; 11];
        add_residuals(&[0b1000_0101, 0b100], 0.25, &mut out);
        let up = [0, 2, 7, 10];
        for (place, value) in out.into_iter().enumerate() {
            assert_eq!(
                value.to_bits(),
                if up.contains(&place) { 1.25_f32 } else { 0.75 }.to_bits(),
                "{place}"
            );
        }
    }

    #[test]
    fn sums_are_those_of_a_plain_loop() {
        for count in [0, 1, 7, 8, 9, 64, 255] {
            let (left, right) = (numbers(count), numbers(count).into_iter().rev().collect::<Vec<_>>());
            // Small integers: exact in any order.
            let plain: f32 = left.iter().zip(&right).map(|(left, right)| left * right).sum();
            assert_eq!(dot(&left, &right).to_bits(), (plain + 0.0).to_bits(), "{count} values");
            let wide: Vec<f64> = left.iter().copied().map(f64::from).collect();
            assert_eq!(dot_wide(&wide, &right).to_bits(), f64::from(plain + 0.0).to_bits(), "{count} values");
            let columns: Vec<[f64; LANES]> = right
                .iter()
                .map(|value| std::array::from_fn(|lane| f64::from(*value) / (lane as f64 + 3.0)))
                .collect();
            let sums = side_by_side(&left, &columns);
            for (lane, sum) in sums.into_iter().enumerate() {
                let mut plain = 0.0;
                for (value, column) in left.iter().zip(&columns) {
                    plain += f64::from(*value) * column[lane];
                }
                assert_eq!(sum.to_bits(), plain.to_bits(), "{count} values, lane {lane}");
            }
            let (mut narrow, mut wide) = (left.clone(), vec![1.0; left.len()]);
            add_scaled(&mut narrow, 2.0, &right);
            add_scaled_wide(&mut wide, -3.0, &right);
            for place in 0..left.len() {
                assert_eq!(narrow[place].to_bits(), (left[place] + 2.0 * right[place]).to_bits());
                assert_eq!(wide[place].to_bits(), (1.0 - 3.0 * f64::from(right[place])).to_bits());
            }
        }
    }
}
