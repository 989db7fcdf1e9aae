//! A model of any size: random unit vectors in clusters, sixteen neighbours per item. The shop around it is the engine's
//! ([`shop`]).

#[path = "../../../core/benches/shop/mod.rs"]
mod shop_around;

use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use tastekeeper_models::dataset::{Attribute, AttributeKind, AttributeTable};
use tastekeeper_models::pack::{PackOptions, SigningKey, VectorCodes, write_pack};
use tastekeeper_models::trained::{BlendParameters, TrainedModel};

pub(crate) use shop_around::{NOW_MS, catalogue, events, item, shop};

const DIM: usize = 64;
const NEIGHBOURS: u32 = 16;
const ITEMS_PER_CLUSTER: u32 = 200;
const CLUSTERS_PER_ROOT: u32 = 10;
const BRANDS: u32 = 100;
const SEED: u64 = 42;

pub(crate) fn signing_key() -> SigningKey {
    SigningKey::from_random(&[7; 40])
}

/// A vector of unit norm: `center`, if any, moved by `spread` times noise.
pub(crate) fn unit_vector(random: &mut ChaCha20Rng, center: Option<&[f32]>, spread: f32) -> Vec<f32> {
    let mut vector: Vec<f32> = (0..DIM)
        .map(|place| {
            // The top 16 bits, so that the conversion is exact.
            let noise = f32::from(u16::try_from(random.next_u32() >> 16).expect("16 bits")) / 32_768.0 - 1.0;
            center.map_or(0.0, |center| center[place]) + spread * noise
        })
        .collect();
    let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|value| *value /= norm);
    vector
}

/// A shopper's direction.
pub(crate) fn query() -> Vec<f32> {
    unit_vector(&mut ChaCha20Rng::seed_from_u64(SEED + 1), None, 1.0)
}

/// A signed pack of `items` items in int4.
pub(crate) fn pack(items: u32) -> Vec<u8> {
    pack_in(VectorCodes::Int4, items)
}

/// A signed pack of `items` items in these codes.
pub(crate) fn pack_in(vectors: VectorCodes, items: u32) -> Vec<u8> {
    let model_id = format!("bench-{items}");
    let options = PackOptions { model_id, vectors, neighbours: 16, ..PackOptions::default() };
    write_pack(&model(items), &options, &signing_key()).expect("the sample keeps the format's rules")
}

/// The model of that pack.
pub(crate) fn model(items: u32) -> TrainedModel {
    let mut random = ChaCha20Rng::seed_from_u64(SEED);
    let clusters = items / ITEMS_PER_CLUSTER;
    let roots = clusters / CLUSTERS_PER_ROOT;
    let centers: Vec<Vec<f32>> = (0..clusters).map(|_| unit_vector(&mut random, None, 1.0)).collect();
    let center = |number: u32| Some(centers[(number % clusters) as usize].as_slice());
    let vectors: Vec<f32> =
        (0..items).flat_map(|number| unit_vector(&mut random, center(number), 0.15)).collect();
    let others: Vec<f32> = (0..roots + BRANDS).flat_map(|_| unit_vector(&mut random, None, 1.0)).collect();
    let (of_roots, of_brands) = others.split_at(roots as usize * DIM);
    let attribute_vectors = [of_roots, &centers.concat(), of_brands].concat();
    let entry = |kind, name, parent| Attribute { kind, name, parent };
    let category = |name, parent| entry(AttributeKind::Category, name, parent);
    let leaf_parent = |number: u32| Some(number / CLUSTERS_PER_ROOT);
    let entries = (0..roots)
        .map(|number| category(format!("root-{number}"), None))
        .chain((0..clusters).map(|number| category(format!("leaf-{number}"), leaf_parent(number))))
        .chain((0..BRANDS).map(|number| entry(AttributeKind::Brand, format!("brand-{number}"), None)));
    let attributes_of = |number: u32| {
        let cluster = number % clusters;
        vec![cluster / CLUSTERS_PER_ROOT, roots + cluster, roots + clusters + number % BRANDS]
    };
    // Most transitions stay in the cluster, the last four leave it.
    let neighbour = |number: u32, place: u32| match place {
        0..12 => (number + (place + 1) * clusters) % items,
        _ => (number + place) % items,
    };
    let weight = |place: u32| f32::from(u16::try_from(NEIGHBOURS - place).expect("at most 16")) / 16.0;
    TrainedModel {
        items: (0..items).map(item).collect(),
        counts: (0..u64::from(items)).map(|number| 10_000_000 / (number + 1)).collect(),
        attributes: AttributeTable {
            entries: entries.collect(),
            of_item: (0..items).map(attributes_of).collect(),
        },
        vectors: Array2::from_shape_vec((items as usize, DIM), vectors).expect("a row for each item"),
        attribute_vectors: Array2::from_shape_vec((attribute_vectors.len() / DIM, DIM), attribute_vectors)
            .expect("a row for each attribute"),
        matrix: Array2::eye(DIM),
        graph: (0..items)
            .map(|number| (0..NEIGHBOURS).map(|place| (neighbour(number, place), weight(place))).collect())
            .collect(),
        blend: BlendParameters {
            decay: 0.73,
            carry: 0.3,
            gain: 8.0,
            graph_weight: 6.0,
            graph_decay: 0.5,
            popularity_weight: 0.05,
            kind_weights: [1.0, 1.5, 1.2, 2.0],
            repeats: true,
        },
    }
}
