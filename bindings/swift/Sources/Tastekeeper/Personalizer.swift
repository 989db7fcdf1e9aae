import Dispatch
import Foundation

/// The shop's personalisation on this phone: the engine, off the main thread.
///
/// The engine's calls block, on a disk or on the Keychain, and are answered one after the other; here each of them runs on a
/// queue of its own, and `await` waits without holding a thread. Calls of one task keep their order. After ``close()`` every
/// call throws `TastekeeperError.Closed`. Nothing here uses a network.
public actor Personalizer {
    private nonisolated let engine: Recommender
    private nonisolated let queue: DispatchQueue
    private var watchers: [UUID: AsyncStream<Void>.Continuation] = [:]
    private var isClosed = false

    private init(engine: Recommender, queue: DispatchQueue) {
        self.engine = engine
        self.queue = queue
    }

    deinit {
        for watcher in watchers.values { watcher.finish() }
        // An engine that is left behind must not keep a key: what runs now ends first.
        let engine = engine
        queue.async { try? engine.close() }
    }

    // MARK: - Opening and closing

    /// Opens the engine on a folder: what is kept survives restarts, sealed with a key of `keys`.
    ///
    /// `clock` and `random` are for tests and replays; without them the system's are used.
    /// - Throws: `TastekeeperError.KeyUnavailable` when no key can be had, and nothing is touched then;
    ///   `InvalidArgument` for the configuration, `StorageUnavailable` when files cannot be read.
    public static func onDevice(
        _ config: Config = Config(),
        folder: StorageFolder,
        keys: any KeyCustodian,
        clock: (any Clock)? = nil,
        random: (any SecureRandom)? = nil
    ) async throws -> Personalizer {
        try await open {
            let path = try folder.prepare()
            return try Recommender.open(
                config: config, directory: path, keys: keys, clock: clock, random: random)
        }
    }

    /// Opens the engine in memory: everything is gone with this object.
    /// - Throws: `TastekeeperError.InvalidArgument` for the configuration.
    public static func inMemory(
        _ config: Config = Config(),
        clock: (any Clock)? = nil,
        random: (any SecureRandom)? = nil
    ) async throws -> Personalizer {
        try await open {
            try Recommender.open(config: config, directory: nil, keys: nil, clock: clock, random: random)
        }
    }

    /// As ``onDevice(_:folder:keys:clock:random:)``; in memory where no key can be had now, and never in the clear.
    /// ``isDurable()`` says which it became. A key that is lost for good needs ``reset(folder:keys:)``.
    public static func onDeviceOrInMemory(
        _ config: Config = Config(),
        folder: StorageFolder,
        keys: any KeyCustodian,
        clock: (any Clock)? = nil,
        random: (any SecureRandom)? = nil
    ) async throws -> Personalizer {
        do {
            return try await onDevice(config, folder: folder, keys: keys, clock: clock, random: random)
        } catch TastekeeperError.KeyUnavailable {
            return try await inMemory(config, clock: clock, random: random)
        }
    }

    /// Erases everything the engine ever kept in `folder`, and its keys. No personalizer may be open on it.
    /// - Throws: `TastekeeperError.ErasurePending` when something may still be there; call again.
    public static func reset(folder: StorageFolder, keys: any KeyCustodian) async throws {
        let queue = DispatchQueue(label: "tastekeeper.reset", qos: .userInitiated)
        try await run(on: queue) { try resetStore(directory: folder.prepare(), keys: keys) }
    }

    /// Drops everything held in memory and lets go of the app's own classes. Closing again does nothing.
    public func close() async throws {
        isClosed = true
        for watcher in watchers.values { watcher.finish() }
        watchers.removeAll()
        try await call { try $0.close() }
    }

    /// Whether what is kept survives a restart.
    public func isDurable() async throws -> Bool { try await call { try $0.isDurable() } }

    // MARK: - Calls

    /// Runs calls of the engine one after the other on the engine's queue. For what has no method here.
    public func call<Answer: Sendable>(
        _ body: @escaping @Sendable (Recommender) throws -> Answer
    ) async throws -> Answer {
        let engine = engine
        return try await Self.run(on: queue) { try body(engine) }
    }

    /// As ``call(_:)``, for calls that may change what is recommended: every stream is brought up to date.
    public func change<Answer: Sendable>(
        _ body: @escaping @Sendable (Recommender) throws -> Answer
    ) async throws -> Answer {
        // A call can take effect and still throw (`ErasurePending`).
        defer { announce() }
        return try await call(body)
    }

    private static func open(_ body: @escaping @Sendable () throws -> Recommender) async throws -> Personalizer {
        let queue = DispatchQueue(label: "tastekeeper", qos: .userInitiated)
        return Personalizer(engine: try await run(on: queue, body), queue: queue)
    }

    private static func run<Answer: Sendable>(
        on queue: DispatchQueue, _ body: @escaping @Sendable () throws -> Answer
    ) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: body)) }
        }
    }

    // MARK: - Streams

    /// The answer to `request` now, and again after everything that may change it: what was tracked, forgotten, chosen or
    /// loaded. Changes that come faster than answers are taken together. Ends when the personalizer is closed.
    ///
    /// The stream throws what ``recommend(_:)`` throws, and ends with it.
    public func recommendations(for request: Request) -> AsyncThrowingStream<Recommendations, any Error> {
        let changes = self.changes()
        return AsyncThrowingStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let task = Task { [weak self] in
                do {
                    for await _ in changes {
                        guard let answer = try await self?.recommend(request) else { break }
                        continuation.yield(answer)
                    }
                    continuation.finish()
                } catch TastekeeperError.Closed {
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// The level in force now, and whenever a call changed it. Ends when the personalizer is closed. A consent that runs out
    /// is seen at the next call that changes something.
    public func levels() -> AsyncStream<PersonalizationLevel> {
        let changes = self.changes()
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let task = Task { [weak self] in
                var last: PersonalizationLevel?
                for await _ in changes {
                    guard let level = try? await self?.level() else { break }
                    if level != last { continuation.yield(level) }
                    last = level
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// One element now, and one after every call that may have changed something; elements that nobody took yet are one. For
    /// what shows more than answers or the level: read it anew at each element. Ends when the personalizer is closed.
    public func changes() -> AsyncStream<Void> {
        let id = UUID()
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        if isClosed {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            Task { [weak self] in await self?.forgetWatcher(id) }
        }
        watchers[id] = continuation
        continuation.yield()
        return stream
    }

    private func forgetWatcher(_ id: UUID) { watchers[id] = nil }

    private func announce() {
        for watcher in watchers.values { watcher.yield() }
    }

    /// How many streams are open; for tests.
    var watcherCount: Int { watchers.count }
}
