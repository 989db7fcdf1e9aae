package com.tastekeeper.screens

import com.tastekeeper.Personalizer
import com.tastekeeper.ReportState
import com.tastekeeper.TastekeeperException
import com.tastekeeper.attempt
import java.io.IOException
import java.io.OutputStream
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.withContext

/** "What would leave this phone": the report of this epoch before it is sent, and those that were. */
class LeavingScreen(private val shop: Personalizer) {
    /** What would leave now. */
    sealed class Now {
        /** Not looked at yet. */
        object Unknown : Now()

        /** Nothing leaves, for the reason in these words. */
        data class Nothing(val reason: String) : Now()

        /** These bytes, in hexadecimal digits, would leave, and this is what they say. */
        data class Report(val text: String, val bytes: String) : Now()
    }

    /** What the screen shows. */
    data class State(
        val now: Now = Now.Unknown,
        /** How many reports of this installation were handed to the app or sent. */
        val sent: Int = 0,
    )

    private val screen = MutableStateFlow(State())

    /** What the screen shows now, and every change of it. */
    val state: StateFlow<State> = screen.asStateFlow()

    /** Looks. Nothing leaves by it. */
    suspend fun show() {
        val now = try {
            val preview = shop.previewReport()
            Now.Report(preview.plainText, preview.report.bytes.joinToString("") { "%02x".format(it) })
        } catch (error: TastekeeperException) {
            Now.Nothing(error.message.orEmpty())
        }
        var sent = 0
        attempt({}) {
            sent = shop.reportLog().count { it.state == ReportState.SENT || it.state == ReportState.HANDED_OVER }
        }
        screen.value = State(now, sent)
    }
}

/** Data to take along: everything the phone holds, where the shopper says. */
class ExportScreen(private val shop: Personalizer, private val dispatcher: CoroutineDispatcher = Dispatchers.IO) {
    /** What to take along, and the name that a file of it is offered under. */
    enum class Document(val fileName: String) {
        /** Everything the phone holds of the profile. */
        DATA("my-data.json"),

        /** Every consent given and taken back. */
        RECEIPTS("my-receipts.json"),
    }

    /** What the screen shows. */
    data class State(
        /** What was written last. */
        val written: Document? = null,
        val problem: String? = null,
    )

    private val screen = MutableStateFlow(State())

    /** What the screen shows now, and every change of it. */
    val state: StateFlow<State> = screen.asStateFlow()

    /** Writes a document where the shopper chose, and closes that: it is in the clear. */
    suspend fun write(document: Document, to: () -> OutputStream?) {
        screen.value = try {
            val text = when (document) {
                Document.DATA -> shop.exportData()
                Document.RECEIPTS -> shop.exportReceipts()
            }
            withContext(dispatcher) {
                val stream = to() ?: throw IOException("no stream")
                stream.use { it.write(text.toByteArray()) }
            }
            State(written = document)
        } catch (error: TastekeeperException) {
            State(problem = error.message)
        } catch (_: IOException) {
            // the system's text would name the path
            State(problem = "the file could not be written")
        }
    }
}
