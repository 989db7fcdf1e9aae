//! `cargo xtask ledger`: how many instructions each call of the engine takes, against the ledger that is kept with the code.
//!
//! In: the engine as it is optimised for release, under valgrind, which counts. Out: a table, and a failure where a call takes
//! more than the ledger allows. Instructions repeat where times do not: on a busy machine, on another one of the same kind, and
//! tomorrow. They stand for the energy that a call costs.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::debian::{self, Recipe};
use crate::program;
use crate::steps::{Failure, Steps};

/// What was counted when it was last written.
const LEDGER: &str = "core/benches/instructions.toml";
const HEAD: &str = "\
# Instructions of one call, warm, with 10 000 items in 64 dimensions (core/benches/ledger): counted by valgrind, which knows no
# AVX-512, so that processors with it take fewer. A table for each architecture and kernel. `cargo xtask ledger` fails when a call
# takes over 5 % more; `cargo xtask ledger --write` writes this file.
";
const ITEMS: &str = "10000";
/// What writes the pack of so many items. With the whole workspace selected it is what the tests were built with, and so is there.
const SAMPLE: [&str; 5] = ["build", "--locked", "--workspace", "--example", "sample_pack"];
/// The function whose instructions are a call's.
const COUNTED: &str = "ledger::counted";
/// How far a count may be from the ledger's, in percent.
const TOLERANCE: u64 = 5;

/// Where the system has no valgrind.
const RECIPE: Recipe = Recipe {
    name: "valgrind",
    suite: "bookworm",
    packages: &["valgrind"],
    alone: &[],
    // The system's own C library is used.
    skipped: &["gcc-12-base_", "libc6-dbg_", "libc6_", "libcrypt1_", "libgcc-s1_"],
    pruned: &[],
};

/// The part `instructions`: counts and compares, where there is a ledger.
///
/// # Errors
/// As [`run`].
pub(crate) fn test(steps: &mut Steps) -> Result<(), Failure> {
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let instructions = steps.cargo(&["xtask", "ledger"]);
        return steps.run_tests("instructions of each call", instructions);
    }
    steps.notice("instructions were NOT counted: the ledger is of Linux on x86-64");
    Ok(())
}

/// Counts instructions, and compares with the ledger, or writes it.
///
/// # Errors
/// A call that takes too many instructions or is not in the ledger; what cannot be built or counted.
pub(crate) fn run(steps: &mut Steps, arguments: &[String]) -> Result<(), Failure> {
    let failure = |reason: String| Failure {
        step: "instructions".to_owned(),
        reason,
        repeat: "cargo xtask ledger".to_owned(),
    };
    let writes = match arguments {
        [] => false,
        [argument] if argument == "--write" => true,
        _ => return Err(failure("it takes nothing, or --write".to_owned())),
    };
    let folder = steps.target().join("ledger");
    write_sample(steps, &folder.join("shop"))?;
    let program = program::build(steps, "tastekeeper", "ledger").map_err(failure)?;
    let (kernel, counts) = count(valgrind(steps)?, &program, &folder).map_err(failure)?;
    let table = format!("{}.{kernel}", std::env::consts::ARCH);
    let path = steps.root().join(LEDGER);
    let kept = match std::fs::read_to_string(&path) {
        Ok(text) => read(&text).map_err(|error| failure(format!("{LEDGER}: {error}")))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(failure(format!("{LEDGER}: {error}"))),
    };
    let known = kept.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, counts)| counts);
    let verdicts = compare(known, &counts);
    print!("{}", shown(&table, &verdicts));
    let changed: Vec<_> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("CARGO_PROFILE_BENCH_") || name.starts_with("CARGO_PROFILE_RELEASE_"))
        .collect();
    if !changed.is_empty() {
        return Err(failure(format!(
            "{} change the build, so these counts are not the ledger's: unset them",
            changed.join(", ")
        )));
    }
    if writes {
        let text = written(kept, table, counts);
        return std::fs::write(&path, text).map_err(|error| failure(format!("{LEDGER}: {error}")));
    }
    // What `cargo xtask test` counts.
    let failed = verdicts.iter().filter(|verdict| verdict.is_wrong()).count();
    println!(
        "test result: {}. {} passed; {failed} failed; 0 ignored; 0 measured",
        if failed == 0 { "ok" } else { "FAILED" },
        verdicts.len() - failed
    );
    if failed > 0 {
        return Err(failure(format!(
            "{failed} calls are not as the ledger has them: see the table. When that is meant: cargo xtask ledger --write"
        )));
    }
    Ok(())
}

/// Writes the sample pack to `folder`.
fn write_sample(steps: &mut Steps, folder: &Path) -> Result<(), Failure> {
    let build = steps.cargo(&SAMPLE);
    steps.run("the sample's program", build)?;
    let mut write = steps.command(steps.target().join("debug/examples/sample_pack"));
    write.arg(ITEMS).arg(folder);
    steps.run("the sample", write)
}

/// The kernel, and each call with its instructions.
type Counted = (String, Vec<(String, u64)>);

fn count(mut valgrind: Command, program: &Path, folder: &Path) -> Result<Counted, String> {
    let said = |path: &Path, error: &std::io::Error| format!("{}: {error}", path.display());
    let (dumps, sample) = (folder.join("counts"), folder.join("shop"));
    if dumps.exists() {
        std::fs::remove_dir_all(&dumps).map_err(|error| said(&dumps, &error))?;
    }
    std::fs::create_dir_all(&dumps).map_err(|error| said(&dumps, &error))?;
    let dump = dumps.join("callgrind");
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", dump.display()));
    valgrind.args([format!("--toggle-collect={COUNTED}"), format!("--dump-after={COUNTED}")]);
    valgrind.arg(program).arg(sample);
    let output = valgrind.output().map_err(|error| format!("valgrind could not be run: {error}"))?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        // What valgrind says begins with its process number; what the program says is of more use.
        let said = messages.lines().rev().find(|line| !line.starts_with("==")).or(messages.lines().last());
        return Err(format!("the calls failed under valgrind: {}", said.unwrap_or("no message")));
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let kernel = printed.lines().find_map(|line| line.strip_prefix("kernel "));
    let kernel = kernel.ok_or("the program names no kernel")?.to_owned();
    let calls = printed.lines().filter_map(|line| line.strip_prefix("call "));
    let mut counts = Vec::new();
    for (place, call) in (1..).zip(calls) {
        let path = dump.with_extension(place.to_string());
        let text = std::fs::read_to_string(&path).map_err(|error| said(&path, &error))?;
        let count = text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
        let count = count.filter(|count| *count > 0);
        counts.push((call.to_owned(), count.ok_or_else(|| format!("{call} was not counted"))?));
    }
    if counts.is_empty() { Err("the program made no call".to_owned()) } else { Ok((kernel, counts)) }
}

/// The system's valgrind, or one from Debian's archive.
fn valgrind(steps: &Steps) -> Result<Command, Failure> {
    let is_there = steps.command("valgrind").arg("--version").output().is_ok();
    if is_there {
        return Ok(steps.command("valgrind"));
    }
    let folder = debian::install(steps, &RECIPE, "quality").map_err(|failure| Failure {
        reason: format!("{}; or: apt-get install valgrind", failure.reason),
        ..failure
    })?;
    let mut command = steps.command(folder.join("usr/bin/valgrind"));
    command.env("VALGRIND_LIB", folder.join("usr/libexec/valgrind"));
    Ok(command)
}

/// A table of the ledger: its name, and calls with their instructions.
type Table = (String, Vec<(String, u64)>);

/// The tables of the ledger. It has no more of TOML than their names and whole numbers.
fn read(text: &str) -> Result<Vec<Table>, String> {
    let mut tables: Vec<Table> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            tables.push((name.to_owned(), Vec::new()));
            continue;
        }
        let entry = line.split_once('=').and_then(|(name, count)| {
            Some((name.trim().to_owned(), count.trim().replace('_', "").parse().ok().filter(|n| *n > 0)?))
        });
        match (entry, tables.last_mut()) {
            (Some(entry), Some((_, entries))) => entries.push(entry),
            _ => return Err(format!("line {number} is neither a table nor a count")),
        }
    }
    Ok(tables)
}

/// The ledger with `counts` in the place of its table, or behind the others.
fn written(mut kept: Vec<Table>, table: String, counts: Vec<(String, u64)>) -> String {
    match kept.iter_mut().find(|(name, _)| *name == table) {
        Some((_, old)) => *old = counts,
        None => kept.push((table, counts)),
    }
    let mut text = String::from(HEAD);
    for (name, counts) in kept {
        let _ = writeln!(text, "\n[{name}]");
        for (call, count) in counts {
            let _ = writeln!(text, "{call} = {count}");
        }
    }
    text
}

/// A call, what it takes, and what the ledger has for it.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    call: String,
    now: Option<u64>,
    before: Option<u64>,
}

impl Verdict {
    /// Too many, not in the ledger, or there only.
    fn is_wrong(&self) -> bool {
        match (self.now, self.before) {
            (Some(now), Some(before)) => now * 100 > before * (100 + TOLERANCE),
            _ => true,
        }
    }

    fn words(&self) -> &'static str {
        match (self.now, self.before) {
            (Some(now), Some(before)) if now * 100 < before * (100 - TOLERANCE) => {
                "fewer: lower the entry with --write"
            }
            (Some(_), Some(_)) if self.is_wrong() => "TOO MANY",
            (Some(_), Some(_)) => "",
            (Some(_), None) => "NOT IN THE LEDGER",
            _ => "NOT COUNTED",
        }
    }

    fn change(&self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
        let percent = |now: u64, before: u64| (now as f64 / before as f64 - 1.0) * 100.0;
        self.now
            .zip(self.before)
            .map_or(String::new(), |(now, before)| format!("{:+.2} %", percent(now, before)))
    }
}

/// Every call of either side, those that were made first.
fn compare(kept: &[(String, u64)], counts: &[(String, u64)]) -> Vec<Verdict> {
    let of = |list: &[(String, u64)], call: &str| list.iter().find(|(name, _)| name == call).map(|(_, n)| *n);
    let gone = kept.iter().filter(|(call, _)| of(counts, call).is_none());
    counts
        .iter()
        .chain(gone)
        .map(|(call, _)| Verdict { call: call.clone(), now: of(counts, call), before: of(kept, call) })
        .collect()
}

fn shown(table: &str, verdicts: &[Verdict]) -> String {
    let number = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    let mut text = format!("{table:<20} {:>14} {:>14} {:>9}\n", "instructions", "ledger", "change");
    for verdict in verdicts {
        let (now, before) = (number(verdict.now), number(verdict.before));
        let line = format!(
            "{:<20} {now:>14} {before:>14} {:>9}  {}",
            verdict.call,
            verdict.change(),
            verdict.words()
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(entries: &[(&str, u64)]) -> Vec<(String, u64)> {
        entries.iter().map(|(call, count)| ((*call).to_owned(), *count)).collect()
    }

    #[test]
    fn five_percent_more_is_allowed_and_not_one_instruction_beyond() {
        let kept = counts(&[("same", 1_000), ("slower", 1_000), ("faster", 1_000), ("gone", 7)]);
        let now = counts(&[("same", 1_050), ("slower", 1_051), ("faster", 949), ("new", 3)]);
        let verdicts = compare(&kept, &now);
        let wrong: Vec<_> = verdicts.iter().filter(|v| v.is_wrong()).map(|v| v.call.as_str()).collect();
        assert_eq!(wrong, ["slower", "new", "gone"]);
        let table = shown("x", &verdicts);
        for words in
            ["+5.10 %  TOO MANY\n", "-5.10 %  fewer: lower", "+5.00 %\n", "NOT IN THE LEDGER", "NOT COUNTED"]
        {
            assert!(table.contains(words), "{words}: {table}");
        }
    }

    #[test]
    fn the_ledger_reads_what_it_writes() {
        let kept =
            vec![("aarch64.Neon".to_owned(), counts(&[("a", 1)])), ("x".to_owned(), counts(&[("b", 2)]))];
        let text = written(kept, "x".to_owned(), counts(&[("b", 3), ("c", 4)]));
        let expected = [
            ("aarch64.Neon".to_owned(), counts(&[("a", 1)])),
            ("x".to_owned(), counts(&[("b", 3), ("c", 4)])),
        ];
        assert_eq!(read(&text).unwrap(), expected);
        assert_eq!(read("[x]\na = 1_000").unwrap()[0].1, counts(&[("a", 1_000)]));
    }

    #[test]
    fn a_ledger_that_is_not_understood_is_refused() {
        for text in ["a = 1", "[x]\na = many", "[x]\na = 0", "[x]\na"] {
            assert!(read(text).unwrap_err().contains("is neither"), "{text}");
        }
    }

    #[test]
    fn the_committed_ledger_is_understood() {
        let path = crate::workspace_root().join(LEDGER);
        assert!(
            read(&std::fs::read_to_string(path).unwrap()).unwrap().iter().any(|table| !table.1.is_empty())
        );
    }
}
