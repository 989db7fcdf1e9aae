//! `tastekeeper disclosures`: the papers of the policy table as files.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use tastekeeper::platform::{FixedClock, SeededRandom};
use tastekeeper::policy::Numbers;
use tastekeeper::report::{self, Parameters};
use tastekeeper::{Config, PersonalizationLevel, Platform, Policy, Recommender};

use super::failure::Failure;
use super::files;
use super::output::Output;
use crate::disclosures::{Shop, papers};

/// Arguments of `disclosures`.
#[derive(Debug, Args)]
pub(super) struct DisclosuresArguments {
    /// Write the files into this folder, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The name of the shop, as in its imprint; by default a blank to fill in
    #[arg(long, value_name = "NAME")]
    shop: Option<String>,
    /// How to reach whoever answers for data protection; by default a blank
    #[arg(long, value_name = "TEXT")]
    contact: Option<String>,
    /// Topics of the vocabulary that reports are about, topic 0 included; by default those of a general shop
    #[arg(long, value_name = "COUNT")]
    topics: Option<u8>,
    /// Topics that one report names
    #[arg(long, value_name = "COUNT")]
    topics_per_report: Option<u8>,
    #[command(flatten)]
    limits: LimitArguments,
}

/// What the app sets in its configuration, so that the papers say the same.
#[derive(Debug, Args)]
pub(super) struct LimitArguments {
    /// The app's `max_level`; below shared there are no reports to speak of
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = Level::Shared)]
    max_level: Level,
    /// The app's `retention_days`; by default the engine's
    #[arg(long, value_name = "DAYS")]
    retention_days: Option<u32>,
    /// The app's `max_events`; by default the engine's
    #[arg(long, value_name = "COUNT")]
    max_events: Option<usize>,
    /// The app's `session_idle_minutes`; by default the engine's
    #[arg(long, value_name = "MINUTES")]
    session_idle_minutes: Option<u32>,
}

/// A step of the ladder, as the command line names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Off,
    Session,
    OnDevice,
    Shared,
}

impl LimitArguments {
    /// The app's configuration, checked as the engine checks it.
    pub(super) fn config(&self) -> Result<Config, Failure> {
        let default = Config::default();
        let config = Config {
            max_level: match self.max_level {
                Level::Off => PersonalizationLevel::Off,
                Level::Session => PersonalizationLevel::Session,
                Level::OnDevice => PersonalizationLevel::OnDevice,
                Level::Shared => PersonalizationLevel::Shared,
            },
            retention_days: self.retention_days.unwrap_or(default.retention_days),
            max_events: self.max_events.unwrap_or(default.max_events),
            session_idle_minutes: self.session_idle_minutes.unwrap_or(default.session_idle_minutes),
            ..default
        };
        let nowhere = Platform::in_memory(Arc::new(FixedClock::new(0)), Arc::new(SeededRandom::new(0)));
        Recommender::open(config.clone(), nowhere).map_err(Failure::input)?;
        Ok(config)
    }
}

/// Writes the papers.
pub(super) fn run(arguments: &DisclosuresArguments, output: &mut Output) -> Result<(), Failure> {
    let parameters = Parameters::new(
        arguments.topics.unwrap_or(report::TOPICS),
        arguments.topics_per_report.unwrap_or(report::TOPICS_PER_REPORT),
        report::MAX_RATIO,
    );
    let parameters = parameters.ok_or_else(|| {
        let max = report::MAX_TOPICS;
        Failure::input(format!(
            "--topics must be 2 to {max}, --topics-per-report at least 1 and at most half of it"
        ))
    })?;
    let policy = arguments.limits.config()?.policy();
    let numbers = Numbers {
        topics: parameters.topics().into(),
        topics_per_report: parameters.per_report().into(),
        ..policy.numbers
    };
    let policy = Policy::new(numbers, policy.max_level);
    let shop = Shop { name: arguments.shop.clone(), contact: arguments.contact.clone() };
    let papers = papers(&policy, &shop).map_err(Failure::input)?;
    std::fs::create_dir_all(&arguments.out).map_err(|error| Failure::in_file(&arguments.out, &error))?;
    for paper in papers {
        let path = arguments.out.join(&paper.name);
        files::write(&path, paper.text.as_bytes())?;
        output.line(format!("{} ({} bytes)", path.display(), paper.text.len()));
    }
    Ok(())
}
