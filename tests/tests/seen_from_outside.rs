//! Promises 1 to 4 on real files, looked at by a second process while the first still has the store open.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use tastekeeper::mutants::Mutant;
use tastekeeper::platform::{DirectoryFileSystem, FileKeyCustodian, FileSystem, FixedClock};
use tastekeeper::{Config, Event, EventKind, Forget, PersonalizationLevel as Level, Platform, Recommender};
use tastekeeper_models::host::SystemRandom;
use tastekeeper_tests::phone::{START_MS, brand, catalogue, consent, item, sample, signing_key, view};
use tastekeeper_tests::promise::{Checked, answers, ensure, must_catch};
use tastekeeper_tests::survival::holds_residue;

/// Tells the test binary that it is the onlooker, and where to look.
const FOLDER: &str = "TASTEKEEPER_TEST_OUTSIDE";

/// One test at a time: a process that is being started holds, until it runs, the file locks of all threads.
static ALONE: Mutex<()> = Mutex::new(());

/// The second process: prints every file below the folder, every word of the shopper's found in one, and every file that
/// holds sealed bytes of `before`, a copy of the history made earlier.
#[test]
#[expect(clippy::print_stdout, reason = "its parent reads it")]
fn onlooker() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    for part in ["store", "keys"] {
        for entry in fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let (name, bytes) =
                (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap());
            println!("\nfile {part}/{name}");
            if bytes.windows(6).any(|window| window.eq_ignore_ascii_case(b"canary"))
                || name.contains("canary")
            {
                println!("\nreadable {part}/{name}");
            }
        }
    }
    if let Ok(before) = fs::read(folder.join("before")) {
        let files: Arc<dyn FileSystem> = Arc::new(DirectoryFileSystem::create(folder.join("store")).unwrap());
        println!("\nresidue {}", holds_residue(&files, &before));
    }
    println!("\ndone");
}

/// What the onlooker said, by kind.
fn look(folder: &Path) -> Result<BTreeMap<String, Vec<String>>, String> {
    let output = Command::new(std::env::current_exe().map_err(|error| error.to_string())?)
        .args(["onlooker", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure(text.lines().any(|line| line == "done"), || format!("the onlooker did not finish:\n{text}"))?;
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (kind, what) in text.lines().filter_map(|line| line.split_once(' ')) {
        said.entry(kind.to_owned()).or_default().push(what.to_owned());
    }
    Ok(said)
}

/// Names of files and keys of a person; those of the catalogue and of the consent state hold nothing one did.
fn of_a_person(said: &BTreeMap<String, Vec<String>>) -> Vec<&String> {
    let files = said.get("file").into_iter().flatten();
    files.filter(|name| name.starts_with("store/p") || name.starts_with("keys/p")).collect()
}

fn open(folder: &Path) -> Result<Recommender, String> {
    let text = |error: tastekeeper::Error| error.to_string();
    let platform = Platform {
        clock: Arc::new(FixedClock::new(START_MS)),
        random: Arc::new(SystemRandom),
        keys: Arc::new(FileKeyCustodian::create(folder.join("keys")).map_err(|error| error.to_string())?),
        files: Arc::new(
            DirectoryFileSystem::create(folder.join("store")).map_err(|error| error.to_string())?,
        ),
    };
    let config = Config {
        model_keys: vec![signing_key().public_key_text()],
        profile: "profile-canary".into(),
        ..Config::default()
    };
    let shop = Recommender::open(config, platform).map_err(text)?;
    shop.install_model(sample()).map_err(text)?;
    shop.upsert_items(catalogue(3)).map_err(text)?;
    Ok(shop)
}

fn visit(shop: &Recommender) -> Checked {
    let text = |error: tastekeeper::Error| error.to_string();
    let events = (0..40).map(view).chain([
        Event { query: Some(brand(1)), ..Event::new(EventKind::Search) },
        Event::purchase([item(1), item(2)]),
    ]);
    shop.track_all(events.collect()).map_err(text)?;
    answers(shop).map_err(text)?;
    Ok(())
}

fn nothing_is_there_without_consent_or_after_it() -> Checked {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let text = |error: tastekeeper::Error| error.to_string();
    let shop = open(folder.path())?;
    visit(&shop)?;
    let said = look(folder.path())?;
    ensure(of_a_person(&said).is_empty(), || format!("without consent: {said:?}"))?;
    shop.set_level(Level::Session, Some(&consent())).map_err(text)?;
    visit(&shop)?;
    let said = look(folder.path())?;
    ensure(of_a_person(&said).is_empty(), || format!("at level Session: {said:?}"))?;
    shop.set_level(Level::OnDevice, Some(&consent())).map_err(text)?;
    visit(&shop)?;
    let said = look(folder.path())?;
    ensure(of_a_person(&said).len() == 2, || format!("a file and a key at level OnDevice: {said:?}"))?;
    ensure(!said.contains_key("readable"), || format!("readable: {said:?}"))?;
    // With the kill switch on, withdrawal works all the same.
    shop.set_kill_switch(true).map_err(text)?;
    shop.set_level(Level::Off, None).map_err(text)?;
    let said = look(folder.path())?;
    ensure(of_a_person(&said).is_empty(), || format!("after the withdrawal returned: {said:?}"))?;
    ensure(!said.contains_key("readable"), || format!("readable: {said:?}"))
}

#[test]
fn nothing_is_there_without_consent() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    must_catch(Mutant::AdmitAtOff, || {
        // The history of level Off is in memory: what shows from outside is a raise.
        nothing_is_there_without_consent_or_after_it()?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let shop = open(folder.path())?;
        visit(&shop)?;
        ensure(shop.history(10, None).is_ok_and(|history| history.is_empty()), || "kept at Off".into())
    });
}

#[test]
fn nothing_is_there_when_the_withdrawal_has_returned() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    must_catch(Mutant::LowerWithoutErasing, nothing_is_there_without_consent_or_after_it);
}

#[test]
fn nothing_is_readable() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    must_catch(Mutant::WritePlaintextCopy, nothing_is_there_without_consent_or_after_it);
}

fn forgotten_bytes_are_gone() -> Checked {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let text = |error: tastekeeper::Error| error.to_string();
    let shop = open(folder.path())?;
    shop.set_level(Level::OnDevice, Some(&consent())).map_err(text)?;
    visit(&shop)?;
    for scope in [Forget::Item(item(1)), Forget::Since(START_MS), Forget::Everything] {
        fs::copy(folder.path().join("store/p0.log"), folder.path().join("before"))
            .map_err(|error| error.to_string())?;
        let said = look(folder.path())?;
        ensure(said["residue"] == ["true"], || "the onlooker does not see what is there".into())?;
        shop.forget(scope.clone()).map_err(text)?;
        let said = look(folder.path())?;
        ensure(said["residue"] == ["false"], || format!("sealed bytes are left after {scope:?}"))?;
        ensure(of_a_person(&said).len() == 2, || format!("one file and one key: {said:?}"))?;
        visit(&shop)?;
    }
    Ok(())
}

#[test]
fn forgotten_bytes_are_gone_when_the_call_has_returned() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    must_catch(Mutant::ForgetOnlyInMemory, forgotten_bytes_are_gone);
    must_catch(Mutant::KeepOldKey, forgotten_bytes_are_gone);
}
