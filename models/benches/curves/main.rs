//! What calls cost as one thing grows and everything else stays: `cargo xtask bench curves`.
//!
//! Prints a table and the steepest step of each curve, and writes both as `curves.json`, and a picture as `curves.svg`, to
//! `curves` in cargo's target directory. All points of a curve take turns, so ratios along it hold on a busy machine; absolute
//! times belong to the machine. Nothing is asserted of times: this shows, it does not judge.

#![expect(clippy::print_stdout, reason = "a command talks to its terminal")]

#[path = "../engine/best.rs"]
mod best;
mod curve;
#[path = "../engine/measure.rs"]
#[expect(dead_code, reason = "shared with the benchmark of the engine")]
mod measure;
#[path = "../engine/phone.rs"]
#[expect(dead_code, reason = "shared with the benchmark of the engine")]
mod phone;
mod plot;
#[path = "../engine/sample.rs"]
mod sample;
mod shops;

use std::error::Error;
use std::fs;
use std::path::Path;

use tastekeeper_kernels::Kernel;

use curve::Curve;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo says `--bench` when measuring is meant; under `cargo test --all-targets` it does not.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let wanted: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = wanted.iter().find(|name| shops::CURVES.iter().all(|(known, _)| known != *name)) {
        let known = shops::CURVES.map(|(name, _)| name).join(", ");
        return Err(format!("there is no curve `{unknown}`; the curves are: {known}").into());
    }
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = tempfile::tempdir_in(temporary)?;
    let mut curves = Vec::new();
    for (name, measure) in shops::CURVES {
        if wanted.is_empty() || wanted.iter().any(|given| *given == name) {
            let curve = measure(folder.path());
            print!("{curve}");
            curves.push(curve);
        }
    }
    let machine = machine();
    let (kernel, load) = (format!("{:?}", Kernel::best()), load());
    let circumstances = format!("kernel {kernel}; {machine}; load of the machine {load}");
    println!("\n{circumstances}");
    let out = temporary.with_file_name("curves");
    fs::create_dir_all(&out)?;
    let figures = serde_json::json!({
        "kernel": kernel,
        "machine": machine,
        "load": load,
        "curves": curves.iter().map(Curve::as_json).collect::<Vec<_>>(),
    });
    fs::write(out.join("curves.json"), serde_json::to_vec_pretty(&figures)?)?;
    let caption = format!("Medians of whole calls, bands from the 25 % to the 75 % mark. {circumstances}");
    fs::write(out.join("curves.svg"), plot::svg(&curves, &caption))?;
    println!("the same as JSON and as a picture: {0}/curves.json, {0}/curves.svg", out.display());
    Ok(())
}

/// The processor's name where Linux tells it.
fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

/// How many processes wanted the processor in the last minute, where Linux tells it.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}
