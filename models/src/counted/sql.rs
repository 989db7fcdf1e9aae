//! The counting as SQL with a model's parameters.

use std::fmt::Write as _;

use crate::train::graph::CountParameters;

/// An engine that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// DuckDB 1.1 or newer.
    DuckDb,
    /// Spark SQL 4.0 or newer.
    Spark,
    /// ClickHouse 24.3 or newer.
    ClickHouse,
}

impl Engine {
    /// The engine's file in `models/sql`.
    fn text(self) -> &'static str {
        match self {
            Self::DuckDb => include_str!("../../sql/transitions.duckdb.sql"),
            Self::Spark => include_str!("../../sql/transitions.spark.sql"),
            Self::ClickHouse => include_str!("../../sql/transitions.clickhouse.sql"),
        }
    }

    /// The line that sets a parameter.
    fn line(self, name: &str, kind: &str, value: &str) -> String {
        match self {
            Self::DuckDb => format!("SET VARIABLE {name} = {value};"),
            Self::ClickHouse => {
                let number = match value {
                    "true" => "1",
                    "false" => "0",
                    number => number,
                };
                format!("SET param_{name} = {number};")
            }
            Self::Spark => {
                let suffix = if kind == "DOUBLE" { "D" } else { "" };
                format!("DECLARE OR REPLACE VARIABLE {name} {kind} = {value}{suffix};")
            }
        }
    }
}

/// The SQL that counts as training does with these parameters, and keeps the strongest `keep` transitions of an item.
///
/// # Examples
/// ```
/// use tastekeeper_models::counted::{Engine, counting_sql};
/// use tastekeeper_models::train::graph::CountParameters;
///
/// let parameters = CountParameters { window: 20, gamma: 0.5, delta: 0.75, rho: 0.0 };
/// let sql = counting_sql(Engine::DuckDb, &parameters, true, 16);
/// assert!(sql.contains("\nSET VARIABLE p_window = 20;\nSET VARIABLE p_gamma = 0.5;\n"));
/// assert!(sql.contains("\nSET VARIABLE p_repeats = true;\nSET VARIABLE p_keep = 16;\n"));
/// ```
#[must_use]
pub fn counting_sql(engine: Engine, parameters: &CountParameters, repeats: bool, keep: usize) -> String {
    // in 64 bits, as training computes: .8 in 32 bits is not .8
    let wide = |value: f32| f64::from(value).to_string();
    let values = [
        ("p_window", "INT", parameters.window.to_string()),
        ("p_gamma", "DOUBLE", wide(parameters.gamma)),
        ("p_delta", "DOUBLE", wide(parameters.delta)),
        ("p_rho", "DOUBLE", wide(parameters.rho)),
        ("p_repeats", "BOOLEAN", repeats.to_string()),
        ("p_keep", "INT", keep.to_string()),
    ];
    let mut out = String::new();
    for line in engine.text().lines() {
        let parameter = values.iter().find(|(name, kind, _)| {
            let set = engine.line(name, kind, "");
            set.split_once(" =").is_some_and(|(begin, _)| line.starts_with(&format!("{begin} =")))
        });
        match parameter {
            Some((name, kind, value)) => writeln!(out, "{}", engine.line(name, kind, value)),
            None => writeln!(out, "{line}"),
        }
        .expect("a string takes text");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_every_engine_is_set_once() {
        let parameters = CountParameters { window: 3, gamma: 0.125, delta: 0.625, rho: 0.0625 };
        for engine in [Engine::DuckDb, Engine::Spark, Engine::ClickHouse] {
            let plain = engine.text();
            let set = counting_sql(engine, &parameters, true, 77);
            assert_eq!(plain.lines().count(), set.lines().count());
            let changed: Vec<&str> =
                set.lines().zip(plain.lines()).filter(|(a, b)| a != b).map(|(a, _)| a).collect();
            let values: Vec<&str> = changed.iter().map(|line| line.split_once(" = ").unwrap().1).collect();
            let expected = match engine {
                Engine::DuckDb => ["3;", "0.125;", "0.625;", "0.0625;", "true;", "77;"],
                Engine::Spark => ["3;", "0.125D;", "0.625D;", "0.0625D;", "true;", "77;"],
                Engine::ClickHouse => ["3;", "0.125;", "0.625;", "0.0625;", "1;", "77;"],
            };
            assert_eq!(values, expected, "{engine:?}");
        }
    }
}
