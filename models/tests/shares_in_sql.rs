//! models/sql estimates what `tastekeeper_models::aggregate` estimates: the golden vectors of preference reports, in DuckDB and in
//! ClickHouse.
//!
//! `cargo xtask test sql` makes the Python environment that has both and names it in `TASTEKEEPER_SQL_PYTHON`. The Spark
//! file runs in the same way where `pyspark` is installed and `TASTEKEEPER_SQL_ENGINES` is `spark`.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::path::Path;
use std::process::Command;

/// What the SQL files have for the reports that an epoch needs.
const SHIPPED_MINIMUM: &str = "24800";

fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
    let mut rows: Vec<Vec<String>> = rows.collect();
    rows.sort_by_key(|row| {
        row[..1].iter().cloned().chain([format!("{:0>5}{:0>3}", row[1], row[5])]).collect::<Vec<_>>()
    });
    rows
}

#[test]
#[ignore = "needs engines; cargo xtask test sql"]
fn golden_vectors() {
    let python =
        std::env::var("TASTEKEEPER_SQL_PYTHON").expect("TASTEKEEPER_SQL_PYTHON; run `cargo xtask test sql`");
    let engines = std::env::var("TASTEKEEPER_SQL_ENGINES");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let fixtures = root.join("tests/fixtures/reports-v1");
    let expected = rows(&std::fs::read_to_string(fixtures.join("shares.csv")).unwrap());
    for engine in engines.as_deref().unwrap_or("duckdb,clickhouse").split(',') {
        let folder = tempfile::tempdir().unwrap();
        let out = |name: &str| folder.path().join(name);
        let sql = std::fs::read_to_string(root.join(format!("models/sql/shares.{engine}.sql"))).unwrap();
        let run = |minimum: &str| {
            std::fs::write(out("shares.sql"), sql.replace(SHIPPED_MINIMUM, minimum)).unwrap();
            let output = Command::new(&python)
                .arg(root.join("tests/python/shares.py"))
                .arg(engine)
                .args([out("shares.sql"), fixtures.join("payloads.csv"), folder.path().to_owned()])
                .output()
                .unwrap();
            assert!(output.status.success(), "{engine}: {}", String::from_utf8_lossy(&output.stderr));
            let read = |name: &str| std::fs::read_to_string(out(name)).unwrap();
            let refused = read("refused.csv").lines().last().unwrap().to_owned();
            assert_eq!(refused, "18", "{engine}: rows that are no report");
            rows(&read("shares.csv"))
        };
        let found = run("1");
        assert_eq!(found.len(), expected.len(), "{engine}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found[..8], expected[..8], "{engine}");
            for (found, expected) in found[8..].iter().zip(&expected[8..]) {
                let (found, expected): (f64, f64) = (found.parse().unwrap(), expected.parse().unwrap());
                assert!((found - expected).abs() < 1e-12, "{engine}: {found} is not {expected}");
            }
        }
        let enough = expected.iter().filter(|row| row[6].parse::<u64>().unwrap() >= 150).count();
        assert_eq!(run("150").len(), enough, "{engine}: epochs with fewer reports are withheld");
        assert!(run(SHIPPED_MINIMUM).is_empty(), "{engine}");
    }
}
