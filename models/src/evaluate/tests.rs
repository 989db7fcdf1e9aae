//! The engine's ranks are the reference scorer's.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::replay::Phone;
use super::*;
use crate::pack::{PackOptions, SigningKey, write_pack};
use crate::reference::Reference;
use crate::report::{Report, Verdict};
use crate::shop::{ShopConfig, generate_shop};
use crate::statistics::Bootstrap;
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
        schedule_budget: 0,
        kind_weights: Some(KIND_WEIGHTS),
        embedding: Some(embedding),
        ..TrainConfig::default()
    };
    let (model, _) = train(&dataset, &config, &mut Silent).unwrap();
    (dataset, model)
}

fn open(model: &TrainedModel) -> Arc<Model> {
    open_with(model, None)
}

fn open_with(model: &TrainedModel, summary: Option<String>) -> Arc<Model> {
    let key = SigningKey::from_random(&[7; 40]);
    let options = PackOptions { model_id: "test".to_owned(), summary, ..PackOptions::default() };
    let bytes = write_pack(model, &options, &key).unwrap();
    Arc::new(Model::open(&bytes, &[key.public_key()]).unwrap())
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

fn run(pack: &Arc<Model>, dataset: &Dataset, config: &EvaluateConfig) -> Evaluation {
    evaluate(pack, Inputs::new(dataset), config, &mut |_, _| (), &mut Silent).unwrap()
}

/// Compares the engine with the formula.
///
/// The engine adds in another order and scans in 32 bits, so that two items whose scores differ by rounding alone may
/// change places, and popularity has 256 steps in a pack. A rank may therefore move, but only past items whose score
/// is within `1e-3` of the wanted one's; the mean score of a case's items spreads over several units.
fn compare(dataset: &Dataset, model: &TrainedModel, config: &EvaluateConfig) {
    // what training saw is told by its size: popularity is then the pack's own order
    let events: u64 = model.counts.iter().sum();
    let pack = open_with(model, Some(format!("{{\"data\": {{\"events\": {events}}}}}")));
    let found = run(&pack, dataset, config);
    let model = dequantised(model, &pack);
    let reference = Reference::new(&model);
    let index: BTreeMap<&str, u32> = (0..).zip(&model.items).map(|(i, id)| (id.as_str(), i)).collect();
    let (mut exact, mut compared) = (0, 0);
    for (outcome, popular) in found.outcomes.iter().zip(&found.baselines["popularity"].ranks) {
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
        let ahead = (0..target).filter(|item| !excluded(*item)).count();
        let place = if excluded(target) || ahead >= LIST_LENGTH { 0 } else { ahead + 1 };
        assert_eq!(usize::from(*popular), place);
        assert_eq!(outcome.competes, !excluded(target));
    }
    assert!(compared > 20, "only {compared} ranks were compared");
    // Near ties change places: about one in fifty where popularity weighs much, because of its 256 steps.
    assert!(exact * 100 >= compared * 95, "{exact} of {compared} ranks are equal to the place");
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

/// Everything the evaluation can ask.
fn everything(protocol: Protocol) -> EvaluateConfig {
    EvaluateConfig { off: true, session: true, baselines: true, ..EvaluateConfig::new(protocol) }
}

fn report(found: &Evaluation, pack: &Model, resamples: u32) -> Report {
    Report::new(found, pack.info(), &Bootstrap { resamples, seed: 1 }, &mut Silent)
}

#[test]
fn the_report_counts_what_happened() {
    let (dataset, model) = shop(Repeats::Allow, Split::All);
    assert!(model.blend.repeats);
    let pack = open(&model);
    let config = EvaluateConfig { users: Some(40), ..everything(Protocol::LeaveOneOut) };
    let found = run(&pack, &dataset, &config);
    assert_eq!((found.users, found.outcomes.len()), (40, 40));
    assert!(found.known_targets > 0, "the shop's log repeats items");
    let report = report(&found, &pack, 30);
    // six metrics at five lengths, seven of lists by themselves, coverage
    assert_eq!(report.metrics.len(), 38);
    assert_eq!(report.metrics["hr@10"], report.metrics["recall@10"]);
    assert!(report.metrics["hr@50"].value >= report.metrics["hr@10"].value);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    assert!(report.to_string().contains("known and therefore excluded"));
    assert_eq!(report.levels.keys().collect::<Vec<_>>(), ["off", "on-device", "session"]);
    assert_eq!(report.levels["on-device"], report.metrics);
    assert_eq!(report.baselines.keys().collect::<Vec<_>>(), ["ease", "item-knn", "markov", "popularity"]);
    for (dimension, segments) in &report.segments {
        assert_eq!(segments.iter().map(|segment| segment.cases).sum::<usize>(), 40, "{dimension}");
    }
    let dimensions: Vec<&String> = report.segments.keys().collect();
    assert_eq!(dimensions, ["brand", "category", "history-length", "item-popularity", "price-band"]);
    assert_eq!(report.left_out, BTreeMap::new());
    // the same again is the same to the bit
    assert_eq!(Report { latency_us: report.latency_us, ..self::report(&found, &pack, 30) }, report);
}

#[test]
fn a_level_without_a_history_is_popularity_and_a_visit_is_between() {
    for (repeats, protocol) in
        [(Repeats::Forbid, Protocol::LeaveOneOut), (Repeats::Allow, Protocol::Temporal { share: 0.1 })]
    {
        let (dataset, model) = shop(repeats, Split::LeaveOneOut { train_on_validation: true });
        let pack = open(&model);
        let found = run(&pack, &dataset, &everything(protocol));
        let ndcg = |series: &Series| reference::metrics::ndcg_at_k(&series.ranks_or_max(), 50);
        let [off, session, on_device] = [OFF, SESSION, ON_DEVICE].map(|level| ndcg(&found.levels[level]));
        // popularity has 256 steps in a pack, which change the order of neighbours only
        assert!((off - ndcg(&found.baselines["popularity"])).abs() < 0.02, "{off}");
        assert!(on_device > off && session > off, "{off} {session} {on_device}");
        assert!(found.levels[SESSION] != found.levels[ON_DEVICE], "visits are shorter than histories");
    }
}

/// At Off an answer is shortened by what is excluded; at Session a visit that is the whole history is not asked again.
/// Both must be what the engine would have said.
#[test]
fn what_is_not_asked_is_what_the_engine_says() {
    use tastekeeper::PersonalizationLevel::{Off, OnDevice, Session};
    use tastekeeper::Retrieval;
    let (dataset, model) = shop(Repeats::Forbid, Split::All);
    let pack = open(&model);
    let [mut off, mut session, mut device] =
        [Off, Session, OnDevice].map(|level| Phone::new(&pack, level, Retrieval::Auto).unwrap());
    let longest = off.ask(100, &[]).unwrap().items;
    for sequence in dataset.sequences.iter().take(40) {
        let events = &sequence.events[..sequence.events.len().min(64)];
        for phone in [&mut off, &mut session, &mut device] {
            phone.hand_over().unwrap();
            phone.live(&dataset, events, 0).unwrap();
        }
        let excluded: Vec<u32> =
            events.iter().map(|e| pack.index_of(&dataset.items[e.item as usize]).unwrap()).collect();
        let asked = off.ask(LIST_LENGTH, &excluded).unwrap().items;
        let mut kept = longest.clone();
        kept.retain(|item| !excluded.contains(item));
        kept.truncate(LIST_LENGTH);
        assert!(kept.len() < LIST_LENGTH || kept == asked);
        let [visit, history] =
            [&session, &device].map(|phone| phone.ask(LIST_LENGTH, &excluded).unwrap().items);
        assert_eq!(visit, history);
    }
}

#[test]
fn a_session_forgets_what_was_before_the_visit() {
    let (dataset, model) = shop(Repeats::Allow, Split::All);
    let pack = open(&model);
    let session = || Phone::new(&pack, tastekeeper::PersonalizationLevel::Session, Retrieval::Auto).unwrap();
    let events = &dataset.sequences[0].events;
    let (mut one, mut other) = (session(), session());
    one.live(&dataset, &events[..6], 0).unwrap();
    one.live(&dataset, &events[..9], 6).unwrap();
    other.live(&dataset, &events[..9], 6).unwrap();
    assert_eq!(one.ask(20, &[]).unwrap().items, other.ask(20, &[]).unwrap().items);
    let mut whole = session();
    whole.live(&dataset, &events[..9], 0).unwrap();
    assert_ne!(one.ask(20, &[]).unwrap().items, whole.ask(20, &[]).unwrap().items);
}

#[test]
fn a_report_is_compared_with_itself_and_with_a_better_one() {
    let (dataset, model) = shop(Repeats::Forbid, Split::LeaveOneOut { train_on_validation: true });
    let pack = open(&model);
    let config = EvaluateConfig::new(Protocol::LeaveOneOut);
    let first = report(&run(&pack, &dataset, &config), &pack, 50);
    let again = |baseline: &Report, config: &EvaluateConfig| {
        let inputs = Inputs { baseline: Some(baseline), ..Inputs::new(&dataset) };
        evaluate(&pack, inputs, config, &mut |_, _| (), &mut Silent)
    };
    let same = report(&again(&first, &config).unwrap(), &pack, 50);
    let with_report: Vec<_> = same.comparisons.iter().filter(|c| c.with == "report").collect();
    assert!(with_report.iter().any(|c| c.segment.as_deref() == Some("history-length=21+")));
    for comparison in with_report {
        assert_eq!((comparison.difference.value, comparison.detectable), (0.0, 0.0));
        assert_eq!(comparison.verdict, Verdict::NotShown);
    }
    // a model that knows half of the wanted items less
    let mut worse = first.clone();
    let mut ranks = STANDARD.decode(&first.outcomes.ranks).unwrap();
    ranks.iter_mut().step_by(2).for_each(|rank| *rank = 0);
    worse.outcomes.ranks = STANDARD.encode(ranks);
    let better = report(&again(&worse, &config).unwrap(), &pack, 50);
    let of = |report: &Report, metric: &str| {
        let found = report
            .comparisons
            .iter()
            .find(|c| c.with == "report" && c.metric == metric && c.segment.is_none());
        found.unwrap().clone()
    };
    let hits = of(&better, "hr@50");
    assert_eq!(hits.verdict, Verdict::Better);
    assert!((hits.other + hits.difference.value - better.metrics["hr@50"].value).abs() < 1e-12);
    assert!(hits.detectable > 0.0 && hits.difference.low.unwrap() > 0.0);

    // other cases are refused, and the error says what differs
    let refused = |config: &EvaluateConfig| match again(&first, config) {
        Err(EvaluateError::Compare(error)) => error.to_string(),
        other => panic!("{:?}", other.map(|found| found.users)),
    };
    let half = EvaluateConfig { users: Some(50), ..config };
    assert!(refused(&half).contains("of all users, this evaluation of 50 drawn"));
    assert!(refused(&EvaluateConfig { repeats: true, ..config }).contains("--repeats"));
    let temporal =
        EvaluateConfig { repeats: false, ..EvaluateConfig::new(Protocol::Temporal { share: 0.1 }) };
    assert!(refused(&temporal).contains("--protocol leave-one-out"));
    let mut other = dataset.clone();
    other.sequences[3].events[0].item += 1;
    let inputs = Inputs { baseline: Some(&first), ..Inputs::new(&other) };
    let error = evaluate(&pack, inputs, &config, &mut |_, _| (), &mut Silent).unwrap_err();
    assert!(error.to_string().contains("another log"), "{error}");
    let mut emptied = first.clone();
    emptied.outcomes.ranks = "?".to_owned();
    assert_eq!(again(&emptied, &config).unwrap_err(), EvaluateError::Compare(CompareError::NoOutcomes));
}

#[test]
fn next_click_needs_the_training_log_for_some_figures() {
    let (dataset, model) = shop(Repeats::Allow, Split::TemporalBySequence { share: 0.2 });
    let pack = open(&model);
    let config = EvaluateConfig { users: Some(20), ..everything(Protocol::NextClick) };
    let alone = report(&run(&pack, &dataset, &config), &pack, 0);
    assert_eq!(
        alone.left_out.keys().collect::<Vec<_>>(),
        ["average_popularity@10", "item-popularity", "novelty@10"]
    );
    assert_eq!(alone.baselines_left_out.keys().collect::<Vec<_>>(), ["ease", "item-knn", "markov"]);
    assert!(!alone.metrics.contains_key("novelty@10") && !alone.segments.contains_key("item-popularity"));
    let inputs = Inputs { training: Some(&dataset), ..Inputs::new(&dataset) };
    let found = evaluate(&pack, inputs, &config, &mut |_, _| (), &mut Silent).unwrap();
    let whole = report(&found, &pack, 0);
    assert!(whole.left_out.is_empty() && whole.metrics.contains_key("novelty@10"));
    assert!(whole.comparisons.is_empty(), "nothing is compared without intervals");
}

#[test]
fn the_summary_tells_whether_the_event_before_the_last_was_trained_on() {
    let (dataset, model) = shop(Repeats::Forbid, Split::LeaveOneOut { train_on_validation: true });
    let [with, without] = [true, false].map(|train_on_validation| {
        Split::LeaveOneOut { train_on_validation }.cuts(&dataset.sequences).unwrap()
    });
    let cuts = |summary: Option<String>| {
        training::cuts(Protocol::LeaveOneOut, &dataset, &open_with(&model, summary)).unwrap().unwrap()
    };
    let events: usize = with.iter().sum();
    assert_eq!(cuts(Some(format!("{{\"data\": {{\"events\": {events}}}}}"))), with);
    assert_eq!(cuts(Some("{}".to_owned())), without);
    assert_eq!(cuts(None), without);
}

#[test]
fn nothing_to_ask_and_foreign_logs_are_refused() {
    let (dataset, model) = shop(Repeats::Forbid, Split::All);
    let pack = open(&model);
    let config = EvaluateConfig::new(Protocol::LeaveOneOut);
    let run = |inputs: Inputs<'_>, config| {
        evaluate(&pack, inputs, &config, &mut |_, _| (), &mut Silent).unwrap_err()
    };
    let mut short = dataset.clone();
    short.sequences.iter_mut().for_each(|sequence| sequence.events.truncate(1));
    assert_eq!(run(Inputs::new(&short), config), EvaluateError::NoCases);
    let mut foreign = dataset.clone();
    foreign.items.iter_mut().for_each(|item| item.push_str("-elsewhere"));
    assert_eq!(run(Inputs::new(&foreign), config), EvaluateError::ForeignLog);
    let training = Inputs { training: Some(&foreign), ..Inputs::new(&dataset) };
    assert_eq!(run(training, EvaluateConfig::new(Protocol::NextClick)), EvaluateError::ForeignTrainingLog);
    let temporal = EvaluateConfig::new(Protocol::Temporal { share: 1.5 });
    assert_eq!(run(Inputs::new(&dataset), temporal), EvaluateError::Split(SplitError::Share));
}
