import Tastekeeper

/// The privacy screen: the four-step switch, pause, and the private session.
@MainActor
public final class PrivacyScreen: StateHolder<PrivacyScreen.State> {
    /// What the screen shows beside the switch.
    public struct State: Sendable, Equatable {
        public var isPaused = false
        public var isPrivate = false
        /// What ranking goes by at this level, the weightiest first.
        public var parameters: [String] = []
        /// How many events are kept.
        public var events = 0
        public var problem: String?
    }

    /// The four-step switch.
    public let picker: LevelPicker

    private let shop: Personalizer
    private let locale: String
    private let config: Config

    /// The screen of `shop`, which was opened with `config`; texts of the engine in the language of `locale`.
    public init(_ shop: Personalizer, config: Config = Config(), locale: String = "en") {
        self.shop = shop
        self.config = config
        self.locale = locale
        picker = LevelPicker(shop, upTo: config.maxLevel ?? .shared)
        super.init(State())
    }

    /// Follows the engine until the task is cancelled or the shop is closed: call it from a view's `task`.
    public func show() async {
        picker.start()
        for await _ in await shop.changes() { await refresh() }
    }

    /// Stops or resumes learning.
    public func pause(_ on: Bool) async {
        await attempt {
            try await shop.pause(on)
            update { $0.isPaused = on }
        }
    }

    /// Begins or ends a private session.
    public func setPrivate(_ on: Bool) async { await attempt { try await shop.setPrivateSession(on) } }

    private func refresh() async {
        let (locale, config) = (locale, config)
        try? await read {
            try await shop.call { engine in
                (
                    isPrivate: try engine.isPrivateSession(), events: try engine.profile().events,
                    parameters: try mainParameters(level: engine.level(), locale: locale, config: config).map(\.text)
                )
            }
        } into: { state, now in
            state.isPrivate = now.isPrivate
            state.events = Int(now.events)
            state.parameters = now.parameters
        }
    }

    private func attempt(_ body: () async throws -> Void) async {
        do {
            try await body()
            update { $0.problem = nil }
        } catch { update { $0.problem = text(of: error) } }
        await refresh()
    }
}
