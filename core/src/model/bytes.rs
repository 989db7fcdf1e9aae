//! Little-endian reads from ranges that were checked at open, and bit-packed rows.

/// The `N` bytes at `offset`; the caller has checked that they exist.
#[inline]
pub(super) fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[offset..offset + N]);
    array
}

/// The `u16` at byte `offset`.
#[inline]
pub(super) fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, offset))
}

/// The `u32` at byte `offset`.
#[inline]
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, offset))
}

/// The `u64` at byte `offset`.
#[inline]
pub(super) fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, offset))
}

/// The `f32` at byte `offset`.
#[inline]
pub(super) fn f32_at(bytes: &[u8], offset: usize) -> f32 {
    f32::from_le_bytes(array_at(bytes, offset))
}

/// The `index`-th `u32` of an array that starts at the beginning of `bytes`.
#[inline]
pub(super) fn element(bytes: &[u8], index: usize) -> u32 {
    u32_at(bytes, index * 4)
}

/// Value `index` of a row of `bits`-wide values (at most 32), least significant bit first.
#[inline]
pub(super) fn packed(row: &[u8], index: usize, bits: usize) -> u32 {
    let first = index * bits;
    // The eight bytes from where it begins, or the row's last eight: it ends within them.
    let byte = (first / 8).min(row.len().saturating_sub(8));
    let window = match row.get(byte..byte + 8) {
        Some(eight) => u64::from_le_bytes(array_at(eight, 0)),
        None => {
            let mut eight = [0; 8];
            eight[..row.len()].copy_from_slice(row);
            u64::from_le_bytes(eight)
        }
    };
    let masked = (window >> (first - 8 * byte)) & ((1_u64 << bits) - 1);
    u32::try_from(masked).expect("at most 32 bits are left by the mask")
}

/// Nibble `index` of a row, low nibble first.
#[inline]
pub(super) fn nibble(row: &[u8], index: usize) -> u8 {
    let byte = row[index / 2];
    if index.is_multiple_of(2) { byte & 0x0f } else { byte >> 4 }
}

/// The signed value of a low nibble in two's complement.
#[inline]
pub(super) fn low(byte: u8) -> i8 {
    (byte << 4).cast_signed() >> 4
}

/// The signed value of a high nibble in two's complement.
#[inline]
pub(super) fn high(byte: u8) -> i8 {
    byte.cast_signed() >> 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nibbles_are_signed() {
        assert_eq!((low(0x7f), high(0x7f)), (-1, 7));
        assert_eq!((low(0x90), high(0x90)), (0, -7));
        assert_eq!((nibble(&[0x7f], 0), nibble(&[0x7f], 1)), (15, 7));
    }

    #[test]
    fn packed_values_cross_bytes() {
        let values: Vec<u32> = (0..23).map(|index| (index * 2_654_435_761_u64 % (1 << 13)) as u32).collect();
        let mut row = vec![0_u8; (23 * 13_usize).div_ceil(8)];
        for (index, value) in values.iter().enumerate() {
            for bit in 0..13 {
                let at = index * 13 + bit;
                row[at / 8] |= ((value >> bit & 1) as u8) << (at % 8);
            }
        }
        let read: Vec<u32> = (0..23).map(|index| packed(&row, index, 13)).collect();
        assert_eq!(read, values);
        assert_eq!(packed(&[0xff; 9], 1, 32), u32::MAX);
    }
}
