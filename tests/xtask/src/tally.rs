//! Counts of the test runner's result lines.

/// Tests counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
    /// Tests that are marked `#[ignore]`.
    pub(crate) ignored: u64,
}

impl Tally {
    /// Adds the counts of `line` if it is `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
    pub(crate) fn read(&mut self, line: &str) {
        let line = without_colours(line);
        if let Some(counted) =
            parse(&line).or_else(|| swift(&line)).or_else(|| surefire(&line)).or_else(|| tap(&line))
        {
            self.add(&counted);
        }
    }

    /// Adds other counts.
    pub(crate) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

fn parse(line: &str) -> Option<Tally> {
    // A test without a final line break leaves its output in front of the result.
    let (_, results) = line.split_once("test result: ")?;
    let (_, counts) = results.split_once(". ")?;
    let mut parts = counts.split("; ");
    let mut count = |name: &str| parts.next()?.strip_suffix(name)?.trim().parse().ok();
    Some(Tally { passed: count("passed")?, failed: count("failed")?, ignored: count("ignored")? })
}

/// One test of XCTest (`Test Case 'X.testA' passed (0.1 seconds)`) or of Swift Testing (`✔ Test a() passed after 0.1 seconds.`).
fn swift(line: &str) -> Option<Tally> {
    let words = |mark: &str| line.rsplit_once(mark).map(|(before, _)| before);
    let is_one = |before: &str| match before.split_once("Test ") {
        Some((mark, name)) => {
            (mark.is_empty() && name.starts_with("Case '"))
                || (mark.chars().count() == 2 && !name.starts_with("run with "))
        }
        None => false,
    };
    let found = |marks: [&str; 2]| marks.into_iter().filter_map(words).any(is_one);
    let passed = u64::from(found(["' passed (", " passed after "]));
    let failed = u64::from(found(["' failed (", " failed after "]));
    let ignored = u64::from(found(["' skipped (", " skipped"]));
    (passed + failed + ignored == 1).then_some(Tally { passed, failed, ignored })
}

/// The sum of a module's tests that Maven's Surefire prints: `[INFO] Tests run: 9, Failures: 1, Errors: 0, Skipped: 2`. The same
/// words with a time behind them are one class of it.
fn surefire(line: &str) -> Option<Tally> {
    let (_, counts) = line.split_once("] Tests run: ")?;
    let mut parts = counts.split(", ");
    let mut count = |name: &str| parts.next()?.strip_prefix(name)?.trim().parse::<u64>().ok();
    let (run, failures, errors, ignored) =
        (count("")?, count("Failures: ")?, count("Errors: ")?, count("Skipped: ")?);
    let failed = failures + errors;
    parts.next().is_none().then(|| Tally { passed: run.saturating_sub(failed + ignored), failed, ignored })
}

/// A count at the end of what Node's test runner prints for machines: `# pass 3`, `# fail 0`, `# skipped 1`.
fn tap(line: &str) -> Option<Tally> {
    let (name, count) = line.strip_prefix("# ")?.split_once(' ')?;
    let count = count.parse().ok()?;
    let mut tally = Tally::default();
    match name {
        "pass" => tally.passed = count,
        "fail" | "cancelled" => tally.failed = count,
        "skipped" => tally.ignored = count,
        _ => return None,
    }
    Some(tally)
}

/// `line` without terminal colour sequences.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain += before;
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_node_are_counted_once() {
        let output = "# Subtest: a\nok 1 - a\n1..4\n# tests 4\n# suites 0\n# pass 2\n# fail 1\n# cancelled 0\n# skipped 1\n";
        assert_eq!(tally(output), Tally { passed: 2, failed: 1, ignored: 1 });
    }

    fn tally(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn results_of_several_runners_add_up() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\n\
            test result: FAILED. 40 passed; 3 failed; 5 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        assert_eq!(tally(output), Tally { passed: 42, failed: 3, ignored: 5 });
    }

    #[test]
    fn colours_do_not_hide_a_result() {
        let line = "test result: \u{1b}[31mFAILED\u{1b}(B\u{1b}[m. 1 passed; 2 failed; 0 ignored; 0 measured";
        assert_eq!(tally(line), Tally { passed: 1, failed: 2, ignored: 0 });
    }

    #[test]
    fn output_of_a_test_in_front_does_not_hide_a_result() {
        assert_eq!(tally("....test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured").passed, 7);
    }

    #[test]
    fn tests_of_swift_count_one_by_one() {
        let output = "Test Suite 'All tests' started at 2026-11-22 11:52:00.910\n\
            Test Case 'X.testOne' started at 2026-11-22 11:52:00.913\n\
            Test Case 'X.testOne' passed (0.001 seconds)\n\
            Test Case 'X.testTwo' failed (0.0 seconds)\n\
            Test Case 'X.testThree' skipped (0.0 seconds)\n\
            Test Suite 'X' passed at 2026-11-22 11:52:00.914\n\
            \t Executed 2 tests, with 0 failures (0 unexpected) in 0.001 (0.001) seconds\n\
            \u{25c7} Test two() started.\n\
            \u{2714} Test two() passed after 0.001 seconds.\n\
            \u{2718} Test three() failed after 0.001 seconds with 1 issue.\n\
            \u{2714} Suite S passed after 0.001 seconds.\n\
            \u{2714} Test run with 1 test passed after 0.001 seconds.\n";
        assert_eq!(tally(output), Tally { passed: 2, failed: 2, ignored: 1 });
    }

    #[test]
    fn sums_of_surefire_count_once() {
        let output = "[INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s -- in a.B\n\
            [ERROR] Tests run: 4, Failures: 1, Errors: 1, Skipped: 1, Time elapsed: 1 s <<< FAILURE! -- in a.C\n\
            [INFO] Results:\n\
            [ERROR] Tests run: 9, Failures: 1, Errors: 1, Skipped: 1\n\
            [\u{1b}[1;34mINFO\u{1b}[m] \u{1b}[1;32mTests run: 2, Failures: 0, Errors: 0, Skipped: 0\u{1b}[m\n";
        assert_eq!(tally(output), Tally { passed: 8, failed: 2, ignored: 1 });
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in
            ["test result: unclear", "3 passed, 4 failed", "test x ... FAILED", "test result: ok. x passed"]
        {
            assert_eq!(tally(line), Tally::default(), "{line}");
        }
    }
}
