//! Benchmark programs that cargo builds and that something else starts.

use std::path::PathBuf;
use std::process::Stdio;

use crate::steps::Steps;

/// The benchmark `name` of `package`, built as benchmarks are.
///
/// # Errors
/// What went wrong, in a line; the compiler has said more.
pub(crate) fn build(steps: &Steps, package: &str, name: &str) -> Result<PathBuf, String> {
    let mut cargo = steps.cargo(&["bench", "--locked", "-p", package, "--bench", name]);
    cargo.args(["--no-run", "--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let output = cargo.output().map_err(|error| format!("cargo could not be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("the program `{name}` was not built"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    executable(&messages, name).map(PathBuf::from).ok_or_else(|| "cargo names no program".to_owned())
}

/// The program of the benchmark `name`, of all that cargo's messages, a line each, tell of.
fn executable(messages: &str, name: &str) -> Option<String> {
    let target = format!("\"kind\":[\"bench\"],\"crate_types\":[\"bin\"],\"name\":\"{name}\"");
    let message = messages.lines().find(|line| line.contains(&target))?;
    let (_, rest) = message.split_once("\"executable\":\"")?;
    // A quotation mark in it would end it early; in JSON a backslash is two.
    Some(rest.split_once('"')?.0.replace("\\\\", "\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_benchmarks() {
        let messages = r#"{"target":{"kind":["lib"],"crate_types":["lib"],"name":"ledger"},"executable":null}
{"target":{"kind":["bench"],"crate_types":["bin"],"name":"ledger","src_path":"x"},"executable":"C:\\t\\ledger-1.exe"}
{"target":{"kind":["bin"],"crate_types":["bin"],"name":"tastekeeper"},"executable":"/t/release/tastekeeper"}"#;
        assert_eq!(executable(messages, "ledger").as_deref(), Some(r"C:\t\ledger-1.exe"));
        assert_eq!(executable(messages, "tastekeeper"), None);
    }
}
