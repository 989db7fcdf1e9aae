import Foundation

/// Keys that last as long as this object: for tests, previews and stores that are thrown away with it.
public final class MemoryKeys: KeyCustodian, @unchecked Sendable {
    private let lock = NSLock()
    private var keys: [String: Data] = [:]

    public init() {}

    public func load(name: String) throws -> Data? { lock.withLock { keys[name] } }

    public func store(name: String, key: Data) throws { lock.withLock { keys[name] = key } }

    public func destroy(name: String) throws { lock.withLock { keys[name] = nil } }
}

/// Keys in the platform's Keychain: they stay on this device, are in no backup, and can be read after the first unlock.
///
/// What is decided here works on any ``KeyStore``; ``SystemKeychain`` is the real one.
public final class KeychainKeys: KeyCustodian {
    private let store: any KeyStore

    /// Keys in `store`.
    public init(store: any KeyStore) { self.store = store }

    public func load(name: String) throws -> Data? {
        let (status, data) = store.copy(name)
        switch status {
        case KeyStatus.success: return data
        case KeyStatus.notFound: return nil
        default: throw Self.error(status)
        }
    }

    public func store(name: String, key: Data) throws {
        // Adding first would leave an old key where the answer "it is there already" is lost.
        var status = store.update(name, key)
        if status == KeyStatus.notFound { status = store.add(name, key) }
        // another process, an extension of the app, was quicker
        if status == KeyStatus.duplicate { status = store.update(name, key) }
        guard status == KeyStatus.success else { throw Self.error(status) }
    }

    public func destroy(name: String) throws {
        let status = store.delete(name)
        guard status == KeyStatus.success || status == KeyStatus.notFound else { throw Self.error(status) }
    }

    /// Whether trying later may help: before the first unlock, and while the Keychain's service is away, it does.
    private static func error(_ status: Int32) -> HostError {
        switch status {
        case KeyStatus.interactionNotAllowed, KeyStatus.notAvailable: .Unavailable
        default: .Refused
        }
    }
}

/// A store of small secrets under names, which answers with the Keychain's numbers.
public protocol KeyStore: Sendable {
    /// The secret under `name`.
    func copy(_ name: String) -> (status: Int32, data: Data?)
    /// Adds a secret under a new name.
    func add(_ name: String, _ secret: Data) -> Int32
    /// Replaces the secret under a known name.
    func update(_ name: String, _ secret: Data) -> Int32
    /// Removes the secret under `name`.
    func delete(_ name: String) -> Int32
}

/// Answers of a ``KeyStore``: the values of Security's `OSStatus`.
public enum KeyStatus {
    /// `errSecSuccess`
    public static let success: Int32 = 0
    /// `errSecNotAvailable`
    public static let notAvailable: Int32 = -25291
    /// `errSecDuplicateItem`
    public static let duplicate: Int32 = -25299
    /// `errSecItemNotFound`
    public static let notFound: Int32 = -25300
    /// `errSecInteractionNotAllowed`
    public static let interactionNotAllowed: Int32 = -25308
}
