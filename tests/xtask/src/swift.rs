//! Swift on Linux: the compiler in a folder of its own, and commands that run in it.
//!
//! The compiler is Debian's, from a release whose C library is newer than that of most machines; so it runs with that folder as
//! its root (`chroot`), in a mount namespace of its own: what is mounted there is gone when the command ends, whatever happens
//! to it. It needs root, or a system that lets its users have namespaces.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian::{self, Recipe};
use crate::steps::{Failure, Steps};

/// Swift 6.0 with the C library and the linker that it builds with. Debuggers, editors' helpers, the embedded and the static
/// libraries are left out: two thirds of it all.
const RECIPE: Recipe = Recipe {
    name: "swift",
    suite: "trixie",
    packages: &["swiftlang", "libc6-dev", "g++"],
    alone: &[],
    skipped: &["libasan8_", "libhwasan0_", "liblsan0_", "libtsan2_", "libubsan1_", "cpp-14-x86-64", "libgprofng0_"],
    pruned: &[
        "usr/share",
        "usr/bin/*lto-dump*",
        "usr/lib/python3*",
        "usr/libexec/gcc/*/cc1*",
        "usr/libexec/gcc/*/lto1",
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

/// Mounts the system's devices and processes and the folders `$2 ..` in the root `$1`, up to `--`, and runs the rest there.
const ENTER: &str = concat!(
    "set -eu; root=$1; shift; ",
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
            let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
            return Err(failure(format!(
                "the compiler does not run: {said}; it needs root, or user namespaces (sysctl kernel.unprivileged_userns_clone=1)"
            )));
        }
        Ok(swift)
    }

    /// One of the compiler's programs (`swift-build`, `swift-test`, `swiftc`), which sees the `folders` where they are.
    pub(crate) fn command(&self, steps: &Steps, program: &str, folders: &[&Path]) -> Command {
        let mut command = steps.command("unshare");
        command.args(["--mount", "--propagation", "private"]);
        if !is_root() {
            command.args(["--map-root-user"]);
        }
        command.args(["sh", "-c", ENTER, "sh"]).arg(&self.root).args(folders).arg("--");
        command.arg(format!("/usr/libexec/swift/bin/{program}"));
        command
            .env_clear()
            .env("PATH", "/usr/libexec/swift/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
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
