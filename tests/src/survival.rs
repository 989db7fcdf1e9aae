//! What a store may hold after a crash or a failure: a script of calls, and the set of states each outcome allows.

use std::collections::BTreeSet;
use std::sync::Arc;

use tastekeeper::error::{Error, Result};
use tastekeeper::platform::{FileSystem, SeededRandom};
use tastekeeper::store::{CallRandom, Caps, Durability, Finding, Opened, RecordLog, SealedLog, SealedState};

use crate::fault::{FaultyDevice, Variant};
use crate::log_contract::records;

/// The content of a log.
pub type Records = Vec<Vec<u8>>;

/// One call of a script.
#[derive(Clone, Debug)]
pub enum Call {
    /// Appends to the log.
    Append(Records, Durability),
    /// Rewrites the log.
    Rewrite(Records),
    /// Erases the log.
    Erase,
    /// Saves the state.
    Save(Vec<u8>),
    /// Erases the state.
    EraseState,
}

/// A script that meets every kind of write, before and after every other kind.
#[must_use]
pub fn script() -> Vec<Call> {
    use Durability::{Power, Process};
    let append = |from, count, durability| Call::Append(records(from, count), durability);
    vec![
        append(0, 2, Process),
        append(2, 1, Power),
        append(3, 1, Process),
        append(4, 1, Process),
        append(5, 5, Power),
        append(10, 1, Power),
        append(11, 1, Process),
        append(0, 0, Power),
        append(12, 1, Process),
        Call::Save(b"level one".to_vec()),
        Call::Rewrite(records(3, 6)),
        append(20, 1, Process),
        append(21, 1, Process),
        append(22, 2, Power),
        append(24, 1, Process),
        Call::Save(b"level two, and a receipt".to_vec()),
        Call::Rewrite(records(4, 2)),
        Call::Rewrite(records(5, 1)),
        append(30, 1, Power),
        Call::Erase,
        Call::EraseState,
        append(40, 1, Process),
        append(41, 1, Power),
        Call::Rewrite(Vec::new()),
        append(42, 1, Process),
        Call::Save(b"level three".to_vec()),
        append(43, 1, Power),
    ]
}

/// What was acknowledged, and what was tried since.
#[derive(Clone, Debug)]
pub struct History<T> {
    /// Every acknowledged state, oldest first.
    acknowledged: Vec<T>,
    /// The first of them that a power cut may go back to.
    floor: usize,
    /// What calls that failed since the last acknowledged one may have left.
    attempted: Vec<T>,
}

impl<T: Clone + PartialEq> History<T> {
    fn new(start: T) -> Self {
        Self { acknowledged: vec![start], floor: 0, attempted: Vec::new() }
    }

    /// Returns the state that is current for the process.
    pub fn current(&self) -> &T {
        self.acknowledged.last().expect("a history starts with one state")
    }

    fn acknowledge(&mut self, state: T, durable: bool) {
        self.acknowledged.push(state);
        self.attempted.clear();
        if durable {
            self.floor = self.acknowledged.len() - 1;
        }
    }

    /// Returns whether a reader may see `found` after the process was killed.
    pub fn survives_kill(&self, found: &T) -> bool {
        found == self.current() || self.attempted.contains(found)
    }

    /// Returns whether a reader may see `found` after a power cut.
    pub fn survives_power_cut(&self, found: &T) -> bool {
        self.acknowledged[self.floor..].contains(found) || self.attempted.contains(found)
    }
}

/// A store on a device while a script runs, with the model of what it promised.
pub struct Run {
    /// The device.
    pub device: FaultyDevice,
    log: SealedLog,
    state: SealedState,
    /// The log's history.
    pub log_history: History<Records>,
    /// The state's history.
    pub state_history: History<Option<Vec<u8>>>,
    /// Files whose content a call has acknowledged to be gone for ever.
    pub gone: BTreeSet<Vec<u8>>,
    superseded: Vec<Vec<u8>>,
    calls: u64,
}

/// The log's file.
pub const LOG_FILE: &str = "history.log";

/// Opens the log of a device.
///
/// # Errors
/// As [`SealedLog::open`].
pub fn open(device: &FaultyDevice) -> Result<Opened> {
    SealedLog::open(device.files(), device.keys(), "history", Caps::default())
}

/// The state of a device.
#[must_use]
pub fn state(device: &FaultyDevice) -> SealedState {
    SealedState::new(device.files(), device.keys(), "levels")
}

/// Randomness for the call with this number.
#[must_use]
pub fn random(number: u64) -> CallRandom {
    CallRandom::draw(&SeededRandom::new(number))
}

impl Run {
    /// Opens an empty store on `device`.
    ///
    /// # Errors
    /// When opening meets the device's fault.
    pub fn start(device: FaultyDevice) -> Result<Self> {
        let log = open(&device)?.log;
        Ok(Self {
            log,
            state: state(&device),
            device,
            log_history: History::new(Vec::new()),
            state_history: History::new(None),
            gone: BTreeSet::new(),
            superseded: Vec::new(),
            calls: 0,
        })
    }

    /// Makes one call and keeps the books; returns what the call returned.
    ///
    /// # Errors
    /// As the call.
    pub fn call(&mut self, call: &Call) -> Result<()> {
        self.calls += 1;
        let mut random = random(self.calls);
        let before = self.device.files().dump().remove(LOG_FILE);
        let generation = before.as_ref().and_then(|file| file.get(..88).map(<[u8]>::to_vec));
        let (next, durable, result) = match call {
            Call::Append(records, durability) => {
                let next = [self.log_history.current().as_slice(), records].concat();
                let durable = *durability == Durability::Power;
                (next, durable, self.log.append(records, *durability, &mut random))
            }
            Call::Rewrite(records) => (records.clone(), true, self.log.rewrite(records, &mut random)),
            Call::Erase => (Vec::new(), true, self.log.erase()),
            Call::Save(blob) => {
                let result = self.state.save(blob, &mut random);
                book(&mut self.state_history, Some(blob.clone()), true, &result);
                return result;
            }
            Call::EraseState => {
                let result = self.state.erase();
                book(&mut self.state_history, None, true, &result);
                return result;
            }
        };
        book(&mut self.log_history, next, durable, &result);
        let after = self.device.files().dump().remove(LOG_FILE);
        if generation.is_some() && after.and_then(|file| file.get(..88).map(<[u8]>::to_vec)) != generation {
            self.superseded.extend(before);
        }
        if result.is_ok() && !self.log.is_erasure_pending() {
            self.gone.extend(self.superseded.drain(..));
        }
        result
    }
}

fn book<T: Clone + PartialEq>(history: &mut History<T>, next: T, durable: bool, result: &Result<()>) {
    match result {
        Ok(()) => history.acknowledge(next, durable),
        Err(Error::ErasurePending { .. }) => {
            // It took effect here, but the next start may still go back.
            let before = history.current().clone();
            history.acknowledge(next, false);
            history.attempted.push(before);
        }
        Err(_) => history.attempted.push(next),
    }
}

/// How the device stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The process was killed.
    Kill,
    /// The power was cut.
    PowerCut,
}

/// Opens the store on `device`, which has just started, and checks what is there against `run`; then that it can
/// be written and opened again. Returns what opening reported.
///
/// # Errors
/// A description of the broken promise.
pub fn check_after(
    run: &Run,
    device: &FaultyDevice,
    stop: Stop,
) -> std::result::Result<Vec<Finding>, String> {
    let Opened { mut log, records, findings } = open(device).map_err(|error| format!("open: {error}"))?;
    let records = records.to_vec();
    let allowed = match stop {
        Stop::Kill => run.log_history.survives_kill(&records),
        Stop::PowerCut => run.log_history.survives_power_cut(&records),
    };
    if !allowed {
        return Err(format!("after {stop:?} the log has {} records: {findings:?}", records.len()));
    }
    let loaded = state(device).load().map_err(|error| format!("load: {error}"))?;
    let allowed = match stop {
        Stop::Kill => run.state_history.survives_kill(&loaded.blob),
        Stop::PowerCut => run.state_history.survives_power_cut(&loaded.blob),
    };
    if !allowed {
        return Err(format!("after {stop:?} the state is another: {:?}", loaded.findings));
    }
    check_gone(run, device)?;
    let reported = [findings.as_slice(), &loaded.findings].concat();

    if findings.contains(&Finding::MissingKey) {
        log.erase().map_err(|error| format!("erase without a key: {error}"))?;
    }
    if loaded.findings.contains(&Finding::MissingKey) {
        state(device).erase().map_err(|error| format!("erase the state without a key: {error}"))?;
    }
    let expected = [records, crate::log_contract::records(90, 1)].concat();
    log.append(&expected[expected.len() - 1..], Durability::Power, &mut random(900))
        .map_err(|error| format!("append after opening: {error}"))?;
    state(device).save(b"after", &mut random(901)).map_err(|error| format!("save after opening: {error}"))?;
    let device = device.reboot(Variant::ALL_LOST);
    let again = open(&device).map_err(|error| format!("open again: {error}"))?;
    if again.records.to_vec() != expected || !again.findings.is_empty() {
        return Err(format!("an append after opening is lost: {:?}", again.findings));
    }
    let loaded = state(&device).load().map_err(|error| format!("load again: {error}"))?;
    if loaded.blob.as_deref() != Some(b"after") || !loaded.findings.is_empty() {
        return Err(format!("a save after opening is lost: {:?}", loaded.findings));
    }
    Ok(reported)
}

/// Checks that no key that is left opens a file whose content was acknowledged to be gone.
///
/// # Errors
/// A description of the broken promise.
pub fn check_gone(run: &Run, device: &FaultyDevice) -> std::result::Result<(), String> {
    for file in &run.gone {
        let device = device.reboot(Variant::ALL_KEPT);
        device.files().put(LOG_FILE, file);
        if open(&device).is_ok_and(|opened| !opened.records.is_empty()) {
            return Err("a key that is left opens content that was acknowledged to be gone".to_owned());
        }
    }
    Ok(())
}

/// Returns whether any file of `files` holds 24 bytes in a row of `old`'s sealed part.
#[must_use]
pub fn holds_residue(files: &Arc<dyn FileSystem>, old: &[u8]) -> bool {
    let windows: BTreeSet<&[u8]> = old.get(88..).unwrap_or_default().windows(24).collect();
    files.list().unwrap_or_default().iter().any(|name| {
        files.read(name).is_ok_and(|file| file.windows(24).any(|window| windows.contains(window)))
    })
}
