//! The part `kotlin`: the packages of `bindings/kotlin`, built and tested on the JVM.
//!
//! Maven brings the compiler and the libraries, into its own repository in the user's home. What it needs is fetched in the first
//! run; as long as no `pom.xml` changes, later ones use no network.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::java::Java;
use crate::quick_start::{imports_and_body, listing};
use crate::steps::{Failure, Steps};
use crate::wheel;

/// The packages.
const PACKAGE: &str = "bindings/kotlin";
/// Their modules, for whose `pom.xml` something was fetched.
const MODULES: &[&str] = &["", "tastekeeper", "android", "screens", "samples"];

fn failure(step: &str, reason: String, repeat: &str) -> Failure {
    Failure { step: step.to_owned(), reason, repeat: repeat.to_owned() }
}

/// Builds the library, generates the Kotlin that belongs to it, and runs the packages' tests.
///
/// # Errors
/// The first step that fails, a JDK or a Maven that cannot be had among them.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let java = Java::find(steps)?;
    let target = steps.target();
    let library = wheel::hazards(steps, &target)?;
    let generated = target.join("kotlin-generated");
    prepare(steps, &library, &generated)?;

    let poms = poms(steps.root()).map_err(|reason| failure("Kotlin", reason, "cargo xtask test kotlin"))?;
    let resolved = resolved();
    let is_resolved = resolved.as_ref().is_some_and(|mark| is_same(mark, &poms));
    // A class of a source that is gone must not be tested.
    let _ = std::fs::remove_dir_all(target.join("kotlin"));
    let mut maven = maven(steps, &java, &library, &generated, is_resolved);
    maven.arg("verify");
    steps.run_tests("Kotlin", maven)?;
    if let Some(mark) = resolved.filter(|_| !is_resolved) {
        let written = mark.parent().map_or(Ok(()), std::fs::create_dir_all);
        if let Err(error) = written.and_then(|()| std::fs::write(&mark, &poms)) {
            steps.notice(&format!(
                "the next run of kotlin uses the network again: {}: {error}",
                mark.display()
            ));
        }
    }
    Ok(())
}

/// Shows what calls cost in Kotlin next to Rust: `cargo xtask bench kotlin`.
///
/// # Errors
/// The first step that fails.
pub(crate) fn bench(steps: &mut Steps) -> Result<(), Failure> {
    let java = Java::find(steps)?;
    let target = steps.target();
    wheel::build_calls(steps)?;
    // The tests are compiled with the measurement, and one of them calls what only the library of the tests has.
    let library = wheel::hazards(steps, &target)?;
    let generated = target.join("kotlin-generated");
    prepare(steps, &library, &generated)?;
    let mut maven = maven(steps, &java, &library, &generated, false);
    let set = |name: &str, value: &str| format!("-Dtastekeeper.{name}={}", target.join(value).display());
    maven.args(["--quiet", "--projects", "tastekeeper", "test-compile", "exec:exec@calls"]);
    maven.arg(set("command", "release/tastekeeper")).arg(set("rust", "ship/examples/calls"));
    steps.run("what calls cost", maven)
}

/// Maven in the packages' folder.
fn maven(steps: &Steps, java: &Java, library: &Path, generated: &Path, is_resolved: bool) -> Command {
    let mut maven = java.maven(steps);
    maven.current_dir(steps.root().join(PACKAGE)).env("RUST_BACKTRACE", "0");
    maven.args(["--batch-mode", "--no-transfer-progress"]);
    if is_resolved {
        maven.arg("--offline");
    }
    let set = |name: &str, value: &Path| format!("-Dtastekeeper.{name}={}", value.display());
    let folder = library.parent().unwrap_or(library);
    maven.arg(set("target", &steps.target())).arg(set("library", folder)).arg(set("generated", generated));
    maven
}

/// Generates the Kotlin of `library`, and the test that is the README's quick start.
fn prepare(steps: &Steps, library: &Path, generated: &Path) -> Result<(), Failure> {
    let said = |reason: String| failure("Kotlin for the library", reason, "cargo xtask test kotlin");
    let file = |error: std::io::Error| said(format!("{}: {error}", generated.display()));
    // What an earlier library had must not stay.
    match std::fs::remove_dir_all(generated) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(file(error)),
        _ => {}
    }
    let mut bindgen = steps.cargo(&["run", "--locked", "--quiet", "-p", "tastekeeper-bindgen", "--"]);
    bindgen.args(["generate", "--language", "kotlin", "--no-format", "--out-dir"]);
    bindgen.arg(generated.join("main")).arg(library);
    match bindgen.status() {
        Ok(status) if status.success() => {}
        Ok(_) => return Err(said("bindgen failed".to_owned())),
        Err(error) => return Err(said(format!("cargo could not be run: {error}"))),
    }
    let readme = steps.root().join(PACKAGE).join("README.md");
    let page =
        std::fs::read_to_string(&readme).map_err(|error| said(format!("{}: {error}", readme.display())))?;
    let listing = listing(&page, "kotlin")
        .ok_or_else(|| said(format!("{} has no Kotlin listing", readme.display())))?;
    let tests = generated.join("test");
    std::fs::create_dir_all(&tests).map_err(file)?;
    std::fs::write(tests.join("QuickStart.kt"), as_test(listing)).map_err(file)
}

/// A Kotlin file whose one function does what the listing says, imports first.
fn as_test(listing: &str) -> String {
    let (imports, body) = imports_and_body(listing);
    format!(
        "package com.tastekeeper.readme\n\n{imports}\n\nsuspend fun quickStart(directory: File) {{\n{body}}}\n"
    )
}

/// All that is said of what must be fetched.
fn poms(root: &Path) -> Result<String, String> {
    let read = |module: &&str| {
        let file = root.join(PACKAGE).join(module).join("pom.xml");
        std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
    };
    MODULES.iter().map(read).collect()
}

/// The file that holds the [`poms`] for which all is in Maven's own repository. It is in there, to go when that goes.
fn resolved() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty())?;
    Some(Path::new(&home).join(".m2/repository/com/tastekeeper/resolved.txt"))
}

fn is_same(file: &Path, text: &str) -> bool {
    std::fs::read_to_string(file).is_ok_and(|found| found == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_start_is_the_readmes() {
        assert_eq!(
            as_test("import java.io.File\n\nval x = 1\nprint(x)"),
            "package com.tastekeeper.readme\n\nimport java.io.File\n\nsuspend fun quickStart(directory: File) {\n    \n    val x = 1\n    print(x)\n}\n"
        );
    }

    #[test]
    fn every_module_is_known() {
        let root = crate::workspace_root();
        let parent = std::fs::read_to_string(root.join(PACKAGE).join("pom.xml")).unwrap();
        for module in &MODULES[1..] {
            assert!(parent.contains(&format!("<module>{module}</module>")), "{module}");
        }
        assert_eq!(parent.matches("<module>").count(), MODULES.len() - 1);
        assert!(poms(&root).unwrap().len() > parent.len());
    }

    #[test]
    fn the_packages_have_the_workspaces_version() {
        let root = crate::workspace_root();
        let workspace = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let (_, after) = workspace.split_once("[workspace.package]").unwrap();
        let version =
            after.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"')).unwrap();
        for module in MODULES {
            let pom = std::fs::read_to_string(root.join(PACKAGE).join(module).join("pom.xml")).unwrap();
            let (_, after) = pom.split_once("<artifactId>tastekeeper-parent</artifactId>").unwrap();
            assert!(after.trim_start().starts_with(&format!("<version>{version}</version>")), "{module}");
        }
    }
}
