//! Records in one box that a passphrase opens: what a shopper carries to a new phone.
//!
//! In come records, a passphrase and randomness; out comes one blob, and back. Untrusted when it comes back: every length has
//! a cap, and nothing is looked at before it authenticates. `docs/store-format.md` draws the bytes.

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use super::frame::{Cipher, NONCE_BYTES, TAG_BYTES, read_array, read_u32};
use super::random::CallRandom;
use super::records::Records;
use crate::codec::MAX_RECORD_BYTES;
use crate::error::{Error, Result};
use crate::platform::Key;

/// First bytes of every box.
const MAGIC: [u8; 8] = *b"TKPRBOX\0";
/// Version of the layout and of the cost of guessing.
const VERSION: u32 = 1;
const SALT_BYTES: usize = 16;
/// Magic, version, salt, nonce: bound by the seal.
const HEAD_BYTES: usize = MAGIC.len() + 4 + SALT_BYTES + NONCE_BYTES;
/// The contents are filled up to a multiple of this, so that the length says little.
const FILL_BYTES: usize = 4096;
/// Longest box.
pub(crate) const MAX_BOX_BYTES: usize = 32 * 1024 * 1024;
/// Shortest passphrase in characters: three or four words.
const MIN_PASSPHRASE_CHARS: usize = 12;
/// Longest passphrase in bytes.
const MAX_PASSPHRASE_BYTES: usize = 1024;

/// Memory in KiB, passes and lanes of Argon2id in version 1: the first choice of the OWASP Password Storage Cheat Sheet that fits
/// a small phone.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Seals `records` under a key made from `passphrase`.
///
/// # Errors
/// [`Error::InvalidArgument`] for a passphrase that is too short or too long; [`Error::RandomUnavailable`];
/// [`Error::StorageFull`] for records beyond the longest box.
pub(crate) fn seal(records: &[Vec<u8>], passphrase: &str, random: &mut CallRandom) -> Result<Vec<u8>> {
    check(passphrase)?;
    let mut contents = Zeroizing::new(Vec::new());
    contents.extend(length(records.len())?);
    for record in records {
        contents.extend(length(record.len())?);
        contents.extend(record);
    }
    let filled = contents.len().next_multiple_of(FILL_BYTES);
    contents.resize(filled, 0);
    if HEAD_BYTES + contents.len() + TAG_BYTES > MAX_BOX_BYTES {
        return Err(Error::StorageFull);
    }
    let salt: [u8; SALT_BYTES] = random.generate_bytes()?;
    let nonce: [u8; NONCE_BYTES] = random.generate_bytes()?;
    let mut sealed = MAGIC.to_vec();
    sealed.extend(VERSION.to_le_bytes());
    sealed.extend(salt);
    sealed.extend(nonce);
    let tag = Cipher::new(&key(passphrase, &salt)?).seal(nonce, &sealed, &mut contents)?;
    sealed.extend(contents.iter());
    sealed.extend(tag);
    Ok(sealed)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`Error::InvalidArgument`]: `transfer` is no box of a version this engine knows, or is too long; `passphrase` does not open
/// it, or a byte of it was changed.
pub(crate) fn open(sealed: &[u8], passphrase: &str) -> Result<Records> {
    check(passphrase)?;
    let wrong = |reason: &str| Error::invalid("transfer", reason);
    if sealed.len() > MAX_BOX_BYTES {
        return Err(Error::invalid("transfer", format!("must be at most {MAX_BOX_BYTES} bytes")));
    }
    if sealed.len() < HEAD_BYTES + TAG_BYTES || !sealed.starts_with(&MAGIC) {
        return Err(wrong("is no file of moved data"));
    }
    if read_u32(sealed, MAGIC.len()) != Some(VERSION) {
        return Err(wrong("was written by another version of the engine"));
    }
    let (head, rest) = sealed.split_at(HEAD_BYTES);
    let (contents, tag) = rest.split_at(rest.len() - TAG_BYTES);
    let cut = || wrong("is no file of moved data");
    let salt = read_array(head, MAGIC.len() + 4).ok_or_else(cut)?;
    let nonce = read_array(head, MAGIC.len() + 4 + SALT_BYTES).ok_or_else(cut)?;
    let tag = read_array(tag, 0).ok_or_else(cut)?;
    let mut contents = Zeroizing::new(contents.to_vec());
    if !Cipher::new(&key(passphrase, &salt)?).open(nonce, head, &mut contents, tag) {
        return Err(Error::invalid("passphrase", "does not open this file, or the file was changed"));
    }
    split(&contents).ok_or_else(cut)
}

/// The records of opened contents.
fn split(contents: &[u8]) -> Option<Records> {
    let count = read_u32(contents, 0)?;
    let mut end = 4;
    for _ in 0..count {
        let length = read_u32(contents, end)? as usize;
        if length > MAX_RECORD_BYTES {
            return None;
        }
        end += 4 + length;
    }
    let (text, fill) = contents.split_at_checked(end)?;
    let is_filled = fill.len() < FILL_BYTES && fill.iter().all(|byte| *byte == 0);
    let mut records = Records::default();
    records.push_frame(Zeroizing::new(text[4..].to_vec())).ok()?;
    is_filled.then_some(records)
}

fn length(length: usize) -> Result<[u8; 4]> {
    u32::try_from(length).map(u32::to_le_bytes).map_err(|_| Error::StorageFull)
}

fn check(passphrase: &str) -> Result<()> {
    if passphrase.chars().count() < MIN_PASSPHRASE_CHARS {
        return Err(Error::invalid(
            "passphrase",
            format!("must be at least {MIN_PASSPHRASE_CHARS} characters, such as four words"),
        ));
    }
    if passphrase.len() > MAX_PASSPHRASE_BYTES {
        return Err(Error::invalid("passphrase", format!("must be at most {MAX_PASSPHRASE_BYTES} bytes")));
    }
    Ok(())
}

fn key(passphrase: &str, salt: &[u8; SALT_BYTES]) -> Result<Key> {
    let internal =
        |error: argon2::Error| Error::Internal { reason: format!("the passphrase's key: {error}") };
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, Some(32)).map_err(internal)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut *key)
        .map_err(internal)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::SeededRandom;

    const PASSPHRASE: &str = "vier worte sind genug";

    fn sealed(records: &[Vec<u8>]) -> Vec<u8> {
        seal(records, PASSPHRASE, &mut CallRandom::draw(&SeededRandom::new(1))).unwrap()
    }

    #[test]
    fn what_was_sealed_comes_back_and_nothing_else() {
        let records = vec![vec![1, 2, 3], vec![], vec![0; 5_000]];
        let good = sealed(&records);
        assert_eq!(open(&good, PASSPHRASE).unwrap().to_vec(), records);
        assert_eq!((good.len() - HEAD_BYTES - TAG_BYTES) % FILL_BYTES, 0);
        let field = |result: Result<Records>| match result {
            Err(Error::InvalidArgument { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(open(&good, "vier worte sind genuk")), "passphrase");
        assert_eq!(field(open(&good, "short")), "passphrase");
        assert_eq!(field(open(&good[..40], PASSPHRASE)), "transfer");
        assert_eq!(field(open(b"{}", PASSPHRASE)), "transfer");
        // A change anywhere: magic and version by name, the rest by the seal.
        for place in [0, 8, 12, 30, HEAD_BYTES, good.len() - 1] {
            let mut bad = good.clone();
            bad[place] ^= 1;
            assert_eq!(field(open(&bad, PASSPHRASE)), if place < 12 { "transfer" } else { "passphrase" });
        }
    }

    #[test]
    fn contents_are_split_within_their_caps() {
        let split = |contents: &[u8]| split(contents).map(|records| records.to_vec());
        assert_eq!(split(&[0, 0, 0, 0]), Some(vec![]));
        assert_eq!(split(&[1, 0, 0, 0]), None);
        assert_eq!(split(&[1, 0, 0, 0, 2, 0, 0, 0, 7]), None);
        assert_eq!(split(&[1, 0, 0, 0, 1, 0, 0, 0, 7, 0]), Some(vec![vec![7]]));
        assert_eq!(split(&[1, 0, 0, 0, 1, 0, 0, 0, 7, 9]), None);
        assert_eq!(split(&[1, 0, 0, 0, 255, 255, 255, 255, 7]), None);
        assert_eq!(split(&[255, 255, 255, 255]), None);
    }

    #[test]
    fn the_same_history_is_never_sealed_alike() {
        let mut random = CallRandom::draw(&SeededRandom::new(1));
        let first = seal(&[], PASSPHRASE, &mut random).unwrap();
        assert_ne!(first, seal(&[], PASSPHRASE, &mut random).unwrap());
    }
}
