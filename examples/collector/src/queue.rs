//! From many requests to few commits.
//!
//! In: reports, one at a time, from any number of requests. Out: an answer to each when the batch it was written with is durable.
//! The queue has an end: where it is full, the report is refused at once and the phone comes back later. Must never acknowledge
//! what is not durable, or hold more reports than the queue is long and a batch is large.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tastekeeper_models::aggregate::Tally;
use tokio::sync::{mpsc, oneshot};

use crate::store::{Key, Store, StoreError};
use crate::vocabularies::Vocabularies;

/// Most reports of one commit.
const BATCH: usize = 4096;

/// The counts in memory, one tally for each vocabulary.
pub type Tallies = BTreeMap<[u8; 4], Tally>;

/// A report that waits for its commit.
struct Waiting {
    key: Key,
    done: oneshot::Sender<bool>,
}

/// Why a report was not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCounted {
    /// The queue is full.
    Full,
    /// The disk failed, or the service is ending.
    Failed,
}

/// Takes reports. Clones share the queue.
#[derive(Clone, Debug)]
pub struct Queue {
    waiting: mpsc::Sender<Waiting>,
    tallies: Arc<RwLock<Tallies>>,
}

/// The other end: what writes. [`Writer::run`] it on a thread of its own.
#[derive(Debug)]
pub struct Writer {
    waiting: mpsc::Receiver<Waiting>,
    tallies: Arc<RwLock<Tallies>>,
    store: Store,
}

/// A queue of `length` reports in front of `store`, with what is counted there already.
///
/// # Errors
/// When the counts cannot be read.
pub fn open(store: Store, vocabularies: &Vocabularies, length: usize) -> Result<(Queue, Writer), StoreError> {
    let mut tallies: Tallies =
        vocabularies.iter().map(|(id, vocabulary)| (*id, Tally::of(vocabulary))).collect();
    store.each(&mut |(taxonomy_id, epoch, mask), times| {
        // counts about a vocabulary that is no longer served stay on disk
        if let Some(tally) = tallies.get_mut(&taxonomy_id) {
            tally.add(epoch, mask, times);
        }
    })?;
    let (sender, receiver) = mpsc::channel(length.max(1));
    let tallies = Arc::new(RwLock::new(tallies));
    let queue = Queue { waiting: sender, tallies: Arc::clone(&tallies) };
    Ok((queue, Writer { waiting: receiver, tallies, store }))
}

impl Queue {
    /// Counts a report; returns when it is durable.
    ///
    /// # Errors
    /// [`NotCounted`]. After `Failed` nothing of the batch is counted.
    pub async fn count(&self, key: Key) -> Result<(), NotCounted> {
        let (done, answer) = oneshot::channel();
        self.waiting.try_send(Waiting { key, done }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotCounted::Full,
            mpsc::error::TrySendError::Closed(_) => NotCounted::Failed,
        })?;
        match answer.await {
            Ok(true) => Ok(()),
            _ => Err(NotCounted::Failed),
        }
    }

    /// Looks at the counts.
    pub fn look<T>(&self, look: impl FnOnce(&Tallies) -> T) -> T {
        look(&self.tallies.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Writer {
    /// Writes batches until every [`Queue`] is gone and empty. A disk that fails is told to those who wait, and tried again for
    /// the next batch; `failed` hears why.
    pub fn run(mut self, failed: &mut dyn FnMut(&StoreError)) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
            let mut counts = BTreeMap::new();
            for waiting in &batch {
                *counts.entry(waiting.key).or_insert(0_u64) += 1;
            }
            let written = self.store.add(&counts);
            match &written {
                Ok(()) => {
                    let mut tallies = self.tallies.write().unwrap_or_else(PoisonError::into_inner);
                    for ((taxonomy_id, epoch, mask), times) in counts {
                        if let Some(tally) = tallies.get_mut(&taxonomy_id) {
                            tally.add(epoch, mask, times);
                        }
                    }
                }
                Err(error) => failed(error),
            }
            for waiting in batch.drain(..) {
                // a phone that hung up is counted all the same
                let _ = waiting.done.send(written.is_ok());
            }
        }
    }
}
