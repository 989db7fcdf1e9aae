//! The numbers of one mechanism: topics, topics per report, ratio; and what follows from them.
//!
//! Enters: three small integers. Leaves: [`Parameters`] that the sampler and the wire can rely on. Must never allow a ratio
//! above [`MAX_RATIO`] on the wire; the noise below report shares has its own, which no report can carry.

use super::{MAX_RATIO, MAX_TOPICS, MIN_SHOPPERS_PER_MASK};

/// A mechanism: `m` of `d` topics are named, and no mask is more than `R` times as likely for one shopper as for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parameters {
    topics: u8,
    per_report: u8,
    ratio: u8,
}

impl Parameters {
    /// `topics` is `d`, from 2 to 64, topic 0 included; `per_report` is `m`, from 1 to `d / 2`; `ratio` is `R`, from 2 to 8.
    /// `None` for anything else.
    #[must_use]
    pub fn new(topics: u8, per_report: u8, ratio: u8) -> Option<Self> {
        let sound = (2..=MAX_TOPICS).contains(&topics)
            && (1..=topics / 2).contains(&per_report)
            && (2..=MAX_RATIO).contains(&ratio);
        sound.then_some(Self { topics, per_report, ratio })
    }

    /// The mechanism below report shares: k-ary randomised response over `topics` topics, from 2 to 32, topic 0 included.
    /// `None` for anything else.
    #[cfg(feature = "prio")]
    #[must_use]
    pub fn of_shares(topics: u8) -> Option<Self> {
        let sound = (2..=super::SHARES_BUCKETS).contains(&topics);
        sound.then_some(Self { topics, per_report: 1, ratio: super::SHARES_RATIO })
    }

    /// Topics, topic 0 (an empty slot) included: `d`.
    #[must_use]
    pub fn topics(self) -> u8 {
        self.topics
    }

    /// Topics that a report names: `m`.
    #[must_use]
    pub fn per_report(self) -> u8 {
        self.per_report
    }

    /// The likelihood ratio `R`; the privacy loss of a report is `ln R`.
    #[must_use]
    pub fn ratio(self) -> u8 {
        self.ratio
    }

    /// The chance that a report names the topic of the slot it was drawn from: numerator and denominator of
    /// `mR / (mR + d - m)`.
    #[must_use]
    pub fn true_topic_odds(self) -> (u32, u32) {
        let (named, ratio) = (u32::from(self.per_report), u32::from(self.ratio));
        (named * ratio, named * ratio + u32::from(self.topics - self.per_report))
    }

    /// The chance that a report names a topic of which the shopper has nothing: numerator and denominator of
    /// `(m - p) / (d - 1)`, where `p` is the chance of [`true_topic_odds`](Self::true_topic_odds).
    #[must_use]
    pub fn other_topic_odds(self) -> (u32, u32) {
        let (included, all) = self.true_topic_odds();
        (u32::from(self.per_report) * all - included, all * u32::from(self.topics - 1))
    }

    /// What one report costs, in units of `ln 2`: `log2 R`, rounded up.
    #[must_use]
    pub fn cost_units(self) -> u32 {
        u32::from(self.ratio).next_power_of_two().trailing_zeros()
    }

    /// How many different masks there are: `d` choose `m`.
    #[must_use]
    pub fn masks(self) -> u64 {
        let mut masks: u128 = 1;
        for place in 0..u128::from(self.per_report) {
            masks = masks * (u128::from(self.topics) - place) / (place + 1);
        }
        u64::try_from(masks).expect("64 choose 32 is below 2^61")
    }

    /// Whether `cohort` opted-in shoppers are enough: a mask must not be a fingerprint, so there is at most one mask for
    /// every 50 shoppers.
    #[must_use]
    pub fn fits_cohort(self, cohort: u64) -> bool {
        self.masks() <= cohort / MIN_SHOPPERS_PER_MASK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sound_numbers_make_a_mechanism() {
        let default = Parameters::new(32, 2, 8).unwrap();
        assert_eq!((default.topics(), default.per_report(), default.ratio()), (32, 2, 8));
        for (topics, per_report, ratio) in
            [(1, 1, 8), (65, 1, 8), (32, 0, 8), (32, 17, 8), (3, 2, 8), (32, 2, 1), (32, 2, 9), (0, 0, 0)]
        {
            assert_eq!(Parameters::new(topics, per_report, ratio), None, "{topics} {per_report} {ratio}");
        }
        assert!(Parameters::new(2, 1, 2).is_some() && Parameters::new(64, 32, 8).is_some());
    }

    #[test]
    fn odds_are_those_of_the_page() {
        assert_eq!(Parameters::new(32, 2, 8).unwrap().true_topic_odds(), (16, 46));
        assert_eq!(Parameters::new(16, 1, 8).unwrap().true_topic_odds(), (8, 23));
        // (2 - 16/46) / 31 = 76 / 1426
        assert_eq!(Parameters::new(32, 2, 8).unwrap().other_topic_odds(), (76, 1_426));
    }

    #[test]
    fn a_report_costs_the_logarithm_rounded_up() {
        let costs: Vec<u32> =
            (2..=8).map(|ratio| Parameters::new(8, 1, ratio).unwrap().cost_units()).collect();
        assert_eq!(costs, [1, 2, 2, 3, 3, 3, 3]);
    }

    #[test]
    fn masks_are_counted_and_held_against_the_cohort() {
        assert_eq!(Parameters::new(32, 2, 8).unwrap().masks(), 496);
        assert_eq!(Parameters::new(64, 32, 8).unwrap().masks(), 1_832_624_140_942_590_534);
        let default = Parameters::new(32, 2, 8).unwrap();
        assert!(default.fits_cohort(24_800) && !default.fits_cohort(24_799));
        assert!(Parameters::new(16, 1, 8).unwrap().fits_cohort(800));
    }
}
