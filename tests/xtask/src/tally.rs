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
        if let Some(counted) = parse(&without_colours(line)) {
            self.passed += counted.passed;
            self.failed += counted.failed;
            self.ignored += counted.ignored;
        }
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
    fn other_lines_count_nothing() {
        for line in
            ["test result: unclear", "3 passed, 4 failed", "test x ... FAILED", "test result: ok. x passed"]
        {
            assert_eq!(tally(line), Tally::default(), "{line}");
        }
    }
}
