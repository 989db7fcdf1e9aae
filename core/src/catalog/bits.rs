//! A set of items, one bit each.

/// A set of the items `0..len`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    pub(crate) fn none(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// Makes it the empty set of `0..len`.
    pub(crate) fn reset(&mut self, len: usize) {
        self.words.clear();
        self.words.resize(len.div_ceil(64), 0);
        self.len = len;
    }

    pub(crate) fn all(len: usize) -> Self {
        let mut bits = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        bits.cut();
        bits
    }

    /// Those whose value passes, of which the first `values.len()` are given and all others are `rest`.
    pub(crate) fn of_column<T: Copy>(values: &[T], rest: T, len: usize, passes: impl Fn(T) -> bool) -> Self {
        let mut bits = if passes(rest) { Self::all(len) } else { Self::none(len) };
        let (chunks, tail) = values[..values.len().min(len)].as_chunks::<64>();
        for (word, chunk) in bits.words.iter_mut().zip(chunks) {
            let flags = chunk.map(|value| u8::from(passes(value)));
            *word = 0;
            for (byte, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
                // Flag `i` of eight moves to bit `i` of the product's highest byte.
                let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
                *word |= gathered << (8 * byte);
            }
        }
        for (index, value) in tail.iter().enumerate() {
            let index = 64 * chunks.len() + index;
            bits.put(index, passes(*value));
        }
        bits
    }

    /// Clears what lies beyond the last item.
    fn cut(&mut self) {
        if let Some(last) = self.words.last_mut().filter(|_| !self.len.is_multiple_of(64)) {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }

    fn put(&mut self, index: usize, value: bool) {
        let (word, bit) = (&mut self.words[index / 64], 1 << (index % 64));
        if value {
            *word |= bit;
        } else {
            *word &= !bit;
        }
    }

    pub(crate) fn insert(&mut self, index: u32) {
        self.put(index as usize, true);
    }

    pub(crate) fn remove(&mut self, index: u32) {
        self.put(index as usize, false);
    }

    pub(crate) fn contains(&self, index: u32) -> bool {
        let word = self.words.get(index as usize / 64).copied().unwrap_or(0);
        word >> (index % 64) & 1 == 1
    }

    pub(crate) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) fn and(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub(crate) fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(crate) fn and_not(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    pub(crate) fn invert(&mut self) {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.cut();
    }

    /// The items of the set from `first` to before `end`, ascending.
    pub(crate) fn within(&self, first: u32, end: u32) -> impl Iterator<Item = u32> + '_ {
        let words = (first / 64..end.div_ceil(64)).map(move |place| {
            let mut word = self.words.get(place as usize).copied().unwrap_or(0);
            if place == first / 64 {
                word &= u64::MAX << (first % 64);
            }
            if place == end / 64 && !end.is_multiple_of(64) {
                word &= (1 << (end % 64)) - 1;
            }
            (place, word)
        });
        words.flat_map(|(place, word)| {
            std::iter::successors(Some(word), |word| Some(word & word.wrapping_sub(1)))
                .take_while(|word| *word != 0)
                .map(move |word| 64 * place + word.trailing_zeros())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(bits: &Bits, len: u32) -> Vec<u32> {
        bits.within(0, len).collect()
    }

    #[test]
    fn columns_become_the_bits_that_a_loop_would_set() {
        let values: Vec<u32> = (0..1_000_u32).map(|index| index.wrapping_mul(2_654_435_761) >> 7).collect();
        for (given, len) in [(0, 0), (0, 70), (63, 63), (64, 64), (65, 200), (1_000, 1_000), (1_000, 1_130)] {
            for (rest, share) in [(0, 2), (1, 2), (0, 100), (5, 7)] {
                let passes = |value: u32| value.is_multiple_of(share);
                let bits = Bits::of_column(&values[..given], rest, len, passes);
                let expected: Vec<u32> = (0..)
                    .zip(values.iter().take(given).copied().chain(std::iter::repeat(rest)).take(len))
                    .filter(|(_, value)| passes(*value))
                    .map(|(index, _)| index)
                    .collect();
                assert_eq!(members(&bits, u32::try_from(len).unwrap()), expected, "{given} of {len}");
                assert_eq!(bits.count(), expected.len());
                let mut inverted = bits.clone();
                inverted.invert();
                assert_eq!(inverted.count(), len - expected.len());
                inverted.and(&bits);
                assert_eq!(inverted.count(), 0);
            }
        }
    }

    #[test]
    fn ranges_begin_and_end_anywhere() {
        let mut bits = Bits::none(300);
        for index in [0, 1, 63, 64, 127, 128, 200, 299] {
            bits.insert(index);
        }
        for first in 0..300 {
            for end in first..=300 {
                let expected: Vec<u32> = (first..end).filter(|&index| bits.contains(index)).collect();
                assert_eq!(bits.within(first, end).collect::<Vec<_>>(), expected, "{first}..{end}");
            }
        }
        assert!(!bits.contains(300) && !bits.contains(100_000));
    }

    #[test]
    fn sets_combine() {
        let even =
            Bits::of_column(&(0..100_u32).collect::<Vec<_>>(), 1, 100, |value| value.is_multiple_of(2));
        let mut both =
            Bits::of_column(&(0..100_u32).collect::<Vec<_>>(), 1, 100, |value| value.is_multiple_of(3));
        let mut either = both.clone();
        let mut less = both.clone();
        both.and(&even);
        either.or(&even);
        less.and_not(&even);
        less.remove(3);
        assert_eq!(members(&both, 20), [0, 6, 12, 18]);
        assert_eq!(members(&either, 10), [0, 2, 3, 4, 6, 8, 9]);
        assert_eq!(members(&less, 20), [9, 15]);
        assert_eq!(Bits::all(100).count(), 100);
    }
}
