//! What is written is read: exactly where the format is exact, within a quantisation step elsewhere.

use proptest::prelude::*;
use tastekeeper::layout::{self, Section};
use tastekeeper::model::{AttributeKind, ModelProblem};
use tastekeeper_models::pack::{PackError, PackOptions, VectorCodes, WeightBits, write_pack};
use tastekeeper_models::trained::TrainedModel;

use crate::support::{
    Raw, any_model, key, open, options, random_model, read_everything, scores, small_model, small_pack,
};

fn check(model: &TrainedModel, options: &PackOptions) {
    let bytes = write_pack(model, options, &key()).unwrap();
    assert_eq!(bytes, write_pack(model, options, &key()).unwrap());
    let read = open(&bytes).unwrap();
    read_everything(&read);
    assert_eq!(read.len() as usize, model.items.len());
    let dim = read.dim();
    assert_eq!(dim, model.vectors.ncols());
    let mut vector = vec![0.0; dim];
    let strongest = model.graph.iter().flatten().map(|edge| edge.1).fold(0.0, f32::max);
    let step = strongest / if options.weight_bits == WeightBits::Four { 15.0 } else { 255.0 };
    for (index, id) in model.items.iter().enumerate() {
        let at = index as u32;
        assert_eq!(read.id(at), Some(id.as_str()));
        read.write_vector(at, &mut vector);
        let exact = model.vectors.row(index);
        let error: f32 = exact.iter().zip(&vector).map(|(a, b)| (a - b).powi(2)).sum();
        // Half a step per value at the scale that clips nothing, and the grid's 2.2 % on top; a whole one, since values make up for
        // each other's errors.
        let half_step = exact.iter().fold(0.0_f32, |most, value| most.max(value.abs()))
            / if options.vectors == VectorCodes::Int4 { 14.0 } else { 254.0 }
            * 1.022;
        let off = if options.residuals { half_step } else { 2.0 * half_step };
        assert!(error <= off.powi(2) * dim as f32, "{error} > {off}^2 * {dim}");
        let edges: Vec<(u32, f32)> = read.neighbours(at).collect();
        let expected = model.graph[index].iter().take(usize::from(options.neighbours));
        let expected: Vec<_> = expected.filter(|(_, weight)| (weight / step).round() >= 1.0).collect();
        assert_eq!(edges.len(), expected.len());
        for (found, wanted) in edges.iter().zip(expected) {
            assert_eq!(found.0, wanted.0);
            assert!((found.1 - wanted.1).abs() <= step * 0.501);
        }
        let attributes: Vec<u32> = read.item_attributes(at).collect();
        assert_eq!(attributes, model.attributes.of_item[index]);
    }
    let exact = model.matrix.iter().zip(read.matrix());
    assert!(exact.into_iter().all(|(a, b)| (a - b).abs() < 0.01));
    for (index, entry) in model.attributes.entries.iter().enumerate() {
        let found = read.attribute(index as u32).unwrap();
        assert_eq!((found.name, found.parent), (entry.name.as_str(), entry.parent));
        assert_eq!(found.kind as u8, entry.kind as u8);
        read.attribute_vector(index as u32, &mut vector);
        let exact = model.attribute_vectors.row(index);
        assert!(exact.iter().zip(&vector).all(|(a, b)| (a - b).abs() < 0.005));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read(
        model in any_model(),
        int8 in any::<bool>(),
        residuals in any::<bool>(),
        four in any::<bool>(),
        neighbours in 0..7_u8,
    ) {
        let vectors = if int8 { VectorCodes::Int8 } else { VectorCodes::Int4 };
        let weight_bits = if four { WeightBits::Four } else { WeightBits::Eight };
        check(&model, &PackOptions { vectors, residuals, weight_bits, neighbours, summary: None, ..options() });
    }
}

#[test]
fn wide_attribute_ids_and_every_neighbour_width() {
    check(&random_model(3, 8, 66_000, 2, 1), &options());
    for items in [1, 2, 3, 255, 257] {
        check(&random_model(items, 8, 0, 5, 2), &PackOptions { neighbours: 5, ..options() });
    }
}

#[test]
fn the_small_pack_reads_as_expected() {
    let model = open(&small_pack()).unwrap();
    let info = model.info();
    assert_eq!((info.model_id.as_str(), info.label.as_str()), ("shop-test", "CC0-1.0"));
    assert_eq!((info.pack_version, info.created_day), (7, 20_000));
    assert_eq!((info.items, info.dim, info.neighbours, info.attributes), (6, 9, 3, 4));
    assert_eq!(info.file_bytes, small_pack().len() as u64);
    assert_eq!(info.key_id, key().public_key().id());
    assert_eq!(model.index_of("é6"), Some(5));
    assert_eq!(model.index_of("e"), None);
    assert_eq!(model.popularity(0), 1.0);
    assert_eq!(model.popularity(5), 0.0);
    assert_eq!(model.attribute_index(AttributeKind::Category, "hair"), Some(1));
    assert_eq!(model.attribute_index(AttributeKind::Brand, "hair"), None);
    assert_eq!(model.neighbours(0).map(|edge| edge.0).collect::<Vec<_>>(), [1, 0, 5]);
    // too weak for one step of 3.0 / 15
    assert_eq!(model.neighbours(4).count(), 0);
    assert_eq!(scores(&model, &[1.0; 9], 0.0)[5].to_bits(), 0);
    assert_eq!(model.summary(), Some("{\"items\":6}"));
    assert_eq!(model.parameters().kind_weights, [1.0, 2.0, 1.5, 3.0]);
    assert!(!format!("{model:?}").contains("zeta"));
}

/// One bit moves one value by half of its row's scale, and nothing that is scanned.
#[test]
fn a_residual_is_a_quarter_of_the_scale_up_or_down() {
    for codes in [VectorCodes::Int4, VectorCodes::Int8] {
        let options = PackOptions { vectors: codes, residuals: true, signs_from_items: 0, ..options() };
        let mut raw = Raw::new(&write_pack(&small_model(), &options, &key()).unwrap());
        let bits = raw.bytes(Section::Residuals).clone();
        let with = open(&raw.pack()).unwrap();
        raw.remove(Section::Residuals);
        let without = open(&raw.pack()).unwrap();
        let of = |model: &tastekeeper::model::Model, item| {
            let mut vector = [0.0; 9];
            model.write_vector(item, &mut vector);
            vector
        };
        let query = [0.5, -0.25, 0.125, 1.0, -1.0, 0.75, 0.0, 0.3, -0.6];
        assert_eq!(scores(&with, &query, 0.5), scores(&without, &query, 0.5));
        let scale_codes = raw.bytes(Section::VectorScales).clone();
        let largest = raw.bytes(Section::Parameters)[layout::parameter::MAX_SCALE..][..4].try_into().unwrap();
        for item in 0..6 {
            let scale = layout::vector_scale(f32::from_le_bytes(largest), scale_codes[item]);
            for (value, code) in of(&without, item as u32).into_iter().enumerate() {
                let is_up = bits[2 * item + value / 8] >> (value % 8) & 1 == 1;
                let expected = code + if is_up { 0.25 * scale } else { -0.25 * scale };
                assert_eq!(of(&with, item as u32)[value].to_bits(), expected.to_bits(), "{item}, {value}");
            }
        }
    }
}

#[test]
fn unknown_optional_sections_and_flags_are_ignored() {
    let mut raw = Raw::new(&small_pack());
    raw.sections.push((0x8000_0777, 99, b"from the future".to_vec()));
    raw.header[18] = 1;
    read_everything(&open(&raw.pack()).unwrap());
    raw.remove(Section::Summary);
    assert_eq!(open(&raw.pack()).unwrap().summary(), None);
}

/// The shape of the Beauty data set: 12 101 items of 64 dimensions.
#[test]
fn the_size_budget_holds() {
    let model = random_model(12_101, 64, 0, 16, 3);
    let size = |options: PackOptions| {
        let info = open(&write_pack(&model, &options, &key()).unwrap()).unwrap().info().clone();
        assert!(info.file_bytes - info.model_bytes - info.id_bytes - info.attribute_bytes < 2048);
        info.model_bytes
    };
    let full = size(PackOptions { neighbours: 16, weight_bits: WeightBits::Eight, ..options() });
    // 78 bytes per item: 32 vector, 1 scale, 28 neighbours of 14 bits, 16 weights, 1 popularity
    assert_eq!(full, 78 * 12_101 + 64 * 68 + layout::PARAMETER_BYTES as u64);
    assert!(full <= 1_000_000);
    let tiny = size(PackOptions { neighbours: 8, ..options() });
    assert_eq!(tiny, 52 * 12_101 + 64 * 68 + layout::PARAMETER_BYTES as u64);
    assert!(tiny <= 650_000);
}

#[test]
fn a_bad_model_is_refused_by_the_name_of_its_field() {
    type Break = fn(&mut TrainedModel);
    let cases: &[(&str, Break)] = &[
        ("items", |model| model.items[1] = String::new()),
        ("items", |model| model.items[1] = "x".repeat(257)),
        ("items", |model| model.items[1] = "zeta".to_owned()),
        ("items", |model| model.items.swap(1, 2)),
        ("items", |model| model.counts[5] = 1_000),
        ("counts", |model| model.counts.truncate(5)),
        ("vectors", |model| model.vectors[[1, 1]] = f32::NAN),
        ("vectors", |model| model.vectors[[1, 1]] += 0.5),
        ("vectors", |model| model.vectors = ndarray::Array2::zeros((6, 7))),
        ("vectors", |model| model.vectors = ndarray::Array2::zeros((5, 9))),
        ("matrix", |model| model.matrix = ndarray::Array2::zeros((9, 8))),
        ("matrix", |model| model.matrix[[8, 8]] = f32::INFINITY),
        ("attribute_vectors", |model| model.attribute_vectors = ndarray::Array2::zeros((3, 9))),
        ("attributes.entries", |model| model.attributes.entries[0].parent = Some(1)),
        ("attributes.entries", |model| model.attributes.entries[2].parent = Some(0)),
        ("attributes.entries", |model| model.attributes.entries[1].name = "beauty".to_owned()),
        ("attributes.entries", |model| model.attributes.entries[1].name.clear()),
        ("attributes.of_item", |model| model.attributes.of_item[0] = vec![1, 0]),
        ("attributes.of_item", |model| model.attributes.of_item[0] = vec![4]),
        ("attributes.of_item", |model| model.attributes.of_item.truncate(2)),
        ("graph", |model| model.graph[0][0].0 = 6),
        ("graph", |model| model.graph[0][0].1 = f32::NAN),
        ("graph", |model| model.graph[0][2].1 = 2.5),
        ("graph", |model| model.graph[0][1].0 = 1),
        ("graph", |model| model.graph.truncate(3)),
        ("blend.decay", |model| model.blend.decay = 1.5),
        ("blend.kind_weights", |model| model.blend.kind_weights[2] = -1.0),
    ];
    for (index, (field, change)) in cases.iter().enumerate() {
        let mut model = small_model();
        change(&mut model);
        match write_pack(&model, &options(), &key()) {
            Err(PackError::InvalidModel { field: found, .. }) => assert_eq!(found, *field, "case {index}"),
            other => panic!("case {index}, {field}: {:?}", other.map(|bytes| bytes.len())),
        }
    }
}

#[test]
fn bad_options_are_refused_by_name() {
    let cases = [
        ("model_id", PackOptions { model_id: String::new(), ..options() }),
        ("model_id", PackOptions { model_id: "a\nb".to_owned(), ..options() }),
        ("label", PackOptions { label: "x".repeat(257), ..options() }),
        ("created_day", PackOptions { created_day: u32::MAX, ..options() }),
        ("summary", PackOptions { summary: Some("not json".to_owned()), ..options() }),
    ];
    for (field, options) in cases {
        match write_pack(&small_model(), &options, &key()) {
            Err(PackError::InvalidOption { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{field}: {:?}", other.map(|bytes| bytes.len())),
        }
    }
}

#[test]
fn an_untrusted_or_empty_key_list_opens_nothing() {
    let bytes = small_pack();
    let refused = tastekeeper::model::Model::open(&bytes, &[]);
    assert_eq!(refused.unwrap_err(), ModelProblem::UnknownKey);
}
