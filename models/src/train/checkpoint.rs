//! Training that goes on where it was stopped.
//!
//! In and out: a checkpoint as bytes, which the caller keeps in a file. It is made after tuning and after every epoch of
//! the final embedding but the last, and holds what tuning chose, the embedding's state, and what it was made from: a
//! digest of the log and the configuration. The same bytes come out of training with and without a stop.
//! Must never go on from something damaged, or from another log or configuration.
//!
//! Layout: `TKCHECK1`, the BLAKE2b-512 digest of what follows, and a safetensors file with a tensor per part of a table
//! (`0.values` ..) and the rest as JSON in its metadata.

use std::collections::HashMap;
use std::io;

use blake2::{Blake2b512, Digest};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::embedding::state::{KeptTable, State};
use super::tune::Chosen;
use super::{TrainConfig, TrainError};
use crate::dataset::Dataset;

const MAGIC: &[u8] = b"TKCHECK1";
const DIGEST_BYTES: usize = 64;
/// The metadata's only field.
const FIELD: &str = "checkpoint";
/// Parts of a finished member, in the order of [`KeptMember`](super::embedding::state::KeptMember).
const MEMBER_PARTS: [&str; 4] = ["vectors", "attribute_vectors", "matrix", "scalars"];
/// Parts of a table, in the order of [`KeptTable::parts`].
const PARTS: [&str; 4] = ["values", "mean", "square", "average"];

/// Why a training did not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// Nothing can be trained.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A checkpoint is not as it must be.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// What is wrong with a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Not a checkpoint.
    #[error(
        "not a checkpoint of this program; name the file that --checkpoint wrote, or begin anew without --resume"
    )]
    Foreign,
    /// Cut short or changed.
    #[error("the checkpoint is damaged; remove it and begin anew")]
    Damaged,
    /// Of another log.
    #[error(
        "the checkpoint was made from another log or other attributes; give those, or remove it and begin anew"
    )]
    OtherLog,
    /// Of another configuration.
    #[error(
        "the checkpoint was made with {name} {made}, not {wanted}; give that, or remove it and begin anew"
    )]
    OtherConfiguration {
        /// What differs.
        name: String,
        /// In the checkpoint.
        made: String,
        /// Now.
        wanted: String,
    },
    /// It could not be written.
    #[error("the checkpoint could not be written: {0}")]
    Save(io::Error),
}

/// Takes a checkpoint's bytes.
pub type Save<'a> = &'a mut dyn FnMut(&[u8]) -> io::Result<()>;

/// Where a training goes on, and where it leaves its checkpoints. The default does neither.
#[derive(Default)]
pub struct Checkpoints<'a> {
    resume: Option<Vec<u8>>,
    save: Option<Save<'a>>,
}

impl std::fmt::Debug for Checkpoints<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkpoints").field("resume", &self.resume.is_some()).finish_non_exhaustive()
    }
}

impl<'a> Checkpoints<'a> {
    /// Goes on from `resume` if it is there, and hands every checkpoint to `save`, which replaces the one before.
    #[must_use]
    pub fn new(resume: Option<Vec<u8>>, save: Save<'a>) -> Self {
        Self { resume, save: Some(save) }
    }

    pub(super) fn are_wanted(&self) -> bool {
        self.resume.is_some() || self.save.is_some()
    }

    /// Where to go on, if anywhere.
    pub(super) fn point(&mut self, identity: Option<&Identity>) -> Result<Option<Point>, CheckpointError> {
        match (self.resume.take(), identity) {
            (Some(bytes), Some(identity)) => decode(&bytes, identity).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn keep(
        &mut self,
        identity: Option<&Identity>,
        chosen: &Chosen,
        state: Option<&State>,
    ) -> Result<(), CheckpointError> {
        match (&mut self.save, identity) {
            (Some(save), Some(identity)) => {
                save(&encode(identity, chosen, state)?).map_err(CheckpointError::Save)
            }
            _ => Ok(()),
        }
    }
}

/// What a training is made from: names and values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity(Vec<(String, String)>);

const LOG: &str = "log";

impl Identity {
    pub(super) fn new(dataset: &Dataset, config: &TrainConfig) -> Self {
        // every field is named, so that a new one cannot be forgotten
        let TrainConfig {
            seed,
            preset,
            split,
            repeats,
            kind_weights,
            tuning_budget,
            schedule_budget,
            embedding,
        } = config;
        let pairs = [
            ("program version", env!("CARGO_PKG_VERSION").to_owned()),
            (LOG, digest(dataset)),
            ("seed", seed.to_string()),
            ("preset", format!("{preset:?}")),
            ("split", format!("{split:?}")),
            ("repeats", format!("{repeats:?}")),
            ("event weights", format!("{kind_weights:?}")),
            ("tuning budget", tuning_budget.to_string()),
            ("schedule budget", schedule_budget.to_string()),
            ("embedding", format!("{embedding:?}")),
        ];
        Self(pairs.map(|(name, value)| (name.to_owned(), value)).to_vec())
    }

    /// What differs from `made`, if anything does.
    fn check(&self, made: &Self) -> Result<(), CheckpointError> {
        if self.0.len() != made.0.len() {
            return Err(CheckpointError::Foreign);
        }
        for ((name, wanted), (other_name, made)) in self.0.iter().zip(&made.0) {
            if name != other_name {
                return Err(CheckpointError::Foreign);
            }
            if wanted != made {
                return Err(if name == LOG {
                    CheckpointError::OtherLog
                } else {
                    let (name, made, wanted) = (name.clone(), made.clone(), wanted.clone());
                    CheckpointError::OtherConfiguration { name, made, wanted }
                });
            }
        }
        Ok(())
    }
}

/// A digest of everything training reads of the data set; who the shoppers are is not part of it.
fn digest(dataset: &Dataset) -> String {
    let mut hash = Blake2b512::new();
    let text = |hash: &mut Blake2b512, text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    for id in &dataset.items {
        text(&mut hash, id);
    }
    for sequence in &dataset.sequences {
        hash.update((sequence.events.len() as u64).to_le_bytes());
        for event in &sequence.events {
            hash.update(event.item.to_le_bytes());
            hash.update([event.kind as u8, u8::from(event.time_ms.is_some())]);
            hash.update(event.time_ms.unwrap_or(0).to_le_bytes());
        }
    }
    for entry in &dataset.attributes.entries {
        hash.update([entry.kind as u8]);
        hash.update(entry.parent.unwrap_or(u32::MAX).to_le_bytes());
        text(&mut hash, &entry.name);
    }
    for list in &dataset.attributes.of_item {
        hash.update((list.len() as u64).to_le_bytes());
        for attribute in list {
            hash.update(attribute.to_le_bytes());
        }
    }
    hash.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A place in a training.
pub(super) struct Point {
    pub(super) chosen: Chosen,
    /// `None` before the first epoch.
    pub(super) state: Option<State>,
}

/// What is no tensor.
#[derive(Serialize, Deserialize)]
struct Header {
    identity: Identity,
    chosen: Chosen,
    epochs: Option<Epochs>,
}

/// [`State`] without its tables.
#[derive(Serialize, Deserialize)]
struct Epochs {
    steps: u64,
    shuffles: Vec<u64>,
    place: u64,
    /// Finished members.
    members: usize,
}

fn encode(identity: &Identity, chosen: &Chosen, state: Option<&State>) -> Result<Vec<u8>, CheckpointError> {
    let header = Header {
        identity: identity.clone(),
        chosen: chosen.clone(),
        epochs: state.map(|state| Epochs {
            steps: state.steps,
            shuffles: state.shuffles.clone(),
            place: state.place,
            members: state.members.len(),
        }),
    };
    let other = |error: String| CheckpointError::Save(io::Error::other(error));
    let header = serde_json::to_string(&header).map_err(|error| other(error.to_string()))?;
    let mut tensors: Vec<(String, Dtype, usize, Vec<u8>)> = Vec::new();
    for (number, table) in state.iter().flat_map(|state| &state.tables).enumerate() {
        for (name, values) in PARTS.iter().zip(&table.parts) {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            tensors.push((format!("{number}.{name}"), Dtype::F32, values.len(), bytes));
        }
        let bytes = table.averaged_at.iter().flat_map(|step| step.to_le_bytes()).collect();
        tensors.push((format!("{number}.averaged_at"), Dtype::U32, table.averaged_at.len(), bytes));
    }
    for (number, member) in state.iter().flat_map(|state| &state.members).enumerate() {
        for (name, values) in MEMBER_PARTS.iter().zip(member) {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            tensors.push((format!("member {number}.{name}"), Dtype::F32, values.len(), bytes));
        }
    }
    let mut views = Vec::with_capacity(tensors.len());
    for (name, dtype, length, bytes) in &tensors {
        let view = TensorView::new(*dtype, vec![*length], bytes);
        views.push((name.as_str(), view.map_err(|error| other(error.to_string()))?));
    }
    let metadata = HashMap::from([(FIELD.to_owned(), header)]);
    let payload = safetensors::serialize(views, Some(metadata)).map_err(|error| other(error.to_string()))?;
    Ok([MAGIC, &Blake2b512::digest(&payload)[..], &payload].concat())
}

fn decode(bytes: &[u8], identity: &Identity) -> Result<Point, CheckpointError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(CheckpointError::Foreign)?;
    let (digest, payload) = rest.split_first_chunk::<DIGEST_BYTES>().ok_or(CheckpointError::Damaged)?;
    if Blake2b512::digest(payload)[..] != digest[..] {
        return Err(CheckpointError::Damaged);
    }
    // whole, so what cannot be read was written by another version of the program
    let (_, metadata) = SafeTensors::read_metadata(payload).map_err(|_| CheckpointError::Foreign)?;
    let tensors = SafeTensors::deserialize(payload).map_err(|_| CheckpointError::Foreign)?;
    let header = metadata.metadata().as_ref().and_then(|metadata| metadata.get(FIELD));
    let header: serde_json::Value =
        header.and_then(|text| serde_json::from_str(text).ok()).ok_or(CheckpointError::Foreign)?;
    // the identity first: another version may have chosen in another form
    let made = serde_json::from_value(header["identity"].clone()).map_err(|_| CheckpointError::Foreign)?;
    identity.check(&made)?;
    let Header { chosen, epochs, .. } =
        serde_json::from_value(header).map_err(|_| CheckpointError::Foreign)?;
    let Some(epochs) = epochs else { return Ok(Point { chosen, state: None }) };
    let mut state =
        State { steps: epochs.steps, shuffles: epochs.shuffles, place: epochs.place, ..State::default() };
    for (number, table) in state.tables.iter_mut().enumerate() {
        *table = kept(&tensors, number).ok_or(CheckpointError::Foreign)?;
    }
    for number in 0..epochs.members {
        let mut member: [Vec<f32>; 4] = Default::default();
        for (part, name) in member.iter_mut().zip(MEMBER_PARTS) {
            let bytes = words(&tensors, &format!("member {number}.{name}"), Dtype::F32);
            *part = bytes.ok_or(CheckpointError::Foreign)?.into_iter().map(f32::from_le_bytes).collect();
        }
        state.members.push(member);
    }
    Ok(Point { chosen, state: Some(state) })
}

/// The values of a tensor, each of four bytes.
fn words(tensors: &SafeTensors<'_>, name: &str, dtype: Dtype) -> Option<Vec<[u8; 4]>> {
    let tensor = tensors.tensor(name).ok()?;
    (tensor.dtype() == dtype).then(|| tensor.data().as_chunks::<4>().0.to_vec())
}

fn kept(tensors: &SafeTensors<'_>, number: usize) -> Option<KeptTable> {
    let bytes = |name: &str, dtype| words(tensors, &format!("{number}.{name}"), dtype);
    let mut table = KeptTable::default();
    for (part, name) in table.parts.iter_mut().zip(PARTS) {
        *part = bytes(name, Dtype::F32)?.into_iter().map(f32::from_le_bytes).collect();
    }
    table.averaged_at = bytes("averaged_at", Dtype::U32)?.into_iter().map(u32::from_le_bytes).collect();
    Some(table)
}
