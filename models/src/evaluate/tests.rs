//! The engine's ranks are the reference scorer's.

use std::collections::BTreeMap;

use super::*;
use crate::pack::{PackOptions, SigningKey, write_pack};
use crate::reference::Reference;
use crate::report::Report;
use crate::shop::{ShopConfig, generate_shop};
use crate::train::embedding::EmbeddingConfig;
use crate::train::{Repeats, Silent, TrainConfig, train};
use crate::trained::TrainedModel;

/// Unlike, so that an engine that ignores kinds is found out.
const KIND_WEIGHTS: [f32; 4] = [1.0, 1.5, 0.5, 3.0];

fn shop(repeats: Repeats, split: Split) -> (Dataset, TrainedModel) {
    let config = ShopConfig { products: 500, shoppers: 150, ..ShopConfig::default() };
    let mut dataset = generate_shop(&config).unwrap().dataset;
    if repeats == Repeats::Forbid {
        for sequence in &mut dataset.sequences {
            let mut seen = BTreeSet::new();
            sequence.events.retain(|event| seen.insert(event.item));
        }
    }
    let embedding =
        EmbeddingConfig { epochs: 1, dim: 16, negatives: 64, ..EmbeddingConfig::for_positions(2000, 16) };
    let config = TrainConfig {
        repeats,
        split,
        tuning_budget: 8,
        kind_weights: Some(KIND_WEIGHTS),
        embedding: Some(embedding),
        ..TrainConfig::default()
    };
    let (model, _) = train(&dataset, &config, &mut Silent).unwrap();
    (dataset, model)
}

fn open(model: &TrainedModel) -> Arc<Model> {
    let key = SigningKey::from_random(&[7; 40]);
    let options = PackOptions { model_id: "test".to_owned(), ..PackOptions::default() };
    let bytes = write_pack(model, &options, &key).unwrap();
    Arc::new(Model::open(bytes.into(), &[key.public_key()]).unwrap())
}

/// The trained model with every value as the pack gives it back.
fn dequantised(model: &TrainedModel, pack: &Model) -> TrainedModel {
    let mut out = model.clone();
    for (index, mut row) in (0..).zip(out.vectors.rows_mut()) {
        pack.write_vector(index, row.as_slice_mut().unwrap());
    }
    for (value, packed) in out.matrix.iter_mut().zip(pack.matrix()) {
        *value = *packed;
    }
    out.graph = (0..pack.len()).map(|index| pack.neighbours(index).collect()).collect();
    out
}

/// Compares the engine with the formula.
///
/// The engine adds in another order and scans in 32 bits, so that two items whose scores differ by rounding alone may
/// change places, and popularity has 256 steps in a pack. A rank may therefore move, but only past items whose score
/// is within `1e-3` of the wanted one's; the mean score of a case's items spreads over several units.
fn compare(dataset: &Dataset, model: &TrainedModel, config: &EvaluateConfig) {
    let pack = open(model);
    let found = evaluate(&pack, dataset, config, &mut Silent).unwrap();
    let model = dequantised(model, &pack);
    let reference = Reference::new(&model);
    let index: BTreeMap<&str, u32> = (0..).zip(&model.items).map(|(i, id)| (id.as_str(), i)).collect();
    let (mut exact, mut compared) = (0, 0);
    for outcome in &found.outcomes {
        let events = &dataset.sequences[outcome.case.sequence].events;
        let history: Vec<(u32, f32)> = events[..outcome.case.position]
            .iter()
            .map(|event| {
                let item = index[dataset.items[event.item as usize].as_str()];
                (item, KIND_WEIGHTS[event.kind as usize])
            })
            .collect();
        let target = index[dataset.items[events[outcome.case.position].item as usize].as_str()];
        let excluded = |item: u32| !config.repeats && history.iter().any(|(known, _)| *known == item);
        let scores = reference.score(&history);
        let wanted = scores[target as usize];
        let competing = || (0u32..).zip(&scores).filter(|(item, _)| !excluded(*item) && *item != target);
        let surely_ahead = competing().filter(|(_, score)| **score > wanted + 1e-3).count();
        let maybe_ahead = competing().filter(|(_, score)| **score > wanted - 1e-3).count();
        match outcome.rank {
            _ if excluded(target) => assert_eq!(outcome.rank, None),
            Some(rank) => {
                assert!((surely_ahead + 1..=maybe_ahead + 1).contains(&rank), "{outcome:?}");
                exact += usize::from(rank == surely_ahead + 1);
                compared += 1;
            }
            None => assert!(maybe_ahead + 1 > LIST_LENGTH, "{outcome:?}"),
        }
        if !excluded(target) {
            let ahead = (0..target).filter(|item| !excluded(*item)).count();
            assert_eq!(outcome.popularity_rank, Some(ahead + 1));
        }
    }
    assert!(compared > 20, "only {compared} ranks were compared");
    assert!(exact * 100 >= compared * 99, "{exact} of {compared} ranks are equal to the place");
}

#[test]
fn ranks_are_the_reference_scorers_without_known_items() {
    let (dataset, model) = shop(Repeats::Forbid, Split::LeaveOneOut { train_on_validation: true });
    assert!(!model.blend.repeats);
    compare(&dataset, &model, &EvaluateConfig::new(Protocol::LeaveOneOut));
}

#[test]
fn ranks_are_the_reference_scorers_with_repeats_and_long_histories() {
    let (dataset, model) = shop(Repeats::Allow, Split::TemporalByEvent { share: 0.1 });
    assert!(dataset.sequences.iter().any(|sequence| sequence.events.len() > 64));
    compare(&dataset, &model, &EvaluateConfig::new(Protocol::Temporal { share: 0.1 }));
}

#[test]
fn the_report_counts_what_happened() {
    let (dataset, model) = shop(Repeats::Allow, Split::All);
    assert!(model.blend.repeats);
    let pack = open(&model);
    let config = EvaluateConfig { users: Some(40), ..EvaluateConfig::new(Protocol::LeaveOneOut) };
    let found = evaluate(&pack, &dataset, &config, &mut Silent).unwrap();
    assert_eq!((found.users, found.outcomes.len()), (40, 40));
    assert!(found.known_targets > 0, "the shop's log repeats items");
    let report = Report::new(&found, pack.info());
    assert_eq!(report.metrics.len(), 21);
    assert_eq!(report.metrics["hr@10"], report.metrics["recall@10"]);
    assert!(report.metrics["hr@50"].value >= report.metrics["hr@10"].value);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    assert!(report.to_string().contains("known and therefore excluded"));
}

#[test]
fn nothing_to_ask_and_a_foreign_log_are_refused() {
    let (dataset, model) = shop(Repeats::Forbid, Split::All);
    let pack = open(&model);
    let config = EvaluateConfig::new(Protocol::LeaveOneOut);
    let run = |dataset: &Dataset, config| evaluate(&pack, dataset, &config, &mut Silent).unwrap_err();
    let mut short = dataset.clone();
    short.sequences.iter_mut().for_each(|sequence| sequence.events.truncate(1));
    assert_eq!(run(&short, config), EvaluateError::NoCases);
    let mut foreign = dataset.clone();
    foreign.items.iter_mut().for_each(|item| item.push_str("-elsewhere"));
    assert_eq!(run(&foreign, config), EvaluateError::ForeignLog);
    let temporal = EvaluateConfig::new(Protocol::Temporal { share: 1.5 });
    assert_eq!(run(&dataset, temporal), EvaluateError::Split(SplitError::Share));
}
