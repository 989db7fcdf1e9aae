//! An SVG of fixed width that scales with its place: marks, texts, axes.
//!
//! Colours are classes of `page.css`, so that light, dark and print each have their own.

use std::fmt::{Display, Write as _};

use super::escape;

/// Width of every plot in its own units; text of 11 units is then readable on a phone.
pub(super) const WIDTH: f64 = 360.0;
/// About how wide a character of the plots' text is.
const CHARACTER: f64 = 5.9;

/// See the module.
pub(super) struct Plot {
    height: f64,
    body: String,
}

/// Where a text's given point is.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Plot {
    pub(super) fn new(height: f64) -> Self {
        Self { height, body: String::new() }
    }

    fn put(&mut self, element: impl Display) {
        writeln!(self.body, "{element}").expect("a string takes text");
    }

    pub(super) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.put(format_args!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    pub(super) fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        self.put(format_args!("<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"/>"));
    }

    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        self.put(format_args!("<polyline class=\"{class}\" points=\"{}\"/>", listed(points)));
    }

    pub(super) fn area(&mut self, class: &str, points: &[(f64, f64)]) {
        self.put(format_args!("<polygon class=\"{class}\" points=\"{}\"/>", listed(points)));
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.put(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escape(text)
        ));
    }

    /// The SVG, with a title and a description for those who cannot see it.
    pub(super) fn finish(self, id: &str, title: &str, description: &str) -> String {
        format!(
            "<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\n\
             <title id=\"{id}-t\">{}</title>\n<desc id=\"{id}-d\">{}</desc>\n{}</svg>\n",
            self.height,
            escape(title),
            escape(description),
            self.body
        )
    }
}

fn listed(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

/// Text that fits into `width` units.
pub(super) fn fitted(text: &str, width: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few dozen characters")]
    let most = (width / CHARACTER).max(1.0) as usize;
    crate::report::words::name(text, most)
}

/// Round steps from 0 to at least `top`, about `count` of them (Heckbert 1990, nice numbers).
pub(super) fn ticks(top: f64, count: f64) -> Vec<f64> {
    if !(top.is_finite() && top > 0.0) {
        return vec![0.0, 1.0];
    }
    let rough = top / count;
    let magnitude = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|nice| nice * magnitude).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * magnitude);
    let mut out = vec![0.0];
    while out.last().is_some_and(|last| *last < top - step * 1e-9) && out.len() < 20 {
        out.push(step * f64::from(u32::try_from(out.len()).unwrap_or(0)));
    }
    out
}

/// A tick's value, with as many decimals as its neighbours need.
pub(super) fn tick(value: f64, step: f64, percent: bool) -> String {
    let (value, step) = if percent { (100.0 * value, 100.0 * step) } else { (value, step) };
    let needed = (-step.log10()).ceil().clamp(0.0, 6.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 6")]
    let decimals = if needed.is_finite() { needed as usize } else { 0 };
    format!("{value:.decimals$}{}", if percent { " %" } else { "" })
}

/// Moves heights apart until neighbours are `gap` from each other, within `top..bottom`. Returns them in the given order.
pub(super) fn apart(heights: &[f64], gap: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|a, b| heights[*a].total_cmp(&heights[*b]).then(a.cmp(b)));
    let mut out = heights.to_vec();
    let mut least = top;
    for &place in &order {
        out[place] = out[place].max(least);
        least = out[place] + gap;
    }
    let mut most = bottom;
    for &place in order.iter().rev() {
        out[place] = out[place].min(most);
        most = out[place] - gap;
    }
    out
}
