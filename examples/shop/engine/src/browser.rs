//! What JavaScript sees, and what it gives.

use std::io::ErrorKind;
use std::sync::Arc;

use serde_json::Value;
use tastekeeper::platform::{Clock, FileError, Key, RandomError, SecureRandom};
use tastekeeper_json::{Files, scenario};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroize;

use crate::pool::{Pool, Slots};
use crate::shop::{Shop, to_text};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = tastekeeperHost)]
    fn now() -> f64;
    /// Whether all of `bytes` is random now.
    #[wasm_bindgen(js_namespace = tastekeeperHost)]
    fn random(bytes: &mut [u8]) -> bool;
    #[wasm_bindgen(js_namespace = tastekeeperHost, js_name = slotCount)]
    fn slot_count() -> u32;
    /// Bytes, or -1.
    #[wasm_bindgen(js_namespace = tastekeeperHost, js_name = slotSize)]
    fn slot_size(slot: u32) -> f64;
    /// How many bytes were read, or -1.
    #[wasm_bindgen(js_namespace = tastekeeperHost, js_name = slotRead)]
    fn slot_read(slot: u32, at: f64, bytes: &mut [u8]) -> f64;
    /// 0, 1 where there is no space, 2 for anything else.
    #[wasm_bindgen(js_namespace = tastekeeperHost, js_name = slotWrite)]
    fn slot_write(slot: u32, at: f64, bytes: &[u8]) -> u32;
    #[wasm_bindgen(js_namespace = tastekeeperHost, js_name = slotTruncate)]
    fn slot_truncate(slot: u32, size: f64) -> bool;
    #[wasm_bindgen(js_namespace = tastekeeperHost, js_name = slotFlush)]
    fn slot_flush(slot: u32) -> bool;
}

struct BrowserClock;

impl Clock for BrowserClock {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds of a date are a whole number below 2^53"
    )]
    fn now_ms(&self) -> i64 {
        now() as i64
    }
}

struct BrowserRandom;

impl SecureRandom for BrowserRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        if random(bytes) { Ok(()) } else { Err(RandomError) }
    }
}

struct BrowserSlots;

fn refused() -> FileError {
    FileError::Io(ErrorKind::Other)
}

fn done(is_done: bool) -> Result<(), FileError> {
    if is_done { Ok(()) } else { Err(refused()) }
}

/// The number of a slot or a place in one, as JavaScript has numbers.
#[expect(clippy::cast_possible_truncation, reason = "there are a few slots")]
fn number(slot: usize) -> u32 {
    slot as u32
}

#[expect(clippy::cast_precision_loss, reason = "files are below 2^53 bytes")]
fn place(at: u64) -> f64 {
    at as f64
}

impl Slots for BrowserSlots {
    fn count(&self) -> usize {
        slot_count() as usize
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size that is not negative"
    )]
    fn size(&self, slot: usize) -> Result<u64, FileError> {
        let size = slot_size(number(slot));
        if size < 0.0 { Err(refused()) } else { Ok(size as u64) }
    }

    #[expect(clippy::cast_precision_loss, reason = "files are below 2^53 bytes")]
    fn read(&self, slot: usize, at: u64, bytes: &mut [u8]) -> Result<(), FileError> {
        let wanted = bytes.len() as f64;
        let count = slot_read(number(slot), place(at), bytes);
        done(count >= wanted)
    }

    fn write(&self, slot: usize, at: u64, bytes: &[u8]) -> Result<(), FileError> {
        match slot_write(number(slot), place(at), bytes) {
            0 => Ok(()),
            1 => Err(FileError::Full),
            _ => Err(refused()),
        }
    }

    fn truncate(&self, slot: usize, size: u64) -> Result<(), FileError> {
        done(slot_truncate(number(slot), place(size)))
    }

    fn flush(&self, slot: usize) -> Result<(), FileError> {
        done(slot_flush(number(slot)))
    }
}

/// One phone.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine(Shop<BrowserSlots>);

fn key(bytes: &mut [u8]) -> Option<Key> {
    let key = <[u8; 32]>::try_from(&*bytes).ok().map(Key::new);
    bytes.zeroize();
    key
}

#[wasm_bindgen]
impl Engine {
    /// With 32 bytes of a key on the slots of the host, otherwise in memory. Slots that cannot be read are as none; then `is_durable` in
    /// the state stays false.
    #[wasm_bindgen(constructor)]
    pub fn new(root: &mut [u8]) -> Self {
        let pool = key(root).and_then(|root| Some((Pool::open(BrowserSlots).ok()?, root)));
        Self(Shop::new(Arc::new(BrowserClock), Arc::new(BrowserRandom), pool))
    }

    /// The key that the store is sealed under from now on; the store must be empty.
    #[wasm_bindgen(js_name = setRoot)]
    pub fn set_root(&mut self, root: &mut [u8]) {
        if let Some(root) = key(root) {
            self.0.set_root(root);
        }
    }

    /// Hands over a file that calls may name.
    #[wasm_bindgen(js_name = putFile)]
    pub fn put_file(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.put_file(name, bytes);
    }

    /// Runs one call: `{"gives": ..}` or `{"fails": [code, text]}`.
    pub fn call(&mut self, step: &str) -> String {
        let step: Value = serde_json::from_str(step).unwrap_or_default();
        to_text(self.0.call(&step))
    }
}

/// Runs scenarios, with the files they name.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Scenarios(Files);

#[wasm_bindgen]
impl Scenarios {
    /// Without files.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands over a file that scenarios may name.
    #[wasm_bindgen(js_name = putFile)]
    pub fn put_file(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.insert(name.to_owned(), bytes);
    }

    /// The text of a scenario with the answers of this engine: the same text where all are the same.
    pub fn run(&self, scenario: &str) -> String {
        let run = |scenario: &Value| scenario::run(scenario, &self.0, None);
        match serde_json::from_str(scenario) {
            Ok(scenario) => match run(&scenario) {
                Ok(answered) => scenario::to_text(&answered),
                Err(problem) => problem.to_string(),
            },
            Err(_) => "not JSON".to_owned(),
        }
    }
}
