//! A pack opens only if a trusted key signed every byte of it.

use std::path::Path;

use tastekeeper::model::{Model, ModelProblem, PublicKey};
use tastekeeper::mutants::{self, Mutant};

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pack-v1");
    std::fs::read(folder.join(name)).expect("the fixture is part of the repository")
}

fn key() -> PublicKey {
    let text = String::from_utf8(fixture("key.pub")).expect("a key file is text");
    PublicKey::parse(&text).expect("the fixture's key is sound")
}

/// Whether any change of one byte gets past the reader.
fn some_change_opens() -> bool {
    let pack = fixture("small.tkpack");
    (0..pack.len()).any(|at| {
        let mut bytes = pack.clone();
        bytes[at] ^= 1;
        Model::open(&bytes, &[key()]).is_ok()
    })
}

#[test]
fn a_signed_pack_opens_and_no_change_of_it_does() {
    assert!(Model::open(&fixture("small.tkpack"), &[key()]).is_ok());
    assert!(!some_change_opens());
}

#[test]
fn a_reader_that_skips_the_signature_is_caught() {
    assert!(mutants::with(Mutant::AcceptAnySignature, some_change_opens));
}

#[test]
fn a_pack_of_another_signer_is_refused() {
    let text = String::from_utf8(fixture("minisign.pub")).expect("a key file is text");
    let stranger = PublicKey::parse(&text).expect("minisign made it");
    let refused = Model::open(&fixture("small.tkpack"), &[stranger]);
    assert!(matches!(refused, Err(ModelProblem::UnknownKey)));
}
