import Foundation

/// A value of JSON, compared as it is written: texts byte by byte, where Swift would take "é" for "e" with an accent.
enum Json: Equatable, Decodable, ExpressibleByNilLiteral, CustomStringConvertible {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([Json])
    case object([String: Json])

    init(nilLiteral: ()) { self = .null }

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([Json].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: Json].self))
        }
    }

    init(parsing text: some DataProtocol) throws {
        self = try JSONDecoder().decode(Json.self, from: Data(text))
    }

    static func == (one: Json, other: Json) -> Bool {
        switch (one, other) {
        case (.null, .null): true
        case (.flag(let one), .flag(let other)): one == other
        case (.number(let one), .number(let other)): one == other
        case (.text(let one), .text(let other)): one.utf8.elementsEqual(other.utf8)
        case (.list(let one), .list(let other)): one == other
        case (.object(let one), .object(let other)): one == other
        default: false
        }
    }

    subscript(_ field: String) -> Json {
        if case .object(let fields) = self { fields[field] ?? .null } else { .null }
    }

    var isNull: Bool { self == .null }
    var fields: [String: Json] { if case .object(let fields) = self { fields } else { [:] } }
    var list: [Json] { if case .list(let list) = self { list } else { [] } }
    var maybeText: String? { if case .text(let text) = self { text } else { nil } }
    var flag: Bool { if case .flag(let flag) = self { flag } else { fatalError("a flag, not \(self)") } }
    var maybeNumber: Double? { if case .number(let number) = self { number } else { nil } }
    var text: String { maybeText ?? { fatalError("a text, not \(self)") }() }
    var texts: [String] { list.map(\.text) }
    var maybeTime: Int64? { maybeNumber.map { Int64($0) } }
    var short: UInt32 { UInt32(maybeNumber ?? { fatalError("a number, not \(self)") }()) }
    /// A number of 64 bits is a text: not every language's JSON keeps all of them.
    var long: UInt64 { UInt64(text) ?? { fatalError("a whole number, not \(self)") }() }

    var description: String {
        switch self {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .number(let number): "\(number)"
        case .text(let text): "\"\(text)\""
        case .list(let list): "[\(list.map(\.description).joined(separator: ", "))]"
        case .object(let fields):
            "{\(fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}"
        }
    }
}

func json(_ text: String?) -> Json { text.map(Json.text) ?? .null }
func json(_ flag: Bool) -> Json { .flag(flag) }
func json(_ number: some BinaryInteger) -> Json { .number(Double(number)) }
func json(_ number: (some BinaryInteger)?) -> Json { number.map { .number(Double($0)) } ?? .null }
func json(_ list: [Json]) -> Json { .list(list) }
func json(_ list: [String]) -> Json { .list(list.map(Json.text)) }
