//! The part `sql`: models/sql counts what the builder counts, and estimates what the library estimates.

use crate::python;
use crate::rust::left_out;
use crate::steps::{Failure, Steps};

/// Runs the SQL files in DuckDB and in ClickHouse on generated and on published logs.
///
/// # Errors
/// A weight that differs.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Failure> {
    let Some(python) = python::venv(steps, "sql", "tests/python/requirements-sql.txt")? else {
        return Ok(());
    };
    let mut tests = left_out(steps, &["--test=transitions_in_sql", "--test=shares_in_sql"]);
    tests.env("TASTEKEEPER_SQL_PYTHON", python);
    steps.run_tests("transitions and shares in SQL", tests)
}
