//! The `tastekeeper` command: from a shop's log to a signed pack, and from a pack to figures.
//!
//! One module per subcommand, each with its arguments (`..Arguments`) and a `run` that reads, computes and writes whole
//! files. Around them: `failure` (one line and an exit code), `output` (standard output that may close), `progress`,
//! and what several subcommands share (`files`, `keys`, `log`, `items`).
//! Results go to standard output, everything else to standard error.

mod aggregate;
mod card;
mod check_data;
mod checkpoint;
mod counting_sql;
mod demand;
mod demo;
mod disclosures;
mod evaluate;
mod failure;
mod files;
mod gate;
mod generate_log;
mod generate_shop;
mod import;
mod inspect;
mod items;
mod keys;
mod log;
mod output;
mod pack;
mod privacy;
mod privacy_report;
mod progress;
mod receipts;
mod report;
mod sign;
mod summarise;
mod train;
mod vocabulary;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::Output;

const AFTER_HELP: &str = "Exit codes: 0 done; 1 something failed, such as writing a file; \
     2 the arguments or the files given are not right. An output file is either whole or not there.";

/// Trains, packs, signs, inspects and evaluates Tastekeeper models.
#[derive(Debug, Parser)]
#[command(name = "tastekeeper", version, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what a log is like, what can be measured with it, and what looks wrong
    CheckData(check_data::CheckDataArguments),
    /// Trains a model on a shop's log and writes a signed pack
    Train(train::TrainArguments),
    /// Writes a saved full-precision model as a pack of another size
    Pack(pack::PackArguments),
    /// Writes the SQL that counts transitions in DuckDB, Spark or ClickHouse, for `pack --transitions`
    CountingSql(counting_sql::CountingSqlArguments),
    /// Makes a pack out of item vectors that were trained elsewhere
    Import(import::ImportArguments),
    /// Shows everything about a pack
    Inspect(inspect::InspectArguments),
    /// Writes the model card of a pack: data, parameters, quality, size, limits
    Card(card::CardArguments),
    /// Signs a pack with another key, makes keys, and signs for other tools
    Sign(sign::SignArguments),
    /// Measures a pack by replaying a log through the engine
    Evaluate(evaluate::EvaluateArguments),
    /// Means over reports of packs trained with different seeds
    Summarise(summarise::SummariseArguments),
    /// Writes a log that does not exist, as large as wanted
    GenerateLog(generate_log::GenerateLogArguments),
    /// Judges a report by a file of gates: exit code 0 passed, 1 a gate failed, 2 could not be told
    Gate(gate::GateArguments),
    /// Writes reports as pages for people
    Report(report::ReportArguments),
    /// Builds or lints the topics that preference reports are about
    Vocabulary(vocabulary::VocabularyArguments),
    /// Measures what preference reports tell about all, and about one
    Privacy(privacy::PrivacyArguments),
    /// Makes demand per topic, with intervals, out of preference reports
    Aggregate(aggregate::AggregateArguments),
    /// Checks the consent receipts that a phone exported
    Receipts(receipts::ReceiptsArguments),
    /// Writes the privacy papers of an app: Apple, Google Play, Art. 30 GDPR, notices, main parameters
    Disclosures(disclosures::DisclosuresArguments),
    /// Looks at a store for a privacy officer: policy, files, receipts, reports
    PrivacyReport(privacy_report::PrivacyReportArguments),
    /// Writes a shop that does not exist: catalogue, log, categories, personas
    GenerateShop(generate_shop::GenerateShopArguments),
    /// Shows everything once, in under a minute: a shop, a model, a phone and what the shopper controls
    Demo(demo::DemoArguments),
}

/// Runs the command with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut output = Output::stdout();
    let done = match cli.command {
        Command::CheckData(arguments) => check_data::run(&arguments, &mut output),
        Command::Train(arguments) => train::run(&arguments, &mut output),
        Command::Pack(arguments) => pack::run(&arguments, &mut output),
        Command::CountingSql(arguments) => counting_sql::run(&arguments, &mut output),
        Command::Import(arguments) => import::run(&arguments, &mut output),
        Command::Inspect(arguments) => inspect::run(&arguments, &mut output),
        Command::Card(arguments) => card::run(&arguments, &mut output),
        Command::Sign(arguments) => sign::run(&arguments, &mut output),
        Command::Evaluate(arguments) => evaluate::run(&arguments, &mut output),
        Command::Summarise(arguments) => summarise::run(&arguments, &mut output),
        Command::GenerateLog(arguments) => generate_log::run(&arguments, &mut output),
        Command::Gate(arguments) => gate::run(&arguments, &mut output),
        Command::Report(arguments) => report::run(&arguments, &mut output),
        Command::Aggregate(arguments) => aggregate::run(&arguments, &mut output),
        Command::Vocabulary(arguments) => vocabulary::run(&arguments, &mut output),
        Command::Privacy(arguments) => privacy::run(&arguments, &mut output),
        Command::Receipts(arguments) => receipts::run(&arguments, &mut output),
        Command::Disclosures(arguments) => disclosures::run(&arguments, &mut output),
        Command::PrivacyReport(arguments) => privacy_report::run(&arguments, &mut output),
        Command::GenerateShop(arguments) => generate_shop::run(&arguments, &mut output),
        Command::Demo(arguments) => demo::run(&arguments, &mut output),
    };
    match done.and_then(|()| output.finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
