import Tastekeeper

/// An item's page: what goes with it, and why.
@MainActor
public final class ProductPage: StateHolder<ProductPage.State> {
    /// One line of "why this?", and how much it speaks for the item or against it.
    public struct Line: Sendable, Equatable {
        public let text: String
        public let amount: Double
    }

    /// What the page shows.
    public struct State: Sendable, Equatable {
        public let item: String
        public var related: [Tile] = []
        /// The item whose reasons are shown, and they.
        public var explained: String?
        public var lines: [Line] = []
        public var problem: String?
    }

    private let shop: Personalizer
    private let why: WhyThis
    private var answer: Recommendations?

    /// The page of the item `id`.
    public init(_ id: String, _ shop: Personalizer, why: WhyThis) {
        self.shop = shop
        self.why = why
        super.init(State(item: id))
    }

    /// The page is looked at: says so, and fills the row beside the item.
    public func show() async {
        let item = state.item
        await attempt {
            try await shop.track(Event(kind: .viewItem, itemId: item))
            let answer = try await shop.recommend(
                Request(
                    kind: .relatedTo(item: item), scenario: "product", count: 6, context: Context(item: item)))
            self.answer = answer
            let tiles = answer.items.map { Tile($0, why: why) }
            update { $0.related = tiles }
        }
    }

    /// The shopper put the item in the cart.
    public func addToCart() async {
        let item = state.item
        await attempt { try await shop.track(Event(kind: .addToCart, itemId: item)) }
    }

    /// Why this item is in the row: the parts that have a reason, by size.
    public func explain(_ tile: Tile) async {
        guard let answer else { return }
        await attempt {
            let explanation = try await shop.explain(tile.id, in: answer)
            let lines = explanation.parts.compactMap { part in
                part.reason.flatMap(why.text).map { Line(text: $0, amount: part.amount) }
            }
            update {
                $0.explained = tile.id
                $0.lines = lines
            }
        }
    }

    /// The sheet with the reasons is closed.
    public func closeExplanation() {
        update {
            $0.explained = nil
            $0.lines = []
        }
    }

    private func attempt(_ body: () async throws -> Void) async {
        do {
            try await body()
            update { $0.problem = nil }
        } catch { update { $0.problem = text(of: error) } }
    }
}
