//! The shops that are searched: vectors trained on a log of reviews, or generated ones in clusters, and shoppers' directions.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use blake2::{Blake2b512, Digest};
use ndarray::{Array1, Array2, ArrayView1};
use tastekeeper_models::input::{AttributeOptions, LogFormat, read_attributes, read_log};
use tastekeeper_models::saved;
use tastekeeper_models::train::{Preset, Silent, TrainConfig, train};
use tastekeeper_models::trained::TrainedModel;

use crate::sample;

/// Shoppers whose directions are asked for.
const SHOPPERS: usize = 1_000;
/// Events of a generated shopper.
const EVENTS: usize = 5;

/// A model, and directions as its shoppers have them.
pub(crate) struct Shop {
    pub(crate) model: TrainedModel,
    pub(crate) directions: Array2<f32>,
}

/// `items` items as the other benchmarks have them. A shopper's latest events but the oldest are in one cluster.
pub(crate) fn generated(items: u32) -> Shop {
    let model = sample::model(items);
    let count = model.items.len();
    let histories = (0..SHOPPERS).map(|shopper| {
        // Numbers without a pattern that the clusters, which are every so many items, would share.
        let first = shopper * 7_919 % count;
        let near = model.graph[first].iter().map(|(item, _)| *item as usize).take(EVENTS - 2);
        let oldest = (shopper * 104_729 + 11) % count;
        [oldest].into_iter().chain(near).chain([first]).collect::<Vec<_>>()
    });
    let directions = directions(&model, histories);
    Shop { model, directions }
}

/// Trained on the log `beauty.sequences.txt` of the folder `data`, once: kept in `cache` by what it was trained on and how.
pub(crate) fn trained(data: &Path, cache: &Path) -> Result<Shop, Box<dyn Error>> {
    let files = ["beauty.sequences.txt", "beauty.attributes.json"].map(|name| data.join(name));
    let [sequences, attributes] = &files;
    let mut log = read_log(sequences, &LogFormat::Sequences, &mut |_| ())?;
    read_attributes(attributes, &AttributeOptions::default(), &mut log, &mut |_| ())?;
    // As many dimensions as the generated shops have. What is not embedded is not searched here, so nothing is tuned.
    let config =
        TrainConfig { preset: Preset::Tiny, tuning_budget: 0, schedule_budget: 0, ..TrainConfig::default() };
    let kept = kept(&files, &config, cache)?;
    let model = match fs::read(&kept) {
        Ok(bytes) => saved::from_bytes(&bytes)?.0,
        Err(_) => {
            let (model, _) = train(&log, &config, &mut Silent)?;
            fs::write(&kept, saved::to_bytes(&model, None)?)?;
            model
        }
    };
    let index_of = |item: u32| {
        let id = &log.items[item as usize];
        model.items.iter().position(|known| known == id)
    };
    let histories = log.sequences.iter().filter(|sequence| !sequence.events.is_empty()).take(SHOPPERS);
    let histories = histories.map(|s| s.events.iter().filter_map(|event| index_of(event.item)).collect());
    let directions = directions(&model, histories);
    Ok(Shop { model, directions })
}

/// Where the model trained on `files` is kept.
fn kept(files: &[PathBuf], config: &TrainConfig, cache: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut hash = Blake2b512::new();
    for file in files {
        hash.update(fs::read(file)?);
    }
    hash.update(format!("{config:?}"));
    let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(cache.join(format!("beauty-{digest}.safetensors")))
}

/// The direction of each history, oldest event first: `M^T (e_0 + carry * sum_{k>=1} decay^(k-1) e_k)` with `e_0` the latest,
/// as `reference` has it, scaled to unit norm.
fn directions(model: &TrainedModel, histories: impl Iterator<Item = Vec<usize>>) -> Array2<f32> {
    let dim = model.vectors.ncols();
    let mut rows = Vec::new();
    for history in histories {
        let (mut state, mut factor) = (Array1::<f32>::zeros(dim), 1.0);
        for (place, &item) in history.iter().rev().enumerate() {
            state.scaled_add(factor, &model.vectors.row(item));
            factor = if place == 0 { model.blend.carry } else { factor * model.blend.decay };
        }
        let direction = state.dot(&model.matrix);
        let norm = norm(direction.view());
        rows.extend(direction.iter().map(|value| value / norm.max(f32::MIN_POSITIVE)));
    }
    Array2::from_shape_vec((rows.len() / dim, dim), rows).expect("a row for each history")
}

fn norm(values: ArrayView1<'_, f32>) -> f32 {
    values.dot(&values).sqrt()
}
