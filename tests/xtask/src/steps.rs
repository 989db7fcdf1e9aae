//! Steps that run one after the other: each announced, timed, and repeatable by the command it prints.
//!
//! Two rows of steps may run side by side: then the second one prints to a file, which is shown when it is done.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::tally::Tally;

/// Why the run stopped: the step and the command that repeats it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The name of the step.
    pub(crate) step: String,
    /// What went wrong, one line.
    pub(crate) reason: String,
    /// A shell line that runs the step alone.
    pub(crate) repeat: String,
}

/// The steps of one run and what came out of them.
pub(crate) struct Steps {
    root: PathBuf,
    environment: Vec<(&'static str, PathBuf)>,
    tally: Tally,
    durations: Vec<(String, Duration)>,
    notices: Vec<String>,
    /// The parts so far, and how many tests passed in each.
    parts: Vec<(&'static str, u64)>,
    /// Where the steps print when they run beside others.
    log: Option<(PathBuf, File)>,
}

impl Steps {
    /// Steps that run in `root`, with `environment` added to what they inherit.
    pub(crate) fn new(root: PathBuf, environment: impl IntoIterator<Item = (&'static str, PathBuf)>) -> Self {
        Self {
            root,
            environment: environment.into_iter().collect(),
            tally: Tally::default(),
            durations: Vec::new(),
            notices: Vec::new(),
            parts: Vec::new(),
            log: None,
        }
    }

    /// Steps of the same kind that run beside these, and print to `log`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn beside(&self, log: PathBuf) -> std::io::Result<Self> {
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = File::create(&log)?;
        let mut steps = Self::new(self.root.clone(), self.environment.iter().cloned());
        steps.log = Some((log, file));
        Ok(steps)
    }

    /// Takes in steps that ran beside these, and shows what they printed.
    pub(crate) fn take_in(&mut self, other: Self) {
        if let Some((log, _)) = &other.log {
            match std::fs::read(log) {
                Ok(printed) => print!("{}", String::from_utf8_lossy(&printed)),
                Err(error) => {
                    self.notice(&format!("what was printed cannot be shown: {}: {error}", log.display()));
                }
            }
        }
        self.tally.add(&other.tally);
        self.durations.extend(other.durations);
        self.notices.extend(other.notices);
        self.parts.extend(other.parts);
    }

    /// What is counted from now on is counted for the part `name` too.
    pub(crate) fn begin(&mut self, name: &'static str) {
        self.parts.push((name, 0));
    }

    /// How many tests passed in each part that had any.
    fn passed_by_part(&self) -> Vec<(&'static str, u64)> {
        self.parts.iter().copied().filter(|(_, passed)| *passed > 0).collect()
    }

    /// Prints a line, where these steps print.
    fn say(&self, line: &str) {
        match &self.log {
            // What cannot be written is missed by whoever reads it, and by no test.
            Some((_, file)) => drop(writeln!(&mut &*file, "{line}")),
            None => println!("{line}"),
        }
    }

    /// Has `command` print where these steps print.
    fn direct(&self, command: &mut Command) -> std::io::Result<()> {
        if let Some((_, file)) = &self.log {
            command.stdout(file.try_clone()?).stderr(file.try_clone()?);
        }
        Ok(())
    }

    /// The workspace's folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that cargo builds in.
    pub(crate) fn target(&self) -> PathBuf {
        let named = std::env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty());
        let folder = self.root.join(named.map_or_else(|| PathBuf::from("target"), PathBuf::from));
        std::path::absolute(&folder).unwrap_or(folder)
    }

    /// A cargo command in the workspace: the cargo that runs this program.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments);
        command
    }

    /// A command in the workspace.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).stdin(Stdio::null());
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        command
    }

    /// Says something once now and once more in the summary.
    pub(crate) fn notice(&mut self, text: &str) {
        self.say(&format!("\n!! {text}\n"));
        self.notices.push(text.to_owned());
    }

    /// Runs `command` as the step `name`.
    ///
    /// # Errors
    /// When it cannot be started or does not end with success.
    pub(crate) fn run(&mut self, name: &str, command: Command) -> Result<(), Failure> {
        self.step(name, command, |_, command| command.status().map(|status| status.success()))
    }

    /// Runs `command` as the step `name`, and counts the test results it prints.
    ///
    /// # Errors
    /// When it cannot be started or does not end with success.
    pub(crate) fn run_tests(&mut self, name: &str, command: Command) -> Result<(), Failure> {
        let before = self.tally;
        let repeat = shell_line(&command, &self.root);
        let outcome = self.step(name, command, |steps, command| {
            let mut child = command.stdout(Stdio::piped()).spawn()?;
            if let Some(output) = child.stdout.take() {
                match &steps.log {
                    Some((_, file)) => copy_and_count(output, &mut &*file, &mut steps.tally),
                    None => copy_and_count(output, &mut Shown, &mut steps.tally),
                }?;
            }
            child.wait().map(|status| status.success())
        });
        if let Some((_, passed)) = self.parts.last_mut() {
            *passed += self.tally.passed - before.passed;
        }
        outcome?;
        // A runner whose results are not understood must not pass for one that found nothing wrong.
        if self.tally == before {
            return Err(Failure {
                step: name.to_owned(),
                reason: "it printed no test result".to_owned(),
                repeat,
            });
        }
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "the host times its own steps")]
    fn step(
        &mut self,
        name: &str,
        mut command: Command,
        run: impl FnOnce(&mut Self, &mut Command) -> std::io::Result<bool>,
    ) -> Result<(), Failure> {
        let repeat = shell_line(&command, &self.root);
        self.say(&format!("\n==> {name}: {repeat}"));
        let started = Instant::now();
        let outcome = self.direct(&mut command).and_then(|()| run(self, &mut command));
        let taken = started.elapsed();
        self.durations.push((name.to_owned(), taken));
        self.say(&format!("<== {name}: {:.1} s", taken.as_secs_f64()));
        if self.log.is_some() {
            println!("[beside] {name}: {:.1} s", taken.as_secs_f64());
        }
        let reason = match outcome {
            Ok(true) => return Ok(()),
            Ok(false) => "it failed".to_owned(),
            Err(error) => format!("it could not be run: {error}"),
        };
        Err(Failure { step: name.to_owned(), reason, repeat })
    }

    /// Prints the summary, and the line that is counted as the last one.
    pub(crate) fn report(&self, failures: &[Failure]) -> ExitCode {
        println!("\nsteps:");
        for (name, taken) in &self.durations {
            let failed = failures.iter().any(|failure| failure.step == *name);
            println!("  {:<6} {:>7.1} s  {name}", if failed { "FAILED" } else { "ok" }, taken.as_secs_f64());
        }
        for notice in &self.notices {
            println!("!! {notice}");
        }
        if self.tally.ignored > 0 {
            println!("{} tests are ignored by their own mark", self.tally.ignored);
        }
        for (name, passed) in self.passed_by_part() {
            println!("  {name}: {passed} tests passed");
        }
        let mut failed = self.tally.failed;
        for failure in failures {
            println!("FAILED: {}: {}. To repeat it:\n  {}", failure.step, failure.reason, failure.repeat);
            // A step can fail without a test that failed: it counts as one.
            failed = failed.max(1);
        }
        // Steps that are no part of the tests count nothing.
        if !self.parts.is_empty() {
            println!("{} passed, {failed} failed", self.tally.passed);
        }
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Standard output by way of `print!`, which a test's runner keeps to itself: it would be counted.
struct Shown;

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        print!("{}", String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stdout().flush()
    }
}

/// Copies `output` to `to` line by line, as it comes, and counts its test results.
fn copy_and_count(output: impl Read, to: &mut impl Write, tally: &mut Tally) -> std::io::Result<()> {
    for line in BufReader::new(output).split(b'\n') {
        let mut line = line?;
        tally.read(&String::from_utf8_lossy(&line));
        line.push(b'\n');
        to.write_all(&line)?;
        to.flush()?;
    }
    Ok(())
}

/// The command as a line for a shell in `root`, with the variables that are set for it.
fn shell_line(command: &Command, root: &Path) -> String {
    let mut words: Vec<String> = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.display(), quoted(value?))))
        .collect();
    let program = Path::new(command.get_program());
    // Both are on the user's path or given by cargo; the name is what is typed.
    let typed = match program.file_name() {
        Some(name) if program.file_stem().is_some_and(|stem| stem == "cargo") => name,
        _ => program.strip_prefix(root).unwrap_or(program).as_os_str(),
    };
    words.push(quoted(typed));
    words.extend(command.get_args().map(quoted));
    words.join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> Steps {
        Steps::new(std::env::temp_dir(), [("NAMED", PathBuf::from("a folder"))])
    }

    #[test]
    fn a_step_prints_the_command_that_repeats_it() {
        let mut command = steps().command("prog");
        command.args(["--flag", "two words", "it's"]);
        assert_eq!(
            shell_line(&command, Path::new("/checkout")),
            r"NAMED='a folder' prog --flag 'two words' 'it'\''s'"
        );
    }

    #[test]
    fn cargo_is_typed_by_its_name() {
        let mut command = Command::new("/some/toolchain/bin/cargo");
        command.args(["test", "--workspace"]);
        assert_eq!(shell_line(&command, Path::new("/checkout")), "cargo test --workspace");
    }

    #[cfg(unix)]
    #[test]
    fn a_failing_step_is_named_and_timed() {
        let mut steps = steps();
        let command = steps.command("false");
        let failure = steps.run("does not work", command).unwrap_err();
        assert_eq!(
            (failure.step.as_str(), failure.repeat.as_str()),
            ("does not work", "NAMED='a folder' false")
        );
        assert_eq!(steps.durations.len(), 1);
        assert_eq!(format!("{:?}", steps.report(&[failure])), format!("{:?}", ExitCode::FAILURE));
    }

    #[test]
    fn a_missing_program_is_a_failure_of_its_step() {
        let mut steps = steps();
        let command = steps.command("there is no such program");
        let failure = steps.run("missing", command).unwrap_err();
        assert!(failure.reason.contains("could not be run"), "{}", failure.reason);
    }

    #[test]
    fn results_of_tests_are_counted_while_they_are_printed() {
        let output = "a\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\nx\n";
        let (mut copy, mut tally) = (Vec::new(), Tally::default());
        copy_and_count(output.as_bytes(), &mut copy, &mut tally).unwrap();
        assert_eq!(String::from_utf8(copy).unwrap(), output);
        assert_eq!(tally, Tally { passed: 3, failed: 0, ignored: 1 });
    }

    #[cfg(unix)]
    #[test]
    fn a_runner_without_results_fails_its_step() {
        let mut steps = steps();
        let command = steps.command("true");
        assert_eq!(steps.run_tests("silent", command).unwrap_err().reason, "it printed no test result");
    }

    #[cfg(unix)]
    #[test]
    fn every_part_has_its_own_count() {
        let mut steps = steps();
        for (name, passed) in [("one", 3), ("nothing", 0), ("two", 4)] {
            steps.begin(name);
            let mut command = steps.command("echo");
            command.arg(format!("test result: ok. {passed} passed; 0 failed; 1 ignored; 0 measured"));
            steps.run_tests(name, command).unwrap();
        }
        assert_eq!(steps.passed_by_part(), [("one", 3), ("two", 4)]);
    }

    #[cfg(unix)]
    #[test]
    fn what_runs_beside_is_shown_and_counted_at_its_end() {
        let mut steps = steps();
        steps.begin("one");
        let log = std::env::temp_dir().join(format!("tastekeeper-beside-{}", std::process::id())).join("log");
        let mut beside = steps.beside(log.clone()).unwrap();
        beside.begin("two");
        let mut command = beside.command("sh");
        command.args([
            "-c",
            "echo $NAMED >&2; echo 'test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured'",
        ]);
        beside.run_tests("tests", command).unwrap();
        let command = beside.command("false");
        let failure = beside.run("does not work", command).unwrap_err();
        let printed = std::fs::read_to_string(&log).unwrap();
        for line in ["==> tests: ", "a folder\n", "test result: ok. 2 passed", "<== does not work: "] {
            assert!(printed.contains(line), "{line}: {printed}");
        }
        steps.take_in(beside);
        assert_eq!((steps.passed_by_part(), steps.durations.len()), (vec![("two", 2)], 2));
        assert_eq!(format!("{:?}", steps.report(&[failure])), format!("{:?}", ExitCode::FAILURE));
        std::fs::remove_dir_all(log.parent().unwrap()).unwrap();
    }

    #[test]
    fn success_needs_no_failure() {
        assert_eq!(format!("{:?}", steps().report(&[])), format!("{:?}", ExitCode::SUCCESS));
    }
}
