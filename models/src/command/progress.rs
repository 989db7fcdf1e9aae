//! How far a long phase is: a bar with rate and time left on a terminal, plain lines elsewhere.
//!
//! A phase that is over within a second says nothing.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::train::Progress;

/// Phases shorter than this stay silent.
const SHORT: Duration = Duration::from_secs(1);
/// Between two plain lines.
const INTERVAL: Duration = Duration::from_secs(15);

/// Writes a line to standard error. A closed standard error is no reason to stop.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[allow(clippy::disallowed_methods, reason = "rates are shown, nothing depends on them")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// See the module.
pub(super) struct Bars {
    terminal: bool,
    phase: Option<Phase>,
}

struct Phase {
    name: &'static str,
    unit: Unit,
    total: u64,
    done: u64,
    began: Instant,
    said: Instant,
    bar: Option<ProgressBar>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Steps,
    Bytes,
}

impl Bars {
    pub(super) fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), phase: None }
    }

    /// Lines instead of bars, whatever standard error is.
    pub(super) fn plain() -> Self {
        Self { terminal: false, phase: None }
    }

    /// Begins a phase of reading `total` bytes.
    pub(super) fn begin_bytes(&mut self, name: &'static str, total: u64) {
        self.start(name, total, Unit::Bytes);
    }

    fn start(&mut self, name: &'static str, total: u64, unit: Unit) {
        self.end();
        let began = now();
        self.phase = Some(Phase { name, unit, total, done: 0, began, said: began, bar: None });
    }

    fn bar(phase: &Phase) -> ProgressBar {
        let counts = match phase.unit {
            Unit::Steps => "{human_pos}/{human_len}",
            Unit::Bytes => "{binary_bytes}/{binary_total_bytes}",
        };
        let template = format!("{{msg:>10}} [{{bar:30}}] {counts}, {{speed}}, {{seconds}} s left");
        let unit = phase.unit;
        let style = ProgressStyle::with_template(&template)
            .expect("the template is well-formed")
            .with_key("speed", move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = write!(out, "{}", unit.speed(rate(state.pos(), state.elapsed())));
            })
            .with_key("seconds", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let left = left(state.pos(), state.len().unwrap_or(0), state.elapsed());
                let _ = write!(out, "{left:.0}");
            })
            .progress_chars("=> ");
        let bar = ProgressBar::with_draw_target(Some(phase.total), ProgressDrawTarget::stderr());
        bar.with_style(style).with_message(phase.name).with_elapsed(phase.began.elapsed())
    }
}

impl Progress for Bars {
    fn begin(&mut self, phase: &'static str, total: u64) {
        self.start(phase, total, Unit::Steps);
    }

    fn step(&mut self, done: u64) {
        let terminal = self.terminal;
        let Some(phase) = &mut self.phase else { return };
        phase.done = done;
        if phase.began.elapsed() < SHORT {
            return;
        }
        if terminal {
            if phase.bar.is_none() {
                phase.bar = Some(Self::bar(phase));
            }
            if let Some(bar) = &phase.bar {
                bar.set_position(done);
            }
        } else if phase.said.elapsed() >= INTERVAL {
            phase.said = now();
            say(&phase.line());
        }
    }

    fn end(&mut self) {
        let Some(phase) = self.phase.take() else { return };
        if let Some(bar) = &phase.bar {
            bar.finish_and_clear();
        }
        let took = phase.began.elapsed();
        if took >= SHORT {
            say(&format!("{}: done in {:.0} s", phase.name, took.as_secs_f64()));
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        if let Some(Phase { bar: Some(bar), .. }) = &self.phase {
            bar.finish_and_clear();
        }
    }
}

impl Phase {
    /// `embedding: 7 of 14, 50 %, 0.6/s, 12 s left`.
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    fn line(&self) -> String {
        let took = self.began.elapsed();
        let (done, total) = (self.unit.show(self.done), self.unit.show(self.total));
        let percent = 100.0 * self.done as f64 / self.total.max(1) as f64;
        let speed = self.unit.speed(rate(self.done, took));
        let left = left(self.done, self.total, took);
        format!("{}: {done} of {total}, {percent:.0} %, {speed}, {left:.0} s left", self.name)
    }
}

impl Unit {
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    fn show(self, count: u64) -> String {
        match self {
            Self::Steps => count.to_string(),
            Self::Bytes => mebibytes(count as f64),
        }
    }

    fn speed(self, rate: f64) -> String {
        match self {
            Self::Steps => format!("{rate:.1}/s"),
            Self::Bytes => format!("{}/s", mebibytes(rate)),
        }
    }
}

/// Steps a second, over the whole phase.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(done: u64, took: Duration) -> f64 {
    done as f64 / took.as_secs_f64().max(1e-9)
}

/// Seconds left at that rate.
#[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
fn left(done: u64, total: u64, took: Duration) -> f64 {
    total.saturating_sub(done) as f64 / rate(done, took).max(1e-9)
}

fn mebibytes(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_how_far_and_how_fast() {
        let began = now().checked_sub(Duration::from_secs(10)).unwrap();
        let phase =
            Phase { name: "tune", unit: Unit::Steps, total: 40, done: 10, began, said: began, bar: None };
        assert_eq!(phase.line(), "tune: 10 of 40, 25 %, 1.0/s, 30 s left");
        assert_eq!(Bars::bar(&phase).length(), Some(40));
    }

    #[test]
    fn short_phases_and_steps_without_a_phase_are_silent() {
        let mut bars = Bars::new();
        bars.step(1);
        bars.end();
        bars.begin("evaluate", 2);
        bars.step(1);
        assert!(bars.phase.as_ref().unwrap().bar.is_none());
        bars.end();
        assert!(bars.phase.is_none());
    }
}
