import Foundation

/// The folder that the engine keeps its files in: in no backup, and encrypted by the system until the first unlock. What is in
/// the files is sealed by the engine besides.
public struct StorageFolder: Sendable {
    /// Where it is.
    public let url: URL

    /// A folder of the app's choice.
    public init(_ url: URL) { self.url = url }

    /// `tastekeeper` in the app's folder for support files.
    public static func standard() throws -> StorageFolder {
        let support = try FileManager.default.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        return StorageFolder(support.appendingPathComponent("tastekeeper", isDirectory: true))
    }

    /// Makes the folder if it is missing, and returns its path.
    /// - Throws: `TastekeeperError.StorageUnavailable` when it cannot be made, or not be kept out of backups.
    func prepare() throws -> String {
        do {
            let manager = FileManager.default
            #if os(iOS) || os(tvOS) || os(watchOS) || os(visionOS)
            let attributes: [FileAttributeKey: Any] = [
                .protectionKey: FileProtectionType.completeUntilFirstUserAuthentication
            ]
            #else
            let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
            #endif
            try manager.createDirectory(at: url, withIntermediateDirectories: true, attributes: attributes)
            // A folder that was there already keeps what it was made with.
            try manager.setAttributes(attributes, ofItemAtPath: url.path)
            #if canImport(Darwin)
            var values = URLResourceValues()
            values.isExcludedFromBackup = true
            var folder = url
            try folder.setResourceValues(values)
            #endif
            return url.path
        } catch {
            // The system's text would name the path.
            throw TastekeeperError.StorageUnavailable(
                message: "the storage folder cannot be made or protected; check that the app may write there")
        }
    }
}
