import Tastekeeper

/// One item as a tile shows it.
public struct Tile: Sendable, Equatable, Identifiable {
    /// The item.
    public let id: String
    /// The name to show.
    public let title: String
    /// Why it is there, the strongest reason first.
    public let reasons: [String]

    init(_ item: Recommendation, why: WhyThis) {
        id = item.itemId
        title = why.names(item.itemId) ?? item.itemId
        reasons = why.texts(item)
    }
}

/// The shop's first page: what fits the shopper, what was looked at, what is popular. Kept up to date while it is shown.
@MainActor
public final class ShopHome: StateHolder<ShopHome.State> {
    /// A row of tiles.
    public enum Row: String, Sendable, CaseIterable, Identifiable {
        case forYou, recentlyViewed, trending

        public var id: String { rawValue }

        /// The key of its title in an app's table of strings.
        public var code: String { "tastekeeper.row.\(rawValue)" }

        var request: Request {
            switch self {
            case .forYou: Request(kind: .forYou, scenario: "home")
            case .recentlyViewed: Request(kind: .recentlyViewed, scenario: "home")
            case .trending: Request(kind: .trending(category: nil), scenario: "home")
            }
        }
    }

    /// What the page shows; rows without items are left out.
    public struct State: Sendable, Equatable {
        public var rows: [Row: [Tile]] = [:]
        public var problem: String?

        /// The rows to show, from the top.
        public var shown: [Row] { Row.allCases.filter { rows[$0]?.isEmpty == false } }
    }

    private let shop: Personalizer
    private let why: WhyThis
    private var answers: [Row: Recommendations] = [:]

    /// The page of `shop`; `why` has the names and sentences.
    public init(_ shop: Personalizer, why: WhyThis) {
        self.shop = shop
        self.why = why
        super.init(State())
    }

    /// Shows all rows until the task is cancelled or the shop is closed: call it from a view's `task`.
    public func show() async {
        await withTaskGroup(of: Void.self) { group in
            for row in Row.allCases { group.addTask { await self.show(row) } }
        }
    }

    private func show(_ row: Row) async {
        do {
            for try await answer in await shop.recommendations(for: row.request) {
                answers[row] = answer
                let tiles = answer.items.map { Tile($0, why: why) }
                update {
                    $0.rows[row] = tiles
                    $0.problem = nil
                }
            }
        } catch {
            update { $0.problem = text(of: error) }
        }
    }

    /// The shopper opened a tile: the answer it came from learns that it was chosen.
    public func open(_ tile: Tile, in row: Row) async {
        let answer = answers[row]
        let position = answer?.items.first { $0.itemId == tile.id }?.position
        await track(
            Event(
                kind: .selectItem, itemId: tile.id, recommendationId: answer?.recommendationId,
                position: position))
    }

    /// The shopper does not want to see an item, nor what is like it.
    public func dismiss(_ tile: Tile) async {
        await track(Event(kind: .notInterested(subject: .item(id: tile.id))))
    }

    private func track(_ event: Event) async {
        do { try await shop.track(event) } catch { update { $0.problem = text(of: error) } }
    }
}
