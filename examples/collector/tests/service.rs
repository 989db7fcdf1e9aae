//! The collector as a program: what it takes, what it refuses, and that what it acknowledged is still there after kill -9.
#![allow(clippy::unwrap_used, dead_code, reason = "tests, and a driver that the load shares")]

mod driver;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use driver::{Running, Shop, ask, ask_for_all, epoch, send};

const TYPE: &str = "Content-Type: application/octet-stream\r\n";

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_collector"))
}

fn word(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn exactly_a_report_is_taken_and_everything_else_refused() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    let collector = Running::start(program(), &shop, &[]);
    let post = async |headers: &str, body: &[u8]| {
        ask(&collector.address, "POST", "/v1/reports", headers, body).await.unwrap()
    };
    let now = epoch();
    let good = shop.report(now, 0b11);
    for _ in 0..2 {
        assert_eq!(post(TYPE, &good).await, (204, String::new()), "equal reports are two shoppers");
    }
    assert_eq!(post(TYPE, &shop.report(now - 1, 0b11)).await.0, 204);

    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let gzip = format!("{TYPE}Content-Encoding: gzip\r\n");
    for (headers, body, status, expected) in [
        (TYPE, good[..23].to_vec(), 400, "length"),
        (TYPE, Vec::new(), 400, "length"),
        (TYPE, [&good[..], &[0]].concat(), 413, "length"),
        (TYPE, changed(0, b'X'), 400, "magic"),
        (TYPE, changed(2, 2), 400, "version"),
        (TYPE, changed(6, 9), 400, "parameters"),
        (TYPE, changed(23, 1), 400, "reserved"),
        (TYPE, changed(21, 1), 400, "mask"),
        (TYPE, changed(8, good[8] ^ 1), 422, "vocabulary"),
        (TYPE, changed(6, 7), 422, "vocabulary_parameters"),
        (TYPE, shop.report(now - 2, 0b11), 422, "epoch"),
        (TYPE, shop.report(now + 2, 0b11), 422, "epoch"),
        ("Content-Type: text/plain\r\n", good.clone(), 415, "content_type"),
        ("", good.clone(), 415, "content_type"),
        (&gzip, good.clone(), 415, "content_type"),
    ] {
        let (found, body) = post(headers, &body).await;
        assert_eq!((found, word(&body).as_str()), (status, expected));
    }
    let with_query = ask(&collector.address, "POST", "/v1/reports?user=1", TYPE, &good).await.unwrap();
    assert_eq!((with_query.0, word(&with_query.1).as_str()), (400, "query"));
    assert_eq!(ask(&collector.address, "GET", "/v1/reports", "", b"").await.unwrap().0, 405);
    assert_eq!(ask(&collector.address, "GET", "/v1/reports/1", "", b"").await.unwrap().0, 404);
    assert_eq!(collector.counted().await, 3);

    let (status, page) = ask(&collector.address, "GET", "/", "", b"").await.unwrap();
    assert!(status == 200 && page.contains("Nothing to show yet"), "{page}");
    // nothing of a request is told in an answer, and no browser page may send
    let origin = "Origin: http://localhost:8000\r\n";
    let (_, answer) = ask_for_all(&collector.address, "OPTIONS", "/v1/reports", origin, b"").await.unwrap();
    assert!(!answer.contains("access-control"), "{answer}");
}

#[tokio::test]
async fn pages_of_this_machine_may_send_if_they_are_let() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    let collector = Running::start(program(), &shop, &["--allow-localhost", "--minimum-cohort", "1"]);
    let origin = "Origin: http://localhost:8000\r\n";
    let (status, answer) =
        ask_for_all(&collector.address, "OPTIONS", "/v1/reports", origin, b"").await.unwrap();
    assert_eq!(status, 204);
    assert!(answer.contains("access-control-allow-origin: http://localhost:8000\r\n"), "{answer}");
    let headers = format!("{TYPE}{origin}");
    let report = shop.report(epoch(), 0b11);
    let (status, answer) =
        ask_for_all(&collector.address, "POST", "/v1/reports", &headers, &report).await.unwrap();
    assert!(status == 204 && answer.contains("access-control-allow-origin"), "{answer}");
    let other = "Origin: https://shop.example\r\n";
    let (_, answer) = ask_for_all(&collector.address, "OPTIONS", "/v1/reports", other, b"").await.unwrap();
    assert!(!answer.contains("access-control"), "{answer}");
    let (_, page) = ask(&collector.address, "GET", "/", "", b"").await.unwrap();
    assert!(page.contains("topic 1</th>"), "{page}");
}

/// Several times: reports from many connections, kill -9 in the middle, and a start on the file that was left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    let (mut acknowledged, mut possible) = (0, 0);
    for round in 0..4 {
        let collector = Running::start(program(), &shop, &[]);
        let counted = collector.counted().await;
        assert!(
            (acknowledged..=possible).contains(&counted),
            "round {round}: {counted} of {acknowledged}, {possible}"
        );
        let stop = Arc::new(AtomicBool::new(false));
        let address = collector.address.clone();
        let killing = async {
            tokio::time::sleep(Duration::from_millis(150 + 50 * round)).await;
            collector.kill();
        };
        let (sent, ()) = tokio::join!(send(&address, &shop, 16, &stop), killing);
        assert!(sent.acknowledged > 0 && sent.unanswered > 0, "the kill came in the middle: {sent:?}");
        assert_eq!((sent.busy, sent.other), (0, 0));
        // what was counted and not acknowledged before this round stays counted
        acknowledged = acknowledged.max(counted) + sent.acknowledged;
        possible = acknowledged + sent.unanswered;
    }
    let collector = Running::start(program(), &shop, &[]);
    assert!((acknowledged..=possible).contains(&collector.counted().await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_says_so_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    let collector = Running::start(program(), &shop, &["--queue", "1"]);
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        stop.store(true, Ordering::Relaxed);
    };
    let (sent, ()) = tokio::join!(send(&collector.address, &shop, 32, &stop), stopping);
    assert!(sent.busy > 0 && sent.acknowledged > 0, "{} {}", sent.busy, sent.acknowledged);
    assert_eq!((sent.other, sent.unanswered), (0, 0));
    assert_eq!(collector.counted().await, sent.acknowledged);
}

#[cfg(unix)]
#[tokio::test]
async fn a_request_to_terminate_ends_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    let mut collector = Running::start(program(), &shop, &[]);
    let report = shop.report(epoch(), 0b11);
    assert_eq!(ask(&collector.address, "POST", "/v1/reports", TYPE, &report).await.unwrap().0, 204);
    let id = collector.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(collector.child.wait().unwrap().success());
    let again = Running::start(program(), &shop, &[]);
    assert_eq!(again.counted().await, 1);
}

#[test]
fn what_cannot_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    let file = |name: &str| shop.folder.join(name);
    std::fs::write(file("shop.vocabulary.minisig"), "no signature").unwrap();
    let output = std::process::Command::new(program())
        .arg("--vocabulary")
        .arg(file("shop.vocabulary"))
        .arg("--key")
        .arg(file("shop.pub"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("shop.vocabulary: the signature does not fit"), "{said}");
}
