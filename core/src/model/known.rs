//! Packs that were verified before: what is remembered of one, and how it is known again.
//!
//! In: a verified [`Model`] and 32 random bytes; out: a [`KnownPack`], for the sealed state. Later, in: bytes of nobody knows
//! whom, such records and the trusted keys; out: the record of these bytes, or nothing, and then everything is verified. Must never
//! refuse a pack: that is for the verification. How much a fingerprint is worth:
//! `core/docs/adr/0012-a-known-pack-is-told-by-its-fingerprint.md`.

use std::fmt;

use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use tastekeeper_kernels::nh;
use zeroize::Zeroizing;

use super::{Model, PublicKey};
use crate::layout::SdkVersion;
use crate::mutant;

/// What is remembered of a pack that was verified. The fingerprint is worth what the seed's secrecy is: both stay in the sealed
/// state.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownPack {
    /// The engine that verified it: another one may check more.
    sdk: [u16; 3],
    file_bytes: u64,
    key_id: [u8; 8],
    key: [u8; 32],
    /// BLAKE2b-512 of the body, in two halves.
    digest: [[u8; 32]; 2],
    seed: [u8; 32],
    fingerprint: [u8; 16],
}

impl fmt::Debug for KnownPack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KnownPack(..)")
    }
}

impl KnownPack {
    /// What to remember of `model`, under a `seed` of its own. Cost: one pass over the file.
    pub(crate) fn of(model: &Model, seed: [u8; 32]) -> Self {
        let bytes = &*model.tables.bytes;
        let (halves, _) = model.info.digest.as_chunks();
        Self {
            sdk: this_sdk(),
            file_bytes: bytes.len() as u64,
            key_id: model.signer.id(),
            key: model.signer.to_bytes(),
            digest: [halves[0], halves[1]],
            fingerprint: fingerprint(&seed, bytes),
            seed,
        }
    }

    fn signer<'a>(&self, trusted: &'a [PublicKey]) -> Option<&'a PublicKey> {
        trusted.iter().find(|key| key.id() == self.key_id && key.to_bytes() == self.key)
    }

    /// The digest of what is signed.
    pub(super) fn digest(&self) -> [u8; 64] {
        std::array::from_fn(|place| self.digest.as_flattened()[place])
    }

    fn is(&self, bytes: &[u8]) -> bool {
        self.file_bytes == bytes.len() as u64
            && (fingerprint(&self.seed, bytes) == self.fingerprint || mutant!(AcceptAnyFingerprint))
    }
}

/// The record among `known` that remembers `bytes`, with the key that signed them. Cost: one pass over the file for each record of
/// its length, as a rule none or one.
pub(super) fn recognise<'a>(
    bytes: &[u8],
    known: &'a [KnownPack],
    trusted: &'a [PublicKey],
) -> Option<(&'a KnownPack, &'a PublicKey)> {
    known.iter().find_map(|pack| {
        let signer = pack.signer(trusted).filter(|_| pack.sdk == this_sdk())?;
        pack.is(bytes).then_some((pack, signer))
    })
}

fn this_sdk() -> [u16; 3] {
    let SdkVersion { major, minor, patch } = SdkVersion::CURRENT;
    [major, minor, patch]
}

/// NH over every 4 KiB, Poly1305 over what that gives, both under keys from `seed`: for texts of one length a proven
/// authenticator, as in Adiantum (Crowley, Biggers 2018), that reads as fast as memory does. The second step is the cipher's tag
/// of an empty text, bound to the digests: a one-time key, because every seed is used for one pack.
fn fingerprint(seed: &[u8; 32], bytes: &[u8]) -> [u8; 16] {
    let mut random = ChaCha20Rng::from_seed(*seed);
    let mut words = Zeroizing::new([0; nh::KEY_BYTES]);
    random.fill_bytes(words.as_mut_slice());
    let mut digests = Vec::with_capacity(bytes.len().div_ceil(nh::UNIT_BYTES) * nh::DIGEST_BYTES);
    nh::Key::new(&words).digests(bytes, |digest| digests.extend_from_slice(digest));
    let mut key = Zeroizing::new([0; 32]);
    random.fill_bytes(key.as_mut_slice());
    let cipher = XChaCha20Poly1305::new((&*key).into());
    let nonce = XNonce::default();
    let tag: Tag = cipher
        .encrypt_inout_detached(&nonce, &digests, (&mut [][..]).into())
        .expect("an empty text and digests of at most 2^30 bytes are not too long for the cipher");
    tag.into()
}

#[cfg(test)]
impl KnownPack {
    /// A record of the greatest length.
    pub(crate) fn largest() -> Self {
        Self {
            sdk: [u16::MAX; 3],
            file_bytes: u64::MAX,
            key_id: [u8::MAX; 8],
            key: [u8::MAX; 32],
            digest: [[u8::MAX; 32]; 2],
            seed: [u8::MAX; 32],
            fingerprint: [u8::MAX; 16],
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::model::PackBytes;

    const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/pack-v1/");

    fn pack() -> Vec<u8> {
        std::fs::read(format!("{FIXTURES}small.tkpack")).unwrap()
    }

    fn key() -> PublicKey {
        PublicKey::parse(&std::fs::read_to_string(format!("{FIXTURES}key.pub")).unwrap()).unwrap()
    }

    fn known(seed: u8) -> KnownPack {
        KnownPack::of(&Model::open(&pack(), &[key()]).unwrap(), [seed; 32])
    }

    fn is_known(bytes: &[u8], known: KnownPack, trusted: &[PublicKey]) -> bool {
        recognise(bytes, &[known], trusted).is_some()
    }

    #[test]
    fn a_pack_is_known_again_with_all_that_is_told_of_it() {
        let verified = Model::open(&pack(), &[key()]).unwrap();
        let others = [known(2), KnownPack::largest(), known(1)];
        let (model, is_known) = Model::recognise(pack().as_slice().into(), &[key()], &others).unwrap();
        assert!(is_known);
        assert_eq!(model.info(), verified.info());
        assert_eq!((model.matrix(), model.parameters()), (verified.matrix(), verified.parameters()));
        assert_eq!(KnownPack::of(&model, [1; 32]), known(1));
        let (_, is_known) =
            Model::recognise(pack().as_slice().into(), &[key()], &[KnownPack::largest()]).unwrap();
        assert!(!is_known);
    }

    #[test]
    fn no_changed_byte_is_known() {
        for at in 0..pack().len() {
            let mut bytes = pack().to_vec();
            bytes[at] ^= 0x10;
            assert!(!is_known(&bytes, known(3), &[key()]), "byte {at}");
        }
    }

    #[test]
    fn no_other_length_is_known() {
        let bytes = pack();
        assert!(!is_known(&bytes[..bytes.len() - 1], known(4), &[key()]));
        // The last unit is filled up with zeros: without its length this one would have the same fingerprint.
        assert!(!is_known(&[&bytes[..], &[0]].concat(), known(4), &[key()]));
    }

    #[test]
    fn every_installation_has_its_own_fingerprint() {
        assert_ne!(known(5).fingerprint, known(6).fingerprint);
        assert!(!is_known(&pack(), KnownPack { seed: [6; 32], ..known(5) }, &[key()]));
    }

    #[test]
    fn another_version_of_the_engine_verifies_anew() {
        let [major, minor, patch] = this_sdk();
        for sdk in [[major + 1, minor, patch], [major, minor + 1, patch], [major, minor, patch + 1]] {
            assert!(!is_known(&pack(), KnownPack { sdk, ..known(7) }, &[key()]));
        }
    }

    #[test]
    fn a_key_that_is_no_longer_trusted_verifies_anew() {
        assert!(!is_known(&pack(), known(8), &[]));
        let other = KnownPack { key: [1; 32], ..known(8) };
        assert!(!is_known(&pack(), other, &[key()]), "the same id is not the same key");
        let other = KnownPack { key_id: [1; 8], ..known(8) };
        assert!(!is_known(&pack(), other, &[key()]));
    }

    /// A file that is changed in place after it was verified: whatever it says then, reads stay inside.
    #[test]
    fn contents_that_nobody_checked_are_read_within_bounds() {
        // Where info and parameters end, which are read when the pack is opened.
        let start = usize::try_from(u64::from_le_bytes(pack()[120..128].try_into().unwrap())).unwrap();
        let mut random = ChaCha20Rng::seed_from_u64(10);
        for round in 0..2_000 {
            let mut bytes = pack().to_vec();
            for _ in 0..1 + round % 40 {
                let at = start + random.next_u32() as usize % (bytes.len() - start);
                bytes[at] = random.next_u32().to_le_bytes()[0];
            }
            let known = KnownPack { fingerprint: fingerprint(&[9; 32], &bytes), ..known(9) };
            let Ok((model, true)) = Model::recognise(PackBytes::from(bytes.as_slice()), &[key()], &[known])
            else {
                continue;
            };
            read_everything(&model);
        }
    }

    fn read_everything(model: &Model) {
        let mut vector = vec![0.0; model.dim()];
        for item in 0..=model.len() {
            model.id(item).map(|id| model.index_of(id));
            model.write_vector(item, &mut vector);
            let mut edges = model.neighbours(item);
            assert!(edges.all(|(target, weight)| target < model.len() && weight.is_finite()));
            assert!(model.item_attributes(item).all(|attribute| attribute < model.attributes()));
            assert!((0.0..=1.0).contains(&model.popularity(item)));
        }
        for index in 0..=model.attributes() {
            let Some(found) = model.attribute(index) else { continue };
            model.attribute_index(found.kind, found.name);
            assert!(found.parent.is_none_or(|parent| parent < index));
            model.attribute_vector(index, &mut vector);
        }
        for id in ["", "a", "kettle"] {
            model.index_of(id);
            model.attribute_index(crate::model::AttributeKind::Brand, id);
        }
        let _ = model.summary();
    }

    #[test]
    fn nothing_secret_is_shown() {
        assert_eq!(format!("{:?}", known(9)), "KnownPack(..)");
    }
}
