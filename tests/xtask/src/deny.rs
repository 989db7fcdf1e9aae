//! `cargo deny`: its installation outside the checkout, and what is checked with and without a network.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{Failure, Steps};

/// The version that reads `deny.toml` as it is written.
const VERSION: &str = "0.20.2";

/// Set to `1` where advisories must be checked: then a database that cannot be fetched is a failure.
const REQUIRED: &str = "CI_REQUIRE_ADVISORIES";

/// Licences, bans and sources always; advisories as far as a database can be had.
///
/// # Errors
/// The first step that fails.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let tool = installed(steps)?;

    let mut local = steps.command(&tool);
    local.args(["--locked", "check", "-D", "unnecessary-skip", "-D", "unmatched-skip"]);
    local.args(["bans", "licenses", "sources"]);
    steps.run("dependencies: bans, licences, sources", local)?;

    let required = std::env::var_os(REQUIRED).is_some_and(|value| value == "1");
    match reach(steps, &tool) {
        // The check fetches again and fails with the tool's own words.
        Reached::Fetched | Reached::Refused => {
            steps.run("dependencies: advisories", advisories(steps, &tool, &[]))
        }
        Reached::Unreachable if required => {
            let check = advisories(steps, &tool, &[]);
            steps.run("dependencies: advisories", check)
        }
        Reached::Unreachable if has_database(steps, &tool) => {
            steps.notice("advisories checked with an EARLIER COPY: the database could not be fetched");
            let check = advisories(steps, &tool, &["--offline"]);
            steps.run("dependencies: advisories", check)
        }
        Reached::Unreachable => {
            steps.notice("advisories NOT checked: the database could not be fetched");
            Ok(())
        }
    }
}

/// What came of the attempt to fetch the advisory database.
#[derive(Debug, PartialEq, Eq)]
enum Reached {
    Fetched,
    /// There is no way to its host from here.
    Unreachable,
    /// Anything else: no git, no space, a broken copy, an unknown setting.
    Refused,
}

fn reach(steps: &Steps, tool: &Path) -> Reached {
    let mut fetch = steps.command(tool);
    fetch.args(["fetch", "db"]);
    match quiet(&mut fetch).output() {
        Ok(output) => reached(output.status.success(), &String::from_utf8_lossy(&output.stderr)),
        Err(_) => Reached::Refused,
    }
}

/// Reads the outcome of `cargo deny fetch db` from its status and its messages.
fn reached(success: bool, messages: &str) -> Reached {
    /// What git and curl say when no connection comes about, in the C locale.
    const NO_NETWORK: &[&str] = &[
        "could not resolve host",
        "could not resolve proxy",
        "temporary failure in name resolution",
        "failed to connect to",
        "couldn't connect to server",
        "connection timed out",
        "operation timed out",
        "resolving timed out",
        "connection refused",
        "network is unreachable",
        "no route to host",
        "from proxy after connect",
        "connect tunnel failed",
    ];
    if success {
        return Reached::Fetched;
    }
    let messages = messages.to_lowercase();
    let fetching = messages.contains("failed to fetch advisory database");
    if fetching && NO_NETWORK.iter().any(|cause| messages.contains(cause)) {
        return Reached::Unreachable;
    }
    Reached::Refused
}

/// `true` when an earlier fetch left a database that can be read.
fn has_database(steps: &Steps, tool: &Path) -> bool {
    let mut check = steps.command(tool);
    check.args(["--locked", "--offline", "check", "advisories"]);
    // A copy was read when the check came to a verdict, whichever it was.
    quiet(&mut check).output().is_ok_and(|output| has_verdict(&String::from_utf8_lossy(&output.stdout)))
}

/// `true` when the last line of `cargo deny check advisories` says how the check ended.
fn has_verdict(output: &str) -> bool {
    output.lines().any(|line| ["advisories ok", "advisories FAILED"].contains(&line.trim()))
}

fn advisories(steps: &Steps, tool: &Path, options: &[&str]) -> Command {
    let mut check = steps.command(tool);
    check.arg("--locked").args(options).args(["check", "advisories"]);
    check
}

/// English messages, no colours, and never a question.
fn quiet(command: &mut Command) -> &mut Command {
    command.env("LC_ALL", "C").env("CARGO_TERM_COLOR", "never").env("GIT_TERMINAL_PROMPT", "0")
}

/// The tool, installed first when it is not there.
fn installed(steps: &mut Steps) -> Result<PathBuf, Failure> {
    let failure = |reason: &str, repeat: String| Failure {
        step: "dependencies: cargo-deny".to_owned(),
        reason: reason.to_owned(),
        repeat,
    };
    let Some(folder) = tools_folder(|name| std::env::var_os(name)) else {
        let reason = "there is no folder for tools: set TASTEKEEPER_TOOLS";
        return Err(failure(reason, "TASTEKEEPER_TOOLS=.. cargo xtask test rust".to_owned()));
    };
    let tool = folder.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if !is_wanted(&version(steps, &tool)) {
        println!(
            "cargo-deny {VERSION} is not in {}: installing it takes some minutes, once",
            folder.display()
        );
        let mut install = steps.cargo(&[]);
        // In a target folder that goes with it; what it finds in a second is not worth minutes of optimising.
        install.args(install_arguments(&folder)).env_remove("CARGO_TARGET_DIR");
        install.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
        steps.run("dependencies: install cargo-deny", install)?;
    }
    let found = version(steps, &tool);
    if !is_wanted(&found) {
        let found = found.trim();
        return Err(failure(
            &format!("wanted cargo-deny {VERSION}, found `{found}`"),
            tool.display().to_string(),
        ));
    }
    Ok(tool)
}

/// The folder for tools, outside the checkout so that a fresh clone finds them again.
fn tools_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = || set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    set("TASTEKEEPER_TOOLS").or_else(|| cache().map(|cache| cache.join("tastekeeper").join("tools")))
}

fn install_arguments(folder: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        ["install", "cargo-deny", "--version", VERSION, "--locked", "--debug", "--root"]
            .map(Into::into)
            .into();
    arguments.push(folder.into());
    arguments
}

fn version(steps: &Steps, tool: &Path) -> String {
    let output = steps.command(tool).arg("--version").output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

fn is_wanted(version: &str) -> bool {
    version.trim() == format!("cargo-deny {VERSION}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(variables: &[(&str, &str)]) -> Option<PathBuf> {
        tools_folder(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_tools_folder_is_the_named_one_then_the_cache() {
        let all = [("TASTEKEEPER_TOOLS", "/t"), ("XDG_CACHE_HOME", "/c"), ("HOME", "/h")];
        assert_eq!(folder(&all), Some("/t".into()));
        assert_eq!(folder(&all[1..]), Some("/c/tastekeeper/tools".into()));
        assert_eq!(folder(&all[2..]), Some("/h/.cache/tastekeeper/tools".into()));
        assert_eq!(folder(&[("TASTEKEEPER_TOOLS", ""), ("HOME", "/h")]), folder(&all[2..]));
        assert_eq!(folder(&[]), None);
    }

    #[test]
    fn the_installation_is_pinned_and_stays_in_its_folder() {
        assert_eq!(
            install_arguments(Path::new("/t")),
            ["install", "cargo-deny", "--version", "0.20.2", "--locked", "--debug", "--root", "/t"]
        );
    }

    #[test]
    fn another_version_is_not_taken() {
        assert!(is_wanted("cargo-deny 0.20.2\n"));
        for other in ["", "cargo-deny 0.20.20", "cargo-deny 0.19.0", "0.20.2"] {
            assert!(!is_wanted(other), "{other}");
        }
    }

    #[test]
    fn a_check_without_a_database_has_no_verdict() {
        assert!(has_verdict("advisories ok\n") && has_verdict("advisories FAILED\n"));
        assert!(!has_verdict("") && !has_verdict("[ERROR] failed to get 'FETCH_HEAD' metadata"));
    }

    #[test]
    fn a_closed_network_is_told_from_other_failures() {
        let failed = "[ERROR] failed to fetch advisory database x with cli: failed to clone: fatal: unable to access: ";
        for cause in [
            "Could not resolve host: a.example",
            "Failed to connect to a.example port 443 after 3 ms: Couldn't connect to server",
            "CONNECT tunnel failed, response 403",
        ] {
            assert_eq!(reached(false, &format!("{failed}{cause}")), Reached::Unreachable, "{cause}");
        }
        for cause in
            ["No space left on device", "repository not found", "server certificate verification failed"]
        {
            assert_eq!(reached(false, &format!("{failed}{cause}")), Reached::Refused, "{cause}");
        }
        // The same words about something else are no excuse.
        assert_eq!(reached(false, "failed to fetch crates: Could not resolve host"), Reached::Refused);
        assert_eq!(reached(true, "Could not resolve host"), Reached::Fetched);
    }
}
