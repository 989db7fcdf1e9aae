//! The universal hash NH of UMAC (Black, Halevi, Krawczyk, Krovetz, Rogaway 1999), at the speed of reading: what a fingerprint of
//! a whole file begins with.
//!
//! In: bytes and a secret [`Key`]. Out: 32 bytes for each [`UNIT_BYTES`]. For words `m` and `k` of 32 bits, a unit's sum is
//! `sum_i (m_2i + k_2i) * (m_2i+1 + k_2i+1)` with the additions modulo 2^32 and the sum modulo 2^64; four sums, each with the key
//! moved on by four words. Two different units of one length have the same four sums for at most one key in 2^128, whoever
//! chose them without knowing the key. Must never be used alone: it compresses, and what it gives is no longer than its input
//! only by a factor; a hash for any length takes it from there.

/// Bytes that become one digest.
pub const UNIT_BYTES: usize = 4096;
/// Bytes of the digest of a unit.
pub const DIGEST_BYTES: usize = 8 * SUMS;
/// Bytes of a key.
pub const KEY_BYTES: usize = 8 * KEY_PAIRS;

/// Independent sums.
const SUMS: usize = 4;
/// How far the key moves from sum to sum, in pairs of words.
const STEP: usize = 2;
const KEY_PAIRS: usize = UNIT_BYTES / 8 + STEP * (SUMS - 1);

/// The secret words, two in each value.
#[derive(Clone)]
pub struct Key([u64; KEY_PAIRS]);

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Key(..)")
    }
}

impl Key {
    /// A key of uniformly random bytes.
    #[must_use]
    pub fn new(random: &[u8; KEY_BYTES]) -> Self {
        let (pairs, _) = random.as_chunks();
        Self(std::array::from_fn(|place| u64::from_le_bytes(pairs[place])))
    }

    /// Calls `take` with the digest of each unit of `bytes`, in order. The last unit is filled up with zeros: two texts of
    /// different lengths may have the same digests.
    pub fn digests(&self, bytes: &[u8], mut take: impl FnMut(&[u8; DIGEST_BYTES])) {
        let sums = sums();
        let (units, rest) = bytes.as_chunks::<UNIT_BYTES>();
        let mut write = |unit: &[u8; UNIT_BYTES]| {
            let mut digest = [0; DIGEST_BYTES];
            for (out, sum) in digest.as_chunks_mut().0.iter_mut().zip(sums(unit, &self.0)) {
                *out = sum.to_le_bytes();
            }
            take(&digest);
        };
        units.iter().for_each(&mut write);
        if !rest.is_empty() {
            let mut last = [0; UNIT_BYTES];
            last[..rest.len()].copy_from_slice(rest);
            write(&last);
        }
    }
}

type Sums = fn(&[u8; UNIT_BYTES], &[u64; KEY_PAIRS]) -> [u64; SUMS];

/// The fastest way this processor has. All give the same.
fn sums() -> Sums {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        return wide;
    }
    #[cfg(target_arch = "aarch64")]
    if std::arch::is_aarch64_feature_detected!("neon") {
        return wide;
    }
    plain
}

/// Safe code for any processor.
fn plain(unit: &[u8; UNIT_BYTES], key: &[u64; KEY_PAIRS]) -> [u64; SUMS] {
    let mut sums = [0_u64; SUMS];
    let (pairs, _) = unit.as_chunks();
    for (place, pair) in pairs.iter().enumerate() {
        let pair = u64::from_le_bytes(*pair);
        for (row, sum) in sums.iter_mut().enumerate() {
            *sum = sum.wrapping_add(product(pair, key[place + row * STEP]));
        }
    }
    sums
}

/// The low halves added and the high halves added, each modulo 2^32, and multiplied.
#[expect(clippy::cast_possible_truncation, reason = "halves")]
fn product(pair: u64, key: u64) -> u64 {
    let low = (pair as u32).wrapping_add(key as u32);
    let high = ((pair >> 32) as u32).wrapping_add((key >> 32) as u32);
    u64::from(low) * u64::from(high)
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "intrinsics")]
fn wide(unit: &[u8; UNIT_BYTES], key: &[u64; KEY_PAIRS]) -> [u64; SUMS] {
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    fn avx2(unit: &[u8; UNIT_BYTES], key: &[u64; KEY_PAIRS]) -> [u64; SUMS] {
        let mut sums = [_mm256_setzero_si256(); SUMS];
        for first in (0..UNIT_BYTES / 8).step_by(4) {
            // SAFETY: the last 32 bytes end where the unit ends, and a key has as many more pairs as the last row is moved by.
            let pairs = unsafe { _mm256_loadu_si256(unit.as_ptr().add(8 * first).cast()) };
            for (row, sum) in sums.iter_mut().enumerate() {
                // SAFETY: as above.
                let key = unsafe { _mm256_loadu_si256(key.as_ptr().add(first + row * STEP).cast()) };
                let both = _mm256_add_epi32(pairs, key);
                let products = _mm256_mul_epu32(both, _mm256_srli_epi64::<32>(both));
                *sum = _mm256_add_epi64(*sum, products);
            }
        }
        sums.map(|sum| {
            let mut lanes = [0_u64; 4];
            // SAFETY: 32 bytes are 32 bytes.
            unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), sum) };
            lanes.into_iter().fold(0, u64::wrapping_add)
        })
    }
    // SAFETY: `sums` gives this function only where the processor has AVX2.
    unsafe { avx2(unit, key) }
}

#[cfg(target_arch = "aarch64")]
#[expect(unsafe_code, reason = "intrinsics")]
fn wide(unit: &[u8; UNIT_BYTES], key: &[u64; KEY_PAIRS]) -> [u64; SUMS] {
    use std::arch::aarch64::*;

    #[target_feature(enable = "neon")]
    fn neon(unit: &[u8; UNIT_BYTES], key: &[u64; KEY_PAIRS]) -> [u64; SUMS] {
        let mut sums = [vdupq_n_u64(0); SUMS];
        for first in (0..UNIT_BYTES / 8).step_by(2) {
            // SAFETY: the last 16 bytes end where the unit ends, and a key has as many more pairs as the last row is moved by.
            let pairs = vreinterpretq_u32_u8(unsafe { vld1q_u8(unit.as_ptr().add(8 * first)) });
            for (row, sum) in sums.iter_mut().enumerate() {
                // SAFETY: as above.
                let key = vreinterpretq_u32_u64(unsafe { vld1q_u64(key.as_ptr().add(first + row * STEP)) });
                let both = vreinterpretq_u64_u32(vaddq_u32(pairs, key));
                *sum = vmlal_u32(*sum, vmovn_u64(both), vshrn_n_u64::<32>(both));
            }
        }
        // A function with features of its own is no closure; this one inherits them.
        sums.map(|sum| vaddvq_u64(sum))
    }
    // SAFETY: `sums` gives this function only where the processor has NEON.
    unsafe { neon(unit, key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that look random and are the same every time.
    fn noise(seed: u32) -> impl Iterator<Item = u8> {
        let mut state = seed;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
    }

    fn key(seed: u32) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        key.iter_mut().zip(noise(seed)).for_each(|(byte, noise)| *byte = noise);
        key
    }

    fn digests(key: &[u8; KEY_BYTES], bytes: &[u8]) -> Vec<[u8; DIGEST_BYTES]> {
        let mut all = Vec::new();
        Key::new(key).digests(bytes, |digest| all.push(*digest));
        all
    }

    /// The sums as the paper writes them: words, and integers that are reduced at the end.
    fn as_written(key: &[u8; KEY_BYTES], unit: &[u8]) -> Vec<u8> {
        let words = |bytes: &[u8]| -> Vec<u128> {
            bytes
                .chunks(4)
                .map(|word| word.iter().rev().fold(0, |value, byte| value << 8 | u128::from(*byte)))
                .collect()
        };
        let (text, key) = (words(unit), words(key));
        let sum = |row: usize| -> u128 {
            let added = |place: usize| (text[place] + key[place + 4 * row]) % (1 << 32);
            (0..text.len()).step_by(2).map(|place| added(place) * added(place + 1)).sum()
        };
        (0..4).flat_map(|row| (sum(row) % (1 << 64)).to_le_bytes()[..8].to_vec()).collect()
    }

    #[test]
    fn every_way_gives_what_the_paper_writes() {
        for seed in 0..if cfg!(miri) { 1 } else { 8 } {
            let (key, unit) = (key(seed), noise(seed + 100).take(UNIT_BYTES).collect::<Vec<_>>());
            assert_eq!(digests(&key, &unit), [as_written(&key, &unit).as_slice()]);
            let mut array = [0; UNIT_BYTES];
            array.copy_from_slice(&unit);
            assert_eq!(plain(&array, &Key::new(&key).0), sums()(&array, &Key::new(&key).0));
        }
        // The largest words, where additions and sums wrap.
        let (key, unit) = ([0xff; KEY_BYTES], [0xff; UNIT_BYTES]);
        assert_eq!(digests(&key, &unit), [as_written(&key, &unit).as_slice()]);
    }

    #[test]
    fn a_sum_by_hand() {
        // Every word of the key is 1: 512 pairs of 1 * 1, and where the text has a 2, 3 * 1.
        let mut ones = [0; KEY_BYTES];
        ones.iter_mut().step_by(4).for_each(|byte| *byte = 1);
        let mut unit = [0; UNIT_BYTES];
        unit[4] = 2;
        let expected: Vec<u8> = [514_u64; SUMS].iter().flat_map(|sum| sum.to_le_bytes()).collect();
        assert_eq!(digests(&ones, &unit), [expected.as_slice()]);
    }

    #[test]
    fn the_last_unit_is_filled_up() {
        let key = key(1);
        let bytes: Vec<u8> = noise(2).take(2 * UNIT_BYTES + 5).collect();
        let mut whole = bytes.clone();
        whole.resize(3 * UNIT_BYTES, 0);
        assert_eq!(digests(&key, &bytes), digests(&key, &whole));
        assert_eq!(digests(&key, &[]), [] as [[u8; DIGEST_BYTES]; 0]);
    }

    #[test]
    fn every_byte_counts() {
        let key = key(3);
        let unit: Vec<u8> = noise(4).take(UNIT_BYTES).collect();
        let before = digests(&key, &unit);
        for at in (0..UNIT_BYTES).step_by(if cfg!(miri) { 509 } else { 1 }) {
            let mut changed = unit.clone();
            changed[at] ^= 1;
            let after = digests(&key, &changed);
            // Each of the four sums sees it.
            for row in 0..SUMS {
                assert_ne!(before[0][8 * row..][..8], after[0][8 * row..][..8], "byte {at}, sum {row}");
            }
        }
    }
}
