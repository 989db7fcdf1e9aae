//! The gates that ship, against models that are broken on purpose: each fails with its reason, the model itself passes.
//!
//! Through the command: train, break, pack, evaluate, gate. `generated` always runs; `reviews`, on published data, takes
//! minutes: `cargo xtask test quality`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that fails says where, and one that does not run says so"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;
use tastekeeper_models::saved;
use tastekeeper_models::trained::TrainedModel;

/// A folder with a log, and how the command reads it.
struct Bench {
    folder: tempfile::TempDir,
    log: PathBuf,
    read: Vec<String>,
    train: Vec<String>,
}

/// What a run of the command gave.
struct Run {
    code: i32,
    stdout: String,
}

impl Bench {
    fn run(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_tastekeeper"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TASTEKEEPER_KEY", self.folder.path().join("development.key"))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        assert!(!stderr.contains("panicked"), "{stderr}");
        eprintln!("{arguments:?}: {:?}\n{stderr}", output.status.code());
        Run { code: output.status.code().unwrap(), stdout }
    }

    fn train(&self, name: &str, more: &[&str]) {
        let (pack, saved) = (format!("{name}.tkpack"), format!("{name}.safetensors"));
        let log = self.log.to_str().unwrap();
        let mut arguments = vec!["train", log, "--out", &pack, "--save-model", &saved];
        arguments.extend(self.read.iter().chain(&self.train).map(String::as_str));
        arguments.extend(more);
        assert_eq!(self.run(&arguments).code, 0);
    }

    /// Writes a pack of the model `good` after `change`.
    fn changed(&self, name: &str, change: impl FnOnce(&mut TrainedModel)) {
        let path = |name: &str| self.folder.path().join(format!("{name}.safetensors"));
        let (mut model, summary) = saved::from_bytes(&std::fs::read(path("good")).unwrap()).unwrap();
        change(&mut model);
        std::fs::write(path(name), saved::to_bytes(&model, summary.as_deref()).unwrap()).unwrap();
        let (from, out) = (format!("{name}.safetensors"), format!("{name}.tkpack"));
        assert_eq!(self.run(&["pack", &from, "--out", &out]).code, 0);
    }

    fn evaluate(&self, name: &str, more: &[&str]) -> Value {
        let (pack, report) = (format!("{name}.tkpack"), format!("{name}.json"));
        let log = self.log.to_str().unwrap();
        let mut arguments = vec!["evaluate", &pack, log, "--protocol", "leave-one-out", "--report", &report];
        arguments.extend(self.read.iter().map(String::as_str));
        arguments.extend(more);
        assert_eq!(self.run(&arguments).code, 0);
        serde_json::from_slice(&std::fs::read(self.folder.path().join(report)).unwrap()).unwrap()
    }

    /// Evaluates against the good model's report and judges by the gates that ship.
    fn judge(&self, name: &str) -> Run {
        self.evaluate(name, &["--parts", "--baseline", "good.json"]);
        self.run(&["gate", "--report", &format!("{name}.json")])
    }

    /// The last two items of every user.
    fn answers(&self) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(&self.log).unwrap();
        let mut of_user: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        if self.log.extension().is_some_and(|extension| extension == "csv") {
            for line in text.lines().skip(1) {
                let mut cells = line.split(',');
                let user = cells.next().unwrap();
                of_user.entry(user).or_default().push(cells.next().unwrap());
            }
        } else {
            for line in text.lines() {
                let mut words = line.split(' ');
                of_user.insert(words.next().unwrap(), words.collect());
            }
        }
        let pair = |items: Vec<&str>| match items[..] {
            [.., last, answer] => Some((last.to_owned(), answer.to_owned())),
            _ => None,
        };
        of_user.into_values().filter_map(pair).collect()
    }

    #[track_caller]
    fn fails(&self, name: &str, reasons: &[&str]) {
        let run = self.judge(name);
        eprintln!("{name}:\n{}", run.stdout);
        assert_eq!(run.code, 1, "{name}: {}", run.stdout);
        for reason in reasons {
            let named = run.stdout.lines().any(|line| line.starts_with("FAIL") && line.contains(reason));
            assert!(named, "{name}: no failure says `{reason}`:\n{}", run.stdout);
        }
    }
}

fn noise(model: &mut TrainedModel, size: f32) {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    for mut row in model.vectors.rows_mut() {
        for value in &mut row {
            // near enough to normal: four uniform numbers
            let sum: f32 = (0..4)
                .map(|_| f32::from(u16::try_from(random.next_u32() >> 16).unwrap()) / 65_536.0 - 0.5)
                .sum();
            *value += size * sum;
        }
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        if norm > 0.0 {
            row.mapv_inplace(|value| value / norm);
        }
    }
}

/// All that must hold, whatever the log.
fn all_are_found(bench: &Bench) {
    bench.train("good", &["--split", "leave-one-out"]);
    bench.evaluate("good", &["--parts"]);

    bench.changed("identical", |_| {});
    let run = bench.judge("identical");
    eprintln!("identical:\n{}", run.stdout);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.contains("no loss of quality: ndcg@10"), "{}", run.stdout);

    bench.changed("shuffled", |model| {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        for last in (1..model.vectors.nrows()).rev() {
            let other = usize::try_from(random.next_u64() % (last as u64 + 1)).unwrap();
            for column in 0..model.vectors.ncols() {
                model.vectors.swap([last, column], [other, column]);
            }
        }
    });
    bench.fails(
        "shuffled",
        &["they are shuffled, or of other items", "shown to be worse than the baseline report"],
    );

    bench.changed("reversed", |model| {
        let mut reversed = vec![Vec::new(); model.graph.len()];
        for (source, row) in (0u32..).zip(&model.graph) {
            for (target, weight) in row {
                reversed[*target as usize].push((source, *weight));
            }
        }
        reversed.iter_mut().for_each(|row| row.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))));
        model.graph = reversed;
    });
    bench.fails("reversed", &["the graph is reversed", "shown to be worse than the baseline report"]);

    bench.changed("popular", |model| {
        model.blend.gain = 0.0;
        model.blend.graph_weight = 0.0;
        model.blend.popularity_weight = 1.0;
    });
    bench.fails("popular", &["no better than a list of bestsellers", "the model is popularity only"]);

    bench.train("leaked", &["--split", "all"]);
    bench.fails("leaked", &["the pack was not trained with the --split"]);

    // the answers find their way in, and the pack says nothing of it
    let answers = bench.answers();
    bench.changed("oracle", |model| {
        let index: BTreeMap<String, u32> = (0..).zip(&model.items).map(|(i, id)| (id.clone(), i)).collect();
        let strongest = model.graph.iter().flatten().map(|edge| edge.1).fold(0.0, f32::max);
        for (last, answer) in answers {
            let row = &mut model.graph[index[&last] as usize];
            row.retain(|(item, _)| *item != index[&answer]);
            row.insert(0, (index[&answer], 2.0 * strongest));
        }
    });
    bench.fails("oracle", &["it knows the answers"]);
}

#[test]
fn generated() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench {
        log: folder.path().join("shop/log.csv"),
        folder,
        read: Vec::new(),
        train: ["--tuning-budget", "24"].map(str::to_owned).to_vec(),
    };
    let shop = ["generate-log", "--shape", "long-tail", "--users", "1500", "--items", "300", "--out", "shop"];
    assert_eq!(bench.run(&shop).code, 0);
    all_are_found(&bench);
}

#[test]
#[ignore = "takes minutes; cargo xtask test quality"]
fn reviews() {
    let Some(data) = std::env::var_os("TASTEKEEPER_DATA").map(PathBuf::from) else {
        eprintln!("NOT RUN: reviews: TASTEKEEPER_DATA is not set");
        return;
    };
    let attributes = data.join("beauty.attributes.json");
    let bench = Bench {
        folder: tempfile::tempdir().unwrap(),
        log: data.join("beauty.sequences.txt"),
        read: ["--format", "sequences"].map(str::to_owned).to_vec(),
        train: ["--attributes", attributes.to_str().unwrap()].map(str::to_owned).to_vec(),
    };
    one_percent_is_found(&bench);
}

/// A model whose NDCG is 1 % to 1.5 % lower is caught on a log of this size, as the report says it would be.
fn one_percent_is_found(bench: &Bench) {
    let ndcg = |report: &Value| report["metrics"]["ndcg@10"]["value"].as_f64().unwrap();
    let quick = ["--levels", "on-device", "--no-baselines"];
    bench.train("good", &["--split", "leave-one-out"]);
    let before = ndcg(&bench.evaluate("good", &quick));
    let against = [&quick[..], &["--baseline", "good.json"]].concat();
    let (mut low, mut high) = (0.0, 0.4);
    let mut report = Value::Null;
    for _ in 0..12 {
        let size = f32::midpoint(low, high);
        bench.changed("worse", |model| noise(model, size));
        report = bench.evaluate("worse", &against);
        match 1.0 - ndcg(&report) / before {
            loss if loss < 0.010 => low = size,
            loss if loss > 0.015 => high = size,
            _ => break,
        }
    }
    // the shipped gate of that name, alone: the others want baselines and parts
    let gate = "version = 1\n[[gate]]\nname = \"no loss of quality\"\nmetric = \"ndcg@10\"\n\
                max_regression = 0\njudge = \"evidence\"\n";
    std::fs::write(bench.folder.path().join("gates.toml"), gate).unwrap();
    let run = bench.run(&["gate", "--report", "worse.json", "--gates", "gates.toml"]);
    eprintln!("worse:\n{}", run.stdout);
    let comparisons = report["comparisons"].as_array().unwrap();
    let found = comparisons
        .iter()
        .find(|c| c["with"] == "report" && c["metric"] == "ndcg@10" && c["segment"].is_null())
        .unwrap();
    let (detectable, loss) = (
        found["detectable"].as_f64().unwrap() / before,
        -found["difference"]["value"].as_f64().unwrap() / before,
    );
    eprintln!("a loss of {:.2} %, detectable {:.2} %", 100.0 * loss, 100.0 * detectable);
    assert!((0.009..0.016).contains(&loss), "the harness did not find a model 1 % worse: {loss}");
    assert!(detectable < 0.015, "these cases find {detectable}");
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stdout.contains("shown to be worse than the baseline report"), "{}", run.stdout);
}
