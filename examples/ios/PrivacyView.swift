import SwiftUI
import Tastekeeper
import TastekeeperScreens

struct PrivacyView: View {
    @StateObject private var screen: PrivacyScreen
    private let shop: Personalizer
    private let why: WhyThis

    init(_ shop: Personalizer, config: Config, why: WhyThis) {
        self.shop = shop
        self.why = why
        let locale = Locale.current.languageCode ?? "en"
        _screen = StateObject(wrappedValue: PrivacyScreen(shop, config: config, locale: locale))
    }

    var body: some View {
        Form {
            Section("How personal") {
                LevelSwitch(picker: screen.picker)
            }
            Section {
                Toggle("Pause learning", isOn: toggle(screen.state.isPaused) { await screen.pause($0) })
                Toggle("Private session", isOn: toggle(screen.state.isPrivate) { await screen.setPrivate($0) })
            }
            Section("What recommendations go by") {
                ForEach(screen.state.parameters, id: \.self) { Text($0).font(.footnote) }
            }
            Section {
                NavigationLink("What is kept (\(screen.state.events))") { HistoryView(shop, why: why) }
                NavigationLink("What would leave this phone") { LeavingView(shop) }
                NavigationLink("Take my data along") { ExportView(shop) }
            }
            if let problem = screen.state.problem { Text(problem).foregroundColor(.red) }
        }
        .navigationTitle("Privacy")
        .task { await screen.show() }
    }

    private func toggle(_ value: Bool, _ set: @escaping (Bool) async -> Void) -> Binding<Bool> {
        Binding(get: { value }, set: { on in Task { await set(on) } })
    }
}

/// The four-step switch, and the notice before a step up.
struct LevelSwitch: View {
    @ObservedObject var picker: LevelPicker

    var body: some View {
        Picker("Level", selection: Binding(get: { picker.state.level }, set: { level in Task { await picker.choose(level) } })) {
            ForEach(picker.state.steps, id: \.rank) { Text(LocalizedStringKey($0.code)).tag($0) }
        }
        .pickerStyle(.inline)
        .disabled(picker.state.isBusy)
        .alert("Agree?", isPresented: isAsking) {
            Button("Agree") {
                let notice = Notice.current
                Task { await picker.agree(notice.consent) }
            }
            Button("No", role: .cancel) { picker.refuse() }
        } message: {
            Text(Notice.current.text)
        }
        if let problem = picker.state.problem { Text(problem).foregroundColor(.red) }
    }

    private var isAsking: Binding<Bool> {
        Binding(get: { picker.state.asked != nil }, set: { if !$0 { picker.refuse() } })
    }
}

/// The notice that is shown: its text is hashed into the receipt.
struct Notice {
    let version: String
    let text: String

    static let current = Notice(version: "2026-01", text: NSLocalizedString("notice", comment: ""))

    var consent: Consent {
        Consent(noticeVersion: version, noticeText: text, locale: Locale.current.languageCode ?? "en", surface: "privacy")
    }
}
