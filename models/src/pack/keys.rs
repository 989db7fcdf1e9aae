//! Signing: development keys, and signatures in minisign's formats.
//!
//! A pack's trailer is the decoded second line of the `.minisig` file that minisign makes for the bytes before it.
//! A release key therefore never has to be here: sign [`unsigned_body`] with minisign, then [`attach_signature`].

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest};
use ed25519_dalek::Signer;
use tastekeeper::layout;
use tastekeeper::model::{Model, PublicKey};

use super::save::{save, save_new};
use super::{PackError, container};

/// The first line of a development key file.
const DEVELOPMENT_COMMENT: &str =
    "untrusted comment: tastekeeper DEVELOPMENT key, NOT ENCRYPTED; do not sign releases with it";
/// The first bytes of a development key.
const DEVELOPMENT_MAGIC: &[u8; 8] = b"TKDEVKEY";

/// A key that signs packs. Wiped from memory when dropped.
pub struct SigningKey {
    id: [u8; 8],
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A key from 40 random bytes: 8 for its id, 32 for its secret.
    pub fn from_random(bytes: &[u8; 40]) -> Self {
        let (mut id, mut seed) = ([0; 8], [0; 32]);
        id.copy_from_slice(&bytes[..8]);
        seed.copy_from_slice(&bytes[8..]);
        Self { id, key: ed25519_dalek::SigningKey::from_bytes(&seed) }
    }

    /// The key that verifies this one's signatures.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(self.id, &self.key.verifying_key().to_bytes())
            .expect("the public key of a secret is a point of full order")
    }

    /// The public key as minisign writes it, comment line included.
    pub fn public_key_text(&self) -> String {
        let mut bytes = layout::KEY_ALGORITHM.to_vec();
        bytes.extend(self.id);
        bytes.extend(self.key.verifying_key().to_bytes());
        let id = u64::from_le_bytes(self.id);
        format!("untrusted comment: minisign public key {id:016X}\n{}\n", STANDARD.encode(bytes))
    }

    /// Writes the public key where others may read it.
    ///
    /// # Errors
    ///
    /// [`PackError::File`].
    pub fn write_public_key(&self, path: &Path) -> Result<(), PackError> {
        Ok(save(path, self.public_key_text().as_bytes())?)
    }

    /// Writes the secret, unencrypted, where only its owner may read it. Never replaces a file.
    ///
    /// # Errors
    ///
    /// [`PackError::File`], also if there is such a file.
    pub fn write_development_key(&self, path: &Path) -> Result<(), PackError> {
        Ok(save_new(path, self.development_text().as_bytes())?)
    }

    /// Reads what [`SigningKey::write_development_key`] wrote.
    ///
    /// # Errors
    ///
    /// [`PackError::InvalidKey`] or [`PackError::File`].
    pub fn read_development_key(path: &Path) -> Result<Self, PackError> {
        Self::parse_development(&std::fs::read_to_string(path)?)
    }

    fn development_text(&self) -> String {
        let mut bytes = DEVELOPMENT_MAGIC.to_vec();
        bytes.extend(self.id);
        bytes.extend(self.key.to_bytes());
        format!("{DEVELOPMENT_COMMENT}\n{}\n", STANDARD.encode(bytes))
    }

    fn parse_development(text: &str) -> Result<Self, PackError> {
        let problem = || PackError::InvalidKey { reason: "expected a tastekeeper development key" };
        let mut lines = text.lines();
        if lines.next() != Some(DEVELOPMENT_COMMENT) {
            return Err(problem());
        }
        let line = lines.next().ok_or_else(problem)?;
        let bytes = STANDARD.decode(line.trim()).map_err(|_| problem())?;
        let key = bytes.strip_prefix(DEVELOPMENT_MAGIC).ok_or_else(problem)?;
        Ok(Self::from_random(key.try_into().map_err(|_| problem())?))
    }

    /// The trailer for `body`: algorithm, key id, signature of the BLAKE2b-512 digest.
    pub(super) fn trailer(&self, body: &[u8]) -> [u8; layout::TRAILER_BYTES] {
        let digest: [u8; 64] = Blake2b512::digest(body).into();
        let mut trailer = [0; layout::TRAILER_BYTES];
        trailer[..2].copy_from_slice(&layout::SIGNATURE_ALGORITHM);
        trailer[2..10].copy_from_slice(&self.id);
        trailer[10..].copy_from_slice(&self.key.sign(&digest).to_bytes());
        trailer
    }

    /// A `.minisig` file for `file`, so that `minisign -V` can verify a whole pack without this software.
    ///
    /// # Errors
    ///
    /// [`PackError::InvalidOption`] if the trusted comment has a control character.
    pub fn detached_signature(&self, file: &[u8], trusted_comment: &str) -> Result<String, PackError> {
        if trusted_comment.chars().any(char::is_control) {
            let reason = "holds a control character".to_owned();
            return Err(PackError::InvalidOption { field: "trusted_comment", reason });
        }
        let trailer = self.trailer(file);
        let global = self.key.sign(&[&trailer[10..], trusted_comment.as_bytes()].concat());
        let (signature, global) = (STANDARD.encode(trailer), STANDARD.encode(global.to_bytes()));
        let id = u64::from_le_bytes(self.id);
        Ok(format!(
            "untrusted comment: signature from minisign public key {id:016X}\n{signature}\n\
             trusted comment: {trusted_comment}\n{global}\n"
        ))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({:016X}, ..)", u64::from_le_bytes(self.id))
    }
}

/// The same pack, signed with another key. The old signature is not checked; the contents are.
///
/// # Errors
///
/// [`PackError::Refused`] if the bytes are no sound pack.
pub fn resign(pack: &[u8], key: &SigningKey) -> Result<Vec<u8>, PackError> {
    let mut bytes = unsigned_body(pack)?.to_vec();
    bytes.extend(key.trailer(&bytes));
    Model::open(&bytes, &[key.public_key()])?;
    Ok(bytes)
}

/// The part of a pack that its trailer signs.
///
/// # Errors
///
/// [`PackError::Refused`] if the bytes are shorter than a header and a trailer.
pub fn unsigned_body(pack: &[u8]) -> Result<&[u8], PackError> {
    container::split(pack).map(|(body, _)| body)
}

/// The body with the signature of a `.minisig` file that minisign made for it, opened once with `key`.
///
/// # Errors
///
/// [`PackError::InvalidKey`] for a malformed or legacy signature, [`PackError::Refused`] if it does not fit.
pub fn attach_signature(body: &[u8], minisig: &str, key: &PublicKey) -> Result<Vec<u8>, PackError> {
    let problem = || PackError::InvalidKey { reason: "expected a prehashed minisign signature" };
    let line = minisig.lines().nth(1).ok_or_else(problem)?;
    let trailer = STANDARD.decode(line.trim()).map_err(|_| problem())?;
    if trailer.len() != layout::TRAILER_BYTES || !trailer.starts_with(&layout::SIGNATURE_ALGORITHM) {
        return Err(problem());
    }
    let bytes = [body, &trailer].concat();
    Model::open(&bytes, std::slice::from_ref(key))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        let mut bytes = [5; 40];
        bytes[..8].copy_from_slice(&[0, 1, 2, 3, 4, 5, 6, 7]);
        SigningKey::from_random(&bytes)
    }

    #[test]
    fn development_keys_come_back_and_print_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.key");
        key().write_development_key(&path).unwrap();
        let read = SigningKey::read_development_key(&path).unwrap();
        assert_eq!(read.public_key(), key().public_key());
        assert!(key().write_development_key(&path).is_err());
        assert_eq!(format!("{read:?}"), "SigningKey(0706050403020100, ..)");
        assert!(std::fs::read_to_string(&path).unwrap().contains("NOT ENCRYPTED"));
        for text in ["", DEVELOPMENT_COMMENT, "x\ny", &format!("{DEVELOPMENT_COMMENT}\nVEtERVZLRVk=\n")] {
            assert!(SigningKey::parse_development(text).is_err(), "{text}");
        }
    }

    #[test]
    fn public_keys_come_back() {
        assert_eq!(PublicKey::parse(&key().public_key_text()), Ok(key().public_key()));
    }

    #[test]
    fn detached_signatures_have_minisigns_shape() {
        let text = key().detached_signature(b"file", "timestamp:0").unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(STANDARD.decode(lines[1]).unwrap(), key().trailer(b"file"));
        assert_eq!(STANDARD.decode(lines[3]).unwrap().len(), 64);
        assert!(key().detached_signature(b"file", "two\nlines").is_err());
    }
}
