import Foundation

/// What the shopper decides, sees, takes along and forgets.
extension Personalizer {
    /// The level in force now.
    public func level() async throws -> PersonalizationLevel { try await call { try $0.level() } }

    /// What is known of the shopper's consent.
    public func consentState() async throws -> ConsentState { try await call { try $0.consentState() } }

    /// Changes the level. Raising needs a consent; lowering never does, and what the lower level may not hold is erased, its
    /// key first, before this returns.
    /// - Throws: `TastekeeperError.ConsentRequired`, and the level stays; `ErasurePending`, and the level is lowered.
    public func setLevel(_ level: PersonalizationLevel, consent: Consent? = nil) async throws {
        try await change { try $0.setLevel(level: level, consent: consent) }
    }

    /// Says that the shopper is a child or of unknown age, or that this is no longer so.
    public func setProtected(_ on: Bool) async throws { try await change { try $0.setProtected(on: on) } }

    /// Lowers the level to what the signals of a consent platform still allow; it never raises one.
    @discardableResult
    public func applyCmpSignals(
        _ signals: [String: SignalValue], policy: CmpPolicy = CmpPolicy()
    ) async throws -> CmpOutcome {
        try await change { try $0.applyCmpSignals(pairs: signals, policy: policy) }
    }

    /// Stops or resumes learning for every profile on this phone.
    public func setKillSwitch(_ on: Bool) async throws { try await change { try $0.setKillSwitch(on: on) } }

    /// Stops or resumes learning for the active profile.
    public func pause(_ on: Bool) async throws { try await change { try $0.pause(on: on) } }

    /// Begins or ends a private session.
    public func setPrivateSession(_ on: Bool) async throws {
        try await change { try $0.setPrivateSession(on: on) }
    }

    /// Corrects the shop's idea of a category.
    public func setInterest(_ interest: Interest, in category: String) async throws {
        try await change { try $0.setInterest(category: category, interest: interest) }
    }

    /// What the phone believes of the shopper. For the shopper's own eyes.
    public func profile() async throws -> ProfileSummary { try await call { try $0.profile() } }

    /// The newest kept events before `before`, newest first.
    public func history(limit: UInt32 = 100, before: Int64? = nil) async throws -> [HistoryEntry] {
        try await call { try $0.history(limit: limit, beforeMs: before) }
    }

    /// Forgets, exactly. Returns how many events were forgotten or shortened.
    @discardableResult
    public func forget(_ scope: Forget) async throws -> UInt32 { try await change { try $0.forget(scope: scope) } }

    /// Ends or resumes learning from the kept events that `scope` names: "this was a gift".
    @discardableResult
    public func setLearning(_ on: Bool, from scope: Forget) async throws -> UInt32 {
        try await change { try $0.setLearning(scope: scope, on: on) }
    }

    /// Everything the phone holds of the active profile, as JSON. In the clear: save it only where the shopper says.
    public func exportData() async throws -> String { try await call { try $0.exportData() } }

    /// Every change of level, oldest first.
    public func receipts() async throws -> [Receipt] { try await call { try $0.receipts() } }

    /// The receipts as JSON, for the shopper to keep.
    public func exportReceipts() async throws -> String { try await call { try $0.exportReceipts() } }

    /// The history and interests, sealed with a passphrase, for a new phone.
    public func exportTransfer(passphrase: String) async throws -> Data {
        try await call { try $0.exportTransfer(passphrase: passphrase) }
    }

    /// Takes over what ``exportTransfer(passphrase:)`` sealed.
    @discardableResult
    public func importTransfer(_ sealed: Data, passphrase: String) async throws -> Imported {
        try await change { try $0.importTransfer(sealed: sealed, passphrase: passphrase) }
    }

    /// The names of all profiles.
    public func profiles() async throws -> [String] { try await call { try $0.profiles() } }

    /// Makes another profile the active one.
    public func switchProfile(_ name: String) async throws { try await change { try $0.switchProfile(name: name) } }

    /// Loads the topics that reports are about.
    public func loadVocabulary(_ bytes: Data, signature: String) async throws {
        try await change { try $0.loadVocabulary(bytes: bytes, signature: signature) }
    }

    /// The report of this epoch, for the shopper to look at. Nothing leaves.
    public func previewReport() async throws -> ReportPreview { try await call { try $0.previewReport() } }

    /// The report to send now, if there is one, until ``confirmSent(_:)``.
    public func pendingReport() async throws -> Report? { try await call { try $0.pendingReport() } }

    /// Says that a report was sent.
    public func confirmSent(_ report: Report) async throws {
        try await call { try $0.confirmSent(id: report.id) }
    }

    /// Every report that this installation drew, oldest first.
    public func reportLog() async throws -> [ReportLogEntry] { try await call { try $0.reportLog() } }

    /// Counts of what is kept, offered and chosen.
    public func stats() async throws -> Stats { try await call { try $0.stats() } }

    /// What an app's developer should know. Empty when all is well.
    public func doctor() async throws -> [Finding] { try await call { try $0.doctor() } }
}
