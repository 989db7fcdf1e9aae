//! The part `swift`: the package of `bindings/swift`, built and tested on Linux.
//!
//! The compiler is Debian's, from a release whose C library is newer than that of most machines; so it runs with that folder as
//! its root (`chroot`), in a mount namespace of its own: what is mounted there is gone when the command ends, whatever happens
//! to it. It needs root, or a system that lets its users have namespaces.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian::{self, Recipe};
use crate::quick_start::{imports_and_body, listing};
use crate::steps::{Failure, Steps};
use crate::wheel;

/// The package.
pub(crate) const PACKAGE: &str = "bindings/swift";
/// Screens that only Apple's compiler can build.
const SCREENS: &str = "examples/ios";
/// Apple's frameworks that the package uses, as stand-ins.
const STUBS: &[&str] = &["Combine", "Security"];
/// Says where the library is that the package links.
const LIBRARY_FOLDER: &str = "TASTEKEEPER_LIBRARY";

/// Builds the library, generates the Swift that belongs to it, and runs the package's tests.
///
/// # Errors
/// The first step that fails, a compiler that cannot be had among them.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let swift = Swift::find(steps, "swift")?;
    let target = steps.target();
    let package = steps.root().join(PACKAGE);
    let library = wheel::hazards(steps, &target)?;
    let scratch = prepare(steps, &library, "swift")?;
    let root = steps.root().to_path_buf();
    let mut tests = swift.command(steps, "swift-test", &[&root, &target]);
    tests.arg("--package-path").arg(&package).arg("--scratch-path").arg(&scratch);
    tests.env(LIBRARY_FOLDER, library.parent().unwrap_or(&library));
    steps.run_tests("Swift", tests)?;
    check_what_is_apples(steps, &swift, &scratch)
}

/// Shows what calls cost in Swift next to Rust: `cargo xtask bench swift`.
///
/// # Errors
/// A build that fails, or a compiler that cannot be had.
pub(crate) fn bench(steps: &mut Steps) -> Result<(), Failure> {
    let swift = Swift::find(steps, "swift")?;
    let (root, target) = (steps.root().to_path_buf(), steps.target());
    wheel::build_calls(steps)?;
    let arguments = ["rustc", "--locked", "--profile", "ship", "-p", "tastekeeper-ffi", "--lib"];
    let mut build = steps.cargo(&arguments);
    build.args(["--crate-type", "cdylib"]);
    steps.run("the library, as it ships", build)?;
    let library = target.join("ship/libtastekeeper_ffi.so");
    let scratch = prepare(steps, &library, "swift-ship")?;
    let mut build = swift.command(steps, "swift-build", &[&root, &target]);
    build.args(["--configuration", "release", "--product", "CallCosts", "--package-path"]);
    build.arg(root.join(PACKAGE)).arg("--scratch-path").arg(&scratch);
    build.env(LIBRARY_FOLDER, library.parent().unwrap_or(&library));
    steps.run("the calls in Swift", build)?;
    let mut measure = steps.command("unshare");
    measure.args(swift.entered(&[&root, &target])).arg(scratch.join("release/CallCosts"));
    measure.arg(target.join("release/tastekeeper")).arg(target.join("ship/examples/calls"));
    measure.env("PATH", PROGRAMS).env("TMPDIR", "/tmp");
    steps.run("what calls cost", measure)
}

/// Generates the Swift that belongs to `library`, and makes the folder that the package is built in.
fn prepare(steps: &Steps, library: &Path, scratch: &str) -> Result<PathBuf, Failure> {
    let failure = |reason: String| Failure {
        step: "Swift for the library".to_owned(),
        reason,
        repeat: "cargo xtask test swift".to_owned(),
    };
    let (target, package) = (steps.target(), steps.root().join(PACKAGE));
    generate(steps, library, &target.join("swift-generated"))
        .and_then(|generated| lay(&generated, &package))
        .and_then(|()| quick_start(&package))
        .map_err(failure)?;
    let scratch = target.join(scratch);
    match std::fs::create_dir_all(&scratch) {
        Ok(()) => Ok(scratch),
        Err(error) => Err(failure(format!("{}: {error}", scratch.display()))),
    }
}

/// Type-checks what the package does with Apple's frameworks, against stand-ins for the few names that it uses, and looks whether
/// the sample screens are Swift.
fn check_what_is_apples(steps: &mut Steps, swift: &Swift, scratch: &Path) -> Result<(), Failure> {
    let (root, target) = (steps.root().to_path_buf(), steps.target());
    let package = root.join(PACKAGE);
    let stubs = scratch.join("stubs");
    let failure = |reason: String| Failure {
        step: "code for Apple's frameworks".to_owned(),
        reason,
        repeat: "cargo xtask test swift".to_owned(),
    };
    std::fs::create_dir_all(&stubs).map_err(|error| failure(format!("{}: {error}", stubs.display())))?;
    let compiler = |steps: &Steps| {
        let mut command = swift.command(steps, "swiftc", &[&root, &target]);
        command.args(["-swift-version", "6"]);
        command
    };
    for module in STUBS {
        let mut make = compiler(steps);
        make.args(["-emit-module", "-parse-as-library", "-module-name", module, "-o"]);
        make.arg(stubs.join(format!("{module}.swiftmodule")));
        make.arg(package.join("Tests/Stubs").join(format!("{module}.swift")));
        steps.run(&format!("stand-in for {module}"), make)?;
    }
    let mut check = compiler(steps);
    check.args(["-typecheck", "-module-name", "Tastekeeper", "-I"]).arg(&stubs);
    check.arg("-I").arg(scratch.join("debug/Modules"));
    check.arg("-I").arg(package.join("Sources/TastekeeperFFI/include"));
    check.args(swift_files(&package.join("Sources/Tastekeeper")).map_err(failure)?);
    steps.run("code for Apple's frameworks", check)?;

    let mut screens = swift.command(steps, "swiftc", &[&root]);
    screens.args(["-frontend", "-parse", "-swift-version", "6"]);
    screens.args(swift_files(&root.join(SCREENS)).map_err(failure)?);
    steps.run("sample screens", screens)
}

/// The Swift files of a folder, in order; at least one.
fn swift_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = listed
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "swift"))
        .collect();
    files.sort();
    if files.is_empty() { Err(format!("{} has no Swift file", folder.display())) } else { Ok(files) }
}

/// Generates the Swift module of `library` into `folder`.
pub(crate) fn generate(steps: &Steps, library: &Path, folder: &Path) -> Result<PathBuf, String> {
    let mut bindgen = steps.cargo(&["run", "--locked", "--quiet", "-p", "tastekeeper-bindgen", "--"]);
    bindgen.args(["generate", "--language", "swift", "--no-format", "--out-dir"]).arg(folder).arg(library);
    let status = bindgen.status().map_err(|error| format!("cargo could not be run: {error}"))?;
    if status.success() { Ok(folder.to_path_buf()) } else { Err("bindgen failed".to_owned()) }
}

/// Puts what was generated where the package looks for it.
fn lay(generated: &Path, package: &Path) -> Result<(), String> {
    let sources = package.join("Sources");
    let copy = |name: &str, to: &Path, edit: fn(&str) -> String| {
        let said = |error: std::io::Error| format!("{name}: {error}");
        let text = std::fs::read_to_string(generated.join(name)).map_err(said)?;
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(said)?;
        }
        write_if_new(to, &edit(&text)).map_err(said)
    };
    let unchanged = |text: &str| text.to_owned();
    copy("TastekeeperCore.swift", &sources.join("TastekeeperCore/TastekeeperCore.swift"), unchanged)?;
    copy("TastekeeperFFI.h", &sources.join("TastekeeperFFI/include/TastekeeperFFI.h"), unchanged)?;
    copy(
        "TastekeeperFFI.modulemap",
        &sources.join("TastekeeperFFI/include/module.modulemap"),
        without_apple_modules,
    )
}

/// The module map without the modules that only Apple's systems have.
fn without_apple_modules(map: &str) -> String {
    map.lines()
        .filter(|line| !line.trim_start().starts_with("use "))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Makes a test of the first Swift listing of the package's README.
fn quick_start(package: &Path) -> Result<(), String> {
    let readme = package.join("README.md");
    let text = std::fs::read_to_string(&readme).map_err(|error| format!("{}: {error}", readme.display()))?;
    let listing = listing(&text, "swift").ok_or("the README of bindings/swift has no Swift listing")?;
    let file = package.join("Tests/TastekeeperTests/Generated/QuickStart.swift");
    let said = |error: std::io::Error| format!("{}: {error}", file.display());
    std::fs::create_dir_all(file.parent().unwrap_or(package)).map_err(said)?;
    write_if_new(&file, &as_test(listing)).map_err(said)
}

/// A Swift file whose one function does what the listing says, imports first.
fn as_test(listing: &str) -> String {
    let (imports, body) = imports_and_body(listing);
    format!("{imports}\n\nfunc quickStart(path: String) async throws {{\n{body}}}\n")
}

/// Writes a file unless it is there as it should be, so that what is built from it stays built.
fn write_if_new(file: &Path, text: &str) -> std::io::Result<()> {
    if std::fs::read_to_string(file).is_ok_and(|found| found == text) {
        return Ok(());
    }
    std::fs::write(file, text)
}

/// Swift 6.0 with the C library and the linker that it builds with. Debuggers, editors' helpers, the embedded and the static
/// libraries are left out: two thirds of it all.
const RECIPE: Recipe = Recipe {
    name: "swift",
    suite: "trixie",
    packages: &["swiftlang", "libc6-dev", "g++"],
    alone: &[],
    skipped: &[
        "libasan8_",
        "libhwasan0_",
        "liblsan0_",
        "libtsan2_",
        "libubsan1_",
        "cpp-14-x86-64",
        "libgprofng0_",
    ],
    pruned: &[
        "usr/share",
        "usr/bin/*lto-dump*",
        "usr/lib/python3*",
        "usr/libexec/gcc/*/*/cc1*",
        "usr/libexec/gcc/*/*/lto1",
        "usr/libexec/swift/bin/*lldb*",
        "usr/libexec/swift/bin/clangd",
        "usr/libexec/swift/bin/docc",
        "usr/libexec/swift/bin/sourcekit-lsp",
        "usr/libexec/swift/bin/swift-api-*",
        "usr/libexec/swift/bin/swift-format",
        "usr/libexec/swift/lib/libLTO*",
        "usr/libexec/swift/lib/liblldb*",
        "usr/libexec/swift/lib/libsourcekit*",
        "usr/libexec/swift/lib/swift/FrameworkABIBaseline",
        "usr/libexec/swift/lib/swift/embedded",
        "usr/libexec/swift/lib/swift_static",
        "usr/libexec/swift/local",
    ],
};

/// Where programs are: the compiler's, and what enters its root.
const PROGRAMS: &str = "/usr/libexec/swift/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Mounts the system's devices and processes and the folders `$2 ..` in the root `$1`, up to `--`, and runs the rest there.
const ENTER: &str = concat!(
    "set -eu; root=$1; shift; mkdir -p \"$root/tmp\"; ",
    "for at in /proc /dev; do mkdir -p \"$root$at\"; mount --rbind $at \"$root$at\"; done; ",
    "while [ \"$1\" != -- ]; do mkdir -p \"$root$1\"; mount --rbind \"$1\" \"$root$1\"; shift; done; ",
    "shift; exec chroot \"$root\" \"$@\"",
);

/// The compiler.
pub(crate) struct Swift {
    root: PathBuf,
}

impl Swift {
    /// The compiler, installed once; `part` is the command that is repeated when that fails.
    ///
    /// # Errors
    /// When it cannot be had, or nothing can be run in it.
    pub(crate) fn find(steps: &Steps, part: &str) -> Result<Self, Failure> {
        let root = debian::install(steps, &RECIPE, part)?;
        let swift = Self { root };
        let mut asked = swift.command(steps, "swiftc", &[]);
        asked.arg("--version");
        let failure = |reason: String| Failure {
            step: "swift".to_owned(),
            reason,
            repeat: format!("cargo xtask test {part}"),
        };
        let output = asked.output().map_err(|error| failure(format!("unshare could not be run: {error}")))?;
        if !output.status.success() {
            let said = [output.stderr, output.stdout].concat();
            let said = String::from_utf8_lossy(&said).trim().replace('\n', "; ");
            return Err(failure(format!(
                "the compiler does not run: {said}; it needs root, or user namespaces (sysctl kernel.unprivileged_userns_clone=1)"
            )));
        }
        Ok(swift)
    }

    /// What `unshare` takes in front of a program that runs in the compiler's root and sees the `folders` where they are.
    fn entered(&self, folders: &[&Path]) -> Vec<OsString> {
        let mut words: Vec<OsString> = ["--mount", "--propagation", "private"].map(Into::into).into();
        if !is_root() {
            words.push("--map-root-user".into());
        }
        words.extend(["sh", "-c", ENTER, "sh"].map(OsString::from));
        words.push(self.root.as_os_str().to_owned());
        words.extend(folders.iter().map(|folder| folder.as_os_str().to_owned()));
        words.push("--".into());
        words
    }

    /// One of the compiler's programs (`swift-build`, `swift-test`, `swiftc`), which sees the `folders` where they are.
    pub(crate) fn command(&self, steps: &Steps, program: &str, folders: &[&Path]) -> Command {
        let mut command = steps.command("unshare");
        command.args(self.entered(folders)).arg(format!("/usr/libexec/swift/bin/{program}"));
        command
            .env_clear()
            .env("PATH", PROGRAMS)
            .env("HOME", "/tmp")
            .env("LANG", "C.UTF-8")
            .env("CC", "clang")
            .env("RUST_BACKTRACE", "0");
        command
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_start_is_the_readmes() {
        assert_eq!(
            as_test("import A\n\nlet x = 1\nprint(x)"),
            "import A\n\nfunc quickStart(path: String) async throws {\n    \n    let x = 1\n    print(x)\n}\n"
        );
    }

    #[test]
    fn modules_of_apple_are_left_out() {
        let map = "module X {\n    header \"X.h\"\n    export *\n    use \"Darwin\"\n}\n";
        assert_eq!(without_apple_modules(map), "module X {\n    header \"X.h\"\n    export *\n}\n");
    }

    #[test]
    fn the_privacy_manifest_is_the_engines() {
        let root = crate::workspace_root();
        let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
        assert!(
            read("bindings/swift/Sources/Tastekeeper/PrivacyInfo.xcprivacy")
                == read("core/docs/disclosures/PrivacyInfo.xcprivacy"),
            "copy core/docs/disclosures/PrivacyInfo.xcprivacy over the package's"
        );
    }
}
