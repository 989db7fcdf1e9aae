//! The records that opening a log gave, as they lie in its frames: nothing is copied, and all is wiped when it is dropped.

use std::fmt;

use zeroize::Zeroizing;

use super::corrupt;
use super::frame::read_u32;
use crate::error::Result;

/// Records, oldest first.
#[derive(Default)]
pub struct Records {
    /// Each a frame's text: records, one after the other, each behind its length.
    frames: Vec<Zeroizing<Vec<u8>>>,
    count: usize,
}

impl Records {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.frames.iter().flat_map(|frame| Split { rest: frame }.flatten())
    }

    /// Copies of them.
    #[must_use]
    pub fn to_vec(&self) -> Vec<Vec<u8>> {
        self.iter().map(<[u8]>::to_vec).collect()
    }

    /// Copies of `records`.
    pub(crate) fn of(records: &[Vec<u8>]) -> Result<Self> {
        // Of its full length at once: what grows leaves copies behind that nobody wipes.
        let mut frame =
            Zeroizing::new(Vec::with_capacity(records.iter().map(|record| 4 + record.len()).sum()));
        for record in records {
            let length = u32::try_from(record.len()).map_err(|_| corrupt("a record is too long"))?;
            frame.extend(length.to_le_bytes());
            frame.extend_from_slice(record);
        }
        let mut all = Self::default();
        all.push_frame(frame)?;
        Ok(all)
    }

    /// Takes the text of an authenticated frame.
    pub(super) fn push_frame(&mut self, frame: Zeroizing<Vec<u8>>) -> Result<()> {
        let mut count = 0;
        for record in (Split { rest: &frame }) {
            record.ok_or_else(|| corrupt("a sealed frame has no records inside"))?;
            count += 1;
        }
        self.count += count;
        self.frames.push(frame);
        Ok(())
    }
}

/// How many they are.
impl fmt::Debug for Records {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Records({})", self.count)
    }
}

/// Cuts a frame's text. Where it is none, `None` is its last record.
struct Split<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Split<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = read_u32(self.rest, 0).and_then(|length| {
            let (record, rest) = self.rest[4..].split_at_checked(usize::try_from(length).ok()?)?;
            self.rest = rest;
            Some(record)
        });
        if record.is_none() {
            self.rest = &[];
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out() {
        let all = vec![vec![1, 2, 3], vec![], vec![9; 300]];
        let mut records = Records::of(&all).unwrap();
        assert_eq!((records.len(), records.is_empty()), (3, false));
        assert_eq!(records.to_vec(), all);
        let two = [&[1, 0, 0, 0, 7][..], &[0; 4], &[2, 0, 0, 0, 8, 9]].concat();
        records.push_frame(Zeroizing::new(two)).unwrap();
        assert_eq!(records.to_vec()[3..], [vec![7], vec![], vec![8, 9]]);
        assert_eq!(records.len(), 6);
        assert_eq!(format!("{records:?}"), "Records(6)");
        assert!(Records::default().is_empty() && Records::default().iter().next().is_none());
    }

    #[test]
    fn a_frame_of_something_else_is_refused_whole() {
        for frame in [&[1][..], &[1, 0, 0, 0], &[2, 0, 0, 0, 1], &[1, 0, 0, 0, 5, 0], &[0xff; 9]] {
            let mut records = Records::of(&[vec![1]]).unwrap();
            assert!(records.push_frame(Zeroizing::new(frame.to_vec())).is_err(), "{frame:?}");
            assert_eq!(records.to_vec(), [[1]]);
        }
    }
}
