import SwiftUI
import Tastekeeper
import TastekeeperScreens

struct HomeView: View {
    @StateObject private var home: ShopHome
    private let shop: Personalizer
    private let why: WhyThis

    init(_ shop: Personalizer, why: WhyThis) {
        self.shop = shop
        self.why = why
        _home = StateObject(wrappedValue: ShopHome(shop, why: why))
    }

    var body: some View {
        List {
            ForEach(home.state.shown) { row in
                Section(LocalizedStringKey(row.code)) {
                    ForEach(home.state.rows[row] ?? []) { tile in
                        NavigationLink(destination: ProductView(tile, shop, why: why)) { TileView(tile: tile) }
                            .simultaneousGesture(TapGesture().onEnded { Task { await home.open(tile, in: row) } })
                            .swipeActions {
                                Button("Not interested") { Task { await home.dismiss(tile) } }
                            }
                    }
                }
            }
            if let problem = home.state.problem { Text(problem).foregroundColor(.red) }
        }
        .navigationTitle("Shop")
        .task { await home.show() }
    }
}

struct TileView: View {
    let tile: Tile

    var body: some View {
        VStack(alignment: .leading) {
            Text(tile.title)
            if let reason = tile.reasons.first { Text(reason).font(.caption).foregroundColor(.secondary) }
        }
    }
}
