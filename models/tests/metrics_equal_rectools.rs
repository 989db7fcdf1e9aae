//! Our metrics are RecTools' to 1e-9: on random lists with several wanted items, and on the engine's lists for a generated
//! shop and for published logs.
//!
//! `cargo xtask test peers` makes the Python environment that has RecTools and names it in `TASTEKEEPER_METRICS_PYTHON`.
//! Published logs need the folder `TASTEKEEPER_DATA`; without it standard error says that they were not looked at.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that fails says where, and one that does not run says so"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use tastekeeper::model::{AttributeKind, Model};
use tastekeeper_models::dataset::Dataset;
use tastekeeper_models::evaluate::{CUTOFFS, EvaluateConfig, Inputs, Protocol, evaluate};
use tastekeeper_models::input::{AttributeOptions, DelimitedFormat, LogFormat, read_attributes, read_log};
use tastekeeper_models::pack::{PackOptions, SigningKey, write_pack};
use tastekeeper_models::reference::lists;
use tastekeeper_models::reference::metrics::{ACCURACY, of_list};
use tastekeeper_models::report::Report;
use tastekeeper_models::shop::{ShopConfig, generate_shop};
use tastekeeper_models::statistics::Bootstrap;
use tastekeeper_models::train::embedding::EmbeddingConfig;
use tastekeeper_models::train::split::Split;
use tastekeeper_models::train::{Repeats, Silent, TrainConfig, train};

/// A figure of a list and the history before it.
type Figure<'a> = &'a dyn Fn(&[u32], &[u32]) -> Option<f64>;

/// The length at which lists by themselves are measured.
const K: usize = 10;

/// Has the peer compute `figures` from the same lists.
fn compare(name: &str, exchanged: &Value) {
    let python = std::env::var("TASTEKEEPER_METRICS_PYTHON")
        .expect("TASTEKEEPER_METRICS_PYTHON; run `cargo xtask test peers`");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), exchanged.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/compare_metrics.py");
    let output = Command::new(python).args(["-W", "ignore"]).arg(script).arg(file.path()).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    eprintln!("{name}: {}", said(&output.stdout));
    assert!(output.status.success(), "{name}: {}", said(&output.stderr));
}

/// Draws of one seed.
struct Draws(ChaCha8Rng);

impl Draws {
    fn below(&mut self, end: u32) -> u32 {
        self.0.next_u32() % end
    }

    /// So many different numbers below `end`.
    fn different(&mut self, count: u32, end: u32) -> Vec<u32> {
        let mut all: Vec<u32> = (0..end).collect();
        (0..count).map(|_| all.swap_remove(self.below(u32::try_from(all.len()).unwrap()) as usize)).collect()
    }
}

fn mean(values: impl Iterator<Item = Option<f64>>) -> f64 {
    let values: Vec<f64> = values.flatten().collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
#[ignore = "needs RecTools; cargo xtask test peers"]
fn random_lists() {
    const ITEMS: u32 = 150;
    let mut draws = Draws(ChaCha8Rng::seed_from_u64(11));
    // lists from empty to longer than any cutoff; several wanted items; histories without a category
    let cases: Vec<[Vec<u32>; 3]> = (0..600)
        .map(|_| {
            let (length, wanted, history) = (draws.below(71), 1 + draws.below(8), draws.below(12));
            [length, wanted, history].map(|count| draws.different(count, ITEMS))
        })
        .collect();
    let training: Vec<Vec<u32>> = (0..300)
        // the last items were never trained
        .map(|_| (0..=draws.below(15)).map(|_| draws.below(ITEMS - 20)).collect())
        .collect();
    let bits = |draws: &mut Draws, most: u32, of: u32| -> Vec<Vec<u32>> {
        let mut one = || {
            let count = draws.below(most);
            let mut list = draws.different(count, of);
            list.sort_unstable();
            list
        };
        (0..ITEMS).map(|_| one()).collect()
    };
    let (attributes, categories) = (bits(&mut draws, 6, 30), bits(&mut draws, 4, 9));

    let (mut users, mut events) = (vec![0u64; ITEMS as usize], vec![0u64; ITEMS as usize]);
    for list in &training {
        list.iter().for_each(|item| events[*item as usize] += 1);
        let mut distinct = list.clone();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.iter().for_each(|item| users[*item as usize] += 1);
    }
    let mut figures = BTreeMap::new();
    for k in CUTOFFS {
        let of_cases: Vec<[f64; ACCURACY.len()]> =
            cases.iter().map(|[list, wanted, _]| of_list(list, wanted, k)).collect();
        for (column, name) in ACCURACY.iter().enumerate() {
            figures.insert(format!("{name}@{k}"), mean(of_cases.iter().map(|case| Some(case[column]))));
        }
    }
    let mut put = |name: &str, of: Figure<'_>| {
        let values = cases.iter().map(|[list, _, history]| of(&list[..list.len().min(K)], history));
        figures.insert(format!("{name}@{K}"), mean(values));
    };
    put("novelty", &|list, _| lists::novelty(list, &users, training.len() as u64));
    put("average_popularity", &|list, _| lists::average_popularity(list, &events));
    put("intra_list_diversity", &|list, _| lists::intra_list_diversity(list, &attributes));
    put("sufficient_reco", &|list, _| lists::is_sufficient(list, K));
    put("unrepeated_reco", &|list, _| lists::is_unrepeated(list));
    put("covered_users", &|list, _| Some(lists::is_covered(list)));
    put("calibration", &|list, history| lists::calibration(history, list, &categories));
    let objects: Vec<Value> = cases
        .iter()
        .map(|[list, wanted, history]| json!({"items": list, "wanted": wanted, "history": history}))
        .collect();
    let exchanged = |cases: &[Value], figures: &BTreeMap<String, f64>| {
        json!({"cases": cases, "training": training, "attributes": attributes, "categories": categories,
               "figures": figures})
    };
    compare("random lists", &exchanged(&objects, &figures));

    // lists with repeats, of which no other metric speaks
    let repeated: Vec<Vec<u32>> = (0..300).map(|_| (0..12).map(|_| draws.below(90)).collect()).collect();
    let unrepeated = mean(repeated.iter().map(|list| lists::is_unrepeated(&list[..K])));
    assert!(unrepeated > 0.2 && unrepeated < 0.9, "{unrepeated}");
    let objects: Vec<Value> =
        repeated.iter().map(|list| json!({"items": list, "wanted": [0], "history": []})).collect();
    let figures = BTreeMap::from([(format!("unrepeated_reco@{K}"), unrepeated)]);
    compare("random lists with repeats", &exchanged(&objects, &figures));
}

/// Trains a small model, evaluates it through the engine, and has the peer measure the engine's lists.
///
/// Histories, training and attributes are taken from the log here, by other code than the evaluation's.
fn engine_lists(name: &str, log: &Dataset, training: &Dataset, split: Split, config: &EvaluateConfig) {
    let positions = training.sequences.iter().map(|sequence| sequence.events.len()).sum();
    let embedding = EmbeddingConfig {
        epochs: 1,
        dim: 16,
        negatives: 64,
        ..EmbeddingConfig::for_positions(positions, training.items.len())
    };
    let train_config = TrainConfig {
        split,
        repeats: if config.repeats { Repeats::Allow } else { Repeats::Forbid },
        tuning_budget: 4,
        embedding: Some(embedding),
        ..TrainConfig::default()
    };
    let (model, _) = train(training, &train_config, &mut Silent).unwrap();
    let key = SigningKey::from_random(&[7; 40]);
    let options = PackOptions { model_id: "peers".to_owned(), ..PackOptions::default() };
    let bytes = write_pack(&model, &options, &key).unwrap();
    let pack = Arc::new(Model::open(&bytes, &[key.public_key()]).unwrap());

    // item numbers of the exchange are the trained model's
    let numbers: BTreeMap<&str, u32> = (0..).zip(&model.items).map(|(i, id)| (id.as_str(), i)).collect();
    let number = |dataset: &Dataset, item: u32| numbers.get(dataset.items[item as usize].as_str()).copied();
    let mut cases = Vec::new();
    let mut listener = |case: tastekeeper_models::reference::Case, items: &[u32]| {
        let events = &log.sequences[case.sequence].events;
        let from = case.position.saturating_sub(64);
        let history: Vec<u32> =
            events[from..case.position].iter().filter_map(|event| number(log, event.item)).collect();
        // an item the pack does not know is wanted all the same
        let wanted = number(log, events[case.position].item).unwrap_or(u32::MAX);
        cases.push(json!({"items": items, "wanted": [wanted], "history": history}));
    };
    let next_click = config.protocol == Protocol::NextClick;
    let inputs = Inputs { training: next_click.then_some(training), ..Inputs::new(log) };
    let found = evaluate(&pack, inputs, config, &mut listener, &mut Silent).unwrap();
    let report = Report::new(&found, pack.info(), &Bootstrap { resamples: 0, seed: 1 }, &mut Silent);
    let figures: BTreeMap<&String, f64> =
        report.metrics.iter().map(|(name, metric)| (name, metric.value)).collect();
    let trained: Vec<Vec<u32>> = training
        .sequences
        .iter()
        .map(|sequence| {
            let held_out = if next_click { 0 } else { 2.min(sequence.events.len() - 1) };
            let events = &sequence.events[..sequence.events.len() - held_out];
            events.iter().filter_map(|event| number(training, event.item)).collect()
        })
        .collect();
    let category =
        |attribute: &u32| model.attributes.entries[*attribute as usize].kind == AttributeKind::Category;
    let categories: Vec<Vec<u32>> = model
        .attributes
        .of_item
        .iter()
        .map(|of| of.iter().copied().filter(|attribute| category(attribute)).collect())
        .collect();
    let exchanged = json!({"cases": cases, "training": trained, "attributes": model.attributes.of_item,
                           "categories": categories, "figures": figures});
    compare(name, &exchanged);
}

#[test]
#[ignore = "needs RecTools; cargo xtask test peers"]
fn lists_of_a_generated_shop() {
    let shop = ShopConfig { products: 600, shoppers: 800, ..ShopConfig::default() };
    let log = generate_shop(&shop).unwrap().dataset;
    let split = Split::LeaveOneOut { train_on_validation: false };
    engine_lists("generated shop", &log, &log, split, &EvaluateConfig::new(Protocol::LeaveOneOut));
}

#[test]
#[ignore = "needs RecTools; cargo xtask test peers"]
fn lists_of_published_logs() {
    let Some(folder) = std::env::var_os("TASTEKEEPER_DATA").map(PathBuf::from) else {
        eprintln!("NOT RUN: lists_of_published_logs: TASTEKEEPER_DATA is not set");
        return;
    };
    let read = |name: &str, format: &LogFormat| read_log(&folder.join(name), format, &mut |_| ()).unwrap();
    let mut reviews = read("beauty.sequences.txt", &LogFormat::Sequences);
    read_attributes(
        &folder.join("beauty.attributes.json"),
        &AttributeOptions::default(),
        &mut reviews,
        &mut |_| (),
    )
    .unwrap();
    let split = Split::LeaveOneOut { train_on_validation: false };
    let config = EvaluateConfig { users: Some(6000), ..EvaluateConfig::new(Protocol::LeaveOneOut) };
    engine_lists("reviews", &reviews, &reviews, split, &config);

    let tsv = LogFormat::Delimited(DelimitedFormat::tsv("SessionId", "ItemId").time("Time"));
    let clicks = read("yoochoose-100k.train.tsv", &tsv);
    let asked = read("yoochoose-100k.valid.tsv", &tsv);
    engine_lists("clicks", &asked, &clicks, Split::All, &EvaluateConfig::new(Protocol::NextClick));
}
