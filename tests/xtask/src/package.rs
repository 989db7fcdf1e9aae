//! `cargo xtask package [android|apple|python]`: what an app developer takes, as far as this machine can build it.
//!
//! Under `target/package`: an AAR's parts, an XCFramework beside the Swift package, wheels, the Linux libraries they are tested
//! with, and the symbols of every one of them apart. What cannot be built here is named, with what it needs. Must never: leave a
//! library unchecked for its size or its pages, or pass a part off as built that is not.

mod android;
mod apple;
mod elf;
mod sizes;
mod universal;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::aarch64::{self, Compilers};
use crate::steps::{Failure, Steps};

/// The library's package in the workspace.
const LIBRARY: &str = "tastekeeper-ffi";
/// The profile that ships.
const PROFILE: &str = "ship";
/// Hashes and curves in the form that takes fewer bytes: they are asked once in a while, for a signature or a receipt. Processors with
/// instructions for SHA use those all the same.
const SMALL: &str = "--cfg sha2_backend_soft=\"compact\" --cfg curve25519_dalek_backend=\"serial\"";
/// The ledger of sizes.
const LEDGER: &str = "bindings/sizes.toml";
/// What the library is called.
const SHARED: &str = "libtastekeeper_ffi.so";
const STATIC: &str = "libtastekeeper_ffi.a";
/// What the tests' own machines run.
const HOST: &str = "x86_64-unknown-linux-gnu";
/// The environment variable that the library takes its commit from.
const SHA: &str = "TASTEKEEPER_GIT_SHA";

/// What can be packaged.
pub(crate) const KINDS: &[&str] = &["android", "apple", "python"];

/// One packaging run.
struct Packaging<'a> {
    steps: &'a mut Steps,
    compilers: Compilers,
    out: PathBuf,
    sha: String,
    missing: Vec<String>,
}

/// Packages what is named, everything for no name, and checks what came out.
///
/// # Errors
/// The first step that fails: what cannot be built here is told at the end and is none.
pub(crate) fn run(steps: &mut Steps, kinds: &[String]) -> Result<(), Failure> {
    if let Some(unknown) = kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        return Err(failure(format!("there is no package `{unknown}`; there are: {}", KINDS.join(", "))));
    }
    let wants = |kind: &str| kinds.is_empty() || kinds.iter().any(|wanted| wanted == kind);
    let compilers = Compilers::find(steps, "aarch64")?;
    let out = steps.target().join("package");
    let sha = git_sha(steps);
    let mut packaging = Packaging { steps, compilers, out, sha, missing: Vec::new() };
    for kind in KINDS.iter().filter(|kind| wants(kind)) {
        // What an earlier run left must not pass for what this one made.
        let old = packaging.out.join(kind);
        if old.exists() {
            std::fs::remove_dir_all(&old).map_err(|error| said(&old, &error))?;
        }
    }
    packaging.linux()?;
    if wants("android") {
        android::package(&mut packaging)?;
        android::check(&packaging.out.join("android"))
            .map_err(|reason| failure(format!("android: {reason}")))?;
    }
    if wants("apple") {
        apple::package(&mut packaging)?;
        missing_of(&packaging.out.join("apple"), apple::LAYOUT)
            .map_err(|reason| failure(format!("apple: {reason}")))?;
    }
    if wants("python") {
        packaging.wheel()?;
    }
    println!("\npackaged in {}", packaging.out.display());
    for missing in &packaging.missing {
        packaging.steps.notice(&format!("not built here: {missing}"));
    }
    Ok(())
}

/// A failure of packaging that no command alone repeats.
fn failure(reason: String) -> Failure {
    Failure { step: "package".to_owned(), reason, repeat: "cargo xtask package".to_owned() }
}

fn git_sha(steps: &Steps) -> String {
    let mut git = steps.command("git");
    git.args(["rev-parse", "HEAD"]);
    let output = git.output().ok().filter(|output| output.status.success());
    output.map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

impl Packaging<'_> {
    /// The libraries for Linux, which the tests of the packages run with.
    fn linux(&mut self) -> Result<(), Failure> {
        // Its instructions are longer, and none of it goes onto a phone.
        let smaller = ("CARGO_PROFILE_SHIP_OPT_LEVEL".to_owned(), "z".into());
        let built = self.library(HOST, "cdylib", &[smaller])?;
        self.keep(&built, HOST, Command::new("strip"))?;
        let linker =
            ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER".to_owned(), self.compilers.program("cc"));
        let built = self.library(aarch64::TARGET, "cdylib", &[linker])?;
        let strip = Command::new(self.compilers.program("strip"));
        self.keep(&built, aarch64::TARGET, strip)
    }

    /// Builds the library for `target` as a `cdylib` or a `staticlib`, with `environment` besides. The standard library is
    /// compiled along: there is none for phones here, and so the engine ships without the part of it that turns addresses into
    /// lines of source, a tenth of the whole that nobody on a phone reads.
    fn library(
        &mut self,
        target: &str,
        kind: &str,
        environment: &[(String, PathBuf)],
    ) -> Result<PathBuf, Failure> {
        let mut build =
            self.steps.cargo(&["rustc", "--locked", "--profile", PROFILE, "-p", LIBRARY, "--lib"]);
        build.args(["--crate-type", kind, "--target", target]);
        build.args(["-Zbuild-std=std,panic_unwind", "-Zbuild-std-features=optimize_for_size"]);
        build
            .env("CARGO_TARGET_DIR", self.compilers.target())
            .env("RUSTC", self.compilers.program("rustc"))
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", SMALL)
            .env("IPHONEOS_DEPLOYMENT_TARGET", apple::IOS)
            .env("MACOSX_DEPLOYMENT_TARGET", apple::MACOS)
            .env(SHA, &self.sha)
            .envs(environment.iter().map(|(name, value)| (name, value)));
        self.steps.run(&format!("{kind} for {target}"), build)?;
        let name = if kind == "cdylib" { SHARED } else { STATIC };
        Ok(self.compilers.target().join(target).join(PROFILE).join(name))
    }

    /// The wheel for this machine's Python.
    fn wheel(&mut self) -> Result<(), Failure> {
        let library = self.out.join("symbols").join(HOST).join(SHARED);
        let out = self.out.join("python");
        std::fs::create_dir_all(&out).map_err(|error| said(&out, &error))?;
        let mut build = self.steps.command("python3");
        build.arg("bindings/python/build_wheel.py").arg(&out);
        build.env("TASTEKEEPER_LIBRARY", &library).env("CARGO_TARGET_DIR", self.steps.target());
        build.env("CARGO", std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        self.steps.run("wheel", build)?;
        let wheels = std::fs::read_dir(&out).map_err(|error| said(&out, &error))?;
        if wheels.flatten().all(|file| file.path().extension().is_none_or(|extension| extension != "whl")) {
            return Err(failure("python: no wheel came out".to_owned()));
        }
        self.missing.push("wheels for other machines: run it there, `cargo xtask package python`".to_owned());
        Ok(())
    }

    /// Keeps a stripped copy of a library, and its symbols apart; holds it against the ledger and the pages of phones.
    fn keep(&mut self, built: &Path, target: &str, mut strip: Command) -> Result<(), Failure> {
        let name = built.file_name().unwrap_or_default();
        let copy = self.put(built, &Path::new("symbols").join(target).join(name))?;
        let stripped = self.out.join("lib").join(target).join(name);
        make_folder_of(&stripped)?;
        strip.args(["--strip-unneeded", "-o"]).arg(&stripped).arg(&copy);
        let status = strip.status().map_err(|error| failure(format!("strip could not be run: {error}")))?;
        if !status.success() {
            return Err(failure(format!("{target}: strip failed")));
        }
        let bytes = std::fs::read(&stripped).map_err(|error| said(&stripped, &error))?;
        println!("{target}: {} bytes stripped", bytes.len());
        // Linux has pages of 4 KiB on x86-64; what goes onto phones must be ready for larger ones.
        if target != HOST {
            elf::check_pages(&bytes).map_err(|reason| failure(format!("{target}: {reason}")))?;
        }
        let ledger = self.steps.root().join(LEDGER);
        let ledger = std::fs::read_to_string(&ledger).map_err(|error| said(&ledger, &error))?;
        let ledger = sizes::read(&ledger).map_err(|reason| failure(format!("{LEDGER}: {reason}")))?;
        sizes::check(&ledger, target, u64::try_from(bytes.len()).unwrap_or(u64::MAX)).map_err(failure)
    }

    /// Copies a file to `place` in what is packaged.
    fn put(&self, from: &Path, place: &Path) -> Result<PathBuf, Failure> {
        let to = self.out.join(place);
        make_folder_of(&to)?;
        std::fs::copy(from, &to).map_err(|error| said(from, &error))?;
        Ok(to)
    }

    /// Writes a file to `place` in what is packaged.
    fn write(&self, place: &Path, content: &[u8]) -> Result<(), Failure> {
        let to = self.out.join(place);
        make_folder_of(&to)?;
        std::fs::write(&to, content).map_err(|error| said(&to, &error))
    }
}

/// Whether every file is in `folder` and holds something.
fn missing_of(folder: &Path, files: &[&str]) -> Result<(), String> {
    let empty = |file: &&&str| {
        !std::fs::metadata(folder.join(file)).is_ok_and(|file| file.is_file() && file.len() > 0)
    };
    match files.iter().find(empty) {
        Some(file) => Err(format!("{file} is missing or empty")),
        None => Ok(()),
    }
}

fn make_folder_of(file: &Path) -> Result<(), Failure> {
    let folder = file.parent().unwrap_or(file);
    std::fs::create_dir_all(folder).map_err(|error| said(folder, &error))
}

fn said(path: &Path, error: &std::io::Error) -> Failure {
    failure(format!("{}: {error}", path.display()))
}
