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

    /// Shows `state`.
    public init(_ state: State) { self.state = state }

    /// Changes what is shown.
    public func update(_ change: (inout State) -> Void) {
        var next = state
        change(&next)
        state = next
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
