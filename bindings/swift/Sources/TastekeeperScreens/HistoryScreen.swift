import Tastekeeper

/// What is kept, newest first, with "delete" on every line.
@MainActor
public final class HistoryScreen: StateHolder<HistoryScreen.State> {
    /// One kept event.
    public struct Line: Sendable, Equatable, Identifiable {
        /// Names the event.
        public let id: UInt64
        /// The key of what was done in an app's table of strings, such as `tastekeeper.action.viewItem`.
        public let code: String
        /// What it was done with: names of items, a category or a search.
        public let about: [String]
        /// When, in milliseconds since 1970-01-01 UTC.
        public let timeMs: Int64
        /// Whether recommendations learn from it.
        public let isLearned: Bool
    }

    /// What the screen shows.
    public struct State: Sendable, Equatable {
        public var lines: [Line] = []
        /// There are older events.
        public var hasMore = false
        public var problem: String?
    }

    private let shop: Personalizer
    private let why: WhyThis
    private let page: UInt32

    /// The history of `shop`, `page` events at a time.
    public init(_ shop: Personalizer, why: WhyThis, page: UInt32 = 50) {
        self.shop = shop
        self.why = why
        self.page = page
        super.init(State())
    }

    /// Shows the newest events.
    public func show() async {
        await attempt {
            let entries = try await shop.history(limit: page)
            let lines = entries.map(line)
            update { $0 = State(lines: lines, hasMore: entries.count == Int(page)) }
        }
    }

    /// Shows older ones too. Events of one moment stay together, so that none is left out between two pages.
    public func showMore() async {
        guard state.hasMore, let last = state.lines.last else { return }
        await attempt {
            let entries = try await shop.history(limit: page, before: last.timeMs + 1)
            let known = Set(state.lines.map(\.id))
            let lines = entries.filter { !known.contains($0.event) }.map(line)
            update {
                $0.lines += lines
                $0.hasMore = entries.count == Int(page) && !lines.isEmpty
            }
        }
    }

    /// Forgets one event, exactly.
    public func delete(_ line: Line) async { await forget(.event(event: line.id)) }

    /// Forgets everything.
    public func deleteAll() async { await forget(.everything) }

    /// "This was a gift": keeps an event and does not learn from it, or learns again.
    public func setLearned(_ on: Bool, _ line: Line) async {
        await attempt { try await shop.setLearning(on, from: .event(event: line.id)) }
        await reload()
    }

    private func forget(_ scope: Forget) async {
        await attempt { try await shop.forget(scope) }
        await reload()
    }

    /// Shows what is kept now, and what went wrong before if something did.
    private func reload() async {
        let problem = state.problem
        await show()
        if let problem { update { $0.problem = problem } }
    }

    private func line(_ entry: HistoryEntry) -> Line {
        let names = entry.items.map { why.names($0) ?? $0 }
        return Line(
            id: entry.event, code: "tastekeeper.action.\(entry.action)", about: names + (entry.text.map { [$0] } ?? []),
            timeMs: entry.timeMs, isLearned: entry.learned)
    }

    private func attempt(_ body: () async throws -> Void) async {
        do {
            try await body()
            update { $0.problem = nil }
        } catch { update { $0.problem = text(of: error) } }
    }
}
