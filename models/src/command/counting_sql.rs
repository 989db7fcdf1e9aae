//! `tastekeeper counting-sql`: the transition counting for an engine that the shop runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::failure::Failure;
use super::output::Output;
use super::pack::read_model;
use crate::counted::{Engine, counting_sql};
use crate::train::graph::CountParameters;
use crate::train::transitions::untuned_graph;

/// Where it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EngineName {
    /// DuckDB 1.1 or newer
    Duckdb,
    /// Spark SQL 4.0 or newer
    Spark,
    /// ClickHouse 24.3 or newer
    Clickhouse,
}

/// Arguments of `counting-sql`.
#[derive(Debug, Args)]
pub(super) struct CountingSqlArguments {
    /// The engine
    #[arg(value_enum)]
    engine: EngineName,
    /// A model that `train --save-model` wrote: count as it was tuned
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Transitions kept per item, at least as many as the pack will have
    #[arg(long, default_value_t = 64, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
}

/// Prints it.
pub(super) fn run(arguments: &CountingSqlArguments, output: &mut Output) -> Result<(), Failure> {
    let mut parameters = untuned_graph().count;
    let (mut repeats, mut weights) = (false, None);
    if let Some(path) = &arguments.model {
        let (model, summary) = read_model(path)?;
        let summary: Value =
            summary.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        parameters = tuned(&summary["graph"]).ok_or_else(|| {
            Failure::input(format!(
                "{}: does not say how transitions were counted; give a model of `train --save-model`, or none",
                path.display()
            ))
        })?;
        repeats = model.blend.repeats;
        weights = Some(model.blend.kind_weights);
    }
    let engine = match arguments.engine {
        EngineName::Duckdb => Engine::DuckDb,
        EngineName::Spark => Engine::Spark,
        EngineName::Clickhouse => Engine::ClickHouse,
    };
    if let Some([view, cart, wishlist, purchase]) = weights {
        output.line(format_args!(
            "-- Weights of events in the model: view {view}, cart {cart}, wish list {wishlist}, purchase {purchase}."
        ));
    }
    let keep = usize::try_from(arguments.keep).unwrap_or(usize::MAX);
    output.line(counting_sql(engine, &parameters, repeats, keep).trim_end());
    Ok(())
}

/// The parameters in a training summary.
#[expect(clippy::cast_possible_truncation, reason = "written from 32 bits")]
fn tuned(graph: &Value) -> Option<CountParameters> {
    let number = |name: &str| graph[name].as_f64().map(|value| value as f32);
    Some(CountParameters {
        window: usize::try_from(graph["window"].as_u64()?).ok()?,
        gamma: number("gamma")?,
        delta: number("delta")?,
        rho: number("rho")?,
    })
}
