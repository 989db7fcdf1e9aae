//! `train --checkpoint`: a training that was stopped goes on.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use super::progress::{Bars, say};
use crate::dataset::Dataset;
use crate::pack::save;
use crate::train::checkpoint::{CheckpointError, Checkpoints, ResumeError};
use crate::train::{TrainConfig, TrainReport, train_resumable};
use crate::trained::TrainedModel;

/// Where checkpoints are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Stopping and going on")]
pub(super) struct CheckpointArguments {
    /// Keep what was done in this file, after tuning and after each epoch; it is removed in the end
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Go on from the checkpoint if it is there; the model is the same to the byte as without a stop
    #[arg(long, requires = "checkpoint")]
    resume: bool,
}

impl CheckpointArguments {
    /// The file that is written.
    pub(super) fn file(&self) -> Option<&Path> {
        self.checkpoint.as_deref()
    }

    /// What an earlier run left, before anything is computed.
    ///
    /// # Errors
    /// If there is a checkpoint and it is not said that training goes on from it, or there are several trainings.
    pub(super) fn earlier(&self, seeds: u8) -> Result<Option<Vec<u8>>, Failure> {
        let Some(path) = &self.checkpoint else { return Ok(None) };
        if seeds > 1 {
            return Err(Failure::input(
                "--checkpoint keeps one training; leave out --seeds, or train seed by seed",
            ));
        }
        match std::fs::read(path) {
            Ok(bytes) if self.resume => Ok(Some(bytes)),
            Ok(_) => Err(Failure::input(format!(
                "{} is there already; go on from it with --resume, or remove it to begin anew",
                path.display()
            ))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if self.resume {
                    say(&format!("{}: not there, training begins", path.display()));
                }
                Ok(None)
            }
            Err(error) => Err(Failure::in_file(path, &error)),
        }
    }

    /// Trains, from `earlier` on.
    pub(super) fn train(
        &self,
        log: &Path,
        dataset: &Dataset,
        config: &TrainConfig,
        earlier: Option<Vec<u8>>,
        bars: &mut Bars,
    ) -> Result<(TrainedModel, TrainReport), Failure> {
        let mut write = |bytes: &[u8]| self.checkpoint.as_ref().map_or(Ok(()), |path| save(path, bytes));
        let mut checkpoints = match self.checkpoint {
            Some(_) => Checkpoints::new(earlier, &mut write),
            None => Checkpoints::default(),
        };
        let failure = |error| match (error, &self.checkpoint) {
            (ResumeError::Checkpoint(CheckpointError::Save(error)), Some(path)) => {
                Failure::writing(path, &error)
            }
            (ResumeError::Checkpoint(error), Some(path)) => Failure::in_file(path, &error),
            (error, _) => Failure::input(format!("{}: {error}", log.display())),
        };
        train_resumable(dataset, config, bars, &mut checkpoints).map_err(failure)
    }

    /// Removes the checkpoint of a training that is over.
    pub(super) fn remove(&self) -> Result<(), Failure> {
        let Some(path) = &self.checkpoint else { return Ok(()) };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Failure::operation(format!("{} could not be removed: {error}", path.display())))
            }
            _ => Ok(()),
        }
    }
}
