//! `cargo xtask scale`: what default training costs as a log grows.
//!
//! In: numbers of events. Out: a table of time and peak memory of `tastekeeper train` on generated logs, in Markdown on
//! standard output and as JSON in `target/scale`. Memory is the high-water mark of the resident set of the process, and
//! both it and the processor time come from `/proc`, so they are blank elsewhere than on Linux.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Events of a shopper in the generated log.
const EVENTS_PER_USER: u64 = 20;
/// Sizes: events and items.
const SIZES: [(u64, u64); 3] = [(100_000, 10_000), (1_000_000, 30_000), (10_000_000, 100_000)];
/// Peak memory at the largest size, in MiB.
const LIMIT_MIB: f64 = 4096.0;
/// Between two looks at the process.
const INTERVAL: Duration = Duration::from_millis(100);
/// Clock ticks in a second, which Linux fixes for what it shows in `/proc`.
const TICKS: f64 = 100.0;

/// One training.
struct Row {
    events: u64,
    items: u64,
    wall_seconds: f64,
    cpu_seconds: Option<f64>,
    peak_mib: Option<f64>,
}

/// Trains on logs of `wanted` events, all of [`SIZES`] for none.
///
/// # Errors
/// An unknown size, or a step that fails.
pub(crate) fn run(root: &Path, cargo: Command, wanted: &[String]) -> Result<(), String> {
    let sizes = chosen(wanted)?;
    build(cargo)?;
    let program = target(root).join("release").join(format!("tastekeeper{}", std::env::consts::EXE_SUFFIX));
    let folder = target(root).join("scale");
    let mut rows = Vec::new();
    for (events, items) in sizes {
        let row = measure(&program, &folder.join(events.to_string()), events, items)?;
        eprintln!("{}", line(&row));
        rows.push(row);
    }
    println!("{}", markdown(&rows));
    let report = folder.join("scale.json");
    std::fs::write(&report, json(&rows)).map_err(|error| format!("{}: {error}", report.display()))?;
    println!("written to {}", report.display());
    match rows.iter().find(|row| row.peak_mib.is_some_and(|peak| peak > LIMIT_MIB)) {
        Some(row) => Err(format!("{} events took more than {LIMIT_MIB} MiB", row.events)),
        None => Ok(()),
    }
}

fn chosen(wanted: &[String]) -> Result<Vec<(u64, u64)>, String> {
    if wanted.is_empty() {
        return Ok(SIZES.to_vec());
    }
    let find = |word: &String| {
        let size = SIZES.iter().find(|size| size.0.to_string() == word.replace('_', ""));
        size.copied()
            .ok_or_else(|| format!("there is no size `{word}`; the sizes are 100000, 1000000, 10000000"))
    };
    wanted.iter().map(find).collect()
}

fn build(mut cargo: Command) -> Result<(), String> {
    cargo.args(["build", "--locked", "--release", "-p", "tastekeeper-models", "--bin", "tastekeeper"]);
    let status = cargo.status().map_err(|error| format!("cargo could not be run: {error}"))?;
    if status.success() { Ok(()) } else { Err("the command was not built".to_owned()) }
}

/// Where cargo builds.
pub(crate) fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn measure(program: &Path, folder: &Path, events: u64, items: u64) -> Result<Row, String> {
    let out = |name: &str| folder.join(name);
    let mut generate = Command::new(program);
    generate.args(["generate-log", "--shape", "mixed", "--items", &items.to_string(), "--users"]);
    generate.arg((events / EVENTS_PER_USER).to_string()).arg("--out").arg(folder);
    succeed(generate.stdout(Stdio::null()).status())?;

    let mut train = Command::new(program);
    train.arg("train").arg(out("log.csv")).arg("--items").arg(out("items.csv"));
    train.arg("--out").arg(out("model.tkpack")).env("TASTEKEEPER_KEY", out("development.key"));
    let began = Instant::now();
    let mut child = train.stdin(Stdio::null()).stdout(Stdio::null()).spawn().map_err(|e| e.to_string())?;
    let (status, cpu_seconds, peak_mib) = watch(&mut child).map_err(|error| error.to_string())?;
    let wall_seconds = began.elapsed().as_secs_f64();
    succeed(Ok(status))?;
    Ok(Row { events, items, wall_seconds, cpu_seconds, peak_mib })
}

fn succeed(status: std::io::Result<ExitStatus>) -> Result<(), String> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("tastekeeper ended with {status}")),
        Err(error) => Err(format!("tastekeeper could not be run: {error}")),
    }
}

/// Waits for the end. Both figures only grow, so the last look is at most an interval old.
fn watch(child: &mut Child) -> std::io::Result<(ExitStatus, Option<f64>, Option<f64>)> {
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    let (mut cpu, mut peak) = (None, None);
    loop {
        cpu = std::fs::read_to_string(process.join("stat")).ok().and_then(|text| cpu_seconds(&text)).or(cpu);
        peak = std::fs::read_to_string(process.join("status")).ok().and_then(|text| peak_mib(&text)).or(peak);
        if let Some(status) = child.try_wait()? {
            return Ok((status, cpu, peak));
        }
        std::thread::sleep(INTERVAL);
    }
}

/// User and system time in `/proc/<pid>/stat`: the 14th and 15th field, after a name that may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace().skip(11);
    let ticks: f64 = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some(ticks / TICKS)
}

/// The peak of the resident set in `/proc/<pid>/status`.
fn peak_mib(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kib| kib / 1024.0)
}

fn or_blank(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.0}"))
}

fn line(row: &Row) -> String {
    format!(
        "{} events: {:.0} s, {} s of the processor, {} MiB",
        row.events,
        row.wall_seconds,
        or_blank(row.cpu_seconds),
        or_blank(row.peak_mib)
    )
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn markdown(rows: &[Row]) -> String {
    let mut out = String::from(
        "| events | items | wall s | processor s | us per event | peak MiB | bytes per event |\n\
         |---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let per_event =
            |value: Option<f64>, factor: f64| or_blank(value.map(|value| value * factor / row.events as f64));
        writeln!(
            out,
            "| {} | {} | {:.0} | {} | {} | {} | {} |",
            row.events,
            row.items,
            row.wall_seconds,
            or_blank(row.cpu_seconds),
            per_event(row.cpu_seconds, 1e6),
            or_blank(row.peak_mib),
            per_event(row.peak_mib, 1024.0 * 1024.0),
        )
        .expect("a string takes text");
    }
    out
}

fn json(rows: &[Row]) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "null".to_owned(), |value| format!("{value:.2}"));
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "  {{\"events\": {}, \"items\": {}, \"wall_seconds\": {:.2}, \"cpu_seconds\": {}, \"peak_mib\": {}}}",
                row.events,
                row.items,
                row.wall_seconds,
                number(row.cpu_seconds),
                number(row.peak_mib)
            )
        })
        .collect();
    format!("{{\"version\": 1, \"command\": \"train\", \"rows\": [\n{}\n]}}\n", rows.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_in_what_linux_says() {
        let stat = "7 (a) b) R 1 7 7 0 -1 4194304 90 0 0 0 1234 66 0 0 30 10 1 0 5 6 7";
        assert_eq!(cpu_seconds(stat), Some(13.0));
        assert_eq!(cpu_seconds("7 (a"), None);
        assert_eq!(peak_mib("Name:\ta\nVmPeak:\t 9 kB\nVmHWM:\t    2048 kB\nVmRSS:\t1 kB\n"), Some(2.0));
        assert_eq!(peak_mib("Name:\tzombie\n"), None);
    }

    #[test]
    fn sizes_are_named_by_their_events() {
        assert_eq!(chosen(&[]).unwrap(), SIZES);
        assert_eq!(chosen(&["1_000_000".into()]).unwrap(), [SIZES[1]]);
        assert!(chosen(&["7".into()]).unwrap_err().contains("100000"));
    }

    #[test]
    fn a_table_gives_costs_per_event() {
        let row = Row {
            events: 1_000_000,
            items: 5,
            wall_seconds: 9.0,
            cpu_seconds: Some(8.0),
            peak_mib: Some(64.0),
        };
        assert!(markdown(&[row]).ends_with("| 1000000 | 5 | 9 | 8 | 8 | 64 | 67 |\n"));
        let row = Row { events: 10, items: 5, wall_seconds: 1.0, cpu_seconds: None, peak_mib: None };
        assert!(json(&[row]).contains("\"wall_seconds\": 1.00, \"cpu_seconds\": null"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_watched_to_its_end() {
        let mut child = Command::new("sleep").arg("0.3").spawn().unwrap();
        let (status, cpu, peak) = watch(&mut child).unwrap();
        assert!(status.success() && cpu.is_some() && peak.is_some_and(|peak| peak > 0.0));
    }
}
