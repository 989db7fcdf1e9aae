import SwiftUI
import Tastekeeper
import TastekeeperScreens

struct LeavingView: View {
    @StateObject private var screen: LeavingScreen

    init(_ shop: Personalizer) { _screen = StateObject(wrappedValue: LeavingScreen(shop)) }

    var body: some View {
        List {
            switch screen.state.now {
            case .unknown: ProgressView()
            case .nothing(let why):
                Section("Nothing leaves this phone") { Text(why) }
            case .report(let text, let bytes):
                Section("This would leave, and nothing else") {
                    Text(text)
                    Text(bytes.map { String(format: "%02x", $0) }.joined(separator: " "))
                        .font(.system(.footnote, design: .monospaced))
                }
            }
            Text("Sent so far: \(screen.state.sent)")
        }
        .task { await screen.show() }
    }
}

struct ExportView: View {
    @StateObject private var screen: ExportScreen
    @State private var isChoosing = false
    @State private var document = ExportScreen.Document.data

    init(_ shop: Personalizer) { _screen = StateObject(wrappedValue: ExportScreen(shop)) }

    var body: some View {
        List {
            Text("The file is readable by anybody who has it. Save it where only you can see it.")
            ForEach(ExportScreen.Document.allCases, id: \.self) { document in
                Button(document.rawValue) {
                    self.document = document
                    isChoosing = true
                }
            }
            if let written = screen.state.written { Text("Saved as \(written.lastPathComponent)") }
            if let problem = screen.state.problem { Text(problem).foregroundColor(.red) }
        }
        .fileImporter(isPresented: $isChoosing, allowedContentTypes: [.folder]) { choice in
            guard case .success(let folder) = choice else { return }
            Task {
                let isOurs = folder.startAccessingSecurityScopedResource()
                await screen.write(document, to: folder)
                if isOurs { folder.stopAccessingSecurityScopedResource() }
            }
        }
    }
}
