package com.tastekeeper

import java.io.File
import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException
import java.util.concurrent.atomic.AtomicBoolean
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.catch
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.takeWhile
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.withContext

/**
 * The shop's personalisation on this phone: the engine, off the main thread.
 *
 * The engine's calls block, on a disk or on a key store, and are answered one after the other; here each of them runs on the
 * dispatcher, one at a time and in the order in which they came. A call that has begun runs to its end, also when its coroutine
 * is cancelled. After [close] every call throws [TastekeeperException.Closed]. Nothing here uses a network.
 */
class Personalizer private constructor(
    private val engine: Recommender,
    private val serial: CoroutineDispatcher,
) : AutoCloseable {
    /** Counts what may change an answer; [ENDED] when there is nothing more to come. */
    private val revision = MutableStateFlow(0L)
    private val isClosed = AtomicBoolean(false)

    /**
     * Drops everything held in memory and lets go of the app's own classes. Closing again does nothing.
     *
     * Waits for a call that is under way: not for the main thread.
     */
    override fun close() {
        if (!isClosed.compareAndSet(false, true)) return
        revision.value = ENDED
        // What is held is dropped even where another thread still holds the object.
        engine.use { it.shutDown() }
    }

    // ---- calls

    /** Runs calls of the engine one after the other on the engine's dispatcher. For what has no method here. */
    suspend fun <T> call(body: (Recommender) -> T): T = withContext(serial) {
        if (isClosed.get()) throw closed()
        try {
            body(engine)
        } catch (error: IllegalStateException) {
            // closed while this call was on its way
            throw if (engine.uniffiIsDestroyed && error !is CancellationException) closed() else error
        } catch (error: InternalException) {
            // A panic. Its text was written for developers of the engine.
            throw TastekeeperException.Internal("a defect of the engine; please report it with its cause").initCause(error)
        } catch (_: CharacterCodingException) {
            // half of a surrogate pair: the generated code cannot pass it on
            throw TastekeeperException.InvalidArgument("invalid argument `text`: must be well-formed Unicode")
        }
    }

    /** As [call], for calls that may change what is recommended: every flow is brought up to date. */
    suspend fun <T> change(body: (Recommender) -> T): T = call {
        // A call can take effect and still throw (`ErasurePending`).
        try {
            body(it)
        } finally {
            announce()
        }
    }

    private fun announce() = revision.update { if (it == ENDED) ENDED else it + 1 }

    // ---- flows

    /**
     * One element now, and one after every call that may have changed something; changes that come faster than they are taken
     * are one. For what shows more than answers or the level: read it anew at each element. Ends when the personalizer is closed.
     */
    fun changes(): Flow<Unit> = revision.takeWhile { it != ENDED }.map { }

    /**
     * The answer to [request] now, and again after everything that may change it: what was tracked, forgotten, chosen or loaded.
     * Changes that come faster than answers are taken together. Ends when the personalizer is closed; throws what [recommend]
     * throws.
     */
    fun recommendations(request: Request): Flow<Recommendations> = whileOpen { recommend(request) }

    /**
     * The level in force now, and whenever a call changed it. Ends when the personalizer is closed. A consent that runs out is
     * seen at the next call that changes something.
     */
    fun levels(): Flow<PersonalizationLevel> = whileOpen { level() }.distinctUntilChanged()

    private fun <T> whileOpen(answer: suspend () -> T): Flow<T> =
        changes().map { answer() }.catch { if (it !is TastekeeperException.Closed) throw it }

    // ---- what the shop does in a visit

    /** Whether what is kept survives a restart. */
    suspend fun isDurable(): Boolean = call { it.isDurable() }

    /**
     * Takes an event and says what became of it. Lack of consent is an answer, not an error.
     * @throws TastekeeperException.InvalidArgument naming the field; a storage error, and then the event was not kept.
     */
    suspend fun track(event: Event): Tracked =
        call { engine -> engine.track(event).also { if (it.isLearned) announce() } }

    /** Takes at most 1 000 events at once: all of those that may be kept, or on an error none. */
    suspend fun track(events: List<Event>): List<Tracked> =
        call { engine -> engine.trackAll(events).also { all -> if (all.any { it.isLearned }) announce() } }

    /** Adds or replaces at most 10 000 items, all or none. */
    suspend fun upsert(items: List<Item>) = change { it.upsertItems(items) }

    /** Changes price, availability and other fields of known items, all or none. */
    suspend fun patch(patches: List<ItemPatch>) = change { it.patchItems(patches) }

    /** Takes items down. Unknown ids are fine. */
    suspend fun remove(ids: List<String>) = change { it.removeItems(ids) }

    /**
     * Loads a model pack and swaps it in at once.
     * @throws TastekeeperException.ModelInvalid saying why; the pack in use stays in use.
     */
    suspend fun loadModel(pack: File): ModelInfo = change { it.loadModel(pack.path) }

    /** Answers a request. Never throws for lack of data: the answer is shorter then. */
    suspend fun recommend(request: Request): Recommendations = call { it.recommend(request) }

    /** Continues an answer of this visit with items it has not given yet. */
    suspend fun more(answer: Recommendations, count: Int = 10): Recommendations =
        call { it.recommendNext(answer.recommendationId, counted(count)) }

    /** Puts the shop's own list in the shopper's order. */
    suspend fun rerank(ids: List<String>, context: Context? = null): Recommendations = call { it.rerank(ids, context) }

    /** The categories to show first. */
    suspend fun categories(count: Int = 10): List<CategoryRecommendation> =
        call { it.recommendCategories(counted(count)) }

    /** Explains one item of an answer of this visit: parts that add up to its score. */
    suspend fun explain(itemId: String, answer: Recommendations): Explanation =
        call { it.explain(answer.recommendationId, itemId) }

    // ---- what the shopper decides

    /** The level in force now. */
    suspend fun level(): PersonalizationLevel = call { it.level() }

    /** What is known of the shopper's consent. */
    suspend fun consentState(): ConsentState = call { it.consentState() }

    /**
     * Changes the level. Raising needs a consent; lowering never does, and what the lower level may not hold is erased, its key
     * first, before this returns.
     * @throws TastekeeperException.ConsentRequired and the level stays.
     * @throws TastekeeperException.ErasurePending and the level is lowered.
     */
    suspend fun setLevel(level: PersonalizationLevel, consent: Consent? = null) = change { it.setLevel(level, consent) }

    /** Says that the shopper is a child or of unknown age, or that this is no longer so. */
    suspend fun setProtected(on: Boolean) = change { it.setProtected(on) }

    /** Lowers the level to what the signals of a consent platform still allow; it never raises one. */
    suspend fun applyCmpSignals(signals: Map<String, SignalValue>, policy: CmpPolicy = CmpPolicy()): CmpOutcome =
        change { it.applyCmpSignals(signals, policy) }

    /** Stops or resumes learning for every profile on this phone. */
    suspend fun setKillSwitch(on: Boolean) = change { it.setKillSwitch(on) }

    /** Stops or resumes learning for the active profile. */
    suspend fun pause(on: Boolean) = change { it.pause(on) }

    /** Begins or ends a private session. */
    suspend fun setPrivateSession(on: Boolean) = change { it.setPrivateSession(on) }

    /** Corrects the shop's idea of a category. */
    suspend fun setInterest(category: String, interest: Interest) = change { it.setInterest(category, interest) }

    // ---- what the shopper sees, takes along and forgets

    /** What the phone believes of the shopper. For the shopper's own eyes. */
    suspend fun profile(): ProfileSummary = call { it.profile() }

    /** The newest kept events before [beforeMs], newest first. */
    suspend fun history(limit: Int = 100, beforeMs: Long? = null): List<HistoryEntry> =
        call { it.history(counted(limit), beforeMs) }

    /** Forgets, exactly. Returns how many events were forgotten or shortened. */
    suspend fun forget(scope: Forget): UInt = change { it.forget(scope) }

    /** Ends or resumes learning from the kept events that [scope] names: "this was a gift". */
    suspend fun setLearning(scope: Forget, on: Boolean): UInt = change { it.setLearning(scope, on) }

    /** Everything the phone holds of the active profile, as JSON. In the clear: save it only where the shopper says. */
    suspend fun exportData(): String = call { it.exportData() }

    /** Every change of level, oldest first. */
    suspend fun receipts(): List<Receipt> = call { it.receipts() }

    /** The receipts as JSON, for the shopper to keep. */
    suspend fun exportReceipts(): String = call { it.exportReceipts() }

    /** The history and interests, sealed with a passphrase, for a new phone. */
    suspend fun exportTransfer(passphrase: String): ByteArray = call { it.exportTransfer(passphrase) }

    /** Takes over what [exportTransfer] sealed. */
    suspend fun importTransfer(sealed: ByteArray, passphrase: String): Imported =
        change { it.importTransfer(direct(sealed), passphrase) }

    /** The names of all profiles. */
    suspend fun profiles(): List<String> = call { it.profiles() }

    /** Makes another profile the active one. */
    suspend fun switchProfile(name: String) = change { it.switchProfile(name) }

    /** Loads the topics that reports are about. */
    suspend fun loadVocabulary(bytes: ByteArray, signature: String) = change { it.loadVocabulary(direct(bytes), signature) }

    /** The report of this epoch, for the shopper to look at. Nothing leaves. */
    suspend fun previewReport(): ReportPreview = call { it.previewReport() }

    /** The report to send now, if there is one, until [confirmSent]. */
    suspend fun pendingReport(): Report? = call { it.pendingReport() }

    /** Says that a report was sent. */
    suspend fun confirmSent(report: Report) = call { it.confirmSent(report.id) }

    /** Every report that this installation drew, oldest first. */
    suspend fun reportLog(): List<ReportLogEntry> = call { it.reportLog() }

    /** Counts of what is kept, offered and chosen. */
    suspend fun stats(): Stats = call { it.stats() }

    /** What an app's developer should know. Empty when all is well. */
    suspend fun doctor(): List<Finding> = call { it.doctor() }

    companion object {
        private const val ENDED = -1L

        /**
         * Opens the engine on a [directory] that is in no backup: what is kept survives restarts, sealed with a key of [keys].
         *
         * [clock] and [random] are for tests and replays; without them the system's are used. Calls run on [dispatcher].
         * @throws TastekeeperException.KeyUnavailable when no key can be had, and nothing is touched then.
         * @throws TastekeeperException.InvalidArgument for the configuration.
         * @throws TastekeeperException.StorageUnavailable when files cannot be read, or the directory not be made.
         */
        suspend fun onDevice(
            directory: File,
            keys: KeyCustodian,
            config: Config = Config(),
            clock: Clock? = null,
            random: SecureRandom? = null,
            dispatcher: CoroutineDispatcher = Dispatchers.IO,
        ): Personalizer = open(dispatcher) {
            Recommender.open(config, made(directory), GuardedKeys(keys), clock?.let(::GuardedClock), random?.let(::GuardedRandom))
        }

        /**
         * Opens the engine in memory: everything is gone with this object.
         * @throws TastekeeperException.InvalidArgument for the configuration.
         */
        suspend fun inMemory(
            config: Config = Config(),
            clock: Clock? = null,
            random: SecureRandom? = null,
            dispatcher: CoroutineDispatcher = Dispatchers.IO,
        ): Personalizer = open(dispatcher) {
            Recommender.open(config, null, null, clock?.let(::GuardedClock), random?.let(::GuardedRandom))
        }

        /**
         * As [onDevice]; in memory where no key can be had now, and never in the clear. [isDurable] says which it became. A key
         * that is lost for good needs [reset].
         */
        suspend fun onDeviceOrInMemory(
            directory: File,
            keys: KeyCustodian,
            config: Config = Config(),
            clock: Clock? = null,
            random: SecureRandom? = null,
            dispatcher: CoroutineDispatcher = Dispatchers.IO,
        ): Personalizer = try {
            onDevice(directory, keys, config, clock, random, dispatcher)
        } catch (_: TastekeeperException.KeyUnavailable) {
            inMemory(config, clock, random, dispatcher)
        }

        /**
         * Erases everything the engine ever kept in [directory], and its keys. No personalizer may be open on it.
         * @throws TastekeeperException.ErasurePending when something may still be there; call again.
         */
        suspend fun reset(
            directory: File,
            keys: KeyCustodian,
            dispatcher: CoroutineDispatcher = Dispatchers.IO,
        ) = withContext(dispatcher) { resetStore(made(directory), GuardedKeys(keys)) }

        @OptIn(ExperimentalCoroutinesApi::class)
        private suspend fun open(dispatcher: CoroutineDispatcher, body: () -> Recommender): Personalizer {
            val serial = dispatcher.limitedParallelism(1)
            var opened: Recommender? = null
            try {
                withContext(serial) { opened = body() }
            } catch (error: CancellationException) {
                // Nobody waits for it any more, and an engine that is left behind keeps a key.
                opened?.use { it.shutDown() }
                throw error
            }
            return Personalizer(checkNotNull(opened), serial)
        }

        /** The path of a directory, made if it is missing. The system's own text would name the path. */
        private fun made(directory: File): String {
            if (directory.isDirectory || directory.mkdirs() || directory.isDirectory) return directory.path
            throw TastekeeperException.StorageUnavailable(
                "the storage directory cannot be made; check that the app may write there",
            )
        }

        private fun closed() = TastekeeperException.Closed("the personalizer is closed; open another one")

        /** Bytes where the engine can read them without a copy of its own. */
        private fun direct(bytes: ByteArray): ByteBuffer =
            ByteBuffer.allocateDirect(bytes.size).also { it.put(bytes).flip() }

        /** A count as the engine takes it, which refuses 0 and what is too large by name. */
        private fun counted(count: Int): UInt = count.coerceAtLeast(0).toUInt()
    }
}

/** Whether recommendations may change with it. */
val Tracked.isLearned: Boolean get() = this !is Tracked.Ignored
