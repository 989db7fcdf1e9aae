//! Any bytes, as they are and signed by a test key: refused or readable from end to end, never a panic.
#![no_main]

use blake2::{Blake2b512, Digest};
use ed25519_dalek::{Signer, SigningKey};
use libfuzzer_sys::fuzz_target;
use tastekeeper::layout::{HEADER_BYTES, TRAILER_BYTES, header};
use tastekeeper::model::{Model, PublicKey, Shortlist};

const KEY_ID: [u8; 8] = [7; 8];
const SEED: [u8; 32] = [7; 32];

fuzz_target!(|data: &[u8]| {
    let key = SigningKey::from_bytes(&SEED);
    let trusted = PublicKey::from_bytes(KEY_ID, &key.verifying_key().to_bytes()).expect("a sound test key");
    if let Ok(model) = Model::open(data, std::slice::from_ref(&trusted)) {
        read(&model);
    }
    if let Ok(model) = Model::open(&sign(&key, data), &[trusted]) {
        read(&model);
    }
});

/// The body of `data` with a right length field and a right trailer.
fn sign(key: &SigningKey, data: &[u8]) -> Vec<u8> {
    let mut bytes = data[..data.len().saturating_sub(TRAILER_BYTES)].to_vec();
    if bytes.len() >= HEADER_BYTES {
        let length = (bytes.len() + TRAILER_BYTES) as u64;
        bytes[header::FILE_BYTES..header::FILE_BYTES + 8].copy_from_slice(&length.to_le_bytes());
    }
    let digest: [u8; 64] = Blake2b512::digest(&bytes).into();
    bytes.extend(b"ED");
    bytes.extend(KEY_ID);
    bytes.extend(key.sign(&digest).to_bytes());
    bytes
}

fn read(model: &Model) {
    let query = vec![0.25; model.dim()];
    let mut vector = vec![0.0; model.dim()];
    let mut scores = Vec::new();
    model.scan(&query, 0.5).for_each_block(|_, block, _| scores.extend_from_slice(block));
    assert_eq!(scores.len(), model.len() as usize);
    let mut list = Shortlist::default();
    model.scan(&query, 0.5).shortlist(3, |_| 0.0, |_| Some(0.0), &mut list);
    assert!(list.items().all(|item| item < model.len()));
    assert!(scores.iter().all(|score| score.is_finite()));
    for index in 0..=model.len() {
        let id = model.id(index);
        assert_eq!(id.and_then(|id| model.index_of(id)), id.map(|_| index));
        model.write_vector(index, &mut vector);
        assert!(model.neighbours(index).all(|(item, weight)| item < model.len() && weight.is_finite()));
        assert!(model.item_attributes(index).all(|attribute| attribute < model.attributes()));
    }
    for index in 0..=model.attributes() {
        model.attribute_vector(index, &mut vector);
        if let Some(attribute) = model.attribute(index) {
            assert_eq!(model.attribute_index(attribute.kind, attribute.name), Some(index));
        }
    }
}
