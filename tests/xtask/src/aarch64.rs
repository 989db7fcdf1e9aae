//! The part `aarch64`: the engine's tests, executed as 64-bit ARM.
//!
//! Phones are ARM, machines that build are not. The tests are compiled for `aarch64-unknown-linux-gnu` and run in qemu, once on
//! a processor with everything that qemu knows and once, where numbers are made, on one of 2016 without the newer instructions.
//! A score that differed by one bit would fail the tests that compare with stored bytes.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian::{self, Recipe};
use crate::steps::{Failure, Steps};

/// The target that is built for.
pub(crate) const TARGET: &str = "aarch64-unknown-linux-gnu";

/// A compiler with the standard library of two processors and its source for others, the C compiler that links (and compiles
/// what the tests' own dependencies have in C), and qemu.
const RECIPE: Recipe = Recipe {
    name: "aarch64",
    suite: "bookworm",
    packages: &["rustc-web", "gcc-12-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user-static"],
    alone: &["libstd-rust-web-dev:arm64", "rust-web-src"],
    // The system's own C library and compiler are used, so these must not be found before them.
    skipped: &[
        "binutils-x86-64-linux-gnu_",
        "cpp-12_",
        "gcc-12_",
        "libasan8_",
        "libc6-dev_",
        "libc6_",
        "libgcc-12-dev_",
        "libgcc-s1_",
        "liblsan0_",
        "libstdc++6_",
        "libtsan2_",
        "libubsan1_",
        "linux-libc-dev_",
    ],
    pruned: &[
        "usr/share",
        "usr/bin/qemu-[!a]*",
        "usr/bin/qemu-a[!a]*",
        "usr/bin/*lto-dump*",
        "usr/bin/rustdoc",
    ],
};

/// Tests of the engine as a whole whose outcome hangs on numbers, on bytes, or on files, and which take seconds in an emulator.
const WHOLE: &[&str] = &[
    "a_known_pack_is_known_again",
    "explanations_sum_to_the_score",
    "hard_filters_hold",
    "nothing_readable_at_rest",
    "old_bytes_stay_closed",
    "only_signed_packs_open",
    "same_input_same_output",
    "store_format_is_stable",
    "store_in_a_directory",
];

/// Always named together: each selection has its own features of what they depend on, and would be compiled for itself.
const PACKAGES: &[&str] = &["tastekeeper-kernels", "tastekeeper", "tastekeeper-tests"];
/// A processor of 2016, without 8-bit dot products.
const OLD: &str = "cortex-a72";
/// The engine's modules that make numbers; a kernel that one processor has and another has not is the most likely to differ.
const NUMBERS: &[&str] =
    &["dense::", "kernel_tests::", "nh::", "ranking::", "model::", "policy::", "report::", "explain::"];

/// Runs the engine's tests in qemu; installs the compilers once.
///
/// # Errors
/// The first step that fails, a compiler that cannot be had among them.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let compilers = Compilers::find(steps, "aarch64")?;
    let cargo = |steps: &Steps, options: &[&str]| {
        let mut tests = compilers.cargo(steps, &["test", "--locked", "--lib"]);
        tests.args(options).args(PACKAGES.iter().flat_map(|package| ["-p", package]));
        tests
    };
    let mut tests = cargo(steps, &["--no-fail-fast"]);
    tests.args(WHOLE.iter().flat_map(|test| ["--test", test]));
    compilers.execute_on(&mut tests, "max");
    steps.run_tests("engine on aarch64", tests)?;

    let mut tests = cargo(steps, &[]);
    tests.arg("--").args(NUMBERS);
    compilers.execute_on(&mut tests, OLD);
    steps.run_tests("numbers on an aarch64 of 2016", tests)
}

/// What compiles for [`TARGET`] and executes it.
pub(crate) struct Compilers {
    folder: PathBuf,
    target: PathBuf,
}

impl Compilers {
    /// The compilers, installed once; `part` is the command that is repeated when that fails.
    ///
    /// # Errors
    /// When they cannot be had.
    pub(crate) fn find(steps: &Steps, part: &str) -> Result<Self, Failure> {
        let folder = debian::install(steps, &RECIPE, part)?;
        let compilers = Self { folder, target: steps.target().join("aarch64") };
        compilers.write_programs().map_err(|error| Failure {
            step: "install aarch64".to_owned(),
            reason: format!("{}: {error}", compilers.folder.display()),
            repeat: format!("cargo xtask test {part}"),
        })?;
        Ok(compilers)
    }

    /// Programs that find their libraries in the folder. Written only when they differ: cargo looks at their age.
    fn write_programs(&self) -> std::io::Result<()> {
        for (name, program, arguments) in [
            ("rustc", "rustc", String::new()),
            ("cc", "aarch64-linux-gnu-gcc-12", format!(" --sysroot='{}'", self.folder.display())),
            ("ar", "aarch64-linux-gnu-ar", String::new()),
            ("strip", "aarch64-linux-gnu-strip", String::new()),
            ("objcopy", "aarch64-linux-gnu-objcopy", String::new()),
        ] {
            let text = format!(
                "#!/bin/sh\nLD_LIBRARY_PATH='{0}/usr/lib/x86_64-linux-gnu' exec '{0}/usr/bin/{program}'{arguments} \"$@\"\n",
                self.folder.display()
            );
            write_program(&self.program(name), &text)?;
        }
        Ok(())
    }

    /// One of the programs `rustc`, `cc`, `ar`, `strip` and `objcopy`.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(format!("run-{name}"))
    }

    /// The target folder, which no other compiler shares.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// A cargo command that builds for [`TARGET`].
    pub(crate) fn cargo(&self, steps: &Steps, arguments: &[&str]) -> Command {
        let mut command = steps.cargo(&arguments[..1]);
        command.args(["--target", TARGET]).args(&arguments[1..]);
        command
            .env("CARGO_TARGET_DIR", &self.target)
            .env("RUSTC", self.program("rustc"))
            .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", self.program("cc"))
            .env("CC_aarch64_unknown_linux_gnu", self.program("cc"))
            .env("AR_aarch64_unknown_linux_gnu", self.program("ar"))
            .env("RUST_BACKTRACE", "0");
        command
    }

    /// Has cargo execute what it builds, on the processor `cpu`.
    fn execute_on(&self, command: &mut Command, cpu: &str) {
        let folder = self.folder.join("usr");
        let runner = format!(
            "{}/bin/qemu-aarch64-static -cpu {cpu} -L {}/aarch64-linux-gnu",
            folder.display(),
            folder.display()
        );
        command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", runner);
    }
}

/// Writes a program unless it is there as it should be.
fn write_program(file: &Path, text: &str) -> std::io::Result<()> {
    if std::fs::read_to_string(file).is_ok_and(|found| found == text) {
        return Ok(());
    }
    std::fs::write(file, text)?;
    make_executable(file)
}

#[cfg(unix)]
fn make_executable(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_file: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compilers() -> Compilers {
        Compilers { folder: "/cache/aarch64".into(), target: "/target/aarch64".into() }
    }

    #[test]
    fn cargo_builds_with_these_compilers_only() {
        let steps = Steps::new(PathBuf::from("/checkout"), None);
        let mut command = compilers().cargo(&steps, &["test", "-p", "x"]);
        compilers().execute_on(&mut command, "max");
        let arguments: Vec<_> = command.get_args().collect();
        assert_eq!(arguments, ["test", "--target", TARGET, "-p", "x"]);
        let value = |name: &str| {
            let found = command.get_envs().find(|(known, _)| *known == name);
            found.and_then(|(_, value)| value).unwrap().to_string_lossy().into_owned()
        };
        assert_eq!(value("RUSTC"), "/cache/aarch64/run-rustc");
        assert_eq!(value("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER"), "/cache/aarch64/run-cc");
        assert!(value("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER").contains("-cpu max -L /cache"));
    }

    #[cfg(unix)]
    #[test]
    fn programs_are_written_once() {
        let file = std::env::temp_dir().join(format!("tastekeeper-program-{}", std::process::id()));
        write_program(&file, "#!/bin/sh\nexit 7\n").unwrap();
        let written = std::fs::metadata(&file).unwrap().modified().unwrap();
        write_program(&file, "#!/bin/sh\nexit 7\n").unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), written);
        assert_eq!(Command::new(&file).status().unwrap().code(), Some(7));
        std::fs::remove_file(&file).unwrap();
    }
}
