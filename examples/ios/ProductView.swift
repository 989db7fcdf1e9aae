import SwiftUI
import Tastekeeper
import TastekeeperScreens

struct ProductView: View {
    @StateObject private var page: ProductPage
    private let tile: Tile

    init(_ tile: Tile, _ shop: Personalizer, why: WhyThis) {
        self.tile = tile
        _page = StateObject(wrappedValue: ProductPage(tile.id, shop, why: why))
    }

    var body: some View {
        List {
            Section {
                Text(tile.title).font(.title)
                Button("Add to cart") { Task { await page.addToCart() } }
            }
            Section("Goes with it") {
                ForEach(page.state.related) { other in
                    HStack {
                        TileView(tile: other)
                        Spacer()
                        Button("Why this?") { Task { await page.explain(other) } }.font(.caption)
                    }
                }
            }
            if let problem = page.state.problem { Text(problem).foregroundColor(.red) }
        }
        .task { await page.show() }
        .sheet(isPresented: isExplaining) {
            List(Array(page.state.lines.enumerated()), id: \.offset) { _, line in
                Label(line.text, systemImage: line.amount < 0 ? "minus" : "plus")
            }
        }
    }

    private var isExplaining: Binding<Bool> {
        Binding(get: { page.state.explained != nil }, set: { if !$0 { page.closeExplanation() } })
    }
}
