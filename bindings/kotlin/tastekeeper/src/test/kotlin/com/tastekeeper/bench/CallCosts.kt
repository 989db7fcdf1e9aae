package com.tastekeeper.bench

import com.google.gson.JsonParser
import com.tastekeeper.Config
import com.tastekeeper.Consent
import com.tastekeeper.Event
import com.tastekeeper.EventKind
import com.tastekeeper.MemoryKeys
import com.tastekeeper.PersonalizationLevel
import com.tastekeeper.Personalizer
import com.tastekeeper.Recommendations
import com.tastekeeper.RecommendationKind
import com.tastekeeper.Recommender
import com.tastekeeper.Request
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.file.Files
import java.util.Random
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking

/*
 * What calls cost in Kotlin, next to what the same calls cost in Rust, in turns: `cargo xtask bench kotlin`.
 *
 * Over a pack of 100 000 made-up items and a store on disk. The engine's own cost belongs to all columns; what the binding adds
 * is the difference. `suspend` is the same call through `Personalizer`, on `Dispatchers.IO`. Nothing is asserted: this shows, it
 * does not judge.
 */

private const val ITEMS = 100_000
private const val DIM = 96
private const val ROUNDS = 3
private const val SAMPLES = 100

/** Calls before the first that is measured: the JVM compiles what is called often. */
private const val WARM_UP = 50

private val CALLS = listOf("level", "track", "track_all(100)", "recommend(10)", "explain")

private typealias Times = MutableMap<String, MutableList<Double>>

private inline fun <T> Times.timed(name: String, call: () -> T): T {
    val started = System.nanoTime()
    val answer = call()
    getOrPut(name) { ArrayList() } += (System.nanoTime() - started) / 1e3
    return answer
}

private fun view(number: Int) = Event(EventKind.ViewItem, itemId = "item-${number * 37 % 1_000}")

private val request: Request get() = Request(RecommendationKind.ForYou, seed = 1uL)

private fun run(vararg command: String): String {
    val process = ProcessBuilder(*command).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    val said = process.inputStream.readBytes().toString(Charsets.UTF_8)
    check(process.waitFor() == 0) { "${command.first()} failed: $said" }
    return said
}

/** A pack of random vectors: what they say does not matter, how many they are does. */
private fun makePack(command: String, folder: File): Pair<File, File> {
    val header = "{'descr': '<f4', 'fortran_order': False, 'shape': ($ITEMS, $DIM), }".padEnd(117) + "\n"
    val bytes = ByteBuffer.allocate(128 + ITEMS * DIM * 4).order(ByteOrder.LITTLE_ENDIAN)
    bytes.put(byteArrayOf(0x93.toByte())).put("NUMPY".toByteArray()).put(1).put(0).putShort(118)
    bytes.put(header.toByteArray())
    val random = Random(1)
    repeat(ITEMS * DIM) { bytes.putFloat(random.nextGaussian().toFloat()) }
    val (vectors, ids, keys) = listOf("vectors.npy", "ids.txt", "key").map { File(folder, it) }
    vectors.writeBytes(bytes.array())
    ids.writeText((0 until ITEMS).joinToString("") { "item-$it\n" })
    val (secret, public) = listOf("tastekeeper.key", "tastekeeper.pub").map { File(keys, it) }
    val pack = File(folder, "large.tkpack")
    run(command, "sign", "--new-key", keys.path)
    run(command, "import", vectors.path, "--ids", ids.path, "--key", secret.path, "--out", pack.path)
    return pack to public
}

private fun inKotlin(pack: File, config: Config, folder: File): Times {
    val found: Times = HashMap()
    Recommender.open(config, folder.path, MemoryKeys(), null, null).use { shop ->
        shop.loadModel(pack.path)
        shop.setLevel(PersonalizationLevel.ON_DEVICE, Consent("bench"))
        shop.trackAll(List(200, ::view))
        for (round in 0 until WARM_UP + SAMPLES) {
            if (round == WARM_UP) found.clear()
            found.timed("level") { shop.level() }
            found.timed("track") { shop.track(view(round)) }
            found.timed("track_all(100)") { shop.trackAll(List(100, ::view)) }
            val answer = found.timed("recommend(10)") { shop.recommend(request) }
            found.timed("explain") { shop.explain(answer.recommendationId, answer.items.first().itemId) }
        }
    }
    return found
}

private fun suspending(pack: File, config: Config, folder: File): Times = runBlocking {
    val found: Times = HashMap()
    Personalizer.onDevice(folder, MemoryKeys(), config).use { shop ->
        shop.loadModel(pack)
        shop.setLevel(PersonalizationLevel.ON_DEVICE, Consent("bench"))
        shop.track(List(200, ::view))
        for (round in 0 until WARM_UP + SAMPLES) {
            if (round == WARM_UP) found.clear()
            found.timed("level") { shop.level() }
            found.timed("track") { shop.track(view(round)) }
            found.timed("track_all(100)") { shop.track(List(100, ::view)) }
            val answer: Recommendations = found.timed("recommend(10)") { shop.recommend(request) }
            found.timed("explain") { shop.explain(answer.items.first().itemId, answer) }
        }
    }
    found
}

private fun median(times: List<Double>): Double = times.sorted()[times.size / 2]

fun main(arguments: Array<String>) {
    if (arguments.size != 2) {
        System.err.println("usage: CallCosts TASTEKEEPER RUST, with the `tastekeeper` command and the compiled example `calls`")
        exitProcess(2)
    }
    val (command, calls) = arguments
    val folder = Files.createTempDirectory("tastekeeper-calls").toFile()
    val (rust, kotlin, suspend) = List<Times>(3) { HashMap() }
    fun Times.add(other: Map<String, List<Double>>) = other.forEach { (name, times) -> getOrPut(name) { ArrayList() } += times }
    try {
        val (pack, key) = makePack(command, folder)
        val config = Config(modelKeys = listOf(key.readText()))
        repeat(ROUNDS) { round ->
            val said = JsonParser.parseString(run(calls, pack.path, key.path, SAMPLES.toString())).asJsonObject
            rust.add(said.asMap().mapValues { (_, times) -> times.asJsonArray.map { it.asDouble } })
            kotlin.add(inKotlin(pack, config, File(folder, "store-$round")))
            suspend.add(suspending(pack, config, File(folder, "suspend-$round")))
        }
    } finally {
        folder.deleteRecursively()
    }
    println("$ITEMS items, medians of ${ROUNDS * SAMPLES} calls in $ROUNDS turns, microseconds")
    println("%-16s %10s %10s %10s %7s %10s".format("call", "Rust", "Kotlin", "binding", "share", "suspend"))
    for (name in CALLS) {
        val (one, other, third) = listOf(rust, kotlin, suspend).map { median(it.getValue(name)) }
        val share = (other - one) / other * 100
        println("%-16s %10.1f %10.1f %10.1f %6.0f%% %10.1f".format(name, one, other, other - one, share, third))
    }
}
