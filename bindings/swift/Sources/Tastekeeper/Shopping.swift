/// What the shop does in a visit.
extension Personalizer {
    /// Takes an event and says what became of it. Lack of consent is an answer, not an error.
    /// - Throws: `TastekeeperError.InvalidArgument` naming the field; a storage error, and then the event was not kept.
    @discardableResult
    public func track(_ event: Event) async throws -> Tracked {
        let tracked = try await call { try $0.track(event: event) }
        if tracked.isLearned { await refresh() }
        return tracked
    }

    /// Takes at most 1 000 events at once: all of those that may be kept, or on an error none.
    @discardableResult
    public func track(_ events: [Event]) async throws -> [Tracked] {
        let tracked = try await call { try $0.trackAll(events: events) }
        if tracked.contains(where: \.isLearned) { await refresh() }
        return tracked
    }

    private func refresh() async { _ = try? await change { _ in } }

    /// Adds or replaces at most 10 000 items, all or none.
    public func upsert(_ items: [Item]) async throws { try await change { try $0.upsertItems(items: items) } }

    /// Changes price, availability and other fields of known items, all or none.
    public func patch(_ patches: [ItemPatch]) async throws {
        try await change { try $0.patchItems(patches: patches) }
    }

    /// Takes items down. Unknown ids are fine.
    public func remove(_ ids: [String]) async throws { try await change { try $0.removeItems(ids: ids) } }

    /// Loads the model pack at `path` and swaps it in at once. The file is mapped as long as it is in use: never change it in
    /// place, rename the next one over it.
    /// - Throws: `TastekeeperError.ModelInvalid` saying why; the pack in use stays in use.
    @discardableResult
    public func loadModel(at path: String) async throws -> ModelInfo {
        try await change { try $0.loadModel(path: path) }
    }

    /// Answers a request. Never throws for lack of data: the answer is shorter then.
    public func recommend(_ request: Request) async throws -> Recommendations {
        try await call { try $0.recommend(request: request) }
    }

    /// Continues an answer of this visit with items it has not given yet.
    public func more(of answer: Recommendations, count: UInt32 = 10) async throws -> Recommendations {
        let id = answer.recommendationId
        return try await call { try $0.recommendNext(recommendationId: id, count: count) }
    }

    /// Puts the shop's own list in the shopper's order.
    public func rerank(_ ids: [String], context: Context? = nil) async throws -> Recommendations {
        try await call { try $0.rerank(itemIds: ids, context: context) }
    }

    /// The categories to show first.
    public func categories(count: UInt32 = 10) async throws -> [CategoryRecommendation] {
        try await call { try $0.recommendCategories(count: count) }
    }

    /// Explains one item of an answer of this visit: parts that add up to its score.
    public func explain(_ itemId: String, in answer: Recommendations) async throws -> Explanation {
        let id = answer.recommendationId
        return try await call { try $0.explain(recommendationId: id, itemId: itemId) }
    }
}

extension Tracked {
    /// Whether recommendations may change with it.
    public var isLearned: Bool {
        switch self {
        case .stored, .sessionOnly: true
        case .ignored: false
        }
    }
}
