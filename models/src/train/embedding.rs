//! The linear sequence embedding: item and attribute vectors, one shared matrix, three scalars.
//!
//! `e~_i = e_i + mean of A_a over the item's attributes`, `e^_i = e~_i / |e~_i|`. For a history `x_0` (latest), `x_1`, ..
//! with event weights `w`: `l = w_0 e^[x_0]`, `r = sum_{k>=1} lambda^(k-1) w_k e^[x_k]`, `q = gain * M^T (l + carry r)`,
//! `logit_j = q . e^_j`. Several such members, which differ by their seed, become one (`combine`). Every position
//! of every history is an example; the loss is the softmax over the item that came next and negatives shared by the
//! batch, drawn with probability `p ~ max(count, 1/2)^(1/2)` and corrected by `-ln(negatives * p)`. Gradients are
//! closed form (`gradient`), the optimiser is Adam on the rows a batch touches with an exponential moving average
//! of all parameters, which is what leaves (`optimiser`).
//!
//! One thread, one seed: the same input gives the same bits.

mod batch;
mod combine;
mod gradient;
mod kernels;
mod optimiser;
pub(super) mod state;

use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::Progress;
use super::checkpoint::CheckpointError;
use super::histories::Histories;
use batch::{Batcher, Negatives};
use combine::combine;
use gradient::{Parameters, Workspace};
use optimiser::Clock;
use state::{Keep, State};

/// How the embedding is trained.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EmbeddingConfig {
    /// Length of a vector, at most.
    pub dim: usize,
    /// How many embeddings are trained, alike but for their seed, and become one. Time is linear in them.
    pub members: usize,
    /// Passes over all positions.
    pub epochs: usize,
    /// Positions per step.
    pub batch: usize,
    /// Negatives shared by a batch.
    pub negatives: usize,
    /// First learning rate; it falls linearly to 0.
    pub learning_rate: f32,
    /// How many last events of a history an example sees.
    pub history: usize,
    /// Share of the state's coordinates set to 0.
    pub state_dropout: f32,
    /// Share of history events, other than the latest, left out.
    pub event_dropout: f32,
    /// Share of items that a batch knows by their attributes alone. 0 favours new items over known ones.
    pub id_dropout: f32,
}

/// Length of a vector of one of several members: more gains little and costs time.
const MEMBER_DIM: usize = 64;

impl Default for EmbeddingConfig {
    fn default() -> Self {
        Self {
            dim: 64,
            members: 3,
            epochs: 14,
            batch: 2048,
            negatives: 1024,
            learning_rate: 0.002,
            history: 20,
            state_dropout: 0.4,
            event_dropout: 0.2,
            id_dropout: 0.3,
        }
    }
}

impl EmbeddingConfig {
    /// A training of seconds for generated shops: half as long vectors, half of the negatives and half as many passes as by
    /// default, one member.
    pub const SHORT: Self = Self {
        dim: 32,
        members: 1,
        epochs: 7,
        batch: 1024,
        negatives: 512,
        learning_rate: 0.004,
        history: 20,
        state_dropout: 0.2,
        event_dropout: 0.2,
        id_dropout: 0.3,
    };

    /// The schedule for a log of so many examples.
    ///
    /// On little data batches are smaller, so that there are still about a thousand steps; below 18 000 examples there
    /// are fewer. From a million examples on there are fewer epochs, two at least: every item has been seen often; and
    /// fewer members, because they differ less.
    #[must_use]
    pub fn for_positions(positions: usize, dim: usize) -> Self {
        let standard = Self { dim, ..Self::default() };
        let batch = (1usize << (positions / 75).max(1).ilog2()).clamp(256, standard.batch);
        let epochs = (standard.epochs * 1_000_000 / positions.max(1)).clamp(2, standard.epochs);
        let members = (standard.members * 1_000_000 / positions.max(1)).clamp(1, standard.members);
        Self { batch, epochs, members, ..standard }
    }

    /// The same for a single member, which tells settings of the graph apart as well as all of them do.
    #[must_use]
    pub fn one_member(&self) -> Self {
        Self { dim: self.member_dim(), members: 1, ..*self }
    }

    fn member_dim(&self) -> usize {
        if self.members == 1 { self.dim } else { self.dim.min(MEMBER_DIM) }
    }

    pub(crate) fn is_valid(&self) -> bool {
        let shares = [self.state_dropout, self.event_dropout, self.id_dropout];
        let sizes = [self.dim, self.members, self.epochs, self.batch, self.negatives, self.history];
        sizes.iter().all(|&s| s > 0)
            && shares.iter().all(|s| (0.0..1.0).contains(s))
            && self.learning_rate.is_finite()
            && self.learning_rate > 0.0
    }
}

/// Which attributes each item has, in compressed rows.
#[derive(Clone, Debug)]
pub(crate) struct ItemAttributes {
    pub(crate) attributes: usize,
    offsets: Vec<usize>,
    ids: Vec<u32>,
}

impl ItemAttributes {
    pub(crate) fn new<'a>(attributes: usize, of_item: impl Iterator<Item = &'a [u32]>) -> Self {
        let mut out = Self { attributes, offsets: vec![0], ids: Vec::new() };
        for list in of_item {
            out.ids.extend_from_slice(list);
            out.offsets.push(out.ids.len());
        }
        out
    }

    pub(crate) fn of(&self, item: usize) -> &[u32] {
        &self.ids[self.offsets[item]..self.offsets[item + 1]]
    }
}

/// A trained embedding.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Embedding {
    /// `items x dim`, unit rows; zero for an item without events and attributes.
    pub(crate) vectors: Array2<f32>,
    /// `attributes x dim`.
    pub(crate) attribute_vectors: Array2<f32>,
    /// `M`, `dim x dim`.
    pub(crate) matrix: Array2<f32>,
    /// `carry`.
    pub(crate) carry: f32,
    /// `lambda`.
    pub(crate) decay: f32,
    /// `64 s`.
    pub(crate) gain: f32,
}

/// Trains on every position of `histories`; `counts` are the events per item.
pub(crate) fn fit(
    histories: &Histories,
    counts: &[u64],
    attributes: &ItemAttributes,
    config: &EmbeddingConfig,
    seed: u64,
    progress: &mut dyn Progress,
) -> Embedding {
    fit_kept(histories, counts, attributes, config, seed, progress, None, None)
        .expect("nothing is kept and nothing was")
}

/// As [`fit`]: goes on from `state` if there is one, and hands its state to `keep` after every epoch but the very last.
#[expect(clippy::too_many_arguments, reason = "what `fit` takes, and the state before and after")]
pub(super) fn fit_kept(
    histories: &Histories,
    counts: &[u64],
    attributes: &ItemAttributes,
    config: &EmbeddingConfig,
    seed: u64,
    progress: &mut dyn Progress,
    mut state: Option<State>,
    mut keep: Option<Keep<'_>>,
) -> Result<Embedding, CheckpointError> {
    let alone = config.one_member();
    let steps = Batcher::new(histories, &alone, counts.len()).steps_per_epoch() * alone.epochs;
    let keep_is_wanted = keep.is_some();
    let mut members = match &mut state {
        Some(state) => state.take_members(counts.len(), attributes.attributes, alone.dim)?,
        None => Vec::with_capacity(config.members),
    };
    if members.len() >= config.members {
        return Err(CheckpointError::Damaged);
    }
    progress.begin("embedding", (steps * config.members) as u64);
    for member in members.len()..config.members {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(member as u64);
        let mut step = |done: usize| progress.step((member * steps + done) as u64);
        let mut after_epoch = |mut state: State, epoch: usize| match &mut keep {
            Some(keep) if member + 1 < config.members || epoch + 1 < config.epochs => {
                state.put_members(&members);
                keep(state)
            }
            _ => Ok(()),
        };
        let after_epoch: Option<AfterEpoch<'_>> = if keep_is_wanted { Some(&mut after_epoch) } else { None };
        let fitted = fit_member(
            histories,
            counts,
            attributes,
            &alone,
            &mut rng,
            state.take(),
            &mut step,
            after_epoch,
        )?;
        members.push(fitted);
    }
    progress.end();
    Ok(combine(members, counts, attributes, config.dim, seed))
}

/// Hears the state after an epoch, and its number.
type AfterEpoch<'a> = &'a mut dyn FnMut(State, usize) -> Result<(), CheckpointError>;

#[expect(clippy::too_many_arguments, reason = "what `fit_kept` takes, for one member")]
fn fit_member(
    histories: &Histories,
    counts: &[u64],
    attributes: &ItemAttributes,
    config: &EmbeddingConfig,
    rng: &mut ChaCha8Rng,
    state: Option<State>,
    stepped: &mut dyn FnMut(usize),
    mut after_epoch: Option<AfterEpoch<'_>>,
) -> Result<Embedding, CheckpointError> {
    let mut parameters = Parameters::new(counts, attributes, config.dim, rng);
    let negatives = Negatives::new(counts, attributes);
    let mut batcher = Batcher::new(histories, config, counts.len());
    let mut workspace = Workspace::new(config.dim);
    let mut clock = Clock::new(config.learning_rate, batcher.steps_per_epoch() * config.epochs);
    let mut shuffles = match state {
        Some(state) => state.restore(&mut parameters, &mut clock, &mut batcher, rng)?,
        None => Vec::new(),
    };
    for epoch in shuffles.len()..config.epochs {
        shuffles.push(state::place(rng));
        batcher.shuffle(rng);
        for step in 0..batcher.steps_per_epoch() {
            let batch = batcher.batch(step, &negatives, &parameters.has_id, attributes, rng);
            workspace.accumulate(&mut parameters, attributes, batch);
            parameters.apply(&mut clock);
            stepped(clock.steps());
        }
        if let Some(after_epoch) = &mut after_epoch {
            after_epoch(State::of(&parameters, &clock, &shuffles, rng), epoch)?;
        }
    }
    Ok(parameters.finish(attributes, &clock))
}
