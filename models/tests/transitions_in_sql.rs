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
use tastekeeper_models::dataset::{Dataset, InteractionKind};
use tastekeeper_models::input::{DatasetBuilder, DelimitedFormat, LogFormat, read_log};
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

/// The SQL file with other parameters at its top.
fn sql(engine: &str, way: &Way) -> String {
    let file = root().join(format!("models/sql/transitions.{engine}.sql"));
    let text = std::fs::read_to_string(file).unwrap();
    let p = &way.parameters;
    let repeats =
        if engine == "clickhouse" { u8::from(way.repeats).to_string() } else { way.repeats.to_string() };
    let mut values = HashMap::from([
        ("p_window", p.window.to_string()),
        // the builder's own values in full: .8 as f32 is not .8
        ("p_gamma", f64::from(p.gamma).to_string()),
        ("p_delta", f64::from(p.delta).to_string()),
        ("p_rho", f64::from(p.rho).to_string()),
        ("p_repeats", repeats),
        ("p_keep", way.keep.to_string()),
    ]);
    let mut set = |line: &str| {
        let (left, _) = line.split_once(" = ").filter(|(left, _)| {
            ["SET VARIABLE ", "SET param_", "DECLARE OR REPLACE VARIABLE "]
                .iter()
                .any(|begin| left.starts_with(begin))
        })?;
        let name = values
            .keys()
            .find(|name| left.split([' ', '_']).collect::<Vec<_>>().join("_").contains(*name))?;
        let name = *name;
        let double = if left.ends_with("DOUBLE") { "D" } else { "" };
        Some(format!("{left} = {}{double};", values.remove(name)?))
    };
    let lines: Vec<String> = text.lines().map(|line| set(line).unwrap_or_else(|| line.to_owned())).collect();
    assert!(values.is_empty(), "{engine}: the file does not set {:?}", values.keys());
    lines.join("\n")
}

/// What an engine wrote: weight and row sum by source and target.
type Found = HashMap<(String, String), (f64, f64)>;

/// Runs the engine; its counts and transitions by id.
fn run(engine: &str, log: &Dataset, way: &Way) -> (HashMap<String, u64>, Found) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut events = csv::Writer::from_path(path("events.csv")).unwrap();
    events.write_record(["user_id", "item_id", "time", "line", "weight"]).unwrap();
    // lines of the file in another order than lines of the log: nothing may depend on it
    let all =
        log.sequences.iter().flat_map(|sequence| sequence.events.iter().map(move |event| (sequence, event)));
    let numbered: Vec<_> = (1u32..).zip(all).collect();
    for (line, (sequence, event)) in numbered.iter().rev() {
        let time = event.time_ms.map_or_else(String::new, |time| time.to_string());
        let weight = f64::from(way.kind_weights[event.kind as usize]).to_string();
        let item = &log.items[event.item as usize];
        events.write_record([&sequence.user, item, &time, &line.to_string(), &weight]).unwrap();
    }
    events.flush().unwrap();
    std::fs::write(path("counting.sql"), sql(engine, way)).unwrap();
    let output = Command::new(python())
        .arg(root().join("tests/python/transitions.py"))
        .arg(engine)
        .args([path("counting.sql"), path("events.csv"), folder.path().to_owned()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{engine}: {}", String::from_utf8_lossy(&output.stderr));
    let rows = |name: &str| {
        let mut reader = csv::Reader::from_path(path(name)).unwrap();
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
