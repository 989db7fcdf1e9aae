import SwiftUI
import Tastekeeper
import TastekeeperScreens

struct HistoryView: View {
    @StateObject private var screen: HistoryScreen
    @State private var isSure = false

    init(_ shop: Personalizer, why: WhyThis) {
        _screen = StateObject(wrappedValue: HistoryScreen(shop, why: why))
    }

    var body: some View {
        List {
            ForEach(screen.state.lines) { line in
                VStack(alignment: .leading) {
                    Text(LocalizedStringKey(line.code)).font(.caption)
                    Text(line.about.joined(separator: ", "))
                    Text(Date(timeIntervalSince1970: Double(line.timeMs) / 1000), style: .date).font(.caption)
                }
                .opacity(line.isLearned ? 1 : 0.5)
                .swipeActions {
                    Button("Delete", role: .destructive) { Task { await screen.delete(line) } }
                    Button(line.isLearned ? "A gift" : "Not a gift") {
                        Task { await screen.setLearned(!line.isLearned, line) }
                    }
                }
            }
            if screen.state.hasMore { Button("More") { Task { await screen.showMore() } } }
            if let problem = screen.state.problem { Text(problem).foregroundColor(.red) }
        }
        .navigationTitle("What is kept")
        .toolbar { Button("Delete all", role: .destructive) { isSure = true } }
        .confirmationDialog("Delete everything?", isPresented: $isSure) {
            Button("Delete all", role: .destructive) { Task { await screen.deleteAll() } }
        }
        .task { await screen.show() }
    }
}
