//! A small model with every feature, random models, and packs taken apart and put together again.

use blake2::{Blake2b512, Digest};
use ed25519_dalek::Signer;
use ndarray::Array2;
use proptest::prelude::*;
use tastekeeper::layout::{self, Section, header};
use tastekeeper::model::{Model, ModelProblem, Shortlist};
use tastekeeper_models::dataset::{Attribute, AttributeKind, AttributeTable};
use tastekeeper_models::pack::{PackOptions, SigningKey, WeightBits, write_pack};
use tastekeeper_models::trained::{BlendParameters, TrainedModel};

const SEED: [u8; 40] = [7; 40];

pub fn key() -> SigningKey {
    SigningKey::from_random(&SEED)
}

pub fn open(bytes: &[u8]) -> Result<Model, ModelProblem> {
    Model::open(bytes, &[key().public_key()])
}

/// `body` with a trailer by [`key`], whatever it holds.
pub fn sign(body: &[u8]) -> Vec<u8> {
    let digest: [u8; 64] = Blake2b512::digest(body).into();
    let seed: [u8; 32] = SEED[8..].try_into().unwrap();
    let signature = ed25519_dalek::SigningKey::from_bytes(&seed).sign(&digest).to_bytes();
    [body, b"ED", &SEED[..8], &signature].concat()
}

pub fn options() -> PackOptions {
    PackOptions {
        model_id: "shop-test".to_owned(),
        label: "CC0-1.0".to_owned(),
        pack_version: 7,
        created_day: 20_000,
        neighbours: 3,
        weight_bits: WeightBits::Four,
        summary: Some("{\"items\":6}".to_owned()),
        ..PackOptions::default()
    }
}

/// Rows of unit norm with some structure and no randomness.
pub fn unit_rows(rows: usize, dim: usize) -> Array2<f32> {
    let mut matrix =
        Array2::from_shape_fn((rows, dim), |(row, k)| ((row * 7 + k * 13) % 23) as f32 / 11.0 - 1.02);
    for mut row in matrix.rows_mut() {
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        row.mapv_inplace(|value| value / norm);
    }
    matrix
}

pub fn blend() -> BlendParameters {
    BlendParameters {
        decay: 0.73,
        carry: 0.3,
        gain: 8.0,
        graph_weight: 13.0,
        graph_decay: 0.5,
        popularity_weight: 0.01,
        kind_weights: [1.0, 2.0, 1.5, 3.0],
        repeats: false,
    }
}

fn attribute(kind: AttributeKind, name: &str, parent: Option<u32>) -> Attribute {
    Attribute { kind, name: name.to_owned(), parent }
}

/// Six items; the odd dimension and slot count leave a nibble and some bits of each row unused.
pub fn small_model() -> TrainedModel {
    let dim = 9;
    let mut vectors = unit_rows(6, dim);
    vectors.row_mut(5).fill(0.0);
    TrainedModel {
        items: ["zeta", "b2", "c3", "d4", "e5", "é6"].map(str::to_owned).to_vec(),
        counts: vec![90, 7, 7, 3, 1, 0],
        attributes: AttributeTable {
            entries: vec![
                attribute(AttributeKind::Category, "beauty", None),
                attribute(AttributeKind::Category, "hair", Some(0)),
                attribute(AttributeKind::Brand, "acme", None),
                attribute(AttributeKind::Other, "price=é", None),
            ],
            of_item: vec![vec![0, 1, 2], vec![0], vec![0, 3], vec![], vec![2], vec![0, 1, 2, 3]],
        },
        vectors,
        attribute_vectors: unit_rows(4, dim) * 0.1,
        matrix: Array2::eye(dim) + unit_rows(dim, dim) * 0.05,
        graph: vec![
            vec![(1, 3.0), (0, 2.0), (5, 1.0)],
            vec![(0, 2.5), (2, 0.4)],
            vec![],
            vec![(4, 1.0), (3, 1.0), (2, 1.0)],
            vec![(5, 0.001)],
            vec![(0, 0.7)],
        ],
        blend: blend(),
    }
}

pub fn small_pack() -> Vec<u8> {
    write_pack(&small_model(), &options(), &key()).unwrap()
}

/// Models of up to 40 items over all shapes that matter.
pub fn any_model() -> impl Strategy<Value = TrainedModel> {
    (1..40_usize, 8..40_usize, 0..6_usize, 0..6_usize, any::<u64>()).prop_map(
        |(items, dim, attributes, neighbours, seed)| random_model(items, dim, attributes, neighbours, seed),
    )
}

/// A model whose every number follows from `seed`.
pub fn random_model(
    items: usize,
    dim: usize,
    attributes: usize,
    neighbours: usize,
    seed: u64,
) -> TrainedModel {
    let mut state = seed;
    let mut next = || {
        // the finaliser of SplitMix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let mut float = || (next() >> 40) as f32 / (1_u64 << 23) as f32 - 1.0;
    let mut vectors = Array2::from_shape_fn((items, dim), |_| float());
    for mut row in vectors.rows_mut() {
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        row.mapv_inplace(|value| value / norm);
    }
    let attribute_vectors = Array2::from_shape_fn((attributes, dim), |_| float());
    let matrix = Array2::from_shape_fn((dim, dim), |_| float());
    let mut ranked: Vec<(u64, String)> =
        (0..items).map(|index| (next() % 20, format!("{:x}-{index}", next() % 4096))).collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let graph = (0..items)
        .map(|_| {
            let mut row: Vec<(u32, f32)> = Vec::new();
            for _ in 0..neighbours.min(items) {
                let item = (next() % items as u64) as u32;
                if row.iter().all(|(known, _)| *known != item) {
                    row.push((item, (next() % 1000 + 1) as f32 / 100.0));
                }
            }
            row.sort_by(|a, b| b.1.total_cmp(&a.1));
            row
        })
        .collect();
    let of_item = (0..items)
        .map(|_| (0..attributes as u32).filter(|_| next() % (3 + attributes as u64 / 300) == 0).collect())
        .collect();
    let entries = (0..attributes)
        .map(|index| {
            let kind = [AttributeKind::Category, AttributeKind::Brand, AttributeKind::Other][index % 3];
            let parent = (index >= 3 && kind == AttributeKind::Category).then(|| index as u32 - 3);
            Attribute { kind, name: format!("n{}", index / 2), parent }
        })
        .collect();
    TrainedModel {
        items: ranked.iter().map(|(_, id)| id.clone()).collect(),
        counts: ranked.iter().map(|(count, _)| *count).collect(),
        attributes: AttributeTable { entries, of_item },
        vectors,
        attribute_vectors,
        matrix,
        graph,
        blend: blend(),
    }
}

/// A pack taken apart: the header's 64 bytes and the sections.
#[derive(Clone)]
pub struct Raw {
    pub header: Vec<u8>,
    pub sections: Vec<(u32, u32, Vec<u8>)>,
}

impl Raw {
    /// Takes a sound pack apart.
    pub fn new(pack: &[u8]) -> Self {
        let u32_at = |at: usize| u32::from_le_bytes(pack[at..at + 4].try_into().unwrap());
        let usize_at = |at: usize| u64::from_le_bytes(pack[at..at + 8].try_into().unwrap()) as usize;
        let sections = (0..u32_at(header::SECTION_COUNT) as usize)
            .map(|index| {
                let at = layout::HEADER_BYTES + index * layout::ENTRY_BYTES;
                let (start, length) = (usize_at(at + 8), usize_at(at + 16));
                (u32_at(at), u32_at(at + 4), pack[start..start + length].to_vec())
            })
            .collect();
        Self { header: pack[..layout::HEADER_BYTES].to_vec(), sections }
    }

    /// The bytes of a section.
    pub fn bytes(&mut self, section: Section) -> &mut Vec<u8> {
        &mut self.entry(section).2
    }

    pub fn entry(&mut self, section: Section) -> &mut (u32, u32, Vec<u8>) {
        self.sections.iter_mut().find(|entry| entry.0 == section.kind()).unwrap()
    }

    pub fn remove(&mut self, section: Section) {
        self.sections.retain(|entry| entry.0 != section.kind());
    }

    /// Overwrites bytes of a section.
    pub fn put(&mut self, section: Section, at: usize, value: &[u8]) {
        self.bytes(section)[at..at + value.len()].copy_from_slice(value);
    }

    /// Everything before the trailer, with correct places and lengths.
    pub fn body(&self) -> Vec<u8> {
        let mut body = self.header.clone();
        body.resize(layout::HEADER_BYTES + self.sections.len() * layout::ENTRY_BYTES, 0);
        body[header::SECTION_COUNT..header::SECTION_COUNT + 4]
            .copy_from_slice(&(self.sections.len() as u32).to_le_bytes());
        for (index, (kind, encoding, bytes)) in self.sections.iter().enumerate() {
            body.resize(body.len().next_multiple_of(layout::ALIGNMENT), 0);
            let offset = body.len() as u64;
            body.extend(bytes);
            let at = layout::HEADER_BYTES + index * layout::ENTRY_BYTES;
            body[at..at + 4].copy_from_slice(&kind.to_le_bytes());
            body[at + 4..at + 8].copy_from_slice(&encoding.to_le_bytes());
            body[at + 8..at + 16].copy_from_slice(&offset.to_le_bytes());
            body[at + 16..at + 24].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        }
        body.resize(body.len().next_multiple_of(layout::ALIGNMENT), 0);
        let length = (body.len() + layout::TRAILER_BYTES) as u64;
        body[header::FILE_BYTES..header::FILE_BYTES + 8].copy_from_slice(&length.to_le_bytes());
        body
    }

    pub fn pack(&self) -> Vec<u8> {
        sign(&self.body())
    }
}

/// The scan's scores of all items.
pub fn scores(model: &Model, query: &[f32], popularity_weight: f32) -> Vec<f32> {
    let mut scores = Vec::new();
    model.scan(query, popularity_weight).for_each_block(|first, block, highest| {
        assert_eq!(first as usize, scores.len());
        assert_eq!(highest, block.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        scores.extend_from_slice(block);
        f32::NEG_INFINITY
    });
    assert_eq!(scores.len(), model.len() as usize);
    scores
}

/// The shortlist of the `wanted` best guesses.
pub fn shortlist(model: &Model, direction: &[f32], popularity_weight: f32, wanted: usize) -> Vec<u32> {
    let mut list = Shortlist::default();
    model.scan(direction, popularity_weight).shortlist(wanted, |_| 0.0, |_| Some(0.0), &mut list);
    list.items().collect()
}

/// Calls every accessor over its whole range and a little beyond; returns a sum so that nothing is optimised away.
pub fn read_everything(model: &Model) -> f64 {
    let dim = model.dim();
    let mut sum = f64::from(model.matrix().iter().sum::<f32>()) + f64::from(model.parameters().decay);
    let query: Vec<f32> = (0..dim).map(|k| (k as f32 * 0.37).sin()).collect();
    let scores = scores(model, &query, 0.25);
    let listed = shortlist(model, &query, 0.25, 5);
    assert!(listed.is_sorted_by(|left, right| left < right) && listed.iter().all(|item| *item < model.len()));
    let mut vector = vec![0.0; dim];
    for index in 0..model.len() + 2 {
        if let Some(id) = model.id(index) {
            assert_eq!(model.index_of(id), Some(index));
        } else {
            assert!(index >= model.len());
        }
        model.write_vector(index, &mut vector);
        if let Some(score) = scores.get(index as usize) {
            // every dimension of the scan's query is off by at most half of one part in 127 of the largest
            let size: f32 = vector.iter().map(|value| value.abs()).sum();
            let top = query.iter().fold(0.0_f32, |top, value| top.max(value.abs()));
            let dot: f32 = query.iter().zip(&vector).map(|(q, value)| q * value).sum();
            let exact = dot + 0.25 * model.popularity(index);
            // residuals, which no value is smaller than, are not scanned
            let least = vector.iter().fold(f32::INFINITY, |least, value| least.min(value.abs()));
            let residuals = least * query.iter().map(|value| value.abs()).sum::<f32>();
            let most = 0.501 * top / 127.0 * (size + dim as f32 * least) + residuals + 1e-5;
            assert!((score - exact).abs() <= most, "{score} for {exact}");
        }
        sum += f64::from(vector.iter().sum::<f32>()) + f64::from(model.popularity(index));
        for (item, weight) in model.neighbours(index) {
            assert!(item < model.len() && weight > 0.0 && weight.is_finite());
        }
        for attribute in model.item_attributes(index) {
            assert!(attribute < model.attributes());
        }
    }
    for index in 0..model.attributes() + 2 {
        if let Some(attribute) = model.attribute(index) {
            assert_eq!(model.attribute_index(attribute.kind, attribute.name), Some(index));
            assert!(attribute.parent.is_none_or(|parent| parent < index));
        }
        model.attribute_vector(index, &mut vector);
        sum += f64::from(vector.iter().sum::<f32>());
    }
    assert!(sum.is_finite());
    sum + model.summary().map_or(0.0, |text| text.len() as f64)
}
