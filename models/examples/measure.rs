//! Trains on the development data and prints the reference metrics. `TASTEKEEPER_DATA=folder measure beauty|yoochoose [seed ..]`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a measuring program")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use tastekeeper_models::dataset::{
    Attribute, AttributeKind, AttributeTable, Dataset, Interaction, InteractionKind, Sequence,
};
use tastekeeper_models::reference::metrics::{hit_rate_at_k, mrr_at_k, ndcg_at_k};
use tastekeeper_models::reference::{Protocol, Reference, cases, quantised};
use tastekeeper_models::train::embedding::EmbeddingConfig;
use tastekeeper_models::train::split::Split;
use tastekeeper_models::train::{Preset, Silent, TrainConfig, train};

#[derive(Default)]
struct Builder {
    items: HashMap<String, u32>,
    dataset: Dataset,
}

impl Builder {
    fn event(&mut self, id: &str, time_ms: Option<i64>) -> Interaction {
        let next = u32::try_from(self.items.len()).unwrap();
        let item = *self.items.entry(id.to_owned()).or_insert_with(|| {
            self.dataset.items.push(id.to_owned());
            next
        });
        Interaction { item, kind: InteractionKind::View, time_ms }
    }
}

fn beauty(folder: &std::path::Path) -> Dataset {
    let mut b = Builder::default();
    for line in std::fs::read_to_string(folder.join("beauty.sequences.txt")).unwrap().lines() {
        let mut words = line.split(' ');
        let user = words.next().unwrap().to_owned();
        let events = words.map(|id| b.event(id, None)).collect();
        b.dataset.sequences.push(Sequence { user, events });
    }
    let text = std::fs::read_to_string(folder.join("beauty.attributes.json")).unwrap();
    let table: HashMap<String, Vec<u32>> = serde_json::from_str(&text).unwrap();
    let top = table.values().flatten().max().unwrap() + 1;
    let entry = |a: u32| Attribute { kind: AttributeKind::Other, name: a.to_string(), parent: None };
    let list = |id: &String| {
        let mut list = table.get(id).cloned().unwrap_or_default();
        list.sort_unstable();
        list.dedup();
        list
    };
    b.dataset.attributes = AttributeTable {
        entries: (0..top).map(entry).collect(),
        of_item: b.dataset.items.iter().map(list).collect(),
    };
    b.dataset
}

fn sessions(path: PathBuf) -> Dataset {
    let mut b = Builder::default();
    for line in std::fs::read_to_string(path).unwrap().lines().skip(1) {
        let w: Vec<&str> = line.split('\t').collect();
        let time: f64 = w[2].parse().unwrap();
        #[expect(clippy::cast_possible_truncation)]
        let event = b.event(w[1], Some((time * 1000.0) as i64));
        if b.dataset.sequences.last().is_none_or(|s| s.user != w[0]) {
            b.dataset.sequences.push(Sequence { user: w[0].to_owned(), events: vec![] });
        }
        b.dataset.sequences.last_mut().unwrap().events.push(event);
    }
    b.dataset.attributes.of_item = vec![vec![]; b.dataset.items.len()];
    b.dataset
}

fn main() {
    let folder =
        PathBuf::from(std::env::var("TASTEKEEPER_DATA").expect("TASTEKEEPER_DATA names the data folder"));
    let args: Vec<String> = std::env::args().skip(1).collect();
    let name = args[0].as_str();
    let preset = if args.iter().any(|a| a == "tiny") { Preset::Tiny } else { Preset::Standard };
    let published = args.iter().any(|a| a == "published");
    let seeds: Vec<u64> = args.iter().skip(1).filter_map(|a| a.parse().ok()).collect();
    let (log, test, split, protocol) = if name == "beauty" {
        let log = beauty(&folder);
        let test = log.clone();
        let mut log = log;
        if published {
            // the papers' protocol: the event before the last is for validation and never trained on
            log.sequences.iter_mut().for_each(|s| s.events.truncate(s.events.len() - 2));
        }
        let split = if published { Split::All } else { Split::LeaveOneOut };
        (log, test, split, Protocol::LeaveOneOut)
    } else {
        let log = sessions(folder.join("yoochoose-100k.train.tsv"));
        (log, sessions(folder.join("yoochoose-100k.valid.tsv")), Split::All, Protocol::NextClick)
    };
    for seed in seeds {
        let config = TrainConfig { seed, preset, split, ..TrainConfig::default() };
        let mut config = config;
        // experiments: EMBEDDING="epochs=20 batch=512" BUDGET=400
        if let Ok(changes) = std::env::var("EMBEDDING") {
            let positions: usize = log.sequences.iter().map(|s| s.events.len().saturating_sub(1)).sum();
            let mut e = EmbeddingConfig::for_positions(positions, preset.dim());
            for change in changes.split_whitespace() {
                let (key, value) = change.split_once('=').unwrap();
                let number: f32 = value.parse().unwrap();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let count = number as usize;
                match key {
                    "epochs" => e.epochs = count,
                    "batch" => e.batch = count,
                    "negatives" => e.negatives = count,
                    "history" => e.history = count,
                    "dim" => e.dim = count,
                    "rate" => e.learning_rate = number,
                    "state" => e.state_dropout = number,
                    "event" => e.event_dropout = number,
                    "id" => e.id_dropout = number,
                    _ => panic!("unknown {key}"),
                }
            }
            config.embedding = Some(e);
        }
        if let Ok(budget) = std::env::var("BUDGET") {
            config.tuning_budget = budget.parse().unwrap();
        }
        let quick = std::env::var_os("QUICK").is_some();
        let start = Instant::now();
        let (model, report) = train(&log, &config, &mut Silent).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        if std::env::var_os("VERBOSE").is_some() {
            eprintln!("{report:#?}");
        }
        let cuts = match protocol {
            Protocol::LeaveOneOut => Split::LeaveOneOut.cuts(&test.sequences).unwrap(),
            Protocol::NextClick => vec![0; test.sequences.len()],
        };
        let asked = cases(test.sequences.iter().map(|s| s.events.len()), &cuts, protocol);
        println!("  validation {:.4?} tried {}", report.validation, report.settings_tried);
        let b = report.blend;
        println!(
            "  carry {:.3} decay {:.3} gain {:.2} w {} dec {} pop {} | {:?}",
            b.carry, b.decay, b.gain, b.graph_weight, b.graph_decay, b.popularity_weight, report.graph
        );
        if quick {
            continue;
        }
        let packed = quantised(&model, preset.levels());
        let mut alone = model.clone();
        alone.blend.graph_weight = 0.0;
        let mut graph = model.clone();
        graph.blend.gain = 0.0;
        for (what, model) in [("fp32", &model), ("packed", &packed), ("embedding", &alone), ("graph", &graph)]
        {
            let ranks = Reference::new(model).ranks(&test, &asked, protocol);
            println!(
                "{name} {preset:?} seed {seed} {what:>9}: HR@10 {:.4} NDCG@10 {:.4} HR@20 {:.4} MRR@20 {:.4} ({} cases; trained in {seconds:.0} s)",
                hit_rate_at_k(&ranks, 10),
                ndcg_at_k(&ranks, 10),
                hit_rate_at_k(&ranks, 20),
                mrr_at_k(&ranks, 20),
                ranks.len(),
            );
        }
    }
}
