//! What was erased stays unreadable for somebody who kept a copy of the files and has every key that is still on the phone.

use std::sync::Arc;

use tastekeeper::mutants::Mutant;
use tastekeeper::platform::{FileSystem, Key, KeyCustodian, KeyError, MemoryFileSystem};
use tastekeeper::store::{Caps, SealedLog};
use tastekeeper::{Error, Forget, PersonalizationLevel as Level, Recommender};
use tastekeeper_tests::phone::{Phone, item, view};
use tastekeeper_tests::promise::{Checked, ensure, must_catch};

/// Gives the same key under every name.
struct OneKey(Key);

impl KeyCustodian for OneKey {
    fn load(&self, _name: &str) -> Result<Option<Key>, KeyError> {
        Ok(Some(self.0.clone()))
    }

    fn store(&self, _name: &str, _key: &Key) -> Result<(), KeyError> {
        Err(KeyError::Refused)
    }

    fn destroy(&self, _name: &str) -> Result<(), KeyError> {
        Err(KeyError::Refused)
    }
}

/// How many records of the history in `files` a key opens.
fn opened_by(files: &[(String, Vec<u8>)], key: &Key) -> usize {
    let copy = MemoryFileSystem::default();
    for (name, bytes) in files {
        copy.write(name, bytes).expect("memory takes everything");
    }
    SealedLog::open(Arc::new(copy), Arc::new(OneKey(key.clone())), "p0", Caps::default())
        .map_or(0, |opened| opened.records.len())
}

fn keys(phone: &Phone) -> Vec<Key> {
    let custodian = phone.device.keys();
    custodian.slots().iter().filter_map(|name| custodian.load(name).ok().flatten()).collect()
}

fn old_bytes_stay_closed(erase: impl Fn(&Recommender) -> Result<(), Error>) -> Checked {
    let phone = Phone::new();
    let shop = phone.open_at(Level::OnDevice);
    for number in 0..10 {
        shop.track(view(number)).map_err(|error| error.to_string())?;
    }
    let before: Vec<(String, Vec<u8>)> = phone.device.files().dump().into_iter().collect();
    let readable = keys(&phone).iter().map(|key| opened_by(&before, key)).max();
    ensure(readable == Some(10), || {
        format!("the check opens {readable:?} of 10 records with the right key")
    })?;
    erase(&shop).map_err(|error| error.to_string())?;
    for key in keys(&phone) {
        let opened = opened_by(&before, &key);
        ensure(opened == 0, || format!("a key that is still there opens {opened} old records"))?;
    }
    Ok(())
}

#[test]
fn after_a_withdrawal() {
    let off = || old_bytes_stay_closed(|shop| shop.set_level(Level::Off, None));
    must_catch(Mutant::LowerWithoutErasing, off);
    must_catch(Mutant::EraseOnlyMemory, off);
    must_catch(Mutant::LowerWithoutErasing, || {
        old_bytes_stay_closed(|shop| shop.set_level(Level::Session, None))
    });
}

#[test]
fn after_forgetting() {
    for scope in [Forget::Item(item(3)), Forget::Since(0), Forget::Item("never-seen".into())] {
        must_catch(Mutant::KeepOldKey, || old_bytes_stay_closed(|shop| shop.forget(scope.clone()).map(drop)));
    }
    // The new history's key takes the place of the old one: no single wrong version leaves that.
    old_bytes_stay_closed(|shop| shop.forget(Forget::Everything).map(drop)).unwrap();
}

#[test]
fn after_an_event_became_a_gift() {
    must_catch(Mutant::KeepOldKey, || {
        old_bytes_stay_closed(|shop| shop.set_learning(Forget::Item(item(3)), false).map(drop))
    });
}
