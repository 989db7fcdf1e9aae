//! Detached signatures in minisign's text format, for files that are signed with a pack's key and are no pack.

use blake2::{Blake2b512, Digest};

use super::PublicKey;
use super::key::decode;
use crate::layout::SIGNATURE_ALGORITHM;

/// Longest `.minisig` file in bytes.
const MAX_SIGNATURE_BYTES: usize = 4 * 1024;
/// Algorithm, key id, signature.
const SIGNATURE_BYTES: usize = 74;
const COMMENT: &str = "untrusted comment:";
const TRUSTED_COMMENT: &str = "trusted comment: ";

/// Why a detached signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureProblem {
    /// Malformed, of another algorithm, or of other bytes.
    Bad,
    /// Made with a key that is not trusted.
    UnknownKey,
}

/// Checks that one of `trusted` signed `bytes`, and the trusted comment with it. `text` is a whole `.minisig` file.
pub(crate) fn verify_detached(
    bytes: &[u8],
    text: &str,
    trusted: &[PublicKey],
) -> Result<(), SignatureProblem> {
    let parts = parse(text).ok_or(SignatureProblem::Bad)?;
    let mut candidates = trusted.iter().filter(|key| key.id() == parts.key_id).peekable();
    if candidates.peek().is_none() {
        return Err(SignatureProblem::UnknownKey);
    }
    let digest: [u8; 64] = Blake2b512::digest(bytes).into();
    let commented = [parts.signature.as_slice(), parts.comment.as_bytes()].concat();
    let fits = candidates.any(|key| {
        key.verifies(&digest, &parts.signature) && key.verifies_message(&commented, &parts.global)
    });
    if fits || crate::mutant!(AcceptAnySignature) { Ok(()) } else { Err(SignatureProblem::Bad) }
}

struct Parts<'a> {
    key_id: [u8; 8],
    signature: [u8; 64],
    comment: &'a str,
    global: [u8; 64],
}

fn parse(text: &str) -> Option<Parts<'_>> {
    if text.len() > MAX_SIGNATURE_BYTES {
        return None;
    }
    let mut lines = text.lines();
    let (first, signature, comment, global) = (lines.next()?, lines.next()?, lines.next()?, lines.next()?);
    if !first.starts_with(COMMENT) || lines.next().is_some() {
        return None;
    }
    let signature = decode::<SIGNATURE_BYTES>(signature)?;
    if !signature.starts_with(&SIGNATURE_ALGORITHM) {
        return None;
    }
    Some(Parts {
        key_id: signature[2..10].try_into().ok()?,
        signature: signature[10..].try_into().ok()?,
        comment: comment.strip_prefix(TRUSTED_COMMENT)?,
        global: decode(global)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/pack-v1/");

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("{FIXTURES}{name}")).unwrap()
    }

    fn text(name: &str) -> String {
        String::from_utf8(fixture(name)).unwrap()
    }

    #[test]
    fn a_signature_that_minisign_made_is_verified() {
        let key = PublicKey::parse(&text("minisign.pub")).unwrap();
        let pack = fixture("small.tkpack");
        let body = &pack[..pack.len() - SIGNATURE_BYTES];
        assert_eq!(verify_detached(body, &text("body.minisig"), &[key]), Ok(()));
    }

    #[test]
    fn a_signature_in_minisigns_form_is_verified_with_its_comment() {
        let key = PublicKey::parse(&text("key.pub")).unwrap();
        let (file, signature) = (fixture("small.tkpack"), text("small.tkpack.minisig"));
        let check =
            |file: &[u8], signature: &str| verify_detached(file, signature, std::slice::from_ref(&key));
        assert_eq!(check(&file, &signature), Ok(()));
        assert_eq!(verify_detached(&file, &signature, &[]), Err(SignatureProblem::UnknownKey));
        assert_eq!(check(&file[1..], &signature), Err(SignatureProblem::Bad));
        let comment = signature.replacen("trusted comment: ", "trusted comment: x", 2);
        assert_ne!(comment, signature);
        assert_eq!(check(&file, &comment), Err(SignatureProblem::Bad));
        for at in 0..signature.len() {
            // Whatever is cut or changed: no panic, and nothing fits but the untrusted comment.
            let _ = check(&file, &signature[..at]);
        }
        for broken in ["", "untrusted comment: x\n", &format!("{signature}more\n"), &signature[1..]] {
            assert_eq!(check(&file, broken), Err(SignatureProblem::Bad), "{broken}");
        }
    }
}
