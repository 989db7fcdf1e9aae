//! The curves as a picture: a panel for each, time on a logarithmic axis, the names of the lines at their ends.

use std::fmt::Write as _;

use crate::curve::{Curve, Line, figure};

/// A panel's place for lines, and the room around it for names.
const WIDE: f64 = 330.0;
const HIGH: f64 = 230.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 175.0;
const TOP: f64 = 38.0;
const BOTTOM: f64 = 50.0;
/// Below all panels.
const CAPTION: f64 = 24.0;
/// Panels beside each other.
const COLUMNS: usize = 2;
/// From one name to the next below it.
const GAP: f64 = 15.0;
/// Colours that those who see few colours tell apart (Okabe and Ito 2008), without the yellow.
const COLOURS: [&str; 6] = ["#555555", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];

/// All panels as one document, with `caption` below them.
pub(crate) fn svg(curves: &[Curve], caption: &str) -> String {
    let (wide, high) = (LEFT + WIDE + RIGHT, TOP + HIGH + BOTTOM);
    let columns = curves.len().min(COLUMNS);
    let rows = curves.len().div_ceil(COLUMNS);
    // The same call has the same colour in every panel.
    let mut names = Vec::new();
    for line in curves.iter().flat_map(|curve| &curve.lines) {
        if !names.contains(&line.name) {
            names.push(line.name);
        }
    }
    let colour = |line: &Line| {
        let place = names.iter().position(|name| *name == line.name);
        place.map_or("#000", |place| COLOURS[place % COLOURS.len()])
    };
    let panel = |(place, curve): (usize, &Curve)| {
        let (x, y) = (count(place % COLUMNS) * wide, count(place / COLUMNS) * high);
        let panel = Panel::new(curve).draw(curve, &colour);
        format!("<g transform=\"translate({x:.0} {y:.0})\">\n{panel}</g>\n")
    };
    let panels: String = curves.iter().enumerate().map(panel).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0} {:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>What calls cost as one thing grows</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{panels}{}\n</svg>\n",
        count(columns) * wide,
        count(rows) * high + CAPTION,
        label((LEFT, count(rows) * high + CAPTION / 2.0), "start", "#555", caption),
    )
}

/// The axes of one curve: the ends of `x`, and the decades of time around all of its points.
struct Panel {
    x: Axis,
    y: Axis,
}

/// From one end to the other, in numbers or in their logarithms.
struct Axis {
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

impl Axis {
    /// Where `value` is between the ends, from 0 to 1.
    fn share(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.is_logarithmic { value.log10() } else { value };
        (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low))
    }
}

impl Panel {
    fn new(curve: &Curve) -> Self {
        let points = || curve.lines.iter().flat_map(|line| &line.points);
        let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
        let most = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
        let x = Axis {
            low: least(&mut points().map(|point| point.x)),
            high: most(&mut points().map(|point| point.x)),
            is_logarithmic: curve.is_logarithmic,
        };
        let y = Axis {
            low: 10_f64.powf(least(&mut points().map(|point| point.quarter)).log10().floor()),
            high: 10_f64.powf(most(&mut points().map(|point| point.three_quarters)).log10().ceil()),
            is_logarithmic: true,
        };
        Self { x, y }
    }

    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (LEFT + WIDE * self.x.share(x), TOP + HIGH * (1.0 - self.y.share(y)))
    }

    fn draw(&self, curve: &Curve, colour: &dyn Fn(&Line) -> &'static str) -> String {
        let mut out = String::new();
        let mut put = |element: String| writeln!(out, "{element}").expect("a string takes text");
        let Curve { name, axis, lines, .. } = curve;
        put(format!("<text x=\"{LEFT}\" y=\"22\" font-size=\"14\" font-weight=\"bold\">{name}</text>"));
        for decade in std::iter::successors(Some(self.y.low), |tick| Some(tick * 10.0)) {
            if decade > self.y.high * 1.001 {
                break;
            }
            for (times, colour) in [(1.0, "#bbb"), (2.0, "#eee"), (5.0, "#eee")] {
                let tick = decade * times;
                if tick > self.y.high * 1.001 {
                    continue;
                }
                let (_, y) = self.place(self.x.low, tick);
                put(rule((LEFT, y), (LEFT + WIDE, y), colour));
                // With one or two decades there is room to name what is between them.
                if times < 1.5 || self.y.high / self.y.low < 150.0 {
                    put(label((LEFT - 6.0, y + 4.0), "end", "#000", &duration(tick)));
                }
            }
        }
        for tick in lines.first().map(|line| &line.points).into_iter().flatten() {
            let (x, _) = self.place(tick.x, self.y.low);
            put(rule((x, TOP), (x, TOP + HIGH), "#eee"));
            put(label((x, TOP + HIGH + 16.0), "middle", "#000", &figure(tick.x)));
        }
        put(label((LEFT + WIDE / 2.0, TOP + HIGH + 36.0), "middle", "#000", axis));
        let ends: Vec<f64> = lines.iter().map(|line| self.last(line).1).collect();
        for (line, height) in lines.iter().zip(apart(&ends)) {
            let colour = colour(line);
            put(self.line(line, colour));
            let (x, y) = self.last(line);
            put(rule((x + 3.0, y), (LEFT + WIDE + 14.0, height), colour));
            put(label((LEFT + WIDE + 17.0, height + 4.0), "start", colour, line.name));
        }
        out
    }

    /// The end of a line at the right.
    fn last(&self, line: &Line) -> (f64, f64) {
        let rightmost = line.points.iter().max_by(|a, b| a.x.total_cmp(&b.x));
        rightmost.map_or((LEFT, TOP), |point| self.place(point.x, point.median))
    }

    /// The medians, in a band from the quarter to the three quarters.
    fn line(&self, line: &Line, colour: &str) -> String {
        let list = |points: &mut dyn Iterator<Item = (f64, f64)>| {
            points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
        };
        let at = |x, y| self.place(x, y);
        let above = line.points.iter().map(|point| at(point.x, point.three_quarters));
        let below = line.points.iter().rev().map(|point| at(point.x, point.quarter));
        let band = list(&mut above.chain(below));
        let medians = list(&mut line.points.iter().map(|point| at(point.x, point.median)));
        let mut out = format!(
            "<polygon points=\"{band}\" fill=\"{colour}\" fill-opacity=\"0.2\"/>\n\
             <polyline points=\"{medians}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"/>"
        );
        for point in &line.points {
            let (x, y) = at(point.x, point.median);
            write!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\" fill=\"{colour}\"/>")
                .expect("a string takes text");
        }
        out
    }
}

/// A straight line.
fn rule((x1, y1): (f64, f64), (x2, y2): (f64, f64), colour: &str) -> String {
    format!("<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\"/>")
}

/// Words, all of them of this program: there is nothing to escape.
fn label((x, y): (f64, f64), anchor: &str, colour: &str, words: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{words}</text>")
}

/// Microseconds in the unit that keeps them short.
fn duration(micros: f64) -> String {
    let round = |value: f64| (value * 1e3).round() / 1e3;
    if micros < 1e3 { format!("{} us", round(micros)) } else { format!("{} ms", round(micros / 1e3)) }
}

/// Moves heights apart until each is [`GAP`] from the next, in the given order, and none is below the panel.
fn apart(heights: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|a, b| heights[*a].total_cmp(&heights[*b]).then(a.cmp(b)));
    let mut out = heights.to_vec();
    let mut least = f64::NEG_INFINITY;
    for &place in &order {
        out[place] = out[place].max(least);
        least = out[place] + GAP;
    }
    let mut most = TOP + HIGH;
    for &place in order.iter().rev() {
        out[place] = out[place].min(most);
        most = out[place] - GAP;
    }
    out
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).expect("a few panels"))
}
