//! Cost as a function of one thing: measured in turns, as a table and as JSON.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::measure::{Contest, Row};

/// One point of a line.
pub(crate) struct Point {
    /// Where it is.
    pub(crate) x: f64,
    /// Microseconds: the median.
    pub(crate) median: f64,
    /// Microseconds: what a quarter of the turns stayed below.
    pub(crate) quarter: f64,
    /// Microseconds: what three quarters of the turns stayed below.
    pub(crate) three_quarters: f64,
    turns: usize,
}

/// What one call costs.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    /// In the order of their `x`.
    pub(crate) points: Vec<Point>,
}

/// See the module.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    /// What grows, with its unit if it has one.
    pub(crate) axis: &'static str,
    /// Whether the axis is of proportions; otherwise it is of steps.
    pub(crate) is_logarithmic: bool,
    pub(crate) lines: Vec<Line>,
}

/// The points of a curve that is still to be measured.
pub(crate) struct Field<'a> {
    contest: Contest<'a>,
    places: Vec<(&'static str, f64)>,
}

impl<'a> Field<'a> {
    pub(crate) fn new() -> Self {
        Self { contest: Contest::new(""), places: Vec::new() }
    }

    /// Enters the point at `x` of the line `name`; `turn` says how long one call took.
    pub(crate) fn enter(
        &mut self,
        name: &'static str,
        x: impl Into<f64>,
        turn: impl FnMut() -> Duration + 'a,
    ) {
        self.contest.enter(name, None, turn);
        self.places.push((name, x.into()));
    }

    /// A round to warm up, then `rounds` rounds in which every point has one turn. Points of a line come in the order of their
    /// entering.
    pub(crate) fn measure(self, rounds: usize) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for (row, (name, x)) in self.contest.run(rounds).into_iter().zip(self.places) {
            let point = Point::new(x, &row);
            match lines.iter_mut().find(|line| line.name == name) {
                Some(line) => line.points.push(point),
                None => lines.push(Line { name, points: vec![point] }),
            }
        }
        lines
    }
}

impl Point {
    fn new(x: f64, row: &Row) -> Self {
        let micros = |share| row.percentile(share).as_secs_f64() * 1e6;
        let turns = row.samples.len();
        Self { x, median: micros(50), quarter: micros(25), three_quarters: micros(75), turns }
    }
}

/// The step between neighbouring points at which a line grows most.
struct Step {
    from: f64,
    to: f64,
    /// By how much time grows.
    time: f64,
}

impl Line {
    /// The largest growth of time over the growth of `x`; of time alone where `x` is of steps.
    fn steepest(&self, is_logarithmic: bool) -> Option<Step> {
        let steps = self.points.windows(2).map(|pair| Step {
            from: pair[0].x,
            to: pair[1].x,
            time: pair[1].median / pair[0].median,
        });
        let growth = |step: &Step| step.time / if is_logarithmic { step.to / step.from } else { 1.0 };
        steps.max_by(|a, b| growth(a).total_cmp(&growth(b)))
    }
}

impl Curve {
    pub(crate) fn as_json(&self) -> serde_json::Value {
        let point = |point: &Point| {
            serde_json::json!({
                "x": point.x,
                "median_us": point.median,
                "p25_us": point.quarter,
                "p75_us": point.three_quarters,
                "turns": point.turns,
            })
        };
        let line = |line: &Line| {
            let step = line.steepest(self.is_logarithmic);
            let steepest =
                step.map(|step| serde_json::json!({ "from": step.from, "to": step.to, "times": step.time }));
            let points: Vec<_> = line.points.iter().map(point).collect();
            serde_json::json!({ "name": line.name, "points": points, "steepest": steepest })
        };
        serde_json::json!({
            "name": self.name,
            "axis": self.axis,
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
        })
    }
}

impl Display for Curve {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "\n{}: median us (25 % and 75 % marks) against {}", self.name, self.axis)?;
        for line in &self.lines {
            writeln!(out, "  {}", line.name)?;
            for point in &line.points {
                let Point { median, quarter, three_quarters, .. } = point;
                writeln!(
                    out,
                    "    {:>8} {median:>10.1}  ({quarter:.1} to {three_quarters:.1})",
                    figure(point.x)
                )?;
            }
        }
        writeln!(out, "  steepest steps")?;
        for line in &self.lines {
            if let Some(Step { from, to, time }) = line.steepest(self.is_logarithmic) {
                write!(out, "    {}: {} to {}, time x {time:.2}", line.name, figure(from), figure(to))?;
                match self.is_logarithmic {
                    true => writeln!(out, " for x {:.2}: {:.2}", to / from, time * from / to)?,
                    false => writeln!(out)?,
                }
            }
        }
        Ok(())
    }
}

/// A number as an axis has it: short, thousands as `k` and millions as `M`.
pub(crate) fn figure(value: f64) -> String {
    match value {
        1e6.. => format!("{}M", value / 1e6),
        1e3.. => format!("{}k", value / 1e3),
        _ => format!("{value}"),
    }
}
