//! The collector under load: reports per second, backpressure, and kill -9 in the middle. `cargo xtask load` runs it.
//!
//! Usage: load PROGRAM [SECONDS [CONNECTIONS]]. Phones and collector share the machine, so both are in the figures.
#![allow(clippy::unwrap_used, clippy::print_stdout, dead_code, reason = "a measurement for the terminal")]

#[path = "../tests/driver/mod.rs"]
mod driver;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use driver::{Running, Sent, Shop, send};

/// Sends for a time, then stops.
async fn for_seconds(collector: &Running, shop: &Shop, connections: usize, seconds: f64) -> Sent {
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = async {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(send(&collector.address, shop, connections, &stop), stopping).0
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn rate(sent: u64, seconds: f64) -> f64 {
    sent as f64 / seconds
}

fn millis(sent: &Sent, share: usize) -> f64 {
    let place = sent.latencies.len() * share / 1000;
    sent.latencies.get(place).map_or(0.0, |latency| 1e3 * latency.as_secs_f64())
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let program = Path::new(arguments.first().expect("usage: load PROGRAM [SECONDS [CONNECTIONS]]"));
    let seconds: f64 = arguments.get(1).map_or(10.0, |text| text.parse().unwrap());
    let connections: usize = arguments.get(2).map_or(256, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());

    let collector = Running::start(program, &shop, &[]);
    let sent = for_seconds(&collector, &shop, connections, seconds).await;
    let counted = collector.counted().await;
    assert_eq!(counted, sent.acknowledged, "every acknowledged report is counted once");
    println!("| what | reports | a second | ms, median | ms, 99.9 % | not taken |");
    println!("|---|---:|---:|---:|---:|---:|");
    println!(
        "| {connections} connections, {seconds} s | {} | {:.0} | {:.1} | {:.1} | {} |",
        sent.acknowledged,
        rate(sent.acknowledged, seconds),
        millis(&sent, 500),
        millis(&sent, 999),
        sent.busy + sent.other
    );
    drop(collector);

    let collector = Running::start(program, &shop, &["--queue", "32"]);
    let before = collector.counted().await;
    let sent = for_seconds(&collector, &shop, connections, seconds / 2.0).await;
    assert_eq!(collector.counted().await - before, sent.acknowledged);
    println!(
        "| the same, a queue of 32 | {} | {:.0} | {:.1} | {:.1} | {}, told 503 |",
        sent.acknowledged,
        rate(sent.acknowledged, seconds / 2.0),
        millis(&sent, 500),
        millis(&sent, 999),
        sent.busy
    );
    drop(collector);

    let (mut acknowledged, mut kept_more) = (0, 0);
    let rounds = 5;
    for round in 0..rounds {
        let collector = Running::start(program, &shop, &[]);
        let before = collector.counted().await;
        let address = collector.address.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let killing = async {
            tokio::time::sleep(Duration::from_secs_f64(seconds / 10.0 + 0.037 * f64::from(round))).await;
            collector.kill();
        };
        let (sent, ()) = tokio::join!(send(&address, &shop, connections, &stop), killing);
        let again = Running::start(program, &shop, &[]);
        let after = again.counted().await - before;
        assert!(after >= sent.acknowledged, "LOST: {} acknowledged, {after} counted", sent.acknowledged);
        assert!(after <= sent.acknowledged + sent.unanswered, "counted what was never sent");
        acknowledged += sent.acknowledged;
        kept_more += after - sent.acknowledged;
    }
    println!(
        "\nkill -9 {rounds} times under load: {acknowledged} acknowledged, 0 lost; {kept_more} more were counted \
         whose answer did not arrive"
    );
}
