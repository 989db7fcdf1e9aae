import Foundation
import Testing

@testable import Tastekeeper

/// A Keychain that answers as it is told to.
private final class FakeKeychain: KeyStore, @unchecked Sendable {
    var secrets: [String: Data] = [:]
    /// Answers before the real ones, by call.
    var answers: [String: Int32] = [:]
    var calls: [String] = []

    private func answer(_ call: String) -> Int32? {
        calls.append(call)
        return answers.removeValue(forKey: call)
    }

    func copy(_ name: String) -> (status: Int32, data: Data?) {
        if let status = answer("copy") { return (status, nil) }
        return secrets[name].map { (KeyStatus.success, $0) } ?? (KeyStatus.notFound, nil)
    }

    func add(_ name: String, _ secret: Data) -> Int32 {
        if let status = answer("add") { return status }
        if secrets[name] != nil { return KeyStatus.duplicate }
        secrets[name] = secret
        return KeyStatus.success
    }

    func update(_ name: String, _ secret: Data) -> Int32 {
        if let status = answer("update") { return status }
        if secrets[name] == nil { return KeyStatus.notFound }
        secrets[name] = secret
        return KeyStatus.success
    }

    func delete(_ name: String) -> Int32 {
        if let status = answer("delete") { return status }
        return secrets.removeValue(forKey: name) == nil ? KeyStatus.notFound : KeyStatus.success
    }
}

private let (one, two) = (Data(repeating: 1, count: 32), Data(repeating: 2, count: 32))

@Test func keysAreStoredReplacedAndDestroyed() throws {
    let keychain = FakeKeychain()
    for keys in [KeychainKeys(store: keychain) as any KeyCustodian, MemoryKeys()] {
        #expect(try keys.load(name: "k") == nil)
        try keys.store(name: "k", key: one)
        try keys.store(name: "k", key: two)
        #expect(try keys.load(name: "k") == two)
        try keys.destroy(name: "k")
        try keys.destroy(name: "k")
        #expect(try keys.load(name: "k") == nil)
    }
    #expect(keychain.secrets.isEmpty)
}

@Test func aKeyThatAnotherProcessAddedIsReplaced() throws {
    let keychain = FakeKeychain()
    keychain.secrets["k"] = one
    keychain.answers = ["update": KeyStatus.notFound]
    try KeychainKeys(store: keychain).store(name: "k", key: two)
    #expect(keychain.secrets["k"] == two)
    #expect(keychain.calls == ["update", "add", "update"])
}

@Test func beforeTheFirstUnlockIsForNowAndTheRestForGood() {
    for (status, expected) in [
        (KeyStatus.interactionNotAllowed, HostError.Unavailable), (KeyStatus.notAvailable, .Unavailable),
        (-34018, .Refused),
    ] {
        for call in ["copy", "update", "delete"] {
            let keychain = FakeKeychain()
            keychain.answers = [call: status]
            let keys = KeychainKeys(store: keychain)
            #expect(throws: expected, "\(call) \(status)") {
                switch call {
                case "copy": _ = try keys.load(name: "k")
                case "update": try keys.store(name: "k", key: one)
                default: try keys.destroy(name: "k")
                }
            }
        }
    }
}
