//! Compilers from Debian's archive, unpacked into a folder of their own.
//!
//! In: a recipe. Out: the folder. Debian's own `apt-get` resolves, downloads and checks signatures, with its state in that
//! folder's neighbour: nothing is installed into the system, no root is needed, and the system need not be the release that
//! the packages are from. The mirror is the one that the system uses.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cache;
use crate::steps::{Failure, Steps};

/// What is unpacked from which release.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// The folder's name in the cache.
    pub(crate) name: &'static str,
    /// The release, and its security updates.
    pub(crate) suite: &'static str,
    /// Installed with all that they depend on.
    pub(crate) packages: &'static [&'static str],
    /// Taken without what they depend on.
    pub(crate) alone: &'static [&'static str],
    /// Beginnings of the names of package files that are not unpacked.
    pub(crate) skipped: &'static [&'static str],
    /// Paths that are not unpacked, as `tar` excludes them.
    pub(crate) pruned: &'static [&'static str],
}

/// Holds the recipe a folder was made from. Written last: an interrupted installation is made anew.
const MARK: &str = "installed.txt";
/// Names the signing keys that packages are checked with.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The folder made from `recipe`, made now when it is not there or was made from another one.
///
/// # Errors
/// When it cannot be had: this is no Debian on x86-64, the archive is out of reach, a package is not there.
pub(crate) fn install(steps: &Steps, recipe: &Recipe, part: &str) -> Result<PathBuf, Failure> {
    let failure = |reason: String| Failure {
        step: format!("install {}", recipe.name),
        reason,
        repeat: format!("cargo xtask test {part}"),
    };
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(failure("its packages are for Linux on x86-64, which this is not".to_owned()));
    }
    let folder = cache::folder(recipe.name, |name| std::env::var_os(name))
        .ok_or_else(|| failure("there is no folder for it: set XDG_CACHE_HOME".to_owned()))?;
    let wanted = format!("{recipe:#?}\n");
    let mark = folder.join(MARK);
    if std::fs::read_to_string(&mark).is_ok_and(|found| found == wanted) {
        return Ok(folder);
    }
    println!("installing {} ({}) into {}, once", recipe.packages.join(" "), recipe.suite, folder.display());
    let state = folder.with_extension("apt");
    make(steps, recipe, &folder, &state).map_err(failure)?;
    std::fs::write(&mark, &wanted).map_err(|error| failure(said(&mark, &error)))?;
    // The archives are of no more use; what is left of them is not worth a failure.
    let _ = std::fs::remove_dir_all(&state);
    Ok(folder)
}

fn make(steps: &Steps, recipe: &Recipe, folder: &Path, state: &Path) -> Result<(), String> {
    if !Path::new(KEYS).is_file() {
        return Err(format!("{KEYS} is missing: apt-get install debian-archive-keyring"));
    }
    for old in [folder, state] {
        if old.exists() {
            std::fs::remove_dir_all(old).map_err(|error| said(old, &error))?;
        }
    }
    for new in ["lists/partial", "archives/partial"] {
        let new = state.join(new);
        std::fs::create_dir_all(&new).map_err(|error| said(&new, &error))?;
    }
    let write = |name: &str, text: &str| {
        let file = state.join(name);
        std::fs::write(&file, text).map_err(|error| said(&file, &error))
    };
    // Nothing is installed as far as this `apt-get` knows, so that it takes everything that is needed.
    write("status", "")?;
    let mut ask = steps.command("apt-get");
    ask.arg("-o").arg(format!("Dir::State={}", state.display())).args(["--print-uris", "update"]);
    let asked = output("apt-get --print-uris update", ask)?;
    let mirrors = mirrors(&asked).ok_or("apt-get knows no Debian mirror: see /etc/apt/sources.list.d")?;
    write("sources.list", &sources(&mirrors, recipe))?;

    output("apt-get update", apt(steps, state, &["update"]))?;
    let mut download = apt(steps, state, &["install", "--download-only", "--yes", "--no-install-recommends"]);
    download.args(recipe.packages);
    output("apt-get install --download-only", download)?;
    let archives = state.join("archives");
    if !recipe.alone.is_empty() {
        let mut download = apt(steps, state, &["download"]);
        download.args(recipe.alone).current_dir(&archives);
        output("apt-get download", download)?;
    }

    // Debian keeps /lib and its like in /usr since its release 12; packages still name both.
    for name in ["bin", "lib", "lib64", "sbin"] {
        let inner = folder.join("usr").join(name);
        std::fs::create_dir_all(&inner).map_err(|error| said(&inner, &error))?;
        link(name, folder)?;
    }
    let listed = std::fs::read_dir(&archives).map_err(|error| said(&archives, &error))?;
    let mut files: Vec<PathBuf> = listed
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .collect();
    files.sort();
    for file in files {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !recipe.skipped.iter().any(|skipped| name.starts_with(skipped)) {
            unpack(steps, &file, folder, recipe.pruned).map_err(|error| format!("{name}: {error}"))?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(name: &str, folder: &Path) -> Result<(), String> {
    let at = folder.join(name);
    std::os::unix::fs::symlink(format!("usr/{name}"), &at).map_err(|error| said(&at, &error))
}

#[cfg(not(unix))]
fn link(name: &str, _folder: &Path) -> Result<(), String> {
    Err(format!("{name}: no symbolic links here"))
}

/// Unpacks one package file as `dpkg -x` does, without `pruned`.
fn unpack(steps: &Steps, file: &Path, folder: &Path, pruned: &[&str]) -> Result<(), String> {
    let mut open = steps.command("dpkg-deb");
    let mut opened = open
        .arg("--fsys-tarfile")
        .arg(file)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("dpkg-deb could not be run: {error}"))?;
    let mut tar = steps.command("tar");
    tar.args(["--extract", "--keep-directory-symlink", "--no-same-owner", "--directory"]).arg(folder);
    // a star is one name, not a path
    tar.args(["--anchored", "--wildcards", "--no-wildcards-match-slash"]);
    tar.args(pruned.iter().map(|path| format!("--exclude=./{path}")));
    if let Some(content) = opened.stdout.take() {
        tar.stdin(content);
    }
    let unpacked = output("tar", tar);
    let opened = opened.wait().map_err(|error| format!("dpkg-deb: {error}"))?;
    unpacked?;
    if opened.success() { Ok(()) } else { Err("dpkg-deb cannot read it".to_owned()) }
}

/// `apt-get` that knows of `state` only.
fn apt(steps: &Steps, state: &Path, arguments: &[&str]) -> Command {
    let mut command = steps.command("apt-get");
    let at = |option: &str, name: &str| format!("{option}={}", state.join(name).display());
    for option in [
        at("Dir::State", ""),
        at("Dir::State::lists", "lists"),
        at("Dir::State::status", "status"),
        at("Dir::Cache", ""),
        at("Dir::Cache::archives", "archives"),
        at("Dir::Etc::sourcelist", "sources.list"),
        "Dir::Etc::sourceparts=/dev/null".to_owned(),
        "Dir::Etc::preferences=/dev/null".to_owned(),
        "Dir::Etc::preferencesparts=/dev/null".to_owned(),
        "Acquire::Languages=none".to_owned(),
        "APT::Sandbox::User=".to_owned(),
        "APT::Architectures::=amd64".to_owned(),
        "APT::Architectures::=arm64".to_owned(),
    ] {
        command.arg("-o").arg(option);
    }
    command.args(arguments);
    command
}

/// Where Debian is fetched from, and its security updates.
#[derive(Debug, PartialEq, Eq)]
struct Mirrors {
    main: String,
    security: Option<String>,
}

/// The mirrors in what `apt-get --print-uris update` says: lines like `'http://host/debian/dists/bookworm/InRelease' ...`.
fn mirrors(printed: &str) -> Option<Mirrors> {
    let suites = printed.lines().filter_map(|line| {
        let address = line.strip_prefix('\'')?.split('\'').next()?.strip_suffix("/InRelease")?;
        address.split_once("/dists/")
    });
    let (mut main, mut security) = (None, None);
    for (address, suite) in suites.filter(|(address, _)| address.contains("debian")) {
        let place = if suite.ends_with("-security") { &mut security } else { &mut main };
        place.get_or_insert(address.to_owned());
    }
    Some(Mirrors { main: main?, security })
}

fn sources(mirrors: &Mirrors, recipe: &Recipe) -> String {
    let line = |address: &str, suite: &str| format!("deb [signed-by={KEYS}] {address} {suite} main\n");
    let security = mirrors.security.as_ref();
    line(&mirrors.main, recipe.suite)
        + &security.map(|address| line(address, &format!("{}-security", recipe.suite))).unwrap_or_default()
}

/// What `command` prints; its last words if it fails.
fn output(what: &str, mut command: Command) -> Result<String, String> {
    let output = command.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{what} needs Debian's package tools, which are not here"),
        _ => format!("{what} could not be run: {error}"),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = messages.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    Err(format!("{what} failed: {}", last.trim()))
}

fn said(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: Recipe =
        Recipe { name: "x", suite: "bookworm", packages: &[], alone: &[], skipped: &[], pruned: &[] };

    #[test]
    fn the_systems_mirrors_are_used() {
        let printed = "Reading package lists...\n\
            'https://mirror.example/debian/dists/trixie/InRelease' mirror.example_trixie_InRelease 0 \n\
            'https://mirror.example/debian/dists/trixie-updates/InRelease' x 0 \n\
            'https://other.example/tools/dists/stable/InRelease' x 0 \n\
            'https://mirror.example/debian-security/dists/trixie-security/InRelease' x 0 \n\
            'https://mirror.example/debian/dists/trixie/main/binary-amd64/Packages.xz' x 0 \n";
        let found = mirrors(printed).unwrap();
        assert_eq!(found.main, "https://mirror.example/debian");
        assert_eq!(found.security.as_deref(), Some("https://mirror.example/debian-security"));
        let sources = sources(&found, &RECIPE);
        assert_eq!(
            sources.lines().map(|line| line.split_once("] ").unwrap().1).collect::<Vec<_>>(),
            [
                "https://mirror.example/debian bookworm main",
                "https://mirror.example/debian-security bookworm-security main"
            ]
        );
    }

    #[test]
    fn no_mirror_is_no_guess() {
        assert_eq!(mirrors("'https://other.example/tools/dists/stable/InRelease' x 0"), None);
        assert_eq!(mirrors(""), None);
    }

    #[test]
    fn a_missing_tool_is_named() {
        let message = output("the tool", Command::new("/no/such/program")).unwrap_err();
        assert!(message.starts_with("the tool needs Debian's package tools"), "{message}");
    }
}
