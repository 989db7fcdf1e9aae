//! A collector to try, and phones that send to it: for the tests and for the load.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tastekeeper::platform::Clock;
use tastekeeper::report::{NodeTree, Parameters, Topic, VocabularyDraft, epoch_at};
use tastekeeper_models::host::SystemClock;
use tastekeeper_models::pack::SigningKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The epoch of now.
pub(crate) fn epoch() -> u16 {
    epoch_at(SystemClock.now_ms()).unwrap()
}

/// A signed vocabulary of 31 topics and a key, in a folder.
pub(crate) struct Shop {
    pub(crate) folder: PathBuf,
    pub(crate) taxonomy_id: [u8; 4],
}

impl Shop {
    pub(crate) fn new(folder: &Path) -> Self {
        let topic =
            |n: u8| Topic { label: format!("topic {n}"), guarded: false, nodes: vec![format!("n{n}")] };
        let draft = VocabularyDraft {
            name: "load".into(),
            parameters: Parameters::new(32, 2, 8).unwrap(),
            cohort: 25_000,
            tree: NodeTree::Plain,
            topics: (1..32).map(topic).collect(),
            excluded: Vec::new(),
        };
        let bytes = draft.to_bytes().unwrap();
        let key = SigningKey::from_random(&[7; 40]);
        let signature = key.detached_signature(&bytes, "load").unwrap();
        std::fs::write(folder.join("shop.vocabulary"), &bytes).unwrap();
        std::fs::write(folder.join("shop.vocabulary.minisig"), &signature).unwrap();
        std::fs::write(folder.join("shop.pub"), key.public_key_text()).unwrap();
        let opened = tastekeeper::report::Vocabulary::open(&bytes, &signature, &[key.public_key()]).unwrap();
        Self { folder: folder.to_owned(), taxonomy_id: opened.taxonomy_id() }
    }

    /// A report's bytes, put together from the table of the format.
    pub(crate) fn report(&self, epoch: u16, mask: u64) -> Vec<u8> {
        [
            b"PV\x01\x01\x20\x02\x08\x00",
            &self.taxonomy_id[..],
            &epoch.to_be_bytes(),
            &mask.to_be_bytes(),
            &[0, 0],
        ]
        .concat()
    }
}

/// A running collector. Killed, as by a power cut, when dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) address: String,
}

impl Running {
    pub(crate) fn start(program: &Path, shop: &Shop, more: &[&str]) -> Self {
        let file = |name: &str| shop.folder.join(name);
        let mut command = Command::new(program);
        command.arg("--vocabulary").arg(file("shop.vocabulary")).arg("--key").arg(file("shop.pub"));
        command.arg("--data").arg(file("counts.redb")).args(["--listen", "127.0.0.1:0"]).args(more);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("http://").unwrap_or_else(|| panic!("{line}")).1.to_owned();
        Self { child, address }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Reports counted, as `GET /v1/estimates` tells.
    pub(crate) async fn counted(&self) -> u64 {
        let (status, body) = ask(&self.address, "GET", "/v1/estimates", "", b"").await.unwrap();
        assert_eq!(status, 200);
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let epochs = body["vocabularies"][0]["epochs"].as_array().unwrap();
        epochs.iter().map(|epoch| epoch["reports"].as_u64().unwrap()).sum()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own: status, head and body.
pub(crate) async fn ask(
    address: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> std::io::Result<(u16, String)> {
    let (status, answer) = ask_for_all(address, method, path, headers, body).await?;
    Ok((status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned())))
}

/// As [`ask`], with the head of the answer.
pub(crate) async fn ask_for_all(
    address: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: collector\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Ok((status, answer))
}

/// What became of many reports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) acknowledged: u64,
    pub(crate) busy: u64,
    pub(crate) other: u64,
    /// Sent, and no answer came.
    pub(crate) unanswered: u64,
    pub(crate) latencies: Vec<Duration>,
}

/// Sends reports over `connections` until `stop`, each connection one after the other's answer; a connection that breaks ends.
pub(crate) async fn send(address: &str, shop: &Shop, connections: usize, stop: &Arc<AtomicBool>) -> Sent {
    let epoch = epoch();
    let mut phones = Vec::new();
    for phone in 0..connections {
        let (address, stop) = (address.to_owned(), Arc::clone(stop));
        let first = u64::try_from(phone).unwrap() % 31;
        let requests: Vec<Vec<u8>> = (0..31)
            .filter(|&second| second != first)
            .map(|second| request(&shop.report(epoch, 1 << first | 1 << second)))
            .collect();
        phones.push(tokio::spawn(async move { one_phone(&address, &requests, &stop).await }));
    }
    let mut all = Sent::default();
    for phone in phones {
        let sent = phone.await.unwrap();
        all.acknowledged += sent.acknowledged;
        all.busy += sent.busy;
        all.other += sent.other;
        all.unanswered += sent.unanswered;
        all.latencies.extend(sent.latencies);
    }
    all.latencies.sort_unstable();
    all
}

fn request(report: &[u8]) -> Vec<u8> {
    let head = "POST /v1/reports HTTP/1.1\r\nHost: collector\r\nContent-Type: application/octet-stream\r\nContent-Length: 24\r\n\r\n";
    [head.as_bytes(), report].concat()
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
async fn one_phone(address: &str, requests: &[Vec<u8>], stop: &AtomicBool) -> Sent {
    let mut sent = Sent::default();
    let Ok(mut stream) = TcpStream::connect(address).await else { return sent };
    let mut answer = [0; 1024];
    for request in requests.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let began = Instant::now();
        let Some(status) = exchange(&mut stream, request, &mut answer).await else {
            sent.unanswered += 1;
            break;
        };
        sent.latencies.push(began.elapsed());
        match status {
            204 => sent.acknowledged += 1,
            503 => sent.busy += 1,
            _ => sent.other += 1,
        }
    }
    sent
}

/// Writes a request and reads its answer, which is short; `None` if the connection broke.
async fn exchange(stream: &mut TcpStream, request: &[u8], answer: &mut [u8]) -> Option<u16> {
    stream.write_all(request).await.ok()?;
    let mut filled = 0;
    loop {
        let read = stream.read(answer.get_mut(filled..)?).await.ok().filter(|read| *read > 0)?;
        filled += read;
        let text = str::from_utf8(&answer[..filled]).ok()?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(Some(0), |length| length.trim().parse().ok())? {
            return head.split(' ').nth(1)?.parse().ok();
        }
    }
}
