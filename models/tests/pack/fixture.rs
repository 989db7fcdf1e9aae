//! A pack of the first format opens for ever, with the same contents.
//!
//! `tests/fixtures/pack-v1/README.md` says what its files are. They are never written again.

use std::path::PathBuf;

use tastekeeper::model::{AttributeKind, Model, PublicKey};

use crate::support::{read_everything, scores, shortlist};

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/pack-v1")
}

fn fixture() -> Model {
    fixture_named("small.tkpack")
}

fn fixture_named(name: &str) -> Model {
    let key = std::fs::read_to_string(folder().join("key.pub")).unwrap();
    let bytes = std::fs::read(folder().join(name)).unwrap();
    Model::open(&bytes, &[PublicKey::parse(&key).unwrap()]).unwrap()
}

#[test]
fn the_first_pack_still_opens() {
    let model = fixture();
    read_everything(&model);
    assert_eq!(model.info().model_id, "shop-test");
    assert_eq!((model.len(), model.dim(), model.attributes()), (6, 9, 4));
    let ids: Vec<_> = (0..6).filter_map(|index| model.id(index)).collect();
    assert_eq!(ids, ["zeta", "b2", "c3", "d4", "e5", "é6"]);
    assert_eq!(model.neighbours(3).collect::<Vec<_>>(), [(4, 1.0), (3, 1.0), (2, 1.0)]);
    assert_eq!(model.item_attributes(5).collect::<Vec<_>>(), [0, 1, 2, 3]);
    let hair = model.attribute(1).unwrap();
    assert_eq!((hair.kind, hair.name, hair.parent), (AttributeKind::Category, "hair", Some(0)));
    assert_eq!(model.parameters().graph_weight, 13.0);
}

/// The bits of scores over the fixture, the same on every platform.
#[test]
fn scores_have_known_bits() {
    let model = fixture();
    let query = [0.5, -0.25, 0.125, 1.0, -1.0, 0.75, 0.0, 0.3, -0.6];
    let bits: Vec<u32> = scores(&model, &query, 0.5).into_iter().map(f32::to_bits).collect();
    assert_eq!(bits, KNOWN_BITS, "{bits:#x?}");
}

/// The first pack that holds the signs of its vectors apart: forty items, so that there are two blocks.
#[test]
fn the_first_pack_with_signs_still_opens() {
    let model = fixture_named("signs.tkpack");
    read_everything(&model);
    assert_eq!((model.len(), model.dim()), (40, 9));
    let query = [0.5, -0.25, 0.125, 1.0, -1.0, 0.75, 0.0, 0.3, -0.6];
    assert_eq!(shortlist(&model, &query, 0.1, 6), KNOWN_SHORTLIST);
}

/// The first pack whose vectors have residuals: the bits of a vector.
#[test]
fn the_first_pack_with_residuals_still_opens() {
    let model = fixture_named("residuals.tkpack");
    read_everything(&model);
    assert_eq!((model.len(), model.dim()), (6, 9));
    let mut vector = [0.0; 9];
    model.write_vector(2, &mut vector);
    let bits = vector.map(f32::to_bits);
    assert_eq!(bits, KNOWN_VECTOR, "{bits:#x?}");
}

const KNOWN_VECTOR: [u32; 9] = [
    0x3e12_2523,
    0xbeba_ff23,
    0x3e96_2c35,
    0xbe5b_cb00,
    0x3ee5_9307,
    0xbd7d_2a28,
    0xbf12_6ec9,
    0x3dba_6bd7,
    0xbed5_76be,
];

const KNOWN_SHORTLIST: [u32; 6] = [1, 11, 17, 22, 31, 38];

const KNOWN_BITS: [u32; 6] = [0x3f88_a26a, 0xbf9e_1c76, 0xbd67_14bc, 0x3fa0_6204, 0xbeac_af01, 0];
