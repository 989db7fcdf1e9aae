import Foundation

extension Event {
    /// The events that an analytics call of Google Analytics 4 tells of: `Analytics.logEvent(name, parameters:)` with the same
    /// two arguments. Names that say nothing of a shopper's taste give none.
    /// - Throws: `TastekeeperError.InvalidArgument` for parameters that JSON cannot hold.
    public static func fromGa4(_ name: String, _ parameters: [String: Any] = [:]) throws -> [Event] {
        let object: [String: Any] = ["name": name, "params": parameters]
        guard JSONSerialization.isValidJSONObject(object),
            let json = try? JSONSerialization.data(withJSONObject: object)
        else {
            throw TastekeeperError.InvalidArgument(
                message: "parameters: must be texts, numbers, lists and dictionaries of such")
        }
        return try eventsFromGa4(json: String(decoding: json, as: UTF8.self))
    }
}
