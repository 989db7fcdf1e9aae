//! What training promises, on a log with a known right answer: shoppers who walk round a circle of items.
#![allow(clippy::unwrap_used, missing_docs)]

use tastekeeper_models::dataset::{
    Attribute, AttributeKind, AttributeTable, Dataset, Interaction, InteractionKind, Sequence,
};
use tastekeeper_models::reference::metrics::hit_rate_at_k;
use tastekeeper_models::reference::{Protocol, Reference, cases};
use tastekeeper_models::train::embedding::EmbeddingConfig;
use tastekeeper_models::train::seeds::{Keep, train_seeds};
use tastekeeper_models::train::split::{Split, SplitError};
use tastekeeper_models::train::{Finalist, Repeats, Silent, TrainConfig, TrainError, train};
use tastekeeper_models::trained::TrainedModel;

const ITEMS: u32 = 24;

fn sequence(items: impl Iterator<Item = u32>) -> Sequence {
    let event = |item| Interaction { item, kind: InteractionKind::View, time_ms: None };
    Sequence { user: String::new(), events: items.map(event).collect() }
}

/// Shoppers walk round a circle of items, each from another start: the next item is always the following one.
fn circle() -> Dataset {
    let walk = |start: u32| sequence((0..5).map(move |k| (start + k) % ITEMS));
    let attribute = |a: u32| Attribute { kind: AttributeKind::Brand, name: a.to_string(), parent: None };
    Dataset {
        items: (0..ITEMS).map(|i| format!("item {i:02}")).chain(["never sold".to_owned()]).collect(),
        sequences: (0..240).map(|s| walk(s % ITEMS)).collect(),
        attributes: AttributeTable {
            entries: (0..4).map(attribute).collect(),
            of_item: (0..ITEMS).map(|i| vec![i / 8]).chain([vec![0]]).collect(),
        },
    }
}

fn config() -> TrainConfig {
    let embedding = EmbeddingConfig {
        dim: 16,
        epochs: 12,
        batch: 64,
        negatives: 32,
        learning_rate: 0.02,
        ..Default::default()
    };
    TrainConfig {
        split: Split::LeaveOneOut { train_on_validation: true },
        tuning_budget: 16,
        schedule_budget: 0,
        embedding: Some(embedding),
        ..TrainConfig::default()
    }
}

fn hit_rate_at_1(model: &TrainedModel, log: &Dataset) -> f64 {
    let cuts = Split::LeaveOneOut { train_on_validation: true }.cuts(&log.sequences).unwrap();
    let cases = cases(log.sequences.iter().map(|s| s.events.len()), &cuts, Protocol::LeaveOneOut);
    hit_rate_at_k(&Reference::new(model).ranks(log, &cases, Protocol::LeaveOneOut), 1)
}

#[test]
fn the_next_item_of_a_circle_is_found_by_graph_and_embedding_alike() {
    let log = circle();
    let (model, report) = train(&log, &config(), &mut Silent).unwrap();
    assert!(hit_rate_at_1(&model, &log) > 0.99);
    assert!(report.validation.cases > 0 && report.validation.hit_rate_at_10 > 0.99);
    assert!(!report.repeats_allowed);
    let mut graph = model.clone();
    graph.blend.gain = 0.0;
    assert!(hit_rate_at_1(&graph, &log) > 0.99);
    let mut embedding = model.clone();
    embedding.blend.graph_weight = 0.0;
    assert!(hit_rate_at_1(&embedding, &log) > 0.9, "{}", hit_rate_at_1(&embedding, &log));
    let mut neither = embedding;
    neither.blend.gain = 0.0;
    assert!(hit_rate_at_1(&neither, &log) < 0.25, "popularity alone cannot know");
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_does_not() {
    let (a, a_report) = train(&circle(), &config(), &mut Silent).unwrap();
    let (b, b_report) = train(&circle(), &config(), &mut Silent).unwrap();
    let bits = |model: &TrainedModel| -> Vec<u32> {
        let tables = [&model.vectors, &model.attribute_vectors, &model.matrix];
        let weights = model.graph.iter().flatten().flat_map(|&(item, w)| [item, w.to_bits()]);
        tables.iter().flat_map(|t| t.iter()).map(|v| v.to_bits()).chain(weights).collect()
    };
    assert_eq!(bits(&a), bits(&b));
    assert_eq!(a_report, b_report);
    let (c, _) = train(&circle(), &TrainConfig { seed: 2, ..config() }, &mut Silent).unwrap();
    assert_ne!(bits(&a), bits(&c));
}

#[test]
fn what_the_split_holds_out_never_changes_the_model() {
    let log = circle();
    let mut other = log.clone();
    for sequence in &mut other.sequences {
        sequence.events.last_mut().unwrap().item = 0;
    }
    let (a, a_report) = train(&log, &config(), &mut Silent).unwrap();
    let (b, b_report) = train(&other, &config(), &mut Silent).unwrap();
    assert_eq!((a.vectors, a.graph, a_report), (b.vectors, b.graph, b_report));
    let (c, _) = train(&other, &TrainConfig { split: Split::All, ..config() }, &mut Silent).unwrap();
    assert_ne!(a.counts, c.counts);
}

/// Shoppers who look at anything and buy round the circle: what they buy next tells what they bought before.
fn views_and_purchases() -> Dataset {
    let mut log = circle();
    log.sequences = (0..900u32)
        .map(|s| {
            let mut shopper = sequence((0..8).map(|k| match k % 2 {
                0 => (s * 7 + k * k * 5 + s / 3) % ITEMS,
                _ => (s + k / 2) % ITEMS,
            }));
            let bought = shopper.events.iter_mut().skip(1).step_by(2);
            bought.for_each(|event| event.kind = InteractionKind::Purchase);
            shopper
        })
        .collect();
    log
}

/// With everything that the tuner can do, on little data.
fn tuned() -> TrainConfig {
    TrainConfig { tuning_budget: 112, schedule_budget: 300_000, repeats: Repeats::Forbid, ..config() }
}

#[test]
fn the_report_says_what_was_tried() {
    let (_, report) = train(&views_and_purchases(), &tuned(), &mut Silent).unwrap();
    let tuning = &report.tuning;
    assert!(!tuning.kinds.is_empty(), "there are two kinds of events");
    assert_eq!(tuning.rounds.len(), 4);
    assert!(tuning.schedules.len() > 1 && tuning.schedules[0].taken);
    assert!(tuning.fresh_cases > 0 && report.fresh.cases == tuning.fresh_cases);
    assert_eq!(report.validation.cases, tuning.fresh_cases + tuning.searched_cases);
    // the chosen setting is the finalist with the highest gain over all cases
    let gain = |f: &Finalist| {
        f.searched_gain * tuning.searched_cases as f64 + f.fresh_gain * tuning.fresh_cases as f64
    };
    let best = tuning.finalists.iter().max_by(|a, b| gain(a).total_cmp(&gain(b))).unwrap();
    assert!((report.validation_gain() * report.validation.cases as f64 - gain(best)).abs() < 1e-6);
    let equal = TrainConfig { kind_weights: Some([1.0; 4]), ..tuned() };
    let (given, report) = train(&views_and_purchases(), &equal, &mut Silent).unwrap();
    assert!(
        report.tuning.kinds.is_empty() && given.blend.kind_weights.iter().all(|w| (w - 1.0).abs() < 1e-9)
    );
}

#[test]
fn the_tuner_never_reads_what_is_held_out() {
    let log = views_and_purchases();
    let mut poisoned = log.clone();
    for sequence in &mut poisoned.sequences {
        let last = sequence.events.last_mut().unwrap();
        *last = Interaction { item: ITEMS, kind: InteractionKind::Cart, time_ms: Some(i64::MAX) };
    }
    let (a, a_report) = train(&log, &tuned(), &mut Silent).unwrap();
    let (b, b_report) = train(&poisoned, &tuned(), &mut Silent).unwrap();
    assert_eq!((a.vectors, a.graph, a.blend, a_report), (b.vectors, b.graph, b.blend, b_report));
}

/// Three walks at once, in turns: what comes next follows from the event before the last two.
fn braids() -> Dataset {
    let mut log = circle();
    log.items = (0..90).map(|i| format!("item {i:02}")).collect();
    log.attributes = AttributeTable::default();
    let start = |s: u32, strand: u32| (s * (7 + strand * 4) + s / 11 + strand * 31) % 90;
    log.sequences =
        (0..900).map(|s| sequence((0..12).map(move |k| (start(s, k % 3) + k / 3) % 90))).collect();
    log
}

#[test]
fn tuning_finds_what_the_start_does_not_know() {
    let log = braids();
    let hits = |budget| {
        let config = TrainConfig { tuning_budget: budget, repeats: Repeats::Forbid, ..config() };
        let mut model = train(&log, &config, &mut Silent).unwrap().0;
        // the graph alone
        model.blend.gain = 0.0;
        hit_rate_at_1(&model, &log)
    };
    let (start, tuned) = (hits(0), hits(280));
    assert!(tuned > start + 0.1, "{tuned} against {start}");
}

#[test]
fn several_seeds_answer_the_same_questions_and_one_is_kept() {
    let log = circle();
    let mut one = |config: &TrainConfig| train(&log, config, &mut Silent);
    let (best, _, seeds) = train_seeds(&config(), 3, Keep::Best, &mut one).unwrap();
    assert_eq!(seeds.results.iter().map(|seed| seed.seed).collect::<Vec<_>>(), [1, 2, 3]);
    let kept = seeds.results[seeds.kept];
    assert!(seeds.results.iter().all(|seed| seed.gain <= kept.gain));
    let (alone, report) = train(&log, &TrainConfig { seed: kept.seed, ..config() }, &mut Silent).unwrap();
    assert_eq!((alone.vectors, alone.graph), (best.vectors, best.graph));
    assert!((report.validation_gain() - kept.gain).abs() < 1e-12);
    let (first, _, seeds) = train_seeds(&config(), 2, Keep::First, &mut one).unwrap();
    assert_eq!(seeds.kept, 0);
    assert_eq!(first.vectors, train(&log, &config(), &mut Silent).unwrap().0.vectors);
}

#[test]
fn items_stand_in_rank_order_and_vectors_have_unit_length() {
    let (model, report) = train(&circle(), &config(), &mut Silent).unwrap();
    assert!(model.counts.windows(2).all(|w| w[0] >= w[1]));
    assert_eq!(model.items.last().map(String::as_str), Some("never sold"));
    assert_eq!((model.counts.last(), report.items_with_events), (Some(&0), ITEMS as usize));
    for vector in model.vectors.rows() {
        assert!((vector.dot(&vector) - 1.0).abs() < 1e-5);
    }
    // never sold: its vector is that of its brand
    let (vector, brand) = (model.vectors.row(ITEMS as usize), model.attribute_vectors.row(0));
    assert!((vector.dot(&brand) / brand.dot(&brand).sqrt() - 1.0).abs() < 1e-5);
    assert!(model.graph.iter().flatten().all(|&(item, w)| w > 0.0 && item < ITEMS));
}

#[test]
fn shoppers_who_come_back_to_the_same_item_are_noticed() {
    let mut log = circle();
    log.sequences = (0..120).map(|s| sequence([s % ITEMS; 4].into_iter())).collect();
    let (model, report) = train(&log, &TrainConfig { split: Split::All, ..config() }, &mut Silent).unwrap();
    assert!(report.repeats_allowed && report.protocol == Protocol::NextClick);
    assert!(report.validation.mrr_at_20 > 0.99);
    assert!(model.graph.iter().take(ITEMS as usize).zip(0u32..).all(|(row, i)| row[0].0 == i));
    let forbidden = TrainConfig { repeats: Repeats::Forbid, split: Split::All, ..config() };
    assert_eq!(train(&log, &forbidden, &mut Silent).unwrap_err(), TrainError::TooShort);
}

#[test]
fn a_log_too_small_to_hold_anything_out_still_trains() {
    let mut log = circle();
    log.attributes = AttributeTable::default();
    log.sequences = vec![sequence([3, 4].into_iter())];
    let (model, report) = train(&log, &TrainConfig { split: Split::All, ..config() }, &mut Silent).unwrap();
    assert_eq!((report.tuning.settings_tried, report.validation.cases), (0, 0));
    assert_eq!(model.graph[0], [(1, model.graph[0][0].1)]);
    assert!(model.vectors.row(5).iter().all(|&v| v == 0.0), "nothing is known of an item without events");
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let refused = |log: &Dataset, config: &TrainConfig| train(log, config, &mut Silent).unwrap_err();
    assert_eq!(refused(&Dataset::default(), &config()), TrainError::Empty);
    let mut log = circle();
    log.sequences.iter_mut().for_each(|s| s.events.truncate(2));
    assert_eq!(refused(&log, &config()), TrainError::TooShort);
    let mut log = circle();
    log.sequences[0].events[0].item = ITEMS + 1;
    assert_eq!(refused(&log, &config()), TrainError::Inconsistent);
    let weights = TrainConfig { kind_weights: Some([1.0, 0.0, 1.0, f32::NAN]), ..config() };
    assert_eq!(refused(&circle(), &weights), TrainError::KindWeights);
    let no_dim = EmbeddingConfig { dim: 0, ..EmbeddingConfig::default() };
    assert_eq!(
        refused(&circle(), &TrainConfig { embedding: Some(no_dim), ..config() }),
        TrainError::Embedding
    );
    let by_time = TrainConfig { split: Split::TemporalBySequence { share: 0.2 }, ..config() };
    assert_eq!(refused(&circle(), &by_time), TrainError::Split(SplitError::NoTime));
}
