//! `tastekeeper vocabulary`: builds the topics of a shop's reports, and lints them.
//!
//! `lint` ends like `gate`: 0 all rules kept, 1 a rule broken, 2 it could not be told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Deserialize;
use tastekeeper::report::{MAX_RATIO, TOPICS, VocabularyDraft};

use super::failure::Failure;
use super::items::ItemsArguments;
use super::log::LogArguments;
use super::output::Output;
use super::progress::{Bars, say};
use super::{files, keys};
use crate::dataset::Dataset;
use crate::vocabulary::{BuildConfig, Floors, TopicSize, build, sizes};

/// From so many opted-in shoppers on there are enough for two of 32 topics.
const LARGE_COHORT: u64 = 25_000;
/// Topics of a smaller shop, one of which a report names.
const FEW_TOPICS: u8 = 16;

/// Arguments of `vocabulary`.
#[derive(Debug, Args)]
pub(super) struct VocabularyArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Makes topics out of the category tree and the log, and signs them
    Build(Box<BuildArguments>),
    /// Says every rule that a vocabulary breaks: exit code 0 none, 1 some, 2 it could not be told
    Lint(Box<LintArguments>),
}

/// The log and its items.
#[derive(Debug, Args)]
struct Shop {
    /// The log
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    #[command(flatten)]
    items: ItemsArguments,
    #[command(flatten)]
    columns: LogArguments,
}

/// What every topic must have.
#[derive(Debug, Args)]
#[command(next_help_heading = "What every topic must have")]
struct FloorArguments {
    /// Shoppers; by default 1000, or one in 200 of the log's if that is more
    #[arg(long, value_name = "COUNT")]
    minimum_shoppers: Option<u64>,
    /// Items
    #[arg(long, value_name = "COUNT")]
    minimum_items: Option<u64>,
    /// Brands or sellers
    #[arg(long, value_name = "COUNT")]
    minimum_brands: Option<u64>,
}

impl FloorArguments {
    /// The floors for a log, and whether they are smaller than a real shop's.
    fn floors(&self, log: &Dataset) -> (Floors, bool) {
        let standard = Floors::standard(log.sequences.len() as u64);
        let floors = Floors {
            shoppers: self.minimum_shoppers.unwrap_or(standard.shoppers),
            items: self.minimum_items.unwrap_or(standard.items),
            brands: self.minimum_brands.unwrap_or(standard.brands),
        };
        let smaller = floors.shoppers < standard.shoppers
            || floors.items < standard.items
            || floors.brands < standard.brands;
        (floors, smaller)
    }
}

/// Arguments of `vocabulary build`.
#[derive(Debug, Args)]
struct BuildArguments {
    #[command(flatten)]
    shop: Shop,
    /// The vocabulary to write; its signature goes beside it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Names of categories: JSON, a list of {"id", "parent", "name"}
    #[arg(long, value_name = "FILE")]
    categories: Option<PathBuf>,
    /// Name of the vocabulary; by default its file's without the ending
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Opted-in shoppers that are expected at least; by default the log's
    #[arg(long, value_name = "COUNT")]
    cohort: Option<u64>,
    /// Most topics, that of an empty slot included; by default 32 from 25000 shoppers on, else 16
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(2..=64))]
    topics: Option<u8>,
    /// Topics that a report names; by default 2 from 25000 shoppers on, else 1
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=32))]
    per_report: Option<u8>,
    /// How many times as likely a report may be for one shopper as for another
    #[arg(long, value_name = "RATIO", default_value_t = MAX_RATIO, value_parser = clap::value_parser!(u8).range(2..=8))]
    ratio: u8,
    #[command(flatten)]
    floors: FloorArguments,
    /// Development key to sign with; by default one in your data folder ($TASTEKEEPER_KEY)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Arguments of `vocabulary lint`.
#[derive(Debug, Args)]
struct LintArguments {
    /// The vocabulary
    vocabulary: PathBuf,
    #[command(flatten)]
    shop: Shop,
    #[command(flatten)]
    floors: FloorArguments,
}

/// Builds or lints.
pub(super) fn run(arguments: &VocabularyArguments, output: &mut Output) -> Result<(), Failure> {
    match &arguments.what {
        What::Build(arguments) => write(arguments, output),
        What::Lint(arguments) => match lint(arguments, output).map_err(Failure::not_judged)? {
            0 => Ok(()),
            1 => Err(Failure::gate_failed("a rule is broken")),
            broken => Err(Failure::gate_failed(format!("{broken} rules are broken"))),
        },
    }
}

fn read_shop(shop: &Shop, log: &Path) -> Result<Dataset, Failure> {
    if shop.items.file().is_none() {
        return Err(Failure::input("categories are needed: give --items FILE"));
    }
    let mut bars = Bars::new();
    let mut dataset = shop.columns.read(log, &mut bars)?;
    shop.items.read(&mut dataset, &mut bars)?;
    Ok(dataset)
}

fn write(arguments: &BuildArguments, output: &mut Output) -> Result<(), Failure> {
    let Some(log) = &arguments.shop.log else {
        return Err(Failure::input("shoppers are counted in a log: give --log FILE"));
    };
    let inputs: Vec<&Path> =
        [Some(log.as_path()), arguments.shop.items.file(), arguments.categories.as_deref()]
            .into_iter()
            .flatten()
            .collect();
    let signature = files::signature_beside(&arguments.out);
    files::check_outputs(&[Some(&arguments.out), Some(&signature)], &inputs)?;
    keys::existing_key(arguments.key.as_deref())?;
    let names = arguments.categories.as_deref().map(read_names).transpose()?.unwrap_or_default();
    let dataset = read_shop(&arguments.shop, log)?;
    let (floors, smaller) = arguments.floors.floors(&dataset);
    let cohort = arguments.cohort.unwrap_or(dataset.sequences.len() as u64);
    let is_large = cohort >= LARGE_COHORT;
    let stem = arguments.out.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let config = BuildConfig {
        name: arguments.name.clone().unwrap_or(stem),
        topics: arguments.topics.unwrap_or(if is_large { TOPICS } else { FEW_TOPICS }),
        per_report: arguments.per_report.unwrap_or(if is_large { 2 } else { 1 }),
        ratio: arguments.ratio,
        cohort,
        floors,
        names,
    };
    let built = build(&dataset, &config).map_err(Failure::input)?;
    let bytes = built.draft.to_bytes().map_err(Failure::input)?;
    let key = keys::signing_key(arguments.key.as_deref())?;
    let comment = format!("timestamp:{}", files::now_seconds()?);
    let signed = key.detached_signature(&bytes, &comment).map_err(Failure::packing)?;
    files::write(&arguments.out, &bytes)?;
    files::write(&signature, signed.as_bytes())?;
    let parameters = built.draft.parameters;
    output.line(format_args!(
        "{}: {} topics, {} in a report, ratio {}, for {cohort} shoppers or more; signed by {}",
        arguments.out.display(),
        parameters.topics() - 1,
        parameters.per_report(),
        parameters.ratio(),
        keys::key_id(key.public_key().id())
    ));
    show(&built.draft, &built.sizes, output);
    let without = built.topic_of_item.iter().filter(|&&topic| topic == 0).count();
    output.line(format_args!("{without} of {} items have no topic", built.topic_of_item.len()));
    if smaller {
        say_floors(floors);
    }
    Ok(())
}

fn say_floors(floors: Floors) {
    say(&format!(
        "warning: floors of {} shoppers, {} items and {} brands are for trials; a topic of a real shop must be larger",
        floors.shoppers, floors.items, floors.brands
    ));
}

fn show(draft: &VocabularyDraft, sizes: &[TopicSize], output: &mut Output) {
    for ((number, topic), size) in (1..).zip(&draft.topics).zip(sizes) {
        output.line(format_args!(
            "{number:>3}  {} shoppers, {} items, {} brands  {}{}  {}",
            size.shoppers,
            size.items,
            size.brands,
            topic.label,
            if topic.guarded { " (guarded)" } else { "" },
            topic.nodes.join(" ")
        ));
    }
    if !draft.excluded.is_empty() {
        output.line(format_args!("never counted: {}", draft.excluded.join(" ")));
    }
}

#[derive(Deserialize)]
struct Named {
    id: String,
    name: String,
}

fn read_names(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let named: Vec<Named> =
        serde_json::from_slice(&files::read(path)?).map_err(|error| Failure::in_file(path, &error))?;
    Ok(named.into_iter().map(|named| (named.id, named.name)).collect())
}

/// Says every broken rule; how many there are.
fn lint(arguments: &LintArguments, output: &mut Output) -> Result<usize, Failure> {
    let path = &arguments.vocabulary;
    let bytes = files::read(path)?;
    let draft = match VocabularyDraft::read(&bytes) {
        Ok(draft) => draft,
        Err(problem) => {
            output.line(problem);
            return Ok(1);
        }
    };
    let mut broken: Vec<String> = draft.problems().iter().map(ToString::to_string).collect();
    if broken.is_empty()
        && let Err(problem) = VocabularyDraft::parse(&bytes)
    {
        broken.push(problem.to_string());
    }
    if let Some(log) = &arguments.shop.log {
        let dataset = read_shop(&arguments.shop, log)?;
        let (floors, smaller) = arguments.floors.floors(&dataset);
        if smaller {
            say_floors(floors);
        }
        for (number, size) in (1..).zip(sizes(&dataset, &draft)) {
            broken.extend(below(number, &size, floors));
        }
    }
    for rule in &broken {
        output.line(rule);
    }
    if broken.is_empty() {
        let masks = draft.parameters.masks();
        output.line(format_args!(
            "{}: {} topics, {masks} masks for {} shoppers or more; every rule is kept",
            path.display(),
            draft.topics.len(),
            draft.cohort
        ));
    }
    Ok(broken.len())
}

/// The floors that a topic does not keep.
fn below(number: usize, size: &TopicSize, floors: Floors) -> Vec<String> {
    [
        ("shoppers", size.shoppers, floors.shoppers),
        ("items", size.items, floors.items),
        ("brands", size.brands, floors.brands),
    ]
    .into_iter()
    .filter(|(_, found, needed)| found < needed)
    .map(|(what, found, needed)| format!("topic {number} has {found} {what}; {needed} are needed"))
    .collect()
}
