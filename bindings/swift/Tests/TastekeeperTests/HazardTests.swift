import Foundation
import XCTest

@testable import Tastekeeper

/// What only a binding can get wrong.
final class HazardTests: XCTestCase {
    /// A clock, random source and custodian in one that fails as it is told to.
    private final class Failing: Tastekeeper.Clock, SecureRandom, KeyCustodian, @unchecked Sendable {
        let error: any Error

        init(_ error: any Error) { self.error = error }

        func nowMs() throws -> Int64 { throw error }
        func bytes(count: UInt32) throws -> Data { throw error }
        func load(name: String) throws -> Data? { throw error }
        func store(name: String, key: Data) throws { throw error }
        func destroy(name: String) throws { throw error }
    }

    /// An error that no interface declares, with a text that must not travel.
    private struct Undeclared: Error, CustomStringConvertible {
        let description = "secret of the app"
    }

    func testADeclaredErrorOfTheAppBecomesTheEngines() {
        for error in [HostError.Unavailable, HostError.Refused] {
            let folder = TemporaryFolder()
            let name = thrown {
                _ = try Recommender.open(
                    config: Config(), directory: folder.storage.prepare(), keys: Failing(error), clock: nil,
                    random: nil)
            }
            XCTAssertEqual(name, "KeyUnavailable")
        }
        XCTAssertEqual(
            thrown { _ = try openEngine(clock: Failing(HostError.Refused)) }, "InvalidArgument")
    }

    func testAnUndeclaredErrorOfTheAppBecomesTheEnginesWithoutItsText() {
        let folder = TemporaryFolder()
        do {
            _ = try Recommender.open(
                config: Config(), directory: folder.storage.prepare(), keys: Failing(Undeclared()), clock: nil,
                random: nil)
            XCTFail("opened")
        } catch let error as TastekeeperError {
            XCTAssertTrue("\(error)".hasPrefix("KeyUnavailable"), "\(error)")
            XCTAssertFalse("\(error)".contains("secret"), "\(error)")
        } catch {
            XCTFail("\(error)")
        }
        XCTAssertEqual(thrown { _ = try openEngine(clock: Failing(Undeclared())) }, "InvalidArgument")
    }

    func testARandomSourceThatGivesTooLittleIsRefused() throws {
        final class Short: SecureRandom, @unchecked Sendable {
            func bytes(count: UInt32) throws -> Data { Data(count: Int(count) - 1) }
        }
        let folder = TemporaryFolder()
        let name = thrown {
            let engine = try Recommender.open(
                config: Config(), directory: folder.storage.prepare(), keys: MemoryKeys(), clock: nil,
                random: Short())
            try engine.setLevel(level: .onDevice, consent: consent)
        }
        XCTAssertEqual(name, "RandomUnavailable")
    }

    func testAPanicIsAnErrorAndTheEngineGoesOn() throws {
        let engine = try openEngine()
        for _ in 0..<3 {
            XCTAssertThrowsError(try engine.provokePanic()) { error in
                XCTAssertTrue("\(error)".contains("provoked"), "\(error)")
            }
        }
        XCTAssertEqual(try engine.track(event: view("boots")), .sessionOnly)
    }

    func testEveryCallAfterCloseIsClosed() throws {
        let engine = try openEngine()
        try engine.close()
        try engine.close()
        let calls: [(Recommender) throws -> Void] = [
            { _ = try $0.level() },
            { _ = try $0.isDurable() },
            { _ = try $0.track(event: view("boots")) },
            { _ = try $0.trackAll(events: []) },
            { _ = try $0.recommend(request: Request(kind: .forYou)) },
            { _ = try $0.history(limit: 1, beforeMs: nil) },
            { _ = try $0.exportData() },
            { try $0.setLevel(level: .off, consent: nil) },
            { _ = try $0.forget(scope: .everything) },
            { try $0.upsertItems(items: []) },
            { _ = try $0.stats() },
        ]
        for call in calls { XCTAssertEqual(thrown { try call(engine) }, "Closed") }
    }

    func testEightThreadsAtOnce() throws {
        let engine = try openEngine()
        let failures = Failures()
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for turn in 0..<50 {
                do {
                    _ = try engine.track(event: view(items[(thread + turn) % items.count].id))
                    let answer = try engine.recommend(request: Request(kind: .forYou, count: 3))
                    if let first = answer.items.first {
                        _ = try engine.explain(recommendationId: answer.recommendationId, itemId: first.itemId)
                    }
                } catch { failures.add("\(error)") }
            }
        }
        // Another thread's answers may have pushed this one's out of the 32 that are remembered; nothing else may fail.
        XCTAssertEqual(failures.all.filter { !$0.contains("recommendation_id") }, [])
        XCTAssertEqual(try engine.profile().events, 400)
    }

    func testACallOutOfACallbackIsRefusedAndDoesNotHang() throws {
        final class Reentrant: Tastekeeper.Clock, @unchecked Sendable {
            var engine: Recommender?
            var said = ""
            func nowMs() throws -> Int64 {
                if let engine { said = thrown { _ = try engine.level() } }
                return newYear
            }
        }
        let clock = Reentrant()
        let engine = try openEngine(clock: clock)
        clock.engine = engine
        _ = try engine.level()
        XCTAssertEqual(clock.said, "InvalidArgument")
        clock.engine = nil
    }

    func testIdsOfEveryScriptComeBackAsTheyWere() throws {
        let ids = ["Stiefel-ä-ß", "ботинки", "靴", "👢🏽👨‍👩‍👧", "حذاء", "e\u{301}", "\u{e9}"]
        let engine = try openEngine()
        try engine.upsertItems(items: ids.map { Item(id: $0, category: ["сапоги"]) })
        _ = try engine.trackAll(events: ids.map(view))
        let seen = try engine.history(limit: 100, beforeMs: nil).flatMap(\.items)
        // scalar by scalar: Swift's == would take the two é for one
        XCTAssertEqual(Set(seen.map { Array($0.unicodeScalars) }), Set(ids.map { Array($0.unicodeScalars) }))
    }

    func testEmptyListsAreFine() throws {
        let engine = try openEngine()
        XCTAssertEqual(try engine.trackAll(events: []), [])
        try engine.upsertItems(items: [])
        try engine.patchItems(patches: [])
        try engine.removeItems(ids: [])
        XCTAssertEqual(try engine.rerank(itemIds: [], context: nil).items, [])
        XCTAssertEqual(try eventsFromGa4(json: "[]"), [])
    }

    func testNumbersThatAreNoneAreNamed() throws {
        let engine = try openEngine()
        for value in [Double.nan, .infinity, -.infinity, -1] {
            XCTAssertEqual(
                thrown { try engine.upsertItems(items: [Item(id: "x", price: value, currency: "EUR")]) },
                "InvalidArgument")
            XCTAssertEqual(
                thrown { _ = try engine.recommend(request: Request(kind: .forYou, rotationRate: value)) },
                "InvalidArgument")
        }
        XCTAssertEqual(
            thrown { _ = try engine.track(event: Event(kind: .rate(value: .nan), itemId: "boots")) },
            "InvalidArgument")
    }

    func testWholeNumbersKeepEveryBit() throws {
        let engine = try openEngine()
        for seed in [0, 1, UInt64(Int64.max), UInt64(Int64.max) + 1, .max] {
            let request = Request(kind: .trending(category: nil), seed: seed)
            let one = try engine.recommend(request: request).items
            XCTAssertEqual(one, try engine.recommend(request: request).items)
        }
        XCTAssertEqual(try engine.forget(scope: .event(event: .max)), 0)
        XCTAssertEqual(
            thrown { _ = try engine.recommend(request: Request(kind: .forYou, count: .max)) }, "InvalidArgument")
        for time in [Int64.min, -1, .max] {
            _ = try? engine.history(limit: 10, beforeMs: time)
            _ = try? engine.track(event: Event(kind: .viewItem, itemId: "boots", timestampMs: time))
        }
        XCTAssertEqual(try engine.level(), .session)
    }

    func testTheAppsClassesAreFreedWhenItIsClosed() throws {
        weak var freedKeys: MemoryKeys?
        weak var freedClock: TestClock?
        let folder = TemporaryFolder()
        let engine: Recommender
        do {
            let (keys, clock) = (MemoryKeys(), TestClock(newYear))
            (freedKeys, freedClock) = (keys, clock)
            engine = try Recommender.open(
                config: Config(), directory: folder.storage.prepare(), keys: keys, clock: clock, random: nil)
        }
        XCTAssertNotNil(freedKeys)
        try engine.close()
        XCTAssertNil(freedKeys)
        XCTAssertNil(freedClock)
    }

    func testTheAppsClassesAreFreedWithTheLastReference() throws {
        weak var freed: TestClock?
        do {
            let clock = TestClock(newYear)
            freed = clock
            let engine = try openEngine(clock: clock)
            XCTAssertEqual(try engine.level(), .session)
        }
        XCTAssertNil(freed)
    }

    func testTenThousandObjectsLeaveNothingBehind() throws {
        final class Counted: Tastekeeper.Clock, @unchecked Sendable {
            static let living = Living()
            init() { Self.living.add(1) }
            deinit { Self.living.add(-1) }
            func nowMs() throws -> Int64 { newYear }
        }
        func open(_ count: Int) throws {
            for _ in 0..<count {
                let engine = try Recommender.open(
                    config: Config(), directory: nil, keys: nil, clock: Counted(), random: nil)
                _ = try engine.stats()
            }
        }
        try open(1_000)
        let before = residentBytes()
        try open(10_000)
        XCTAssertEqual(Counted.living.count, 0)
        // A leak of 100 bytes for each would be 1 MB; the allocator's own coming and going is less than 4.
        XCTAssertLessThan(residentBytes() - before, 4 << 20)
    }
}

/// Messages of several threads.
private final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private var messages: [String] = []

    func add(_ message: String) { lock.withLock { messages.append(message) } }

    var all: [String] { lock.withLock { messages } }
}

/// A count of several threads.
private final class Living: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0

    func add(_ change: Int) { lock.withLock { value += change } }

    var count: Int { lock.withLock { value } }
}

/// Bytes of this process in memory.
private func residentBytes() -> Int {
    guard let pages = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ") else {
        return 0
    }
    return (Int(pages[1]) ?? 0) * 4096
}
