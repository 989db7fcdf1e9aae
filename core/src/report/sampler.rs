//! The mechanism: a shopper's slots become a mask of topics, by subset selection from one slot drawn at random (Ye and Barg,
//! 2018; Wang et al., 2016), with integers only.
//!
//! Enters: eight topics and a source of uniform integers. Leaves: a mask with exactly `m` bits. Must never draw a different
//! number of integers, or from different ranges, for different slots; `docs/privacy.md` has the proof.

use zeroize::Zeroizing;

use super::{Parameters, SLOTS};
use crate::error::{Error, Result};
use crate::mutant;
use crate::store::CallRandom;

/// Topics of a shopper's newest items; topic 0 is an empty slot.
pub type SlotTopics = [u8; SLOTS as usize];

/// A source of uniform integers.
pub trait Draws {
    /// Returns an integer below `range`, each with the same chance. `range` is not zero.
    ///
    /// # Errors
    /// When the source fails.
    fn below(&mut self, range: u32) -> Result<u32>;
}

impl Draws for CallRandom {
    /// Rejection sampling on 32 bits: what lies above the last whole multiple of `range` is drawn again. How often depends on
    /// the range alone.
    fn below(&mut self, range: u32) -> Result<u32> {
        if mutant!(ModuloOfAByte) {
            return Ok(u32::from(Zeroizing::new(self.generate_bytes::<1>()?)[0]) % range);
        }
        if range == 0 {
            return Err(Error::Internal { reason: "a draw from an empty range".into() });
        }
        let surplus = (u32::MAX % range + 1) % range;
        loop {
            let drawn = Zeroizing::new(u32::from_le_bytes(*Zeroizing::new(self.generate_bytes()?)));
            if *drawn <= u32::MAX - surplus {
                return Ok(*drawn % range);
            }
        }
    }
}

/// Draws a mask: bit `t` stands for topic `t`. Takes `2 + m` integers from `draws`, of the ranges
/// `[8, mR + d - m, d - 1, .., d - m]`.
///
/// For tools that simulate a shop. On a phone only a [`Report`](super::Report) draws one, and only a `Report` becomes bytes.
///
/// # Errors
/// [`Error::InvalidArgument`] for a slot that is no topic of the mechanism; those of `draws`.
pub fn sample(parameters: Parameters, slots: &SlotTopics, draws: &mut impl Draws) -> Result<u64> {
    let topics = parameters.topics();
    if slots.iter().any(|&slot| slot >= topics) {
        return Err(Error::invalid("slots", "hold a topic that the mechanism does not have"));
    }
    let named = usize::from(parameters.per_report());
    let slot = Zeroizing::new(draws.below(u32::from(SLOTS))?);
    let topic = Zeroizing::new(slots[usize::try_from(*slot).unwrap_or_default()]);
    let (included, all) = match parameters.true_topic_odds() {
        (included, all) if mutant!(SquareRatio) => {
            let squared = included * u32::from(parameters.ratio());
            (squared, all - included + squared)
        }
        odds => odds,
    };
    let is_included = Zeroizing::new(u8::from(draws.below(all)? < included));
    // All topics but the one of the slot, and then the first `m` places of a Fisher-Yates shuffle.
    let mut others = Zeroizing::new([0_u8; 64]);
    for (place, other) in (0_u8..topics - 1).zip(others.iter_mut()) {
        *other = place + u8::from(place >= *topic);
    }
    for place in 0..named {
        let left = u32::from(topics) - 1 - u32::try_from(place).unwrap_or_default();
        let (from, range) = if mutant!(BiasedShuffle) { (0, u32::from(topics) - 1) } else { (place, left) };
        let ahead = Zeroizing::new(usize::try_from(draws.below(range)?).unwrap_or_default());
        if !mutant!(NoShuffle) {
            others.swap(place, from + *ahead);
        }
    }
    let mut mask = others[..named - 1].iter().fold(0_u64, |mask, &other| mask | 1 << other);
    mask |= 1 << if *is_included == 1 { *topic } else { others[named - 1] };
    Ok(mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::SeededRandom;

    /// Gives what it was told to, and notes the ranges.
    struct Told<'a>(&'a [u32], Vec<u32>);

    impl Draws for Told<'_> {
        fn below(&mut self, range: u32) -> Result<u32> {
            self.1.push(range);
            Ok(self.0[self.1.len() - 1])
        }
    }

    #[test]
    fn a_mask_is_made_as_drawn() {
        let parameters = Parameters::new(5, 2, 3).unwrap();
        let slots = [4, 2, 0, 0, 0, 0, 0, 0];
        // slot 1 is topic 2; the others are 0, 1, 3, 4
        let mask = |draws: &[u32]| {
            let mut told = Told(draws, Vec::new());
            let mask = sample(parameters, &slots, &mut told).unwrap();
            assert_eq!(told.1, [8, 9, 4, 3]);
            mask
        };
        assert_eq!(mask(&[1, 5, 0, 0]), 1 << 0 | 1 << 2);
        assert_eq!(mask(&[1, 6, 0, 0]), 1 << 0 | 1 << 1);
        // 3 to the front: 3, 1, 0, 4; then 4 to the second place
        assert_eq!(mask(&[1, 8, 2, 2]), 1 << 3 | 1 << 4);
        assert_eq!(mask(&[0, 0, 3, 0]), 1 << 3 | 1 << 4);
    }

    #[test]
    fn a_slot_that_is_no_topic_is_refused_before_anything_is_drawn() {
        let mut told = Told(&[], Vec::new());
        let slots = [0, 0, 0, 0, 0, 0, 0, 5];
        assert!(sample(Parameters::new(5, 2, 3).unwrap(), &slots, &mut told).is_err());
        assert!(told.1.is_empty());
    }

    #[test]
    fn below_draws_again_above_the_last_whole_multiple() {
        let mut random = CallRandom::draw(&SeededRandom::new(3));
        // Of 3 * 2^30 values a quarter of 2^32 is left over; a plain remainder would give the low ones twice.
        let range = 3 << 30;
        let low = (0..4_000).filter(|_| random.below(range).unwrap() < 1 << 30).count();
        assert!((1_150..1_520).contains(&low), "{low} of 4000, expected 1333");
        assert!(random.below(0).is_err());
        assert_eq!(random.below(1).unwrap(), 0);
    }

    #[test]
    fn a_source_that_fails_gives_no_mask() {
        struct Fails;
        impl crate::platform::SecureRandom for Fails {
            fn fill(&self, _: &mut [u8]) -> std::result::Result<(), crate::platform::RandomError> {
                Err(crate::platform::RandomError)
            }
        }
        let mut random = CallRandom::draw(&Fails);
        assert_eq!(
            sample(Parameters::new(5, 2, 3).unwrap(), &[0; 8], &mut random),
            Err(Error::RandomUnavailable)
        );
    }
}
