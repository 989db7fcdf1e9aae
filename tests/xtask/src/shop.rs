//! `cargo xtask shop`: the shop in the browser, from the engine's WebAssembly to a page on localhost; and the part `shop`, its tests.
//!
//! What takes minutes, the shop's data with its trained packs, is kept in the user's cache by the sources it comes from.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::steps::{Failure, Steps};

/// The engine for a browser.
const ENGINE: &str = "tastekeeper-shop-engine";
/// What it is compiled for.
const TARGET: &str = "wasm32-unknown-unknown";
/// What it may use of its processor beyond the target's baseline, see core/docs/adr/0014-the-browsers-engine-needs-128-bit-registers.md.
const PROCESSOR: &str = "-C target-feature=+simd128";
/// What runs the kernels' tests, from the folder of their crate.
const RUNNER: &str = "node --test-reporter=tap tests/webassembly.mjs";
/// The page.
const WEB: &str = "examples/shop/web";
/// The page's tests.
const TESTS: &str = "examples/shop/tests";
/// The scenarios in WebAssembly.
const SCENARIOS: &str = "examples/shop/engine/tests/scenarios.test.mjs";
/// The sources that the shop's data comes from.
const SOURCES: &[&str] = &[
    "examples/shop/server/src/data.rs",
    "examples/shop/server/src/catalog.rs",
    "examples/shop/server/src/picture.rs",
    "examples/shop/server/src/words.rs",
    "examples/shop/server/src/words.txt",
    "examples/shop/server/src/attributes.txt",
    "models/src/shop",
    "models/src/train",
    "models/src/pack",
    "models/src/vocabulary",
    "models/src/vocabulary.rs",
    "core/src/layout.rs",
    "core/src/report/vocabulary.rs",
];
/// Products of the variant for measuring.
const LARGE: &str = "100000";
/// What installs a browser and Node where there are none.
const INSTALL: &str = "apt-get install -y chromium nodejs npm && cargo xtask test shop";

/// Everything that a page needs, made.
struct Built {
    /// The program that serves it.
    program: PathBuf,
    /// The folder with `pkg`, `data` and perhaps `data-large`.
    folder: PathBuf,
}

fn failure(step: &str, reason: impl Into<String>, repeat: &str) -> Failure {
    Failure { step: step.to_owned(), reason: reason.into(), repeat: repeat.to_owned() }
}

/// Serves the shop until it is stopped. `--large` makes the variant with 100 000 items too; `--listen ADDRESS` is handed on.
///
/// # Errors
/// The first step that fails.
pub(crate) fn run(steps: &mut Steps, arguments: &[String]) -> Result<(), Failure> {
    let is_large = arguments.iter().any(|argument| argument == "--large");
    let built = build(steps, "--package=shop", is_large)?;
    let mut serve = steps.command(&built.program);
    serve.args(["serve", "--web", WEB, "--built"]).arg(&built.folder);
    serve.args(arguments.iter().filter(|argument| *argument != "--large"));
    steps.run("the shop", serve)
}

/// The scenarios through WebAssembly, and the page's own tests in a browser.
///
/// # Errors
/// The first step that fails, a missing browser among them.
pub(crate) fn test(steps: &mut Steps) -> Result<(), Failure> {
    find_tools(steps)?;
    let built = build(steps, "--workspace", false)?;
    let mut scenarios = node(steps, &built);
    scenarios.arg(SCENARIOS);
    steps.run_tests("scenarios in WebAssembly", scenarios)?;
    let mut kernels = webassembly(steps, &["test", "--locked", "-p", "tastekeeper-kernels", "--lib"]);
    kernels.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", RUNNER);
    steps.run_tests("the kernels in WebAssembly", kernels)?;

    let tests = steps.root().join(TESTS);
    if !tests.join("package-lock.json").is_file() {
        return Err(failure("the page", format!("there is no {TESTS}/package-lock.json"), "git status"));
    }
    if !tests.join("node_modules/playwright-core").is_dir() {
        let mut install = steps.command("npm");
        install.current_dir(&tests).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        steps.run("the page's test tools", install)?;
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(&tests)
        .map_err(|error| failure("the page", error.to_string(), "ls examples/shop/tests"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    let mut page = node(steps, &built);
    page.arg("--test-concurrency=1").args(files);
    steps.run_tests("the page in a browser", page)
}

/// A cargo command for the browser's processor.
fn webassembly(steps: &Steps, arguments: &[&str]) -> Command {
    let mut cargo = steps.cargo(arguments);
    cargo.args(["--target", TARGET]).env("RUSTFLAGS", PROCESSOR);
    cargo
}

/// Node's test runner, told where everything is.
fn node(steps: &Steps, built: &Built) -> Command {
    let mut node = steps.command("node");
    node.args(["--test", "--test-reporter=tap"]);
    node.env("SHOP_PROGRAM", &built.program).env("SHOP_BUILT", &built.folder);
    node.env("SHOP_WEB", steps.root().join(WEB)).env("CHROMIUM", chromium().unwrap_or_default());
    node
}

fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").filter(|value| !value.is_empty()).map(PathBuf::from);
    let usual =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(PathBuf::from);
    named.into_iter().chain(usual).find(|path| path.is_file())
}

fn answers(steps: &Steps, program: &str) -> bool {
    let mut command = steps.command(program);
    command.arg("--version").stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Node, npm and a browser; whoever may install programs gets those that are missing.
fn find_tools(steps: &mut Steps) -> Result<(), Failure> {
    let missing = |steps: &Steps| {
        let mut missing = Vec::new();
        if chromium().is_none() {
            missing.push("chromium");
        }
        for (program, package) in [("node", "nodejs"), ("npm", "npm")] {
            if !answers(steps, program) {
                missing.push(package);
            }
        }
        missing
    };
    let wanted = missing(steps);
    if wanted.is_empty() {
        return Ok(());
    }
    let is_root = Path::new("/root/.").read_dir().is_ok();
    if is_root && answers(steps, "apt-get") {
        let mut update = steps.command("apt-get");
        update.args(["update", "-q"]);
        steps.run("package lists", update)?;
        let mut install = steps.command("apt-get");
        install.args(["install", "-y", "-q", "--no-install-recommends"]).args(&wanted);
        install.env("DEBIAN_FRONTEND", "noninteractive");
        steps.run("a browser and Node", install)?;
    }
    match missing(steps).as_slice() {
        [] => Ok(()),
        missing => Err(failure("the page", format!("there is no {}", missing.join(" and no ")), INSTALL)),
    }
}

/// The engine's WebAssembly, the program, the glue and the data. What the program depends on is built as `selection` needs it:
/// with the whole workspace selected it is what the tests were built with, and so is there.
fn build(steps: &mut Steps, selection: &str, is_large: bool) -> Result<Built, Failure> {
    add_target(steps)?;
    let mut engine =
        webassembly(steps, &["rustc", "--locked", "-p", ENGINE, "--lib", "--crate-type", "cdylib"]);
    engine.args(["--profile", "web"]);
    steps.run("the engine as WebAssembly", engine)?;
    let program = steps.cargo(&["build", "--locked", selection, "--bin", "shop"]);
    steps.run("the shop's program", program)?;

    let target = steps.target();
    let program = target.join("debug").join(format!("shop{}", std::env::consts::EXE_SUFFIX));
    let folder = target.join("shop");
    let mut glue = steps.command(&program);
    glue.args(["glue", "--wasm"]).arg(target.join(TARGET).join("web/tastekeeper_shop_engine.wasm"));
    glue.arg("--out").arg(folder.join("pkg"));
    steps.run("the engine as a module", glue)?;
    make_data(steps, &program, &folder.join("data"), None)?;
    if is_large {
        make_data(steps, &program, &folder.join("data-large"), Some(LARGE))?;
    }
    Ok(Built { program, folder })
}

/// The target's standard library, by rustup where it is not there.
fn add_target(steps: &mut Steps) -> Result<(), Failure> {
    let mut ask = steps.command("rustc");
    ask.args(["--print", "target-libdir", "--target", TARGET]);
    let output =
        ask.output().map_err(|error| failure("WebAssembly", error.to_string(), "rustc --version"))?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if Path::new(&folder).is_dir() {
        return Ok(());
    }
    let mut add = steps.command("rustup");
    add.args(["target", "add", TARGET]);
    steps.run("the standard library for WebAssembly", add)
}

/// The shop's data in `folder`: from the cache when the same sources made it before.
fn make_data(
    steps: &mut Steps,
    program: &Path,
    folder: &Path,
    products: Option<&str>,
) -> Result<(), Failure> {
    let wrong = |error: std::io::Error| failure("the shop's data", error.to_string(), "cargo xtask shop");
    let sum = SOURCES.iter().try_fold(Sum::default(), |sum, source| sum.with(&steps.root().join(source)));
    let name = format!("{}-{:016x}", products.unwrap_or("shop"), sum.map_err(wrong)?.0);
    let kept = match cache::folder("shop", |name| std::env::var_os(name)) {
        Some(cache) => cache.join(&name),
        None => steps.target().join("shop-cache").join(&name),
    };
    if !kept.is_dir() {
        let fresh = kept.with_extension(format!("new-{}", std::process::id()));
        let mut make = steps.command(program);
        make.arg("data").arg("--out").arg(&fresh);
        make.args(products.into_iter().flat_map(|products| ["--products", products]));
        steps.run("the shop's data", make)?;
        // Somebody else may have made the same meanwhile.
        if std::fs::rename(&fresh, &kept).is_err() {
            std::fs::remove_dir_all(&fresh).map_err(wrong)?;
        }
    }
    std::fs::create_dir_all(folder).map_err(wrong)?;
    for entry in std::fs::read_dir(&kept).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        std::fs::copy(entry.path(), folder.join(entry.file_name())).map_err(wrong)?;
    }
    Ok(())
}

/// FNV-1a over names and contents of files, to tell sources from other sources.
#[derive(Clone, Copy)]
struct Sum(u64);

impl Default for Sum {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Sum {
    fn add(self, bytes: &[u8]) -> Self {
        Self(
            bytes
                .iter()
                .fold(self.0, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)),
        )
    }

    /// A file, or a folder with everything below it.
    fn with(self, path: &Path) -> std::io::Result<Self> {
        let sum = self.add(path.file_name().unwrap_or_default().as_encoded_bytes());
        if !path.is_dir() {
            return Ok(sum.add(&std::fs::read(path)?));
        }
        let mut entries = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        entries.sort();
        entries.iter().try_fold(sum, |sum, entry| sum.with(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_from_others() {
        let folder = std::env::temp_dir().join(format!("tastekeeper-shop-sum-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("below")).unwrap();
        std::fs::write(folder.join("below/a"), "1").unwrap();
        let sum = || Sum::default().with(&folder).unwrap().0;
        let first = sum();
        assert_eq!(sum(), first);
        std::fs::write(folder.join("below/a"), "2").unwrap();
        assert_ne!(sum(), first);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
