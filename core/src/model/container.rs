//! The outer layers of a pack: identity, length, signature, header, section table, padding.
//!
//! Nothing but the magic, the format version and the length is believed before the signature fits.

use std::ops::Range;

use blake2::{Blake2b512, Digest};

use super::bytes::{array_at, u16_at, u32_at, u64_at};
use super::key::PublicKey;
use crate::error::{ModelProblem, Requirement};
use crate::layout::{self, SdkVersion, Section, header};

/// A section's place and encoding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) encoding: u32,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A pack whose signature fits and whose sections lie inside it, side by side.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) pack_version: u64,
    pub(super) created_day: u32,
    pub(super) signer: PublicKey,
    pub(super) digest: [u8; 64],
    entries: [Option<Entry>; Section::ALL.len()],
}

impl Container {
    /// Checks the outer layers of `bytes`.
    pub(super) fn read(bytes: &[u8], trusted: &[PublicKey]) -> Result<Self, ModelProblem> {
        identify(bytes)?;
        let (body, trailer) = bytes.split_at(bytes.len() - layout::TRAILER_BYTES);
        let (signer, digest) = verify(body, trailer, trusted)?;
        Self::read_body(body, signer, digest)
    }

    /// As [`read`](Self::read), of bytes that are known to be signed by `signer` and to have this digest.
    pub(super) fn read_signed(
        bytes: &[u8],
        signer: &PublicKey,
        digest: [u8; 64],
    ) -> Result<Self, ModelProblem> {
        identify(bytes)?;
        Self::read_body(&bytes[..bytes.len() - layout::TRAILER_BYTES], signer, digest)
    }

    fn read_body(body: &[u8], signer: &PublicKey, digest: [u8; 64]) -> Result<Self, ModelProblem> {
        check_header(body)?;
        Ok(Self {
            pack_version: u64_at(body, header::PACK_VERSION),
            created_day: u32_at(body, header::CREATED_DAY),
            signer: signer.clone(),
            digest,
            entries: read_table(body)?,
        })
    }

    /// The place of `section`, if the pack has it.
    pub(super) fn find(&self, section: Section) -> Option<Entry> {
        self.entries[section.position()]
    }

    /// The place of `section`.
    pub(super) fn require(&self, section: Section) -> Result<Entry, ModelProblem> {
        self.find(section).ok_or(ModelProblem::MissingSection { section })
    }
}

/// Magic, format version, length.
fn identify(bytes: &[u8]) -> Result<(), ModelProblem> {
    if !bytes.starts_with(&layout::MAGIC) {
        return Err(ModelProblem::NotAPack);
    }
    if bytes.len() < header::FORMAT + 2 {
        return Err(ModelProblem::Truncated);
    }
    let found = u16_at(bytes, header::FORMAT);
    if found != layout::FORMAT_VERSION {
        return Err(ModelProblem::UnsupportedFormat { found });
    }
    if bytes.len() < layout::HEADER_BYTES + layout::TRAILER_BYTES {
        return Err(ModelProblem::Truncated);
    }
    let declared = u64_at(bytes, header::FILE_BYTES);
    if declared > layout::MAX_FILE_BYTES {
        return Err(ModelProblem::TooLarge { what: "file" });
    }
    match declared.cmp(&(bytes.len() as u64)) {
        std::cmp::Ordering::Greater => Err(ModelProblem::Truncated),
        std::cmp::Ordering::Less => Err(ModelProblem::TrailingBytes),
        std::cmp::Ordering::Equal => Ok(()),
    }
}

/// Returns the key and the digest of `body` if a trusted key signed it.
fn verify<'a>(
    body: &[u8],
    trailer: &[u8],
    trusted: &'a [PublicKey],
) -> Result<(&'a PublicKey, [u8; 64]), ModelProblem> {
    if !trailer.starts_with(&layout::SIGNATURE_ALGORITHM) {
        return Err(ModelProblem::BadSignature);
    }
    let key_id: [u8; 8] = array_at(trailer, 2);
    let signature: [u8; 64] = array_at(trailer, 10);
    let mut candidates = trusted.iter().filter(|key| key.id() == key_id).peekable();
    if candidates.peek().is_none() {
        return Err(ModelProblem::UnknownKey);
    }
    let digest: [u8; 64] = Blake2b512::digest(body).into();
    let signer =
        candidates.find(|key| key.verifies(&digest, &signature) || crate::mutant!(AcceptAnySignature));
    Ok((signer.ok_or(ModelProblem::BadSignature)?, digest))
}

/// The header's signed fields. Requirements come first: a newer format may use what is reserved here.
fn check_header(body: &[u8]) -> Result<(), ModelProblem> {
    let part = |index: usize| u16_at(body, header::MINIMUM_SDK + 2 * index);
    let minimum = SdkVersion { major: part(0), minor: part(1), patch: part(2) };
    if minimum > SdkVersion::CURRENT {
        return Err(ModelProblem::NeedsNewerSdk { requirement: Requirement::Version(minimum) });
    }
    let flags = u32_at(body, header::FLAGS) & !layout::OPTIONAL_FLAGS;
    if flags != 0 {
        return Err(ModelProblem::NeedsNewerSdk { requirement: Requirement::Flags(flags) });
    }
    if header::RESERVED.into_iter().any(|range| body[range].iter().any(|byte| *byte != 0)) {
        return Err(ModelProblem::ReservedNotZero);
    }
    if u32_at(body, header::CREATED_DAY) > layout::MAX_DAY {
        return Err(ModelProblem::BadParameter { field: "created_day" });
    }
    Ok(())
}

/// Sections ascend by kind, start where the one before ends (rounded up to 64), and the last ends with the body.
fn read_table(body: &[u8]) -> Result<[Option<Entry>; Section::ALL.len()], ModelProblem> {
    let count = u32_at(body, header::SECTION_COUNT);
    if count > layout::MAX_SECTIONS {
        return Err(ModelProblem::TooLarge { what: "section table" });
    }
    let count = count as usize;
    let table_end = layout::HEADER_BYTES + count * layout::ENTRY_BYTES;
    if count == 0 || table_end > body.len() {
        return Err(ModelProblem::BadSectionTable);
    }
    let mut entries = [None; Section::ALL.len()];
    let mut previous_kind = 0;
    let mut end = table_end;
    for index in 0..count {
        let at = layout::HEADER_BYTES + index * layout::ENTRY_BYTES;
        let kind = u32_at(body, at);
        if kind <= previous_kind {
            return Err(ModelProblem::BadSectionTable);
        }
        previous_kind = kind;
        let (start, section_end) = place(body, end, u64_at(body, at + 8), u64_at(body, at + 16))?;
        check_padding(body, end..start)?;
        end = section_end;
        let entry = Entry { encoding: u32_at(body, at + 4), start, end };
        match Section::from_kind(kind) {
            Some(section) => entries[section.position()] = Some(entry),
            None if kind & layout::OPTIONAL_SECTION != 0 => {}
            None => {
                return Err(ModelProblem::NeedsNewerSdk { requirement: Requirement::SectionKind(kind) });
            }
        }
    }
    if layout::align(end as u64) != body.len() as u64 {
        return Err(ModelProblem::SectionGap);
    }
    check_padding(body, end..body.len())?;
    Ok(entries)
}

/// The bounds of a section that must follow `previous_end`.
fn place(body: &[u8], previous_end: usize, offset: u64, length: u64) -> Result<(usize, usize), ModelProblem> {
    let end = offset.checked_add(length).ok_or(ModelProblem::SectionOutOfBounds)?;
    if end > body.len() as u64 {
        return Err(ModelProblem::SectionOutOfBounds);
    }
    if !offset.is_multiple_of(layout::ALIGNMENT as u64) {
        return Err(ModelProblem::SectionMisaligned);
    }
    if offset < previous_end as u64 {
        return Err(ModelProblem::SectionOverlap);
    }
    if offset != layout::align(previous_end as u64) {
        return Err(ModelProblem::SectionGap);
    }
    let bound = |value: u64| usize::try_from(value).map_err(|_| ModelProblem::SectionOutOfBounds);
    Ok((bound(offset)?, bound(end)?))
}

fn check_padding(body: &[u8], range: Range<usize>) -> Result<(), ModelProblem> {
    if body[range].iter().all(|byte| *byte == 0) { Ok(()) } else { Err(ModelProblem::PaddingNotZero) }
}
