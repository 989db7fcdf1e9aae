// The part of Apple's Combine that `StateHolder` uses, so that it is type-checked where that framework is not. It has the
// framework's names and shapes, and does nothing.
public final class ObservableObjectPublisher {
    public func send() {}
}

public protocol ObservableObject: AnyObject {
    associatedtype ObjectWillChangePublisher = ObservableObjectPublisher
    var objectWillChange: ObjectWillChangePublisher { get }
}

extension ObservableObject where ObjectWillChangePublisher == ObservableObjectPublisher {
    public var objectWillChange: ObservableObjectPublisher { ObservableObjectPublisher() }
}
