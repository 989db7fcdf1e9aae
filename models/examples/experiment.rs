//! One training with a changed embedding, judged on validation and test in full precision: what `docs/experiments.md` is
//! made of.
//!
//! ```sh
//! cargo run --release -p tastekeeper-models --example experiment -- reviews FOLDER [KEY=NUMBER ..]
//! cargo run --release -p tastekeeper-models --example experiment -- clicks FOLDER [KEY=NUMBER ..]
//! ```
//!
//! The folder is that of `$TASTEKEEPER_DATA`. Graph and blend are not searched for, so that what is compared is the
//! embedding. Reviews train on all but the last two events and ask for both; clicks train on the sessions that ended in the
//! first three quarters and ask for every next click of the others. `hold_out=0.05` takes every twentieth item out of
//! training and says how often it is found all the same.
#![allow(clippy::print_stdout, reason = "its result")]

use std::error::Error;
use std::path::Path;

use tastekeeper_models::dataset::Dataset;
use tastekeeper_models::input::{AttributeOptions, DelimitedFormat, LogFormat, read_attributes, read_log};
use tastekeeper_models::reference::metrics::{hit_rate_at_k, mrr_at_k, ndcg_at_k};
use tastekeeper_models::reference::{Case, Protocol, Reference};
use tastekeeper_models::train::embedding::EmbeddingConfig;
use tastekeeper_models::train::{Preset, Silent, TrainConfig, train};

const USAGE: &str = "experiment reviews|clicks FOLDER [KEY=NUMBER ..]";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [set, folder, settings @ ..] = arguments.as_slice() else { return Err(USAGE.into()) };
    let (log, cuts, protocol) = match set.as_str() {
        "reviews" => reviews(Path::new(folder))?,
        "clicks" => clicks(Path::new(folder))?,
        _ => return Err(USAGE.into()),
    };
    let mut training = log.clone();
    for (sequence, &cut) in training.sequences.iter_mut().zip(&cuts) {
        sequence.events.truncate(cut);
    }
    let positions = cuts.iter().map(|cut| cut.saturating_sub(1)).sum();
    let mut embedding = EmbeddingConfig::for_positions(positions, Preset::Standard.dim());
    let (mut config, mut every) = (TrainConfig { tuning_budget: 0, ..TrainConfig::default() }, 0);
    for setting in settings {
        let (key, value) = setting.split_once('=').ok_or(USAGE)?;
        match key {
            "seed" => config.seed = value.parse()?,
            "dim" => embedding.dim = value.parse()?,
            "members" => embedding.members = value.parse()?,
            "epochs" => embedding.epochs = value.parse()?,
            "batch" => embedding.batch = value.parse()?,
            "negatives" => embedding.negatives = value.parse()?,
            "learning_rate" => embedding.learning_rate = value.parse()?,
            "state_dropout" => embedding.state_dropout = value.parse()?,
            "event_dropout" => embedding.event_dropout = value.parse()?,
            "id_dropout" => embedding.id_dropout = value.parse()?,
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
            "hold_out" => every = value.parse::<f64>()?.recip().round() as u32,
            _ => return Err(format!("{key} is not a setting").into()),
        }
    }
    let held_out = |item: u32| every > 0 && item.is_multiple_of(every);
    for sequence in &mut training.sequences {
        sequence.events.retain(|event| !held_out(event.item));
    }
    config.embedding = Some(embedding);
    let (mut model, _) = train(&training, &config, &mut Silent)?;
    println!("{embedding:?}");

    let blend = model.blend.graph_weight;
    for (part, weight) in [("embedding", 0.0), ("sum", blend)] {
        model.blend.graph_weight = weight;
        for (name, cases) in cases(&log, &cuts, protocol) {
            let ranks = Reference::new(&model).ranks(&log, &cases, protocol);
            let of_held_out =
                |(case, _): &(&Case, _)| held_out(log.sequences[case.sequence].events[case.position].item);
            let found: Vec<usize> =
                cases.iter().zip(ranks.iter().copied()).filter(of_held_out).map(|c| c.1).collect();
            println!(
                "{part:9} {name:10} {} cases: HR@10 {:.4}, NDCG@10 {:.4}, HR@20 {:.4}, MRR@20 {:.4}; \
                 {} of items never trained: HR@10 {:.4}",
                ranks.len(),
                hit_rate_at_k(&ranks, 10),
                ndcg_at_k(&ranks, 10),
                hit_rate_at_k(&ranks, 20),
                mrr_at_k(&ranks, 20),
                found.len(),
                hit_rate_at_k(&found, 10),
            );
        }
    }
    Ok(())
}

/// The log, the training events of every sequence, the protocol.
type Split = (Dataset, Vec<usize>, Protocol);

fn reviews(folder: &Path) -> Result<Split, Box<dyn Error>> {
    let mut log = read_log(&folder.join("beauty.sequences.txt"), &LogFormat::Sequences, &mut |_| ())?;
    let attributes = folder.join("beauty.attributes.json");
    read_attributes(&attributes, &AttributeOptions::default(), &mut log, &mut |_| ())?;
    let cuts = log.sequences.iter().map(|s| s.events.len().saturating_sub(2)).collect();
    Ok((log, cuts, Protocol::LeaveOneOut))
}

fn clicks(folder: &Path) -> Result<Split, Box<dyn Error>> {
    let format = LogFormat::Delimited(DelimitedFormat::tsv("SessionId", "ItemId").time("Time"));
    let log = read_log(&folder.join("yoochoose-100k.train.tsv"), &format, &mut |_| ())?;
    let end = |s: &tastekeeper_models::dataset::Sequence| s.events.last().and_then(|e| e.time_ms);
    let mut ends: Vec<Option<i64>> = log.sequences.iter().map(end).collect();
    ends.sort_unstable();
    let limit = ends[ends.len() * 3 / 4];
    let cuts = log.sequences.iter().map(|s| if end(s) < limit { s.events.len() } else { 0 }).collect();
    Ok((log, cuts, Protocol::NextClick))
}

fn cases(log: &Dataset, cuts: &[usize], protocol: Protocol) -> Vec<(&'static str, Vec<Case>)> {
    let lengths = || log.sequences.iter().map(|s| s.events.len()).enumerate();
    let last = |back: usize| {
        lengths()
            .filter(|(_, n)| *n > back)
            .map(|(sequence, n)| Case { sequence, position: n - back })
            .collect()
    };
    match protocol {
        Protocol::LeaveOneOut => vec![("validation", last(2)), ("test", last(1))],
        Protocol::NextClick => {
            let all = lengths().filter(|(s, _)| cuts[*s] == 0);
            let of = |(sequence, n)| (1..n).map(move |position| Case { sequence, position });
            vec![("validation", all.flat_map(of).collect())]
        }
    }
}
