//! The lines of a vocabulary, read and written.

use std::fmt::Write as _;

use super::{MAX_TOPICS, MAX_VOCABULARY_BYTES, NodeTree, Topic, VocabularyDraft};
use crate::error::VocabularyProblem;
use crate::report::Parameters;

const MAGIC: &str = "tastekeeper-vocabulary";
const VERSION: &str = "1";

/// Lines with their numbers.
struct Lines<'a> {
    lines: std::iter::Peekable<std::str::Split<'a, char>>,
    number: usize,
}

impl<'a> Lines<'a> {
    fn wrong(&self) -> VocabularyProblem {
        VocabularyProblem::Syntax { line: self.number }
    }

    /// The fields behind `key` in the next line.
    fn fields(&mut self, key: &str) -> Result<std::str::Split<'a, char>, VocabularyProblem> {
        self.number += 1;
        let mut fields = self.lines.next().ok_or_else(|| self.wrong())?.split('\t');
        if fields.next() == Some(key) { Ok(fields) } else { Err(self.wrong()) }
    }

    /// The one field behind `key` in the next line.
    fn field(&mut self, key: &str) -> Result<&'a str, VocabularyProblem> {
        let mut fields = self.fields(key)?;
        match (fields.next(), fields.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(self.wrong()),
        }
    }

    fn number<T: std::str::FromStr>(&mut self, key: &str) -> Result<T, VocabularyProblem> {
        self.field(key)?.parse().map_err(|_| self.wrong())
    }

    fn next_is(&mut self, key: &str) -> bool {
        self.lines.peek().is_some_and(|line| line.split('\t').next() == Some(key))
    }
}

/// Reads the lines. Contents, and whether the form is canonical, are for the caller to check.
pub(super) fn parse(bytes: &[u8]) -> Result<VocabularyDraft, VocabularyProblem> {
    if bytes.len() > MAX_VOCABULARY_BYTES {
        return Err(VocabularyProblem::TooLarge { what: "the file" });
    }
    let text = str::from_utf8(bytes).map_err(|_| VocabularyProblem::NotAVocabulary)?;
    let mut lines = Lines { lines: text.split('\n').peekable(), number: 0 };
    lines.number += 1;
    match lines.lines.next().and_then(|line| line.split_once(' ')) {
        Some((MAGIC, VERSION)) => {}
        Some((MAGIC, _)) => return Err(VocabularyProblem::UnsupportedVersion),
        _ => return Err(VocabularyProblem::NotAVocabulary),
    }
    let name = lines.field("name")?.to_owned();
    let (topics, per_report, ratio) =
        (lines.number("topics")?, lines.number("per_report")?, lines.number("ratio")?);
    let parameters = Parameters::new(topics, per_report, ratio).ok_or(VocabularyProblem::BadParameters)?;
    let cohort = lines.number("cohort")?;
    let tree = match lines.field("tree")? {
        "plain" => NodeTree::Plain,
        "dashed" => NodeTree::Dashed,
        _ => return Err(lines.wrong()),
    };
    let mut listed = Vec::new();
    while lines.next_is("topic") {
        if listed.len() == usize::from(MAX_TOPICS) {
            return Err(VocabularyProblem::BadParameters);
        }
        let mut fields = lines.fields("topic")?;
        let guarded = match fields.next() {
            Some("open") => false,
            Some("guarded") => true,
            _ => return Err(lines.wrong()),
        };
        let label = fields.next().ok_or_else(|| lines.wrong())?.to_owned();
        listed.push(Topic { label, guarded, nodes: fields.map(str::to_owned).collect() });
    }
    let excluded = if lines.next_is("excluded") {
        lines.fields("excluded")?.map(str::to_owned).collect()
    } else {
        Vec::new()
    };
    lines.number += 1;
    if lines.lines.next() != Some("") || lines.lines.next().is_some() {
        return Err(lines.wrong());
    }
    Ok(VocabularyDraft { name, parameters, cohort, tree, topics: listed, excluded })
}

/// Writes the lines, nodes in ascending order.
pub(super) fn write(draft: &VocabularyDraft) -> String {
    let parameters = draft.parameters;
    let tree = match draft.tree {
        NodeTree::Plain => "plain",
        NodeTree::Dashed => "dashed",
    };
    let mut text = String::new();
    let _ = write!(
        text,
        "{MAGIC} {VERSION}\nname\t{}\ntopics\t{}\nper_report\t{}\nratio\t{}\ncohort\t{}\ntree\t{tree}\n",
        draft.name,
        parameters.topics(),
        parameters.per_report(),
        parameters.ratio(),
        draft.cohort,
    );
    let mut line = |start: &str, nodes: &[String]| {
        let mut nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
        nodes.sort_unstable();
        text.push_str(start);
        for node in nodes {
            text.push('\t');
            text.push_str(node);
        }
        text.push('\n');
    };
    for topic in &draft.topics {
        let guarded = if topic.guarded { "guarded" } else { "open" };
        line(&format!("topic\t{guarded}\t{}", topic.label), &topic.nodes);
    }
    if !draft.excluded.is_empty() {
        line("excluded", &draft.excluded);
    }
    text
}
