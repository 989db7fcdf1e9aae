//! Reading a whole log: which records are valid, where the valid part ends, and what the end looks like.
//!
//! In comes a file's bytes and its key; out come records. Never writes, never returns a record that did not
//! authenticate in its own place, and never passes over damage that a crash cannot explain:
//!
//! * every frame of the snapshot must authenticate: it was flushed before it became the log;
//! * the tail ends at its first invalid frame `n`. If a later frame authenticates and says that more than `n`
//!   frames were on the device when it was written, frame `n` was durable once and is damaged now: corrupt.
//! * otherwise a power cut explains it: unsynced writes reach the device in any order or not at all.

use super::corrupt;
use super::frame::{Cipher, FrameSpan, HEADER_BYTES, Header, MIN_FRAME_BYTES};
use super::records::Records;
use crate::error::Result;
use crate::mutant;

/// What follows the last valid frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing.
    Clean,
    /// Bytes in which no later frame is whole.
    Torn,
    /// Bytes with a later frame that is whole.
    Reordered,
}

/// The valid part of a log.
pub(super) struct Recovered {
    pub(super) records: Records,
    /// Where the valid part ends.
    pub(super) length: usize,
    /// The sequence number the next frame gets.
    pub(super) next_seq: u32,
    /// How many frames are known to be on the device.
    pub(super) synced_frames: u32,
    pub(super) tail: Tail,
}

/// Reads `file`, whose `header` is authentic under `cipher`.
pub(super) fn recover(file: &[u8], header: &Header, cipher: &Cipher) -> Result<Recovered> {
    let snapshot_frames = header.snapshot_frames();
    let mut recovered = Recovered {
        records: Records::default(),
        length: HEADER_BYTES,
        next_seq: 0,
        synced_frames: snapshot_frames,
        tail: Tail::Clean,
    };
    while recovered.length < file.len() || recovered.next_seq < snapshot_frames {
        let frame = FrameSpan::read(file, recovered.length)
            .filter(|span| span.position.seq == recovered.next_seq)
            .and_then(|span| Some((span, span.open(file, header, cipher)?)));
        let Some((span, plain)) = frame else {
            if recovered.next_seq < snapshot_frames {
                return Err(corrupt("the snapshot is damaged"));
            }
            recovered.tail = inspect_tail(file, header, cipher, &recovered)?;
            break;
        };
        recovered.records.push_frame(plain)?;
        recovered.synced_frames = recovered.synced_frames.max(span.position.synced_seq);
        recovered.length = span.end;
        recovered.next_seq += 1;
    }
    Ok(recovered)
}

/// Looks for whole frames behind the first invalid one, at every offset.
fn inspect_tail(file: &[u8], header: &Header, cipher: &Cipher, valid: &Recovered) -> Result<Tail> {
    let missing = valid.next_seq;
    let mut tail = Tail::Torn;
    // Random bytes rarely pass for a length and a sequence number, so few candidates reach the cipher.
    let room = file.len() - valid.length;
    let last_seq = missing.saturating_add(u32::try_from(room / MIN_FRAME_BYTES).unwrap_or(u32::MAX));
    let mut offset = valid.length + 1;
    while offset + MIN_FRAME_BYTES <= file.len() {
        let later = FrameSpan::read(file, offset)
            .filter(|span| span.position.seq > missing && span.position.seq <= last_seq)
            .filter(|span| span.open(file, header, cipher).is_some());
        let Some(span) = later else {
            offset += 1;
            continue;
        };
        if span.position.synced_seq > missing && !mutant!(CutDurableFrames) {
            return Err(corrupt("a durable part of the log is damaged"));
        }
        tail = Tail::Reordered;
        offset = span.end;
    }
    Ok(tail)
}
