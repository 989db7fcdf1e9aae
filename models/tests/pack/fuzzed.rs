//! Random damage that passes the signature: refused or harmless, never a panic.
//!
//! `core/fuzz` does the same with coverage feedback.

use proptest::prelude::*;
use tastekeeper::layout::Section;
use tastekeeper_models::pack::{PackOptions, VectorCodes, WeightBits, write_pack};

use crate::support::{Raw, key, open, options, read_everything, sign, small_model, small_pack};

fn survive(bytes: &[u8]) {
    if let Ok(model) = open(bytes) {
        read_everything(&model);
    }
}

fn bases() -> Vec<Raw> {
    let variant = |vectors, weight_bits, neighbours, signs_from_items| {
        let residuals = signs_from_items == 0;
        let options =
            PackOptions { vectors, weight_bits, neighbours, signs_from_items, residuals, ..options() };
        Raw::new(&write_pack(&small_model(), &options, &key()).unwrap())
    };
    vec![
        variant(VectorCodes::Int4, WeightBits::Four, 3, 100),
        variant(VectorCodes::Int8, WeightBits::Eight, 2, 0),
        variant(VectorCodes::Int4, WeightBits::Eight, 0, 1),
    ]
}

/// A byte that parsers stumble over more often than over any other.
fn awkward() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0), Just(1), Just(0x7f), Just(0x80), Just(0xff), any::<u8>()]
}

#[test]
fn every_byte_of_every_section_set_to_awkward_values() {
    for base in bases() {
        for index in 0..base.sections.len() {
            for at in 0..base.sections[index].2.len() {
                for value in [0, 1, 5, 6, 0x7f, 0xff] {
                    let mut raw = base.clone();
                    raw.sections[index].2[at] = value;
                    survive(&raw.pack());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn several_bytes_anywhere(edits in prop::collection::vec((any::<prop::sample::Index>(), awkward()), 1..6)) {
        let mut body = Raw::new(&small_pack()).body();
        for (at, value) in edits {
            let at = at.index(body.len());
            body[at] = value;
        }
        survive(&sign(&body));
    }

    #[test]
    fn whole_words_in_one_section(
        base in 0..3_usize,
        section in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        word in prop_oneof![Just(0_u32), Just(1), Just(6), Just(u32::MAX), Just(1 << 31), any::<u32>()],
    ) {
        let mut raw = bases().swap_remove(base);
        let section = section.index(raw.sections.len());
        let bytes = &mut raw.sections[section].2;
        let at = at.index(bytes.len() / 4 + 1) * 4;
        for (byte, value) in bytes.iter_mut().skip(at).zip(word.to_le_bytes()) {
            *byte = value;
        }
        survive(&raw.pack());
    }

    #[test]
    fn sections_replaced_moved_and_relabelled(
        base in 0..3_usize,
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        encoding in 0..40_u32,
        noise in prop::collection::vec(awkward(), 0..80),
        what in 0..4,
    ) {
        let mut raw = bases().swap_remove(base);
        let (from, to) = (from.index(raw.sections.len()), to.index(raw.sections.len()));
        match what {
            0 => raw.sections[to].2 = noise,
            1 => raw.sections[to].2 = raw.sections[from].2.clone(),
            2 => raw.sections[to].1 = encoding,
            _ => raw.sections.swap(from, to),
        }
        survive(&raw.pack());
    }

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        survive(&bytes);
        let mut body = bytes;
        body.splice(..body.len().min(8), *b"TKPACK\x01\x00");
        if body.len() >= 64 {
            body[8..24].fill(0);
            body[20] = 2;
            let length = (body.len() + 74) as u64;
            body[40..48].copy_from_slice(&length.to_le_bytes());
        }
        survive(&sign(&body));
    }
}

#[test]
fn any_scale_code_is_harmless() {
    let mut raw = Raw::new(&small_pack());
    for code in 0..=u8::MAX {
        raw.bytes(Section::VectorScales).fill(code);
        read_everything(&open(&raw.pack()).unwrap());
    }
}
