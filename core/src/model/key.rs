//! Public keys in minisign's text format, and the one signature check.
//!
//! A pack is signed as minisign signs files by default: Ed25519 over the BLAKE2b-512 digest.

use std::fmt;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::error::ModelProblem;
use crate::layout::KEY_ALGORITHM;

/// Algorithm, key id, key.
const KEY_BYTES: usize = 42;

/// A key that packs may be signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    id: [u8; 8],
    key: VerifyingKey,
}

impl PublicKey {
    /// Parses a minisign public key, with or without its `untrusted comment:` line.
    ///
    /// # Errors
    ///
    /// [`ModelProblem::BadPublicKey`] for anything else, and for a key of small order, which any signature would fit.
    pub fn parse(text: &str) -> Result<Self, ModelProblem> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
        lines.next_if(|line| line.starts_with("untrusted comment:"));
        let (Some(line), None) = (lines.next(), lines.next()) else { return Err(ModelProblem::BadPublicKey) };
        let bytes = decode::<KEY_BYTES>(line).ok_or(ModelProblem::BadPublicKey)?;
        let (algorithm, rest) = bytes.split_at(2);
        let (id, key) = rest.split_at(8);
        if algorithm != KEY_ALGORITHM {
            return Err(ModelProblem::BadPublicKey);
        }
        let id = id.try_into().map_err(|_| ModelProblem::BadPublicKey)?;
        let key = key.try_into().map_err(|_| ModelProblem::BadPublicKey)?;
        Self::from_bytes(id, &key)
    }

    /// A key from its id and its 32 bytes.
    ///
    /// # Errors
    ///
    /// [`ModelProblem::BadPublicKey`] if the bytes are not a point of the curve or one of small order.
    pub fn from_bytes(id: [u8; 8], key: &[u8; 32]) -> Result<Self, ModelProblem> {
        let key = VerifyingKey::from_bytes(key).map_err(|_| ModelProblem::BadPublicKey)?;
        if key.is_weak() { Err(ModelProblem::BadPublicKey) } else { Ok(Self { id, key }) }
    }

    /// The key id, as it stands in a pack's trailer.
    pub fn id(&self) -> [u8; 8] {
        self.id
    }

    /// The 32 bytes of the key.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Whether `signature` is this key's signature of `digest`. Malleable encodings are refused.
    pub(super) fn verifies(&self, digest: &[u8; 64], signature: &[u8; 64]) -> bool {
        self.verifies_message(digest, signature)
    }

    /// Whether `signature` is this key's signature of `message` itself.
    pub(super) fn verifies_message(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // minisign prints key ids as one little-endian number
        write!(formatter, "PublicKey({:016X})", u64::from_le_bytes(self.id))
    }
}

/// Decodes exactly `N` bytes of standard base64, padded where three do not divide them.
pub(super) fn decode<const N: usize>(line: &str) -> Option<[u8; N]> {
    let padding = (3 - N % 3) % 3;
    let digits = line.strip_suffix(&"=="[..padding])?.as_bytes();
    if digits.len() != (8 * N).div_ceil(6) {
        return None;
    }
    let mut bytes = [0; N];
    for (four, three) in digits.chunks(4).zip(bytes.chunks_mut(3)) {
        let mut group = 0_u32;
        for place in 0..4 {
            group = group << 6 | four.get(place).map_or(Some(0), |&digit| sextet(digit))?;
        }
        let [_, all @ ..] = group.to_be_bytes();
        let (used, unused) = all.split_at(three.len());
        // Bits that stand for nothing must be zero, or one value would have several texts.
        if unused.iter().any(|byte| *byte != 0) {
            return None;
        }
        three.copy_from_slice(used);
    }
    Some(bytes)
}

fn sextet(character: u8) -> Option<u32> {
    Some(u32::from(match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

    #[test]
    fn parses_a_key_with_and_without_comment() {
        let key = PublicKey::parse(LINE).unwrap();
        assert_eq!(format!("{key:?}"), "PublicKey(E7620F1842B4E81F)");
        let file = format!("untrusted comment: minisign public key E7620F1842B4E81F\n{LINE}\n");
        assert_eq!(PublicKey::parse(&file), Ok(key));
    }

    #[test]
    fn refuses_what_is_not_a_key() {
        let wrong_algorithm = format!("RV{}", &LINE[2..]);
        let two = format!("{LINE}\n{LINE}");
        let padded = format!("{LINE}==");
        // the identity: every message has a valid signature under it
        let weak = format!("RWQf6LRCGA9i5w{}", "EAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        for text in ["", "untrusted comment: x", &LINE[1..], &wrong_algorithm, &two, &padded, &weak] {
            assert_eq!(PublicKey::parse(text), Err(ModelProblem::BadPublicKey), "{text}");
        }
        assert_eq!(
            PublicKey::from_bytes([0; 8], &std::array::from_fn(|index| u8::from(index == 0))),
            Err(ModelProblem::BadPublicKey)
        );
    }
}
