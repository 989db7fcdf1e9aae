package com.tastekeeper.scenarios

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import com.google.gson.JsonPrimitive
import com.tastekeeper.*
import java.io.File
import java.nio.ByteBuffer
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

/** The scenarios that every language runs. `tests/scenarios/README.md` describes their form. */
class ScenarioTests {
    private val folder = File(System.getProperty("tastekeeper.root"), "tests/scenarios")

    @TestFactory
    fun scenarios(): List<DynamicTest> {
        val files = folder.listFiles { file -> file.extension == "json" }.orEmpty().sorted()
        assertTrue(files.size >= 10, "${files.size} scenarios in $folder")
        return files.map { dynamicTest(it.nameWithoutExtension) { run(it) } }
    }

    private fun run(file: File) = TemporaryFolder().use { temporary ->
        val scenario = JsonParser.parseString(file.readText()).asJsonObject
        ScenarioRun(folder, scenario, temporary.file).use { run ->
            scenario.getAsJsonArray("steps").forEachIndexed { place, step ->
                val (expected, found) = step.asJsonObject to run.step(step.asJsonObject)
                assertEquals(expected.get("gives") ?: json(null), found.gives, "step $place: $expected")
                assertEquals(expected.get("fails") ?: json(null), found.fails, "step $place: $expected")
            }
        }
    }

    @Test
    fun `the random source and the digest are the described ones`() {
        // the first two of the five that the generator's reference gives for this seed
        val bytes = ByteBuffer.wrap(TestRandom(1_234_567u).bytes(16u)).order(java.nio.ByteOrder.LITTLE_ENDIAN)
        assertEquals(6_457_827_717_110_365_317, bytes.long)
        assertEquals(3_203_168_211_198_807_973, bytes.long)
        assertEquals("af63dc4c8601ec8c", fnv("a".toByteArray()))
    }
}

/** What a step gave, or how it failed. */
internal class Outcome(val gives: JsonElement, val fails: JsonElement)

/** One scenario under way. */
internal class ScenarioRun(private val folder: File, private val scenario: JsonObject, private val store: File) :
    AutoCloseable {
    private val clock = TestClock(scenario.get("start_ms").asLong)
    private val random = TestRandom(scenario.get("seed").asLong.toULong())
    private val directory = store.path.takeIf { scenario.get("directory")?.asBoolean == true }
    private val keys = if (directory != null) MemoryKeys() else null
    private val saved = HashMap<String, JsonElement>()
    private var engine: Recommender? = null

    override fun close() = drop()

    private fun drop() {
        engine?.use { it.shutDown() }
        engine = null
    }

    fun step(written: JsonObject): Outcome {
        val step = resolve(written).asJsonObject
        return try {
            val (answer, save) = answer(step)
            written.get("save")?.let { saved[it.asString] = json(save) }
            Outcome(json(answer), json(null))
        } catch (error: TastekeeperException) {
            Outcome(json(null), json(listOf(error.javaClass.simpleName, error.message)))
        }
    }

    /** The step with `@name` put in for what was saved under the name. */
    private fun resolve(value: JsonElement): JsonElement = when {
        value is JsonPrimitive && value.isString && value.asString.startsWith("@") -> saved.getValue(value.asString.drop(1))
        value is JsonArray -> json(value.map(::resolve))
        value is JsonObject -> json(value.asMap().mapValues { resolve(it.value) })
        else -> value
    }

    /** The answer of a step, and what may be saved of it. */
    private fun answer(step: JsonObject): Pair<Any?, Any?> {
        when (step.text("do")) {
            "open", "reopen" -> {
                drop()
                val config = config(scenario.getAsJsonObject("config"), File(folder, "files/shop.pub").readText())
                engine = Recommender.open(config, directory, keys, clock, random)
                return null to null
            }
            "advance" -> {
                clock.advance(milliseconds = step.get("milliseconds").asLong)
                return null to null
            }
            "files" -> return digest(store) to null
            "reset" -> {
                drop()
                return resetStore(directory!!, keys!!) to null
            }
            "inspect" -> {
                drop()
                return contents(inspectStore(directory!!, keys!!, clock)) to null
            }
        }
        val shop = engine ?: error("the first step opens")
        val answer = when (step.text("do")) {
            "recommend" -> shop.recommend(request(step.getAsJsonObject("request")))
            "recommend_next" -> shop.recommendNext(step.text("recommendation_id"), step.count("count"))
            "rerank" -> shop.rerank(step.texts("item_ids"), context(step.get("context")))
            "export_transfer" -> return shop.exportTransfer(step.text("passphrase")).let { fnv(it) to hex(it) }
            "history" -> {
                val entries = shop.history(step.count("limit"), step.get("before_ms")?.asLong)
                return history(entries) to entries.firstOrNull()?.event?.toString()
            }
            "export_receipts" -> return shop.exportReceipts().let { fnv(it.toByteArray()) to it }
            "pending_report" -> return shop.pendingReport().let { it?.let(::report) to it?.id }
            else -> return plain(shop, step) to null
        }
        return recommendations(answer) to answer.recommendationId
    }

    /** Calls whose answers are only compared. */
    private fun plain(shop: Recommender, step: JsonObject): Any? {
        fun objects(name: String) = step.getAsJsonArray(name).map { it.asJsonObject }
        fun on() = step.get("on").asBoolean
        fun file(name: String) = File(folder, "files/${step.text(name)}")
        return when (val call = step.text("do")) {
            "close" -> shop.shutDown()
            "track" -> tracked(shop.track(event(step.getAsJsonObject("event"))))
            "track_all" -> shop.trackAll(objects("events").map(::event)).map(::tracked)
            "upsert_items" -> shop.upsertItems(objects("items").map(::item))
            "patch_items" -> shop.patchItems(objects("patches").map(::patch))
            "remove_items" -> shop.removeItems(step.texts("ids"))
            "load_model" -> model(shop.loadModel(file("file").path))
            "recommend_categories" -> categories(shop.recommendCategories(step.count("count")))
            "explain" -> explanation(shop.explain(step.text("recommendation_id"), step.text("item_id")))
            "level" -> shop.level()
            "set_level" -> shop.setLevel(named(step.get("level")), consent(step.get("consent")))
            "consent_state" -> consentState(shop.consentState())
            "receipts" -> receipts(shop.receipts())
            "owns_receipts" -> shop.ownsReceipts(step.text("document"))
            "set_protected" -> shop.setProtected(on())
            "apply_cmp_signals" ->
                cmp(shop.applyCmpSignals(signals(step.getAsJsonObject("pairs")), policy(step.get("policy"))))
            "set_kill_switch" -> shop.setKillSwitch(on())
            "pause" -> shop.pause(on())
            "set_interest" -> shop.setInterest(step.text("category"), named(step.get("interest")))
            "profile" -> profile(shop.profile())
            "forget" -> shop.forget(scope(step.get("scope")))
            "set_learning" -> shop.setLearning(scope(step.get("scope")), on())
            "set_private_session" -> shop.setPrivateSession(on())
            "is_private_session" -> shop.isPrivateSession()
            "export_data" -> JsonParser.parseString(shop.exportData())
            "import_transfer" -> imported(shop.importTransfer(direct(unhex(step.text("sealed"))), step.text("passphrase")))
            "profiles" -> shop.profiles()
            "switch_profile" -> shop.switchProfile(step.text("name"))
            "merge_profile" -> shop.mergeProfile(step.text("source"))
            "delete_profile" -> shop.deleteProfile(step.text("name"))
            "load_vocabulary" -> shop.loadVocabulary(direct(file("file").readBytes()), file("signature").readText())
            "preview_report" -> preview(shop.previewReport())
            "confirm_sent" -> shop.confirmSent(step.get("id").asLong.toUShort())
            "report_log" -> reportLog(shop.reportLog())
            "set_guarded_topics" -> shop.setGuardedTopics(on(), consent(step.get("consent")))
            "stats" -> stats(shop.stats())
            "doctor" -> findings(shop.doctor())
            "warm_up" -> shop.warmUp()
            else -> error("unknown step $call")
        }
    }
}

private fun direct(bytes: ByteArray): ByteBuffer = ByteBuffer.allocateDirect(bytes.size).also { it.put(bytes).flip() }

private fun unhex(digits: String): ByteArray = digits.chunked(2) { it.toString().toInt(16).toByte() }.toByteArray()

/** FNV-1a with 64 bits. */
internal fun fnv(bytes: ByteArray): String {
    val digest = bytes.fold(0xCBF29CE484222325uL) { digest, byte ->
        (digest xor byte.toUByte().toULong()) * 0x100000001B3uL
    }
    return digest.toString(16).padStart(16, '0')
}

/** The digest of a folder's files in the order of their names: name, a zero, content. */
private fun digest(folder: File): String {
    val files = folder.listFiles().orEmpty().sortedBy { it.name }
    return fnv(files.map { it.name.toByteArray() + 0 + it.readBytes() }.fold(ByteArray(0), ByteArray::plus))
}
