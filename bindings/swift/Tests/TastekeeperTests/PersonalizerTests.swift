import Foundation
import XCTest

@testable import Tastekeeper

/// The actor over the engine.
final class PersonalizerTests: XCTestCase {
    private func open() async throws -> Personalizer {
        let shop = try await Personalizer.inMemory(clock: TestClock(newYear))
        try await shop.upsert(items)
        return shop
    }

    func testTheReadmesQuickStartRuns() async throws {
        let folder = TemporaryFolder()
        try await quickStart(path: folder.url.path)
        XCTAssertTrue(FileManager.default.fileExists(atPath: folder.url.path))
    }

    func testWhatIsKeptSurvivesARestart() async throws {
        let (folder, keys) = (TemporaryFolder(), MemoryKeys())
        var shop = try await Personalizer.onDevice(folder: folder.storage, keys: keys)
        try await shop.setLevel(.onDevice, consent: consent)
        try await shop.track(view("boots"))
        try await shop.close()

        shop = try await Personalizer.onDevice(folder: folder.storage, keys: keys)
        let kept = try await shop.history().map(\.items)
        XCTAssertEqual(kept, [["boots"]])
        let isDurable = try await shop.isDurable()
        XCTAssertTrue(isDurable)
        try await shop.close()

        try await Personalizer.reset(folder: folder.storage, keys: keys)
        shop = try await Personalizer.onDevice(folder: folder.storage, keys: keys)
        let state = try await shop.consentState()
        XCTAssertEqual(state, .notAsked)
        try await shop.close()
    }

    func testWithoutAKeyItGoesOnInMemoryAndWritesNothing() async throws {
        final class Locked: KeyCustodian, @unchecked Sendable {
            func load(name: String) throws -> Data? { throw HostError.Unavailable }
            func store(name: String, key: Data) throws { throw HostError.Unavailable }
            func destroy(name: String) throws { throw HostError.Unavailable }
        }
        let folder = TemporaryFolder()
        let shop = try await Personalizer.onDeviceOrInMemory(folder: folder.storage, keys: Locked())
        let isDurable = try await shop.isDurable()
        XCTAssertFalse(isDurable)
        try await shop.setLevel(.onDevice, consent: consent)
        let tracked = try await shop.track(view("a very readable id"))
        XCTAssertEqual(tracked, .stored)
        for file in try FileManager.default.subpathsOfDirectory(atPath: folder.url.path) {
            let content = try? Data(contentsOf: folder.url.appendingPathComponent(file))
            XCTAssertNil(content?.range(of: Data("readable".utf8)), file)
        }
        try await shop.close()
    }

    func testAFolderThatCannotBeMadeIsNamedWithoutItsPath() async throws {
        do {
            _ = try await Personalizer.onDevice(
                folder: StorageFolder(URL(fileURLWithPath: "/proc/no such place")), keys: MemoryKeys())
            XCTFail("opened")
        } catch {
            XCTAssertTrue("\(error)".hasPrefix("StorageUnavailable"), "\(error)")
            XCTAssertFalse("\(error)".contains("no such place"), "\(error)")
        }
    }

    func testTheAnswerIsRefreshedAfterWhatIsLearnedAndNotOtherwise() async throws {
        let shop = try await open()
        try await shop.setLevel(.session, consent: consent)
        let request = Request(kind: .recentlyViewed)
        var answers = await shop.recommendations(for: request).makeAsyncIterator()
        var ids = try await answers.next()?.items.map(\.itemId)
        XCTAssertEqual(ids, [])
        try await shop.track(Event(kind: .viewCart))
        try await shop.track(view("boots"))
        ids = try await answers.next()?.items.map(\.itemId)
        XCTAssertEqual(ids, ["boots"])
        try await shop.track([view("clogs"), view("kettle")])
        ids = try await answers.next()?.items.map(\.itemId)
        XCTAssertEqual(ids, ["kettle", "clogs", "boots"])
        try await shop.forget(.item(id: "clogs"))
        ids = try await answers.next()?.items.map(\.itemId)
        XCTAssertEqual(ids, ["kettle", "boots"])
        try await shop.close()
        ids = try await answers.next()?.items.map(\.itemId)
        XCTAssertNil(ids)
    }

    func testAStreamOfARequestThatIsWrongThrowsWhy() async throws {
        let shop = try await open()
        do {
            for try await _ in await shop.recommendations(for: Request(kind: .forYou, count: 0)) { XCTFail("answered") }
            XCTFail("ended")
        } catch TastekeeperError.InvalidArgument(let message) {
            XCTAssertTrue(message.contains("count"), message)
        }
    }

    func testTheLevelsAreThoseThatWereInForce() async throws {
        let shop = try await open()
        var levels = await shop.levels().makeAsyncIterator()
        var level = await levels.next()
        XCTAssertEqual(level, .off)
        try await shop.setLevel(.onDevice, consent: consent)
        level = await levels.next()
        XCTAssertEqual(level, .onDevice)
        try await shop.track(view("boots"))
        try await shop.setProtected(true)
        level = await levels.next()
        XCTAssertEqual(level, .session)
        try await shop.close()
        level = await levels.next()
        XCTAssertNil(level)
    }

    func testAStreamThatNobodyReadsAnyMoreIsForgotten() async throws {
        let shop = try await open()
        let task = Task {
            for await _ in await shop.levels() {}
        }
        while await shop.watcherCount == 0 { await Task.yield() }
        task.cancel()
        while await shop.watcherCount > 0 { await Task.yield() }
        try await shop.close()
    }

    func testAPersonalizerThatIsLeftBehindLetsGoOfItsKeys() async throws {
        weak var freed: MemoryKeys?
        let folder = TemporaryFolder()
        do {
            let keys = MemoryKeys()
            freed = keys
            let shop = try await Personalizer.onDevice(folder: folder.storage, keys: keys)
            try await shop.setLevel(.onDevice, consent: consent)
        }
        for _ in 0..<1_000 where freed != nil { try await Task.sleep(nanoseconds: 1_000_000) }
        XCTAssertNil(freed)
    }

    func testManyTasksAtOnce() async throws {
        let shop = try await open()
        try await shop.setLevel(.session, consent: consent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<16 {
                group.addTask {
                    try await shop.track(view(items[task % 3].id))
                    _ = try await shop.recommend(Request(kind: .forYou))
                }
            }
            try await group.waitForAll()
        }
        let events = try await shop.profile().events
        XCTAssertEqual(events, 16)
        try await shop.close()
    }

    func testTheLibraryNamesItsVersionAndCommit() throws {
        XCTAssertEqual(try version().split(separator: ".").count, 3)
        XCTAssertFalse(try gitSha().isEmpty)
    }

    func testRecordsTravelBetweenTasks() {
        func requireSendable<T: Sendable>(_: T.Type) {}
        requireSendable(Event.self)
        requireSendable(Item.self)
        requireSendable(Request.self)
        requireSendable(Recommendations.self)
        requireSendable(HistoryEntry.self)
        requireSendable(ReportPreview.self)
        requireSendable(TastekeeperError.self)
        requireSendable(Personalizer.self)
    }
}
