//! Keys that can fail. A key operation is durable when it returns; one in flight at a crash may have happened.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use tastekeeper::platform::{Key, KeyCustodian, KeyError};

use super::{SharedMeter, Step, lock};

#[derive(Clone, Default)]
struct Slots {
    keys: BTreeMap<String, Key>,
    in_flight: Option<(String, Option<Key>)>,
}

impl Slots {
    fn set(&mut self, name: String, key: Option<Key>) {
        match key {
            Some(key) => self.keys.insert(name, key),
            None => self.keys.remove(&name),
        };
    }
}

/// A key custodian in memory. Made by [`FaultyDevice`](super::FaultyDevice).
#[derive(Default)]
pub struct FaultyKeyCustodian {
    meter: SharedMeter,
    slots: Mutex<Slots>,
}

impl fmt::Debug for FaultyKeyCustodian {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FaultyKeyCustodian")
    }
}

impl FaultyKeyCustodian {
    pub(super) fn with_meter(meter: SharedMeter) -> Self {
        Self { meter, ..Self::default() }
    }

    pub(super) fn reboot(&self, key_in_flight: bool, meter: SharedMeter) -> Self {
        let mut slots = lock(&self.slots).clone();
        if let Some((name, key)) = slots.in_flight.take()
            && key_in_flight
        {
            slots.set(name, key);
        }
        Self { meter, slots: Mutex::new(slots) }
    }

    /// Returns the names of the slots that hold a key. Works on a crashed device, too.
    #[must_use]
    pub fn slots(&self) -> Vec<String> {
        lock(&self.slots).keys.keys().cloned().collect()
    }

    /// Loses every key whose slot begins with `prefix`, without an operation: what a host does that restores an app without
    /// its keys.
    pub fn lose(&self, prefix: &str) {
        lock(&self.slots).keys.retain(|name, _| !name.starts_with(prefix));
    }

    fn change(&self, name: &str, key: Option<Key>) -> Result<(), KeyError> {
        let step = lock(&self.meter).next(false).map_err(|_| KeyError::Unavailable)?;
        let mut slots = lock(&self.slots);
        match step {
            Step::Run => slots.set(name.to_owned(), key),
            Step::FailLate => {
                slots.set(name.to_owned(), key);
                return Err(KeyError::Unavailable);
            }
            Step::Crash => {
                slots.in_flight = Some((name.to_owned(), key));
                return Err(KeyError::Unavailable);
            }
            Step::Fail(_) => return Err(KeyError::Unavailable),
        }
        Ok(())
    }
}

impl KeyCustodian for FaultyKeyCustodian {
    fn load(&self, name: &str) -> Result<Option<Key>, KeyError> {
        match lock(&self.meter).next(false).map_err(|_| KeyError::Unavailable)? {
            Step::Run => Ok(lock(&self.slots).keys.get(name).cloned()),
            Step::FailLate | Step::Crash | Step::Fail(_) => Err(KeyError::Unavailable),
        }
    }

    fn store(&self, name: &str, key: &Key) -> Result<(), KeyError> {
        self.change(name, Some(key.clone()))
    }

    fn destroy(&self, name: &str) -> Result<(), KeyError> {
        self.change(name, None)
    }
}
