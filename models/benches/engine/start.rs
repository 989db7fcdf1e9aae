//! What a start of the app waits for: opening, the model, the first answer. Its time is taken among the others of `keep`; its memory
//! here, in a process that does nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;

use tastekeeper::store::Durability;
use tastekeeper::{RecommendationKind, Recommender, Request};

use crate::phone::Phone;

/// Says that a process is one that only starts, before the phone's folder and the pack.
pub(crate) const ALONE: &str = "start-alone";

/// A start up to the first answer.
pub(crate) fn start(phone: &Phone, pack: &Path) -> Recommender {
    let shop = phone.open(Durability::Process);
    shop.load_model(pack).expect("just written");
    let answer = shop.recommend(Request::new(RecommendationKind::ForYou)).expect("a valid request");
    assert_eq!(answer.items.len(), 10);
    shop
}

/// Starts once, and prints by how many kB the memory of its own grew that this process has.
#[expect(clippy::print_stdout, reason = "what the other process reads")]
pub(crate) fn start_alone(phone: &str, pack: &str) {
    let before = anonymous_kb();
    let shop = start(&Phone(PathBuf::from(phone)), Path::new(pack));
    if let (Some(before), Some(after)) = (before, anonymous_kb()) {
        println!("{}", after.saturating_sub(before));
    }
    drop(shop);
}

/// What a start takes in anonymous memory, in kB. `None` where the system does not tell: anywhere but on Linux.
pub(crate) fn memory_of_a_start(phone: &Phone, pack: &Path) -> Option<u64> {
    let output =
        Command::new(std::env::current_exe().ok()?).arg(ALONE).arg(&phone.0).arg(pack).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Memory that no file stands behind.
fn anonymous_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?.trim().strip_suffix(" kB")?.parse().ok()
}
