//! Header, section table and padding around the sections.

use tastekeeper::layout::{self, SdkVersion, header};
use tastekeeper::model::ModelProblem;

use super::{Built, PackError};

/// The oldest engine that reads what this writer writes.
const MINIMUM_SDK: SdkVersion = SdkVersion { major: 0, minor: 1, patch: 0 };

/// Everything before the trailer. `sections` ascend by kind.
pub(super) fn body(pack_version: u64, created_day: u32, sections: &[Built]) -> Result<Vec<u8>, PackError> {
    let table_end = layout::HEADER_BYTES + sections.len() * layout::ENTRY_BYTES;
    let mut table = Vec::with_capacity(sections.len() * layout::ENTRY_BYTES);
    let mut end = table_end as u64;
    for built in sections {
        let offset = layout::align(end);
        let length = built.bytes.len() as u64;
        table.extend(built.section.kind().to_le_bytes());
        table.extend(built.encoding.to_le_bytes());
        table.extend(offset.to_le_bytes());
        table.extend(length.to_le_bytes());
        end = offset + length;
    }
    let file_bytes = layout::align(end) + layout::TRAILER_BYTES as u64;
    if file_bytes > layout::MAX_FILE_BYTES {
        return Err(PackError::InvalidModel { field: "items", reason: "make a file above 1 GiB".to_owned() });
    }
    let mut bytes = vec![0; layout::HEADER_BYTES];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &layout::MAGIC);
    put(header::FORMAT, &layout::FORMAT_VERSION.to_le_bytes());
    put(header::MINIMUM_SDK, &MINIMUM_SDK.major.to_le_bytes());
    put(header::MINIMUM_SDK + 2, &MINIMUM_SDK.minor.to_le_bytes());
    put(header::MINIMUM_SDK + 4, &MINIMUM_SDK.patch.to_le_bytes());
    put(header::SECTION_COUNT, &index32(sections.len()).to_le_bytes());
    put(header::PACK_VERSION, &pack_version.to_le_bytes());
    put(header::CREATED_DAY, &created_day.to_le_bytes());
    put(header::FILE_BYTES, &file_bytes.to_le_bytes());
    bytes.extend(table);
    for built in sections {
        bytes.resize(bytes.len().next_multiple_of(layout::ALIGNMENT), 0);
        bytes.extend(&built.bytes);
    }
    bytes.resize(bytes.len().next_multiple_of(layout::ALIGNMENT), 0);
    Ok(bytes)
}

/// A count or offset that validation has bounded.
pub(super) fn index32(value: usize) -> u32 {
    u32::try_from(value).expect("validation bounds every count and text length to 32 bits")
}

/// Body and trailer of a pack.
pub(super) fn split(pack: &[u8]) -> Result<(&[u8], &[u8]), PackError> {
    match pack.len().checked_sub(layout::TRAILER_BYTES) {
        Some(body) if body >= layout::HEADER_BYTES => Ok(pack.split_at(body)),
        _ => Err(PackError::Refused(ModelProblem::Truncated)),
    }
}
