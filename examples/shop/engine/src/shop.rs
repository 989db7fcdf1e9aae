//! One phone with this shop's app: the engine, what the shop gave it, and the store of this browser.
//!
//! In: calls as JSON, in the form of the shared scenarios, and a few of this shop's own. Out: answers as JSON. Must never answer in the
//! engine's place: what is not a call of the engine only puts such calls together.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};
use tastekeeper::platform::{Clock, FileSystem, Key, SecureRandom};
use tastekeeper::{Config, Platform, Recommender};
use tastekeeper_json::{Answer, Files, Problem, call};

use crate::host::{AheadClock, RepeatableRandom};
use crate::keys::Keys;
use crate::pool::{Pool, Slots};
use crate::split::{SplitFiles, SplitKeys};

/// The names under which the worker hands over what every phone of this shop gets.
const KEY_FILE: &str = "shop.pub";
const VOCABULARY: &str = "vocabulary.txt";
const VOCABULARY_SIGNATURE: &str = "vocabulary.txt.minisig";
/// A report's moment comes within so many hours of its draw.
const MOMENT_HOURS: i64 = 14 * 24;
const HOUR_MS: i64 = 60 * 60 * 1000;

/// Where the shopper's part is kept.
struct Store<S> {
    pool: Arc<Pool<S>>,
    root: Key,
}

/// What was shown before opting in.
struct Shown {
    bytes: String,
    seed: Vec<u8>,
}

/// See the module.
pub struct Shop<S> {
    clock: Arc<AheadClock>,
    random: Arc<RepeatableRandom>,
    store: Option<Store<S>>,
    files: Files,
    items: Vec<Value>,
    pack: Option<String>,
    engine: Option<Recommender>,
    is_durable: bool,
    shown: Option<Shown>,
}

impl<S> fmt::Debug for Shop<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shop")
    }
}

fn misread(what: &str) -> Problem {
    Problem::Misread(what.to_owned())
}

fn unavailable(error: &dyn fmt::Display) -> Problem {
    tastekeeper::Error::StorageUnavailable { reason: error.to_string() }.into()
}

impl<S: Slots + 'static> Shop<S> {
    /// A phone with this clock and random source. With a store, what was kept in it is there again; without one, everything is in
    /// memory. Give it its files and then call `open`.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn SecureRandom>, store: Option<(Pool<S>, Key)>) -> Self {
        Self {
            clock: Arc::new(AheadClock::new(clock)),
            random: Arc::new(RepeatableRandom::new(random)),
            store: store.map(|(pool, root)| Store { pool: Arc::new(pool), root }),
            files: Files::new(),
            items: Vec::new(),
            pack: None,
            engine: None,
            is_durable: false,
            shown: None,
        }
    }

    /// Hands over a file that calls may name.
    pub fn put_file(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.insert(name.to_owned(), bytes);
    }

    /// Runs one call, written as a step of a scenario.
    ///
    /// # Errors
    /// The engine's; [`Problem::Misread`] for a call that is not written as it should be.
    pub fn call(&mut self, step: &Value) -> Result<Answer, Problem> {
        match step["do"].as_str().unwrap_or_default() {
            "open" => self.open().map(|()| Answer::default()),
            "state" => self.state().map(Answer::from),
            "preview_before_opt_in" => self.rehearse().map(Answer::from),
            "opt_in" => self.opt_in(step).map(Answer::from),
            "advance_clock" => {
                let milliseconds = step["milliseconds"].as_i64().filter(|milliseconds| *milliseconds >= 0);
                let milliseconds = milliseconds.ok_or_else(|| misread("milliseconds were expected"))?;
                self.clock.set_ahead_ms(self.clock.ahead_ms().saturating_add(milliseconds));
                Ok(Answer::default())
            }
            "advance_clock_to_report" => self.advance_to_report().map(Answer::from),
            "erase_everything" => self.erase().map(Answer::from),
            "export_document" => Ok(json!(self.engine()?.export_data()?).into()),
            "export_receipts_document" => Ok(json!(self.engine()?.export_receipts()?).into()),
            "load_model" => {
                let answer = call(self.engine()?, step, &self.files)?;
                self.pack = step["file"].as_str().map(str::to_owned);
                Ok(answer)
            }
            "load_spoilt_model" => self.load_spoilt(step),
            "upsert_items" => {
                let answer = call(self.engine()?, step, &self.files)?;
                self.items.extend(step["items"].as_array().into_iter().flatten().cloned());
                Ok(answer)
            }
            "patch_items" => {
                let answer = call(self.engine()?, step, &self.files)?;
                self.remember(step);
                Ok(answer)
            }
            "set_level" => {
                if step["level"].as_str().is_some_and(|level| level != "off") {
                    self.move_to_store()?;
                }
                call(self.engine()?, step, &self.files)
            }
            _ => call(self.engine()?, step, &self.files),
        }
    }

    fn engine(&self) -> Result<&Recommender, Problem> {
        self.engine.as_ref().ok_or_else(|| tastekeeper::Error::Closed.into())
    }

    fn config(&self) -> Config {
        let key = self.files.get(KEY_FILE).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        Config { model_keys: key.into_iter().collect(), ..Config::default() }
    }

    fn in_memory(&self) -> Platform {
        Platform::in_memory(self.clock.clone(), self.random.clone())
    }

    fn on_store(&self, store: &Store<S>) -> Platform {
        let keys = Keys::new(store.pool.clone(), self.random.clone(), store.root.clone());
        Platform {
            files: Arc::new(SplitFiles::new(store.pool.clone())),
            keys: Arc::new(SplitKeys::new(Arc::new(keys))),
            ..self.in_memory()
        }
    }

    /// With an empty store the engine begins in memory: at Off nothing is kept, so nothing is written.
    fn open(&mut self) -> Result<(), Problem> {
        let kept = match &self.store {
            Some(store) => !store.pool.list().map_err(|error| unavailable(&error))?.is_empty(),
            None => false,
        };
        self.start(kept)
    }

    /// Opens the engine and gives it what it had.
    fn start(&mut self, durable: bool) -> Result<(), Problem> {
        self.engine = None;
        let platform = match &self.store {
            Some(store) if durable => self.on_store(store),
            _ => self.in_memory(),
        };
        let engine = Recommender::open(self.config(), platform)?;
        self.furnish(&engine)?;
        self.engine = Some(engine);
        self.is_durable = durable;
        Ok(())
    }

    /// Loads what the shop gives every phone.
    fn furnish(&self, engine: &Recommender) -> Result<(), Problem> {
        if self.files.contains_key(VOCABULARY) {
            let load =
                json!({"do": "load_vocabulary", "file": VOCABULARY, "signature": VOCABULARY_SIGNATURE});
            call(engine, &load, &self.files)?;
        }
        if let Some(pack) = &self.pack {
            call(engine, &json!({"do": "load_model", "file": pack}), &self.files)?;
        }
        for items in self.items.chunks(tastekeeper::MAX_ITEMS_PER_CALL) {
            call(engine, &json!({"do": "upsert_items", "items": items}), &self.files)?;
        }
        Ok(())
    }

    /// From memory to the store, before something may be kept. The level was Off, so there is nothing to take along.
    fn move_to_store(&mut self) -> Result<(), Problem> {
        if self.is_durable || self.store.is_none() {
            return Ok(());
        }
        self.start(true)
    }

    /// Keeps a patch for the next time the engine is opened.
    fn remember(&mut self, step: &Value) {
        for patch in step["patches"].as_array().into_iter().flatten() {
            let item = self.items.iter_mut().find(|item| item["id"] == patch["id"]);
            if let (Some(Value::Object(item)), Value::Object(patch)) = (item, patch) {
                item.extend(patch.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
        }
    }

    /// The pack with one bit turned over.
    fn load_spoilt(&self, step: &Value) -> Result<Answer, Problem> {
        let name = step["file"].as_str().unwrap_or_default();
        let mut pack =
            self.files.get(name).cloned().ok_or_else(|| misread("no file of this name was given"))?;
        let middle = pack.len() / 2;
        if let Some(byte) = pack.get_mut(middle) {
            *byte ^= 1;
        }
        tastekeeper_json::load(self.engine()?, &pack)
    }

    fn ask(&self, name: &str) -> Result<Value, Problem> {
        Ok(call(self.engine()?, &json!({"do": name}), &self.files)?.gives)
    }

    fn bytes(&self) -> Result<u64, Problem> {
        let bytes = self.store.as_ref().map(|store| store.pool.bytes()).transpose();
        Ok(bytes.map_err(|error| unavailable(&error))?.unwrap_or_default())
    }

    /// What the strip shows, all of it from the engine.
    fn state(&self) -> Result<Value, Problem> {
        let stats = self.engine()?.stats()?;
        Ok(json!({
            "level": self.ask("level")?,
            "consent": self.ask("consent_state")?,
            "is_private_session": self.ask("is_private_session")?,
            "stats": self.ask("stats")?,
            "events": stats.events,
            "items": stats.items,
            "pack": self.pack,
            "store_bytes": self.bytes()?,
            "is_durable": self.is_durable,
            "clock_ahead_ms": self.clock.ahead_ms(),
            "now_ms": self.clock.now_ms(),
        }))
    }

    /// What a report would say, from a second engine in memory with a copy of the history.
    fn rehearse(&mut self) -> Result<Value, Problem> {
        let passphrase = "only in this worker's memory";
        let history = self.engine()?.export_transfer(passphrase)?;
        let second = Recommender::open(self.config(), self.in_memory())?;
        self.furnish(&second)?;
        let consent = json!({"notice_version": "rehearsal"});
        call(&second, &json!({"do": "set_level", "level": "shared", "consent": consent}), &self.files)?;
        second.import_transfer(&history, passphrase)?;
        let seed = self.shown.take().map(|shown| shown.seed);
        let (preview, seed) =
            self.random.repeat(seed, || call(&second, &json!({"do": "preview_report"}), &self.files));
        let preview = preview?.gives;
        if let (Some(seed), Some(bytes)) = (seed, preview["report"]["bytes"].as_str()) {
            self.shown = Some(Shown { bytes: bytes.to_owned(), seed });
        }
        Ok(preview)
    }

    /// Level Shared, and the report with the randomness that was shown.
    fn opt_in(&mut self, step: &Value) -> Result<Value, Problem> {
        let set = json!({"do": "set_level", "level": "shared", "consent": step["consent"]});
        self.call(&set)?;
        let receipts = self.ask("receipts")?;
        let receipt = receipts.as_array().and_then(|receipts| receipts.last().cloned()).unwrap_or_default();
        let shown = self.shown.take();
        let preview = || self.ask("preview_report");
        let preview = match &shown {
            Some(shown) => self.random.repeat(Some(shown.seed.clone()), preview).0,
            None => preview(),
        };
        let preview = match preview {
            Err(Problem::Engine(tastekeeper::Error::BudgetExhausted { .. })) => Value::Null,
            preview => preview?,
        };
        let is_as_shown = shown.map(|shown| preview["report"]["bytes"].as_str() == Some(&shown.bytes));
        Ok(json!({"receipt": receipt, "preview": preview, "is_as_shown": is_as_shown}))
    }

    fn advance_to_report(&mut self) -> Result<Value, Problem> {
        let before = self.clock.ahead_ms();
        for hours in 0..=MOMENT_HOURS {
            self.clock.set_ahead_ms(before + hours * HOUR_MS);
            if !self.ask("pending_report")?.is_null() {
                return Ok(json!(hours * HOUR_MS));
            }
        }
        self.clock.set_ahead_ms(before);
        Ok(Value::Null)
    }

    /// Everything the engine kept, by its own reset; then the slots, with what a reset leaves of the report ledger.
    fn erase(&mut self) -> Result<Value, Problem> {
        let before = self.bytes()?;
        self.engine = None;
        self.shown = None;
        if let Some(store) = &self.store {
            let reset = Recommender::reset(&self.on_store(store));
            store.pool.clear().map_err(|error| unavailable(&error))?;
            reset?;
        }
        self.start(false)?;
        Ok(json!({"bytes_before": before, "bytes_after": self.bytes()?}))
    }

    /// The key that the store is sealed under from now on; the store must be empty.
    pub fn set_root(&mut self, root: Key) {
        if let Some(store) = &mut self.store {
            store.root = root;
        }
    }
}

/// An answer or a problem as the worker gets it.
#[must_use]
pub fn to_text(answer: Result<Answer, Problem>) -> String {
    match answer {
        Ok(answer) => json!({"gives": answer.gives, "saved": answer.saved}).to_string(),
        Err(problem) => json!({"fails": [problem.code(), problem.to_string()]}).to_string(),
    }
}

#[cfg(test)]
#[path = "shop_tests.rs"]
mod tests;
