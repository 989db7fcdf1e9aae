//! What can be seen of a phone from outside: the engine's own words, and every byte and key it left.

use std::collections::{BTreeMap, HashSet};

use tastekeeper::{
    ConsentState, Finding, Interest, Origin, PersonalizationLevel as Level, ProfileSummary, Receipt,
    Recommender,
};

use super::calls::profile_name;
use super::deed::{Entry, Memory};
use super::ideal::{Ideal, Paper};
use crate::fault::FaultyDevice;
use crate::promise::{Checked, ensure};

/// What the engine says of itself.
#[derive(Clone, Debug)]
pub struct Seen {
    level: Level,
    state: ConsentState,
    receipts: Vec<Receipt>,
    history: Vec<Entry>,
    profile: ProfileSummary,
    profiles: Vec<String>,
    is_private: bool,
    findings: Vec<Finding>,
}

impl Seen {
    /// Asks the engine.
    ///
    /// # Errors
    /// The engine's.
    pub fn ask(shop: &Recommender) -> tastekeeper::Result<Self> {
        Ok(Self {
            level: shop.level()?,
            state: shop.consent_state()?,
            receipts: shop.receipts()?,
            history: shop.history(1_000, None)?.iter().map(Entry::from).collect(),
            profile: shop.profile()?,
            profiles: shop.profiles()?,
            is_private: shop.is_private_session()?,
            findings: shop.doctor()?,
        })
    }

    /// Whether the engine says that something is not erased or not written yet.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        let open = [Finding::ErasurePending, Finding::RewriteDue, Finding::ConsentUnsaved];
        self.findings.iter().any(|finding| open.contains(finding))
    }

    /// Whether the engine says that something is not erased yet.
    #[must_use]
    pub fn is_erasure_pending(&self) -> bool {
        self.findings.contains(&Finding::ErasurePending)
    }

    /// Whether a phone that is like `ideal` would say this.
    ///
    /// # Errors
    /// What it would not say.
    pub fn fits(&self, ideal: &Ideal, now_ms: i64) -> Checked {
        let person = ideal.person();
        let level = ideal.level(now_ms);
        ensure(self.level == level, || format!("the level is {:?}, not {level:?}", self.level))?;
        let state = person.state(now_ms);
        ensure(self.state == state, || format!("the consent is {:?}, not {state:?}", self.state))?;
        ensure(self.is_private == ideal.private, || format!("private: {}", self.is_private))?;
        let papers: Vec<Paper> = self.receipts.iter().map(paper).collect();
        ensure(papers == person.papers, || format!("receipts {papers:?}, not {:?}", person.papers))?;
        let history: Vec<Entry> = ideal.newest_first().iter().map(Memory::entry).collect();
        ensure(self.history == history, || format!("history {:?}, not {history:?}", self.history))?;
        let interests: &[(String, Interest)] = &ideal.interests();
        ensure(self.profile.interests == interests, || format!("interests {:?}", self.profile.interests))?;
        ensure(self.profile.events == history.len(), || format!("{} events", self.profile.events))?;
        let profiles: Vec<String> =
            ideal.ledger.people.iter().map(|person| profile_name(person.name)).collect();
        ensure(self.profiles == profiles, || format!("profiles {:?}, not {profiles:?}", self.profiles))
    }

    /// What must hold whatever was done before.
    ///
    /// # Errors
    /// What does not hold.
    pub fn holds_always(&self, now_ms: i64) -> Checked {
        let broken = self.findings.contains(&Finding::ReceiptsBroken);
        ensure(!broken, || "the chain of receipts is broken".into())?;
        if self.level == Level::Off {
            ensure(self.history.is_empty(), || "there is a history at Off".into())?;
            ensure(self.profile == ProfileSummary::default(), || "there is a profile at Off".into())?;
            return Ok(());
        }
        let live = self.receipts.last().is_some_and(|receipt| {
            receipt.level >= self.level && receipt.expires_ms > now_ms && receipt.level > Level::Off
        });
        ensure(live, || format!("no live receipt for {:?}: {:?}", self.level, self.receipts.last()))?;
        // Every rise within the receipts that are kept was agreed to by the shopper.
        for pair in self.receipts.windows(2).filter(|pair| pair[1].level > pair[0].level) {
            let agreed = pair[1].origin == Origin::Shopper && pair[1].consent.is_some();
            ensure(agreed, || "a receipt of a rise without a consent".into())?;
        }
        Ok(())
    }
}

fn paper(receipt: &Receipt) -> Paper {
    let notice = receipt.consent.as_ref().and_then(|consent| consent.notice_version.strip_prefix("notice-"));
    Paper {
        level: receipt.level,
        origin: receipt.origin,
        time_ms: receipt.time_ms,
        expires_ms: receipt.expires_ms,
        notice: notice.and_then(|number| number.parse().ok()),
    }
}

/// Where the records of a log begin.
const HEADER_BYTES: usize = 88;
/// How many sealed bytes make a trace.
const TRACE_BYTES: usize = 24;

/// Sealed bytes that were forgotten and must be in no file.
#[derive(Default)]
pub struct Residue {
    before: BTreeMap<String, Vec<u8>>,
    /// First bytes of the traces that must be gone, and of those that may still be erased later.
    gone: HashSet<[u8; 8]>,
    limbo: HashSet<[u8; 8]>,
}

fn is_history(name: &str) -> bool {
    name.starts_with('p')
}

impl Residue {
    /// Takes note of the files as they are before a call.
    pub fn note(&mut self, device: &FaultyDevice) {
        let files = device.files().dump();
        let is_log = |name: &str| is_history(name) && name.ends_with(".log");
        for (name, old) in self.before.iter().filter(|(name, _)| is_log(name)) {
            let head = |file: &[u8]| file.get(..HEADER_BYTES).map(<[u8]>::to_vec);
            if files.get(name).and_then(|file| head(file)) != head(old) {
                // Another generation: nothing of the one before may be left.
                self.limbo.extend(traces(old));
            }
        }
        self.before = files;
    }

    /// The process ended: what was pending may be there again.
    pub fn restart(&mut self) {
        self.limbo.clear();
        self.before.clear();
    }

    /// The active profile's history of before the call was forgotten, in part or in whole.
    pub fn forget(&mut self, number: u32) {
        let name = format!("p{number}.log");
        let old = self.before.remove(&name);
        self.limbo.extend(old.iter().flat_map(|file| traces(file)));
    }

    /// Looks through all files. `pending` says that the engine itself says that something is left.
    ///
    /// # Errors
    /// What is left.
    pub fn look(&mut self, device: &FaultyDevice, pending: bool) -> Checked {
        self.note(device);
        let files = &self.before;
        for (name, file) in files {
            let canary = file.windows(6).any(|window| window == b"canary");
            ensure(!canary, || format!("{name} holds what was tracked, in the clear"))?;
        }
        if pending {
            return Ok(());
        }
        self.gone.extend(self.limbo.drain());
        if !self.gone.is_empty() {
            for (name, file) in files.iter().filter(|(name, _)| is_history(name)) {
                let left = file
                    .windows(8)
                    .any(|window| <[u8; 8]>::try_from(window).is_ok_and(|trace| self.gone.contains(&trace)));
                ensure(!left, || format!("{name} holds sealed bytes of what was forgotten"))?;
            }
        }
        let mut owners = HashSet::new();
        for slot in device.keys().slots().into_iter().filter(|slot| is_history(slot)) {
            let log = slot.split('.').next().unwrap_or_default().to_owned();
            ensure(owners.insert(log), || format!("{slot} is a second key"))?;
        }
        Ok(())
    }
}

/// Eight bytes out of every twenty-four.
fn traces(file: &[u8]) -> Vec<[u8; 8]> {
    let sealed = file.get(HEADER_BYTES..).unwrap_or_default();
    let parts = sealed.chunks_exact(TRACE_BYTES).filter_map(|part| part[12..20].try_into().ok());
    parts.filter(|trace: &[u8; 8]| trace.iter().filter(|byte| **byte == 0).count() < 3).collect()
}

/// Fails when a file is left of a profile that certainly has none. A key alone may be: that of a file that a crash kept
/// from ever being there.
///
/// # Errors
/// What is left.
pub fn no_file_left(device: &FaultyDevice, ideal: &Ideal) -> Checked {
    let names = device.files().dump();
    let erased = ideal.logs.iter().filter(|(_, place)| place.is_certainly(&None));
    for (number, _) in erased {
        let left = names.keys().find(|name| name.starts_with(&format!("p{number}.")));
        ensure(left.is_none(), || format!("{left:?} is left of a history that was erased"))?;
    }
    Ok(())
}

/// Fails when a file or a key is left of a profile whose erasure was just acknowledged.
///
/// # Errors
/// What is left.
pub fn nothing_left(device: &FaultyDevice, number: u32) -> Checked {
    let mut names = device.files().dump().into_keys().chain(device.keys().slots());
    let left = names.find(|name| name.starts_with(&format!("p{number}.")));
    ensure(left.is_none(), || format!("{left:?} is left of a history whose erasure was acknowledged"))
}
