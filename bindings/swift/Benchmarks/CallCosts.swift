import Foundation
import Tastekeeper

// What calls cost in Swift, next to what the same calls cost in Rust, in turns: `cargo xtask bench swift`.
//
// Over a pack of 100 000 made-up items and a store on disk. The engine's own cost belongs to all columns; what the binding adds is
// the difference. `await` is the same call through `Personalizer`, on its queue. Nothing is asserted: this shows, it does not judge.

private let items = 100_000
private let dim = 96
private let rounds = 3
private let samples = 100
private let calls = ["level", "track", "track_all(100)", "recommend(10)", "explain"]

private typealias Times = [String: [Double]]

private struct Failed: Error, CustomStringConvertible {
    let description: String
}

private func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e3 }

private func view(_ number: Int) -> Event {
    Event(kind: .viewItem, itemId: "item-\(number * 37 % 1_000)")
}

private func run(_ command: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: command)
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failed(description: "\(command) failed") }
    return said
}

/// A pack of random vectors: what they say does not matter, how many they are does. With the file of its key.
private func makePack(_ command: String, in folder: URL) throws -> (pack: String, key: String) {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(items), \(dim)), }"
    var bytes = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 118, 0])
    bytes += Data(header.utf8) + Data(repeating: 0x20, count: 117 - header.utf8.count) + Data([0x0a])
    var state: UInt32 = 1
    var values = [Float](repeating: 0, count: items * dim)
    for place in values.indices {
        state ^= state << 13
        state ^= state >> 17
        state ^= state << 5
        values[place] = Float(state) / Float(UInt32.max) - 0.5
    }
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    let path = { (name: String) in folder.appendingPathComponent(name).path }
    try bytes.write(to: URL(fileURLWithPath: path("vectors.npy")))
    let ids = (0..<items).map { "item-\($0)\n" }.joined()
    try Data(ids.utf8).write(to: URL(fileURLWithPath: path("ids.txt")))
    _ = try run(command, ["sign", "--new-key", path("key")])
    let secret = path("key/tastekeeper.key")
    let pack = path("large.tkpack")
    _ = try run(command, ["import", path("vectors.npy"), "--ids", path("ids.txt"), "--key", secret, "--out", pack])
    return (pack, path("key/tastekeeper.pub"))
}

private func inSwift(_ pack: String, _ config: Config, _ folder: URL) throws -> Times {
    var found = Times()
    func timed<Answer>(_ name: String, _ call: () throws -> Answer) rethrows -> Answer {
        let started = now()
        let answer = try call()
        found[name, default: []].append(now() - started)
        return answer
    }
    let shop = try Recommender.open(
        config: config, directory: folder.path, keys: MemoryKeys(), clock: nil, random: nil)
    _ = try shop.loadModel(path: pack)
    try shop.setLevel(level: .onDevice, consent: Consent(noticeVersion: "bench"))
    _ = try shop.trackAll(events: (0..<200).map(view))
    for round in 0..<samples {
        _ = try timed("level") { try shop.level() }
        _ = try timed("track") { try shop.track(event: view(round)) }
        _ = try timed("track_all(100)") { try shop.trackAll(events: (0..<100).map(view)) }
        let answer = try timed("recommend(10)") {
            try shop.recommend(request: Request(kind: .forYou, seed: 1))
        }
        _ = try timed("explain") {
            try shop.explain(recommendationId: answer.recommendationId, itemId: answer.items[0].itemId)
        }
    }
    try shop.close()
    return found
}

private func awaiting(_ pack: String, _ config: Config, _ folder: URL) async throws -> Times {
    var found = Times()
    let shop = try await Personalizer.onDevice(config, folder: StorageFolder(folder), keys: MemoryKeys())
    _ = try await shop.loadModel(at: pack)
    try await shop.setLevel(.onDevice, consent: Consent(noticeVersion: "bench"))
    _ = try await shop.track((0..<200).map(view))
    for round in 0..<samples {
        var started = now()
        func taken(_ name: String) {
            found[name, default: []].append(now() - started)
            started = now()
        }
        _ = try await shop.level()
        taken("level")
        _ = try await shop.track(view(round))
        taken("track")
        _ = try await shop.track((0..<100).map(view))
        taken("track_all(100)")
        let answer = try await shop.recommend(Request(kind: .forYou, seed: 1))
        taken("recommend(10)")
        _ = try await shop.explain(answer.items[0].itemId, in: answer)
        taken("explain")
    }
    try await shop.close()
    return found
}

private func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

@main
struct CallCosts {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst().map { $0 }
        guard arguments.count == 2 else {
            throw Failed(description: "give the `tastekeeper` command and the compiled example `calls`")
        }
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("tastekeeper-calls-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (pack, key) = try makePack(arguments[0], in: folder)
        let config = Config(modelKeys: [try String(contentsOfFile: key, encoding: .utf8)])
        var found = [Times](repeating: [:], count: 3)
        for round in 0..<rounds {
            let said = try run(arguments[1], [pack, key, String(samples)])
            let taken = [
                try JSONDecoder().decode(Times.self, from: said),
                try inSwift(pack, config, folder.appendingPathComponent("store-\(round)")),
                try await awaiting(pack, config, folder.appendingPathComponent("await-\(round)")),
            ]
            for (place, times) in taken.enumerated() {
                found[place].merge(times) { $0 + $1 }
            }
        }
        let column = { (value: Double) in String(format: "%10.1f", value) }
        let name = { (call: String) in call.padding(toLength: 16, withPad: " ", startingAt: 0) }
        print("\(items) items, medians of \(rounds * samples) calls in \(rounds) turns, microseconds")
        print("\(name("call"))       Rust      Swift    binding   share      await")
        for call in calls {
            let times = found.map { median($0[call] ?? [.nan]) }
            let added = times[1] - times[0]
            let share = String(format: "%6.0f%%", added / times[1] * 100)
            print("\(name(call))\(column(times[0])) \(column(times[1])) \(column(added)) \(share) \(column(times[2]))")
        }
    }
}
