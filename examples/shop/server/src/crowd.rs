//! A crowd of phones that opted in, each with an engine of its own.
//!
//! In: how many. Out: as many reports, posted over a socket to the collector as an app posts them. Each phone gets the history of a
//! shopper of the generated log, agrees, draws, waits for its moment, sends, and is gone. Must never hand the collector anything else.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tastekeeper::model::{Model, PublicKey};
use tastekeeper::platform::{Clock, FixedClock};
use tastekeeper::report::Vocabulary;
use tastekeeper::{Config, Consent, Event, EventKind, PersonalizationLevel, Platform, Recommender};
use tastekeeper_models::dataset::{Interaction, InteractionKind};
use tastekeeper_models::host::{SystemClock, SystemRandom};
use tastekeeper_models::shop::{Shop, ShopConfig, generate_shop};

use crate::data::{Failure, KEY, PACKS, VOCABULARY};

/// Reports that are shown one by one.
const EXAMPLES: usize = 20;
/// A report's moment comes within so many quarters of a day.
const MOMENT_QUARTERS: u32 = 14 * 4;
const QUARTER_MS: i64 = 6 * 60 * 60 * 1000;
/// The history of a phone ends an hour before it reports.
const LAST_MS: i64 = 60 * 60 * 1000;
/// What counts as the recent past of a report.
const RECENT_MS: i64 = 91 * 24 * 60 * 60 * 1000;
const SLOTS: usize = 8;

type Topic = (u8, Option<String>);

/// One report that the crowd sent, and what it came from.
#[derive(Clone, Debug, Serialize)]
struct Example {
    bytes: String,
    topics: Vec<Topic>,
    true_topics: Vec<Topic>,
}

/// The share that only the simulation knows.
#[derive(Clone, Debug, Serialize)]
struct Truth {
    topic: u8,
    label: String,
    share: f64,
}

/// What `GET /demo/crowd` tells.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Told {
    wanted: u32,
    reported: u32,
    is_running: bool,
    /// Why the last crowd ended early.
    problem: Option<String>,
    examples: VecDeque<Example>,
    truth: Vec<Truth>,
}

#[derive(Default)]
struct Progress {
    told: Told,
    /// Places of reports by their topics, over all phones that reported.
    places: BTreeMap<u8, u64>,
    /// The next shopper of the log.
    next: usize,
}

/// See the module.
pub(crate) struct Crowd {
    shop: Shop,
    model: Arc<Model>,
    vocabulary: Arc<Vocabulary>,
    /// Topic of each item of the log; nothing for an item without one.
    topics: Vec<Option<u8>>,
    /// When the log ends.
    ended_ms: i64,
    progress: Mutex<Progress>,
}

impl Crowd {
    /// The crowd of the shop in `folder`, which was made with `config`.
    pub(crate) fn open(config: &ShopConfig, folder: &Path) -> Result<Self, Failure> {
        let shop = generate_shop(config)?;
        let key = PublicKey::parse(&std::fs::read_to_string(folder.join(KEY))?)
            .map_err(|_| "the shop's key is none")?;
        let pack = std::fs::read(folder.join(format!("{}.tkpack", PACKS[0])))?;
        let model = Arc::new(Model::open(&pack, std::slice::from_ref(&key))?);
        let signature = std::fs::read_to_string(folder.join(format!("{VOCABULARY}.minisig")))?;
        let vocabulary = Vocabulary::open(&std::fs::read(folder.join(VOCABULARY))?, &signature, &[key])?;
        let topics = topics(&shop, &vocabulary);
        Ok(Self {
            shop,
            model,
            vocabulary: Arc::new(vocabulary),
            topics,
            ended_ms: config.now_ms,
            progress: Mutex::default(),
        })
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far it is.
    pub(crate) fn told(&self) -> Told {
        self.progress().told.clone()
    }

    /// Forgets what was told; a crowd under way goes on.
    pub(crate) fn forget(&self) {
        let mut progress = self.progress();
        let told = &progress.told;
        progress.told =
            Told { wanted: told.wanted - told.reported, is_running: told.is_running, ..Told::default() };
        progress.places.clear();
    }

    /// Whether a crowd of so many may begin; only one does at a time.
    pub(crate) fn begin(&self, phones: u32) -> bool {
        let mut progress = self.progress();
        if progress.told.is_running {
            return false;
        }
        progress.told.wanted = progress.told.reported + phones;
        progress.told.is_running = true;
        progress.told.problem = None;
        true
    }

    /// Lets the phones report to `collector`, one after the other. Blocks until all have.
    pub(crate) fn run(&self, phones: u32, collector: SocketAddr) {
        let run = || -> Result<(), Failure> {
            let mut line = BufReader::new(TcpStream::connect(collector)?);
            for _ in 0..phones {
                let shopper = {
                    let mut progress = self.progress();
                    progress.next += 1;
                    (progress.next - 1) % self.shop.dataset.sequences.len()
                };
                let events = &self.shop.dataset.sequences[shopper].events;
                let report = self.report(events)?;
                post(&mut line, collector, &report)?;
                self.count(&report, events)?;
            }
            Ok(())
        };
        let ended = run();
        let mut progress = self.progress();
        progress.told.is_running = false;
        progress.told.problem = ended.err().map(|error| error.to_string());
    }

    /// One phone, from its first start to the bytes that leave.
    fn report(&self, events: &[Interaction]) -> Result<[u8; 24], Failure> {
        let now_ms = SystemClock.now_ms();
        let clock = Arc::new(FixedClock::new(now_ms));
        let phone =
            Recommender::open(Config::default(), Platform::in_memory(clock.clone(), Arc::new(SystemRandom)))?;
        phone.install_model(self.model.clone())?;
        phone.install_vocabulary(self.vocabulary.clone())?;
        phone.set_level(PersonalizationLevel::Shared, Some(&Consent::new("crowd")))?;
        let events = events.iter().map(|event| {
            let kind = match event.kind {
                InteractionKind::View => EventKind::ViewItem,
                InteractionKind::Cart => EventKind::AddToCart,
                InteractionKind::Wishlist => EventKind::AddToWishlist,
                InteractionKind::Purchase => EventKind::Purchase,
            };
            let ago_ms = self.ended_ms - event.time_ms.unwrap_or(self.ended_ms) + LAST_MS;
            Event::of_item(kind, &self.shop.dataset.items[event.item as usize]).at(now_ms - ago_ms)
        });
        phone.track_all(events.collect())?;
        phone.preview_report()?;
        for _ in 0..=MOMENT_QUARTERS {
            if let Some(report) = phone.pending_report()? {
                phone.confirm_sent(report.id())?;
                return Ok(report.to_bytes());
            }
            clock.advance(QUARTER_MS);
        }
        Err("a report's moment did not come before its epoch ended; try again tomorrow".into())
    }

    /// The topics of the last eight items, as the phone sees them.
    fn places(&self, events: &[Interaction]) -> [u8; SLOTS] {
        let mut seen = BTreeSet::new();
        let recent = events.iter().rev().filter(|event| {
            event.time_ms.is_some_and(|time_ms| self.ended_ms - time_ms + LAST_MS < RECENT_MS)
        });
        let topics = recent
            .filter(|event| seen.insert(event.item))
            .filter_map(|event| self.topics[event.item as usize]);
        let mut places = [0; SLOTS];
        for (place, topic) in places.iter_mut().zip(topics) {
            *place = topic;
        }
        places
    }

    fn named(&self, topic: u8) -> Topic {
        (topic, self.vocabulary.label(topic).map(str::to_owned))
    }

    fn count(&self, report: &[u8; 24], events: &[Interaction]) -> Result<(), Failure> {
        let places = self.places(events);
        let mask = <[u8; 8]>::try_from(&report[14..22]).map(u64::from_be_bytes)?;
        let true_topics: BTreeSet<u8> = places.into_iter().collect();
        let example = Example {
            bytes: report.iter().map(|byte| format!("{byte:02x}")).collect(),
            topics: (0..64).filter(|topic| mask >> topic & 1 == 1).map(|topic| self.named(topic)).collect(),
            true_topics: true_topics.into_iter().map(|topic| self.named(topic)).collect(),
        };
        let mut progress = self.progress();
        let progress = &mut *progress;
        for place in places {
            *progress.places.entry(place).or_default() += 1;
        }
        let told = &mut progress.told;
        told.reported += 1;
        told.examples.push_front(example);
        told.examples.truncate(EXAMPLES);
        let all: u64 = progress.places.values().sum();
        #[expect(clippy::cast_precision_loss, reason = "counts of a few thousand")]
        let share = |topic| progress.places.get(&topic).map_or(0.0, |count| *count as f64 / all as f64);
        let topics = u8::try_from(self.vocabulary.contents().topics.len())?;
        told.truth = (0..=topics)
            .map(|topic| Truth {
                topic,
                label: self.vocabulary.label(topic).unwrap_or_default().to_owned(),
                share: share(topic),
            })
            .collect();
        Ok(())
    }
}

/// The topic of each item of the log: that of the deepest category that has one. What tells of a baby is left out, as long as the shopper
/// has not said otherwise.
fn topics(shop: &Shop, vocabulary: &Vocabulary) -> Vec<Option<u8>> {
    let mut nodes = BTreeMap::new();
    for (topic, number) in vocabulary.contents().topics.iter().zip(1_u8..) {
        let number = (!topic.guarded).then_some(number);
        nodes.extend(topic.nodes.iter().map(|node| (node.as_str(), number)));
    }
    let of: BTreeMap<&str, Option<u8>> = shop
        .products
        .iter()
        .map(|product| {
            let deepest = product.category.iter().rev().find_map(|category| nodes.get(category.as_str()));
            (product.id.as_str(), deepest.copied().flatten())
        })
        .collect();
    shop.dataset.items.iter().map(|item| of.get(item.as_str()).copied().flatten()).collect()
}

/// One request on a line that stays open.
fn post(line: &mut BufReader<TcpStream>, collector: SocketAddr, report: &[u8; 24]) -> Result<(), Failure> {
    let mut request = format!(
        "POST /v1/reports HTTP/1.1\r\nhost: {collector}\r\ncontent-type: application/octet-stream\r\ncontent-length: 24\r\n\r\n"
    )
    .into_bytes();
    request.extend(report);
    line.get_mut().write_all(&request)?;
    let mut status = String::new();
    line.read_line(&mut status)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        if line.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; usize::min(length, 64 * 1024)];
    line.read_exact(&mut body)?;
    if status.split(' ').nth(1) == Some("204") {
        return Ok(());
    }
    Err(format!("the collector did not take a report: {}", String::from_utf8_lossy(&body).trim()).into())
}
