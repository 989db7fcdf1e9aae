//! `tastekeeper privacy`: what preference reports would tell on a shop's own log.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tastekeeper::report::{MAX_RATIO, Parameters, TOPICS, TOPICS_PER_REPORT};

use super::failure::Failure;
use super::files;
use super::items::ItemsArguments;
use super::log::LogArguments;
use super::output::Output;
use super::progress::Bars;
use crate::dataset::{AttributeKind, Dataset};
use crate::privacy::{Attack, ErrorRow, attack, error, slots, topics_by_attribute};
use crate::train::Progress;
use crate::vocabulary::{BuildConfig, Floors, build};

/// Numbers of reports.
const REPORTS: [usize; 4] = [1_000, 5_000, 20_000, 100_000];
/// Ratios: half the budget and less, beside the whole.
const RATIOS: [u8; 3] = [2, 4, MAX_RATIO];
/// Reports drawn for one figure, at least one round.
const DRAWS: usize = 400_000;

/// Arguments of `privacy`.
///
/// Topics are built from the items' categories with the smallest floors, or, where items have attributes only, from those. The
/// figures illustrate the guarantee on data; they do not prove it.
#[derive(Debug, Args)]
pub(super) struct PrivacyArguments {
    /// The log
    log: PathBuf,
    /// Topics, that of an empty slot included
    #[arg(long, default_value_t = TOPICS, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(4..=64))]
    topics: u8,
    /// Topics that a report names
    #[arg(long, default_value_t = TOPICS_PER_REPORT, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=32))]
    per_report: u8,
    /// Shoppers among whom one is searched
    #[arg(long, default_value_t = 2_000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(2..=20_000))]
    shoppers: u32,
    /// Everything random follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    items: ItemsArguments,
    #[command(flatten)]
    columns: LogArguments,
}

/// Measures and prints.
pub(super) fn run(arguments: &PrivacyArguments, output: &mut Output) -> Result<(), Failure> {
    let mut inputs = vec![arguments.log.as_path()];
    inputs.extend(arguments.items.file());
    files::check_outputs(&[arguments.out.as_deref()], &inputs)?;
    let mut bars = Bars::new();
    let mut dataset = arguments.columns.read(&arguments.log, &mut bars)?;
    if arguments.items.file().is_none() {
        return Err(Failure::input("topics are made of categories: give --items or --attributes"));
    }
    arguments.items.read(&mut dataset, &mut bars)?;
    let (topic_of_item, topics) = topics(&dataset, arguments)?;
    let slots = slots(&dataset, &topic_of_item);
    let mechanism = |per_report, ratio| {
        Parameters::new(topics, per_report, ratio).ok_or_else(|| {
            Failure::input(format!("--per-report: at most half of the {topics} topics can be named"))
        })
    };
    bars.begin("reports", (RATIOS.len() * REPORTS.len()) as u64);
    let mut errors = Vec::new();
    for ratio in RATIOS {
        for reports in REPORTS {
            let rounds = (DRAWS / reports).clamp(4, 100);
            errors.push(error(
                &slots.now,
                mechanism(arguments.per_report, ratio)?,
                reports,
                rounds,
                arguments.seed,
            ));
            bars.step(1);
        }
    }
    bars.end();
    let shoppers = usize::try_from(arguments.shoppers).unwrap_or(usize::MAX);
    let per_report = [1, 2, 4].into_iter().filter(|named| *named <= topics / 2);
    let attacks = per_report
        .map(|named| Ok((named, attack(&slots, mechanism(named, MAX_RATIO)?, shoppers, arguments.seed))))
        .collect::<Result<Vec<_>, Failure>>()?;
    output
        .line(format_args!("{} shoppers, {topics} topics, that of an empty slot included", slots.now.len()));
    show_errors(&errors, arguments.per_report, output);
    show_attacks(&attacks, output);
    if let Some(path) = &arguments.out {
        let attacks: Vec<_> =
            attacks.iter().map(|(named, attack)| json!({"per_report": named, "attack": attack})).collect();
        let document = json!({
            "version": 1, "shoppers": slots.now.len(), "topics": topics, "per_report": arguments.per_report,
            "errors": errors, "attacks": attacks,
        });
        let text = serde_json::to_string_pretty(&document).map_err(Failure::operation)?;
        files::write(path, (text + "\n").as_bytes())?;
    }
    Ok(())
}

/// The topic of each item, and how many there are.
fn topics(dataset: &Dataset, arguments: &PrivacyArguments) -> Result<(Vec<u8>, u8), Failure> {
    let is_category = |kind: AttributeKind| kind == AttributeKind::Category;
    if !dataset.attributes.entries.iter().any(|entry| is_category(entry.kind)) {
        return Ok((topics_by_attribute(dataset, arguments.topics), arguments.topics));
    }
    let config = BuildConfig {
        name: "privacy".to_owned(),
        topics: arguments.topics,
        per_report: 1,
        ratio: MAX_RATIO,
        // how many shoppers the masks need is not what is asked here
        cohort: u64::MAX,
        floors: Floors { shoppers: 1, items: 1, brands: 0 },
        names: BTreeMap::new(),
    };
    let built = build(dataset, &config).map_err(Failure::input)?;
    Ok((built.topic_of_item, built.draft.parameters.topics()))
}

fn show_errors(rows: &[ErrorRow], per_report: u8, output: &mut Output) {
    output.line(format_args!("\nError of a topic's share, in points; {per_report} topics in a report\n"));
    output
        .line("| R | epsilon | reports | root mean squared error | half-width, no demand | interval holds |");
    output.line("|---:|---:|---:|---:|---:|---:|");
    for row in rows {
        output.line(format_args!(
            "| {} | {:.2} | {} | {:.2} | {:.2} | {:.1} % |",
            row.ratio,
            f64::from(row.ratio).ln(),
            row.reports,
            row.error_points,
            row.half_width_points,
            100.0 * row.coverage
        ));
    }
}

fn show_attacks(attacks: &[(u8, Attack)], output: &mut Output) {
    let Some((_, first)) = attacks.first() else { return };
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    output.line(format_args!(
        "\nWhat tells a shopper; searched among {}, where guessing finds {}\n",
        first.shoppers,
        percent(first.chance)
    ));
    output.line("| what is sent | nobody else sends it | found again later | found by known slots |");
    output.line("|---|---:|---:|---:|");
    output.line(format_args!(
        "| slots without noise | {} | {} | {} |",
        percent(first.unique_slots),
        percent(first.linked_slots),
        percent(first.known_slots)
    ));
    for (named, attack) in attacks {
        output.line(format_args!(
            "| R 8, {named} in a report | {} | {} | {} |",
            percent(attack.unique_masks),
            percent(attack.linked_masks),
            percent(attack.known_masks)
        ));
    }
}
