//! What an app for iOS or macOS takes: a Swift package with its XCFramework.
//!
//! Header and module map are in a folder of their own name: two packages that both lay a `module.modulemap` into `Headers` would
//! overwrite each other in Xcode's build folder.

use std::path::{Path, PathBuf};

use super::universal::{self, ARM64, Processor, X86_64};
use super::{HOST, Packaging, SHARED, STATIC, failure, said};
use crate::steps::Failure;
use crate::swift;

/// The least iOS.
pub(super) const IOS: &str = "15.0";
/// The least macOS.
pub(super) const MACOS: &str = "12.0";
/// What its name is, and that of the module in it.
const FRAMEWORK: &str = "TastekeeperFFI.xcframework";
const MODULE: &str = "TastekeeperFFI";

/// One library of the XCFramework: where it runs, and what it is joined from.
struct Slice {
    identifier: &'static str,
    platform: &'static str,
    is_simulator: bool,
    parts: &'static [(Processor, &'static str, &'static str)],
}

const SLICES: &[Slice] = &[
    Slice {
        identifier: "ios-arm64",
        platform: "ios",
        is_simulator: false,
        parts: &[(ARM64, "arm64", "aarch64-apple-ios")],
    },
    Slice {
        identifier: "ios-arm64_x86_64-simulator",
        platform: "ios",
        is_simulator: true,
        parts: &[(ARM64, "arm64", "aarch64-apple-ios-sim"), (X86_64, "x86_64", "x86_64-apple-ios")],
    },
    Slice {
        identifier: "macos-arm64_x86_64",
        platform: "macos",
        is_simulator: false,
        parts: &[(ARM64, "arm64", "aarch64-apple-darwin"), (X86_64, "x86_64", "x86_64-apple-darwin")],
    },
];

/// Files that must be there.
pub(super) const LAYOUT: &[&str] = &[
    "Package.swift",
    "README.md",
    "Sources/Tastekeeper/Personalizer.swift",
    "Sources/Tastekeeper/PrivacyInfo.xcprivacy",
    "Sources/TastekeeperCore/TastekeeperCore.swift",
    "Sources/TastekeeperScreens/ShopHome.swift",
    "TastekeeperFFI.xcframework/Info.plist",
    "TastekeeperFFI.xcframework/ios-arm64/Headers/TastekeeperFFI/TastekeeperFFI.h",
    "TastekeeperFFI.xcframework/ios-arm64/Headers/TastekeeperFFI/module.modulemap",
    "TastekeeperFFI.xcframework/ios-arm64/libtastekeeper_ffi.a",
    "TastekeeperFFI.xcframework/ios-arm64_x86_64-simulator/Headers/TastekeeperFFI/module.modulemap",
    "TastekeeperFFI.xcframework/ios-arm64_x86_64-simulator/libtastekeeper_ffi.a",
    "TastekeeperFFI.xcframework/macos-arm64_x86_64/Headers/TastekeeperFFI/module.modulemap",
    "TastekeeperFFI.xcframework/macos-arm64_x86_64/libtastekeeper_ffi.a",
];

/// Builds the libraries and lays out the package.
///
/// # Errors
/// The first step that fails.
pub(super) fn package(packaging: &mut Packaging<'_>) -> Result<(), Failure> {
    let library = packaging.out.join("symbols").join(HOST).join(SHARED);
    let generated = packaging.steps.target().join("package-generated").join("swift");
    swift::generate(packaging.steps, &library, &generated).map_err(failure)?;
    let read = |name: &str| {
        let file = generated.join(name);
        std::fs::read(&file).map_err(|error| said(&file, &error))
    };
    let (core, header, map) =
        (read("TastekeeperCore.swift")?, read("TastekeeperFFI.h")?, read("TastekeeperFFI.modulemap")?);

    for slice in SLICES {
        let mut archives = Vec::new();
        for (processor, _, target) in slice.parts {
            let built = packaging.library(target, "staticlib", &[])?;
            packaging.put(&built, &Path::new("symbols").join(target).join(STATIC))?;
            archives.push((*processor, std::fs::read(&built).map_err(|error| said(&built, &error))?));
        }
        let parts: Vec<_> =
            archives.iter().map(|(processor, bytes)| (*processor, bytes.as_slice())).collect();
        let joined = match parts.as_slice() {
            [(_, only)] => only.to_vec(),
            several => universal::join(several).map_err(failure)?,
        };
        let folder = Path::new("apple").join(FRAMEWORK).join(slice.identifier);
        packaging.write(&folder.join(STATIC), &joined)?;
        let headers = folder.join("Headers").join(MODULE);
        packaging.write(&headers.join("TastekeeperFFI.h"), &header)?;
        packaging.write(&headers.join("module.modulemap"), &map)?;
    }
    packaging.write(&Path::new("apple").join(FRAMEWORK).join("Info.plist"), property_list().as_bytes())?;

    let source = packaging.steps.root().join(swift::PACKAGE);
    for file in files_below(&source.join("Sources"))? {
        let place = file.strip_prefix(&source).unwrap_or(&file);
        // The engine is in the XCFramework, and what is generated there may be of a build with calls for tests.
        if !place.starts_with("Sources/TastekeeperFFI") && !place.starts_with("Sources/TastekeeperCore") {
            packaging.put(&file, &Path::new("apple").join(place))?;
        }
    }
    packaging.write(Path::new("apple/Sources/TastekeeperCore/TastekeeperCore.swift"), &core)?;
    packaging.put(&source.join("README.md"), Path::new("apple/README.md"))?;
    let manifest = source.join("Package.swift");
    let text = std::fs::read_to_string(&manifest).map_err(|error| said(&manifest, &error))?;
    packaging.write(Path::new("apple/Package.swift"), without_tests(&text).as_bytes())?;

    packaging.missing.push(
        "a dynamic framework with dSYMs: it needs Apple's linker. On a Mac with Xcode: rustup target add aarch64-apple-ios, \
         cargo rustc --locked --profile ship -p tastekeeper-ffi --crate-type cdylib --target aarch64-apple-ios, dsymutil on \
         what comes out, and xcodebuild -create-xcframework -framework; the static XCFramework here was compiled, but never \
         linked into an app"
            .to_owned(),
    );
    Ok(())
}

/// The manifest without the targets of tests and measurements, which are not packaged.
fn without_tests(manifest: &str) -> String {
    manifest
        .lines()
        .filter(|line| !line.contains(".testTarget(") && !line.contains(".executableTarget("))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// What Xcode reads of an XCFramework.
fn property_list() -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n\t<key>AvailableLibraries</key>\n\t<array>\n",
    );
    let mut key = |name: &str, value: &str| text += &format!("\t\t\t<key>{name}</key>\n\t\t\t{value}\n");
    for slice in SLICES {
        let string = |value: &str| format!("<string>{value}</string>");
        let processors: String = slice.parts.iter().map(|(_, name, _)| string(name)).collect();
        key("LibraryIdentifier", &string(slice.identifier));
        key("LibraryPath", &string(STATIC));
        key("BinaryPath", &string(STATIC));
        key("HeadersPath", &string("Headers"));
        key("SupportedArchitectures", &format!("<array>{processors}</array>"));
        key("SupportedPlatform", &string(slice.platform));
        if slice.is_simulator {
            key("SupportedPlatformVariant", &string("simulator"));
        }
    }
    // each library is a dictionary of its own
    let text =
        text.replace("\t\t\t<key>LibraryIdentifier", "\t\t</dict>\n\t\t<dict>\n\t\t\t<key>LibraryIdentifier");
    let text = text.replacen("\t\t</dict>\n", "", 1);
    text + "\t\t</dict>\n\t</array>\n\t<key>CFBundlePackageType</key>\n\t<string>XFWK</string>\n\
            \t<key>XCFrameworkFormatVersion</key>\n\t<string>1.0</string>\n</dict>\n</plist>\n"
}

/// Every file below a folder, in order.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| said(&folder, &error))? {
            let path = entry.map_err(|error| said(&folder, &error))?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_property_list_names_every_library_once() {
        let list = property_list();
        for slice in SLICES {
            assert_eq!(list.matches(&format!("<string>{}</string>", slice.identifier)).count(), 1);
        }
        for tag in ["dict", "array", "plist", "key", "string"] {
            let count = |mark: String| list.matches(&mark).count();
            let opened = count(format!("<{tag}>")) + count(format!("<{tag} "));
            assert_eq!(opened, count(format!("</{tag}>")), "{tag}");
        }
        assert_eq!(list.matches("<dict>").count(), 1 + SLICES.len());
        assert_eq!(list.matches("simulator</string>").count(), 2);
    }

    #[test]
    fn the_layout_is_that_of_the_slices() {
        for slice in SLICES {
            let archive = format!("{FRAMEWORK}/{}/{STATIC}", slice.identifier);
            assert!(LAYOUT.contains(&archive.as_str()), "{archive}");
        }
    }

    #[test]
    fn the_packaged_manifest_names_no_tests() {
        let root = crate::workspace_root();
        let manifest = std::fs::read_to_string(root.join(swift::PACKAGE).join("Package.swift")).unwrap();
        let packaged = without_tests(&manifest);
        assert!(manifest.contains("testTarget") && !packaged.contains("testTarget"));
        // of everything else the sources are there
        assert!(!packaged.contains("path: \"Benchmarks"), "{packaged}");
        assert_eq!(packaged.matches('(').count(), packaged.matches(')').count());
        assert_eq!(packaged.matches('[').count(), packaged.matches(']').count());
    }
}
