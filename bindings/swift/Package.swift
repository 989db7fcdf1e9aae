// swift-tools-version:6.0
import PackageDescription

// On Apple's systems the engine is an XCFramework; `cargo xtask package apple` lays it beside this file.
// On Linux, for tests, it is the library that cargo built: TASTEKEEPER_LIBRARY names its folder.
#if os(Linux)
let library = Context.environment["TASTEKEEPER_LIBRARY"] ?? "../../target/debug"
let engine = Target.target(
    name: "TastekeeperFFI",
    linkerSettings: [
        .linkedLibrary("tastekeeper_ffi"),
        .unsafeFlags(["-L\(library)", "-Xlinker", "-rpath", "-Xlinker", library]),
    ]
)
#else
let engine = Target.binaryTarget(name: "TastekeeperFFI", path: "TastekeeperFFI.xcframework")
#endif

let package = Package(
    name: "Tastekeeper",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [
        .library(name: "Tastekeeper", targets: ["Tastekeeper"]),
        .library(name: "TastekeeperScreens", targets: ["TastekeeperScreens"]),
    ],
    targets: [
        engine,
        // generated: the engine's calls and records
        .target(name: "TastekeeperCore", dependencies: ["TastekeeperFFI"]),
        // what an app uses
        .target(
            name: "Tastekeeper",
            dependencies: ["TastekeeperCore"],
            resources: [.copy("PrivacyInfo.xcprivacy")]
        ),
        // what the screens of `examples/ios` show and do, without a user interface
        .target(name: "TastekeeperScreens", dependencies: ["Tastekeeper"]),
        // `cargo xtask bench swift`; in no product
        .executableTarget(name: "CallCosts", dependencies: ["Tastekeeper"], path: "Benchmarks"),
        .testTarget(name: "TastekeeperTests", dependencies: ["Tastekeeper", "TastekeeperScreens"]),
    ],
    swiftLanguageModes: [.v6]
)
