//! The sections that take the figures apart: by level, by part of the model, by part of the cases, by item.

use super::{
    Axis, Chart, Lines, NAME, OVERVIEW, Row, Rows, Section, Series, Subject, Table, Tone, figure, heads,
    percent, points_of, value,
};
use crate::report::{Metric, Metrics, Segment, words};

impl Subject<'_> {
    pub(super) fn levels(&self) -> Option<Section> {
        let (report, key) = (self.main(), self.key());
        let order = ["off", "session", "on-device"];
        let levels: Vec<(&str, &Metrics)> =
            order.into_iter().filter_map(|name| Some((name, report.levels.get(name)?))).collect();
        if levels.len() < 2 {
            return None;
        }
        let row = |(name, metrics): &(&str, &Metrics)| Row {
            name: (*name).to_owned(),
            figure: figure(metrics, &key),
            tone: if *name == "on-device" { Tone::Main } else { Tone::Other },
        };
        let chart =
            Rows { title: words::label(&key), rows: levels.iter().map(row).collect(), reference: None };
        let mut head = heads(&[""]);
        let shown: Vec<&str> =
            OVERVIEW.into_iter().filter(|name| levels.iter().all(|(_, m)| m.contains_key(*name))).collect();
        head.extend(shown.iter().map(|name| words::label(name)));
        let rows = levels.iter().map(|(level, metrics)| {
            [vec![(*level).to_owned()], shown.iter().map(|name| value(metrics, name)).collect()].concat()
        });
        let table = Table { head, rows: rows.collect(), numeric: true };
        let text = "What the shopper gets who allows nothing (off), only this visit (session), or a history that stays on \
                    the device (on-device).";
        Some(Section {
            title: "By level of personalisation".to_owned(),
            text: vec![text.to_owned()],
            charts: vec![Chart::Rows(chart)],
            tables: vec![table],
            folded: true,
        })
    }

    pub(super) fn parts(&self) -> Option<Section> {
        let (report, key) = (self.main(), self.key());
        if report.parts.is_empty() {
            return None;
        }
        let row = |name: &str, metrics: &Metrics, tone| Row {
            name: name.to_owned(),
            figure: figure(metrics, &key),
            tone,
        };
        let mut rows = vec![row("whole model", &report.metrics, Tone::Main)];
        rows.extend(report.parts.iter().map(|(name, metrics)| {
            let name = match name.as_str() {
                "transitions-reversed" => "… reversed",
                "linked" => "linked items only",
                name => name,
            };
            row(name, metrics, Tone::Other)
        }));
        let cells =
            |row: &Row| vec![row.name.clone(), words::number(row.figure.value), words::interval(&row.figure)];
        let table = Table {
            head: heads(&["", &words::label(&key), "interval"]),
            rows: rows.iter().map(cells).collect(),
            numeric: true,
        };
        let text = "The vectors and the transitions recommend alone, and the transitions against their direction, which \
                    should do worse than the right way round. Linked items only: the whole model, choosing from what it \
                    links to the history and from what is popular, as an app may ask for in a large shop.";
        Some(Section {
            title: "Each part of the model alone".to_owned(),
            text: vec![text.to_owned()],
            charts: vec![Chart::Rows(Rows { title: words::label(&key), rows, reference: None })],
            tables: vec![table],
            folded: true,
        })
    }

    pub(super) fn segments(&self, dimension: &str, segments: &[Segment]) -> Section {
        let (report, key) = (self.main(), self.key());
        let worst = report.worst_segment.as_ref().filter(|worst| worst.dimension == dimension);
        let has = |segment: &&Segment| segment.cases > 0 && segment.metrics.contains_key(&key);
        let row = |segment: &Segment| Row {
            name: words::name(&segment.name, NAME),
            figure: figure(&segment.metrics, &key),
            tone: match worst.is_some_and(|worst| worst.name == segment.name) {
                true => Tone::Worst,
                false => Tone::Other,
            },
        };
        let rows = segments.iter().filter(has).map(row).collect();
        let overall = figure(&report.metrics, &key).value;
        let chart =
            Rows { title: words::label(&key), rows, reference: Some(("all cases".to_owned(), overall)) };
        let shown: Vec<&str> = [key.as_str(), "hr@10", "mrr@10"]
            .into_iter()
            .enumerate()
            .filter(|(place, name)| *place == 0 || *name != key)
            .map(|(_, name)| name)
            .collect();
        let mut head = heads(&["", "users", "cases"]);
        head.extend(shown.iter().map(|name| words::label(name)));
        let row = |segment: &Segment| {
            let cells =
                shown.iter().map(|name| segment.metrics.get(*name).map_or_else(String::new, words::figure));
            let start = vec![
                words::name(&segment.name, NAME),
                words::count(segment.users),
                words::count(segment.cases),
            ];
            [start, cells.collect()].concat()
        };
        let table = Table { head, rows: segments.iter().map(row).collect(), numeric: true };
        let text = worst.map(|worst| format!("Worst of all parts: {}.", words::name(&worst.name, NAME)));
        Section {
            title: words::dimension(dimension),
            text: text.into_iter().collect(),
            charts: vec![Chart::Rows(chart)],
            tables: vec![table],
            folded: true,
        }
    }

    pub(super) fn spread(&self) -> Option<Section> {
        let report = self.main();
        let series = |name: &str| {
            let points = points_of(report.curves.get(name)?);
            (points.len() > 1).then(|| Series { name: "this model".to_owned(), main: true, points })
        };
        let mut charts = Vec::new();
        let mut rows = Vec::new();
        if let Some(series) = series("coverage") {
            rows.extend(
                series
                    .points
                    .iter()
                    .map(|(k, m)| vec![format!("items among the first {k} of any list"), percent(m.value)]),
            );
            let title = "Share of all items among the first k of any list".to_owned();
            charts.push(Chart::Lines(Lines { title, x: Axis::Length, percent: true, series: vec![series] }));
        }
        if let Some(series) = series("popularity-concentration") {
            let tops = series.points.iter().filter(|(x, _)| *x > 0.0 && *x < 1.0);
            rows.extend(tops.map(|(x, m)| {
                vec![format!("recommendations that the top {} of items take", percent(*x)), percent(m.value)]
            }));
            let even = [0.0, 1.0].map(|x| (x, Metric { value: x, low: None, high: None })).to_vec();
            let even = Series { name: "equal shares".to_owned(), main: false, points: even };
            let title = "Share of recommendations by the most recommended share of items".to_owned();
            charts.push(Chart::Lines(Lines {
                title,
                x: Axis::Share,
                percent: true,
                series: vec![series, even],
            }));
        }
        if charts.is_empty() {
            return None;
        }
        let table = Table { head: heads(&["", "share"]), rows, numeric: true };
        let title = "Coverage and concentration".to_owned();
        Some(Section { title, text: Vec::new(), charts, tables: vec![table], folded: true })
    }
}
