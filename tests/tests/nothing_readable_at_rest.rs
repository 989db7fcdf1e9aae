//! Promise 3: no byte of an item id, query or profile is on disk in the clear, in any file.

use std::sync::Arc;

use tastekeeper::mutants::Mutant;
use tastekeeper::platform::{DirectoryFileSystem, FileKeyCustodian};
use tastekeeper::{
    Event, EventKind, Forget, Interest, PersonalizationLevel as Level, Platform, Recommender, Subject,
};
use tastekeeper_tests::phone::{Phone, brand, catalogue, category, consent, item, sample, view};
use tastekeeper_tests::promise::{Checked, answers, ensure, must_catch};

/// Every word that must not be found, in any run of bytes.
const CANARIES: [&str; 7] =
    ["canary", "profile-name", "surface-word", "item-", "query", "category-", "brand-"];

/// A visit that writes every kind of record.
fn visit(shop: &Recommender) -> Result<(), tastekeeper::Error> {
    shop.install_model(sample())?;
    shop.upsert_items(catalogue(8))?;
    shop.set_level(
        Level::OnDevice,
        Some(&tastekeeper::Consent { surface: "surface-word".into(), ..consent() }),
    )?;
    for number in 0..30 {
        shop.track(view(number))?;
    }
    shop.track(Event { query: Some("query-canary".into()), ..Event::new(EventKind::Search) })?;
    shop.track(Event { event_id: Some("event-canary".into()), ..Event::purchase([item(1), item(2)]) })?;
    shop.track(Event { category: Some(category(1)), ..Event::new(EventKind::ViewCategory) })?;
    shop.track(Event::not_interested(Subject::Brand(brand(2))))?;
    shop.set_interest(&category(3), Interest::Boost)?;
    shop.forget(Forget::Item(item(4)))?;
    answers(shop)?;
    shop.track(Event::add_to_cart(item(9)))?;
    Ok(())
}

fn scan(name: &str, bytes: &[u8]) -> Checked {
    for canary in CANARIES {
        let found = bytes.windows(canary.len()).any(|window| window.eq_ignore_ascii_case(canary.as_bytes()));
        ensure(!found, || format!("`{canary}` is readable in the file `{name}`"))?;
    }
    Ok(())
}

fn no_file_is_readable() -> Checked {
    let phone = Phone::new();
    let config = tastekeeper::Config { profile: "profile-name-canary".into(), ..Phone::config() };
    let shop = Recommender::open(config, phone.platform()).map_err(|error| error.to_string())?;
    visit(&shop).map_err(|error| error.to_string())?;
    let files = phone.device.files().dump();
    ensure(files.len() >= 4, || format!("only {} files were written", files.len()))?;
    files.iter().try_for_each(|(name, bytes)| {
        scan(name, bytes)?;
        scan("a file's name", name.as_bytes())
    })
}

#[test]
fn no_canary_in_any_file() {
    must_catch(Mutant::WritePlaintextCopy, no_file_is_readable);
}

#[test]
fn no_canary_in_a_real_directory() {
    let folder = tempfile::tempdir().unwrap();
    let keys = tempfile::tempdir().unwrap();
    let phone = Phone::new();
    let platform = Platform {
        files: Arc::new(DirectoryFileSystem::create(folder.path().join("store")).unwrap()),
        keys: Arc::new(FileKeyCustodian::create(keys.path()).unwrap()),
        ..phone.platform()
    };
    let shop = Recommender::open(Phone::config(), platform).unwrap();
    visit(&shop).unwrap();
    let mut scanned = 0;
    for entry in std::fs::read_dir(folder.path().join("store")).unwrap() {
        let entry = entry.unwrap();
        scan(&entry.file_name().to_string_lossy(), &std::fs::read(entry.path()).unwrap()).unwrap();
        scanned += 1;
    }
    assert!(scanned >= 4, "only {scanned} files");
}

#[test]
fn the_scan_can_fail() {
    assert!(scan("a", b"..Item-Canary-001..").is_err());
    assert!(scan("a", b"....").is_ok());
}
