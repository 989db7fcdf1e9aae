#if canImport(Combine)
import Combine
#endif

/// What a screen shows: one value on the main actor that a view watches. An `ObservableObject` where Combine is.
@MainActor
open class StateHolder<State: Sendable> {
    /// What is shown now.
    public private(set) var state: State {
        willSet { willChange() }
        didSet { onChange?(state) }
    }

    /// Called after every change; for views that are not SwiftUI, and for tests.
    public var onChange: (@MainActor (State) -> Void)?

    /// Reads that began, and the latest of them that is shown.
    private var reads = (begun: 0, shown: 0)

    /// Shows `state`.
    public init(_ state: State) { self.state = state }

    /// Changes what is shown.
    public func update(_ change: (inout State) -> Void) {
        var next = state
        change(&next)
        state = next
    }

    /// Reads something and shows it, unless a read that began later is shown already. A holder reads all that changes by
    /// itself in one `read`.
    public func read<Value: Sendable>(
        _ source: () async throws -> Value, into apply: (inout State, Value) -> Void
    ) async rethrows {
        reads.begun += 1
        let mine = reads.begun
        let value = try await source()
        guard mine > reads.shown else { return }
        reads.shown = mine
        update { apply(&$0, value) }
    }

    private func willChange() {
        #if canImport(Combine)
        objectWillChange.send()
        #endif
    }
}

#if canImport(Combine)
extension StateHolder: ObservableObject {}
#endif
