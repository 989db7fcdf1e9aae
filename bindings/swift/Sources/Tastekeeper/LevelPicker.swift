/// The four-step switch: what a privacy screen shows and does, without a user interface.
///
/// A step up asks first (``State/asked``), a step down happens at once. The shown level is always the engine's.
@MainActor
public final class LevelPicker: StateHolder<LevelPicker.State> {
    /// What the switch shows.
    public struct State: Sendable, Equatable {
        /// The steps that the app offers, the least first.
        public var steps: [PersonalizationLevel]
        /// The level in force.
        public var level: PersonalizationLevel = .off
        /// The level that the shopper wants and has not agreed to yet: show the notice.
        public var asked: PersonalizationLevel?
        /// A change is under way.
        public var isBusy = false
        /// What went wrong last, in the engine's words.
        public var problem: String?
    }

    private let shop: Personalizer
    private var watching: Task<Void, Never>?

    /// A switch over `shop` with the steps up to `top`.
    public init(_ shop: Personalizer, upTo top: PersonalizationLevel = .shared) {
        self.shop = shop
        super.init(State(steps: PersonalizationLevel.steps.filter { $0.rank <= top.rank }))
    }

    deinit { watching?.cancel() }

    /// Follows the engine's level until this object is gone.
    public func start() {
        guard watching == nil else { return }
        watching = Task { [weak self, shop] in
            for await _ in await shop.changes() {
                guard let self else { return }
                await self.showLevel()
            }
        }
    }

    /// The shopper moved the switch.
    public func choose(_ level: PersonalizationLevel) async {
        guard state.steps.contains(level), !state.isBusy else { return }
        if level.rank > state.level.rank {
            update {
                $0.asked = level
                $0.problem = nil
            }
        } else {
            await set(level, consent: nil)
        }
    }

    /// The shopper read the notice and agreed.
    public func agree(_ consent: Consent) async {
        guard let level = state.asked else { return }
        await set(level, consent: consent)
    }

    /// The shopper read the notice and did not agree: nothing changes.
    public func refuse() { update { $0.asked = nil } }

    private func set(_ level: PersonalizationLevel, consent: Consent?) async {
        update {
            $0.isBusy = true
            $0.asked = nil
            $0.problem = nil
        }
        var problem: String?
        do { try await shop.setLevel(level, consent: consent) } catch { problem = text(of: error) }
        // A call that failed may have taken effect all the same.
        await showLevel()
        update {
            $0.isBusy = false
            $0.problem = problem
        }
    }

    private func showLevel() async {
        try? await read({ try await shop.level() }, into: { $0.level = $1 })
    }
}

extension PersonalizationLevel {
    /// All levels, the least first.
    public static let steps: [PersonalizationLevel] = [.off, .session, .onDevice, .shared]

    /// Its place among ``steps``.
    public var rank: Int { Self.steps.firstIndex(of: self) ?? 0 }

    /// The key of its name in an app's table of strings.
    public var code: String {
        switch self {
        case .off: "tastekeeper.level.off"
        case .session: "tastekeeper.level.session"
        case .onDevice: "tastekeeper.level.on_device"
        case .shared: "tastekeeper.level.shared"
        }
    }
}

/// What an error says, without Swift's frame around it.
public func text(of error: any Error) -> String {
    guard let error = error as? TastekeeperError else { return "\(error)" }
    switch error {
    case .InvalidArgument(let message), .ConsentRequired(let message), .ModelInvalid(let message),
        .VocabularyInvalid(let message), .BudgetExhausted(let message), .StorageUnavailable(let message),
        .StorageFull(let message), .StorageCorrupt(let message), .KeyUnavailable(let message),
        .RandomUnavailable(let message), .ErasurePending(let message), .Closed(let message),
        .Internal(let message):
        return message
    }
}
