//! models/sql counts what the builder counts, on generated and on published logs, in DuckDB and in ClickHouse.
//!
//! `cargo xtask test sql` makes the Python environment that has both and names it in `TASTEKEEPER_SQL_PYTHON`. The Spark
//! file runs in the same way where `pyspark` is installed and `TASTEKEEPER_SQL_ENGINES` is `spark`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that fails says where, and one that does not run says so"
)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tastekeeper_models::counted::{Engine, counting_sql};
use tastekeeper_models::dataset::{Dataset, InteractionKind};
use tastekeeper_models::input::{DatasetBuilder, DelimitedFormat, LogFormat, read_log};
use tastekeeper_models::saved;
use tastekeeper_models::train::Repeats;
use tastekeeper_models::train::graph::CountParameters;
use tastekeeper_models::train::transitions::{LogCounts, count, untuned_graph};

/// Weights of the four kinds of events, where they count differently.
const KIND_WEIGHTS: [f32; 4] = [1.0, 2.5, 1.5, 4.0];
/// More than any row has.
const ALL: usize = 1_000_000;

/// One way to count.
struct Way {
    parameters: CountParameters,
    repeats: bool,
    kind_weights: [f32; 4],
    keep: usize,
}

fn python() -> String {
    std::env::var("TASTEKEEPER_SQL_PYTHON").expect("TASTEKEEPER_SQL_PYTHON; run `cargo xtask test sql`")
}

fn engines() -> Vec<String> {
    let named = std::env::var("TASTEKEEPER_SQL_ENGINES");
    named.as_deref().unwrap_or("duckdb,clickhouse").split(',').map(str::to_owned).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The engine's SQL with these parameters.
fn sql(engine: &str, way: &Way) -> String {
    let engine = match engine {
        "duckdb" => Engine::DuckDb,
        "clickhouse" => Engine::ClickHouse,
        "spark" => Engine::Spark,
        other => panic!("there is no SQL for {other}"),
    };
    counting_sql(engine, &way.parameters, way.repeats, way.keep)
}

/// What an engine wrote: weight and row sum by source and target.
type Found = HashMap<(String, String), (f64, f64)>;

/// Writes the log as a table of events, and runs the engine on it. What it counted is in `folder` afterwards.
fn execute(engine: &str, sql: &str, log: &Dataset, kind_weights: [f32; 4], folder: &Path) {
    let path = |name: &str| folder.join(name);
    let mut events = csv::Writer::from_path(path("events.csv")).unwrap();
    events.write_record(["user_id", "item_id", "time", "line", "weight"]).unwrap();
    // lines of the file in another order than lines of the log: nothing may depend on it
    let all =
        log.sequences.iter().flat_map(|sequence| sequence.events.iter().map(move |event| (sequence, event)));
    let numbered: Vec<_> = (1u32..).zip(all).collect();
    for (line, (sequence, event)) in numbered.iter().rev() {
        let time = event.time_ms.map_or_else(String::new, |time| time.to_string());
        let weight = f64::from(kind_weights[event.kind as usize]).to_string();
        let item = &log.items[event.item as usize];
        events.write_record([&sequence.user, item, &time, &line.to_string(), &weight]).unwrap();
    }
    events.flush().unwrap();
    std::fs::write(path("counting.sql"), sql).unwrap();
    let output = Command::new(python())
        .arg(root().join("tests/python/transitions.py"))
        .arg(engine)
        .args([path("counting.sql"), path("events.csv"), folder.to_owned()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{engine}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Runs the engine; its counts and transitions by id.
fn run(engine: &str, log: &Dataset, way: &Way) -> (HashMap<String, u64>, Found) {
    let folder = tempfile::tempdir().unwrap();
    execute(engine, &sql(engine, way), log, way.kind_weights, folder.path());
    let rows = |name: &str| {
        let mut reader = csv::Reader::from_path(folder.path().join(name)).unwrap();
        reader.records().map(Result::unwrap).collect::<Vec<_>>()
    };
    let counts = rows("counts.csv").iter().map(|row| (row[0].to_owned(), row[1].parse().unwrap())).collect();
    let transition = |row: &csv::StringRecord| {
        ((row[0].to_owned(), row[1].to_owned()), (row[2].parse().unwrap(), row[3].parse().unwrap()))
    };
    (counts, rows("transitions.csv").iter().map(transition).collect())
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-6 * expected.abs()
}

/// Every engine counts `log` as the builder does.
fn same(name: &str, log: &Dataset, way: &Way) {
    let repeats = if way.repeats { Repeats::Allow } else { Repeats::Forbid };
    let LogCounts { order, counts, transitions, .. } =
        count(log, way.keep, &way.parameters, repeats, way.kind_weights);
    for engine in engines() {
        let (found_counts, mut found) = run(&engine, log, way);
        assert_eq!(found_counts.len(), log.items.len(), "{name}, {engine}");
        let (mut edges, mut ties) = (0, 0);
        for (rank, (&item, &count)) in order.iter().zip(&counts).enumerate() {
            let source = &log.items[item as usize];
            assert_eq!(found_counts[source], count, "{name}, {engine}: events of an item");
            let row: Vec<(u32, f32)> = transitions.row(rank).collect();
            let weakest = row.last().map_or(0.0, |edge| f64::from(edge.1));
            for (target, weight) in row {
                let target = &log.items[order[target as usize] as usize];
                let weight = f64::from(weight);
                match found.remove(&(source.clone(), target.clone())) {
                    Some((found, row_sum)) => {
                        assert!(near(found, weight), "{name}, {engine}: {found} is not {weight}");
                        let expected = transitions.row_sum(rank);
                        assert!(
                            near(row_sum, expected),
                            "{name}, {engine}: row sum {row_sum} is not {expected}"
                        );
                        edges += 1;
                    }
                    // sums in another order may round to neighbouring f32 at the cut
                    None => {
                        assert!(
                            way.keep < ALL && near(weight, weakest),
                            "{name}, {engine}: a transition is missing"
                        );
                        ties += 1;
                    }
                }
            }
        }
        assert_eq!(found.len(), ties, "{name}, {engine}: transitions that the builder does not have");
        assert!(edges > 100 && ties * 1000 <= edges, "{name}, {engine}: {ties} ties, {edges} equal");
        eprintln!("{name}, {engine}: {edges} transitions equal, {ties} ties at the cut");
    }
}

/// Shoppers with repeats, equal times, kinds of events, ids that need quoting and sort by bytes.
fn generated() -> Dataset {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut below = |bound: u64| rng.next_u64() % bound;
    let names = ["a", "B", "é", "a b", "\"q\"", "x,y", "ß", "Z", "10", "9"];
    let kinds =
        [InteractionKind::View, InteractionKind::Cart, InteractionKind::Wishlist, InteractionKind::Purchase];
    let mut builder = DatasetBuilder::default();
    for user in 0..400 {
        // a few are far longer than the window
        let length = if user % 50 == 0 { 150 } else { below(12) + 1 };
        for _ in 0..length {
            let wanted = below(60).min(below(60));
            let item = format!("{}{}", names[usize::try_from(wanted % 10).unwrap()], wanted / 10);
            let kind = kinds[usize::try_from(below(4)).unwrap()];
            let time = i64::try_from(below(40)).unwrap();
            builder.add(&format!("u {user}"), &item, kind, Some(time)).unwrap();
        }
    }
    builder.finish()
}

#[test]
#[ignore = "needs engines; cargo xtask test sql"]
fn generated_logs() {
    let log = generated();
    let narrow = CountParameters { window: 7, gamma: 0.6, delta: 0.35, rho: 0.45 };
    let forward = CountParameters { rho: 0.0, gamma: 0.0, ..narrow };
    for (name, parameters, repeats, keep) in [
        ("repeats", narrow, true, ALL),
        ("first events", narrow, false, ALL),
        ("forward", forward, true, ALL),
        ("start", untuned_graph().count, true, ALL),
        ("cut", narrow, true, 16),
    ] {
        same(name, &log, &Way { parameters, repeats, kind_weights: KIND_WEIGHTS, keep });
    }
}

#[test]
#[ignore = "needs engines and data; cargo xtask test sql"]
fn published_logs() {
    let Some(folder) = std::env::var_os("TASTEKEEPER_DATA").map(PathBuf::from) else {
        eprintln!("NOT RUN: published_logs: TASTEKEEPER_DATA is not set");
        return;
    };
    let clicks = LogFormat::Delimited(DelimitedFormat::tsv("SessionId", "ItemId").time("Time"));
    for (name, format, repeats) in
        [("beauty.sequences.txt", LogFormat::Sequences, false), ("yoochoose-100k.train.tsv", clicks, true)]
    {
        let log = read_log(&folder.join(name), &format, &mut |_| ()).unwrap();
        for keep in [ALL, 16] {
            let parameters = untuned_graph().count;
            same(name, &log, &Way { parameters, repeats, kind_weights: [1.0; 4], keep });
        }
    }
}

/// Train, count elsewhere as the model was tuned, pack: the same model.
#[test]
#[ignore = "needs engines; cargo xtask test sql"]
fn a_pack_of_counted_transitions_is_the_pack_of_training() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let command = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_tastekeeper"))
            .args(arguments)
            .env("TASTEKEEPER_KEY", path("development.key"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let log = generated();
    let mut text = csv::Writer::from_path(path("log.csv")).unwrap();
    text.write_record(["user", "item", "event", "time"]).unwrap();
    for sequence in &log.sequences {
        for event in &sequence.events {
            let kind = ["view", "add_to_cart", "add_to_wishlist", "purchase"][event.kind as usize];
            let time = (1_700_000_000 + event.time_ms.unwrap()).to_string();
            text.write_record([&sequence.user, &log.items[event.item as usize], kind, &time]).unwrap();
        }
    }
    text.flush().unwrap();
    command(&[
        "train",
        &path("log.csv"),
        "--out",
        &path("trained.tkpack"),
        "--save-model",
        &path("trained.model"),
    ]);
    let trained = saved::from_bytes(&std::fs::read(path("trained.model")).unwrap()).unwrap().0;
    for engine in engines() {
        let sql = command(&["counting-sql", &engine, "--model", &path("trained.model"), "--keep", "32"]);
        execute(&engine, &sql, &log, trained.blend.kind_weights, folder.path());
        let said = command(&[
            "pack",
            &path("trained.model"),
            "--transitions",
            &path("transitions.parquet"),
            "--counts",
            &path("counts.parquet"),
            "--out",
            &path("counted.tkpack"),
            "--save-model",
            &path("counted.model"),
        ]);
        assert!(said.contains("items, model"), "{said}");
        let counted = saved::from_bytes(&std::fs::read(path("counted.model")).unwrap()).unwrap().0;
        assert_eq!((&counted.items, &counted.counts), (&trained.items, &trained.counts), "{engine}");
        assert_eq!(counted.vectors, trained.vectors, "{engine}");
        let mut edges = 0;
        for (found, expected) in counted.graph.iter().zip(&trained.graph) {
            assert_eq!(found.len(), expected.len(), "{engine}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(near(found.1.into(), expected.1.into()), "{engine}: {found:?} is not {expected:?}");
                edges += usize::from(found.0 == expected.0);
            }
        }
        let all: usize = trained.graph.iter().map(Vec::len).sum();
        assert!(edges * 1000 >= all * 999, "{engine}: {edges} of {all}");
    }
}
