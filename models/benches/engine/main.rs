//! Measures the engine as it ships: `cargo xtask bench`.
//!
//! Prints a table and writes the same as `bench.json` into cargo's target directory. What is compared runs in turns,
//! so ratios hold on a busy machine; absolute times belong to the machine. Nothing is asserted: this shows, it does not
//! judge. The engine is built without the `mutants` feature.

#![expect(clippy::print_stdout, reason = "a command talks to its terminal")]

mod answer;
mod best;
mod keep;
mod measure;
mod phone;
mod sample;
mod start;

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use measure::Row;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, phone, pack] = arguments.as_slice()
        && first == start::ALONE
    {
        start::start_alone(phone, pack);
        return Ok(());
    }
    // Cargo says `--bench` when measuring is meant; under `cargo test --all-targets` it does not.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = tempfile::tempdir_in(temporary)?;
    let mut rows = answer::measure(10_000, 200);
    rows.extend(answer::measure(100_000, 60));
    let (kept, start_kb) = keep::measure(folder.path(), 30);
    rows.extend(kept);
    print_table(&rows);
    if let Some(start_kb) = start_kb {
        println!(
            "\na start, up to the first answer of 100k items with 5 000 events: {start_kb} kB of anonymous memory"
        );
    }
    let path = temporary.with_file_name("bench.json");
    std::fs::write(&path, serde_json::to_vec_pretty(&as_json(&rows, start_kb))?)?;
    println!("\nthe same as JSON: {}", path.display());
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn print_table(rows: &[Row]) {
    println!("{:<13} {:<38} {:>12} {:>12} {:>12}  ratio to", "", "", "median us", "95 % us", "99 % us");
    for row in rows {
        let ratio = row.ratio(rows).zip(row.peer).map(|(ratio, peer)| format!("{ratio:>7.2} x {peer}"));
        println!(
            "{:<13} {:<38} {:>12.1} {:>12.1} {:>12.1}  {}",
            row.contest,
            row.name,
            micros(row.percentile(50)),
            micros(row.percentile(95)),
            micros(row.percentile(99)),
            ratio.unwrap_or_default()
        );
    }
}

fn as_json(rows: &[Row], start_kb: Option<u64>) -> serde_json::Value {
    let row = |row: &Row| {
        serde_json::json!({
            "group": row.contest,
            "name": row.name,
            "median_us": micros(row.percentile(50)),
            "p95_us": micros(row.percentile(95)),
            "p99_us": micros(row.percentile(99)),
            "samples": row.samples.len(),
            "peer": row.peer,
            "ratio": row.ratio(rows),
        })
    };
    serde_json::json!({ "start_anonymous_kb": start_kb, "rows": rows.iter().map(row).collect::<Vec<_>>() })
}
