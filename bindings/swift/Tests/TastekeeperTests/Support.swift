import Foundation
import XCTest

@testable import Tastekeeper

/// A clock that a test sets.
final class TestClock: Tastekeeper.Clock, @unchecked Sendable {
    private let lock = NSLock()
    private var time: Int64

    init(_ time: Int64) { self.time = time }

    func nowMs() throws -> Int64 { lock.withLock { time } }

    func advance(milliseconds: Int64) { lock.withLock { time += milliseconds } }

    func advance(days: Int64) { advance(milliseconds: days * 86_400_000) }
}

/// Bytes of splitmix64, so that a run can be repeated.
final class TestRandom: SecureRandom, @unchecked Sendable {
    private let lock = NSLock()
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    func bytes(count: UInt32) throws -> Data {
        lock.withLock {
            var bytes = Data()
            while bytes.count < Int(count) {
                state &+= 0x9E37_79B9_7F4A_7C15
                var word = state
                word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
                word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
                word ^= word >> 31
                withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
            }
            return bytes.prefix(Int(count))
        }
    }
}

/// A folder that is gone with this object.
final class TemporaryFolder {
    let url: URL

    init() {
        url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "tastekeeper-\(UUID().uuidString)", isDirectory: true)
    }

    var storage: StorageFolder { StorageFolder(url) }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// 2026-01-01 in milliseconds.
let newYear: Int64 = 1_767_225_600_000

let consent = Consent(noticeVersion: "2026-01")

/// Three items in two categories.
let items = [
    Item(id: "boots", category: ["shoes", "boots"], brand: "Acme", price: 120, currency: "EUR"),
    Item(id: "clogs", category: ["shoes", "clogs"], brand: "Acme", price: 60, currency: "EUR"),
    Item(id: "kettle", category: ["kitchen"], price: 40, currency: "EUR"),
]

func view(_ id: String) -> Event { Event(kind: .viewItem, itemId: id) }

/// An engine in memory, at level Session, with ``items``.
func openEngine(clock: (any Tastekeeper.Clock)? = nil, random: (any SecureRandom)? = nil) throws -> Recommender {
    let engine = try Recommender.open(
        config: Config(), directory: nil, keys: nil, clock: clock, random: random)
    try engine.upsertItems(items: items)
    try engine.setLevel(level: .session, consent: consent)
    return engine
}

/// The variant's name of a `TastekeeperError` that `body` throws; fails the test when it throws none.
func thrown(
    file: StaticString = #filePath, line: UInt = #line, _ body: () throws -> Void
) -> String {
    do {
        try body()
    } catch let error as TastekeeperError {
        return String("\(error)".prefix { $0 != "(" })
    } catch {
        XCTFail("threw \(type(of: error)): \(error)", file: file, line: line)
        return ""
    }
    XCTFail("threw nothing", file: file, line: line)
    return ""
}
