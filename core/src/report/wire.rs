//! A report as 24 bytes, version 1, big-endian.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 2 | `PV` |
//! | 2 | 1 | version, 1 |
//! | 3 | 1 | mechanism, 1: subset selection |
//! | 4 | 1 | topics `d` |
//! | 5 | 1 | topics per report `m` |
//! | 6 | 1 | ratio `R` |
//! | 7 | 1 | 0 |
//! | 8 | 4 | taxonomy id: the first 4 bytes of SHA-256 of the vocabulary |
//! | 12 | 2 | epoch: days since 2020-01-01, divided by 91 and rounded down |
//! | 14 | 8 | mask: bit `t` names topic `t` |
//! | 22 | 2 | 0 |
//!
//! Enters: a payload, or bytes from anywhere. Leaves: bytes, or a [`ReceivedReport`]. Must never accept two encodings of one
//! report, or anything beside it.

use super::{Parameters, REPORT_BYTES};

const MAGIC: [u8; 2] = *b"PV";
const VERSION: u8 = 1;
const SUBSET_SELECTION: u8 = 1;

/// What a report says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Payload {
    pub(super) parameters: Parameters,
    pub(super) taxonomy_id: [u8; 4],
    pub(super) epoch: u16,
    pub(super) mask: u64,
}

impl Payload {
    pub(super) fn encode(&self) -> [u8; REPORT_BYTES] {
        let mut bytes = [0; REPORT_BYTES];
        bytes[..2].copy_from_slice(&MAGIC);
        bytes[2] = VERSION;
        bytes[3] = SUBSET_SELECTION;
        bytes[4] = self.parameters.topics();
        bytes[5] = self.parameters.per_report();
        bytes[6] = self.parameters.ratio();
        bytes[8..12].copy_from_slice(&self.taxonomy_id);
        bytes[12..14].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[14..22].copy_from_slice(&self.mask.to_be_bytes());
        bytes
    }
}

/// Why bytes are no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireProblem {
    /// Not 24 bytes.
    #[error("a report has {REPORT_BYTES} bytes")]
    Length,
    /// The first bytes are others.
    #[error("not a report: it does not begin with `PV`")]
    Magic,
    /// Another version.
    #[error("a report of another version")]
    Version,
    /// Another mechanism.
    #[error("a report of another mechanism")]
    Mechanism,
    /// Topics, topics per report and ratio that no mechanism has.
    #[error("topics, topics per report and ratio do not fit together")]
    Parameters,
    /// A byte that must be zero is not.
    #[error("a reserved byte is not zero")]
    Reserved,
    /// The mask does not name `m` topics below `d`.
    #[error("the mask does not name as many topics as it says")]
    Mask,
}

/// A report as the shop's side reads it. Says nothing about who sent it.
///
/// ```
/// use tastekeeper::report::{ReceivedReport, WireProblem};
///
/// let mut bytes = *b"PV\x01\x01\x20\x02\x08\x00\xaa\xbb\xcc\xdd\x00\x18\x00\x00\x00\x00\x80\x00\x00\x01\x00\x00";
/// let report = ReceivedReport::decode(&bytes).unwrap();
/// assert_eq!((report.epoch(), report.topics().collect::<Vec<_>>()), (24, vec![0, 31]));
/// assert_eq!(report.to_bytes(), bytes);
/// bytes[23] = 1;
/// assert_eq!(ReceivedReport::decode(&bytes), Err(WireProblem::Reserved));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedReport(Payload);

impl ReceivedReport {
    /// Reads a report. Only the one encoding that a phone makes is accepted.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireProblem> {
        let bytes: &[u8; REPORT_BYTES] = bytes.try_into().map_err(|_| WireProblem::Length)?;
        let ensure = |holds: bool, problem| if holds { Ok(()) } else { Err(problem) };
        ensure(bytes[..2] == MAGIC, WireProblem::Magic)?;
        ensure(bytes[2] == VERSION, WireProblem::Version)?;
        ensure(bytes[3] == SUBSET_SELECTION, WireProblem::Mechanism)?;
        let parameters = Parameters::new(bytes[4], bytes[5], bytes[6]).ok_or(WireProblem::Parameters)?;
        ensure([bytes[7], bytes[22], bytes[23]] == [0; 3], WireProblem::Reserved)?;
        let mask = u64::from_be_bytes(array(&bytes[14..22]));
        let in_range = 64 - mask.leading_zeros() <= u32::from(parameters.topics());
        ensure(in_range && mask.count_ones() == u32::from(parameters.per_report()), WireProblem::Mask)?;
        let epoch = u16::from_be_bytes(array(&bytes[12..14]));
        Ok(Self(Payload { parameters, taxonomy_id: array(&bytes[8..12]), epoch, mask }))
    }

    /// The bytes it was read from.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; REPORT_BYTES] {
        self.0.encode()
    }

    /// The mechanism.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        self.0.parameters
    }

    /// The first 4 bytes of SHA-256 of the vocabulary.
    #[must_use]
    pub fn taxonomy_id(&self) -> [u8; 4] {
        self.0.taxonomy_id
    }

    /// The epoch: days since 2020-01-01, divided by 91 and rounded down.
    #[must_use]
    pub fn epoch(&self) -> u16 {
        self.0.epoch
    }

    /// The mask: bit `t` names topic `t`.
    #[must_use]
    pub fn mask(&self) -> u64 {
        self.0.mask
    }

    /// The topics it names, ascending.
    pub fn topics(&self) -> impl Iterator<Item = u8> + use<> {
        topics_of(self.0.mask)
    }
}

/// The topics that a mask names, ascending.
fn topics_of(mask: u64) -> impl Iterator<Item = u8> + use<> {
    (0..64).filter(move |topic| mask >> topic & 1 == 1)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the ranges of the layout have the lengths of their fields")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn payload() -> Payload {
        Payload {
            parameters: Parameters::new(32, 2, 8).unwrap(),
            taxonomy_id: [0xde, 0xad, 0xbe, 0xef],
            epoch: 0x0102,
            mask: 1 << 31 | 1 << 5,
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_page() {
        let expected =
            [b'P', b'V', 1, 1, 32, 2, 8, 0, 0xde, 0xad, 0xbe, 0xef, 1, 2, 0, 0, 0, 0, 0x80, 0, 0, 0x20, 0, 0];
        assert_eq!(payload().encode(), expected);
        let read = ReceivedReport::decode(&expected).unwrap();
        assert_eq!(read.0, payload());
        assert_eq!(read.topics().collect::<Vec<_>>(), [5, 31]);
        assert_eq!(read.to_bytes(), expected);
    }

    #[test]
    fn everything_else_is_refused() {
        let good = payload().encode();
        let with = |at: usize, byte: u8| {
            let mut bytes = good;
            bytes[at] = byte;
            ReceivedReport::decode(&bytes).err()
        };
        for (at, byte, problem) in [
            (0, b'Q', WireProblem::Magic),
            (2, 2, WireProblem::Version),
            (3, 0, WireProblem::Mechanism),
            (4, 65, WireProblem::Parameters),
            (5, 0, WireProblem::Parameters),
            (6, 9, WireProblem::Parameters),
            (7, 1, WireProblem::Reserved),
            (22, 1, WireProblem::Reserved),
            (23, 128, WireProblem::Reserved),
            (4, 31, WireProblem::Mask),
            (5, 3, WireProblem::Mask),
            (14, 1, WireProblem::Mask),
            (21, 0, WireProblem::Mask),
        ] {
            assert_eq!(with(at, byte), Some(problem), "byte {at} = {byte}");
        }
        for length in [0, 23] {
            assert_eq!(ReceivedReport::decode(&good[..length]), Err(WireProblem::Length));
        }
        assert_eq!(ReceivedReport::decode(&[good.as_slice(), &[0]].concat()), Err(WireProblem::Length));
    }

    #[test]
    fn a_mask_of_64_topics_fits() {
        let parameters = Parameters::new(64, 1, 8).unwrap();
        let bytes = Payload { parameters, mask: 1 << 63, ..payload() }.encode();
        assert_eq!(ReceivedReport::decode(&bytes).unwrap().topics().collect::<Vec<_>>(), [63]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What is accepted has one encoding; near misses of a report are tried, because noise is refused at once.
        #[test]
        fn what_is_read_is_written_alike(at in 0_usize..24, byte: u8, also in 0_usize..24, bit in 0_u8..8) {
            let mut bytes = payload().encode();
            bytes[at] = byte;
            bytes[also] ^= 1 << bit;
            if let Ok(report) = ReceivedReport::decode(&bytes) {
                prop_assert_eq!(report.to_bytes(), bytes);
            }
        }
    }
}
