//! From a shop's log to a [`TrainedModel`].
//!
//! A split decides what training sees. Inside that part a second split makes a validation set; on it the graph's
//! parameters, the blend, the embedding's schedule and the weights of event kinds are chosen; then graph and embedding are
//! fitted to the whole training part. What the first split holds out is never read.
//!
//! One thread, no clock: the same dataset, configuration and machine give the same bits.

pub mod checkpoint;
pub mod embedding;
pub mod graph;
mod histories;
pub(crate) mod random;
pub mod seeds;
pub mod split;
pub mod transitions;
mod tune;

use crate::dataset::{AttributeTable, Dataset};
use crate::reference::Protocol;
use crate::trained::{BlendParameters, TrainedModel};
use checkpoint::{Checkpoints, Identity, Point, ResumeError};
use embedding::{EmbeddingConfig, ItemAttributes};
use graph::{Counted, GraphParameters};
use histories::{Histories, Ranking, repeat_share};
use split::{Split, SplitError};
pub use tune::{Finalist, KindTrial, Rung, ScheduleTrial, Tuning};

/// The size of the model. Ids and attributes come on top of the bytes named; they count for 65 536 items or fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// 32 neighbours in 8 bits and 96 dimensions of 8 bits: about 190 bytes per item when packed.
    Large,
    /// 10 neighbours in 8 bits and 96 dimensions: about 79 bytes per item when packed.
    Standard,
    /// 8 neighbours in 4 bits and 64 dimensions: about 54 bytes per item when packed.
    Tiny,
}

impl Preset {
    /// Transitions kept per item.
    #[must_use]
    pub fn neighbours(self) -> usize {
        match self {
            Self::Large => 32,
            Self::Standard => 10,
            Self::Tiny => 8,
        }
    }

    /// Length of a vector.
    #[must_use]
    pub fn dim(self) -> usize {
        match self {
            Self::Large | Self::Standard => 96,
            Self::Tiny => 64,
        }
    }
}

/// Whether an item a shopper already knows may be recommended again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// Allowed if at least [`REPEAT_SHARE`] of the events repeat an item of their own sequence.
    Auto,
    /// Sequences keep repeats, transitions from an item to itself count, known items are ranked.
    Allow,
    /// Sequences keep the first event of each item, known items are not ranked.
    Forbid,
}

/// From this share of repeated events on, [`Repeats::Auto`] allows repeats.
pub const REPEAT_SHARE: f64 = 0.05;

/// How a model is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainConfig {
    /// Everything random is drawn from it.
    pub seed: u64,
    /// The size of the model.
    pub preset: Preset,
    /// What is held out for a test that training never sees.
    pub split: Split,
    /// Whether known items may come again.
    pub repeats: Repeats,
    /// Weight of an event by kind: view, cart, wishlist, purchase. Only their ratios matter. `None` learns them if the
    /// log has more than one kind.
    pub kind_weights: Option<[f32; 4]>,
    /// How many settings of graph and blend the search tries; 0 for no tuning at all.
    pub tuning_budget: usize,
    /// What trials of other schedules of the embedding may cost: examples times epochs, summed over trials.
    pub schedule_budget: usize,
    /// The embedding's schedule, doubted within the budget; `None` derives it from the amount of data.
    pub embedding: Option<EmbeddingConfig>,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            preset: Preset::Standard,
            split: Split::All,
            repeats: Repeats::Auto,
            kind_weights: None,
            tuning_budget: 1000,
            schedule_budget: 2_500_000,
            embedding: None,
        }
    }
}

/// Hears how far training is.
pub trait Progress {
    /// A phase of `total` steps begins.
    fn begin(&mut self, phase: &'static str, total: u64);
    /// `done` steps of the phase are done.
    fn step(&mut self, done: u64);
    /// The phase is over.
    fn end(&mut self);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _phase: &'static str, _total: u64) {}
    fn step(&mut self, _done: u64) {}
    fn end(&mut self) {}
}

/// Quality on the validation cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Quality {
    /// Ranked cases.
    pub cases: usize,
    /// Share of cases with the item among the first 10.
    pub hit_rate_at_10: f64,
    /// NDCG of the first 10.
    pub ndcg_at_10: f64,
    /// Share of cases with the item among the first 20.
    pub hit_rate_at_20: f64,
    /// Mean reciprocal rank of the first 20.
    pub mrr_at_20: f64,
}

/// What training chose and saw.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainReport {
    /// Items of the catalogue.
    pub items: usize,
    /// Items with at least one training event.
    pub items_with_events: usize,
    /// Training sequences of at least two events.
    pub sequences: usize,
    /// Training events.
    pub interactions: usize,
    /// Share of training events that repeat an item of their sequence.
    pub repeat_share: f64,
    /// Whether repeats were allowed.
    pub repeats_allowed: bool,
    /// How validation asked.
    pub protocol: Protocol,
    /// The chosen graph parameters.
    pub graph: GraphParameters,
    /// The chosen score parameters.
    pub blend: BlendParameters,
    /// The embedding's schedule.
    pub embedding: EmbeddingConfig,
    /// Transitions kept.
    pub edges: usize,
    /// What the tuner did.
    pub tuning: Tuning,
    /// Quality on validation with the chosen parameters, fitted without the validation events.
    pub validation: Quality,
    /// The same on the part of the validation cases that the search never saw.
    pub fresh: Quality,
}

impl TrainReport {
    /// The mean over all validation cases of what the tuner maximised; see [`Tuning`].
    #[must_use]
    pub fn validation_gain(&self) -> f64 {
        match self.protocol {
            Protocol::LeaveOneOut => self.validation.ndcg_at_10,
            Protocol::NextClick => (self.validation.hit_rate_at_20 + 2.0 * self.validation.mrr_at_20) / 3.0,
        }
    }
}

/// Why nothing could be trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// No items or no sequences.
    #[error("the dataset is empty; check that the log was read with the right columns")]
    Empty,
    /// No sequence has two training events.
    #[error(
        "no sequence has two events to learn a transition from; check the user or session column, or hold out less"
    )]
    TooShort,
    /// An event or attribute list names an item or attribute that does not exist.
    #[error("the dataset is inconsistent: an index points outside its table")]
    Inconsistent,
    /// A weight is negative, not finite, or all are 0.
    #[error("event weights must be finite and above 0")]
    KindWeights,
    /// The embedding's schedule has a size of 0 or a share outside 0..1.
    #[error("the embedding's sizes must be above 0 and its dropout shares at least 0 and below 1")]
    Embedding,
    /// The split cannot be made.
    #[error(transparent)]
    Split(#[from] SplitError),
}

/// Trains a model; `progress` hears a phase for every fit of an embedding and for every search.
///
/// Time is linear in events times the embedding's epochs, memory linear in events plus items times `dim`.
///
/// # Errors
/// If there is nothing to learn from or the configuration contradicts the data; each message says what to change.
pub fn train(
    dataset: &Dataset,
    config: &TrainConfig,
    progress: &mut dyn Progress,
) -> Result<(TrainedModel, TrainReport), TrainError> {
    train_resumable(dataset, config, progress, &mut Checkpoints::default()).map_err(|error| match error {
        ResumeError::Train(error) => error,
        ResumeError::Checkpoint(_) => unreachable!("there are no checkpoints"),
    })
}

/// As [`train`]: goes on from a checkpoint if there is one, and makes others after tuning and after each epoch of the
/// embedding. The model is the same to the bit as without.
///
/// # Errors
/// As [`train`]; or a checkpoint that is damaged, was made from another log or configuration, or cannot be written.
pub fn train_resumable(
    dataset: &Dataset,
    config: &TrainConfig,
    progress: &mut dyn Progress,
    checkpoints: &mut Checkpoints<'_>,
) -> Result<(TrainedModel, TrainReport), ResumeError> {
    check(dataset, config)?;
    let identity = checkpoints.are_wanted().then(|| Identity::new(dataset, config));
    let point = checkpoints.point(identity.as_ref())?;
    let cuts = config.split.cuts(&dataset.sequences).map_err(TrainError::from)?;
    let ranking = Ranking::new(dataset, &cuts);
    let repeat_share = repeat_share(&dataset.sequences, &cuts, dataset.items.len());
    let repeats_allowed = match config.repeats {
        Repeats::Auto => repeat_share >= REPEAT_SHARE,
        Repeats::Allow => true,
        Repeats::Forbid => false,
    };
    let given = config.kind_weights.unwrap_or([1.0; 4]);
    let mut histories = Histories::new(&dataset.sequences, &cuts, &ranking.rank, given, repeats_allowed);
    let sequences = (0..histories.len()).filter(|&s| histories.length(s) >= 2).count();
    if sequences == 0 {
        return Err(TrainError::TooShort.into());
    }
    let attributes = ranked_attributes(dataset, &ranking);
    let item_attributes =
        ItemAttributes::new(attributes.entries.len(), attributes.of_item.iter().map(Vec::as_slice));
    let usual = |examples| {
        config.embedding.unwrap_or_else(|| EmbeddingConfig::for_positions(examples, config.preset.dim()))
    };

    let context = tune::Context {
        histories: &histories,
        attributes: &item_attributes,
        items: ranking.counts.len(),
        neighbours: config.preset.neighbours(),
        repeats: repeats_allowed,
        budget: config.tuning_budget,
        seed: config.seed,
        embedding: &usual,
        schedule_budget: config.schedule_budget,
        learn_kinds: config.kind_weights.is_none(),
    };
    let (chosen, state) = match point {
        Some(Point { chosen, state }) => (chosen, state),
        None => {
            let chosen = tune::tune(&context, progress);
            checkpoints.keep(identity.as_ref(), &chosen, None)?;
            (chosen, None)
        }
    };

    let setting = chosen.setting;
    let kind_weights = chosen.kind_weights.unwrap_or(given);
    histories.weigh(kind_weights);
    let counted = Counted::new(
        &histories,
        ranking.counts.len(),
        config.preset.neighbours(),
        &setting.graph.count,
        repeats_allowed,
    );
    let graph = counted.finish(setting.graph.alpha, setting.graph.e0);
    let edges = graph.edges();
    let mut keep =
        |state: embedding::state::State| checkpoints.keep(identity.as_ref(), &chosen, Some(&state));
    let embedding = embedding::fit_kept(
        &histories,
        &ranking.counts,
        &item_attributes,
        &chosen.embedding,
        config.seed,
        progress,
        state,
        identity.is_some().then_some(&mut keep),
    )?;
    let blend = BlendParameters {
        decay: embedding.decay,
        carry: embedding.carry,
        gain: embedding.gain,
        graph_weight: setting.graph_weight,
        graph_decay: setting.graph_decay,
        popularity_weight: setting.popularity_weight,
        kind_weights,
        repeats: repeats_allowed,
    };
    let report = TrainReport {
        items: ranking.counts.len(),
        items_with_events: ranking.counts.iter().filter(|&&c| c > 0).count(),
        sequences,
        interactions: histories.events(),
        repeat_share,
        repeats_allowed,
        protocol: chosen.protocol,
        graph: setting.graph,
        blend,
        embedding: chosen.embedding,
        edges,
        tuning: chosen.tuning,
        validation: chosen.quality,
        fresh: chosen.fresh,
    };
    let model = TrainedModel {
        items: ranking.order.iter().map(|&item| dataset.items[item as usize].clone()).collect(),
        counts: ranking.counts,
        attributes,
        vectors: embedding.vectors,
        attribute_vectors: embedding.attribute_vectors,
        matrix: embedding.matrix,
        graph: graph.into_lists(),
        blend,
    };
    Ok((model, report))
}

fn check(dataset: &Dataset, config: &TrainConfig) -> Result<(), TrainError> {
    let items = dataset.items.len();
    if items == 0 || dataset.sequences.is_empty() {
        return Err(TrainError::Empty);
    }
    let of_item = &dataset.attributes.of_item;
    let outside = |&a: &u32| a as usize >= dataset.attributes.entries.len();
    let events = dataset.sequences.iter().flat_map(|s| &s.events);
    if !(of_item.is_empty() || of_item.len() == items)
        || of_item.iter().flatten().any(outside)
        || events.into_iter().any(|e| e.item as usize >= items)
    {
        return Err(TrainError::Inconsistent);
    }
    if !config.kind_weights.iter().flatten().all(|w| w.is_finite() && *w > 0.0) {
        return Err(TrainError::KindWeights);
    }
    if config.embedding.is_some_and(|e| !e.is_valid()) {
        return Err(TrainError::Embedding);
    }
    Ok(())
}

fn ranked_attributes(dataset: &Dataset, ranking: &Ranking) -> AttributeTable {
    let of = |&item: &u32| dataset.attributes.of_item.get(item as usize).cloned().unwrap_or_default();
    AttributeTable {
        entries: dataset.attributes.entries.clone(),
        of_item: ranking.order.iter().map(of).collect(),
    }
}
