import Foundation
import Tastekeeper

/// "What would leave this phone": the report of this epoch before it is sent, and those that were.
@MainActor
public final class LeavingScreen: StateHolder<LeavingScreen.State> {
    /// What the screen shows.
    public enum Now: Sendable, Equatable {
        /// Not looked at yet.
        case unknown
        /// Nothing leaves, for the reason in these words.
        case nothing(String)
        /// These bytes would leave, and this is what they say.
        case report(text: String, bytes: Data)
    }

    /// What the screen shows.
    public struct State: Sendable, Equatable {
        public var now: Now = .unknown
        /// How many reports of this installation were handed to the app or sent.
        public var sent = 0
    }

    private let shop: Personalizer

    /// The reports of `shop`.
    public init(_ shop: Personalizer) {
        self.shop = shop
        super.init(State())
    }

    /// Looks. Nothing leaves by it.
    public func show() async {
        var now: Now
        do {
            let preview = try await shop.previewReport()
            now = .report(text: preview.plainText, bytes: preview.report.bytes)
        } catch { now = .nothing(text(of: error)) }
        let log = (try? await shop.reportLog()) ?? []
        let sent = log.filter { $0.state == .sent || $0.state == .handedOver }.count
        update { $0 = State(now: now, sent: sent) }
    }
}

/// Data to take along: everything the phone holds, as a file where the shopper says.
@MainActor
public final class ExportScreen: StateHolder<ExportScreen.State> {
    /// What the screen shows.
    public struct State: Sendable, Equatable {
        /// The file that was written last.
        public var written: URL?
        public var problem: String?
    }

    /// What to take along.
    public enum Document: String, Sendable, CaseIterable {
        /// Everything the phone holds of the profile.
        case data = "my-data.json"
        /// Every consent given and taken back.
        case receipts = "my-receipts.json"
    }

    private let shop: Personalizer

    /// The data of `shop`.
    public init(_ shop: Personalizer) {
        self.shop = shop
        super.init(State())
    }

    /// Writes a document into `folder`, which the shopper chose: it is in the clear.
    public func write(_ document: Document, to folder: URL) async {
        do {
            let text: String
            switch document {
            case .data: text = try await shop.exportData()
            case .receipts: text = try await shop.exportReceipts()
            }
            let file = folder.appendingPathComponent(document.rawValue)
            try Data(text.utf8).write(to: file, options: .atomic)
            update { $0 = State(written: file) }
        } catch let error as TastekeeperError {
            update { $0 = State(problem: text(of: error)) }
        } catch {
            // the system's text would name the path
            update { $0 = State(problem: "the file could not be written") }
        }
    }
}
