import Foundation
import XCTest

@testable import Tastekeeper

/// The scenarios that every language runs; `tests/scenarios/README.md` describes their form.
final class ScenarioTests: XCTestCase {
    func testEveryScenarioGivesItsAnswers() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: scenarios.path).sorted()
        let files = names.filter { $0.hasSuffix(".json") }
        XCTAssertGreaterThanOrEqual(files.count, 10)
        var steps = 0
        for file in files {
            let scenario = try Json(parsing: Data(contentsOf: scenarios.appendingPathComponent(file)))
            let run = Run(scenario)
            for (place, step) in scenario["steps"].list.enumerated() {
                let (answer, failure) = run.attempt(step)
                XCTAssertEqual(failure, step["fails"], "\(file), step \(place)")
                XCTAssertEqual(answer, step["gives"], "\(file), step \(place)")
                steps += 1
            }
        }
        print("\(steps) steps of \(files.count) scenarios")
    }

    func testTheDigestAndTheRandomSourceAreThePublishedOnes() throws {
        XCTAssertEqual(fnv("a".utf8), "af63dc4c8601ec8c")
        let bytes = try TestRandom(seed: 1_234_567).bytes(count: 16)
        let numbers = [bytes.prefix(8), bytes.suffix(8)].map { part in
            part.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        }
        XCTAssertEqual(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973])
    }
}

private let scenarios = URL(fileURLWithPath: #filePath)
    .appendingPathComponent("../../../../../tests/scenarios").standardizedFileURL

private func file(_ name: Json) -> URL { scenarios.appendingPathComponent("files").appendingPathComponent(name.text) }

/// One scenario under way.
private final class Run {
    private let config: Json
    private let clock: TestClock
    private let random: TestRandom
    private let folder: TemporaryFolder?
    private let keys = MemoryKeys()
    private var engine: Recommender?
    private var saved: [String: Json] = [:]

    init(_ scenario: Json) {
        config = scenario["config"]
        clock = TestClock(scenario["start_ms"].maybeTime!)
        random = TestRandom(seed: UInt64(scenario["seed"].maybeNumber!))
        folder = scenario["directory"] == .flag(true) ? TemporaryFolder() : nil
    }

    /// Runs a step: its answer, or the name and text of its error.
    func attempt(_ step: Json) -> (answer: Json, failure: Json) {
        do {
            let (answer, kept) = try run(resolve(step))
            if let name = step["save"].maybeText { saved[name] = kept }
            return (answer, .null)
        } catch {
            let name = String("\(error)".prefix { $0 != "(" })
            return (.null, json([name, text(of: error)]))
        }
    }

    /// The step with `@name` put in for what was saved under the name.
    private func resolve(_ step: Json) -> Json {
        switch step {
        case .text(let text) where text.hasPrefix("@"): saved[String(text.dropFirst())]!
        case .list(let list): .list(list.map(resolve))
        case .object(let fields): .object(fields.mapValues(resolve))
        default: step
        }
    }

    private func open() throws {
        try engine?.close()
        engine = nil
        let key = try String(contentsOf: file(.text("shop.pub")), encoding: .utf8)
        engine = try Recommender.open(
            config: Config(config, key: key), directory: folder?.url.path, keys: folder == nil ? nil : keys,
            clock: clock, random: random)
    }

    /// The answer of a step, and what may be saved of it.
    private func run(_ step: Json) throws -> (Json, Json) {
        switch step["do"].text {
        case "open", "reopen":
            try open()
            return (nil, nil)
        case "advance":
            clock.advance(milliseconds: step["milliseconds"].maybeTime!)
            return (nil, nil)
        case "files": return (json(try digest()), nil)
        case "reset":
            try engine?.close()
            engine = nil
            try resetStore(directory: folder!.url.path, keys: keys)
            return (nil, nil)
        case "inspect":
            try engine?.close()
            engine = nil
            return (show(try inspectStore(directory: folder!.url.path, keys: keys, clock: clock)), nil)
        default: return try run(step, engine!)
        }
    }

    /// The digest of the folder's files in the order of their names: name, a zero, content.
    private func digest() throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder!.url.path)
        var all: [UInt8] = []
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            all += Array(name.utf8) + [0]
            all += try Data(contentsOf: folder!.url.appendingPathComponent(name))
        }
        return fnv(all)
    }

    private func run(_ step: Json, _ engine: Recommender) throws -> (Json, Json) {
        func answer(_ answer: Recommendations) -> (Json, Json) { (show(answer), json(answer.recommendationId)) }
        switch step["do"].text {
        case "recommend": return answer(try engine.recommend(request: Request(step["request"])))
        case "recommend_next":
            return answer(
                try engine.recommendNext(
                    recommendationId: step["recommendation_id"].text, count: step["count"].short))
        case "rerank":
            return answer(try engine.rerank(itemIds: step["item_ids"].texts, context: Context(step["context"])))
        case "export_transfer":
            let sealed = try engine.exportTransfer(passphrase: step["passphrase"].text)
            return (json(fnv(sealed)), json(hex(sealed)))
        case "history":
            let entries = try engine.history(limit: step["limit"].short, beforeMs: step["before_ms"].maybeTime)
            return (json(entries.map(show)), json(entries.first.map { String($0.event) }))
        case "export_receipts":
            let document = try engine.exportReceipts()
            return (json(fnv(document.utf8)), json(document))
        case "pending_report":
            let report = try engine.pendingReport()
            return (report.map(show) ?? nil, json(report?.id))
        default: return (try plain(step, engine), nil)
        }
    }

    /// Calls whose answers are only compared.
    private func plain(_ step: Json, _ engine: Recommender) throws -> Json {
        var on: Bool { step["on"].flag }
        switch step["do"].text {
        case "close": try engine.close()
        case "track": return show(try engine.track(event: Event(step["event"])))
        case "track_all": return json(try engine.trackAll(events: step["events"].list.map { Event($0) }).map(show))
        case "upsert_items": try engine.upsertItems(items: step["items"].list.map { Item($0) })
        case "patch_items": try engine.patchItems(patches: step["patches"].list.map { ItemPatch($0) })
        case "remove_items": try engine.removeItems(ids: step["ids"].texts)
        case "load_model": return show(try engine.loadModel(path: file(step["file"]).path))
        case "recommend_categories":
            return json(try engine.recommendCategories(count: step["count"].short).map(show))
        case "explain":
            return show(
                try engine.explain(
                    recommendationId: step["recommendation_id"].text, itemId: step["item_id"].text))
        case "level": return json(snake(try engine.level()))
        case "set_level":
            try engine.setLevel(level: PersonalizationLevel(step["level"]), consent: Consent(step["consent"]))
        case "consent_state": return show(try engine.consentState())
        case "receipts": return json(try engine.receipts().map(show))
        case "owns_receipts": return json(try engine.ownsReceipts(document: step["document"].text))
        case "set_protected": try engine.setProtected(on: on)
        case "apply_cmp_signals":
            let pairs = step["pairs"].fields.mapValues { SignalValue($0) }
            return show(try engine.applyCmpSignals(pairs: pairs, policy: CmpPolicy(step["policy"])))
        case "set_kill_switch": try engine.setKillSwitch(on: on)
        case "pause": try engine.pause(on: on)
        case "set_interest":
            try engine.setInterest(category: step["category"].text, interest: Interest(step["interest"]))
        case "profile": return show(try engine.profile())
        case "forget": return json(try engine.forget(scope: Forget(step["scope"])))
        case "set_learning": return json(try engine.setLearning(scope: Forget(step["scope"]), on: on))
        case "set_private_session": try engine.setPrivateSession(on: on)
        case "is_private_session": return json(try engine.isPrivateSession())
        case "export_data": return try Json(parsing: Data(engine.exportData().utf8))
        case "import_transfer":
            let digits = Array(step["sealed"].text)
            let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! }
            return show(try engine.importTransfer(sealed: Data(bytes), passphrase: step["passphrase"].text))
        case "profiles": return json(try engine.profiles())
        case "switch_profile": try engine.switchProfile(name: step["name"].text)
        case "merge_profile": try engine.mergeProfile(source: step["source"].text)
        case "delete_profile": try engine.deleteProfile(name: step["name"].text)
        case "load_vocabulary":
            let signature = try String(contentsOf: file(step["signature"]), encoding: .utf8)
            try engine.loadVocabulary(bytes: Data(contentsOf: file(step["file"])), signature: signature)
        case "preview_report": return show(try engine.previewReport())
        case "confirm_sent": try engine.confirmSent(id: UInt16(step["id"].short))
        case "report_log": return json(try engine.reportLog().map(show))
        case "set_guarded_topics": try engine.setGuardedTopics(on: on, consent: Consent(step["consent"]))
        case "stats": return show(try engine.stats())
        case "doctor": return json(try engine.doctor().map(show))
        case "warm_up": try engine.warmUp()
        default: fatalError("unknown step \(step["do"])")
        }
        return nil
    }
}
