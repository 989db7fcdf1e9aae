//! exploration

#![expect(clippy::print_stdout, reason = "a command talks to its terminal")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use tastekeeper_models::dataset::Dataset;
use tastekeeper_models::generate::{LogConfig, LogShape, LogSource};
use tastekeeper_models::input::*;
use tastekeeper_models::reference::metrics::*;
use tastekeeper_models::reference::{Protocol, Reference, cases};
use tastekeeper_models::train::embedding::EmbeddingConfig;
use tastekeeper_models::train::split::Split;
use tastekeeper_models::train::{Silent, TrainConfig, train};

fn data(name: &str) -> (Dataset, Split, Protocol, Dataset) {
    let folder = std::path::PathBuf::from("/work/shared/data");
    let size =
        |shape, users, items| LogSource::new(&LogConfig { shape, seed: 1, users, items }).unwrap().dataset();
    let loo = Split::LeaveOneOut { train_on_validation: true };
    match name {
        "beauty" => {
            let mut d =
                read_log(&folder.join("beauty.sequences.txt"), &LogFormat::Sequences, &mut |_| ()).unwrap();
            read_attributes(
                &folder.join("beauty.attributes.json"),
                &AttributeOptions::default(),
                &mut d,
                &mut |_| (),
            )
            .unwrap();
            (d.clone(), Split::LeaveOneOut { train_on_validation: false }, Protocol::LeaveOneOut, d)
        }
        "clicks" => {
            let mut f = DelimitedFormat::csv("SessionId", "ItemId").time("Time").time_unit(TimeUnit::Seconds);
            f.delimiter = b'\t';
            let f = LogFormat::Delimited(f);
            let d = read_log(&folder.join("yoochoose-100k.train.tsv"), &f, &mut |_| ()).unwrap();
            let t = read_log(&folder.join("yoochoose-100k.valid.tsv"), &f, &mut |_| ()).unwrap();
            (d, Split::All, Protocol::NextClick, t)
        }
        "sessions" => {
            let d = size(LogShape::Sessions, 8_000, 3_000);
            (d.clone(), Split::TemporalBySequence { share: 0.1 }, Protocol::NextClick, d)
        }
        "long-tail" => {
            let d = size(LogShape::LongTail, 6_000, 6_000);
            (d.clone(), loo, Protocol::LeaveOneOut, d)
        }
        "mixed" => {
            let d = size(LogShape::Mixed, 2_000, 3_000);
            (d.clone(), loo, Protocol::LeaveOneOut, d)
        }
        _ => panic!(),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let (log, split, protocol, test) = data(&arguments[0]);
    let cuts = match split {
        Split::All => vec![0; test.sequences.len()],
        _ => match split {
            Split::LeaveOneOut { .. } => Split::LeaveOneOut { train_on_validation: true },
            s => s,
        }
        .cuts(&test.sequences)
        .unwrap(),
    };
    let all = cases(test.sequences.iter().map(|s| s.events.len()), &cuts, protocol);
    let step = (all.len() / 8000).max(1);
    let asked: Vec<_> = all.into_iter().step_by(step).collect();
    let events: usize = log.sequences.iter().map(|s| s.events.len()).sum();
    let base = EmbeddingConfig::for_positions(events - log.sequences.len(), 64);
    println!("{} events {events} cases {} {base:?}", arguments[0], asked.len());
    for variant in &arguments[1..] {
        let mut config = TrainConfig { split, ..TrainConfig::default() };
        let mut e = base;
        for part in variant.split(',') {
            let (key, value) = part.split_once('=').unwrap_or((part, "0"));
            let v: f32 = value.parse().unwrap();
            let n = v as usize;
            match key {
                "base" => (),
                "ep" => e.epochs = n,
                "b" => e.batch = n,
                "neg" => e.negatives = n,
                "lr" => e.learning_rate = v,
                "hist" => e.history = n,
                "sd" => e.state_dropout = v,
                "ed" => e.event_dropout = v,
                "id" => e.id_dropout = v,
                "dim" => e.dim = n,
                "seed" => config.seed = n as u64,
                "budget" => config.tuning_budget = n,
                _ => panic!("{key}"),
            }
        }
        config.embedding = Some(e);
        let began = std::time::Instant::now();
        let (model, report) = train(&log, &config, &mut Silent).unwrap();
        let took = began.elapsed().as_secs_f64();
        let ranks = Reference::new(&model).ranks(&test, &asked, protocol);
        let v = report.validation;
        println!(
            "{variant:<28} val N10 {:.4} M20 {:.4} | test HR10 {:.4} N10 {:.4} HR20 {:.4} M20 {:.4} | w {:.2} {took:.0} s",
            v.ndcg_at_10,
            v.mrr_at_20,
            hit_rate_at_k(&ranks, 10),
            ndcg_at_k(&ranks, 10),
            hit_rate_at_k(&ranks, 20),
            mrr_at_k(&ranks, 20),
            report.blend.graph_weight
        );
    }
}
