//! Between two epochs: everything that the rest of the training depends on, the members that are finished among it.
//!
//! The order of the positions is not part of it. It follows from the generator's place before each shuffle, so shuffling
//! again from these places gives it back.

use ndarray::Array2;
use rand_chacha::ChaCha8Rng;

use super::Embedding;
use super::batch::Batcher;
use super::gradient::{Parameters, TABLES};
use super::optimiser::Clock;
use crate::train::checkpoint::CheckpointError;

/// Takes a state after an epoch.
pub(in crate::train) type Keep<'a> = &'a mut dyn FnMut(State) -> Result<(), CheckpointError>;

/// Values, both moments and averages of a table, and when each row was averaged.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::train) struct KeptTable {
    pub(in crate::train) parts: [Vec<f32>; 4],
    pub(in crate::train) averaged_at: Vec<u32>,
}

/// A finished member: vectors, attribute vectors and matrix row by row; carry, decay, gain.
pub(in crate::train) type KeptMember = [Vec<f32>; 4];

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::train) struct State {
    /// Steps done.
    pub(in crate::train) steps: u64,
    /// The generator's place before each shuffle; one per epoch.
    pub(in crate::train) shuffles: Vec<u64>,
    /// Its place now.
    pub(in crate::train) place: u64,
    pub(in crate::train) tables: [KeptTable; TABLES],
    /// The members before the one that the rest is of.
    pub(in crate::train) members: Vec<KeptMember>,
}

/// The generator's place. It draws fewer than 2^64 words in any training.
pub(super) fn place(rng: &ChaCha8Rng) -> u64 {
    u64::try_from(rng.get_word_pos()).unwrap_or(u64::MAX)
}

impl State {
    pub(super) fn of(parameters: &Parameters, clock: &Clock, shuffles: &[u64], rng: &ChaCha8Rng) -> Self {
        let tables = parameters.tables().map(|table| {
            let (parts, averaged_at) = table.kept();
            KeptTable { parts: parts.map(<[f32]>::to_vec), averaged_at: averaged_at.to_vec() }
        });
        Self {
            steps: clock.steps() as u64,
            shuffles: shuffles.to_vec(),
            place: place(rng),
            tables,
            members: Vec::new(),
        }
    }

    pub(super) fn put_members(&mut self, members: &[Embedding]) {
        let values = |table: &Array2<f32>| table.iter().copied().collect();
        let kept = |member: &Embedding| {
            let scalars = vec![member.carry, member.decay, member.gain];
            [values(&member.vectors), values(&member.attribute_vectors), values(&member.matrix), scalars]
        };
        self.members = members.iter().map(kept).collect();
    }

    /// The finished members of a training of this size.
    ///
    /// # Errors
    /// [`CheckpointError::Damaged`] if they are of another size.
    pub(super) fn take_members(
        &mut self,
        items: usize,
        attributes: usize,
        dim: usize,
    ) -> Result<Vec<Embedding>, CheckpointError> {
        let table =
            |rows, values| Array2::from_shape_vec((rows, dim), values).map_err(|_| CheckpointError::Damaged);
        let member = |[vectors, attribute_vectors, matrix, scalars]: KeptMember| {
            let &[carry, decay, gain] = scalars.as_slice() else { return Err(CheckpointError::Damaged) };
            Ok(Embedding {
                vectors: table(items, vectors)?,
                attribute_vectors: table(attributes, attribute_vectors)?,
                matrix: table(dim, matrix)?,
                carry,
                decay,
                gain,
            })
        };
        std::mem::take(&mut self.members).into_iter().map(member).collect()
    }

    /// Puts a training that has not begun where this one was. Gives the places of the shuffles so far.
    ///
    /// # Errors
    /// [`CheckpointError::Damaged`] if it is the state of a training of another size.
    pub(super) fn restore(
        self,
        parameters: &mut Parameters,
        clock: &mut Clock,
        batcher: &mut Batcher<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<u64>, CheckpointError> {
        if self.steps != (self.shuffles.len() * batcher.steps_per_epoch()) as u64 {
            return Err(CheckpointError::Damaged);
        }
        for (table, kept) in parameters.tables_mut().into_iter().zip(self.tables) {
            let (parts, averaged_at) = table.kept_mut();
            let mut fits = averaged_at.len() == kept.averaged_at.len();
            fits &= kept.averaged_at.iter().all(|&step| u64::from(step) <= self.steps);
            fits &= parts.iter().zip(&kept.parts).all(|(to, from)| to.len() == from.len());
            if !fits {
                return Err(CheckpointError::Damaged);
            }
            for (to, from) in parts.into_iter().zip(&kept.parts) {
                to.copy_from_slice(from);
            }
            averaged_at.copy_from_slice(&kept.averaged_at);
        }
        for &at in &self.shuffles {
            rng.set_word_pos(at.into());
            batcher.shuffle(rng);
        }
        rng.set_word_pos(self.place.into());
        for _ in 0..self.steps {
            clock.tick();
        }
        Ok(self.shuffles)
    }
}
