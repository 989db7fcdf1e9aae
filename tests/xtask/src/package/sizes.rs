//! The ledger of sizes, `bindings/sizes.toml`: what a stripped library weighed when somebody last looked.
//!
//! Must never pass a library that has outgrown its limit, nor one that grew a lot without anybody noticing.

use std::collections::BTreeMap;

/// No stripped library may be larger.
pub(crate) const LIMIT: u64 = 1_500_000;
/// Growth beyond the ledger that somebody has to look at.
pub(crate) const ALARM: u64 = 100_000;

/// The sizes in a ledger: lines like `x86_64-unknown-linux-gnu = 1_234_567`.
///
/// # Errors
/// Names the line that is neither that, nor a comment, nor the heading `[stripped]`.
pub(crate) fn read(ledger: &str) -> Result<BTreeMap<String, u64>, String> {
    let mut sizes = BTreeMap::new();
    for (place, line) in ledger.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() || line == "[stripped]" {
            continue;
        }
        let entry = line.split_once('=').and_then(|(target, bytes)| {
            Some((target.trim().to_owned(), bytes.trim().replace('_', "").parse().ok()?))
        });
        let (target, bytes) = entry.ok_or_else(|| format!("line {} is no `target = bytes`", place + 1))?;
        sizes.insert(target, bytes);
    }
    Ok(sizes)
}

/// Holds the size of `target` against the limit and the ledger.
///
/// # Errors
/// When it is too large, grew too much, or was never written down.
pub(crate) fn check(ledger: &BTreeMap<String, u64>, target: &str, bytes: u64) -> Result<(), String> {
    if bytes >= LIMIT {
        return Err(format!("{target}: {bytes} bytes stripped; the limit is {LIMIT}"));
    }
    match ledger.get(target) {
        None => Err(format!("{target}: not in bindings/sizes.toml; add `{target} = {bytes}`")),
        Some(known) if bytes > known + ALARM => {
            let grown = bytes - known;
            Err(format!(
                "{target}: {grown} bytes more than in bindings/sizes.toml; find out why, then write {bytes} there"
            ))
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_is_read_line_by_line() {
        let ledger = read("# about\n[stripped]\na = 1_000 # small\n\nb=2\n").unwrap();
        assert_eq!(ledger, BTreeMap::from([("a".to_owned(), 1000), ("b".to_owned(), 2)]));
        assert_eq!(read("a = 1\nb: 2\n").unwrap_err(), "line 2 is no `target = bytes`");
    }

    #[test]
    fn growth_is_an_alarm_and_the_limit_is_one_always() {
        let ledger = read("a = 1_000_000\nb = 1_499_000").unwrap();
        assert!(check(&ledger, "a", 900_000).is_ok() && check(&ledger, "a", 1_100_000).is_ok());
        assert!(check(&ledger, "a", 1_100_001).unwrap_err().contains("100001 bytes more"));
        assert!(check(&ledger, "b", LIMIT).unwrap_err().contains("the limit"));
        assert!(check(&ledger, "c", 1).unwrap_err().contains("`c = 1`"));
    }

    #[test]
    fn the_committed_ledger_is_one() {
        let text = std::fs::read_to_string(crate::workspace_root().join("bindings/sizes.toml")).unwrap();
        let ledger = read(&text).unwrap();
        assert!(ledger.len() >= 2 && ledger.values().all(|bytes| *bytes < LIMIT), "{ledger:?}");
    }
}
