//! Header and frames of a log as bytes: sealing and opening, nothing else.
//!
//! In come records, a key and nonces; out come bytes, and back. No byte of a record leaves without
//! authenticated encryption, and no byte of a frame is looked at as a record before it authenticates.
//! Every nonce is 192 random bits: a counter could repeat under one key after a crash.

use blake2::{Blake2b512, Digest};
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::random::CallRandom;
use super::{corrupt, unavailable};
use crate::error::{Error, Result};
use crate::platform::Key;

/// First bytes of every log.
const MAGIC: [u8; 8] = *b"TKPRLOG\0";
/// Version of the layout in this file.
const FORMAT_VERSION: u32 = 1;
/// The part of the header that every seal covers.
const BOUND_BYTES: usize = 40;
/// Where the checksum starts.
const CHECKED_BYTES: usize = BOUND_BYTES + NONCE_BYTES + TAG_BYTES;
/// Length of the header.
pub(super) const HEADER_BYTES: usize = CHECKED_BYTES + CHECKSUM_BYTES;
/// Length, sequence number, synced sequence number.
const PREFIX_BYTES: usize = 12;
/// What stands before a frame's ciphertext.
const FRAME_HEAD_BYTES: usize = PREFIX_BYTES + NONCE_BYTES;
/// Shortest frame: no record at all.
pub(super) const MIN_FRAME_BYTES: usize = FRAME_HEAD_BYTES + TAG_BYTES;
/// Length of a nonce.
pub(super) const NONCE_BYTES: usize = 24;
/// Length of an authentication tag.
pub(super) const TAG_BYTES: usize = 16;
/// Length of a checksum.
pub(super) const CHECKSUM_BYTES: usize = 8;
/// A snapshot's frame is closed once its records reach this length.
const SNAPSHOT_FRAME_BYTES: usize = 48 * 1024;

/// Reads `N` bytes at `offset`, or `None` past the end.
pub(super) fn read_array<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..offset.checked_add(N)?)?.try_into().ok()
}

/// Reads a little-endian `u32` at `offset`, or `None` past the end.
pub(super) fn read_u32(bytes: &[u8], offset: usize) -> Option<u32> {
    read_array(bytes, offset).map(u32::from_le_bytes)
}

/// Reads a little-endian `u64` at `offset`, or `None` past the end.
pub(super) fn read_u64(bytes: &[u8], offset: usize) -> Option<u64> {
    read_array(bytes, offset).map(u64::from_le_bytes)
}

/// The first eight bytes of BLAKE2b-512: tells damage by accident from a wrong key. Not a secret.
pub(super) fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut short = [0; CHECKSUM_BYTES];
    short.copy_from_slice(&Blake2b512::digest(bytes)[..CHECKSUM_BYTES]);
    short
}

/// XChaCha20-Poly1305 under one key.
pub(super) struct Cipher(XChaCha20Poly1305);

impl Cipher {
    pub(super) fn new(key: &Key) -> Self {
        let key: &[u8; 32] = key;
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Encrypts `buffer` in place and returns the tag.
    pub(super) fn seal(
        &self,
        nonce: [u8; NONCE_BYTES],
        bound: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; TAG_BYTES]> {
        self.0
            .encrypt_inout_detached(&XNonce::from(nonce), bound, buffer.into())
            .map(Into::into)
            .map_err(|_| Error::Internal { reason: "a frame is longer than the cipher allows".to_owned() })
    }

    /// Decrypts `buffer` in place if it authenticates; otherwise it keeps the ciphertext.
    pub(super) fn open(
        &self,
        nonce: [u8; NONCE_BYTES],
        bound: &[u8],
        buffer: &mut [u8],
        tag: [u8; TAG_BYTES],
    ) -> bool {
        self.0.decrypt_inout_detached(&XNonce::from(nonce), bound, buffer.into(), &Tag::from(tag)).is_ok()
    }
}

/// The header of one generation of a log.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Header([u8; HEADER_BYTES]);

impl Header {
    /// A header whose key check is sealed with `cipher`.
    pub(super) fn generate(
        generation: u64,
        snapshot_frames: u32,
        cipher: &Cipher,
        random: &mut CallRandom,
    ) -> Result<Self> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(FORMAT_VERSION.to_le_bytes());
        bytes.extend(random.generate_bytes::<16>()?);
        bytes.extend(generation.to_le_bytes());
        bytes.extend(snapshot_frames.to_le_bytes());
        let nonce = random.generate_bytes()?;
        let tag = cipher.seal(nonce, &bytes, &mut [])?;
        bytes.extend(nonce);
        bytes.extend(tag);
        bytes.extend(checksum(&bytes));
        read_array(&bytes, 0)
            .map(Self)
            .ok_or_else(|| Error::Internal { reason: "a header has a fixed length".to_owned() })
    }

    /// Reads the header of `file`, which is whole but not yet authenticated.
    pub(super) fn read(file: &[u8]) -> Result<Self> {
        let bytes: [u8; HEADER_BYTES] =
            read_array(file, 0).ok_or_else(|| corrupt("the log's header is cut short"))?;
        if bytes[..8] != MAGIC || checksum(&bytes[..CHECKED_BYTES]) != bytes[CHECKED_BYTES..] {
            return Err(corrupt("the log's header is damaged"));
        }
        if read_u32(&bytes, 8) != Some(FORMAT_VERSION) {
            return Err(unavailable("the log was written by another version"));
        }
        Ok(Self(bytes))
    }

    /// Whether `cipher` has the key this header was sealed with.
    pub(super) fn is_sealed_with(&self, cipher: &Cipher) -> bool {
        match (read_array(&self.0, BOUND_BYTES), read_array(&self.0, BOUND_BYTES + NONCE_BYTES)) {
            (Some(nonce), Some(tag)) => cipher.open(nonce, self.bound(), &mut [], tag),
            _ => false,
        }
    }

    pub(super) fn bytes(&self) -> &[u8; HEADER_BYTES] {
        &self.0
    }

    /// What every frame of the generation is bound to.
    fn bound(&self) -> &[u8] {
        &self.0[..BOUND_BYTES]
    }

    pub(super) fn generation(&self) -> u64 {
        read_u64(&self.0, 28).unwrap_or_default()
    }

    pub(super) fn snapshot_frames(&self) -> u32 {
        read_u32(&self.0, 36).unwrap_or_default()
    }
}

/// Where a frame stands in its file.
#[derive(Clone, Copy)]
pub(super) struct Position {
    /// Its place in the sequence of frames, from 0.
    pub(super) seq: u32,
    /// How many frames were known to be on the device when it was written.
    pub(super) synced_seq: u32,
}

/// Returns `records` as one sealed frame.
pub(super) fn seal_frame(
    cipher: &Cipher,
    header: &Header,
    position: Position,
    records: &[Vec<u8>],
    random: &mut CallRandom,
) -> Result<Vec<u8>> {
    let too_long = |_| Error::StorageFull;
    let plain: usize = records.iter().map(|record| record.len() + 4).sum();
    let length = u32::try_from(plain + TAG_BYTES).map_err(too_long)?;
    // Plain text is sealed in place, in a buffer that never reallocates: no copy of it stays behind.
    let mut frame = Zeroizing::new(Vec::with_capacity(FRAME_HEAD_BYTES + plain + TAG_BYTES));
    frame.extend(length.to_le_bytes());
    frame.extend(position.seq.to_le_bytes());
    frame.extend(position.synced_seq.to_le_bytes());
    let bound = [header.bound(), &frame[..PREFIX_BYTES]].concat();
    let nonce = random.generate_bytes()?;
    frame.extend(nonce);
    for record in records {
        frame.extend(u32::try_from(record.len()).map_err(too_long)?.to_le_bytes());
        frame.extend_from_slice(record);
    }
    let tag = cipher.seal(nonce, &bound, &mut frame[FRAME_HEAD_BYTES..])?;
    frame.extend(tag);
    Ok(std::mem::take(&mut *frame))
}

/// Where a frame seems to be. Nothing is authenticated yet.
#[derive(Clone, Copy)]
pub(super) struct FrameSpan {
    pub(super) position: Position,
    start: usize,
    /// The offset after the frame.
    pub(super) end: usize,
}

impl FrameSpan {
    /// Reads the lengths at `start`; `None` when no whole frame fits there.
    pub(super) fn read(file: &[u8], start: usize) -> Option<Self> {
        let length = usize::try_from(read_u32(file, start)?).ok()?;
        let position = Position { seq: read_u32(file, start + 4)?, synced_seq: read_u32(file, start + 8)? };
        let end = start.checked_add(FRAME_HEAD_BYTES)?.checked_add(length)?;
        (length >= TAG_BYTES && end <= file.len()).then_some(Self { position, start, end })
    }

    /// Returns the frame's plain text if it authenticates.
    pub(super) fn open(self, file: &[u8], header: &Header, cipher: &Cipher) -> Option<Zeroizing<Vec<u8>>> {
        let bound = [header.bound(), &file[self.start..self.start + PREFIX_BYTES]].concat();
        let nonce = read_array(file, self.start + PREFIX_BYTES)?;
        let tag = read_array(file, self.end - TAG_BYTES)?;
        let mut plain = Zeroizing::new(file[self.start + FRAME_HEAD_BYTES..self.end - TAG_BYTES].to_vec());
        cipher.open(nonce, &bound, &mut plain, tag).then_some(plain)
    }
}

/// Returns a whole generation: the header, and `records` in as few frames as fit.
pub(super) fn seal_generation(
    generation: u64,
    records: &[Vec<u8>],
    key: &Key,
    random: &mut CallRandom,
) -> Result<(Header, Vec<u8>)> {
    let cipher = Cipher::new(key);
    let batches = snapshot_batches(records);
    let frames = u32::try_from(batches.len()).map_err(|_| Error::StorageFull)?;
    let header = Header::generate(generation, frames, &cipher, random)?;
    let mut file = header.bytes().to_vec();
    for (seq, batch) in (0..frames).zip(batches) {
        file.extend(seal_frame(&cipher, &header, Position { seq, synced_seq: frames }, batch, random)?);
    }
    Ok((header, file))
}

/// Cuts `records` into runs of about [`SNAPSHOT_FRAME_BYTES`].
fn snapshot_batches(records: &[Vec<u8>]) -> Vec<&[Vec<u8>]> {
    let (mut batches, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (index, record) in records.iter().enumerate() {
        bytes += record.len() + 4;
        if bytes >= SNAPSHOT_FRAME_BYTES || index + 1 == records.len() {
            batches.push(&records[start..=index]);
            (start, bytes) = (index + 1, 0);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::SeededRandom;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn the_cipher_gives_the_published_vector() {
        let key = Zeroizing::new(std::array::from_fn(|at| 0x80 + u8::try_from(at).unwrap()));
        let nonce = std::array::from_fn(|at| 0x40 + u8::try_from(at).unwrap());
        let mut text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip \
            for the future, sunscreen would be it."
            .to_vec();
        let bound = hex("50515253c0c1c2c3c4c5c6c7");
        let tag = Cipher::new(&key).seal(nonce, &bound, &mut text).unwrap();
        assert_eq!(
            text,
            hex(
                "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39\
                 ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
                 21f9664c97637da9768812f615c68b13b52e"
            )
        );
        assert_eq!(tag.to_vec(), hex("c0875924c1c7987947deafd8780acf49"));
    }

    #[test]
    fn an_append_adds_fifty_six_bytes_to_its_record() {
        let mut random = CallRandom::draw(&SeededRandom::new(1));
        let cipher = Cipher::new(&random.generate_key().unwrap());
        let header = Header::generate(0, 0, &cipher, &mut random).unwrap();
        let position = Position { seq: 0, synced_seq: 0 };
        let frame = seal_frame(&cipher, &header, position, &[vec![7; 100]], &mut random).unwrap();
        assert_eq!(frame.len(), 156);
    }

    #[test]
    fn a_frame_opens_only_in_its_own_place() {
        let mut random = CallRandom::draw(&SeededRandom::new(2));
        let key = random.generate_key().unwrap();
        let cipher = Cipher::new(&key);
        let header = Header::generate(0, 0, &cipher, &mut random).unwrap();
        let other = Header::generate(0, 0, &cipher, &mut random).unwrap();
        let position = Position { seq: 3, synced_seq: 1 };
        let mut frame = seal_frame(&cipher, &header, position, &[vec![7; 100]], &mut random).unwrap();
        let span = FrameSpan::read(&frame, 0).unwrap();
        assert!(span.open(&frame, &header, &cipher).is_some());
        assert!(span.open(&frame, &other, &cipher).is_none(), "a frame of another file");
        frame[4] = 4;
        let moved = FrameSpan::read(&frame, 0).unwrap();
        assert!(moved.open(&frame, &header, &cipher).is_none(), "another sequence number");
    }

    #[test]
    fn a_snapshot_of_five_thousand_events_is_a_few_frames() {
        let records = vec![vec![1; 64]; 5_000];
        let batches = snapshot_batches(&records);
        assert_eq!(batches.iter().map(|batch| batch.len()).sum::<usize>(), 5_000);
        assert_eq!(batches.len(), 7);
    }
}
