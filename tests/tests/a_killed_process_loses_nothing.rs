//! A real process on a real directory is killed with SIGKILL at whatever moment; what it had acknowledged is there.

#![allow(clippy::print_stdout, reason = "tests report how much they visited")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use tastekeeper::platform::{DirectoryFileSystem, FileKeyCustodian, FixedClock, SecureRandom};
use tastekeeper::{Event, Forget, PersonalizationLevel as Level, Platform, Recommender};
use tastekeeper_models::host::SystemRandom;
use tastekeeper_tests::phone::{START_MS, consent};

/// Tells the test binary that it is the process to kill, and where its store is.
const CHILD: &str = "TASTEKEEPER_TEST_STORE";
/// How often a process is killed.
const ROUNDS: u64 = 25;

fn open(folder: &Path) -> Recommender {
    let random: Arc<dyn SecureRandom> = Arc::new(SystemRandom);
    let platform = Platform {
        clock: Arc::new(FixedClock::new(START_MS)),
        random,
        keys: Arc::new(FileKeyCustodian::create(folder.join("keys")).expect("a fresh directory")),
        files: Arc::new(DirectoryFileSystem::create(folder.join("store")).expect("a fresh directory")),
    };
    Recommender::open(tastekeeper::Config::default(), platform).expect("a sound store")
}

/// The process to kill: tracks, forgets now and then, and says on its standard output what was acknowledged.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let shop = open(&folder);
    if shop.level().unwrap() == Level::Off {
        shop.set_level(Level::OnDevice, Some(&consent())).unwrap();
    }
    let first = shop.stats().unwrap().events;
    for number in first.. {
        shop.track(Event::view(format!("item-{number}"))).unwrap();
        println!("\nacknowledged {number}");
        if number % 40 == 39 {
            // Rewrites the whole file under a new key and keeps everything.
            shop.forget(Forget::Item("never-seen".into())).unwrap();
        }
    }
}

#[test]
fn acknowledged_events_survive_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Option<usize> = None;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--nocapture"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Other numbers of events and other moments in each round.
        let mut wanted = 3 + round * 7 % 50;
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line.strip_prefix("acknowledged ") {
                acknowledged = number.parse().ok();
                wanted = wanted.saturating_sub(1);
                if wanted == 0 {
                    let _ = child.kill();
                }
            }
        }
        child.wait().unwrap();
        let shop = open(folder.path());
        let events = shop.stats().unwrap().events;
        let last = acknowledged.expect("every round acknowledges something");
        // One more may have been written without being acknowledged.
        assert!(
            (last + 1..=last + 2).contains(&events),
            "round {round}: {last} acknowledged, {events} events"
        );
        let newest = shop.history(1, None).unwrap();
        assert_eq!(newest[0].items, [format!("item-{}", events - 1)]);
    }
    println!("{ROUNDS} processes killed, {} events acknowledged, none lost", acknowledged.unwrap_or(0) + 1);
}
