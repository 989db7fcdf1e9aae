//! Does `train` without options find what a large search finds? `cargo bench -p tastekeeper-models --bench search`.
//!
//! For each generated shape: a log is made, the test is held out, and a model is trained as by default, with ten times both
//! budgets of the tuner, and, where events have kinds, with equal event weights. The table shows the test, in full
//! precision, of two seeds each. Takes minutes per shape; name shapes after `--` to run only them. Nothing is
//! asserted: this shows, it does not judge.

#![expect(clippy::print_stdout, reason = "a command talks to its terminal")]

use std::error::Error;
use std::time::Instant;

use tastekeeper_models::dataset::Dataset;
use tastekeeper_models::generate::{LogConfig, LogShape, LogSource};
use tastekeeper_models::reference::metrics::{hit_rate_at_k, mrr_at_k, ndcg_at_k};
use tastekeeper_models::reference::{Protocol, Reference, cases};
use tastekeeper_models::train::split::Split;
use tastekeeper_models::train::{Silent, TrainConfig, train};

/// One generated log and how it is asked.
struct Contest {
    name: &'static str,
    log: LogConfig,
    split: Split,
    protocol: Protocol,
}

const SEEDS: [u64; 2] = [1, 2];

const CONTESTS: [Contest; 3] = [
    Contest {
        name: "sessions",
        log: LogConfig { shape: LogShape::Sessions, seed: 1, users: 8000, items: 3000 },
        split: Split::TemporalBySequence { share: 0.1 },
        protocol: Protocol::NextClick,
    },
    Contest {
        name: "long-tail",
        log: LogConfig { shape: LogShape::LongTail, seed: 1, users: 6000, items: 6000 },
        split: Split::LeaveOneOut { train_on_validation: true },
        protocol: Protocol::LeaveOneOut,
    },
    Contest {
        name: "mixed",
        log: LogConfig { shape: LogShape::Mixed, seed: 1, users: 2500, items: 3000 },
        split: Split::LeaveOneOut { train_on_validation: true },
        protocol: Protocol::LeaveOneOut,
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo says `--bench` when measuring is meant; under `cargo test --all-targets` it does not.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let named = |contest: &&Contest| {
        let mut names = arguments.iter().filter(|argument| !argument.starts_with("--")).peekable();
        names.peek().is_none() || names.any(|name| name == contest.name)
    };
    println!("| log | training | seed | HR@10 | NDCG@10 | HR@20 | MRR@20 | settings, schedules | seconds |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for contest in CONTESTS.iter().filter(named) {
        contest.run()?;
    }
    Ok(())
}

impl Contest {
    fn run(&self) -> Result<(), Box<dyn Error>> {
        let log = LogSource::new(&self.log)?.dataset();
        let usual = TrainConfig { split: self.split, ..TrainConfig::default() };
        let large = TrainConfig {
            tuning_budget: 10 * usual.tuning_budget,
            schedule_budget: 10 * usual.schedule_budget,
            ..usual
        };
        let equal = TrainConfig { kind_weights: Some([1.0; 4]), ..usual };
        for seed in SEEDS {
            self.measure("default", &log, &TrainConfig { seed, ..usual })?;
            if self.log.shape == LogShape::Mixed {
                self.measure("equal event weights", &log, &TrainConfig { seed, ..equal })?;
            }
            self.measure("ten times the budget", &log, &TrainConfig { seed, ..large })?;
        }
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "times are shown, nothing depends on them")]
    fn measure(&self, name: &str, log: &Dataset, config: &TrainConfig) -> Result<(), Box<dyn Error>> {
        let began = Instant::now();
        let (model, report) = train(log, config, &mut Silent)?;
        let took = began.elapsed().as_secs_f64();
        let cuts = self.split.cuts(&log.sequences)?;
        let asked = cases(log.sequences.iter().map(|s| s.events.len()), &cuts, self.protocol);
        let ranks = Reference::new(&model).ranks(log, &asked, self.protocol);
        println!(
            "| {} | {name} | {} | {:.4} | {:.4} | {:.4} | {:.4} | {}, {} | {took:.0} |",
            self.name,
            config.seed,
            hit_rate_at_k(&ranks, 10),
            ndcg_at_k(&ranks, 10),
            hit_rate_at_k(&ranks, 20),
            mrr_at_k(&ranks, 20),
            report.tuning.settings_tried,
            report.tuning.schedules.len()
        );
        Ok(())
    }
}
