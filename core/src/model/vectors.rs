//! The values of quantised rows.

use super::bytes::{high, low};

/// Writes the values of an int4 row.
pub(super) fn write_int4(row: &[u8], scale: f32, out: &mut [f32]) {
    for (index, value) in out.iter_mut().enumerate() {
        let byte = row[index / 2];
        let code = if index.is_multiple_of(2) { low(byte) } else { high(byte) };
        *value = f32::from(code) * scale + 0.0;
    }
}

/// Writes the values of an int8 row.
pub(super) fn write_int8(row: &[u8], scale: f32, out: &mut [f32]) {
    for (value, byte) in out.iter_mut().zip(row) {
        *value = f32::from(byte.cast_signed()) * scale + 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
