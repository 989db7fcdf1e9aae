import Foundation
import Testing

@testable import Tastekeeper

/// Every reason the engine knows.
private let reasons: [Reason] = [
    .viewed(item: "x"), .bought(item: "x"), .inCart(item: "x"), .likesCategory(category: "x"),
    .likesBrand(brand: "x"), .similarTo(item: "x"), .boughtTogetherWith(item: "x"), .popular, .new, .promoted,
    .exploration,
]

@Test func everyReasonHasACodeAndAnEnglishSentence() {
    #expect(Set(reasons.map(\.code)) == Set(WhyThis.english.keys))
    for reason in reasons {
        let sentence = WhyThis.english[reason.code]
        #expect(sentence?.contains("%@") == (reason.subject != nil), "\(reason.code)")
    }
}

@Test func sentencesNameThingsAsTheShopDoes() {
    let why = WhyThis(names: { ["b": "Boots, 100 % wool"][$0] })
    #expect(why.text(.viewed(item: "b")) == "You looked at Boots, 100 % wool")
    #expect(why.text(.viewed(item: "unknown")) == nil)
    #expect(why.text(.popular) == "Popular in this shop")
}

@Test func anAppsSentencesComeBeforeTheEnglishOnes() {
    let german = ["tastekeeper.reason.popular": "Beliebt", "tastekeeper.reason.viewed": "%@ angesehen"]
    let why = WhyThis(names: { _ in "Stiefel %@" }, sentences: { german[$0] })
    #expect(why.text(.popular) == "Beliebt")
    #expect(why.text(.viewed(item: "b")) == "Stiefel %@ angesehen")
    #expect(why.text(.new) == "New in this shop")
}

@Test func analyticsEventsBecomeOurs() throws {
    let events = try Event.fromGa4(
        "add_to_cart", ["currency": "EUR", "items": [["item_id": "boots", "price": 120.5, "quantity": 2]]])
    #expect(events == [Event(kind: .addToCart, itemId: "boots", quantity: 2, price: 120.5, currency: "EUR")])
    #expect(try Event.fromGa4("screen_view", ["screen": "home"]).isEmpty)
    #expect(throws: TastekeeperError.self) { try Event.fromGa4("view_item", ["items": Double.nan]) }
    #expect(throws: TastekeeperError.self) { try Event.fromGa4("view_item", ["items": "boots"]) }
}
