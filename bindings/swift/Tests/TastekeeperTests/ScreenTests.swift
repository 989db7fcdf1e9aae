import Foundation
import Testing

@testable import Tastekeeper
@testable import TastekeeperScreens

private let why = WhyThis(names: { ["boots": "Boots", "clogs": "Clogs", "kettle": "Kettle"][$0] })

@MainActor
private func openShop(
    _ level: PersonalizationLevel = .onDevice, clock: TestClock = TestClock(newYear)
) async throws -> Personalizer {
    let shop = try await Personalizer.inMemory(clock: clock)
    try await shop.upsert(items)
    if level != .off { try await shop.setLevel(level, consent: consent) }
    return shop
}

/// Waits until a screen shows what it should; a test's time limit ends it otherwise.
@MainActor
private func until(_ condition: () async -> Bool) async {
    while await !condition() { await Task.yield() }
}

@Suite(.timeLimit(.minutes(2)))
@MainActor
struct ScreenTests {
    @Test func theSwitchAsksBeforeAStepUpAndNotBeforeAStepDown() async throws {
        let shop = try await openShop(.off)
        let picker = LevelPicker(shop)
        picker.start()
        #expect(picker.state.steps == [.off, .session, .onDevice, .shared])

        await picker.choose(.onDevice)
        #expect(picker.state.asked == .onDevice)
        #expect(try await shop.level() == .off)
        picker.refuse()
        #expect(picker.state.asked == nil)
        await picker.agree(consent)
        #expect(try await shop.level() == .off)

        await picker.choose(.onDevice)
        await picker.agree(consent)
        #expect(picker.state.level == .onDevice)
        try await shop.track(view("boots"))

        await picker.choose(.session)
        #expect(picker.state.asked == nil)
        #expect(try await shop.level() == .session)
        #expect(picker.state.problem == nil)

        // the engine's own changes are seen too
        try await shop.setLevel(.off)
        await until { picker.state.level == .off }
        try await shop.close()
        await picker.choose(.session)
        await picker.agree(consent)
        #expect(picker.state.problem != nil)
    }

    @Test func aLevelThatComesBackIsShown() async throws {
        let shop = try await openShop(.session)
        let picker = LevelPicker(shop)
        picker.start()
        await until { picker.state.level == .session }
        for _ in 0..<50 {
            await picker.choose(.off)
            try await shop.setLevel(.session, consent: consent)
            await until { picker.state.level == .session }
        }
        try await shop.close()
    }

    @Test func whatWasReadEarlierNeverCoversWhatWasReadLater() async {
        let holder = StateHolder("nothing")
        var answer: CheckedContinuation<String, Never>?
        let slow = Task {
            await holder.read({ await withCheckedContinuation { answer = $0 } }, into: { $0 = $1 })
        }
        await until { answer != nil }
        await holder.read({ "later" }, into: { $0 = $1 })
        answer?.resume(returning: "earlier")
        await slow.value
        #expect(holder.state == "later")
    }

    @Test func theSwitchOffersWhatTheAppDoes() async throws {
        let shop = try await openShop(.off)
        let picker = LevelPicker(shop, upTo: .onDevice)
        #expect(picker.state.steps == [.off, .session, .onDevice])
        await picker.choose(.shared)
        #expect(picker.state.asked == nil)
    }

    @Test func theHomePageKeepsUp() async throws {
        let shop = try await openShop()
        let home = ShopHome(shop, why: why)
        let shown = Task { await home.show() }
        await until { home.state.rows[.recentlyViewed] != nil }
        try await shop.track([view("boots"), view("clogs")])
        await until { home.state.rows[.recentlyViewed]?.map(\.title) == ["Clogs", "Boots"] }
        #expect(home.state.shown.contains(.recentlyViewed))

        let tile = try #require(home.state.rows[.recentlyViewed]?.first)
        await home.open(tile, in: .recentlyViewed)
        await home.dismiss(tile)
        let profile = try await shop.profile()
        #expect(profile.notInterested == [.item(id: "clogs")])
        #expect(home.state.problem == nil)
        try await shop.close()
        await shown.value
    }

    @Test func theProductPageExplainsItsRow() async throws {
        let shop = try await openShop()
        let page = ProductPage("boots", shop, why: why)
        await page.show()
        let tile = try #require(page.state.related.first)
        #expect(!page.state.related.contains { $0.id == "boots" })
        await page.explain(tile)
        #expect(page.state.explained == tile.id)
        #expect(page.state.problem == nil)
        page.closeExplanation()
        #expect(page.state.explained == nil)
        await page.addToCart()
        #expect(try await shop.profile().cart == [CartItem(itemId: "boots", quantity: 1)])
        try await shop.close()
        await page.addToCart()
        #expect(page.state.problem != nil)
    }

    @Test func theHistoryIsShownInPagesAndDeleted() async throws {
        let clock = TestClock(newYear)
        let shop = try await openShop(clock: clock)
        for event in (0..<5).map({ view(items[$0 % 3].id) }) + [Event(kind: .search, query: "warm")] {
            clock.advance(milliseconds: 1000)
            try await shop.track(event)
        }
        let screen = HistoryScreen(shop, why: why, page: 4)
        await screen.show()
        #expect(screen.state.lines.count == 4)
        #expect(screen.state.lines.first?.code == "tastekeeper.action.search")
        #expect(screen.state.lines.first?.about == ["warm"])
        #expect(screen.state.hasMore)

        await screen.setLearned(false, try #require(screen.state.lines.last))
        let line = try #require(screen.state.lines.last)
        #expect(!line.isLearned && line.about == ["Kettle"])
        await screen.delete(line)
        #expect(screen.state.problem == nil)
        #expect(try await shop.history().count == 5)
        #expect(!screen.state.lines.contains { $0.id == line.id })
        await screen.deleteAll()
        #expect(screen.state == HistoryScreen.State())
        #expect(try await shop.history().isEmpty)
    }

    @Test func olderEventsFollowWithoutGapsOrRepeats() async throws {
        let clock = TestClock(newYear)
        let shop = try await Personalizer.inMemory(clock: clock)
        try await shop.setLevel(.onDevice, consent: consent)
        for day in 0..<9 {
            clock.advance(days: 1)
            try await shop.track(view("item \(day)"))
        }
        let screen = HistoryScreen(shop, why: WhyThis(), page: 4)
        await screen.show()
        while screen.state.hasMore { await screen.showMore() }
        #expect(screen.state.lines.flatMap(\.about) == (0..<9).reversed().map { "item \($0)" })
    }

    @Test func nothingLeavesAndTheScreenSaysWhy() async throws {
        let shop = try await openShop()
        let screen = LeavingScreen(shop)
        #expect(screen.state.now == .unknown)
        await screen.show()
        guard case .nothing(let why) = screen.state.now else {
            Issue.record("something would leave")
            return
        }
        #expect(!why.isEmpty)
        #expect(screen.state.sent == 0)
    }

    @Test func dataAreWrittenWhereTheShopperSays() async throws {
        let shop = try await openShop()
        try await shop.track(view("boots"))
        let folder = TemporaryFolder()
        let screen = ExportScreen(shop)
        await screen.write(.data, to: folder.url)
        #expect(screen.state.problem == "the file could not be written")

        try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
        for document in ExportScreen.Document.allCases {
            await screen.write(document, to: folder.url)
            let file = try #require(screen.state.written)
            _ = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        }
        let data = try String(contentsOf: folder.url.appendingPathComponent("my-data.json"), encoding: .utf8)
        #expect(data.contains("boots"))
    }

    @Test func thePrivacyScreenShowsWhatIs() async throws {
        let shop = try await openShop()
        try await shop.track(view("boots"))
        let screen = PrivacyScreen(shop)
        let shown = Task { await screen.show() }
        await until { screen.state.events == 1 && screen.picker.state.level == .onDevice }
        #expect(!screen.state.parameters.isEmpty)
        await screen.pause(true)
        #expect(screen.state.isPaused)
        #expect(try await shop.track(view("clogs")) == .ignored(reason: .paused))
        await screen.pause(false)
        await screen.setPrivate(true)
        #expect(screen.state.isPrivate)
        await screen.setPrivate(false)
        #expect(!screen.state.isPrivate)
        #expect(screen.state.problem == nil)
        try await shop.close()
        await shown.value
    }
}
