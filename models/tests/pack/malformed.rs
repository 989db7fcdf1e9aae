//! The attack list of `format.md`: each malformed pack is signed by a trusted key and still refused, by its own name.

use tastekeeper::layout::{self, SdkVersion, Section, header, parameter};
use tastekeeper::model::{Model, ModelProblem, Requirement};
use tastekeeper_models::pack::{SigningKey, VectorCodes, write_pack};

use crate::support::{Raw, key, open, options, read_everything, sign, small_model, small_pack};

type Change = fn(&mut Raw);

fn refused(bytes: &[u8]) -> ModelProblem {
    open(bytes).expect_err("a malformed pack was opened")
}

fn check(cases: &[(ModelProblem, Change)]) {
    let sound = Raw::new(&small_pack());
    for (index, (problem, change)) in cases.iter().enumerate() {
        let mut raw = sound.clone();
        change(&mut raw);
        assert_eq!(refused(&raw.pack()), *problem, "case {index}");
    }
}

#[test]
fn taking_apart_and_putting_together_changes_nothing() {
    assert_eq!(Raw::new(&small_pack()).pack(), small_pack());
}

#[test]
fn identity_and_signature() {
    let pack = small_pack();
    let edit = |at: usize, value: &[u8]| {
        let mut bytes = pack.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        refused(&bytes)
    };
    let trailer = pack.len() - layout::TRAILER_BYTES;
    assert_eq!(refused(b""), ModelProblem::NotAPack);
    assert_eq!(edit(0, b"t"), ModelProblem::NotAPack);
    assert_eq!(edit(header::FORMAT, &[2, 0]), ModelProblem::UnsupportedFormat { found: 2 });
    assert_eq!(edit(header::FORMAT, &[0, 1]), ModelProblem::UnsupportedFormat { found: 256 });
    assert_eq!(refused(&pack[..7]), ModelProblem::Truncated);
    assert_eq!(refused(&pack[..100]), ModelProblem::Truncated);
    assert_eq!(refused(&pack[..trailer]), ModelProblem::Truncated);
    assert_eq!(refused(&[&pack[..], &[0]].concat()), ModelProblem::TrailingBytes);
    assert_eq!(edit(header::FILE_BYTES, &u64::MAX.to_le_bytes()), ModelProblem::TooLarge { what: "file" });
    assert_eq!(edit(header::FILE_BYTES, &[0; 8]), ModelProblem::TrailingBytes);
    // minisign's legacy algorithm signs the file itself: never accepted
    assert_eq!(edit(trailer, b"Ed"), ModelProblem::BadSignature);
    assert_eq!(edit(trailer + 2, &[8]), ModelProblem::UnknownKey);
    assert_eq!(edit(trailer + 10, &[0; 64]), ModelProblem::BadSignature);
    assert_eq!(edit(header::PACK_VERSION, &[8]), ModelProblem::BadSignature);
    // the right id on the wrong key
    let mut seed = [9; 40];
    seed[..8].copy_from_slice(&key().public_key().id());
    let stranger = SigningKey::from_random(&seed).public_key();
    let result = Model::open(&pack, std::slice::from_ref(&stranger));
    assert_eq!(result.unwrap_err(), ModelProblem::BadSignature);
    // two trusted keys may share an id
    assert!(Model::open(&pack, &[stranger, key().public_key()]).is_ok());
}

#[test]
fn a_signature_with_a_second_encoding_is_refused() {
    // s + l is the same number modulo the group order; a verifier that accepts it makes signatures malleable
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut pack = small_pack();
    let start = pack.len() - 32;
    let mut carry = 0;
    for (byte, order) in pack[start..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(refused(&pack), ModelProblem::BadSignature);
}

#[test]
fn headers() {
    let newer = SdkVersion { major: u16::MAX, minor: 1, patch: 0 };
    let needs = |requirement| ModelProblem::NeedsNewerSdk { requirement };
    check(&[
        (needs(Requirement::Version(newer)), |raw| raw.header[header::MINIMUM_SDK..][..2].fill(0xff)),
        (needs(Requirement::Flags(1)), |raw| raw.header[header::FLAGS] = 1),
        (ModelProblem::ReservedNotZero, |raw| raw.header[14] = 1),
        (ModelProblem::ReservedNotZero, |raw| raw.header[39] = 1),
        (ModelProblem::ReservedNotZero, |raw| raw.header[63] = 1),
        (ModelProblem::BadParameter { field: "created_day" }, |raw| {
            raw.header[header::CREATED_DAY..][..4].fill(0xff);
        }),
        (needs(Requirement::SectionKind(77)), |raw| raw.sections.insert(14, (77, 1, vec![1]))),
        (needs(Requirement::Encoding { section: Section::Vectors, encoding: 3 }), |raw| {
            raw.entry(Section::Vectors).1 = 3
        }),
        (needs(Requirement::Encoding { section: Section::Neighbours, encoding: 33 }), |raw| {
            raw.entry(Section::Neighbours).1 = 33
        }),
        (needs(Requirement::Encoding { section: Section::NeighbourWeights, encoding: 5 }), |raw| {
            raw.entry(Section::NeighbourWeights).1 = 5
        }),
        (needs(Requirement::Encoding { section: Section::ItemAttributes, encoding: 3 }), |raw| {
            raw.entry(Section::ItemAttributes).1 = 3
        }),
        (needs(Requirement::Encoding { section: Section::Parameters, encoding: 0 }), |raw| {
            raw.entry(Section::Parameters).1 = 0
        }),
        (needs(Requirement::Encoding { section: Section::ItemIds, encoding: 2 }), |raw| {
            raw.entry(Section::ItemIds).1 = 2
        }),
    ]);
}

#[test]
fn section_tables() {
    let entry = |index: usize| layout::HEADER_BYTES + index * layout::ENTRY_BYTES;
    type Edit<'a> = &'a dyn Fn(&mut Vec<u8>);
    let add = |at: usize, delta: i64| {
        move |body: &mut Vec<u8>| {
            let old = i64::from_le_bytes(body[at..at + 8].try_into().unwrap());
            body[at..at + 8].copy_from_slice(&(old + delta).to_le_bytes());
        }
    };
    let put = |at: usize, value: u64, width: usize| {
        move |body: &mut Vec<u8>| body[at..at + width].copy_from_slice(&value.to_le_bytes()[..width])
    };
    let raw = Raw::new(&small_pack());
    let last = raw.sections.len() - 1;
    let cases: &[(ModelProblem, Edit<'_>)] = &[
        (ModelProblem::BadSectionTable, &put(header::SECTION_COUNT, 0, 4)),
        (ModelProblem::TooLarge { what: "section table" }, &put(header::SECTION_COUNT, 65, 4)),
        (ModelProblem::TooLarge { what: "section table" }, &put(header::SECTION_COUNT, u64::MAX, 4)),
        // not ascending, and the same kind twice
        (ModelProblem::BadSectionTable, &put(entry(1), 1, 4)),
        (ModelProblem::BadSectionTable, &put(entry(0), 0, 4)),
        (ModelProblem::BadSectionTable, &put(entry(0), 2, 4)),
        (ModelProblem::SectionOutOfBounds, &put(entry(3) + 8, u64::MAX, 8)),
        (ModelProblem::SectionOutOfBounds, &put(entry(3) + 16, u64::MAX, 8)),
        (ModelProblem::SectionOutOfBounds, &put(entry(last) + 16, 4096, 8)),
        (ModelProblem::SectionMisaligned, &add(entry(3) + 8, 1)),
        (ModelProblem::SectionOverlap, &add(entry(3) + 8, -64)),
        (ModelProblem::SectionOverlap, &put(entry(0) + 8, 0, 8)),
        (ModelProblem::SectionGap, &add(entry(3) + 8, 64)),
        (ModelProblem::SectionGap, &put(entry(last) + 16, 0, 8)),
    ];
    for (index, (problem, edit)) in cases.iter().enumerate() {
        let mut body = raw.body();
        edit(&mut body);
        assert_eq!(refused(&sign(&body)), *problem, "case {index}");
    }
    // a table longer than the file, and signed padding that is not zero
    let mut short = raw.body()[..layout::HEADER_BYTES + 64].to_vec();
    put(header::FILE_BYTES, (short.len() + layout::TRAILER_BYTES) as u64, 8)(&mut short);
    assert_eq!(refused(&sign(&short)), ModelProblem::BadSectionTable);
    let mut padded = raw.body();
    *padded.last_mut().unwrap() = 1;
    assert_eq!(refused(&sign(&padded)), ModelProblem::PaddingNotZero);
    let mut padded = raw.body();
    let info_end = u64::from_le_bytes(padded[entry(0) + 8..entry(0) + 16].try_into().unwrap()) as usize
        + raw.sections[0].2.len();
    padded[info_end] = 1;
    assert_eq!(refused(&sign(&padded)), ModelProblem::PaddingNotZero);
    // a body that does not end at a multiple of 64
    let mut longer = raw.body();
    longer.push(0);
    put(header::FILE_BYTES, (longer.len() + layout::TRAILER_BYTES) as u64, 8)(&mut longer);
    assert_eq!(refused(&sign(&longer)), ModelProblem::SectionGap);
}

#[test]
fn every_section_is_needed_and_has_one_length() {
    for section in Section::ALL {
        let mut raw = Raw::new(&small_pack());
        raw.remove(section);
        if matches!(section, Section::Summary | Section::Signs | Section::Residuals) {
            assert!(open(&raw.pack()).is_ok());
            continue;
        }
        assert_eq!(refused(&raw.pack()), ModelProblem::MissingSection { section });
        let wrong = if section == Section::Info {
            ModelProblem::BadInfo
        } else {
            ModelProblem::BadSectionLength { section }
        };
        for change in [
            (|bytes: &mut Vec<u8>| bytes.push(0)) as fn(&mut Vec<u8>),
            |bytes| {
                bytes.pop();
            },
            |bytes| bytes.clear(),
        ] {
            let mut raw = Raw::new(&small_pack());
            change(raw.bytes(section));
            assert_eq!(refused(&raw.pack()), wrong);
        }
    }
    let put_count = |at: usize| {
        let mut raw = Raw::new(&small_pack());
        raw.put(Section::Parameters, at, &[0]);
        refused(&raw.pack())
    };
    let section = Section::Attributes;
    assert_eq!(put_count(parameter::ATTRIBUTES), ModelProblem::UnexpectedSection { section });
}

#[test]
fn parameters() {
    for (at, what) in [
        (parameter::ITEMS, "items"),
        (parameter::DIM, "dim"),
        (parameter::NEIGHBOURS, "neighbours"),
        (parameter::ATTRIBUTES, "attributes"),
    ] {
        let mut raw = Raw::new(&small_pack());
        raw.put(Section::Parameters, at, &u32::MAX.to_le_bytes());
        assert_eq!(refused(&raw.pack()), ModelProblem::TooLarge { what });
    }
    for (at, field) in [(parameter::ITEMS, "items"), (parameter::DIM, "dim")] {
        let mut raw = Raw::new(&small_pack());
        raw.put(Section::Parameters, at, &0_u32.to_le_bytes());
        assert_eq!(refused(&raw.pack()), ModelProblem::BadParameter { field });
    }
    for (at, field) in [
        (parameter::MAX_SCALE, "max_scale"),
        (parameter::EDGE_STEP, "edge_step"),
        (parameter::DECAY, "decay"),
        (parameter::CARRY, "carry"),
        (parameter::GAIN, "gain"),
        (parameter::GRAPH_WEIGHT, "graph_weight"),
        (parameter::GRAPH_DECAY, "graph_decay"),
        (parameter::POPULARITY_WEIGHT, "popularity_weight"),
        (parameter::KIND_WEIGHTS, "kind_weights"),
        (parameter::KIND_WEIGHTS + 12, "kind_weights"),
    ] {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e9, 1e9] {
            let mut raw = Raw::new(&small_pack());
            raw.put(Section::Parameters, at, &value.to_le_bytes());
            assert_eq!(refused(&raw.pack()), ModelProblem::BadParameter { field }, "{value}");
        }
    }
    for at in [parameter::RESERVED, layout::PARAMETER_BYTES - 1] {
        let mut raw = Raw::new(&small_pack());
        raw.put(Section::Parameters, at, &[1]);
        assert_eq!(refused(&raw.pack()), ModelProblem::ReservedNotZero);
    }
}

#[test]
fn texts() {
    use Section::{Attributes, Info, ItemIds, ItemOrder, Summary};
    let utf8 = |section| ModelProblem::NotUtf8 { section };
    check(&[
        (ModelProblem::BadInfo, |raw| *raw.bytes(Info) = vec![0, 0, 0]),
        (ModelProblem::BadInfo, |raw| *raw.bytes(Info) = [&[65, 0, 0][..], &[b'a'; 65]].concat()),
        (ModelProblem::BadInfo, |raw| *raw.bytes(Info) = [&[1, 1, 1][..], &[b'a'; 258]].concat()),
        (ModelProblem::BadInfo, |raw| raw.put(Info, 4, b"\n")),
        (ModelProblem::BadInfo, |raw| raw.put(Info, 4, b"\xff")),
        // offsets: the first not zero, descending, empty, far beyond the text
        (ModelProblem::BadItemIds, |raw| raw.put(ItemIds, 0, &[1])),
        (ModelProblem::BadItemIds, |raw| raw.put(ItemIds, 8, &[3])),
        (ModelProblem::BadItemIds, |raw| raw.put(ItemIds, 8, &[4])),
        (ModelProblem::BadItemIds, |raw| raw.put(ItemIds, 8, &[200])),
        (ModelProblem::BadItemIds, |raw| raw.put(ItemIds, 8, &u32::MAX.to_le_bytes())),
        // the last offset makes the length, so a wild one is a wrong length
        (ModelProblem::BadSectionLength { section: ItemIds }, |raw| {
            raw.put(ItemIds, 24, &u32::MAX.to_le_bytes());
        }),
        (utf8(ItemIds), |raw| raw.put(ItemIds, 28, b"\xff")),
        // "é6" cut inside its first character
        (utf8(ItemIds), |raw| raw.put(ItemIds, 20, &[13])),
        (ModelProblem::BadItemIds, |raw| {
            let names = [&[b'x'; 257][..], b"bcdef"].concat();
            let mut bytes: Vec<u8> =
                [0_u32, 257, 258, 259, 260, 261, 262].iter().flat_map(|end| end.to_le_bytes()).collect();
            bytes.extend(names);
            *raw.bytes(ItemIds) = bytes;
        }),
        (ModelProblem::DuplicateItemId, |raw| raw.put(ItemIds, 28 + 6, b"b2")),
        (ModelProblem::BadItemOrder, |raw| raw.put(ItemOrder, 0, &[6])),
        (ModelProblem::BadItemOrder, |raw| raw.put(ItemOrder, 0, &u32::MAX.to_le_bytes())),
        (ModelProblem::BadItemOrder, |raw| raw.put(ItemOrder, 0, &[2])),
        (ModelProblem::BadItemOrder, |raw| raw.bytes(ItemOrder).rotate_left(4)),
        (ModelProblem::BadAttributes, |raw| raw.put(Attributes, 16, &[1])),
        (ModelProblem::BadAttributes, |raw| raw.put(Attributes, 20, &[0])),
        (ModelProblem::BadAttributes, |raw| raw.put(Attributes, 24, &u32::MAX.to_le_bytes())),
        (utf8(Attributes), |raw| raw.put(Attributes, 40, b"\x80")),
        (ModelProblem::TooLarge { what: "summary" }, |raw| *raw.bytes(Summary) = vec![b' '; 65_537]),
        (utf8(Summary), |raw| raw.put(Summary, 0, b"\xc3")),
    ]);
}

#[test]
fn numbers() {
    use Section::{
        AttributeOrder, AttributeVectors, Attributes, ItemAttributes, Matrix, NeighbourWeights, Neighbours,
        Popularity, Vectors,
    };
    check(&[
        (ModelProblem::BadPopularity, |raw| raw.put(Popularity, 5, &[255])),
        (ModelProblem::BadVectors, |raw| raw.put(Vectors, 0, &[0x08])),
        (ModelProblem::BadVectors, |raw| raw.put(Vectors, 0, &[0x80])),
        (ModelProblem::BadVectors, |raw| raw.put(Vectors, 4, &[0x10])),
        // rows are 3 slots of 3 bits: 6 is no item, and bits 9..16 stay zero
        (ModelProblem::BadNeighbours, |raw| raw.put(Neighbours, 0, &[6])),
        (ModelProblem::BadNeighbours, |raw| raw.put(Neighbours, 1, &[0x82])),
        (ModelProblem::BadNeighbours, |raw| raw.put(Neighbours, 4, &[1])),
        (ModelProblem::BadNeighbourWeights, |raw| raw.put(NeighbourWeights, 0, &[0xf1])),
        (ModelProblem::BadNeighbourWeights, |raw| raw.put(NeighbourWeights, 1, &[0x15])),
        (ModelProblem::BadMatrix, |raw| raw.put(Matrix, 0, &f32::NAN.to_le_bytes())),
        (ModelProblem::BadMatrix, |raw| raw.put(Matrix, 0, &(-1.0_f32).to_le_bytes())),
        (ModelProblem::BadMatrix, |raw| *raw.bytes(Matrix).last_mut().unwrap() = 0x80),
        (ModelProblem::BadAttributeVectors, |raw| {
            raw.put(AttributeVectors, 12, &f32::INFINITY.to_le_bytes());
        }),
        (ModelProblem::BadAttributeVectors, |raw| raw.put(AttributeVectors, 16, &[0x80])),
        (ModelProblem::BadAttributes, |raw| raw.put(Attributes, 39, &[3])),
        // a parent that is its own child, one that comes later, one of a brand, and a brand's
        (ModelProblem::BadParent, |raw| raw.put(Attributes, 0, &[0, 0, 0, 0])),
        (ModelProblem::BadParent, |raw| raw.put(Attributes, 4, &[1, 0, 0, 0])),
        (ModelProblem::BadParent, |raw| raw.put(Attributes, 0, &[0xfe])),
        (ModelProblem::BadParent, |raw| raw.put(Attributes, 8, &[0, 0, 0, 0])),
        (ModelProblem::BadParent, |raw| raw.put(Attributes, 36, &[1])),
        (ModelProblem::DuplicateAttribute, |raw| {
            raw.put(Attributes, 36 + 2, &[0]);
            raw.put(Attributes, 40 + 6, b"hairhair");
            raw.put(AttributeOrder, 0, &[0, 0, 0, 0, 1, 0, 0, 0, 2]);
        }),
        (ModelProblem::BadAttributeOrder, |raw| raw.put(AttributeOrder, 0, &[4])),
        (ModelProblem::BadAttributeOrder, |raw| raw.bytes(AttributeOrder).rotate_left(4)),
        (ModelProblem::BadItemAttributes, |raw| raw.put(ItemAttributes, 0, &[1])),
        (ModelProblem::BadItemAttributes, |raw| raw.put(ItemAttributes, 8, &[1])),
        (ModelProblem::BadItemAttributes, |raw| raw.put(ItemAttributes, 8, &[200])),
        (ModelProblem::BadItemAttributes, |raw| raw.put(ItemAttributes, 28, &[1])),
        (ModelProblem::BadItemAttributes, |raw| raw.put(ItemAttributes, 28, &[0xff, 0xff])),
    ]);
    let int8 = tastekeeper_models::pack::PackOptions { vectors: VectorCodes::Int8, ..options() };
    let mut raw = Raw::new(&write_pack(&small_model(), &int8, &key()).unwrap());
    raw.put(Vectors, 3, &[0x80]);
    assert_eq!(refused(&raw.pack()), ModelProblem::BadVectors);
}

#[test]
fn signs_contradict_the_vectors() {
    for vectors in [VectorCodes::Int4, VectorCodes::Int8] {
        let options = tastekeeper_models::pack::PackOptions { vectors, signs_from_items: 0, ..options() };
        let sound = Raw::new(&write_pack(&small_model(), &options, &key()).unwrap());
        let flipped = |at: usize, bit: u8| {
            let mut raw = sound.clone();
            raw.bytes(Section::Signs)[at] ^= 1 << bit;
            raw.pack()
        };
        let model = open(&sound.pack()).unwrap();
        let mut vector = [0.0; 9];
        // Six rows of nine bits: a first byte each, and then a second.
        for item in 0..6 {
            model.write_vector(item as u32, &mut vector);
            for (dim, value) in vector.into_iter().enumerate() {
                let pack = flipped(32 * (dim / 8) + item, (dim % 8) as u8);
                if value == 0.0 {
                    read_everything(&open(&pack).unwrap());
                } else {
                    assert_eq!(refused(&pack), ModelProblem::BadSigns, "item {item}, value {dim}");
                }
            }
        }
        // Bits of no value, and of no item.
        for (at, bit) in [(32, 1), (37, 7), (6, 0), (31, 7), (63, 0)] {
            assert_eq!(refused(&flipped(at, bit)), ModelProblem::BadSigns, "byte {at}, bit {bit}");
        }
        has_one_length_and_encoding(&sound, Section::Signs);
    }
}

#[test]
fn residuals_of_no_value() {
    for vectors in [VectorCodes::Int4, VectorCodes::Int8] {
        let options = tastekeeper_models::pack::PackOptions { vectors, residuals: true, ..options() };
        let sound = Raw::new(&write_pack(&small_model(), &options, &key()).unwrap());
        for (at, bit) in (0..12).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut raw = sound.clone();
            raw.bytes(Section::Residuals)[at] ^= 1 << bit;
            // Six rows of nine bits: two bytes each.
            if at % 2 == 0 || bit == 0 {
                read_everything(&open(&raw.pack()).unwrap());
            } else {
                assert_eq!(refused(&raw.pack()), ModelProblem::BadResiduals, "byte {at}, bit {bit}");
            }
        }
        has_one_length_and_encoding(&sound, Section::Residuals);
    }
}

fn has_one_length_and_encoding(sound: &Raw, section: Section) {
    let shorter = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1);
    for change in [(|bytes| bytes.push(0)) as fn(&mut Vec<u8>), shorter, Vec::clear] {
        let mut raw = sound.clone();
        change(raw.bytes(section));
        assert_eq!(refused(&raw.pack()), ModelProblem::BadSectionLength { section });
    }
    let mut raw = sound.clone();
    raw.entry(section).1 = 2;
    let requirement = Requirement::Encoding { section, encoding: 2 };
    assert_eq!(refused(&raw.pack()), ModelProblem::NeedsNewerSdk { requirement });
}

#[test]
fn too_many_attributes_of_one_item() {
    let mut model = crate::support::random_model(2, 8, 1025, 0, 5);
    model.attributes.of_item[0] = (0..1024).collect();
    let mut raw = Raw::new(&write_pack(&model, &options(), &key()).unwrap());
    // the second item's first attribute becomes the first item's 1025th
    let second = u16::try_from(model.attributes.of_item[1][0]).unwrap();
    assert!(second < 1024);
    raw.put(Section::ItemAttributes, 4, &1025_u32.to_le_bytes());
    assert_eq!(refused(&raw.pack()), ModelProblem::BadItemAttributes);
}

#[test]
fn every_flipped_byte_is_refused() {
    let pack = small_pack();
    for at in 0..pack.len() {
        for bits in [0x01, 0x80, 0xff] {
            let mut bytes = pack.clone();
            bytes[at] ^= bits;
            assert!(open(&bytes).is_err(), "byte {at} ^ {bits:#x}");
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let pack = small_pack();
    for length in 0..pack.len() {
        assert!(open(&pack[..length]).is_err(), "{length} bytes");
    }
    let sound = Raw::new(&pack);
    for index in 0..sound.sections.len() {
        for length in 0..sound.sections[index].2.len() {
            let mut raw = sound.clone();
            raw.sections[index].2.truncate(length);
            let result = open(&raw.pack());
            // what is free text is shorter, not broken
            let free = sound.sections[index].0 == Section::Summary.kind();
            assert_eq!(result.is_ok(), free, "section {index} cut to {length}");
        }
    }
}
