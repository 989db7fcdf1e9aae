//! What an app for Android takes: the parts of an AAR.
//!
//! Shared libraries are linked with Google's NDK when `ANDROID_NDK_HOME` names one. Without it the same code is compiled for every
//! processor and kept as archives: it shows that it compiles, and is nothing an app can load.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Packaging, SHARED, STATIC, failure, missing_of};
use crate::steps::Failure;

/// Names the folder of the NDK.
const NDK: &str = "ANDROID_NDK_HOME";
/// The least Android: 7.0.
const API: &str = "24";
/// The folder of the Kotlin package.
const KOTLIN: &str = "bindings/kotlin/android";

/// A processor of Android phones: the compiler's name of it, the AAR's, and the NDK's.
struct Abi {
    target: &'static str,
    name: &'static str,
    ndk: &'static str,
}

const ABIS: &[Abi] = &[
    Abi { target: "aarch64-linux-android", name: "arm64-v8a", ndk: "aarch64-linux-android" },
    Abi { target: "armv7-linux-androideabi", name: "armeabi-v7a", ndk: "armv7a-linux-androideabi" },
    Abi { target: "x86_64-linux-android", name: "x86_64", ndk: "x86_64-linux-android" },
];

/// Whether every processor has a library, to load or at least compiled.
pub(super) fn check(folder: &Path) -> Result<(), String> {
    for abi in ABIS {
        let shared = format!("jni/{}/{SHARED}", abi.name);
        let compiled = format!("compiled/{}/{STATIC}", abi.name);
        missing_of(folder, &[&shared]).or_else(|_| missing_of(folder, &[&compiled]))?;
    }
    Ok(())
}

/// Builds the libraries and lays out the AAR's parts.
///
/// # Errors
/// The first step that fails.
pub(super) fn package(packaging: &mut Packaging<'_>) -> Result<(), Failure> {
    let ndk = std::env::var_os(NDK).filter(|value| !value.is_empty()).map(PathBuf::from);
    for abi in ABIS {
        if let Some(ndk) = &ndk {
            let built = shared_library(packaging, ndk, abi)?;
            packaging.keep(&built, abi.target, Command::new(tools(ndk).join("llvm-strip")))?;
            let stripped = packaging.out.join("lib").join(abi.target).join(SHARED);
            packaging.put(&stripped, &Path::new("android/jni").join(abi.name).join(SHARED))?;
        } else {
            let built = packaging.library(abi.target, "staticlib", &[])?;
            let place = Path::new("android/compiled").join(abi.name).join(STATIC);
            packaging.put(&built, &place)?;
        }
    }
    if ndk.is_none() {
        packaging.missing.push(format!(
            "an AAR: its shared libraries need Android's linker. Install the NDK (27 or later) and run it again with {NDK} \
             set to its folder; the code was compiled for {}, never linked",
            ABIS.iter().map(|abi| abi.name).collect::<Vec<_>>().join(", ")
        ));
    }
    packaging.missing.push(
        "android/classes.jar: Maven builds it from bindings/kotlin; an AAR is it, the manifest, proguard.txt and jni in one zip"
            .to_owned(),
    );
    for (from, to) in [
        ("src/main/AndroidManifest.xml", "android/AndroidManifest.xml"),
        ("consumer-rules.pro", "android/proguard.txt"),
    ] {
        let file = packaging.steps.root().join(KOTLIN).join(from);
        if file.is_file() {
            packaging.put(&file, Path::new(to))?;
        } else {
            packaging.missing.push(format!("{to}: {KOTLIN}/{from} is not there"));
        }
    }
    Ok(())
}

fn tools(ndk: &Path) -> PathBuf {
    ndk.join("toolchains/llvm/prebuilt/linux-x86_64/bin")
}

/// A shared library, linked by the NDK's compiler for pages of 16 KiB.
fn shared_library(packaging: &mut Packaging<'_>, ndk: &Path, abi: &Abi) -> Result<PathBuf, Failure> {
    let linker = tools(ndk).join(format!("{}{API}-clang", abi.ndk));
    if !linker.is_file() {
        return Err(failure(format!("{NDK} names a folder without {}", linker.display())));
    }
    let variable = abi.target.to_uppercase().replace('-', "_");
    let environment = [
        (format!("CARGO_TARGET_{variable}_LINKER"), linker),
        (format!("CARGO_TARGET_{variable}_RUSTFLAGS"), "-C link-arg=-Wl,-z,max-page-size=16384".into()),
    ];
    packaging.library(abi.target, "cdylib", &environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_needs_a_library() {
        let folder = std::env::temp_dir().join(format!("tastekeeper-aar-{}", std::process::id()));
        for (place, abi) in ABIS.iter().enumerate() {
            assert!(check(&folder).unwrap_err().contains(abi.name));
            let file = match place {
                0 => folder.join("jni").join(abi.name).join(SHARED),
                _ => folder.join("compiled").join(abi.name).join(STATIC),
            };
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, "").unwrap();
            assert!(check(&folder).is_err(), "an empty file is none");
            std::fs::write(&file, "x").unwrap();
        }
        assert_eq!(check(&folder), Ok(()));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
