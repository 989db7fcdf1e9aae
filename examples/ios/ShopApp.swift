import SwiftUI
import Tastekeeper
import TastekeeperScreens

@main
struct ShopApp: App {
    @State private var shop: Personalizer?
    @State private var problem: String?

    /// The public key that the shop's packs are signed with.
    private static let config = Config(modelKeys: ["RW..."])

    var body: some Scene {
        WindowGroup {
            Group {
                if let shop {
                    Tabs(shop: shop, config: Self.config)
                } else if let problem {
                    Text(problem)
                } else {
                    ProgressView()
                }
            }
            .task { await open() }
        }
    }

    private func open() async {
        guard shop == nil else { return }
        do {
            let opened = try await Personalizer.onDeviceOrInMemory(
                Self.config, folder: .standard(), keys: KeychainKeys())
            if let pack = Bundle.main.path(forResource: "shop", ofType: "tkpack") {
                try await opened.loadModel(at: pack)
            }
            shop = opened
        } catch {
            problem = text(of: error)
        }
    }
}

private struct Tabs: View {
    let shop: Personalizer
    let config: Config
    let why = WhyThis(sentences: { code in
        let text = NSLocalizedString(code, comment: "")
        return text == code ? nil : text
    })

    var body: some View {
        TabView {
            NavigationView { HomeView(shop, why: why) }
                .tabItem { Label("Shop", systemImage: "bag") }
            NavigationView { PrivacyView(shop, config: config, why: why) }
                .tabItem { Label("Privacy", systemImage: "hand.raised") }
        }
    }
}
