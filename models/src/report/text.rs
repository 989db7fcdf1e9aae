//! The report as a table for a terminal.

use std::fmt;

use super::{Metrics, Report};
use crate::evaluate::{COVERAGE_LENGTH, CUTOFFS, LIST_LENGTH};

impl fmt::Display for Report {
    /// A table for people; without a line's end at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = if self.repeats { "known items compete" } else { "known items are excluded" };
        writeln!(
            f,
            "{}: {} cases of {} users, {} items ranked, {known}",
            self.protocol, self.cases, self.users, self.pack.items
        )?;
        let names = ["hr", "ndcg", "mrr"];
        writeln!(
            f,
            "\n{:>12} {:>8} {:>8} {:>8}   {:>8} {:>8} {:>8}",
            "", "HR", "NDCG", "MRR", "HR", "NDCG", "MRR"
        )?;
        writeln!(f, "{:>12} {:>26}   {:>26}", "", "the model, packed", "by popularity")?;
        let none = Metrics::new();
        let popularity = self.baselines.get("popularity").unwrap_or(&none);
        let value = |metrics: &Metrics, name: &str| metrics.get(name).map_or(f64::NAN, |m| m.value);
        for k in CUTOFFS {
            write!(f, "{:>12}", format!("@{k}"))?;
            for (gap, metrics) in [("", &self.metrics), ("  ", popularity)] {
                write!(f, "{gap}")?;
                for name in names {
                    write!(f, " {:>8.4}", value(metrics, &format!("{name}@{k}")))?;
                }
            }
            writeln!(f)?;
        }
        let coverage = format!("coverage@{COVERAGE_LENGTH}");
        writeln!(
            f,
            "{coverage:>12} {:>8.4} {:>28.4}",
            value(&self.metrics, &coverage),
            value(popularity, &coverage)
        )?;
        writeln!(
            f,
            "\n{:>12} model {} B, ids {} B, attributes {} B, file {} B",
            "sizes", self.model_bytes, self.id_bytes, self.attribute_bytes, self.file_bytes
        )?;
        write!(
            f,
            "{:>12} median {:.0} us, 95 % below {:.0} us, for {LIST_LENGTH} items with reasons",
            "latency", self.latency_us.median, self.latency_us.p95
        )?;
        for (count, what) in [
            (self.unknown_targets, "the wanted item is not in the pack"),
            (self.known_targets, "the wanted item was known and therefore excluded"),
        ] {
            if count > 0 {
                write!(f, "\n{:>12} {count} cases missed because {what}", "note")?;
            }
        }
        match &self.sharing {
            Some(sharing) => write!(f, "\n\nWhat preference reports would tell: {sharing}"),
            None => Ok(()),
        }
    }
}
