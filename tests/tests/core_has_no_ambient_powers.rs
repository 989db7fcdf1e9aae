//! The engine has no clock, no randomness, no threads, no network and no environment of its own.
//!
//! Looked for in two places: the crates it is built from, for every kind of device, and the paths in its own sources.
//! `std` offers all of these powers, so the second half is what keeps the engine's own hands off them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use tastekeeper_tests::sources::{Source, product_sources};

/// What the engine names in its manifest. A new one is a decision: it needs a reason there and a line here.
const DIRECT: &[&str] = &[
    "argon2",
    "bincode",
    "blake2",
    "chacha20poly1305",
    "ed25519-dalek",
    "libm",
    "rand",
    "rand_chacha",
    "serde",
    "serde_json",
    "sha2",
    "tastekeeper-kernels",
    "thiserror",
    "zeroize",
];

/// One target for each kind of device: desktop, Android, iOS, browser.
const TARGETS: &[&str] =
    &["x86_64-unknown-linux-gnu", "aarch64-linux-android", "aarch64-apple-ios", "wasm32-unknown-unknown"];

/// Crates that must not be under the engine, with the power each brings. `*` at the end stands for any rest.
const BANNED_CRATES: &[(&str, &[&str])] = &[
    (
        "network",
        &[
            "async-io",
            "async-net",
            "async-std",
            "attohttpc",
            "awc",
            "curl*",
            "embassy-net",
            "h2",
            "hyper*",
            "isahc",
            "mio",
            "native-tls",
            "quinn*",
            "reqwest",
            "rustls",
            "smol",
            "smoltcp",
            "socket2",
            "surf",
            "tokio*",
            "tungstenite",
            "ureq",
            "web-sys",
        ],
    ),
    (
        "threads",
        &[
            "async-executor",
            "async-global-executor",
            "async-task",
            "blocking",
            "crossbeam*",
            "num_cpus",
            "rayon*",
            "threadpool",
            "thread-pool",
        ],
    ),
    (
        "time",
        &["chrono*", "coarsetime", "humantime", "instant", "jiff*", "minstant", "quanta", "time", "web-time"],
    ),
    ("randomness", &["fastrand", "getrandom", "oorandom", "rand_os", "rdrand", "js-sys"]),
    (
        "environment or processes",
        &["dirs*", "dotenv*", "env_logger", "hostname", "sysinfo", "which", "whoami"],
    ),
    ("system calls", &["errno", "linux-raw-sys", "nix", "rustix", "windows*", "winapi"]),
    (
        "a C compiler or library",
        &["aws-lc*", "bindgen", "cc", "cmake", "openssl*", "pkg-config", "ring", "vcpkg"],
    ),
];

/// Crates that may stand under named crates only, each with the reason.
const ONLY_UNDER: &[(&str, &str, &str)] = &[
    ("libc", "cpufeatures", "asks an ARM processor whether it has the hashing instructions"),
    ("libc", "memmap2", "maps the one model pack that the host named by its path, read-only"),
    (
        "memmap2",
        "tastekeeper-kernels",
        "the one crate with `unsafe` code; it maps for reading and offers nothing else",
    ),
];

/// Crates that come along with the feature `prio`, and into no build without it: the whole of what it adds. Of the powers
/// above `getrandom` is one. The engine never calls what would call it: the banned paths below have the crate's ways to.
const WITH_PRIO: &[&str] = &[
    "autocfg",
    "byteorder",
    "generic-array",
    "getrandom",
    "keccak",
    "num-traits",
    "prio",
    "sha3",
    "version_check",
];

/// Paths of the standard library and of `rand` that reach out of the engine, with everything under them. Hash maps are
/// among them because their order comes from the system's randomness.
const BANNED_PATHS: &[&str] = &[
    "std::net",
    "std::os::fd",
    "std::thread",
    "std::process",
    "std::env",
    "std::fs",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::time::*",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::random",
    "std::hash::RandomState",
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::collections::hash_map",
    "std::collections::hash_set",
    "std::collections::*",
    "rand::rng",
    "rand::random",
    "rand::make_rng",
    "rand::thread_rng",
    "rand::rngs::OsRng",
    "rand::rngs::SysRng",
    "rand::rngs::ThreadRng",
    "rand::prelude",
    "getrandom",
    "libc",
    // What `prio` asks the system for: to shard, to make a seed, to make field elements.
    "prio::vdaf::Client",
    "prio::vdaf::*",
    "prio::vdaf::xof::Seed",
    "prio::vdaf::xof::*",
    "prio::field::random_vector",
    "prio::field::*",
];

/// Names that are a power wherever they come from.
const BANNED_NAMES: &[&str] = &[
    "SystemTime",
    "Instant",
    "OsRng",
    "SysRng",
    "ThreadRng",
    "thread_rng",
    "from_os_rng",
    "from_entropy",
    "RandomState",
    "HashMap",
    "HashSet",
    "TcpStream",
    "UdpSocket",
];

/// Macros that write to the terminal.
const BANNED_MACROS: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

/// Files that may use one banned path, with the reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "platform/files.rs",
        "std::fs",
        "the file system a host may hand in; hosts with their own do not use it",
    ),
    ("engine/catalogue.rs", "std::fs", "reads the one model pack that the host named by its path"),
];

/// One edge of the tree of crates: who needs whom.
type Edge = (String, String);

/// The edges in the output of `cargo tree --prefix depth`: `0tastekeeper v0.1.0 (..)`, `1bincode v2.0.1`, ...
fn edges(tree: &str) -> BTreeSet<Edge> {
    let mut above: Vec<String> = Vec::new();
    let mut edges = BTreeSet::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let digits = line.find(|c: char| !c.is_ascii_digit()).expect("a name follows the depth");
        let depth: usize = line[..digits].parse().expect("every line starts with its depth");
        let name = line[digits..].split(' ').next().expect("a line has a name").to_owned();
        above.truncate(depth);
        if let Some(parent) = above.last() {
            edges.insert((parent.clone(), name.clone()));
        }
        above.push(name);
    }
    edges
}

/// What is wrong with a tree of crates, one line each.
fn crate_problems(edges: &BTreeSet<Edge>) -> Vec<String> {
    let mut problems = Vec::new();
    for (parent, name) in edges {
        for (power, banned) in BANNED_CRATES {
            if banned.iter().any(|pattern| matches(pattern, name)) {
                problems.push(format!("`{parent}` needs `{name}`, which brings {power}"));
            }
        }
        let allowed: Vec<_> =
            ONLY_UNDER.iter().filter(|(bound, ..)| name == bound).map(|(_, only, _)| *only).collect();
        if !allowed.is_empty() && !allowed.contains(&parent.as_str()) {
            problems.push(format!("`{parent}` needs `{name}`, which only {allowed:?} may"));
        }
    }
    let direct: Vec<_> =
        edges.iter().filter(|(parent, _)| parent == "tastekeeper").map(|(_, name)| name.as_str()).collect();
    if direct != DIRECT {
        problems.push(format!("the engine needs {direct:?} directly, and not {DIRECT:?}"));
    }
    problems
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

/// The crates of a shipped engine for one target, build scripts included: no development dependencies, no features
/// that other members of the workspace switch on.
fn engine_tree(target: &str, features: &str) -> BTreeSet<Edge> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--package", "tastekeeper", "--edges", "normal,build", "--no-dedupe"])
        .args(["--prefix", "depth", "--target", target, "--features", features])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TERM_COLOR", "never")
        .output()
        .expect("cargo runs the tests, so it can be run");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    edges(&String::from_utf8(output.stdout).expect("names of crates are UTF-8"))
}

/// What is wrong with the engine's own sources, one line each.
fn source_problems(sources: &[Source]) -> Vec<String> {
    let mut problems = BTreeSet::new();
    for source in sources {
        for mention in source.mentions() {
            let path = match mention.segments.split_first() {
                // `core` and `alloc` hold the same things where they hold them.
                Some((root, rest)) if ["core", "alloc"].contains(&root.as_str()) => {
                    [&["std".to_owned()], rest].concat()
                }
                _ => mention.segments.clone(),
            };
            let banned = BANNED_PATHS.iter().find(|banned| {
                let banned: Vec<&str> = banned.split("::").collect();
                path.len() >= banned.len() && path.iter().zip(&banned).all(|(a, b)| a == b)
            });
            let named = path.iter().find(|segment| BANNED_NAMES.contains(&segment.as_str()));
            let printed =
                path.last().filter(|last| mention.is_macro && BANNED_MACROS.contains(&last.as_str()));
            // A renamed or whole `std` would hide everything behind it.
            let whole = ["std", "rand"].contains(&path[0].as_str())
                && (path.len() == 1 && mention.alias.is_some()
                    || path.get(1).is_some_and(|next| next == "*"));
            let allowed =
                |banned: &str| ALLOWED.iter().any(|(file, path, _)| *file == source.path && *path == banned);
            let banned = banned.copied().filter(|banned| !allowed(banned));
            if banned.is_some() || named.is_some() || printed.is_some() || whole {
                problems.insert(format!(
                    "{}:{}: `{}`",
                    source.path,
                    mention.line,
                    mention.segments.join("::")
                ));
            }
        }
    }
    problems.into_iter().collect()
}

fn engine_sources() -> Vec<Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    product_sources(&folder).expect("the engine's sources stand beside the tests")
}

#[test]
fn no_crate_under_the_engine_brings_a_power() {
    for target in TARGETS {
        let problems = crate_problems(&engine_tree(target, ""));
        assert!(problems.is_empty(), "for {target}:\n{}", problems.join("\n"));
    }
}

#[test]
fn report_shares_bring_their_own_crates_and_no_others() {
    let names = |features, target| -> BTreeSet<String> {
        engine_tree(target, features).into_iter().map(|(_, name)| name).collect()
    };
    let mut brought = BTreeSet::new();
    for target in TARGETS {
        let without = names("", target);
        assert!(!without.contains("prio"), "for {target}");
        brought.extend(names("prio", target).difference(&without).cloned());
    }
    assert_eq!(brought.iter().map(String::as_str).collect::<Vec<_>>(), WITH_PRIO);
}

#[test]
fn no_source_of_the_engine_reaches_for_a_power() {
    let problems = source_problems(&engine_sources());
    assert!(
        problems.is_empty(),
        "in core/src; time, randomness and keys come from `platform`, ordered maps from BTreeMap:\n{}",
        problems.join("\n")
    );
}

#[test]
fn every_exception_is_still_needed() {
    let sources = engine_sources();
    for (file, path, _) in ALLOWED {
        let source = sources.iter().find(|source| source.path == *file);
        let uses = |source: &Source| {
            let mentions = source.mentions();
            mentions.iter().any(|mention| mention.segments.join("::").starts_with(path))
        };
        assert!(source.is_some_and(uses), "{file} does not use {path}: take the exception out");
    }
    let trees: Vec<_> = TARGETS.iter().map(|target| engine_tree(target, "")).collect();
    for (name, under, _) in ONLY_UNDER {
        let edge = ((*under).to_owned(), (*name).to_owned());
        assert!(
            trees.iter().any(|tree| tree.contains(&edge)),
            "{under} does not need {name}: take the exception out"
        );
    }
}

/// A tree with the direct dependencies as they should be and `more` under the first.
fn tree(more: &str) -> BTreeSet<Edge> {
    let mut text = String::from("0tastekeeper v0.1.0 (a folder)\n");
    for name in DIRECT {
        text += &format!("1{name} v1.0.0\n");
        if *name == DIRECT[0] {
            text += more;
        }
    }
    edges(&text)
}

#[test]
fn a_tree_is_read_by_its_depths() {
    let found = edges("0a v1 (x)\n1b v1\n2c v1\n3d v1\n1e v1 (proc-macro)\n2c v1 (*)\n");
    let expected = [("a", "b"), ("a", "e"), ("b", "c"), ("c", "d"), ("e", "c")];
    assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into());
}

#[test]
fn a_banned_crate_is_found_at_any_depth() {
    assert_eq!(crate_problems(&tree("")), [] as [String; 0]);
    let names = BANNED_CRATES.iter().flat_map(|(_, names)| *names);
    for name in names {
        let name = name.trim_end_matches('*');
        let problems = crate_problems(&tree(&format!("2serde v1\n3{name} v1\n")));
        assert_eq!(problems.len(), 1, "{name}: {problems:?}");
        assert!(problems[0].starts_with(&format!("`serde` needs `{name}`")), "{problems:?}");
    }
    assert_eq!(crate_problems(&tree("2crossbeam-utils v0.8\n")).len(), 1);
    assert_eq!(crate_problems(&tree("2timeless v1\n2ringbuffer v1\n")), [] as [String; 0]);
}

#[test]
fn a_bound_crate_is_found_elsewhere() {
    assert_eq!(crate_problems(&tree("2cpufeatures v1\n3libc v1\n")), [] as [String; 0]);
    let mapped = "2tastekeeper-kernels v1\n3memmap2 v1\n4libc v1\n";
    assert_eq!(crate_problems(&tree(mapped)), [] as [String; 0]);
    assert_eq!(crate_problems(&tree("2memmap2 v1\n3libc v1\n")).len(), 1);
    assert_eq!(crate_problems(&tree("2libc v1\n")).len(), 1);
}

#[test]
fn a_direct_dependency_too_many_or_too_few_is_found() {
    let mut more = tree("");
    more.insert(("tastekeeper".to_owned(), "another".to_owned()));
    assert_eq!(crate_problems(&more).len(), 1);
    let mut fewer = tree("");
    fewer.remove(&("tastekeeper".to_owned(), "libm".to_owned()));
    assert_eq!(crate_problems(&fewer).len(), 1);
}

fn found(path: &str, text: &str) -> usize {
    source_problems(&[Source::parse(path, text)]).len()
}

#[test]
fn a_power_in_a_source_is_found() {
    for text in [
        "use std::net::TcpStream;",
        "use std::{fmt, thread};",
        "fn f() { ::std::thread::spawn(g); }",
        "use std::time::{Duration, Instant};",
        "fn f() { let x = Instant::now(); }",
        "fn f() -> std::time::SystemTime { g() }",
        "use std::time::*;",
        "fn f() { std::process::exit(1) }",
        "fn f() { std::env::var(\"X\"); }",
        "fn f() { let r = rand::rng(); }",
        "use rand::{Rng, rngs::{OsRng as R}};",
        "use rand::prelude::*;",
        "fn f() { thread_rng() }",
        "fn f() { getrandom::fill(x) }",
        "use std::collections::HashMap;",
        "fn f() { println!(\"{x}\") }",
        "fn f() { std::eprintln!(\"{x}\") }",
        "fn f() { dbg!(x) }",
        "use std::fs;",
        "fn f() { std::io::stdout() }",
        "use std as s;",
        "use std::*;",
        "use prio::vdaf::{Client, Vdaf};",
        "fn f() { prio::vdaf::xof::Seed::generate() }",
        "use prio::field::random_vector;",
    ] {
        assert_eq!(found("history.rs", text), 1, "{text}");
    }
}

#[test]
fn what_is_no_power_is_not_found() {
    let text = "
        //! Uses no std::net, and println!() is only a word here.
        use std::collections::{BTreeMap, VecDeque};
        use std::time::Duration;
        use std::{fmt, sync::Mutex};
        use rand::{Rng, SeedableRng};
        thread_local! { static ACTIVE: Cell<u8> = const { Cell::new(0) }; }
        fn f() { self.print(); \"std::env\"; }
        #[cfg(test)]
        mod tests { use std::time::Instant; }
    ";
    assert_eq!(found("history.rs", text), 0);
}

#[test]
fn an_exception_holds_in_its_file_and_for_its_path_only() {
    assert_eq!(found("platform/files.rs", "use std::fs::{self, File};"), 0);
    assert_eq!(found("platform.rs", "use std::fs::File;"), 1);
    assert_eq!(found("platform/files.rs", "use std::net::TcpStream;"), 1);
}

#[test]
fn lists_have_no_duplicates() {
    let mut seen = BTreeMap::new();
    for (power, names) in BANNED_CRATES {
        for name in *names {
            assert_eq!(seen.insert(name, power), None, "{name} stands in two lists");
        }
    }
}
