import Foundation

/// "Why this?": reasons as sentences that an app can translate.
///
/// Every reason has a code, the key of a sentence in the app's table of strings, and at most one name that the sentence speaks
/// of. Names of items and categories are the shop's: `names` turns ids into them.
public struct WhyThis: Sendable {
    /// The sentence of a code, with `%@` where the name goes; nothing for a code that is not translated.
    public let sentences: @Sendable (String) -> String?
    /// The name to show for an id of an item or a category; nothing when the app has none.
    public let names: @Sendable (String) -> String?

    /// Sentences of the app's own; English ones where it has none.
    public init(
        names: @escaping @Sendable (String) -> String? = { $0 },
        sentences: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.names = names
        self.sentences = sentences
    }

    /// English sentences, by code.
    public static let english: [String: String] = [
        "tastekeeper.reason.viewed": "You looked at %@",
        "tastekeeper.reason.bought": "You bought %@",
        "tastekeeper.reason.in_cart": "%@ is in your cart",
        "tastekeeper.reason.likes_category": "You like %@",
        "tastekeeper.reason.likes_brand": "You like %@",
        "tastekeeper.reason.similar_to": "Similar to %@",
        "tastekeeper.reason.bought_together_with": "Often bought with %@",
        "tastekeeper.reason.popular": "Popular in this shop",
        "tastekeeper.reason.new": "New in this shop",
        "tastekeeper.reason.promoted": "Promoted by this shop",
        "tastekeeper.reason.exploration": "Something you may not know",
    ]

    /// The sentence for one reason. A reason about something that has no name is told without it, or not at all.
    public func text(_ reason: Reason) -> String? {
        guard let sentence = sentences(reason.code) ?? Self.english[reason.code] else { return nil }
        guard let subject = reason.subject else { return sentence }
        guard let name = names(subject) else { return nil }
        // not `String(format:)`: a name may hold a percent sign
        guard let place = sentence.range(of: "%@") else { return sentence }
        return sentence.replacingCharacters(in: place, with: name)
    }

    /// The sentences for a recommendation, the strongest first.
    public func texts(_ recommendation: Recommendation) -> [String] { recommendation.reasons.compactMap(text) }
}

extension Reason {
    /// The key of its sentence in an app's table of strings.
    public var code: String {
        switch self {
        case .viewed: "tastekeeper.reason.viewed"
        case .bought: "tastekeeper.reason.bought"
        case .inCart: "tastekeeper.reason.in_cart"
        case .likesCategory: "tastekeeper.reason.likes_category"
        case .likesBrand: "tastekeeper.reason.likes_brand"
        case .similarTo: "tastekeeper.reason.similar_to"
        case .boughtTogetherWith: "tastekeeper.reason.bought_together_with"
        case .popular: "tastekeeper.reason.popular"
        case .new: "tastekeeper.reason.new"
        case .promoted: "tastekeeper.reason.promoted"
        case .exploration: "tastekeeper.reason.exploration"
        }
    }

    /// The id of the item, category or brand it speaks of.
    public var subject: String? {
        switch self {
        case .viewed(let id), .bought(let id), .inCart(let id), .likesCategory(let id), .likesBrand(let id),
            .similarTo(let id), .boughtTogetherWith(let id):
            id
        case .popular, .new, .promoted, .exploration: nil
        }
    }
}
