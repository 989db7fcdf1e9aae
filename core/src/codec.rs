//! Records as bytes: a version byte, then bincode. The only place that knows the encoding.
//!
//! Decoding happens after authentication only. The encoding is private so that it can be replaced in this file.

use serde::{Serialize, de::DeserializeOwned};

use crate::error::Error;

/// Longest encoded record in bytes.
pub(crate) const MAX_RECORD_BYTES: usize = 64 * 1024;

/// Why a record could not be encoded or decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodecError {
    /// Longer than [`MAX_RECORD_BYTES`].
    #[error("record too long")]
    TooLong,
    /// Written by another version of the record.
    #[error("unknown record version")]
    UnknownVersion,
    /// Not an encoding of the expected type.
    #[error("malformed record")]
    Malformed,
}

impl CodecError {
    /// The engine's error for `what`. A record of another version is not damage: another engine wrote it.
    pub(crate) fn of(self, what: &str) -> Error {
        match self {
            Self::UnknownVersion => Error::StorageUnavailable {
                reason: format!("{what} was written by another version of the engine"),
            },
            Self::TooLong | Self::Malformed => Error::StorageCorrupt { reason: format!("{what}: {self}") },
        }
    }
}

fn configuration() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<MAX_RECORD_BYTES>()
}

/// Returns `version` followed by the encoded record.
pub(crate) fn encode<T: Serialize>(version: u8, record: &T) -> Result<Vec<u8>, CodecError> {
    let mut bytes = vec![version];
    bytes.extend(bincode::serde::encode_to_vec(record, configuration()).map_err(|_| CodecError::Malformed)?);
    if bytes.len() > MAX_RECORD_BYTES { Err(CodecError::TooLong) } else { Ok(bytes) }
}

/// Reads what [`encode`] wrote with the same `version`; every byte must be used.
pub(crate) fn decode<T: DeserializeOwned>(version: u8, bytes: &[u8]) -> Result<T, CodecError> {
    if bytes.len() > MAX_RECORD_BYTES {
        return Err(CodecError::TooLong);
    }
    let (&found, body) = bytes.split_first().ok_or(CodecError::Malformed)?;
    if found != version {
        return Err(CodecError::UnknownVersion);
    }
    let (record, used) =
        bincode::serde::decode_from_slice(body, configuration()).map_err(|_| CodecError::Malformed)?;
    if used == body.len() { Ok(record) } else { Err(CodecError::Malformed) }
}
