//! Base64url text as a stream of bits, and the number code of GPP headers.
//!
//! Enters: the text of one segment. Leaves: fields, or `None` from the first that is not wholly there. It must never
//! take a character for a bit that it is not, or invent bits behind the end.

/// Bits of one segment, read from the front.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    text: &'a [u8],
    at: usize,
}

/// The largest number of the Fibonacci code that a header may hold; section ids fit into twelve bits.
const MAX_FIBONACCI: u16 = 4_095;

impl<'a> Bits<'a> {
    /// `None` for an empty text or one with a character outside the alphabet, padding included.
    pub(super) fn new(text: &'a str) -> Option<Self> {
        let text = text.as_bytes();
        let valid = !text.is_empty() && text.iter().all(|byte| sextet(*byte).is_some());
        valid.then_some(Self { text, at: 0 })
    }

    fn bit(&mut self) -> Option<bool> {
        let six = sextet(*self.text.get(self.at / 6)?)?;
        let bit = six >> (5 - self.at % 6) & 1 == 1;
        self.at += 1;
        Some(bit)
    }

    /// The next `width` bits, at most 64, as an unsigned number.
    pub(super) fn take(&mut self, width: u32) -> Option<u64> {
        let mut number = 0;
        for _ in 0..width {
            number = number << 1 | u64::from(self.bit()?);
        }
        Some(number)
    }

    /// The next `count` bits as a set: the first bit is number 1, and bit 0 of the set.
    pub(super) fn take_set(&mut self, count: u32) -> Option<u64> {
        let mut set = 0;
        for place in 0..count {
            set |= u64::from(self.bit()?) << place;
        }
        Some(set)
    }

    /// Passes over `width` bits.
    pub(super) fn skip(&mut self, width: usize) -> Option<()> {
        let after = self.at.checked_add(width)?;
        (after <= self.text.len() * 6).then(|| self.at = after)
    }

    /// A number of at least 1 in Fibonacci code: each bit stands for 1, 2, 3, 5, 8 and so on, and two ones in a row end
    /// it (Fraenkel and Klein, 1996).
    pub(super) fn fibonacci(&mut self) -> Option<u16> {
        let (mut number, mut last) = (0_u16, false);
        let (mut weight, mut next) = (1_u16, 2_u16);
        loop {
            let bit = self.bit()?;
            if bit && last {
                return Some(number);
            }
            if bit {
                number = number.checked_add(weight).filter(|number| *number <= MAX_FIBONACCI)?;
            }
            last = bit;
            (weight, next) = (next, next.checked_add(weight)?);
        }
    }

    /// Whether nothing but zeros is left, which is how encoders fill up the last characters.
    pub(super) fn only_padding_left(mut self) -> bool {
        loop {
            match self.bit() {
                Some(true) => return false,
                Some(false) => {}
                None => return true,
            }
        }
    }
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_from_the_highest_bit() {
        // D B A is 000011 000001 000000
        let mut bits = Bits::new("DBA").expect("three characters of the alphabet");
        assert_eq!(bits.take(6), Some(3));
        assert_eq!(bits.take(5), Some(0));
        assert_eq!(bits.take(1), Some(1));
        assert_eq!(bits.take(7), None);
    }

    #[test]
    fn only_the_alphabet_is_read() {
        for text in ["", "A=", "A A", "A+", "A/", "é", "A\n", "A."] {
            assert!(Bits::new(text).is_none(), "{text:?}");
        }
        assert!(Bits::new("az09-_").is_some());
    }

    /// 6 bits per character of a text of 0 and 1, filled up with zeros.
    fn text(bits: &str) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let digits: Vec<u8> = bits.bytes().map(|b| b - b'0').collect();
        let value = |six: &[u8]| (0..6).fold(0, |v, i| v << 1 | usize::from(*six.get(i).unwrap_or(&0)));
        digits.chunks(6).map(|six| char::from(alphabet[value(six)])).collect()
    }

    #[test]
    fn fibonacci_numbers_by_hand() {
        // 1 = 1; 2 = 01; 3 = 001; 4 = 1+3 = 101; 7 = 2+5 = 0101; 11 = 3+8 = 00101; each with a closing 1.
        for (code, number) in [("11", 1), ("011", 2), ("0011", 3), ("1011", 4), ("01011", 7), ("001011", 11)]
        {
            assert_eq!(Bits::new(&text(code)).and_then(|mut bits| bits.fibonacci()), Some(number), "{code}");
        }
    }

    #[test]
    fn an_endless_or_too_large_number_is_refused() {
        for code in ["0".repeat(200), "10".repeat(40) + "11", "0".repeat(17) + "11"] {
            assert_eq!(Bits::new(&text(&code)).and_then(|mut bits| bits.fibonacci()), None, "{code}");
        }
    }

    #[test]
    fn a_set_counts_from_one() {
        let mut bits = Bits::new(&text("101000")).expect("valid").take_set(6);
        assert_eq!(bits.take(), Some(0b101));
    }

    #[test]
    fn padding_is_zeros() {
        let mut bits = Bits::new("BAA").expect("valid");
        bits.skip(6).expect("there");
        assert!(bits.only_padding_left());
        let mut bits = Bits::new("BAB").expect("valid");
        bits.skip(6).expect("there");
        assert!(!bits.only_padding_left());
        assert_eq!(Bits::new("BAB").expect("valid").skip(19), None);
    }
}
