//! What the demo writes with: headings, columns, bars; in colour on a terminal, in ASCII lines elsewhere.
//!
//! Nothing is wider than [`WIDTH`] columns.

use std::fmt::Display;
use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};

use crate::command::output::Output;

/// The widest line, in characters.
pub(super) const WIDTH: usize = 100;

/// See the module.
pub(super) struct Screen<'output> {
    output: &'output mut Output,
    plain: bool,
}

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Strong,
    Quiet,
    Good,
    Bad,
    Title,
}

impl Look {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Strong => Style::new().bold(),
            Self::Quiet => Style::new().dimmed(),
            Self::Good => colour(AnsiColor::Green),
            Self::Bad => colour(AnsiColor::Red),
            Self::Title => colour(AnsiColor::Cyan).bold(),
        }
    }
}

/// An entry of a column: a line, and a quieter one below it.
pub(super) struct Cell {
    pub(super) title: String,
    pub(super) note: String,
}

impl<'output> Screen<'output> {
    /// Plain if asked for, if standard output is no terminal, or if `NO_COLOR` says so.
    pub(super) fn new(output: &'output mut Output, plain: bool) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { output, plain: plain || no_color || !std::io::stdout().is_terminal() }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// The text in its look; unchanged when plain.
    pub(super) fn look(&self, look: Look, text: impl Display) -> String {
        let style = look.style();
        if self.plain { text.to_string() } else { format!("{style}{text}{style:#}") }
    }

    pub(super) fn line(&mut self, text: impl Display) {
        self.output.line(text);
    }

    /// A line of quieter text.
    pub(super) fn note(&mut self, text: impl Display) {
        let text = self.look(Look::Quiet, text);
        self.output.line(format_args!("  {text}"));
    }

    /// A chapter begins.
    pub(super) fn heading(&mut self, number: usize, text: &str) {
        let title = format!("{number}. {text}");
        self.output.line("");
        if self.plain {
            self.output.line(&title);
        } else {
            let rule = "─".repeat(WIDTH.saturating_sub(title.chars().count() + 1));
            let (title, rule) = (self.look(Look::Title, title), self.look(Look::Quiet, rule));
            self.output.line(format_args!("{title} {rule}"));
        }
    }

    /// `label   value`.
    pub(super) fn fact(&mut self, label: &str, value: impl Display) {
        let label = self.look(Look::Quiet, format_args!("{label:<22}"));
        self.output.line(format_args!("  {label} {value}"));
    }

    /// A fact that is as it should be, or not.
    pub(super) fn check(&mut self, label: &str, holds: bool, value: impl Display) {
        let value = self.look(if holds { Look::Good } else { Look::Bad }, value);
        self.fact(label, value);
    }

    /// Columns next to each other, each under its head.
    pub(super) fn columns(&mut self, columns: &[(Cell, Vec<Cell>)]) {
        let separator = if self.plain { "  " } else { " │ " };
        let gaps = separator.chars().count() * columns.len().saturating_sub(1);
        let width = (WIDTH - 5 - gaps) / columns.len().max(1);
        let rows = columns.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
        let separator = self.look(Look::Quiet, separator);
        let empty = Cell { title: String::new(), note: String::new() };
        let heads: Vec<&Cell> = columns.iter().map(|(head, _)| head).collect();
        self.row("", &heads, width, &separator, Look::Title);
        for row in 0..rows {
            let cells: Vec<&Cell> =
                columns.iter().map(|(_, cells)| cells.get(row).unwrap_or(&empty)).collect();
            self.row(&(row + 1).to_string(), &cells, width, &separator, Look::Strong);
        }
    }

    fn row(&mut self, number: &str, cells: &[&Cell], width: usize, separator: &str, look: Look) {
        let mut titles = Vec::with_capacity(cells.len());
        let mut notes = Vec::with_capacity(cells.len());
        for cell in cells {
            let title = self.fit(&short_title(&cell.title, width), width);
            let note = self.fit(&cell.note, width);
            titles.push(self.look(look, format_args!("{title:<width$}")));
            notes.push(self.look(Look::Quiet, format_args!("{note:<width$}")));
        }
        for (number, line) in [(number, titles), ("", notes)] {
            let line = format!("  {number:>2} {}", line.join(separator));
            self.output.line(line.trim_end());
        }
    }

    /// A bar for `share` of the width, with room for `width` characters. Negative shares look different.
    pub(super) fn bar(&self, share: f64, width: usize) -> String {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let length = ((share.abs() * width as f64).round() as usize).min(width);
        let (sign, look) = match (self.plain, share < 0.0) {
            (true, false) => ("#", Look::Good),
            (true, true) => ("-", Look::Bad),
            (false, false) => ("█", Look::Good),
            (false, true) => ("▒", Look::Bad),
        };
        let padding = " ".repeat(width - length);
        format!("{}{padding}", self.look(look, sign.repeat(length)))
    }

    /// The text in at most `width` characters; what is cut off is marked.
    pub(super) fn fit(&self, text: &str, width: usize) -> String {
        if text.chars().count() <= width {
            return text.to_owned();
        }
        let mark = if self.plain { ".." } else { "…" };
        let kept: String = text.chars().take(width.saturating_sub(mark.chars().count())).collect();
        format!("{}{mark}", kept.trim_end_matches([' ', ',']))
    }
}

/// A title in at most `width` characters: brand and noun stay, what follows a comma and the words between go first.
pub(super) fn short_title(title: &str, width: usize) -> String {
    let length = |text: &str| text.chars().count();
    if length(title) <= width {
        return title.to_owned();
    }
    let title = title.split(',').next().unwrap_or(title);
    let words: Vec<&str> = title.split(' ').collect();
    if length(title) <= width || words.len() < 3 {
        return title.to_owned();
    }
    let short = |from: usize| format!("{} {}", words[0], words[from..].join(" "));
    (2..words.len()).map(short).find(|title| length(title) <= width).unwrap_or_else(|| title.to_owned())
}

/// `yes` or `no`.
pub(super) fn yes_or_no(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

/// `1 234 567`.
pub(super) fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let shown = [0_u64, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1 000", "1 234 567"]);
    }

    #[test]
    fn titles_lose_what_tells_the_least() {
        let title = "Rosinque Brook Precision family tent, sky blue";
        let shown = [46, 45, 35, 29].map(|width| short_title(title, width));
        let without_colour = "Rosinque Brook Precision family tent";
        assert_eq!(shown, [title, without_colour, "Rosinque Precision family tent", "Rosinque family tent"]);
    }

    #[test]
    fn plain_screens_are_ascii_and_cut_long_text() {
        let mut output = Output::stdout();
        let screen = Screen::new(&mut output, true);
        assert_eq!(screen.fit("a walking stick, blue", 18), "a walking stick..");
        assert_eq!((screen.bar(0.5, 4), screen.bar(-1.0, 2)), ("##  ".to_owned(), "--".to_owned()));
        assert_eq!(screen.look(Look::Strong, "x"), "x");
    }
}
