//! `--demand`: the popularity of a pack follows the demand that `aggregate` wrote.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use super::files;
use super::output::Output;
use crate::aggregate::Demand;
use crate::demand::{adjust, followed};
use crate::trained::TrainedModel;

/// The demand, where it is given.
#[derive(Debug, Args)]
pub(super) struct DemandArguments {
    /// Demand that `aggregate --out FILE.json` wrote: popularity by category follows its latest epoch
    #[arg(long, value_name = "FILE")]
    demand: Option<PathBuf>,
}

impl DemandArguments {
    /// The file, if one was given.
    pub(super) fn file(&self) -> Option<&Path> {
        self.demand.as_deref()
    }

    /// Reads the file, if one was given. To be called before long work: a demand that says nothing is found out first.
    pub(super) fn read(&self) -> Result<Option<Demand>, Failure> {
        let Some(path) = &self.demand else { return Ok(None) };
        let demand: Demand =
            serde_json::from_slice(&files::read(path)?).map_err(|error| Failure::in_file(path, &error))?;
        followed(&demand).map_err(|error| Failure::in_file(path, &error))?;
        Ok(Some(demand))
    }

    /// The model with its popularity adjusted, if a demand was given; says by what.
    pub(super) fn apply(
        &self,
        model: TrainedModel,
        demand: Option<&Demand>,
        output: &mut Output,
    ) -> Result<TrainedModel, Failure> {
        let (Some(path), Some(demand)) = (&self.demand, demand) else { return Ok(model) };
        let (model, factors) = adjust(model, demand).map_err(|error| Failure::in_file(path, &error))?;
        for factor in factors {
            let label = demand.topics.get(usize::from(factor.topic)).map_or("", |names| names.label.as_str());
            output.line(format_args!(
                "demand: {:.1} % of the log, {:.1} % of the demand, popularity times {:.2}: {label}",
                100.0 * factor.in_log,
                100.0 * factor.in_demand,
                factor.factor
            ));
        }
        Ok(model)
    }
}
