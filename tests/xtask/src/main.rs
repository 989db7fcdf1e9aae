//! The project's own commands. `cargo xtask test [part ..]` runs what CI runs, `cargo xtask bench` measures the engine,
//! `cargo xtask bench curves` what its calls cost as one thing grows, `cargo xtask bench python` its binding and
//! `cargo xtask bench peers` its scan beside other libraries; `cargo xtask ledger` counts its instructions;
//! `cargo xtask scale` measures training, `cargo xtask load` the collector; `cargo xtask package` builds what apps take;
//! `cargo xtask shop` opens the shop in the browser.
//!
//! The last line of `test` is `N passed, M failed`, for the machine that counts; everything before it is for people.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to its terminal")]

mod aarch64;
mod cache;
mod compare;
mod debian;
mod deny;
mod java;
mod kotlin;
mod ledger;
mod load;
mod package;
mod peers;
mod program;
mod python;
mod quality;
mod quick_start;
mod rust;
mod scale;
mod shop;
mod sql;
mod steps;
mod swift;
mod tally;
mod wheel;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use steps::{Failure, Steps};

/// One part of `cargo xtask test`.
struct Part {
    name: &'static str,
    about: &'static str,
    run: fn(&mut Steps) -> Result<(), Failure>,
    /// Runs beside the parts that do not, in a row of its own: what waits for a download, a linker or one long test leaves a
    /// processor to the other row.
    is_beside: bool,
}

/// Every part, in the order in which `cargo xtask test` runs them in their row. Python's library replaces that of Swift and Kotlin.
const PARTS: &[Part] = &[
    Part {
        name: "rust",
        about: "format, lints, dependencies, all tests of the workspace, a build without a C compiler",
        run: rust::run,
        is_beside: false,
    },
    Part {
        name: "sql",
        about: "the transition counting and the demand in SQL against the library, in DuckDB and ClickHouse",
        run: sql::run,
        is_beside: false,
    },
    Part {
        name: "aarch64",
        about: "the engine's tests, executed as 64-bit ARM in an emulator",
        run: aarch64::run,
        is_beside: true,
    },
    Part {
        name: "swift",
        about: "the Swift package: hazards, scenarios, the README's quick start",
        run: swift::run,
        is_beside: true,
    },
    Part {
        name: "kotlin",
        about: "the Kotlin packages on the JVM: hazards, scenarios, Android's part, the README's quick start",
        run: kotlin::run,
        is_beside: true,
    },
    Part {
        name: "python",
        about: "the wheel in Python: the shared scenarios, the hazards of a binding, the README's examples",
        run: wheel::run,
        is_beside: true,
    },
    Part {
        name: "quality",
        about: "the figures on published logs when the development data is there",
        run: quality::run,
        is_beside: true,
    },
    Part {
        name: "peers",
        about: "the metrics of evaluations against RecTools, to 1e-9",
        run: peers::run,
        is_beside: false,
    },
    Part {
        name: "audits",
        about: "reports audited from outside, the tables of the documentation",
        run: quality::audits,
        is_beside: false,
    },
    Part {
        name: "instructions",
        about: "the instructions of each call of the engine against the ledger",
        run: ledger::test,
        is_beside: false,
    },
    Part {
        name: "shop",
        about: "the shop in a browser: the shared scenarios in WebAssembly, the page's tour",
        run: shop::test,
        is_beside: false,
    },
];

/// The environment variable that names the folder with the development data.
const DATA: &str = "TASTEKEEPER_DATA";

fn usage() -> String {
    let mut text = String::from(
        "usage: cargo xtask test [part ..]\n       cargo xtask bench [python|kotlin|swift]\n       cargo xtask bench curves [items|history|k|filters|selectivity ..]\n       cargo xtask bench peers [--shops beauty,10000,..] [--rounds N]\n       cargo xtask ledger [--write]\n       cargo xtask scale [events ..]\n       cargo xtask load [seconds [connections]]\n       cargo xtask shop [--large] [--listen ADDRESS]\n       cargo xtask package [android|apple|python ..]\n\nparts (all of them when none is named):\n",
    );
    for part in PARTS {
        text += &format!("  {:<12} {}\n", part.name, part.about);
    }
    text
}

/// The parts with these names in the order of [`PARTS`]; all of them for no name.
fn chosen(names: &[String]) -> Result<Vec<&'static Part>, String> {
    if let Some(unknown) = names.iter().find(|name| PARTS.iter().all(|part| part.name != name.as_str())) {
        let known: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        return Err(format!("there is no part `{unknown}`; the parts are: {}", known.join(", ")));
    }
    Ok(PARTS.iter().filter(|part| names.is_empty() || names.iter().any(|name| name == part.name)).collect())
}

/// The folder with the workspace's `Cargo.toml`: of the checkout that cargo runs this from. Another checkout with the same target
/// folder may have built it.
fn workspace_root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = Path::new(&package);
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

/// The development data: `TASTEKEEPER_DATA`, or `shared/data` beside the checkout when that exists.
fn data_folder(root: &Path, named: Option<PathBuf>) -> Result<Option<PathBuf>, String> {
    if let Some(named) = named {
        return match named.is_dir() {
            true => Ok(Some(std::path::absolute(&named).unwrap_or(named))),
            false => Err(format!("{DATA} names {}, which is no folder", named.display())),
        };
    }
    Ok(root.parent().map(|beside| beside.join("shared").join("data")).filter(|folder| folder.is_dir()))
}

fn named_data() -> Option<PathBuf> {
    std::env::var_os(DATA).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn test(names: &[String]) -> Result<ExitCode, String> {
    let parts = chosen(names)?;
    let root = workspace_root();
    let data = data_folder(&root, named_data())?;
    match &data {
        Some(folder) => println!("data: {} (tests on published data run)", folder.display()),
        None => println!("data: NOT FOUND, so tests on published data do not run; {DATA} names the folder"),
    }
    let mut steps = Steps::new(root, data.map(|folder| (DATA, folder)));
    let (beside, parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.is_beside);
    let is_over = AtomicBool::new(false);
    if parts.is_empty() || beside.is_empty() {
        let failures = run_row(&mut steps, &[parts, beside].concat(), &is_over);
        return Ok(steps.report(failures.as_slice()));
    }
    let log = steps.target().join("xtask-beside.log");
    let said = |error: std::io::Error| format!("{}: {error}", log.display());
    let mut row = steps.beside(log.clone()).map_err(said)?;
    let names: Vec<_> = beside.iter().map(|part| part.name).collect();
    println!("beside: {}; their output follows at the end and is now in {}", names.join(", "), log.display());
    let failures = std::thread::scope(|scope| {
        let other = scope.spawn(|| run_row(&mut row, &beside, &is_over));
        let failure = run_row(&mut steps, &parts, &is_over);
        let panicked = || Failure {
            step: names.join(", "),
            reason: "xtask itself failed".to_owned(),
            repeat: format!("cargo xtask test {}", names.join(" ")),
        };
        [failure, other.join().unwrap_or_else(|_| Some(panicked()))]
    });
    steps.take_in(row);
    Ok(steps.report(&failures.into_iter().flatten().collect::<Vec<_>>()))
}

/// Runs parts one after the other; once a row has failed, the other one begins no more parts.
fn run_row(steps: &mut Steps, parts: &[&Part], is_over: &AtomicBool) -> Option<Failure> {
    for part in parts {
        if is_over.load(Ordering::Relaxed) {
            steps.notice(&format!("{} did NOT run, because another part failed", part.name));
            continue;
        }
        steps.begin(part.name);
        if let Err(failure) = (part.run)(steps) {
            is_over.store(true, Ordering::Relaxed);
            return Some(failure);
        }
    }
    None
}

/// Measures the engine with the benchmark `name`: the release build, without mutants.
fn bench(name: &str, arguments: &[String]) -> Result<ExitCode, String> {
    let steps = Steps::new(workspace_root(), None);
    let mut command = steps.cargo(&["bench", "--locked", "-p", "tastekeeper-models", "--bench", name]);
    command.arg("--").args(arguments);
    let status = command.status().map_err(|error| format!("cargo could not be run: {error}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows what calls cost in another language next to Rust.
fn bench_calls(language: &str) -> Result<ExitCode, String> {
    let mut steps = Steps::new(workspace_root(), None);
    let measured = match language {
        "python" => wheel::bench(&mut steps),
        "kotlin" => kotlin::bench(&mut steps),
        "swift" => swift::bench(&mut steps),
        other => {
            return Err(format!(
                "there is no benchmark `{other}`; there are: curves, peers, python, kotlin, swift"
            ));
        }
    };
    finished(measured)
}

/// Compares the scan with other libraries.
fn bench_peers(arguments: &[String]) -> Result<ExitCode, String> {
    let root = workspace_root();
    let data = data_folder(&root, named_data())?;
    finished(compare::run(&mut Steps::new(root, None), data, arguments))
}

/// Counts instructions.
fn count(arguments: &[String]) -> Result<ExitCode, String> {
    let mut steps = Steps::new(workspace_root(), None);
    finished(ledger::run(&mut steps, arguments))
}

fn finished(outcome: Result<(), Failure>) -> Result<ExitCode, String> {
    let said = |failure: Failure| {
        format!("{}: {}. To repeat it:\n  {}", failure.step, failure.reason, failure.repeat)
    };
    outcome.map(|()| ExitCode::SUCCESS).map_err(said)
}

/// Draws the curve of time and memory of training.
fn scale(sizes: &[String]) -> Result<ExitCode, String> {
    let root = workspace_root();
    let steps = Steps::new(root.clone(), None);
    scale::run(&root, steps.cargo(&[]), sizes).map(|()| ExitCode::SUCCESS)
}

/// Sends to the collector as fast as it takes, and kills it.
fn load(arguments: &[String]) -> Result<ExitCode, String> {
    let root = workspace_root();
    let steps = Steps::new(root.clone(), None);
    load::run(&root, steps.cargo(&[]), arguments).map(|()| ExitCode::SUCCESS)
}

/// Serves the shop in the browser.
fn shop(arguments: &[String]) -> ExitCode {
    let mut steps = Steps::new(workspace_root(), None);
    let failure = shop::run(&mut steps, arguments).err();
    steps.report(failure.as_slice())
}

/// Builds what an app developer takes.
fn package(kinds: &[String]) -> ExitCode {
    let mut steps = Steps::new(workspace_root(), None);
    let failure = package::run(&mut steps, kinds).err();
    steps.report(failure.as_slice())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((command, names)) if command == "test" => test(names),
        Some((command, [])) if command == "bench" => bench("engine", &[]),
        Some((command, [name, arguments @ ..])) if command == "bench" && name == "curves" => {
            bench(name, arguments)
        }
        Some((command, [name, arguments @ ..])) if command == "bench" && name == "peers" => {
            bench_peers(arguments)
        }
        Some((command, [name])) if command == "bench" => bench_calls(name),
        Some((command, arguments)) if command == "ledger" => count(arguments),
        Some((command, sizes)) if command == "scale" => scale(sizes),
        Some((command, arguments)) if command == "load" => load(arguments),
        Some((command, arguments)) if command == "shop" => Ok(shop(arguments)),
        Some((command, kinds)) if command == "package" => Ok(package(kinds)),
        Some((command, _)) if ["help", "--help", "-h"].contains(&command.as_str()) => {
            print!("{}", usage());
            Ok(ExitCode::SUCCESS)
        }
        Some((command, _)) => Err(format!("there is no command `{command}`\n\n{}", usage())),
        None => Err(usage()),
    };
    outcome.unwrap_or_else(|message| {
        eprintln!("xtask: {}", message.trim_end());
        ExitCode::from(2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_every_part() {
        assert_eq!(chosen(&[]).unwrap().len(), PARTS.len());
    }

    #[test]
    fn an_unknown_part_is_answered_with_the_known_ones() {
        let Err(message) = chosen(&["rust".into(), "cobol".into()]) else { panic!("cobol was accepted") };
        assert!(message.contains("`cobol`"), "{message}");
        assert!(PARTS.iter().all(|part| message.contains(part.name)), "{message}");
    }

    #[test]
    fn the_root_is_the_workspace() {
        assert!(workspace_root().join("Cargo.lock").is_file());
    }

    #[test]
    fn a_named_data_folder_must_exist() {
        let root = workspace_root();
        assert!(data_folder(&root, Some(root.join("no such folder"))).is_err());
        assert_eq!(data_folder(&root, Some(root.clone())).unwrap(), Some(root));
    }

    #[test]
    fn data_beside_the_checkout_is_optional() {
        assert_eq!(data_folder(Path::new("/no such parent/checkout"), None).unwrap(), None);
    }
}
